package system_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
)

// sendScenario asks for three messages, the second of two parts, with workers
// running in between, while faults strike.
func sendScenario(d *desk, p *plan, e events.Event) {
	for i := range 3 {
		o := say(e, fmt.Sprint("k", i), fmt.Sprintf("message %d.1", i))
		if i == 1 {
			o.Content = append(o.Content, events.NewText("message 1.2"))
		}
		d.ask(o)
		if i != 1 {
			d.drainWith(p)
		}
	}
	d.settleWith(p)
}

// checkSent is the oracle of sending: what the platform had, against what
// integrators were told.
func checkSent(d *desk, name string) {
	d.t.Helper()
	had := map[string]map[string]bool{} // by text: the keys under which the platform had it
	times := map[string]int{}
	var order []string
	for _, c := range d.sys.Doubles.Calls(name) {
		body := string(c.Request.Body)
		for at := strings.Index(body, "message "); at >= 0 && c.Answer.OK(); at = strings.Index(body, "message ") {
			text := body[at : at+len("message 0.0")]
			if had[text] == nil {
				had[text] = map[string]bool{}
				order = append(order, text)
			}
			had[text][c.Request.Header.Get("X-Line-Retry-Key")] = true
			times[text]++
			body = body[at+len(text):]
		}
	}
	for i := 1; i < len(order); i++ {
		if order[i] < order[i-1] {
			d.t.Errorf("said out of order: %v", order)
		}
	}
	told := map[string]string{}
	for _, x := range d.received("support") {
		var key, what string
		switch {
		case x.Data.Message != nil && x.Data.Message.Origin == "api":
			key, what = x.Data.Message.ID, "echo"
		case x.Data.Status != nil && (x.Data.Status.State == events.Uncertain || x.Data.Status.State == events.Failed):
			key, what = x.Data.Status.Correlation, string(x.Data.Status.State)
		default:
			continue
		}
		if old := told[key]; old != "" && old != what {
			d.t.Errorf("%s became %s and %s", key, old, what)
		}
		told[key] = what
	}
	for i := range 3 {
		parts := []string{fmt.Sprintf("message %d.1", i)}
		if i == 1 {
			parts = append(parts, "message 1.2")
		}
		outcome := told[events.OutboundID(fmt.Sprint("k", i))]
		if outcome == "" {
			d.t.Errorf("nobody was told what became of message %d", i)
		}
		for _, text := range parts {
			effects := times[text]
			if name == "line" {
				effects = len(had[text])
			}
			if effects > 1 {
				d.t.Errorf("%s had %q %d times", name, text, effects)
			}
			if outcome == "echo" && effects == 0 {
				d.t.Errorf("%q is told as sent and never was", text)
			}
			if name == "line" && effects != 1 {
				d.t.Errorf("%q was not sent, though the platform deduplicates", text)
			}
		}
	}
}

func runSend(t *testing.T, name string, strikes ...strike) (calls int) {
	t.Helper()
	d := newDesk(t, deskConfig)
	d.workers = []string{"sender", "router"}
	e := d.writes(name, "Hello?")
	d.clock.Advance(2 * time.Minute)
	p := &plan{strikes: strikes}
	d.breaks(p.intercept)
	sendScenario(d, p, e)
	checkSent(d, name)
	if t.Failed() {
		t.Logf("%s, strikes: %+v\n%s", name, strikes, d.logs)
	}
	return p.calls
}

// TestEveryCallOfSending strikes at each AWS call between a request and its
// outcome with each kind of fault, on an idempotent channel, a correlated one and
// a blind one: never twice, never out of order, never untold.
func TestEveryCallOfSending(t *testing.T) {
	for _, name := range []string{"line", "whatsapp", "telegram"} {
		calls := runSend(t, name)
		t.Logf("%s: %d calls × %d faults", name, calls, len(faults))
		for _, f := range faults {
			t.Run(name+" "+f.name, func(t *testing.T) {
				t.Parallel()
				for at := 1; at <= calls && !t.Failed(); at++ {
					runSend(t, name, strike{at, f})
				}
			})
		}
	}
}
