package thread_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

// A story is a conversation as it is told, event by event.
type story struct {
	t        *testing.T
	thread   thread.Thread
	sequence uint64
	holder   string
	hold     uint64
}

func newStory(t *testing.T) *story { return &story{t: t, holder: "support", hold: 1} }

// tell lets something happen, minutes after noon.
func (s *story) tell(typ events.Type, minute int, change func(*events.Data)) {
	s.sequence++
	e := event(typ, time.Duration(minute)*time.Minute, change)
	e.RecordedTime, e.Sequence = e.Time, events.FormatSequence(s.sequence)
	thread.Hold{Holder: s.holder, Version: s.hold}.Stamp(e)
	s.thread = s.thread.After(e)
}

func (s *story) customer(minute int, text string) {
	s.tell(events.MessageReceived, minute, func(d *events.Data) { d.Message = message(events.Customer, text) })
}

func (s *story) brand(role string, minute int, text string) {
	s.tell(events.MessageEchoed, minute, func(d *events.Data) { d.Message = message(role, text) })
}

func (s *story) handle(typ events.Type, minute int, h events.Handling) {
	s.tell(typ, minute, func(d *events.Data) { d.Handling = &h })
}

// control moves the hold, and tells of it.
func (s *story) control(typ events.Type, minute int, c events.Control) {
	s.holder, s.hold = c.To, s.sequence+1
	s.tell(typ, minute, func(d *events.Data) { d.Control = &c })
}

func message(role, text string) *events.Message {
	return &events.Message{Actor: events.Actor{Role: role}, Content: []events.Content{events.NewText(text)}}
}

// is holds members of the desk, as text, to what they should be.
func (s *story) is(want string) {
	s.t.Helper()
	d := s.thread.Desk
	minute := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return fmt.Sprint(int(at.Sub(noon).Minutes()))
	}
	state := d.State
	if state == "" {
		state = events.StateOpen
	}
	got := fmt.Sprintf("%s e%d began %s replied %s closed %s waiting %s", state, d.Episode, minute(d.Began),
		minute(d.Replied), minute(d.Closed), minute(d.Waiting))
	if got != want {
		s.t.Errorf("after event %d\n got %s\nwant %s", s.sequence, got, want)
	}
}

// TestEpisodes: an opening after a closing begins an episode with clocks of its own.
func TestEpisodes(t *testing.T) {
	s := newStory(t)
	s.customer(0, "Hello")
	s.is("open e1 began 0 replied - closed - waiting 0")
	s.customer(2, "Anybody?")
	s.is("open e1 began 0 replied - closed - waiting 0")
	s.brand(events.System, 3, "We are closed")
	s.is("open e1 began 0 replied - closed - waiting 0")
	s.brand(events.Agent, 5, "Hi")
	s.is("open e1 began 0 replied 5 closed - waiting -")
	s.brand(events.Agent, 6, "How can I help?")
	s.is("open e1 began 0 replied 5 closed - waiting -")
	s.handle(events.ConversationClosed, 7, events.Handling{Reason: "solved"})
	s.is("closed e1 began 0 replied 5 closed 7 waiting -")
	s.handle(events.ConversationTagged, 8, events.Handling{Tags: []string{"kettle"}})
	s.is("closed e1 began 0 replied 5 closed 7 waiting -")
	s.customer(60, "It broke again")
	s.is("open e2 began 60 replied - closed - waiting 60")
	s.handle(events.ConversationClosed, 61, events.Handling{})
	s.handle(events.ConversationOpened, 62, events.Handling{})
	s.is("open e3 began 62 replied - closed - waiting -")
	s.handle(events.ConversationOpened, 63, events.Handling{})
	s.is("open e3 began 62 replied - closed - waiting -")
	if !cmp.Equal(s.thread.Desk.Tags, []string{"kettle"}) {
		t.Errorf("tags %v", s.thread.Desk.Tags)
	}
}

// TestQuietTime: words of thanks leave what is closed closed, and unread; the time over, the next
// ones open it.
func TestQuietTime(t *testing.T) {
	s := newStory(t)
	s.customer(0, "Hello")
	s.handle(events.ConversationRead, 1, events.Handling{Destination: "support", Seen: events.FormatSequence(1)})
	s.handle(events.ConversationClosed, 1, events.Handling{Until: noon.Add(10 * time.Minute)})
	s.customer(9, "Thanks!")
	s.is("closed e1 began 0 replied - closed 1 waiting -")
	if d := s.thread.Desk; d.Unread("support") != 1 || d.Preview != "Thanks!" {
		t.Errorf("%d unread, %q", d.Unread("support"), d.Preview)
	}
	s.customer(10, "One more thing")
	s.is("open e2 began 10 replied - closed - waiting 10")
}

