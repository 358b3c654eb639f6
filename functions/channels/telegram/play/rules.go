package play

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// endpoints are the methods: /bot<token>/<method>. https://core.telegram.org/bots/api#making-requests
func endpoints() []play.Endpoint {
	list := []play.Endpoint{
		{Method: "GET", Path: "/file/bot{token}/{file...}", Docs: ref + "#getfile", Answer: play.Picture},
		method("getFile", file, need("file_id", "Bad Request: file_id not specified", play.Filled())),
		method("sendChatAction", yes, chatID, topic, need("action", "Bad Request: wrong parameter action in request",
			play.Is(actions...))),
		method("setMessageReaction", yes, chatID, messageID, reaction),
		method("deleteMessage", yes, chatID, messageID),
		method("readBusinessMessage", yes, chatID, connected, messageID),
		method("deleteBusinessMessages", yes, connected, need("message_ids",
			"Bad Request: message identifiers are not specified", play.Count(1, 100)), whole64("message_ids[]")),
	}
	for _, e := range queries {
		list = append(list, method(e.name, yes, e.rules...))
	}
	for _, e := range edits {
		list = append(list, method(e.name, made, append([][]play.Rule{edited, inlineOnly, keyboard}, e.rules...)...))
	}
	for _, e := range sends {
		list = append(list, method(e.name, made, append([][]play.Rule{chatID, common, keyboard}, e.rules...)...))
	}
	return list
}

// A named is a method with the rules that are its own.
type named struct {
	name  string
	rules [][]play.Rule
}

func of(name string, rules ...[]play.Rule) named { return named{name, rules} }

func method(name string, answer func(play.Taken) play.Answer, rules ...[]play.Rule) play.Endpoint {
	return play.Endpoint{
		Method: "POST", Path: "/bot{token}/" + name, Docs: ref + "#" + strings.ToLower(name), Body: play.Parameters,
		Rules: play.Rules(rules...), Answer: answer,
	}
}

// need is a parameter that must be there, answered with words where it is not right.
func need(at, words string, checks ...play.Check) []play.Rule {
	return append([]play.Rule{{At: at, Must: play.Given(), Else: refuse(400, words)}}, may(at, words, checks...)...)
}

// may is a parameter that keeps checks where it is.
func may(at, words string, checks ...play.Check) []play.Rule {
	list := make([]play.Rule, len(checks))
	for i, c := range checks {
		list[i] = play.Rule{At: at, Must: c, Else: refuse(400, words)}
	}
	return list
}

// on is rules of a type or section of the reference.
func on(anchor string, lists ...[]play.Rule) []play.Rule {
	return play.From(ref+"#"+anchor, play.Refusal{}, play.Rules(lists...)...)
}

const bad = "Bad Request"

func truth(places ...string) []play.Rule {
	return each(places, play.Is("true", "false"))
}

func whole64(places ...string) []play.Rule { return each(places, play.Whole()) }

func each(places []string, c play.Check) []play.Rule {
	var list []play.Rule
	for _, p := range places {
		list = append(list, may(p, bad, c)...)
	}
	return list
}

var actions = []string{"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
	"upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note"}

var someone = play.That("a chat's id, or an @name", func(_ play.Taken, v any) bool {
	id := idOf(v)
	return whole(id) != 0 || strings.HasPrefix(id, "@") && len(id) > 1
})

// private is the id of a person, whose chat with the bot has the same.
var private = play.That("a private chat", func(_ play.Taken, v any) bool { return whole(idOf(v)) > 0 })

func idOf(v any) string { return play.Taken{Tree: map[string]any{"id": v}}.Get("id") }

var (
	chatID = need("chat_id", "Bad Request: chat_id is empty", someone)
	topic  = whole64("message_thread_id", "direct_messages_topic_id")

	connected = need("business_connection_id", "Bad Request: business connection not found", play.Filled())
	messageID = need("message_id", "Bad Request: message identifier is not specified", play.Whole(),
		play.Not(play.Is("0")))
)

