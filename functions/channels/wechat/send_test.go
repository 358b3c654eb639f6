package wechat

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
	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/functions/channels/wechat/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/fit"
	stage "github.com/relais-dev/relais/shared/stage/play"
)

// A platform is the double as an HTTP client; reply, when set, is said instead.
type platform struct {
	account  channel.Account
	fault    stage.Fault
	reply    *channel.Reply
	err      error
	calls    []stage.Call
	webhooks []channel.Request
}

func playing(a channel.Account) *platform { return &platform{account: a} }

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	c := stage.Call{Host: r.URL.Host, Fault: p.fault,
		Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header,
			Received: at(0)}}
	if r.Body != nil {
		c.Body, _ = io.ReadAll(r.Body)
	}
	p.calls = append(p.calls, c)
	if p.err != nil {
		return nil, p.err
	}
	a := stage.Answer{}
	if p.reply != nil {
		a.Reply = *p.reply
	} else {
		a = play.Platform.Answer(p.account, c)
	}
	p.webhooks = append(p.webhooks, a.Posts...)
	h := a.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: a.Status, Header: h, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

// env is what the channel sees, with a token of the platform's.
func (p *platform) env(t testing.TB) channel.Env {
	t.Helper()
	e := channel.Env{Account: p.account, HTTP: p, Now: at(time.Minute),
		Open: func(_ context.Context, m events.Media) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("a file at " + m.URL)), nil
		}}
	token, err := Channel.Token(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	e.Token, p.calls = token.Value, nil
	return e
}

// last is the body of the last call.
func (p *platform) last() string { return string(p.calls[len(p.calls)-1].Body) }

