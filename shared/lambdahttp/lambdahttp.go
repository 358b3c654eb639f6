// Package lambdahttp translates between API Gateway's HTTP API events, payload
// format 2.0, and the channel contract's requests and responses. It keeps the
// bytes: the body is decoded exactly when flagged, queries stay as sent; paths come decoded.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
package lambdahttp

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/shared/channel"
)

// event is the part of payload 2.0 that is used.
type event struct {
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// ErrTooLarge says that a body is over the limit. The request comes with it,
// without its body.
var ErrTooLarge = errors.New("body too large")

// Request reads an event whose body may hold up to limit bytes.
func Request(payload []byte, limit int, received time.Time) (channel.Request, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return channel.Request{}, fmt.Errorf("payload 2.0 event: %w", err)
	}
	r := channel.Request{Method: e.RequestContext.HTTP.Method, Path: e.RawPath, RawQuery: e.RawQueryString,
		Header: make(http.Header, len(e.Headers)), Received: received.UTC()}
	for k, v := range e.Headers {
		r.Header.Set(k, v)
	}
	if !e.IsBase64Encoded {
		if len(e.Body) > limit {
			return r, ErrTooLarge
		}
		r.Body = []byte(e.Body)
		return r, nil
	}
	if base64.StdEncoding.DecodedLen(len(e.Body)) > limit+2 { // +2: padding is counted
		return r, ErrTooLarge
	}
	body, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return r, fmt.Errorf("base64 body: %w", err)
	}
	if len(body) > limit {
		return r, ErrTooLarge
	}
	r.Body = body
	return r, nil
}

// Account is the last element of the path: /webhooks/<channel>/<account>.
func Account(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// Response writes what API Gateway returns to the platform.
func Response(r channel.Response, header map[string]string) ([]byte, error) {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	h := map[string]string{}
	for k, v := range header {
		h[k] = v
	}
	if r.Body != "" {
		h["content-type"] = cmp.Or(r.ContentType, "text/plain; charset=utf-8")
		h["x-content-type-options"] = "nosniff"
	}
	return json.Marshal(struct {
		StatusCode int               `json:"statusCode"`
		Headers    map[string]string `json:"headers,omitempty"`
		Body       string            `json:"body"`
	}{r.Status, h, r.Body})
}

// Event is the inverse of Request, for local mode: the payload that API Gateway
// makes of an HTTP request. Header names are lower-cased, repeated headers joined
// by commas; a body that is not text travels as base64.
func Event(r *http.Request, body []byte, route, requestID string, now time.Time) ([]byte, error) {
	headers := map[string]string{"host": r.Host}
	for k, v := range r.Header {
		headers[strings.ToLower(k)] = strings.Join(v, ",")
	}
	ip, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		ip = r.RemoteAddr
	}
	text, path := isText(r.Header.Get("Content-Type")) && utf8.Valid(body), rawPath(r)
	doc := map[string]any{
		"version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": r.URL.RawQuery, "headers": headers,
		"isBase64Encoded": !text,
		"requestContext": map[string]any{
			"accountId": "000000000000", "apiId": "local", "domainName": r.Host, "requestId": requestID, "routeKey": route,
			"stage": "$default",
			"time":  now.UTC().Format("02/Jan/2006:15:04:05 +0000"), "timeEpoch": now.UnixMilli(),
			"http": map[string]string{"method": r.Method, "path": path, "protocol": r.Proto, "sourceIp": ip,
				"userAgent": r.UserAgent()},
		},
	}
	if text {
		doc["body"] = string(body)
	} else {
		doc["body"] = base64.StdEncoding.EncodeToString(body)
	}
	return json.Marshal(doc)
}

// rawPath is the path as HTTP APIs deliver it, whatever its name says: decoded, and cut at
// a question mark that was encoded. https://github.com/middleapi/standard-server/pull/93
func rawPath(r *http.Request) string {
	before, _, _ := strings.Cut(r.URL.Path, "?")
	return before
}

// isText says whether API Gateway hands a body on as it is: text, JSON, XML and
// JavaScript by these very names. Everything else is base64: forms too, and what has no type.
// https://github.com/ministackorg/ministack/pull/766
func isText(contentType string) bool {
	t, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	t = strings.TrimSpace(t)
	switch t {
	case "application/json", "application/xml", "application/javascript":
		return true
	}
	return strings.HasPrefix(t, "text/")
}
