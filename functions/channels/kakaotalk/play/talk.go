package play

import (
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of the chatbot.
const (
	guide    = "https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/"
	answers  = guide + "answer_json_format"
	callDocs = guide + "ai_chatbot_callback_guide"
)

// The pages of Happytalk's hub.
const (
	hubDocs   = "https://developer-center.happytalk.io/KakaoWebhook/"
	plainDocs = hubDocs + "MessageSend/plain"
	richDocs  = hubDocs + "MessageSend/rich"
	imageDocs = hubDocs + "Upload/image"
)

// callback takes one to three outputs, once.
var callback = play.API{
	Name: "Chatbot callback", Hosts: []string{"bot-api.kakao.com"}, Missing: missing, Method: method, Else: fail,
	Faults: map[play.Fault]play.Refusal{play.Throttled: throttled, play.Expired: missing, play.Closed: missing,
		play.Gone: fail, play.Invalid: fail},
	Write: func(r play.Refusal, broken []play.Broken) play.Answer {
		if r.Code == "" {
			return bare(r)
		}
		return outcome("", r.Code, r.Text+place(broken), 0)
	},
	Endpoints: []play.Endpoint{{
		Method: "POST", Path: "/callback/{token...}", Docs: callDocs, Body: play.JSON, Rules: skill,
		Answer: func(t play.Taken) play.Answer { return outcome(t.Path, "SUCCESS", "", t.Received.UnixMilli()) },
	}},
}

var fail = play.Refusal{Status: 200, Code: "FAIL", Text: "invalid response"}

func place(broken []play.Broken) string {
	if len(broken) == 0 {
		return ""
	}
	return ": " + broken[0].Place
}

func outcome(path, status, message string, at int64) play.Answer {
	return play.Value(200, map[string]any{"taskId": channel.Digest([]byte(path)), "status": status, "message": message,
		"timestamp": at})
}

const output = "template.outputs[]."

var skill = play.From(answers+"#skilltemplate", fail, play.Rules([]play.Rule{
	{At: "", Must: play.Object()},
	{At: "version", Must: play.Given(play.Is("2.0"))},
	{At: "useCallback", Must: play.Absent(), Source: callDocs}, // that is for the skill's own answer
	{At: "template", Must: play.Given(play.Object())},
	{At: "template.outputs", Must: play.Given(play.List())},
	{At: "template.outputs", Must: play.Count(1, 3)},
	{At: "template.outputs[]", Must: play.One("simpleText", "simpleImage", "textCard", "basicCard", "commerceCard",
		"listCard", "itemCard", "carousel")},
	{At: "template.quickReplies", Must: play.Count(0, 10), Source: answers + "#quickreplies"},
	{At: "template.quickReplies[].action", Must: play.Is("message", "block"), Source: answers + "#quickreplies"},
	{At: output + "simpleText.text", Must: play.Given(play.String(), play.Filled()), Source: answers + "#simpletext"},
	{At: output + "simpleText.text", Must: play.Len(1, 1000, play.Runes), Source: answers + "#simpletext"},
	{At: output + "simpleImage.imageUrl", Must: play.Given(play.URL("http", "https")), Source: answers + "#simpleimage"},
	{At: output + "simpleImage.altText", Must: play.Given(play.Filled()), Source: answers + "#simpleimage"},
	{At: output + "simpleImage.altText", Must: play.Len(1, 1000, play.Runes), Source: answers + "#simpleimage"},
},
	card(output+"textCard", "#textcard", 400, play.Rule{At: "", Must: play.Some("title", "description")}),
	card(output+"basicCard", "#basiccard", 230, play.Rule{At: "thumbnail", Must: play.Given(play.Object())}),
	card(output+"carousel.items[]", "#carousel", 230),
	commerce, lists,
	play.From(answers+"#carousel", fail,
		play.Rule{At: output + "carousel.type", Must: play.Given(play.Is("textCard", "basicCard", "commerceCard", "listCard",
			"itemCard"))},
		play.Rule{At: output + "carousel.items", Must: play.Given(play.Count(1, 10))}),
	play.In("template.quickReplies[]", button...))...)

// card are the rules of a card with words, a picture and buttons.
func card(at, anchor string, description int, more ...play.Rule) []play.Rule {
	rules := []play.Rule{
		{At: "title", Must: play.Len(0, 50, play.Runes)},
		{At: "description", Must: play.Len(0, description, play.Runes)},
		{At: "thumbnail.imageUrl", Must: play.Given(play.URL("http", "https")), Source: answers + "#thumbnail"},
		{At: "thumbnail.altText", Must: play.Len(0, 50, play.Runes), Source: answers + "#thumbnail"},
		{At: "thumbnail.fixedRatio", Must: play.Truth(), Source: answers + "#thumbnail"},
		{At: "buttons", Must: play.Count(0, 3)},
		{At: "buttonLayout", Must: play.Is("vertical", "horizontal")},
		{At: "buttons", When: play.If("buttonLayout", play.Is("horizontal")), Must: play.Count(0, 2)},
	}
	return play.In(at, play.From(answers+anchor, fail,
		play.Rules(more, rules, play.In("buttons[]", button...))...)...)
}

var commerce = play.In(output+"commerceCard", play.From(answers+"#commercecard", fail, play.Rules([]play.Rule{
	{At: "price", Must: play.Given(play.Whole())},
	{At: "currency", Must: play.Given(play.Is("won"))},
	{At: "title", Must: play.Len(0, 30, play.Runes)},
	{At: "description", Must: play.Len(0, 40, play.Runes)},
	{At: "thumbnails", Must: play.Given(play.Count(1, 1))},
	{At: "buttons", Must: play.Given(play.Count(1, 3))},
}, play.In("buttons[]", button...))...)...)

var lists = play.In(output+"listCard", play.From(answers+"#listcard", fail, play.Rules([]play.Rule{
	{At: "header.title", Must: play.Given(play.Len(1, 15, play.Runes))},
	{At: "items", Must: play.Given(play.Count(1, 5))},
	{At: "items[].title", Must: play.Given(play.Filled())},
	{At: "buttons", Must: play.Count(0, 2)},
}, play.In("buttons[]", button...))...)...)

var button = play.From(answers+"#button", fail, []play.Rule{
	{At: "label", Must: play.Given(play.Filled())},
	{At: "label", Must: play.Len(1, 14, play.Runes)},
	{At: "action", Must: play.Given(play.Is("message", "block", "webLink", "phone", "share", "operator"))},
	{At: "messageText", When: play.If("action", play.Is("message")), Must: play.Given(play.Filled())},
	{At: "blockId", When: play.If("action", play.Is("block")), Must: play.Given(play.Filled())},
	{At: "webLinkUrl", When: play.If("action", play.Is("webLink")), Must: play.Given(play.URL("http", "https"))},
	{At: "phoneNumber", When: play.If("action", play.Is("phone")), Must: play.Given(play.Filled())},
	{At: "extra", Must: play.Object()},
}...)

func refuseHub(code int, text string) play.Refusal {
	return play.Refusal{Status: 200, Code: strconv.Itoa(code), Text: text}
}

// hub answers with status 200 and a code, as Happytalk does.
var hub = play.API{
	Name: "Happytalk", Hosts: []string{"kakao-api.happytalk.io"}, Missing: missing, Method: method,
	Knows: func(t play.Taken) bool {
		id, secret := t.Header.Get("HT-Client-Id"), t.Header.Get("HT-Client-Secret")
		return id == t.Account.Value("hub_client_id") && secret == t.Account.Value("hub_client_secret")
	},
	Unknown: play.Refusal{Status: 401, Code: "-401", Text: "AuthenticationException"},
	Else:    refuseHub(-502, "InvalidParameterException"),
	Faults: map[play.Fault]play.Refusal{
		play.Throttled: throttled, play.Closed: refuseHub(-503, "SessionNotExistException"),
		play.Gone:    refuseHub(-504, "InvalidUserKeyException"),
		play.Invalid: refuseHub(-502, "InvalidParameterException"),
	},
	Write: func(r play.Refusal, broken []play.Broken) play.Answer {
		if r.Code == "" {
			return bare(r)
		}
		return play.Text(r.Status, `{"code":%s,"message":%q}`, r.Code, r.Text)
	},
	Endpoints: []play.Endpoint{
		{Method: "POST", Path: "/kakaoWebhook/v3/bzc/image/upload", Docs: imageDocs, Answer: stored,
			Body: play.Multipart.Or(refuseHub(-505, "FailedToUploadFileException")), Rules: []play.Rule{
				{At: "sender_key", Must: play.Given(play.Len(40, 40, play.UTF8)), Else: sender},
				{At: "sender_key", Must: play.Own("sender_key"), Else: sender},
				{At: "image", Must: play.Given(), Else: refuseHub(-505, "FailedToUploadFileException")},
				{At: "image", Must: play.Bytes(1, 500<<10), Else: refuseHub(-505, "InvalidImageSizeException")},
				{At: "image", Must: pictured, Else: refuseHub(-505, "InvalidImageFormatException")},
				{At: "image_type", Must: play.Is("rich")},
			}},
		{Method: "POST", Path: "/kakaoWebhook/v3/bzc/chat/send/plain", Docs: plainDocs, Body: play.JSON, Answer: said,
			Rules: play.Rules(bubble, []play.Rule{
				{At: "chat_bubble_type", Must: play.Is("TEXT", "IMAGE", "FILE", "VIDEO", "AUDIO")},
				{At: "attachment.buttons", Must: play.Absent()},
				{At: "carousel", Must: play.Absent()},
			})},
		{Method: "POST", Path: "/kakaoWebhook/v3/bzc/chat/send/rich", Docs: richDocs, Body: play.JSON, Answer: said,
			Rules: play.Rules(bubble, []play.Rule{
				{At: "chat_bubble_type", Must: play.Is("TEXT", "IMAGE", "WIDE_IMAGE", "WIDE_ITEM_LIST", "ITEM_LIST",
					"CAROUSEL_FEED")},
				{At: "carousel", When: play.If("chat_bubble_type", play.Is("CAROUSEL_FEED")), Must: play.Given(play.Object())},
				{At: "header", When: play.If("chat_bubble_type", play.Is("TEXT", "IMAGE", "WIDE_IMAGE")), Must: play.Absent()},
				{At: "auto_answer", When: play.If("chat_bubble_type", play.Not(play.Is("TEXT"))), Must: play.Absent()},
				{At: "auto_answer", Must: play.Most(2, play.Runes)},
				{At: "lock", Must: play.Truth()},
			}, buttons)},
	},
}

var sender = refuseHub(-501, "InvalidSenderException")

// pictured is a file whose name ends as pictures do.
var pictured = play.That("a file named .jpg, .jpeg or .png", func(_ play.Taken, v any) bool {
	f, ok := v.(play.File)
	return ok && slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(path.Ext(f.Name)))
})

