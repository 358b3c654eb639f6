package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/webhook"
)

// A Core is what clients reach, by HTTP or by WebSocket.
type Core struct {
	Viewer
	Mailbox mailbox.Mailbox
	Limits  *store.Accounts  // how fast clients may ask
	Webhook function.Handler // takes deliveries
	Keys    *webhook.Keys    // public keys of host apps
	Origin  string           // of our own pages
	Metrics *observe.Metrics
}

// A Viewer shows what happens to clients.
type Viewer struct {
	Accounts      *secret.Accounts
	Conversations *store.Conversations
	Devices       *store.Devices
	Files         *media.Files
	Log           *slog.Logger
	Now           func() time.Time
}

// keysTimeout bounds the fetch of a host app's public keys.
const keysTimeout = 2 * time.Second

// keysAge is how long a host app's public keys are used without asking again;
// keysRefetch, how long when they do not check a token.
const (
	keysAge     = 10 * time.Minute
	keysRefetch = 30 * time.Second
)

// NewCore is the Core of a function.
func NewCore(name string, e function.Env) (*Core, error) {
	c, err := e.Clients(cloud.Ingress)
	if err != nil {
		return nil, err
	}
	hook, err := webhook.New(inapp.Channel, e)
	if err != nil {
		return nil, err
	}
	keys := &webhook.Keys{HTTP: outhttp.New(e.HTTP, keysTimeout, nil), Now: e.Now, Log: e.Log(name)}
	metrics := e.Metrics(name)
	return &Core{Viewer: NewViewer(name, c, e), Mailbox: mailbox.New(c, e, metrics, e.Log(name)),
		Limits: store.NewAccounts(e.Store(c)), Webhook: hook,
		Origin: e.Getenv(names.EnvPublicURL),
		Keys:   keys, Metrics: metrics}, nil
}

// NewViewer is the Viewer of a function.
func NewViewer(name string, c cloud.Clients, e function.Env) Viewer {
	accounts := secret.NewAccounts(c.Secrets, e.Getenv(names.EnvSecrets),
		e.Getenv(names.EnvPublicURL)+"/webhooks/"+inapp.Name+"/", e.Now)
	kept := e.Store(c)
	return Viewer{Accounts: accounts, Conversations: store.NewConversations(kept),
		Devices: store.NewDevices(kept), Files: media.New(c, e), Log: e.Log(name), Now: e.Now}
}

// Account is the app of that id.
func (c *Viewer) Account(ctx context.Context, id string) (channel.Account, error) {
	a, err := c.Accounts.Account(ctx, id)
	if err != nil {
		return a, err
	}
	if name, missing := inapp.Channel.Missing(a); missing {
		return a, fmt.Errorf("app %s has no %s", id, name)
	}
	return a, nil
}

// Session is the session whose token that is, if nobody ended it.
func (c *Core) Session(ctx context.Context, a channel.Account, token string) (inapp.Session, error) {
	s, err := inapp.Admit(a, token, c.Now())
	if err != nil {
		return s, tokenRefusal(err)
	}
	return s, c.Open(ctx, a, s)
}

// Open refuses a session that was ended.
func (c *Core) Open(ctx context.Context, a channel.Account, s inapp.Session) error {
	ended, err := c.Devices.Ended(ctx, s.Conversation(a.ID), s.ID)
	if err == nil && (ended || !c.Now().Before(s.Expires)) {
		err = Refuse(inapp.Expired, "the session is over")
	}
	return err
}

func tokenRefusal(err error) error {
	if errors.Is(err, inapp.ErrExpired) {
		return Refuse(inapp.Expired, "the token is not valid any more")
	}
	return Refuse(inapp.BadToken, "the token is not valid")
}

// What a session, or an address without one, may do at the most.
const (
	sayRate, sayBurst   = 1.0, 20 // messages and answers
	signRate, signBurst = 4.0, 40 // typing, read, received
	askRate, askBurst   = 2.0, 30 // history, tickets, files
	openRate, openBurst = 0.5, 30 // new sessions of one address
)

// take takes one token of a bucket, or says when to come again.
func (c *Core) take(ctx context.Context, name string, rate float64, burst int) error {
	wait, err := c.Limits.Take(ctx, store.Limit{Name: inapp.Name + ":" + name, Rate: rate, Burst: burst}, c.Now())
	if err == nil && wait > 0 {
		err = &Refusal{Code: inapp.RateLimited, Title: "too fast", RetryAfter: wait}
	}
	return err
}

// Ask counts a request of a session that is no frame.
func (c *Core) Ask(ctx context.Context, a channel.Account, s inapp.Session) error {
	return c.take(ctx, "ask:"+a.ID+"/"+s.ID, askRate, askBurst)
}

// A Fault is a frame that was refused.
type Fault struct {
	ClientMsgID string `json:"clientMsgId,omitempty"`
	Code        string `json:"code"`
	RetryAfter  int    `json:"retryAfter,omitempty"`
}

// A Result is what became of frames.
type Result struct {
	Acks   []inapp.Acknowledgement `json:"acks"`
	Errors []Fault                 `json:"errors"`
}

