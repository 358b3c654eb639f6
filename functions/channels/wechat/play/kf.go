package play

import (
	"cmp"
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
			{At: "query:corpid", Must: play.Given(play.Filled()), Else: refuse(41002, "corpid missing")},
			{At: "query:corpid", Must: play.Own("corp_id"), Else: refuse(40013, "invalid corpid")},
			{At: "query:corpsecret", Must: play.Given(play.Filled()), Else: refuse(41004, "secret missing")},
			{At: "query:corpsecret", Must: play.Own("kf_secret"), Else: refuse(40001, "invalid credential")},
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
		upload(kfFileDocs, kfFiles),
		{Method: "POST", Path: "/cgi-bin/kf/send_msg", Docs: kfSendDocs, Body: jsonBody, Answer: said,
			Rules: play.Rules(escapes, msgID, kfKinds, []play.Rule{
				{At: "touser", Must: play.Given(play.Filled()), Else: refuse(40096, "invalid external userid")},
				{At: "open_kfid", Must: play.Given(play.Filled()), Else: refuse(95000, "invalid open_kfid")},
			}, kfContent)},
		{Method: "POST", Path: "/cgi-bin/kf/send_msg_on_event", Docs: kfEventDocs, Body: jsonBody, Answer: said,
			Faults: map[play.Fault]play.Refusal{play.Gone: {}},
			Rules: play.Rules(escapes, msgID, []play.Rule{
				{At: "code", Must: play.Given(play.Filled())},
				{At: "msgtype", Must: play.Given(play.Is("text", "msgmenu")), Else: unknownType},
			}, kfContent)},
		{Method: "POST", Path: "/cgi-bin/kf/sync_msg", Docs: kfSyncDocs, Body: jsonBody, Answer: synced, Faults: none,
			Rules: play.Rules(escapes, []play.Rule{
				{At: "open_kfid", Must: play.Given(play.Filled()), Else: refuse(95000, "invalid open_kfid")},
				{At: "limit", Must: play.All(play.Number(), play.Whole(), play.Between(1, 1000))},
				{At: "cursor", Must: play.Most(64, play.UTF8)},
				{At: "voice_format", Must: play.Is("0", "1")},
				{At: "token", Must: announced, Else: refuse(95007, "invalid msg token")},
			})},
	},
}

var msgID = []play.Rule{{At: "msgid", Must: play.Matches(`^[0-9A-Za-z_-]{1,32}$`), Source: kfSendDocs}}

// kfKinds are the types that Customer Service sends.
var kfKinds = []play.Rule{{At: "msgtype", Else: unknownType,
	Must: play.Given(play.Is("text", "image", "voice", "video", "file", "link", "miniprogram", "msgmenu", "location",
		"business_card", "ca_link"))}}

// kfContent is what a message of Customer Service must hold. The lengths are bytes.
var kfContent = play.Rules(content, media("file"),
	kf("link",
		play.Rule{At: "link", Must: play.Given(play.Object())},
		play.Rule{At: "link.title", Must: play.Given(play.Len(1, 128, play.UTF8))},
		play.Rule{At: "link.desc", Must: play.Most(512, play.UTF8)},
		play.Rule{At: "link.url", Must: play.Given(play.URL("http", "https"))},
		play.Rule{At: "link.url", Must: play.Most(2048, play.UTF8)},
		play.Rule{At: "link.thumb_media_id", Must: play.Given(play.Filled())}),
	kf("miniprogram",
		play.Rule{At: "miniprogram", Must: play.Given(play.Object())},
		play.Rule{At: "miniprogram.appid", Must: play.Given(appid)},
		play.Rule{At: "miniprogram.title", Must: play.Most(64, play.UTF8)},
		play.Rule{At: "miniprogram.thumb_media_id", Must: play.Given(play.Filled())},
		play.Rule{At: "miniprogram.pagepath", Must: play.Given(play.Len(1, 1024, play.UTF8))}),
	kf("location",
		play.Rule{At: "location", Must: play.Given(play.Object())},
		play.Rule{At: "location.latitude", Must: play.Given(play.Number(), play.Between(-90, 90))},
		play.Rule{At: "location.longitude", Must: play.Given(play.Number(), play.Between(-180, 180))},
		play.Rule{At: "location.name", Must: play.String()},
		play.Rule{At: "location.address", Must: play.String()}),
	kf("business_card", play.Rule{At: "business_card.userid", Must: play.Given(play.Filled())}),
	kf("ca_link", play.Rule{At: "ca_link.link_url", Must: play.Given(play.HTTPS())}),
	menu,
)

func kf(kind string, rules ...play.Rule) []play.Rule {
	return play.Where(play.If("msgtype", play.Is(kind)), play.From(kfSendDocs, parameter, rules...)...)
}

// menu is a message with up to ten lines to tap.
var menu = kf("msgmenu", play.Rules([]play.Rule{
	{At: "msgmenu", Must: play.Given(play.Object())},
	{At: "msgmenu.head_content", Must: play.Most(1024, play.UTF8)},
	{At: "msgmenu.tail_content", Must: play.Most(1024, play.UTF8)},
	{At: "msgmenu.list", Must: play.Count(0, 10)},
	{At: "msgmenu", Must: play.Some("head_content", "list", "tail_content")},
	{At: "msgmenu.list[].type", Must: play.Given(play.Is("click", "view", "miniprogram", "text"))},
},
	item("click",
		play.Rule{At: "id", Must: play.Len(1, 64, play.UTF8)},
		play.Rule{At: "content", Must: play.Given(play.Len(1, 128, play.UTF8))}),
	item("view",
		play.Rule{At: "url", Must: play.Given(play.Len(1, 2048, play.UTF8))},
		play.Rule{At: "content", Must: play.Given(play.Len(1, 1024, play.UTF8))}),
	item("miniprogram",
		play.Rule{At: "appid", Must: play.Given(play.Len(1, 32, play.UTF8))},
		play.Rule{At: "pagepath", Must: play.Given(play.Len(1, 1024, play.UTF8))},
		play.Rule{At: "content", Must: play.Given(play.Len(1, 1024, play.UTF8))}),
	item("text",
		play.Rule{At: "content", Must: play.Given(play.Len(1, 256, play.UTF8))},
		play.Rule{At: "no_newline", Must: play.Is("0", "1")}),
)...)

// item is a line of one type, whose members are in an object of the type's name.
func item(kind string, rules ...play.Rule) []play.Rule {
	line := "msgmenu.list[]."
	return play.Where(play.If(line+"type", play.Is(kind)),
		append([]play.Rule{{At: line + kind, Must: play.Given(play.Object())}}, play.In(line+kind, rules...)...)...)
}

func said(t play.Taken) play.Answer {
	id := cmp.Or(t.Get("msgid"), channel.Digest(t.Body)[:32])
	return play.Value(200, map[string]any{"errcode": 0, "errmsg": "ok", "msgid": id})
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
