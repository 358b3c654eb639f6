package line_test

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
	"github.com/relais-dev/relais/functions/channels/line"
	"github.com/relais-dev/relais/shared/channel"
)

// line's answers in these tests: what it was asked is kept.
type platform struct {
	reply channel.Reply
	asked []*http.Request
	body  []byte
}

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	p.asked = append(p.asked, r)
	if r.Body != nil {
		p.body, _ = io.ReadAll(r.Body)
	}
	h := p.reply.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: p.reply.Status, Header: h, Body: io.NopCloser(bytes.NewReader(p.reply.Body))}, nil
}

func answering(status int, body string) *platform {
	return &platform{reply: channel.Reply{Status: status, Body: []byte(body)}}
}

func (p *platform) env(credentials map[string]string) channel.Env {
	return channel.Env{Account: channel.NewAccount("demo", "", credentials), HTTP: p, Token: "token", Now: received}
}

func outgoing(content ...events.Content) channel.Outgoing {
	to := channel.Recipient{Conversation: events.Conversation{PlatformID: "U1111111111111111111111111111111a",
		Kind: events.Direct}}
	return channel.Outgoing{ID: "msg_a.1", To: to, Content: content}
}

func choice(style string, options ...events.Option) events.Content {
	return events.Content{Kind: events.KindChoice, Choice: &events.Choice{Text: "Which?", Style: style, Options: options}}
}

func TestReplyTokenIsUsedWithoutARetryKey(t *testing.T) {
	p := answering(200, `{"sentMessages":[{"id":"1"},{"id":"2"}]}`)
	o := outgoing(events.NewText("a"), events.NewText("b"))
	o.Answer = "rt"
	sent, err := line.Channel.Send(context.Background(), p.env(nil), o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1", "2"}, sent.IDs); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if r := p.asked[0]; r.URL.Path != "/v2/bot/message/reply" || r.Header.Get("X-Line-Retry-Key") != "" {
		t.Errorf("%s with the retry key %q", r.URL.Path, r.Header.Get("X-Line-Retry-Key"))
	}
	if want := `{"replyToken":"rt","messages":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`; string(p.body) !=
		want {
		t.Errorf("body is %s, want %s", p.body, want)
	}
	if c := line.Channel.Class(o); c != channel.Blind {
		t.Errorf("a reply is %s", c)
	}
	if c := line.Channel.Class(outgoing()); c != channel.Idempotent {
		t.Errorf("a push is %s", c)
	}
}

