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
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
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
	// maxNap is the longest wait within an invocation; what waits longer is put off.
	maxNap = 2 * time.Second
	// naps bounds the waits of one step.
	naps = 5
	// giveUp is how long after it was due a message is tried when its platform fails.
	giveUp = 24 * time.Hour
	// giveUpAuth is the same where the account's credentials are refused, which people
	// have to mend: no answer is worth more after a week.
	giveUpAuth = 7 * 24 * time.Hour
)

// patience is how long a message waits after its nth try that a platform failed;
// the first tries follow each other within the invocation.
var patience = []time.Duration{500 * time.Millisecond, time.Second, maxNap, time.Minute, 5 * time.Minute,
	15 * time.Minute, time.Hour}

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

// step makes m's next call, unless something keeps it from being made. Progress is
// recorded before and after; the message is failed, not the step, when the
// platform says so.
func (s *Sender) step(ctx context.Context, m store.Message, r outbox.Request) (store.Message, error) {
	now, called := s.Now(), !m.Progress.Lease.IsZero()
	switch due := outbox.Due(m, r); {
	case called && now.Before(m.Progress.Lease):
		return m, errBusy
	case m.Lane.Waits() && now.Before(due): // whoever rang rang early
		return m, &postponed{due, "time"}
	case !called && stale(r, now):
		return s.end(ctx, m, events.Expired, nil)
	}
	a, err := s.prepare(ctx, m, r)
	var refused *channel.Error
	if errors.As(err, &refused) {
		m.Progress.Doubt = m.Progress.Doubt || called
		return s.end(ctx, m, events.Failed, refused)
	}
	if err != nil {
		return m, err
	}
	if called {
		return s.unknown(ctx, m, r, a)
	}
	if e := s.Outbox.Allowed(r, a.thread, m.Progress.Done, now); e != nil {
		return s.end(ctx, m, events.Failed, e)
	}
	if err := s.hold(ctx, m, r); err != nil {
		return m, err
	}
	if err := s.pace(ctx, a, r); err != nil {
		return s.paused(ctx, m, a, err)
	}
	if a.env.Token, err = s.Accounts.token(ctx, a.channel, a.env); err != nil {
		return s.noToken(ctx, m, a, err)
	}
	m, refused, err = s.useWindow(ctx, m, a, now)
	if err != nil {
		return m, err
	}
	if refused != nil {
		return s.end(ctx, m, events.Failed, refused)
	}
	if err := s.useAnswer(ctx, &a, m, now); err != nil {
		return m, err
	}
	return s.call(ctx, m, r, a)
}

// end records that nothing more will be sent of m.
func (s *Sender) end(ctx context.Context, m store.Message, state events.State,
	e *channel.Error) (store.Message, error) {
	return s.advance(ctx, ended(m, state, e))
}

// paused puts m off with its account, or gives it up when it has waited too long.
func (s *Sender) paused(ctx context.Context, m store.Message, a attempt, err error) (store.Message, error) {
	var p *postponed
	if errors.As(err, &p) && tooLate(a, p.class, s.Now()) {
		return s.end(ctx, m, events.Failed, &channel.Error{Class: p.class,
			Title:  "the account could send nothing until it was too late for the message",
			Remedy: "see the account's channel.health events"})
	}
	return m, err
}

// tooLate says that a message has been tried for as long as is worth it.
func tooLate(a attempt, class string, now time.Time) bool {
	if class == events.ClassAuth {
		return now.After(a.due.Add(giveUpAuth))
	}
	return now.After(a.due.Add(giveUp))
}

// stale says that a message's time is over.
func stale(r outbox.Request, now time.Time) bool {
	k := r.Outbound.Constraints
	return k != nil && !k.NotAfter.IsZero() && now.After(k.NotAfter)
}

// noToken is a try that ended before the call: the platform gave no token.
func (s *Sender) noToken(ctx context.Context, m store.Message, a attempt, err error) (store.Message, error) {
	var e *mintError
	if !errors.As(err, &e) {
		return m, err
	}
	m.Progress.Attempts++
	return s.refused(ctx, m, a, e.error)
}

// ended is m with nothing more to be sent of it. When an earlier try may have been
// taken, nobody knows, whatever came of the last.
func ended(m store.Message, state events.State, e *channel.Error) store.Message {
	p := &m.Progress
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
	return m
}

// prepare finds what the call needs: the conversation as it is now, and the account.
func (s *Sender) prepare(ctx context.Context, m store.Message, r outbox.Request) (attempt, error) {
	a := attempt{thread: r.Thread, account: r.Thread.Channel + "/" + r.Thread.Account, due: outbox.Due(m, r)}
	state, err := s.Conversations.State(ctx, r.Thread.Conversation.ID)
	if err != nil {
		return a, err
	}
	if t, err := thread.Decode(state.Thread); err == nil && t.Channel != "" {
		a.thread = t
	}
	a.out, a.last = outbox.Outgoing(m.ID, r, a.thread, m.Progress.Done), m.Progress.Done == len(r.Calls)-1
	a.channel, a.env, err = s.Accounts.env(ctx, r.Thread.Channel, r.Thread.Account)
	switch {
	case errors.Is(err, secret.ErrUnknown), errors.Is(err, secret.ErrUnusable), errors.Is(err, errCredential):
		return a, &channel.Error{Class: events.ClassAuth, Title: "the account has no usable secret",
			Remedy: fmt.Sprintf("connect the account %s: %v", a.account, err)}
	}
	return a, err
}

