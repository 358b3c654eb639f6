package router

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// A drain is one pass over a conversation.
type drain struct {
	*Router
	group   queue.Group
	suspect bool          // something in the conversation crashes the router
	state   store.State   // as it was read, and moved by this drain
	thread  thread.Thread // what state holds
	began   bool          // one event at least was handled
}

// step is what one event may take: the hold of an echo, and a few calls.
const step = echoHolds*echoHold + time.Second

// run reads the state before the events: whatever another router does in between
// moves the state on, and is found out when this one writes. What has a sequence
// goes first, then what destinations are owed, then what is new.
func (d *drain) run(ctx context.Context) error {
	var err error
	if d.state, err = d.Conversations.State(ctx, d.group.Name); err != nil {
		return err
	}
	if d.thread, err = thread.Decode(d.state.Thread); err != nil {
		return fmt.Errorf("conversation %s: %w", d.group.Name, err)
	}
	for {
		items, more, err := d.Inbox.Pending(ctx, d.group.Name, store.PendingPage)
		if err != nil {
			return err
		}
		if items, err = d.withLast(ctx, items, more); err != nil {
			return err
		}
		n := slices.IndexFunc(items, func(it store.Item) bool { return it.Sequence == 0 })
		if n < 0 {
			n = len(items)
		}
		if err := d.all(ctx, items[:n], true); err != nil {
			return err
		}
		if err := d.owed(ctx); err != nil {
			return err
		}
		if err := d.tick(ctx, d.before(items[n:], more)); err != nil {
			return err
		}
		if err := d.all(ctx, items[n:], more); err != nil {
			return err
		}
		if !more {
			return d.rearm(ctx)
		}
	}
}

// before is when the earliest of the events came that wait for their sequence: what ends later is
// decided after them, however late both are looked at. Who answered in time has answered in time.
func (d *drain) before(waiting []store.Item, more bool) time.Time {
	by := d.Now()
	if more {
		by = time.Time{} // there are others, which came nobody knows when
	}
	for _, it := range waiting {
		if it.Received.Before(by) {
			by = it.Received
		}
	}
	return by
}

// tick makes events of what is over by a time, and of what the last event brought about.
func (d *drain) tick(ctx context.Context, by time.Time) error {
	for {
		change, ok := d.Runner.Board.Tick(d.thread, d.state.Sequence+1, by, d.Now())
		if !ok {
			return nil
		}
		if change.Type == events.ControlExpired {
			if speaking, err := d.speaking(ctx); err != nil || speaking {
				return err
			}
		}
		before := d.thread
		change.Key = "tick:" + change.Key
		a, err := d.Runner.Append(ctx, d.state, d.thread, change)
		if errors.Is(err, store.ErrExists) { // another router's, which read the conversation later
			err = store.ErrConflict
		}
		if err != nil {
			return err
		}
		d.state, d.thread = a.State, a.Thread
		d.Metrics.Count(observe.Routed, 1)
		d.remind(ctx, before)
		if err := d.handle(ctx, a.Item, false); err != nil {
			return err
		}
	}
}

// speakingAgain is when to look again at a hold whose bot has answered in time.
const speakingAgain = 5 * time.Second

// speaking says whether an answer is on its way: to the platform, or from it back to us, waiting for its
// sequence. Who gave it was in time. The sender tells of a message before it leaves its lane, so that one
// of the two is found.
func (d *drain) speaking(ctx context.Context) (bool, error) {
	waiting, err := d.Lanes.Waiting(ctx, store.ReplyLane(d.group.Name), 1)
	if err != nil {
		return false, err
	}
	if len(waiting) > 0 {
		return true, d.Runner.Clock.Send(ctx, queue.RingIn(d.group.Name, speakingAgain))
	}
	items, _, err := d.Inbox.Pending(ctx, d.group.Name, store.PendingPage)
	return slices.ContainsFunc(items, answers), err
}

// answers says whether an event that waits for its sequence is an answer of the brand.
func answers(it store.Item) bool {
	if it.Sequence > 0 {
		return false
	}
	e, err := it.Event()
	return err == nil && e.Type == events.MessageEchoed && e.Data.Message.Actor.Role != events.System
}

