// Package play plays Telegram's Bot API, as its reference describes it.
package play

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// ref is the reference of the Bot API.
const ref = "https://core.telegram.org/bots/api"

// Platform is Telegram. It tells nothing of what it delivered; in the chats of a
// business account the bot hears what it sent.
var Platform = play.Platform{
	Channel:  "telegram",
	Sign:     sign,
	Customer: customer,
	APIs: []play.API{{
		Name: "Bot API", Hosts: []string{"api.telegram.org"}, Write: write,
		Knows:   knows,
		Unknown: refuse(401, "Unauthorized"), Missing: refuse(404, "Not Found: method not found"),
		Else: refuse(400, bad),
		Faults: map[play.Fault]play.Refusal{
			play.Throttled: refuse(429, "Too Many Requests: retry after 7"),
			play.Closed:    refuse(400, "Bad Request: BUSINESS_PEER_USAGE_MISSING"),
			play.Gone:      refuse(403, "Forbidden: bot was blocked by the user"),
			play.Invalid:   refuse(400, "Bad Request: message is too long"),
		},
		Endpoints: endpoints(),
	}},
	Open: open,
}

// knows says whether a call has the bot's token, whatever method it names.
func knows(t play.Taken) bool {
	rest, _ := strings.CutPrefix(strings.TrimPrefix(t.Path, "/file"), "/bot")
	sent, _, _ := strings.Cut(rest, "/")
	token, err := url.PathUnescape(sent)
	return err == nil && token != "" && token == t.Account.Value("bot_token")
}

func refuse(status int, text string) play.Refusal {
	return play.Refusal{Status: status, Code: strconv.Itoa(status), Text: text}
}

// sign puts the token where Telegram has it. https://core.telegram.org/bots/api#setwebhook
func sign(a channel.Account, r *channel.Request) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("X-Telegram-Bot-Api-Secret-Token", a.Value("secret_token"))
}

// write is a refusal. https://core.telegram.org/bots/api#making-requests
func write(r play.Refusal, broken []play.Broken) play.Answer {
	body := map[string]any{"ok": false, "error_code": r.Status, "description": r.Text}
	if len(broken) > 0 && r.Text == "Bad Request" {
		body["description"] = r.Text + ": " + broken[0].Place + " must be " + broken[0].Must.Says
	}
	if r.Status == http.StatusTooManyRequests {
		body["parameters"] = map[string]int{"retry_after": 7}
	}
	return play.Value(r.Status, body)
}

func taken(result any) play.Answer {
	return play.Value(200, map[string]any{"ok": true, "result": result})
}

func yes(play.Taken) play.Answer { return taken(true) }

// A message is what Telegram says of one that a bot sent. https://core.telegram.org/bots/api#message
type message struct {
	ID         int64  `json:"message_id"`
	Connection string `json:"business_connection_id,omitempty"`
	Date       int64  `json:"date"`
	Chat       chat   `json:"chat"`
	From       *user  `json:"from,omitempty"`
	Bot        *user  `json:"sender_business_bot,omitempty"`
	Text       string `json:"text,omitempty"`
}

type chat struct {
	ID   int64  `json:"id"`
	Type string `json:"type"`
}

type user struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
}

// made answers with the message that a call made, or changed. Equal words at another
// time are another message.
func made(t play.Taken) play.Answer {
	at := strconv.FormatInt(t.Received.UnixNano(), 10)
	number, _ := strconv.ParseInt(channel.Digest(t.Body, at)[:7], 16, 64) // hexadecimal digits
	bot := &user{ID: botID(t.Account), IsBot: true, FirstName: "Bot"}
	m := message{ID: number + 1, Connection: t.Get("business_connection_id"), Date: t.Received.Unix(), From: bot,
		Text: t.Get("text")}
	m.Chat = chat{ID: whole(t.Get("chat_id")), Type: "private"}
	if m.Chat.ID < 0 {
		m.Chat.Type = "supergroup"
	}
	if m.Connection != "" {
		m.Bot = bot
	}
	edited := whole(t.Get("message_id"))
	if edited != 0 {
		m.ID = edited
	}
	a := taken(m)
	if m.Connection != "" && edited == 0 {
		a.Posts = []channel.Request{play.Post("telegram", t.Account,
			map[string]any{"update_id": m.ID, "business_message": m})}
	}
	return a
}

// botID is what a bot's token begins with.
func botID(a channel.Account) int64 {
	owner, _, _ := strings.Cut(a.Value("bot_token"), ":")
	return whole(owner)
}

func whole(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // what is none is nobody's
	return n
}

// customer is the update of a text that the customer of our samples wrote.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	number := now.UnixMilli() + int64(n)
	return play.Post("telegram", a, map[string]any{"update_id": number, "message": map[string]any{
		"message_id": number, "date": now.Unix(), "text": text,
		"from": map[string]any{"id": 7000000001, "is_bot": false, "first_name": "Ana", "username": "ana_demo",
			"language_code": "pt"},
		"chat": map[string]any{"id": 7000000001, "type": "private", "first_name": "Ana", "username": "ana_demo"},
	}})
}
