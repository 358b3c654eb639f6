// Package api is the HTTP API for integrators: they send messages, ask what became
// of them, read conversations, and see beforehand what a channel will show.
//
// The endpoints stand in one table (endpoint.go), from which the OpenAPI document
// follows. Callers are known before they come here: to API Gateway's authoriser, or
// on a laptop by a token.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/signature"
	"github.com/relais-dev/relais/shared/store"
)

// A Handler is the function behind ANY /v1/{proxy+}.
type Handler struct {
	Outbox   *outbox.Outbox
	Table    *store.Table
	Files    *media.Files
	Outbound *queue.Queue // takes actions
	Ingress  *queue.Queue // rings for the router
	Clock    *queue.Queue // rings later
	Desks    string       // JSON of what destinations are in conversations
	Token    string       // what callers show on a laptop; "" where an authoriser lets them in
	Log      *slog.Logger
	Now      func() time.Time
}

// New is the function that answers integrators.
func New(name string, channels []channel.Channel, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	table, files := e.Table(c), media.New(c, e)
	queues := map[string]*queue.Queue{names.Outbound: e.Queue(c, names.EnvOutbound),
		names.Bulk: e.Queue(c, names.EnvBulk)}
	return &Handler{Table: table, Files: files, Ingress: e.Queue(c, names.EnvIngress),
		Clock:    e.Queue(c, names.EnvClock),
		Outbox:   &outbox.Outbox{Table: table, Channels: channels, Link: files.Link, Queues: queues, Now: e.Now},
		Outbound: queues[names.Outbound], Token: e.Getenv(names.EnvAPIToken), Desks: e.Getenv(names.EnvDesks),
		Log: e.Log(name), Now: e.Now}, nil
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
	id string // the path's parameter, of the right form
}

// An answer is what an endpoint says; body is put into JSON.
type answer struct {
	status int
	header map[string]string
	body   any
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
	if !h.admits(r, payload) {
		p := unauthorised.because("show who you are")
		p.header = map[string]string{"www-authenticate": "Bearer"}
		return answer{}, p
	}
	e, id, err := find(r.Method, r.Path)
	if err != nil {
		return answer{}, err
	}
	if large {
		return answer{}, oversize.because("the body has more than 1 MiB")
	}
	return e.serve(h, ctx, request{r, id})
}

// admits says whether the caller is known. Without a token of our own it is the
// gateway that knows, and says so in the payload: a route that has lost its
// authoriser lets nobody in.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func (h *Handler) admits(r channel.Request, payload []byte) bool {
	if h.Token != "" {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		return strings.EqualFold(scheme, "Bearer") && signature.Token([]string{h.Token}, token) == nil
	}
	var p struct {
		RequestContext struct {
			Authorizer struct {
				IAM struct {
					UserARN string `json:"userArn"`
				} `json:"iam"`
				JWT struct {
					Claims map[string]json.RawMessage `json:"claims"`
				} `json:"jwt"`
			} `json:"authorizer"`
		} `json:"requestContext"`
	}
	by := &p.RequestContext.Authorizer
	return json.Unmarshal(payload, &p) == nil && (by.IAM.UserARN != "" || len(by.JWT.Claims) > 0)
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
