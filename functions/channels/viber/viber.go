// Package viber receives what people do with a Viber bot
// (https://developers.viber.com/docs/api/rest-bot-api/).
//
// Viber signs the body, never a time, so replays are told by the event's key. It
// sends one event per request. A receipt names our message by the token that
// sending it returned; these tokens exceed what a float can hold, so they are text.
package viber

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is Viber.
var Channel = channel.Channel{
	Name:  "viber",
	Title: "Viber",
	Docs:  "https://developers.viber.com/docs/api/rest-bot-api/",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: token, Help: "Viber Admin Panel, the bot's Edit Info screen, Token"},
		{Name: welcome, Help: "what somebody reads who opens the chat for the first time, at most 7000 characters; " +
			"nothing when it is absent", Optional: true, Public: true},
		{Name: senderName, Help: "the name shown above messages, at most 28 characters", Optional: true, Public: true},
	},
	MaxBody: 1 << 20, // Viber publishes no limit; events are a few KB

	Verify: verify,
	Parse:  parse,
	Ack:    ack,

	Outbound: outbound,
}

// outbound's numbers are from https://developers.viber.com/docs/api/rest-bot-api/#message-types
// and https://developers.viber.com/docs/tools/keyboards/ where nothing else is said.
var outbound = channel.Outbound{
	Limits: channel.Limits{
		Text:     7000,
		Kinds:    []events.Kind{events.KindLocation, events.KindContacts, events.KindLink},
		Contacts: 1,
		Media: map[string]channel.MediaLimit{
			events.Image:   {Bytes: 1 << 20, MIME: []string{"image/jpeg", "image/png"}, Caption: captionLength},
			events.Video:   {Bytes: 26 << 20, MIME: []string{"video/mp4"}, Duration: 180 * time.Second},
			events.File:    {Bytes: 50 << 20},
			events.Sticker: {},
		},
		Choices: []channel.Choices{
			{Style: events.StyleQuick, Min: 1, Max: keyboardRows, Actions: actions, Label: labelLength},
			{Style: events.StyleButtons, Min: 1, Max: keyboardRows, Actions: actions, Label: labelLength, Text: captionLength,
				Header: true},
		},
		Cards: &channel.Cards{
			Min: 2, Max: 6, Title: 60, Text: 150, Options: 2, Label: 60, Media: true, Uniform: true,
			Actions: []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView},
		},
		Takes: takes,
	},
	Class: channel.Always(channel.Blind), // no key of ours is taken, and receipts carry none
	Opens: []events.Scheme{events.ViberUser},
	Send:  send,
	Hosts: []string{host},
}

const (
	token      = "auth_token"
	welcome    = "welcome_text"
	senderName = "sender_name"

	header    = "X-Viber-Content-Signature"
	parameter = "sig"
)

// verify accepts the signature from the query only when there is no header: Viber
// sends both, and its own Node SDK reads the query.
// https://developers.viber.com/docs/api/rest-bot-api/#callbacks
func verify(a channel.Account, r channel.Request) error {
	got := r.Joined(header)
	if list := r.Query()[parameter]; got == "" && len(list) == 1 {
		got = list[0]
	}
	return signature.HMAC(sha256.New, a.Values(token), r.Body, got, hex.DecodeString)
}

// ack answers a conversation_started with the account's welcome: the only moment
// at which somebody who has not written yet can be written to.
// https://developers.viber.com/docs/api/rest-bot-api/#sending-a-welcome-message
func ack(a channel.Account, r channel.Request, _ channel.Receipt) channel.Response {
	var w callback
	if a.Value(welcome) == "" || channel.Decode(r.Body, &w) != nil || w.Event != "conversation_started" {
		return channel.Response{}
	}
	// Texts alone cannot fail.
	body, _ := json.Marshal(greeting{Sender: sender{Name: a.Value(senderName)}, Type: "text", Text: a.Value(welcome)})
	return channel.Response{Status: http.StatusOK, ContentType: "application/json", Body: string(body)}
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var w callback
	if channel.Decode(r.Body, &w) != nil || w.Event == "" {
		return nil, channel.Malform("body is not an event")
	}
	p := parser{callback: &w, received: r.Received, raw: r.Body, time: channel.Unix(w.Timestamp)}
	if !p.fact() {
		p.out = []events.Event{p.unsupported(channel.Malformed)}
	}
	return p.out, nil
}

