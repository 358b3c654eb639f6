// Package wechat speaks with people on WeChat, by one of three ways that the account's
// credentials choose:
//
//   - an Official Account (https://developers.weixin.qq.com/doc/service/),
//   - the customer service of a Mini Program, which has the same API with fewer kinds of
//     message (https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html),
//   - WeChat Customer Service (微信客服, kf) of a corporation in WeCom, whose callbacks only
//     announce what Pull then fetches (https://developer.work.weixin.qq.com/document/path/94670).
//
// An account with an EncodingAESKey takes encrypted pushes only: their signature
// covers the message. Without the key the signature covers the time and a nonce,
// and says nothing about the body. Customer Service always encrypts.
package wechat

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/tencent"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is WeChat: Official Accounts, Mini Programs and Customer Service.
var Channel = channel.Channel{
	Name:  "wechat",
	Title: "WeChat",
	Docs:  "https://developers.weixin.qq.com/doc/service/",
	Label: channel.Beta,
	Credentials: []channel.Credential{ // app_id or corp_id must be there, else Verify refuses
		{Name: token, Help: "the Token you chose: Settings & Development, Basic configuration, Server configuration (Mini " +
			"Program: Development management, Message push; Customer Service: API, callback)"},
		{Name: aesKey, Help: "EncodingAESKey, 43 characters, beside the Token; with it only encrypted pushes (safe or " +
			"compatible mode) are accepted; Customer Service needs it", Optional: true},
		{Name: appID, Help: "Official Account, Mini Program: Developer ID (AppID), on the same page; openids are unique " +
			"within it", Optional: true, Public: true},
		{Name: appSecret, Help: "Official Account, Mini Program: AppSecret, on the same page; needed to send and to copy " +
			"media", Optional: true},
		{Name: product, Help: "\"mini\" for a Mini Program; leave it out for an Official Account", Optional: true,
			Public: true},
		{Name: corpID, Help: "Customer Service: the corporation's id, WeCom admin console, My Company; external_userids " +
			"are unique within it", Optional: true, Public: true},
		{Name: kfSecret, Help: "Customer Service: the Secret of the app that may call its API, beside the callback; " +
			"needed to receive and to send", Optional: true},
	},
	MaxBody: tencent.MaxDocument, // a push is a few KB

	Verify:    verify,
	Parse:     parse,
	Handshake: handshake,
	Ack:       ack,

	Outbound: outbound,
}

// outbound holds what an Official Account and Customer Service both show; limitsIn has
// what each product does.
var outbound = channel.Outbound{
	Limits:  limits,
	In:      limitsIn,
	Class:   channel.Always(channel.Blind), // see send
	Opens:   []events.Scheme{events.WeChatOpenID},
	Send:    send,
	Outside: func(o channel.Outgoing) bool { return template(o) != nil },
	Act:     act,
	Acts:    []events.Verb{events.ActTyping},
	Token:   mint,
	Fetch:   fetch,
	Pull:    pull,
	Hosts:   []string{apiHost, kfHost},
}

// limits are the narrower of each pair where the ways differ.
// Text: https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
// Choices: https://developer.work.weixin.qq.com/document/path/94677 (menus of an Official
// Account have no documented limits)
// Media: https://developers.weixin.qq.com/doc/service/api/material/temporary/api_uploadtempmedia
var limits = channel.Limits{
	Text:  maxText,
	Unit:  channel.Bytes,
	Kinds: []events.Kind{events.KindLink, events.KindTemplate},
	Media: map[string]channel.MediaLimit{
		events.Image: {Bytes: 2 << 20, MIME: []string{"image/jpeg", "image/png", "image/gif"}},
		events.Voice: {Bytes: 2 << 20, MIME: []string{"audio/amr", "audio/mpeg"}},
		events.Audio: {Bytes: 2 << 20, MIME: []string{"audio/amr", "audio/mpeg"}},
		events.Video: {Bytes: 10 << 20, MIME: []string{"video/mp4"}},
	},
	Choices: []channel.Choices{{Style: events.StyleButtons, Min: 1, Max: maxItems, Text: maxHead, Label: maxLabel,
		ID: events.MaxOptionID, Footer: maxHead}},
	Takes: takes,
}

