package play

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of WeCom's Customer Service.
const (
	path        = "https://developer.work.weixin.qq.com/document/path/"
	kfTokenDocs = path + "91039"
	kfSendDocs  = path + "94677"
	kfEventDocs = path + "95122"
	kfSyncDocs  = path + "94670"
	kfFileDocs  = path + "90253"
)

var kfToken = play.API{
	Name: "WeCom access token", Hosts: []string{"qyapi.weixin.qq.com"}, Missing: missing,
	Method: refuse(40013, "invalid corpid"), Write: write,
	Endpoints: []play.Endpoint{{
		Method: "GET", Path: "/cgi-bin/gettoken", Docs: kfTokenDocs,
		Rules: []play.Rule{
			{At: "query:corpid", Must: play.Given(play.Own("corp_id")), Else: refuse(40013, "invalid corpid")},
			{At: "query:corpsecret", Must: play.Given(play.Own("kf_secret")), Else: refuse(40001, "invalid credential")},
		},
		Answer: func(t play.Taken) play.Answer {
			return play.Text(200, `{"errcode":0,"errmsg":"ok","access_token":%q,"expires_in":7200}`, token(t.Account))
		},
	}},
}

var parameter = refuse(40058, "invalid Request Parameter")

var service = play.API{
	Name: "WeCom Customer Service", Hosts: []string{"qyapi.weixin.qq.com"}, Missing: missing, Method: post, Write: write,
	Knows: func(t play.Taken) bool { return knows(t) && isKF(t.Account) }, Unknown: stranger, Else: parameter,
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: refuse(45009, "api freq out of limit"),
		play.Closed:    refuse(95002, "send msg time limit"),
		play.Gone:      refuse(40096, "invalid external userid"),
		play.Invalid:   parameter,
	},
	Endpoints: []play.Endpoint{
		{Method: "GET", Path: "/cgi-bin/media/get", Docs: kfFileDocs, Rules: mediaID, Faults: files, Answer: play.Picture},
		upload(kfFileDocs, "image", "voice", "video", "thumb", "file"),
		{Method: "POST", Path: "/cgi-bin/kf/send_msg", Docs: kfSendDocs, Body: jsonBody, Answer: said,
			Rules: play.Rules(escapes, msgID, []play.Rule{
				{At: "touser", Must: play.Given(play.Filled()), Else: refuse(40096, "invalid external userid")},
				{At: "open_kfid", Must: play.Given(play.Filled()), Else: refuse(95000, "invalid open_kfid")},
			}, kfContent)},
		{Method: "POST", Path: "/cgi-bin/kf/send_msg_on_event", Docs: kfEventDocs, Body: jsonBody, Answer: said,
			Faults: map[play.Fault]play.Refusal{play.Gone: {}},
			Rules: play.Rules(escapes, msgID, []play.Rule{
				{At: "code", Must: play.Given(play.Filled())},
				{At: "msgtype", Must: play.Given(play.Is("text", "msgmenu"))},
			}, kfContent)},
		{Method: "POST", Path: "/cgi-bin/kf/sync_msg", Docs: kfSyncDocs, Body: jsonBody, Answer: synced, Faults: none,
			Rules: play.Rules(escapes, []play.Rule{
				{At: "open_kfid", Must: play.Given(play.Filled())},
				{At: "limit", Must: play.Given(play.Between(1, 1000))},
				{At: "cursor", Must: play.Most(64, play.UTF8)},
				{At: "token", Must: announced, Else: refuse(95007, "invalid msg token")},
			})},
	},
}

var msgID = []play.Rule{{At: "msgid", Must: play.Given(play.Matches(`^[0-9A-Za-z_-]{1,32}$`)), Source: kfSendDocs}}

// kfContent is what all of WeChat want, and what Customer Service wants besides; it has
// one code for all of it.
var kfContent = func() []play.Rule {
	list := play.Rules(kinds("msgmenu"), content, []play.Rule{
		{At: "link.thumb_media_id", Must: play.Given(play.Filled())},
		{At: "link.title", Must: play.Most(128, play.UTF8)},
		{At: "link.url", Must: play.Most(2048, play.UTF8)},
		{At: "msgmenu.list[].click", When: play.If("msgmenu.list[].type", play.Is("click")), Must: play.Given()},
		{At: "msgmenu.list[].click.id", Must: play.Given(play.Len(1, 64, play.UTF8))},
		{At: "msgmenu.list[].click.content", Must: play.Given(play.Len(1, 128, play.UTF8))},
	})
	for i := range list {
		list[i].Else = parameter
	}
	return list
}()

func said(t play.Taken) play.Answer {
	return play.Value(200, map[string]any{"errcode": 0, "errmsg": "ok", "msgid": t.Get("msgid")})
}

// held are the messages that a callback's token holds.
func held(token string) (list []json.RawMessage, ok bool) {
	text, err := base64.RawURLEncoding.DecodeString(token)
	ok = err == nil && (token == "" || json.Unmarshal(text, &list) == nil)
	return list, ok
}

var announced = play.That("a callback's token", func(_ play.Taken, v any) bool {
	s, _ := v.(string)
	_, ok := held(s)
	return ok
})

// synced lists what a callback announced, two at a time: WeCom too may give less than
// what was asked for.
func synced(t play.Taken) play.Answer {
	list, _ := held(t.Get("token")) // announced has looked
	of, position, _ := strings.Cut(t.Get("cursor"), ".")
	from, _ := strconv.Atoi(position) // what is none is the beginning
	digest := channel.Digest([]byte(t.Get("token")))
	if of != digest || from < 0 || from > len(list) {
		from = 0
	}
	limit, _ := strconv.Atoi(t.Get("limit")) // a rule has seen to it
	to, more := min(from+min(limit, 2), len(list)), 0
	if to < len(list) {
		more = 1
	}
	return play.Value(200, map[string]any{"errcode": 0, "errmsg": "ok", "has_more": more, "msg_list": list[from:to],
		"next_cursor": digest + "." + strconv.Itoa(to)})
}
