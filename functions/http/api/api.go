// Package api is the HTTP API for integrators: they send messages, ask what became
// of them, read conversations, and see beforehand what a channel will show.
//
// The endpoints stand in one table (endpoint.go), from which the OpenAPI document
// follows. Callers are known before they come here: to API Gateway's authoriser, or
// on a laptop by a token. What they may do is package access's: an endpoint names the
// scope that it takes, what is of others' accounts is not found, and who may not see who
// people are sees them masked. What changes something is recorded (audit.go).
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"time"

	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
)

// A Handler is the function behind ANY /v1/{proxy+}.
type Handler struct {
	Outbox        *outbox.Outbox
	Messages      *store.Outbox
	Receipts      *store.Receipts
	Conversations *store.Conversations
	Lists         *store.Lists
	Runner        switchboard.Runner // decides commands
	Files         *media.Files
	Outbound      *queue.Queue // takes actions
	Audit         *store.Audit
	Log           *slog.Logger
	Now           func() time.Time

	door door
}

// New is the function that answers integrators.
func New(name string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	callers, err := newDoor(e)
	if err != nil {
		return nil, err
	}
	kept, files := e.Store(c), media.New(c, e)
	queues := map[string]*queue.Queue{names.Outbound: e.Queue(c, names.EnvOutbound),
		names.Bulk: e.Queue(c, names.EnvBulk)}
	box := &outbox.Outbox{Messages: store.NewOutbox(kept), Lanes: store.NewLanes(kept),
		Conversations: store.NewConversations(kept), Channels: channels, Link: files.Link, Queues: queues, Now: e.Now}
	board, err := switchboard.Parse(e.Getenv(names.EnvDesks))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", names.EnvDesks, err)
	}
	runner := switchboard.Runner{Board: board, Conversations: box.Conversations, Ingress: e.Queue(c, names.EnvIngress),
		Clock: e.Queue(c, names.EnvClock), Now: e.Now, Log: e.Log(name)}
	return &Handler{Outbox: box, Lists: store.NewLists(kept), Runner: runner, Messages: box.Messages,
		Receipts: store.NewReceipts(kept), Conversations: box.Conversations, Files: files,
		Outbound: queues[names.Outbound], Audit: store.NewAudit(kept), door: callers, Log: e.Log(name), Now: e.Now}, nil
}

const (
	// maxBody bounds a request's body, in bytes: what a queue's message holds.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	maxBody = 1 << 20
	// maxAnswer bounds what Lambda returns, in bytes, as API Gateway's JSON.
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	maxAnswer = 6 << 20
)

// A request is one that has an endpoint.
type request struct {
	channel.Request
	access.Caller
	id     string // the path's parameter, of the right form
	source string // the address it came from
}

// An answer is what an endpoint says; body is put into JSON.
type answer struct {
	status int
	header map[string]string
	body   any
	made   string // id of what came of it, or ""
}

// Invoke answers one request.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	a, err := h.answer(ctx, payload)
	if err != nil {
		a = h.refuse(err)
	}
	out, err := write(a)
	if err == nil && len(out) > maxAnswer {
		a = h.refuse(oversize.because("the answer is too large: ask for less of it"))
		out, err = write(a)
	}
	return out, err
}

func (h *Handler) answer(ctx context.Context, payload []byte) (answer, error) {
	r, err := lambdahttp.Request(payload, maxBody, h.Now())
	large := errors.Is(err, lambdahttp.ErrTooLarge)
	if err != nil && !large {
		return answer{}, malformed.because("the request cannot be read")
	}
	g := contextOf(payload)
	who, known := h.door.caller(r, g)
	if !known {
		p := unauthorised.because("show who you are")
		p.header = map[string]string{"www-authenticate": "Bearer"}
		return answer{}, p
	}
	e, id, err := find(r.Method, r.Path)
	if err != nil {
		return answer{}, err
	}
	q := request{Request: r, Caller: who, id: id, source: g.HTTP.SourceIP}
	a, err := h.serve(ctx, e, q, large)
	if err != nil {
		a = h.refuse(err)
	}
	return h.recorded(ctx, e, q, a)
}

// serve lets an endpoint answer who may ask it.
func (h *Handler) serve(ctx context.Context, e endpoint, r request, large bool) (answer, error) {
	if len(e.scopes) > 0 && !r.May(e.scopes...) {
		return answer{}, denied(e.scopes...)
	}
	if large {
		return answer{}, oversize.because("the body has more than 1 MiB")
	}
	return e.serve(h, ctx, r)
}

// write is what API Gateway wants to hear.
func write(a answer) ([]byte, error) {
	body, err := channel.JSON(a.body)
	if err != nil {
		return nil, err
	}
	header := map[string]string{"cache-control": "no-store"}
	maps.Copy(header, a.header)
	contentType := "application/json"
	if a.status >= http.StatusBadRequest {
		contentType = "application/problem+json"
	}
	return lambdahttp.Response(channel.Response{Status: a.status, ContentType: contentType, Body: string(body)}, header)
}
