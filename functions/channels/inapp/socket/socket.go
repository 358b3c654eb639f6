// Package socket is the WebSocket side of in-app messaging: the function that takes
// what clients send on open connections, and the pusher that sends them what
// happens, or a notification when nobody is connected.
//
// Sockets are hints and history is the truth: whatever is lost here, a client finds
// when it resumes.
package socket

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/channels/inapp/chat"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/function"
)

// A Handler is the function behind the routes of the WebSocket API.
type Handler struct {
	*chat.Core
	Connections Poster
}

// New is the function that connections reach.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := chat.NewCore(name, e)
	if err != nil {
		return nil, err
	}
	connections, err := newConnections(e)
	return &Handler{Core: c, Connections: connections}, err
}

// event is the part of a WebSocket event that is used.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html
type event struct {
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		EventType    string `json:"eventType"`
		ConnectionID string `json:"connectionId"`
	} `json:"requestContext"`
}

// An answer refuses a connection, or is sent back on it.
type answer struct {
	StatusCode int    `json:"statusCode"`
	Body       string `json:"body,omitempty"`
}

// connectionLife is a little longer than API Gateway keeps a connection, 2 hours.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
const connectionLife = 2*time.Hour + 10*time.Minute

// Invoke handles one event of a connection.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, fmt.Errorf("websocket event: %w", err)
	}
	switch e.RequestContext.EventType {
	case "CONNECT":
		return json.Marshal(answer{StatusCode: h.connect(ctx, e)})
	case "DISCONNECT":
		if err := h.Devices.Disconnect(ctx, e.RequestContext.ConnectionID); err != nil {
			h.Log.Warn("a closed connection stays until somebody posts to it", "error", err.Error())
		}
		return json.Marshal(answer{StatusCode: http.StatusOK})
	}
	return json.Marshal(h.message(ctx, e))
}

// connect lets in who has a ticket that nobody used, from a page that may talk to
// the app.
func (h *Handler) connect(ctx context.Context, e event) int {
	doc, ok, err := h.Devices.UseTicket(ctx, chat.TicketHash(e.Query["ticket"]), h.Now())
	var b chat.Bearer
	if err == nil && ok {
		err = json.Unmarshal(doc, &b)
	}
	if err != nil {
		h.Log.Error("cannot look at a ticket", "error", err.Error())
		return http.StatusServiceUnavailable
	}
	if !ok {
		return http.StatusUnauthorized
	}
	a, err := h.Account(ctx, b.Account)
	if err == nil {
		err = h.Open(ctx, a, b.Session)
	}
	if err == nil && !h.admits(a, e) {
		return http.StatusForbidden
	}
	if err == nil {
		b.Since = h.Now().UTC()
		doc, err = json.Marshal(b)
	}
	if err == nil {
		err = h.Devices.Connect(ctx, e.RequestContext.ConnectionID, b.Session.Conversation(b.Account), doc,
			h.Now().Add(connectionLife))
	}
	if err != nil {
		return h.status(err)
	}
	return http.StatusOK
}

func (h *Handler) admits(a channel.Account, e event) bool {
	for name, origin := range e.Headers {
		if strings.EqualFold(name, "Origin") && origin != h.Origin && !inapp.AllowsOrigin(a, origin) {
			return false
		}
	}
	return true
}

func (h *Handler) status(err error) int {
	if r := h.Refusal(err); r.Code != inapp.Unavailable {
		return http.StatusUnauthorized
	}
	return http.StatusServiceUnavailable
}

// message answers a frame; what needs more than one frame is posted.
func (h *Handler) message(ctx context.Context, e event) answer {
	f, err := h.frame(ctx, e)
	if err != nil {
		r := h.Refusal(err)
		f = &chat.Frame{V: 1, Type: "error", Code: r.Code, RetryAfter: r.Seconds()}
	}
	out := answer{StatusCode: http.StatusOK}
	if f != nil {
		doc, err := channel.JSON(f)
		if err != nil {
			h.Log.Error("cannot write a frame", "error", err.Error())
		}
		out.Body = string(doc)
	}
	return out
}

