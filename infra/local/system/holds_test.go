package system_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
)

// released has the bot between two teams: sales gives back to it, and it to support.
var released = strings.Replace(floorConfig, `"sales":{"standby":false}`, `"sales":{"else":"helper"}`, 1)

func (f *floor) holds(want string) {
	f.t.Helper()
	f.drain()
	if got := f.state().Holder; got != want {
		for _, e := range f.record(f.conversation).history {
			f.t.Logf("%s, held by %s until %v", inWords(e), e.Holder, e.HoldUntil)
		}
		f.t.Errorf("%s holds the conversation, want %s", got, want)
	}
}

// TestThanksStartNoLease: what the customer says while it opens nothing is nothing that
// a bot has to answer, and does not take its time from it when there is.
func TestThanksStartNoLease(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoClose, QuietMS: time.Hour.Milliseconds()})
	f.writes("Thanks!")
	if s := f.state(); !s.HoldUntil.IsZero() {
		t.Errorf("the bot has until %v to answer thanks", s.HoldUntil)
	}
	f.wait(2 * time.Hour)
	f.writes("It is broken.")
	f.holds("helper")
	f.wait(47 * time.Second)
	f.holds("support")
	f.nothingOverdue()
}

// TestClosedByItsBot: a hold that was given while the conversation was closed has its time
// from the customer's word on.
func TestClosedByItsBot(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoPass, Target: "support"})
	f.does("", events.Command{Do: events.DoClose})
	f.does("", events.Command{Do: events.DoPass, Target: "helper"})
	f.wait(time.Hour)
	f.writes("It is broken.")
	f.holds("helper")
	f.wait(47 * time.Second)
	f.holds("support")
}

// TestGivenBackAtTheEnd: a bot has to answer within its lease who waits, and need not make
// conversation with who does not.
func TestGivenBackAtTheEnd(t *testing.T) {
	f := newFloor(t, released)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoPass, Target: "sales"})
	f.answers(events.Outbound{From: "sales", Content: words("At your door.")})
	f.does("", events.Command{Do: events.DoRelease})
	f.wait(2 * time.Minute)
	f.holds("helper")
	f.does("", events.Command{Do: events.DoAcknowledge, From: "helper"})
	f.wait(2 * time.Minute)
	f.holds("helper")
	f.writes("It is broken.")
	f.does("", events.Command{Do: events.DoAcknowledge, From: "helper"})
	f.wait(47 * time.Second)
	f.holds("support")
}

// TestOfferOutlivesAcknowledgement: who says that they still work on it takes nothing back.
func TestOfferOutlivesAcknowledgement(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoOffer, Target: "support", Until: f.clock.Now().Add(time.Minute)})
	f.does("", events.Command{Do: events.DoAcknowledge, From: "helper"})
	if s := f.state(); s.Offered != "support" {
		t.Errorf("offered to %q, want support", s.Offered)
	}
	f.does("support", events.Command{Do: events.DoAccept, From: "support"})
	f.holds("support")
}

// TestAnsweredInTime: what came in time is counted before what ends after it, however late both
// are looked at.
func TestAnsweredInTime(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.clock.Advance(44 * time.Second)
	if status, why := f.says(events.Outbound{From: "helper", Hold: f.state().Hold, Sender: bot,
		Content: words("At your door.")}); status != http.StatusAccepted {
		t.Fatalf("answered %d %+v", status, why)
	}
	f.sys.Poll(t.Context(), f.function("sender"), 0)
	if f.said("whatsapp", "At your door.") != 1 {
		t.Fatal("not said")
	}
	f.clock.Advance(time.Minute)
	f.holds("helper")
	for _, e := range f.record(f.conversation).history {
		if e.Type == events.ControlExpired {
			t.Errorf("#%s says that the bot has not answered", e.Sequence)
		}
	}
}

// TestWokenBeforeItsTime: of a message and the end of a snooze, what came first woke it.
func TestWokenBeforeItsTime(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoPass, Target: "support"})
	f.does("", events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(time.Minute)})
	f.clock.Advance(50 * time.Second)
	if status := f.post(message{f.customerID, "wamid.wakes", "It is broken.", f.clock.Now()}); status != 200 {
		t.Fatal(status)
	}
	f.clock.Advance(time.Minute)
	f.drain()
	for _, e := range f.record(f.conversation).history {
		if e.Type == events.ConversationOpened {
			t.Errorf("#%s says that the snooze ended, but the customer's message had woken it", e.Sequence)
		}
	}
}

