package switchboard

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

// A Refusal is why a command changes nothing. With Stale it was right once, or is for
// another: what holds now says why. Else the command itself is wrong.
type Refusal struct {
	Stale  bool
	Title  string
	Remedy string
	Faults events.Faults
}

func (r *Refusal) Error() string { return r.Title }

func stale(title, remedy string) *Refusal { return &Refusal{Stale: true, Title: title, Remedy: remedy} }

func wrong(path, message string) *Refusal {
	return &Refusal{Title: "the command is not possible", Remedy: "correct the command",
		Faults: events.Faults{{Path: path, Message: message}}}
}

// A Caller is who asks, as the way in knows them.
type Caller struct {
	Actor   events.Actor
	Admin   bool                               // may do what only the holder may, and take from whoever holds
	Reaches func(channel, account string) bool // whose conversations they may see; nil is everybody's
}

func (c Caller) sees(t thread.Thread) bool {
	return c.Reaches == nil || c.Reaches(t.Channel, t.Account)
}

// Decide is what a command changes, if it is decided as the conversation's next event;
// false when all is so already. The error is a *Refusal. c is valid.
func (b Board) Decide(t thread.Thread, c events.Command, by Caller, sequence uint64, now time.Time) (Change, bool,
	error) {
	d := t.Desk
	if t.Conversation.Kind == events.Own {
		return Change{}, false, wrong("to.conversation", "must be a conversation with a customer: this is an account's own")
	}
	if c.From == "" {
		c.From = d.Holder
	}
	if c.By == nil {
		c.By = &by.Actor
	}
	if err := b.mayAsk(d, c, by); err != nil {
		return Change{}, false, err
	}
	x := decision{Board: b, desk: d, c: c, by: by, sequence: sequence, now: now}
	change, err := x.take()
	if err != nil || change == nil {
		return Change{}, false, err
	}
	if change.Hold == (thread.Hold{}) {
		change.Hold = d.Holding()
	}
	change.Key = cmp.Or(c.IdempotencyKey, change.Key)
	return *change, true, nil
}

// forAnyone are the deeds that need no hold: who looks on may note, tag and read.
var forAnyone = []events.Deed{events.DoNote, events.DoTag, events.DoUntag, events.DoRead, events.DoTake,
	events.DoAccept,
	events.DoLanguage, events.DoPrioritise}

// mayAsk says why who asks may not.
func (b Board) mayAsk(d thread.Desk, c events.Command, by Caller) error {
	_, known := b.Desks[c.From]
	switch {
	case c.From != d.Holder && !known:
		return wrong("from", "must be a destination of the configuration")
	case c.Hold != "" && events.ParseSequence(c.Hold) != d.Hold:
		return b.another(d)
	case c.From != d.Holder && !by.Admin && !slices.Contains(forAnyone, c.Do):
		return b.another(d)
	}
	return nil
}

// another says that somebody else holds, or the same one anew.
func (b Board) another(d thread.Desk) *Refusal {
	return stale(fmt.Sprintf("%s holds the conversation since event %d", cmp.Or(d.Holder, "nobody"), d.Hold),
		"look at the conversation again; take it, or leave it to them")
}

// A decision is one that is being made.
type decision struct {
	Board
	desk     thread.Desk
	c        events.Command
	by       Caller
	sequence uint64
	now      time.Time
}

// take is the change, or nil when all is so already.
func (x decision) take() (*Change, error) {
	switch x.c.Do {
	case events.DoOpen, events.DoClose, events.DoSnooze:
		return x.state()
	case events.DoTag, events.DoUntag:
		return x.tags()
	case events.DoAssign:
		return x.assign()
	case events.DoPrioritise:
		return x.field(thread.FieldPriority, cmp.Or(x.desk.Priority, events.PriorityNormal), x.c.Priority)
	case events.DoLanguage:
		return x.field(thread.FieldLanguage, x.desk.Language, x.c.Language)
	case events.DoNote:
		return &Change{Type: events.NoteAdded, Data: events.Data{Note: &events.Note{Text: x.c.Text, Mentions: x.c.Mentions,
			By: x.c.By}}}, nil
	case events.DoRead:
		return x.read()
	}
	return x.hold()
}

func (x decision) handling(t events.Type, h events.Handling) *Change {
	h.By, h.Reason = x.c.By, cmp.Or(h.Reason, x.c.Reason)
	return &Change{Type: t, Data: events.Data{Handling: &h}}
}

func (x decision) state() (*Change, error) {
	d, episode := x.desk, x.desk.Episode
	switch x.c.Do {
	case events.DoOpen:
		if d.State == "" {
			return nil, nil
		}
		if d.State == events.StateClosed {
			episode++
		}
		return x.handling(events.ConversationOpened, events.Handling{Episode: episode}), nil
	case events.DoClose:
		if d.State == events.StateClosed {
			return nil, nil
		}
		h := events.Handling{Episode: episode}
		if x.c.QuietMS > 0 {
			h.Until = x.now.Add(time.Duration(x.c.QuietMS) * time.Millisecond).UTC()
		}
		return x.handling(events.ConversationClosed, h), nil
	}
	until := x.c.Ends().UTC()
	switch {
	case d.State == events.StateClosed:
		return nil, stale("the conversation is closed", "open it first")
	case !until.After(x.now):
		return nil, wrong("until", "must be in the future")
	case until.After(x.now.Add(events.MaxSnooze)):
		return nil, wrong("until", "must be within 366 days")
	}
	return x.handling(events.ConversationSnoozed, events.Handling{Episode: episode, Until: until,
		Wake: cmp.Or(x.c.Wake, events.WakeMessage)}), nil
}

