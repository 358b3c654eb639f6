package channel

import "net/http"

// A Call is a request of ours as a platform's double sees it.
type Call struct {
	Request        // Path and RawQuery as sent; Received is when
	Host    string // "api.line.me"
	Fault   Fault  // what the double is to do instead of what was asked; "" does it
}

// URL is the address without its query.
func (c Call) URL() string { return "https://" + c.Host + c.Path }

// A Fault is a way in which a platform refuses, asked of its double.
type Fault string

// The faults. A server error, a lost answer and a time-out look the same on all
// platforms, so no double needs to play them.
const (
	FaultThrottled Fault = "throttled" // too fast
	FaultExpired   Fault = "expired"   // the access token is not valid any more
	FaultClosed    Fault = "closed"    // the window for free-form messages is closed
	FaultGone      Fault = "gone"      // the recipient blocked the account or does not exist
	FaultInvalid   Fault = "invalid"   // the content is not acceptable
)

// Faults lists them.
func Faults() []Fault {
	return []Fault{FaultThrottled, FaultExpired, FaultClosed, FaultGone, FaultInvalid}
}

// An Answer is what a platform's double says to a call, and what it then posts to
// our webhooks: receipts, echoes. They are unsigned; Sign comes after.
type Answer struct {
	Reply
	Webhooks []Request
}

// AnswerJSON is an answer of JSON.
func AnswerJSON(status int, body string) Answer {
	return Answer{Reply: Reply{Status: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}}
}
