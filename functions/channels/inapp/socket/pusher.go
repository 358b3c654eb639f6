package socket

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/channels/inapp/chat"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Pusher is the function behind the sockets queue: it sends each event of a
// conversation to everybody who is connected.
type Pusher struct {
	chat.Viewer
	Mailbox     mailbox.Mailbox // for what it says again
	Metrics     *observe.Metrics
	Source      queue.Source
	Connections Poster
	Services    map[string]Service // of notifications, by kind of subscription
}

// NewPusher is the function that tells clients what happens.
func NewPusher(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	connections, err := newConnections(e)
	metrics := e.Metrics(name)
	return &Pusher{Viewer: chat.NewViewer(name, c, e), Mailbox: mailbox.New(c, e, metrics, e.Log(name)),
		Source: e.Source(c, name), Metrics: metrics, Connections: connections, Services: services(e)}, err
}

func services(e function.Env) map[string]Service {
	out, tokens := outhttp.New(e.HTTP, outhttp.Timeout, nil), &tokens{now: e.Now}
	return map[string]Service{chat.WebPush: webPush{out}, chat.APNs: apns{out, tokens}, chat.FCM: fcm{out, tokens}}
}

// Invoke handles a batch of events.
func (p *Pusher) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	defer p.Metrics.Flush()
	if err := p.Files.LoadKey(ctx); err != nil {
		return nil, err
	}
	return p.Source.Batch(ctx, payload, func(ctx context.Context, g queue.Group) int {
		for i, r := range g.Records {
			if err := p.push(ctx, r); err != nil {
				p.Log.Warn("stopped, the event comes again", "conversation", g.Name, "error", err.Error())
				return i
			}
		}
		return len(g.Records)
	})
}

// push sends what an event says to every connection, and a notification when there
// is none. What the brand says in a conversation that goes on elsewhere, it says there.
func (p *Pusher) push(ctx context.Context, r queue.Record) error {
	var e events.Event
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil || e.Data.Conversation == nil {
		return p.Source.Bury(ctx, r)
	}
	conversation := r.Group
	frames := p.Frames(ctx, &e, chat.View{Thread: e.Data.Conversation.PlatformID, Live: true})
	if len(frames) == 0 {
		return nil
	}
	if moved, err := p.move(ctx, &e); moved || err != nil {
		return err
	}
	open, err := p.Devices.Connections(ctx, conversation)
	if err != nil {
		return err
	}
	docs, err := documents(frames)
	if err != nil {
		return err
	}
	reached := 0
	for _, c := range open {
		ok, err := p.post(ctx, c, docs)
		if err != nil {
			return err
		}
		if ok {
			reached++
		}
	}
	// their sessions are over; they open others elsewhere
	if c := e.Data.Change; c != nil && c.Field == inapp.ChangeMigrated {
		return p.close(ctx, open)
	}
	if reached > 0 || !notifies(&e) || p.Now().Sub(e.RecordedTime) > stale {
		return nil
	}
	return p.notify(ctx, &e, frames[0])
}

// joining is how long a login takes to join two conversations, at the most.
const joining = 30 * time.Second

// move says again what the brand says in a conversation whose customer went on in
// another one: there is nobody left to hear it.
func (p *Pusher) move(ctx context.Context, e *events.Event) (moved bool, err error) {
	if !chat.OfBrand(e) || !inapp.IsAnonymous(e.Data.Conversation.PlatformID) {
		return false, nil
	}
	m, ok, err := p.Conversations.Move(ctx, e.Subject)
	seq := events.ParseSequence(e.Sequence)
	switch {
	case err != nil || !ok:
		return false, err
	case m.Last == 0 && p.Now().Sub(m.Since) < joining:
		return false, errors.New("the conversation is being joined to another one")
	case m.Last == 0: // a login died on its way
		if err := p.Conversations.EndMove(ctx, e.Subject, m, seq-1); err != nil {
			return false, err
		}
	case seq <= m.Last:
		return false, nil
	}
	again := events.Event{Type: e.Type, Key: "moved:" + e.ID, Time: e.Time, Data: e.Data}
	again.Data.Conversation = &events.Conversation{PlatformID: m.Thread, Kind: events.Direct}
	again.Data.Contact = inapp.Session{Thread: m.Thread, User: m.User}.Contact()
	channel.Complete(&again, inapp.Name, e.Account, p.Now())
	return true, p.Mailbox.Put(ctx, &again, 0)
}

// close forgets connections; what comes on them is answered that they are not known.
func (p *Pusher) close(ctx context.Context, open []store.Record) error {
	for _, c := range open {
		if err := p.Devices.Disconnect(ctx, c.ID); err != nil {
			return err
		}
	}
	return nil
}

// opening is how long a connection may be said to be gone because it is not open yet.
const opening = 10 * time.Second

// post sends frames on a connection. One that is closed is forgotten; on one that
// fails, the client will find the gap.
func (p *Pusher) post(ctx context.Context, c store.Record, docs [][]byte) (bool, error) {
	for _, doc := range docs {
		err := p.Connections.Post(ctx, c.ID, doc)
		if errors.Is(err, ErrGone) {
			return false, p.forget(ctx, c)
		}
		if err != nil {
			p.Log.Warn("a frame was not sent; the client resumes", "connection", c.ID, "error", err.Error())
			return false, nil
		}
	}
	return true, nil
}

func (p *Pusher) forget(ctx context.Context, c store.Record) error {
	var b chat.Bearer
	if json.Unmarshal(c.Doc, &b) == nil && p.Now().Sub(b.Since) < opening { // its client resumes when it is open
		return nil
	}
	return p.Devices.Disconnect(ctx, c.ID)
}

// stale is when a message is too old to wake somebody for.
const stale = time.Hour

// notifies says whether e is a new message for the customer.
func notifies(e *events.Event) bool {
	return e.Type == events.MessageEchoed && e.Data.Message.Actor.Role != events.Customer
}

func (p *Pusher) notify(ctx context.Context, e *events.Event, f chat.Frame) error {
	subscribed, err := p.Devices.Pushes(ctx, e.Subject)
	if err != nil || len(subscribed) == 0 {
		return err
	}
	a, err := p.Account(ctx, e.Account)
	if err != nil {
		return err
	}
	n := notificationOf(a, e, f)
	for _, x := range subscribed {
		var s chat.Subscription
		if err := json.Unmarshal(x.Doc, &s); err != nil {
			return err
		}
		service, ok := p.Services[s.Kind]
		if !ok {
			continue
		}
		switch err := service.Notify(ctx, a, s, n); {
		case err == nil:
			p.Metrics.Count(observe.Notified, 1)
		case errors.Is(err, ErrGone):
			if err := p.Devices.DropPush(ctx, e.Subject, x.ID); err != nil {
				return err
			}
		default: // the message itself is in the history
			p.Metrics.Count(observe.NotifyLost, 1)
			p.Log.Warn("a notification was not sent", "service", s.Kind, "conversation", e.Subject, "error", err.Error())
		}
	}
	return nil
}
