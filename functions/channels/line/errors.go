package line

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A refusal is what LINE means by an error that its HTTP status leaves open. LINE
// gives no codes: the beginning of the message tells.
// https://developers.line.biz/en/reference/messaging-api/#error-messages
type refusal struct {
	status  int
	message string // the beginning
	class   string
	remedy  string
}

var refusals = []refusal{
	{http.StatusBadRequest, invalidReplyToken, events.ClassWindow,
		"a reply token lasts a minute and works once; push instead"},
	{http.StatusBadRequest, sendFailed, events.ClassRecipient,
		"the user is unknown to this provider, or no friend of the account"},
	{http.StatusBadRequest, "The property, 'to'", events.ClassRecipient,
		"the recipient is no id of a user, group or room"},
	{http.StatusForbidden, "", events.ClassAuth, "the account or its plan may not use this API"},
	{http.StatusNotFound, "", events.ClassRecipient, ""},
	{http.StatusRequestEntityTooLarge, "", events.ClassContent, "the message is too large"},
	// The month's messages are used up: no sooner try will do, and replies, which stay free, must not wait for it.
	{http.StatusTooManyRequests, monthlyLimit, events.ClassPolicy,
		"raise the plan's number of messages; replies within a minute stay free"},
}

// LINE's messages that decide what to do.
const (
	invalidReplyToken = "Invalid reply token"
	sendFailed        = "Failed to send messages"
	monthlyLimit      = "You have reached your monthly limit."
)

// failure is why LINE refused a call.
func failure(r channel.Reply) *channel.Error {
	var p problem
	_ = json.Unmarshal(r.Body, &p) // without one the status alone tells
	e := r.Failure()
	if p.Message != "" {
		e.Title = p.text()
	}
	for _, x := range refusals {
		if x.status == r.Status && strings.HasPrefix(p.Message, x.message) {
			e.Class, e.Remedy = x.class, x.remedy
			break
		}
	}
	return e
}

// text is the message, with the first detail: they name properties, not content.
func (p problem) text() string {
	if len(p.Details) == 0 {
		return p.Message
	}
	return p.Message + ": " + p.Details[0].Property + " " + p.Details[0].Message
}

// tokenFailure is why no token was minted: whatever LINE dislikes is the account's.
func tokenFailure(r channel.Reply) *channel.Error {
	e := r.Failure()
	if r.Status/100 != 4 || r.Status == http.StatusTooManyRequests {
		return e
	}
	var p tokenProblem
	_ = json.Unmarshal(r.Body, &p)
	e.Class, e.Subcode, e.Remedy = events.ClassAuth, p.Error, "check channel_id and channel_secret"
	return e
}
