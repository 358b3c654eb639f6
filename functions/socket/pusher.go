package socket

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/inapp/chat"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Pusher is the function behind the sockets queue: it sends each event of a
// conversation to everybody who is connected.
type Pusher struct {
	chat.Viewer
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
	return &Pusher{Viewer: chat.NewViewer(name, c, e), Connections: connections, Services: services(e)}, err
}

func services(e function.Env) map[string]Service {
	out, tokens := outhttp.New(e.HTTP, outhttp.Timeout, nil), &tokens{now: e.Now}
	return map[string]Service{chat.WebPush: webPush{out}, chat.APNs: apns{out, tokens}, chat.FCM: fcm{out, tokens}}
}

// Invoke handles a batch of events.
func (p *Pusher) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if err := p.Files.LoadKey(ctx); err != nil {
		return nil, err
	}
	return queue.Batch(ctx, p.Log, payload, func(ctx context.Context, conversation string, records []queue.Record) int {
		for i, r := range records {
			if err := p.push(ctx, conversation, r.Body); err != nil {
				p.Log.Warn("stopped, the event comes again", "conversation", conversation, "error", err.Error())
				return i
			}
		}
		return len(records)
	})
}

// push sends what an event says to every connection, and a notification when there
// is none.
func (p *Pusher) push(ctx context.Context, conversation, body string) error {
	var e events.Event
	if err := json.Unmarshal([]byte(body), &e); err != nil || e.Data.Conversation == nil {
		p.Log.Error("not an event of a conversation", "conversation", conversation)
		return nil
	}
	frames := p.Frames(ctx, &e, chat.View{Thread: e.Data.Conversation.PlatformID, Live: true})
	if len(frames) == 0 {
		return nil
	}
	open, err := p.Table.Connections(ctx, conversation)
	if err != nil {
		return err
	}
	reached := 0
	for _, c := range open {
		ok, err := p.post(ctx, c, frames)
		if err != nil {
			return err
		}
		if ok {
			reached++
		}
	}
	if reached > 0 || !notifies(&e) {
		return nil
	}
	return p.notify(ctx, &e, frames[0])
}

// opening is how long a connection may be said to be gone because it is not open yet.
const opening = 10 * time.Second

// post sends frames on a connection. One that is closed is forgotten; on one that
// fails, the client will find the gap.
func (p *Pusher) post(ctx context.Context, c store.Record, frames []chat.Frame) (bool, error) {
	for _, f := range frames {
		doc, err := document(f)
		if err != nil {
			return false, err
		}
		err = p.Connections.Post(ctx, c.ID, doc)
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
	return p.Table.Disconnect(ctx, c.ID)
}

// notifies says whether e is a new message for the customer.
func notifies(e *events.Event) bool {
	return e.Type == events.MessageEchoed && e.Data.Message.Actor.Role != events.Customer
}

func (p *Pusher) notify(ctx context.Context, e *events.Event, f chat.Frame) error {
	subscribed, err := p.Table.Pushes(ctx, e.Subject)
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
		err := service.Notify(ctx, a, s, n)
		if errors.Is(err, ErrGone) {
			if err := p.Table.DropPush(ctx, e.Subject, x.ID); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			p.Log.Warn("a notification was not sent", "kind", s.Kind, "conversation", e.Subject, "error", err.Error())
		}
	}
	return nil
}
