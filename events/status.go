package events

import "time"

// A Status says what became of a message the brand sent. States only move up:
// queued < accepted < sent < delivered < read < played; failed, expired and
// deleted are final.
type Status struct {
	Message      Ref           `json:"message"`
	State        State         `json:"state"`
	Recipient    *Identity     `json:"recipient,omitempty"` // in groups: which member
	Error        *StatusError  `json:"error,omitempty"`
	Correlation  string        `json:"correlation,omitempty"` // the value we gave the platform when sending
	Pricing      *Pricing      `json:"pricing,omitempty"`
	Degradations []Degradation `json:"degradations,omitempty"` // what the channel could not show
}

// State of an outbound message.
type State string

// The states, in rank order.
const (
	Queued    State = "queued"
	Accepted  State = "accepted"
	Sent      State = "sent"
	Delivered State = "delivered"
	Read      State = "read"
	Played    State = "played"
	Failed    State = "failed"
	Expired   State = "expired"
	Deleted   State = "deleted"
	Uncertain State = "uncertain" // nobody can know; never guessed
)

// StatusError is why a message failed.
type StatusError struct {
	Class     string `json:"class"`          // ClassAuth, ClassRate …
	Code      string `json:"code,omitempty"` // the platform's
	Subcode   string `json:"subcode,omitempty"`
	Title     string `json:"title,omitempty"`
	Retryable bool   `json:"retryable"`
	Remedy    string `json:"remedy,omitempty"`

	// RetryAfter is how long the platform asks to be left alone, with ClassRate and
	// ClassPlatform; 0 when it does not say.
	RetryAfter time.Duration `json:"-"`
	// Unknown says that the platform may have acted all the same (a 500, a 504).
	Unknown bool `json:"-"`
}

// Error is e for operators.
func (e *StatusError) Error() string {
	text := e.Class + " error"
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Title != "" {
		text += ": " + e.Title
	}
	return text
}

// Passes says whether the same call may succeed later.
func (e *StatusError) Passes() bool { return e.Class == ClassRate || e.Class == ClassPlatform }

// Status is e as events tell it. What the platform may have done nobody may repeat
// blindly.
func (e *StatusError) Status() *StatusError {
	return &StatusError{Class: e.Class, Code: e.Code, Subcode: e.Subcode, Title: e.Title,
		Retryable: e.Passes() && !e.Unknown, Remedy: e.Remedy}
}

// Error classes: what kind of reason, whatever the platform's code.
const (
	ClassAuth      = "auth"      // our credentials
	ClassRate      = "rate"      // too fast, or a quota is used up
	ClassWindow    = "window"    // free-form answers are no longer allowed
	ClassConsent   = "consent"   // the customer opted out or blocked the account
	ClassRecipient = "recipient" // nobody is there
	ClassContent   = "content"   // the platform does not take this content
	ClassTemplate  = "template"  // missing, paused or with wrong parameters
	ClassMedia     = "media"     // too large, of the wrong type or not to be fetched
	ClassPolicy    = "policy"    // against the platform's rules
	ClassPlatform  = "platform"  // the platform failed
	ClassUnknown   = "unknown"
)

// Pricing is what the platform says a message costs.
type Pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"model,omitempty"`
	Category string `json:"category,omitempty"`
	Type     string `json:"type,omitempty"`
}

// A Degradation tells what a channel could not show of one part of a message.
type Degradation struct {
	Part   string `json:"part"`   // the content kind
	Loss   string `json:"loss"`   // LossNone, LossStyle …
	Detail string `json:"detail"` // for people
}

// Losses, from least to most: what a part of a message lost on its channel.
const (
	LossNone        = "none"
	LossStyle       = "style"       // it looks different
	LossInteraction = "interaction" // it must be answered by typing
	LossContent     = "content"     // something is not shown
	LossRefused     = "refused"     // nothing is shown
)

// MediaUpdate says what became of inbound media.
type MediaUpdate struct {
	Message Ref          `json:"message"`
	Media   Media        `json:"media"`
	Error   *StatusError `json:"error,omitempty"`
}

// Rejection is an outbound request from the queue that was refused. What could be
// read of the request names it: its key, else the queue's own id of the message.
type Rejection struct {
	Message        Ref         `json:"message"`
	IdempotencyKey string      `json:"idempotencyKey,omitempty"` // the request's
	QueueMessage   string      `json:"queueMessage,omitempty"`   // SQS's MessageId of what brought the request
	Error          StatusError `json:"error"`
	Faults         Faults      `json:"faults,omitempty"` // places in the request
}
