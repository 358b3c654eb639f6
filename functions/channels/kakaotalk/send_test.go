package kakaotalk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/kakaotalk"
	"github.com/relais-dev/relais/functions/channels/kakaotalk/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// A double is the platforms as an HTTP client that keeps the calls.
type double struct {
	account  channel.Account
	reply    *channel.Reply // instead of the platform's
	calls    []stage.Call
	webhooks []channel.Request
}

func (d *double) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c := stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(),
		Header: r.Header, Body: body, Received: received}}
	d.calls = append(d.calls, c)
	a := play.Platform.Answer(d.account, c)
	d.webhooks = append(d.webhooks, a.Posts...)
	if d.reply != nil {
		a.Reply = *d.reply
	}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func (d *double) send(o channel.Outgoing) (channel.Sent, error) {
	return kakaotalk.Channel.Send(context.Background(), channel.Env{Account: d.account, HTTP: d, Now: received}, o)
}

func to(thread string) channel.Recipient {
	return channel.Recipient{Conversation: events.Conversation{PlatformID: thread, Kind: events.Direct}}
}

func choice(options ...events.Option) events.Content {
	return events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?", Options: options}}
}

func shipped(category string) events.Content {
	return events.Content{Kind: events.KindTemplate, Template: &events.Template{
		Name: "shipped", Language: "ko", Category: category, Parameters: []events.Field{{Name: "order", Value: "42"}},
		Fallback: []events.Content{events.NewText("주문 42 <발송>")},
	}}
}

// All parts of an answer go to the callback at once: it works a single time.
func TestCallbackAnswer(t *testing.T) {
	d := &double{account: account}
	picture := events.NewMedia(events.Media{Type: events.Image, URL: "https://cdn.example/p.jpg"})
	sent, err := d.send(channel.Outgoing{
		ID: "msg_1.1", To: to("bot:u1"), Answer: "https://bot-api.kakao.com/callback/demo",
		Content: []events.Content{events.NewText("a & b"), picture,
			choice(events.Option{ID: "yes", Label: "Yes"}, events.Option{ID: "no", Label: "No"})},
	})
	if err != nil || len(sent.IDs) != 1 || len(d.calls) != 1 {
		t.Fatalf("sent %v with %d calls: %v", sent.IDs, len(d.calls), err)
	}
	want := `{"version":"2.0","template":{"outputs":[{"simpleText":{"text":"a & b"}},` +
		`{"simpleImage":{"imageUrl":"https://cdn.example/p.jpg","altText":"image"}},{"simpleText":{"text":"Which?"}}],` +
		`"quickReplies":[{"label":"Yes","action":"block","messageText":"Yes","blockId":"b-agent",` +
		`"extra":{"option":"yes"}},{"label":"No","action":"block","messageText":"No","blockId":"b-agent",` +
		`"extra":{"option":"no"}}]}}`
	if diff := cmp.Diff(want, string(d.calls[0].Body)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
}

// A page needs a card, and so does a picture above the prompt.
func TestCallbackCards(t *testing.T) {
	page := events.Option{ID: "p", Label: "Page", Action: events.ActionURL, Value: "https://shop.example"}
	with := choice(page)
	with.Choice.Header = &events.Media{Type: events.Image, URL: "https://cdn.example/p.jpg"}
	for kind, c := range map[string]events.Content{"textCard": choice(page), "basicCard": with} {
		d := &double{account: account}
		if _, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("bot:u1"),
			Answer: "https://bot-api.kakao.com/callback/demo", Content: []events.Content{c}}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if !strings.Contains(string(d.calls[0].Body), `{"`+kind+`":`) {
			t.Errorf("want a %s: %s", kind, d.calls[0].Body)
		}
	}
}

// An answer handle comes from outside: it must not make us call somebody else.
func TestOnlyKakaoIsCalledBack(t *testing.T) {
	for _, handle := range []string{"https://evil.example/callback/demo", "http://bot-api.kakao.com/callback/demo",
		"https://bot-api.kakao.com.evil.example/", "https://bot-api.kakao.com@evil.example/", "::"} {
		d := &double{account: account}
		_, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("bot:u1"), Answer: handle,
			Content: []events.Content{events.NewText("a")}})
		if class(err) != events.ClassWindow || len(d.calls) != 0 {
			t.Errorf("%s: %v after %d calls", handle, err, len(d.calls))
		}
	}
}

