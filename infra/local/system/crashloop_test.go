package system_test

import (
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// poison makes the router die whenever it gives an event its place, until it has set
// one aside. Only one conversation may be pending.
type poison struct {
	r       *rig
	dead    bool
	crashes int
}

func (p *poison) intercept(c awsfake.Call) *awsfake.Fault {
	if c.Principal != "router" {
		return nil
	}
	if c.Action == "dynamodb:TransactWriteItems" && !p.dead && !p.setAside() {
		p.dead = true
		p.crashes++
	}
	if p.dead { // the process is gone: nothing it would still do happens
		return &awsfake.Fault{Status: 400, Code: "Crashed"}
	}
	return nil
}

func (p *poison) setAside() bool {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	return strings.Contains(p.r.logs.String(), `"quarantined an event"`)
}

// TestCrashLoop_Row14: an event that kills the router each time is tried alone after
// five times and set aside after three more. What was written after it arrives, and
// the sequence shows its place.
func TestCrashLoop_Row14(t *testing.T) {
	r := newRig(t)
	p := &poison{r: r}
	r.breaks(p.intercept)
	at := r.clock.Now()
	r.post(message{"1", "wamid.1", "poison", at}, message{"1", "wamid.2", "after", at.Add(time.Second)})
	for range 20 {
		r.sys.Poll(t.Context(), r.function("router"), 0)
		if p.dead {
			p.dead = false
			r.restart()
		}
		r.clock.Advance(130 * time.Second)
	}
	if p.crashes < 7 || p.crashes > 8 {
		t.Errorf("the router died %d times, want 4 or 5 before the event is suspect and 3 alone", p.crashes)
	}
	r.breaks(nil)
	r.settle()
	got := r.received("support")
	if len(got) != 2 || got[0].Type != events.IngestQuarantined || got[0].Data.Quarantine.Reason != "crash" ||
		text(got[1]) != "after" {
		t.Fatalf("received %+v, want a quarantine and what was written after it", got)
	}
	for i, e := range got {
		if want := events.FormatSequence(uint64(i + 1)); e.Sequence != want {
			t.Errorf("event %d has sequence %s, want %s", i, e.Sequence, want)
		}
	}
}
