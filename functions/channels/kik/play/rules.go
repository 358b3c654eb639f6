package play

import (
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	messages = ref + "/tree/master/kik/messages"
	names    = "https://github.com/kikinteractive/kik-node/blob/master/lib/const.js"
)

// username is the name of a person or a bot.
var username = play.Matches(`^[A-Za-z0-9_.]{2,32}$`)

// upTo is how many messages one call takes.
func upTo(n int) []play.Rule {
	return []play.Rule{{At: "messages", Must: play.Given(play.List(), play.Count(1, n)), Source: node}}
}

// spoken are the types of which a person sees something; they may have keyboards.
var spoken = play.Is("text", "picture", "video", "link")

var rules = play.Rules([]play.Rule{
	{At: "", Must: play.Only("messages")},
	{At: "messages", Must: play.That("at most 5 to one person", few), Source: withdrawn},
}, play.In("messages[]", play.From(messages, play.Refusal{}, play.Rules(common, kinds, keyboards)...)...))

// base are the members of every message.
var base = []string{"type", "id", "chatId", "mention", "participants", "to", "from", "delay", "readReceiptRequested",
	"timestamp", "metadata"}

// shaped is the rule that a message of a type has no other members than its own.
func shaped(typ string, members ...string) play.Rule {
	return play.Rule{At: "", When: play.If("type", play.Is(typ)), Must: play.Only(append(members, base...)...)}
}

var common = []play.Rule{
	{At: "type", Must: play.Given(play.Is("text", "picture", "video", "link", "is-typing", "read-receipt"))},
	{At: "", Must: play.Some("to", "chatId"), Source: withdrawn},
	{At: "to", Must: username, Source: names},
	{At: "chatId", Must: play.All(play.String(), play.Filled())},
	{At: "id", Must: play.All(play.String(), play.Filled())},
	{At: "delay", Must: play.All(play.Whole(), play.Between(0, 1e9))},
	{At: "mention", Must: play.String()},
	{At: "from", Must: play.Absent(), Source: withdrawn},
	{At: "participants", Must: play.Absent(), Source: withdrawn},
	{At: "timestamp", Must: play.Absent(), Source: withdrawn},
}

var kinds = []play.Rule{
	shaped("text", "body", "typeTime", "keyboards", "chatType"),
	{At: "body", When: play.If("type", play.Is("text")), Must: play.Given(play.String(), play.Filled())},
	{At: "body", Must: play.Most(8000, play.UTF8)},
	{At: "typeTime", Must: play.All(play.Whole(), play.Between(0, 1e9))},
	shaped("picture", "picUrl", "keyboards", "attribution", "chatType"),
	{At: "picUrl", When: play.If("type", play.Is("picture")), Must: play.Given(play.HTTPS())},
	shaped("video", "videoUrl", "loop", "muted", "autoplay", "noSave", "keyboards", "attribution", "chatType"),
	{At: "videoUrl", When: play.If("type", play.Is("video")), Must: play.Given(play.HTTPS())},
	{At: "loop", Must: play.Is("true", "false")},
	{At: "muted", Must: play.Is("true", "false")},
	{At: "autoplay", Must: play.Is("true", "false")},
	{At: "noSave", Must: play.Is("true", "false")},
	shaped("link", "url", "title", "text", "noForward", "kikJsData", "picUrl", "keyboards", "attribution", "chatType"),
	{At: "url", When: play.If("type", play.Is("link")), Must: play.Given(play.String(), play.Filled())},
	{At: "title", Must: play.String()},
	{At: "text", Must: play.String()},
	{At: "noForward", Must: play.Is("true", "false")},
	{At: "attribution", Must: play.Any(play.Object(), play.Is("gallery", "camera"))},
	{At: "attribution", When: play.If("type", play.Is("link")), Must: play.Object()},
	shaped("is-typing", "isTyping", "chatType"),
	{At: "isTyping", When: play.If("type", play.Is("is-typing")), Must: play.Given(play.Is("true", "false"))},
	shaped("read-receipt", "messageIds"),
	{At: "messageIds", When: play.If("type", play.Is("read-receipt")), Must: play.Given(play.List(), play.Filled())},
	{At: "messageIds[]", Must: play.All(play.String(), play.Filled())},
}

