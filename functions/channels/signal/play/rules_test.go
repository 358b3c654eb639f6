package play

import (
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// TestRefused tries rules of a message in the container's own words.
func TestRefused(t *testing.T) {
	const person = "0f0e0d0c-0000-4000-8000-000000000001"
	const group = "group.QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQT0="
	send := func(to, more string) string {
		return `{"number":"+15559990000","recipients":[` + to + `]` + more + `}`
	}
	for _, tc := range []struct{ want, body string }{
		{"", send(`"`+person+`"`, `,"message":"a"`)},
		{"", send(`"`+group+`"`, `,"base64_attachments":["data:image/png;filename=a.png;base64,AAAA"]`)},
		{"please provide at least one recipient", send(``, `,"message":"a"`)},
		{"please provide a valid number", `{"recipients":["` + person + `"],"message":"a"}`},
		{"cannot be specified together", send(`"`+person+`","`+group+`"`, `,"message":"a"`)},
		{"Invalid identifier", send(`"group.AAAA"`, `,"message":"a"`)},
		{"Invalid identifier", send(`"alice"`, `,"message":"a"`)},
		{"invalid request", send(`"`+person+`"`, `,"message":1`)},
		{"invalid request", send(`"`+person+`"`, `,"message":"a","quote_timestamp":"1"`)},
		{"base64 data does not exist", send(`"`+person+`"`, `,"base64_attachments":["data:image/png;base64,"]`)},
		{"no such file", send(`"`+person+`"`, `,"base64_attachments":["data:a/b;filename=a/b;base64,AAAA"]`)},
		{"sticker delimiter", send(`"`+person+`"`, `,"sticker":"a"`)},
		{"Failed to send", send(`"`+person+`"`, ``)},
		{"Failed to send", send(`"`+person+`"`, `,"message":"a","quote_timestamp":1785600000123`)},
		{"", send(`"`+person+`"`, `,"message":"ab","mentions":[{"start":0,"length":2,"author":"`+person+`"}]`)},
		{"Failed to send", send(`"`+person+`"`, `,"message":"a","mentions":[{"start":0,"length":2,"author":"`+person+`"}]`)},
	} {
		a := channel.NewAccount("demo", "", map[string]string{"number": "+15559990000", "outbound_token": "t",
			"outbound_url": "https://signal.example"})
		got := Platform.Answer(a, play.Call{Host: "signal.example", Request: channel.Request{Method: http.MethodPost,
			Path: "/v2/send", Body: []byte(tc.body), Header: http.Header{"Authorization": {"Bearer t"},
				"Content-Type": {"application/json"}}}})
		if ok := got.Status == http.StatusCreated; ok != (tc.want == "") ||
			!ok && !strings.Contains(string(got.Body), tc.want) {
			t.Errorf("%.200s: %d %s, want %q", tc.body, got.Status, got.Body, tc.want)
		}
	}
}
