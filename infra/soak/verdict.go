package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/relais-dev/relais/events"
)

// A kind is a way in which the promise is broken.
type kind string

// The kinds, as the table shows them.
const (
	lost          kind = "lost"
	otherSequence kind = "duplicated with other sequence"
	outOfOrder    kind = "out of order"
	gap           kind = "gap in a sequence"
	unexpected    kind = "unexpected"
	saidTwice     kind = "said twice"
	silentlyLost  kind = "silently lost"
	lied          kind = "told otherwise than it was"
	refused       kind = "genuine and refused"
)

var kinds = []kind{lost, otherSequence, outOfOrder, gap, unexpected, refused, saidTwice, silentlyLost, lied}

// A fault is one breach of the promise, with what shows it.
type fault struct {
	kind kind
	text string
}

// A verdict is what a ledger amounts to.
type verdict struct {
	acknowledged, delivered, recovered, late, repeated int
	asked, said, mistakes                              int
	told                                               map[string]int
	faults                                             []fault
}

// judge reads a ledger to which nothing comes any more.
func (l *ledger) judge() verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := verdict{repeated: l.repeated, told: map[string]int{}, faults: slices.Clone(l.faults)}
	v.judgeHeard(l)
	v.judgeSequences(l)
	v.judgeAsked(l)
	slices.SortStableFunc(v.faults, func(a, b fault) int {
		return cmp.Compare(slices.Index(kinds, a.kind), slices.Index(kinds, b.kind))
	})
	return v
}

func (v *verdict) fault(k kind, format string, args ...any) {
	v.faults = append(v.faults, fault{k, fmt.Sprintf(format, args...)})
}

// judgeHeard: what was acknowledged was delivered, and what a customer wrote after that
// has a later sequence.
func (v *verdict) judgeHeard(l *ledger) {
	newest := map[int]uint64{} // by poster
	for _, text := range slices.SortedFunc(maps.Keys(l.heard), func(a, b string) int {
		return cmp.Or(cmp.Compare(l.heard[a].poster, l.heard[b].poster), cmp.Compare(l.heard[a].number, l.heard[b].number))
	}) {
		h := l.heard[text]
		v.count(h)
		if h.acknowledged && h.sequence == 0 {
			v.fault(lost, "%q was acknowledged and did not arrive", text)
		}
		if !h.acknowledged || h.sequence == 0 {
			continue
		}
		if h.sequence < newest[h.poster] {
			v.fault(outOfOrder, "%q is #%d, and what was acknowledged before it is #%d", text, h.sequence, newest[h.poster])
		}
		newest[h.poster] = max(newest[h.poster], h.sequence)
	}
}

func (v *verdict) count(h *heard) {
	if h.acknowledged {
		v.acknowledged++
	}
	if h.acknowledged && h.sequence > 0 {
		v.delivered++
	}
	if !h.acknowledged && h.sequence > 0 {
		v.recovered++
	}
	if h.late {
		v.late++
	}
}

// judgeSequences: each conversation's sequences are 1, 2, 3 … over all destinations.
func (v *verdict) judgeSequences(l *ledger) {
	for _, conversation := range slices.Sorted(maps.Keys(l.places)) {
		places := l.places[conversation]
		for n := uint64(1); n <= slices.Max(slices.Collect(maps.Keys(places))); n++ {
			if _, there := places[n]; !there {
				v.fault(gap, "#%d of %s never came", n, conversation)
			}
		}
	}
}

// judgeAsked: what was promised was said, once and in turn, or its fate was told.
func (v *verdict) judgeAsked(l *ledger) {
	type place struct{ turn, at int }
	latest := map[string]place{} // by conversation
	for _, key := range slices.SortedFunc(maps.Keys(l.asked), func(x, y string) int {
		a, b := l.asked[x], l.asked[y]
		return cmp.Or(cmp.Compare(a.conversation, b.conversation), cmp.Compare(a.turn, b.turn), cmp.Compare(x, y))
	}) {
		a := l.asked[key]
		v.judgeSaid(key, a)
		if a.turn == 0 || len(a.said) == 0 {
			continue
		}
		if at := a.said[0].at; at < latest[a.conversation].at {
			v.fault(outOfOrder, "%s was asked for as number %d of %s and said before number %d",
				key, a.turn, a.conversation, latest[a.conversation].turn)
		} else {
			latest[a.conversation] = place{a.turn, at}
		}
	}
}

// judgeSaid compares what was said of one message with what was promised and told.
func (v *verdict) judgeSaid(key string, a *asked) {
	if a.turn > 0 && a.mistake {
		v.mistakes++
	} else if a.turn > 0 {
		v.asked++
	}
	if len(a.said) > 0 {
		v.said++
	}
	for _, t := range a.told {
		v.told[t]++
	}
	sent := slices.Contains(a.told, toldSent)
	never := slices.ContainsFunc(a.told, func(t string) bool {
		return t == toldRejected || t == string(events.Failed) || t == string(events.Expired)
	})
	switch {
	case a.turn > 0 && len(a.told) == 0:
		v.fault(silentlyLost, "%s was taken, said %d times, and nobody was told", key, len(a.said))
	case sent && len(a.said) == 0, never && len(a.said) > 0, sent && never, a.mistake && (sent || len(a.said) > 0):
		v.fault(lied, "%s was told to be %v and said %d times", key, a.told, len(a.said))
	}
	if n := different(a.said); n > 1 && !a.repeats {
		v.fault(saidTwice, "%s was said %d times", key, n)
	}
}

// different counts sayings that the platform takes for different ones.
func different(list []saying) int {
	n, seen := 0, map[string]bool{}
	for _, s := range list {
		if s.key == "" || !seen[s.key] {
			n++
		}
		seen[s.key] = true
	}
	return n
}

// shown bounds the faults that are printed.
const shown = 40

// print writes the table, and the faults.
func (v verdict) print(out io.Writer) error {
	count := map[kind]int{}
	for _, f := range v.faults {
		count[f.kind]++
	}
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintf(w, "webhooks\tacknowledged\t%d\n\tdelivered\t%d\n", v.acknowledged, v.delivered)
	fmt.Fprintf(w, "\tdelivered without acknowledgement\t%d\n", v.recovered)
	fmt.Fprintf(w, "\tdelivered again, the same\t%d\n\tmarked as late\t%d\n", v.repeated, v.late)
	fmt.Fprintf(w, "answers\taccepted\t%d\n\tsaid\t%d\n\tmistakes, taken by a queue\t%d\n", v.asked, v.said, v.mistakes)
	for _, t := range slices.Sorted(maps.Keys(v.told)) {
		fmt.Fprintf(w, "\ttold: %s\t%d\n", t, v.told[t])
	}
	for i, k := range kinds {
		fmt.Fprintf(w, "%s\t%s\t%d\n", map[bool]string{true: "faults"}[i == 0], k, count[k])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i, f := range v.faults {
		if i == shown {
			fmt.Fprintf(out, "… and %d more\n", len(v.faults)-shown)
			break
		}
		fmt.Fprintf(out, "%s: %s\n", f.kind, f.text)
	}
	return nil
}
