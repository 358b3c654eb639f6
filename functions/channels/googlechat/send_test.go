package googlechat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/googlechat"
	"github.com/relais-dev/relais/shared/channel"
)

// A chat answers in turn and keeps what it was asked.
type chat struct {
	answers  []channel.Reply
	requests []string // METHOD URL
	bodies   []string
}

func (c *chat) Do(r *http.Request) (*http.Response, error) {
	body := []byte(nil)
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	c.requests, c.bodies = append(c.requests, r.Method+" "+r.URL.String()), append(c.bodies, string(body))
	answer := c.answers[min(len(c.requests), len(c.answers))-1]
	return &http.Response{StatusCode: answer.Status, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(answer.Body))}, nil
}

func reply(status int, body string) channel.Reply {
	return channel.Reply{Status: status, Body: []byte(body)}
}

func send(c *chat, a channel.Account, place string, content events.Content) (channel.Sent, error) {
	return googlechat.Channel.Send(context.Background(), channel.Env{Account: a, HTTP: c, Token: "t"}, channel.Outgoing{
		ID: "msg_a.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: place}},
		Content: []events.Content{content},
	})
}

func TestThread(t *testing.T) {
	for place, want := range map[string]string{
		"spaces/A":           `{"text":"a"}`,
		"spaces/A/threads/T": `{"text":"a","thread":{"name":"spaces/A/threads/T"}}`,
	} {
		c := &chat{answers: []channel.Reply{reply(200, `{"name":"spaces/A/messages/B.C"}`)}}
		if _, err := send(c, account(nil), place, events.NewText("a")); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(c.requests[0], "POST https://chat.googleapis.com/v1/spaces/A/messages?") {
			t.Errorf("%s is sent to %s", place, c.requests[0])
		}
		if diff := cmp.Diff(want, c.bodies[0]); diff != "" {
			t.Error(diff)
		}
	}
}

// What an earlier try created is what was sent, by its own name where Google tells it.
func TestRepetitionIsSent(t *testing.T) {
	for body, want := range map[string]string{
		`{"name":"spaces/A/messages/B.C"}`: "spaces/A/messages/B.C",
		`oops`:                             "spaces/A/messages/client-relais-",
	} {
		c := &chat{answers: []channel.Reply{reply(409, `{"error":{"status":"ALREADY_EXISTS"}}`), reply(200, body)}}
		sent, err := send(c, account(nil), "spaces/A", events.NewText("a"))
		if err != nil || len(sent.IDs) != 1 || !strings.HasPrefix(sent.IDs[0], want) {
			t.Errorf("%s gives %v, %v", body, sent, err)
		}
	}
}

