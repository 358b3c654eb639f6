package play_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	meta "github.com/relais-dev/relais/functions/channels/internal/meta/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

func dialect(insta bool) meta.Dialect {
	d := meta.Dialect{Channel: "x", Object: "page", Account: "1", User: "2", Hosts: []string{"graph.facebook.com"},
		Token: "token", Typed: !insta, Calls: !insta, Insta: insta, Text: play.Len(1, 2000, play.UTF16), Nobody: "2018001",
		Closed: "2018278", Right: func(play.Taken) bool { return true }, Wrong: meta.Refuse("100", "", "no")}
	if insta {
		d.Text = play.Len(1, 1000, play.UTF8)
	}
	return d
}

// said is the code that Graph answers to a body, "" to one that it takes.
func said(t *testing.T, d meta.Dialect, body string) string {
	t.Helper()
	p := play.Platform{Channel: "x", APIs: []play.API{d.API()}}
	a := channel.NewAccount("demo", "", map[string]string{"token": "T"})
	answer := p.Answer(a, play.Call{Host: "graph.facebook.com", Request: channel.Request{
		Method: "POST", Path: "/v25.0/me/messages", Body: []byte(`{"recipient":{"id":"7"},` + body + "}"),
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer T"}}}})
	var refusal struct {
		Error struct {
			Code    json.Number `json:"code"`
			Subcode json.Number `json:"error_subcode"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Body, &refusal); err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(refusal.Error.Code)+"/"+string(refusal.Error.Subcode), "/")
}

// TestRules: what Meta's pages allow passes, and what they do not is refused with the codes that are seen.
func TestRules(t *testing.T) {
	const typed = `"messaging_type":"RESPONSE",`
	quick := func(n int) string {
		return `"message":{"text":"a","quick_replies":[` + strings.TrimSuffix(strings.Repeat(
			`{"content_type":"text","title":"A","payload":"a"},`, n), ",") + `]}`
	}
	template := func(payload string) string {
		return `"message":{"attachment":{"type":"template","payload":` + payload + `}}`
	}
	button := func(b string) string { return template(`{"template_type":"button","text":"a","buttons":[` + b + `]}`) }
	for _, tc := range []struct{ name, body, messenger, insta string }{
		{"a text", typed + `"message":{"text":"a"}`, "", ""},
		{"no type", `"message":{"text":"a"}`, "100", ""},
		{"a tag that was removed", `"messaging_type":"MESSAGE_TAG","tag":"ACCOUNT_UPDATE","message":{"text":"a"}`, "100", "100"},
		{"a tag of no kind", typed + `"tag":"HUMAN_AGENT","message":{"text":"a"}`, "100", ""},
		{"1,001 letters", typed + `"message":{"text":"` + strings.Repeat("x", 1001) + `"}`, "", "100"},
		{"2,001 letters", typed + `"message":{"text":"` + strings.Repeat("x", 2001) + `"}`, "100", "100"},
		{"text and picture", typed + `"message":{"text":"a","attachment":{"type":"image","payload":` +
			`{"url":"https://x.example/a"}}}`, "100", "100"},
		{"an odd member", typed + `"message":{"text":"a","quickReplies":[]}`, "100", "100"},
		{"message and action", typed + `"message":{"text":"a"},"sender_action":"typing_on"`, "100/2018014", "100/2018014"},
		{"13 quick replies", typed + quick(13), "", ""},
		{"14 quick replies", typed + quick(14), "105", "105"},
		{"no quick reply", typed + quick(0), "194", "194"},
		{"a button", typed + button(`{"type":"postback","title":"A","payload":"a"}`), "", ""},
		{"a button without a page", typed + button(`{"type":"web_url","title":"A"}`), "100", "100"},
		{"a button that calls", typed + button(`{"type":"phone_number","title":"A","payload":"+15550100"}`), "", "100"},
		{"a number without country", typed + button(`{"type":"phone_number","title":"A","payload":"0301"}`), "100", "100"},
		{"a bare card", typed + template(`{"template_type":"generic","elements":[{"title":"a"}]}`), "194", "194"},
		{"a heart", typed + `"message":{"attachment":{"type":"like_heart"}}`, "100", ""},
		{"a sticker", typed + `"message":{"sticker_id":"369239263222822"}`, "", "100"},
		{"a template as an answer", typed + `"message":{"template":{"name":"a","language":{"code":"en"}}}`, "100", "100"},
		{"love", `"sender_action":"react","payload":{"message_id":"m","reaction":"love"}`, "", ""},
		{"nothing", `"sender_action":"react","payload":{"message_id":"m"}`, "100", "100"},
	} {
		for insta, want := range map[bool]string{false: tc.messenger, true: tc.insta} {
			if got := said(t, dialect(insta), tc.body); got != want {
				t.Errorf("%s (Instagram: %v): %q, want %q", tc.name, insta, got, want)
			}
		}
	}
}