func class(err error) string {
	var e *channel.Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

func TestCallbackFailures(t *testing.T) {
	for _, tc := range []struct {
		reply   channel.Reply
		class   string
		unknown bool
	}{
		{channel.Reply{Status: 200, Body: []byte(`{"status":"FAIL","message":"invalid"}`)}, events.ClassContent, false},
		{channel.Reply{Status: 200, Body: []byte(`{"status":"ERROR","message":"oops"}`)}, events.ClassPlatform, true},
		{channel.Reply{Status: 200, Body: []byte(`{}`)}, events.ClassPlatform, true},
		{channel.Reply{Status: 404}, events.ClassWindow, false},
		{channel.Reply{Status: 500}, events.ClassPlatform, true},
	} {
		d := &double{account: account, reply: &tc.reply}
		_, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("bot:u1"), Answer: "https://bot-api.kakao.com/callback/demo",
			Content: []events.Content{events.NewText("a")}})
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Unknown != tc.unknown {
			t.Errorf("%d %s gives %#v", tc.reply.Status, tc.reply.Body, err)
		}
	}
}

// Nobody can be reached where no way leads.
func TestNoWay(t *testing.T) {
	bare := channel.NewAccount("demo", "", map[string]string{"skill_secret": "s"})
	for _, tc := range []struct {
		name    string
		account channel.Account
		thread  string
		content events.Content
		class   string
	}{
		{"a chatbot's person, later", account, "bot:u1", events.NewText("a"), events.ClassWindow},
		{"a friend", account, "app:1", events.NewText("a"), events.ClassWindow},
		{"a phone number without a template", account, "821012345678", events.NewText("a"), events.ClassWindow},
		{"a template to a talk", account, "talk:uk1", shipped("alimtalk"), events.ClassRecipient},
		{"a template abroad", account, "4915112345678", shipped("alimtalk"), events.ClassRecipient},
		{"no hub", bare, "talk:uk1", events.NewText("a"), events.ClassAuth},
		{"no dealer", bare, "821012345678", shipped("alimtalk"), events.ClassAuth},
	} {
		d := &double{account: tc.account}
		if _, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to(tc.thread),
			Content: []events.Content{tc.content}}); class(err) != tc.class || len(d.calls) != 0 {
			t.Errorf("%s: %v after %d calls", tc.name, err, len(d.calls))
		}
	}
}

func TestNHN(t *testing.T) {
	d := &double{account: account}
	sent, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("821012345678"),
		Content: []events.Content{shipped("alimtalk")}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"senderKey":"` + account.Value("sender_key") +
		`","templateCode":"shipped","recipientList":[{"recipientNo":"01012345678","templateParameter":{"order":"42"}}]}`
	if diff := cmp.Diff(want, string(d.calls[0].Body)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if len(d.webhooks) != 1 {
		t.Fatalf("%d webhooks, want the result", len(d.webhooks))
	}
	play.Platform.Sign(account, &d.webhooks[0])
	if err := kakaotalk.Channel.Verify(account, d.webhooks[0]); err != nil {
		t.Fatal(err)
	}
	e := parse(t, d.webhooks[0])
	if e.Data.Status.Message.PlatformID != sent.IDs[0] || e.Data.Status.State != events.Delivered ||
		e.Data.Conversation.PlatformID != "821012345678" {
		t.Errorf("the result is %+v of %s, want %s delivered", e.Data.Status, e.Data.Conversation.PlatformID, sent.IDs[0])
	}
}

func TestNHNFailures(t *testing.T) {
	for body, want := range map[string]string{
		`{"header":{"isSuccessful":false,"resultCode":3016,"resultMessage":"no match"}}`: events.ClassTemplate,
		`{"header":{"isSuccessful":true,"resultCode":0},"message":{"requestId":"r","sendResults":[{"recipientSeq":1,` +
			`"resultCode":"3008"}]}}`: events.ClassRecipient,
		`{"header":{"isSuccessful":false,"resultCode":-1}}`: events.ClassUnknown,
		`{"header":{"isSuccessful":true},"message":{}}`:     events.ClassPlatform,
		`{}`: events.ClassPlatform,
	} {
		d := &double{account: account, reply: &channel.Reply{Status: 200, Body: []byte(body)}}
		if _, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("821012345678"),
			Content: []events.Content{shipped("alimtalk")}}); class(err) != want {
			t.Errorf("%s gives %v, want class %s", body, err, want)
		}
	}
}