// A parser turns a callback into out: one fact, or two when somebody came by a link.
type parser struct {
	*callback
	received time.Time
	raw      []byte
	time     time.Time
	out      []events.Event
}

// fact sets out. It reports whether the callback has what its event must hold.
func (p *parser) fact() bool {
	switch p.Event {
	case "message":
		return p.message()
	case "delivered":
		return p.status(events.Delivered)
	case "seen":
		return p.status(events.Read)
	case "failed":
		return p.status(events.Failed)
	case "subscribed":
		return p.consent(events.ConsentGiven)
	case "unsubscribed":
		return p.consent(events.ConsentWithdrawn)
	case "conversation_started":
		return p.started()
	case "webhook":
		return p.registered()
	}
	p.out = []events.Event{p.unsupported("unknown event")}
	return true
}

// event is what every event of the callback has. Receipts reuse the token of our
// message and come for every recipient, so a key holds the event and the user too.
func (p *parser) event(t events.Type, kind string) events.Event {
	e := events.Event{Type: t, Time: p.time, Key: kind + ":" + string(p.Token), Raw: p.raw}
	if p.Token == "" {
		e.Key = kind + ":" + channel.Digest(p.raw)
	}
	u := p.who()
	if u.ID == "" {
		return e
	}
	e.Key += ":" + u.ID
	e.Data.Conversation = &events.Conversation{PlatformID: u.ID, Kind: events.Direct}
	e.Data.Contact = &events.Contact{
		Identities: []events.Identity{{Scheme: events.ViberUser, Value: u.ID}},
		Name:       u.Name, Avatar: u.Avatar, Locale: u.Language,
	}
	return e
}

// who is the person the callback is about.
func (p *parser) who() user {
	switch {
	case p.Sender != nil:
		return *p.Sender
	case p.User != nil:
		return *p.User
	}
	return user{ID: p.UserID}
}

func (p *parser) unsupported(reason string) events.Event {
	e := p.event(events.IngestUnsupported, p.Event)
	e.Data.Unsupported = events.UnsupportedOf(p.Event, reason, p.raw)
	return e
}

// status sets what became of the message that Token names.
func (p *parser) status(s events.State) bool {
	e := p.event(events.MessageStatus, "status:"+p.Event)
	e.Data.Status = &events.Status{Message: events.Ref{PlatformID: string(p.Token)}, State: s}
	if s == events.Failed {
		e.Data.Status.Error = &events.StatusError{Class: events.ClassUnknown, Title: cmp.Or(p.Desc, "failed")}
	}
	p.out = []events.Event{e}
	return p.Token != "" && p.UserID != ""
}

// consent sets that the bot may write to somebody, or no longer may.
func (p *parser) consent(state string) bool {
	e := p.event(events.ConsentChanged, p.Event)
	e.Data.Consent = &events.Consent{State: state, Scope: "all", Reason: p.Event}
	p.out = []events.Event{e}
	return e.Data.Contact != nil
}

// started sets that somebody opened the chat, and by which link. It is no consent:
// until they write or subscribe, only the welcome may be sent.
func (p *parser) started() bool {
	e := p.event(events.ConversationStarted, p.Event)
	e.Data.Change = &events.Change{Field: "started"}
	p.out = []events.Event{e}
	if p.Context != "" {
		r := p.event(events.ReferralReceived, "referral")
		r.Data.Referral = &events.Referral{Source: "link", Payload: p.Context}
		p.out = append(p.out, r)
	}
	return e.Data.Contact != nil
}

// registered sets that the webhook was set: Viber checks the URL while it is.
func (p *parser) registered() bool {
	e := p.event(events.ChannelHealth, p.Event)
	e.Data.Health = &events.Health{Aspect: "subscription", State: events.HealthOK, Detail: "webhook set"}
	p.out = []events.Event{e}
	return true
}
