package meta

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Error is the error object of Graph answers and of failed statuses. Act on Code:
// titles and HTTP statuses change.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
type Error struct {
	Code    channel.Text `json:"code"`
	Subcode channel.Text `json:"error_subcode"`
	Title   string       `json:"title"`
	Message string       `json:"message"`
	Details Details      `json:"error_data"`
}

// Details is what error_data says: the text of its member details, or error_data
// itself where it is a text.
type Details string

// UnmarshalJSON never fails: an error must not be lost over its details.
func (d *Details) UnmarshalJSON(b []byte) error {
	var text string
	var object struct {
		Details string `json:"details"`
	}
	if json.Unmarshal(b, &text) != nil && json.Unmarshal(b, &object) == nil {
		text = object.Details
	}
	*d = Details(text)
	return nil
}

// Number is e's code; 0 (which Meta uses for authentication) also for none.
func (e Error) Number() int {
	n, _ := strconv.Atoi(string(e.Code))
	return n
}

// Text is what e says to people: its title or message, and the details after it.
func (e Error) Text() string {
	text := e.Title
	if text == "" {
		text = e.Message
	}
	if d := string(e.Details); d != "" && d != text {
		if text != "" {
			text += ": "
		}
		text += d
	}
	return text
}

// A Class says what an error is about and what to do.
type Class struct {
	Name      string        // one of events.StatusError's classes
	Retryable bool          // the same request may succeed later
	Remedy    string        // for the operator
	After     time.Duration // when it may; 0 when nobody says
}

// Status is e as a message's failure.
func (e Error) Status(c Class) *events.StatusError {
	return &events.StatusError{
		Class: c.Name, Code: string(e.Code), Subcode: string(e.Subcode), Title: e.Text(),
		Retryable: c.Retryable, Remedy: c.Remedy,
	}
}

// Classify is the class of an error code that means the same on all of Meta's
// channels; others are "unknown".
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func Classify(code int) Class {
	switch {
	case code == 1 || code == 2:
		return Class{Name: events.ClassPlatform, Retryable: true}
	case code == 4 || code == 17 || code == 32 || code == 613 || code == 80007:
		return Class{Name: events.ClassRate, Retryable: true, Remedy: "send more slowly"}
	case code == 0 || code == 190:
		return Class{Name: events.ClassAuth, Remedy: "replace the access token"}
	case code == 3 || code == 10 || 200 <= code && code <= 299:
		return Class{Name: events.ClassAuth, Remedy: "give the app and the token the missing permission"}
	case code == 368:
		return Class{Name: events.ClassAuth,
			Remedy: "the account is blocked for policy violations: see Meta's Account Quality page"}
	case code == 33 || code == 100:
		return Class{Name: events.ClassContent}
	}
	return Class{Name: events.ClassUnknown}
}
