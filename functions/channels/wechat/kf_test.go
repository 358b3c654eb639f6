package wechat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/wechat/play"
	"github.com/relais-dev/relais/shared/channel"
)

func kfAccount() channel.Account {
	return channel.NewAccount("demo", "https://relais.example/webhooks/wechat/demo",
		map[string]string{token: vectorToken, aesKey: vectorKey, corpID: "wwdemo0001", kfSecret: "kf-secret-0123456789"})
}

// waitingFor is the event of a callback that announces list, as a webhook brings it.
func waitingFor(t testing.TB, list string) events.Event {
	t.Helper()
	r := play.Callback(kfAccount(), at(0), "wkDemo", list)
	play.Platform.Sign(kfAccount(), &r)
	if err := verify(kfAccount(), r); err != nil {
		t.Fatal(err)
	}
	evs, err := Channel.Events(kfAccount(), r)
	if err != nil || len(evs) != 1 {
		t.Fatalf("callback: %d events, %v", len(evs), err)
	}
	return evs[0]
}

func TestACallbackAnnounces(t *testing.T) {
	e := waitingFor(t, "[]")
	if u := e.Data.Unsupported; e.Type != events.IngestUnsupported || u.Reason != channel.Announced ||
		!strings.Contains(u.Raw, "<OpenKfId>wkDemo</OpenKfId>") {
		t.Errorf("event is %s with %+v", e.Type, u)
	}
	if c := e.Data.Conversation; c.PlatformID != "#kf:wkDemo" || c.Kind != events.Own {
		t.Errorf("conversation is %+v", c)
	}
	if again := waitingFor(t, "[]"); again.ID != e.ID {
		t.Error("a repeated callback is another event")
	}
	if other := waitingFor(t, "[{}]"); other.ID == e.ID || other.Subject != e.Subject {
		t.Error("another callback is the same event, or has another conversation")
	}
}

func kfPost(body string) channel.Request {
	r := channel.Request{Method: http.MethodPost, Received: at(0), Body: []byte(body)}
	play.Platform.Sign(kfAccount(), &r)
	return r
}

func TestCallbacksThatAnnounceNothing(t *testing.T) {
	const head = "<xml><ToUserName>wwdemo0001</ToUserName>"
	evs, err := parse(kfAccount(),
		kfPost(head+"<CreateTime>1785600000</CreateTime><MsgType>event</MsgType><Event>kf_account_auth_change</Event>"+
			"</xml>"))
	if err != nil || len(evs) != 1 || evs[0].Data.Unsupported.Kind != "kf_account_auth_change" ||
		evs[0].Data.Unsupported.Reason != "unknown" {
		t.Errorf("another event gives %+v, %v", evs, err)
	}
	for name, body := range map[string]string{
		"no OpenKfId": head +
			"<CreateTime>1785600000</CreateTime><MsgType>event</MsgType><Event>kf_msg_or_event</Event><Token>x</Token></xml>",
	} {
		evs, err := parse(kfAccount(), kfPost(body))
		if err != nil || len(evs) != 1 || evs[0].Data.Unsupported.Reason != channel.Malformed {
			t.Errorf("%s gives %+v, %v", name, evs, err)
		}
	}
}

