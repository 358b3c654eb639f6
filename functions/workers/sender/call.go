package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

const (
	// callTime bounds a call, which may be several requests: a file is loaded and
	// uploaded, and the message sent. None begins that could outlast the function.
	callTime = outhttp.MediaTimeout + outhttp.Timeout
	// lease is when the sender of a call is surely dead.
	lease = callTime + 15*time.Second
	// echoWait is how long a correlated receipt is waited for before a message that
	// must be said at least once is said again.
	echoWait = 90 * time.Second
	// giveUp is how long after it was due a message is tried when its platform fails.
	giveUp = 24 * time.Hour
	// giveUpAuth is the same where the account's credentials are refused, which people
	// have to mend: no answer is worth more after a week.
	giveUpAuth = 7 * 24 * time.Hour
	// authPause is the first pause of an account that is not authorised; each further
	// one is longer, up to maxAuthPause.
	authPause    = 5 * time.Minute
	maxAuthPause = time.Hour
)

// patience is how long a message waits after its nth try that a platform failed;
// the first tries follow each other within the invocation.
var patience = []time.Duration{500 * time.Millisecond, time.Second, maxNap, time.Minute, 5 * time.Minute,
	15 * time.Minute, time.Hour}

// step makes the call that is ready, or records what follows from what kept it.
// Progress is recorded before and after a call; the message is failed, not the step,
// when the platform says so.
func (d *delivery) step(ctx context.Context, kept error) error {
	var noToken *mintError
	var never *channel.Error
	switch {
	case kept == nil:
		return d.call(ctx)
	case errors.Is(kept, errCalled):
		return d.unknown(ctx)
	case errors.Is(kept, errStale):
		return d.end(ctx, events.Expired, nil)
	case errors.As(kept, &noToken): // a try that ended before the call
		d.m.Progress.Attempts++
		return d.refused(ctx, noToken.error)
	case errors.As(kept, &never):
		return d.end(ctx, events.Failed, never)
	}
	return kept
}

// advance records the message's progress; when somebody else did, they are at work.
func (d *delivery) advance(ctx context.Context) (err error) {
	if d.m, err = d.Messages.Advance(ctx, d.m); errors.Is(err, store.ErrConflict) {
		return errBusy
	}
	return err
}

// call makes the call under a lease and records what came of it.
func (d *delivery) call(ctx context.Context) error {
	if end, bounded := ctx.Deadline(); bounded && end.Sub(d.Now()) < callTime {
		return queue.ErrTurn
	}
	p := &d.m.Progress
	p.Lease, p.Attempts, p.Answered = d.Now().Add(lease), p.Attempts+1, p.Answered || d.out.Answer != ""
	if err := d.advance(ctx); err != nil {
		return err
	}
	d.env.Now = d.Now().UTC()
	bounded, cancel := context.WithTimeout(ctx, callTime)
	sent, err := d.channel.Send(bounded, d.env, d.out)
	cancel()
	if err == nil {
		return d.accepted(ctx, sent)
	}
	var e *channel.Error
	if errors.As(err, &e) && !e.Unknown || errors.Is(err, channel.ErrNotSent) {
		return d.refused(ctx, err)
	}
	d.Log.Warn("nobody knows whether a call was taken", "messageId", d.m.ID, "channel", d.channel.Name,
		"error", err.Error())
	return d.unknown(ctx)
}

// accepted records that the platform took a call.
func (d *delivery) accepted(ctx context.Context, sent channel.Sent) error {
	p := &d.m.Progress
	p.Done, p.Call = p.Done+1, store.Call{}
	p.IDs = append(slices.Clone(p.IDs), slices.Clone(sent.IDs))
	if sent.Note != "" {
		p.Notes = append(slices.Clone(p.Notes), sent.Note)
	}
	if d.last {
		p.State = events.Accepted
	}
	if err := d.advance(ctx); err != nil {
		return err
	}
	if !d.last { // its echo comes while the next is sent
		if err := d.link(ctx, p.Done); err != nil {
			return err
		}
	}
	return d.healed(ctx)
}

// refused handles a call that the platform surely did not take: it waits, mends
// what can be mended, or fails the message.
func (d *delivery) refused(ctx context.Context, err error) error {
	d.m.Progress.Lease = time.Time{}
	var e *channel.Error
	if !errors.As(err, &e) { // the request never left
		e = &channel.Error{Class: events.ClassPlatform, Title: err.Error()}
	}
	now := d.Now()
	switch {
	case e.Class == events.ClassWindow && d.out.Answer != "": // the handle was stale; without it the message may go
		return d.advance(ctx)
	case e.Class == events.ClassAuth && !d.tooLate(e.Class, now):
		return d.unauthorised(ctx, e)
	case !e.Passes() || d.tooLate(e.Class, now):
		return d.end(ctx, events.Failed, e)
	}
	wait := max(e.RetryAfter, patience[min(max(d.m.Progress.Attempts, 1), len(patience))-1])
	if err := d.advance(ctx); err != nil {
		return err
	}
	if wait <= maxNap {
		d.Nap(ctx, wait)
		return nil
	}
	if e.Class == events.ClassRate {
		if err := d.Limits.SetPause(ctx, d.account, store.Pause{Until: now.Add(wait), Reason: e.Class}); err != nil {
			return err
		}
	}
	return &postponed{now.Add(wait), e.Class}
}

