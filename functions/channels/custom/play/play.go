// Package play plays a bridge whose customers read at once.
package play

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	standard "github.com/relais-dev/relais/functions/channels/internal/standard/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// spec is where the frame of a delivery is described; what is in it is ours.
const (
	spec = "https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"
	// convention is ours, as bridges are told it; contract is where its objects are.
	convention = "https://github.com/relais-dev/relais/blob/main/functions/channels/custom/README.md"
	contract   = "https://github.com/relais-dev/relais/blob/main/events/README.md"
)

// Platform is a bridge.
var Platform = play.Platform{
	Channel:  "custom",
	Sign:     func(a channel.Account, r *channel.Request) { standard.Sign(a, "inbound_secret", r) },
	Customer: customer,
	APIs: []play.API{{
		Name: "Bridge", Origin: origin, Write: write,
		Knows:   func(t play.Taken) bool { return standard.Knows(t, "outbound_secret") },
		Unknown: refuse(401, "signature", "auth", "the signature is not ours"), Missing: play.Refusal{Status: 404},
		Else: refuse(422, "content", "content", "not understood"),
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: {Status: 429, Code: "slow", Sub: "rate", Text: "slow down",
				Header: http.Header{"Retry-After": {"7"}}},
			play.Closed:  refuse(422, "window", "window", "the window is closed"),
			play.Gone:    refuse(422, "gone", "recipient", "nobody is there"),
			play.Invalid: refuse(422, "content", "content", "not understood"),
		},
		Endpoints: []play.Endpoint{
			{Method: "POST", Path: "/{path...}", Docs: spec + "#payload-structure", Body: play.JSON, Rules: rules,
				Answer: taken},
		},
	}},
	Open: open,
}

func origin(a channel.Account) string { return a.Value("outbound_url") }

func refuse(status int, code, class, text string) play.Refusal {
	return play.Refusal{Status: status, Code: code, Sub: class, Text: text}
}

func write(r play.Refusal, broken []play.Broken) play.Answer {
	if r.Code == "" {
		return play.Text(r.Status, "{}")
	}
	if len(broken) > 0 {
		r.Text += ": " + broken[0].Place + " must be " + broken[0].Must.Says
	}
	a := play.Value(r.Status,
		map[string]any{"error": map[string]string{"code": r.Code, "class": r.Sub, "message": r.Text}})
	for name, values := range r.Header {
		a.Header[name] = values
	}
	return a
}

// address is the path of the account's bridge.
var address = play.That("the account's outbound_url", func(t play.Taken, _ any) bool {
	u, err := url.Parse(t.Account.Value("outbound_url"))
	return err == nil && u.EscapedPath() == t.Path
})

// taken is the bridge's answer to what it understood, and the receipts of a message.
func taken(t play.Taken) play.Answer {
	if t.Get("type") != "message.send" {
		return play.Text(http.StatusAccepted, "{}")
	}
	external := "b-" + channel.Digest([]byte(t.Header.Get("Webhook-Id")))
	a := play.Text(200, `{"externalMessageId":%q}`, external)
	for _, state := range []string{"delivered", "read"} {
		data := map[string]any{"conversation": t.Raw("data.conversation"), "messageId": t.Get("data.messageId"),
			"externalMessageId": external,
			"status":            state}
		if u := t.Raw("data.user"); u != nil {
			data["user"] = u
		}
		a.Posts = append(a.Posts,
			play.Post("custom", t.Account, map[string]any{"type": "receipt", "timestamp": t.Received, "data": data}))
	}
	return a
}

// customer is the delivery of a text that the customer of our samples wrote.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	return play.Post("custom", a, map[string]any{"type": "message.created", "timestamp": now, "data": map[string]any{
		"externalMessageId": "c-" + strconv.FormatInt(now.UnixMilli()+int64(n), 10),
		"conversation":      map[string]string{"externalId": "room-7", "kind": "direct"},
		"user":              map[string]string{"externalId": "u-55", "name": "Alice"},
		"content":           map[string]any{"kind": "text", "text": text},
	}})
}
