package play

import (
	"bytes"
	"encoding/json"
	"html"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of Official Accounts and Mini Programs.
const (
	api           = "https://developers.weixin.qq.com/doc/service/api/"
	tokenDocs     = api + "base/api_getstableaccesstoken"
	sendDocs      = api + "customer/message/api_sendcustommessage"
	typingDocs    = api + "customer/message/api_typing"
	uploadDocs    = api + "material/temporary/api_uploadtempmedia"
	mediaDocs     = api + "material/temporary/api_getmedia.html"
	templateDocs  = api + "notify/template/api_sendtemplatemessage"
	bizDocs       = api + "notify/notify/api_sendnewsubscribemsg"
	subscribeDocs = "https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-" +
		"message/sendMessage.html"
)

var (
	missing  = play.Refusal{Status: 404}
	post     = refuse(43002, "require POST method")
	format   = refuse(47001, "data format error")
	stranger = refuse(40014, "invalid access_token")
	nobody   = refuse(40003, "invalid openid")

	jsonBody = play.JSON.Or(format)
)

var stableToken = play.API{
	Name: "Stable access token", Hosts: []string{"api.weixin.qq.com"}, Missing: missing,
	Method: refuse(40002, "invalid grant_type"), Write: write,
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/cgi-bin/stable_token", Docs: tokenDocs, Body: play.JSON,
		Else: refuse(40002, "invalid grant_type"),
		Rules: []play.Rule{
			{At: "grant_type", Must: play.Given(play.Is("client_credential"))},
			{At: "appid", Must: play.Given(play.Own("app_id")), Else: refuse(40013, "invalid appid")},
			{At: "secret", Must: play.Given(play.Own("app_secret")), Else: refuse(40125, "invalid appsecret")},
		},
		Answer: func(t play.Taken) play.Answer {
			return play.Text(200, `{"access_token":%q,"expires_in":7200}`, token(t.Account))
		},
	}},
}

// none of the faults of a message are those of what goes before it.
var none = map[play.Fault]play.Refusal{play.Closed: {}, play.Gone: {}, play.Invalid: {}}

// files are not throttled either.
var files = map[play.Fault]play.Refusal{play.Throttled: {}, play.Closed: {}, play.Gone: {}, play.Invalid: {}}

var official = play.API{
	Name: "Official Accounts and Mini Programs", Hosts: []string{"api.weixin.qq.com"}, Missing: missing, Method: post,
	Write: write,
	Knows: func(t play.Taken) bool { return knows(t) && !isKF(t.Account) }, Unknown: stranger,
	Else: refuse(40008, "invalid message type"),
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: refuse(45011, "api minute-quota reach limit, must slower, retry next minute"),
		play.Closed:    refuse(45015, "response out of time limit or subscription is canceled"),
		play.Gone:      refuse(43004, "require subscribe"),
		play.Invalid:   refuse(40008, "invalid message type"),
	},
	Endpoints: []play.Endpoint{
		{Method: "GET", Path: "/cgi-bin/media/get", Docs: mediaDocs, Rules: mediaID, Faults: files, Answer: play.Picture},
		upload(uploadDocs, "image", "voice", "video", "thumb"),
		{Method: "POST", Path: "/cgi-bin/message/custom/send", Docs: sendDocs, Body: jsonBody, Answer: done,
			Rules: play.Rules(escapes, to, mini, kinds("news", "msgmenu", "music", "mpnewsarticle", "wxcard"), content)},
		{Method: "POST", Path: "/cgi-bin/message/custom/typing", Docs: typingDocs, Body: jsonBody, Answer: done,
			Faults: none,
			Rules: play.Rules(escapes, []play.Rule{
				{At: "command", Must: play.Given(play.Is("Typing", "CancelTyping")), Else: refuse(45072, "invalid command")},
				{At: "touser", Must: play.Given(play.Filled()), Else: nobody},
			})},
		template("/cgi-bin/message/template/send", templateDocs, false),
		template("/cgi-bin/message/subscribe/bizsend", bizDocs, false),
		template("/cgi-bin/message/subscribe/send", subscribeDocs, true),
	},
}

var mediaID = []play.Rule{{At: "query:media_id", Must: play.Given(play.Filled()),
	Else: refuse(40007, "invalid media_id")}}

// escapes are shown as they are written: WeChat wants raw UTF-8.
var escapes = []play.Rule{
	{At: "", Else: format, Must: play.That("without \\u00 escapes", func(t play.Taken, _ any) bool {
		return !bytes.Contains(t.Body, []byte(`\u00`))
	})}}

// upload stores a file of one of kinds for three days.
func upload(docs string, kinds ...string) play.Endpoint {
	size := refuse(40006, "invalid media size")
	rules := []play.Rule{
		{At: "query:type", Must: play.Given(play.Is(kinds...)), Else: refuse(40004, "invalid media type")},
		{At: "media", Must: play.Given(named), Else: refuse(41005, "media data missing")},
	}
	largest := map[string]int{"image": 2 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10, "file": 20 << 20}
	for _, kind := range kinds {
		fits := play.Bytes(1, largest[kind])
		rules = append(rules, play.Rule{At: "media", When: play.If("query:type", play.Is(kind)), Must: fits, Else: size})
	}
	return play.Endpoint{Method: "POST", Path: "/cgi-bin/media/upload", Docs: docs, Faults: none, Rules: rules,
		Answer: stored,
		Body:   play.Multipart.Or(refuse(41005, "media data missing"))}
}