// Deliver takes frames as far as the mailbox: what is acknowledged is stored. One
// that is refused stops no other, but after one that came too fast the messages behind
// it are too, so that their order stays.
func (c *Core) Deliver(ctx context.Context, a channel.Account, s inapp.Session,
	frames []json.RawMessage) (Result, error) {
	out := Result{Acks: []inapp.Acknowledgement{}, Errors: []Fault{}}
	var good []json.RawMessage
	var tooFast error
	for _, raw := range frames {
		f, code := inapp.ReadFrame(raw)
		if code == "" {
			raw, code = c.complete(ctx, a, s, f, raw)
		}
		if code != "" {
			out.Errors = append(out.Errors, Fault{ClientMsgID: f.ClientMsgID, Code: code})
			continue
		}
		err := tooFast
		if err == nil || f.ClientMsgID == "" {
			err = c.pace(ctx, a, s, f)
		}
		var slow *Refusal
		switch {
		case err == nil:
			good = append(good, raw)
			continue
		case !errors.As(err, &slow):
			return out, err
		case f.ClientMsgID != "":
			tooFast = err
		}
		out.Errors = append(out.Errors, Fault{ClientMsgID: f.ClientMsgID, Code: slow.Code, RetryAfter: slow.Seconds()})
	}
	if len(good) == 0 {
		return out, nil
	}
	var err error
	out.Acks, err = c.deliver(ctx, a, s, good)
	return out, err
}

func (c *Core) pace(ctx context.Context, a channel.Account, s inapp.Session, f inapp.Frame) error {
	if f.ClientMsgID == "" {
		return c.take(ctx, "sign:"+a.ID+"/"+s.ID, signRate, signBurst)
	}
	return c.take(ctx, "say:"+a.ID+"/"+s.ID, sayRate, sayBurst)
}

// complete refuses what a session must not say, and adds to a receipt which message
// it is about.
func (c *Core) complete(ctx context.Context, a channel.Account, s inapp.Session, f inapp.Frame,
	raw json.RawMessage) (json.RawMessage, string) {
	switch f.Action {
	case inapp.Ping, inapp.Resume:
		return raw, inapp.Unsupported // they are of sockets
	case inapp.Send:
		if m := f.Content.Media; m != nil && !strings.HasPrefix(m.PlatformID, inapp.UploadPrefix(a.ID, s.Thread)) {
			return raw, inapp.Malformed
		}
		return raw, ""
	case inapp.Read, inapp.Received:
		f.At, f.Message = 0, ""
		if e, ok := c.eventAt(ctx, s.Conversation(a.ID), f.UpTo); ok {
			f.At = e.Time.UnixMilli()
			if e.Data.Message != nil {
				f.Message = e.Data.Message.PlatformID
			}
			if f.Action == inapp.Read {
				c.remember(ctx, s.Conversation(a.ID), f.UpTo)
			}
		}
		doc, err := channel.JSON(f)
		if err != nil {
			return raw, inapp.Malformed
		}
		return doc, ""
	}
	return raw, ""
}

// remember keeps what a customer has read for their other devices, which can do
// without.
func (c *Core) remember(ctx context.Context, conversation string, sequence int64) {
	if err := c.Conversations.SetRead(ctx, conversation, sequence, c.Now().Add(inapp.SessionLife)); err != nil {
		c.Log.Warn("other devices do not learn what was read", "conversation", conversation, "error", err.Error())
	}
}

// eventAt is a conversation's event with that sequence; a receipt is good enough
// without it.
func (c *Core) eventAt(ctx context.Context, conversation string, sequence int64) (events.Event, bool) {
	page, err := c.Conversations.History(ctx, conversation, store.SequenceCursor(uint64(sequence-1)), 1, false)
	if err != nil || len(page.Items) == 0 || page.Items[0].Sequence != uint64(sequence) {
		return events.Event{}, false
	}
	e, err := page.Items[0].Event()
	return e, err == nil
}

// deliver hands frames to the channel's webhook.
func (c *Core) deliver(ctx context.Context, a channel.Account, s inapp.Session,
	frames []json.RawMessage) ([]inapp.Acknowledgement, error) {
	now := c.Now()
	d, err := inapp.NewDelivery(a, s, frames, now)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, d.Method, c.Origin+d.Path, bytes.NewReader(d.Body))
	if err != nil {
		return nil, err
	}
	r.Header = d.Header
	payload, err := lambdahttp.Event(r, d.Body, "", s.ID, now)
	if err != nil {
		return nil, err
	}
	reply, err := c.Webhook.Invoke(ctx, payload)
	if err != nil {
		return nil, err
	}
	var answer struct {
		StatusCode int    `json:"statusCode"`
		Body       string `json:"body"`
	}
	var said struct {
		Acks []inapp.Acknowledgement `json:"acks"`
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusAccepted {
		return nil, fmt.Errorf("a delivery was answered %d", answer.StatusCode)
	}
	err = json.Unmarshal([]byte(answer.Body), &said)
	return said.Acks, err
}

// tell commits an event of the app's own making and rings for it.
func (c *Core) tell(ctx context.Context, a channel.Account, e events.Event) error {
	defer c.Metrics.Flush()
	channel.Complete(&e, inapp.Name, a.ID, c.Now())
	return c.Mailbox.Put(ctx, &e, 0)
}
