// Package chat is the HTTP API of in-app messaging: sessions, what customers say,
// what was said, files, push subscriptions. Its Core is what functions/channels/inapp/socket
// speaks through too, so that a WebSocket can do nothing that HTTP cannot.
//
// PROTOCOL.md beside the channel describes it for those who write a client.
package chat

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/secret"
)

// A Handler is the function behind ANY /v1/inapp/{proxy+}.
type Handler struct {
	*Core
	Socket string // where clients open WebSockets
}

// New is the function that answers clients.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := NewCore(name, e)
	if err != nil {
		return nil, err
	}
	return &Handler{Core: c, Socket: e.Getenv(names.EnvSocket)}, nil
}

// root is what all paths begin with.
const root = "/v1/inapp/"

// maxBody is a full batch of full frames.
const maxBody = inapp.MaxFrames*inapp.MaxFrame + 4<<10

// A Refusal is why a request was not answered. Its text is public.
type Refusal struct {
	Code       string
	Title      string
	RetryAfter time.Duration
}

func (r *Refusal) Error() string { return r.Code + ": " + r.Title }

// Refuse is a Refusal.
func Refuse(code, title string) *Refusal { return &Refusal{Code: code, Title: title} }

// Seconds is RetryAfter, rounded up.
func (r *Refusal) Seconds() int { return int(math.Ceil(r.RetryAfter.Seconds())) }

// statusOf is the status of HTTP for a code.
func statusOf(code string) int {
	switch code {
	case inapp.BadOrigin:
		return http.StatusForbidden
	case inapp.BadToken, inapp.Expired, inapp.BadTicket:
		return http.StatusUnauthorized
	case inapp.RateLimited:
		return http.StatusTooManyRequests
	case inapp.TooLarge:
		return http.StatusRequestEntityTooLarge
	case inapp.NotFound:
		return http.StatusNotFound
	case inapp.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// A request is one to an app, from where it may come.
type request struct {
	channel.Request
	account channel.Account
	session inapp.Session // of endpoints that need one
	ip      string
}

// An answer is what an endpoint says; body is put into JSON, nil is nothing.
type answer struct {
	status int
	body   any
}

// An endpoint answers requests; open ones need no session.
type endpoint struct {
	serve func(*Handler, context.Context, request) (answer, error)
	open  bool
}

func find(method, name string) (endpoint, bool) {
	switch method + " " + name {
	case "POST sessions":
		return endpoint{(*Handler).newSession, true}, true
	case "POST login":
		return endpoint{(*Handler).login, false}, true
	case "POST logout":
		return endpoint{(*Handler).logout, false}, true
	case "POST tickets":
		return endpoint{(*Handler).newTicket, false}, true
	case "POST events":
		return endpoint{(*Handler).events, false}, true
	case "GET messages":
		return endpoint{(*Handler).messages, false}, true
	case "POST uploads":
		return endpoint{(*Handler).upload, false}, true
	case "POST push":
		return endpoint{(*Handler).subscribe, false}, true
	case "DELETE push":
		return endpoint{(*Handler).unsubscribe, false}, true
	}
	return endpoint{}, false
}

// Invoke answers one request.
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	r, err := lambdahttp.Request(payload, maxBody, h.Now())
	large := errors.Is(err, lambdahttp.ErrTooLarge)
	if err != nil && !large {
		return h.refuse(Refuse(inapp.Malformed, "the request cannot be read"), nil)
	}
	app, name, ok := strings.Cut(strings.TrimPrefix(r.Path, root), "/")
	if !ok {
		return h.refuse(Refuse(inapp.NotFound, "there is no such endpoint"), nil)
	}
	account, err := h.Account(ctx, app)
	if err != nil {
		return h.refuse(err, nil)
	}
	header, err := h.admitOrigin(account, r.Header.Get("Origin"))
	if err != nil {
		return h.refuse(err, nil)
	}
	if r.Method == http.MethodOptions {
		return lambdahttp.Response(channel.Response{Status: http.StatusNoContent}, header)
	}
	if large {
		return h.refuse(Refuse(inapp.TooLarge, "the body has too many bytes"), header)
	}
	a, err := h.answer(ctx, request{Request: r, account: account, ip: sourceIP(payload)}, name)
	if err != nil {
		return h.refuse(err, header)
	}
	return write(a, header)
}

func (h *Handler) answer(ctx context.Context, r request, name string) (answer, error) {
	e, ok := find(r.Method, name)
	if !ok {
		return answer{}, Refuse(inapp.NotFound, "there is no such endpoint")
	}
	if !e.open {
		token, shown := bearer(r)
		if !shown {
			return answer{}, Refuse(inapp.BadToken, "show a session")
		}
		var err error
		if r.session, err = h.Session(ctx, r.account, token); err != nil {
			return answer{}, err
		}
	}
	return e.serve(h, ctx, r)
}

// bearer is the token that r shows.
func bearer(r request) (token string, shown bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, strings.EqualFold(scheme, "Bearer")
}

// admitOrigin lets in browsers that show one of our pages or the brand's, and
// programs that are no browser, with what browsers want to hear.
func (h *Handler) admitOrigin(a channel.Account, origin string) (map[string]string, error) {
	if origin == "" {
		return nil, nil
	}
	if origin != h.Origin && !inapp.AllowsOrigin(a, origin) {
		return nil, Refuse(inapp.BadOrigin, "this page may not talk to the app: add its origin to the account's origins")
	}
	return map[string]string{"access-control-allow-origin": origin, "vary": "origin",
		"access-control-allow-methods": "GET, POST, DELETE",
		"access-control-allow-headers": "authorization, content-type", "access-control-expose-headers": "retry-after",
		"access-control-max-age": "600"}, nil
}

// sourceIP is who called, as API Gateway saw them.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func sourceIP(payload []byte) string {
	var p struct {
		RequestContext struct {
			HTTP struct {
				SourceIP string `json:"sourceIp"`
			} `json:"http"`
		} `json:"requestContext"`
	}
	_ = json.Unmarshal(payload, &p) // lambdahttp has read it
	return p.RequestContext.HTTP.SourceIP
}

