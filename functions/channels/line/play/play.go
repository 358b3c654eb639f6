// Package play plays LINE, as its reference describes it.
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// ref is LINE's reference of the Messaging API.
const ref = "https://developers.line.biz/en/reference/messaging-api/"

// Platform is LINE. It posts no webhooks of its own: LINE tells nothing of what it
// delivered.
var Platform = play.Platform{
	Channel:  "line",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{
		{
			Name: "Channel access tokens", Hosts: []string{"api.line.me"}, Write: writeOAuth,
			Missing: play.Refusal{Status: 404, Code: "not_found"}, Else: play.Refusal{Status: 400, Code: "invalid_request",
				Text: "invalid request"},
			Endpoints: []play.Endpoint{{
				Method: "POST", Path: "/oauth2/v3/token", Docs: ref + "#issue-stateless-channel-access-token", Body: play.Form,
				Rules: []play.Rule{
					{At: "grant_type", Must: play.Given(play.Is("client_credentials"))},
					{At: "client_id", Must: play.Given(play.Filled())},
					{At: "client_id", Must: play.Own("channel_id"), Else: stranger},
					{At: "client_secret", Must: play.Given(play.Own("channel_secret")), Else: stranger},
				},
				Answer: minted,
			}},
		},
		{
			Name: "Messaging API", Hosts: []string{"api.line.me"}, Knows: knows, Unknown: unknown, Write: write,
			Missing: play.Refusal{Status: 404, Text: "Not found"},
			Else:    play.Refusal{Status: 400, Text: "The request body has 1 error(s)"},
			Faults: map[play.Fault]play.Refusal{
				play.Throttled: {Status: 429, Text: "The API rate limit has been exceeded. Try again later."},
				play.Gone:      {Status: 400, Text: "Failed to send messages"},
				play.Invalid:   {Status: 400, Text: "The request body has 1 error(s)"},
			},
			Endpoints: []play.Endpoint{push, reply, loading},
		},
		{
			Name: "Content", Hosts: []string{"api-data.line.me"}, Knows: knows, Unknown: unknown, Write: write,
			Missing: play.Refusal{Status: 404, Text: "Not found"},
			Endpoints: []play.Endpoint{{
				Method: "GET", Path: "/v2/bot/message/{id}/content", Docs: ref + "#get-content", Answer: play.Picture,
			}},
		},
	},
}

var (
	stranger  = play.Refusal{Status: 400, Code: "invalid_client", Text: "invalid client_secret"}
	malformed = play.Refusal{Status: 400, Text: "The request body could not be parsed as JSON (line: 1, column: 1)"}
	otherType = play.Refusal{Status: 415, Text: "The content type is not supported"}

	unknown = play.Refusal{Status: 401,
		Text: "Authentication failed. Confirm that the access token in the authorization header is valid."}
)

// sign signs as LINE does. https://developers.line.biz/en/reference/messaging-api/#signature-validation
func sign(a channel.Account, r *channel.Request) {
	mac := hmac.New(sha256.New, []byte(a.Value("channel_secret")))
	mac.Write(r.Body)
	r.Header.Set("X-Line-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func knows(t play.Taken) bool { return t.Header.Get("Authorization") == "Bearer "+token(t.Account) }

// token is the one that LINE knows: the account's own, else the one it mints.
func token(a channel.Account) string {
	if t := a.Value("access_token"); t != "" {
		return t
	}
	return "stateless-" + channel.Digest([]byte(a.Value("channel_secret")), a.Value("channel_id"))
}

func minted(t play.Taken) play.Answer {
	return play.Text(200, `{"token_type":"Bearer","access_token":%q,"expires_in":900}`, token(t.Account))
}

func writeOAuth(r play.Refusal, _ []play.Broken) play.Answer {
	return play.Text(r.Status, `{"error":%q,"error_description":%q}`, r.Code, r.Text)
}

// A detail is what is wrong with a property. https://developers.line.biz/en/reference/messaging-api/#error-responses
type detail struct {
	Message  string `json:"message"`
	Property string `json:"property"`
}

// write names the first property that is wrong.
func write(r play.Refusal, broken []play.Broken) play.Answer {
	body := struct {
		Message string   `json:"message"`
		Details []detail `json:"details,omitempty"`
	}{Message: r.Text}
	if len(broken) > 0 && r.Text == "The request body has 1 error(s)" {
		body.Details = []detail{{"must be " + broken[0].Must.Says, broken[0].Place}}
	}
	return play.Value(r.Status, body)
}

// sent are the ids of the messages that a call sent: the same for the same call.
func sent(t play.Taken) play.Answer {
	call := t.Header.Get("X-Line-Retry-Key") + t.Get("replyToken")
	var ids []map[string]string
	for i := range t.Size("messages[]") {
		n, _ := strconv.ParseUint(channel.Digest([]byte(call), strconv.Itoa(i))[:14], 16, 64) // hexadecimal digits
		ids = append(ids, map[string]string{"id": strconv.FormatUint(n+600_000_000_000_000_000, 10)})
	}
	return play.Value(200, map[string]any{"sentMessages": ids})
}

// customer is the webhook of a text that the customer of our samples wrote.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	number := strconv.FormatInt(now.UnixMilli()+int64(n), 10)
	r := play.Post("line", a, map[string]any{"destination": "Uaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"events": []any{map[string]any{
			"type": "message", "mode": "active", "timestamp": now.UnixMilli(), "webhookEventId": "01K1JLINE" + number,
			"source":          map[string]any{"type": "user", "userId": "U1111111111111111111111111111111a"},
			"deliveryContext": map[string]any{"isRedelivery": false},
			"replyToken":      "rt" + number,
			"message": map[string]any{"id": "60000" + number, "type": "text", "text": text,
				"quoteToken": "qt" + number},
		}}})
	r.Header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	return r
}
