package telegram_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/telegram"
	"github.com/relais-dev/relais/functions/channels/telegram/play"
	"github.com/relais-dev/relais/shared/channel"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// A platform answers the calls of a test in turn, the last answer for ever.
type platform struct {
	replies []channel.Reply
	asked   []*http.Request
	bodies  []string
}

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	p.asked, p.bodies = append(p.asked, r), append(p.bodies, string(body))
	reply := p.replies[min(len(p.asked), len(p.replies))-1]
	return &http.Response{StatusCode: reply.Status, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(reply.Body))}, nil
}

func answering(status int, bodies ...string) *platform {
	p := &platform{}
	for _, b := range bodies {
		p.replies = append(p.replies, channel.Reply{Status: status, Body: []byte(b)})
	}
	return p
}

func (p *platform) env() channel.Env {
	account := channel.NewAccount("demo", "", map[string]string{"secret_token": "s", "bot_token": "600000001:AAF",
		"provider_token": "prov"})
	open := func(context.Context, events.Media) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("bytes")), nil
	}
	return channel.Env{Account: account, HTTP: p, Now: time.Unix(1785600000, 0), Open: open}
}

func outgoing(c events.Conversation, content events.Content) channel.Outgoing {
	return channel.Outgoing{ID: "msg_a.1", To: channel.Recipient{Conversation: c}, Content: []events.Content{content}}
}

func (p *platform) send(o channel.Outgoing) (channel.Sent, error) {
	return telegram.Channel.Send(context.Background(), p.env(), o)
}

const sentText = `{"ok":true,"result":{"message_id":54,"chat":{"id":7000000001,"type":"private"},"date":1785600100,` +
	`"text":"a"}}`

var private = events.Conversation{PlatformID: "7000000001", Kind: events.Direct}

func TestRecipientsAndIDs(t *testing.T) {
	for _, tc := range []struct {
		conversation   events.Conversation
		result, params string
		want           string
	}{
		{private, `{"message_id":54,"chat":{"id":7000000001}}`, `{"chat_id":7000000001,"text":"a"}`, "7000000001:54"},
		{events.Conversation{PlatformID: "-1001", Topic: "8"}, `{"message_id":5,"chat":{"id":-1001}}`,
			`{"chat_id":-1001,"message_thread_id":8,"text":"a"}`, "-1001:5"},
		{events.Conversation{PlatformID: "-1002/77"}, `{"message_id":6,"chat":{"id":-1002}}`,
			`{"chat_id":-1002,"direct_messages_topic_id":77,"text":"a"}`, "-1002:6"},
		{events.Conversation{PlatformID: "bc1:700"}, `{"message_id":7,"business_connection_id":"bc1","chat":{"id":700}}`,
			`{"chat_id":700,"business_connection_id":"bc1","text":"a"}`, "bc1:700:7"},
	} {
		p := answering(200, `{"ok":true,"result":`+tc.result+`}`)
		sent, err := p.send(outgoing(tc.conversation, events.NewText("a")))
		if err != nil || !cmp.Equal(sent.IDs, []string{tc.want}) || p.bodies[0] != tc.params {
			t.Errorf("%s: ids %v, %v, body %s; want %s and %s", tc.conversation.PlatformID, sent.IDs, err, p.bodies[0], tc.want,
				tc.params)
		}
	}
	var e *channel.Error
	for _, nowhere := range []string{"guest:7", "x", ""} {
		if _, err := answering(200, sentText).send(outgoing(events.Conversation{PlatformID: nowhere},
			events.NewText("a"))); !errors.As(err, &e) || e.Class != events.ClassRecipient {
			t.Errorf("%q gives %v, want class recipient", nowhere, err)
		}
	}
}

// TestRulesOfPlaces: what the reference allows in some chats only.
func TestRulesOfPlaces(t *testing.T) {
	quick := events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Where?", Style: events.StyleQuick,
		Options: []events.Option{{ID: "a", Label: "Here", Action: events.ActionLocation}}}}
	pay := events.Content{Kind: events.KindPayment, Payment: &events.Payment{Title: "Tea", Reference: "r1",
		Amount: &events.Money{Amount: 5, Currency: "XTR"}}}
	for name, o := range map[string]channel.Outgoing{
		"a group asked for its place": outgoing(events.Conversation{PlatformID: "-1001"}, quick),
		"an invoice of a business":    outgoing(events.Conversation{PlatformID: "bc1:700"}, pay),
	} {
		p := answering(200, sentText)
		var e *channel.Error
		if _, err := p.send(o); !errors.As(err, &e) || e.Class != events.ClassContent || len(p.asked) > 0 {
			t.Errorf("%s: %v after %d calls", name, err, len(p.asked))
		}
	}
}

