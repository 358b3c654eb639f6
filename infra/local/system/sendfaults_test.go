package system_test

import (
	"flag"
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
	times, told := effectsOf(d, name), toldOf(d)
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

// effectsOf counts how often the platform had each text, as it counts: LINE drops
// what comes again under its retry key. It checks that first times keep the order.
func effectsOf(d *desk, name string) map[string]int {
	d.t.Helper()
	times, seen := map[string]int{}, map[string]bool{}
	last := ""
	for _, c := range d.sys.World.Calls(name) {
		body := string(c.Request.Body)
		for at := strings.Index(body, "message "); at >= 0 && c.Answer.OK(); at = strings.Index(body, "message ") {
			text := body[at : at+len("message 0.0")]
			body = body[at+len(text):]
			if times[text] == 0 && text < last {
				d.t.Errorf("%q was said after %q", text, last)
			}
			last = max(last, text)
			key := c.Request.Header.Get("X-Line-Retry-Key")
			if key != "" && seen[key+text] {
				continue
			}
			seen[key+text] = true
			times[text]++
		}
	}
	return times
}

// toldOf is what became of each message: one thing, under one id.
func toldOf(d *desk) map[string]string {
	d.t.Helper()
	told, ids := map[string]string{}, map[string]string{}
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
		if ids[key] != "" && ids[key] != x.ID {
			d.t.Errorf("%s became %s and %s, under different ids", key, told[key], what)
		}
		told[key], ids[key] = what, x.ID
	}
	return told
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

// stride is how many calls lie between two that one kind of fault strikes; the six
// kinds begin at different ones. The whole sweep is
// `go test ./infra/local/system -run Sending -stride 1`.
var stride = flag.Int("stride", 3, "calls between two that a kind of fault strikes")

// every is the stride of a sweep: the one for which there is time in .ci/run, and a
// wider one for every save.
func every(stride int) int {
	if thorough() {
		return stride
	}
	return stride + 7
}

// TestEveryCallOfSending strikes at each AWS call between a request and its
// outcome with each kind of fault, on an idempotent channel, a correlated one and
// a blind one: never twice, never out of order, never untold.
func TestEveryCallOfSending(t *testing.T) {
	for _, name := range []string{"line", "whatsapp", "telegram"} {
		calls := runSend(t, name)
		t.Logf("%s: %d calls × %d faults", name, calls, len(faults))
		for i, f := range faults {
			t.Run(name+" "+f.name, func(t *testing.T) {
				t.Parallel()
				for at := 1 + i%every(*stride); at <= calls && !t.Failed(); at += every(*stride) {
					runSend(t, name, strike{at, f})
				}
			})
		}
	}
}