// rearm keeps when the conversation is to be looked at next, after it was.
func (d *drain) rearm(ctx context.Context) error {
	if d.state.Timer.IsZero() || d.state.Timer.After(d.Now()) {
		return nil
	}
	due := d.Runner.Board.Due(d.thread)
	if soon := d.Now().Add(store.SweepAfter); !due.IsZero() && due.Before(soon) {
		due = soon // somebody speaks; the clock has been set
	}
	var err error
	d.state, err = d.Conversations.SetTimer(ctx, d.group.Name, d.state, due)
	return err
}

// withLast puts the event that got the last sequence before the others, where it is
// unfinished and the page may have left it out. There is no more than one: whoever
// gives a sequence finished, or parked, all before it.
func (d *drain) withLast(ctx context.Context, items []store.Item, more bool) ([]store.Item, error) {
	has := slices.ContainsFunc(items, func(it store.Item) bool { return it.ID == d.state.Last })
	if d.state.Last == "" || has || !more && len(d.state.Blocked) == 0 {
		return items, nil
	}
	last, found, err := d.Inbox.Unfinished(ctx, d.group.Name, d.state.Last)
	if err != nil || !found {
		return items, err
	}
	return slices.Insert(items, 0, last), nil
}

// all handles events in their order, as long as the turn lasts. With more, others wait behind them.
func (d *drain) all(ctx context.Context, items []store.Item, more bool) error {
	for i, it := range items {
		if d.began && d.group.Over(step) {
			return queue.ErrTurn
		}
		if err := d.one(ctx, it); err != nil {
			return err
		}
		d.began = true
		if err := d.tick(ctx, d.before(items[i+1:], more)); err != nil {
			return err
		}
	}
	return nil
}

// one handles an event, counting the tries of a suspect.
func (d *drain) one(ctx context.Context, it store.Item) error {
	if !d.suspect {
		return d.handle(ctx, it, false)
	}
	n, err := d.Inbox.Attempt(ctx, it)
	if err != nil {
		return err
	}
	// An attempt that ended by itself is taken back: an outage, however long, makes
	// no event suspect of crashing the router.
	return errors.Join(d.handle(ctx, it, n > soloAttempts), d.Inbox.Survived(ctx, it))
}

// handle takes one event as far as it goes: decided, forwarded, served.
func (d *drain) handle(ctx context.Context, it store.Item, crashing bool) error {
	e, err := d.read(ctx, it, crashing)
	if err != nil {
		return err
	}
	own, err := d.correlate(ctx, &e)
	if err != nil {
		return err
	}
	switch {
	case it.Sequence == 0:
		to, rules := d.ruled(&e)
		hold := d.Runner.Board.Admit(d.thread.Desk, &e, to, d.state.Sequence+1)
		hold.Stamp(&e)
		to = d.receivers(&e, to)
		if own || len(to) == 0 || announced(&e) {
			if err := d.fetch(ctx, it, &e); err != nil {
				return err
			}
			return d.Inbox.Served(ctx, it, nil)
		}
		if it, err = d.decide(ctx, it, &e, to, rules, hold); err != nil {
			return err
		}
	case it.Destinations == nil: // a command's: it got its sequence when it was decided
		to, rules := d.ruled(&e)
		if it, err = d.Inbox.Route(ctx, it, d.receivers(&e, to), rules); err != nil {
			return err
		}
	}
	d.finish(it, &e)
	if err := d.fetch(ctx, it, &e); err != nil {
		return err
	}
	return d.forward(ctx, it, &e)
}

// read opens an event. What does not say whose it was is the conversation's.
func (d *drain) read(ctx context.Context, it store.Item, crashing bool) (events.Event, error) {
	e, err := d.open(ctx, it, crashing)
	if err != nil || e.Channel != "" {
		return e, err
	}
	if t := d.thread; t.Channel != "" {
		e.Channel, e.Account, e.Source = t.Channel, t.Account, events.Source(t.Channel, t.Account)
		e.Data.Channel, e.Data.Account, e.Data.Conversation = t.Channel, t.Account, &t.Conversation
	}
	return e, nil
}

