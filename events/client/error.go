package client

import (
	"fmt"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
)

// Kind is the kind of a problem: the last element of its type.
type Kind string

// The kinds of problems. An answer that is no problem of Relais' has none.
const (
	Malformed    Kind = "malformed"
	Unauthorised Kind = "unauthorised"
	Forbidden    Kind = "forbidden"
	NotFound     Kind = "not-found"
	NotAllowed   Kind = "method-not-allowed"
	Conflict     Kind = "conflict"      // with an earlier request, a hold, or what was said since IfSequence
	Stale        Kind = "stale"         // Problem.Conversation is as it is now
	WindowClosed Kind = "window-closed" // the channel allows no free message now
	Consent      Kind = "consent"       // the customer does not want to be written to
	TooLarge     Kind = "too-large"
	MediaType    Kind = "media-type"
	Invalid      Kind = "invalid" // Problem.Faults says where
	Loss         Kind = "loss"    // Problem.Rendering says what would be lost
	Unreachable  Kind = "unreachable"
	Internal     Kind = "internal"
	Unavailable  Kind = "unavailable"
)

// An Error is why a call has no outcome. It repeats neither the request nor the token.
type Error struct {
	Operation  string          // "SendMessage"
	Kind       Kind            // "" when Problem is nil
	Status     int             // of the last answer; 0 is none
	Problem    *events.Problem // what Relais says; nil when there is no answer, or not one of Relais'
	Key        string          // the idempotency key of all attempts; "" where there is none
	Attempts   int
	Unknown    bool          // whether it has taken effect; repeat it with Key to make sure
	RetryAfter time.Duration // how long the server wants to be left alone; 0 when it does not say
	Err        error         // of the connection or the context; nil when there is an answer
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation + ": ")
	switch {
	case e.Problem != nil:
		b.WriteString(strings.TrimSuffix(e.Problem.Title+": "+e.Problem.Detail, ": "))
		if len(e.Problem.Faults) > 0 {
			b.WriteString(": " + e.Problem.Faults.Error())
		}
		if e.Problem.Remedy != "" {
			b.WriteString("; " + e.Problem.Remedy)
		}
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		fmt.Fprintf(&b, "status %d, and not an answer of Relais", e.Status)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (%d attempts)", e.Attempts)
	}
	if e.Unknown {
		b.WriteString("; whether it has taken effect is not known")
	}
	return b.String()
}

// Unwrap is Err, so that errors.Is finds context.Canceled.
func (e *Error) Unwrap() error { return e.Err }
