// Package custom connects any other platform, both ways, through a bridge: a service
// of the brand that speaks Relais' convention over Standard Webhooks 1.0
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
// The README is the bridge author's reference.
package custom

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
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
		{Name: inboundSecret,
			Help: "whsec_ and 24 to 64 random bytes in base64, shared with the bridge; a list accepts several", Optional: true},
		{Name: inboundPublicKey,
			Help:     "whpk_ and the bridge's Ed25519 public key in base64, when it signs with v1a; a list accepts several",
			Optional: true},
		{Name: outboundURL, Help: "https URL of the bridge, to which messages are posted; needed to send", Optional: true,
			Public: true},
		{Name: outboundSecret,
			Help: "whsec_ and 24 to 64 random bytes in base64, shared with the bridge and never the inbound_secret; of a " +
				"list each signs", Optional: true},
	},
	MaxBody: 256 << 10,

	Verify: verify,
	Parse:  parse,
	Ack:    ack,

	Outbound: outbound,
}

// outbound is how a bridge is written to. What its platform cannot show is its own
// affair, as are the platform's windows: it refuses with the class window.
var outbound = channel.Outbound{
	Limits: limits,
	Rate:   channel.Rate{Account: 20}, // ours: what a small service bears
	Class:  channel.Always(channel.Idempotent),
	Send:   send,
	Act:    act,
	Acts:   []events.Verb{events.ActTyping, events.ActRead, events.ActEdit, events.ActDelete},
	Origin: origin,
}

var limits = channel.Limits{
	Text: maxText,
	Unit: channel.Bytes,
	Styles: []string{"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "code", "pre", "link",
		"mention",
		"command", "hashtag", "cashtag", "email", "phone", "url", "emoji", "list"},
	Links: channel.Links{Schemes: []string{"mailto", "tel", "sms"}, Local: true},
	Quote: true,
	Kinds: []events.Kind{events.KindLocation, events.KindContacts, events.KindLink, events.KindForm, events.KindSchedule,
		events.KindPayment, events.KindProduct, events.KindOrder, events.KindTemplate},
	Contacts: 1,
	Media: map[string]channel.MediaLimit{
		events.Image: {Caption: maxText}, events.Video: {Caption: maxText}, events.Audio: {Caption: maxText},
		events.Voice: {Caption: maxText},
		events.File:  {Caption: maxText}, events.Sticker: {Caption: maxText}, events.Animation: {Caption: maxText},
	},
	Choices: []channel.Choices{
		offering(events.StyleButtons), offering(events.StyleQuick), offering(events.StyleList), offering(events.StylePicker),
	},
	Cards: &channel.Cards{Min: 1, Max: maxCards, Text: maxText, Options: maxOptions, Actions: actions},
}

const (
	inboundSecret    = "inbound_secret"
	inboundPublicKey = "inbound_public_key"
	outboundURL      = "outbound_url"
	outboundSecret   = "outbound_secret"

	// maxBatch bounds a batch.
	maxBatch = 50
)

// verify takes either credential; no delivery says which was used.
func verify(a channel.Account, r channel.Request) error {
	return signature.NewStandard(a.Values(inboundSecret), a.Values(inboundPublicKey)).Verify(r)
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	id := cmp.Or(r.Header.Get(signature.StandardID), channel.Digest(r.Body)) // verified deliveries have one
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
	if signature.IsStandardID(w.ID) {
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
	}{r.Header.Get(signature.StandardID), "accepted"}
	if got.New == 0 && got.Duplicates > 0 {
		answer.Status = "duplicate"
	}
	body, _ := json.Marshal(answer) // two texts
	return channel.Response{Status: http.StatusAccepted, ContentType: "application/json", Body: string(body)}
}