func TestVerifyKF(t *testing.T) {
	ok := kfPost("<xml><CreateTime>1785600000</CreateTime></xml>")
	change := func(f func(*channel.Request, url.Values)) channel.Request {
		r, q := ok, ok.Query()
		f(&r, q)
		r.RawQuery = q.Encode()
		return r
	}
	noKey := channel.NewAccount("demo", "", map[string]string{token: vectorToken, corpID: "wwdemo0001"})
	otherCorp := channel.NewAccount("demo", "",
		map[string]string{token: vectorToken, aesKey: vectorKey, corpID: "wwother"})
	for _, v := range []struct {
		name, want string
		a          channel.Account
		r          channel.Request
	}{
		{"as sent", "", kfAccount(), ok},
		{"another corporation", channel.BadSignature, otherCorp, ok},
		{"no key", channel.NoSecret, noKey, ok},
		{"not encrypted", channel.NoSignature, kfAccount(),
			change(func(r *channel.Request, _ url.Values) { r.Body = []byte("<xml></xml>") })},
		{"no document", channel.Malformed, kfAccount(),
			change(func(r *channel.Request, _ url.Values) { r.Body = []byte("x") })},
		{"no signature", channel.NoSignature, kfAccount(),
			change(func(_ *channel.Request, q url.Values) { q.Del("msg_signature") })},
		{"another nonce", channel.BadSignature, kfAccount(),
			change(func(_ *channel.Request, q url.Values) { q.Set("nonce", "1") })},
		{"late", channel.Stale, kfAccount(), change(func(r *channel.Request, _ url.Values) { r.Received = at(time.Hour) })},
		{"signed as an Official Account's", channel.NoSignature, kfAccount(), encryptedPush(vector1, "")},
	} {
		if got := reason(verify(v.a, v.r)); got != v.want {
			t.Errorf("%s: verify = %q, want %q", v.name, got, v.want)
		}
	}
}

// WeCom encrypts what it wants to hear when the URL is saved.
func TestHandshakeKF(t *testing.T) {
	r := channel.Request{Method: http.MethodGet, RawQuery: "echostr=1616140317555161061", Received: at(0)}
	play.Platform.Sign(kfAccount(), &r)
	if sealed := r.Query().Get("echostr"); len(sealed) < 64 {
		t.Fatalf("echostr is not encrypted: %s", sealed)
	}
	got, ok := handshake(kfAccount(), r)
	if want := (channel.Response{Status: 200, ContentType: "text/plain", Body: "1616140317555161061"}); !ok ||
		got != want {
		t.Errorf("handshake = %+v, want %+v", got, want)
	}
	for _, forged := range []string{strings.Replace(r.RawQuery, "msg_signature=", "msg_signature=0", 1),
		"echostr=1616140317555161061&" + vectorQuery} {
		r.RawQuery = forged
		if got, _ := handshake(kfAccount(), r); got.Status != http.StatusForbidden || got.Body != "" {
			t.Errorf("%s: handshake = %+v", forged, got)
		}
	}
	if got := ack(kfAccount(), r, channel.Receipt{}); got != (channel.Response{}) {
		t.Errorf("ack = %+v, want an empty 200", got)
	}
}

// kfCommon is what all messages of customers have.
const kfCommon = `"open_kfid":"wkDemo","external_userid":"wmDemo","send_time":1785600000,"origin":3`

