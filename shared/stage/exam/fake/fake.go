// Package fake is a channel that does everything right: the suite's own tests
// break it in one way after the other. Its platform signs the time and the body.
package fake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is the fake platform.
var Channel = channel.Channel{
	Name: "fake", Title: "Fake", Docs: "https://fake.example/docs", Label: channel.Stable,
	Credentials: []channel.Credential{
		{Name: "secret", Help: "Console, Security"},
		{Name: "verify_token", Help: "any text; enter the same in the console"},
		{Name: "app_id", Help: "Console, Overview", Public: true},
	},
	Verify: verify, Parse: parse, Handshake: handshake,
	Outbound: outbound,
}

const (
	tolerance = 5 * time.Minute
	signed    = "X-Fake-Signature"
	stamped   = "X-Fake-Time"
	maxTime   = 253402300799000 // 9999-12-31T23:59:59Z in milliseconds, the last that RFC 3339 can write
)

func verify(a channel.Account, r channel.Request) error {
	at := r.Header.Get(stamped)
	if err := signature.HMAC(sha256.New, a.Values("secret"), message(at, r.Body), r.Header.Get(signed),
		hex.DecodeString); err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return channel.Refuse(channel.Malformed)
	}
	if r.Received.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return channel.Refuse(channel.Stale)
	}
	return nil
}

func message(at string, body []byte) []byte { return append([]byte(at+"."), body...) }

var plain = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	if r.Method != "GET" {
		return channel.Response{}, false
	}
	q := r.Query()
	if signature.Token(a.Values("verify_token"), q.Get("token")) != nil || !plain.MatchString(q.Get("challenge")) {
		return channel.Response{Status: 403, ContentType: "text/plain"}, true
	}
	return channel.Response{Status: 200, ContentType: "text/plain", Body: q.Get("challenge")}, true
}

type delivery struct {
	Events []json.RawMessage `json:"events"`
}

type item struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	User string `json:"user"`
	Time int64  `json:"time"` // Unix milliseconds
	Text string `json:"text"`
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var d delivery
	if err := channel.Decode(r.Body, &d); err != nil {
		return nil, channel.Malform("body")
	}
	evs := make([]events.Event, 0, len(d.Events))
	for _, raw := range d.Events {
		evs = append(evs, parseItem(raw))
	}
	return evs, nil
}

func parseItem(raw json.RawMessage) events.Event {
	var m item
	if channel.Decode(raw, &m) != nil || m.ID == "" || m.User == "" || m.Time < 0 || m.Time > maxTime {
		sum := sha256.Sum256(raw)
		return events.Event{
			Type: events.IngestUnsupported, Key: "unsupported:" + hex.EncodeToString(sum[:8]), Raw: raw,
			Data: events.Data{Unsupported: events.UnsupportedOf("event", "malformed", raw)},
		}
	}
	content := events.NewText(m.Text)
	if m.Type != "text" {
		content = events.NewUnsupported(m.Type, "unknown", raw)
	}
	return events.Event{
		Type: events.MessageReceived, Time: time.UnixMilli(m.Time).UTC(), Key: "message:" + m.ID, Raw: raw,
		Data: events.Data{
			Contact:      &events.Contact{Identities: []events.Identity{{Scheme: events.External, Value: m.User}}},
			Conversation: &events.Conversation{PlatformID: m.User, Kind: events.Direct},
			Message: &events.Message{PlatformID: m.ID, Actor: events.Actor{Role: events.Customer},
				Content: []events.Content{content}},
		},
	}
}
