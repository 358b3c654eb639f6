package sms

import (
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// twilioError is an error of Twilio's by its code, whether it comes at once or with a
// status. Its text is for people and changes.
// https://www.twilio.com/docs/api/errors
func twilioError(code, title string) *channel.Error {
	e := &channel.Error{Class: events.ClassUnknown, Code: code, Title: title}
	switch code {
	case "21610":
		e.Class, e.Remedy = events.ClassConsent, "the customer sent STOP and must send START first"
	case "21211", "21214", "21217", "21265", "21612", "21614", "30004", "30005", "30006", "63003", "63024":
		e.Class = events.ClassRecipient
	case "30003":
		e.Class, e.Remedy = events.ClassRecipient, "the phone is off or out of reach: try again later"
	case "30008", "30017", "30410":
		e.Class = events.ClassPlatform
	case "20429", "14107", "21611", "30001", "63018":
		e.Class, e.Remedy = events.ClassRate, "send more slowly"
	case "21408":
		e.Class, e.Remedy = events.ClassAuth, "enable the country in Messaging → Settings → Geo permissions"
	case "21606", "21659", "21660", "21603":
		e.Class, e.Remedy = events.ClassAuth, "the sender is not one of the account's that can send messages there"
	case "30022", "30023", "30027", "30032", "30034":
		e.Class, e.Remedy = events.ClassAuth, "register the sender (A2P 10DLC, toll-free verification)"
	case "63007":
		e.Class, e.Remedy = events.ClassAuth, "the sender is not connected to that channel"
	case "20003":
		e.Class, e.Remedy = events.ClassAuth, "replace the auth token or API key"
	case "20005", "30002":
		e.Class, e.Remedy = events.ClassAuth, "the account is suspended: see Twilio's console"
	case "21602", "21617", "30019":
		e.Class = events.ClassContent
	case "30007":
		e.Class, e.Remedy = events.ClassPolicy, "the carrier takes it for spam: change the text, do not repeat it"
	case "12300", "21620", "21623", "11200", "63019":
		e.Class, e.Remedy = events.ClassMedia, "check type, size and that its URL is public"
	case "63016":
		e.Class, e.Remedy = events.ClassWindow, "send a template"
	}
	return e
}