// Each item of a page becomes what it says.
func TestKFItems(t *testing.T) {
	for _, v := range []struct {
		name, item string
		types      []events.Type
		look       func(events.Data) bool
	}{
		{"text", `{"msgid":"1",` + kfCommon + `,"msgtype":"text","text":{"content":"hello"}}`,
			[]events.Type{events.MessageReceived}, func(d events.Data) bool {
				w := d.Conversation.Window
				return d.Message.Content[0].Text.Body == "hello" && w.Kind == "service" && w.Messages == 5 &&
					w.ClosesAt.Equal(at(48*time.Hour)) &&
					d.Conversation.PlatformID == "wkDemo:wmDemo" &&
					d.Contact.Identities[0] == events.Identity{Scheme: events.WeChatExternal, Value: "wmDemo", Scope: "wwdemo0001"}
			}},
		{"menu tap", `{"msgid":"1",` + kfCommon + `,"msgtype":"text","text":{"content":"Yes","menu_id":"101"}}`,
			[]events.Type{events.InteractionReceived}, func(d events.Data) bool {
				return d.Interaction.Option == "101" && d.Interaction.Text == "Yes" && d.Conversation.Window != nil
			}},
		{"image", `{"msgid":"1",` + kfCommon + `,"msgtype":"image","image":{"media_id":"m"}}`,
			[]events.Type{events.MessageReceived}, media(events.Image)},
		{"voice", `{"msgid":"1",` + kfCommon + `,"msgtype":"voice","voice":{"media_id":"m"}}`,
			[]events.Type{events.MessageReceived}, media(events.Voice)},
		{"video", `{"msgid":"1",` + kfCommon + `,"msgtype":"video","video":{"media_id":"m"}}`,
			[]events.Type{events.MessageReceived}, media(events.Video)},
		{"file", `{"msgid":"1",` + kfCommon + `,"msgtype":"file","file":{"media_id":"m"}}`,
			[]events.Type{events.MessageReceived}, media(events.File)},
		{"location", `{"msgid":"1",` + kfCommon +
			`,"msgtype":"location","location":{"latitude":23.1,"longitude":113.3,"name":"n","address":"a"}}`,
			[]events.Type{events.MessageReceived}, func(d events.Data) bool {
				return *d.Message.Content[0].Location == events.Location{Latitude: 23.1, Longitude: 113.3, Name: "n", Address: "a"}
			}},
		{"nowhere", `{"msgid":"1",` + kfCommon + `,"msgtype":"location","location":{"latitude":230,"longitude":113.3}}`,
			[]events.Type{events.MessageReceived}, unknown},
		{"link", `{"msgid":"1",` + kfCommon +
			`,"msgtype":"link","link":{"title":"t","desc":"d","url":"https://e.example","pic_url":"https://p.example"}}`,
			[]events.Type{events.MessageReceived}, func(d events.Data) bool {
				return *d.Message.Content[0].Link == events.Link{URL: "https://e.example", Title: "t", Text: "d",
					Image: "https://p.example"}
			}},
		{"miniprogram", `{"msgid":"1",` + kfCommon +
			`,"msgtype":"miniprogram","miniprogram":{"title":"t","appid":"wx1","pagepath":"p","thumb_media_id":"m"}}`,
			[]events.Type{events.MessageReceived}, func(d events.Data) bool {
				return d.Message.Content[0].Link.URL == "p" && len(d.Message.Metadata) == 3
			}},
		{"business card", `{"msgid":"1",` + kfCommon + `,"msgtype":"business_card","business_card":{"userid":"u"}}`,
			[]events.Type{events.MessageReceived}, unknown},
		{"an agent's menu", `{"msgid":"1","open_kfid":"wkDemo","external_userid":"wmDemo","send_time":1785600000,` +
			`"origin":5,"servicer_userid":"Zhang","msgtype":"msgmenu","msgmenu":{"head_content":"h","list":[{"type":"click",` +
			`"click":{"id":"a","content":"A"}},{"type":"view","view":{"url":"https://e.example","content":"B"}}],` +
			`"tail_content":"t"}}`,
			[]events.Type{events.MessageEchoed}, func(d events.Data) bool {
				c := d.Message.Content[0].Choice
				return c.Text == "h" && c.Footer == "t" && c.Options[0].ID == "a" && c.Options[1].Value == "https://e.example" &&
					d.Message.Actor.Name == "Zhang" && d.Message.Origin == "app" && d.Conversation.Window == nil
			}},
		{"entered", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"enter_session","open_kfid":"wkDemo","external_userid":"wmDemo","scene":"web",` +
			`"scene_param":"order-42","welcome_code":"wc"}}`,
			[]events.Type{events.ConversationStarted, events.ReferralReceived}, func(d events.Data) bool {
				return *d.Conversation.Answer == events.Handle{Token: "wc", ExpiresAt: at(20 * time.Second)} &&
					d.Conversation.Window.Messages == 1 && d.Conversation.PlatformID == "wkDemo:wmDemo"
			}},
		{"entered again", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"enter_session","open_kfid":"wkDemo","external_userid":"wmDemo"}}`,
			[]events.Type{events.ConversationStarted},
			func(d events.Data) bool { return d.Conversation.Answer == nil && d.Conversation.Window == nil }},
		{"failed", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"msg_send_fail","open_kfid":"wkDemo","external_userid":"wmDemo","fail_msgid":"out1",` +
			`"fail_type":6}}`,
			[]events.Type{events.MessageStatus}, func(d events.Data) bool {
				return d.Status.Message.PlatformID == "out1" && d.Status.State == events.Failed &&
					d.Status.Error.Class == events.ClassWindow && d.Status.Error.Code == "6"
			}},
		{"taken", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"session_status_change","open_kfid":"wkDemo","external_userid":"wmDemo","change_type":1,` +
			`"new_servicer_userid":"Zhang","msg_code":"c"}}`,
			[]events.Type{events.ControlPassed}, func(d events.Data) bool {
				return d.Control.To == "Zhang" && d.Conversation.Controls == "Zhang" && d.Conversation.Answer == nil
			}},
		{"ended", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"session_status_change","open_kfid":"wkDemo","external_userid":"wmDemo","change_type":3,` +
			`"old_servicer_userid":"Zhang","msg_code":"c"}}`,
			[]events.Type{events.ControlReleased}, func(d events.Data) bool {
				return d.Control.From == "Zhang" && d.Conversation.Controls == "" && d.Conversation.Answer.Token == "c"
			}},
		{"recalled", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"user_recall_msg","open_kfid":"wkDemo","external_userid":"wmDemo","recall_msgid":"m1"}}`,
			[]events.Type{events.MessageDeleted}, func(d events.Data) bool {
				return d.Deletion.Messages[0].PlatformID == "m1" && d.Deletion.Actor.Role == events.Customer
			}},
		{"an agent came", `{"msgid":"1","send_time":1785600000,"origin":4,"msgtype":"event",` +
			`"event":{"event_type":"servicer_status_change","servicer_userid":"Zhang","status":1,"open_kfid":"wkDemo"}}`,
			[]events.Type{events.IngestUnsupported}, func(d events.Data) bool {
				return d.Unsupported.Kind == "servicer_status_change" && d.Conversation.PlatformID == "#kf:wkDemo"
			}},
		{"a wrong type", `{"msgid":1,` + kfCommon + `,"msgtype":"text","text":{"content":"hello"}}`,
			[]events.Type{events.MessageReceived}, func(d events.Data) bool {
				return d.Message.PlatformID == "1" && d.Message.Content[0].Text.Body == "hello"
			}},
		{"no id", `{"msgid":{},` + kfCommon + `,"msgtype":"text","text":{"content":"hello"}}`,
			[]events.Type{events.IngestUnsupported}, func(d events.Data) bool {
				return d.Unsupported.Reason == channel.Malformed && strings.Contains(d.Unsupported.Raw, "hello")
			}},
		{"nobody's", `{"msgid":"1","send_time":1785600000,"origin":3,"msgtype":"text","text":{"content":"hello"}}`,
			[]events.Type{events.IngestUnsupported}, func(d events.Data) bool { return d.Unsupported.Kind == "text" }},
	} {
		evs := kfEvents(t, v.item)
		var types []events.Type
		for _, e := range evs {
			types = append(types, e.Type)
		}
		if diff := cmp.Diff(v.types, types); diff != "" || !v.look(evs[0].Data) || string(evs[0].Raw) != v.item {
			text, _ := json.Marshal(evs)
			t.Errorf("%s gives %s (-want +got types):\n%s", v.name, text, diff)
		}
	}
}