var named = play.That("a file with an extension", func(_ play.Taken, v any) bool {
	f, ok := v.(play.File)
	return ok && strings.Contains(f.Name, ".")
})

func stored(t play.Taken) play.Answer {
	kind, field := t.Query.Get("type"), "media_id"
	if kind == "thumb" {
		field = "thumb_media_id"
	}
	form, _ := t.Tree.(map[string]any)
	file, _ := form["media"].(play.File)
	return play.Value(200, map[string]any{"type": kind, field: channel.Digest(file.Data, kind),
		"created_at": t.Received.Unix()})
}

var to = []play.Rule{{At: "touser", Must: play.Given(play.Filled(), play.Lacks(":")), Else: nobody}}

// mini is what a Mini Program may send.
var mini = []play.Rule{{At: "msgtype", Else: refuse(45162, "invalid type"),
	Must: play.That("for a Mini Program: text, image, link or miniprogrampage", func(t play.Taken, _ any) bool {
		switch t.Get("msgtype") {
		case "text", "image", "link", "miniprogrampage":
			return true
		}
		return !isMini(t.Account)
	})}}

// kinds are the types of a message, with those that this API has alone.
func kinds(own ...string) []play.Rule {
	all := append([]string{"text", "image", "voice", "video", "file", "link", "miniprogrampage", "miniprogram",
		"location",
		"business_card", "ca_link"}, own...)
	return []play.Rule{{At: "msgtype", Must: play.Given(play.Is(all...)), Else: refuse(40008, "invalid message type")}}
}

// content is what a message of each type must hold.
var content = play.Rules(
	of("text", 44004, play.Rule{At: "text.content", Must: play.Given(play.Filled())}),
	of("text", 45002, play.Rule{At: "text.content", Must: play.Most(2048, play.UTF8)}),
	of("text", 44004, play.Rule{At: "text", Must: play.Given()}),
	media("image"), media("voice"), media("video"), media("file"),
	of("news", 45008, play.Rule{At: "news.articles", Must: play.Given(play.Count(1, 1))},
		play.Rule{At: "news.articles[].title", Must: play.Given(play.Filled())},
		play.Rule{At: "news.articles[].url", Must: play.Given(play.Filled())}),
	of("link", 45005, play.Rule{At: "link", Must: play.Given()},
		play.Rule{At: "link.title", Must: play.Given(play.Filled())},
		play.Rule{At: "link.url", Must: play.Given(play.Filled())}),
	of("msgmenu", 40008, play.Rule{At: "msgmenu.list", Must: play.Given(play.Count(1, 10)), Source: kfSendDocs},
		play.Rule{At: "msgmenu.head_content", Must: play.Most(1024, play.UTF8), Source: kfSendDocs},
		play.Rule{At: "msgmenu.tail_content", Must: play.Most(1024, play.UTF8), Source: kfSendDocs}),
)

func of(kind string, code int, rules ...play.Rule) []play.Rule {
	return play.Where(play.If("msgtype", play.Is(kind)), play.From("", refuse(code, "invalid "+kind), rules...)...)
}

func media(kind string) []play.Rule {
	return of(kind, 40007, play.Rule{At: kind, Must: play.Given()},
		play.Rule{At: kind + ".media_id", Must: play.Given(play.Filled())})
}

// template sends a template and tells that it has.
func template(path, docs string, mini bool) play.Endpoint {
	product := play.That("of the right product", func(t play.Taken, _ any) bool { return isMini(t.Account) == mini })
	return play.Endpoint{
		Method: "POST", Path: path, Docs: docs, Body: jsonBody,
		Rules: play.Rules(escapes, []play.Rule{
			{At: "", Must: product, Else: refuse(48001, "api unauthorized")},
			{At: "touser", Must: play.Given(play.Filled()), Else: nobody},
			{At: "template_id", Must: play.Given(play.Filled()), Else: refuse(40037, "invalid template_id")},
			{At: "data", Must: play.Given(play.Filled()), Else: refuse(47003, "argument invalid!")},
		}),
		Faults: map[play.Fault]play.Refusal{play.Closed: {}, play.Gone: refuse(43101, "user refuse to accept the msg"),
			play.Invalid: refuse(40037, "invalid template_id")},
		Answer: func(t play.Taken) play.Answer { return notified(t, path == "/cgi-bin/message/template/send") },
	}
}

func notified(t play.Taken, template bool) play.Answer {
	number, _ := strconv.ParseUint(channel.Digest(t.Body)[:14], 16, 64) // hexadecimal digits
	id := strconv.FormatUint(number+3_400_000_000_000_000_000, 10)
	a := play.Value(200, map[string]any{"errcode": 0, "errmsg": "ok", "msgid": json.Number(id)})
	result := "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>" + id + "</MsgID><Status>success</Status>"
	if !template {
		result = "<Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><TemplateId>" +
			html.EscapeString(t.Get("template_id")) +
			"</TemplateId><MsgID>" + id +
			"</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>"
	}
	a.Posts = []channel.Request{push(t.Account, t.Get("touser"), t.Received, "<MsgType>event</MsgType>"+result)}
	return a
}