// The vector of SENS' signature, through a call.
func TestSENS(t *testing.T) {
	a := channel.NewAccount("demo", "", map[string]string{
		"sens_service_id": "ncp:kkobizmsg:kr:1234567:demo", "sens_access_key": "demoAccessKey01",
		"sens_secret_key": "demoSecretKey0001", "plus_friend_id": "@demo",
	})
	d := &double{account: a}
	sent, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("01000000000"),
		Content: []events.Content{shipped("alimtalk")}})
	if err != nil || len(sent.IDs) != 1 {
		t.Fatalf("sent %v: %v", sent.IDs, err)
	}
	h := d.calls[0].Header
	if at, got := h.Get("x-ncp-apigw-timestamp"), h.Get("x-ncp-apigw-signature-v2"); at != "1785600000000" ||
		got != "ourJNfurMolrhWP61VGW6mnsnFRxyHDI6HXDlWve/4k=" {
		t.Errorf("signature at %s is %s", at, got)
	}
	want := `{"plusFriendId":"@demo","templateCode":"shipped","messages":[{"countryCode":"82","to":"01000000000",` +
		`"content":"주문 42 <발송>"}]}`
	if diff := cmp.Diff(want, string(d.calls[0].Body)); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	wordless := shipped("alimtalk")
	wordless.Template.Fallback = nil
	if _, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("01000000000"),
		Content: []events.Content{wordless}}); class(err) != events.ClassTemplate {
		t.Errorf("a template without text gives %v", err)
	}
}

// Native content chooses its form and not its recipient.
func TestNativeBubble(t *testing.T) {
	d := &double{account: account}
	native := events.Content{Kind: events.KindNative,
		Native: &events.Native{Channel: "kakaotalk",
			JSON: `{"chat_bubble_type":"TEXT","message":"a","user_key":"other","serial_number":"other"}`}}
	if _, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("talk:uk1"),
		Content: []events.Content{native}}); err != nil {
		t.Fatal(err)
	}
	if body := string(d.calls[0].Body); strings.Contains(body, "other") || !strings.Contains(body, `"user_key":"uk1"`) {
		t.Errorf("sent %s", body)
	}
	native.Native.JSON = `[]`
	if _, err := d.send(channel.Outgoing{ID: "msg_1.1", To: to("talk:uk1"), Content: []events.Content{native}}); class(
		err) != events.ClassContent {
		t.Errorf("a list gives %v", err)
	}
}

// What an option carries out comes back as the interaction's option.
func TestOptionsComeBack(t *testing.T) {
	d := &double{account: account}
	offer := channel.Outgoing{ID: "msg_1.1", To: to("talk:uk1"),
		Content: []events.Content{choice(events.Option{ID: "plan:basic", Label: "Basic"})}}
	if _, err := d.send(offer); err != nil ||
		!strings.Contains(string(d.calls[0].Body), `{"name":"Basic","type":"BK","extra":"plan:basic"}`) {
		t.Fatalf("%v: %s", err, d.calls[0].Body)
	}
	e := parse(t, request("key=k&call=/message",
		`{"user_key":"uk1","type":"text","content":"Basic","extra":"plan:basic","time":1785600000000}`))
	if e.Data.Interaction == nil || e.Data.Interaction.Option != "plan:basic" || e.Data.Interaction.Text != "Basic" {
		t.Errorf("became %+v", e.Data)
	}
}