// TestKFItemsOfOtherTypes: items come by Pull, where the conformance suite does not look. An
// optional member of another JSON type costs no item its type or its words.
func TestKFItemsOfOtherTypes(t *testing.T) {
	for _, item := range []string{
		`{"msgid":"1",` + kfCommon + `,"msgtype":"text","text":{"content":"hello","menu_id":%s}}`,
		`{"msgid":"1",` + kfCommon + `,"servicer_userid":%s,"msgtype":"text","text":{"content":"hello"}}`,
		`{"msgid":"1","open_kfid":"wkDemo","external_userid":"wmDemo","origin":3,"send_time":%s,"msgtype":"text",` +
			`"text":{"content":"hello"}}`,
		`{"msgid":"1",` + kfCommon + `,"msgtype":"location","location":{"latitude":23.1,"longitude":113.3,"name":"hello",` +
			`"address":%s}}`,
		`{"msgid":"1",` + kfCommon + `,"msgtype":"link","link":{"title":"hello","desc":%s,"url":"https://e.example",` +
			`"pic_url":%[1]s}}`,
		`{"msgid":"1",` + kfCommon + `,"msgtype":"image","image":{"media_id":"hello","x":%s}}`,
	} {
		for _, other := range []string{`7`, `true`, `{"x":1}`, `["x",1]`, `[]`, `null`, `1.5e300`} {
			e := kfEvents(t, fmt.Sprintf(item, other))[0]
			said := e.Data.Message != nil || e.Data.Interaction != nil
			if doc, _ := json.Marshal(e.Data); !said || !strings.Contains(string(doc), "hello") ||
				e.Data.Message != nil && unknown(e.Data) {
				t.Errorf("%s, %s: %s %s", item, other, e.Type, doc)
			}
		}
	}
}

