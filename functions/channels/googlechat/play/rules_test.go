package play

import (
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// TestRefused holds the rules that reach into cards to their places there.
func TestRefused(t *testing.T) {
	token := "ya29.test-" + channel.Digest(nil, scope) // of an account without a key
	const click = `"onClick":{"openLink":{"url":"https://a.example"}}`
	widget := func(w string) string {
		return `{"cardsV2":[{"card":{"sections":[{"widgets":[` + w + `]}]}}]}`
	}
	for _, tc := range []struct{ want, body string }{
		{"", widget(`{"divider":{}}`)},
		{"", widget(`{"columns":{"columnItems":[{"widgets":[{"textParagraph":{"text":"a"}}]}]}}`)},
		{"textParagraph.text", widget(`{"columns":{"columnItems":[{"widgets":[{"textParagraph":{"text":""}}]}]}}`)},
		{"exactly one of textParagraph", widget(`{"divider":{},"image":{"imageUrl":"https://a.example/a.png"}}`)},
		{"image.imageUrl", widget(`{"image":{"imageUrl":"http://a.example/a.png"}}`)},
		{"buttons[0].onClick", widget(`{"buttonList":{"buttons":[{"text":"a"}]}}`)},
		{"", widget(`{"buttonList":{"buttons":[{"text":"a",` + click + `}]}}`)},
		{"startIcon",
			widget(`{"decoratedText":{"text":"a","startIcon":{"knownIcon":"STAR","iconUrl":"https://a.b/c"}}}`)},
		{"Invalid JSON payload", widget(`{"decoratedText":{"text":"a","wrap":true}}`)},
		{"Invalid JSON payload", widget(`{"decoratedText":{"text":1}}`)},
		{"Invalid JSON payload", widget(`{"dateTimePicker":{"name":"a","type":"DAY"}}`)},
		{"label, hintText", widget(`{"textInput":{"name":"a"}}`)},
		{"a cardId each",
			`{"text":"a","cardsV2":[{"card":{"header":{"title":"a"}}},{"card":{"header":{"title":"b"}}}]}`},
		{"header.title", `{"text":"a","cardsV2":[{"card":{"header":{"subtitle":"a"}}}]}`},
		{"thread.name", `{"text":"a","thread":{"name":"spaces/B/threads/c"}}`},
		{"lastUpdateTime", `{"text":"a","quotedMessageMetadata":{"name":"spaces/A/messages/c"}}`},
		{"widgets[]", widget(strings.Repeat(`{"divider":{}},`, 100) + `{"divider":{}}`)},
		{"", `{"text":"a","accessoryWidgets":[{"buttonList":{"buttons":[{"text":"a","onClick":{"action":{}}}]}}]}`},
	} {
		c := play.Call{Host: "chat.googleapis.com", Request: channel.Request{Method: "POST",
			Path: "/v1/spaces/A/messages", Body: []byte(tc.body),
			Header: map[string][]string{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}}}
		got := Platform.Answer(channel.Account{}, c)
		status := map[bool]int{true: 200, false: 400}[tc.want == ""]
		if got.Status != status || !strings.Contains(string(got.Body), tc.want) {
			t.Errorf("%.200s: %d %s, want %q", tc.body, got.Status, got.Body, tc.want)
		}
	}
}
