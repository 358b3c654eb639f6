// Package sms is SMS and MMS through Twilio or AWS End User Messaging SMS, whichever
// an account has the credentials of.
//
// Twilio posts forms that it signs together with the URL they go to. AWS publishes to
// a topic of Amazon SNS, which signs and posts. Both also carry RCS, and Twilio
// WhatsApp and Messenger, through the same hook.
package sms

import (
	"net/http"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/aws"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is SMS.
var Channel = channel.Channel{
	Name:  "sms",
	Title: "SMS",
	Docs:  "https://www.twilio.com/docs/messaging/guides/webhook-request",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: authToken, Optional: true,
			Help: "Twilio: Console → Account Info → Auth Token (not an API key's secret); a list while it is rotated"},
		{Name: accountSID, Optional: true, Public: true, Help: "Twilio, to send: Console → Account Info → Account SID, AC…"},
		{Name: topicARN, Optional: true, Public: true,
			Help: "AWS: the ARN of the SNS topic for two-way messages; a list with that of the event destination"},
		{Name: keyID, Optional: true, Public: true,
			Help: "AWS, to send: the access key of an IAM user who may sms-voice:SendTextMessage"},
		{Name: keySecret, Optional: true, Help: "AWS, to send: that access key's secret"},
		{Name: configuration, Optional: true, Public: true,
			Help: "AWS, to send: the configuration set whose events go to the topic; without it no status comes"},
		{Name: sender, Optional: true, Public: true,
			Help: "to send: +1555…, a short code, a sender ID, or Twilio's Messaging Service MG…; through AWS also a " +
				"phone-…, a pool-… or an ARN"},
	},
	MaxBody: 1 << 20, // a message of SNS has up to 256 KB, escaped once more

	Verify: verify,
	Parse:  parse,
	Keys:   keys,
	Ack:    ack,

	Outbound: outbound,
}

// outbound is how a text message is sent. How fast depends on the sender's number:
// Twilio queues what is too much, AWS throttles it.
var outbound = channel.Outbound{
	Limits:  limits,
	In:      limitsIn,
	Class:   channel.Always(channel.Correlated), // statuses bring our id back
	Opens:   []events.Scheme{events.Phone},
	Address: channel.PlusAddress,
	Send:    send,
	Outside: outside,
	Fetch:   fetch,
	Hosts:   []string{twilioHost},
	Origin:  origin,
}

var limits = channel.Limits{
	Text: maxText, Unit: channel.GSM,
	Kinds: []events.Kind{events.KindTemplate},
	Media: map[string]channel.MediaLimit{
		events.Image:     {Bytes: maxPicture, MIME: []string{"image/jpeg", "image/png", "image/gif"}, Caption: maxCaption},
		events.Animation: {Bytes: maxPicture, MIME: []string{"image/gif"}, Caption: maxCaption},
		events.Video:     {Bytes: maxFile, MIME: []string{"video/mp4", "video/3gpp"}, Caption: maxCaption},
		events.Audio: {Bytes: maxFile, MIME: []string{"audio/mpeg", "audio/mp4", "audio/amr", "audio/ogg"},
			Caption: maxCaption},
		events.File: {Bytes: maxFile, MIME: []string{"application/pdf", "text/vcard"}, Caption: maxCaption},
	},
	Takes: takes,
}

// productAWS is the product of an account that sends through AWS.
const productAWS = "aws"

// limitsIn are those of one conversation. AWS sends texts: it takes files from a bucket
// only, so that they go as links, and it has no templates.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
func limitsIn(c events.Conversation) channel.Limits {
	l := limits
	if c.Product == productAWS {
		l.Media, l.Kinds = nil, nil
	}
	return l
}

const (
	authToken     = "auth_token"
	accountSID    = "account_sid"
	topicARN      = "topic_arn"
	keyID         = "aws_access_key_id"
	keySecret     = "aws_secret_access_key"
	configuration = "configuration_set"
	sender        = "sender"
)

func verify(a channel.Account, r channel.Request) error {
	if aws.Posted(r) {
		return aws.Verify(a.Values(topicARN), r)
	}
	return verifyTwilio(a, r)
}

func keys(a channel.Account, r channel.Request) string {
	if aws.Posted(r) {
		return aws.Keys(a.Values(topicARN), r)
	}
	return ""
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	read := parseTwilio
	if aws.Posted(r) {
		read = parseAWS
	}
	evs, err := read(r)
	if viaAWS(a) {
		evs = channel.Through(productAWS, evs)
	}
	return evs, err
}