// TestSnooze: the customer's words end it, if it was not to last.
func TestSnooze(t *testing.T) {
	for wake, want := range map[string]string{
		events.WakeMessage: "open e1 began 0 replied 1 closed - waiting 3",
		"":                 "open e1 began 0 replied 1 closed - waiting 3",
		events.WakeTime:    "snoozed e1 began 0 replied 1 closed - waiting 3",
	} {
		s := newStory(t)
		s.customer(0, "Hello")
		s.brand(events.Agent, 1, "Tomorrow")
		s.handle(events.ConversationSnoozed, 2, events.Handling{Until: noon.Add(time.Hour), Wake: wake})
		s.is("snoozed e1 began 0 replied 1 closed - waiting -")
		s.customer(3, "OK")
		s.is(want)
		if d := s.thread.Desk; d.State == "" && (!d.Until.IsZero() || d.Wake != "") {
			t.Errorf("woken, until %s, %q", d.Until, d.Wake)
		}
		s.handle(events.ConversationClosed, 4, events.Handling{})
		if d := s.thread.Desk; !d.Until.IsZero() || d.Wake != "" {
			t.Errorf("closed, until %s, %q", d.Until, d.Wake)
		}
	}
}

// TestWaitingWithBots: a bot's answer is one; its hand-over to people starts the clock, if it
// stands, and a return at the end of a talk does not. Whoever had it has it no more.
func TestWaitingWithBots(t *testing.T) {
	s := newStory(t)
	s.holder = "helper"
	by := &events.Actor{Role: events.Bot}
	s.customer(0, "Hello")
	s.brand(events.Bot, 1, "I am a bot")
	s.is("open e1 began 0 replied 1 closed - waiting -")
	s.control(events.ControlPassed, 2, events.Control{From: "helper", To: "support", By: by})
	s.is("open e1 began 0 replied 1 closed - waiting 2")
	if d := s.thread.Desk; d.Gave != 1 || d.Hold != 3 {
		t.Errorf("gave %d, holds since %d", d.Gave, d.Hold)
	}
	s.handle(events.ConversationAssigned, 3, events.Handling{Assignee: "ana"})
	s.customer(4, "Are you there?")
	s.is("open e1 began 0 replied 1 closed - waiting 2")
	if d := s.thread.Desk; d.Assignee != "ana" || !d.Assigned.Equal(noon.Add(3*time.Minute)) {
		t.Errorf("%q has it since %s", d.Assignee, d.Assigned)
	}
	s.brand(events.Agent, 5, "Yes")
	s.control(events.ControlReleased, 6, events.Control{From: "support", To: "helper", By: by})
	s.is("open e1 began 0 replied 1 closed - waiting -")
	if d := s.thread.Desk; d.Assignee != "" || !d.Assigned.IsZero() {
		t.Errorf("%q has it still, since %s", d.Assignee, d.Assigned)
	}
	s.control(events.ControlExpired, 7, events.Control{From: "helper", To: "support"})
	s.is("open e1 began 0 replied 1 closed - waiting 7")
	if d := s.thread.Desk; d.Gave != 0 {
		t.Errorf("what was lost was given: %d", d.Gave)
	}
	s.control(events.ControlPassed, 8, events.Control{From: "support", To: "sales", By: by, Taken: true})
	if d := s.thread.Desk; d.Gave != 0 {
		t.Errorf("what was taken was given: %d", d.Gave)
	}
	s.handle(events.ConversationClosed, 9, events.Handling{})
	s.control(events.ControlPassed, 10, events.Control{From: "sales", To: "support", By: by})
	s.is("closed e1 began 0 replied 1 closed 9 waiting -")
}

// TestOffer: it ends when it is accepted, fails, or the hold goes elsewhere, and not when the holder
// says that it works on it.
func TestOffer(t *testing.T) {
	offered := func() *story {
		s := newStory(t)
		s.customer(0, "Hello")
		s.tell(events.ControlOffered, 1, func(d *events.Data) {
			d.Control = &events.Control{From: "support", To: "sales", Until: noon.Add(time.Hour)}
		})
		if o := s.thread.Desk.Offer; o == nil || o.To != "sales" || !o.Until.Equal(noon.Add(time.Hour)) {
			t.Fatalf("offered %+v", o)
		}
		return s
	}
	s := offered()
	s.tell(events.ControlAccepted, 2, func(d *events.Data) {
		d.Control = &events.Control{From: "support", To: "support", By: &events.Actor{Role: events.Bot}}
	})
	if s.thread.Desk.Offer == nil || s.thread.Desk.Assignee != "" {
		t.Error("an acknowledgement ends the offer")
	}
	for name, end := range map[string]func(*story){
		"accepted": func(s *story) {
			s.control(events.ControlAccepted, 2, events.Control{From: "support", To: "sales"})
		},
		"passed": func(s *story) {
			s.control(events.ControlPassed, 2, events.Control{From: "support", To: "shop"})
		},
		"failed": func(s *story) {
			s.tell(events.ControlFailed, 2, func(d *events.Data) { d.Control = &events.Control{From: "support", To: "sales"} })
		},
		"closed": func(s *story) { s.handle(events.ConversationClosed, 2, events.Handling{}) },
	} {
		s := offered()
		if end(s); s.thread.Desk.Offer != nil {
			t.Errorf("%s: still offered", name)
		}
	}
}

