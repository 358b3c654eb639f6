// Package signal receives what people write on Signal. Signal has no interface for
// businesses: a client of the operator's own, signal-cli behind
// https://github.com/bbernhard/signal-cli-rest-api, hands every envelope to a
// side-car, which signs it by Standard Webhooks 1.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md)
// and posts it here as it came. The README tells what the side-car must do.
package signal

import (
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is Signal, through a side-car.
var Channel = channel.Channel{
	Name:  "signal",
	Title: "Signal",
	Docs:  "https://github.com/AsamK/signal-cli/wiki",
	Label: channel.Community,
	Credentials: []channel.Credential{
		{Name: inboundSecret,
			Help: "whsec_ and 24 to 64 random bytes in base64, shared with the side-car; a list accepts several"},
		{Name: ownNumber, Help: "the number registered with Signal, with plus sign and country code", Public: true},
		{Name: ownACI, Help: "the account's own UUID, as quotes of its messages in groups name it where they leave out " +
			"the number", Optional: true, Public: true},
		{Name: outboundURL, Help: "https address of the side-car, which passes calls on to the container; without it the " +
			"account only receives", Optional: true, Public: true},
		{Name: outboundToken, Help: "a long random text that the side-car asks for as bearer token", Optional: true},
	},
	MaxBody: 1 << 20, // attachments are not in it

	Verify: verify,
	Parse:  parse,

	Outbound: outbound,
}

// outbound is how Signal is written to: by the container's REST API, to which the
// side-car passes on what carries its token.
// https://github.com/bbernhard/signal-cli-rest-api/blob/master/doc/EXAMPLES.md
var outbound = channel.Outbound{
	Limits: channel.Limits{
		// Clients put what is longer into an attachment that few other clients open.
		// https://github.com/signalapp/Signal-Desktop/blob/main/ts/util/longAttachment.std.ts
		Text:   2048,
		Unit:   channel.Bytes,
		Styles: []string{"bold", "italic", "strikethrough", "code", "spoiler"},
		Quote:  true,
		Media: map[string]channel.MediaLimit{
			events.Image:     {Bytes: maxFile, Caption: 2048, MIME: []string{"image/*"}},
			events.Animation: {Bytes: maxFile, Caption: 2048, MIME: []string{"image/*"}},
			events.Video:     {Bytes: maxFile, Caption: 2048, MIME: []string{"video/*"}},
			events.Audio:     {Bytes: maxFile, Caption: 2048, MIME: []string{"audio/*"}},
			events.File:      {Bytes: maxFile, Caption: 2048},
			events.Sticker:   {},
		},
		Takes: takes,
	},
	Rate:   channel.Rate{Account: 1}, // Signal publishes none, and blocks who looks like a machine
	Class:  channel.Always(channel.Blind),
	Opens:  []events.Scheme{events.SignalACI},
	Send:   send,
	Act:    act,
	Acts:   events.Verbs(),
	Fetch:  fetch,
	Origin: origin,
}

const (
	inboundSecret = "inbound_secret"
	ownNumber     = "number"
	ownACI        = "aci"
	outboundURL   = "outbound_url"
	outboundToken = "outbound_token"
)

func verify(a channel.Account, r channel.Request) error {
	return signature.NewStandard(a.Values(inboundSecret), nil).Verify(r)
}

// parse reads one envelope, in any of the three forms in which signal-cli and the
// container give it.
func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	var d delivery
	_ = channel.Decode(r.Body, &d) // without an envelope it holds nothing
	n := d.find()
	if !channel.Present(n.Envelope) {
		return nil, channel.Malform("envelope is absent")
	}
	var w envelope
	_ = channel.Decode(n.Envelope, &w) // without an author it is told as unsupported
	p := parser{envelope: &w, raw: n.Envelope, number: n.Account, aci: a.Value(ownACI)}
	if p.number == "" {
		p.number = a.Value(ownNumber)
	}
	p.from(w.SourceUUID, w.SourceNumber, w.SourceName)
	switch {
	case channel.Present(n.Exception):
		p.unsupported("exception", "could not be decrypted", r.Body)
	case p.author == "" || !p.fact():
		p.unsupported(p.kind(), channel.Malformed, p.raw)
	}
	return p.out, nil
}

// find is the notice in the one of the three forms that d has.
func (d *delivery) find() notice {
	n := d.Params
	if channel.Present(d.Envelope) {
		n = d.notice
	}
	if n.Result != nil {
		n = *n.Result
	}
	return n
}

// self stands for the account in the ids of messages, whose authors are named now
// by number and now by UUID.
const self = "self"

// A parser turns what one envelope says into events.
type parser struct {
	*envelope
	raw         []byte // the envelope
	number, aci string // our own

	author string // who wrote: self, a UUID or, where that is hidden, a number
	role   string
	at     time.Time
	data   events.Data // contact and conversation of every event
	out    []events.Event
}

// from takes the person with that UUID and number as the author, in the direct
// conversation with them.
func (p *parser) from(uuid, number, name string) {
	p.author, p.role, p.at = address(uuid, number), events.Customer, channel.Unix(p.Timestamp)
	p.data.Contact, p.data.Conversation = contact(uuid, number, name), direct(uuid, number)
}

// fact adds the events of what the envelope holds. It reports whether that has
// what its kind must hold.
func (p *parser) fact() bool {
	switch {
	case p.DataMessage != nil:
		return p.dataMessage(p.DataMessage)
	case p.EditMessage != nil:
		return p.edit(p.EditMessage)
	case p.ReceiptMessage != nil:
		return p.receipts(p.ReceiptMessage)
	case p.TypingMessage != nil:
		return p.typing(p.TypingMessage)
	case p.SyncMessage != nil && p.SyncMessage.Sent != nil:
		return p.sent(p.SyncMessage.Sent)
	case p.SyncMessage != nil:
		p.data = events.Data{} // of the account's own devices
	}
	p.unsupported(p.kind(), "no words for it", p.raw)
	return true
}

// kind names what the envelope holds.
func (p *parser) kind() string {
	switch {
	case p.DataMessage != nil:
		return "dataMessage"
	case p.EditMessage != nil:
		return "editMessage"
	case p.ReceiptMessage != nil:
		return "receiptMessage"
	case p.TypingMessage != nil:
		return "typingMessage"
	case p.SyncMessage != nil:
		return "syncMessage"
	case channel.Present(p.CallMessage):
		return "callMessage"
	case channel.Present(p.StoryMessage):
		return "storyMessage"
	}
	return "envelope"
}

func (p *parser) add(t events.Type, key string, d events.Data) {
	d.Contact, d.Conversation = p.data.Contact, p.data.Conversation
	p.out = append(p.out, events.Event{Type: t, Key: key, Time: p.at, Raw: p.raw, Data: d})
}

func (p *parser) unsupported(kind, reason string, raw []byte) {
	p.add(events.IngestUnsupported, "event:"+channel.Digest(raw),
		events.Data{Unsupported: events.UnsupportedOf(kind, reason, raw)})
}
