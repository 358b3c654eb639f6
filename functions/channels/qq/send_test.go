package qq_test

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
	"github.com/relais-dev/relais/functions/channels/qq"
	"github.com/relais-dev/relais/shared/channel"
)

const person = "0F1E2D3C4B5A69788796A5B4C3D2E1F0"

// A platform gives these answers in turn, the last one for ever, and keeps the calls.
type platform struct {
	answers []channel.Reply
	paths   []string
	bodies  []string
}

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	p.paths, p.bodies = append(p.paths, r.Method+" "+r.URL.Host+r.URL.Path), append(p.bodies, string(body))
	a := p.answers[min(len(p.paths), len(p.answers))-1]
	return &http.Response{StatusCode: a.Status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func ok(body string) channel.Reply { return channel.Reply{Status: 200, Body: []byte(body)} }

func say(p *platform, place string, kind string, change func(*channel.Outgoing)) (channel.Sent, error) {
	o := channel.Outgoing{ID: "msg_1.1",
		To:      channel.Recipient{Conversation: events.Conversation{PlatformID: place, Kind: kind}},
		Content: []events.Content{events.NewText("hello")}, Heard: received.Add(-time.Minute)}
	if change != nil {
		change(&o)
	}
	if p.answers == nil {
		p.answers = []channel.Reply{ok(`{"id":"m1","file_info":"fi"}`)}
	}
	return qq.Channel.Send(context.Background(), channel.Env{Account: account(vectorSecret), HTTP: p, Token: "t",
		Now: received}, o)
}

// fields are what of the last body says whom it answers.
func (p *platform) fields(t *testing.T) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(p.bodies[len(p.bodies)-1]), &all); err != nil {
		t.Fatal(err)
	}
	for name := range all {
		switch name {
		case "msg_id", "event_id", "is_wakeup", "message_reference", "msg_type":
		default:
			delete(all, name)
		}
	}
	return all
}

