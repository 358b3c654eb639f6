package signal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/signal"
	"github.com/relais-dev/relais/shared/channel"
)

const customer = "0f0e0d0c-0000-4000-8000-000000000001"

// A sidecar gives this answer and keeps the last call.
type sidecar struct {
	status int
	answer string
	method string
	url    string
	header http.Header
	body   string
}

func (s *sidecar) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.method, s.url, s.header, s.body = r.Method, r.URL.String(), r.Header, string(body)
	return &http.Response{StatusCode: s.status, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader([]byte(s.answer)))}, nil
}

func (s *sidecar) env() channel.Env {
	a := channel.NewAccount("demo", "", map[string]string{"inbound_secret": vectorSecret, "number": "+15559990000",
		"outbound_url": "https://signal.shop.example/", "outbound_token": "sc_token"})
	return channel.Env{Account: a, HTTP: s, Now: received,
		Open: func(context.Context, events.Media) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("%PDF-1.7")), nil
		}}
}

func to(id string, kind string) channel.Recipient {
	return channel.Recipient{Conversation: events.Conversation{PlatformID: id, Kind: kind}}
}

func say(s *sidecar, c events.Content, quoted string) (channel.Sent, error) {
	s.status, s.answer = 201, `{"timestamp":"1785600000123"}`
	return signal.Channel.Send(context.Background(), s.env(),
		channel.Outgoing{ID: "msg_1.1", To: to(customer, events.Direct), Content: []events.Content{c}, ReplyTo: quoted})
}

// What is sent is named as receipts, quotes and reactions will name it.
func TestSentIsNamedAsReceiptsDo(t *testing.T) {
	s := &sidecar{}
	sent, err := say(s, events.NewText("hi"), "")
	if err != nil || s.header.Get("Authorization") != "Bearer sc_token" ||
		s.url != "https://signal.shop.example/v2/send" {
		t.Fatalf("%v, %s", err, s.url)
	}
	e := parse(t, alice+`,"receiptMessage":{"when":1785600000200,"isRead":true,"timestamps":[1785600000123]}`)[0]
	if len(sent.IDs) != 1 || sent.IDs[0] != e.Data.Status.Message.PlatformID {
		t.Errorf("sent as %v, the receipt is about %q", sent.IDs, e.Data.Status.Message.PlatformID)
	}
}

// TestTakenIsNotReached: the container answers 201, too, when a message went to nobody.
func TestTakenIsNotReached(t *testing.T) {
	s := &sidecar{status: 201, answer: `{"timestamp":"1785600000123","errors":{"recipients":[` +
		`{"uuid":"` + customer + `","reason":"UNREGISTERED_FAILURE"}]}}`}
	o := channel.Outgoing{ID: "msg_1.1", To: to(customer, events.Direct), Content: []events.Content{events.NewText("hi")}}
	_, err := signal.Channel.Send(context.Background(), s.env(), o)
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassRecipient || e.Unknown {
		t.Errorf("%#v, want recipient", err)
	}
	o.To = to("group.AAAA", events.Group)
	if sent, err := signal.Channel.Send(context.Background(), s.env(), o); err != nil || len(sent.IDs) != 1 ||
		sent.Note == "" {
		t.Errorf("to a group: %v, %v, want a note", sent, err)
	}
}

func TestQuotes(t *testing.T) {
	for quoted, want := range map[string]string{
		customer + ":1785599990000": `"quote_author":"` + customer + `","quote_timestamp":1785599990000`,
		"self:1785599990000":        `"quote_author":"+15559990000","quote_timestamp":1785599990000`,
		"":                          `"message":"hi"}`, "nonsense": `"message":"hi"}`,
	} {
		s := &sidecar{}
		if _, err := say(s, events.NewText("hi"), quoted); err != nil || !strings.Contains(s.body, want) {
			t.Errorf("quoting %q: %v, %s", quoted, err, s.body)
		}
	}
}

func TestStyles(t *testing.T) {
	for _, tc := range []struct {
		body     string
		entities []events.Entity
		want     string
	}{
		{"2 * 3 ~ `x`", nil, "2 * 3 ~ `x`"},
		{"2 * 3 is bold", []events.Entity{{Type: "bold", Offset: 9, Length: 4}}, `2 \\* 3 is **bold**`},
		{"😀 a*b | c", []events.Entity{{Type: "italic", Offset: 3, Length: 3}}, `😀 *a\\*b* \\| c`},
		{"one two", []events.Entity{{Type: "bold", Offset: 0, Length: 7}, {Type: "italic", Offset: 4, Length: 3}},
			"**one two**"},
		{"secret", []events.Entity{{Type: "spoiler", Offset: 0, Length: 6}}, "||secret||"},
		{"link", []events.Entity{{Type: "link", Offset: 0, Length: 4}}, "link"},
		{"short", []events.Entity{{Type: "code", Offset: 2, Length: 9}}, "short"},
	} {
		s := &sidecar{}
		if _, err := say(s, events.Content{Kind: events.KindText, Text: &events.Text{Body: tc.body, Entities: tc.entities}},
			""); err != nil {
			t.Fatal(err)
		}
		styled := strings.Contains(s.body, `"text_mode":"styled"`)
		if !strings.Contains(s.body, `"message":"`+tc.want+`"`) || styled != (tc.want != tc.body) {
			t.Errorf("%q becomes %s", tc.body, s.body)
		}
	}
}

