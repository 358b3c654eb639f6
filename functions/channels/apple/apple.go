// Package apple receives what people do in Messages with a business: the webhooks
// that Apple Messages for Business posts to a messaging service provider, an MSP
// (https://register.apple.com/resources/messages/msp-rest-api/messages-received).
//
// One delivery is one message. Its headers say who wrote to which business; its
// token proves that Apple sent it, and covers neither them nor the body.
package apple

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is Apple Messages for Business.
var Channel = channel.Channel{
	Name:  "apple",
	Title: "Apple Messages for Business",
	Docs:  "https://register.apple.com/resources/messages/msp-rest-api/",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: mspID, Help: "Apple Business Register, Messaging Service Provider, MSP ID", Public: true},
		{Name: secret, Help: "Apple Business Register, Messaging Service Provider, API secret, in base64 as shown there"},
	},
	MaxBody: maxBody,

	Verify: verify,
	Parse:  parse,

	Outbound: outbound,
}

var outbound = channel.Outbound{
	Limits: channel.Limits{
		Text: maxText,
		Unit: channel.UTF16,
		// https://register.apple.com/resources/messages/msp-rest-api/type-text
		Media: map[string]channel.MediaLimit{
			events.Image: {Bytes: maxFile, Caption: maxText}, events.Video: {Bytes: maxFile, Caption: maxText},
			events.Audio: {Bytes: maxFile, Caption: maxText}, events.File: {Bytes: maxFile, Caption: maxText},
			events.Animation: {Bytes: maxFile, Caption: maxText, MIME: []string{"image/gif"}},
		},
		Kinds: []events.Kind{events.KindContacts, events.KindLink, events.KindForm, events.KindSchedule, events.KindPayment},
		// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
		Choices: []channel.Choices{
			{Style: events.StyleQuick, Min: 2, Max: 5, Text: maxLabel, Label: maxLabel},
			{Style: events.StyleList, Min: 1, Max: maxItems, Text: maxLabel, Label: maxLabel, Title: maxLabel,
				Describe: maxLabel, Section: maxLabel, Header: true, Multiple: true},
			{Style: events.StylePicker, Min: 1, Max: maxItems, Text: maxLabel, Label: maxLabel, Title: maxLabel,
				Describe: maxLabel, Section: maxLabel, Header: true, Multiple: true},
		},
		Cards: &channel.Cards{Min: 1, Max: 10, Title: maxLabel, Text: maxLabel, Options: 5, Label: maxLabel},
		Takes: takes,
	},
	Class: channel.Always(channel.Idempotent), // the same id at every try
	Send:  send,
	Act:   act,
	Acts:  []events.Verb{events.ActTyping},
	Fetch: fetch,
	Pull:  pull,
	Hosts: []string{host},
}

const (
	mspID  = "msp_id"
	secret = "api_secret"

	header = "Authorization"
	scheme = "Bearer "

	// maxBody is of the body as it is sent and again of what it unpacks to. Apple
	// publishes no limit; what is interactive moves elsewhere above 10 KB.
	// https://register.apple.com/resources/messages/msp-rest-api/messages-received
	maxBody = 1 << 20

	// maxToken is far above what a token with two claims takes.
	maxToken = 4 << 10

	// tolerance of a token's age. Apple states none; tokens are said to be made for
	// each request, and an hour forgives a gateway that keeps them for a while.
	tolerance = time.Hour
)

// verify checks the token that Apple makes with our secret for us. It has no
// expiry, so its age is what bounds a replay.
// https://register.apple.com/resources/messages/msp-rest-api/common-specs
func verify(a channel.Account, r channel.Request) error {
	keys, ids := keysOf(a), idsOf(a)
	if len(keys) == 0 || len(ids) == 0 {
		return channel.Refuse(channel.NoSecret)
	}
	proof := r.Joined(header)
	if proof == "" {
		return channel.Refuse(channel.NoSignature)
	}
	token, ok := strings.CutPrefix(proof, scheme)
	if !ok || len(token) > maxToken || strings.ContainsAny(token, ", ") {
		return channel.Refuse(channel.Malformed)
	}
	p := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithAudience(ids...), jwt.WithTimeFunc(func() time.Time { return r.Received }))
	var claims jwt.RegisteredClaims
	_, err := p.ParseWithClaims(token, &claims,
		func(*jwt.Token) (any, error) { return jwt.VerificationKeySet{Keys: keys}, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed), err == nil && claims.IssuedAt == nil:
		return channel.Refuse(channel.Malformed)
	case err != nil:
		return channel.Refuse(channel.BadSignature)
	}
	return signature.Fresh(r.Received, claims.IssuedAt.Time, tolerance)
}

