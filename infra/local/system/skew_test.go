package system_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/store"
)

// skew is how far apart the clocks of two instances are. Lambda's are kept within
// milliseconds; leases have a margin of 15 seconds.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html
const skew = 10 * time.Second

// A wrong clock is what instances take for the time beside the right one.
type wrong struct{ by time.Duration }

func (w *wrong) option(o *system.Options) { o.Skew = func(string) time.Duration { return w.by } }

// TestClocksDifferInbound_Row24: webhooks and routers whose clocks differ take the same
// messages. Each is one event, in the channel's order, and none is late.
func TestClocksDifferInbound_Row24(t *testing.T) {
	w := &wrong{}
	r := newRig(t, w.option)
	at := r.clock.Now()
	var want []string
	for i := range 6 {
		m := message{"1", fmt.Sprint("wamid.", i), fmt.Sprint("number ", i), at.Add(time.Duration(i) * time.Second)}
		want = append(want, m.text)
		for _, by := range []time.Duration{skew, -skew} {
			if w.by = by; i%2 == 1 {
				w.by = -by
			}
			if status := r.post(m); status != 200 {
				t.Fatalf("answered %d", status)
			}
		}
		w.by = -w.by
		r.drain()
	}
	var got []string
	for _, e := range r.received("support") {
		if got = append(got, text(e)); e.Late {
			t.Errorf("%s is late", text(e))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.by = 0
	r.settle()
	r.nothingWaits()
}

// TestClocksDifferAtSenders_Row24: at any moment of one sender's work, a second one whose
// clock is ahead or behind looks into the lane. One of them makes the call, and leaves no
// doubt.
func TestClocksDifferAtSenders_Row24(t *testing.T) {
	for _, by := range []time.Duration{skew, -skew} {
		for at := 1; ; at++ {
			w := &wrong{}
			d := newDesk(t, settingsFor("telegram"), w.option)
			e := d.writes("telegram", "Hello?")
			calls := 0
			d.breaks(func(c awsfake.Call) *awsfake.Fault {
				if c.Principal != "sender" || c.Action == "sqs:ReceiveMessage" ||
					strings.HasPrefix(c.Action, "secretsmanager:") { // two instances share no lock on them
					return nil
				}
				if calls++; calls == at {
					w.by = by
					d.directly("sender", string(store.ReplyLane(e.Subject)))
					w.by = 0
				}
				return nil
			})
			d.ask(say(e, "k1", "hi"))
			d.settle()
			got := outcomes(d.received("support"))
			if d.said("telegram", `"hi"`) != 1 || len(got) != 1 || got[0] != "echo hi" {
				t.Errorf("a sender %v ahead at call %d: said %d times, told %v\n%s", by, at,
					d.said("telegram", `"hi"`), got, d.logs)
			}
			if calls < at || t.Failed() {
				break
			}
		}
	}
}

// TestClocksDifferOutbound_Row24: what the API and senders accept by clocks that differ is
// said in the order in which it was accepted.
func TestClocksDifferOutbound_Row24(t *testing.T) {
	w := &wrong{}
	d := newDesk(t, settingsFor("telegram"), w.option)
	e := d.writes("telegram", "Hello?")
	d.fail("telegram", play.Throttled) // so that they wait together
	var want []string
	for i := range 6 {
		want = append(want, fmt.Sprint("number ", i))
		doc := asked(t, say(e, fmt.Sprint("k", i), want[i]))
		if w.by = skew; i%2 == 1 {
			w.by = -skew
		}
		if i%3 == 2 {
			r := httptest.NewRequest(http.MethodPost, "/v1/messages", strings.NewReader(doc))
			r.Header.Set("Authorization", "Bearer "+d.sys.APIToken)
			r.Header.Set("Content-Type", "application/json")
			if status, answer := d.do(r); status != http.StatusAccepted {
				t.Fatalf("the API says %d %s", status, answer)
			}
			continue
		}
		d.put(names.Outbound, "desk", fmt.Sprint("k", i), doc)
		d.sys.Poll(t.Context(), d.function("sender"), 0)
	}
	w.by = 0
	d.sweeps(10)
	if diff := cmp.Diff(want, d.texted("number")); diff != "" {
		t.Error(diff)
	}
}