func (x decision) tags() (*Change, error) {
	next := slices.Clone(x.desk.Tags)
	for _, tag := range x.c.Tags {
		i := slices.Index(next, tag)
		switch {
		case x.c.Do == events.DoTag && i < 0:
			next = append(next, tag)
		case x.c.Do == events.DoUntag && i >= 0:
			next = slices.Delete(next, i, i+1)
		}
	}
	if slices.Equal(next, x.desk.Tags) {
		return nil, nil
	}
	if len(next) > events.MaxTags {
		return nil, wrong("tags", fmt.Sprintf("must leave the conversation at most %d tags", events.MaxTags))
	}
	return x.handling(events.ConversationTagged, events.Handling{Tags: next}), nil
}

// assign is a comparison and a change in one: of two who take a conversation at once,
// one hears who was faster.
func (x decision) assign() (*Change, error) {
	d := x.desk
	if x.c.Was != nil && *x.c.Was != d.Assignee {
		return nil, stale(fmt.Sprintf("%q has the conversation", cmp.Or(d.Assignee, "nobody")),
			"leave it to them, or assign it without saying who had it")
	}
	if d.Assignee == x.c.Assignee {
		return nil, nil
	}
	return x.handling(events.ConversationAssigned, events.Handling{Assignee: x.c.Assignee, Was: d.Assignee}), nil
}

func (x decision) field(name, was, is string) (*Change, error) {
	if was == is {
		return nil, nil
	}
	return &Change{Type: events.ConversationUpdated, Data: events.Data{Change: &events.Change{Field: name, Old: was,
		New: is}}}, nil
}

func (x decision) read() (*Change, error) {
	seen := events.ParseSequence(x.c.Seen)
	switch {
	case seen >= x.sequence:
		return nil, wrong("seen", "must be the sequence of an event that exists")
	case x.desk.Read[x.c.From].Sequence == seen:
		return nil, nil
	}
	return x.handling(events.ConversationRead, events.Handling{Destination: x.c.From, Seen: x.c.Seen}), nil
}

// hold changes who holds, or offers to.
func (x decision) hold() (*Change, error) {
	d, c := x.desk, x.c
	switch c.Do {
	case events.DoTake:
		switch {
		case c.From == d.Holder:
			return nil, nil
		case !x.holds(c.From):
			return nil, wrong("from", "is an observer, which never holds")
		case d.Holder != "" && !c.Takeover:
			r := x.another(d)
			r.Remedy = `ask for it, or take it with "takeover": true`
			return nil, r
		}
		taken := x.to(events.ControlPassed, c.From, cmp.Or(c.Reason, "taken"))
		taken.Data.Control.Taken = true
		return taken, nil
	case events.DoAccept:
		return x.accept()
	case events.DoAcknowledge:
		return x.to(events.ControlAccepted, d.Holder, cmp.Or(c.Reason, "acknowledged")), nil
	case events.DoRelease:
		if next := x.after(d.Holder); next != d.Holder {
			return x.released(next), nil
		}
		return nil, stale("nobody comes after "+d.Holder, "pass it to a destination, or close it")
	}
	switch {
	case !x.holds(c.Target):
		return nil, wrong("target", "must be a destination of the configuration that may hold")
	case c.Target == d.Holder:
		return nil, nil
	case c.Do == events.DoPass:
		return x.to(events.ControlPassed, c.Target, c.Reason), nil
	case !c.Until.After(x.now) || c.Until.After(x.now.Add(events.MaxSnooze)):
		return nil, wrong("until", "must be in the future, within 366 days")
	}
	offer := x.to(events.ControlOffered, c.Target, c.Reason)
	offer.Hold, offer.Data.Control.Until = d.Holding(), c.Until.UTC()
	return offer, nil
}

func (x decision) accept() (*Change, error) {
	o := x.desk.Offer
	switch {
	case o == nil || o.To != x.c.From:
		return nil, stale("nothing is offered to "+x.c.From, "look at the conversation again: the offer may be over")
	case !o.Until.After(x.now):
		return nil, stale("the offer is over", "ask the holder to offer it again")
	}
	return x.to(events.ControlAccepted, x.c.From, x.c.Reason), nil
}

// released gives the hold to whoever comes next. Where no customer waits there is nothing
// to answer in time: the lease of a bot begins with the customer's next words.
func (x decision) released(next string) *Change {
	change := x.to(events.ControlReleased, next, x.c.Reason)
	if x.desk.Waiting.IsZero() {
		change.Hold.Until = time.Time{}
	}
	return change
}

// to gives the hold to a destination, which may be the same one anew.
func (x decision) to(t events.Type, holder, reason string) *Change {
	h := x.given(holder, x.sequence, x.now)
	if holder == x.desk.Holder {
		h.Version = x.desk.Hold
	}
	if !x.desk.Waits(t, x.desk.Holder, holder) { // then there is nothing that a bot has to answer in time
		h.Until = time.Time{}
	}
	return &Change{Type: t, Hold: h, Data: events.Data{Control: &events.Control{From: x.desk.Holder, To: holder,
		Reason: reason, By: x.c.By, Metadata: x.c.Metadata, Recall: x.c.History}}}
}
