// Package mailbox puts events of our own making where those of webhooks go.
package mailbox

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Mailbox stores events and rings for them.
type Mailbox struct {
	Table   *store.Table
	Ingress *queue.Queue
	Metrics *observe.Metrics
	Log     *slog.Logger
}

// Put commits e, place being where it stands among others of its time. Putting it
// again changes nothing. A ring that fails is the sweeper's to make up for.
func (m Mailbox) Put(ctx context.Context, e *events.Event, place int) error {
	if err := e.Validate(); err != nil {
		return fmt.Errorf("event %s: %w", e.Type, err)
	}
	it, err := store.NewItem(e, nil, place)
	if err != nil {
		return err
	}
	if _, err := m.Table.Commit(ctx, it); err != nil {
		return err
	}
	if err := m.Ingress.Send(ctx, queue.Ring(e.Subject, e.ID)); err != nil {
		m.Metrics.Count(observe.RingFailed, 1)
		m.Log.Warn("committed, but could not ring; the sweeper will", "event", e.ID, "error", err.Error())
	}
	return nil
}

// Ring rings for items that were committed, once per conversation. What fails is the
// sweeper's to make up for.
func (m Mailbox) Ring(ctx context.Context, items []store.Item, outcomes []store.Outcome) {
	if failed, err := m.Ingress.SendAll(ctx, queue.Rings(items, outcomes)); err != nil {
		m.Metrics.Count(observe.RingFailed, len(failed))
		m.Log.Warn("committed, but could not ring; the sweeper will", "rings", len(failed), "error", err.Error())
	}
}