func classOf(err error) string {
	var e *channel.Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

func account(more ...string) channel.Account {
	values := map[string]string{token: vectorToken, aesKey: vectorKey, appID: vectorApp,
		appSecret: "app-secret-0123456789"}
	for i := 0; i < len(more); i += 2 {
		values[more[i]] = more[i+1]
	}
	return channel.NewAccount("demo", "", values)
}

func outgoing(a channel.Account, c events.Content) channel.Outgoing {
	to := "oDemoOpenid0001"
	if isKF(a) {
		to = kfThread("wkDemo", "wmDemo")
	}
	return channel.Outgoing{ID: "msg_a.1",
		To:      channel.Recipient{Conversation: events.Conversation{PlatformID: to, Kind: events.Direct}},
		Content: []events.Content{c}}
}

func choice(options ...events.Option) events.Content {
	return events.Content{Kind: events.KindChoice,
		Choice: &events.Choice{Text: "Which?", Footer: "Bye", Options: options}}
}

func aLink(image string) events.Content {
	return events.Content{Kind: events.KindLink, Link: &events.Link{URL: "https://e.example/1?a=1&b=2", Title: "T",
		Text: "D", Image: image}}
}

func aMedium(kind, mime string) events.Content {
	return events.NewMedia(events.Media{Type: kind, MIME: mime, URL: "https://e.example/f.bin", Name: "f.bin"})
}

// What the three ways make of the same content. The boundaries of their services stand
// in the double, which takes each of these.
func TestWays(t *testing.T) {
	yes := events.Option{ID: "y", Label: "Yes"}
	official, mini, kf := account(), account(product, "mini"), kfAccount()
	const to, kfTo = `"touser":"oDemoOpenid0001"}`, `"open_kfid":"wkDemo","touser":"wmDemo"}`
	for _, v := range []struct {
		name    string
		a       channel.Account
		content events.Content
		want    string // the last call's body, MEDIA and MSGID replaced
	}{
		{"text", official, events.NewText(`1 < 2 <a href="x">&`), `{"msgtype":"text","text":{"content":"1 < 2 <` + "\u2060" +
			`a href=\"x\">&"},` + to},
		{"text", mini, events.NewText("hi"), `{"msgtype":"text","text":{"content":"hi"},` + to},
		{"text", kf, events.NewText("<a b"),
			`{"msgid":"MSGID","msgtype":"text","open_kfid":"wkDemo","text":{"content":"<a b"},"touser":"wmDemo"}`},
		{"choice", official, choice(yes),
			`{"msgmenu":{"head_content":"Which?","list":[{"id":"y","content":"Yes"}],"tail_content":"Bye"},` +
				`"msgtype":"msgmenu",` + to},
		{"choice", mini, choice(yes), `{"msgtype":"text","text":{"content":"Which?\nYes\nBye"},` + to},
		{"choice", kf, choice(yes),
			`{"msgid":"MSGID","msgmenu":{"head_content":"Which?","list":[{"type":"click","click":{"id":"y",` +
				`"content":"Yes"}}],"tail_content":"Bye"},"msgtype":"msgmenu",` + kfTo},
		{"link", mini, aLink("https://p.example"),
			`{"link":{"title":"T","description":"D","url":"https://e.example/1?a=1&b=2","thumb_url":"https://p.example"},` +
				`"msgtype":"link",` + to},
		{"link", kf, aLink("https://p.example"),
			`{"link":{"title":"T","desc":"D","url":"https://e.example/1?a=1&b=2","thumb_media_id":"MEDIA"},"msgid":"MSGID",` +
				`"msgtype":"link",` + kfTo},
		{"link", kf, aLink(""),
			`{"msgid":"MSGID","msgtype":"text","open_kfid":"wkDemo","text":{"content":"T\nD\nhttps://e.example/1?a=1&b=2"},` +
				`"touser":"wmDemo"}`},
		{"gif", official, aMedium(events.Image, "image/gif"), `{"image":{"media_id":"MEDIA"},"msgtype":"image",` + to},
		{"gif", kf, aMedium(events.Image, "image/gif"), `{"file":{"media_id":"MEDIA"},"msgid":"MSGID","msgtype":"file",` +
			kfTo},
		{"mp3", official, aMedium(events.Audio, "audio/mpeg"),
			`{"msgtype":"voice","touser":"oDemoOpenid0001","voice":{"media_id":"MEDIA"}}`},
		{"mp3", kf, aMedium(events.Audio, "audio/mpeg"), `{"file":{"media_id":"MEDIA"},"msgid":"MSGID","msgtype":"file",` +
			kfTo},
		{"amr", kf, aMedium(events.Voice, "audio/amr"),
			`{"msgid":"MSGID","msgtype":"voice","open_kfid":"wkDemo","touser":"wmDemo","voice":{"media_id":"MEDIA"}}`},
		{"film", mini, aMedium(events.Video, "video/mp4"),
			`{"msgtype":"text","text":{"content":"f.bin\nhttps://e.example/f.bin"},` + to},
		{"native", kf, events.Content{Kind: events.KindNative,
			Native: &events.Native{Channel: "wechat",
				JSON: `{"msgtype":"location","touser":"other","location":{"latitude":1.50,"longitude":2}}`}},
			`{"location":{"latitude":1.50,"longitude":2},"msgid":"MSGID","msgtype":"location",` + kfTo},
	} {
		p := playing(v.a)
		sent, err := Channel.Send(context.Background(), p.env(t), outgoing(v.a, v.content))
		if err != nil {
			t.Errorf("%s: %v\n%s", v.name, err, p.last())
			continue
		}
		id := channel.Digest([]byte("msg_a.1"))
		got := strings.NewReplacer(id, "MSGID", uploadedID(p), "MEDIA").Replace(p.last())
		if diff := cmp.Diff(v.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", v.name, diff)
		}
		if want := isKF(v.a); want != cmp.Equal(sent.IDs, []string{id}) || !want && sent.IDs != nil {
			t.Errorf("%s: ids are %v", v.name, sent.IDs)
		}
	}
}

// uploadedID is the media id that p gave, or what occurs nowhere.
func uploadedID(p *platform) string {
	for _, c := range p.calls {
		if c.Path == uploadPath {
			var w uploaded
			_ = play.Platform.Answer(p.account, c).Decode(&w)
			return w.MediaID
		}
	}
	return "\x00"
}

// Every sample can be sent on every way, whatever the limits are that all share.
func TestSamplesOnAllWays(t *testing.T) {
	all, err := samples.Outbound()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []channel.Account{account(product, "mini"), kfAccount()} {
		p := playing(a)
		e := p.env(t)
		for _, o := range all {
			plan := fit.Message("wechat",
				fit.Linked(o.Content, func(sum string) string { return "https://relais.example/" + sum }), Channel.Limits)
			for _, call := range plan.Calls {
				if _, err := Channel.Send(context.Background(), e, outgoing(a, call.Content[0])); err != nil {
					t.Errorf("%s: %v\n%s", o.Name, err, p.last())
				}
			}
		}
	}
}

func aTemplate(category string, parameters ...events.Field) events.Content {
	return events.Content{Kind: events.KindTemplate, Template: &events.Template{Name: "tDemo", Language: "zh-CN",
		Category: category, Parameters: parameters}}
}

func TestTemplates(t *testing.T) {
	fields := []events.Field{{Name: "thing2", Value: "Shipped"}, {Name: "url", Value: "https://shop.example/o/42"},
		{Name: "appid", Value: "wx1"}, {Name: "pagepath", Value: "p?a=1"}}
	page := []events.Field{{Name: "thing2", Value: "Shipped"}, {Name: "page", Value: "pages/o?id=42"}}
	id := channel.Digest([]byte("msg_a.1"))
	for _, v := range []struct {
		a          channel.Account
		content    events.Content
		path, want string
		state      events.State
	}{
		{account(), aTemplate("template", fields...), templatePath,
			`{"touser":"oDemoOpenid0001","template_id":"tDemo","url":"https://shop.example/o/42",` +
				`"miniprogram":{"appid":"wx1","pagepath":"p?a=1"},"client_msg_id":"` + id +
				`","data":{"thing2":{"value":"Shipped"}}}`, events.Delivered},
		{account(), aTemplate("subscription", page...), bizPath,
			`{"touser":"oDemoOpenid0001","template_id":"tDemo","page":"pages/o?id=42","data":{"thing2":{"value":"Shipped"}}}`,
			events.Sent},
		{account(product, "mini"), aTemplate("subscription", page...), subscribePath,
			`{"touser":"oDemoOpenid0001","template_id":"tDemo","page":"pages/o?id=42","lang":"zh_CN",` +
				`"data":{"thing2":{"value":"Shipped"}}}`, events.Sent},
	} {
		p, o := playing(v.a), outgoing(v.a, v.content)
		sent, err := Channel.Send(context.Background(), p.env(t), o)
		if err != nil || len(sent.IDs) != 1 {
			t.Fatalf("%s: %v, %v", v.path, sent, err)
		}
		if diff := cmp.Diff(v.want, p.last()); diff != "" || p.calls[0].Path != v.path {
			t.Errorf("%s (-want +got):\n%s", p.calls[0].Path, diff)
		}
		if !Channel.Outside(o) || Channel.Limits.Takes(v.content) != "" {
			t.Errorf("%s: it needs a window, or is not taken", v.path)
		}
		r := p.webhooks[0]
		play.Platform.Sign(v.a, &r)
		evs, err := Channel.Events(v.a, r)
		if err != nil || evs[0].Data.Status.Message.PlatformID != sent.IDs[0] || evs[0].Data.Status.State != v.state {
			t.Errorf("%s: the receipt is %+v, %v", v.path, evs, err)
		}
	}
	for _, a := range []channel.Account{account(product, "mini"), kfAccount()} {
		if _, err := Channel.Send(context.Background(), playing(a).env(t),
			outgoing(a, aTemplate("template"))); classOf(err) != events.ClassTemplate {
			t.Errorf("an account without templates says %v", err)
		}
	}
	if Channel.Limits.Takes(aTemplate("utility")) == "" {
		t.Error("another platform's template is taken")
	}
}

// WeChat answers errors with the HTTP status 200.
func TestRefusals(t *testing.T) {
	for _, v := range []struct {
		a          channel.Account
		body, want string
		unknown    bool
		after      time.Duration
	}{
		{account(), `{"errcode":45015,"errmsg":"response out of time limit"}`, events.ClassWindow, false, 0},
		{account(), `{"errcode":45047,"errmsg":"out of response count limit"}`, events.ClassWindow, false, 0},
		{account(), `{"errcode":48002,"errmsg":"user refuse"}`, events.ClassConsent, false, 0},
		{kfAccount(), `{"errcode":48002,"errmsg":"api forbidden"}`, events.ClassAuth, false, 0},
		{account(), `{"errcode":40164,"errmsg":"invalid ip"}`, events.ClassAuth, false, 0},
		{account(), `{"errcode":45009,"errmsg":"reach max api daily quota limit"}`, events.ClassRate, false, time.Hour},
		{account(), `{"errcode":-1,"errmsg":"system error"}`, events.ClassPlatform, false, 0},
		{account(), `{"errcode":99999,"errmsg":"new"}`, events.ClassUnknown, false, 0},
		{kfAccount(), `{"errcode":95018,"errmsg":"send msg session status invalid"}`, events.ClassWindow, false, 0},
		{account(), `{}`, events.ClassPlatform, true, 0},
		{account(), `{"errcode":"0"}`, events.ClassPlatform, true, 0},
	} {
		p := playing(v.a)
		e := p.env(t)
		p.reply = &channel.Reply{Status: 200, Body: []byte(v.body)}
		_, err := Channel.Send(context.Background(), e, outgoing(v.a, events.NewText("a")))
		var got *channel.Error
		if !errors.As(err, &got) || got.Class != v.want || got.Unknown != v.unknown || got.RetryAfter != v.after {
			t.Errorf("%s gives %#v, want class %s", v.body, err, v.want)
		}
	}
}

func TestARepeatedTemplateIsSent(t *testing.T) {
	p := playing(account())
	e := p.env(t)
	p.reply = &channel.Reply{Status: 200, Body: []byte(`{"errcode":45065,"errmsg":"clientmsgid exist"}`)}
	if sent, err := Channel.Send(context.Background(), e, outgoing(p.account, aTemplate("template"))); err != nil ||
		sent.IDs != nil {
		t.Errorf("it gives %v, %v", sent, err)
	}
}

// A welcome code takes a text or a menu; what else there is goes the usual way.
func TestWelcome(t *testing.T) {
	p := playing(kfAccount())
	e := p.env(t)
	for _, v := range []struct {
		content events.Content
		path    string
	}{
		{events.NewText("hi"), kfEventPath}, {choice(events.Option{ID: "y", Label: "Yes"}), kfEventPath},
		{aMedium(events.Image, "image/png"), kfSendPath},
	} {
		o := outgoing(p.account, v.content)
		o.Answer = "wc"
		if _, err := Channel.Send(context.Background(), e, o); err != nil {
			t.Fatal(err)
		}
		last := p.calls[len(p.calls)-1]
		if onEvent := v.path == kfEventPath; last.Path != v.path || strings.Contains(p.last(), `"code":"wc"`) != onEvent ||
			strings.Contains(p.last(), "touser") == onEvent {
			t.Errorf("called %s with %s", last.Path, last.Body)
		}
	}
	o := outgoing(p.account, events.NewText("hi"))
	o.Answer = "wc"
	p.reply = &channel.Reply{Status: 200, Body: []byte(`{"errcode":95999,"errmsg":"code expired"}`)}
	if _, err := Channel.Send(context.Background(), e, o); classOf(err) != events.ClassWindow {
		t.Errorf("a code that is used up gives %v", err)
	}
	o.To.Conversation.PlatformID = "wmDemo"
	if _, err := Channel.Send(context.Background(), e, o); classOf(err) != events.ClassRecipient {
		t.Errorf("a recipient without an account gives %v", err)
	}
}

// Nothing has been said when an upload fails: the message is tried again.
func TestUploads(t *testing.T) {
	p := playing(account())
	e, picture := p.env(t), outgoing(p.account, aMedium(events.Image, "image/png"))
	p.reply = &channel.Reply{Status: 504}
	_, err := Channel.Send(context.Background(), e, picture)
	var refused *channel.Error
	if !errors.As(err, &refused) || refused.Unknown || !refused.Passes() {
		t.Errorf("a 504 gives %#v", err)
	}
	p.err = io.ErrUnexpectedEOF
	if _, err := Channel.Send(context.Background(), e, picture); !errors.Is(err, channel.ErrNotSent) {
		t.Errorf("a broken connection gives %v", err)
	}
	p.err, p.reply = nil, nil
	film := func(size int) string {
		e.Open = func(_ context.Context, m events.Media) (io.ReadCloser, error) {
			if m.Type == events.Image {
				return io.NopCloser(bytes.NewReader(make([]byte, size))), nil
			}
			return io.NopCloser(strings.NewReader("film")), nil
		}
		m := events.NewMedia(events.Media{Type: events.Video, URL: "https://e.example/f.mp4",
			Thumbnail: "https://e.example/f.jpg"})
		if _, err := Channel.Send(context.Background(), e, outgoing(p.account, m)); err != nil {
			t.Fatal(err)
		}
		return p.last()
	}
	if got := film(64 << 10); !strings.Contains(got, `"thumb_media_id"`) {
		t.Errorf("a film is %s", got)
	}
	if got := film(64<<10 + 1); !strings.Contains(got, `"content":"https://e.example/f.mp4"`) {
		t.Errorf("a film with a large picture is %s", got)
	}
	if Channel.Limits.Takes(aMedium(events.Video, "video/mp4")) == "" {
		t.Error("a film without a picture is taken")
	}
	for want, m := range map[string]events.Media{
		"100%.mp4.jpg": {URL: "https://e.example/100%25.mp4", MIME: "image/jpeg"},
		"a.JPEG":       {URL: "https://e.example/a.JPEG"}} {
		if got := fileName("image", m); got != want {
			t.Errorf("a picture is named %q, want %q", got, want)
		}
	}
	for want, m := range map[string]events.Media{"1024.bin": {Name: "1024."}, "kettle.pdf": {Name: "kettle",
		MIME: "application/pdf"}, "a.xyz": {Name: "a.xyz"}} {
		if got := fileName("file", m); got != want {
			t.Errorf("a file is named %q, want %q", got, want)
		}
	}
	if got := fileName("image", events.Media{MIME: "image/gif", Name: "f.bin"}); got != "f.bin.gif" {
		t.Errorf("a picture with another name is called %s", got)
	}
	if got := fileName("voice", events.Media{MIME: "audio/mpeg", URL: "https://e.example/"}); got != "voice.mp3" {
		t.Errorf("a nameless recording is called %s", got)
	}
}

func TestTyping(t *testing.T) {
	p := playing(account())
	e := p.env(t)
	to := outgoing(p.account, events.NewText("")).To
	if err := Channel.Act(context.Background(), e, to, events.Action{Verb: events.ActTyping}); err != nil ||
		!strings.Contains(p.last(), "CancelTyping") {
		t.Errorf("%s gives %v", p.last(), err)
	}
	p.reply = &channel.Reply{Status: 200, Body: []byte(`{"errcode":45081,"errmsg":"already in the typing status"}`)}
	if err := Channel.Act(context.Background(), e, to, events.Action{Verb: events.ActTyping, Active: true}); err != nil {
		t.Errorf("typing twice gives %v", err)
	}
	kf := playing(kfAccount())
	if err := Channel.Act(context.Background(), kf.env(t), to, events.Action{Verb: events.ActTyping}); classOf(err) !=
		events.ClassContent || len(kf.calls) != 0 {
		t.Errorf("Customer Service types: %v", err)
	}
}

func TestTokens(t *testing.T) {
	p := playing(kfAccount())
	if e := p.env(t); e.Token == "" {
		t.Error("Customer Service gets no token")
	}
	for name, v := range map[string]struct {
		a     channel.Account
		reply string
		want  string
	}{
		"no app_secret": {safeAccount(), "", events.ClassAuth},
		"bad secret":    {account(), `{"errcode":40125,"errmsg":"invalid appsecret"}`, events.ClassAuth},
		"a new code":    {account(), `{"errcode":99999,"errmsg":"new"}`, events.ClassAuth},
		"busy":          {account(), `{"errcode":-1,"errmsg":"system error"}`, events.ClassPlatform},
		"no token":      {account(), `{}`, events.ClassPlatform},
	} {
		p := playing(v.a)
		p.reply = &channel.Reply{Status: 200, Body: []byte(v.reply)}
		_, err := Channel.Token(context.Background(), channel.Env{Account: v.a, HTTP: p, Now: at(0)})
		if classOf(err) != v.want {
			t.Errorf("%s gives %v, want class %s", name, err, v.want)
		}
	}
}

// server answers each URL with what it has.
type server map[string]channel.Reply

func (s server) Do(r *http.Request) (*http.Response, error) {
	a, ok := s[r.URL.String()]
	if !ok {
		a.Status = http.StatusNotFound
	}
	h := a.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: a.Status, Header: h, Body: io.NopCloser(bytes.NewReader(a.Body))}, nil
}

