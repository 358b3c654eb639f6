package sender

import (
	"context"
	"errors"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
)

// command decides a command of the queue. Its outcome is the event that it makes; why it
// makes none is told.
func (s *Sender) command(ctx context.Context, r queue.Record) error {
	c, err := events.DecodeCommand([]byte(r.Body))
	asked := events.Outbound{To: c.To, IdempotencyKey: c.IdempotencyKey}
	if err != nil {
		return s.reject(ctx, r, asked, malformed(err))
	}
	var faults events.Faults
	if err := c.Validate(); errors.As(err, &faults) {
		return s.reject(ctx, r, asked, malformed(err))
	}
	if c.IdempotencyKey == "" { // the queue may bring it twice
		c.IdempotencyKey = "sqs:" + r.ID
	}
	if err := s.decide(ctx, c); err != nil {
		return s.refused(ctx, r, asked, err)
	}
	return nil
}

// anybody is who a queue's command is from: it says so itself. Who may send to the queue
// may act for every destination.
var anybody = switchboard.Caller{Actor: events.Actor{Role: events.System}}

// decide decides a command. The error is an *outbox.Refusal when it changes nothing.
func (s *Sender) decide(ctx context.Context, c events.Command) error {
	_, err := s.Runner.Run(ctx, c, anybody)
	return refusalOf(err)
}

// mayThen says why the command that goes with a message would change nothing: then the
// message is not accepted either.
func (s *Sender) mayThen(ctx context.Context, o events.Outbound) error {
	c, ok := outbox.Then(o, o.To.Conversation)
	if !ok {
		return nil
	}
	_, err := s.Runner.Check(ctx, c, anybody)
	return refusalOf(err)
}

// refusalOf is why a command changes nothing, in the outbox's words.
func refusalOf(err error) error {
	var why *switchboard.Refusal
	switch {
	case errors.Is(err, switchboard.ErrUnknown):
		return &outbox.Refusal{StatusError: events.StatusError{Class: events.ClassRecipient, Title: "no such conversation",
			Remedy: "take the subject of an event"}}
	case !errors.As(err, &why):
		return err // a conflict among them: the conversation moves, and the queue brings it again
	}
	class := events.ClassContent
	if why.Stale {
		class = events.ClassPolicy
	}
	return &outbox.Refusal{StatusError: events.StatusError{Class: class, Title: why.Title, Remedy: why.Remedy},
		Faults: why.Faults}
}

// refused tells of a refusal; what passes is tried again.
func (s *Sender) refused(ctx context.Context, r queue.Record, o events.Outbound, err error) error {
	var refusal *outbox.Refusal
	if errors.As(err, &refusal) && !errors.Is(err, store.ErrConflict) {
		return s.reject(ctx, r, o, refusal)
	}
	return err
}
