package play

import (
	"strconv"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of the chatbot.
const (
	guide    = "https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/"
	answers  = guide + "answer_json_format"
	callDocs = guide + "ai_chatbot_callback_guide"
	talkDocs = "https://kakaobusiness.gitbook.io/main/tool/chatbot"
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

var skill = play.From(answers+"#skilltemplate", fail, play.Rules([]play.Rule{
	{At: "version", Must: play.Given(play.Is("2.0"))},
	{At: "template.outputs", Must: play.Given(play.Count(1, 3))},
	{At: "template.outputs[]", Must: play.Count(1, 1)},
	{At: "template.outputs[].simpleText.text", Must: play.Given(play.Len(1, 1000, play.Runes))},
	{At: "template.outputs[].simpleImage.imageUrl", Must: play.Given(play.Begins("https://"))},
	{At: "template.outputs[].simpleImage.altText", Must: play.Given(play.Filled())},
	{At: "template.outputs[].textCard.description", Must: play.Given(play.Filled()), Source: answers + "#textcard"},
	{At: "template.outputs[].textCard.buttons", Must: play.Count(0, 3), Source: answers + "#textcard"},
	{At: "template.outputs[].basicCard.thumbnail.imageUrl", Must: play.Given(play.Begins("https://"))},
	{At: "template.outputs[].basicCard.thumbnail", Must: play.Given()},
	{At: "template.outputs[].basicCard.buttons", Must: play.Count(0, 3)},
	{At: "template.quickReplies", Must: play.Count(0, 10)},
}, play.In("template.outputs[].textCard.buttons[]", button...),
	play.In("template.outputs[].basicCard.buttons[]", button...),
	play.In("template.quickReplies[]", button...))...)

var button = play.From(answers+"#button", fail, []play.Rule{
	{At: "label", Must: play.Given(play.Len(1, 14, play.Runes))},
	{At: "action", Must: play.Given(play.Is("message", "block", "webLink"))},
	{At: "messageText", When: play.If("action", play.Is("message")), Must: play.Given(play.Filled())},
	{At: "blockId", When: play.If("action", play.Is("block")), Must: play.Given(play.Filled())},
	{At: "webLinkUrl", When: play.If("action", play.Is("webLink")), Must: play.Given(play.Begins("http"))},
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
		{Method: "POST", Path: "/kakaoWebhook/v3/bzc/image/upload", Docs: talkDocs, Answer: stored,
			Body: play.Multipart.Or(refuseHub(-505, "FailedToUploadFileException")), Rules: []play.Rule{
				{At: "image", Must: play.Given(play.Bytes(1, 1<<20)), Else: refuseHub(-505, "InvalidImageSizeException")},
				{At: "sender_key", Must: play.Given(play.Own("sender_key")), Else: refuseHub(-501, "InvalidSenderException")},
			}},
		{Method: "POST", Path: "/kakaoWebhook/v3/bzc/chat/send/plain", Docs: talkDocs, Body: play.JSON, Rules: bubble,
			Answer: said},
		{Method: "POST", Path: "/kakaoWebhook/v3/bzc/chat/send/rich", Docs: talkDocs, Body: play.JSON, Rules: bubble,
			Answer: said},
	},
}

var said = play.Says(200, `{"code":0,"session_id":"180000001"}`)

// stored is an image in Kakao's store.
func stored(t play.Taken) play.Answer {
	form, _ := t.Tree.(map[string]any)
	file, _ := form["image"].(play.File)
	return play.Text(200, `{"code":"0000","image":"http://dn-m.talk.kakao.com/talkm/%s/i_demo.jpg"}`,
		channel.Digest(file.Data))
}

var bubble = []play.Rule{
	{At: "sender_key", Must: play.Given(play.Own("sender_key")), Else: refuseHub(-501, "InvalidSenderException")},
	{At: "user_key", Must: play.Given(play.Len(1, 20, play.UTF8)), Else: refuseHub(-504, "InvalidUserKeyException")},
	{At: "serial_number", Must: play.Given(play.Len(1, 30, play.UTF8))},
	{At: "chat_bubble_type", Must: play.Given(play.Filled())},
	{At: "message", Must: play.Most(1000, play.Runes)},
	{At: "message", When: play.If("chat_bubble_type", play.Is("TEXT")), Must: play.Given(play.Filled())},
	{At: "attachment", When: play.If("chat_bubble_type", play.Is("IMAGE")), Must: play.Given(play.Some("image"))},
	{At: "attachment.image.img_url", When: play.If("chat_bubble_type", play.Is("IMAGE")),
		Must: play.Given(play.Begins("http://dn-m.talk.kakao.com/"))},
	{At: "attachment.buttons", Must: play.Count(0, 5)},
	{At: "attachment.buttons[].name", Must: play.Given(play.Len(1, 14, play.Runes))},
	{At: "attachment.buttons[].type", Must: play.Given(play.Filled())},
	{At: "attachment.buttons[].url_mobile", When: play.If("attachment.buttons[].type", play.Is("WL")),
		Must: play.Given(play.Filled())},
}
