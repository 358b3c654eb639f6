package play

import "github.com/relais-dev/relais/shared/stage/play"

// The pages of QQ's wiki.
const (
	sendDocs     = wiki + "server-inter/message/send-receive/send.html"
	guildDocs    = wiki + "server-inter/message/post_messages.html"
	dmDocs       = wiki + "server-inter/message/dms/post_dms_messages.html"
	fileDocs     = wiki + "server-inter/message/send-receive/rich-media.html"
	deleteDocs   = wiki + "server-inter/message/send-receive/reset.html"
	markdownDocs = wiki + "server-inter/message/type/markdown.html"
	buttonDocs   = wiki + "server-inter/message/trans/msg-btn.html"
	arkDocs      = wiki + "server-inter/message/type/ark.html"
	errorDocs    = wiki + "dev-prepare/error-trace/openapi.html"
)

// none of the faults of a message are those of what goes before it, or takes it back.
var none = map[play.Fault]play.Refusal{play.Closed: {}, play.Gone: {}, play.Invalid: {}}

// A place is one of the four where a bot talks.
type place struct {
	path, docs string
	rules      []play.Rule
	files      bool // whether files can be uploaded there
}

var places = []place{
	{"/v2/users", sendDocs, play.Rules(typed, single), true},
	{"/v2/groups", sendDocs, play.Rules(typed, group), true},
	{"/channels", guildDocs, guild, false},
	{"/dms", dmDocs, guild, false},
}

func endpoints() []play.Endpoint {
	var list []play.Endpoint
	for _, p := range places {
		to := play.Rule{At: "path:to", Must: play.Matches(`^[0-9A-Za-z]+$`), Else: refuse(404, 404, "not found")}
		if !p.files {
			to.Must = play.Digits()
		}
		list = append(list,
			play.Endpoint{Method: "POST", Path: p.path + "/{to}/messages", Docs: p.docs, Body: play.JSON.Or(malformed),
				Rules: play.Rules([]play.Rule{to}, message, markdown, keyboard, p.rules), Answer: sent},
			play.Endpoint{Method: "DELETE", Path: p.path + "/{to}/messages/{id}", Docs: deleteDocs, Faults: none,
				Rules: []play.Rule{to, {At: "path:id", Must: play.Filled(), Else: refuse(400, 306002, "msgid error")},
					{At: "query:hidetip", Must: play.Is("true", "false"), Else: refuse(400, 306001, "param invalid")}},
				Answer: func(play.Taken) play.Answer { return play.Reply(200, "", nil) }})
		if p.files {
			list = append(list, play.Endpoint{Method: "POST", Path: p.path + "/{to}/files", Docs: fileDocs,
				Body: play.JSON.Or(malformed), Rules: append([]play.Rule{to}, file...), Faults: none, Answer: stored})
		}
	}
	return list
}

var (
	malformed = refuse(400, 12002, "request invalid")
	empty     = refuse(400, 50006, "can not send empty message")
	combined  = refuse(400, 50037, "markdown message only supports markdown or keyboard")
	wrongFile = refuse(400, 40034002, "invalid file")
)

// file are the rules of an upload, of which QQ fetches the address itself.
var file = play.From("", wrongFile, []play.Rule{
	{At: "", Must: play.Object()},
	{At: "file_type", Must: play.Given(play.Number())},
	{At: "file_type", Must: play.Is("1", "2", "3", "4")},
	{At: "url", Must: play.Given(play.Filled())},
	{At: "url", Must: play.URL("http", "https")},
	{At: "srv_send_msg", Must: play.Given(play.Truth())},
	{At: "srv_send_msg", Must: play.Is("false"), Else: refuse(400, 40034102, "active message is not permitted")},
	{At: "file_data", Must: play.Absent()},
}...)

