package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

const (
	// maxNap is the longest wait within an invocation; what waits longer is put off.
	maxNap = 2 * time.Second
	// naps bounds the waits of one step.
	naps = 5
)

// An attempt is all that one call needs.
type attempt struct {
	channel channel.Channel
	env     channel.Env
	thread  thread.Thread
	out     channel.Outgoing
	account string    // "line/demo"
	last    bool      // no further call follows
	due     time.Time // when the message was to be said
}

// What keeps a call from being made, besides what fails the message.
var (
	errCalled = errors.New("an earlier sender died in the call")
	errStale  = errors.New("the message's time is over")
)

// ready finds all that the next call needs. Its error is why that call must not be made
// now: a *channel.Error when it never will.
func (d *delivery) ready(ctx context.Context) error {
	now, called := d.Now(), !d.m.Progress.Lease.IsZero()
	switch due := outbox.Due(d.m, d.r); {
	case called && now.Before(d.m.Progress.Lease):
		return errBusy
	case d.m.Lane.Waits() && now.Before(due): // whoever rang rang early
		return &postponed{due, "time"}
	case !called && d.stale(now):
		return errStale
	}
	if err := d.prepare(ctx); err != nil {
		d.m.Progress.Doubt = d.m.Progress.Doubt || called
		return err
	}
	if called {
		return errCalled
	}
	if e := d.Outbox.Allowed(d.r, d.thread, d.m.Progress.Done, now); e != nil {
		return e
	}
	if err := d.hold(ctx); err != nil {
		return err
	}
	if err := d.pace(ctx); err != nil {
		return d.worthIt(err)
	}
	var err error
	if d.env.Token, err = d.Accounts.token(ctx, d.channel, d.env); err != nil {
		return err
	}
	if err := d.useWindow(ctx, now); err != nil {
		return err
	}
	return d.useAnswer(ctx, now)
}

// stale says that a message's time is over.
func (d *delivery) stale(now time.Time) bool {
	k := d.r.Outbound.Constraints
	return k != nil && !k.NotAfter.IsZero() && now.After(k.NotAfter)
}

// prepare finds what the call needs: the conversation as it is now, and the account.
func (d *delivery) prepare(ctx context.Context) error {
	of := d.r.Thread
	d.attempt = attempt{thread: of, account: of.Channel + "/" + of.Account, due: outbox.Due(d.m, d.r)}
	state, err := d.Conversations.State(ctx, of.Conversation.ID)
	if err != nil {
		return err
	}
	if t, err := thread.Decode(state.Thread); err == nil && t.Channel != "" {
		d.thread = t
	}
	done := d.m.Progress.Done
	d.out, d.last = outbox.Outgoing(d.m.ID, d.r, d.thread, done), done == len(d.r.Calls)-1
	d.channel, d.env, err = d.Accounts.env(ctx, of.Channel, of.Account)
	switch {
	case errors.Is(err, secret.ErrUnknown), errors.Is(err, secret.ErrUnusable), errors.Is(err, errCredential):
		return &channel.Error{Class: events.ClassAuth, Title: "the account has no usable secret",
			Remedy: fmt.Sprintf("connect the account %s: %v", d.account, err)}
	}
	return err
}

// hold waits, for seconds, until the call before is where the message wants it.
func (d *delivery) hold(ctx context.Context) error {
	k := d.r.Outbound.Constraints
	if k == nil || k.Hold == "" || d.m.Progress.Done == 0 {
		return nil
	}
	for range naps {
		there, err := d.reached(ctx, d.m.Progress.Done, k.Hold)
		if err != nil || there {
			return err
		}
		d.Nap(ctx, maxNap)
	}
	return nil
}

