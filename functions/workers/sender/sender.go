// Package sender says what integrators ask to be said: it takes their requests
// from the queue, drains each conversation's outbox in order, and tells by events
// what became of every message.
//
// A message's item says how far it is; rings only say "look". A call is made under
// a lease that is written before it, so that after a crash the outcome is known to
// be unknown, and is never guessed.
package sender

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Sender is the function behind the outbound queues.
type Sender struct {
	Outbox   *outbox.Outbox
	Table    *store.Table
	Ingress  *queue.Queue // rings for the events it commits
	Clock    *queue.Queue // rings later; nil for bulk, whose messages nobody waits for
	Desks    string       // JSON of what destinations are in conversations
	Serves   string       // the queue it works for: whose lanes it drains, and no others
	Source   queue.Source
	Files    *media.Files
	Accounts *Accounts
	Log      *slog.Logger
	Metrics  *observe.Metrics
	Now      func() time.Time
	Nap      func(context.Context, time.Duration) // waits a moment
}

// New is the function that sends what channels say; serves is the queue it works for.
func New(name, serves string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	table := e.Table(c)
	files := media.New(c, e)
	source := e.Source(c, name)
	queues := map[string]*queue.Queue{serves: source.Queue}
	if serves != names.Bulk {
		queues[names.Bulk] = e.Queue(c, names.EnvBulk)
	}
	box := &outbox.Outbox{Table: table, Channels: channels, Link: files.Link, Now: e.Now, Queues: queues}
	s := &Sender{Table: table, Ingress: e.Queue(c, names.EnvIngress), Serves: serves, Source: source, Files: files,
		Log: e.Log(name), Metrics: e.Metrics(name), Now: e.Now, Nap: e.Sleep(), Outbox: box,
		Desks: e.Getenv(names.EnvDesks)}
	if serves != names.Bulk {
		s.Clock = e.Queue(c, names.EnvClock)
	}
	s.Accounts = NewAccounts(c.Secrets, e, channels, table, files)
	return s, nil
}

// Invoke handles a batch of requests and rings.
func (s *Sender) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer s.Metrics.Flush()
	if err := s.Files.LoadKey(ctx); err != nil {
		return nil, err
	}
	return s.Source.Batch(ctx, payload, func(ctx context.Context, g queue.Group) int {
		for i, r := range g.Records {
			if i > 0 && g.Over(callTime) {
				return i
			}
			if err := s.take(ctx, g, r); err != nil {
				s.Log.Warn("stopped, the message comes again", "group", g.Name, "error", err.Error())
				return i
			}
		}
		return len(g.Records)
	})
}

// take handles one message of the queue: a ring, an action or a request.
func (s *Sender) take(ctx context.Context, g queue.Group, r queue.Record) error {
	if partition, ring := queue.Rung(r.Body); ring {
		lane, ok := store.ParseLane(partition)
		if !ok || lane.Queue() != s.Serves {
			return s.Source.Bury(ctx, r)
		}
		return s.Drain(ctx, g, lane)
	}
	var kind struct {
		Verb json.RawMessage `json:"verb"`
	}
	if err := json.Unmarshal([]byte(r.Body), &kind); err == nil && kind.Verb != nil {
		return s.act(ctx, r)
	}
	return s.request(ctx, g, r)
}

// request accepts a message and sends it at once, or has it rung for where it
// must wait.
func (s *Sender) request(ctx context.Context, g queue.Group, r queue.Record) error {
	o, err := events.DecodeOutbound([]byte(r.Body))
	if err != nil {
		return s.reject(ctx, r, o, malformed(err))
	}
	a, err := s.Outbox.Accept(ctx, o)
	var refusal *outbox.Refusal
	if errors.As(err, &refusal) {
		return s.reject(ctx, r, o, refusal)
	}
	if err != nil || !a.Fresh {
		return err
	}
	if a.Lane.Queue() != s.Serves || a.Lane.Waits() {
		return s.Outbox.Ring(ctx, a)
	}
	return s.Drain(ctx, g, a.Lane)
}

// malformed is the refusal of what is no request.
func malformed(err error) *outbox.Refusal {
	r := &outbox.Refusal{Class: events.ClassContent, Title: "the request cannot be read",
		Remedy: "send what message.schema.json or action.schema.json describes"}
	errors.As(err, &r.Faults)
	return r
}

// errBusy says that another sender is at work in the lane: it will find what is new.
var errBusy = errors.New("another sender is at work")

// errTurn says that a call would not end before the function must.
var errTurn = errors.New("the turn is over")

