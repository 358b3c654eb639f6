// Package kik receives what people do on Kik: the webhooks of its bot API
// (https://github.com/kikinteractive/kik-python), which its owner keeps running, if
// it does, without documents. It is here for bots that still have a key.
package kik

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is Kik.
var Channel = channel.Channel{
	Name:  "kik",
	Title: "Kik",
	Docs:  "https://github.com/kikinteractive/kik-python",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: username, Help: "the bot's name, as Botsworth gave it in the Kik app", Public: true},
		{Name: secret, Help: "the bot's API key, as Botsworth gave it"},
	},
	MaxBody: 1 << 20, // Kik published no limit

	Verify: verify,
	Parse:  parse,

	Outbound: outbound,
}

// The numbers are recollections of documents that are gone.
var outbound = channel.Outbound{
	Limits: channel.Limits{
		Text:  maxText,
		Batch: maxBatch,
		Kinds: []events.Kind{events.KindLink},
		Media: map[string]channel.MediaLimit{
			events.Image: {MIME: []string{"image/*"}}, events.Video: {MIME: []string{"video/*"}},
			events.Animation: {MIME: []string{"video/*"}},
		},
		Choices: []channel.Choices{{Style: events.StyleQuick, Min: 1, Max: maxResponses}},
	},
	Class: channel.Always(channel.Blind),
	Send:  send,
	Act:   act,
	Acts:  []events.Verb{events.ActTyping, events.ActRead},
	Hosts: []string{host},
}

const (
	username = "username"
	secret   = "api_key"
	header   = "X-Kik-Signature"
)

// Kik signs with SHA-1 and writes the digits in upper case.
// https://github.com/kikinteractive/kik-python/blob/master/kik/api.py
func verify(a channel.Account, r channel.Request) error {
	return signature.HMAC(sha1.New, a.Values(secret), r.Body, r.Joined(header), hex.DecodeString)
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var d delivery
	if channel.Decode(r.Body, &d) != nil {
		return nil, channel.Malform("body is not a webhook object")
	}
	if d.Messages == nil {
		return nil, channel.Malform("messages is absent")
	}
	evs := make([]events.Event, 0, len(d.Messages))
	for _, raw := range d.Messages {
		evs = append(evs, parseMessage(raw)...)
	}
	return evs, nil
}

// parseMessage turns one message into events: one, but for receipts that name
// several messages.
func parseMessage(raw json.RawMessage) []events.Event {
	var w message
	_ = channel.Decode(raw, &w) // without a type it is told as unsupported
	p := parser{message: &w, out: events.Event{
		Time: channel.Unix(w.Timestamp), Key: "message:" + w.ID, Raw: raw,
		Data: events.Data{Contact: contact(w.From), Conversation: w.conversation()},
	}}
	if w.ID == "" {
		p.out.Key = "message:" + channel.Digest(raw)
	}
	if w.receipt() {
		return p.statuses()
	}
	if w.Type == "" || !p.fact() {
		p.unsupported(channel.Malformed)
	}
	return []events.Event{p.out}
}

// A parser turns what one message says into the fact of out.
type parser struct {
	*message
	out events.Event
}

// fact sets out's type and fact. It reports whether the message has what its type
// must hold.
func (p *parser) fact() bool {
	switch p.Type {
	case "start-chatting":
		p.out.Type, p.out.Data.Change = events.ConversationStarted, &events.Change{Field: "started", New: events.Customer}
	case "is-typing":
		p.out.Type, p.out.Data.Typing = events.PresenceTyping, &events.Typing{Actor: p.actor(), Active: p.IsTyping}
	case "scan-data":
		p.out.Type = events.ReferralReceived
		p.out.Data.Referral = &events.Referral{Source: "qr", Payload: text(p.ScanData)}
	case "friend-picker":
		return p.picked()
	default:
		return p.said()
	}
	return true
}

// unsupported keeps the message as it came, as its only fact.
func (p *parser) unsupported(reason string) {
	channel.Unsupported(&p.out, cmp.Or(p.Type, "message"), reason, p.out.Raw)
}

func (m *message) receipt() bool { return m.Type == "delivery-receipt" || m.Type == "read-receipt" }

// maxReceipt bounds the messages of one receipt: each is an event.
const maxReceipt = 500

// statuses are what a receipt says of each message that it names.
func (p *parser) statuses() []events.Event {
	state := events.Delivered
	if p.Type == "read-receipt" {
		state = events.Read
	}
	var evs []events.Event
	told := map[string]bool{"": true}
	for _, id := range p.MessageIDs[:min(len(p.MessageIDs), maxReceipt)] {
		if told[id] {
			continue
		}
		told[id] = true
		e := p.out
		e.Type, e.Key = events.MessageStatus, "status:"+string(state)+":"+id+":"+cmp.Or(p.From, "someone")
		e.Data.Status = &events.Status{Message: events.Ref{PlatformID: id}, State: state, Recipient: p.reader()}
		evs = append(evs, e)
	}
	if len(evs) == 0 || len(p.MessageIDs) > maxReceipt {
		p.unsupported(channel.Malformed)
		evs = append(evs, p.out)
	}
	return evs
}

// reader is whose receipt it is.
func (p *parser) reader() *events.Identity {
	if p.From == "" {
		return nil
	}
	i := identity(p.From)
	return &i
}

func contact(user string) *events.Contact {
	if user == "" {
		return nil
	}
	return &events.Contact{Identities: []events.Identity{identity(user)}, Username: user}
}

func identity(user string) events.Identity {
	return events.Identity{Scheme: events.KikUsername, Value: user}
}

// conversation is where a message was sent: to the bot alone, which one answers by
// the person's name, or in a group, by the chat's id. Receipts say neither, and are
// taken for those of a person's own chat. nil when nobody is named.
func (m *message) conversation() *events.Conversation {
	group := m.ChatType == "private" || m.ChatType == "public" || len(m.Participants) > 1 && m.ChatType != "direct"
	switch {
	case group && m.ChatID != "":
		return &events.Conversation{PlatformID: m.ChatID, Kind: events.Group}
	case m.From != "":
		return &events.Conversation{PlatformID: m.From, Kind: events.Direct}
	}
	return nil
}

// text is the text that raw holds, or raw itself where it is none.
func text(raw json.RawMessage) string {
	var s string
	if channel.Decode(raw, &s) != nil {
		return string(raw)
	}
	return s
}