// reached says whether receipts have brought a call as far as state.
func (d *delivery) reached(ctx context.Context, part int, state events.State) (bool, error) {
	best := events.Accepted
	if c, found, err := d.Receipts.Correlated(ctx, d.m.ID, part); err != nil {
		return false, err
	} else if found {
		best = store.Higher(best, c.State)
	}
	for _, id := range d.m.Progress.IDs[part-1] {
		l, _, err := d.Receipts.Linked(ctx, events.MessageID(d.r.Thread.Channel, d.r.Thread.Account, id))
		if err != nil {
			return false, err
		}
		best = store.Higher(best, l.State)
	}
	return store.Higher(state, best) == best, nil
}

// replyShare is the part of a rate that campaigns leave to answers.
const replyShare = 4

// pace waits for the account, and for the tokens that the call takes.
func (d *delivery) pace(ctx context.Context) error {
	pause, err := d.Limits.Paused(ctx, d.account)
	if err != nil {
		return err
	}
	if now := d.Now(); pause.Until.After(now) {
		return &postponed{pause.Until, pause.Reason}
	}
	rate := d.channel.Rate
	limits := []store.Limit{{Name: d.account, Rate: rate.Account, Burst: max(int(rate.Account), 1)},
		{Name: d.account + "/" + d.thread.Conversation.ID, Rate: rate.Pair, Burst: max(rate.Burst, 1)}}
	if d.out.Bulk {
		limits[0].Keep = limits[0].Burst / replyShare
	}
	for _, l := range limits {
		if l.Rate == 0 {
			continue
		}
		if err := d.takeToken(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (d *delivery) takeToken(ctx context.Context, l store.Limit) error {
	for range naps {
		wait, err := d.Limits.Take(ctx, l, d.Now())
		if err != nil || wait == 0 {
			return err
		}
		if wait > maxNap {
			return &postponed{d.Now().Add(wait), events.ClassRate}
		}
		d.Nap(ctx, wait)
	}
	return &postponed{d.Now().Add(maxNap), events.ClassRate}
}

// worthIt is err, or that the message is given up when it has waited with its account
// for too long.
func (d *delivery) worthIt(err error) error {
	var p *postponed
	if errors.As(err, &p) && d.tooLate(p.class, d.Now()) {
		return &channel.Error{Class: p.class,
			Title:  "the account could send nothing until it was too late for the message",
			Remedy: "see the account's channel.health events"}
	}
	return err
}

// useWindow counts the call, once however often it is tried, against a window that
// allows only some messages.
func (d *delivery) useWindow(ctx context.Context, now time.Time) error {
	if d.channel.Outside == nil || d.channel.Outside(d.out) {
		return nil
	}
	windows := slices.Clone(d.thread.Windows)
	slices.SortFunc(windows, func(x, y events.Window) int { return y.ClosesAt.Compare(x.ClosesAt) })
	for _, w := range windows {
		name := w.Kind + "@" + w.ClosesAt.UTC().Format(time.RFC3339)
		if !w.ClosesAt.After(now) {
			continue
		}
		if w.Messages == 0 || d.m.Progress.Window == name {
			return nil
		}
		ok, err := d.Messages.UseWindow(ctx, d.thread.Conversation.ID, name, w.Messages, w.ClosesAt)
		if ok {
			d.m.Progress.Window = name
		}
		if ok || err != nil {
			return err
		}
	}
	return &channel.Error{Class: events.ClassWindow, Title: "all answers that the window allows are used up",
		Remedy: "wait for the customer to write"}
}

// answerMargin is how much of a handle's life must be left.
const answerMargin = 3 * time.Second

// useAnswer gives the call the conversation's answer handle, once.
func (d *delivery) useAnswer(ctx context.Context, now time.Time) error {
	h := d.thread.Answer
	if h == nil || d.out.Bulk || d.m.Progress.Answered || !now.Add(answerMargin).Before(h.ExpiresAt) {
		return nil
	}
	ok, err := d.Messages.UseWindow(ctx, d.thread.Conversation.ID, "answer:"+channel.Digest([]byte(h.Token)),
		max(h.Uses, 1), h.ExpiresAt)
	if ok {
		d.out.Answer = h.Token
	}
	return err
}