// productMini is the product of a Mini Program. A conversation of Customer Service is
// known by its PlatformID.
const productMini = "mini"

// limitsIn are those of one conversation. A Mini Program shows texts, pictures and links.
// Customer Service takes files too, recordings as AMR, films without a picture, links
// with one; no GIF, and no templates.
// https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.html
// https://developer.work.weixin.qq.com/document/path/90253
func limitsIn(c events.Conversation) channel.Limits {
	l := limits
	_, _, ofKF := kfRecipient(c.PlatformID)
	switch {
	case ofKF:
		l.Kinds, l.Takes = []events.Kind{events.KindLink}, takesKF
		voice := channel.MediaLimit{Bytes: maxUpload["voice"], MIME: []string{"audio/amr"}}
		l.Media = map[string]channel.MediaLimit{
			events.Image: {Bytes: maxUpload["image"], MIME: []string{"image/jpeg", "image/png"}},
			events.Voice: voice, events.Audio: voice, events.Video: limits.Media[events.Video],
			events.File: {Bytes: maxUpload["file"]},
		}
	case c.Product == productMini:
		l.Media = map[string]channel.MediaLimit{events.Image: limits.Media[events.Image]}
		l.Choices, l.Takes = nil, takesMini
	}
	return l
}

const (
	token     = "token"
	aesKey    = "encoding_aes_key"
	appID     = "app_id"
	appSecret = "app_secret"
	product   = "product"
	corpID    = "corp_id"
	kfSecret  = "kf_secret"
)

// isKF says whether a is an account of Customer Service.
func isKF(a channel.Account) bool { return a.Value(corpID) != "" }

// isMini says whether a is a Mini Program.
func isMini(a channel.Account) bool { return a.Value(product) == productMini }

// receiver is whose id the envelopes for a hold, "" if it has none.
func receiver(a channel.Account) string { return cmp.Or(a.Value(corpID), a.Value(appID)) }

// tolerance bounds the age of a signed time. WeChat documents none; whether its
// retries, up to two within seconds, sign a fresh time is not documented either.
const tolerance = 10 * time.Minute

func verify(a channel.Account, r channel.Request) error {
	p, err := readProof(r)
	if err != nil {
		return err
	}
	if receiver(a) == "" {
		return channel.Refuse(channel.NoSecret)
	}
	if isKF(a) {
		return verifyKF(a, p, r)
	}
	if err := p.check(a, r.Received); err != nil {
		return err
	}
	encrypted, err := encryptedPart(r.Body)
	if !safe(a) {
		if encrypted != "" {
			return channel.Refuse(channel.NoSecret) // nor is the open copy taken that compatible mode sends beside it
		}
		return nil
	}
	if err != nil || p.get("encrypt_type") != "aes" {
		return channel.Refuse(channel.Malformed)
	}
	if encrypted == "" {
		return channel.Refuse(channel.NoSignature)
	}
	if err := tencent.Check(a.Values(token), p.get("msg_signature"), p.get("timestamp"), p.get("nonce"),
		encrypted); err != nil {
		return err
	}
	_, err = open(a, encrypted)
	return err
}

// encryptedPart is the ciphertext in a body, "" if it has none.
func encryptedPart(body []byte) (string, error) {
	envelope, err := tencent.Parse(string(body))
	return strings.TrimSpace(envelope.Text("Encrypt")), err
}

// safe says whether a takes encrypted pushes only.
func safe(a channel.Account) bool { return a.Value(aesKey) != "" }

// handshake answers the request that saving the server configuration sends. Its
// echostr comes back as text, and only if it can mean nothing to a browser.
func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	if r.Method != http.MethodGet {
		return channel.Response{}, false
	}
	echo, err := echo(a, r)
	if err != nil || !harmless(echo) {
		return channel.Response{Status: http.StatusForbidden, ContentType: "text/plain"}, true
	}
	return channel.Response{Status: http.StatusOK, ContentType: "text/plain", Body: echo}, true
}

