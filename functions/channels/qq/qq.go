// Package qq receives what people write to a QQ bot: one to one (C2C), in groups
// and in guilds, by webhook
// (https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/event-emit.html).
//
// One key pair, made from the bot's secret, proves QQ's events to us and our URL to
// QQ (op 13). What we sign for the latter must never pass for the former: an event
// begins with a brace, and we sign nothing that has one.
package qq

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is QQ.
var Channel = channel.Channel{
	Name:  "qq",
	Title: "QQ",
	Docs:  "https://bot.q.qq.com/wiki/develop/api-v2/",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: appID, Help: "q.qq.com, the bot's Development settings, AppID", Public: true},
		{Name: appSecret, Help: "q.qq.com, the bot's Development settings, AppSecret; a list accepts several"},
		{Name: sandbox, Help: "any text while the bot is not published: messages go to QQ's sandbox", Optional: true,
			Public: true},
	},
	MaxBody: 1 << 20, // QQ publishes no limit

	Verify:    verify,
	Parse:     parse,
	Handshake: handshake,
	Ack:       ack,

	Outbound: outbound,
}

// outbound is how QQ is written to: nearly always as the answer to a message or an
// event, which the handle names.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
var outbound = channel.Outbound{
	Limits: limits,
	In:     limitsIn,
	// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
	Rate:    channel.Rate{Pair: 5},
	Class:   class,
	Opens:   []events.Scheme{events.QQOpenID},
	Send:    send,
	Outside: outside,
	Act:     act,
	Acts:    []events.Verb{events.ActTyping, events.ActDelete},
	Token:   token,
	Hosts:   []string{apiHost, sandboxHost, tokenHost},
}

var limits = channel.Limits{
	Text: 2000, // QQ publishes none
	// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/text-chain.html
	Markup: regexp.MustCompile(`<(?:@|#|emoji:|qqbot-)`),
	Quote:  true, // shown in guilds; elsewhere the quoted message is what is answered
	Batch:  answers,
	Kinds:  []events.Kind{events.KindTemplate},
	// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/rich-media.html
	Media: map[string]channel.MediaLimit{
		events.Image: {Bytes: 30 << 20, MIME: []string{"image/png", "image/jpeg"}, Caption: 2000},
		events.Video: {Bytes: 100 << 20, MIME: []string{"video/mp4"}},
		events.Voice: {Bytes: 20 << 20, MIME: []string{"audio/silk"}},
		events.File:  {Bytes: 100 << 20},
	},
	// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/msg-btn.html
	Choices: []channel.Choices{{Style: events.StyleButtons, Max: rows * columns,
		Actions: []string{events.ActionReply, events.ActionPostback, events.ActionURL}}},
	Takes: takes,
}

// limitsIn are those of one conversation: guilds show the picture at an address and no
// other file, and they alone show what is quoted.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
func limitsIn(c events.Conversation) channel.Limits {
	l := limits
	l.Quote = inGuild(c)
	if l.Quote {
		l.Media = map[string]channel.MediaLimit{events.Image: limits.Media[events.Image]}
	}
	return l
}

const (
	appID     = "app_id"
	appSecret = "app_secret"
	sandbox   = "sandbox"

	headerSignature = "X-Signature-Ed25519"
	headerTime      = "X-Signature-Timestamp"

	// tolerance bounds the age of a signed time. QQ documents none.
	tolerance = 5 * time.Minute
)

// Operations of an envelope.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/event-emit.html
const (
	opDispatch     = 0
	opHeartbeat    = 1
	opHeartbeatAck = 11
	opCallbackAck  = 12
	opValidation   = 13
)

func verify(a channel.Account, r channel.Request) error {
	_, err := prove(a, r)
	return err
}

// seconds is a signed time of one length, so that it and the body, which are
// signed without anything between them, can be cut in one place only.
var seconds = regexp.MustCompile(`^[0-9]{10}$`)

// prove checks r's signature and gives the key that made it.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/sign.html
func prove(a channel.Account, r channel.Request) (ed25519.PrivateKey, error) {
	at, text := r.Joined(headerTime), r.Joined(headerSignature)
	switch {
	case at == "" || text == "":
		return nil, channel.Refuse(channel.NoSignature)
	case !seconds.MatchString(at) || !bytes.HasPrefix(r.Body, []byte("{")):
		return nil, channel.Refuse(channel.Malformed)
	}
	message := append([]byte(at), r.Body...)
	err := channel.Refuse(channel.NoSecret)
	for _, s := range a.Values(appSecret) {
		key := keyOf(s)
		if key == nil {
			continue
		}
		public, _ := key.Public().(ed25519.PublicKey)
		if err = signature.Ed25519([][]byte{public}, message, text, hex.DecodeString); err == nil {
			unix, _ := strconv.ParseInt(at, 10, 64) // seconds has matched
			return key, signature.Fresh(r.Received, time.Unix(unix, 0), tolerance)
		}
	}
	return nil, err
}

// keyOf is the key pair of a bot's secret, which is repeated until it is long
// enough for a seed; nil for a blank secret.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/sign.html
func keyOf(secret string) ed25519.PrivateKey {
	if strings.TrimSpace(secret) == "" {
		return nil
	}
	seed := strings.Repeat(secret, (ed25519.SeedSize+len(secret)-1)/len(secret))
	return ed25519.NewKeyFromSeed([]byte(seed[:ed25519.SeedSize]))
}

