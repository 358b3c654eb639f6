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
	"strings"
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
	Bulk     *queue.Queue // rings for campaign messages
	Files    *media.Files
	Accounts *Accounts
	Log      *slog.Logger
	Metrics  *observe.Metrics
	Now      func() time.Time
	Nap      func(context.Context, time.Duration) // waits a moment
}

// New is the function that sends what channels say.
func New(name string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	table := e.Table(c)
	files := media.New(c, e)
	s := &Sender{Table: table, Ingress: e.Queue(c, names.EnvIngress), Bulk: e.Queue(c, names.EnvBulk), Files: files, Log: e.Log(name), Metrics: e.Metrics(name),
		Now: e.Now, Nap: e.Sleep(), Outbox: &outbox.Outbox{Table: table, Channels: channels, Link: files.Link, Now: e.Now}}
	s.Accounts = NewAccounts(c.Secrets, e, channels, table, files)
	return s, nil
}

// Invoke handles a batch of requests and rings.
func (s *Sender) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer s.Metrics.Flush()
	if err := s.Files.LoadKey(ctx); err != nil {
		return nil, err
	}
	return queue.Batch(ctx, s.Log, payload, func(ctx context.Context, group string, records []queue.Record) int {
		for i, r := range records {
			if err := s.take(ctx, r.Body); err != nil {
				s.Log.Warn("stopped, the message comes again", "group", group, "error", err.Error())
				return i
			}
		}
		return len(records)
	})
}

// take handles one message of the queue: a ring, an action or a request.
func (s *Sender) take(ctx context.Context, body string) error {
	var kind struct {
		Ring string      `json:"conversation"`
		Verb events.Verb `json:"verb"`
	}
	if err := json.Unmarshal([]byte(body), &kind); err == nil && kind.Ring != "" {
		return s.Drain(ctx, store.Lane(kind.Ring))
	} else if err == nil && kind.Verb != "" {
		return s.act(ctx, body)
	}
	return s.request(ctx, body)
}

// request accepts a message and sends it at once, or has it rung for where it
// must wait.
func (s *Sender) request(ctx context.Context, body string) error {
	var o events.Outbound
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		return s.reject(ctx, o, &outbox.Refusal{Class: events.ClassContent, Title: "the request is no JSON of an outbound message", Remedy: "send what message.schema.json describes"})
	}
	a, fresh, err := s.Outbox.Accept(ctx, o)
	var refusal *outbox.Refusal
	if errors.As(err, &refusal) {
		return s.reject(ctx, o, refusal)
	}
	if err != nil || !fresh {
		return err
	}
	m, _, err := s.Table.Message(ctx, a.ID)
	if err != nil {
		return err
	}
	switch store.QueueOf(string(m.Lane)) {
	case names.Bulk:
		return s.Bulk.Send(ctx, queue.Ring(string(m.Lane), m.ID))
	case names.Outbound:
		if strings.HasSuffix(string(m.Lane), m.ID) { // its time has not come
			return nil
		}
	}
	return s.Drain(ctx, m.Lane)
}

// errBusy says that another sender is at work in the lane: it will find what is new.
var errBusy = errors.New("another sender is at work")

// Drain sends what waits in a lane, in order, until nothing does, or the first has
// to wait.
func (s *Sender) Drain(ctx context.Context, lane store.Lane) error {
	for {
		ids, err := s.Table.Waiting(ctx, lane)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			m, found, err := s.Table.Message(ctx, id)
			if err != nil {
				return err
			}
			if !found { // expired long ago
				err = s.Table.Leave(ctx, lane, id)
			} else {
				err = s.deliver(ctx, m)
			}
			var later *postponed
			switch {
			case errors.Is(err, errBusy):
				return nil
			case errors.As(err, &later):
				return s.postpone(ctx, m, later)
			case err != nil:
				return err
			}
		}
	}
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
		return s.Table.Leave(ctx, m.Lane, m.ID)
	}
	ctx = outhttp.WithTrace(ctx, m.ID)
	for !final(m.Progress.State) {
		if m.Progress.Done == len(r.Calls) {
			m.Progress.State = events.Accepted
		} else if m, err = s.step(ctx, m, r); err != nil {
			return err
		}
		if final(m.Progress.State) {
			if m, err = s.advance(ctx, m); err != nil {
				return err
			}
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
	return s.Table.Leave(ctx, m.Lane, m.ID)
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