// TestUnread counts what the customer said, for each destination by itself.
func TestUnread(t *testing.T) {
	s := newStory(t)
	read := func(who string, seen uint64) {
		s.handle(events.ConversationRead, int(s.sequence), events.Handling{Destination: who,
			Seen: events.FormatSequence(seen)})
	}
	unread := func(support, sales int) {
		t.Helper()
		if d := s.thread.Desk; d.Unread("support") != support || d.Unread("sales") != sales {
			t.Errorf("after event %d: %d and %d unread, want %d and %d", s.sequence, d.Unread("support"), d.Unread("sales"),
				support, sales)
		}
	}
	s.customer(0, "one") // 1
	s.brand(events.Agent, 1, "ours")
	s.customer(2, "two") // 3
	unread(2, 2)
	read("support", 3)
	unread(0, 2)
	s.handle(events.ConversationTagged, 4, events.Handling{Tags: []string{"x"}})
	unread(0, 2)
	s.customer(5, "three") // 6
	unread(1, 3)
	read("sales", 6)
	unread(1, 0)
	read("support", 6)
	unread(0, 0)
	read("support", 3) // marked as unread again
	unread(1, 0)
	s.customer(9, "four")
	unread(2, 1)
}

// TestPreview: the newest words of either side, in one line.
func TestPreview(t *testing.T) {
	s := newStory(t)
	preview := func(want string, ours bool) {
		t.Helper()
		if d := s.thread.Desk; d.Preview != want || d.Ours != ours {
			t.Errorf("after event %d: %q, ours %t", s.sequence, d.Preview, d.Ours)
		}
	}
	s.customer(0, "  Hello\n\n there ")
	preview("Hello there", false)
	s.brand(events.Agent, 2, "Hi")
	preview("Hi", true)
	s.customer(1, "late")
	preview("Hi", true)
	s.tell(events.MessageReceived, 3, func(d *events.Data) {
		d.Message = message(events.Customer, "")
		d.Message.Content = []events.Content{{Kind: events.KindMedia, Media: &events.Media{Type: events.Image}}}
	})
	preview("[media]", false)
	s.tell(events.MessageReceived, 4, func(d *events.Data) {
		d.Message = message(events.Customer, "")
		d.Message.Content = []events.Content{{Kind: events.KindMedia, Media: &events.Media{Caption: "my kettle"}}}
	})
	preview("my kettle", false)
	s.tell(events.InteractionReceived, 5, func(d *events.Data) { d.Interaction = &events.Interaction{Text: "Yes"} })
	preview("Yes", false)
	s.customer(6, strings.Repeat("ü", 80))
	preview(strings.Repeat("ü", 80), false)
	s.customer(7, strings.Repeat("ü", 81))
	preview(strings.Repeat("ü", 79)+"…", false)
	if n := utf8.RuneCountInString(s.thread.Desk.Preview); n != 80 {
		t.Errorf("%d characters", n)
	}
	s.tell(events.NoteAdded, 8, func(d *events.Data) { d.Note = &events.Note{Text: "psst"} })
	preview(strings.Repeat("ü", 79)+"…", false)
}

// TestFields: what the desk keeps of a change, and what it does not.
func TestFields(t *testing.T) {
	s := newStory(t)
	for field, value := range map[string]string{thread.FieldPriority: "high", thread.FieldLanguage: "fr", "title": "x"} {
		s.tell(events.ConversationUpdated, 0, func(d *events.Data) { d.Change = &events.Change{Field: field, New: value} })
	}
	if d := s.thread.Desk; d.Priority != "high" || d.Language != "fr" || d.Spoke != 0 {
		t.Errorf("%+v", d)
	}
	s.tell(events.MessageEchoed, 1, func(d *events.Data) {
		d.Message = message(events.Agent, "from my phone")
		d.Message.Origin = "app"
	})
	if d := s.thread.Desk; d.App != s.sequence || d.Spoke != s.sequence {
		t.Errorf("said in the app: %d, %d", d.App, d.Spoke)
	}
	again, err := thread.Decode(s.thread.Encode())
	if diff := cmp.Diff(s.thread, again); diff != "" || err != nil {
		t.Errorf("%v, stored as something else: %s", err, diff)
	}
}

// TestHoldText: what is stored of a hold is read as it was.
func TestHoldText(t *testing.T) {
	for _, h := range []thread.Hold{{}, {Holder: "support", Version: 7}, {Holder: "platform:my app", Version: 1 << 60,
		Until: noon.Add(time.Millisecond)}} {
		if diff := cmp.Diff(h, thread.ParseHold(h.String())); diff != "" {
			t.Errorf("%q: %s", h, diff)
		}
	}
	for _, text := range []string{"", "7", "7 0"} {
		if h := thread.ParseHold(text); h != (thread.Hold{}) {
			t.Errorf("%q is %+v", text, h)
		}
	}
}
