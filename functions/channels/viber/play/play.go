// Package play plays Viber, as its reference describes it: it takes a message and says
// that it was delivered and seen. Viber answers with status 200 whatever happens.
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

const ref = "https://developers.viber.com/docs/api/rest-bot-api/"

// Platform is Viber.
var Platform = play.Platform{
	Channel:  "viber",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{{
		Name: "REST bot API", Hosts: []string{"chatapi.viber.com"}, Missing: play.Refusal{Status: 404},
		Else:    refuse("3", "badData"),
		Knows:   func(t play.Taken) bool { return t.Header.Get("X-Viber-Auth-Token") == t.Account.Value("auth_token") },
		Unknown: refuse("2", "invalidAuthToken"),
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: refuse("12", "tooManyRequests"), play.Closed: refuse("3", "badData"),
			play.Gone: refuse("6", "receiverNotSubscribed"), play.Invalid: refuse("3", "badData"),
		},
		Write: write,
		Endpoints: []play.Endpoint{
			{Method: "POST", Path: "/pa/send_message", Docs: ref + "#send-message", Body: play.JSON, Rules: rules,
				Answer: taken},
		},
	}},
	Open: open,
}

// open is what Viber's pages leave open.
var open = []play.Open{
	{At: "tracking_data", Source: ref + "#send-message",
		Question: "4,096 characters in the reference, 4,000 on the newer page; the rulebook takes 4,000"},
	{At: "media of type picture, video, file; thumbnails", Source: ref + "#picture-message",
		Question: "sizes are told by the files, which Viber fetches later: a rulebook does not; failed tells"},
	{At: "media of type picture", Source: ref + "#picture-message",
		Question: "the page lists .jpeg, .png and .gif and shows .jpg: the rulebook takes all four"},
	{At: "alt_text", Source: ref + "#rich-media-message--carousel-content-message",
		Question: "no length is published; 7,000 is that of a text"},
	{At: "keyboard.Buttons", Source: keyboards,
		Question: "how many rows a keyboard has is not in the table; 24 rows are from memory"},
	{At: "keyboard and buttons", Source: keyboards,
		Question: "250 characters of Text, heights, scales and enums are from memory: the tables could not be read again"},
	{At: "file_name", Source: forbidden, Question: "the list of forbidden formats is from memory"},
	{At: "TextHAlign, TextSize", Source: ref + "#rich-media-message--carousel-content-message",
		Question: "the samples have middle and medium, which the table lacks; the rulebook takes them"},
	{At: "header:Content-Type", Source: ref + "#send-message",
		Question: "what Viber does without application/json; the rulebook reads nothing else"},
	{At: "receiver", Source: ref + "#send-message",
		Question: "100 messages in an hour without an answer are a 12; a rulebook keeps no calls"},
}

func refuse(status, text string) play.Refusal {
	return play.Refusal{Status: 200, Code: status, Text: text}
}

// write is a refusal. https://developers.viber.com/docs/api/rest-bot-api/#error-codes
func write(r play.Refusal, broken []play.Broken) play.Answer {
	if r.Status != http.StatusOK {
		return play.Text(r.Status, "{}")
	}
	if len(broken) > 0 {
		r.Text += ": " + broken[0].Place
	}
	return play.Text(200, `{"status":%s,"status_message":%q,"chat_hostname":"SN-CHAT-05_"}`, r.Code, r.Text)
}

func sign(a channel.Account, r *channel.Request) {
	mac := hmac.New(sha256.New, []byte(a.Value("auth_token")))
	mac.Write(r.Body)
	r.Header.Set("X-Viber-Content-Signature", hex.EncodeToString(mac.Sum(nil)))
}

func taken(t play.Taken) play.Answer {
	n, _ := strconv.ParseUint(channel.Digest(t.Body)[:15], 16, 64) // hexadecimal digits
	id := strconv.FormatUint(5_000_000_000_000_000_000+n, 10)      // of 19 digits, as Viber's are
	a := play.Text(200, `{"status":0,"status_message":"ok","message_token":%s,"chat_hostname":"SN-CHAT-05_",`+
		`"billing_status":1}`, id)
	for i, event := range []string{"delivered", "seen"} {
		a.Posts = append(a.Posts, receipt(t, event, id, int64(i+1)*1000))
	}
	return a
}

// receipt is what Viber posts about the message id, unsigned.
func receipt(t play.Taken, event, id string, after int64) channel.Request {
	return posted(map[string]any{"event": event, "timestamp": t.Received.UnixMilli() + after,
		"message_token": json.Number(id),
		"user_id":       t.Get("receiver"), "chat_hostname": "SN-CHAT-05_"}, t.Received)
}

func posted(v any, at time.Time) channel.Request {
	body, _ := channel.JSON(v) // texts and numbers
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body,
		Received: at}
}

// customer is Alice of text.http, who writes text.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	return posted(map[string]any{
		"event": "message", "timestamp": now.UnixMilli(), "message_token": 6_210_000_000_000_001_000 + uint64(max(n, 0)),
		"chat_hostname": "SN-CHAT-05_", "message": map[string]string{"type": "text", "text": text}, "silent": false,
		"sender": map[string]any{"id": "01234567890A=", "name": "Alice", "country": "BG", "language": "bg",
			"api_version": 10},
	}, now)
}
