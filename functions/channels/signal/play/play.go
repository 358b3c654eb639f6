// Package play plays the side-car and the container behind it.
package play

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	standard "github.com/relais-dev/relais/functions/channels/internal/standard/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// ref is the container's own description.
const ref = "https://bbernhard.github.io/signal-cli-rest-api/"

// Platform is Signal, through signal-cli-rest-api.
var Platform = play.Platform{
	Channel:  "signal",
	Sign:     func(a channel.Account, r *channel.Request) { standard.Sign(a, "inbound_secret", r) },
	Customer: customer,
	APIs: []play.API{{
		Name: "signal-cli REST API", Origin: func(a channel.Account) string { return a.Value("outbound_url") }, Write: write,
		Knows: func(t play.Taken) bool {
			token := t.Account.Value("outbound_token")
			return token != "" && t.Header.Get("Authorization") == "Bearer "+token
		},
		Unknown: refuse(401, "unknown token"), Missing: refuse(404, "404 page not found"),
		Else: refuse(400, "Couldn't process request - invalid request"),
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: {Status: 429, Text: "Rate limit exceeded: CAPTCHA proof required", Sub: "challenge-1"},
			play.Gone:      refuse(400, `Failed to send message due to: Unregistered user "+15550001111"`),
			play.Invalid:   refuse(400, "Couldn't process request - please provide a valid message"),
		},
		Endpoints: endpoints,
	}},
}

func refuse(status int, text string) play.Refusal { return play.Refusal{Status: status, Text: text} }

func write(r play.Refusal, _ []play.Broken) play.Answer {
	body := map[string]any{"error": r.Text}
	if r.Sub != "" {
		body["challenge_tokens"] = []string{r.Sub}
	}
	return play.Value(r.Status, body)
}

const address = `^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\+[0-9]{5,` +
	`15}|group\.[A-Za-z0-9+/]+=*)$`

var endpoints = []play.Endpoint{
	{Method: "GET", Path: "/v1/attachments/{id...}", Docs: ref + "#/Attachments/get_v1_attachments__attachment_",
		Answer: play.Picture,
		Faults: map[play.Fault]play.Refusal{play.Throttled: {}, play.Gone: {}, play.Invalid: {}}},
	{Method: "POST", Path: "/v2/send", Docs: ref + "#/Messages/post_v2_send", Body: body, Answer: sent,
		Rules: []play.Rule{
			{At: "number", Must: play.Given(play.Own("number")),
				Else: refuse(400, "Couldn't process request - number is not registered")},
			{At: "recipients", Must: play.Given(play.Count(1, 1)), Else: refuse(400, "Invalid identifier given")},
			{At: "recipients[]", Must: play.Matches(address), Else: refuse(400, "Invalid identifier given")},
			{At: "base64_attachments[]", Must: play.Matches(`^data:[^;,]+/[^;,]+(;filename=[^;,]+)?;base64,[A-Za-z0-9+/]+=*$`),
				Else: noMessage},
			{At: "sticker", Must: play.Any(play.Is(""), play.Matches(`^[0-9a-f]{32}:[0-9]+$`)), Else: noMessage},
			{At: "quote_author", Must: play.Any(play.Is(""), play.Matches(address)), Else: noMessage},
			{At: "", Must: says, Else: noMessage},
		}},
	act("PUT", "typing-indicator", "#/Messages/put_v1_typing_indicator__number_"),
	act("DELETE", "typing-indicator", "#/Messages/delete_v1_typing_indicator__number_"),
	act("POST", "receipts", "#/Receipts/post_v1_receipts__number_", timestamp,
		play.Rule{At: "receipt_type", Must: play.Given(play.Is("read", "viewed"))}),
	act("POST", "reactions", "#/Reactions/post_v1_reactions__number_", timestamp,
		play.Rule{At: "reaction", Must: play.Given(play.Filled())},
		play.Rule{At: "target_author", Must: play.Given(play.Matches(address))}),
	act("DELETE", "reactions", "#/Reactions/delete_v1_reactions__number_", timestamp,
		play.Rule{At: "target_author", Must: play.Given(play.Matches(address))}),
	act("DELETE", "remote-delete", "#/Messages/delete_v1_remote_delete__number_", timestamp),
}

var body = play.JSON

var noMessage = refuse(400, "Couldn't process request - please provide a valid message")

var timestamp = play.Rule{At: "timestamp", Must: play.Given(play.Between(1, 1e15))}

// says is a message with something to show.
var says = play.That("a message, a file or a sticker", func(t play.Taken, _ any) bool {
	return t.Get("message") != "" || t.Size("base64_attachments[]") > 0 || t.Get("sticker") != ""
})

// act is a call that is no message.
func act(method, name, page string, rules ...play.Rule) play.Endpoint {
	return play.Endpoint{
		Method: method, Path: "/v1/" + name + "/{number}", Docs: ref + page, Body: body,
		Rules: append([]play.Rule{
			{At: "path:number", Must: play.Given(play.Own("number")), Else: refuse(404, "404 page not found")},
			{At: "recipient", Must: play.Given(play.Matches(address))},
		}, rules...),
		Faults: map[play.Fault]play.Refusal{play.Gone: {}, play.Invalid: {}},
		Answer: func(play.Taken) play.Answer { return play.Reply(http.StatusNoContent, "", nil) },
	}
}

// sent names the message by a time that is never the same twice; here the call decides it.
func sent(t play.Taken) play.Answer {
	n, _ := strconv.ParseUint(channel.Digest(t.Body)[:8], 16, 64) // hexadecimal digits
	at := t.Received.UnixMilli() + int64(n%1000)
	a := play.Text(http.StatusCreated, `{"timestamp":"%d"}`, at)
	for i, kind := range []string{"isDelivery", "isRead"} {
		a.Posts = append(a.Posts, receipt(t, kind, at, at+int64(i+1)))
	}
	return a
}

// receipt is what the recipient's phone sends back.
func receipt(t play.Taken, kind string, at, when int64) channel.Request {
	body := fmt.Appendf(nil,
		`{"jsonrpc":"2.0","method":"receive","params":{"envelope":{"source":%[1]q,"sourceUuid":%[1]q,"timestamp":%[2]d,`+
			`"receiptMessage":{"when":%[2]d,%[3]q:true,"timestamps":[%[4]d]}},"account":%[5]q}}`,
		t.Get("recipients[]"), when, kind, at, t.Account.Value("number"))
	return posted(body, time.UnixMilli(when).UTC())
}

func posted(body []byte, at time.Time) channel.Request {
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
		Received: at}
}

// customer is a message of the person in the samples. Its time names it, so two of
// one moment are n milliseconds apart.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	return posted(fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"receive","params":{"envelope":{"source":"+15550001111",`+
		`"sourceNumber":"+15550001111","sourceUuid":"0f0e0d0c-0000-4000-8000-000000000001","sourceName":"Alice",`+
		`"sourceDevice":1,`+
		`"timestamp":%[1]d,"dataMessage":{"timestamp":%[1]d,"message":%[2]s,"expiresInSeconds":0,"viewOnce":false}},`+
		`"account":%[3]q}}`,
		now.UnixMilli()+int64(n), said, a.Value("number")), now)
}