func TestFetch(t *testing.T) {
	words := http.Header{"Content-Type": {"text/plain"}}
	s := server{
		"https://api.weixin.qq.com/cgi-bin/media/get?access_token=tk&media_id=picture": {Status: 200,
			Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("jpeg")},
		"https://api.weixin.qq.com/cgi-bin/media/get?access_token=tk&media_id=film": {Status: 200, Header: words,
			Body: []byte(`{"video_url":"http://film.example/1?a=b"}`)},
		"https://film.example/1?a=b": {Status: 200, Body: []byte("mp4")},
		"https://api.weixin.qq.com/cgi-bin/media/get?access_token=tk&media_id=gone": {Status: 200, Header: words,
			Body: []byte(`{"errcode":40007,"errmsg":"invalid media_id"}`)},
		"https://qyapi.weixin.qq.com/cgi-bin/media/get?access_token=tk&media_id=a": {Status: 200, Header: words,
			Body: []byte("a file of text")},
		"https://qyapi.weixin.qq.com/cgi-bin/media/get?access_token=tk&media_id=b": {Status: 200, Header: words,
			Body: []byte(`[1]`)},
		"https://mmbiz.example/p": {Status: 200, Body: []byte("public")},
	}
	for _, v := range []struct {
		a           channel.Account
		media       events.Media
		want, class string
	}{
		{account(), events.Media{PlatformID: "picture"}, "jpeg", ""},
		{account(), events.Media{PlatformID: "film"}, "mp4", ""},
		{account(), events.Media{PlatformID: "gone"}, "", events.ClassMedia},
		{kfAccount(), events.Media{PlatformID: "a"}, "a file of text", ""},
		{kfAccount(), events.Media{PlatformID: "b"}, "[1]", ""},
		{account(), events.Media{URL: "http://mmbiz.example/p"}, "public", ""},
		{account(), events.Media{URL: "https://mmbiz.example/q"}, "", events.ClassMedia},
	} {
		body, err := Channel.Fetch(context.Background(), channel.Env{Account: v.a, HTTP: s, Token: "tk", Now: at(0)},
			v.media)
		if classOf(err) != v.class || (err == nil) != (v.class == "") {
			t.Errorf("%+v gives %v, want class %q", v.media, err, v.class)
			continue
		}
		if body == nil {
			continue
		}
		if got, _ := io.ReadAll(body); string(got) != v.want {
			t.Errorf("%+v gives %q, want %q", v.media, got, v.want)
		}
	}
}

// The suite tries these on an Official Account; the others' codes are their own.
func TestFaultsOnAllWays(t *testing.T) {
	for fault, want := range map[stage.Fault]string{
		stage.Throttled: events.ClassRate, stage.Expired: events.ClassAuth, stage.Closed: events.ClassWindow,
		stage.Invalid: events.ClassContent,
	} {
		for _, a := range []channel.Account{account(product, "mini"), kfAccount()} {
			p := playing(a)
			e := p.env(t)
			p.fault = fault
			if _, err := Channel.Send(context.Background(), e, outgoing(a, events.NewText("hi"))); classOf(err) != want {
				t.Errorf("%s gives %v, want class %s", fault, err, want)
			}
		}
	}
}
