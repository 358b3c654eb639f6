// Package inapp is our own channel: chat in a web page or an app. Its customers
// speak to functions/channels/inapp/chat and functions/channels/inapp/socket, which know who they are and
// hand what they say over as deliveries, signed like any platform's webhook. Brands
// speak to them through the events that tell what was sent.
//
// The README is for those who connect an app; PROTOCOL.md for those who write a client.
package inapp

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Name is the channel's.
const Name = "inapp"

// Channel is in-app and web chat.
var Channel = channel.Channel{
	Name:  Name,
	Title: "In-app",
	Docs:  "https://github.com/relais-dev/relais/blob/main/functions/channels/inapp/PROTOCOL.md",
	Label: channel.Stable,
	Credentials: []channel.Credential{
		{Name: sessionKey, Help: "32 or more random characters: openssl rand -base64 36; signs sessions and deliveries, " +
			"never leaves Relais"},
		{Name: userKeys, Help: `keys of your users' tokens, as JSON text: [{"kid":"k1","alg":"HS256","key":"…"},` +
			`{"alg":"ES256","jwks":"https://…"}]`, Optional: true},
		{Name: origins, Help: "where the widget may run: https://www.example.com, several with commas between",
			Optional: true, Public: true},
		{Name: PushPreview, Help: "no keeps the words of messages out of push notifications", Optional: true, Public: true},
		{Name: VAPIDPrivate, Help: "for Web Push: the private key, base64url, as npx web-push generate-vapid-keys prints it",
			Optional: true},
		{Name: VAPIDSubject, Help: "for Web Push: an https URL or e-mail address of yours", Optional: true, Public: true},
		{Name: APNsKey, Help: "for iOS: the .p8 file of an APNs key, as text", Optional: true},
		{Name: APNsKeyID, Help: "for iOS: the key's id", Optional: true, Public: true},
		{Name: APNsTeam, Help: "for iOS: the team's id", Optional: true, Public: true},
		{Name: APNsTopic, Help: "for iOS: the app's bundle id", Optional: true, Public: true},
		{Name: FCMAccount, Help: "for Android: the JSON file of a service account that may send with FCM, as text",
			Optional: true},
	},
	MaxBody: MaxFrames*MaxFrame + 4<<10,
	Devices: true,

	Verify: verify,
	Parse:  parse,
	Ack:    ack,

	Outbound: outbound,
}

// outbound calls nobody: the event that tells what was sent is the message.
var outbound = channel.Outbound{
	Limits: channel.Limits{
		Text: maxText, Styles: []string{"bold", "italic", "underline", "strikethrough", "code", "pre", "link", "url",
			"email", "phone"},
		Links: channel.Links{Schemes: []string{"mailto", "tel"}, Local: true}, Quote: true, Batch: events.MaxParts,
		Kinds: []events.Kind{events.KindLocation, events.KindContacts, events.KindForm, events.KindSchedule,
			events.KindPayment, events.KindProduct, events.KindOrder, events.KindLink},
		Media: map[string]channel.MediaLimit{
			events.Image: {Bytes: maxFile, Caption: maxText}, events.Video: {Bytes: maxFile, Caption: maxText},
			events.Audio: {Bytes: maxFile, Caption: maxText},
			events.Voice: {Bytes: maxFile, Caption: maxText}, events.File: {Bytes: maxFile, Caption: maxText},
			events.Sticker:   {Bytes: maxFile},
			events.Animation: {Bytes: maxFile, Caption: maxText},
		},
		Choices: []channel.Choices{offer(events.StyleButtons), offer(events.StyleQuick), offer(events.StyleList),
			offer(events.StylePicker)},
		Cards: &channel.Cards{Min: 1, Max: 30, Title: maxLabel, Text: maxText, Options: 10, Actions: actions,
			Label: maxLabel},
	},
	Class:   channel.Always(channel.Idempotent),
	Opens:   []events.Scheme{events.WebVerified},
	Address: address,
	Thread:  func(i events.Identity) string { return ThreadOf(i.Value) },
	Send:    send,
	Act:     act,
	Acts:    []events.Verb{events.ActTyping, events.ActRead, events.ActReact, events.ActEdit, events.ActDelete},
	Fetch:   fetch,
}

const (
	sessionKey = "session_key"
	userKeys   = "user_keys"
	origins    = "origins"
)

// Credentials of push services.
const (
	PushPreview  = "push_preview"
	VAPIDPrivate = "vapid_private"
	VAPIDSubject = "vapid_subject"
	APNsKey      = "apns_key"
	APNsKeyID    = "apns_key_id"
	APNsTeam     = "apns_team"
	APNsTopic    = "apns_topic"
	FCMAccount   = "fcm_account"
)

