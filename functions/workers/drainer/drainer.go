// Package drainer brings spilled events home: events that DynamoDB refused, and
// webhooks with too many events to commit while the platform waits.
package drainer

import (
	"context"
	"log/slog"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Drainer is the function behind the spill queue.
type Drainer struct {
	Mailbox mailbox.Mailbox
	Source  queue.Source
	Log     *slog.Logger
	Metrics *observe.Metrics
}

// New is the drainer.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	log, metrics := e.Log(name), e.Metrics(name)
	return &Drainer{Mailbox: mailbox.New(c, e, metrics, log), Source: e.Source(c, name), Log: log, Metrics: metrics}, nil
}

// Invoke handles a batch of spill messages. What cannot be committed stays in
// the queue; nothing is acknowledged before it is in the table.
func (d *Drainer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer d.Metrics.Flush()
	return d.Source.Batch(ctx, payload, func(ctx context.Context, g queue.Group) int {
		for i, r := range g.Records {
			if err := d.bring(ctx, r); err != nil {
				d.Log.Warn("spilled events stay in the queue", "group", g.Name, "error", err.Error())
				return i
			}
		}
		return len(g.Records)
	})
}

func (d *Drainer) bring(ctx context.Context, r queue.Record) error {
	items, err := queue.Spilled(r.Body)
	if err != nil {
		return d.Source.Bury(ctx, r)
	}
	outcomes, err := d.Mailbox.Commit(ctx, items)
	for _, o := range outcomes {
		if o == store.Committed {
			d.Metrics.Count(observe.Accepted, 1)
		}
	}
	return err
}
