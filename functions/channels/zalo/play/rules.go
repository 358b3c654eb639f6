package play

import (
	"path"
	"regexp"
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

var account = []play.Endpoint{
	{Method: "POST", Path: "/v3.0/oa/message/cs", Docs: sendDocs, Body: play.JSON, Answer: sent,
		Rules: play.Rules([]play.Rule{
			{At: "recipient", Must: play.Given(play.Object())},
			{At: "recipient.user_id", Must: play.Given(play.String(), play.Digits())},
			{At: "recipient.anonymous_id", Must: play.Absent(), Source: anonymousDocs},
			{At: "recipient.conversation_id", Must: play.Absent(), Source: anonymousDocs},
		}, message)},
	// Visitors are written to at another address, with both of their ids.
	{Method: "POST", Path: "/v2.0/oa/message", Docs: anonymousDocs, Body: play.JSON, Answer: sent,
		Rules: play.Rules([]play.Rule{
			{At: "recipient", Must: play.Given(play.Object())},
			{At: "recipient.anonymous_id", Must: play.Given(play.String(), play.Filled())},
			{At: "recipient.conversation_id", Must: play.Given(play.String(), play.Filled())},
			{At: "recipient.user_id", Must: play.Absent(), Else: shutDown},
		}, message)},
	upload("image", imageDocs, "attachment_id", 1<<20, `\.(jpg|jpeg|png)$`),
	upload("file", fileDocs, "token", 5<<20, `\.(pdf|doc|docx|csv)$`),
}

// shutDown is what a message to a person hears at the old address.
var shutDown = refuse(-240, "MessageV2 API has been shut down, please switch to MessageV3")

var notification = []play.Endpoint{{Method: "POST", Path: "/message/template", Docs: znsDocs,
	Body:   play.JSON.Or(refuse(-122, "Body request is invalid")),
	Faults: map[play.Fault]play.Refusal{play.Closed: {}},
	Answer: notified, Rules: []play.Rule{
		{At: "", Must: play.Object(), Else: refuse(-122, "Body request is invalid")},
		{At: "phone", Must: play.Given(play.String(), play.Matches(`^\+?84[0-9]{8,10}$`)),
			Else: refuse(-108, "Phone number is invalid")},
		{At: "template_id", Must: play.Given(play.Filled()), Else: refuse(-109, "Template ID is invalid")},
		{At: "template_data", Must: play.Given(play.Object()), Else: refuse(-111, "Template data is empty")},
		{At: "template_data", Must: play.Filled(), Else: refuse(-111, "Template data is empty")},
		{At: "template_data", Must: texts, Else: refuse(-1124, "Parameter has invalid format")},
		{At: "tracking_id", Must: play.Given(play.Filled())},
		{At: "tracking_id", Must: play.Len(1, 48, play.Runes)},
		{At: "mode", Must: play.Is("development")},
		{At: "sending_mode", Must: play.Is("1", "3")},
	}}}

// texts are members that are all texts or numbers.
var texts = play.That("texts and numbers", func(_ play.Taken, v any) bool {
	object, _ := v.(map[string]any)
	for _, member := range object {
		if play.Plain(member) == "" {
			return false
		}
	}
	return true
})

func upload(kind, page, answer string, most int, names string) play.Endpoint {
	p := regexp.MustCompile(names)
	ends := play.That("a file named `"+names+"`", func(_ play.Taken, v any) bool {
		f, ok := v.(play.File)
		return ok && p.MatchString(strings.ToLower(path.Base(f.Name)))
	})
	return play.Endpoint{Method: "POST", Path: "/v2.0/oa/upload/" + kind, Docs: page, Body: play.Multipart,
		Answer: stored(answer), Rules: []play.Rule{
			{At: "file", Must: play.Given()},
			{At: "file", Must: play.Bytes(1, most), Else: refuse(-210, "Parameter exceeds allowable limit")},
			{At: "file", Must: ends},
		}}
}

// message are the rules of what is said.
var message = play.Rules([]play.Rule{
	{At: "sender_action", Must: play.Absent(), Source: reactionDocs},
	{At: "message", Must: play.Given(play.Object())},
	{At: "message", Must: play.Some("text", "attachment")},
	{At: "message.text", Must: play.String()},
	{At: "message.text", Must: play.Most(2000, play.Runes)},
	{At: "message.quote_message_id", Must: play.All(play.String(), play.Filled()), Source: quoteDocs},
	{At: "message.attachment", Must: play.Object()},
	{At: "message.attachment.type", Must: play.Given(play.Is("file", "template"))},
	{At: "message.attachment.payload", Must: play.Given(play.Object())},
},
	play.From(adviceDocs+"gui-tin-tu-van-dinh-kem-file", play.Refusal{},
		play.Rule{At: "message.attachment.payload.token", When: file, Must: play.Given(play.Filled())},
		play.Rule{At: "message.text", When: file, Must: play.Any(play.Is(""), play.Absent())}),
	play.From(adviceDocs+"gui-tin-tu-van-dinh-kem-anh", play.Refusal{}, pictures...),
	play.From(adviceDocs+"gui-tin-yeu-cau-thong-tin-nguoi-dung", play.Refusal{}, asking...),
	play.From(elementsDocs, play.Refusal{}, elements...),
	play.From(buttonsDocs, play.Refusal{}, buttons...),
)

const (
	payload = "message.attachment.payload."
	kind    = payload + "template_type"
)

var (
	file     = play.If("message.attachment.type", play.Is("file"))
	template = play.If("message.attachment.type", play.Is("template"))
	media    = play.If(kind, play.Is("media"))
	gif      = media.And(payload+"elements[].media_type", play.Is("gif"))
	list     = play.If(kind, play.Is("list"))
	asks     = play.If(kind, play.Is("request_user_info"))
)

// pictures are media: by an address or by the id of an upload, never by both.
var pictures = []play.Rule{
	{At: kind, When: template, Must: play.Is("media", "list", "request_user_info")},
	{At: "message.attachment.payload", When: template, Must: play.Some("template_type", "buttons")},
	{At: payload + "elements", When: media, Must: play.Given(play.Count(1, 1))},
	{At: payload + "elements[].media_type", When: media, Must: play.Given(play.Is("image", "gif", "sticker"))},
	{At: payload + "elements[]", When: media, Must: play.One("attachment_id", "url")},
	{At: payload + "elements[].url", When: media, Must: play.URL("http", "https")},
	{At: payload + "elements[].width", When: gif, Must: play.Given(play.Number())},
	{At: payload + "elements[].height", When: gif, Must: play.Given(play.Number())},
}

// asking is the form of name, phone and address.
var asking = []play.Rule{
	{At: payload + "elements", When: asks, Must: play.Given(play.Count(1, 1))},
	{At: payload + "elements[].title", When: asks, Must: play.Given(play.Len(1, 100, play.Runes))},
	{At: payload + "elements[].subtitle", When: asks, Must: play.Len(1, 500, play.Runes)},
	{At: payload + "elements[].image_url", When: asks, Must: play.URL("http", "https")},
	{At: payload + "buttons", When: asks, Must: play.Absent()},
}

var elements = []play.Rule{
	{At: payload + "elements", When: list, Must: play.Given(play.Count(1, 5))},
	{At: payload + "elements", When: list, Must: headed},
	{At: payload + "elements[].subtitle", When: list, Must: play.Most(500, play.Runes)},
	{At: payload + "elements[].image_url", When: list, Must: play.URL("http", "https")},
}

var buttons = play.Rules([]play.Rule{
	{At: payload + "buttons", Must: play.Count(1, 5)},
	{At: payload + "buttons[].title", Must: play.Given(play.Filled())},
	{At: payload + "buttons[].title", Must: play.Len(1, 100, play.Runes)},
	{At: payload + "buttons[].type", Must: play.Given(play.Is("oa.open.url", "oa.query.show", "oa.query.hide",
		"oa.open.sms", "oa.open.phone"))},
	{At: payload + "buttons[].payload", Must: play.Given()},
},
	pressed("oa.open.url", play.Rule{At: "", Must: play.Object()},
		play.Rule{At: "url", Must: play.Given(play.URL("http", "https"))}),
	pressed("oa.open.phone", play.Rule{At: "", Must: play.Object()},
		play.Rule{At: "phone_code", Must: play.Given(play.Matches(`^\+?[0-9]{3,15}$`))}),
	pressed("oa.open.sms", play.Rule{At: "", Must: play.Object()},
		play.Rule{At: "content", Must: play.Given(play.Len(1, 160, play.Runes))},
		play.Rule{At: "phone_code", Must: play.Given(play.Matches(`^\+?[0-9]{3,15}$`))}),
	pressed("oa.query.show", play.Rule{At: "", Must: play.Len(1, 1000, play.Runes)}),
	pressed("oa.query.hide", play.Rule{At: "", Must: play.Len(1, 1000, play.Runes)}),
)

// pressed are the rules of what a button of one type does.
func pressed(kind string, rules ...play.Rule) []play.Rule {
	return play.Where(play.If(payload+"buttons[].type", play.Is(kind)), play.In(payload+"buttons[].payload", rules...)...)
}

// headed is a list whose first element has a title.
var headed = play.That("a first element with a title of 1 to 100 characters", func(_ play.Taken, v any) bool {
	n := play.Runes.Of((play.Taken{Tree: v}).Get("[].title"))
	return n >= 1 && n <= 100
})
