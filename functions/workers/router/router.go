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
	Destinations map[string]*queue.Queue // with names.Sockets where there is in-app messaging
	Silent       map[string]bool         // destinations that want no receipts
	Media        *queue.Queue
	Linked       map[string]bool // channels whose media stays where it is
	Nap          func(context.Context, time.Duration)
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
	r := &Router{Nap: e.Sleep(), Table: e.Table(c), Rules: rules, Destinations: destinations, Silent: map[string]bool{}, Linked: map[string]bool{}, Media: e.Queue(c, names.EnvMedia),
		Log: e.Log(name), Metrics: e.Metrics(name)}
	if url := e.Getenv(names.EnvSockets); url != "" {
		r.Destinations[names.Sockets] = queue.New(c.SQS, url)
	}
	for _, d := range config.Silent {
		r.Silent[d] = true
	}
	for _, ch := range config.Linked {
		r.Linked[ch] = true
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
	return queue.Batch(ctx, r.Log, payload, func(ctx context.Context, conversation string, rings []queue.Record) int {
		if store.QueueOf(conversation) != names.Ingress { // a lane holds no events
			r.Log.Error("a ring for a lane came to the router", "lane", conversation)
			return len(rings)
		}
		suspect := slices.ContainsFunc(rings, func(x queue.Record) bool { return x.Receives >= suspectAfter })
		if err := r.Drain(ctx, conversation, suspect); err != nil {
			r.Log.Warn("drain stopped, the ring comes again", "conversation", conversation, "error", err.Error())
			return 0
		}
		return len(rings)
	})
}

// Drain works off a conversation's pending events. An error means that it stopped
// early for a reason that passes. A destination that refuses is no such reason:
// it keeps its own backlog, for which the sweeper rings, and holds up nobody else.
func (r *Router) Drain(ctx context.Context, conversation string, suspect bool) error {
	var err error
	for range conflictRetries {
		if err = r.drainOnce(ctx, conversation, suspect); !errors.Is(err, store.ErrConflict) {
			return err
		}
		r.Metrics.Count(observe.Conflicts, 1)
	}
	return err
}

func (r *Router) drainOnce(ctx context.Context, conversation string, suspect bool) error {
	items, err := r.Table.Pending(ctx, conversation)
	if err != nil || len(items) == 0 {
		return err
	}
	state, err := r.Table.State(ctx, conversation)
	if err != nil {
		return err
	}
	blocked := map[string]bool{}
	for _, it := range items {
		crashing := false
		if suspect {
			n, err := r.Table.Attempt(ctx, it)
			if err != nil {
				return err
			}
			crashing = n > soloAttempts
		}
		if state, err = r.handle(ctx, it, state, crashing, blocked); err != nil {
			return errors.Join(err, r.survived(ctx, it, suspect))
		}
		if err := r.survived(ctx, it, suspect); err != nil {
			return err
		}
	}
	return nil
}

// survived takes an attempt back that ended by itself: an outage, however long,
// makes no event suspect of crashing the router.
func (r *Router) survived(ctx context.Context, it store.Item, suspect bool) error {
	if !suspect {
		return nil
	}
	return r.Table.Survived(ctx, it)
}

// handle takes one event as far as it goes: decided, forwarded, served.
func (r *Router) handle(ctx context.Context, it store.Item, state store.State, crashing bool, blocked map[string]bool) (store.State, error) {
	e := r.open(it, crashing)
	own, err := r.correlate(ctx, &e)
	if err != nil {
		return state, err
	}
	if it.Sequence == 0 {
		to, rules := r.destinations(&e)
		if own || len(to) == 0 || announced(&e) {
			if err := r.fetch(ctx, it, &e); err != nil {
				return state, err
			}
			return state, r.Table.Served(ctx, it, nil)
		}
		if it, state, err = r.decide(ctx, it, &e, state, to, rules); err != nil {
			return state, err
		}
	}
	e.Sequence, e.Late, e.Ruleset = events.FormatSequence(it.Sequence), it.Late, it.Ruleset
	r.answer(it, &e, state)
	if err := r.fetch(ctx, it, &e); err != nil {
		return state, err
	}
	return state, r.forward(ctx, it, &e, blocked)
}

