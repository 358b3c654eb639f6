// Package play plays Twilio's API and AWS': they refuse what their pages say they
// refuse, and post the statuses of a message that arrives.
package play

import (
	"crypto/hmac"
	"crypto/sha1" // Twilio's choice
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	aws "github.com/relais-dev/relais/functions/channels/internal/aws/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is Twilio, or AWS End User Messaging SMS.
var Platform = play.Platform{
	Channel:  "sms",
	Sign:     sign,
	Customer: customer,
	APIs:     []play.API{twilio, service},
}

func sign(a channel.Account, r *channel.Request) {
	if aws.Posted(r) {
		aws.Sign(a.Values("topic_arn"), r)
		return
	}
	signTwilio(a, r)
}

// signTwilio signs the address and the form, or the digest of what is no form.
// https://www.twilio.com/docs/usage/security#validating-requests
func signTwilio(a channel.Account, r *channel.Request) {
	text := ""
	if body := strings.TrimSpace(string(r.Body)); strings.HasPrefix(body, "{") || strings.HasPrefix(body, "[") {
		sum, q := sha256.Sum256(r.Body), r.Query()
		q.Set("bodySHA256", hex.EncodeToString(sum[:]))
		r.RawQuery = q.Encode()
	} else if form, err := url.ParseQuery(string(r.Body)); err == nil {
		for _, name := range slices.Sorted(maps.Keys(form)) {
			values := slices.Clone(form[name])
			slices.Sort(values)
			for _, v := range slices.Compact(values) {
				text += name + v
			}
		}
	}
	address := a.URL
	if r.RawQuery != "" {
		address += "?" + r.RawQuery
	}
	mac := hmac.New(sha1.New, []byte(a.Value("auth_token")))
	mac.Write([]byte(address + text))
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

const (
	ref    = "https://www.twilio.com/docs/messaging/api/message-resource"
	errors = "https://www.twilio.com/docs/api/errors/"
)

func refuse(status, code int, text string) play.Refusal {
	return play.Refusal{Status: status, Code: strconv.Itoa(code), Text: text}
}

var twilio = play.API{
	Name: "Twilio", Hosts: []string{"api.twilio.com"},
	Knows: func(t play.Taken) bool {
		pair := t.Account.Value("account_sid") + ":" + t.Account.Value("auth_token")
		return t.Header.Get("Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))
	},
	Unknown: refuse(401, 20003, "Authenticate"), Missing: refuse(404, 20404, "The requested resource was not found"),
	Else: refuse(400, 20001, "Invalid request"),
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: refuse(429, 20429, "Too Many Requests"),
		play.Closed:    refuse(400, 63016, "Failed to send freeform message because you are outside the allowed window."),
		play.Gone:      refuse(400, 21610, "Attempt to send to unsubscribed recipient"),
		play.Invalid:   refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit"),
	},
	Write: func(r play.Refusal, _ []play.Broken) play.Answer {
		return play.Text(r.Status,
			`{"code":%s,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%s","status":%d}`,
			r.Code, r.Text, r.Code, r.Status)
	},
	Endpoints: []play.Endpoint{
		{Method: "POST", Path: "/2010-04-01/Accounts/{sid}/Messages.json", Docs: ref, Body: play.Form, Answer: queued,
			Rules: []play.Rule{
				{At: "path:sid", Must: play.Own("account_sid"), Else: refuse(404, 20404, "The requested resource was not found")},
				{At: "header:Content-Type", Must: play.Given(play.MIME("application/x-www-form-urlencoded"))},
				{At: "To", Must: play.Given(play.Matches(`^(\+?[0-9]+|[a-z]+:.+)$`)), Source: errors + "21211",
					Else: refuse(400, 21211, "The 'To' number is not a valid phone number.")},
				{At: "", Must: play.One("From", "MessagingServiceSid"), Source: errors + "21603",
					Else: refuse(400, 21603, "A 'From' phone number is required.")},
				{At: "", Must: play.Some("Body", "MediaUrl", "ContentSid"), Source: errors + "21619",
					Else: refuse(400, 21619, "A text message body or media urls must be specified.")},
				{At: "Body", Must: play.Most(1600, play.UTF16), Source: errors + "21617",
					Else: refuse(400, 21617, "The concatenated message body exceeds the 1600 character limit")},
				{At: "MediaUrl[]", Must: play.Any(play.Is(""), play.Begins("https://")), Source: errors + "21620",
					Else: refuse(400, 21620, "Invalid media URL(s)")},
				{At: "StatusCallback", Must: play.Given(play.URL("https", "http")), Source: errors + "21609",
					Else: refuse(400, 21609, "Invalid 'StatusCallback' parameter")},
			}},
		{Method: "GET", Path: "/2010-04-01/Accounts/{sid}/Messages/{message}/Media/{media}", Answer: play.Picture,
			Docs: "https://www.twilio.com/docs/messaging/api/media-resource"},
	},
}

func queued(t play.Taken) play.Answer {
	sid := "SM" + channel.Digest(t.Body)
	a := play.Text(http.StatusCreated, `{"sid":%q,"status":"queued","num_segments":"%d","error_code":null}`, sid,
		segments(t.Get("Body")))
	for _, state := range []string{"sent", "delivered"} {
		a.Posts = append(a.Posts, callback(t, sid, state))
	}
	return a
}

// segments are the messages that a text takes: 160 septets, or 153 each of several; 70
// UTF-16 units, or 67. https://www.twilio.com/docs/glossary/what-sms-character-limit
func segments(text string) int {
	alone, each := 160, 153
	if !play.InGSM(text) {
		alone, each = 70, 67
	}
	n := play.GSM.Of(text)
	if n <= alone {
		return 1
	}
	return (n + each - 1) / each
}

// callback is a status as Twilio posts it to the address that came with the message.
func callback(t play.Taken, sid, state string) channel.Request {
	_, query, _ := strings.Cut(t.Get("StatusCallback"), "?")
	r := postsForm(t.Account, url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {state}, "SmsStatus": {state},
		"AccountSid": {t.Account.Value("account_sid")},
		"To":         {t.Get("To")}, "From": {t.Get("From")}, "ApiVersion": {"2010-04-01"},
	})
	r.RawQuery = query
	return r
}

func postsForm(a channel.Account, f url.Values) channel.Request {
	return channel.Request{
		Method: http.MethodPost, Path: "/webhooks/sms/" + a.ID, Body: []byte(f.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
	}
}

// voice is AWS End User Messaging SMS for an account.
func voice(a channel.Account) aws.Service {
	return aws.Service{Name: "sms-voice", Topic: a.Value("topic_arn"), KeyID: a.Value("aws_access_key_id"),
		Secret: a.Value("aws_secret_access_key")}
}

// viaAWS says whether an account sends through AWS.
func viaAWS(a channel.Account) bool {
	return a.Value("aws_access_key_id") != "" && a.Value("auth_token") == ""
}

// origin is where the account's region is called; "" for an account of Twilio.
func origin(a channel.Account) string {
	if !viaAWS(a) {
		return ""
	}
	return voice(a).Origin()
}

const awsDocs = "https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/"

var (
	badAWS    = play.Refusal{Status: 400, Code: "ValidationException", Text: "refused", Sub: "INVALID_PARAMETER"}
	noRequest = play.Refusal{Status: 400, Code: "ValidationException", Text: "refused", Sub: "INVALID_REQUEST"}
	noClient  = play.Refusal{Status: 400, Code: "UnrecognizedClientException",
		Text: "The security token included in the request is invalid."}
)

var service = play.API{
	Name: "AWS End User Messaging SMS", Origin: origin,
	Knows: func(t play.Taken) bool { return voice(t.Account).Knows(t.Call) }, Unknown: noClient, Missing: noRequest,
	Else:  badAWS,
	Write: aws.Write,
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: {Status: 400, Code: "ThrottlingException", Text: "Rate exceeded"},
		play.Gone:      {Status: 400, Code: "ConflictException", Text: "refused", Sub: "DESTINATION_PHONE_NUMBER_OPTED_OUT"},
		play.Invalid:   noRequest,
	},
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/", Docs: awsDocs + "API_SendTextMessage.html",
		Body:   play.Body{Says: "JSON", Read: amzJSON, Else: noRequest},
		Answer: texted,
		Rules: []play.Rule{
			{At: "header:X-Amz-Target", Must: play.Given(play.Is("PinpointSMSVoiceV2.SendTextMessage")), Else: noRequest},
			{At: "DestinationPhoneNumber", Must: play.Given(play.Matches(`^\+?[0-9]+$`))},
			{At: "OriginationIdentity", Must: play.Given(play.Filled())},
			{At: "MessageBody", Must: play.Given(play.Len(1, 1600, play.UTF16))},
			{At: "MessageType", Must: play.Given(play.Is("TRANSACTIONAL", "PROMOTIONAL"))},
		},
	}},
}

