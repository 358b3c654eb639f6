package play

import "github.com/relais-dev/relais/shared/stage/play"

// The pages of the Send API.
const (
	platform     = "https://developers.facebook.com/documentation/business-messaging/messenger-platform/"
	sendDocs     = platform + "send-messages"
	quickDocs    = platform + "send-messages/quick-replies"
	buttonDocs   = platform + "send-messages/template/button"
	genericDocs  = platform + "send-messages/template/generic"
	policyDocs   = platform + "policy"
	securityDocs = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"
)

// rules are the rulebook of a message or an action.
func (d Dialect) rules() []play.Rule {
	right := play.That("the account's host, with the appsecret_proof of its token",
		func(t play.Taken, _ any) bool { return d.Right(t) })
	unsupported := Refuse("100", "33", "Unsupported post request.")
	return play.Rules(
		[]play.Rule{
			{At: "header:Content-Type", Must: play.Given(play.MIME("application/json")), Else: unsupported},
			{At: "header:Authorization", Must: right, Else: unsupported, Source: securityDocs},
		},
		d.envelope(), play.Where(play.If("message", play.Object()), d.message()...),
	)
}

// envelope is who gets what.
func (d Dialect) envelope() []play.Rule {
	typed := play.Rule{At: "messaging_type", When: play.If("message", play.Object()), Must: play.Absent()}
	if d.Typed {
		typed.Must = play.Given(play.Filled())
	}
	return []play.Rule{
		{At: "recipient", Must: play.Given(play.Count(1, 1), play.One("id", "user_ref", "notification_messages_token"))},
		{At: "recipient.id", Must: play.Digits(), Else: Refuse("100", "2018001", "No matching user found.")},
		{At: "", Must: play.One("message", "sender_action"),
			Else: Refuse("100", "2018014", "A message or an action is needed.")},
		{At: "sender_action", Must: play.Is("typing_on", "typing_off", "mark_seen", "react", "unreact")},
		{At: "payload", When: play.If("sender_action", play.Is("react", "unreact")), Must: play.Given()},
		{At: "payload.message_id", When: play.If("sender_action", play.Is("react", "unreact")),
			Must: play.Given(play.Filled())},
		{At: "payload.reaction", When: play.If("sender_action", play.Is("react")), Must: play.Given(play.Filled())},
		typed,
		{At: "tag", Must: play.Is("HUMAN_AGENT"), Source: policyDocs},
	}
}

// message is what may be said.
func (d Dialect) message() []play.Rule {
	return play.Rules(
		[]play.Rule{
			{At: "message.text", Must: d.Text},
			{At: "message", Must: play.Some("text", "attachment", "template", "sticker_id", "attachments")},
			{At: "message.text", When: play.If("message.attachment", play.Object()), Must: play.Absent()},
			{At: "message.attachment.type", Must: play.Given(play.Is("template", "image", "video", "audio", "file"))},
			{At: "message.attachment.payload", Must: play.Given()},
			{At: "message.attachment.payload.url",
				When: play.If("message.attachment.type", play.Is("image", "video", "audio", "file")),
				Must: play.Given(play.Begins("https://"))},
		},
		play.From(quickDocs, play.Refusal{}, quick...),
		play.Where(play.If("message.attachment.type", play.Is("template")), d.templates()...),
		d.utility(),
	)
}

var quick = []play.Rule{
	{At: "message.quick_replies", Must: play.Count(0, 13)},
	{At: "message.quick_replies[].title", When: play.If("message.quick_replies[].content_type", play.Is("text")),
		Must: play.Given(play.Len(1, 20, play.UTF16))},
	{At: "message.quick_replies[].payload", When: play.If("message.quick_replies[].content_type", play.Is("text")),
		Must: play.Given(play.Len(1, 1000, play.UTF8))},
}

// templates are messages of buttons and of cards.
func (d Dialect) templates() []play.Rule {
	const at = "message.attachment.payload"
	button, generic := play.If(at+".template_type", play.Is("button")), play.If(at+".template_type", play.Is("generic"))
	return play.Rules(
		[]play.Rule{{At: at + ".template_type", Must: play.Given(play.Is("button", "generic"))}},
		play.From(buttonDocs, play.Refusal{}, play.Where(button, play.Rules(
			[]play.Rule{
				{At: at + ".text", Must: play.Given(play.Len(1, 640, play.UTF16))},
				{At: at + ".buttons", Must: play.Given(play.Count(1, 3))},
			},
			play.In(at+".buttons[]", d.button()...))...)...),
		play.From(genericDocs, play.Refusal{}, play.Where(generic, play.Rules(
			[]play.Rule{
				{At: at + ".elements", Must: play.Given(play.Count(1, 10))},
				{At: at + ".elements[]", Must: play.Some("subtitle", "image_url", "buttons")},
				{At: at + ".elements[].title", Must: play.Given(play.Len(1, 80, play.UTF16))},
				{At: at + ".elements[].subtitle", Must: play.Most(80, play.UTF16)},
				{At: at + ".elements[].buttons", Must: play.Count(0, 3)},
			},
			play.In(at+".elements[].buttons[]", d.button()...))...)...),
	)
}

// button is one of a template.
func (d Dialect) button() []play.Rule {
	types := []string{"web_url", "postback"}
	if d.Calls {
		types = append(types, "phone_number")
	}
	return []play.Rule{
		{At: "type", Must: play.Given(play.Is(types...))},
		{At: "title", Must: play.Given(play.Len(1, 20, play.UTF16))},
		{At: "url", When: play.If("type", play.Is("web_url")), Must: play.Given(play.Begins("https://", "http://"))},
		{At: "payload", When: play.If("type", play.Is("postback")), Must: play.Given(play.Len(1, 1000, play.UTF8))},
		{At: "payload", When: play.If("type", play.Is("phone_number")), Must: play.Given(play.Begins("+"))},
	}
}

// utility is a message of a template that Meta has approved.
func (d Dialect) utility() []play.Rule {
	if !d.Typed {
		return []play.Rule{{At: "message.template", Must: play.Absent()}}
	}
	return []play.Rule{
		{At: "messaging_type", When: play.If("message.template", play.Object()), Must: play.Given(play.Is("UTILITY"))},
		{At: "message.template.name", Must: play.Given(play.Filled())},
		{At: "message.template.language.code", Must: play.Given(play.Filled())},
	}
}
