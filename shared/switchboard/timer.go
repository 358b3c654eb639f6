package switchboard

import (
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

// A Change is an event of a conversation that is to be: its type and its fact, and who
// holds from then on.
type Change struct {
	Type events.Type
	Data events.Data // the fact alone
	Hold thread.Hold
	Key  string // the same for the same change

	Asked string // digest of the command with a key that makes it, or ""
}

// Due is when something of a conversation ends by itself; zero is never.
func (b Board) Due(t thread.Thread) time.Time {
	d := t.Desk
	if d.State == events.StateClosed {
		return time.Time{}
	}
	var due time.Time
	for _, at := range []time.Time{d.Lease, b.answerBy(d), snoozeEnds(d), offerEnds(d)} {
		if !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	return due
}

// answerBy is when an assignee has let the customer wait too long.
func (b Board) answerBy(d thread.Desk) time.Time {
	limit := duration(b.Desks[d.Holder].Answer)
	if d.Assignee == "" || limit == 0 || d.Waiting.IsZero() || d.State == events.StateSnoozed {
		return time.Time{}
	}
	from := d.Waiting
	if d.Assigned.After(from) {
		from = d.Assigned
	}
	return from.Add(limit)
}

func snoozeEnds(d thread.Desk) time.Time {
	if d.State == events.StateSnoozed {
		return d.Until
	}
	return time.Time{}
}

func offerEnds(d thread.Desk) time.Time {
	if d.Offer != nil {
		return d.Offer.Until
	}
	return time.Time{}
}

// Tick is the next change that nobody asked for: what is over by a time, which is not after
// now, and what the conversation's own course brings about. false is none.
func (b Board) Tick(t thread.Thread, sequence uint64, by, now time.Time) (Change, bool) {
	d := t.Desk
	past := func(at time.Time) bool { return !at.IsZero() && !at.After(by) }
	switch {
	case t.Conversation.Kind == events.Own || d.Holder == "":
		return Change{}, false
	case !b.holds(d.Holder) && !strings.HasPrefix(d.Holder, platformPrefix):
		return b.move(events.ControlPassed, d, b.Default, "the destination does not exist any more", sequence, now), true
	case b.isBot(d.Holder) && d.App > d.Hold:
		return b.move(events.ControlPassed, d, b.team(d.Holder), "somebody answered in the platform's own app", sequence,
			now), true
	case b.isBot(d.Holder) && t.Turns >= thread.MaxTurns && !b.isBot(b.team(d.Holder)):
		return b.move(events.ControlPassed, d, b.team(d.Holder), "too many messages of bots in a row", sequence, now), true
	case d.State == events.StateClosed:
		return Change{}, false
	case past(d.Lease):
		return b.move(events.ControlExpired, d, b.after(d.Holder), "no answer in time", sequence, now), true
	case past(offerEnds(d)):
		return Change{Type: events.ControlFailed, Hold: d.Holding(), Key: "offer:" + d.Offer.Until.String(),
			Data: events.Data{
				Control: &events.Control{From: d.Holder, To: d.Offer.To, Reason: "not accepted in time"}}}, true
	case past(snoozeEnds(d)):
		return Change{Type: events.ConversationOpened, Hold: d.Holding(), Key: "snooze:" + d.Until.String(),
			Data: events.Data{
				Handling: &events.Handling{Reason: "the snooze ended", Episode: d.Episode}}}, true
	case past(b.answerBy(d)):
		return Change{Type: events.ConversationAssigned, Hold: d.Holding(), Key: "answer:" + b.answerBy(d).String(),
			Data: events.Data{Handling: &events.Handling{Was: d.Assignee, Reason: "no answer in time"}}}, true
	}
	return Change{}, false
}

// move gives the hold to another. When there is nobody else, the same one begins again,
// and for ever: it is asked once more, not every minute.
func (b Board) move(typ events.Type, d thread.Desk, to, reason string, sequence uint64, now time.Time) Change {
	h := b.given(to, sequence, now)
	if to == d.Holder || !d.Waits(typ, d.Holder, to) {
		h.Until = time.Time{}
	}
	return Change{Type: typ, Hold: h,
		Key:  "hold:" + events.FormatSequence(d.Hold) + ":" + d.Lease.String() + ":" + reason,
		Data: events.Data{Control: &events.Control{From: d.Holder, To: to, Reason: reason, Recall: recall}}}
}

// recall is how much of the history a new holder gets that nobody chose.
const recall = 20
