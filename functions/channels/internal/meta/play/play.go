// Package play plays what Meta's channels share: its signature, and the Send API of
// Messenger and Instagram, which refuses what Meta would refuse and posts what it would.
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Sign signs r's body with an app's secret.
// https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads
func Sign(secret string, r *channel.Request) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Hub-Signature-256", "sha256="+mac(secret, r.Body))
}

func mac(secret string, text []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(text)
	return hex.EncodeToString(h.Sum(nil))
}

// Write is a refusal as Graph writes it.
// https://developers.facebook.com/docs/graph-api/guides/error-handling
func Write(r play.Refusal, broken []play.Broken) play.Answer {
	text := "(#" + r.Code + ") " + r.Text
	if len(broken) > 0 {
		text += " " + broken[0].Place + ": " + broken[0].Must.Says
	}
	failure := map[string]any{"message": text, "type": "OAuthException", "code": json.Number(r.Code),
		"fbtrace_id": "played"}
	if r.Sub != "" {
		failure["error_subcode"] = json.Number(r.Sub)
	}
	return play.Value(r.Status, map[string]any{"error": failure})
}

// Refuse is a refusal of Graph.
func Refuse(code, sub, text string) play.Refusal {
	r := play.Refusal{Status: http.StatusBadRequest, Code: code, Sub: sub, Text: text}
	if code == "190" {
		r.Status = http.StatusUnauthorized
	}
	return r
}

// A Dialect is what Messenger and Instagram do differently.
type Dialect struct {
	Channel string
	Object  string // of the webhooks
	Account string // the page's or account's id in them
	User    string // who writes to the account
	Hosts   []string
	Text    play.Check // of a text
	Typed   bool       // messaging_type is needed; else it is not known
	Calls   bool       // buttons may call
	Marks   bool       // receipts are times, not messages, and there are some of delivery
	Closed  string     // subcode of a closed window
	Nobody  string     // subcode of a user whom nobody knows
	Insta   bool       // what Instagram's pages say, instead of Messenger's

	TextOpen string // what is not said of a text

	Right func(play.Taken) bool // whether a call has the right host and proof
	Wrong play.Refusal          // what it hears where not
	Token string                // the credential that is the access token
}

// API is the Send API.
func (d Dialect) API() play.API {
	return play.API{
		Name: "Send API", Hosts: d.Hosts, Unknown: Refuse("190", "", "Invalid OAuth access token."),
		Missing: Refuse("100", "33", "Unsupported post request."), Else: Refuse("100", "", "Invalid parameter."),
		Knows: func(t play.Taken) bool {
			token := t.Account.Value(d.Token)
			return token != "" && t.Header.Get("Authorization") == "Bearer "+token
		},
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: Refuse("613", "2534040", "Calls to this API have exceeded the rate limit."),
			play.Expired:   Refuse("190", "463", "Error validating access token: Session has expired."),
			play.Closed:    Refuse("10", d.Closed, "This message is sent outside of allowed window."),
			play.Gone:      Refuse("551", "1545041", "This person isn't available right now."),
			play.Invalid:   Refuse("100", "2534015", "Invalid message."),
		},
		Write: Write,
		Endpoints: []play.Endpoint{{
			Method: "POST", Path: "/v25.0/me/messages", Docs: sendDocs, Body: play.JSON, Rules: d.rules(), Answer: d.answer,
		}},
	}
}

// Proof is the appsecret_proof of a token.
// https://developers.facebook.com/docs/graph-api/guides/secure-requests#appsecret_proof
func Proof(secret, token string) string { return mac(secret, []byte(token)) }

// answer is what the Send API says to a call that keeps its rules.
func (d Dialect) answer(t play.Taken) play.Answer {
	to := t.Get("recipient.id")
	if t.Size("message") == 0 {
		return play.Text(http.StatusOK, `{"recipient_id":%s}`, strconv.Quote(to))
	}
	id := "m_" + channel.Digest(t.Body, t.Received.String())
	a := play.Text(http.StatusOK, `{"recipient_id":%q,"message_id":%q}`, to, id)
	if to != "" {
		a.Posts = d.posts(t, to, id)
	}
	return a
}

// posts are the echo and the receipts of a message.
func (d Dialect) posts(t play.Taken, to, id string) []channel.Request {
	sent := map[string]any{"mid": id, "is_echo": true}
	if app := t.Account.Value("app_id"); app != "" {
		sent["app_id"] = app
	}
	for _, key := range []string{"text", "metadata"} {
		if v := t.Raw("message." + key); v != nil {
			sent[key] = v
		}
	}
	if v := t.Raw("message.attachment"); v != nil {
		sent["attachments"] = []any{v}
	}
	if v := t.Raw("message.attachments"); v != nil {
		sent["attachments"] = v
	}
	at := t.Received.UnixMilli()
	list := []channel.Request{d.post(t.Account, at, d.Account, to, "message", sent)}
	if !d.Marks {
		return append(list, d.post(t.Account, at+1, to, d.Account, "read", map[string]any{"mid": id}))
	}
	return append(list,
		d.post(t.Account, at+1, to, d.Account, "delivery", map[string]any{"mids": []string{id}, "watermark": at}),
		d.post(t.Account, at+2, to, d.Account, "read", map[string]any{"watermark": at}))
}

// Customer is the webhook of a text that the user writes.
func (d Dialect) Customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	id := "m_" + channel.Digest([]byte(text), now.String(), strconv.Itoa(n))
	return d.post(a, now.UnixMilli(), d.User, d.Account, "message", map[string]any{"mid": id, "text": text})
}

// post is one update, posted alone.
func (d Dialect) post(a channel.Account, at int64, from, to, fact string, value any) channel.Request {
	update := map[string]any{
		"sender": map[string]string{"id": from}, "recipient": map[string]string{"id": to}, "timestamp": at, fact: value,
	}
	return play.Post(d.Channel, a, map[string]any{"object": d.Object, "entry": []any{map[string]any{
		"id": d.Account, "time": at, "messaging": []any{update},
	}}})
}