// keysOf are a's secrets as Apple signs with them: decoded.
func keysOf(a channel.Account) []jwt.VerificationKey {
	var keys []jwt.VerificationKey
	for _, v := range a.Values(secret) {
		if key, err := signature.Base64(strings.TrimSpace(v)); err == nil && len(key) > 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

func idsOf(a channel.Account) []string {
	var ids []string
	for _, v := range a.Values(mspID) {
		if strings.TrimSpace(v) != "" {
			ids = append(ids, v)
		}
	}
	return ids
}

// tokenOf is a token in which claim names our MSP: aud in what Apple sends, iss in
// what we do. Empty when a has no usable secret.
func tokenOf(a channel.Account, claim string, at time.Time) string {
	keys := keysOf(a)
	if len(keys) == 0 {
		return ""
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{claim: a.Value(mspID), "iat": at.Unix()})
	signed, err := t.SignedString(keys[0])
	if err != nil {
		return ""
	}
	return signed
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	body, err := unpacked(r.Body)
	if err != nil {
		return nil, err
	}
	var d delivery
	if channel.Decode(body, &d) != nil || d.Type == "" {
		return nil, channel.Malform("body is not an object with a type")
	}
	if len(d.Attachments) > maxAttachments {
		return nil, channel.Malform("more attachments than a person sends")
	}
	p := newParser(&d, r, discreet(body))
	if !p.fact() {
		p.unsupported(channel.Malformed)
	}
	return p.withEntry(), nil
}

// maxAttachments of one message; nobody picks as many.
const maxAttachments = 500

const gzipMagic = "\x1f\x8b"

// unpacked is body without its gzip, which is told by its first bytes: no JSON
// begins so, and a proxy may have unpacked it already.
func unpacked(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte(gzipMagic)) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, channel.Malform("body is not gzip")
	}
	plain, err := io.ReadAll(io.LimitReader(z, maxBody+1))
	if err != nil || len(plain) > maxBody {
		return nil, channel.Malform("body is broken gzip, or unpacks to too much")
	}
	return plain, nil
}

// A parser turns what one delivery says into the fact of out.
type parser struct {
	*delivery
	out          events.Event
	id           string // of the message
	capabilities string // of the customer's device
	device       string // its kind
	other        string // the sender that the body names, when it is not the header's
}

// newParser reads the headers, which hold where the body says something else.
func newParser(d *delivery, r channel.Request, raw []byte) parser {
	p := parser{
		delivery: d, id: cmp.Or(r.Header.Get("Id"), d.ID, channel.Digest(raw)),
		capabilities: r.Header.Get("Capability-List"), device: r.Header.Get("Device-Agent"),
	}
	p.out = events.Event{Key: d.Type + ":" + p.id, Raw: raw}
	user, business := cmp.Or(r.Header.Get("Source-Id"), d.SourceID),
		cmp.Or(r.Header.Get("Destination-Id"), d.DestinationID)
	if user == "" {
		return p
	}
	if d.SourceID != user {
		p.other = d.SourceID
	}
	p.out.Data.Contact = contact(user, bare(business), d.Locale)
	p.out.Data.Conversation = &events.Conversation{PlatformID: address{bare(business), user}.String(),
		Kind: events.Direct}
	return p
}

// contact is a person as one business knows them: the id means nothing to another,
// and neither name nor number comes with it.
func contact(user, business, locale string) *events.Contact {
	return &events.Contact{
		Identities: []events.Identity{{Scheme: events.AppleOpaque, Value: user, Scope: business}},
		Locale:     strings.ReplaceAll(locale, "_", "-"),
	}
}

// An address is what one sends to: a person, in the name of one of the businesses
// that an MSP serves.
type address struct{ business, user string }

// String is "business/user". A person's id may hold slashes, a business's has none.
func (a address) String() string {
	if a.business == "" {
		return a.user
	}
	return a.business + "/" + a.user
}

// addressOf reads what String wrote.
func addressOf(platformID string) address {
	business, user, found := strings.Cut(platformID, "/")
	if !found || strings.HasPrefix(platformID, person) {
		return address{user: platformID}
	}
	return address{business, user}
}

// person is how the id of a person begins.
const person = "urn:mbid:"

// bare is a business's id without the prefix that it comes with or without.
func bare(business string) string { return strings.TrimPrefix(business, "urn:biz:") }

// fact sets out's type and fact. It reports whether the delivery has what its type
// must hold.
func (p *parser) fact() bool {
	switch p.Type {
	case "text":
		return p.message(p.text())
	case "interactive":
		return p.interactive()
	case "typing_start", "typing_end":
		p.out.Type, p.out.Data.Typing = events.PresenceTyping,
			&events.Typing{Actor: customer(), Active: p.Type == "typing_start"}
	case "close":
		p.out.Type, p.out.Data.Handling = events.ConversationClosed, &events.Handling{Reason: events.Customer}
	default:
		p.unsupported("unknown type")
	}
	return true
}

func customer() events.Actor { return events.Actor{Role: events.Customer} }

// unsupported keeps the delivery as it came, as its only fact.
func (p *parser) unsupported(reason string) {
	channel.Unsupported(&p.out, p.Type, reason, p.out.Raw)
}

// withEntry is out, with the intent and the group of the link or card by which the
// customer came: part of the message they come with, else an event of their own.
// https://register.apple.com/resources/messages/msp-rest-api/common-specs
func (p *parser) withEntry() []events.Event {
	if p.Intent == "" && p.Group == "" {
		return []events.Event{p.out}
	}
	ref := &events.Referral{Source: "link", ID: p.Group, Payload: p.Intent}
	if m := p.out.Data.Message; m != nil {
		m.Intent, m.Referral = p.Intent, ref
		return []events.Event{p.out}
	}
	entry := events.Event{
		Type: events.ReferralReceived, Key: "referral:" + p.id, Raw: p.out.Raw,
		Data: events.Data{Contact: p.out.Data.Contact, Conversation: p.out.Data.Conversation, Referral: ref},
	}
	return []events.Event{entry, p.out}
}