var keyboards = []play.Rule{
	{At: "keyboards", When: play.If("type", play.Not(spoken)), Must: play.Absent()},
	{At: "keyboards", Must: play.All(play.List(), play.Filled())},
	{At: "keyboards[]", Must: play.Only("type", "to", "hidden", "responses")},
	{At: "keyboards[].type", Must: play.Given(play.Is("suggested"))},
	{At: "keyboards[].to", Must: username, Source: names},
	{At: "keyboards[].hidden", Must: play.Is("true", "false")},
	{At: "keyboards[].responses", Must: play.Given(play.List(), play.Filled())},
	{At: "keyboards[].responses", Must: play.Count(1, 20), Source: withdrawn},
	{At: "keyboards[].responses[].type", Must: play.Given(play.Is("text", "picture", "friend-picker"))},
	{At: "keyboards[].responses[]", When: play.If("keyboards[].responses[].type", play.Is("text")),
		Must: play.Only("type", "body", "metadata")},
	{At: "keyboards[].responses[].body", When: play.If("keyboards[].responses[].type", play.Is("text")),
		Must: play.Given(play.String(), play.Filled())},
	{At: "keyboards[].responses[]", When: play.If("keyboards[].responses[].type", play.Is("picture")),
		Must: play.Only("type", "picUrl", "metadata")},
	{At: "keyboards[].responses[].picUrl", When: play.If("keyboards[].responses[].type", play.Is("picture")),
		Must: play.Given(play.HTTPS())},
	{At: "keyboards[].responses[]", When: play.If("keyboards[].responses[].type", play.Is("friend-picker")),
		Must: play.Only("type", "body", "min", "max", "preselected", "metadata")},
}

// few counts the messages to each person.
func few(_ play.Taken, v any) bool {
	list, _ := v.([]any)
	n := map[string]int{}
	for _, x := range list {
		m, _ := x.(map[string]any)
		to, _ := m["to"].(string)
		if n[strings.ToLower(to)]++; n[strings.ToLower(to)] > 5 {
			return false
		}
	}
	return true
}

// open is what nobody can look up any more.
var open = []play.Open{
	{At: "messages[].body", Source: ref, Question: "The longest text is not in the library. Here: 8,000 bytes."},
	{At: "messages", Source: withdrawn, Question: "Five messages to one person in a call is what is remembered of " +
		"the page; the library sends up to 25. Here: 5."},
	{At: "keyboards[].responses", Source: withdrawn, Question: "Twenty is what is remembered of the page. Here: 20."},
	{At: "keyboards[].responses[].body", Source: withdrawn, Question: "Its longest text is not known. Here: any."},
	{At: "errors", Source: ref + "/blob/master/kik/error.py", Question: "The library knows a status and a text. " +
		"Here: the status, and a word that is made up."},
	{At: "rate", Source: "https://blog.kik.com/2017/02/16/rate-limiting-batching-can-keep-bots-users-chatting/",
		Question: "Twenty messages more than the person has sent, a batch counting as one; and a rate for all. Here: on " +
			"request."},
	{At: "unknown members", Source: withdrawn, Question: "Whether they are refused is not known. Here: they are."},
	{At: "to", Source: withdrawn, Question: "Whether a group, which chatId names, takes a message without to is not " +
		"known. Here: it does."},
	{At: "picUrl, videoUrl", Source: messages, Question: "Whether http is taken is not known. Here: refused."},
	{At: "the platform", Source: ref, Question: "Whether it still answers is not known: the library is of 2017."},
}
