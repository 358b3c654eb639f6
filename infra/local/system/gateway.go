package system

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/lambdahttp"
)

// maxPayload is what API Gateway's HTTP API takes, in bytes.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maxPayload = 10 << 20

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
		if f.Route != "" && matches(f.Route, r.Method, r.URL.EscapedPath()) && (best < 0 || len(f.Route) > len(s.Functions[best].Route)) {
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
	return ok && rest != "" && (verb == "ANY" || verb == method) && (strings.HasSuffix(parameter, "+}") || !strings.Contains(rest, "/"))
}

// fail answers as API Gateway does when no function was asked.
func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

func (s *System) proxy(w http.ResponseWriter, r *http.Request, f topology.Function, id string) {
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
	reply, err := s.Invoke(r.Context(), f, payload)
	var answer struct {
		StatusCode      int               `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		Body            string            `json:"body"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
	}
	if err != nil || json.Unmarshal(reply, &answer) != nil {
		s.log.Error("invoke", "function", f.Name, "error", err)
		fail(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	for k, v := range answer.Headers {
		w.Header().Set(k, v)
	}
	w.WriteHeader(answer.StatusCode)
	if answer.IsBase64Encoded {
		decoded, _ := base64.StdEncoding.DecodeString(answer.Body)
		w.Write(decoded)
		return
	}
	io.WriteString(w, answer.Body)
}
