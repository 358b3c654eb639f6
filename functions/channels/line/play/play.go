// Package play plays LINE, as its reference describes it.
package play

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
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
			Missing: play.Refusal{Status: 404, Code: "not_found"},
			Else:    play.Refusal{Status: 400, Code: "invalid_request", Text: "invalid request"},
			Endpoints: []play.Endpoint{{
				Method: "POST", Path: "/oauth2/v3/token", Docs: ref + "#issue-stateless-channel-access-token", Body: play.Form,
				Rules: []play.Rule{
					{At: "header:Content-Type", Must: play.Given(play.MIME("application/x-www-form-urlencoded"))},
					{At: "grant_type", Must: play.Given(play.Filled())},
					{At: "grant_type", Must: play.Is("client_credentials"),
						Else: play.Refusal{Status: 400, Code: "unsupported_grant_type", Text: "unsupported grant type"}},
					{At: "client_id", Must: play.Given(play.Filled())},
					{At: "client_id", Must: play.Own("channel_id"), Else: stranger},
					{At: "client_secret", Must: play.Given(play.Filled())},
					{At: "client_secret", Must: play.Own("channel_secret"), Else: stranger},
				},
				Answer: minted,
			}},
		},
		{
			Name: "Messaging API", Hosts: []string{"api.line.me"}, Knows: knows, Unknown: unknown, Write: write,
			Missing: play.Refusal{Status: 404, Text: "Not found"},
			Else:    play.Refusal{Status: 400, Text: errorsIn},
			Faults: map[play.Fault]play.Refusal{
				play.Throttled: {Status: 429, Text: "The API rate limit has been exceeded. Try again later."},
				play.Gone:      {Status: 400, Text: "Failed to send messages"},
				play.Invalid:   {Status: 400, Text: errorsIn},
			},
			Endpoints: []play.Endpoint{push, reply, loading},
		},
		{
			Name: "Content", Hosts: []string{"api-data.line.me"}, Knows: knows, Unknown: unknown, Write: write,
			Missing:   play.Refusal{Status: 404, Text: "Not found"},
			Endpoints: []play.Endpoint{content},
		},
	},
	Open: open,
}

// open is what LINE's pages leave open, or say in a way that we could not read again.
var open = []play.Open{
	{At: "messages[].altText", Source: ref + "#flex-message",
		Question: "400 or, as some pages have it, 1,500 characters; the rulebook takes 400"},
	{At: "trackingId, customAggregationUnits[], video.externalLink.label",
		Source:   ref + "#video-message",
		Question: "lengths and characters are from memory: the descriptions that were read again do not repeat them"},
	{At: "messages[].substitution", Source: ref + "#text-message-v2",
		Question: "how many substitutions, and which keys; the rulebook takes any"},
	{At: "messages[].sender.name", Source: nickname,
		Question: "which words besides LINE may not be used, and in which case; the rulebook refuses LINE in capitals"},
	{At: "members that the reference does not have", Source: ref + "#error-messages",
		Question: "whether they are ignored or refused; the rulebook ignores them"},
	{At: "header:X-Line-Retry-Key", Source: retries,
		Question: "a second call with one key is answered 409 with X-Line-Accepted-Request-Id; a rulebook keeps no calls"},
	{At: "files behind addresses", Source: ref + "#image-message",
		Question: "LINE does not say when it looks at type, size and dimensions; the rulebook does not fetch them"},
	{At: "details[].message", Source: ref + "#error-details",
		Question: "the words are published for three kinds of errors only; the others are the rulebook's"},
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

// errorsIn is the message of a body with wrong properties.
const errorsIn = "The request body has 1 error(s)"

// write names all properties that are wrong.
func write(r play.Refusal, broken []play.Broken) play.Answer {
	body := struct {
		Message string   `json:"message"`
		Details []detail `json:"details,omitempty"`
	}{Message: r.Text}
	if r.Text != errorsIn {
		return play.Value(r.Status, body)
	}
	for _, b := range broken {
		if b.Else.Status == 0 {
			body.Details = append(body.Details, detail{says(b.Must.Says), b.Place})
		}
	}
	if n := len(body.Details); n > 0 {
		body.Message = fmt.Sprintf("The request body has %d error(s)", n)
	}
	if message, rest, deep := strings.Cut(first(body.Details).Property, ".contents"); deep {
		body.Message = "A message (" + message + ") in the request body is invalid"
		body.Details[0].Property, body.Details = pointer(rest), body.Details[:1]
	}
	return play.Value(r.Status, body)
}

func first(list []detail) detail {
	if len(list) == 0 {
		return detail{}
	}
	return list[0]
}

// pointer is a place within a Flex Message as LINE names it: "/body/contents/0/text".
func pointer(place string) string {
	return "/" + strings.TrimPrefix(strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(place), "/")
}

// says is what is wrong in LINE's words, where they are known.
// https://developers.line.biz/en/reference/messaging-api/#error-details
func says(must string) string {
	switch {
	case strings.HasPrefix(must, "at least one of header"):
		return "At least one block must be specified"
	case must == "given" || strings.HasSuffix(must, "not empty"):
		return "May not be empty"
	case strings.Contains(must, " | "):
		list := strings.ReplaceAll(strings.TrimPrefix(must, "given, "), " | ", ", ")
		return "Must be one of the following values: [" + list + "]"
	}
	return "must be " + must
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
