// Package x receives what people write to an account on X: direct messages, and
// posts that mention it, by the X Activity API
// (https://docs.x.com/x-api/activity/introduction). The bodies of the older Account
// Activity API are read too.
//
// X signs the body, never a time, so replays are told by the event's key. It signs
// tokens of its check (CRC) with the same secret and in the same way, on behalf of
// whoever asks: what could be a token is therefore no body, and the reverse.
package x

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is X.
var Channel = channel.Channel{
	Name:  "x",
	Title: "X",
	Docs:  "https://docs.x.com/x-api/activity/introduction",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: consumerSecret,
			Help: "console.x.com, the app's Keys and tokens, API Key Secret (consumer secret); a list accepts several, the " +
				"first answers X's checks"},
		{Name: consumerKey, Help: "beside it, API Key; this and the next two are for sending, without them the account " +
			"only receives", Optional: true, Public: true},
		{Name: accessToken, Help: "Keys and tokens, Access Token of the account itself; it begins with the account's user " +
			"id", Optional: true},
		{Name: accessSecret, Help: "beside it, Access Token Secret", Optional: true},
		{Name: premium, Help: "any text where the account has X Premium, whose posts may be longer; X's API does not " +
			"say", Optional: true, Public: true},
	},
	MaxBody: 1 << 20, // X publishes no limit

	Verify:    verify,
	Parse:     parse,
	Handshake: handshake,

	Outbound: outbound,
}

// outbound is how X is written to: with direct messages, and with posts that answer
// one in a public thread. The person who is written to must follow the account,
// take messages from everyone, or have written before; there is no window.
var outbound = channel.Outbound{
	Limits: limits,
	In:     limitsIn,
	// X lets an account send 15 direct messages in 15 minutes, and says in its answer
	// when to go on. A steady rate would keep a person waiting for the second
	// sentence (https://docs.x.com/x-api/fundamentals/rate-limits).
	Class: channel.Always(channel.Blind),
	Opens: []events.Scheme{events.XUser},
	Send:  send,
	Act:   act,
	Acts:  []events.Verb{events.ActDelete},
	Fetch: fetch,
	Hosts: []string{apiHost, tonHost, videoHost},
}

// limits are those of a direct message.
// https://docs.x.com/x-api/direct-messages/manage/introduction
var limits = channel.Limits{
	Text:  maxDirect,
	Unit:  channel.UTF16,
	Media: pictures(maxDirect),
}

// Lengths of a direct message, and by X's own count of a post; where the account has
// Premium, of a longer post.
// https://docs.x.com/fundamentals/counting-characters
// https://help.x.com/en/using-x/x-premium
const (
	maxDirect  = 10_000
	maxPost    = 280
	maxPremium = 25_000
)

// pictures with captions of that length.
// https://docs.x.com/x-api/media/quickstart/best-practices
func pictures(caption int) map[string]channel.MediaLimit {
	return map[string]channel.MediaLimit{events.Image: {Bytes: maxImage,
		MIME: []string{"image/jpeg", "image/png", "image/webp"}, Caption: caption}}
}

// productPremium is the product of an account that has Premium.
const productPremium = "premium"

// limitsIn are those of one conversation: in a public thread we post.
func limitsIn(c events.Conversation) channel.Limits {
	l := limits
	if c.Kind == events.Public {
		l.Text, l.Unit = maxPost, channel.Posts
		if c.Product == productPremium {
			l.Text = maxPremium
		}
		l.Media = pictures(l.Text)
	}
	return l
}

const (
	premium        = "premium"
	consumerKey    = "consumer_key"
	consumerSecret = "consumer_secret"
	accessToken    = "access_token"
	accessSecret   = "access_token_secret"

	header = "X-Twitter-Webhooks-Signature"
	scheme = "sha256="
)

// https://docs.x.com/x-api/webhooks/introduction
func verify(a channel.Account, r channel.Request) error {
	if err := signature.HMAC(sha256.New, a.Values(consumerSecret), r.Body, r.Joined(header), digest); err != nil {
		return err
	}
	if !bytes.HasPrefix(r.Body, []byte("{")) {
		return channel.Refuse(channel.Malformed) // it may be the answer to a check that somebody asked for
	}
	return nil
}

func digest(text string) ([]byte, error) {
	text, ok := strings.CutPrefix(text, scheme)
	if !ok {
		return nil, errors.New("not a sha256 signature")
	}
	return signature.Base64(text)
}

