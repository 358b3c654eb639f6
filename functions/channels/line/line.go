// Package line speaks with people on LINE: the webhooks and the calls of a Messaging
// API channel (https://developers.line.biz/en/docs/messaging-api/overview/).
//
// LINE signs the body, never a time, so replays are told by the event's key. It
// sends batches, may redeliver, and promises no order.
package line

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is LINE.
var Channel = channel.Channel{
	Name:  "line",
	Title: "LINE",
	Docs:  "https://developers.line.biz/en/reference/messaging-api/",
	Label: channel.Stable,
	Credentials: []channel.Credential{
		{Name: secret, Help: "LINE Developers console, the channel's Basic settings, Channel secret; on LINE Chat Plus " +
			"the Switcher Secret; a list accepts several"},
		{Name: channelID, Help: "LINE Developers console, the channel's Basic settings, Channel ID; with channel_secret " +
			"it mints the tokens to send with", Optional: true, Public: true},
		{Name: accessToken, Help: "LINE Developers console, the channel's Messaging API, Channel access token " +
			"(long-lived); in place of channel_id", Optional: true},
	},
	MaxBody: 1 << 20, // LINE publishes no limit

	Verify: verify,
	Parse:  parse,

	Outbound: outbound,
}

// outbound is how LINE is written to. There is no window: whoever is a friend of
// the account can be written to at any time, at the price of the plan.
var outbound = channel.Outbound{
	Limits: limits,
	Rate:   channel.Rate{Account: 2000}, // https://developers.line.biz/en/reference/messaging-api/#rate-limits
	Class:  class,
	Opens:  []events.Scheme{events.LINEUser},
	Send:   send,
	Act:    act,
	Acts:   []events.Verb{events.ActTyping},
	Token:  token,
	Fetch:  fetch,
	Hosts:  []string{apiHost, dataHost},
}

var limits = channel.Limits{
	Text:  maxText,
	Unit:  channel.UTF16,
	Batch: maxMessages,
	Kinds: []events.Kind{events.KindLocation},
	Media: map[string]channel.MediaLimit{
		// https://developers.line.biz/en/reference/messaging-api/#image-message
		events.Image: {Bytes: 10 << 20, MIME: []string{"image/jpeg", "image/png"}},
		// https://developers.line.biz/en/reference/messaging-api/#video-message
		events.Video: {Bytes: 200 << 20, MIME: []string{"video/mp4"}},
		// https://developers.line.biz/en/reference/messaging-api/#audio-message
		events.Audio:   {Bytes: 200 << 20, MIME: audioTypes},
		events.Voice:   {Bytes: 200 << 20, MIME: audioTypes},
		events.Sticker: {}, // https://developers.line.biz/en/docs/messaging-api/sticker-list/
	},
	Choices: []channel.Choices{
		{Style: events.StyleButtons, Min: 1, Max: maxOptions, Actions: buttonActions, Text: bubbleText, Label: buttonLabel,
			ID:    maxData,
			Title: 200, Footer: 200, Describe: 200, Section: 100, Header: true},
		{Style: events.StyleQuick, Min: 1, Max: maxQuick, Actions: quickActions, Label: quickLabel, ID: maxData},
	},
	Cards: &channel.Cards{Min: 1, Max: maxCards, Title: 200, Text: cardText, Options: cardOptions, Actions: buttonActions,
		Label: buttonLabel},
	Takes: takes,
}

const (
	secret      = "channel_secret"
	channelID   = "channel_id"
	accessToken = "access_token"

	header = "X-Line-Signature"
)

// https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/
func verify(a channel.Account, r channel.Request) error {
	return signature.HMAC(sha256.New, a.Values(secret), r.Body, r.Joined(header), signature.Base64)
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var d delivery
	if channel.Decode(r.Body, &d) != nil {
		return nil, channel.Malform("body is not a webhook object")
	}
	if d.Events == nil {
		return nil, channel.Malform("events is absent")
	}
	evs := make([]events.Event, 0, len(d.Events))
	for _, raw := range d.Events {
		evs = append(evs, parseEvent(d.Destination, raw, r.Received))
	}
	return evs, nil
}

// parseEvent turns one event into ours. bot is the account's own user id.
func parseEvent(bot string, raw json.RawMessage, received time.Time) events.Event {
	var w event
	_ = channel.Decode(raw, &w) // without a type it is told as unsupported
	p := parser{event: &w, bot: bot, received: received, out: events.Event{
		Time: channel.Unix(w.Timestamp), Key: w.Type + ":" + w.WebhookEventID, Raw: raw,
		Data: events.Data{Contact: contact(w.Source), Conversation: conversation(w.Source, w.Mode)},
	}}
	if w.Type == "" || w.WebhookEventID == "" {
		p.out.Key = "event:" + channel.Digest(raw)
	}
	if w.Type == "" || !p.fact() {
		p.unsupported(channel.Malformed)
	}
	if c := p.out.Data.Conversation; c != nil && p.out.Data.Message == nil && p.out.Data.Interaction == nil {
		c.Answer = p.answer()
	}
	return p.out
}

