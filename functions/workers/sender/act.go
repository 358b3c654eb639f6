package sender

import (
	"context"
	"errors"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/thread"
)

// act does what is no message. It is tried as often as the queue brings it; what
// the platform refuses is told, unless it is only a sign of presence.
func (s *Sender) act(ctx context.Context, r queue.Record) error {
	a, err := events.DecodeAction([]byte(r.Body))
	asked := events.Outbound{To: a.To}
	if err != nil {
		return s.reject(ctx, r, asked, malformed(err))
	}
	ch, env, t, refusal, err := s.actor(ctx, &a)
	if refusal != nil {
		return s.reject(ctx, r, asked, refusal)
	}
	if err != nil {
		return err
	}
	env.Tell = s.tellOf(t)
	if env.Token, err = s.Accounts.token(ctx, ch, env); err == nil {
		err = ch.Act(outhttp.WithTrace(ctx, t.Conversation.ID), env,
			channel.Recipient{Conversation: t.Conversation, Contact: t.Contact}, a)
	}
	var e *channel.Error
	switch {
	case err == nil:
		return nil
	case a.Verb == events.ActTyping || a.Verb == events.ActRead:
		s.Log.Warn("a sign of presence was not shown", "verb", string(a.Verb), "conversation", t.Conversation.ID,
			"error", err.Error())
		return nil
	case errors.As(err, &e) && !e.Passes():
		return s.reject(ctx, r, asked, &outbox.Refusal{StatusError: events.StatusError{Class: e.Class,
			Title: string(a.Verb) + ": " + e.Error(), Remedy: e.Remedy}})
	}
	return err
}

// tellOf commits events that a channel makes of its own actions.
func (s *Sender) tellOf(t thread.Thread) func(context.Context, events.Event) error {
	return func(ctx context.Context, e events.Event) error {
		channel.Complete(&e, t.Channel, t.Account, s.Now())
		return s.tell(ctx, e)
	}
}

// actor finds who acts where, or says why not.
func (s *Sender) actor(ctx context.Context,
	a *events.Action) (channel.Channel, channel.Env, thread.Thread, *outbox.Refusal, error) {
	t, err := s.Outbox.Act(ctx, a)
	var refusal *outbox.Refusal
	if errors.As(err, &refusal) || err != nil {
		return channel.Channel{}, channel.Env{}, t, refusal, err
	}
	ch, env, err := s.Accounts.env(ctx, t.Channel, t.Account)
	return ch, env, t, nil, err
}