func TestARepeatedPushIsSent(t *testing.T) {
	for body, want := range map[string][]string{
		`{"message":"The retry key is already accepted","sentMessages":[{"id":"7"}]}`: {"7"},
		`{"message":"The retry key is already accepted"}`:                             nil,
		``: nil,
	} {
		sent, err := line.Channel.Send(context.Background(), answering(409, body).env(nil), outgoing(events.NewText("a")))
		if err != nil || !cmp.Equal(sent.IDs, want) {
			t.Errorf("409 %s gives %v and %v, want %v", body, sent.IDs, err, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		status     int
		body, want string
	}{
		{400, `{"message":"Invalid reply token"}`, events.ClassWindow},
		{400, `{"message":"Failed to send messages"}`, events.ClassRecipient},
		{400, `{"message":"The property, 'to', in the request body is invalid (line: -, column: -)"}`,
			events.ClassRecipient},
		{400, `{"message":"The request body has 1 error(s)","details":[{"message":"May not be empty",` +
			`"property":"messages[0].text"}]}`, events.ClassContent},
		{401, `{"message":"Authentication failed"}`, events.ClassAuth},
		{403, `{"message":"Access to this API is not available for your account"}`, events.ClassAuth},
		{413, ``, events.ClassContent},
		{429, `{"message":"The API rate limit has been exceeded. Try again later."}`, events.ClassRate},
		{429, `{"message":"You have reached your monthly limit."}`, events.ClassPolicy},
	} {
		_, err := line.Channel.Send(context.Background(), answering(tc.status, tc.body).env(nil),
			outgoing(events.NewText("a")))
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.want || e.Unknown {
			t.Errorf("%d %s gives %#v, want class %s", tc.status, tc.body, err, tc.want)
		}
	}
}

// LINE shows the quick replies of a call's last message alone.
func TestQuickRepliesGoToTheLastMessage(t *testing.T) {
	native := events.Content{Kind: events.KindNative,
		Native: &events.Native{Channel: "line", JSON: `{"type":"imagemap","n":600000000000000001}`}}
	for _, last := range []events.Content{events.NewText("last"), native} {
		p := answering(200, `{}`)
		o := outgoing(choice(events.StyleQuick, events.Option{ID: "y", Label: "Yes"}),
			choice(events.StyleQuick, events.Option{ID: "n", Label: "No"}), last)
		if _, err := line.Channel.Send(context.Background(), p.env(nil), o); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Messages []struct {
				N          json.Number
				QuickReply struct{ Items []any }
			}
		}
		if err := json.Unmarshal(p.body, &got); err != nil {
			t.Fatal(err)
		}
		if m := got.Messages; len(m[0].QuickReply.Items)+len(m[1].QuickReply.Items) != 0 || len(m[2].QuickReply.Items) != 2 {
			t.Errorf("quick replies are not all in the last message: %s", p.body)
		}
		if n := got.Messages[2].N; last.Native != nil && n != "600000000000000001" {
			t.Errorf("native content was changed: %s", n)
		}
	}
}

// LINE refuses a quick reply of a postback that shows nothing.
func TestAQuickPostbackShowsItsLabel(t *testing.T) {
	p := answering(200, `{}`)
	o := outgoing(choice(events.StyleQuick, events.Option{ID: "y", Label: "Yes", Action: events.ActionPostback}))
	if _, err := line.Channel.Send(context.Background(), p.env(nil), o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(p.body), `"displayText":"Yes"`) {
		t.Errorf("sent %s", p.body)
	}
}

// An answer to what we offered names the option, whatever its action.
func TestAnswersNameTheOption(t *testing.T) {
	for _, act := range []string{events.ActionReply, events.ActionPostback} {
		for _, style := range []string{events.StyleButtons, events.StyleQuick} {
			p := answering(200, `{}`)
			if _, err := line.Channel.Send(context.Background(), p.env(nil),
				outgoing(choice(style, events.Option{ID: "opt-1", Label: "One", Action: act}))); err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(p.body, []byte(`"type":"postback","label":"One","data":"opt-1"`)) {
				t.Errorf("%s %s: %s", style, act, p.body)
			}
		}
	}
	e := parse(t, `{"type":"postback",`+common+`,"postback":{"data":"opt-1"}}`)[0]
	if got := e.Data.Interaction.Option; got != "opt-1" {
		t.Errorf("comes back as %q", got)
	}
}

func TestWhatLINEDoesNotTake(t *testing.T) {
	for name, c := range map[string]events.Content{
		"a sticker of somebody else": events.NewMedia(events.Media{Type: events.Sticker,
			URL: "https://example.com/s.webp"}),
		"a video without a picture":  events.NewMedia(events.Media{Type: events.Video, URL: "https://example.com/v.mp4"}),
		"audio without its duration": events.NewMedia(events.Media{Type: events.Audio, URL: "https://example.com/a.mp3"}),
		"a file's address longer than 2000": events.NewMedia(events.Media{Type: events.Image,
			URL: "https://example.com/" + strings.Repeat("a", 1981)}),
		"another platform's id":      events.NewMedia(events.Media{Type: events.Image, PlatformID: "AgAC"}),
		"a bubble larger than 30 KB": choice(events.StyleButtons, large(30)...),
		"an address longer than 1000": choice(events.StyleQuick,
			events.Option{ID: "a", Label: "a", Action: events.ActionURL, Value: string(make([]byte, 1001))}),
		"a carousel larger than 50 KB": {Kind: events.KindCards, Cards: []events.Panel{{Title: "a", Options: large(60)}}},
	} {
		if line.Channel.Limits.Takes(c) == "" {
			t.Errorf("%s is taken", name)
		}
	}
}

func large(n int) []events.Option {
	list := make([]events.Option, n)
	for i := range list {
		list[i] = events.Option{ID: "a", Label: "a", Action: events.ActionURL, Value: string(bytes.Repeat([]byte("x"), 999))}
	}
	return list
}

func TestTokens(t *testing.T) {
	p := answering(200, `{"token_type":"Bearer","access_token":"minted","expires_in":900}`)
	for _, tc := range []struct {
		credentials map[string]string
		want        string
		calls       int
	}{
		{map[string]string{"channel_secret": "s", "access_token": "console"}, "console", 0},
		{map[string]string{"channel_secret": "s", "channel_id": "1"}, "minted", 1},
	} {
		p.asked = nil
		got, err := line.Channel.Token(context.Background(), p.env(tc.credentials))
		if err != nil || got.Value != tc.want || len(p.asked) != tc.calls {
			t.Errorf("token %q after %d calls and %v, want %q after %d", got.Value, len(p.asked), err, tc.want, tc.calls)
		}
	}
	for name, env := range map[string]channel.Env{
		"no channel_id": p.env(map[string]string{"channel_secret": "s"}),
		"bad secret": answering(400,
			`{"error":"invalid_client","error_description":"x"}`).env(map[string]string{"channel_secret": "s",
			"channel_id": "1"}),
	} {
		_, err := line.Channel.Token(context.Background(), env)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != events.ClassAuth {
			t.Errorf("%s gives %v, want class auth", name, err)
		}
	}
}

func TestFetch(t *testing.T) {
	own, external := events.Media{PlatformID: "600000000000000001"}, events.Media{URL: "https://media.example/a.jpg"}
	for _, tc := range []struct {
		media         events.Media
		status        int
		url, bearer   string
		class         string
		retryable, ok bool
	}{
		{own, 200, "https://api-data.line.me/v2/bot/message/600000000000000001/content", "Bearer token", "", false, true},
		{own, 202, "https://api-data.line.me/v2/bot/message/600000000000000001/content", "Bearer token",
			events.ClassPlatform, true, false},
		{own, 404, "https://api-data.line.me/v2/bot/message/600000000000000001/content", "Bearer token", events.ClassMedia,
			false, false},
		{external, 200, "https://media.example/a.jpg", "", "", false, true},
	} {
		p := answering(tc.status, "bytes")
		body, err := line.Channel.Fetch(context.Background(), p.env(nil), tc.media)
		if r := p.asked[0]; r.URL.String() != tc.url || r.Header.Get("Authorization") != tc.bearer {
			t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
		}
		var e *channel.Error
		errors.As(err, &e)
		switch {
		case tc.ok && (err != nil || body == nil):
			t.Errorf("%d gives %v", tc.status, err)
		case !tc.ok && (e == nil || e.Class != tc.class || e.Passes() != tc.retryable):
			t.Errorf("%d gives %#v, want class %s", tc.status, err, tc.class)
		}
	}
}