// common is what all methods take that send something.
var common = play.Rules(
	topic, may("business_connection_id", "Bad Request: business connection not found", play.Filled()),
	truth("disable_notification", "protect_content", "allow_paid_broadcast"),
	play.Where(play.If("chat_id", play.Not(private)), may("message_effect_id", bad, play.Absent())...),
	on("replyparameters",
		may("reply_parameters", "Bad Request: can't parse reply parameters JSON object", play.Object()),
		play.Where(play.If("reply_parameters.ephemeral_message_id", play.Absent()),
			need("reply_parameters.message_id", "Bad Request: message to be replied not found")...),
		whole64("reply_parameters.message_id", "reply_parameters.quote_position"),
		play.Where(play.If("business_connection_id", play.Filled()), may("reply_parameters.chat_id", bad, play.Absent())...),
		truth("reply_parameters.allow_sending_without_reply"),
		may("reply_parameters.quote", "Bad Request: QUOTE_TEXT_INVALID", play.Most(1024, play.UTF16)),
		styles("reply_parameters.quote", "reply_parameters.quote_entities", "reply_parameters.quote_parse_mode")),
)

// edited is the message that an edit is of.
var edited = play.Rules(
	play.Where(play.If("inline_message_id", play.Absent()), play.Rules(chatID, messageID)...),
	may("business_connection_id", "Bad Request: business connection not found", play.Filled()),
)

// text is a message's own.
var text = play.Rules(
	need("text", "Bad Request: message text is empty"),
	textLength, styles("text", "entities", "parse_mode"), preview,
)

var textLength = play.Rules(
	may("text", "Bad Request: message text is empty", play.Filled()),
	play.From(seenEmpty, refuse(400, "Bad Request: text must be non-empty"),
		play.Rule{At: "text", Must: play.Matches(`(?s)\S|^$`)}),
	may("text", "Bad Request: message is too long", play.Most(4096, play.UTF16)),
)

// seenEmpty is where a text of white space is refused, of which the reference says nothing.
const seenEmpty = "https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp"

// preview is how a link of the text is shown.
var preview = on("linkpreviewoptions",
	may("link_preview_options", bad, play.Object()),
	truth("link_preview_options.is_disabled", "link_preview_options.prefer_small_media",
		"link_preview_options.prefer_large_media", "link_preview_options.show_above_text"))

var caption = captionOf("")

// captionOf is the caption of what at begins with: "" or "media.".
func captionOf(at string) []play.Rule {
	return play.Rules(
		may(at+"caption", "Bad Request: message caption is too long", play.Most(1024, play.UTF16)),
		styles(at+"caption", at+"caption_entities", at+"parse_mode"), truth(at+"show_caption_above_media", at+"has_spoiler"))
}

// entities are the kinds of styles.
var entities = []string{"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold",
	"italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link",
	"text_mention", "custom_emoji", "date_time"}

// styles are those of a text, as entities or marked in it.
func styles(words, list, mode string) []play.Rule {
	const unread = "Bad Request: can't parse MessageEntity"
	at := list + "[]"
	typed := func(kind, member string) []play.Rule {
		return play.Where(play.If(at+".type", play.Is(kind)), need(at+"."+member, unread, play.Filled())...)
	}
	return on("messageentity",
		may(list, "Bad Request: can't parse entities JSON object", play.List(), within(words)),
		play.Where(play.If(list, play.Filled()), may(mode, bad, play.Absent())...),
		need(at+".type", unread, play.Is(entities...)),
		need(at+".offset", unread, play.Whole(), play.Between(0, 1<<31)),
		need(at+".length", unread, play.Whole(), play.Between(1, 1<<31)),
		typed("text_link", "url"), typed("text_mention", "user"), typed("custom_emoji", "custom_emoji_id"),
		typed("date_time", "unix_time"),
		play.Where(play.If(at+".type", play.Not(play.Is("pre"))), may(at+".language", unread, play.Absent())...),
		may(at+".url", "Bad Request: entity URL is invalid", play.Begins("http://", "https://", "tg://",
			"mailto:", "tel:")),
		may(mode, "Bad Request: unsupported parse_mode", play.Is("HTML", "MarkdownV2", "Markdown")),
	)
}

