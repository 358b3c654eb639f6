package system_test

import (
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// A fault strikes at the nth call that any function makes, counted from the
// first webhook. Each kind is something that happens to real calls.
type fault struct {
	name    string
	applied bool // the call takes effect and its answer is lost
	tries   int  // how many tries of the call it strikes: 1 is healed by the SDK's retry
	crash   bool // the function dies with it
}

var faults = []fault{
	{name: "one try fails", tries: 1},
	{name: "one answer is lost", tries: 1, applied: true},
	{name: "the call fails", tries: 3},
	{name: "every answer is lost", tries: 3, applied: true},
	{name: "crash before the call", crash: true},
	{name: "crash after the call", crash: true, applied: true},
}

// A strike is a fault at a place.
type strike struct {
	at int
	fault
}

// plan makes calls fail as strikes say. It counts calls of functions.
type plan struct {
	mu      sync.Mutex
	strikes []strike
	calls   int
	looks   int          // the sweeper's reads of the due index
	left    int          // further tries of the call that was struck
	current awsfake.Call // that call
	struck  strike
	dead    string // the function that crashed; its calls do nothing until revive
}

func (p *plan) intercept(c awsfake.Call) *awsfake.Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead == c.Principal {
		return &awsfake.Fault{Status: 400, Code: "Crashed"}
	}
	if p.left > 0 && c.Principal == p.current.Principal && c.Action == p.current.Action {
		p.left--
		return &awsfake.Fault{Applied: p.struck.applied}
	}
	if c.Principal == "sweeper" && c.Action == "dynamodb:Query" {
		if p.looks++; p.looks > 3 { // sixteen buckets in each sweep, all alike
			return nil
		}
	}
	p.calls++
	for _, s := range p.strikes {
		if s.at != p.calls {
			continue
		}
		p.struck, p.current, p.left = s, c, max(s.tries-1, 0)
		if s.crash {
			p.dead = c.Principal
			return &awsfake.Fault{Status: 400, Code: "Crashed", Applied: s.applied}
		}
		return &awsfake.Fault{Applied: s.applied}
	}
	return nil
}

// revive ends an invocation. It says whether the function died in it.
func (p *plan) revive() (died bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	died, p.dead, p.left = p.dead != "", "", 0
	return died
}

// scenario posts eight webhooks of two conversations, one of them twice, with
// workers running in between. It returns the messages that were acknowledged.
// When the platform retries, it posts again what was not.
func scenario(r *rig, p *plan, retries bool) (acknowledged map[string]bool) {
	acknowledged = map[string]bool{}
	at := r.clock.Now()
	var failed []message
	post := func(m message) {
		status := r.post(m)
		died := p.revive()
		if died {
			r.restart()
		}
		if died || status != 200 {
			failed = append(failed, m)
			return
		}
		acknowledged[m.text] = true
	}
	for i := range 4 {
		post(message{"1", fmt.Sprintf("wamid.a%d", i), fmt.Sprintf("a%d", i), at.Add(time.Duration(i) * time.Second)})
		post(message{"2", fmt.Sprintf("wamid.b%d", i), fmt.Sprintf("order b%d", i), at.Add(time.Duration(i) * time.Second)})
		if i == 1 {
			post(message{"1", "wamid.a0", "a0", at})
		}
		r.drainWith(p)
	}
	if retries {
		again := failed
		failed = nil
		r.clock.Advance(30 * time.Second)
		for _, m := range again {
			post(m)
		}
	}
	r.settleWith(p)
	return acknowledged
}

func (r *rig) drainWith(p *plan) {
	for range 100 {
		moved := 0
		for _, name := range r.workers {
			n, _ := r.sys.Poll(r.t.Context(), r.function(name), 0)
			if p.revive() {
				r.restart()
			}
			moved += n
		}
		if moved == 0 {
			return
		}
	}
	r.t.Fatal("the queues do not come to rest")
}

func (r *rig) settleWith(p *plan) {
	r.drainWith(p)
	for _, pause := range []time.Duration{2 * time.Minute, 3 * time.Minute, 6 * time.Minute, 16 * time.Minute,
		61 * time.Minute} {
		r.clock.Advance(pause)
		r.sys.Tick(r.t.Context(), r.function("sweeper"))
		if p.revive() {
			r.restart()
		}
		r.drainWith(p)
	}
}

// restart gives every function a new process: nothing it remembered is left.
func (r *rig) restart() {
	if err := r.sys.Restart(); err != nil {
		r.t.Fatal(err)
	}
}

// check is the oracle: what was acknowledged against what arrived.
func check(r *rig, acknowledged map[string]bool) {
	r.t.Helper()
	for _, d := range []string{"support", "shop"} {
		arrived := map[string]events.Event{}
		last := map[string]string{}
		count := map[string]int{}
		for _, e := range r.received(d) {
			if old, again := arrived[text(e)]; again {
				if old.ID != e.ID || old.Sequence != e.Sequence {
					r.t.Errorf("%s: %q arrived twice with different ids or sequences", d, text(e))
				}
				continue
			}
			arrived[text(e)] = e
			count[e.Subject]++
			if e.Sequence <= last[e.Subject] {
				r.t.Errorf("%s: sequence %s after %s", d, e.Sequence, last[e.Subject])
			}
			last[e.Subject] = e.Sequence
		}
		for conversation, n := range count {
			if want := events.FormatSequence(uint64(n)); last[conversation] != want {
				r.t.Errorf("%s: %d events end with sequence %s: a gap", d, n, last[conversation])
			}
		}
		for m := range acknowledged {
			if _, ok := arrived[m]; !ok && (d == "support" || m[0] == 'o') {
				r.t.Errorf("%s: %q was acknowledged and never arrived", d, m)
			}
		}
	}
}

func runPlan(t *testing.T, retries bool, strikes ...strike) (calls int) {
	t.Helper()
	p := &plan{strikes: strikes}
	r := newRig(t)
	r.breaks(p.intercept)
	check(r, scenario(r, p, retries))
	if t.Failed() {
		t.Logf("strikes: %+v, platform retries: %v", strikes, retries)
	}
	return p.calls
}

// TestEveryCallEveryFault strikes at each AWS call of the scenario with each kind
// of fault, with a platform that retries and with one that does not.
func TestEveryCallEveryFault(t *testing.T) {
	calls := runPlan(t, false)
	t.Logf("%d calls × %d faults × 2 platforms", calls, len(faults))
	for i, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for at := 1 + i%every(1); at <= calls && !t.Failed(); at += every(1) {
				for _, retries := range []bool{false, true} {
					runPlan(t, retries, strike{at, f})
				}
			}
		})
	}
}

// window is how far apart the crashes of a pair are, in calls. The whole sweep is
// `go test ./infra/local/system -run Pairs -window 1000`.
var window = flag.Int("window", 3, "calls between two crashes of a pair, at the most")

// TestPairsOfCrashes kills functions at two calls of one run.
func TestPairsOfCrashes(t *testing.T) {
	calls := runPlan(t, true)
	before, after := faults[4], faults[5]
	for name, kinds := range map[string][2]fault{"after, before": {after, before}, "before, after": {before, after}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for first := 1; first <= calls; first += every(1) {
				for second := first + 1; second <= min(first+*window, calls) && !t.Failed(); second++ {
					runPlan(t, true, strike{first, kinds[0]}, strike{second, kinds[1]})
				}
			}
		})
	}
}
