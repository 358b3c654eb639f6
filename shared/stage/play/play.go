// Package play is what a played platform is: the part of the world that our channels
// talk to, as its own documentation describes it.
//
// A Platform is data as far as data goes. It has APIs, an API has endpoints, and an
// endpoint has a rulebook: what must hold at each place of a call, the page of the
// vendor that says so, and the answer with the vendor's own error code where it does
// not. A rulebook is written from the vendor's pages and never from the channel: a
// play imports nothing of its channel and knows it by its name alone, so that a limit
// that is wrong there is refused here. What a vendor leaves open is an Open entry,
// never a guess.
//
//	play.Endpoint{Method: "POST", Path: "/v2/bot/message/push", Docs: ref + "#send-push-message", Body: play.JSON,
//		Rules: []play.Rule{
//			{At: "header:X-Line-Retry-Key", Must: play.Matches(uuid)},
//			{At: "to", Must: play.Given(play.Matches(`^[UCR][0-9a-f]{32}$`))},
//			{At: "messages", Must: play.Given(play.Count(1, 5))},
//			{At: "messages[].text", When: play.If("messages[].type", play.Is("text")),
//				Must: play.Given(play.Len(1, 5000, play.UTF16))},
//		},
//
// No Lambda function links a play: a test over go list -deps sees to that.
package play

import (
	"net/http"
	"net/url"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// A Platform is one platform on the stage.
type Platform struct {
	Channel string // the channel that talks to it: "line"

	// Sign makes r verifiable, as the platform would: the inverse of the channel's
	// Verify. Where there are public keys it also sets r.Keys to the document they
	// would be in.
	Sign func(channel.Account, *channel.Request)

	// Customer is the webhook, unsigned, that the platform posts when the customer
	// of the sample text.http writes text, in the same conversation, at now; n tells
	// their messages apart.
	Customer func(a channel.Account, text string, n int, now time.Time) channel.Request

	// APIs are what the platform's hosts offer, the first that fits answers. None is
	// a platform that nobody calls: we are it ourselves.
	APIs []API

	Open []Open // what the vendor's pages leave open
}

// An API is a set of endpoints with one way to be called and to refuse.
type API struct {
	Name   string                       // "Graph API"
	Hosts  []string                     // "api.line.me"
	Origin func(channel.Account) string // the address of a host that is the account's own; optional

	// Knows says whether the call comes from the account: a token, a signature.
	// Optional: nil asks for nothing.
	Knows   func(Taken) bool
	Unknown Refusal // what a caller hears whom the API does not know

	Endpoints []Endpoint
	Missing   Refusal // what a call hears that no endpoint takes
	Method    Refusal // what it hears where the address is right and the method is not; zero is Missing

	Else   Refusal           // what a broken rule is answered with that has no answer of its own
	Faults map[Fault]Refusal // how it refuses on request

	// Write is a refusal as the API writes it. broken are the rules that led to it,
	// in the rulebook's order; none where it refuses for another reason.
	Write func(r Refusal, broken []Broken) Answer
}

// An Endpoint takes one kind of call.
type Endpoint struct {
	Method string
	Path   string // as escaped: "/v25.0/{number}/messages"; {rest...} takes all that follows
	Docs   string // the vendor's page, from which the rules come that name no other

	Body  Body
	Rules []Rule
	Else  Refusal // instead of the API's, where it is set

	// Faults are what this endpoint does otherwise than its API. A Refusal of zero:
	// the fault is none here, and the call is done.
	Faults map[Fault]Refusal

	Answer func(Taken) Answer // to a call that keeps all rules
}

// A Rule is something that must hold of a call. Its number is the vendor's own, typed
// from the vendor's page.
type Rule struct {
	At     string  // the place: see Place
	When   When    // under which conditions; none is always
	Must   Check   // what must hold
	Else   Refusal // what breaking it is answered with; zero is the endpoint's or the API's
	Source string  // the page that says so; "" is the endpoint's Docs
}

// A Refusal is an answer that says no, in the vendor's own codes.
type Refusal struct {
	Status int
	Code   string // "131009", "ValidationException"
	Sub    string // a subcode
	Text   string // the vendor's words
	Header http.Header
}

// none says whether there is no refusal.
func (r Refusal) none() bool { return r.Status == 0 }

// Broken is a rule that a call breaks.
type Broken struct {
	Rule
	Place string // where: "messages[0].text"
}

// Open is what the vendor's pages do not say.
type Open struct {
	At       string // the endpoint, the place or the matter
	Question string // what is not said, and what the rulebook does meanwhile
	Source   string // the page that leaves it open
}

// A Call is a request of ours as the platform sees it.
type Call struct {
	channel.Request        // Path and RawQuery as sent; Received is when
	Host            string // "api.line.me"
	Fault           Fault  // what the platform is to do instead of what was asked; "" does it
}

// URL is the address without its query.
func (c Call) URL() string { return "https://" + c.Host + c.Path }

// An Answer is what a platform says to a call, and what it then posts to our
// webhooks: receipts, echoes. They are unsigned; Sign comes after.
type Answer struct {
	channel.Reply
	Posts []channel.Request
}

// Taken is a call as its endpoint reads it.
type Taken struct {
	Call
	Account channel.Account
	Vars    map[string]string // of the endpoint's Path, unescaped
	Query   url.Values
	Tree    any // the body as Endpoint.Body reads it: objects, lists, texts, numbers

	walked map[string][]found // what was found on each way, while rules are read
}

// A Fault is a way in which a platform fails, asked of it.
type Fault string

// The faults that each platform plays in its own words.
const (
	Throttled Fault = "throttled" // too fast
	Expired   Fault = "expired"   // the access token is not valid any more
	Closed    Fault = "closed"    // the window for free-form messages is closed
	Gone      Fault = "gone"      // the recipient blocked the account or does not exist
	Invalid   Fault = "invalid"   // the content is not acceptable
)

// The faults that look the same on all platforms, and are played for them.
const (
	Down        Fault = "broken"      // 500, after nothing was done
	Lost        Fault = "lost"        // done, and the answer never comes: a time-out after effect
	Unreachable Fault = "unreachable" // the connection is refused
)

// Refused lists the faults that a platform plays in its own words.
func Refused() []Fault { return []Fault{Throttled, Expired, Closed, Gone, Invalid} }

// Faults lists all.
func Faults() []Fault { return append([]Fault{Down, Lost, Unreachable}, Refused()...) }