// TestOwedDuringASnooze: a destination that refused gets what it is owed within minutes after it is
// well, though the conversation sleeps for a month.
func TestOwedDuringASnooze(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoPass, Target: "support"})
	f.does("", events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(30 * 24 * time.Hour), Wake: events.WakeTime})
	f.sweeps(3) // what was to be looked at before is over
	f.received("quality")
	f.breaks(refusing("quality"))
	f.writes("Hello?")
	f.breaks(nil)
	f.sweeps(10)
	if got := f.texts("quality"); len(got) != 1 || got[0] != "Hello?" {
		t.Errorf("quality received %v ten minutes after it was well, want what it was owed", got)
	}
	f.nothingOverdue()
}

// TestOneKeyOneCommand: under the key of one command another one is refused, not said to be done.
func TestOneKeyOneCommand(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	for _, x := range []struct {
		first, other events.Command
	}{
		{events.Command{Do: events.DoTag, Tags: []string{"vip"}}, events.Command{Do: events.DoTag, Tags: []string{"late"}}},
		{events.Command{Do: events.DoTag, Tags: []string{"new"}}, events.Command{Do: events.DoUntag, Tags: []string{"new"}}},
		{events.Command{Do: events.DoUntag, Tags: []string{"new"}}, events.Command{Do: events.DoTag, Tags: []string{"new"}}},
		{events.Command{Do: events.DoAssign, Assignee: "ben"}, events.Command{Do: events.DoAssign, Assignee: "eve"}},
		{events.Command{Do: events.DoPrioritise, Priority: "high"}, events.Command{Do: events.DoLanguage, Language: "fr"}},
		{events.Command{Do: events.DoPrioritise, Priority: "low"},
			events.Command{Do: events.DoPrioritise, Priority: "high"}},
		{events.Command{Do: events.DoNote, Text: "nice"}, events.Command{Do: events.DoNote, Text: "not nice"}},
		{events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(time.Hour)},
			events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(2 * time.Hour)}},
		{events.Command{Do: events.DoPass, Target: "support"}, events.Command{Do: events.DoPass, Target: "sales"}},
		{events.Command{Do: events.DoPass, Target: "helper"}, events.Command{Do: events.DoTake, From: "support",
			Takeover: true}},
		{events.Command{Do: events.DoRead, From: "support", Seen: events.FormatSequence(1)},
			events.Command{Do: events.DoRead, From: "sales", Seen: events.FormatSequence(1)}},
	} {
		f.clock.Advance(time.Second)
		key := "key-" + f.clock.Now().Format("150405")
		x.first.IdempotencyKey, x.other.IdempotencyKey = key, key
		f.does("", x.first)
		n := f.state().Sequence
		if status, out, why := f.command("", f.conversation, x.first); status != http.StatusOK || out.Event == nil {
			t.Errorf("%s repeated was answered %d %+v", x.first.Do, status, why)
		}
		f.mayNot("", x.other, "another command")
		if f.state().Sequence != n {
			t.Errorf("%s changed something under the key of %s", x.other.Do, x.first.Do)
		}
	}
}

// TestAnswerOfSomebody: who answers need not say who they are to have answered; a campaign is no answer.
func TestAnswerOfSomebody(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.answers(events.Outbound{Priority: events.Bulk, Content: words("Everything is half price!")})
	if s := f.state(); s.WaitingAt.IsZero() || s.SpokeAt != "" || s.HoldUntil.IsZero() {
		t.Errorf("after a campaign the customer waits since %v, answered at %q", s.WaitingAt, s.SpokeAt)
	}
	f.answers(events.Outbound{Content: words("At your door.")})
	if s := f.state(); !s.WaitingAt.IsZero() || s.SpokeAt == "" || !s.HoldUntil.IsZero() || s.RepliedAt.IsZero() {
		t.Errorf("after an answer the customer waits since %v, answered at %q", s.WaitingAt, s.SpokeAt)
	}
}

// TestTimeWhileADestinationRefuses: the sweeper's patience with a destination that refuses makes
// nobody sleep longer.
func TestTimeWhileADestinationRefuses(t *testing.T) {
	f := newFloor(t, floorConfig)
	f.writes("Where is my parcel?")
	f.does("", events.Command{Do: events.DoPass, Target: "support"})
	f.breaks(refusing("quality"))
	f.does("", events.Command{Do: events.DoSnooze, Until: f.clock.Now().Add(2 * time.Hour), Wake: events.WakeTime})
	f.sweeps(2*60 + 3)
	if s := f.state(); s.State != events.StateOpen {
		t.Errorf("three minutes after the end of the snooze it is %s", s.State)
	}
}
