package play

import (
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// endpoints are the methods: /bot<token>/<method>. https://core.telegram.org/bots/api#making-requests
func endpoints() []play.Endpoint {
	list := []play.Endpoint{
		{Method: "GET", Path: "/file/bot{token}/{file...}", Docs: ref + "#getfile", Answer: play.Picture},
		method("getFile", file, given("file_id")),
		method("answerCallbackQuery", yes, given("callback_query_id")),
		method("sendChatAction", yes, chatID, []play.Rule{{At: "action", Must: play.Given(play.Is("typing"))}}),
		method("setMessageReaction", yes, chatID, given("message_id", "reaction")),
		method("deleteMessage", yes, chatID, given("message_id")),
		method("readBusinessMessage", yes, chatID, given("message_id")),
		method("deleteBusinessMessages", yes, given("business_connection_id", "message_ids")),
		method("sendMessage", made, chatID, text, given("text"), markup),
		method("editMessageText", made, chatID, text, given("text", "message_id"), markup),
		method("editMessageMedia", made, chatID, given("media", "message_id"), markup),
		method("sendLocation", made, chatID, given("latitude", "longitude"), markup),
		method("sendVenue", made, chatID, given("latitude", "longitude", "title", "address"), markup),
		method("sendContact", made, chatID, given("phone_number", "first_name"), markup),
		method("sendInvoice", made, chatID, given("title", "description", "payload", "prices"), invoice, markup),
	}
	for _, name := range []string{"photo", "video", "animation", "audio", "voice", "document", "sticker"} {
		list = append(list, method("send"+strings.ToUpper(name[:1])+name[1:], made, chatID, sent(name), markup))
	}
	for _, name := range []string{"sendPoll", "sendDice", "sendMediaGroup", "sendVideoNote", "sendPaidMedia", "sendGame",
		"sendChecklist"} {
		list = append(list, method(name, made, chatID, text, markup)) // of native content only
	}
	return append(list, method("answerPreCheckoutQuery", yes), method("answerShippingQuery", yes),
		method("answerInlineQuery", yes))
}

func method(name string, answer func(play.Taken) play.Answer, rules ...[]play.Rule) play.Endpoint {
	return play.Endpoint{
		Method: "POST", Path: "/bot{token}/" + name, Docs: ref + "#" + strings.ToLower(name), Body: play.Parameters,
		Rules: play.Rules(rules...), Answer: answer,
	}
}

func given(names ...string) []play.Rule {
	list := make([]play.Rule, len(names))
	for i, name := range names {
		list[i] = play.Rule{At: name, Must: play.Given(play.Filled())}
		if name == "reaction" { // an empty list takes it back
			list[i].Must = play.Given(play.List())
		}
	}
	return list
}

var chatID = []play.Rule{{At: "chat_id", Must: play.Given(someone),
	Else: refuse(400, "Bad Request: chat_id is empty")}}

var someone = play.That("a chat's id, or the @name of a channel", func(_ play.Taken, v any) bool {
	id := play.Taken{Tree: map[string]any{"id": v}}.Get("id")
	return whole(id) != 0 || strings.HasPrefix(id, "@") && len(id) > 1
})

var text = []play.Rule{
	{At: "text", Must: play.Most(4096, play.UTF16), Else: refuse(400, "Bad Request: message is too long"),
		Source: ref + "#sendmessage"},
	{At: "caption", Must: play.Most(1024, play.UTF16), Else: refuse(400, "Bad Request: message caption is too long"),
		Source: ref + "#sendphoto"},
}

// sent is a file by its id, its address, or with the call.
// https://core.telegram.org/bots/api#sending-files
func sent(name string) []play.Rule {
	rules := []play.Rule{{
		At: name, Must: play.Given(play.Any(play.Begins("https://", "attach://"), play.Matches(`^[A-Za-z0-9_-]{20,}$`),
			attached)),
		Source: ref + "#sending-files",
	}}
	for _, other := range []string{"photo", "video", "animation", "audio", "voice", "document", "sticker"} {
		if other != name {
			rules = append(rules, play.Rule{At: other, Must: play.Absent()})
		}
	}
	return append(rules, text[1:]...)
}

var attached = play.That("a file",
	func(_ play.Taken, v any) bool { f, ok := v.(play.File); return ok && len(f.Data) > 0 })

var invoice = []play.Rule{
	{At: "currency", Must: play.Given(play.Len(3, 3, play.UTF8))},
}

var wrongButton = refuse(400, "Bad Request: BUTTON_DATA_INVALID")

// markup is a keyboard, under a message or in place of the customer's own.
var markup = play.Where(play.If("reply_markup", play.Object()),
	play.From(ref+"#inlinekeyboardmarkup", wrongButton, []play.Rule{
		{At: "reply_markup", Must: play.Some("inline_keyboard", "keyboard", "remove_keyboard", "force_reply")},
		{At: "reply_markup.inline_keyboard", Must: play.Count(1, 100)},
		{At: "reply_markup.keyboard", Must: play.Filled(), Source: ref + "#replykeyboardmarkup"},
		{At: "reply_markup.inline_keyboard[][].text", Must: play.Given(play.Filled())},
		{At: "reply_markup.keyboard[][].text", Must: play.Given(play.Filled()), Source: ref + "#keyboardbutton"},
		{At: "reply_markup.inline_keyboard[][].callback_data", Must: play.Len(1, 64, play.UTF8),
			Source: ref + "#inlinekeyboardbutton"},
		{At: "reply_markup.inline_keyboard[][]", Must: acts, Source: ref + "#inlinekeyboardbutton"},
	}...)...)

// acts is a button that does one thing; clients write a copy_text without text for none.
var acts = play.That("exactly one of callback_data, url, web_app, copy_text.text", func(_ play.Taken, v any) bool {
	b := play.Taken{Tree: v}
	n := b.Size("web_app")
	for _, place := range []string{"callback_data", "url", "copy_text.text"} {
		if b.Get(place) != "" {
			n++
		}
	}
	return n == 1
})

// file answers where a file lies.
func file(t play.Taken) play.Answer {
	return taken(map[string]string{"file_id": channel.Digest(t.Body), "file_path": "photos/file_1.jpg"})
}
