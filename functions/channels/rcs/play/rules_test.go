package play

import (
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// TestRefused holds rules of cards, suggestions and actions to their places.
func TestRefused(t *testing.T) {
	action := func(a string) string {
		return `{"contentMessage":{"text":"a","suggestions":[{"action":{"text":"a","postbackData":"a",` + a + `}}]}}`
	}
	card := func(c string) string {
		return `{"contentMessage":{"richCard":{"standaloneCard":{"cardOrientation":"VERTICAL","cardContent":` + c + `}}}}`
	}
	carousel := func(width, height string) string {
		one := `{"title":"a","media":{"height":"` + height + `","contentInfo":{"fileUrl":"https://a.example/a.png"}}}`
		return `{"contentMessage":{"richCard":{"carouselCard":{"cardWidth":"` + width + `","cardContents":[` + one + `,` +
			one + `]}}}}`
	}
	for _, tc := range []struct{ want, body string }{
		{"", `{"contentMessage":{"text":"a"},"ttl":"3.5s"}`},
		{"ttl", `{"contentMessage":{"text":"a"},"ttl":"1h"}`},
		{"at most one of ttl", `{"contentMessage":{"text":"a"},"ttl":"1s","expireTime":"2026-08-01T16:00:00Z"}`},
		{"name: absent", `{"contentMessage":{"text":"a"},"name":"phones/a"}`},
		{"no other member", `{"contentMessage":{"text":"a","suggestion":[]}}`},
		{"exactly one of text", `{"contentMessage":{"text":"a","uploadedRbmFile":{"fileName":"a"}}}`},
		{"1 to 3072", `{"contentMessage":{"text":"` + strings.Repeat("👍", 1537) + `"}}`},
		{"", action(`"openUrlAction":{"url":"https://a.example","application":"WEBVIEW","webviewViewMode":"FULL"}`)},
		{"webviewViewMode", action(`"openUrlAction":{"url":"https://a.example","application":"BROWSER",` +
			`"webviewViewMode":"FULL"}`)},
		{"exactly one of dialAction", action(`"fallbackUrl":"https://a.example"`)},
		{"phoneNumber", action(`"dialAction":{"phoneNumber":"044 20"}`)},
		{"exactly one of latLong", action(`"viewLocationAction":{"label":"a"}`)},
		{"latitude", action(`"viewLocationAction":{"latLong":{"latitude":91,"longitude":0}}`)},
		{"", card(`{"title":"a"}`)},
		{"at least one of title", card(`{"suggestions":[]}`)},
		{"media: exactly one of", card(`{"title":"a","media":{"height":"TALL"}}`)},
		{"fileUrl", card(`{"title":"a","media":{"height":"TALL","contentInfo":{"fileUrl":"https://intranet/a"}}}`)},
		{"", carousel("MEDIUM", "TALL")},
		{"height", carousel("SMALL", "TALL")},
	} {
		a := channel.NewAccount("demo", "", map[string]string{"agent_id": "a@rbm.goog"})
		c := play.Call{Host: host, Request: channel.Request{Method: "POST", Path: "/v1/phones/+447700900123/agentMessages",
			RawQuery: "agentId=a%40rbm.goog&messageId=00000000-0000-4000-8000-000000000001", Body: []byte(tc.body),
			Header: map[string][]string{"Content-Type": {"application/json"},
				"Authorization": {"Bearer ya29.test-" + channel.Digest(nil, scope)}}}} // of an account without a key
		got := Platform.Answer(a, c)
		status := map[bool]int{true: 200, false: 400}[tc.want == ""]
		if got.Status != status || !strings.Contains(string(got.Body), tc.want) {
			t.Errorf("%.200s: %d %s, want %q", tc.body, got.Status, got.Body, tc.want)
		}
	}
}
