// Package mailbox is the one way into the mailbox: events of webhooks, of the spill
// queue and of our own making are committed and rung for here.
package mailbox

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Mailbox stores events and rings for them.
type Mailbox struct {
	Inbox   *store.Inbox
	Ingress *queue.Queue
	Metrics *observe.Metrics
	Log     *slog.Logger
}

// New is the mailbox for a function that counts in m and writes to log.
func New(c cloud.Clients, e function.Env, m *observe.Metrics, log *slog.Logger) Mailbox {
	return Mailbox{Inbox: store.NewInbox(e.Store(c)), Ingress: e.Queue(c, names.EnvIngress), Metrics: m, Log: log}
}

// Put commits an event of our own making and rings for it, place being where it stands
// among others of its time. Putting it again changes nothing.
func (m Mailbox) Put(ctx context.Context, e *events.Event, place int) error {
	if err := e.Validate(); err != nil {
		return fmt.Errorf("event %s: %w", e.Type, err)
	}
	it, err := store.NewItem(e, nil, place)
	if err != nil {
		return err
	}
	_, err = m.Commit(ctx, []store.Item{it})
	return err
}

// Commit commits items and rings for those that wait, once per conversation. err is why
// the first of those was refused that have the outcome store.Refused; all others are
// durable, and a ring that fails is the sweeper's to make up for.
func (m Mailbox) Commit(ctx context.Context, items []store.Item) ([]store.Outcome, error) {
	outcomes, refusal := m.Inbox.CommitAll(ctx, items)
	if failed, err := m.Ingress.SendAll(ctx, queue.Rings(items, outcomes)); err != nil {
		m.Metrics.Count(observe.RingFailed, len(failed))
		m.Log.Warn("committed, but could not ring; the sweeper will", "rings", len(failed), "error", err.Error())
	}
	return outcomes, refusal
}