const (
	headerTime      = "Relais-Timestamp" // milliseconds since 1970, as text
	headerSignature = "Relais-Signature" // hex

	// tolerance covers a delivery's way from one of our functions to the next.
	tolerance = 5 * time.Minute

	// minKey keeps session keys beyond guessing, in bytes.
	// https://www.rfc-editor.org/rfc/rfc7518#section-3.2
	minKey = 32
)

// sessionKeys are a's usable keys, the current one first.
func sessionKeys(a channel.Account) []string {
	var keys []string
	for _, k := range a.Values(sessionKey) {
		if len(strings.TrimSpace(k)) >= minKey {
			keys = append(keys, k)
		}
	}
	return keys
}

// verify checks that one of our functions made r.
func verify(a channel.Account, r channel.Request) error {
	keys := sessionKeys(a)
	if len(keys) == 0 {
		return channel.Refuse(channel.NoSecret)
	}
	at, mac := r.Joined(headerTime), r.Joined(headerSignature)
	if at == "" || mac == "" {
		return channel.Refuse(channel.NoSignature)
	}
	if err := signature.HMAC(sha256.New, keys, signed(at, r.Body), mac, hex.DecodeString); err != nil {
		return err
	}
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return channel.Refuse(channel.Malformed)
	}
	return signature.Fresh(r.Received, time.UnixMilli(ms), tolerance)
}

// signed is what a signature covers. No JSON Web Token begins like it, so that
// neither passes for the other under the same key.
func signed(at string, body []byte) []byte {
	return append([]byte("delivery\n"+at+"\n"), body...)
}

func sign(a channel.Account, r *channel.Request) {
	keys := sessionKeys(a)
	if len(keys) == 0 {
		return
	}
	at := strconv.FormatInt(r.Received.UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(keys[0]))
	mac.Write(signed(at, r.Body))
	r.Header.Set(headerTime, at)
	r.Header.Set(headerSignature, hex.EncodeToString(mac.Sum(nil)))
}

// NewDelivery is what a customer's device said, signed for the channel's webhook.
func NewDelivery(a channel.Account, s Session, frames []json.RawMessage, now time.Time) (channel.Request, error) {
	body, err := channel.JSON(delivery{V: 1, From: from{Thread: s.Thread, Device: s.Device, User: s.User, Name: s.Name,
		Locale: s.Locale}, Frames: frames})
	r := channel.Request{Method: http.MethodPost, Path: "/webhooks/" + Name + "/" + a.ID,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: now}
	sign(a, &r)
	return r, err
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	var d delivery
	if json.Unmarshal(r.Body, &d) != nil || !d.From.valid() {
		return nil, channel.Malform("body is no delivery")
	}
	if len(d.Frames) > MaxFrames {
		return nil, channel.Malform("frames holds more than " + strconv.Itoa(MaxFrames))
	}
	p := parser{account: a, from: d.From, now: r.Received.UTC().Truncate(time.Millisecond)}
	if ms, err := strconv.ParseInt(r.Joined(headerTime), 10, 64); err == nil { // verified deliveries have one
		p.now = time.UnixMilli(ms).UTC()
	}
	var list []events.Event
	for _, raw := range d.Frames {
		if e, ok := p.event(raw); ok {
			list = append(list, e)
		}
	}
	return list, nil
}

// An Acknowledgement tells a client the id of what it sent.
type Acknowledgement struct {
	ClientMsgID string `json:"clientMsgId"`
	MessageID   string `json:"messageId"`
}

// ack names what was sent. It is the same for what is new and what was known: a
// client that heard no answer asks again.
func ack(_ channel.Account, r channel.Request, _ channel.Receipt) channel.Response {
	var d delivery
	_ = json.Unmarshal(r.Body, &d) // parse has seen it
	answer := struct {
		Acks []Acknowledgement `json:"acks"`
	}{[]Acknowledgement{}}
	for _, raw := range d.Frames {
		if f, code := ReadFrame(raw); code == "" && f.ClientMsgID != "" {
			answer.Acks = append(answer.Acks, Acknowledgement{f.ClientMsgID, MessageID(d.From.Thread, f.ClientMsgID)})
		}
	}
	body, _ := channel.JSON(answer) // texts
	return channel.Response{Status: http.StatusAccepted, ContentType: "application/json", Body: string(body)}
}

// MessageID is the id, on this channel, of what a client sent under an id of its own.
func MessageID(thread, clientMsgID string) string { return thread + ":" + clientMsgID }

// ClientMsgID is the inverse of MessageID; "" when the message is not the thread's.
func ClientMsgID(thread, id string) string {
	own, ok := strings.CutPrefix(id, thread+":")
	if !ok {
		return ""
	}
	return own
}
