package switchboard

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// still is how long a conversation keeps its place in a list though somebody speaks in
// it: a busy one costs no more than two writes a minute.
const still = 30 * time.Second

// Listing is where t stands in the lists, after was.
func Listing(t thread.Thread, was store.Listing) store.Listing {
	d := t.Desk
	if d.Holder == "" || t.Conversation.Kind == events.Own {
		return store.Listing{}
	}
	l := store.Listing{Holder: d.Holder, Assignee: d.Assignee, Tags: d.Tags, Account: t.Channel + "/" + t.Account}
	switch {
	case d.State == events.StateClosed:
		l.Class, l.At = store.Closed, d.Closed
	case d.State == events.StateSnoozed:
		l.Class, l.At = store.Snoozed, d.Active
	case !d.Waiting.IsZero():
		l.Class, l.At = store.Waiting, d.Waiting
	default:
		l.Class, l.At = store.Answered, d.Active
	}
	if l.At.IsZero() {
		l.At = d.Began
	}
	l.At = l.At.Truncate(time.Millisecond)
	near := l.At.Sub(was.At)
	if same := l.Holder == was.Holder && l.Class == was.Class; same && near >= 0 && near < still {
		l.At = was.At
	}
	return l
}

// Next is the state of a conversation after e, which has its sequence and its hold.
func (b Board) Next(s store.State, t thread.Thread, e *events.Event) (store.State, thread.Thread) {
	t = t.After(e)
	s.Thread, s.Listing, s.Timer = t.Encode(), Listing(t, s.Listing), b.Due(t)
	return s, t
}

// State is what the API tells of a conversation.
func State(t thread.Thread, sequence uint64, now time.Time) events.ConversationState {
	d := t.Desk
	s := events.ConversationState{Channel: t.Channel, Account: t.Account, Conversation: t.Conversation,
		Contact: t.Contact, HeardAt: t.Heard, Withdrawn: t.Withdrawn, Blocked: t.Blocked,
		Sequence: events.FormatSequence(sequence), State: cmp.Or(d.State, events.StateOpen), Reason: d.Reason,
		Until: d.Until, Wake: d.Wake, Episode: d.Episode, BeganAt: d.Began, RepliedAt: d.Replied, ClosedAt: d.Closed,
		WaitingAt: d.Waiting, ActiveAt: d.Active, Preview: d.Preview, PreviewOurs: d.Ours, Holder: d.Holder,
		HoldUntil: d.Lease, Assignee: d.Assignee, Priority: d.Priority, Language: d.Language, Tags: d.Tags,
		Unread: unread(d)}
	if d.Spoke > 0 {
		s.SpokeAt = events.FormatSequence(d.Spoke)
	}
	if d.Holder != "" {
		s.Hold = events.FormatSequence(d.Hold)
	}
	if d.Offer != nil {
		s.Offered, s.OfferUntil = d.Offer.To, d.Offer.Until
	}
	if w, open := t.Open(now); open {
		s.Conversation.Window = &w
	}
	return s
}

// unread is for each destination that has read once, and for the one that holds.
func unread(d thread.Desk) []events.Unread {
	var list []events.Unread
	for _, name := range destinations(d) {
		u := events.Unread{Destination: name, Messages: d.Unread(name)}
		if m, ok := d.Read[name]; ok {
			u.Seen = events.FormatSequence(m.Sequence)
		}
		list = append(list, u)
	}
	return list
}

func destinations(d thread.Desk) []string {
	all := map[string]bool{}
	for name := range d.Read {
		all[name] = true
	}
	if d.Holder != "" {
		all[d.Holder] = true
	}
	return slices.Sorted(maps.Keys(all))
}