// echo is what the platform wants to hear, if r is signed.
func echo(a channel.Account, r channel.Request) (string, error) {
	p, err := readProof(r)
	if err != nil {
		return "", err
	}
	if isKF(a) {
		return p.open(a, r.Received, p.get("echostr"))
	}
	return p.get("echostr"), p.check(a, r.Received)
}

// ack is what WeChat wants to hear within five seconds; anything else is shown to
// the person as "service unavailable", or taken for an answer to them. WeCom wants
// an empty body (https://developer.work.weixin.qq.com/document/path/90930).
func ack(a channel.Account, _ channel.Request, _ channel.Receipt) channel.Response {
	if isKF(a) {
		return channel.Response{}
	}
	return channel.Response{Status: http.StatusOK, ContentType: "text/plain", Body: "success"}
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	body := string(r.Body)
	if safe(a) {
		encrypted, err := encryptedPart(r.Body)
		if err != nil {
			return nil, channel.Malform("envelope: " + err.Error())
		}
		if body, err = open(a, encrypted); err != nil {
			return nil, channel.Malform("envelope: Encrypt does not open")
		}
	}
	doc, err := tencent.Parse(body)
	switch {
	case err != nil && tencent.WellFormed(body):
		e := events.Event{Key: "unsupported:" + channel.Digest([]byte(body))} // its form is nothing we know
		channel.Unsupported(&e, "push", channel.Malformed, []byte(body))
		return []events.Event{e}, nil
	case err != nil:
		return nil, channel.Malform("message: " + err.Error())
	case isKF(a):
		return announced(doc, []byte(body))
	}
	p := parser{push: readPush(doc), app: a.Value(appID), raw: []byte(body), at: r.Received.UTC()}
	evs, err := p.events()
	if isMini(a) {
		evs = channel.Through(productMini, evs)
	}
	return evs, err
}

// open decrypts with whichever of the account's keys fits. What opens for another
// receiver is refused: it was encrypted for someone else.
func open(a channel.Account, encrypted string) (string, error) {
	usable := false
	for _, text := range a.Values(aesKey) {
		key, err := tencent.ParseKey(text)
		if err != nil {
			continue
		}
		usable = true
		if message, id, err := key.Open(encrypted); err == nil && id != "" && id == receiver(a) {
			return message, nil
		}
	}
	if !usable {
		return "", channel.Refuse(channel.NoSecret)
	}
	return "", channel.Refuse(channel.BadSignature)
}

// A proof is a request's query. No parameter occurs twice.
type proof url.Values

func readProof(r channel.Request) (proof, error) {
	q, err := url.ParseQuery(r.RawQuery)
	if err != nil {
		return nil, channel.Refuse(channel.Malformed)
	}
	for _, values := range q {
		if len(values) > 1 {
			return nil, channel.Refuse(channel.Malformed)
		}
	}
	return proof(q), nil
}

func (p proof) get(name string) string { return url.Values(p).Get(name) }

// check looks at what every request carries: the signature of its time and nonce.
func (p proof) check(a channel.Account, received time.Time) error {
	if err := tencent.Check(a.Values(token), p.get("signature"), p.get("timestamp"), p.get("nonce")); err != nil {
		return err
	}
	return p.fresh(received)
}

// fresh says whether the signed time is near enough to when the request was received.
func (p proof) fresh(received time.Time) error {
	at, ok := unix(p.get("timestamp"))
	if !ok {
		return channel.Refuse(channel.Malformed)
	}
	if received.Sub(at).Abs() > tolerance {
		return channel.Refuse(channel.Stale)
	}
	return nil
}

// unix reads a time in seconds as WeChat writes it: ten digits, until 2286.
func unix(s string) (time.Time, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || len(s) != 10 || n < 1e9 {
		return time.Time{}, false
	}
	return time.Unix(n, 0).UTC(), true
}

// harmless says whether s is an echostr: of letters, digits and base64's signs.
func harmless(s string) bool {
	for _, c := range []byte(s) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && strings.IndexByte("+/=_-", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 256
}