// hold waits, for seconds, until the call before is where the message wants it.
func (s *Sender) hold(ctx context.Context, m store.Message, r outbox.Request) error {
	k := r.Outbound.Constraints
	if k == nil || k.Hold == "" || m.Progress.Done == 0 {
		return nil
	}
	for range naps {
		there, err := s.reached(ctx, m, r, m.Progress.Done, k.Hold)
		if err != nil || there {
			return err
		}
		s.Nap(ctx, maxNap)
	}
	return nil
}

// reached says whether receipts have brought a call as far as state.
func (s *Sender) reached(ctx context.Context, m store.Message, r outbox.Request, part int,
	state events.State) (bool, error) {
	best := events.Accepted
	if c, found, err := s.Receipts.Correlated(ctx, m.ID, part); err != nil {
		return false, err
	} else if found {
		best = store.Higher(best, c.State)
	}
	for _, id := range m.Progress.IDs[part-1] {
		l, _, err := s.Receipts.Linked(ctx, events.MessageID(r.Thread.Channel, r.Thread.Account, id))
		if err != nil {
			return false, err
		}
		best = store.Higher(best, l.State)
	}
	return store.Higher(state, best) == best, nil
}

// useWindow counts the call, once however often it is tried, against a window that
// allows only some messages.
func (s *Sender) useWindow(ctx context.Context, m store.Message, a attempt,
	now time.Time) (store.Message, *channel.Error, error) {
	if a.channel.Outside == nil || a.channel.Outside(a.out) {
		return m, nil, nil
	}
	windows := slices.Clone(a.thread.Windows)
	slices.SortFunc(windows, func(x, y events.Window) int { return y.ClosesAt.Compare(x.ClosesAt) })
	for _, w := range windows {
		name := w.Kind + "@" + w.ClosesAt.UTC().Format(time.RFC3339)
		if !w.ClosesAt.After(now) {
			continue
		}
		if w.Messages == 0 || m.Progress.Window == name {
			return m, nil, nil
		}
		ok, err := s.Messages.UseWindow(ctx, a.thread.Conversation.ID, name, w.Messages, w.ClosesAt)
		if ok {
			m.Progress.Window = name
		}
		if ok || err != nil {
			return m, nil, err
		}
	}
	return m, &channel.Error{Class: events.ClassWindow, Title: "all answers that the window allows are used up",
		Remedy: "wait for the customer to write"}, nil
}

// answerMargin is how much of a handle's life must be left.
const answerMargin = 3 * time.Second

// useAnswer gives the call the conversation's answer handle, once.
func (s *Sender) useAnswer(ctx context.Context, a *attempt, m store.Message, now time.Time) error {
	h := a.thread.Answer
	if h == nil || a.out.Bulk || m.Progress.Answered || !now.Add(answerMargin).Before(h.ExpiresAt) {
		return nil
	}
	ok, err := s.Messages.UseWindow(ctx, a.thread.Conversation.ID, "answer:"+channel.Digest([]byte(h.Token)),
		max(h.Uses, 1), h.ExpiresAt)
	if ok {
		a.out.Answer = h.Token
	}
	return err
}

// call makes the call under a lease and records what came of it.
func (s *Sender) call(ctx context.Context, m store.Message, r outbox.Request, a attempt) (store.Message, error) {
	if end, bounded := ctx.Deadline(); bounded && end.Sub(s.Now()) < callTime {
		return m, queue.ErrTurn
	}
	m.Progress.Lease = s.Now().Add(lease)
	m.Progress.Attempts++
	m.Progress.Answered = m.Progress.Answered || a.out.Answer != ""
	m, err := s.advance(ctx, m)
	if err != nil {
		return m, err
	}
	a.env.Now = s.Now().UTC()
	bounded, cancel := context.WithTimeout(ctx, callTime)
	sent, err := a.channel.Send(bounded, a.env, a.out)
	cancel()
	if err == nil {
		return s.accepted(ctx, m, a, sent)
	}
	var e *channel.Error
	if errors.As(err, &e) && !e.Unknown || errors.Is(err, channel.ErrNotSent) {
		return s.refused(ctx, m, a, err)
	}
	s.Log.Warn("nobody knows whether a call was taken", "messageId", m.ID, "channel", a.channel.Name,
		"error", err.Error())
	return s.unknown(ctx, m, r, a)
}