func TestFiles(t *testing.T) {
	for _, tc := range []struct {
		media events.Media
		want  string
	}{
		{events.Media{Type: events.File, MIME: "application/pdf", Name: "a;b,c/d.pdf", Caption: "yours"},
			`data:application/pdf;filename=a_b_c_d.pdf;base64,JVBERi0xLjc=`},
		{events.Media{Type: events.File}, `data:application/pdf;base64,JVBERi0xLjc=`},
		{events.Media{Type: events.Audio, MIME: "audio/ogg; codecs=opus"}, `data:audio/ogg;base64,JVBERi0xLjc=`},
		{events.Media{Type: events.Sticker, Set: "9acc9e8aba563d26a4994e69263e3b25", PlatformID: "7"},
			`"sticker":"9acc9e8aba563d26a4994e69263e3b25:7"`},
	} {
		s := &sidecar{}
		if _, err := say(s, events.NewMedia(tc.media), ""); err != nil || !strings.Contains(s.body, tc.want) ||
			!strings.Contains(s.body, tc.media.Caption) {
			t.Errorf("%+v: %v, %s", tc.media, err, s.body)
		}
	}
}

func TestNativeKeepsTheRecipient(t *testing.T) {
	s := &sidecar{}
	_, err := say(s, events.Content{Kind: events.KindNative,
		Native: &events.Native{Channel: "signal", JSON: `{"message":"x","recipients":["+1"],"number":"+2"}`}}, "")
	if want := `{"message":"x","number":"+15559990000","recipients":["` + customer + `"]}`; err != nil || s.body != want {
		t.Errorf("%v, %s", err, s.body)
	}
}

func TestActs(t *testing.T) {
	for _, tc := range []struct {
		action events.Action
		want   string // method, path and body; "" is refused
	}{
		{events.Action{Verb: events.ActTyping, Active: true},
			`PUT /v1/typing-indicator/+15559990000 {"recipient":"group.Rw=="}`},
		{events.Action{Verb: events.ActTyping}, `DELETE /v1/typing-indicator/+15559990000 {"recipient":"group.Rw=="}`},
		{events.Action{Verb: events.ActReact, Emoji: "👍", Message: &events.Ref{PlatformID: "self:1785599990000"}},
			`POST /v1/reactions/+15559990000 {"recipient":"group.Rw==","reaction":"👍","target_author":"+15559990000",` +
				`"timestamp":1785599990000}`},
		{events.Action{Verb: events.ActReact, Message: &events.Ref{PlatformID: customer + ":1785599990000"}},
			`DELETE /v1/reactions/+15559990000 {"recipient":"group.Rw==","target_author":"` + customer +
				`","timestamp":1785599990000}`},
		{events.Action{Verb: events.ActRead, Message: &events.Ref{PlatformID: customer + ":1785599990000"}},
			`POST /v1/receipts/+15559990000 {"receipt_type":"read","recipient":"` + customer + `","timestamp":1785599990000}`},
		{events.Action{Verb: events.ActDelete, Message: &events.Ref{PlatformID: "self:1785599990000"}},
			`DELETE /v1/remote-delete/+15559990000 {"recipient":"group.Rw==","timestamp":1785599990000}`},
		{events.Action{Verb: events.ActRead}, ""},
		{events.Action{Verb: events.ActDelete, Message: &events.Ref{PlatformID: "1785599990000"}}, ""},
		{events.Action{Verb: events.ActEdit, Message: &events.Ref{PlatformID: "self:1"}}, ""},
	} {
		s := &sidecar{status: 204}
		err := signal.Channel.Act(context.Background(), s.env(), to("group.Rw==", events.Group), tc.action)
		got := ""
		if s.url != "" {
			got = s.method + " " + strings.TrimPrefix(s.url, "https://signal.shop.example") + " " + s.body
		}
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%+v: %v, %s", tc.action, err, got)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		status  int
		answer  string
		class   string
		unknown bool
	}{
		{400, `{"error":"Failed to send message: Unregistered user \"+1\""}`, events.ClassRecipient, false},
		{400, `{"error":"Untrusted Identity for +1"}`, events.ClassPolicy, false},
		{400, `{"error":"Rate Limited: CAPTCHA needed"}`, events.ClassRate, false},
		{400, `{"error":"User +1 is not registered."}`, events.ClassAuth, false},
		{400, `{"error":"something else"}`, events.ClassContent, false},
		{429, `{"error":"proof required","challenge_tokens":["c"]}`, events.ClassRate, false},
		{401, ``, events.ClassAuth, false},
		{404, ``, events.ClassContent, false},
		{502, `<html>`, events.ClassPlatform, true},
		{201, `{}`, events.ClassPlatform, true},
	} {
		s := &sidecar{status: tc.status, answer: tc.answer}
		_, err := signal.Channel.Send(context.Background(), s.env(),
			channel.Outgoing{To: to(customer, events.Direct), Content: []events.Content{events.NewText("hi")}})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Unknown != tc.unknown {
			t.Errorf("%d %s gives %#v, want %s", tc.status, tc.answer, err, tc.class)
		}
	}
}

func TestFetch(t *testing.T) {
	s := &sidecar{status: 200, answer: "bytes"}
	body, err := signal.Channel.Fetch(context.Background(), s.env(), events.Media{PlatformID: "../AbC.jpg"})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, _ := io.ReadAll(body); string(text) != "bytes" ||
		s.url != "https://signal.shop.example/v1/attachments/..%2FAbC.jpg" || s.header.Get("Authorization") == "" {
		t.Errorf("%q from %s", text, s.url)
	}
	if _, err := signal.Channel.Fetch(context.Background(), s.env(), events.Media{}); err == nil {
		t.Error("fetches an attachment without an id")
	}
}