// handshake answers the validation of the URL, and heartbeats. Both must be signed
// as events are: the validation has us sign a text of the asker's choice with the
// key that proves events.
func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	var w envelope
	_ = channel.Decode(r.Body, &w) // without an op it is nothing
	if r.Method != http.MethodPost || w.Op == nil || *w.Op != opValidation && *w.Op != opHeartbeat {
		return channel.Response{}, false
	}
	key, err := prove(a, r)
	if err != nil {
		return reply(http.StatusUnauthorized, struct{}{}), true
	}
	if *w.Op == opHeartbeat {
		return heartbeat(w.Data), true
	}
	return validate(key, w.Data), true
}

// What validation may ask to be signed: together never the start of an event.
var (
	eventTime  = regexp.MustCompile(`^[0-9]{10,13}$`)
	plainToken = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// validate signs what QQ asks for, to prove that the URL's owner has the secret.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/interface-framework/event-emit.html
func validate(key ed25519.PrivateKey, data json.RawMessage) channel.Response {
	var v validation
	if channel.Decode(data, &v) != nil || !eventTime.MatchString(v.EventTime) || !plainToken.MatchString(v.PlainToken) {
		return reply(http.StatusBadRequest, struct{}{})
	}
	proof := ed25519.Sign(key, []byte(v.EventTime+v.PlainToken))
	return reply(http.StatusOK, validationAnswer{v.PlainToken, hex.EncodeToString(proof)})
}

func heartbeat(data json.RawMessage) channel.Response {
	var seq uint64
	if channel.Decode(data, &seq) != nil {
		return reply(http.StatusBadRequest, struct{}{})
	}
	return reply(http.StatusOK, acknowledgement{opHeartbeatAck, seq})
}

// ack tells QQ that an event has arrived; after anything else it sends it again.
func ack(channel.Account, channel.Request, channel.Receipt) channel.Response {
	return reply(http.StatusOK, acknowledgement{opCallbackAck, 0})
}

func reply(status int, v any) channel.Response {
	body, _ := json.Marshal(v) // texts and numbers
	return channel.Response{Status: status, ContentType: "application/json", Body: string(body)}
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	var w envelope
	_ = channel.Decode(r.Body, &w) // without an op it is nothing
	if w.Op == nil {
		return nil, channel.Malform("body is not an envelope with an op")
	}
	p := parser{envelope: &w, app: a.Value(appID), received: r.Received, raw: r.Body}
	p.out.Key, p.out.Rank = "event:"+p.ID, w.Sequence
	if p.ID == "" {
		p.out.Key = "event:" + channel.Digest(r.Body)
	}
	switch {
	case *w.Op != opDispatch || w.Type == "":
		p.unsupported("unknown operation")
	case !p.fact():
		p.unsupported(channel.Malformed)
	}
	return []events.Event{p.out}, nil
}

// A parser turns what one envelope says into the fact of out.
type parser struct {
	*envelope
	app      string // our own id, within which a person's is unique
	received time.Time
	raw      []byte
	out      events.Event
}

// fact sets out's type and fact. It reports whether the event has what its type
// must hold.
func (p *parser) fact() bool {
	switch p.Type {
	case "C2C_MESSAGE_CREATE", "GROUP_AT_MESSAGE_CREATE", "GROUP_MESSAGE_CREATE",
		"AT_MESSAGE_CREATE", "MESSAGE_CREATE", "DIRECT_MESSAGE_CREATE":
		return p.message()
	case "INTERACTION_CREATE":
		return p.interaction()
	case "FRIEND_ADD":
		return p.consent(events.ConsentGiven, "all", "followed")
	case "FRIEND_DEL":
		return p.consent(events.ConsentWithdrawn, "all", "unfollowed")
	case "C2C_MSG_RECEIVE", "GROUP_MSG_RECEIVE":
		return p.consent(events.ConsentGiven, "notifications", "settings")
	case "C2C_MSG_REJECT", "GROUP_MSG_REJECT":
		return p.consent(events.ConsentWithdrawn, "notifications", "settings")
	case "GROUP_ADD_ROBOT", "GROUP_MEMBER_ADD":
		return p.members(events.ParticipantJoined)
	case "GROUP_DEL_ROBOT", "GROUP_MEMBER_REMOVE":
		return p.members(events.ParticipantLeft)
	case "MESSAGE_AUDIT_PASS", "MESSAGE_AUDIT_REJECT":
		return p.audit()
	case "MESSAGE_REACTION_ADD":
		return p.reaction(events.ReactionAdded)
	case "MESSAGE_REACTION_REMOVE":
		return p.reaction(events.ReactionRemoved)
	case "PUBLIC_MESSAGE_DELETE", "MESSAGE_DELETE", "DIRECT_MESSAGE_DELETE":
		return p.deletion()
	}
	p.unsupported("unknown event")
	return true
}

// unsupported keeps the event as it came, as its only fact.
func (p *parser) unsupported(reason string) {
	kind := p.Type
	if kind == "" {
		kind = "op:" + strconv.FormatInt(*p.Op, 10)
	}
	channel.Unsupported(&p.out, kind, reason, p.raw)
}