// amzJSON reads the type application/x-amz-json-1.0.
func amzJSON(c play.Call) (any, error) {
	c.Header = c.Header.Clone()
	c.Header.Set("Content-Type", "application/json")
	return play.JSON.Read(c)
}

// texted is AWS' answer to SendTextMessage.
func texted(t play.Taken) play.Answer {
	id := channel.UUID(channel.Digest(t.Body))
	a := play.Text(200, `{"MessageId":%q}`, id)
	for i, outcome := range []string{"SUCCESSFUL", "DELIVERED"} {
		a.Posts = append(a.Posts, publishes(t.Account, id+outcome, map[string]any{
			"eventType": "TEXT_" + outcome, "eventTimestamp": t.Received.UnixMilli() + int64(i),
			"destinationPhoneNumber": t.Get("DestinationPhoneNumber"), "messageId": id, "messageStatus": outcome,
			"messageType": t.Get("MessageType"), "context": t.Raw("Context"),
			"totalMessageParts": segments(t.Get("MessageBody")),
			"totalMessagePrice": 0.0075,
		}))
	}
	return a
}

// publishes is what AWS tells the account's topic.
func publishes(a channel.Account, id string, message any) channel.Request {
	return aws.Published("sms", a, a.Value("topic_arn"), id, message)
}

// customer is the n-th text of the customer, the way that the account's texts come.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	const number, brand = "+447700900123", "+447700900456"
	if viaAWS(a) || a.Value("auth_token") == "" {
		id := channel.UUID(channel.Digest([]byte(text), strconv.Itoa(n), now.String()))
		return publishes(a, id, map[string]any{"originationNumber": number, "destinationNumber": brand, "messageBody": text,
			"inboundMessageId": id})
	}
	sid := "SM" + channel.Digest([]byte(text), strconv.Itoa(n), now.String())
	return postsForm(a, url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {a.Value("account_sid")}, "From": {number}, "To": {brand},
		"Body":     {text},
		"NumMedia": {"0"}, "NumSegments": {"1"}, "SmsStatus": {"received"}, "ApiVersion": {"2010-04-01"},
	})
}
