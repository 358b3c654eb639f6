package play

import "github.com/relais-dev/relais/shared/stage/play"

var account = []play.Endpoint{
	{Method: "POST", Path: "/v3.0/oa/message/cs", Docs: sendDocs, Body: play.JSON, Answer: sent, Rules: message},
	upload("image", imageDocs, "attachment_id", 1<<20),
	upload("file", fileDocs, "token", 5<<20),
}

var notification = []play.Endpoint{{Method: "POST", Path: "/message/template", Docs: znsDocs, Body: play.JSON,
	Answer: notified, Rules: []play.Rule{
		{At: "phone", Must: play.Given(play.Digits())},
		{At: "template_id", Must: play.Given(play.Filled())},
		{At: "template_data", Must: play.Given(play.Object())},
		{At: "tracking_id", Must: play.Given(play.Filled())},
	}}}

func upload(kind, page, answer string, most int) play.Endpoint {
	return play.Endpoint{Method: "POST", Path: "/v2.0/oa/upload/" + kind, Docs: page, Body: play.Multipart,
		Answer: stored(answer),
		Rules:  []play.Rule{{At: "file", Must: play.Given(play.Bytes(1, most))}}}
}

var message = []play.Rule{
	{At: "recipient", Must: play.Given(play.Any(play.Some("user_id"),
		play.All(play.Some("anonymous_id"), play.Some("conversation_id"))))},
	{At: "recipient.user_id", Must: play.Digits()},
	{At: "message", Must: play.Given(play.Some("text", "attachment"))},
	{At: "message.text", Must: play.Most(2000, play.Runes)},
	{At: "message.attachment.type", Must: play.Given(play.Is("file", "template"))},
	{At: "message.attachment.payload.token", When: file, Must: play.Given(play.Filled()), Source: adviceDocs},
	{At: "message.attachment.payload.template_type", When: template, Must: play.Given(play.Filled()), Source: adviceDocs},
	{At: "message.attachment.payload.elements", When: template, Must: play.Given(play.Filled()), Source: adviceDocs},
	{At: "message.attachment.payload.buttons", Must: play.Count(0, 5), Source: adviceDocs},
	{At: "message.attachment.payload.buttons[].title", Must: play.Given(play.Len(1, 100, play.Runes)),
		Source: adviceDocs},
	{At: "message.attachment.payload.buttons[].type", Must: play.Given(play.Begins("oa.")), Source: adviceDocs},
	{At: "message.attachment.payload.buttons[].payload", Must: play.Given(), Source: adviceDocs},
	{At: "message.attachment.payload.elements[].media_type", When: media, Must: play.Given(play.Filled()),
		Source: adviceDocs},
	{At: "message.attachment.payload.elements[].attachment_id", When: media, Must: play.Given(play.Filled()),
		Source: adviceDocs},
	{At: "message.attachment.payload.elements", When: other, Must: headed, Source: adviceDocs},
}

const kind = "message.attachment.payload.template_type"

var (
	file     = play.If("message.attachment.type", play.Is("file"))
	template = play.If("message.attachment.type", play.Is("template"))
	media    = play.If(kind, play.Is("media"))
	other    = play.If(kind, play.Not(play.Is("media")))
)

// headed is a list whose first element has a title.
var headed = play.That("a first element with a title of 1 to 100 characters", func(_ play.Taken, v any) bool {
	n := play.Runes.Of((play.Taken{Tree: v}).Get("[].title"))
	return n >= 1 && n <= 100
})
