package switchboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
	"github.com/relais-dev/relais/shared/thread"
)

func event(typ events.Type, data events.Data) *events.Event {
	data.Conversation = &events.Conversation{ID: "cnv_1", PlatformID: "U1", Kind: events.Direct, Controls: data.Channel}
	data.Channel, data.Account = "line", "demo"
	return &events.Event{Type: typ, Time: noon, RecordedTime: noon, Data: data}
}

func says(role string) events.Data {
	return events.Data{Message: &events.Message{Actor: events.Actor{Role: role},
		Content: []events.Content{events.NewText("Hi")}}}
}

// control is a platform's word of which app of its holds; "" is none.
func control(app string) events.Data {
	return events.Data{Channel: app, Control: &events.Control{}}
}

func hold(holder string, version uint64, until time.Duration) thread.Hold {
	h := thread.Hold{Holder: holder, Version: version}
	if until > 0 {
		h.Until = noon.Add(until)
	}
	return h
}

// TestAdmit: who holds from an event of the channel on.
func TestAdmit(t *testing.T) {
	idle := func(d *thread.Desk) { d.Lease = time.Time{} }
	app := func(d *thread.Desk) { d.Holder, d.Hold, d.Lease = "platform:inbox", 5, time.Time{} }
	nobody := func(d *thread.Desk) { *d = thread.Desk{} }
	for name, x := range map[string]struct {
		desk func(*thread.Desk)
		e    *events.Event
		to   []string
		want thread.Hold
	}{
		"first, by rule": {nobody, event(events.MessageReceived, says(events.Customer)),
			[]string{"crm", "sales", "helper"}, hold("sales", 11, 0)},
		"first, to observers": {nobody, event(events.MessageReceived, says(events.Customer)), []string{"crm", "gone"},
			hold("support", 11, 0)},
		"first, to a bot": {nobody, event(events.MessageReceived, says(events.Customer)), []string{"helper"},
			hold("helper", 11, 45*time.Second)},
		"first, a receipt": {nobody, event(events.ReceiptRead, events.Data{}), []string{"helper"},
			hold("helper", 11, 0)},
		"rules do not take it": {idle, event(events.ReceiptRead, events.Data{}), []string{"sales"}, hold("helper", 3, 0)},
		"the lease begins": {idle, event(events.MessageReceived, says(events.Customer)), nil,
			hold("helper", 3, 45*time.Second)},
		"it does not move": {nil, event(events.MessageReceived, says(events.Customer)), nil,
			hold("helper", 3, time.Minute)},
		"an answer ends it": {nil, event(events.MessageEchoed, says(events.Bot)), nil, hold("helper", 3, 0)},
		"the system's does not": {nil, event(events.MessageEchoed, says(events.System)), nil,
			hold("helper", 3, time.Minute)},
		"a bot without a lease": {func(d *thread.Desk) { d.Holder, d.Lease = "patient", time.Time{} },
			event(events.MessageReceived, says(events.Customer)), nil, hold("patient", 3, 0)},
		"the platform's app takes it": {nil, event(events.ControlPassed, control("inbox")), nil,
			hold("platform:inbox", 11, 0)},
		"and has it": {app, event(events.ControlPassed, control("inbox")), nil,
			hold("platform:inbox", 5, 0)},
		"another app takes it": {app, event(events.ControlPassed, control("phone")), nil,
			hold("platform:phone", 11, 0)},
		"and gives it back": {app, event(events.ControlPassed, control("")), []string{"sales"},
			hold("sales", 11, 0)},
		"what it never had": {nil, event(events.ControlPassed, control("")), []string{"sales"},
			hold("helper", 3, time.Minute)},
		"of nobody in particular": {nobody, &events.Event{Type: events.IngestQuarantined}, []string{"sales"},
			thread.Hold{}},
	} {
		if diff := cmp.Diff(x.want, board.Admit(held(x.desk).Desk, x.e, x.to, 11)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	own := event(events.ReceiptRead, events.Data{})
	own.Data.Conversation.Kind = events.Own
	if got := board.Admit(thread.Desk{}, own, []string{"sales"}, 11); got != (thread.Hold{}) {
		t.Errorf("an account's own thread is held by %+v", got)
	}
}

// TestReceivers: the holder first, who is concerned, and of the others who wants copies. Notes
// are for people, and what a bot says is nothing for another bot.
func TestReceivers(t *testing.T) {
	all := []string{"crm", "sales", "guide", "patient"}
	by := func(holder string, e *events.Event) *events.Event { e.Holder = holder; return e }
	passed := events.Data{Control: &events.Control{From: "guide", To: "sales"}}
	for name, x := range map[string]struct {
		e    *events.Event
		to   []string
		want string
	}{
		"the holder": {by("helper", event(events.MessageReceived, says(events.Customer))), nil, "helper"},
		"and who looks on": {by("helper", event(events.MessageReceived, says(events.Customer))), all,
			"helper crm guide patient"},
		"once": {by("guide", event(events.MessageReceived, says(events.Customer))), all,
			"guide crm patient"},
		"of nobody":         {event(events.MessageReceived, says(events.Customer)), all, "crm sales guide patient"},
		"with nobody named": {event(events.MessageReceived, says(events.Customer)), nil, "support"},
		"a bot's words":     {by("guide", event(events.MessageEchoed, says(events.Bot))), all, "guide crm"},
		"a person's words": {by("sales", event(events.MessageEchoed, says(events.Agent))), all,
			"sales crm guide patient"},
		"a note": {by("guide", event(events.NoteAdded, events.Data{Note: &events.Note{Text: "x"}})), all,
			"crm"},
		"a note to bots alone": {by("guide", event(events.NoteAdded, events.Data{Note: &events.Note{Text: "x"}})), nil,
			"support"},
		"who had it": {by("sales", event(events.ControlPassed, passed)), nil, "sales guide"},
		"who is offered it": {by("guide", event(events.ControlOffered, events.Data{Control: &events.Control{From: "guide",
			To: "sales"}})), nil, "guide sales"},
		"an app of the platform": {by("platform:inbox", event(events.MessageReceived, says(events.Customer))),
			[]string{"crm"}, "crm"},
		"how far one has read": {by("helper", event(events.ConversationRead, events.Data{Handling: &events.Handling{
			Destination: "sales"}})), all, "sales"},
	} {
		if got := strings.Join(board.Receivers(x.e, x.to), " "); got != x.want {
			t.Errorf("%s: %q, want %q", name, got, x.want)
		}
	}
}

// TestTick: what happens by itself, and when it is due.
func TestTick(t *testing.T) {
	on := func(change func(*thread.Desk)) thread.Thread {
		return held(func(d *thread.Desk) { d.Lease, d.Assignee = time.Time{}, ""; change(d) })
	}
	noisy := on(func(*thread.Desk) {})
	noisy.Turns = thread.MaxTurns
	for name, x := range map[string]struct {
		t    thread.Thread
		at   time.Duration // when it happens, after noon
		want string
	}{
		"nothing":   {on(func(*thread.Desk) {}), -1, ""},
		"the lease": {held(nil), time.Minute, "control.expired helper->guide | guide 11 +2m0s"},
		"the default's own": {on(func(d *thread.Desk) { d.Holder, d.Lease = "guide", noon }), 0,
			"control.expired guide->support | support 11"},
		"closed": {held(closed), -1, ""},
		"the offer": {on(func(d *thread.Desk) { offered(d); d.Holder = "patient" }), time.Minute,
			"control.failed patient->sales | patient 3"},
		"the snooze": {on(snoozed), time.Hour, `conversation.opened e2 [] ""<-"" | helper 3`},
		"the assignee": {on(func(d *thread.Desk) {
			d.Holder, d.Assignee, d.Assigned = "support", "ana",
				noon.Add(-time.Hour)
		}),
			10 * time.Minute, `conversation.assigned e0 [] ""<-"ana" | support 3`},
		"a new assignee": {on(func(d *thread.Desk) {
			d.Holder, d.Assignee, d.Assigned = "support", "ana",
				noon.Add(time.Minute)
		}),
			11 * time.Minute, `conversation.assigned e0 [] ""<-"ana" | support 3`},
		"an assignee who answered": {on(func(d *thread.Desk) {
			d.Holder, d.Assignee, d.Waiting = "support", "ana", time.Time{}
		}), -1, ""},
		"an assignee who sleeps on it": {on(func(d *thread.Desk) {
			snoozed(d)
			d.Holder, d.Assignee = "support", "ana"
		}), time.Hour, `conversation.opened e2 [] ""<-"" | support 3`},
		"an assignee without a limit": {on(func(d *thread.Desk) { d.Holder, d.Assignee = "sales", "ana" }), -1, ""},
		"the holder is gone": {on(func(d *thread.Desk) { d.Holder = "gone" }), 0,
			"control.passed gone->support | support 11"},
		"closed, and it is gone": {on(func(d *thread.Desk) { closed(d); d.Holder = "gone" }), 0,
			"control.passed gone->support | support 11"},
		"a platform's app stays": {on(func(d *thread.Desk) { d.Holder = "platform:inbox" }), -1, ""},
		"the app answers": {on(func(d *thread.Desk) { d.App = 4 }), 0,
			"control.passed helper->support | support 11"},
		"the app had answered":       {on(func(d *thread.Desk) { d.App = 3 }), -1, ""},
		"the app answers for a team": {on(func(d *thread.Desk) { d.Holder, d.App = "sales", 4 }), -1, ""},
		"bots talk to bots":          {noisy, 0, "control.passed helper->support | support 11"},
	} {
		if x.at < 0 {
			if c, ok := board.Tick(x.t, 11, noon.Add(1000*time.Hour), noon.Add(1000*time.Hour)); ok {
				t.Errorf("%s: %s", name, told(c))
			}
			if due := board.Due(x.t); !due.IsZero() {
				t.Errorf("%s is due at %s", name, due)
			}
			continue
		}
		c, ok := board.Tick(x.t, 11, noon.Add(x.at), noon.Add(x.at))
		if got := told(c); !ok || got != x.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, x.want)
		}
		if due := board.Due(x.t); x.at > 0 && !due.Equal(noon.Add(x.at)) {
			t.Errorf("%s is due at %s", name, due)
		}
		if c, ok := board.Tick(x.t, 11, noon.Add(x.at-time.Millisecond),
			noon.Add(x.at-time.Millisecond)); ok && x.at > 0 {
			t.Errorf("%s comes too early: %s", name, told(c))
		}
	}
}

