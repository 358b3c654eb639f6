// Package clock rings for conversations at a time that somebody set: an EventBridge
// schedule's grain is a minute, that of a delayed message a second. It decides nothing.
// Whoever works in the conversation sees what is due there, and one that is not rung for
// is found by the sweeper a minute or two later.
package clock

import (
	"context"
	"log/slog"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
)

// A Clock is the function behind the clock's queue.
type Clock struct {
	Ingress *queue.Queue
	Source  queue.Source
	Log     *slog.Logger
	Metrics *observe.Metrics
}

// New is the clock.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	return &Clock{Ingress: e.Queue(c, names.EnvIngress), Source: e.Source(c, name), Log: e.Log(name),
		Metrics: e.Metrics(name)}, nil
}

// Invoke handles a batch of messages whose delay is over.
func (k *Clock) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer k.Metrics.Flush()
	return k.Source.Batch(ctx, payload, func(ctx context.Context, g queue.Group) int {
		for i, r := range g.Records {
			if err := k.ring(ctx, r); err != nil {
				k.Log.Warn("could not ring on time, the message comes again", "sqsMessage", r.ID, "error", err.Error())
				return i
			}
		}
		return len(g.Records)
	})
}

// ring passes one on. A standard queue may deliver it twice, which SQS knows by its id.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html
func (k *Clock) ring(ctx context.Context, r queue.Record) error {
	conversation, ok := queue.Rung(r.Body)
	if !ok || !events.IsConversationID(conversation) {
		return k.Source.Bury(ctx, r)
	}
	err := k.Ingress.Send(ctx, queue.Ring(conversation, r.ID))
	if err != nil {
		k.Metrics.Count(observe.RingFailed, 1)
	}
	return err
}
