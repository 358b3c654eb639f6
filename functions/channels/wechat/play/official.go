package play

import (
	"bytes"
	"encoding/json"
	"html"
	"regexp"
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
			{At: "appid", Must: play.Given(play.Filled()), Else: refuse(41002, "appid missing")},
			{At: "appid", Must: play.Own("app_id"), Else: refuse(40013, "invalid appid")},
			{At: "secret", Must: play.Given(play.Filled()), Else: refuse(41004, "appsecret missing")},
			{At: "secret", Must: play.Own("app_secret"), Else: refuse(40125, "invalid appsecret")},
			{At: "force_refresh", Must: play.Truth(), Else: format},
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
		upload(uploadDocs, officialFiles),
		{Method: "POST", Path: "/cgi-bin/message/custom/send", Docs: sendDocs, Body: jsonBody, Answer: done,
			Rules: play.Rules(escapes, to, mini, officialKinds, content, officialContent)},
		{Method: "POST", Path: "/cgi-bin/message/custom/typing", Docs: typingDocs, Body: jsonBody, Answer: done,
			Faults: none,
			Rules: play.Rules(escapes, []play.Rule{
				{At: "touser", Must: play.Given(play.Filled(), play.Lacks(":")), Else: nobody},
				{At: "command", Must: play.Given(play.Is("Typing", "CancelTyping")), Else: refuse(45072, "invalid command")},
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

// A fileRule is what an upload of one type may be.
type fileRule struct {
	kind        string
	least, most int
	names       string // what a file's name ends in
}

// officialFiles and kfFiles are the uploads of each; Customer Service wants more than five bytes.
var (
	officialFiles = []fileRule{
		{"image", 1, 2 << 20, `\.(bmp|png|jpeg|jpg|gif)$`}, {"voice", 1, 2 << 20, `\.(amr|mp3)$`},
		{"video", 1, 10 << 20, `\.mp4$`}, {"thumb", 1, 64 << 10, `\.(jpg|jpeg)$`}}
	kfFiles = []fileRule{
		{"image", 6, 10 << 20, `\.(jpg|jpeg|png)$`}, {"voice", 6, 2 << 20, `\.amr$`},
		{"video", 6, 10 << 20, `\.mp4$`}, {"file", 6, 20 << 20, `\.[^.]+$`}}
)

// upload stores a file of one type for three days.
func upload(docs string, files []fileRule) play.Endpoint {
	var kinds []string
	rules := []play.Rule{
		{At: "media", Must: play.Given(), Else: refuse(41005, "media data missing")},
		{At: "media", Must: named, Else: refuse(41005, "media data missing")},
	}
	for _, f := range files {
		kinds = append(kinds, f.kind)
		this := play.If("query:type", play.Is(f.kind))
		rules = append(rules,
			play.Rule{At: "media", When: this, Must: play.Bytes(f.least, f.most), Else: refuse(40006, "invalid media size")},
			play.Rule{At: "media", When: this, Must: ends(f.names), Else: refuse(40005, "invalid file type")})
	}
	kind := play.Rule{At: "query:type", Must: play.Given(play.Is(kinds...)), Else: refuse(40004, "invalid media type")}
	return play.Endpoint{Method: "POST", Path: "/cgi-bin/media/upload", Docs: docs, Faults: none,
		Rules: append([]play.Rule{kind}, rules...), Answer: stored,
		Body: play.Multipart.Or(refuse(41005, "media data missing"))}
}

// ends is a file whose name ends in pattern.
func ends(pattern string) play.Check {
	p := regexp.MustCompile("(?i)" + pattern)
	return play.That("a file named `"+pattern+"`", func(_ play.Taken, v any) bool {
		f, ok := v.(play.File)
		return ok && p.MatchString(f.Name)
	})
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

// unknownType is the answer to a type that an API does not have.
var unknownType = refuse(40008, "invalid message type")

// officialKinds are the types of the page; link is a Mini Program's own.
var officialKinds = []play.Rule{{At: "msgtype", Else: unknownType,
	Must: play.Given(play.Is("text", "image", "voice", "video", "music", "news", "mpnews", "mpnewsarticle", "msgmenu",
		"wxcard", "miniprogrampage", "link"))}}

// content is what a message must hold in both APIs.
var content = play.Rules(
	of("text", 44004, play.Rule{At: "text", Must: play.Given(play.Object())},
		play.Rule{At: "text.content", Must: play.Given(play.String(), play.Filled())}),
	of("text", 45002, play.Rule{At: "text.content", Must: play.Most(2048, play.UTF8)}),
	media("image"), media("voice"), media("video"),
)

// officialContent is what each type of an Official Account or a Mini Program must hold.
var officialContent = play.Rules(
	of("video", 40007, play.Rule{At: "video.thumb_media_id", Must: play.Given(play.Filled())}),
	of("music", 40008, play.Rule{At: "music", Must: play.Given(play.Object())},
		play.Rule{At: "music.musicurl", Must: play.Given(play.Filled())},
		play.Rule{At: "music.hqmusicurl", Must: play.Given(play.Filled())},
		play.Rule{At: "music.thumb_media_id", Must: play.Given(play.Filled())}),
	of("news", 44003, play.Rule{At: "news", Must: play.Given(play.Object())}),
	of("news", 45008, play.Rule{At: "news.articles", Must: play.Given(play.Count(1, 1))},
		play.Rule{At: "news.articles[].title", Must: play.Given(play.Filled())},
		play.Rule{At: "news.articles[].description", Must: play.String()},
		play.Rule{At: "news.articles[].url", Must: play.Given(play.URL("http", "https"))},
		play.Rule{At: "news.articles[].picurl", Must: play.Any(play.Is(""), play.URL("http", "https"))}),
	of("mpnews", 40007, play.Rule{At: "mpnews.media_id", Must: play.Given(play.Filled())}),
	of("mpnewsarticle", 40008, play.Rule{At: "mpnewsarticle.article_id", Must: play.Given(play.Filled())}),
	of("wxcard", 40008, play.Rule{At: "wxcard.card_id", Must: play.Given(play.Filled())}),
	of("miniprogrampage", 40008, play.Rule{At: "miniprogrampage", Must: play.Given(play.Object())},
		play.Rule{At: "miniprogrampage.pagepath", Must: play.Given(play.Filled())},
		play.Rule{At: "miniprogrampage.thumb_media_id", Must: play.Given(play.Filled())},
		play.Rule{At: "miniprogrampage.appid", Must: appid}),
	of("link", 45005, play.Rule{At: "link", Must: play.Given(play.Object())},
		play.Rule{At: "link.title", Must: play.Given(play.Filled())},
		play.Rule{At: "link.description", Must: play.Given(play.String())},
		play.Rule{At: "link.url", Must: play.Given(play.URL("http", "https"))},
		play.Rule{At: "link.thumb_url", Must: play.Given(play.String())}),
	of("msgmenu", 40008, play.Rule{At: "msgmenu", Must: play.Given(play.Object())},
		play.Rule{At: "msgmenu.list", Must: play.Given(play.List(), play.Filled())},
		play.Rule{At: "msgmenu.list[].id", Must: play.Given(play.String(), play.Filled())},
		play.Rule{At: "msgmenu.list[].content", Must: play.Given(play.String(), play.Filled())},
		play.Rule{At: "msgmenu.list", Must: play.Unique("id")},
		play.Rule{At: "msgmenu.head_content", Must: play.String()},
		play.Rule{At: "msgmenu.tail_content", Must: play.String()}),
	[]play.Rule{{At: "customservice.kf_account", Must: play.Given(play.Matches(`^[^@]+@[^@]+$`)),
		Else: refuse(61451, "invalid parameter")}},
)

// appid is needed of an Official Account: a Mini Program opens its own pages.
var appid = play.That("a Mini Program's id, which starts with wx", func(_ play.Taken, v any) bool {
	return strings.HasPrefix(play.Plain(v), "wx")
})

func of(kind string, code int, rules ...play.Rule) []play.Rule {
	return play.Where(play.If("msgtype", play.Is(kind)), play.From("", refuse(code, "invalid "+kind), rules...)...)
}

func media(kind string) []play.Rule {
	return of(kind, 40007, play.Rule{At: kind, Must: play.Given(play.Object())},
		play.Rule{At: kind + ".media_id", Must: play.Given(play.Filled())})
}

// template sends a template and tells that it has.
func template(path, docs string, mini bool) play.Endpoint {
	product := play.That("of the right product", func(t play.Taken, _ any) bool { return isMini(t.Account) == mini })
	return play.Endpoint{
		Method: "POST", Path: path, Docs: docs, Body: jsonBody,
		Rules: play.Rules(escapes, []play.Rule{
			{At: "", Must: product, Else: refuse(48001, "api unauthorized")},
			{At: "touser", Must: play.Given(play.Filled(), play.Lacks(":")), Else: nobody},
			{At: "template_id", Must: play.Given(play.Filled()), Else: refuse(40037, "invalid template_id")},
			{At: "data", Must: play.Given(play.Object(), play.Filled()), Else: refuse(47003, "argument invalid!")},
			{At: "data", Must: values, Else: refuse(47003, "argument invalid!")},
			{At: "data", Must: words, Else: refuse(47003, "argument invalid!"), Source: wordsDocs},
			{At: "client_msg_id", Must: play.Len(1, 32, play.UTF8), Source: templateDocs,
				Else: refuse(40035, "invalid parameter")},
			{At: "miniprogram.appid", Must: play.Given(appid), Else: refuse(40013, "invalid appid")},
			{At: "url", Must: play.URL("http", "https"), Else: refuse(40048, "invalid url domain")},
			{At: "miniprogram_state", Must: play.Is("developer", "trial", "formal"), Source: subscribeDocs,
				Else: refuse(40035, "invalid parameter")},
			{At: "lang", Must: play.Is("zh_CN", "en_US", "zh_HK", "zh_TW"), Source: subscribeDocs,
				Else: refuse(40035, "invalid parameter")},
		}),
		Faults: map[play.Fault]play.Refusal{play.Closed: {}, play.Gone: refuse(43101, "user refuse to accept the msg"),
			play.Invalid: refuse(40037, "invalid template_id")},
		Answer: func(t play.Taken) play.Answer { return notified(t, path == "/cgi-bin/message/template/send") },
	}
}

// wordsDocs says how long a value may be, by the type with which its name begins.
const wordsDocs = subscribeDocs

// values are objects with a value, which is a text.
var values = play.That("objects with a value", func(_ play.Taken, v any) bool {
	data, _ := v.(map[string]any)
	for _, d := range data {
		object, _ := d.(map[string]any)
		if _, text := object["value"].(string); !text {
			return false
		}
	}
	return true
})

// valueForms are the forms of values by type.
var valueForms = []struct {
	kind string
	form *regexp.Regexp
}{
	{"thing", regexp.MustCompile(`^(?s:.{1,20})$`)},
	{"number", regexp.MustCompile(`^[0-9]{1,32}(\.[0-9]+)?$`)},
	{"letter", regexp.MustCompile(`^[A-Za-z]{1,32}$`)},
	{"symbol", regexp.MustCompile(`^.{1,5}$`)},
	{"character_string", regexp.MustCompile(`^[!-~]{1,32}$`)},
	{"phone_number", regexp.MustCompile(`^[0-9+\-() ]{1,17}$`)},
	{"car_number", regexp.MustCompile(`^.{1,8}$`)},
	{"phrase", regexp.MustCompile(`^\p{Han}{1,5}$`)},
}

// words are values as their types want them: thing1 has at most 20 characters.
var words = play.That("values as their types want them", func(_ play.Taken, v any) bool {
	data, _ := v.(map[string]any)
	for name, d := range data {
		object, _ := d.(map[string]any)
		kind := strings.TrimRight(name, "0123456789")
		for _, f := range valueForms {
			if f.kind == kind && !f.form.MatchString(play.Plain(object["value"])) {
				return false
			}
		}
	}
	return true
})

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
