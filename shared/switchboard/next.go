package switchboard

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

const (
	// candidates are how many of those who wait longest are tried, because others take
	// them at the same time.
	candidates = 20
	// claimTries bounds how often an agent's claim is made that comes twice at once.
	claimTries = 4
	// claimPages bounds the candidates that are looked at.
	claimPages = 10
)

// Next assigns the conversation of a destination that has waited longest and is nobody's,
// in one of the accounts, as store.Wanted has them; false is none. An agent's limit is looked
// at in the same transaction that gives the conversation: of two claims at once, one begins
// again.
func (r Runner) Next(ctx context.Context, lists *store.Lists, destination string, c events.Claim, by Caller,
	accounts []string) (Outcome, bool, error) {
	err := store.ErrConflict
	for range claimTries {
		var out Outcome
		var found bool
		if out, found, err = r.claim(ctx, lists, destination, c, by, accounts); !errors.Is(err, store.ErrConflict) {
			return out, found, err
		}
	}
	return Outcome{}, false, err
}

func (r Runner) claim(ctx context.Context, lists *store.Lists, destination string, c events.Claim, by Caller,
	accounts []string) (Outcome, bool, error) {
	load, err := r.load(ctx, lists, destination, c.Assignee)
	if err != nil {
		return Outcome{}, false, err
	}
	if n := len(load.Conversations); c.Limit > 0 && n >= c.Limit {
		return Outcome{}, false, stale(fmt.Sprintf("%s has %d conversations", c.Assignee, n), "close or hand over one first")
	}
	w := store.Wanted{Holders: []string{destination}, Classes: []store.Class{store.Waiting}, Unassigned: true,
		Accounts: accounts, Limit: candidates}
	for range claimPages {
		page, err := lists.Page(ctx, w)
		if err != nil {
			return Outcome{}, false, err
		}
		for _, l := range page.Listed {
			out, taken, err := r.assign(ctx, l.Conversation, destination, c, by, load)
			if err != nil || taken {
				return out, taken, err
			}
		}
		if w.Cursor = page.Cursor; w.Cursor == "" {
			break
		}
	}
	return Outcome{}, false, nil
}

// load is what an agent has: what was claimed, as far as it is still theirs, and what others
// assigned.
func (r Runner) load(ctx context.Context, lists *store.Lists, destination, agent string) (store.Load, error) {
	load, err := lists.Load(ctx, destination, agent)
	if err != nil {
		return load, err
	}
	page, err := lists.Page(ctx, store.Wanted{Holders: []string{destination}, Assignee: agent, Limit: largestLoad,
		Classes: []store.Class{store.Waiting, store.Answered}})
	if err != nil {
		return load, err
	}
	for _, l := range page.Listed {
		if !slices.Contains(load.Conversations, l.Conversation) {
			load.Conversations = append(load.Conversations, l.Conversation)
		}
	}
	states, err := lists.States(ctx, load.Conversations)
	if err != nil {
		return load, err
	}
	load.Conversations = slices.DeleteFunc(load.Conversations, func(id string) bool {
		t, err := thread.Decode(states[id].Thread)
		return err != nil || t.Desk.Holder != destination || t.Desk.Assignee != agent || t.Desk.State != ""
	})
	return load, nil
}

// largestLoad is how many conversations of an agent are counted.
const largestLoad = 100

// assign gives one conversation to an agent, unless somebody else was faster. That the
// customer writes once more meanwhile, or a colleague takes a note, costs it no place.
func (r Runner) assign(ctx context.Context, conversation, destination string, c events.Claim, by Caller,
	load store.Load) (Outcome, bool, error) {
	load.Conversations = append(load.Conversations, conversation)
	for range decideTries {
		s, t, err := r.read(ctx, conversation, by)
		if errors.Is(err, ErrUnknown) || err == nil && !waits(t.Desk, destination) {
			return Outcome{}, false, nil
		}
		if err != nil {
			return Outcome{}, false, err
		}
		command := events.Command{To: events.To{Conversation: conversation}, Do: events.DoAssign, From: destination,
			Assignee: c.Assignee, Reason: "the longest waiting"}
		change, _, err := r.Board.Decide(t, command, by, s.Sequence+1, r.Now())
		if err != nil {
			return Outcome{}, false, err
		}
		change.Key = fmt.Sprintf("claim:%s:%d", c.Assignee, s.Sequence)
		a, err := r.append(ctx, s, t, change, &load)
		switch {
		case errors.Is(err, store.ErrLoad):
			return Outcome{}, false, store.ErrConflict
		case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrExists):
			continue
		case err != nil:
			return Outcome{}, false, err
		}
		out := Outcome{Event: &a.Event, Thread: a.Thread, Sequence: a.State.Sequence, before: t}
		r.ring(ctx, conversation, out)
		return out, true, nil
	}
	return Outcome{}, false, nil // it moves too fast: the next one
}

// waits says whether a customer waits whom a destination holds and nobody has.
func waits(d thread.Desk, destination string) bool {
	return d.Holder == destination && d.Assignee == "" && d.State == "" && !d.Waiting.IsZero()
}