// TestTickEnds: whatever is over, a few changes settle it, also where all are bots.
func TestTickEnds(t *testing.T) {
	bots := switchboard.Board{Default: "a", Desks: map[string]switchboard.Desk{"a": {Role: switchboard.Bot, Lease: "1s"},
		"b": {Role: switchboard.Bot, Lease: "1s", Else: "a"}}}
	for _, b := range []switchboard.Board{board, bots} {
		for _, holder := range []string{"helper", "b", "gone"} {
			x := held(func(d *thread.Desk) { d.Holder, d.Lease, d.App = holder, noon, 9; offered(d) })
			x.Turns = thread.MaxTurns
			now := noon.Add(time.Hour)
			for n := uint64(11); ; n++ {
				c, ok := b.Tick(x, n, now, now)
				if !ok {
					break
				}
				if n > 20 {
					t.Fatalf("%s: no end, now %s", holder, told(c))
				}
				e := event(c.Type, c.Data)
				e.Sequence = events.FormatSequence(n)
				c.Hold.Stamp(e)
				x, now = x.After(e), now.Add(time.Hour)
			}
			if _, known := b.Desks[x.Desk.Holder]; !known {
				t.Errorf("%s: %q holds at the end", holder, x.Desk.Holder)
			}
		}
	}
}

