package whatsapp

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// failure is why Graph refused a call. Its HTTP status counts only where there is no
// code. Meta repeats a malformed token, which an error must not hold.
func failure(e channel.Env, r channel.Reply) *channel.Error {
	var f refusal
	_ = json.Unmarshal(r.Body, &f) // what is no JSON tells by its status
	if f.Error == nil {
		return r.Failure()
	}
	out := refused(*f.Error)
	out.Unknown = r.Status >= http.StatusInternalServerError && r.Status != http.StatusServiceUnavailable
	out.RetryAfter = cmp.Or(r.RetryAfter(), out.RetryAfter)
	if token := e.Account.Value(accessToken); token != "" {
		out.Title = strings.ReplaceAll(out.Title, token, "[token]")
	}
	return out
}

// pairPause is how long to wait at least when one person was written to too fast.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
const pairPause = 6 * time.Second

// templateSync is how long a template may take until it can be sent.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
const templateSync = 10 * time.Minute

// refused is a refusal by its code.
func refused(f meta.Error) *channel.Error {
	c := classify(f.Number())
	if f.Code == "100" && f.Subcode == "33" { // the address of the call has no such object
		c = classify(33)
	}
	e := &channel.Error{Class: c.Name, Code: string(f.Code), Subcode: string(f.Subcode), Title: f.Text(),
		Remedy: c.Remedy}
	e.RetryAfter = c.After
	return e
}

// classify is the class of an error code.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func classify(code int) meta.Class {
	switch code {
	case 131000, 131016, 131057, 133004, 2494100:
		return meta.Class{Name: events.ClassPlatform, Retryable: true}
	case 131056:
		return meta.Class{Name: events.ClassRate, Retryable: true, After: pairPause, Remedy: "send more slowly"}
	case 130429, 131048, 131064, 133016:
		return meta.Class{Name: events.ClassRate, Retryable: true, Remedy: "send more slowly"}
	case 132069:
		return meta.Class{Name: events.ClassRate, Retryable: true, Remedy: "the Flow is throttled: ten messages an hour"}
	case 33:
		return meta.Class{Name: events.ClassAuth, Remedy: "the business number is deleted: check phone_number_id"}
	case 131005, 131045, 133010:
		return meta.Class{Name: events.ClassAuth, Remedy: "check the number's registration and the token's permissions"}
	case 131031:
		return meta.Class{Name: events.ClassAuth, Remedy: "the account is locked: see Meta's Account Quality page"}
	case 131042:
		return meta.Class{Name: events.ClassAuth, Remedy: "settle the account's payment method with Meta"}
	case 131047:
		return meta.Class{Name: events.ClassWindow, Remedy: "send a template"}
	case 131050:
		return meta.Class{Name: events.ClassConsent, Remedy: "send no marketing until the customer resumes it"}
	case 131049:
		return meta.Class{Name: events.ClassPolicy, Remedy: "wait at least 24 hours before the next marketing message"}
	case 131043: // it waited longer than it may
		return meta.Class{Name: events.ClassRecipient, Remedy: "the message expired before it reached a phone"}
	case 131021, 131026, 131030, 131037, 131044, 130472, 130497:
		return meta.Class{Name: events.ClassRecipient}
	case 131062:
		return meta.Class{Name: events.ClassRecipient, Remedy: "authentication templates need a phone number"}
	case 131052, 131053:
		return meta.Class{Name: events.ClassMedia, Retryable: true, Remedy: "check type and size; retry once"}
	case 134101:
		return meta.Class{Name: events.ClassPlatform, Retryable: true, After: templateSync,
			Remedy: "a new template is usable after ten minutes at most"}
	case 131055, 131058, 134102:
		return meta.Class{Name: events.ClassTemplate, Remedy: "the number or this API may not send that template"}
	case 131063:
		return meta.Class{Name: events.ClassTemplate, Remedy: "send it through the marketing messages API"}
	case 131001, 131002, 131006, 131008, 131009, 131051, 134011, 135000, 137000:
		return meta.Class{Name: events.ClassContent}
	}
	switch {
	case 132000 <= code && code <= 132069:
		return meta.Class{Name: events.ClassTemplate}
	case 131200 <= code && code <= 131299, 147000 <= code && code <= 147999, 139100 <= code && code <= 139103:
		return meta.Class{Name: events.ClassContent} // groups, usernames, blocking: our request
	}
	return meta.Classify(code)
}