// signatureOf signs a body or a token with the secret in force.
func signatureOf(a channel.Account, text string) string {
	mac := hmac.New(sha256.New, []byte(a.Value(consumerSecret)))
	mac.Write([]byte(text))
	return scheme + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// token is what a check may ask to be signed: never the start of a JSON object.
var token = regexp.MustCompile(`^[A-Za-z0-9+/=_.:-]{1,256}$`)

// handshake answers the Challenge-Response Check. It is not signed: anybody may ask.
// https://docs.x.com/x-api/webhooks/quickstart
func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	if r.Method != http.MethodGet {
		return channel.Response{}, false
	}
	q, err := url.ParseQuery(r.RawQuery)
	asked := q["crc_token"]
	if err != nil || len(asked) != 1 || !token.MatchString(asked[0]) || strings.TrimSpace(a.Value(consumerSecret)) == "" {
		return channel.Response{Status: http.StatusForbidden, ContentType: "text/plain"}, true
	}
	body, _ := json.Marshal(struct {
		ResponseToken string `json:"response_token"`
	}{signatureOf(a, asked[0])}) // a text
	return channel.Response{Status: http.StatusOK, ContentType: "application/json", Body: string(body)}, true
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	var d delivery
	if channel.Decode(r.Body, &d) != nil {
		return nil, channel.Malform("body is neither an activity nor an account's activities")
	}
	var p parser
	switch {
	case d.Data != nil && string(d.Data) != "null":
		p.activities(d.Data)
	case d.ForUserID != "" || d.UserEvent != nil:
		p.legacy(r.Body)
	default:
		return nil, channel.Malform("data is absent")
	}
	if len(p.out) == 1 {
		p.out[0].Raw = nil // the whole body
	}
	if a.Value(premium) != "" {
		return channel.Through(productPremium, p.out), nil
	}
	return p.out, nil
}

// A parser collects what one delivery says. The other fields are of the activity at
// hand.
type parser struct {
	out   []events.Event
	self  string // our own user id
	kind  string // what X calls the activity
	users map[string]user
}

// activities adds the events of a delivery of the X Activity API: one activity, or a
// list of them.
func (p *parser) activities(data json.RawMessage) {
	var list []json.RawMessage
	_ = channel.Decode(data, &list) // one alone is a list of one
	for _, raw := range list {
		p.activity(raw)
	}
}

func (p *parser) activity(raw json.RawMessage) {
	var w activity
	_ = channel.Decode(raw, &w) // without a type it is told as unsupported
	p.self, p.kind, p.users = w.Filter.UserID, w.EventType, map[string]user{}
	before := len(p.out)
	if p.kind == "" || !p.fact(&w, raw) {
		p.unsupported(channel.Malformed, raw)
	}
	if len(p.out) == before {
		p.unsupported("nothing known in it", raw)
	}
}

// fact adds what an activity says. It reports whether the activity has what its
// type must hold.
func (p *parser) fact(w *activity, raw json.RawMessage) bool {
	switch p.kind {
	case "dm.received", "dm.sent", "dm.read", "dm.indicate_typing":
		return p.directs(w.Payload)
	case "chat.received", "chat.sent":
		return p.encrypted(w.Payload)
	case "post.mention.create", "post.reply.create", "post.quote.create", "post.create":
		return p.post(w.Payload, w.Includes)
	case "post.delete":
		return p.deleted(w.Payload)
	case "oauth.revoke":
		var r revocation
		return channel.Decode(w.Payload, &r) == nil && p.revoked(r, w.Payload)
	}
	p.unsupported("unknown event", raw)
	return true
}

func (p *parser) add(e events.Event, raw json.RawMessage) {
	e.Raw = raw
	p.out = append(p.out, e)
}

// unsupported keeps an activity as it came.
func (p *parser) unsupported(reason string, raw json.RawMessage) {
	kind := p.kind
	if kind == "" {
		kind = "activity"
	}
	e := events.Event{Key: "event:" + channel.Digest(raw)}
	channel.Unsupported(&e, kind, reason, raw)
	p.add(e, raw)
}

// deleted adds that a post of ours was taken back. Its thread is not named.
func (p *parser) deleted(payload json.RawMessage) bool {
	var w deletedPost
	return channel.Decode(payload, &w) == nil && p.gone(w.ID, time.Time{}, payload)
}

func (p *parser) gone(id string, at time.Time, raw json.RawMessage) bool {
	if id == "" {
		return false
	}
	p.add(events.Event{Type: events.MessageDeleted, Key: "delete:" + id, Time: at, Data: events.Data{
		Deletion: &events.Deletion{Messages: []events.Ref{{PlatformID: id}}, Actor: &events.Actor{Role: events.Agent}}}},
		raw)
	return true
}

// revoked adds that the account withdrew its permission: the app may keep neither
// its tokens nor its data.
func (p *parser) revoked(w revocation, raw json.RawMessage) bool {
	if w.UserID == "" || w.DateTime == "" {
		return false
	}
	p.add(events.Event{Type: events.ChannelHealth, Key: "revoke:" + w.UserID + ":" + w.DateTime,
		Time: channel.RFC3339(w.DateTime), Data: events.Data{Health: &events.Health{
			Aspect: "token", State: events.HealthFailing, Detail: "authorisation revoked",
			Fields: []events.Field{{Name: "user_id", Value: w.UserID}, {Name: "app_id", Value: w.AppID}},
		}}}, raw)
	return true
}

// year is t, or no time where RFC 3339 could not write it.
func year(t time.Time) time.Time {
	if t.Year() < 2006 || t.Year() > 9000 {
		return time.Time{}
	}
	return t.UTC()
}
