// Package zalo receives what people do with a Zalo Official Account
// (https://developers.zalo.me/docs/official-account/webhook/tin-nhan/su-kien-nguoi-dung-gui-tin-nhan).
//
// Zalo proves itself by a plain SHA-256 over app id, body, time and secret, in this
// order; it is no HMAC. It sends one event per request. What the account itself
// says, in Zalo's own tool or through the API, comes as events too.
package zalo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is Zalo.
var Channel = channel.Channel{
	Name:  "zalo",
	Title: "Zalo Official Account",
	Docs:  "https://developers.zalo.me/docs/official-account",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: appID, Help: "developers.zalo.me, the app's Settings, ID", Public: true},
		{Name: secret, Help: "developers.zalo.me, the app's Official Account, Webhook, OA Secret Key (not the app's " +
			"secret key)"},
		{Name: appSecret, Help: "to send: developers.zalo.me, the app's Settings, secret key", Optional: true},
		{Name: refreshToken,
			Help: "to send: the refresh token of the OA's authorisation; it begins the chain and is used once", Optional: true},
	},
	MaxBody: 1 << 20, // Zalo publishes no limit

	Verify: verify,
	Parse:  parse,

	Outbound: outbound,
}

var outbound = channel.Outbound{
	Limits: channel.Limits{
		// https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dang-van-ban
		Text:  textLength,
		Quote: true,
		Kinds: []events.Kind{events.KindTemplate, events.KindForm},
		Media: map[string]channel.MediaLimit{
			// https://developers.zalo.me/docs/official-account/quan-ly/upload-hinh-anh
			events.Image: {Bytes: 1 << 20, MIME: []string{"image/jpeg", "image/png"}, Caption: textLength},
			events.File: {Bytes: 5 << 20, MIME: []string{"application/pdf", "application/msword",
				// https://developers.zalo.me/docs/official-account/quan-ly/upload-file
				"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "text/csv"}},
			events.Sticker: {},
		},
		Choices: []channel.Choices{ // https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/
			{Style: events.StyleButtons, Min: 1, Max: buttonCount, Text: titleLength, Label: titleLength, ID: idLength,
				Header: true,
				Actions: []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView,
					events.ActionCall}},
		},
		Takes: takes,
	},
	Class:   class,
	Opens:   []events.Scheme{events.ZaloUser, events.Phone},
	Address: channel.PlusAddress,
	Thread:  channel.DigitsThread,
	Send:    send,
	Outside: func(o channel.Outgoing) bool { return template(o) != nil },
	Token:   mint,
	Hosts:   []string{apiHost, znsHost, oauthHost},
}

const (
	appID        = "app_id"
	secret       = "oa_secret_key"
	appSecret    = "app_secret"
	refreshToken = "refresh_token"

	header = "X-ZEvent-Signature"
	prefix = "mac="

	// tolerance is longer than Zalo sends an event again, which is said to be for
	// 12 hours: the signed time is the event's, so a shorter one would lose what
	// happened while we could not answer. Replays are told by the event's key.
	tolerance = 13 * time.Hour
)

// verify accepts the digest with and without "mac=" before it: clients in the wild
// tell of both.
func verify(a channel.Account, r channel.Request) error {
	if strings.TrimSpace(a.Value(appID)) == "" {
		return channel.Refuse(channel.NoSecret)
	}
	got := r.Joined(header)
	if got == "" {
		return channel.Refuse(channel.NoSignature)
	}
	ms := timestamp(r.Body)
	if ms == "" {
		return channel.Refuse(channel.Malformed)
	}
	var good []string
	for _, s := range a.Values(secret) {
		if strings.TrimSpace(s) != "" {
			good = append(good, digest(a.Value(appID), r.Body, ms, s))
		}
	}
	if err := signature.Token(good, strings.TrimPrefix(got, prefix)); err != nil {
		return err
	}
	return signature.Fresh(r.Received, channel.UnixText(ms), tolerance)
}

func digest(app string, body []byte, timestamp, secret string) string {
	h := sha256.New()
	h.Write([]byte(app))
	h.Write(body)
	h.Write([]byte(timestamp + secret))
	return hex.EncodeToString(h.Sum(nil))
}

// timestamp is the time in body as it is written there; "" when there is none.
func timestamp(body []byte) string {
	var w struct {
		Timestamp digits `json:"timestamp"`
	}
	_ = channel.Decode(body, &w) // without a time nothing is signed
	return string(w.Timestamp)
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var w webhook
	if channel.Decode(r.Body, &w) != nil || w.Name == "" {
		return nil, channel.Malform("body is not an event")
	}
	p := parser{webhook: &w, received: r.Received, raw: r.Body, time: channel.UnixText(string(w.Timestamp))}
	if !p.fact() {
		p.out = []events.Event{p.unsupported(channel.Malformed)}
	}
	return p.out, nil
}

// A parser turns a webhook into out: one fact, or one per message that was seen.
type parser struct {
	*webhook
	received time.Time
	raw      []byte
	time     time.Time
	out      []events.Event
}

// fact sets out. It reports whether the webhook has what its event must hold.
func (p *parser) fact() bool {
	switch p.Name {
	case "follow":
		return p.consent(events.ConsentGiven, "followed")
	case "unfollow":
		return p.consent(events.ConsentWithdrawn, "unfollowed")
	case "user_received_message":
		return p.statuses(events.Delivered)
	case "user_seen_message":
		return p.statuses(events.Read)
	case "user_reacted_message":
		return p.reaction()
	case "user_submit_info":
		return p.form()
	case "user_click_chatnow":
		return p.started()
	}
	for _, from := range []string{"user_send_", "anonymous_send_", "oa_send_"} {
		if kind, ok := strings.CutPrefix(p.Name, from); ok {
			return p.message(kind)
		}
	}
	p.out = []events.Event{p.unsupported("unknown event")}
	return true
}

// event is what every event of the webhook has.
func (p *parser) event(t events.Type, key string) events.Event {
	e := events.Event{Type: t, Time: p.time, Key: key, Raw: p.raw}
	person := p.person()
	if person == "" {
		return e
	}
	who := events.Identity{Scheme: events.ZaloUser, Value: person}
	e.Data.Conversation = &events.Conversation{PlatformID: person, Kind: events.Direct}
	switch {
	case p.anonymous():
		who.Scheme = events.WebAnonymous
		e.Data.Conversation.PlatformID = visitor + person
		if c := p.Message.ConversationID; c != "" {
			e.Data.Conversation.PlatformID += ":" + c
		}
	case p.Message.TrackingID != "": // of ZNS, which knows phone numbers alone
		who.Scheme = events.Phone
	}
	e.Data.Contact = &events.Contact{Identities: []events.Identity{who}}
	return e
}

// visitor begins the PlatformID of a visitor of a web page, "anonymous:<visitor>:<conversation>".
const visitor = "anonymous:"

// anonymous says whether the person is a visitor of a web page without an account.
// Writing to one needs the conversation's id beside theirs.
// https://developers.zalo.me/docs/official-account/webhook/tin-nhan/su-kien-nguoi-dung-an-danh
func (p *parser) anonymous() bool { return strings.Contains(p.Name, "anonymous") }

// person is the id of the person the event is about. Receipts and echoes are sent
// by the account, so the person is their recipient.
func (p *parser) person() string {
	if p.ours() {
		return p.Recipient.ID
	}
	return cmp.Or(p.Follower.ID, p.Sender.ID, p.UserID, p.User.ID)
}

// ours says whether the account is what the event names as sender.
func (p *parser) ours() bool {
	return strings.HasPrefix(p.Name, "oa_") || p.Name == "user_received_message" || p.Name == "user_seen_message"
}

func (p *parser) unsupported(reason string) events.Event {
	key := "event:" + channel.Digest(p.raw)
	if id := p.Message.ID; id != "" {
		key = p.Name + ":" + id
	}
	e := p.event(events.IngestUnsupported, key)
	e.Data.Unsupported = events.UnsupportedOf(p.Name, reason, p.raw)
	return e
}

// keyOf names a fact that has no message: by the person and the time.
func (p *parser) keyOf(kind string) string {
	key := kind + ":" + p.person()
	if p.Timestamp != "" {
		key += ":" + string(p.Timestamp)
	}
	return key
}
