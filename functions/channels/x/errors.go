package x

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A meaning is what X means by an error that its HTTP status leaves open: by the
// problem's type, or by words of its detail.
// https://docs.x.com/x-api/fundamentals/response-codes-and-errors
type meaning struct {
	status int
	words  string // in the type, the title or the detail
	class  string
	remedy string
}

var meanings = []meaning{
	{http.StatusForbidden, "usage-capped", events.ClassRate, buyCredits},
	{http.StatusForbidden, "client-not-enrolled", events.ClassAuth, "attach the app to a project with access to the API"},
	{http.StatusForbidden, "client-forbidden", events.ClassAuth, "attach the app to a project with access to the API"},
	{http.StatusForbidden, "unsupported-authentication", events.ClassAuth,
		"store the access token of the account, not the app's"},
	{http.StatusForbidden, "oauth1-permissions", events.ClassAuth,
		"give the app the permission Read and write and Direct message, then make a new access token"},
	{http.StatusForbidden, "suspended", events.ClassAuth, "the account or the app is suspended"},
	{http.StatusForbidden, "duplicate content", events.ClassContent, "the same text was posted before"},
	{http.StatusForbidden, "not following", events.ClassRecipient, notOpen},
	{http.StatusForbidden, "cannot send messages", events.ClassRecipient, notOpen},
	{http.StatusForbidden, "permission to dm", events.ClassRecipient, notOpen},
	{http.StatusForbidden, "permitted to send", events.ClassRecipient, notOpen},
	{http.StatusForbidden, "blocked", events.ClassConsent, "the person blocked the account"},
	{http.StatusForbidden, "not visible", events.ClassRecipient, "the post was deleted, or its author hides it"},
	{http.StatusForbidden, "", events.ClassPolicy,
		"X's rules do not allow it: only who mentions or quotes the account may be answered in public, in 280 characters"},
	{http.StatusPaymentRequired, "", events.ClassRate, buyCredits},
	{http.StatusBadRequest, "media", events.ClassMedia, ""},
	{http.StatusNotFound, "", events.ClassRecipient, ""},
}

const (
	buyCredits = "the credits are used up: buy more at console.x.com"
	notOpen    = "the person must follow the account, take messages from everyone, or write first"

	// creditWait is how long an account without credits rests.
	creditWait = time.Hour
)

// failure is why X refused a call.
func failure(r channel.Reply, now time.Time) *channel.Error {
	var p problem
	_ = json.Unmarshal(r.Body, &p) // without one the status alone tells
	e := r.Failure()
	e.Subcode = p.Type[strings.LastIndexByte(p.Type, '/')+1:]
	said := strings.ToLower(p.Type + " " + p.Title + " " + p.words())
	for _, m := range meanings {
		if m.status == r.Status && strings.Contains(said, m.words) {
			e.Class, e.Remedy, e.Title = m.class, m.remedy, cmp.Or(p.Title, e.Title)
			break
		}
	}
	switch {
	case e.Class != events.ClassRate || e.RetryAfter > 0:
	case e.Remedy == buyCredits || strings.Contains(said, "usage-capped"):
		e.RetryAfter, e.Remedy = creditWait, buyCredits
	default:
		e.RetryAfter = untilReset(r, now)
	}
	return e
}

// words are the details of a problem, as text to search in: they may hold content.
func (p problem) words() string {
	text := p.Detail
	for _, e := range p.Errors {
		text += " " + e.Message
	}
	return text
}

// untilReset is how long X asks us to wait.
// https://docs.x.com/x-api/fundamentals/rate-limits
func untilReset(r channel.Reply, now time.Time) time.Duration {
	reset, err := strconv.ParseInt(r.Header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return 0
	}
	return min(max(time.Unix(reset, 0).Sub(now), 0), 24*time.Hour)
}
