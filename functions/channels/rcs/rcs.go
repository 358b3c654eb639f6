// Package rcs speaks for an agent of RCS for Business, Google's RCS Business Messaging
// (https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks).
//
// Google signs the decoded data of the Pub/Sub message that a webhook carries, and
// nothing around it; the agent and the person are taken from inside. No time is
// signed, so replays are told by the event's key.
package rcs

import (
	"cmp"
	"crypto/sha512"
	"net/http"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is RCS for Business.
var Channel = channel.Channel{
	Name:  "rcs",
	Title: "RCS for Business",
	Docs:  "https://developers.google.com/business-communications/rcs-business-messaging/reference/rest",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: clientToken, Help: "Business Communications Developer Console, the agent's Integrations, Webhook: the " +
			"clientToken"},
		{Name: agentID, Public: true,
			Help: "Business Communications Developer Console, the agent's id, which ends in @rbm.goog"},
		{Name: google.ServiceAccount,
			Help: "Business Communications Developer Console, Account settings, Service account: the whole JSON file of a key"},
		{Name: region, Public: true, Optional: true, Help: "the agent's region if it has one: us, europe or asia"},
	},
	MaxBody: 1 << 20, // Google publishes no limit; files come as URLs

	Verify:    verify,
	Parse:     parse,
	Handshake: handshake,

	Outbound: outbound,
}

// outbound is how RCS is written to. Google has no window; what carriers allow
// depends on the kind of traffic that a message declares.
var outbound = channel.Outbound{
	Limits:  limits,
	Class:   channel.Always(channel.Idempotent), // by messageId
	Opens:   []events.Scheme{events.RCSPhone},
	Address: channel.PlusAddress,
	Send:    send,
	Act:     act,
	Acts:    []events.Verb{events.ActTyping, events.ActRead, events.ActDelete},
	Token:   token,
	Hosts:   []string{globalHost, "us-" + globalHost, "europe-" + globalHost, "asia-" + globalHost, google.TokenHost},
}

// limits are those of AgentContentMessage and of the media types. Google does not say
// what a character is: whoever keeps to UTF-16 units keeps to all readings.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#agentcontentmessage
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/send#media
var limits = channel.Limits{
	Text:  3072,
	Unit:  channel.UTF16,
	Kinds: []events.Kind{events.KindLocation},
	Media: map[string]channel.MediaLimit{
		events.Image: {Bytes: maxFile, MIME: []string{"image/jpeg", "image/png", "image/gif"}, Caption: maxDescription},
		events.Video: {Bytes: maxFile, MIME: []string{"video/mp4", "video/mpeg", "video/webm", "video/m4v", "video/h263"},
			Caption: maxDescription},
		events.Audio: {Bytes: maxFile, MIME: []string{"audio/aac", "audio/mpeg", "audio/mp4", "audio/mp4-latm", "audio/3gpp",
			"application/ogg"}},
		events.File: {Bytes: maxFile, MIME: []string{"application/pdf"}},
	},
	Choices: []channel.Choices{
		{Style: events.StyleQuick, Min: 1, Max: 11, Actions: actions, Label: maxLabel},
		{Style: events.StyleButtons, Min: 1, Max: 4, Actions: actions, Label: maxLabel, Text: maxDescription,
			Title: maxTitle, Header: true},
	},
	Cards: &channel.Cards{Min: 2, Max: 10, Title: maxTitle, Text: maxDescription, Options: 4, Actions: actions,
		Label: maxLabel},
	Takes: takes,
}

const (
	clientToken = "client_token"
	agentID     = "agent_id"
	region      = "region"
	header      = "X-Goog-Signature"
)

// https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks#verify_incoming_messages
func verify(a channel.Account, r channel.Request) error {
	_, data, ok := google.Open(r.Body)
	if !ok {
		return channel.Refuse(channel.Malformed)
	}
	return signature.HMAC(sha512.New, a.Values(clientToken), data, r.Joined(header), signature.Base64)
}

// handshake answers the request by which Google checks a webhook when it is saved:
// it names our token, and hears the secret beside it.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks#configure_an_agent_webhook
func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	var w challenge
	if channel.Decode(r.Body, &w) != nil || w.ClientToken == nil || w.Secret == nil || w.Message != nil {
		return channel.Response{}, false
	}
	if signature.Token(a.Values(clientToken), *w.ClientToken) != nil {
		return channel.Response{Status: http.StatusForbidden}, true
	}
	return channel.Response{Status: http.StatusOK, ContentType: "text/plain", Body: *w.Secret}, true
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	_, data, ok := google.Open(r.Body)
	if !ok {
		return nil, channel.Malform("message.data is not base64")
	}
	var w event
	if channel.Decode(data, &w) != nil {
		return nil, channel.Malform("message.data is not JSON")
	}
	p := parser{event: &w, out: events.Event{Time: channel.RFC3339(w.SendTime), Raw: data}}
	if w.AgentID != "" && w.AgentID != a.Value(agentID) {
		p.unsupported("another agent") // in no conversation: its people are not ours
		return []events.Event{p.out}, nil
	}
	if phone := cmp.Or(w.SenderPhoneNumber, w.PhoneNumber); phone != "" {
		p.out.Data.Contact = contact(phone)
		p.out.Data.Conversation = &events.Conversation{PlatformID: phone, Kind: events.Direct}
	}
	if !p.fact() {
		p.unsupported(channel.Malformed)
	}
	return []events.Event{p.out}, nil
}

// A parser turns what one event says into the fact of out.
type parser struct {
	*event
	out events.Event
}

// unsupported keeps the event as it came, as its only fact.
func (p *parser) unsupported(reason string) {
	p.out.Key = "event:" + channel.Digest(p.out.Raw)
	channel.Unsupported(&p.out, cmp.Or(p.EventType, "event"), reason, p.out.Raw)
}

// contact is known by a phone number alone; RCS tells no name.
func contact(phone string) *events.Contact {
	c := &events.Contact{Identities: []events.Identity{{Scheme: events.RCSPhone, Value: phone}}}
	c.Phone = channel.E164(phone)
	return c
}

func field(name, value string) events.Field { return events.Field{Name: name, Value: value} }

func ref(message string) events.Ref { return events.Ref{PlatformID: message} }
