package custom

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// classes are those of the contract, which a bridge may name.
var classes = []string{
	events.ClassAuth, events.ClassRate, events.ClassWindow, events.ClassConsent, events.ClassRecipient,
	events.ClassContent,
	events.ClassTemplate, events.ClassMedia, events.ClassPolicy, events.ClassPlatform,
}

// class is e's, in our words.
func (e *problem) class() string {
	switch {
	case e.Class == "retryable":
		return events.ClassPlatform
	case slices.Contains(classes, e.Class):
		return e.Class
	}
	return events.ClassUnknown
}

// failure is why a bridge refused a delivery: what it says, else its status. A
// status that Standard Webhooks gives to an endpoint that is not there, or any
// more, is a matter of the account.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#delivery
func failure(r channel.Reply) *channel.Error {
	e := r.Failure()
	switch r.Status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		e.Class, e.Remedy = events.ClassAuth, "check outbound_url"
	case http.StatusUnauthorized, http.StatusForbidden:
		e.Remedy = "check outbound_secret"
	}
	var a answerOut
	if json.Unmarshal(r.Body, &a) != nil || a.Error == nil || r.Status/100 != 4 {
		return e
	}
	e.Code, e.Title = cmp.Or(a.Error.Code, e.Code), cmp.Or(a.Error.Detail, e.Title)
	if a.Error.Class != "" && e.Class != events.ClassRate {
		e.Class = a.Error.class()
	}
	return e
}