func media(kind string) func(events.Data) bool {
	return func(d events.Data) bool {
		m := d.Message.Content[0].Media
		return m.Type == kind && m.PlatformID == "m" && m.State == events.MediaPending && m.ExpiresAt.Equal(at(72*time.Hour))
	}
}

func unknown(d events.Data) bool { return d.Message.Content[0].Kind == events.KindUnsupported }

// kfEvents are the events of one item, completed and valid.
func kfEvents(t testing.TB, item string) []events.Event {
	t.Helper()
	evs := kfReader{corp: "wwdemo0001", account: "wkDemo", at: at(0)}.events([]byte(item))
	for i := range evs {
		channel.Complete(&evs[i], "wechat", "demo", at(time.Minute))
		if err := evs[i].Validate(); err != nil || evs[i].Key == "" {
			t.Fatalf("%s: event %d, key %q: %v", item, i, evs[i].Key, err)
		}
	}
	return evs
}

// No item is lost, and none holds up the others: every event of one is valid.
func FuzzKFItem(f *testing.F) {
	for _, item := range []string{
		`{"msgid":"1",` + kfCommon + `,"msgtype":"text","text":{"content":"hello","menu_id":"1"}}`,
		`{"msgid":"1",` + kfCommon + `,"msgtype":"msgmenu","msgmenu":{"list":[{},{"click":{}}]}}`,
		`{"msgid":"1","send_time":1,"msgtype":"event","event":{"event_type":"enter_session","open_kfid":"",` +
			`"external_userid":"w","scene":"s","welcome_code":"c"}}`,
		`{"msgtype":"event","event":{"event_type":"session_status_change","external_userid":"w","change_type":3,` +
			`"msg_code":"c"}}`,
		`{"msgtype":"event","event":{"event_type":"msg_send_fail","external_userid":"w","fail_msgid":"f","fail_type":9}}`,
		`[]`, `null`, `{}`,
	} {
		f.Add(item)
	}
	f.Fuzz(func(t *testing.T, item string) {
		if len(kfEvents(t, item)) == 0 {
			t.Fatal("an item is lost")
		}
	})
}

// pulled pulls until all is there, as the core does, from a cursor on.
func pulled(t testing.TB, e channel.Env, from events.Event, cursor string) (list []events.Event, cursors []string) {
	t.Helper()
	for range 10 {
		page, next, done, err := Channel.Pull(context.Background(), e, from, cursor)
		if err != nil {
			t.Fatal(err)
		}
		list, cursors = append(list, page...), append(cursors, next)
		if done {
			return list, cursors
		}
		cursor = next
	}
	t.Fatal("it never ends")
	return nil, nil
}

