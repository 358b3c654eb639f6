// Package play plays the chatbot's callback, the hub of consultation talk and the
// dealers of AlimTalk, each at its host.
package play

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// Platform is KakaoTalk.
var Platform = play.Platform{
	Channel:  "kakaotalk",
	Sign:     sign,
	Customer: customer,
	APIs:     []play.API{callback, hub, nhn, sens},
	Open:     open,
}

// open is what the pages leave open.
var open = []play.Open{
	{At: "template.outputs[] of the chatbot", Source: answers,
		Question: "the tables of cards could not be read again: 400, 230, 50, 30, 40 and 15 characters, and 14 of a " +
			"button, are from memory and from SDKs that repeat the page"},
	{At: "callback URL", Source: callDocs,
		Question: "what a used or expired one answers; the rulebook says 404 and keeps no calls"},
	{At: "codes of the hub", Source: hubDocs,
		Question: "the page of codes could not be read: -505 InvalidImageSizeException is printed, the others are not"},
	{At: "image", Source: imageDocs, Question: "the largest picture is not on the page; 500 KB is what channels take"},
	{At: "attachment.image.img_url", Source: plainDocs,
		Question: "two hosts stand in samples, both below kakao.com: the rulebook takes any below it"},
	{At: "chat_bubble_type", Source: plainDocs,
		Question: "its length is printed as 2; which types plain takes besides TEXT, IMAGE, FILE and VIDEO"},
	{At: "attachment.buttons", Source: richDocs,
		Question: "number (5) and length (14) are from memory: the dictionary of Attachment could not be read"},
	{At: "serial_number", Source: plainDocs, Question: "what a second message with one number is answered"},
	{At: "NHN Cloud: result codes", Source: nhnDocs, Question: "-1000 and -1007 are from memory"},
	{At: "SENS: messages", Source: sensDocs, Question: "100 messages, five buttons and 1,000 characters are from memory"},
}

var (
	throttled = play.Refusal{Status: 429, Header: http.Header{"Retry-After": {"1"}}}
	missing   = play.Refusal{Status: 404}
	method    = play.Refusal{Status: 405}
)

// bare is a refusal without a body of its own.
func bare(r play.Refusal) play.Answer {
	a := play.Text(r.Status, "{}")
	for name, values := range r.Header {
		a.Header[name] = values
	}
	return a
}

// A proof is where a product has its secret.
type proof struct{ secret, header, scheme, query string }

var proofs = []proof{
	{secret: "skill_secret", header: "X-Relais-Secret"},
	{secret: "admin_key", header: "Authorization", scheme: "KakaoAK "},
	{secret: "result_secret", header: "X-Toast-Webhook-Signature"},
	{secret: "talk_secret", query: "key"},
}

// sign puts the secret where the product has it. A request that claims none is told by
// its body.
func sign(a channel.Account, r *channel.Request) {
	p := likely(r.Body)
	for i := len(proofs) - 1; i >= 0; i-- {
		if c := proofs[i]; c.header != "" && r.Joined(c.header) != "" || c.query != "" && r.Query().Has(c.query) {
			p = c
		}
	}
	if p.header != "" {
		r.Header.Set(p.header, p.scheme+a.Value(p.secret))
		return
	}
	q, _ := url.ParseQuery(r.RawQuery) // what is malformed is left out
	q.Set(p.query, a.Value(p.secret))
	r.RawQuery = q.Encode()
}

func likely(body []byte) proof {
	var w map[string]json.RawMessage
	_ = json.Unmarshal(body, &w) // what is none of them is the hub's
	for i, member := range []string{"userRequest", "channel_public_id", "hooks"} {
		if w[member] != nil {
			return proofs[i]
		}
	}
	return proofs[3]
}

// customer is the person of text.http, who writes text in the consultation talk.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	r := webhook(a, now, map[string]any{
		"user_key": "uk_demo_0001", "sender_key": a.Value("sender_key"), "session_id": "180000001", "time": now.UnixMilli(),
		"serial_number": "c" + strconv.Itoa(n), "type": "text", "content": text,
	})
	r.RawQuery = "call=/message"
	return r
}

// webhook is a request to the account's own webhook, unsigned.
func webhook(a channel.Account, at time.Time, v any) channel.Request {
	body, _ := channel.JSON(v) // texts and numbers
	return channel.Request{Method: http.MethodPost, Path: play.Address(a),
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   body, Received: at}
}
