package play

import "github.com/relais-dev/relais/shared/stage/play"

// The pages of QQ's wiki.
const (
	sendDocs   = wiki + "server-inter/message/send-receive/send.html"
	fileDocs   = wiki + "server-inter/message/send-receive/rich-media.html"
	deleteDocs = wiki + "server-inter/message/overview.html"
)

// none of the faults of a message are those of what goes before it, or takes it back.
var none = map[play.Fault]play.Refusal{play.Closed: {}, play.Gone: {}, play.Invalid: {}}

// endpoints are those of the four places where a bot talks.
func endpoints() []play.Endpoint {
	var list []play.Endpoint
	for _, at := range []string{"/v2/users", "/v2/groups", "/channels", "/dms"} {
		rules := [][]play.Rule{
			{{At: "path:to", Must: play.Matches(`^[0-9A-Za-z]+$`), Else: refuse(404, 11281, "api not found")}}, common}
		if at == "/v2/users" || at == "/v2/groups" {
			rules = append(rules, typed, active(at))
		} else {
			rules = append(rules, untyped)
		}
		list = append(list,
			play.Endpoint{Method: "POST", Path: at + "/{to}/messages", Docs: sendDocs, Body: play.JSON,
				Rules: play.Rules(rules...), Answer: sent},
			play.Endpoint{Method: "POST", Path: at + "/{to}/files", Docs: fileDocs, Body: play.JSON, Rules: file, Faults: none,
				Answer: stored},
			play.Endpoint{Method: "DELETE", Path: at + "/{to}/messages/{id}", Docs: deleteDocs, Faults: none,
				Answer: func(play.Taken) play.Answer { return play.Reply(200, "", nil) }})
	}
	return list
}

var wrongFile = refuse(400, 40034002, "invalid file")

var file = play.From("", wrongFile, []play.Rule{
	{At: "file_type", Must: play.Given(play.Is("1", "2", "3", "4"))},
	{At: "url", Must: play.Given(play.Begins("https://"))},
	{At: "srv_send_msg", Must: play.Is("false")},
}...)

// common are the rules of a message anywhere.
var common = play.Rules([]play.Rule{
	{At: "content", Must: play.Most(2000, play.Runes)},
	{At: "", Must: play.AtMostOne("msg_id", "event_id")},
	{At: "markdown", Must: play.One("content", "custom_template_id")},
	{At: "keyboard", When: play.If("markdown", play.Absent()), Must: play.Absent()},
}, play.From(wiki+"server-inter/message/trans/msg-btn.html", play.Refusal{}, play.In("keyboard.content", []play.Rule{
	{At: "rows", Must: play.Given(play.Count(1, 5))},
	{At: "rows[].buttons", Must: play.Given(play.Count(1, 5))},
	{At: "rows[].buttons[].id", Must: play.Given(play.Filled())},
	{At: "rows[].buttons[].render_data.label", Must: play.Given(play.Filled())},
	{At: "rows[].buttons[].action.data", Must: play.Given(play.Filled())},
	{At: "rows[].buttons[].action.data", When: play.If("rows[].buttons[].action.type", play.Is("0")),
		Must: play.Begins("http")},
}...)...))

// typed are the rules where a message has a type: 0 text, 2 markdown, 6 typing, 7 media.
var typed = []play.Rule{
	{At: "msg_type", Must: play.Given(play.Is("0", "2", "3", "4", "6", "7"))},
	{At: "content", When: play.If("msg_type", play.Is("0")).And("markdown", play.Absent()),
		Must: play.Given(play.Filled())},
	{At: "markdown", When: play.If("msg_type", play.Is("2")), Must: play.Given()},
	{At: "media.file_info", Must: play.Given(play.Filled())},
	{At: "media", When: play.If("msg_type", play.Is("7")), Must: play.Given()},
	{At: "content", When: play.If("msg_type", play.Is("7")), Must: play.Given(play.Filled())},
	{At: "keyboard", When: play.If("msg_type", play.Is("7")), Must: play.Absent()},
	{At: "input_notify", When: play.If("msg_type", play.Is("6")), Must: play.Given()},
	{At: "input_notify.input_second", Must: play.Given(play.Between(1, 60))},
	{At: "msg_id", When: play.If("msg_type", play.Is("6")), Must: play.Given(play.Filled())},
}

var untyped = []play.Rule{
	{At: "msg_type", Must: play.Absent()},
	{At: "", Must: play.Some("content", "image", "markdown")},
}

// active refuses what answers nothing, but for what wakes a person up.
func active(at string) []play.Rule {
	refused := refuse(400, 40034102, "active message is not permitted")
	answers := []string{"msg_id", "event_id"}
	if at == "/v2/users" {
		answers = append(answers, "is_wakeup")
	}
	return []play.Rule{{At: "", Must: play.Some(answers...), Else: refused}}
}