// frame takes a frame and says what comes back at once, which may be nothing.
func (h *Handler) frame(ctx context.Context, e event) (*chat.Frame, error) {
	raw := []byte(e.Body)
	if e.IsBase64Encoded {
		var err error
		if raw, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return nil, chat.Refuse(inapp.Malformed, "the frame cannot be read")
		}
	}
	f, code := inapp.ReadFrame(raw)
	if code != "" {
		return &chat.Frame{V: 1, Type: "error", ClientMsgID: f.ClientMsgID, Code: code}, nil
	}
	id := e.RequestContext.ConnectionID
	doc, ok, err := h.Devices.Connection(ctx, id)
	var b chat.Bearer
	if err == nil && ok {
		err = json.Unmarshal(doc, &b)
	}
	if err != nil {
		return nil, err
	}
	if !ok { // forgotten, perhaps by a pusher that was faster than its opening
		return nil, chat.Refuse(inapp.BadTicket, "the connection is not known: open another one")
	}
	if f.Action == inapp.Ping {
		return &chat.Frame{V: 1, Type: "pong"}, nil
	}
	a, err := h.Account(ctx, b.Account)
	if err == nil {
		err = h.Open(ctx, a, b.Session)
	}
	if err != nil {
		return nil, err
	}
	if f.Action == inapp.Resume {
		return h.resume(ctx, a, b.Session, id, f.After)
	}
	return h.deliver(ctx, a, b.Session, raw)
}

func (h *Handler) deliver(ctx context.Context, a channel.Account, s inapp.Session, raw []byte) (*chat.Frame, error) {
	result, err := h.Deliver(ctx, a, s, []json.RawMessage{raw})
	if err != nil {
		return nil, err
	}
	for _, x := range result.Errors {
		return &chat.Frame{V: 1, Type: "error", ClientMsgID: x.ClientMsgID, Code: x.Code, RetryAfter: x.RetryAfter}, nil
	}
	for _, x := range result.Acks {
		return &chat.Frame{V: 1, Type: "ack", ClientMsgID: x.ClientMsgID, MessageID: x.MessageID}, nil
	}
	return nil, nil
}

// resumed bounds the frames of one resume.
const resumed = 100

// resume posts what a client missed, and tells how far that goes.
func (h *Handler) resume(ctx context.Context, a channel.Account, s inapp.Session, connection string,
	after int64) (*chat.Frame, error) {
	if err := h.Ask(ctx, a, s); err != nil {
		return nil, err
	}
	page, err := h.Page(ctx, a, s, chat.Excerpt{From: after, Limit: resumed})
	if err != nil {
		return nil, err
	}
	docs, err := documents(page.Items)
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		if err := h.Connections.Post(ctx, connection, doc); err != nil {
			return nil, fmt.Errorf("post what was missed: %w", err)
		}
	}
	return &chat.Frame{V: 1, Type: "resumed", Last: &page.Last, More: page.More}, nil
}

// maxPost is what API Gateway sends on a connection in a frame, in bytes; it takes more, and
// closes the connection.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const maxPost = 32 << 10

// documents are frames as they are posted: what is too large for a connection is told
// of, and read from the history.
func documents(frames []chat.Frame) ([][]byte, error) {
	docs := make([][]byte, len(frames))
	for i, f := range frames {
		doc, err := channel.JSON(f)
		if err == nil && len(doc) > maxPost {
			doc, err = channel.JSON(chat.Frame{V: 1, Type: "fetch", Seq: f.Seq})
		}
		if err != nil {
			return nil, err
		}
		docs[i] = doc
	}
	return docs, nil
}

// A Poster sends a frame on an open connection. Its error is ErrGone when the
// connection is closed.
type Poster interface {
	Post(ctx context.Context, connection string, frame []byte) error
}

// ErrGone says that a connection is closed.
var ErrGone = errors.New("connection closed")