// TestReactions: a bot may react with the emoji of Telegram's list, which has no variation selectors.
func TestReactions(t *testing.T) {
	for emoji, want := range map[string]string{"❤️": `"emoji":"❤"`, "": `"reaction":[]`, "🥦": ""} {
		p := answering(200, `{"ok":true,"result":true}`)
		err := telegram.Channel.Act(context.Background(), p.env(), channel.Recipient{Conversation: private},
			events.Action{Verb: events.ActReact, Emoji: emoji, Message: channel.Ref("7000000001:51")})
		if (err == nil) != (want != "") || want != "" && !strings.Contains(p.bodies[0], want) {
			t.Errorf("%q: %v, %v", emoji, err, p.bodies)
		}
	}
}

// TestTakes: what the reference says and no number does.
func TestTakes(t *testing.T) {
	for want, c := range map[string]events.Content{
		"a vCard has at most 2048 bytes": {Contacts: []events.Card{{Name: "Ada", VCard: strings.Repeat("x", 2049),
			Phones: []events.LabeledValue{{Value: "+1"}}}}},
		"an invoice needs a title of at most 32 characters and a reference of at most 128 bytes": {
			Payment: &events.Payment{Title: "Tea", Amount: &events.Money{Amount: 5, Currency: "XTR"}}},
	} {
		if got := telegram.Channel.Limits.Takes(c); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAGroupThatMovedIsFollowedOnce(t *testing.T) {
	const moved = `{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup ` +
		`chat","parameters":{"migrate_to_chat_id":-100777}}`
	p := &platform{replies: []channel.Reply{{Status: 400, Body: []byte(moved)},
		{Status: 200, Body: []byte(`{"ok":true,"result":{"message_id":1,"chat":{"id":-100777}}}`)}}}
	sent, err := p.send(outgoing(events.Conversation{PlatformID: "-777"}, events.NewText("a")))
	if err != nil || !cmp.Equal(sent.IDs, []string{"-100777:1"}) {
		t.Errorf("ids %v, %v", sent.IDs, err)
	}
	p = answering(400, moved)
	if _, err := p.send(outgoing(events.Conversation{PlatformID: "-777"}, events.NewText("a"))); err == nil ||
		len(p.asked) != 2 {
		t.Errorf("%d calls, %v; want two and an error", len(p.asked), err)
	}
}

func TestAPressedButtonIsAnswered(t *testing.T) {
	p := answering(200, `{"ok":false,"error_code":400,"description":"Bad Request: query is too old"}`, sentText)
	o := outgoing(private, events.NewText("a"))
	o.Answer = "4398"
	if _, err := p.send(o); err != nil {
		t.Fatal(err)
	}
	if path, want := p.asked[0].URL.Path, "/bot600000001:AAF/answerCallbackQuery"; path != want ||
		p.bodies[0] != `{"callback_query_id":"4398"}` {
		t.Errorf("asked %s with %s", path, p.bodies[0])
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		code        int
		description string
		want        string
		unknown     bool
	}{
		{403, "Forbidden: bot was blocked by the user", events.ClassConsent, false},
		{403, "Forbidden: user is deactivated", events.ClassRecipient, false},
		{403, "Forbidden: bot can't initiate conversation with a user", events.ClassConsent, false},
		{403, "Forbidden: something new", events.ClassRecipient, false},
		{400, "Bad Request: chat not found", events.ClassRecipient, false},
		{400, "Bad Request: BUSINESS_PEER_USAGE_MISSING", events.ClassWindow, false},
		{400, "Bad Request: business connection not found", events.ClassAuth, false},
		{400, "Bad Request: wrong file identifier/HTTP URL specified", events.ClassMedia, false},
		{400, "Bad Request: failed to get HTTP URL content", events.ClassMedia, false},
		{400, "Bad Request: message is too long", events.ClassContent, false},
		{400, "Bad Request: CHAT_WRITE_FORBIDDEN", events.ClassPolicy, false},
		{401, "Unauthorized", events.ClassAuth, false},
		{404, "Not Found", events.ClassAuth, false},
		{404, "Not Found: method not found", events.ClassContent, false},
		{409, "Conflict: terminated by other getUpdates request", events.ClassAuth, false},
		{500, "Internal Server Error", events.ClassPlatform, true},
		{502, "Bad Gateway", events.ClassPlatform, true},
	} {
		body, _ := json.Marshal(map[string]any{"ok": false, "error_code": tc.code, "description": tc.description})
		_, err := answering(tc.code, string(body)).send(outgoing(private, events.NewText("a")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.want || e.Unknown != tc.unknown {
			t.Errorf("%d %s gives %#v, want class %s", tc.code, tc.description, err, tc.want)
		}
	}
	_, err := answering(429,
		`{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}`).
		send(outgoing(private, events.NewText("a")))
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassRate || e.RetryAfter != 7*time.Second {
		t.Errorf("429 gives %#v", err)
	}
}

// Telegram fetches pictures and a few documents from a URL; the rest is uploaded,
// the same bytes at every try.
func TestUploads(t *testing.T) {
	const u = "https://media.example.com/a.bin"
	for _, tc := range []struct {
		media  events.Media
		upload bool
	}{
		{events.Media{Type: events.Image, URL: u, Bytes: 5 << 20}, false},
		{events.Media{Type: events.Image, URL: u, Bytes: 6 << 20}, true},
		{events.Media{Type: events.Video, URL: u, Bytes: 21 << 20}, true},
		{events.Media{Type: events.File, URL: u, MIME: "application/pdf"}, false},
		{events.Media{Type: events.File, URL: u, MIME: "text/csv"}, true},
		{events.Media{Type: events.Voice, URL: u, MIME: "audio/mpeg"}, true},
		{events.Media{Type: events.Sticker, URL: u, MIME: "video/webm"}, true},
		// of another platform
		{events.Media{Type: events.File, PlatformID: "BQACAgIAAxkBAAIBY2", URL: u, MIME: "text/csv"}, true},
		{events.Media{Type: events.File, PlatformID: "BQACAgIAAxkBAAIBY2RiZmF0", MIME: "text/csv"}, false},
	} {
		first, second := answering(200, sentText), answering(200, sentText)
		for _, p := range []*platform{first, second} {
			if _, err := p.send(outgoing(private, events.NewMedia(tc.media))); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.HasPrefix(first.asked[0].Header.Get("Content-Type"), "multipart/form-data"); got != tc.upload {
			t.Errorf("%+v: uploaded is %t", tc.media, got)
		}
		if first.bodies[0] != second.bodies[0] {
			t.Errorf("%+v: the second try has other bytes", tc.media)
		}
	}
}

func TestNativeContent(t *testing.T) {
	native := func(json string) events.Content {
		return events.Content{Kind: events.KindNative, Native: &events.Native{Channel: "telegram", JSON: json}}
	}
	p := answering(200, `{"ok":true,"result":[{"message_id":1,"chat":{"id":7}},{"message_id":2,"chat":{"id":7}}]}`)
	sent, err := p.send(outgoing(private, native(`{"method":"sendPoll","chat_id":-5,"question":"?",`+
		`"options":[{"text":"a"}]}`)))
	if err != nil || !cmp.Equal(sent.IDs, []string{"7:1", "7:2"}) {
		t.Errorf("ids %v, %v", sent.IDs, err)
	}
	if want := `{"chat_id":7000000001,"options":[{"text":"a"}],"question":"?"}`; p.bodies[0] != want {
		t.Errorf("body %s, want %s", p.bodies[0], want)
	}
	p = answering(200, `{"ok":true,"result":true}`)
	if _, err := p.send(outgoing(private, native(`{"method":"answerPreCheckoutQuery","pre_checkout_query_id":"1",`+
		`"ok":true}`))); err != nil ||
		strings.Contains(p.bodies[0], "chat_id") {
		t.Errorf("body %s, %v", p.bodies[0], err)
	}
	for _, bad := range []string{`{"method":"deleteWebhook"}`, `{"question":"?"}`, `[]`, `null`, `{"method":7}`} {
		if _, err := answering(200, sentText).send(outgoing(private, native(bad))); err == nil {
			t.Errorf("%s is sent", bad)
		}
	}
}

func TestInvoices(t *testing.T) {
	payment := func(provider, currency string, lines ...events.PaymentLine) events.Content {
		return events.Content{Kind: events.KindPayment,
			Payment: &events.Payment{Reference: "r", Title: "Lid", Provider: provider,
				Amount: &events.Money{Amount: 1250, Currency: currency}, Lines: lines}}
	}
	line := events.PaymentLine{Label: "Lid", Amount: events.Money{Amount: 1350}}
	coupon := events.PaymentLine{Label: "Coupon", Amount: events.Money{Amount: -100}}
	for _, tc := range []struct {
		content events.Content
		want    string // "" is not taken
	}{
		{payment("", "XTR"), `"currency":"XTR","prices":[{"label":"Lid","amount":1250}]`},
		{payment("telegram", "EUR", line, coupon),
			`"provider_token":"prov","currency":"EUR","prices":[{"label":"Lid","amount":1350},{"label":"Coupon",` +
				`"amount":-100}]`},
		{payment("telegram", "EUR", line), `"prices":[{"label":"Lid","amount":1250}]`},
		{payment("", "EUR"), ""},
	} {
		p := answering(200, sentText)
		_, err := p.send(outgoing(private, tc.content))
		taken := telegram.Channel.Limits.Takes(tc.content) == ""
		if (tc.want != "") != taken || taken && (err != nil || !strings.Contains(p.bodies[0], tc.want)) {
			t.Errorf("taken %t, %v, %v, want %s", taken, err, p.bodies, tc.want)
		}
	}
}

func TestActions(t *testing.T) {
	business := channel.Recipient{Conversation: events.Conversation{PlatformID: "bc1:700"}}
	for _, tc := range []struct {
		to     channel.Recipient
		action events.Action
		want   string // method and parameters; "" is no call
	}{
		{business, events.Action{Verb: events.ActRead},
			`readBusinessMessage {"chat_id":700,"business_connection_id":"bc1","message_id":5}`},
		{business, events.Action{Verb: events.ActDelete},
			`deleteBusinessMessages {"business_connection_id":"bc1","message_ids":[5]}`},
		{channel.Recipient{Conversation: private}, events.Action{Verb: events.ActReact},
			`setMessageReaction {"chat_id":7000000001,"message_id":5,"reaction":[]}`},
		{channel.Recipient{Conversation: private}, events.Action{Verb: events.ActTyping}, ""},
		{channel.Recipient{Conversation: private}, events.Action{Verb: events.ActRead}, ""},
	} {
		tc.action.Message = &events.Ref{PlatformID: tc.to.Conversation.PlatformID + ":5"}
		p := answering(200, `{"ok":true,"result":true}`)
		if err := telegram.Channel.Act(context.Background(), p.env(), tc.to, tc.action); err != nil {
			t.Fatal(err)
		}
		got := ""
		if len(p.asked) > 0 {
			got = strings.TrimPrefix(p.asked[0].URL.Path, "/bot600000001:AAF/") + " " + p.bodies[0]
		}
		if got != tc.want {
			t.Errorf("%s calls %q, want %q", tc.action.Verb, got, tc.want)
		}
	}
	edit := events.Action{Verb: events.ActEdit, Message: &events.Ref{PlatformID: "7000000001:5"},
		Content: []events.Content{events.NewText("a")}}
	same := answering(400,
		`{"ok":false,"error_code":400,"description":"Bad Request: message is not modified: specified new message content `+
			`and reply markup are exactly the same"}`)
	if err := telegram.Channel.Act(context.Background(), same.env(), channel.Recipient{Conversation: private},
		edit); err != nil {
		t.Errorf("an edit that changes nothing gives %v", err)
	}
}

// In a business account's chat the bot hears what it wrote, under the id that Send returned.
func TestEchoHasTheIDThatSendReturned(t *testing.T) {
	d := &doubled{account: answering(200, "").env().Account}
	e := channel.Env{Account: d.account, HTTP: d, Now: time.Unix(1785600000, 0)}
	sent, err := telegram.Channel.Send(context.Background(), e,
		outgoing(events.Conversation{PlatformID: "bc1:700"}, events.NewText("a")))
	if err != nil || len(d.webhooks) != 1 {
		t.Fatalf("%d webhooks, %v", len(d.webhooks), err)
	}
	evs, err := telegram.Channel.Events(d.account, d.webhooks[0])
	if err != nil {
		t.Fatal(err)
	}
	if m := evs[0].Data.Message; evs[0].Type != events.MessageEchoed || m.PlatformID != sent.IDs[0] || m.Origin != "bot" {
		t.Errorf("%s of %s by %s, want an echo of %s by bot", evs[0].Type, m.PlatformID, m.Origin, sent.IDs[0])
	}
}

// doubled is the channel's double as an HTTP client.
type doubled struct {
	account  channel.Account
	webhooks []channel.Request
}

func (d *doubled) Do(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	now := time.Unix(1785600000, 0)
	a := play.Platform.Answer(d.account,
		stage.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(), Header: r.Header,
			Body: body, Received: now}})
	for _, w := range a.Posts {
		w.Received = now
		d.webhooks = append(d.webhooks, w)
	}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func TestFetchAsksForThePath(t *testing.T) {
	p := answering(200, `{"ok":true,"result":{"file_id":"F","file_path":"photos/file_1.jpg"}}`, "bytes")
	if _, err := telegram.Channel.Fetch(context.Background(), p.env(), events.Media{PlatformID: "F"}); err != nil {
		t.Fatal(err)
	}
	if got := p.asked[1].URL.String(); got != "https://api.telegram.org/file/bot600000001:AAF/photos/file_1.jpg" {
		t.Errorf("fetched %s", got)
	}
	_, err := telegram.Channel.Fetch(context.Background(),
		answering(400, `{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}`).env(),
		events.Media{PlatformID: "F"})
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassMedia {
		t.Errorf("a file that is too big gives %v", err)
	}
}