// TestLease: a bot that gets what is closed, or hears thanks in the quiet time, has its
// whole lease when the customer writes again.
func TestLease(t *testing.T) {
	x := held(nil)
	n := uint64(10)
	step := func(typ events.Type, data events.Data, at time.Duration, h *thread.Hold) {
		n++
		e := event(typ, data)
		e.Time, e.RecordedTime, e.Sequence = noon.Add(at), noon.Add(at), events.FormatSequence(n)
		if h == nil {
			admitted := board.Admit(x.Desk, e, nil, n)
			h = &admitted
		}
		h.Stamp(e)
		x = x.After(e)
	}
	do := func(c events.Command, at time.Duration) {
		t.Helper()
		change, ok, err := board.Decide(x, c, ana, n+1, noon.Add(at))
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		step(change.Type, change.Data, at, &change.Hold)
	}
	do(events.Command{Do: events.DoClose, QuietMS: time.Hour.Milliseconds()}, 0)
	step(events.MessageReceived, says(events.Customer), time.Minute, nil)
	if due := board.Due(x); !due.IsZero() || x.Desk.State != events.StateClosed {
		t.Errorf("thanks in the quiet time: %q, due %s", x.Desk.State, due)
	}
	do(events.Command{Do: events.DoPass, Target: "guide"}, 2*time.Minute)
	step(events.MessageReceived, says(events.Customer), 2*time.Hour, nil)
	want := noon.Add(2*time.Hour + time.Minute)
	if x.Desk.State != "" || !x.Desk.Lease.Equal(want) || x.Desk.Episode != 3 {
		t.Errorf("opened again: %q, episode %d, lease until %s, want %s", x.Desk.State, x.Desk.Episode, x.Desk.Lease, want)
	}
}

// TestListing: the list in which a conversation stands, and that it moves no more than
// twice a minute.
func TestListing(t *testing.T) {
	active := func(after time.Duration) thread.Thread {
		return held(func(d *thread.Desk) { d.Waiting, d.Active = time.Time{}, noon.Add(after) })
	}
	first := switchboard.Listing(active(0), store.Listing{})
	want := store.Listing{Holder: "helper", Class: store.Answered, At: noon, Assignee: "ana", Tags: []string{"vip"},
		Account: "line/demo"}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	for after, moved := range map[time.Duration]bool{29 * time.Second: false, 30 * time.Second: true} {
		if got := switchboard.Listing(active(after), first).At; got.Equal(noon) == moved {
			t.Errorf("after %s it stands at %s", after, got)
		}
	}
	for class, desk := range map[store.Class]func(*thread.Desk){store.Waiting: nil, store.Closed: closed,
		store.Snoozed: snoozed} {
		if got := switchboard.Listing(held(desk), first); got.Class != class || got.At.IsZero() {
			t.Errorf("%s: %+v", class, got)
		}
	}
	own := active(0)
	own.Conversation.Kind = events.Own
	if got := switchboard.Listing(own, first); !cmp.Equal(got, store.Listing{}) {
		t.Errorf("an account's own thread stands in a list: %+v", got)
	}
}
