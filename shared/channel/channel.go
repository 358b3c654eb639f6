// Package channel is the contract between Relais and a messaging platform.
//
// A Channel is a value: facts as data, behaviour as functions. It holds no
// state. Verify, Handshake and Parse are pure: the Request carries its
// time and the Account its secrets, so a channel needs no clock, no network and
// no log. Whatever can be forgotten (bounding the body, decoding base64, ids,
// deduplication, storing, answering) is done once, by package webhook.
package channel

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
)

// A Channel is one platform.
type Channel struct {
	Name        string       // path element, Lambda handler and configuration key: "line"
	Title       string       // "LINE"
	Docs        string       // URL of the platform's API reference
	Label       Label        // how sure we are of the facts
	Credentials []Credential // what an account must hold; nothing else can be read
	MaxBody     int          // largest webhook body in bytes; 0 means DefaultMaxBody

	// Devices says that we are the platform: customers' devices call us, and are reached
	// through us. Such a channel has an HTTP and a WebSocket API, a place for uploads, a
	// widget for web pages, and a queue of all that happens in its conversations.
	Devices bool

	// Verify says whether the platform sent r, looking at the bytes as received.
	// It is called only with an account that Ready accepted. Its errors are made
	// by Refuse or package signature and never hold a secret, an expected
	// signature or the body.
	Verify func(Account, Request) error

	// Parse turns a verified request into events, in the platform's order. It sets
	// Type, Time, Key, Rank, Raw and Data; Complete derives the rest. What it has
	// no words for becomes unsupported content or an ingest.unsupported event,
	// never nothing. An error sends the whole body to quarantine.
	Parse func(Account, Request) ([]events.Event, error)

	// Keys is the https URL of the public keys with which Verify checks r, on a host
	// that only the platform can own, or "" when there is none. The core fetches the
	// document, keeps it for a while and sets r.Keys. Optional.
	Keys func(Account, Request) string

	// Handshake answers a request by which the platform checks that the URL is
	// ours; false means r is no handshake. Optional.
	Handshake func(Account, Request) (Response, bool)

	// Ack is what the platform wants to hear once the events are committed.
	// Optional: nil answers 200 with an empty body.
	Ack func(Account, Request, Receipt) Response

	Outbound
}

// Outbound is how a channel speaks. Its functions see the world through Env alone.
// They never split, shorten, retry, sleep or pick a fallback: package fit and the
// sender do, once, for all.
type Outbound struct {
	Limits Limits
	Rate   Rate

	// In are the Limits in one conversation, where its kind, its place or the account's
	// product (Conversation.Product) makes a difference: Limits hold where nobody says
	// which conversation, and In changes a copy of them. Optional: nil is Limits everywhere.
	In func(events.Conversation) Limits

	Class func(Outgoing) Class // what a repeated call does
	Opens []events.Scheme      // identities to which a conversation can be opened

	// Address writes an identity as the platform does: an integrator's "+44 20 7946"
	// is WhatsApp's "44207946"; "" for what can be none. Optional: nil takes it verbatim.
	Address func(events.Identity) string

	// Thread is the PlatformID of the conversation that is opened to an identity.
	// Optional: nil takes the identity's value.
	Thread func(events.Identity) string

	// Send makes the call for one Outgoing. A refusal is an *Error. An error without
	// one, unless it is ErrNotSent, leaves the outcome unknown.
	Send func(context.Context, Env, Outgoing) (Sent, error)

	// Outside says whether o may be sent although no window is open (a template, a
	// tag). Optional: nil means that the platform has no windows.
	Outside func(Outgoing) bool

	// Act does what is no message. Acts lists the verbs it understands. Optional.
	Act  func(context.Context, Env, Recipient, events.Action) error
	Acts []events.Verb

	// Token mints the access token that Env.Token holds. Optional: without it the
	// account's own credentials are used.
	Token func(context.Context, Env) (Token, error)

	// Fetch opens media that a customer sent. Optional: nil gets Media.URL.
	Fetch func(context.Context, Env, events.Media) (io.ReadCloser, error)

	// Pull brings what an event only announces: a list behind a cursor, a body that
	// the platform left elsewhere. Parse makes such an event an ingest.unsupported
	// whose Reason is Announced and whose Raw is what Pull needs; it is shown to nobody.
	// cursor is what the last call for the same conversation returned, "" at first;
	// done says that nothing more waits behind next. Optional.
	Pull func(ctx context.Context, e Env, announced events.Event,
		cursor string) (list []events.Event, next string, done bool, err error)

	// Find asks the platform whether it took o, for the class Queryable.
	Find func(context.Context, Env, Outgoing) (sent Sent, found bool, err error)

	// Hosts are the host names that Send, Act and Token call, and Origin is an address
	// of the account's own: the transport reaches no other. A channel without them
	// calls nobody: we are its platform, and the events that tell what was sent are
	// what customers see.
	Hosts  []string
	Origin func(Account) string
}

// Announced is the Reason of an event for Pull.
const Announced = "announced"

// Label says how far a channel's facts are confirmed.
type Label string

// Labels.
const (
	Stable    Label = "stable"    // documented, with vectors
	Beta      Label = "beta"      // some facts are to be confirmed live
	Community Label = "community" // through unofficial means
)

// DefaultMaxBody bounds a webhook body, in bytes, where the channel says nothing.
const DefaultMaxBody = 1 << 20

// A Credential is a value that an account's secret holds.
type Credential struct {
	Name     string // key in the secret's JSON object: "channel_secret"
	Help     string // where an operator finds it
	Optional bool   // the channel works without it
	Public   bool   // not secret (an id); never treated as proof of anything
}

// Request is a webhook as the platform sent it, byte for byte.
type Request struct {
	Method   string
	Path     string      // as received, undecoded
	RawQuery string      // as received, undecoded
	Header   http.Header // repeated headers arrive joined by commas, as API Gateway joins them
	Body     []byte
	Received time.Time // UTC
	Keys     []byte    // the document at Channel.Keys, as its host serves it
}

// Query decodes r's query; what is malformed is left out.
func (r Request) Query() url.Values {
	q, _ := url.ParseQuery(r.RawQuery)
	return q
}

// Joined is the header of that name with its repetitions joined by commas, as API
// Gateway joins them: no check may look at one of two signatures.
func (r Request) Joined(name string) string { return strings.Join(r.Header.Values(name), ",") }

// Response is what a platform hears. The zero value is 200 with an empty body.
type Response struct {
	Status      int
	ContentType string
	Body        string
}

// Receipt is what became of a request's events.
type Receipt struct {
	New, Duplicates int
}
