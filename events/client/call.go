package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
)

const (
	// maxAnswer bounds an answer, in bytes: Lambda gives 6 MiB at most.
	// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
	maxAnswer = 6 << 20
	// firstPause is before the second attempt; each later one is twice as long at most.
	firstPause = 200 * time.Millisecond
	// longestPause bounds what a server may ask for too: whoever needs longer is told, and
	// decides. Actions are done once within five minutes only, so that all attempts
	// together must stay below.
	longestPause = 20 * time.Second
)

// A call is one thing that is asked for, in as many attempts as it takes.
type call struct {
	operation    string
	method, path string // "/v1/messages/{id}"
	id           string
	query        url.Values
	body         any    // nil is none
	key          string // idempotency key
	header       bool   // the key has no place in the body
	once         bool   // a repetition might do it again
}

// ask asks until there is an outcome.
func ask[T any](ctx context.Context, c *Client, q call) (T, error) {
	var out T
	if err := c.do(ctx, q, &out); err != nil {
		var none T
		return none, err
	}
	return out, nil
}

func (c *Client) do(ctx context.Context, q call, out any) error {
	body, err := q.encode()
	if err != nil {
		return &Error{Operation: q.operation, Key: q.key, Err: err}
	}
	unknown := false
	for n := 1; ; n++ {
		e := c.attempt(ctx, q, body, out)
		if e == nil {
			return nil
		}
		unknown = q.changes() && (e.Unknown || unknown && !e.settles())
		e.Operation, e.Key, e.Attempts, e.Unknown = q.operation, q.key, n, unknown
		if n == c.attempts || ctx.Err() != nil || !q.again(e) || e.RetryAfter > longestPause {
			return e
		}
		if err := c.pause(ctx, max(e.RetryAfter, backoff(n))); err != nil {
			e.Err = err
			return e
		}
	}
}

// encode is the body, of a call whose path stays what it is with its id in it.
func (q call) encode() ([]byte, error) {
	if strings.Contains(q.path, "{id}") && (url.PathEscape(q.id) != q.id || strings.Trim(q.id, ".") == "") {
		return nil, fmt.Errorf("%.40q is no id", q.id)
	}
	if q.body == nil {
		return nil, nil
	}
	return json.Marshal(q.body)
}

// changes says whether a call may have an effect.
func (q call) changes() bool { return q.method == http.MethodPost && q.operation != "Render" }

// settles says whether an answer is about the key, and so about earlier attempts too.
func (e *Error) settles() bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return false
	}
	return e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError && e.Problem != nil
}

// backoff is the pause after the nth attempt: at random, so that clients that failed
// together do not come back together.
// https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
func backoff(n int) time.Duration {
	return rand.N(min(firstPause<<(n-1), longestPause)) + time.Millisecond
}

// again says whether another attempt may help, and cannot do it twice.
func (q call) again(e *Error) bool {
	switch {
	case e.Unknown && q.once:
		return false
	case e.Status == 0:
		return true
	case e.Status == http.StatusInternalServerError: // of the gateway; what Relais says of itself will be so again
		return e.Problem == nil
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// attempt asks once; nil is success.
func (c *Client) attempt(ctx context.Context, q call, body []byte, out any) *Error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	r, err := c.request(ctx, q, body)
	if err != nil {
		return &Error{Err: err}
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return &Error{Err: bare(err), Unknown: !neverSent(err)}
	}
	defer resp.Body.Close()
	doc, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return &Error{Err: fmt.Errorf("the answer was cut off: %w", err), Unknown: true}
	case len(doc) > maxAnswer:
		return &Error{Status: resp.StatusCode, Unknown: true,
			Err: fmt.Errorf("the answer has more than %d bytes", maxAnswer)}
	case resp.StatusCode/100 != 2:
		return refused(resp, doc)
	case !is(resp, "application/json") || json.Unmarshal(doc, out) != nil:
		return &Error{Status: resp.StatusCode, Unknown: true}
	}
	return nil
}

func (c *Client) request(ctx context.Context, q call, body []byte) (*http.Request, error) {
	to := *c.base
	to.Path, to.RawQuery = to.Path+strings.Replace(q.path, "{id}", q.id, 1), q.query.Encode()
	r, err := http.NewRequestWithContext(ctx, q.method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json, application/problem+json")
	r.Header.Set("User-Agent", "relais-go")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.header {
		r.Header.Set("Idempotency-Key", q.key)
	}
	if c.token == nil {
		return r, nil
	}
	token, err := c.token(ctx)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if token == "" {
		return nil, errors.New("token: the source gave none")
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return r, nil
}

// bare is an error without the address, whose query may name people.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// neverSent says whether there was not even a connection.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// refused is what an answer says that is no success. What the gateway says by itself is
// no problem document. After a 4xx nothing has taken effect; a server that fails may
// have done so on its way back.
func refused(resp *http.Response, doc []byte) *Error {
	e := &Error{Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header.Get("Retry-After")),
		Unknown: resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode < http.StatusBadRequest}
	var p events.Problem
	if is(resp, "application/problem+json") && json.Unmarshal(doc, &p) == nil && p.Title != "" {
		e.Problem, e.Kind = &p, Kind(p.Type[strings.LastIndex(p.Type, "/")+1:])
	}
	return e
}

func is(resp *http.Response, want string) bool {
	t, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && t == want
}

// retryAfter is a number of seconds, or a time.
// https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(value string) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return 0
}
