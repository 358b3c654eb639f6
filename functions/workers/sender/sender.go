// Package sender says what integrators ask to be said: it takes their requests
// from the queue, drains each conversation's outbox in order, and tells by events
// what became of every message.
//
// A message's item says how far it is; rings only say "look". A call is made under
// a lease that is written before it, so that after a crash the outcome is known to
// be unknown, and is never guessed.
//
// A message's way goes through the files in this order, and never back:
//
//	sender.go   a request is stored in its lane; who drains the lane takes its messages in turn
//	    ↓
//	ready.go    may the next call be made now: its time, the account, the window, the pace
//	    ↓
//	call.go     the call is made, and what came of it recorded; once more for each further call
//	    ↓
//	tell.go     an event tells what became of the message, and it leaves its lane
//
// account.go has the accounts' credentials and access tokens; act.go does what is no
// message. way_test.go holds the files to it.
package sender

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	"github.com/relais-dev/relais/shared/switchboard"
)

// A Sender is the function behind the outbound queues.
type Sender struct {
	Outbox        *outbox.Outbox
	Mailbox       mailbox.Mailbox
	Messages      *store.Outbox
	Lanes         *store.Lanes
	Receipts      *store.Receipts
	Conversations *store.Conversations
	Limits        *store.Accounts    // how fast, and whether, accounts may send
	Runner        switchboard.Runner // decides commands
	Serves        string             // the queue it works for: whose lanes it drains, and no others
	Source        queue.Source
	Files         *media.Files
	Accounts      *Accounts
	Log           *slog.Logger
	Metrics       *observe.Metrics
	Now           func() time.Time
	Nap           func(context.Context, time.Duration) // waits a moment
}

// New is the function that sends what channels say; serves is the queue it works for.
func New(name, serves string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	kept := e.Store(c)
	files := media.New(c, e)
	source := e.Source(c, name)
	queues := map[string]*queue.Queue{serves: source.Queue}
	if serves != names.Bulk {
		queues[names.Bulk] = e.Queue(c, names.EnvBulk)
	}
	log, metrics := e.Log(name), e.Metrics(name)
	box := &outbox.Outbox{Messages: store.NewOutbox(kept), Lanes: store.NewLanes(kept),
		Conversations: store.NewConversations(kept), Channels: channels, Link: files.Link, Now: e.Now, Queues: queues}
	s := &Sender{Mailbox: mailbox.New(c, e, metrics, log), Messages: box.Messages, Lanes: box.Lanes,
		Receipts: store.NewReceipts(kept), Conversations: box.Conversations, Limits: store.NewAccounts(kept),
		Serves: serves, Source: source, Files: files, Log: log, Metrics: metrics, Now: e.Now, Nap: e.Sleep(), Outbox: box}
	board, err := switchboard.Parse(e.Getenv(names.EnvDesks))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names.EnvDesks, err)
	}
	s.Runner = switchboard.Runner{Board: board, Conversations: s.Conversations, Ingress: e.Queue(c, names.EnvIngress),
		Now: e.Now, Log: log}
	if serves != names.Bulk { // whose messages nobody waits for
		s.Runner.Clock = e.Queue(c, names.EnvClock)
	}
	s.Accounts = NewAccounts(c.Secrets, e, channels, s.Limits, files)
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
		Do   json.RawMessage `json:"do"`
	}
	switch err := json.Unmarshal([]byte(r.Body), &kind); {
	case err == nil && kind.Verb != nil:
		return s.act(ctx, r)
	case err == nil && kind.Do != nil:
		return s.command(ctx, r)
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
	a, err := s.accept(ctx, o)
	if err != nil {
		return s.refused(ctx, r, o, err)
	}
	if !a.Fresh {
		return nil
	}
	if a.Lane.Queue() != s.Serves || a.Lane.Waits() {
		return s.Outbox.Ring(ctx, a)
	}
	return s.Drain(ctx, g, a.Lane)
}

// accept accepts a message, and decides the command that goes with it: both or neither.
func (s *Sender) accept(ctx context.Context, o events.Outbound) (outbox.Accepted, error) {
	if err := s.mayThen(ctx, o); err != nil {
		return outbox.Accepted{}, err
	}
	a, err := s.Outbox.Accept(ctx, o)
	if c, ok := outbox.Then(o, a.Conversation); ok && err == nil {
		err = s.decide(ctx, c)
	}
	return a, err
}

// errBusy says that another sender is at work in the lane: it will find what is new.
var errBusy = errors.New("another sender is at work")

// Drain sends what waits in a lane, in order, until nothing does, the first has to
// wait, or the turn is over: then it rings for the rest.
func (s *Sender) Drain(ctx context.Context, g queue.Group, lane store.Lane) error {
	for {
		ids, err := s.Lanes.Waiting(ctx, lane, store.PendingPage)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			err := queue.ErrTurn
			if !g.Over(callTime) {
				err = s.one(ctx, lane, id)
			}
			var later *postponed
			switch {
			case errors.As(err, &later):
				return s.postpone(ctx, lane, id, later)
			case errors.Is(err, errBusy):
				return nil
			case err != nil:
				return s.Source.GoOn(ctx, string(lane), err)
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

func (s *Sender) postpone(ctx context.Context, lane store.Lane, id string, p *postponed) error {
	s.Metrics.CountBy(observe.Deferred, "class", p.class, 1)
	s.Log.Warn("a message waits", "messageId", id, "class", p.class, "until", p.until.UTC().Format(time.RFC3339))
	return s.Lanes.Defer(ctx, lane, id, p.until)
}

// A delivery is one message on its way.
type delivery struct {
	*Sender
	attempt // of the present call
	m       store.Message
	r       outbox.Request
}

// one takes a lane's first message as far as it goes. When it returns nil, the message
// has left its lane and an event says what became of it.
func (s *Sender) one(ctx context.Context, lane store.Lane, id string) error {
	m, found, err := s.Messages.Message(ctx, id)
	if err != nil {
		return err
	}
	r, err := outbox.Decode(m)
	if err != nil || !found {
		return s.lost(ctx, lane, id, fmt.Errorf("found is %t: %w", found, err))
	}
	ctx = outhttp.WithTrace(ctx, id)
	d := &delivery{Sender: s, m: m, r: r}
	for !final(d.m.Progress.State) {
		if err := d.step(ctx, d.ready(ctx)); err != nil {
			return err
		}
	}
	return d.finish(ctx)
}

// final says whether nothing more will be sent of a message.
func final(s events.State) bool { return s != events.Queued && s != "" }