// Drain sends what waits in a lane, in order, until nothing does, the first has to
// wait, or the turn is over: then it rings for the rest.
func (s *Sender) Drain(ctx context.Context, g queue.Group, lane store.Lane) error {
	for {
		ids, err := s.Table.Waiting(ctx, lane, store.PendingPage)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			err := errTurn
			if !g.Over(callTime) {
				err = s.one(ctx, lane, id)
			}
			switch {
			case errors.Is(err, errTurn):
				return s.Source.Send(ctx, queue.RingOn(string(lane), s.Now()))
			case errors.Is(err, errBusy), errors.Is(err, errWaits):
				return nil
			case err != nil:
				return err
			}
		}
	}
}

// errWaits says that a message was put off, and its lane with it.
var errWaits = errors.New("the message waits")

// one takes a lane's first message as far as it goes.
func (s *Sender) one(ctx context.Context, lane store.Lane, id string) error {
	m, found, err := s.Table.Message(ctx, id)
	if err != nil {
		return err
	}
	if !found {
		return s.lost(ctx, lane, id)
	}
	err = s.deliver(ctx, m)
	var later *postponed
	if !errors.As(err, &later) {
		return err
	}
	if err := s.postpone(ctx, m, later); err != nil {
		return err
	}
	return errWaits
}

// A postponed message waits, and its lane with it.
type postponed struct {
	until time.Time
	class string
}

func (p *postponed) Error() string { return "postponed because of " + p.class }

func (s *Sender) postpone(ctx context.Context, m store.Message, p *postponed) error {
	s.Metrics.CountBy(observe.Deferred, "class", p.class, 1)
	s.Log.Warn("a message waits", "messageId", m.ID, "class", p.class, "until", p.until.UTC().Format(time.RFC3339))
	return s.Table.Defer(ctx, m.Lane, m.ID, p.until)
}

// final says whether nothing more will be sent of a message.
func final(s events.State) bool { return s != events.Queued && s != "" }

// deliver takes a message as far as it goes. When it returns nil, the message has
// left its lane and an event says what became of it.
func (s *Sender) deliver(ctx context.Context, m store.Message) error {
	r, err := outbox.Decode(m)
	if err != nil {
		s.Log.Error("a stored message cannot be read", "messageId", m.ID, "error", err.Error())
		return s.lost(ctx, m.Lane, m.ID)
	}
	ctx = outhttp.WithTrace(ctx, m.ID)
	for !final(m.Progress.State) {
		if m, err = s.step(ctx, m, r); err != nil {
			return err
		}
	}
	return s.finish(ctx, m, r)
}

// advance records m's progress; when somebody else did, they are at work.
func (s *Sender) advance(ctx context.Context, m store.Message) (store.Message, error) {
	m, err := s.Table.Advance(ctx, m)
	if errors.Is(err, store.ErrConflict) {
		return m, errBusy
	}
	return m, err
}

// finish tells what became of m and takes it out of its lane. It may be done
// twice: all of it is idempotent.
func (s *Sender) finish(ctx context.Context, m store.Message, r outbox.Request) error {
	for i := range m.Progress.IDs {
		if err := s.link(ctx, m, r.Thread.Channel, r.Thread.Account, i+1); err != nil {
			return err
		}
	}
	if err := s.keepOptions(ctx, m, r); err != nil {
		return err
	}
	if err := s.tell(ctx, outcome(m, r, s.Now())); err != nil {
		return err
	}
	switch m.Progress.State {
	case events.Accepted:
		s.Metrics.Count(observe.Sent, 1)
	case events.Uncertain:
		s.Metrics.Count(observe.Uncertain, 1)
	default:
		s.Metrics.CountBy(observe.SendFailed, "class", classOf(m.Progress.Error), 1)
	}
	return s.Table.Finish(ctx, m, s.Now())
}

// link says whose the platform's ids of a part (from 1) are: receipts and echoes
// name them.
func (s *Sender) link(ctx context.Context, m store.Message, channel, account string, part int) error {
	for _, id := range m.Progress.IDs[part-1] {
		if _, err := s.Table.Link(ctx, events.MessageID(channel, account, id), m.ID, part, s.Now()); err != nil {
			return err
		}
	}
	return nil
}

func classOf(e *events.StatusError) string {
	if e == nil {
		return events.ClassUnknown
	}
	return e.Class
}

// tell commits an event to its conversation's mailbox and rings for it.
func (s *Sender) tell(ctx context.Context, e events.Event) error {
	return mailbox.Mailbox{Table: s.Table, Ingress: s.Ingress, Metrics: s.Metrics, Log: s.Log}.Put(ctx, &e, 0)
}
