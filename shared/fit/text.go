package fit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/rivo/uniseg"
)

// prose is text with marks on it, whose offsets count UTF-16 units.
type prose struct {
	body  string
	marks []events.Entity
}

func plain(body string) prose { return prose{body: body} }

// marked is body with those of its entities that lie inside of it.
func marked(body string, entities []events.Entity) prose {
	return prose{body, channel.Within(body, slices.Clone(entities))}
}

func units(s string) int { return channel.UTF16.Len(s) }

// lines puts parts below each other; what says nothing takes no line.
func lines(parts ...prose) prose {
	var all prose
	for _, p := range parts {
		if p.body == "" {
			continue
		}
		if all.body != "" {
			all.body += "\n"
		}
		for _, m := range p.marks {
			m.Offset += units(all.body)
			all.marks = append(all.marks, m)
		}
		all.body += p.body
	}
	return all
}

// joined is lines of plain text.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" }), "\n")
}

func (p prose) content() events.Content {
	return events.Content{Kind: events.KindText, Text: &events.Text{Body: p.body, Entities: p.marks}}
}

func (f fitter) text(t events.Text) outcome {
	if t.Format == events.Markdown {
		return f.say(markdown(t.Body))
	}
	return f.say(marked(t.Body, t.Entities))
}

// say is p as text, in as many messages as it needs.
func (f fitter) say(p prose) outcome {
	if events.Blank(p.body) {
		return refused("there is nothing to say")
	}
	p, lost := f.styled(f.defused(p))
	out := native()
	for _, piece := range f.split(p, f.limit()) {
		out.content = append(out.content, piece.content())
	}
	out = out.losing(lost)
	if n := len(out.content); n > 1 {
		out.details = append(out.details, fmt.Sprintf("split into %d", n))
	}
	return out
}

// losing tells of the styles that were lost.
func (o outcome) losing(styles []string) outcome {
	if len(styles) == 0 {
		return o
	}
	o.loss = worse(o.loss, events.LossStyle)
	o.details = append(o.details, "not shown as "+strings.Join(styles, ", "))
	return o
}

// styled drops the marks that the channel does not show and names those whose loss
// is seen. The words stay; a link's URL is written behind them.
func (f fitter) styled(p prose) (prose, []string) {
	if len(p.marks) == 0 {
		return plain(p.body), nil
	}
	var lost []string
	var shown, links []events.Entity
	r := measure(p.body)
	for _, m := range p.marks {
		switch {
		case slices.Contains(f.limits.Styles, m.Type) && (m.Type != "link" || m.Value == "" ||
			f.limits.Links.Opens(m.Value)):
			shown = append(shown, m)
		case silent(m.Type), m.Type == "link" && bare(p.body[r.bytes[m.Offset]:r.bytes[m.Offset+m.Length]], m.Value):
		case m.Type == "link":
			links, lost = append(links, m), append(lost, m.Type)
		default:
			lost = append(lost, m.Type)
		}
	}
	slices.Sort(lost)
	return r.insert(prose{p.body, shown}, links), slices.Compact(lost)
}

// silent says whether marks of that type only point at words that say the same
// without them: every app finds an @name or a phone number by itself.
func silent(typ string) bool {
	switch typ {
	case "mention", "command", "hashtag", "cashtag", "email", "phone", "url":
		return true
	}
	return false
}

// bare says whether words already are the URL, or there is none.
func bare(words, url string) bool {
	return url == "" || address(words) == address(url)
}

func address(s string) string {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:"} {
		if rest, ok := strings.CutPrefix(s, scheme); ok {
			s = rest
			break
		}
	}
	return strings.TrimSuffix(s, "/")
}

// A ruler leads from the UTF-16 units of a text to its bytes and characters.
type ruler struct {
	bytes []int // where the unit begins
	ends  []int // the first unit, from this one on, at which a character begins
}

func measure(s string) ruler {
	var r ruler
	state := -1
	for at, rest := 0, s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		first, next := len(r.ends), len(r.ends)+units(cluster)
		for i, c := range cluster {
			r.bytes = append(r.bytes, slices.Repeat([]int{at + i}, units(string(c)))...)
		}
		at += len(cluster)
		for unit := first; unit < next; unit++ {
			r.ends = append(r.ends, next)
		}
		r.ends[first] = first
	}
	r.bytes, r.ends = append(r.bytes, len(s)), append(r.ends, len(r.ends))
	return r
}

// insert writes the links' URLs behind their words.
func (r ruler) insert(p prose, links []events.Entity) prose {
	if len(links) == 0 {
		return p
	}
	slices.SortStableFunc(links, func(a, b events.Entity) int {
		return cmp.Compare(a.Offset+a.Length,
			b.Offset+b.Length)
	})
	var body strings.Builder
	var ats, sums []int // where something was inserted, and how much up to there
	from, sum := 0, 0
	for _, m := range links {
		at, text := r.ends[m.Offset+m.Length], " ("+m.Value+")"
		body.WriteString(p.body[from:r.bytes[at]] + text)
		from, sum = r.bytes[at], sum+units(text)
		ats, sums = append(ats, at), append(sums, sum)
	}
	body.WriteString(p.body[from:])
	for i, m := range p.marks {
		start := moved(ats, sums, m.Offset+1)
		p.marks[i].Offset += start
		p.marks[i].Length += moved(ats, sums, m.Offset+m.Length) - start
	}
	p.body = body.String()
	return p
}

// moved is how much was inserted before unit n.
func moved(ats, sums []int, n int) int {
	i, _ := slices.BinarySearch(ats, n)
	if i == 0 {
		return 0
	}
	return sums[i-1]
}
