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
	"github.com/relais-dev/relais/shared/switchboard"
	"github.com/relais-dev/relais/shared/thread"
)

// A Router is the function behind the ingress queue.
type Router struct {
	Inbox         *store.Inbox
	Conversations *store.Conversations
	Lanes         *store.Lanes
	Receipts      *store.Receipts
	Rules         *route.Rules
	Destinations  map[string]*queue.Queue // with names.Sockets where a channel has devices
	Silent        map[string]bool         // destinations that want no receipts
	Media         *queue.Queue
	Linked        map[string]bool    // channels whose media stays where it is
	Devices       map[string]bool    // channels whose customers' devices we reach
	Runner        switchboard.Runner // for what nobody asks for
	Source        queue.Source
	Nap           func(context.Context, time.Duration)
	Now           func() time.Time
	Log           *slog.Logger
	Metrics       *observe.Metrics
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
	kept := e.Store(c)
	r := &Router{Nap: e.Sleep(), Now: e.Now, Inbox: store.NewInbox(kept), Conversations: store.NewConversations(kept),
		Lanes: store.NewLanes(kept), Receipts: store.NewReceipts(kept), Rules: rules, Destinations: destinations,
		Silent: map[string]bool{}, Linked: map[string]bool{}, Devices: map[string]bool{}, Media: e.Queue(c, names.EnvMedia),
		Source: e.Source(c, name), Log: e.Log(name), Metrics: e.Metrics(name)}
	r.Runner = switchboard.Runner{Board: board(config), Conversations: r.Conversations, Ingress: r.Source.Queue,
		Clock: e.Queue(c, names.EnvClock), Now: r.Now, Log: r.Log}
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

// board is who may answer.
func board(c route.Config) switchboard.Board {
	b := switchboard.Board{Desks: map[string]switchboard.Desk{}, Default: c.Default}
	for _, name := range c.Destinations {
		b.Desks[name] = c.Desks[name]
	}
	return b
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
		err = r.Source.GoOn(ctx, g.Name, d.run(ctx))
		if !errors.Is(err, store.ErrConflict) {
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
	it, err := r.Inbox.Load(ctx, it)
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

// ruled are the destinations that the rules name for e.
func (r *Router) ruled(e *events.Event) (to []string, ruleset string) {
	to, failed := r.Rules.Destinations(e)
	for _, rule := range failed {
		r.Metrics.CountBy(observe.RuleFailed, "rule", rule, 1)
	}
	return to, r.Rules.Version()
}

// receivers are where e goes: to who holds the conversation, and of those that the rules
// name to who wants it. Devices that we reach are one more of all that customers may see.
func (r *Router) receivers(e *events.Event, to []string) []string {
	to = r.Runner.Board.Receivers(e, to)
	if e.IsReceipt() {
		to = slices.DeleteFunc(to, func(d string) bool { return r.Silent[d] })
	}
	if r.Devices[e.Channel] && !internal(e) {
		to = append(to, names.Sockets)
	}
	return to
}

// internal says whether e is the brand's own concern, of which customers see nothing.
func internal(e *events.Event) bool {
	return e.Data.Handling != nil || e.Data.Note != nil || e.Data.Control != nil
}

// decide freezes sequence, destinations and hold. Rules are evaluated before it and
// nowhere else: a redelivery reads what was decided.
func (d *drain) decide(ctx context.Context, it store.Item, e *events.Event, to []string, ruleset string,
	hold thread.Hold) (store.Item, error) {
	first := d.state.Sequence == 0
	e.Sequence = events.FormatSequence(d.state.Sequence + 1)
	next, after := d.Runner.Board.Next(d.state, d.thread, e)
	decision := store.Decision{Destinations: to, Ruleset: ruleset, Late: it.LateAfter(d.state), Hold: hold}
	if o, ok := offered(d.state); ok {
		decision.Option, _ = o.Chosen(e)
	}
	if c := e.Data.Contact; first && c != nil && e.Data.Conversation != nil && e.Data.Conversation.Kind == events.Direct {
		if err := d.Conversations.SetContact(ctx, c.ID, it.Conversation); err != nil {
			return it, err
		}
	}
	decided, state, err := d.Conversations.Sequence(ctx, it, d.state, next, decision)
	if err != nil {
		return it, err
	}
	before := d.thread
	d.state, d.thread = state, after
	d.Metrics.Count(observe.Routed, 1)
	if decision.Late {
		d.Metrics.Count(observe.Late, 1)
	}
	d.remind(ctx, before)
	return decided, nil
}

// remind has the conversation looked at when something of it ends.
func (d *drain) remind(ctx context.Context, before thread.Thread) {
	if err := d.Runner.Remind(ctx, d.thread, before); err != nil {
		d.Log.Warn("could not set the clock; the sweeper will look", "conversation", d.group.Name, "error", err.Error())
	}
}

// send sends an event to a destination, or what stands for it where no queue would
// ever take it: in its place and under its sequence, so that those behind it can pass.
func (r *Router) send(ctx context.Context, destination string, it store.Item, e *events.Event) error {
	q, ok := r.Destinations[destination]
	if !ok {
		return fmt.Errorf("destination %q is not configured any more", destination)
	}
	e, err := r.addressed(ctx, destination, it, e)
	if err != nil {
		return err
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

// addressed is e as one destination gets it: a copy where another answers, and with the
// history where it begins to.
func (r *Router) addressed(ctx context.Context, destination string, it store.Item, e *events.Event) (*events.Event,
	error) {
	out := *e
	out.Standby = e.Holder != "" && destination != e.Holder && destination != names.Sockets
	if c := e.Data.Control; c != nil && c.Recall > 0 && c.To == destination {
		history, err := r.history(ctx, it, c.Recall)
		if err != nil {
			return nil, err
		}
		control := *c
		control.History, out.Data.Control = history, &control
	}
	return &out, nil
}

// maxRecalled bounds the history that goes with an event, in bytes: half of what the
// queue's message holds.
const maxRecalled = 512 << 10

// history are the newest events before it, as many as one message holds.
func (r *Router) history(ctx context.Context, it store.Item, n int) ([]events.Event, error) {
	items, err := r.Conversations.Before(ctx, it.Conversation, it.Sequence, n)
	if err != nil {
		return nil, err
	}
	var list []events.Event
	size := 0
	for _, item := range slices.Backward(items) {
		e, err := item.Event()
		if err != nil {
			continue // it was set aside when it was routed
		}
		doc, err := json.Marshal(e)
		if size += len(doc); err != nil || size > maxRecalled {
			break
		}
		list = append(list, e)
	}
	slices.Reverse(list)
	return list, nil
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
