package meta_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// A client answers all calls alike, and keeps the last body.
type client struct {
	status int
	answer string
	body   string
}

func (c *client) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	c.body = string(body)
	return &http.Response{StatusCode: c.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(c.answer))},
		err
}

var now = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

const took = `{"recipient_id":"7","message_id":"m_1"}`

// said is the call by which o is sent.
func said(t *testing.T, api meta.SendAPI, o channel.Outgoing) string {
	t.Helper()
	c := &client{status: 200, answer: took}
	o.ID = "msg_a.1"
	if o.Content == nil {
		o.Content = []events.Content{events.NewText("hi")}
	}
	if _, err := api.Send(context.Background(), channel.Env{HTTP: c, Now: now}, o); err != nil {
		t.Fatal(err)
	}
	return c.body
}

// Why a message is sent decides whether Meta lets it through.
func TestPurpose(t *testing.T) {
	person := &events.Sender{Role: events.Agent}
	template := []events.Content{{Kind: events.KindTemplate, Template: &events.Template{Name: "t", Language: "en"}}}
	to := channel.Recipient{Conversation: events.Conversation{PlatformID: "7"}}
	optedIn := to
	optedIn.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.MessengerPSID, Value: "7"},
		{Scheme: events.External, Value: "tok", Scope: "notification_messages_token"}}}
	for _, tc := range []struct {
		name    string
		out     channel.Outgoing
		want    string
		outside bool
	}{
		{"an answer", channel.Outgoing{To: to, Heard: now.Add(-time.Hour)},
			`{"recipient":{"id":"7"},"messaging_type":"RESPONSE","message":{"text":"hi","metadata":"msg_a.1"}}`, false},
		{"a late answer of a person", channel.Outgoing{To: to, Heard: now.Add(-25 * time.Hour), Sender: person},
			`{"recipient":{"id":"7"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"hi",` +
				`"metadata":"msg_a.1"}}`, true},
		{"a late answer of a bot", channel.Outgoing{To: to, Heard: now.Add(-25 * time.Hour),
			Sender: &events.Sender{Role: events.Bot}},
			`{"recipient":{"id":"7"},"messaging_type":"UPDATE","message":{"text":"hi","metadata":"msg_a.1"}}`, false},
		{"to somebody who never wrote", channel.Outgoing{To: to, Sender: person},
			`{"recipient":{"id":"7"},"messaging_type":"UPDATE","message":{"text":"hi","metadata":"msg_a.1"}}`, false},
		{"a template", channel.Outgoing{To: to, Content: template},
			`{"recipient":{"id":"7"},"messaging_type":"UTILITY","message":{"template":{"name":"t","language":{"code":"en"}},` +
				`"metadata":"msg_a.1"}}`, false},
		{"to the checkbox plug-in",
			channel.Outgoing{To: channel.Recipient{Conversation: events.Conversation{PlatformID: "user_ref:u-1"}}},
			`{"recipient":{"user_ref":"u-1"},"messaging_type":"UPDATE","message":{"text":"hi","metadata":"msg_a.1"}}`, true},
		{"a campaign to somebody who opted in", channel.Outgoing{To: optedIn, Bulk: true},
			`{"recipient":{"notification_messages_token":"tok"},"messaging_type":"UPDATE","message":{"text":"hi",` +
				`"metadata":"msg_a.1"}}`, true},
		{"a campaign while the window is open", channel.Outgoing{To: optedIn, Bulk: true, Heard: now},
			`{"recipient":{"id":"7"},"messaging_type":"RESPONSE","message":{"text":"hi","metadata":"msg_a.1"}}`, true},
		{"an answer to somebody who opted in", channel.Outgoing{To: optedIn},
			`{"recipient":{"id":"7"},"messaging_type":"UPDATE","message":{"text":"hi","metadata":"msg_a.1"}}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, said(t, meta.SendAPI{Typed: true, Named: true}, tc.out)); diff != "" {
				t.Errorf("call (-want +got):\n%s", diff)
			}
			if got := meta.Human(tc.out) || meta.OptedIn(tc.out); got != tc.outside {
				t.Errorf("may go outside the window: %t", got)
			}
		})
	}
}

func TestNative(t *testing.T) {
	native := func(text string) []events.Content {
		return []events.Content{{Kind: events.KindNative, Native: &events.Native{JSON: text}}}
	}
	to := channel.Recipient{Conversation: events.Conversation{PlatformID: "7"}}
	got := said(t, meta.SendAPI{Named: true},
		channel.Outgoing{To: to, Content: native(`{"sticker_id":"144885035685763"}`)})
	if want := `{"recipient":{"id":"7"},"message":{"metadata":"msg_a.1","sticker_id":"144885035685763"}}`; got != want {
		t.Errorf("call is %s, want %s", got, want)
	}
	for _, text := range []string{``, `7`, `[]`, `null`, `{`} {
		_, err := meta.SendAPI{}.Send(context.Background(), channel.Env{HTTP: &client{}},
			channel.Outgoing{To: to, Content: native(text)})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassContent {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

// What Meta answers decides what the sender does.
func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		status  int
		answer  string
		class   string
		unknown bool
		after   time.Duration
	}{
		{400, `{"error":{"code":10,"error_subcode":2018278}}`, events.ClassWindow, false, 0},
		{403, `{"error":{"code":10,"error_subcode":2534022}}`, events.ClassWindow, false, 0},
		{400, `{"error":{"code":10,"error_subcode":2018108}}`, events.ClassRecipient, false, 0},
		{400, `{"error":{"code":10,"error_subcode":1893015}}`, events.ClassConsent, false, 0},
		{400, `{"error":{"code":10,"error_subcode":1893063}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":10}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":551}}`, events.ClassRecipient, false, 0},
		{400, `{"error":{"code":200,"error_subcode":1545041}}`, events.ClassRecipient, false, 0},
		{400, `{"error":{"code":100,"error_subcode":2018001}}`, events.ClassRecipient, false, 0},
		{400, `{"error":{"code":100,"error_subcode":2534014}}`, events.ClassRecipient, false, 0},
		{400, `{"error":{"code":100,"error_subcode":2018008}}`, events.ClassMedia, false, 0},
		{400, `{"error":{"code":100}}`, events.ClassContent, false, 0},
		{400, `{"error":{"code":105}}`, events.ClassContent, false, 0},
		{400, `{"error":{"code":194}}`, events.ClassContent, false, 0},
		{400, `{"error":{"code":10903}}`, events.ClassContent, false, 0},
		{400, `{"error":{"code":9}}`, events.ClassRate, false, 0},
		{401, `{"error":{"code":190}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":200,"error_subcode":2534041}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":1,"error_subcode":99}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":36103}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":2534122}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":368}}`, events.ClassAuth, false, 0},
		{400, `{"error":{"code":613}}`, events.ClassRate, false, 0},
		{400, `{"error":{"code":80006}}`, events.ClassRate, false, 0},
		{400, `{"error":{"code":613,"error_subcode":2018338}}`, events.ClassRate, false, time.Hour},
		{400, `{"error":{"code":4,"error_subcode":2018354}}`, events.ClassRate, false, 24 * time.Hour},
		{400, `{"error":{"code":2018300}}`, events.ClassPolicy, false, 0},
		{400, `{"error":{"code":100,"error_subcode":2534037}}`, events.ClassPolicy, false, 0},
		{400, `{"error":{"code":2018321}}`, events.ClassPlatform, false, time.Minute},
		{500, `{"error":{"code":1}}`, events.ClassPlatform, true, 0},
		{503, `{"error":{"code":2}}`, events.ClassPlatform, false, 0},
		{500, `{"error":{"code":1200}}`, events.ClassPlatform, true, 0},
		{400, `{"error":{"code":4711}}`, events.ClassUnknown, false, 0},
		{200, `{"error":{"code":100}}`, events.ClassContent, false, 0},
		{200, `{"recipient_id":"7"}`, events.ClassPlatform, true, 0},
		{400, `{"error":"no"}`, events.ClassContent, false, 0},
	} {
		c := &client{status: tc.status, answer: tc.answer}
		_, err := meta.SendAPI{}.Send(context.Background(), channel.Env{HTTP: c, Now: now},
			channel.Outgoing{Content: []events.Content{events.NewText("hi")}})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Unknown != tc.unknown || e.RetryAfter != tc.after {
			t.Errorf("%d %s gives %#v", tc.status, tc.answer, err)
		}
	}
}

