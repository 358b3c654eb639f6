package channel

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
)

// Env is all that Send, Act, Token and Fetch may touch.
type Env struct {
	Account Account
	HTTP    Doer      // deadlines, bounded answers, public addresses only; no retries
	Token   string    // what Channel.Token minted; "" without one
	Refresh string    // Token.Refresh of the last minting; only for Token
	Now     time.Time // when the call began, UTC

	// Open reads a file to be sent: one of ours, or the one at its URL.
	Open func(context.Context, events.Media) (io.ReadCloser, error)

	// Tell commits an event of the account: how a channel acts whose platform we are
	// ourselves. It sets Type, Time, Key and Data, as Parse does; only for Act.
	Tell func(context.Context, events.Event) error
}

// A Doer sends a request. Its error is ErrNotSent when the platform cannot have
// acted on it; after any other error nobody knows.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// ErrNotSent is in the error of a request that was not written in full.
var ErrNotSent = errors.New("not sent")

// An Outgoing is one call's worth of a message: what fits Channel.Limits.
type Outgoing struct {
	ID      string // ours, "msg_….2"; the same at every try, so that a platform can deduplicate by it
	To      Recipient
	Content []events.Content // one, or up to Limits.Batch
	ReplyTo string           // the platform's id of the message it quotes, or ""
	Answer  string           // a handle (LINE's reply token) that is still valid, or ""
	Sender  *events.Sender   // who speaks, where known
	Bulk    bool             // a campaign, no answer
	Heard   time.Time        // when the customer last wrote; zero when never
}

// A Recipient is the conversation to send to.
type Recipient struct {
	Conversation events.Conversation // PlatformID, Kind and Topic are set
	Contact      *events.Contact     // of a direct conversation, as last seen; may be nil
}

// Identity is the recipient's address of that scheme, or "".
func (r Recipient) Identity(s events.Scheme) string {
	if r.Contact != nil {
		for _, i := range r.Contact.Identities {
			if i.Scheme == s {
				return i.Value
			}
		}
	}
	return ""
}

// Sent is what a platform said to a message it took.
type Sent struct {
	IDs  []string // the platform's message ids, as statuses and replies will name them; none where it gives none
	Note string   // what an operator should know ("held for quality assessment"), or ""
}

// A Token is a short-lived access token.
type Token struct {
	Value     string
	ExpiresAt time.Time
	Refresh   string // what mints the next one, where that changes each time; the core keeps it
}

// Class says what a repeated call does, and so what to do when the outcome of one
// is unknown.
type Class string

// The classes.
const (
	Idempotent Class = "idempotent" // the platform drops the repetition of an Outgoing.ID: repeat
	Correlated Class = "correlated" // its receipts carry Outgoing.ID (Status.Correlation): wait for one
	Queryable  Class = "queryable"  // Find tells
	Blind      Class = "blind"      // nothing tells
)

// Always is a Channel.Class that does not depend on the message.
func Always(c Class) func(Outgoing) Class { return func(Outgoing) Class { return c } }

// Rate is how fast a platform lets us send. Zero is no limit of its own.
type Rate struct {
	Account float64 // messages per second of one account
	Pair    float64 // messages per second to one recipient, in the long run
	Burst   int     // messages to one recipient that may run ahead of Pair; 0 is 1
}

// Error is why a platform refused a call: the one error with a class, a title and a
// remedy, under the name that channels return it by. Its Title is the platform's words,
// its Remedy what an operator or integrator can do; it holds no token, no URL with one,
// and no content.
type Error = events.StatusError

// A Reply is a platform's answer to a call, read whole.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK says whether the status is 2xx.
func (r Reply) OK() bool { return r.Status/100 == 2 }

// Decode reads the body as JSON. What is no JSON is an error of the platform
// whose effect nobody knows.
func (r Reply) Decode(v any) error {
	if err := json.Unmarshal(r.Body, v); err != nil {
		return &Error{Class: events.ClassPlatform, Code: strconv.Itoa(r.Status), Title: "answered what is no JSON",
			Unknown: true}
	}
	return nil
}

