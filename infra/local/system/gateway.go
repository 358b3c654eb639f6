package system

import (
	"encoding/base64"
	"encoding/json"
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

// Gateway is the HTTP API: it hands each request to the function of its route,
// as payload 2.0.
func (s *System) Gateway() http.Handler {
	mux := http.NewServeMux()
	var requests atomic.Int64
	for _, f := range s.Functions {
		if f.Route == "" {
			continue
		}
		_, pattern, _ := strings.Cut(f.Route, " ") // "ANY /path": every method
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			s.proxy(w, r, f, "local-"+strconv.FormatInt(requests.Add(1), 10))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notFound(w) })
	return mux
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	io.WriteString(w, `{"message":"Not Found"}`)
}

func (s *System) proxy(w http.ResponseWriter, r *http.Request, f topology.Function, id string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		http.Error(w, `{"message":"Request Too Long"}`, http.StatusRequestEntityTooLarge)
		return
	}
	payload, err := lambdahttp.Event(r, body, f.Route, id, s.Now())
	if err != nil {
		http.Error(w, `{"message":"Bad Request"}`, http.StatusBadRequest)
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
		http.Error(w, `{"message":"Internal Server Error"}`, http.StatusInternalServerError)
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
