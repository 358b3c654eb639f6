// Package custom connects any other platform, both ways, through a bridge: a service
// of the brand that speaks Relais' convention over Standard Webhooks 1.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
// The README is the bridge author's reference.
package custom

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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

// Channel is any platform behind a bridge.
var Channel = channel.Channel{
	Name:  "custom",
	Title: "Custom bridge",
	Docs:  "https://www.standardwebhooks.com",
	Label: channel.Stable,
	Credentials: []channel.Credential{ // one of them must be usable, else Verify refuses
		{Name: inboundSecret, Help: "whsec_ and 24 to 64 random bytes in base64, shared with the bridge; a list accepts several", Optional: true},
		{Name: inboundPublicKey, Help: "whpk_ and the bridge's Ed25519 public key in base64, when it signs with v1a; a list accepts several", Optional: true},
		{Name: outboundURL, Help: "https URL of the bridge, to which messages are posted; needed to send", Optional: true, Public: true},
		{Name: outboundSecret, Help: "whsec_ and 24 to 64 random bytes in base64, shared with the bridge and never the inbound_secret; of a list each signs", Optional: true},
	},
	MaxBody: 256 << 10,

	Verify: verify,
	Parse:  parse,
	Ack:    ack,

	Outbound: outbound,
}

const (
	inboundSecret    = "inbound_secret"
	inboundPublicKey = "inbound_public_key"
	outboundURL      = "outbound_url"
	outboundSecret   = "outbound_secret"

	headerID        = "Webhook-Id"
	headerTime      = "Webhook-Timestamp"
	headerSignature = "Webhook-Signature"

	// tolerance is that of the reference libraries.
	// https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook.go
	tolerance = 5 * time.Minute

	// maxSignatures bounds the work of an unproven request; a rotation of secret
	// and key at once has four.
	maxSignatures = 8

	// maxBatch bounds a batch.
	maxBatch = 50
)

var (
	// validID keeps dots out of ids: they separate the parts of what is signed.
	validID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)
	seconds = regexp.MustCompile(`^[0-9]{1,12}$`) // Unix time
)

func verify(a channel.Account, r channel.Request) error {
	secrets, keys := secretsOf(a, inboundSecret), publicKeysOf(a)
	if len(secrets) == 0 && len(keys) == 0 {
		return channel.Refuse(channel.NoSecret)
	}
	id, at, list := r.Header.Get(headerID), r.Header.Get(headerTime), r.Header.Get(headerSignature)
	switch {
	case id == "" || at == "" || list == "":
		return channel.Refuse(channel.NoSignature)
	case !validID.MatchString(id) || !seconds.MatchString(at):
		return channel.Refuse(channel.Malformed)
	}
	if err := anySignature(secrets, keys, signed(id, at, r.Body), list); err != nil {
		return err
	}
	unix, _ := strconv.ParseInt(at, 10, 64) // seconds has matched
	return signature.Fresh(r.Received, time.Unix(unix, 0), tolerance)
}

// anySignature checks that one of list, "version,base64" with spaces between, is
// right. What is of no known version is ignored; a second comma in an entry comes
// from a doubled header.
func anySignature(secrets []string, keys [][]byte, message []byte, list string) error {
	entries := strings.Fields(list)
	if len(entries) > maxSignatures {
		return channel.Refuse(channel.Malformed)
	}
	for _, e := range entries {
		if strings.Count(e, ",") > 1 {
			return channel.Refuse(channel.Malformed)
		}
	}
	for _, e := range entries {
		version, text, _ := strings.Cut(e, ",")
		switch {
		case version == "v1" && signature.HMAC(sha256.New, secrets, message, text, signature.Base64) == nil:
			return nil
		case version == "v1a" && signature.Ed25519(keys, message, text, signature.Base64) == nil:
			return nil
		}
	}
	return channel.Refuse(channel.BadSignature)
}

// signed is what a signature covers.
func signed(id, at string, body []byte) []byte {
	b := make([]byte, 0, len(id)+len(at)+len(body)+2)
	b = append(append(b, id...), '.')
	b = append(append(b, at...), '.')
	return append(b, body...)
}

// secretsOf are the keys of a's usable secrets of that name: the prefix, which some
// libraries leave off, is removed and the rest decoded. Those of another length than
// the specification's are no secrets.
func secretsOf(a channel.Account, name string) []string {
	var keys []string
	for _, v := range a.Values(name) {
		if key := decoded(v, "whsec_"); len(key) >= 24 && len(key) <= 64 {
			keys = append(keys, string(key))
		}
	}
	return keys
}

func publicKeysOf(a channel.Account) [][]byte {
	var keys [][]byte
	for _, v := range a.Values(inboundPublicKey) {
		if key := decoded(v, "whpk_"); len(key) == 32 { // ed25519.PublicKeySize
			keys = append(keys, key)
		}
	}
	return keys
}

// decoded is the key behind prefix; nil when it has another form.
func decoded(value, prefix string) []byte {
	key, err := signature.Base64(strings.TrimPrefix(strings.TrimSpace(value), prefix))
	if err != nil {
		return nil
	}
	return key
}

// signatures are the headers of a delivery that is sent at now, signed with each of
// secrets.
func signatures(secrets []string, id string, now time.Time, body []byte) http.Header {
	at := strconv.FormatInt(now.Unix(), 10)
	var list []string
	for _, s := range secrets {
		mac := hmac.New(sha256.New, []byte(s))
		mac.Write(signed(id, at, body))
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return http.Header{headerID: {id}, headerTime: {at}, headerSignature: {strings.Join(list, " ")}}
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	id := cmp.Or(r.Header.Get(headerID), channel.Digest(r.Body)) // verified deliveries have one
	var w envelope
	if channel.Decode(r.Body, &w) != nil || w.Type == "" {
		return nil, channel.Malform("body is not an object with a type")
	}
	if w.Type != "batch" {
		return []events.Event{parseEvent(w, id, r.Body, r.Received)}, nil
	}
	items := w.Data.Events
	if items == nil {
		return nil, channel.Malform("data.events is not a list")
	}
	if ambiguous(r.Body) {
		return nil, channel.Malform("a member is given twice")
	}
	if len(items) > maxBatch {
		return nil, channel.Malform("data.events holds more than " + strconv.Itoa(maxBatch))
	}
	evs := make([]events.Event, 0, len(items))
	for i, raw := range items {
		evs = append(evs, parseItem(id+":"+strconv.Itoa(i), raw, r.Received))
	}
	return evs, nil
}

// parseItem turns an item of a batch into an event. place names it when it has no
// usable id of its own: a retry has the same items in the same order.
func parseItem(place string, raw json.RawMessage, received time.Time) events.Event {
	var w envelope
	_ = channel.Decode(raw, &w) // without a type it is told as unsupported
	if validID.MatchString(w.ID) {
		place = w.ID
	}
	e := parseEvent(w, place, raw, received)
	e.Raw = raw
	return e
}

// ack tells the bridge what became of its delivery.
func ack(_ channel.Account, r channel.Request, got channel.Receipt) channel.Response {
	answer := struct {
		ID     string `json:"id"`
		Status string `json:"status"`
	}{r.Header.Get(headerID), "accepted"}
	if got.New == 0 && got.Duplicates > 0 {
		answer.Status = "duplicate"
	}
	body, _ := json.Marshal(answer) // two texts
	return channel.Response{Status: http.StatusAccepted, ContentType: "application/json", Body: string(body)}
}
