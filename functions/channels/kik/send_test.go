package kik_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/kik"
	"github.com/relais-dev/relais/functions/channels/kik/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// A recorder is Kik's double as an HTTP client.
type recorder struct{ calls []stage.Call }

func (d *recorder) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	call := stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.Path, Header: r.Header,
		Body: body}}
	d.calls = append(d.calls, call)
	reply := play.Platform.Answer(account(vectorKey), call).Reply
	return &http.Response{StatusCode: reply.Status, Header: reply.Header,
		Body: io.NopCloser(bytes.NewReader(reply.Body))}, nil
}

// send sends to a conversation and gives the messages that Kik got.
func send(t *testing.T, to events.Conversation, contents ...events.Content) []map[string]any {
	t.Helper()
	var d recorder
	e := channel.Env{Account: account(vectorKey), HTTP: &d}
	sent, err := kik.Channel.Send(t.Context(), e, channel.Outgoing{ID: "msg_a.1", To: channel.Recipient{Conversation: to},
		Content: contents})
	if err != nil {
		t.Fatalf("%v\n%s", err, d.calls[0].Body)
	}
	if got := d.calls[0].Header.Get("Authorization"); got !=
		"Basic ZGVtb2JvdDowZjFlMmQzYy00YjVhLTY5NzgtODc5Ni1hNWI0YzNkMmUxZjA=" {
		t.Errorf("authorised with %q", got)
	}
	var body struct{ Messages []map[string]any }
	if err := json.Unmarshal(d.calls[0].Body, &body); err != nil {
		t.Fatal(err)
	}
	for i, m := range body.Messages {
		if m["id"] != sent.IDs[i] {
			t.Errorf("message %d is %v, and %s is said to be sent", i, m["id"], sent.IDs[i])
		}
		delete(m, "id")
	}
	return body.Messages
}

var alice = events.Conversation{PlatformID: "alice.demo", Kind: events.Direct}

func TestSend(t *testing.T) {
	for name, tc := range map[string]struct {
		to      events.Conversation
		content events.Content
		want    map[string]any
	}{
		"to a group": {events.Conversation{PlatformID: "badcafe", Kind: events.Group}, events.NewText("hi"),
			map[string]any{"chatId": "badcafe", "type": "text", "body": "hi"}},
		"animation": {alice, events.NewMedia(events.Media{Type: events.Animation, URL: "https://b.example/a.mp4"}),
			map[string]any{"to": "alice.demo", "type": "video", "videoUrl": "https://b.example/a.mp4", "loop": true,
				"muted": true, "autoplay": true}},
		"link without a title": {alice, events.Content{Kind: events.KindLink, Link: &events.Link{URL: "https://b.example"}},
			map[string]any{"to": "alice.demo", "type": "link", "url": "https://b.example", "title": "https://b.example"}},
		"native": {alice, events.Content{Kind: events.KindNative,
			Native: &events.Native{Channel: "kik",
				JSON: `{"type":"text","body":"hi","to":"bob","id":"x","chatId":"y","typeTime":500}`}},
			map[string]any{"to": "alice.demo", "type": "text", "body": "hi", "typeTime": 500.0}},
	} {
		if diff := cmp.Diff([]map[string]any{tc.want}, send(t, tc.to, tc.content)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A suggested response comes back as the option that was offered.
func TestOptionsComeBack(t *testing.T) {
	m := send(t, alice, events.Content{Kind: events.KindChoice,
		Choice: &events.Choice{Text: "Which?", Options: []events.Option{{ID: "opt-1", Label: "One"}}}})[0]
	tapped := m["keyboards"].([]any)[0].(map[string]any)["responses"].([]any)[0].(map[string]any)
	answer, err := json.Marshal(map[string]any{"id": "1", "from": "alice.demo", "type": tapped["type"],
		"body": tapped["body"], "metadata": tapped["metadata"]})
	if err != nil {
		t.Fatal(err)
	}
	in := parse(t, string(answer))[0].Data.Interaction
	if in == nil || in.Option != "opt-1" || in.Text != "One" {
		t.Errorf("the answer is %+v", in)
	}
}

func TestDoubleIsStrict(t *testing.T) {
	const good = `{"to":"al","type":"text","body":"hi"}`
	for body, want := range map[string]int{
		`{"messages":[` + good + `]}`: 200, `{"messages":[` + strings.Repeat(good+",", 5) + good + `]}`: 400,
		`{"messages":[]}`: 400, `{}`: 400, `{"messages":[` + good + `],"to":"al"}`: 400,
		`{"messages":[{"to":"a","type":"text","body":"hi"}]}`:              400,
		`{"messages":[{"to":"al","type":"text","body":"hi","url":"a"}]}`:   400,
		`{"messages":[{"to":"al","type":"is-typing","isTyping":true}]}`:    200,
		`{"messages":[{"to":"al","type":"is-typing","isTyping":"maybe"}]}`: 400,
		`{"messages":[{"to":"al","type":"text","body":"x","keyboards":[{"type":"suggested","responses":` +
			`[{"type":"text","body":"a"}]}]}]}`: 200,
		`{"messages":[{"to":"al","type":"text","body":"x","keyboards":[{"type":"suggested","responses":` +
			`[{"type":"text","picUrl":"a"}]}]}]}`: 400,
		`{"messages":[{"type":"text","body":"hi"}]}`: 400, `{"messages":[{"to":"al","type":"text"}]}`: 400,
		`{"messages":[{"to":"al","type":"hologram"}]}`:                                                      400,
		`{"messages":[{"to":"al","type":"picture","picUrl":"http://b.example"}]}`:                           400,
		`{"messages":[{"to":"al","type":"text","body":"x","keyboards":[{"type":"sugar","responses":[]}]}]}`: 400,
	} {
		call := stage.Call{Host: "api.kik.com", Request: request(body)}
		call.Path = "/v1/message"
		if got := play.Platform.Answer(account(vectorKey), call).Status; got != 401 {
			t.Errorf("%s without a key: %d", body, got)
		}
		call.Header.Set("Content-Type", "application/json")
		call.Header.Set("Authorization", "Basic ZGVtb2JvdDowZjFlMmQzYy00YjVhLTY5NzgtODc5Ni1hNWI0YzNkMmUxZjA=")
		if got := play.Platform.Answer(account(vectorKey), call).Status; got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
}
