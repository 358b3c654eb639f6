package play_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions/channels/telegram/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// said is the description that answers a call, "" of one that is done.
func said(t *testing.T, method, body string) string {
	t.Helper()
	a := channel.NewAccount("demo", "", map[string]string{"bot_token": "6:A"})
	answer := play.Platform.Answer(a, stage.Call{Host: "api.telegram.org", Request: channel.Request{
		Method: "POST", Path: "/bot6:A/" + method, Body: []byte("{" + body + "}"),
		Header: http.Header{"Content-Type": {"application/json"}}}})
	var refusal struct {
		OK          bool   `json:"ok"`
		Description string `json:"description"`
	}
	if err := json.Unmarshal(answer.Body, &refusal); err != nil {
		t.Fatal(err)
	}
	if refusal.OK {
		return ""
	}
	return refusal.Description
}

// TestRules: what the reference allows passes, and what it does not is refused.
func TestRules(t *testing.T) {
	const to, group = `"chat_id":7,`, `"chat_id":-7,`
	inline := func(b string) string { return `"text":"a","reply_markup":{"inline_keyboard":[[` + b + `]]}` }
	keys := func(b string) string { return `"text":"a","reply_markup":{"keyboard":[[` + b + `]]}` }
	for _, tc := range []struct{ name, method, body, want string }{
		{"a text", "sendMessage", to + `"text":"hi"`, ""},
		{"nobody", "sendMessage", `"text":"hi"`, "Bad Request: chat_id is empty"},
		{"no text", "sendMessage", to + `"text":""`, "Bad Request: message text is empty"},
		{"white space", "sendMessage", to + `"text":" \n"`, "Bad Request: text must be non-empty"},
		{"a long text", "sendMessage", to + `"text":"` + strings.Repeat("x", 4097) + `"`,
			"Bad Request: message is too long"},
		{"bold", "sendMessage", to + `"text":"😀a","entities":[{"type":"bold","offset":2,"length":1}]`, ""},
		{"bold behind the text", "sendMessage", to + `"text":"😀a","entities":[{"type":"bold","offset":2,"length":2}]`,
			"Bad Request: can't parse entities JSON object"},
		{"a link to nowhere", "sendMessage", to + `"text":"a","entities":[{"type":"text_link","offset":0,"length":1}]`,
			"Bad Request: can't parse MessageEntity"},
		{"a button", "sendMessage", to + inline(`{"text":"A","callback_data":"a"}`), ""},
		{"a button that does nothing", "sendMessage", to + inline(`{"text":"A"}`),
			"Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		{"a button that does two things", "sendMessage", to + inline(`{"text":"A","callback_data":"a",`+
			`"url":"https://x.example"}`),
			"Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"},
		{"65 bytes", "sendMessage", to + inline(`{"text":"A","callback_data":"`+strings.Repeat("x", 65)+`"}`),
			"Bad Request: BUTTON_DATA_INVALID"},
		{"a button that calls", "sendMessage", to + inline(`{"text":"A","url":"tel:+1"}`),
			"Bad Request: inline keyboard button URL is invalid: Unsupported URL protocol"},
		{"a web app in a group", "sendMessage", group + inline(`{"text":"A","web_app":{"url":"https://x.example"}}`),
			"Bad Request: BUTTON_TYPE_INVALID"},
		{"a place", "sendMessage", to + keys(`{"text":"A","request_location":true}`), ""},
		{"a place in a group", "sendMessage", group + keys(`{"text":"A","request_location":true}`),
			"Bad Request: BUTTON_TYPE_INVALID"},
		{"a file", "sendDocument", to + `"document":"https://x.example/a.pdf"`, ""},
		{"a file that is not fetched", "sendDocument", to + `"document":"https://x.example/a.docx"`,
			"Bad Request: wrong file identifier/HTTP URL specified"},
		{"no file", "sendPhoto", to + `"caption":"a"`, "Bad Request: there is no photo in the request"},
		{"an edit's own keyboard", "editMessageText", to + `"message_id":1,` + keys(`{"text":"A"}`),
			"Bad Request: inline keyboard expected"},
		{"a heart", "setMessageReaction", to + `"message_id":1,"reaction":[{"type":"emoji","emoji":"❤"}]`, ""},
		{"broccoli", "setMessageReaction", to + `"message_id":1,"reaction":[{"type":"emoji","emoji":"🥦"}]`,
			"Bad Request: REACTION_INVALID"},
		{"read without a business", "readBusinessMessage", to + `"message_id":1`,
			"Bad Request: business connection not found"},
		{"an album", "sendMediaGroup", to + `"media":[{"type":"photo","media":"https://x.example/1"},` +
			`{"type":"video","media":"https://x.example/2"}]`, ""},
		{"an album of one", "sendMediaGroup", to + `"media":[{"type":"photo","media":"https://x.example/1"}]`,
			"Bad Request: expected an Array of InputMedia"},
		{"an album of all sorts", "sendMediaGroup", to + `"media":[{"type":"photo","media":"https://x.example/1"},` +
			`{"type":"document","media":"https://x.example/2"}]`, "Bad Request: expected an Array of InputMedia"},
		{"Stars", "sendInvoice", to + `"title":"a","description":"b","payload":"p","currency":"XTR",` +
			`"prices":[{"label":"a","amount":1}]`, ""},
		{"money without a provider", "sendInvoice", to + `"title":"a","description":"b","payload":"p","currency":"EUR",` +
			`"prices":[{"label":"a","amount":1}]`, "Bad Request: PAYMENT_PROVIDER_INVALID"},
		{"no such method", "sendPigeon", to, "Not Found: method not found"},
	} {
		if got := said(t, tc.method, strings.TrimSuffix(tc.body, ",")); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}
