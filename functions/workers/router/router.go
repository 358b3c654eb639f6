// Package router drains a conversation's mailbox: it gives each event its
// sequence, freezes where it goes, and forwards in order.
//
// A ring only says "look". Whatever happens to rings, to this function or to a
// destination, the mailbox knows what is unfinished; running again is always safe.
package router

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/route"
	"github.com/relais-dev/relais/shared/store"
)

// A Router is the function behind the ingress queue.
type Router struct {
	Table        *store.Table
	Rules        *route.Rules
	Destinations map[string]*queue.Queue // with names.Sockets where a channel has devices
	Silent       map[string]bool         // destinations that want no receipts
	Media        *queue.Queue
	Clock        *queue.Queue    // rings later
	Linked       map[string]bool // channels whose media stays where it is
	Devices      map[string]bool // channels whose customers' devices we reach
	Source       queue.Source
	Nap          func(context.Context, time.Duration)
	Now          func() time.Time
	Log          *slog.Logger
	Metrics      *observe.Metrics
}

// New is the router. It reads its rules from the routes file beside it.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	text, err := e.ReadFile(e.Getenv(names.EnvRoutes))
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	var config route.Config
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("routes: %w", err)
	}
	rules, err := route.Compile(config, e.Getenv(names.EnvStage))
	if err != nil {
		return nil, err
	}
	urls := map[string]string{}
	if err := json.Unmarshal([]byte(e.Getenv(names.EnvDestinations)), &urls); err != nil {
		return nil, fmt.Errorf("%s: %w", names.EnvDestinations, err)
	}
	destinations := map[string]*queue.Queue{}
	for d, url := range urls {
		destinations[d] = queue.New(c.SQS, url)
	}
	r := &Router{Nap: e.Sleep(), Now: e.Now, Table: e.Table(c), Rules: rules, Destinations: destinations,
		Silent: map[string]bool{}, Linked: map[string]bool{}, Devices: map[string]bool{}, Media: e.Queue(c, names.EnvMedia),
		Clock:  e.Queue(c, names.EnvClock),
		Source: e.Source(c, name), Log: e.Log(name), Metrics: e.Metrics(name)}
	for _, d := range config.Silent {
		r.Silent[d] = true
	}
	for _, ch := range config.Linked {
		r.Linked[ch] = true
	}
	for _, ch := range config.Devices {
		r.Devices[ch], r.Destinations[names.Sockets] = true, e.Queue(c, names.EnvSockets)
	}
	return r, nil
}

const (
	// suspectAfter receives of a ring, events are tried one at a time and counted:
	// something in this conversation crashes the router.
	suspectAfter = 5
	// soloAttempts of one event, then it is set aside.
	soloAttempts = 3
	// maxMessage is what an event may take of a queue's message, in bytes: SQS's
	// limit of 1 MiB less room for the message's attributes.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	maxMessage = 1<<20 - 1<<10
	// conflictRetries with other routers in one drain; then the ring comes again.
	conflictRetries = 5
)

// Invoke handles a batch of rings.
func (r *Router) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer r.Metrics.Flush()
	return r.Source.Batch(ctx, payload, func(ctx context.Context, g queue.Group) int {
		if err := r.bury(ctx, g); err != nil {
			r.Log.Warn("what is no ring comes again", "group", g.Name, "error", err.Error())
			return 0
		}
		if !events.IsConversationID(g.Name) {
			return len(g.Records) // they are in the dead letters
		}
		if err := r.Drain(ctx, g); err != nil {
			r.Log.Warn("drain stopped, the ring comes again", "conversation", g.Name, "error", err.Error())
			return 0
		}
		return len(g.Records)
	})
}

// bury moves what is no ring for its conversation to the dead letters. The
// conversation is looked at all the same.
func (r *Router) bury(ctx context.Context, g queue.Group) error {
	for _, x := range g.Records {
		if partition, ring := queue.Rung(x.Body); ring && partition == g.Name && events.IsConversationID(partition) {
			continue
		}
		if err := r.Source.Bury(ctx, x); err != nil {
			return err
		}
	}
	return nil
}

// Drain works off a conversation's pending events. An error means that it stopped
// early for a reason that passes. A destination that refuses is no such reason:
// what it is owed is parked, for which the sweeper rings, and holds up nobody else.
// When the turn of g is over it rings for the rest.
func (r *Router) Drain(ctx context.Context, g queue.Group) error {
	var err error
	for range conflictRetries {
		d := &drain{Router: r, group: g, suspect: g.Suspects(suspectAfter)}
		err = d.run(ctx)
		switch {
		case errors.Is(err, errTurn):
			return r.Source.Send(ctx, queue.RingOn(g.Name, r.Now()))
		case !errors.Is(err, store.ErrConflict):
			return err
		}
		r.Metrics.Count(observe.Conflicts, 1)
	}
	return err
}

