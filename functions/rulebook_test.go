package functions_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// family is one character to people, five code points, eight UTF-16 units and 25 bytes.
const family = "👨‍👩‍👧"

// TestRulebooksBite calls played platforms with what their pages refuse, beside what they
// take: a rule that never says no guards nothing. Want is within the answer.
func TestRulebooksBite(t *testing.T) {
	quick := func(label string) string {
		return `{"to":"U1111111111111111111111111111111a","messages":[{"type":"text","text":"a","quickReply":{"items":[` +
			`{"type":"action","action":{"type":"postback","label":"` + label + `","data":"d","displayText":"d"}}]}}]}`
	}
	flex := func(part string) string {
		return `{"to":"C1111111111111111111111111111111a","messages":[{"type":"flex","altText":"a","contents":{"type":` +
			`"bubble","body":{"type":"box","layout":"vertical","contents":[` + part + `]}}}]}`
	}
	const push, cs, send = "/v2/bot/message/push", "/v3.0/oa/message/cs", "/cgi-bin/message/custom/send"
	for _, tc := range []struct{ name, channel, host, path, body, want string }{
		{"labels are graphemes", "line", "api.line.me", push, quick(strings.Repeat(family, 20)), `"sentMessages"`},
		{"and no more than 20", "line", "api.line.me", push, quick(strings.Repeat("a", 21)),
			`"property":"messages[0].quickReply.items[0].action.label"`},
		{"a text is UTF-16", "line", "api.line.me", push, strings.Replace(quick("a"), `"text":"a"`,
			`"text":"`+strings.Repeat("🍎", 2501)+`"`, 1), `"property":"messages[0].text"`},
		{"a bubble without a block", "line", "api.line.me", push, strings.Replace(flex(""), "body", "x", 1),
			`"details":[{"message":"At least one block must be specified","property":"/"}]`},
		{"a color by name", "line", "api.line.me", push, flex(`{"type":"text","text":"a","color":"red"}`),
			`"property":"/body/contents/0/color"`},
		{"an icon in a column", "line", "api.line.me", push, flex(`{"type":"icon","url":"https://e.example/i.png"}`),
			`"property":"/body/contents/0/type"`},
		{"a text", "viber", "chatapi.viber.com", "/pa/send_message",
			`{"receiver":"U","type":"text","text":"a","sender":{"name":"S"}}`, `"status":0`},
		{"nobody speaks", "viber", "chatapi.viber.com", "/pa/send_message", `{"receiver":"U","type":"text","text":"a"}`,
			`"status":4`},
		{"a picture without an extension", "viber", "chatapi.viber.com", "/pa/send_message",
			`{"receiver":"U","type":"picture","text":"","media":"https://e.example/p","sender":{"name":"S"}}`, `"status":3`},
		{"a number shared in a carousel", "viber", "chatapi.viber.com", "/pa/send_message", `{"receiver":"U","type":` +
			`"rich_media","min_api_version":7,"sender":{"name":"S"},"rich_media":{"Type":"rich_media","ButtonsGroupRows":1,` +
			`"Buttons":[{"Text":"a","ActionType":"share-phone","ActionBody":"x"}]}}`, `"status":3`},
		{"a person", "zalo", "openapi.zalo.me", cs, `{"recipient":{"user_id":"1"},"message":{"text":"a"}}`, `"error":0`},
		{"a visitor at a person's address", "zalo", "openapi.zalo.me", cs,
			`{"recipient":{"anonymous_id":"a","conversation_id":"c"},"message":{"text":"a"}}`, `"error":-201`},
		{"a person at a visitor's address", "zalo", "openapi.zalo.me", "/v2.0/oa/message",
			`{"recipient":{"user_id":"1","anonymous_id":"a","conversation_id":"c"},"message":{"text":"a"}}`, `"error":-240`},
		{"a picture by both", "zalo", "openapi.zalo.me", cs,
			`{"recipient":{"user_id":"1"},"message":{"attachment":{"type":` +
				`"template","payload":{"template_type":"media","elements":[{"media_type":"image","url":"https://e.example/p",` +
				`"attachment_id":"x"}]}}}}`, `"error":-201`},
		{"a film", "wechat", "api.weixin.qq.com", send, `{"touser":"o","msgtype":"video","video":{"media_id":"m",` +
			`"thumb_media_id":"t"}}`, `"errcode":0`},
		{"a film without a picture", "wechat", "api.weixin.qq.com", send,
			`{"touser":"o","msgtype":"video","video":{"media_id":"m"}}`, `"errcode":40007`},
		{"two articles", "wechat", "api.weixin.qq.com", send, `{"touser":"o","msgtype":"news","news":{"articles":[` +
			`{"title":"a","url":"https://e.example"},{"title":"b","url":"https://e.example"}]}}`, `"errcode":45008`},
		{"a thing of 21 characters", "wechat", "api.weixin.qq.com", "/cgi-bin/message/template/send",
			`{"touser":"o","template_id":"t","data":{"thing1":{"value":"` + strings.Repeat("字", 21) + `"}}}`,
			`"errcode":47003`},
		{"a person of QQ", "qq", "api.sgroup.qq.com", "/v2/users/U/messages", `{"content":"a","msg_type":0,"msg_id":"m"}`,
			`"id"`},
		{"words beside Markdown", "qq", "api.sgroup.qq.com", "/v2/users/U/messages",
			`{"content":"a","msg_type":2,"msg_id":"m","markdown":{"content":"b"}}`, `"code":50037`},
		{"a group waked up", "qq", "api.sgroup.qq.com", "/v2/groups/G/messages", `{"content":"a","msg_type":0}`,
			`"code":40034102`},
		{"a file in a guild", "qq", "api.sgroup.qq.com", "/channels/1/files",
			`{"file_type":1,"url":"https://e.example/p.png","srv_send_msg":false}`, `"code":404`},
	} {
		set, err := sample.Read(filepath.Join("channels", tc.channel))
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, set, tc.channel, tc.host, tc.path, tc.body); !strings.Contains(got, tc.want) {
			t.Errorf("%s, %s: %s, want %s", tc.channel, tc.name, got, tc.want)
		}
	}
}

// ask calls a platform as an account of its samples.
func ask(t *testing.T, set sample.Set, name, host, path, body string) string {
	t.Helper()
	platform, _ := plays.Of(name)
	ch := channelNamed(t, name)
	token := set.Account.Value("auth_token") // Viber's has no other
	if ch.Token != nil {
		minted, err := ch.Token(t.Context(), channel.Env{Account: set.Account, HTTP: stageDoor{platform, set}, Now: set.Now})
		if err != nil {
			t.Fatal(err)
		}
		token = minted.Value
	}
	h, scheme := http.Header{"Content-Type": {"application/json"}},
		map[string]string{"line": "Bearer ", "qq": "QQBot "}[name]
	h.Set("Authorization", scheme+token)
	h.Set("access_token", token)
	h.Set("X-Viber-Auth-Token", token)
	a := platform.Answer(set.Account, play.Call{Host: host, Request: channel.Request{Method: http.MethodPost, Path: path,
		RawQuery: url.Values{"access_token": {token}}.Encode(), Header: h, Body: []byte(body), Received: set.Now}})
	return string(a.Body)
}
