// Package play plays Kik: it takes messages as the Python library makes them, which is
// all that is left of Kik's reference, and says that each was delivered and read.
package play

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	ref = "https://github.com/kikinteractive/kik-python"
	// node is Kik's other library, which knows how much fits in a call.
	node = "https://github.com/kikinteractive/kik-node/blob/master/lib/bot.js"
	// withdrawn are Kik's own pages, which are not served any more: what names them here
	// is from memory.
	withdrawn = "https://dev.kik.com/#/docs/messaging"
)

// Platform is Kik.
var Platform = play.Platform{
	Channel:  "kik",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{{
		Name: "Kik", Hosts: []string{"api.kik.com"}, Knows: knows, Unknown: refuse(401, "Unauthorized"),
		Missing: refuse(404, "NotFound"),
		Else:    refuse(400, "BadRequest"),
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: {Status: 429, Code: "RateLimited", Header: http.Header{"Retry-After": {"5"}}},
			play.Closed:    refuse(404, "NotFound"), play.Gone: refuse(404, "NotFound"),
			play.Invalid: refuse(400, "BadRequest"),
		},
		Write: write,
		Endpoints: []play.Endpoint{
			{Method: "POST", Path: "/v1/message", Docs: ref, Body: play.JSON, Answer: taken,
				Rules: play.Rules(upTo(25), rules)},
			{Method: "POST", Path: "/v1/broadcast", Docs: ref, Body: play.JSON, Answer: taken,
				Rules: play.Rules(upTo(100), rules)},
		},
	}},
	Open: open,
}

func refuse(status int, code string) play.Refusal { return play.Refusal{Status: status, Code: code} }

func write(r play.Refusal, _ []play.Broken) play.Answer {
	a := play.Text(r.Status, `{"error":%q}`, r.Code)
	for name, values := range r.Header {
		a.Header[name] = values
	}
	return a
}

func sign(a channel.Account, r *channel.Request) {
	mac := hmac.New(sha1.New, []byte(a.Value("api_key")))
	mac.Write(r.Body)
	r.Header.Set("X-Kik-Signature", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
}

func knows(t play.Taken) bool {
	pair := t.Account.Value("username") + ":" + t.Account.Value("api_key")
	return t.Header.Get("Authorization") == "Basic "+base64.StdEncoding.EncodeToString([]byte(pair))
}

type sent struct {
	To     string `json:"to"`
	ChatID string `json:"chatId"`
	ID     string `json:"id"`
}

func taken(t play.Taken) play.Answer {
	var w struct {
		Messages []sent `json:"messages"`
	}
	t.Into(&w)
	a := play.Text(200, "{}")
	for _, m := range w.Messages {
		if m.ID != "" {
			a.Posts = append(a.Posts, receipt(t, m, "delivery-receipt"), receipt(t, m, "read-receipt"))
		}
	}
	return a
}

// receipt is the webhook that tells what became of m.
func receipt(t play.Taken, m sent, kind string) channel.Request {
	return posted(t.Account, t.Received, map[string]any{"type": kind, "id": channel.UUID(kind + m.ID), "chatId": m.ChatID,
		"from":      m.To,
		"timestamp": t.Received.UnixMilli(), "messageIds": []string{m.ID}})
}

// customer writes to the bot of testdata.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	at := now.UnixMilli()
	id := channel.UUID("customer " + strconv.FormatInt(at, 10) + " " + strconv.Itoa(n))
	return posted(a, now, map[string]any{"type": "text", "id": id, "chatId": "c0ffee", "chatType": "direct",
		"from":         "alice.demo",
		"participants": []string{"alice.demo"}, "timestamp": at, "readReceiptRequested": true, "body": text})
}

// posted is a webhook with one message.
func posted(a channel.Account, at time.Time, message map[string]any) channel.Request {
	r := play.Post("kik", a, map[string]any{"messages": []any{message}})
	r.Received = at
	r.Header.Set("X-Kik-Username", a.Value("username"))
	return r
}