// open reads an event. What cannot be read, or crashes the router, is replaced by a
// quarantine event in its place: the sequence has a declared gap, the conversation
// moves on, and the original stays in the table.
func (r *Router) open(ctx context.Context, it store.Item, crashing bool) (events.Event, error) {
	it, err := r.Table.Load(ctx, it)
	if errors.Is(err, store.ErrNoBody) {
		return r.quarantine(it, events.Event{}, "body", "its body is not in the bucket any more"), nil
	}
	if err != nil {
		return events.Event{}, err
	}
	e, err := it.Event()
	switch {
	case crashing:
		return r.quarantine(it, e, "crash", "routing it stopped the router repeatedly"), nil
	case err != nil:
		return r.quarantine(it, e, "decode", err.Error()), nil
	}
	return e, nil
}

func (r *Router) quarantine(it store.Item, e events.Event, reason, detail string) events.Event {
	r.Metrics.Count(observe.Quarantined, 1)
	r.Log.Error("quarantined an event", "event", it.ID, "conversation", it.Conversation, "reason", reason,
		"detail", detail)
	q := events.Event{SpecVersion: events.SpecVersion, ID: it.ID, Source: e.Source, Type: events.IngestQuarantined,
		Subject: it.Conversation, Time: it.Received.UTC(), RecordedTime: it.Received.UTC(),
		DataContentType: events.ContentType, PartitionKey: it.Conversation,
		DataSchema: events.SchemaRoot + string(events.IngestQuarantined) + ".schema.json", Channel: e.Channel,
		Account: e.Account}
	q.Data = events.Data{Channel: e.Channel, Account: e.Account, Conversation: e.Data.Conversation,
		Quarantine: &events.Quarantine{Event: it.ID, Reason: reason, Detail: detail}}
	return q
}

// destinations are where the rules send e, without those that want no receipts
// when it is one. Devices that we reach are one more of all that happens in their
// customers' conversations.
func (r *Router) destinations(e *events.Event) (to []string, ruleset string) {
	to, failed := r.Rules.Destinations(e)
	for _, rule := range failed {
		r.Metrics.CountBy(observe.RuleFailed, "rule", rule, 1)
	}
	if e.IsReceipt() {
		to = slices.DeleteFunc(to, func(d string) bool { return r.Silent[d] })
	}
	if r.Devices[e.Channel] {
		to = append(slices.Clone(to), names.Sockets)
	}
	return to, r.Rules.Version()
}

// decide freezes sequence and destinations. Rules are evaluated before it and
// nowhere else: a redelivery reads what was decided.
func (r *Router) decide(ctx context.Context, it store.Item, e *events.Event, state store.State, to []string,
	ruleset string) (store.Item, store.State, error) {
	first := state.Sequence == 0
	state, option, err := r.learn(e, state)
	if err != nil {
		return it, state, err
	}
	d := store.Decision{Destinations: to, Ruleset: ruleset, Late: it.LateAfter(state), Option: option}
	if c := e.Data.Contact; first && c != nil && e.Data.Conversation != nil && e.Data.Conversation.Kind == events.Direct {
		if err := r.Table.SetContact(ctx, c.ID, it.Conversation); err != nil {
			return it, state, err
		}
	}
	decided, next, err := r.Table.Sequence(ctx, it, state, d)
	if err != nil {
		return it, state, err
	}
	r.Metrics.Count(observe.Routed, 1)
	if d.Late {
		r.Metrics.Count(observe.Late, 1)
	}
	return decided, next, nil
}

// send sends an event to a destination, or what stands for it where no queue would
// ever take it: in its place and under its sequence, so that those behind it can pass.
func (r *Router) send(ctx context.Context, destination string, it store.Item, e *events.Event) error {
	q, ok := r.Destinations[destination]
	if !ok {
		return fmt.Errorf("destination %q is not configured any more", destination)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", it.ID, err)
	}
	if len(body) > maxMessage {
		return r.sendInstead(ctx, q, destination, it, e, "oversize",
			fmt.Sprintf("%d bytes do not fit a queue's message; the event is in the table", len(body)))
	}
	err = q.Send(ctx, message(destination, it, e, string(body)))
	if queue.Permanent(err) { // once more: what SQS really refuses, it refuses twice
		err = q.Send(ctx, message(destination, it, e, string(body)))
	}
	if queue.Permanent(err) {
		if instead := r.sendInstead(ctx, q, destination, it, e, "refused",
			"the queue refuses the event as it is, and always will: "+err.Error()); instead == nil {
			return nil
		}
	}
	return err
}

func message(destination string, it store.Item, e *events.Event, body string) queue.Message {
	return queue.Message{Group: it.Conversation, Dedup: it.ID + ":" + destination, Body: body,
		Attributes: map[string]string{"type": string(e.Type), "channel": e.Channel}}
}

func (r *Router) sendInstead(ctx context.Context, q *queue.Queue, destination string, it store.Item, e *events.Event,
	reason, detail string) error {
	instead := r.quarantine(it, *e, reason, detail)
	instead.Sequence, instead.Late, instead.Ruleset = e.Sequence, e.Late, e.Ruleset
	body, err := json.Marshal(instead)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", it.ID, err)
	}
	return q.Send(ctx, message(destination, it, &instead, string(body)))
}
