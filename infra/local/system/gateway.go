package system

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/lambdahttp"
)

// What API Gateway's HTTP API takes, and Lambda behind it, in bytes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const (
	maxPayload = 10 << 20
	maxHead    = 10_240 // the request line and the headers' values
	maxEvent   = 6 << 20
)

// Gateway is the WebSocket API, the widget's CDN and the HTTP API: it hands each request to the function of its
// route, as payload 2.0. Paths are taken as they are: nothing is cleaned or redirected.
func (s *System) Gateway() http.Handler {
	var requests atomic.Int64
	socket, hasSockets := s.socketFunction()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hasSockets && r.Method == http.MethodGet && r.URL.Path == socketPath {
			s.serveSocket(w, r, socket)
			return
		}
		if file, ok := s.widgetFile(r); ok {
			s.serveWidget(w, r, file)
			return
		}
		i := s.route(r)
		if i < 0 {
			fail(w, http.StatusNotFound, "Not Found")
			return
		}
		s.proxy(w, r, s.Functions[i], "local-"+strconv.FormatInt(requests.Add(1), 10))
	})
}

// route is the index of the function whose route takes r, or -1; the longest
// pattern wins, as in API Gateway.
func (s *System) route(r *http.Request) int {
	best := -1
	for i, f := range s.Functions {
		if f.Route != "" && matches(f.Route, r.Method, r.URL.EscapedPath()) && (best < 0 ||
			len(f.Route) > len(s.Functions[best].Route)) {
			best = i
		}
	}
	return best
}

// matches says whether a request is one of route, "ANY /webhooks/line/{account}":
// the last element is free, or all the rest with "{proxy+}".
func matches(route, method, path string) bool {
	verb, pattern, _ := strings.Cut(route, " ")
	prefix, parameter, _ := strings.Cut(pattern, "{")
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && rest != "" && (verb == "ANY" || verb == method) && (strings.HasSuffix(parameter, "+}") ||
		!strings.Contains(rest, "/"))
}

// fail answers as API Gateway does when no function was asked.
func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

// head is the size of the request line and the headers' values.
func head(r *http.Request) int {
	n := len(r.Method) + len(r.URL.RequestURI()) + len(r.Proto) + 2 + len(r.Host)
	for _, values := range r.Header {
		for _, v := range values {
			n += len(v)
		}
	}
	return n
}

func (s *System) proxy(w http.ResponseWriter, r *http.Request, f topology.Function, id string) {
	if head(r) > maxHead {
		fail(w, http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		fail(w, http.StatusRequestEntityTooLarge, "Request Too Long")
		return
	}
	payload, err := lambdahttp.Event(r, body, f.Route, id, s.Now())
	if err != nil {
		fail(w, http.StatusBadRequest, "Bad Request")
		return
	}
	if len(payload) > maxEvent {
		fail(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	reply, err := s.integrate(r.Context(), f, payload)
	var answer integrated
	switch {
	case errors.Is(err, errLate):
		s.log.Error("invoke", "function", f.Name, "error", err.Error())
		fail(w, http.StatusServiceUnavailable, "Service Unavailable")
	case err != nil || len(reply) > maxEvent || json.Unmarshal(reply, &answer) != nil:
		s.log.Error("invoke", "function", f.Name, "error", err)
		fail(w, http.StatusInternalServerError, "Internal Server Error")
	default:
		answer.write(w)
	}
}

// errLate says that API Gateway does not wait for a function any more.
var errLate = errors.New("the function did not answer in time")

// integrate invokes a function, and waits for it as long as API Gateway does.
func (s *System) integrate(ctx context.Context, f topology.Function, payload []byte) ([]byte, error) {
	type result struct {
		reply []byte
		err   error
	}
	done := make(chan result, 1)
	go func() { // whom nobody waits for runs on until its own timeout, as on Lambda
		reply, err := s.Invoke(ctx, f, payload)
		done <- result{reply, err}
	}()
	patience := time.NewTimer(f.Integration())
	defer patience.Stop()
	select {
	case r := <-done:
		return r.reply, r.err
	case <-patience.C:
		return nil, errLate
	}
}

// An integrated function's answer, in payload 2.0.
type integrated struct {
	StatusCode      int               `json:"statusCode"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

func (a integrated) write(w http.ResponseWriter) {
	for k, v := range a.Headers {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.StatusCode)
	if a.IsBase64Encoded {
		decoded, _ := base64.StdEncoding.DecodeString(a.Body)
		w.Write(decoded)
		return
	}
	io.WriteString(w, a.Body)
}