func TestPull(t *testing.T) {
	var items []string
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		items = append(items, `{"msgid":"`+id+`",`+kfCommon+`,"msgtype":"text","text":{"content":"`+id+` <&> 你好"}}`)
	}
	p := playing(kfAccount())
	e, from := p.env(t), waitingFor(t, "["+strings.Join(items, ",")+"]")
	list, cursors := pulled(t, e, from, "")
	var keys []string
	for _, x := range list {
		keys = append(keys, x.Key)
	}
	if diff := cmp.Diff([]string{"message:a", "message:b", "message:c", "message:d", "message:e"}, keys); diff != "" ||
		len(cursors) != 3 {
		t.Fatalf("%d pages, keys (-want +got):\n%s", len(cursors), diff)
	}
	again, _ := pulled(t, e, from, cursors[0])
	if diff := cmp.Diff(list[2:], again); diff != "" {
		t.Errorf("the same cursor gives other events (-first +again):\n%s", diff)
	}
	if nothing, next := pulled(t, e, from, cursors[2]); len(nothing) != 0 || next[0] != cursors[2] {
		t.Errorf("after the last page come %d events and the cursor %v", len(nothing), next)
	}
	if last := p.calls[len(p.calls)-1]; last.Query().Get("access_token") != e.Token || last.Host != kfHost ||
		!strings.Contains(string(last.Body), `"open_kfid":"wkDemo"`) {
		t.Errorf("called %s: %s", last.URL(), last.Body)
	}
}

// A callback's token is good for ten minutes; after that the call goes without it.
func TestPullAfterTheTokensEnd(t *testing.T) {
	p := playing(kfAccount())
	e, from := p.env(t), waitingFor(t, "[]")
	e.Now = at(9 * time.Minute)
	pulled(t, e, from, "")
	e.Now = at(10 * time.Minute)
	pulled(t, e, from, "")
	if with, without := string(p.calls[0].Body), string(p.calls[1].Body); !strings.Contains(with, `"token":"W10"`) ||
		strings.Contains(without, `"token"`) {
		t.Errorf("called with %s, later with %s", with, without)
	}
}

func TestPullTellsWhatFailed(t *testing.T) {
	from := waitingFor(t, "[]")
	for body, want := range map[string]string{
		`{"errcode":42001,"errmsg":"access_token expired"}`:  events.ClassAuth,
		`{"errcode":45009,"errmsg":"api freq out of limit"}`: events.ClassRate,
		`{"errcode":0,"has_more":1,"msg_list":[]}`:           events.ClassPlatform,
		`<html>`: events.ClassPlatform,
		`{"errcode":95000,"errmsg":"invalid open_kfid wkDemo x"}`: events.ClassRecipient,
	} {
		p := playing(kfAccount())
		e := p.env(t)
		p.reply = &channel.Reply{Status: 200, Body: []byte(body)}
		list, next, done, err := Channel.Pull(context.Background(), e, from, "c")
		if got := classOf(err); got != want || len(list) != 0 || next != "" || done {
			t.Errorf("%s gives %d events, %q, %v and %v, want class %s", body, len(list), next, done, err, want)
		}
	}
}

// The double's customer of Customer Service is heard through a pull.
func TestKFCustomer(t *testing.T) {
	for n, text := range []string{"Hello", "Grüße \"&<👋> 2"} {
		r := play.Platform.Customer(kfAccount(), text, n, at(0))
		play.Platform.Sign(kfAccount(), &r)
		evs, err := Channel.Events(kfAccount(), r)
		if err != nil {
			t.Fatal(err)
		}
		list, _ := pulled(t, playing(kfAccount()).env(t), evs[0], "of another callback.1")
		if len(list) != 1 || list[0].Data.Message.Content[0].Text.Body != text {
			t.Errorf("%q comes as %+v", text, list)
		}
	}
}