// unauthorised renews the token once; then it pauses the account, keeps its queue
// and says so.
func (d *delivery) unauthorised(ctx context.Context, e *channel.Error) error {
	if err := d.advance(ctx); err != nil {
		return err
	}
	if d.m.Progress.Attempts == 1 {
		renewed, err := d.Accounts.renew(ctx, d.channel, d.env)
		if renewed {
			return nil
		}
		if err != nil {
			d.Log.Warn("could not renew an access token", "account", d.account, "error", err.Error())
		}
	}
	pause, err := d.Limits.Paused(ctx, d.account)
	if err != nil {
		return err
	}
	times := pause.Times + 1
	if times == 1 { // told first: whoever dies in between tells it twice, not never
		d.Log.Error("the platform refuses the account's credentials; its messages wait", "account", d.account,
			"code", e.Code, "remedy", e.Remedy)
		if err := d.health(ctx, events.HealthFailing,
			"the platform refuses the account's credentials ("+e.Error()+"); messages wait"); err != nil {
			return err
		}
	}
	until := d.Now().Add(min(authPause*time.Duration(times), maxAuthPause))
	pause = store.Pause{Until: until, Reason: events.ClassAuth, Times: times}
	if err := d.Limits.SetPause(ctx, d.account, pause); err != nil {
		return err
	}
	d.m.Progress.Attempts = 0
	if err := d.advance(ctx); err != nil {
		return err
	}
	return &postponed{until, events.ClassAuth}
}

// healed lifts an account's pause after a call that was taken.
func (d *delivery) healed(ctx context.Context) error {
	pause, err := d.Limits.Paused(ctx, d.account)
	if err != nil || pause.Times == 0 {
		return err
	}
	if err := d.health(ctx, events.HealthOK, "the platform takes messages again"); err != nil {
		return err
	}
	return d.Limits.Lift(ctx, d.account)
}

// health tells operators of an account.
func (d *delivery) health(ctx context.Context, state, detail string) error {
	now := d.Now()
	e := events.Event{Type: events.ChannelHealth, Key: fmt.Sprintf("health:token:%s:%d", state, now.UnixMilli()),
		Time: now, Data: events.Data{Health: &events.Health{Aspect: "token", State: state, Detail: detail}}}
	channel.Complete(&e, d.channel.Name, d.env.Account.ID, now)
	return d.tell(ctx, e)
}

// unknown handles a call of which nobody can say whether the platform took it: the
// channel's class and the message's policy decide.
func (d *delivery) unknown(ctx context.Context) error {
	part := d.m.Progress.Done + 1
	twice := d.r.Outbound.Policy == events.AtLeastOnce
	class := d.channel.Class(d.out)
	if d.m.Progress.Answered { // a handle is used once: what it was used for cannot be repeated with it
		class = channel.Blind
	}
	switch class {
	case channel.Idempotent:
		return d.again(ctx)
	case channel.Correlated:
		c, found, err := d.Receipts.Correlated(ctx, d.m.ID, part)
		if err != nil {
			return err
		}
		if found {
			return d.accepted(ctx, channel.Sent{IDs: ids(c.Platform)})
		}
		if twice && d.m.Progress.Attempts > 0 && d.Now().Before(d.m.Progress.Lease.Add(echoWait)) {
			return &postponed{d.m.Progress.Lease.Add(echoWait), events.ClassPlatform}
		}
	case channel.Queryable:
		sent, found, err := d.find(ctx)
		if err != nil && !d.tooLate(events.ClassPlatform, d.Now()) {
			return &postponed{d.Now().Add(time.Minute), events.ClassPlatform}
		}
		if err == nil && found {
			return d.accepted(ctx, sent)
		}
		if err != nil {
			break
		}
		return d.refused(ctx, &channel.Error{Class: events.ClassPlatform, Title: "the platform did not take it"})
	}
	if twice {
		return d.again(ctx)
	}
	return d.end(ctx, events.Uncertain, &channel.Error{Class: events.ClassPlatform,
		Title:  "the platform did not answer; nobody can know whether the message was sent",
		Remedy: "look into the conversation; a receipt may still tell"})
}

// find asks the platform whether it took the call.
func (d *delivery) find(ctx context.Context) (channel.Sent, bool, error) {
	var err error
	if d.env.Token, err = d.Accounts.token(ctx, d.channel, d.env); err != nil {
		return channel.Sent{}, false, err
	}
	d.env.Now = d.Now().UTC()
	return d.channel.Find(ctx, d.env, d.out)
}

func ids(platform string) []string {
	if platform == "" {
		return nil
	}
	return []string{platform}
}

// again gives a call another try, later each time, though this one may have been
// taken.
func (d *delivery) again(ctx context.Context) error {
	d.m.Progress.Doubt = true
	return d.refused(ctx, &channel.Error{Class: events.ClassPlatform, Title: "the platform did not answer"})
}

// tooLate says that a message has been tried for as long as is worth it.
func (d *delivery) tooLate(class string, now time.Time) bool {
	if class == events.ClassAuth {
		return now.After(d.due.Add(giveUpAuth))
	}
	return now.After(d.due.Add(giveUp))
}

// end records that nothing more will be sent of the message. When an earlier try may
// have been taken, nobody knows, whatever came of the last.
func (d *delivery) end(ctx context.Context, state events.State, e *channel.Error) error {
	p := &d.m.Progress
	if p.Doubt {
		state = events.Uncertain
	}
	if state == events.Uncertain {
		p.Uncertain = append(slices.Clone(p.Uncertain), p.Done+1)
	}
	p.State, p.Lease = state, time.Time{}
	if e != nil {
		p.Error = e.Status()
		p.Error.Retryable = p.Error.Retryable && state != events.Uncertain // nobody may repeat blindly
	}
	return d.advance(ctx)
}
