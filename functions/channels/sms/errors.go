package sms

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/shared/channel"
)

// twilioFailure is why Twilio refused a call: by its code, else by the HTTP status.
func twilioFailure(r channel.Reply) *channel.Error {
	e := r.Failure()
	var f twilioRefusal
	if json.Unmarshal(r.Body, &f) != nil || f.Code == 0 {
		return e
	}
	known := twilioError(strconv.Itoa(f.Code), f.Message)
	if known.Class == events.ClassUnknown {
		known.Class = e.Class
	}
	known.RetryAfter, known.Unknown = e.RetryAfter, r.Status >= http.StatusInternalServerError &&
		r.Status != http.StatusServiceUnavailable
	return known
}

// awsFailure is why AWS refused a call. Of a conflict and of a quota the reason says more.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html#API_SendTextMessage_Errors
func awsFailure(r channel.Reply) *channel.Error {
	e := aws.Failure(r)
	switch {
	case e.Subcode == "DESTINATION_PHONE_NUMBER_OPTED_OUT":
		e.Class, e.Remedy = events.ClassConsent,
			"the customer sent STOP: remove the number from the opt-out list only at their wish"
	case strings.HasPrefix(e.Subcode, "DESTINATION_PHONE_NUMBER_BLOCKED"),
		e.Subcode == "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION":
		e.Class, e.Remedy = events.ClassRecipient, "a protect configuration blocks the number or its country"
	case e.Subcode == "DESTINATION_PHONE_NUMBER_NOT_VERIFIED":
		e.Class, e.Remedy = events.ClassAuth, "the account is in the sandbox: verify the number or request production access"
	case e.Code == "ConflictException":
		e.Class, e.Remedy = events.ClassAuth, "check the sender: its registration, state and capabilities"
	case slices.Contains(ofSender, e.Subcode):
		e.Class, e.Remedy = events.ClassAuth, "the sender is not registered or enabled for that country"
	case e.Subcode == "DESTINATION_COUNTRY_BLOCKED" || e.Subcode == "COUNTRY_CODE_MISMATCH" || ofRecipient(r):
		e.Class = events.ClassRecipient
	case e.Subcode == "PRICE_OVER_THRESHOLD":
		e.Class, e.Remedy = events.ClassPolicy, "the message costs more than MaxPrice"
	case strings.HasPrefix(e.Subcode, "MONTHLY_SPEND_LIMIT"):
		e.Remedy = "raise the monthly spend limit"
	case e.Code == "ServiceQuotaExceededException":
		e.Remedy = "the quota of messages to this number or of the account is used up"
	}
	return e
}

// ofSender are the reasons for which a request is not valid that are about who sends.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_ValidationException.html
var ofSender = []string{"SENDER_ID_NOT_REGISTERED", "SENDER_ID_NOT_SUPPORTED", "SENDER_ID_REQUIRES_REGISTRATION",
	"INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "RESOURCE_NOT_ACCESSIBLE", "INVALID_ARN", "CHANNEL_NOT_ENABLED",
	"COUNTRY_NOT_ENABLED", "INTERNATIONAL_SENDING_NOT_SUPPORTED"}

// ofRecipient says whether what is not valid is the number that a message goes to.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_ValidationExceptionField.html
func ofRecipient(r channel.Reply) bool {
	var f awsFields
	_ = json.Unmarshal(r.Body, &f) // without them the reason alone tells
	return len(f.Fields) > 0 && f.Fields[0].Name == "DestinationPhoneNumber"
}

// twilioError is an error of Twilio's by its code, whether it comes at once or with a
// status. Its text is for people and changes.
// https://www.twilio.com/docs/api/errors
func twilioError(code, title string) *channel.Error {
	e := &channel.Error{Class: events.ClassUnknown, Code: code, Title: title}
	switch code {
	case "21610":
		e.Class, e.Remedy = events.ClassConsent, "the customer sent STOP and must send START first"
	case "63014":
		e.Class, e.Remedy = events.ClassConsent, "the customer blocked the sender"
	case "21211", "21214", "21217", "21265", "21266", "21604", "21612", "21614", "21635", "30004", "30005", "30006",
		"63003", "63024":
		e.Class = events.ClassRecipient
	case "30003":
		e.Class, e.Remedy = events.ClassRecipient, "the phone is off or out of reach: try again later"
	case "30008", "30017", "30410", "63012":
		e.Class = events.ClassPlatform
	case "20429", "14107", "21611", "30001", "30022", "63017", "63018":
		e.Class, e.Remedy = events.ClassRate, "send more slowly"
	case "30023", "30027", "63038":
		e.Class, e.Remedy = events.ClassRate, "the day's quota of the brand or account is used up: go on tomorrow"
	case "30036":
		e.Class, e.Remedy = events.ClassRate, "it waited too long: send more slowly, or with a longer ValidityPeriod"
	case "21408":
		e.Class, e.Remedy = events.ClassAuth, "enable the country in Messaging → Settings → Geo permissions"
	case "21603", "21606", "21659", "21660", "21212", "21701", "21703", "30042":
		e.Class, e.Remedy = events.ClassAuth, "the sender is not one of the account's that can send messages there"
	case "21608":
		e.Class, e.Remedy = events.ClassAuth, "a trial account sends to verified numbers only: upgrade it"
	case "21609":
		e.Class, e.Remedy = events.ClassAuth, "Relais' public URL must have a host name without an underscore"
	case "30018", "30024", "30032", "30033", "30034", "30035":
		e.Class, e.Remedy = events.ClassAuth, "register the sender (A2P 10DLC, toll-free verification, sender ID)"
	case "63007":
		e.Class, e.Remedy = events.ClassAuth, "the sender is not connected to that channel"
	case "20003":
		e.Class, e.Remedy = events.ClassAuth, "replace the auth token or API key"
	case "20005", "30002":
		e.Class, e.Remedy = events.ClassAuth, "the account is suspended: see Twilio's console"
	case "21602", "21617", "21619", "21624", "30019", "63021":
		e.Class = events.ClassContent
	case "21654", "21655", "21656", "63027", "63028", "63029":
		e.Class, e.Remedy = events.ClassTemplate, "check the template's ContentSid and that each variable has a value"
	case "30007", "30450":
		e.Class, e.Remedy = events.ClassPolicy, "the carrier takes it for spam: change the text, do not repeat it"
	case "12300", "21620", "21623", "11200", "11751", "63019", "63034":
		e.Class, e.Remedy = events.ClassMedia, "check type, size and that its URL is public"
	case "63016":
		e.Class, e.Remedy = events.ClassWindow, "send a template"
	}
	return e
}