// decode reads r's body.
func decode(r request, v any) error {
	if json.Unmarshal(r.Body, v) != nil {
		return Refuse(inapp.Malformed, "the body is not the JSON that this endpoint takes")
	}
	return nil
}

func write(a answer, header map[string]string) ([]byte, error) {
	h := map[string]string{"cache-control": "no-store"}
	maps.Copy(h, header)
	if a.body == nil {
		return lambdahttp.Response(channel.Response{Status: a.status}, h)
	}
	body, err := channel.JSON(a.body)
	if err != nil {
		return nil, err
	}
	return lambdahttp.Response(channel.Response{Status: a.status, ContentType: "application/json", Body: string(body)}, h)
}

// A problem is an error as RFC 9457 writes it.
type problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Code       string `json:"code"`
	RetryAfter int    `json:"retryAfter,omitempty"`
}

func (h *Handler) refuse(err error, header map[string]string) ([]byte, error) {
	r := h.Refusal(err)
	p := problem{Type: "about:blank", Title: r.Title, Status: statusOf(r.Code), Code: r.Code, RetryAfter: r.Seconds()}
	body, err := channel.JSON(p)
	if err != nil {
		return nil, err
	}
	all := map[string]string{"cache-control": "no-store"}
	maps.Copy(all, header)
	if p.RetryAfter > 0 {
		all["retry-after"] = strconv.Itoa(p.RetryAfter)
	}
	return lambdahttp.Response(channel.Response{Status: p.Status, ContentType: "application/problem+json",
		Body: string(body)}, all)
}

// Refusal is what a client hears of err. What is not meant for it is logged.
func (c *Core) Refusal(err error) *Refusal {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, secret.ErrUnknown):
		return Refuse(inapp.NotFound, "there is no such app")
	case errors.Is(err, secret.ErrBusy): // anybody can bring it about, so no log hears of it
		return &Refusal{Code: inapp.RateLimited, Title: "too fast", RetryAfter: time.Second}
	}
	c.Log.Error("cannot answer a client", "error", err.Error())
	return &Refusal{Code: inapp.Unavailable, Title: "try again", RetryAfter: time.Second}
}