// open decodes an event. What cannot be decoded, or crashes the router, is
// replaced by a quarantine event in its place: the sequence has a declared gap,
// the conversation moves on, and the original stays in the table.
func (r *Router) open(it store.Item, crashing bool) events.Event {
	e, err := it.Event()
	switch {
	case crashing:
		return r.quarantine(it, e, "crash", "routing it stopped the router repeatedly")
	case err != nil:
		return r.quarantine(it, e, "decode", err.Error())
	}
	return e
}

func (r *Router) quarantine(it store.Item, e events.Event, reason, detail string) events.Event {
	r.Metrics.Count(observe.Quarantined, 1)
	r.Log.Error("quarantined an event", "event", it.ID, "conversation", it.Conversation, "reason", reason, "detail", detail)
	q := events.Event{SpecVersion: events.SpecVersion, ID: it.ID, Source: e.Source, Type: events.IngestQuarantined, Subject: it.Conversation,
		Time: it.Received.UTC(), RecordedTime: it.Received.UTC(), DataContentType: events.ContentType, PartitionKey: it.Conversation,
		DataSchema: events.SchemaRoot + string(events.IngestQuarantined) + ".schema.json", Channel: e.Channel, Account: e.Account}
	q.Data = events.Data{Channel: e.Channel, Account: e.Account, Conversation: e.Data.Conversation,
		Quarantine: &events.Quarantine{Event: it.ID, Reason: reason, Detail: detail}}
	return q
}

// inapp is the channel whose platform we are: its customers' devices are one more
// destination of all that happens in their conversations.
const inapp = "inapp"

// destinations are where the rules send e, without those that want no receipts
// when it is one.
func (r *Router) destinations(e *events.Event) (to []string, ruleset string) {
	to, failed := r.Rules.Destinations(e)
	for _, rule := range failed {
		r.Metrics.CountBy(observe.RuleFailed, "rule", rule, 1)
	}
	if e.IsReceipt() {
		to = slices.DeleteFunc(to, func(d string) bool { return r.Silent[d] })
	}
	if _, open := r.Destinations[names.Sockets]; open && e.Channel == inapp {
		to = append(slices.Clone(to), names.Sockets)
	}
	return to, r.Rules.Version()
}

// decide freezes sequence and destinations. Rules are evaluated before it and
// nowhere else: a redelivery reads what was decided.
func (r *Router) decide(ctx context.Context, it store.Item, e *events.Event, state store.State, to []string, ruleset string) (store.Item, store.State, error) {
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

// forward sends e to the destinations it is still owed to, unless one of them
// refused an earlier event of this drain: order holds per destination.
func (r *Router) forward(ctx context.Context, it store.Item, e *events.Event, blocked map[string]bool) error {
	body, err := json.Marshal(e)
	if len(body) > maxMessage {
		e = r.oversize(it, e, len(body))
		body, err = json.Marshal(e)
	}
	if err != nil {
		return fmt.Errorf("encode event %s: %w", it.ID, err)
	}
	var served []string
	for _, d := range it.Destinations {
		if blocked[d] {
			continue
		}
		if err := r.send(ctx, d, it, e, string(body)); err != nil {
			blocked[d] = true
			r.Metrics.CountBy(observe.Blocked, "destination", d, 1)
			r.Log.Error("a destination refused an event; its backlog waits in the mailbox", "destination", d, "event", it.ID, "error", err.Error())
			continue
		}
		served = append(served, d)
	}
	if len(served) == 0 {
		return nil
	}
	r.Metrics.Count(observe.Forwarded, len(served))
	return r.Table.Served(ctx, it, served)
}

// oversize is what a destination hears of an event that no queue would ever
// take: in its place and under its sequence, so that those behind it can pass.
func (r *Router) oversize(it store.Item, e *events.Event, size int) *events.Event {
	q := r.quarantine(it, *e, "oversize", fmt.Sprintf("%d bytes do not fit a queue's message; the event is in the table", size))
	q.Sequence, q.Late, q.Ruleset = e.Sequence, e.Late, e.Ruleset
	return &q
}

func (r *Router) send(ctx context.Context, destination string, it store.Item, e *events.Event, body string) error {
	q, ok := r.Destinations[destination]
	if !ok {
		return fmt.Errorf("destination %q is not configured any more", destination)
	}
	return q.Send(ctx, queue.Message{Group: it.Conversation, Dedup: it.ID + ":" + destination, Body: body,
		Attributes: map[string]string{"type": string(e.Type), "channel": e.Channel}})
}
