package outbox

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

var (
	bot   = &events.Sender{Role: events.Bot, ID: "eliza"}
	human = &events.Sender{Role: events.Agent, ID: "ana"}
	// desk is held by the helper since event 7; it was given by who held it since event 3.
	desk = thread.Desk{Holder: "helper", Hold: 7, Gave: 3}
)

func under(sequence uint64) string { return events.FormatSequence(sequence) }

// TestWhoMayAsk: the holder speaks, a bot under its hold; campaigns and the system need none.
func TestWhoMayAsk(t *testing.T) {
	for name, x := range map[string]struct {
		o    events.Outbound
		want int // 0 is accepted
	}{
		"the bot that holds":        {events.Outbound{From: "helper", Sender: bot, Hold: under(7)}, 0},
		"it does not say its hold":  {events.Outbound{From: "helper", Sender: bot}, http.StatusUnprocessableEntity},
		"under a hold before":       {events.Outbound{From: "helper", Sender: bot, Hold: under(3)}, http.StatusConflict},
		"under one to come":         {events.Outbound{From: "helper", Sender: bot, Hold: under(8)}, http.StatusConflict},
		"a person of another":       {events.Outbound{From: "support", Sender: human}, http.StatusConflict},
		"a bot of another":          {events.Outbound{From: "guide", Sender: bot, Hold: under(7)}, http.StatusConflict},
		"a person of the holder":    {events.Outbound{From: "helper", Sender: human}, 0},
		"who does not say who":      {events.Outbound{}, 0},
		"a campaign of another":     {events.Outbound{From: "support", Priority: events.Bulk}, 0},
		"what the system says":      {events.Outbound{From: "support", Sender: &events.Sender{Role: events.System}}, 0},
		"a person under an old one": {events.Outbound{From: "helper", Sender: human, Hold: under(3)}, http.StatusConflict},
	} {
		got := 0
		if r := mayAsk(Request{Outbound: x.o, Thread: thread.Thread{Desk: desk}}); r != nil {
			if got = r.HTTP; r.Remedy == "" {
				t.Errorf("%s: no remedy", name)
			}
		}
		if got != x.want {
			t.Errorf("%s: refused with %d, want %d", name, got, x.want)
		}
		if r := mayAsk(Request{Outbound: x.o}); r != nil {
			t.Errorf("%s, and nobody holds: %v", name, r)
		}
	}
}

// TestLateWords: what was accepted is said while its hold lasts, and after its holder gave it away; not after
// somebody took it, or it was lost.
func TestLateWords(t *testing.T) {
	for _, x := range []struct {
		hold uint64
		gave uint64
		said bool
	}{{7, 3, true}, {3, 3, true}, {2, 3, false}, {5, 3, false}, {3, 0, false}, {8, 3, false}} {
		d := desk
		d.Gave = x.gave
		o := events.Outbound{From: "helper", Sender: bot, Hold: under(x.hold)}
		e := maySay(o, d)
		if said := e == nil; said != x.said {
			t.Errorf("under hold %d, given away was %d: said %v (%v)", x.hold, x.gave, said, e)
		}
		if e != nil && e.Passes() {
			t.Errorf("under hold %d: it would be tried again", x.hold)
		}
		o.Priority = events.Bulk
		if e := maySay(o, d); e != nil {
			t.Errorf("a campaign: %v", e)
		}
	}
	if e := maySay(events.Outbound{From: "support"}, desk); e != nil {
		t.Errorf("it was asked for under no hold: %v", e)
	}
}

// TestThenHasTheMessagesKey: a message that is repeated has the same command, and another message another one.
func TestThenHasTheMessagesKey(t *testing.T) {
	o := events.Outbound{IdempotencyKey: "k1", From: "helper", Sender: human, Then: &events.Command{Do: events.DoClose}}
	first, ok := Then(o, "cnv_1")
	again, _ := Then(o, "cnv_1")
	if diff := cmp.Diff(first, again); diff != "" || !ok || first.IdempotencyKey == "" {
		t.Errorf("%v, key %q (-first +again):\n%s", ok, first.IdempotencyKey, diff)
	}
	if first.From != "helper" || first.By == nil || first.By.ID != "ana" || first.To.Conversation != "cnv_1" {
		t.Errorf("the command is %+v", first)
	}
	o.IdempotencyKey = "k2"
	if other, _ := Then(o, "cnv_1"); other.IdempotencyKey == first.IdempotencyKey {
		t.Errorf("two messages have the command %q", first.IdempotencyKey)
	}
	if _, ok := Then(o, ""); ok {
		t.Error("a command for no conversation")
	}
}