// within is a list of entities that lie in the text beside it, and part no character.
func within(at string) play.Check {
	return play.That("within "+at+", in UTF-16 units", func(t play.Taken, v any) bool {
		list, units := play.Taken{Tree: v}, play.UTF16.Of(t.Get(at))
		if strings.Contains(at, "[]") {
			return true // of an album: which caption is beside these is not told here
		}
		for i := range list.Size("[]") {
			e := play.Taken{Tree: list.Tree.([]any)[i]}
			if whole(e.Get("offset"))+whole(e.Get("length")) > int64(units) {
				return false
			}
		}
		return true
	})
}

// emoji are those with which a bot may react. https://core.telegram.org/bots/api#reactiontypeemoji
var emoji = strings.Fields("❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 " +
	"🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡")

var reaction = play.Rules(
	may("reaction", "Bad Request: can't parse reaction types JSON object", play.List()),
	may("reaction", "Bad Request: REACTIONS_TOO_MANY", play.Count(0, 1)), truth("is_big"),
	on("reactiontype", need("reaction[].type", "Bad Request: REACTION_INVALID", play.Is("emoji", "custom_emoji"))),
	on("reactiontypeemoji", play.Where(play.If("reaction[].type", play.Is("emoji")),
		need("reaction[].emoji", "Bad Request: REACTION_INVALID", play.That("an emoji of the page's list",
			func(_ play.Taken, v any) bool { return slices.Contains(emoji, idOf(v)) }))...)),
	on("reactiontypecustomemoji", play.Where(play.If("reaction[].type", play.Is("custom_emoji")),
		need("reaction[].custom_emoji_id", "Bad Request: REACTION_INVALID", play.Filled())...)),
)

const noFile = "Bad Request: wrong file identifier/HTTP URL specified"

// media is a file by its id, its address, or with the call, of so many bytes at most.
// https://core.telegram.org/bots/api#sending-files
func media(name string, most int, more ...play.Check) []play.Rule {
	rules := play.Rules(
		need(name, "Bad Request: there is no "+strings.ReplaceAll(name, "_", " ")+" in the request"),
		on("sending-files", may(name, noFile, play.Any(play.URL("https", "http"), play.Begins("attach://"),
			play.Matches(`^[A-Za-z0-9_-]{20,}$`), attached)), may(name, noFile, more...)),
		play.From(ref+"#sending-files", refuse(413, "Request Entity Too Large"),
			play.Rule{At: name, Must: play.That("a file of at most "+megabytes(most)+" MB",
				func(_ play.Taken, v any) bool { f, ok := v.(play.File); return !ok || len(f.Data) <= most<<20 })}),
	)
	for _, other := range []string{"photo", "video", "animation", "audio", "voice", "document", "sticker", "video_note"} {
		if other != name {
			rules = append(rules, play.Rule{At: other, Must: play.Absent()})
		}
	}
	return rules
}

func megabytes(n int) string { return map[int]string{10: "10", 50: "50"}[n] }

var attached = play.That("a file",
	func(_ play.Taken, v any) bool { f, ok := v.(play.File); return ok && len(f.Data) > 0 })

// fetched is a file that Telegram fetches, whose name ends as none of other types. Of
// what type it is without shows then.
func fetched(says string, others ...string) play.Check {
	return play.That(says, func(_ play.Taken, v any) bool {
		u, err := url.Parse(idOf(v))
		_, uploaded := v.(play.File)
		return uploaded || err != nil || !strings.HasPrefix(u.Scheme, "http") ||
			!slices.Contains(others, strings.ToLower(path.Ext(u.Path)))
	})
}

// uploaded is no address: of these Telegram fetches none.
var uploaded = play.Not(play.Begins("http://", "https://"))

// file answers where a file lies.
func file(t play.Taken) play.Answer {
	return taken(map[string]string{"file_id": channel.Digest(t.Body), "file_path": "photos/file_1.jpg"})
}