// ack is an empty document for Twilio, which would send a text to the customer.
// https://www.twilio.com/docs/messaging/twiml
func ack(_ channel.Account, r channel.Request, _ channel.Receipt) channel.Response {
	if aws.Posted(r) {
		return channel.Response{Status: http.StatusOK}
	}
	return channel.Response{Status: http.StatusOK, ContentType: "text/xml", Body: "<Response></Response>"}
}

// received is the event of a customer's message; Type and fact are still to be set.
func received(id, from string) events.Event {
	return events.Event{Key: "message:" + id, Data: events.Data{Contact: person(from), Conversation: thread(from)}}
}

// thread is the conversation with whoever has that address, which is what one sends to.
func thread(address string) *events.Conversation {
	return &events.Conversation{PlatformID: address, Kind: events.Direct}
}

// person is who has that address: a number, or with a prefix somebody on another
// channel of Twilio's.
// https://www.twilio.com/docs/messaging/api/message-resource
func person(address string) *events.Contact {
	prefix, value, found := strings.Cut(address, ":")
	if !found {
		prefix, value = "", address
	}
	i := events.Identity{Scheme: events.External, Value: address} // the name of a sender who has no number
	switch {
	case prefix == "messenger" && value != "":
		i = events.Identity{Scheme: events.MessengerPSID, Value: value}
	case prefix == "rcs" && isNumber(value):
		i = events.Identity{Scheme: events.RCSPhone, Value: value}
	case (prefix == "" || prefix == "whatsapp") && isNumber(value):
		i = events.Identity{Scheme: events.Phone, Value: value}
	}
	c := &events.Contact{Identities: []events.Identity{i}}
	if isNumber(i.Value) {
		c.Phone = i.Value
	}
	return c
}

// isNumber says whether s is a phone number or a short code.
func isNumber(s string) bool { return channel.Digits(strings.TrimPrefix(s, "+")) }

// written is e with a customer's message, and beside it what its words mean for
// consent. keyword is what the platform has understood, or "".
func written(e events.Event, m *events.Message, keyword string) []events.Event {
	e.Type, e.Data.Message = events.MessageReceived, m
	if keyword == "" && e.Data.Contact.Identities[0].Scheme == events.Phone &&
		e.Data.Conversation.PlatformID == e.Data.Contact.Phone {
		keyword = meaning(m)
	}
	consent := consentOf(m, keyword)
	if consent == nil {
		return []events.Event{e}
	}
	beside := events.Event{
		Type: events.ConsentChanged, Time: e.Time, Key: "consent:" + m.PlatformID, Raw: e.Raw,
		Data: events.Data{Contact: e.Data.Contact, Conversation: e.Data.Conversation, Consent: consent},
	}
	return []events.Event{e, beside}
}

// consentOf is what a keyword changes about our right to write; nil when nothing.
// HELP asks for an answer and changes nothing.
func consentOf(m *events.Message, keyword string) *events.Consent {
	c := &events.Consent{Scope: "all", Keyword: word(m), Reason: "keyword"}
	switch keyword {
	case "STOP":
		c.State = events.ConsentWithdrawn
	case "START":
		c.State = events.ConsentGiven
	default:
		return nil
	}
	return c
}

// word is what m says if it is nothing but a text.
func word(m *events.Message) string {
	if text := m.Content[0].Text; text != nil && len(m.Content) == 1 {
		return strings.TrimSpace(text.Body)
	}
	return ""
}

// meaning is what a message of one fixed word means by SMS: STOP, START or "". Words
// that are also plain answers to a question (YES) mean nothing here.
// https://help.twilio.com/articles/223134027 and
// https://docs.aws.amazon.com/sms-voice/latest/userguide/keywords-required.html
func meaning(m *events.Message) string {
	switch strings.ToUpper(word(m)) {
	case "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT-OUT", "OPT OUT",
		"REMOVE", "ARRET", "TD":
		return "STOP"
	case "START", "UNSTOP":
		return "START"
	}
	return ""
}

// unsupported is the event of what Relais has no words for, in the account's own thread.
func unsupported(kind, reason, id string, raw []byte) events.Event {
	return events.Event{
		Type: events.IngestUnsupported, Key: "unsupported:" + channel.Digest(raw, id), Raw: raw,
		Data: events.Data{Unsupported: events.UnsupportedOf(kind, reason, raw)},
	}
}

// fields are the pairs of names and values of which the value is not empty.
func fields(pairs ...string) []events.Field {
	var list []events.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, events.Field{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
