package signal

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A refusal is what an error means. The container gives no codes: the words of
// signal-cli tell.
// https://github.com/AsamK/signal-cli/blob/master/man/signal-cli-jsonrpc.5.adoc
type refusal struct {
	words  string
	class  string
	remedy string
}

var refusals = []refusal{
	{"Unregistered user", events.ClassRecipient, "the recipient is not on Signal any more"},
	{"UNREGISTERED_FAILURE", events.ClassRecipient, "the recipient is not on Signal any more"},
	{"not a group member", events.ClassRecipient, "the account is no member of the group"},
	{"Group not found", events.ClassRecipient, "the account is no member of the group"},
	{"Invalid identifier", events.ClassRecipient, "the recipient is neither a UUID, a number nor a group"},
	{"IDENTITY_FAILURE", events.ClassPolicy, "the recipient has a new safety number: trust it in the container"},
	{"UNTRUSTED_IDENTITY", events.ClassPolicy, "the recipient has a new safety number: trust it in the container"},
	{"Untrusted Identity", events.ClassPolicy, "the recipient has a new safety number: trust it in the container"},
	{"PROOF_REQUIRED_FAILURE", events.ClassRate,
		"a person must solve a captcha: POST /v1/accounts/<number>/rate-limit-challenge"},
	{"RATE_LIMIT_FAILURE", events.ClassRate, "send less"},
	{"NETWORK_FAILURE", events.ClassPlatform, "the container could not reach Signal"},
	{"CAPTCHA", events.ClassRate, "a person must solve a captcha: POST /v1/accounts/<number>/rate-limit-challenge"},
	{"ratelimit", events.ClassRate, "send less"},
	{"Rate limit", events.ClassRate, "send less"},
	{"not registered", events.ClassAuth, "register the account's number, or link it again"},
	{"Authorization failed", events.ClassAuth, "register the account's number, or link it again"},
}

// failure is why the container, or the side-car before it, refused a call.
func failure(r channel.Reply) *channel.Error {
	var p problem
	_ = json.Unmarshal(r.Body, &p) // without one the status alone tells
	e := r.Failure()
	if r.Status == http.StatusNotFound {
		e.Class, e.Remedy = events.ClassContent, "the container knows no such address: update it"
	}
	if e.Class == events.ClassRate && len(p.Challenges) > 0 {
		e.Remedy = "a person must solve a captcha: POST /v1/accounts/<number>/rate-limit-challenge"
	}
	if r.Status != http.StatusBadRequest {
		return e
	}
	if x := meaning(p.Error); x.class != "" {
		e.Class, e.Title, e.Remedy = x.class, x.words, x.remedy
	}
	return e
}

// meaning is the refusal whose words said has in it; none where nobody knows.
func meaning(said string) refusal {
	for _, x := range refusals {
		if strings.Contains(strings.ToLower(said), strings.ToLower(x.words)) {
			return x
		}
	}
	return refusal{}
}

// unreached is why a message that the container took did not reach its one recipient.
func unreached(reason string) *channel.Error {
	x := meaning(reason)
	return &channel.Error{Class: cmp.Or(x.class, events.ClassRecipient), Code: reason,
		Title: cmp.Or(x.words, "not delivered"), Remedy: x.remedy}
}