// message are the rules of a message anywhere.
var message = []play.Rule{
	{At: "", Must: play.Object(), Else: malformed},
	{At: "content", Must: play.String()},
	{At: "msg_id", Must: play.All(play.String(), play.Filled()), Else: refuse(400, 304026, "msg_id error")},
	{At: "event_id", Must: play.All(play.String(), play.Filled())},
	{At: "", Must: play.AtMostOne("msg_id", "event_id")},
	{At: "ark.template_id", Must: play.Given(play.Whole()), Source: arkDocs},
	{At: "ark.kv", Must: play.Given(play.List()), Source: arkDocs},
}

// markdown is text of its own, or a template's, and stands alone but for buttons.
var markdown = play.Rules(play.From(markdownDocs, refuse(400, 50055, "invalid markdown content"), []play.Rule{
	{At: "markdown", Must: play.Object()},
	{At: "markdown", Must: play.Some("content", "custom_template_id")},
	{At: "markdown.content", Must: play.String()},
	{At: "markdown.custom_template_id", Must: play.Matches(`^[0-9]+_[0-9]+$`)},
	{At: "markdown.params", When: play.If("markdown.custom_template_id", play.Absent()), Must: play.Absent()},
	{At: "markdown.params", Must: play.List()},
	{At: "markdown.params[].key", Must: play.Given(play.Filled())},
	{At: "markdown.params[].values", Must: play.Given(play.Count(1, 100))},
	{At: "markdown.params", Must: play.Unique("key")},
}...), play.From(errorDocs, combined, []play.Rule{
	{At: "markdown", Must: play.AtMostOne("content", "custom_template_id"),
		Else: refuse(400, 50057, "markdown takes its own text or a template")},
	{At: "content", When: beside, Must: play.Any(play.Is("", " "), play.Absent())},
	{At: "image", When: beside, Must: play.Absent()},
	{At: "ark", When: beside, Must: play.Absent()},
	{At: "embed", When: beside, Must: play.Absent()},
	{At: "media", When: beside, Must: play.Absent()},
}...))

var beside = play.If("markdown", play.Object())

// keyboard is of buttons below Markdown: five rows of five.
var keyboard = play.From(buttonDocs, play.Refusal{}, play.Rules([]play.Rule{
	{At: "keyboard", Must: play.Object()},
	{At: "keyboard", When: play.If("markdown", play.Absent()), Must: play.Absent()},
	{At: "keyboard", Must: play.One("id", "content")},
	{At: "keyboard.content.rows", Must: play.Given(play.List())},
	{At: "keyboard.content.rows", Must: play.Count(1, 5)},
	{At: "keyboard.content.rows[].buttons", Must: play.Given(play.List())},
	{At: "keyboard.content.rows[].buttons", Must: play.Count(1, 5)},
	{At: "keyboard.content", Must: apart},
}, play.In("keyboard.content.rows[].buttons[]", []play.Rule{
	{At: "id", Must: play.All(play.String(), play.Filled())},
	{At: "render_data.label", Must: play.Given(play.Filled())},
	{At: "render_data.visited_label", Must: play.Given(play.Filled())},
	{At: "render_data.style", Must: play.Given(play.Is("0", "1"))},
	{At: "action", Must: play.Given(play.Object())},
	{At: "action.type", Must: play.Given(play.Is("0", "1", "2"))},
	{At: "action.permission.type", Must: play.Given(play.Is("0", "1", "2", "3"))},
	{At: "action.permission.specify_user_ids", When: play.If("action.permission.type", play.Is("0")),
		Must: play.Given(play.Filled())},
	{At: "action.data", Must: play.Given(play.String(), play.Filled())},
	{At: "action.data", When: play.If("action.type", play.Is("0")), Must: play.Matches(`^(https?|mqqapi)://`)},
	{At: "action.unsupport_tips", Must: play.Given(play.Filled())},
	{At: "action.reply", When: play.If("action.type", play.Is("0", "1")), Must: play.Absent()},
	{At: "action.enter", When: play.If("action.type", play.Is("0", "1")), Must: play.Absent()},
}...))...)