func TestFailures(t *testing.T) {
	for _, tc := range []struct {
		status        int
		code, message string
		reason, class string
	}{
		{403, "PERMISSION_DENIED", "The caller does not have permission", "", events.ClassRecipient},
		{403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.", "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
			events.ClassAuth},
		{403, "PERMISSION_DENIED", "Google Chat API has not been used in project 1 before or it is disabled.",
			"SERVICE_DISABLED", events.ClassAuth},
		{401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", "", events.ClassAuth},
		{404, "NOT_FOUND", "Requested entity was not found.", "", events.ClassRecipient},
		{400, "INVALID_ARGUMENT", "Unknown widget", "", events.ClassContent},
		{429, "RESOURCE_EXHAUSTED", "Quota exceeded", "RATE_LIMIT_EXCEEDED", events.ClassRate},
	} {
		body := `{"error":{"status":"` + tc.code + `","message":"` + tc.message + `","details":[{"reason":"` + tc.reason +
			`"}]}}`
		_, err := send(&chat{answers: []channel.Reply{reply(tc.status, body)}}, account(nil), "spaces/A",
			events.NewText("a"))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Unknown {
			t.Errorf("%s gives %#v, want class %s", tc.message, err, tc.class)
		}
	}
}

// A name leads nowhere but to its space.
func TestNamesStayInTheirPlace(t *testing.T) {
	for _, place := range []string{"", "spaces", "spaces/", "spaces/..", "users/1", "spaces/-", "#account"} {
		c := &chat{answers: []channel.Reply{reply(200, `{"name":"x"}`)}}
		if _, err := send(c, account(nil), place, events.NewText("a")); err == nil || len(c.requests) > 0 {
			t.Errorf("%q is sent to %v", place, c.requests)
		}
	}
	for _, name := range []string{"", "spaces/A", "spaces/A/messages/..", "spaces/../messages/B",
		"spaces/A/messages/B/attachments/C"} {
		c := &chat{answers: []channel.Reply{reply(200, `{}`)}}
		err := googlechat.Channel.Act(context.Background(), channel.Env{HTTP: c}, channel.Recipient{},
			events.Action{Verb: events.ActDelete, Message: &events.Ref{PlatformID: name}})
		if err == nil || len(c.requests) > 0 {
			t.Errorf("%q is deleted at %v", name, c.requests)
		}
	}
}

func TestMarkup(t *testing.T) {
	entity := func(typ string, offset, length int) events.Entity {
		return events.Entity{Type: typ, Offset: offset, Length: length}
	}
	link := func(offset, length int, address string) events.Entity {
		return events.Entity{Type: "link", Offset: offset, Length: length, Value: address}
	}
	for _, tc := range []struct {
		body     string
		entities []events.Entity
		want     string
	}{
		{"a 😀 b", []events.Entity{entity("bold", 2, 2)}, "a *😀* b"},
		{"one two", []events.Entity{entity("italic", 0, 7), entity("bold", 4, 3)}, "_one *two*_"},
		{"one two", []events.Entity{entity("bold", 0, 4)}, "*one* two"},
		{"one two", []events.Entity{entity("bold", 0, 5), entity("italic", 4, 3)}, "*one t*wo"},
		{"code", []events.Entity{entity("code", 0, 4), entity("bold", 1, 2)}, "`code`"},
		{"x", []events.Entity{entity("pre", 0, 1)}, "```\nx\n```"},
		{"shop", []events.Entity{link(0, 4, "https://a.example/?x=1")}, "<https://a.example/?x=1|shop>"},
		{"a|b", []events.Entity{link(0, 3, "https://a.example")}, "a|b https://a.example"},
		{"https://a.example", []events.Entity{link(0, 17, "https://a.example")}, "https://a.example"},
		{"@sam", []events.Entity{entity("mention", 0, 4), entity("bold", 1, 3)}, "@*sam*"},
		{"  ", []events.Entity{entity("bold", 0, 2)}, "  "},
	} {
		c := &chat{answers: []channel.Reply{reply(200, `{"name":"x"}`)}}
		content := events.Content{Kind: events.KindText, Text: &events.Text{Body: tc.body, Entities: tc.entities}}
		if _, err := send(c, account(nil), "spaces/A", content); err != nil {
			t.Fatal(err)
		}
		var m struct{ Text string }
		if err := json.Unmarshal([]byte(c.bodies[0]), &m); err != nil {
			t.Fatal(err)
		}
		if m.Text != tc.want {
			t.Errorf("%q becomes %q, want %q", tc.body, m.Text, tc.want)
		}
	}
}

// Cards read HTML, so what a brand writes is no HTML there.
func TestCardsAreEscaped(t *testing.T) {
	c := &chat{answers: []channel.Reply{reply(200, `{"name":"x"}`)}}
	content := events.Content{Kind: events.KindChoice, Choice: &events.Choice{
		Text: "<b>1 & 2</b>", Style: events.StyleButtons, Options: []events.Option{{ID: "a", Label: "<A>"}},
	}}
	if _, err := send(c, account(nil), "spaces/A", content); err != nil {
		t.Fatal(err)
	}
	if want := `{"textParagraph":{"text":"&lt;b&gt;1 &amp; 2&lt;/b&gt;"}}`; !strings.Contains(c.bodies[0], want) {
		t.Errorf("%s lacks %s", c.bodies[0], want)
	}
}

// An add-on's buttons call the endpoint, a classic app's a name.
func TestFunction(t *testing.T) {
	choice := events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "?", Style: events.StyleButtons,
		Options: []events.Option{{ID: "a", Label: "A"}}}}
	for want, credentials := range map[string]map[string]string{
		`"function":"relais"`:           {"audience": endpoint},
		`"function":"` + endpoint + `"`: {"audience": endpoint, "project_number": number},
	} {
		c := &chat{answers: []channel.Reply{reply(200, `{"name":"x"}`)}}
		if _, err := send(c, account(credentials), "spaces/A", choice); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(c.bodies[0], want) {
			t.Errorf("%s lacks %s", c.bodies[0], want)
		}
	}
}

// The integrator's own message goes as it is, but where we send it.
func TestNative(t *testing.T) {
	c := &chat{answers: []channel.Reply{reply(200, `{"name":"x"}`)}}
	native := events.Content{Kind: events.KindNative,
		Native: &events.Native{Channel: "googlechat", JSON: `{"text":"a","thread":{"name":"spaces/Z/threads/T"}}`}}
	if _, err := send(c, account(nil), "spaces/A", native); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(`{"text":"a"}`, c.bodies[0]); diff != "" {
		t.Error(diff)
	}
}

func TestFetch(t *testing.T) {
	for _, tc := range []struct {
		media events.Media
		want  string
	}{
		{events.Media{PlatformID: "Cl/x=?"}, "GET https://chat.googleapis.com/v1/media/Cl%2Fx=%3F?alt=media"},
		{events.Media{URL: "https://media.example/wave.gif"}, "GET https://media.example/wave.gif"},
	} {
		c := &chat{answers: []channel.Reply{reply(200, "bytes")}}
		body, err := googlechat.Channel.Fetch(context.Background(), channel.Env{HTTP: c, Token: "t"}, tc.media)
		if err != nil {
			t.Fatal(err)
		}
		if err := body.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{tc.want}, c.requests); diff != "" {
			t.Error(diff)
		}
	}
	c := &chat{answers: []channel.Reply{reply(404, `{"error":{"status":"NOT_FOUND"}}`)}}
	var e *channel.Error
	if _, err := googlechat.Channel.Fetch(context.Background(), channel.Env{HTTP: c},
		events.Media{PlatformID: "x"}); !errors.As(err, &e) {
		t.Errorf("what is gone gives %v", err)
	}
}
