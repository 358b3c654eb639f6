// Package wechat receives what people do on WeChat: the pushes of an Official
// Account and of a Mini Program's customer service
// (https://developers.weixin.qq.com/doc/service/guide/dev/push/).
//
// An account with an EncodingAESKey takes encrypted pushes only: their signature
// covers the message. Without the key the signature covers the time and a nonce,
// and says nothing about the body.
package wechat

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/internal/tencent"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is WeChat: Official Accounts and Mini Programs.
var Channel = channel.Channel{
	Name:  "wechat",
	Title: "WeChat",
	Docs:  "https://developers.weixin.qq.com/doc/service/",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: token, Help: "the Token you chose: Settings & Development, Basic configuration, Server configuration (Mini Program: Development management, Message push)"},
		{Name: appID, Help: "Developer ID (AppID), on the same page; openids are unique within it", Public: true},
		{Name: aesKey, Help: "EncodingAESKey, 43 characters, beside the Token; with it only encrypted pushes (safe or compatible mode) are accepted", Optional: true},
	},
	MaxBody: tencent.MaxDocument, // a push is a few KB

	Verify:    verify,
	Parse:     parse,
	Sign:      sign,
	Handshake: handshake,
	Ack:       ack,
}

const (
	token  = "token"
	appID  = "app_id"
	aesKey = "encoding_aes_key"
)

// tolerance bounds the age of a signed time. WeChat documents none; whether its
// retries, up to two within seconds, sign a fresh time is not documented either.
const tolerance = 10 * time.Minute

func verify(a channel.Account, r channel.Request) error {
	p, err := readProof(r)
	if err != nil {
		return err
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
	if err := tencent.Check(a.Values(token), p.get("msg_signature"), p.get("timestamp"), p.get("nonce"), encrypted); err != nil {
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
	p, err := readProof(r)
	if err == nil {
		err = p.check(a, r.Received)
	}
	if err != nil || !harmless(p.get("echostr")) {
		return channel.Response{Status: http.StatusForbidden, ContentType: "text/plain"}, true
	}
	return channel.Response{Status: http.StatusOK, ContentType: "text/plain", Body: p.get("echostr")}, true
}

// ack is what WeChat wants to hear within five seconds; anything else is shown to
// the person as "service unavailable", or taken for an answer to them.
func ack(channel.Account, channel.Request, channel.Receipt) channel.Response {
	return channel.Response{Status: http.StatusOK, ContentType: "text/plain", Body: "success"}
}

// sign signs r at its time of receipt, and encrypts its body first if the account
// has a key and the body is not encrypted yet. What the platform draws at random
// is derived from the body, so that equal requests sign alike.
func sign(a channel.Account, r *channel.Request) {
	q, sum := r.Query(), sha256.Sum256(r.Body)
	timestamp := strconv.FormatInt(r.Received.Unix(), 10)
	nonce := strconv.FormatUint(uint64(binary.BigEndian.Uint32(sum[:])), 10)
	q.Set("timestamp", timestamp)
	q.Set("nonce", nonce)
	q.Set("signature", tencent.Signature(a.Value(token), timestamp, nonce))
	q.Del("encrypt_type")
	q.Del("msg_signature")
	if safe(a) && r.Method == http.MethodPost {
		var encrypted string
		encrypted, r.Body = seal(a, [16]byte(sum[:16]), r.Body)
		q.Set("encrypt_type", "aes")
		q.Set("msg_signature", tencent.Signature(a.Value(token), timestamp, nonce, encrypted))
	}
	r.RawQuery = q.Encode()
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
	if err != nil {
		return nil, channel.Malform("message: " + err.Error())
	}
	p := parser{push: readPush(doc), app: a.Value(appID), raw: []byte(body)}
	return p.events()
}

// open decrypts with whichever of the account's keys fits. What opens for another
// app id is refused: it was encrypted for someone else.
func open(a channel.Account, encrypted string) (string, error) {
	usable := false
	for _, text := range a.Values(aesKey) {
		key, err := tencent.ParseKey(text)
		if err != nil {
			continue
		}
		usable = true
		if message, id, err := key.Open(encrypted); err == nil && id != "" && id == a.Value(appID) {
			return message, nil
		}
	}
	if !usable {
		return "", channel.Refuse(channel.NoSecret)
	}
	return "", channel.Refuse(channel.BadSignature)
}

// seal is body in the envelope of its form, and the envelope's ciphertext.
func seal(a channel.Account, salt [16]byte, body []byte) (encrypted string, sealed []byte) {
	doc, _ := tencent.Parse(string(body))
	if e := doc.Text("Encrypt"); e != "" {
		return e, body
	}
	key, err := tencent.ParseKey(a.Value(aesKey))
	if err != nil {
		return "", body
	}
	encrypted = key.Seal(salt, string(body), a.Value(appID))
	to := doc.Text("ToUserName")
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		sealed, _ = json.Marshal(envelope{to, encrypted})
		return encrypted, sealed
	}
	return encrypted, []byte("<xml><ToUserName>" + html.EscapeString(to) + "</ToUserName><Encrypt>" + encrypted + "</Encrypt></xml>")
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
	timestamp := p.get("timestamp")
	if err := tencent.Check(a.Values(token), p.get("signature"), timestamp, p.get("nonce")); err != nil {
		return err
	}
	at, ok := unix(timestamp)
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
