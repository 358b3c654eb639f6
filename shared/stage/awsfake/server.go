package awsfake

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/shared/stage/awsfake/ddb"
	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/s3"
	"github.com/relais-dev/relais/shared/stage/awsfake/secrets"
	"github.com/relais-dev/relais/shared/stage/awsfake/sqs"
)

// Region and Account are what every emulated resource belongs to. Requests for other regions are answered all the
// same.
const (
	Region  = "us-east-1"
	Account = "000000000000"
)

// Options says how a Server behaves. The zero value keeps everything in memory, follows real time and allows
// everything.
type Options struct {
	// Dir keeps the state of all services, so that it survives the process; empty means memory only.
	Dir string

	// Clock is the time the services live in; nil means Wall().
	Clock *Clock

	// Authorize decides whether a caller may do what it asks for; nil allows all. The principal is the access key id
	// that signed the request. Actions are IAM's ("dynamodb:PutItem", "sqs:SendMessage"); resources are
	// "table/relais-dev", "table/relais-dev/index/due", "queue/relais-dev-ingress.fifo", "secret/relais/dev/line/demo",
	// "s3/bucket/key". A transaction, a batch or a DeleteObjects asks once per item with that item's own action. One
	// refusal
	// refuses the request: nothing is done, and the answer is AccessDeniedException, status 403.
	Authorize func(principal, action, resource string) bool

	// AuthorizeKey is asked besides of DynamoDB's actions, with the partition key of the item or query that is asked for, ""
	// where it is not one: what IAM's condition dynamodb:LeadingKeys narrows. nil allows all.
	AuthorizeKey func(principal, action, resource, partition string) bool

	// Intercept makes calls fail on purpose; nil, or a nil Fault, lets them pass. It runs after Authorize, and may block.
	Intercept func(Call) *Fault

	// Weather is what goes wrong by chance; SetWeather changes it.
	Weather Weather

	// Observe sees every finished call, refused and failed ones too. It must not block.
	Observe func(Call)
}

// A Call is one request. Intercept sees it before Units and Status are known.
type Call struct {
	Principal string  // access key id of the signature
	Action    string  // the operation: "dynamodb:TransactWriteItems", "sqs:SendMessageBatch", "s3:PutObject"
	Resource  string  // as in Options.Authorize; of several the first, or the one that was refused
	Units     float64 // DynamoDB: capacity units; SQS: billed requests, one per started 64 KiB; else 1
	Status    int     // HTTP status of the answer; 499 when the caller went away
}

// A Fault is what a caller sees instead of its answer.
type Fault struct {
	Status  int    // 500 when zero
	Code    string // error code; "InternalServerError" when empty
	Applied bool   // the call takes effect first: the answer is lost, not the request
}

// A Server is the endpoint: an http.Handler for a listener, and a client that reaches it without one.
type Server struct {
	options Options
	clock   *Clock
	log     *keep.Log
	tables  *ddb.DB
	queues  *sqs.Queues
	secrets *secrets.Secrets
	objects http.Handler
	unwatch func()
	skies   skies
}

// New opens the endpoint. The caller closes it.
func New(o Options) (*Server, error) {
	if o.Clock == nil {
		o.Clock = Wall()
	}
	log, err := keep.Open(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("awsfake: %w", err)
	}
	s := &Server{options: o, clock: o.Clock, log: log}
	if err := s.open(); err != nil {
		log.Close()
		return nil, fmt.Errorf("awsfake: %w", err)
	}
	s.SetWeather(o.Weather)
	s.unwatch = o.Clock.Watch(s.queues.Wake)
	return s, nil
}

func (s *Server) open() (err error) {
	if s.tables, err = ddb.New(s.clock.Now, s.log, Region, Account); err != nil {
		return err
	}
	if s.queues, err = sqs.New(s.clock.Now, s.log, Region, Account); err != nil {
		return err
	}
	if s.secrets, err = secrets.New(s.clock.Now, s.log, Region, Account); err != nil {
		return err
	}
	s.objects, err = s3.New(s.clock, s.log)
	return err
}

// Close gives Dir free. Calls under way may fail.
func (s *Server) Close() error {
	s.unwatch()
	return s.log.Close()
}

// ServeHTTP answers one request of any of the services.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		s.serveJSON(w, r, target)
		return
	}
	s.serveObjects(w, r)
}

// QueueARN is the ARN of a queue of that name.
func (s *Server) QueueARN(name string) string { return s.queues.ARN(name) }

// ReleaseQueue shows a queue's messages in flight at once: who received them is gone.
func (s *Server) ReleaseQueue(name string) { s.queues.Release(name) }

// HTTPClient reaches the server inside the process: give it to an aws.Config. Any endpoint URL will do; queue URLs get
// its host.
func (s *Server) HTTPClient() aws.HTTPClient { return client{s} }

type client struct{ server *Server }

// Do serves the request in the caller's goroutine.
func (c client) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if in.Host == "" {
		in.Host = in.URL.Host
	}
	if in.ContentLength >= 0 {
		in.Header.Set("Content-Length", fmt.Sprint(in.ContentLength))
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	c.server.ServeHTTP(w, in)
	in.Body.Close()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: w.header, Request: r,
		Body: io.NopCloser(bytes.NewReader(w.body.Bytes())), ContentLength: int64(w.body.Len()),
	}, nil
}

// An answer collects what a handler writes.
type answer struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if !a.wrote {
		a.status, a.wrote = status, true
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// principal is the access key id that a request is signed with, in its header or, when presigned, in its URL.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
func principal(r *http.Request) string {
	credential := r.URL.Query().Get("X-Amz-Credential")
	if _, after, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		credential = after
	}
	id, _, _ := strings.Cut(credential, "/")
	return id
}

// baseURL is how the caller reached us, so that a queue URL works for it too, from wherever it calls.
func baseURL(r *http.Request) string {
	scheme := r.URL.Scheme // set in process only
	if scheme == "" {
		scheme = "http"
		if r.TLS != nil {
			scheme = "https"
		}
	}
	return scheme + "://" + r.Host
}