// finish puts into e what was decided with its sequence.
func (d *drain) finish(it store.Item, e *events.Event) {
	it.Hold.Stamp(e)
	e.Sequence, e.Late, e.Ruleset = events.FormatSequence(it.Sequence), it.Late, it.Ruleset
	d.answer(it, e, d.state)
}

// forward sends e to the destinations it is still owed to. One that refuses, or is
// owed earlier events, gets it later: order holds per destination.
func (d *drain) forward(ctx context.Context, it store.Item, e *events.Event) error {
	var served, refused []string
	for _, to := range it.Destinations {
		if _, blocked := d.state.Blocked[to]; blocked {
			refused = append(refused, to)
		} else if err := d.send(ctx, to, it, e); ctx.Err() != nil {
			return err // our time is up: nobody refused anything
		} else if err != nil {
			d.refuses(to, it, err)
			refused = append(refused, to)
		} else {
			served = append(served, to)
		}
	}
	d.Metrics.Count(observe.Forwarded, len(served))
	if len(refused) == 0 {
		return d.Inbox.Served(ctx, it, it.Destinations)
	}
	var err error
	if d.state, err = d.Conversations.Block(ctx, it, d.state, refused); err != nil {
		return err
	}
	return d.Inbox.Park(ctx, it, served)
}

func (d *drain) refuses(destination string, it store.Item, err error) {
	d.Metrics.CountBy(observe.Blocked, "destination", destination, 1)
	d.Log.Error("a destination refused an event; what it is owed waits in the mailbox", "destination", destination,
		"event", it.ID, "error", err.Error())
}

// owed tries the destinations that refused: each from the first event it is owed,
// until it has all, or refuses again. It costs the same however many wait.
func (d *drain) owed(ctx context.Context) error {
	if len(d.state.Blocked) == 0 {
		return nil
	}
	blocked := maps.Clone(d.state.Blocked)
	var since time.Time
	var stop error
	for _, to := range slices.Sorted(maps.Keys(d.state.Blocked)) {
		next, oldest, err := d.catchUp(ctx, to, blocked[to])
		if next == 0 {
			delete(blocked, to)
		} else {
			blocked[to] = next
		}
		if next > 0 && !oldest.IsZero() && (since.IsZero() || oldest.Before(since)) {
			since = oldest
		}
		if stop = err; stop != nil {
			break
		}
	}
	if since.IsZero() {
		since = d.Now()
	}
	var err error
	d.state, err = d.Conversations.SetBlocked(ctx, d.group.Name, d.state, blocked, since.UnixMilli())
	return errors.Join(err, stop)
}

// catchUp sends what a destination is owed from a sequence on. It returns the
// sequence of the first event that the destination still does not have, and when
// that came; 0 when it has all.
func (d *drain) catchUp(ctx context.Context, to string, from uint64) (next uint64, oldest time.Time, err error) {
	limit := 1 // a destination that still refuses costs no more than that
	for {
		items, more, err := d.Inbox.Parked(ctx, d.group.Name, from, limit)
		if err != nil {
			return from, oldest, err
		}
		for _, it := range items {
			if !slices.Contains(it.Destinations, to) {
				continue
			}
			if d.began && d.group.Over(step) {
				return it.Sequence, it.Received, queue.ErrTurn
			}
			if sent, err := d.late(ctx, to, it); !sent || err != nil {
				return it.Sequence, it.Received, err
			}
			d.began = true
		}
		if !more {
			return 0, oldest, nil
		}
		from, limit = items[len(items)-1].Sequence+1, store.PendingPage
	}
}

// late sends a parked event to one of the destinations it is owed to.
func (d *drain) late(ctx context.Context, to string, it store.Item) (sent bool, err error) {
	e, err := d.read(ctx, it, false)
	if err != nil {
		return false, err
	}
	if _, err := d.correlate(ctx, &e); err != nil {
		return false, err
	}
	d.finish(it, &e)
	if err := d.send(ctx, to, it, &e); ctx.Err() != nil {
		return false, err
	} else if err != nil {
		d.refuses(to, it, err)
		return false, nil
	}
	d.Metrics.Count(observe.Forwarded, 1)
	return true, d.Inbox.Served(ctx, it, []string{to})
}