// accepted records that the platform took a call.
func (s *Sender) accepted(ctx context.Context, m store.Message, a attempt, sent channel.Sent) (store.Message, error) {
	p := &m.Progress
	p.Lease, p.Attempts, p.Done, p.Answered, p.Doubt, p.Window = time.Time{}, 0, p.Done+1, false, false, ""
	p.IDs = append(slices.Clone(p.IDs), slices.Clone(sent.IDs))
	if sent.Note != "" {
		p.Notes = append(slices.Clone(p.Notes), sent.Note)
	}
	if a.last {
		p.State = events.Accepted
	}
	m, err := s.advance(ctx, m)
	if err != nil {
		return m, err
	}
	if !a.last { // its echo comes while the next is sent
		if err := s.link(ctx, m, a.channel.Name, a.env.Account.ID, m.Progress.Done); err != nil {
			return m, err
		}
	}
	return m, s.healed(ctx, a)
}

// refused handles a call that the platform surely did not take: it waits, mends
// what can be mended, or fails the message.
func (s *Sender) refused(ctx context.Context, m store.Message, a attempt, err error) (store.Message, error) {
	m.Progress.Lease = time.Time{}
	var e *channel.Error
	if !errors.As(err, &e) { // the request never left
		e = &channel.Error{Class: events.ClassPlatform, Title: err.Error()}
	}
	now := s.Now()
	switch {
	case e.Class == events.ClassWindow && a.out.Answer != "": // the handle was stale; without it the message may go
		return s.advance(ctx, m)
	case e.Class == events.ClassAuth && !tooLate(a, e.Class, now):
		return s.unauthorised(ctx, m, a, e)
	case !e.Passes() || tooLate(a, e.Class, now):
		return s.end(ctx, m, events.Failed, e)
	}
	wait := max(e.RetryAfter, patience[min(max(m.Progress.Attempts, 1), len(patience))-1])
	m, err = s.advance(ctx, m)
	if err != nil {
		return m, err
	}
	if wait <= maxNap {
		s.Nap(ctx, wait)
		return m, nil
	}
	if e.Class == events.ClassRate {
		if err := s.Limits.SetPause(ctx, a.account, store.Pause{Until: now.Add(wait), Reason: e.Class}); err != nil {
			return m, err
		}
	}
	return m, &postponed{now.Add(wait), e.Class}
}

// unknown handles a call of which nobody can say whether the platform took it: the
// channel's class and the message's policy decide.
func (s *Sender) unknown(ctx context.Context, m store.Message, r outbox.Request, a attempt) (store.Message, error) {
	part := m.Progress.Done + 1
	twice := r.Outbound.Policy == events.AtLeastOnce
	class := a.channel.Class(a.out)
	if m.Progress.Answered { // a handle is used once: what it was used for cannot be repeated with it
		class = channel.Blind
	}
	switch class {
	case channel.Idempotent:
		return s.again(ctx, m, a)
	case channel.Correlated:
		c, found, err := s.Receipts.Correlated(ctx, m.ID, part)
		if err != nil {
			return m, err
		}
		if found {
			return s.accepted(ctx, m, a, channel.Sent{IDs: ids(c.Platform)})
		}
		if twice && m.Progress.Attempts > 0 && s.Now().Before(m.Progress.Lease.Add(echoWait)) {
			return m, &postponed{m.Progress.Lease.Add(echoWait), events.ClassPlatform}
		}
	case channel.Queryable:
		sent, found, err := s.find(ctx, a)
		if err != nil && !tooLate(a, events.ClassPlatform, s.Now()) {
			return m, &postponed{s.Now().Add(time.Minute), events.ClassPlatform}
		}
		if err == nil && found {
			return s.accepted(ctx, m, a, sent)
		}
		if err != nil {
			break
		}
		return s.refused(ctx, m, a, &channel.Error{Class: events.ClassPlatform, Title: "the platform did not take it"})
	}
	if twice {
		return s.again(ctx, m, a)
	}
	return s.end(ctx, m, events.Uncertain, &channel.Error{Class: events.ClassPlatform,
		Title:  "the platform did not answer; nobody can know whether the message was sent",
		Remedy: "look into the conversation; a receipt may still tell"})
}

// find asks the platform whether it took the call.
func (s *Sender) find(ctx context.Context, a attempt) (channel.Sent, bool, error) {
	var err error
	if a.env.Token, err = s.Accounts.token(ctx, a.channel, a.env); err != nil {
		return channel.Sent{}, false, err
	}
	a.env.Now = s.Now().UTC()
	return a.channel.Find(ctx, a.env, a.out)
}

func ids(platform string) []string {
	if platform == "" {
		return nil
	}
	return []string{platform}
}

// again gives a call another try, later each time, though this one may have been
// taken.
func (s *Sender) again(ctx context.Context, m store.Message, a attempt) (store.Message, error) {
	m.Progress.Doubt = true
	return s.refused(ctx, m, a, &channel.Error{Class: events.ClassPlatform, Title: "the platform did not answer"})
}