// Failure classifies r by its HTTP status alone: for what a platform's own codes
// leave open.
func (r Reply) Failure() *Error {
	e := &Error{Class: events.ClassContent, Code: strconv.Itoa(r.Status), Title: http.StatusText(r.Status),
		RetryAfter: r.RetryAfter()}
	switch {
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		e.Class = events.ClassAuth
	case r.Status == http.StatusNotFound || r.Status == http.StatusGone:
		e.Class = events.ClassRecipient
	case r.Status == http.StatusTooManyRequests:
		e.Class = events.ClassRate
	case r.Status == http.StatusServiceUnavailable:
		e.Class = events.ClassPlatform
	case r.Status >= 500:
		e.Class, e.Unknown = events.ClassPlatform, true
	case r.Status < 400:
		e.Class, e.Unknown, e.Title = events.ClassPlatform, true, "answered neither success nor an error"
	}
	return e
}

// RetryAfter is the Retry-After header when it is a number of seconds.
func (r Reply) RetryAfter() time.Duration {
	s, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || s < 0 {
		return 0
	}
	return time.Duration(s) * time.Second
}

// MaxReply bounds an answer that is read whole, in bytes.
const MaxReply = 1 << 20

// Do sends body and reads the answer. header may be nil.
func (e Env) Do(ctx context.Context, method, address string, header http.Header, body []byte) (Reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return Reply{}, fmt.Errorf("%w: the address is malformed", ErrNotSent)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := e.HTTP.Do(req)
	if err != nil {
		return Reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, MaxReply))
	if err != nil {
		return Reply{}, fmt.Errorf("read the answer: %w", err)
	}
	return Reply{Status: resp.StatusCode, Header: resp.Header, Body: text}, nil
}

// PostJSON sends v as JSON. header may be nil.
func (e Env) PostJSON(ctx context.Context, address string, header http.Header, v any) (Reply, error) {
	body, err := JSON(v)
	if err != nil {
		return Reply{}, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	h := http.Header{"Content-Type": {"application/json"}}
	for name, values := range header {
		h[name] = values
	}
	return e.Do(ctx, http.MethodPost, address, h, body)
}

// Get fetches address. header may be nil.
func (e Env) Get(ctx context.Context, address string, header http.Header) (Reply, error) {
	return e.Do(ctx, http.MethodGet, address, header, nil)
}

// Stream opens what is at address, for Fetch. The answer is not bounded; an answer
// that is no success is read and returned as a Reply for the channel to classify.
func (e Env) Stream(ctx context.Context, address string, header http.Header) (io.ReadCloser, Reply, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, Reply{}, fmt.Errorf("%w: the address is malformed", ErrNotSent)
	}
	for name, values := range header {
		req.Header[name] = values
	}
	resp, err := e.HTTP.Do(req)
	if err != nil {
		return nil, Reply{}, err
	}
	r := Reply{Status: resp.StatusCode, Header: resp.Header}
	if r.OK() {
		return resp.Body, r, nil
	}
	defer resp.Body.Close()
	r.Body, err = io.ReadAll(io.LimitReader(resp.Body, MaxReply))
	return nil, r, err
}

// Answers says whether host, with its port if it has one, belongs to c's platform
// or is the account's own.
func (o Outbound) Answers(a Account, host string) bool {
	if slices.Contains(o.Hosts, host) {
		return true
	}
	if o.Origin == nil {
		return false
	}
	u, err := url.Parse(o.Origin(a))
	return err == nil && u.Host != "" && u.Host == host
}

// Bearer is the header of a bearer token.
func Bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// JSON is v as JSON in raw UTF-8: no platform needs <, > and & escaped, and some
// show the escapes.
func JSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// UUID is a name-based UUID (RFC 9562, version 8) of an Outgoing's id, for
// platforms that deduplicate by one.
func UUID(id string) string {
	b := sha256.Sum256([]byte("relais uuid\x00" + id))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