// A message says what it answers, by the path and in the words of its scene.
func TestWhatIsAnswered(t *testing.T) {
	for _, tc := range []struct {
		name, place, kind string
		change            func(*channel.Outgoing)
		path              string
		want              map[string]any
	}{
		{"handle of a message", person, events.Direct, func(o *channel.Outgoing) { o.Answer = "msg:m9" },
			"/v2/users/" + person + "/messages",
			map[string]any{"msg_type": 0.0, "msg_id": "m9"}},
		{"handle of an event", "group:G1", events.Group, func(o *channel.Outgoing) { o.Answer = "event:GROUP_ADD_ROBOT:7" },
			"/v2/groups/G1/messages",
			map[string]any{"msg_type": 0.0, "event_id": "GROUP_ADD_ROBOT:7"}},
		{"handle before quote", person, events.Direct, func(o *channel.Outgoing) { o.Answer, o.ReplyTo = "msg:m9", "m8" },
			"/v2/users/" + person + "/messages",
			map[string]any{"msg_type": 0.0, "msg_id": "m9"}},
		{"quote alone", "group:G1", events.Group, func(o *channel.Outgoing) { o.ReplyTo = "m8" }, "/v2/groups/G1/messages",
			map[string]any{"msg_type": 0.0, "msg_id": "m8"}},
		{"quote of long ago", "group:G1", events.Group,
			func(o *channel.Outgoing) { o.ReplyTo, o.Heard = "m8", received.Add(-time.Hour) }, "/v2/groups/G1/messages",
			map[string]any{"msg_type": 0.0}},
		{"nothing", person, events.Direct, nil, "/v2/users/" + person + "/messages",
			map[string]any{"msg_type": 0.0, "is_wakeup": true}},
		{"nothing for months", person, events.Direct, func(o *channel.Outgoing) { o.Heard = received.AddDate(0, -2, 0) },
			"/v2/users/" + person + "/messages",
			map[string]any{"msg_type": 0.0}},
		{"guild", "channel:55", events.Group, func(o *channel.Outgoing) { o.Answer, o.ReplyTo = "msg:m9", "m8" },
			"/channels/55/messages",
			map[string]any{"msg_id": "m9", "message_reference": map[string]any{"message_id": "m8"}}},
		{"guild, private", "dm:91", events.Direct, nil, "/dms/91/messages", map[string]any{}},
	} {
		p := &platform{}
		if _, err := say(p, tc.place, tc.kind, tc.change); err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if p.paths[0] != "POST api.sgroup.qq.com"+tc.path {
			t.Errorf("%s: %s", tc.name, p.paths[0])
		}
		if diff := cmp.Diff(tc.want, p.fields(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// A repeated call has the same numbers, its parts and other calls have others.
func TestNumbers(t *testing.T) {
	numbers := func(id string) []string {
		p := &platform{}
		if _, err := say(p, person, events.Direct, func(o *channel.Outgoing) {
			o.ID, o.Answer, o.Content = id, "msg:m9", []events.Content{events.NewText("a"), events.NewText("b")}
		}); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, b := range p.bodies {
			_, rest, _ := strings.Cut(b, `"msg_seq":`)
			n, _, _ := strings.Cut(rest, "}")
			list = append(list, n)
		}
		return list
	}
	first, again, other := numbers("msg_1.1"), numbers("msg_1.1"), numbers("msg_1.2")
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("a repetition has other numbers:\n%s", diff)
	}
	if first[0] == first[1] || first[0] == other[0] || first[0] == "" {
		t.Errorf("numbers are %v and %v", first, other)
	}
}

// Once a part was sent nobody may repeat the call as if nothing was.
func TestPartlySent(t *testing.T) {
	p := &platform{answers: []channel.Reply{ok(`{"id":"m1"}`), {Status: 429, Body: []byte(`{"code":22009}`)}}}
	sent, err := say(p, "channel:55", events.Group, func(o *channel.Outgoing) {
		o.Content = []events.Content{events.NewText("a"), events.NewText("b"), events.NewText("c")}
	})
	var e *channel.Error
	if !errors.As(err, &e) || !e.Unknown || e.Class != events.ClassRate || len(p.paths) != 2 || len(sent.IDs) != 1 {
		t.Errorf("%v, %#v after %v", sent, err, p.paths)
	}
}

func TestReviewAndRepetition(t *testing.T) {
	p := &platform{answers: []channel.Reply{{Status: 202, Body: []byte(`{"code":304023,"message":"push message is ` +
		`waiting for audit now","data":{"message_audit":{"audit_id":"audit-1"}}}`)}}}
	sent, err := say(p, "channel:55", events.Group, nil)
	if err != nil || len(sent.IDs) != 1 || sent.IDs[0] != "audit-1" || sent.Note == "" {
		t.Errorf("under review: %+v, %v", sent, err)
	}
	// The review's result names the same message.
	e := parse(t, "MESSAGE_AUDIT_PASS", `{"audit_id":"audit-1","channel_id":"55"}`)
	if got := e.Data.Status.Message.PlatformID; got != sent.IDs[0] {
		t.Errorf("the review is about %q", got)
	}
	p = &platform{answers: []channel.Reply{
		{Status: 400, Body: []byte(`{"code":40054005,"message":"消息被去重，请检查请求msgseq"}`)}}}
	if sent, err := say(p, person, events.Direct, func(o *channel.Outgoing) { o.Answer = "msg:m9" }); err != nil ||
		len(sent.IDs) != 0 || sent.Note == "" {
		t.Errorf("sent before: %+v, %v", sent, err)
	}
}

func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		status  int
		body    string
		class   string
		unknown bool
	}{
		{400, `{"code":304027,"message":"MSG_EXPIRE"}`, events.ClassWindow, false},
		{400, `{"code":40034102}`, events.ClassWindow, false},
		{400, `{"code":304003}`, events.ClassContent, false},
		{400, `{"code":20028}`, events.ClassRate, false},
		{500, `{"code":11252}`, events.ClassPlatform, false},
		{500, `{"code":306005}`, events.ClassPlatform, false},
		{400, `{"code":306002}`, events.ClassContent, false},
		{400, `{"code":50041}`, events.ClassContent, false},
		{400, `{"code":304031}`, events.ClassConsent, false},
		{400, `{"code":304020}`, events.ClassMedia, false},
		{400, `{"code":40034090}`, events.ClassTemplate, false},
		{403, `{"code":40054013}`, events.ClassConsent, false},
		{500, `{"code":304082}`, events.ClassPlatform, false},
		{500, `{"code":850012}`, events.ClassPlatform, true},
		{401, `{"code":11243,"trace_id":"t1"}`, events.ClassAuth, false},
		{400, `{"code":11253}`, events.ClassAuth, false},
		{200, `{"code":777777}`, events.ClassContent, false},
		{429, ``, events.ClassRate, false},
	} {
		_, err := say(&platform{answers: []channel.Reply{{Status: tc.status, Body: []byte(tc.body)}}}, person, events.Direct,
			nil)
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != tc.class || e.Unknown != tc.unknown {
			t.Errorf("%d %s gives %#v, want %s", tc.status, tc.body, err, tc.class)
		}
	}
}

func TestMediaByScene(t *testing.T) {
	picture := events.NewMedia(events.Media{Type: events.Image, URL: "https://media.example/1.png", Caption: "look"})
	film := events.NewMedia(events.Media{Type: events.Video, URL: "https://media.example/1.mp4"})
	for _, tc := range []struct {
		place   string
		content events.Content
		want    []string // bodies; none is refused
	}{
		{person, picture, []string{`{"file_type":1,"url":"https://media.example/1.png","srv_send_msg":false}`,
			`"content":"look","msg_type":7`}},
		{"group:G1", film, []string{`{"file_type":2,"url":"https://media.example/1.mp4","srv_send_msg":false}`,
			`"content":" ","msg_type":7`}},
		{"channel:55", picture, []string{`{"content":"look","image":"https://media.example/1.png"}`}},
		{"channel:55", film, nil},
	} {
		p := &platform{}
		_, err := say(p, tc.place, events.Group, func(o *channel.Outgoing) { o.Content = []events.Content{tc.content} })
		if (err != nil) != (tc.want == nil) || len(p.bodies) != len(tc.want) {
			t.Fatalf("%s: %v after %v", tc.place, err, p.bodies)
		}
		for i, want := range tc.want {
			if !strings.Contains(p.bodies[i], want) {
				t.Errorf("%s: call %d is %s, want %s", tc.place, i+1, p.bodies[i], want)
			}
		}
	}
}

// A pressed button comes back as the option it stands for.
func TestButtonsComeBack(t *testing.T) {
	var options []events.Option
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		options = append(options, events.Option{ID: id, Label: "Option " + id})
	}
	p := &platform{}
	if _, err := say(p, person, events.Direct, func(o *channel.Outgoing) {
		o.Content = []events.Content{
			{Kind: events.KindChoice, Choice: &events.Choice{Text: "*One*, at https://x.example/a_b_c", Options: options}}}
	}); err != nil {
		t.Fatal(err)
	}
	var w struct {
		Markdown struct{ Content string }
		Keyboard struct {
			Content struct {
				Rows []struct {
					Buttons []struct {
						Action struct{ Data string }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(p.bodies[0]), &w); err != nil {
		t.Fatal(err)
	}
	if want := `\*One\*, at https://x.example/a_b_c`; w.Markdown.Content != want {
		t.Errorf("text is %q, want %q", w.Markdown.Content, want)
	}
	if rows := w.Keyboard.Content.Rows; len(rows) != 3 || len(rows[0].Buttons) != 2 {
		t.Errorf("rows are %+v", rows)
	}
	data := w.Keyboard.Content.Rows[2].Buttons[1].Action.Data
	e := parse(t, "INTERACTION_CREATE",
		`{"id":"i","type":11,"user_openid":"U","data":{"resolved":{"button_id":"x","button_data":"`+data+`"}}}`)
	if e.Data.Interaction.Option != "f" {
		t.Errorf("option is %q, want f", e.Data.Interaction.Option)
	}
}

func TestTemplateAndNative(t *testing.T) {
	p := &platform{}
	template := events.Template{Name: "101_202", Parameters: []events.Field{{Name: "title", Value: "Hello"}}}
	if problem := qq.Channel.Limits.Takes(events.Content{Kind: events.KindTemplate, Template: &template}); problem != "" {
		t.Errorf("the template is not taken: %s", problem)
	}
	_, err := say(p, person, events.Direct, func(o *channel.Outgoing) {
		o.Answer = "msg:m9"
		o.Content = []events.Content{{Kind: events.KindTemplate, Template: &template},
			{Kind: events.KindNative,
				Native: &events.Native{Channel: "qq", JSON: `{"msg_type":3,"ark":{"template_id":23},"msg_id":"forged"}`}}}
	})
	if err != nil || !strings.Contains(p.bodies[0],
		`"markdown":{"custom_template_id":"101_202","params":[{"key":"title","values":["Hello"]}]}`) {
		t.Errorf("template: %v, %s", err, p.bodies[0])
	}
	if last := p.bodies[1]; !strings.Contains(last, `"ark":{"template_id":23}`) ||
		!strings.Contains(last, `"msg_type":3`) || !strings.Contains(last, `"msg_id":"m9"`) {
		t.Errorf("native: %s", last)
	}
}

func TestOutside(t *testing.T) {
	for place, want := range map[string]bool{person: true, "group:G1": false, "channel:55": true} {
		o := channel.Outgoing{To: channel.Recipient{Conversation: events.Conversation{PlatformID: place}}, Heard: received}
		if got := qq.Channel.Outside(o); got != want {
			t.Errorf("%s may be written to outside of a window: %t", place, got)
		}
	}
}

func TestToken(t *testing.T) {
	for body, want := range map[string]time.Duration{
		`{"access_token":"t","expires_in":"7200"}`: 2 * time.Hour, `{"access_token":"t","expires_in":60}`: time.Minute,
		`{"code":100016,"message":"invalid appid or secret"}`: 0, `{"access_token":"t","expires_in":"soon"}`: 0,
		`{"access_token":""}`: 0,
	} {
		p := &platform{answers: []channel.Reply{ok(body)}}
		got, err := qq.Channel.Token(context.Background(),
			channel.Env{Account: account(vectorSecret), HTTP: p, Now: received})
		var e *channel.Error
		switch {
		case want > 0 && (err != nil || got.ExpiresAt != received.Add(want)):
			t.Errorf("%s gives %v and %v", body, got.ExpiresAt, err)
		case want == 0 && (!errors.As(err, &e) || e.Class != events.ClassAuth):
			t.Errorf("%s gives %v", body, err)
		}
	}
}

func TestSandbox(t *testing.T) {
	p := &platform{answers: []channel.Reply{ok(`{"id":"m1"}`)}}
	a := channel.NewAccount("demo", "", map[string]string{"app_id": "1", "app_secret": "s", "sandbox": "yes"})
	_, err := qq.Channel.Send(context.Background(), channel.Env{Account: a, HTTP: p, Now: received}, channel.Outgoing{
		To:      channel.Recipient{Conversation: events.Conversation{PlatformID: person}},
		Content: []events.Content{events.NewText("hi")}})
	if err != nil || !strings.HasPrefix(p.paths[0], "POST sandbox.api.sgroup.qq.com/") {
		t.Errorf("%v, %v", err, p.paths)
	}
}
