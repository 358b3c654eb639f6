// Package outhttp is the only way out to the network. It dials public addresses
// alone, by https, without proxies; it has deadlines, bounds what it reads, tells
// whether a request was written in full, and its errors hold no address: some
// platforms have the token in the path.
package outhttp

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"code.dny.dev/ssrf"

	"github.com/relais-dev/relais/shared/channel"
)

// Bounds of a call.
const (
	Timeout      = 15 * time.Second // of a call with its answer; the slowest platform documents 15 s
	MediaTimeout = 60 * time.Second // of a file
	MaxBody      = 110 << 20        // of an answer in bytes: the largest file a platform has, and some
	maxRedirects = 3
	maxHeader    = 64 << 10
)

// A Client sends requests. It is a channel.Doer.
type Client struct {
	transport http.RoundTripper
	timeout   time.Duration
	redirects bool
	name      string
	allowed   func(host string) bool
}

// New is a client for the hosts that allowed says; nil is every public one.
// transport is nil but on the laptop and in tests, where doubles answer.
func New(transport http.RoundTripper, timeout time.Duration, allowed func(host string) bool) *Client {
	if transport == nil {
		transport = guarded
	}
	return &Client{transport: transport, timeout: timeout, allowed: allowed}
}

// For is c for the calls of one channel: a transport that plays platforms asks
// Caller whose they are, because some share a host.
func (c *Client) For(channel string) *Client {
	named := *c
	named.name = channel
	return &named
}

type callerKey struct{}

// Caller is the channel whose call it is, or "".
func Caller(ctx context.Context) string {
	name, _ := ctx.Value(callerKey{}).(string)
	return name
}

// Following is c for files, which may be somewhere else than where they were: it
// follows redirects, each checked like the first, without the headers.
func (c *Client) Following() *Client {
	f := *c
	f.redirects, f.allowed = true, nil
	return &f
}

type traceKey struct{}

// WithTrace gives the calls made with the context a trace id that both sides can
// find in their logs: the W3C traceparent of id (https://www.w3.org/TR/trace-context/).
func WithTrace(ctx context.Context, id string) context.Context {
	sum := sha256.Sum256([]byte(id))
	return context.WithValue(ctx, traceKey{}, fmt.Sprintf("00-%x-%x-01", sum[:16], sum[16:24]))
}

// guarded checks each address after the name was resolved, when it is dialled: a
// name that resolves differently the second time gains nothing.
var guarded http.RoundTripper = &http.Transport{
	Proxy: nil,
	DialContext: (&net.Dialer{Timeout: 5 * time.Second,
		Control: ssrf.New(ssrf.WithPorts(443, 8443)).Safe}).DialContext,
	TLSHandshakeTimeout:    5 * time.Second,
	MaxResponseHeaderBytes: maxHeader,
	IdleConnTimeout:        90 * time.Second,
	MaxIdleConnsPerHost:    16,
	ForceAttemptHTTP2:      true,
}

// ErrForbidden says that an address must not be called.
var ErrForbidden = errors.New("address not allowed")

// ErrTooLarge says that an answer has more than MaxBody bytes.
var ErrTooLarge = errors.New("answer too large")

// Do sends r. Its error is channel.ErrNotSent unless r was written in full. The
// answer's body must be closed.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	for hop := 0; ; hop++ {
		resp, err := c.once(r)
		if err != nil || !c.redirects || !isRedirect(resp.StatusCode) {
			return resp, err
		}
		resp.Body.Close()
		if hop == maxRedirects {
			return nil, fmt.Errorf("%w: more than %d redirects", channel.ErrNotSent, maxRedirects)
		}
		next, err := r.URL.Parse(resp.Header.Get("Location"))
		if err != nil {
			return nil, fmt.Errorf("%w: malformed redirect", channel.ErrNotSent)
		}
		if r, err = http.NewRequestWithContext(r.Context(), http.MethodGet, next.String(), nil); err != nil {
			return nil, fmt.Errorf("%w: malformed redirect", channel.ErrNotSent)
		}
	}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		return true
	}
	return false
}

func (c *Client) once(r *http.Request) (*http.Response, error) {
	if err := c.check(r.URL); err != nil {
		return nil, fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	ctx, cancel := context.WithTimeout(r.Context(), c.timeout)
	var written atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(w httptrace.WroteRequestInfo) {
		if w.Err == nil {
			written.Store(true)
		}
	}})
	r = r.Clone(context.WithValue(ctx, callerKey{}, c.name))
	if t, ok := ctx.Value(traceKey{}).(string); ok && c.allowed != nil {
		r.Header.Set("Traceparent", t)
	}
	resp, err := c.transport.RoundTrip(r)
	if err != nil {
		cancel()
		return nil, outcome(err, written.Load())
	}
	resp.Body = &body{ReadCloser: resp.Body, left: MaxBody, cancel: cancel}
	return resp, nil
}

// check looks at an address before anything is dialled.
func (c *Client) check(u *url.URL) error {
	switch {
	case u.Scheme != "https" || u.Host == "" || u.User != nil:
		return fmt.Errorf("%w: not https", ErrForbidden)
	case c.allowed != nil && !c.allowed(u.Host):
		return fmt.Errorf("%w: the host is not one of the channel's", ErrForbidden)
	}
	return nil
}

// outcome says of an error whether the platform may have acted. Its text has the
// cause alone: an *url.Error would have the address.
func outcome(err error, written bool) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	if written {
		return fmt.Errorf("no answer: %w", err)
	}
	return fmt.Errorf("%w: %w", channel.ErrNotSent, err)
}

// A body ends its call's deadline when it is closed, and is bounded.
type body struct {
	io.ReadCloser
	left   int64
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