var said = play.Says(200, `{"code":0,"session_id":"180000001"}`)

// stored is an image in Kakao's store.
func stored(t play.Taken) play.Answer {
	form, _ := t.Tree.(map[string]any)
	file, _ := form["image"].(play.File)
	return play.Text(200, `{"code":"0000","image":"http://dn-m.talk.kakao.com/talkm/%s/i_demo.jpg"}`,
		channel.Digest(file.Data))
}

// bubble are the rules of every message of the talk.
var bubble = []play.Rule{
	{At: "", Must: play.Object()},
	{At: "sender_key", Must: play.Given(play.Len(40, 40, play.UTF8)), Else: sender},
	{At: "sender_key", Must: play.Own("sender_key"), Else: sender},
	{At: "user_key", Must: play.Given(play.Filled()), Else: refuseHub(-504, "InvalidUserKeyException")},
	{At: "user_key", Must: play.Len(1, 20, play.UTF8), Else: refuseHub(-504, "InvalidUserKeyException")},
	{At: "serial_number", Must: play.Given(play.String(), play.Filled())},
	{At: "serial_number", Must: play.Len(1, 30, play.UTF8)},
	{At: "chat_bubble_type", Must: play.Given(play.Filled())},
	{At: "message", Must: play.String()},
	{At: "message", Must: play.Most(1000, play.Runes)},
	{At: "message", When: play.If("chat_bubble_type", play.Is("TEXT")), Must: play.Given(play.Filled())},
	{At: "attachment", Must: play.Object()},
	{At: "attachment", When: play.If("chat_bubble_type", play.Is("IMAGE")), Must: play.Given(play.Some("image"))},
	{At: "attachment.image.img_url", Must: play.Given(stores)},
	{At: "attachment.image.img_url", Must: play.Most(1000, play.UTF8),
		Source: "https://mbi-developer-center.happytalk.io/kakaotalk_webhook/counseling/send_chat"},
}

// stores is an address in one of Kakao's stores: no other is shown.
var stores = play.That("an address in Kakao's store", func(_ play.Taken, v any) bool {
	u, err := url.Parse(play.Plain(v))
	return err == nil && strings.HasSuffix(u.Hostname(), ".kakao.com")
})

// buttons are those of a rich message.
var buttons = play.From(richDocs, play.Refusal{}, []play.Rule{
	{At: "attachment.buttons", Must: play.Count(0, 5)},
	{At: "attachment.buttons[].name", Must: play.Given(play.Filled())},
	{At: "attachment.buttons[].name", Must: play.Len(1, 14, play.Runes)},
	{At: "attachment.buttons[].type", Must: play.Given(play.Is("WL", "AL", "BK", "MD", "BT"))},
	{At: "attachment.buttons[].url_mobile", When: web, Must: play.Given(play.URL("http", "https"))},
	{At: "attachment.buttons[].url_pc", When: web, Must: play.URL("http", "https")},
	{At: "attachment.buttons[]", When: play.If("attachment.buttons[].type", play.Is("AL")),
		Must: play.Some("scheme_android", "scheme_ios", "url_mobile")},
}...)

var web = play.If("attachment.buttons[].type", play.Is("WL"))