// A parser turns what one event says into the fact of out.
type parser struct {
	*event
	out      events.Event
	bot      string
	received time.Time
}

// fact sets out's type and fact. It reports whether the event has what its type
// must hold.
func (p *parser) fact() bool {
	switch p.Type {
	case "message":
		return p.Message != nil && p.message(events.MessageReceived)
	case "messageEdited":
		return p.Message != nil && p.message(events.MessageEdited)
	case "unsend":
		return p.Unsend != nil && p.unsend()
	case "postback":
		return p.Postback != nil && p.postback()
	case "follow", "unfollow":
		return p.placed() && p.consent()
	case "join":
		return p.placed() && p.members(events.ParticipantJoined, []source{{UserID: p.bot}}, true)
	case "leave":
		return p.placed() && p.members(events.ParticipantLeft, []source{{UserID: p.bot}}, true)
	case "memberJoined":
		return p.placed() && p.Joined != nil && p.members(events.ParticipantJoined, p.Joined.Members, false)
	case "memberLeft":
		return p.placed() && p.Left != nil && p.members(events.ParticipantLeft, p.Left.Members, false)
	case "accountLink":
		return p.Link != nil && p.accountLink()
	case "membership":
		return p.placed() && p.Membership != nil && p.membership()
	case "beacon":
		return p.Beacon != nil && p.beacon()
	case "videoPlayComplete":
		return p.VideoPlayComplete != nil && p.status(p.VideoPlayComplete.TrackingID, events.Played)
	case "delivery":
		return p.Delivery != nil && p.status(p.Delivery.Data, events.Delivered)
	case "module":
		return p.Module != nil && p.module()
	case "activated":
		return p.ChatControl != nil && p.activated()
	case "deactivated":
		return p.deactivated()
	case "botSuspended":
		return p.health(events.HealthFailing, "suspended")
	case "botResumed":
		return p.health(events.HealthOK, "resumed")
	}
	p.unsupported("unknown event")
	return true
}

// placed says whether the event names the conversation it happened in. LINE may
// leave out the source: what somebody wrote or chose is then told in the account's
// own thread, but a friend or a member who is nobody is no fact.
func (p *parser) placed() bool { return p.out.Data.Conversation != nil }

// unsupported keeps the event as it came, as its only fact.
func (p *parser) unsupported(reason string) {
	channel.Unsupported(&p.out, cmp.Or(p.Type, "event"), reason, p.out.Raw)
}

// contact is the person an event is about; groups may not name them.
func contact(s source) *events.Contact {
	if s.UserID == "" {
		return nil
	}
	return &events.Contact{Identities: []events.Identity{identity(s.UserID)}}
}

// identity is a LINE user. The id is the same for all channels of one provider,
// whom webhooks do not name, so the scope stays empty.
func identity(user string) events.Identity {
	return events.Identity{Scheme: events.LINEUser, Value: user}
}

// conversation is where an event happened; nil when the source does not say.
func conversation(s source, mode string) *events.Conversation {
	c := &events.Conversation{Kind: events.Group}
	switch s.Type {
	case "user":
		c.PlatformID, c.Kind = s.UserID, events.Direct
	case "group":
		c.PlatformID = s.GroupID
	case "room":
		c.PlatformID = s.RoomID
	}
	if c.PlatformID == "" {
		return nil
	}
	if mode == standby {
		c.Controls = "other" // LINE does not say which of the account's modules
	}
	return c
}

// standby is the mode in which another module of the account answers, and we must not.
// https://developers.line.biz/en/docs/partner-docs/module-technical-using-messaging-api/
const standby = "standby"

// replyTime is how long a reply token may be used.
// https://developers.line.biz/en/reference/messaging-api/#send-reply-message
const replyTime = time.Minute

// answer is the handle with which to reply free of charge; nil when there is none.
func (p *parser) answer() *events.Handle {
	if p.ReplyToken == "" || p.Mode == standby {
		return nil
	}
	since := p.out.Time
	if since.IsZero() {
		since = p.received
	}
	return &events.Handle{Token: p.ReplyToken, ExpiresAt: since.Add(replyTime).UTC()}
}

func field(name, value string) events.Field { return events.Field{Name: name, Value: value} }

func ref(message string) events.Ref { return events.Ref{PlatformID: message} }