// apart are buttons with ids of their own, as far as they have some.
var apart = play.That("buttons with different ids", func(_ play.Taken, v any) bool {
	seen := map[string]bool{}
	object, _ := v.(map[string]any)
	rows, _ := object["rows"].([]any)
	for _, r := range rows {
		line, _ := r.(map[string]any)
		buttons, _ := line["buttons"].([]any)
		for _, b := range buttons {
			button, _ := b.(map[string]any)
			id := play.Plain(button["id"])
			if id != "" && seen[id] {
				return false
			}
			seen[id] = true
		}
	}
	return true
})

// typed are the rules where a message has a type: 0 text, 2 Markdown, 3 ark, 4 embed,
// 6 typing, 7 media.
var typed = []play.Rule{
	{At: "msg_type", Must: play.Given(play.Number())},
	{At: "msg_type", Must: play.Is("0", "2", "3", "4", "6", "7")},
	{At: "content", When: play.If("msg_type", play.Is("0")), Must: play.Given(play.Filled()), Else: empty},
	{At: "markdown", When: play.If("msg_type", play.Is("2")), Must: play.Given()},
	{At: "markdown", When: play.If("msg_type", play.Not(play.Is("2"))), Must: play.Absent()},
	{At: "ark", When: play.If("msg_type", play.Is("3")), Must: play.Given()},
	{At: "embed", When: play.If("msg_type", play.Is("4")), Must: play.Given()},
	{At: "media", When: play.If("msg_type", play.Is("7")), Must: play.Given()},
	{At: "media", When: play.If("msg_type", play.Not(play.Is("7"))), Must: play.Absent()},
	{At: "media.file_info", Must: play.Given(play.Filled()), Source: fileDocs},
	{At: "content", When: play.If("msg_type", play.Is("7")), Must: play.Given(play.Filled()), Else: empty},
	{At: "msg_seq", Must: play.All(play.Number(), play.Whole(), play.Between(1, 1<<31-1))},
	{At: "message_reference", Must: play.Absent()},
	{At: "image", Must: play.Absent()},
}

// active is refused: what answers nothing, but for what wakes a person up.
var active = refuse(400, 40034102, "active message is not permitted")

// single are the rules of one person alone.
var single = []play.Rule{
	{At: "", Must: play.Some("msg_id", "event_id", "is_wakeup"), Else: active},
	{At: "is_wakeup", Must: play.Truth()},
	{At: "event_id", Must: play.Begins("INTERACTION_CREATE", "C2C_MSG_RECEIVE", "FRIEND_ADD")},
	{At: "input_notify", When: play.If("msg_type", play.Is("6")), Must: play.Given(play.Object())},
	{At: "input_notify.input_type", Must: play.Given(play.Is("1", "2", "3", "4", "5"))},
	{At: "input_notify.input_second", Must: play.Given(play.Between(1, 60))},
	{At: "msg_id", When: play.If("msg_type", play.Is("6")), Must: play.Given(play.Filled())},
}

// group are the rules of groups.
var group = []play.Rule{
	{At: "", Must: play.Some("msg_id", "event_id"), Else: active},
	{At: "is_wakeup", Must: play.Absent()},
	{At: "event_id", Must: play.Begins("INTERACTION_CREATE", "GROUP_ADD_ROBOT", "GROUP_MSG_RECEIVE")},
	{At: "input_notify", Must: play.Absent()},
	{At: "msg_type", Must: play.Not(play.Is("6"))},
}

// guild are the rules of guilds, where a message has no type and no number.
var guild = []play.Rule{
	{At: "", Must: play.Some("content", "embed", "ark", "image", "markdown"), Else: empty},
	{At: "image", Must: play.URL("http", "https")},
	{At: "message_reference.message_id", Must: play.Given(play.Filled())},
	{At: "media", Must: play.Absent()},
	{At: "input_notify", Must: play.Absent()},
	{At: "is_wakeup", Must: play.Absent()},
	{At: "msg_type", Must: play.Absent()},
	{At: "msg_seq", Must: play.Absent()},
}