// Meta repeats a token that it cannot read.
func TestTokenStaysOutOfErrors(t *testing.T) {
	c := &client{status: 401, answer: `{"error":{"code":190,"message":"Malformed access token EAAB-secret"}}`}
	_, err := meta.SendAPI{Token: "EAAB-secret"}.Send(context.Background(), channel.Env{HTTP: c},
		channel.Outgoing{Content: []events.Content{events.NewText("hi")}})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error is %v", err)
	}
}

func TestReactions(t *testing.T) {
	for emoji, want := range map[string]string{"❤️": "love", "❤": "love", "👍": "like", "😆": "smile", "🎉": "🎉"} {
		c := &client{status: 200, answer: took}
		a := events.Action{Verb: events.ActReact, Message: &events.Ref{PlatformID: "m_1"}, Emoji: emoji}
		if err := (meta.SendAPI{}).Act(context.Background(), channel.Env{HTTP: c}, channel.Recipient{}, a); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains([]byte(c.body),
			[]byte(`"sender_action":"react","payload":{"message_id":"m_1","reaction":"`+want+`"}`)) {
			t.Errorf("%s is sent as %s", emoji, c.body)
		}
	}
	c := &client{status: 200, answer: took}
	a := events.Action{Verb: events.ActReact, Message: &events.Ref{PlatformID: "m_1"}}
	if err := (meta.SendAPI{}).Act(context.Background(), channel.Env{HTTP: c}, channel.Recipient{}, a); err != nil ||
		!strings.Contains(c.body, `"unreact"`) {
		t.Errorf("a reaction is taken back by %s, %v", c.body, err)
	}
	if err := (meta.SendAPI{}).Act(context.Background(), channel.Env{}, channel.Recipient{},
		events.Action{Verb: events.ActEdit}); err == nil {
		t.Error("a message is edited")
	}
}

// The echo of a message of ours may come before the answer to our call.
func TestEchoCorrelates(t *testing.T) {
	evs := page(t, `{"sender":{"id":"1"},"recipient":{"id":"7"},"timestamp":1785600000100,"message":{"mid":"m_1",`+
		`"text":"hi","is_echo":true,"metadata":"msg_a.1"}}`)
	if len(evs) != 2 || evs[0].Type != events.MessageEchoed || evs[0].Data.Message.Origin != "api" {
		t.Fatalf("events are %+v", evs)
	}
	told := []events.Field{{Name: "correlation", Value: "msg_a.1"}} // by which the router knows it
	if diff := cmp.Diff(told, evs[0].Data.Message.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
	want := &events.Status{Message: events.Ref{PlatformID: "m_1"}, State: events.Sent, Correlation: "msg_a.1"}
	if diff := cmp.Diff(want, evs[1].Data.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}
