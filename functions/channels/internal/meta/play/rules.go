package play

import "github.com/relais-dev/relais/shared/stage/play"

// The pages of the Send API.
const (
	platform     = "https://developers.facebook.com/documentation/business-messaging/messenger-platform/"
	sendDocs     = platform + "send-messages"
	quickDocs    = platform + "send-messages/quick-replies"
	buttonDocs   = platform + "send-messages/template/button"
	genericDocs  = platform + "send-messages/template/generic"
	mediaDocs    = platform + "send-messages/template/media"
	receiptDocs  = platform + "send-messages/template/receipt"
	productDocs  = platform + "send-messages/template/product"
	utilityDocs  = platform + "utility-messages"
	policyDocs   = platform + "policy"
	changesDocs  = platform + "changelog"
	errorDocs    = platform + "error-codes"
	referDocs    = "https://developers.facebook.com/docs/messenger-platform/reference/send-api"
	edgeDocs     = "https://developers.facebook.com/docs/graph-api/reference/page/messages"
	pressDocs    = "https://developers.facebook.com/docs/messenger-platform/reference/buttons"
	securityDocs = "https://developers.facebook.com/docs/graph-api/guides/secure-requests"

	// Instagram's, of the same messages.
	instagram     = "https://developers.facebook.com/documentation/business-messaging/instagram-messaging/"
	instaSend     = instagram + "send-message"
	instaQuick    = instagram + "quick-replies"
	instaButton   = instagram + "button-template"
	instaGeneric  = instagram + "generic-template"
	manySeen      = "https://github.com/howdyai/botkit/issues/1672"
	keysSeen      = "https://github.com/restfb/restfb/issues/541"
	instaLogin    = "https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/"
	instaReaction = instaLogin + "messaging-api"
)

// How Graph refuses what breaks a rule. The codes of counts are in no table of Meta's.
var (
	invalid = Refuse("100", "", "Invalid parameter.")
	keys    = Refuse("100", "", "Invalid keys were found in a param.")
	length  = Refuse("100", "", "The length of a param is not right.")
	empty   = Refuse("100", "", "Message cannot be empty, must provide valid attachment or text.")
	many    = Refuse("105", "", "A param has too many elements.")
	few     = Refuse("194", "", "A param has too few elements.")
)

func need(at string, r play.Refusal, checks ...play.Check) []play.Rule {
	return append([]play.Rule{{At: at, Must: play.Given(), Else: invalid}}, may(at, r, checks...)...)
}

func may(at string, r play.Refusal, checks ...play.Check) []play.Rule {
	list := make([]play.Rule, len(checks))
	for i, c := range checks {
		list[i] = play.Rule{At: at, Must: c, Else: r}
	}
	return list
}

// only is an object without other members.
func only(at string, members ...string) []play.Rule {
	return []play.Rule{{At: at, Must: play.Object(), Else: invalid},
		{At: at, Must: play.Only(members...), Else: keys, Source: keysSeen}}
}

// counted is a list of so many elements.
func counted(at string, least, most int) []play.Rule {
	return play.Rules(may(at, invalid, play.List()), []play.Rule{
		{At: at, Must: play.Count(0, most), Else: many},
		{At: at, Must: play.Count(least, 1<<20), Else: few, Source: manySeen}})
}

func on(page string, lists ...[]play.Rule) []play.Rule {
	return play.From(page, play.Refusal{}, play.Rules(lists...)...)
}

func (d Dialect) page(messenger, insta string) string {
	if d.Insta {
		return insta
	}
	return messenger
}

// rules are the rulebook of a message or an action.
func (d Dialect) rules() []play.Rule {
	right := play.That("the account's host, with the appsecret_proof of its token",
		func(t play.Taken, _ any) bool { return d.Right(t) })
	return play.Rules(
		[]play.Rule{
			{At: "header:Content-Type", Must: play.Given(play.MIME("application/json")),
				Else: Refuse("100", "33", "Unsupported post request.")},
			{At: "header:Authorization", Must: right, Else: d.Wrong, Source: securityDocs},
		},
		d.envelope(), d.action(),
		play.Where(play.If("message", play.That("there", func(play.Taken, any) bool { return true })), d.message()...),
	)
}

// envelope is who gets what.
func (d Dialect) envelope() []play.Rule {
	members := []string{"recipient", "message", "messaging_type", "tag", "sender_action", "payload", "reply_to"}
	whom := []string{"id", "comment_id"}
	if !d.Insta {
		members = append(members, "notification_type", "persona_id", "thread_control")
		whom = append(whom, "user_ref", "post_id", "notification_messages_token", "phone_number")
	}
	return play.Rules(
		on(edgeDocs, only("", members...), need("recipient", invalid, play.Object())),
		on(referDocs, []play.Rule{{At: "recipient", Must: play.One(whom...), Else: invalid}}, only("recipient", whom...)),
		[]play.Rule{{At: "recipient.id", Must: play.Digits(), Source: errorDocs,
			Else: Refuse("100", d.Nobody, "No matching user found.")}},
		on(errorDocs, may("", Refuse("100", "2018014", "Cannot send both message and state at the same time."),
			play.AtMostOne("message", "sender_action"))),
		may("", empty, play.Some("message", "sender_action")),
		d.typed(),
		on(edgeDocs, may("notification_type", invalid, play.Is("REGULAR", "SILENT_PUSH", "NO_PUSH")),
			may("persona_id", invalid, play.Digits())),
		need("reply_to.mid", invalid, play.Filled()),
	)
}

// typed is of what kind a message is. Instagram's own login does without.
func (d Dialect) typed() []play.Rule {
	kinds := []string{"RESPONSE", "UPDATE", "MESSAGE_TAG"}
	if !d.Insta {
		kinds = append(kinds, "UTILITY")
	}
	list := play.Rules(
		on(edgeDocs, may("messaging_type", invalid, play.Is(kinds...))),
		on(changesDocs, may("tag", invalid, play.Is("HUMAN_AGENT"))),
		on(policyDocs, play.Where(play.If("messaging_type", play.Is("MESSAGE_TAG")), need("tag", invalid)...)),
	)
	if d.Typed {
		list = append(list, on(referDocs,
			play.Where(play.If("message", play.Object()), need("messaging_type", invalid)...),
			play.Where(play.If("tag", play.Filled()), may("messaging_type", invalid, play.Is("MESSAGE_TAG"))...))...)
	}
	return list
}

// action is a request without a message.
func (d Dialect) action() []play.Rule {
	reacts := play.If("sender_action", play.Is("react", "unreact"))
	return on(d.page(edgeDocs, instaReaction),
		may("sender_action", invalid, play.Is("typing_on", "typing_off", "mark_seen", "react", "unreact")),
		play.Where(reacts, play.Rules(need("payload", invalid, play.Object()),
			need("payload.message_id", invalid, play.Filled()))...),
		play.Where(play.If("sender_action", play.Is("react")), need("payload.reaction", invalid, play.Filled())...),
		play.Where(play.If("sender_action", play.Is("typing_on", "typing_off", "mark_seen")),
			may("payload", keys, play.Absent())...),
	)
}

// message is what may be said.
func (d Dialect) message() []play.Rule {
	members := []string{"text", "attachment", "attachments", "quick_replies", "metadata"}
	if !d.Insta {
		members = append(members, "sticker_id", "template")
	}
	pictures, page := 30, sendDocs
	if d.Insta {
		pictures, page = 10, instaReaction
	}
	return play.Rules(
		on(referDocs, only("message", members...),
			may("message", empty, play.Some("text", "attachment", "attachments", "sticker_id", "template")),
			may("message", invalid, play.AtMostOne("text", "attachment", "attachments", "sticker_id", "template")),
			may("message.text", invalid, play.String()), may("message.metadata", length, play.Most(1000, play.UTF16))),
		on(d.page(referDocs, instaSend), may("message.text", length, d.Text)),
		on(page, counted("message.attachments", 1, pictures),
			need("message.attachments[].type", invalid, play.Is("image")), placed("message.attachments[].payload")),
		d.attachment(), d.quick(), d.utility(),
	)
}

// attachment is a file or a template.
func (d Dialect) attachment() []play.Rule {
	types := []string{"audio", "file", "image", "template", "video"}
	if d.Insta {
		types = append(types, "like_heart", "MEDIA_SHARE")
	}
	const at = "message.attachment"
	file := play.If(at+".type", play.Is("audio", "file", "image", "video"))
	return play.Rules(
		on(d.page(referDocs, instaSend),
			only(at, "type", "payload"), need(at+".type", invalid, play.Is(types...)),
			play.Where(play.If(at+".type", play.Not(play.Is("like_heart"))), need(at+".payload", invalid, play.Object())...),
			play.Where(file, placed(at+".payload")...),
			play.Where(play.If(at+".type", play.Is("MEDIA_SHARE")), need(at+".payload.id", invalid, play.Filled())...)),
		play.Where(play.If(at+".type", play.Is("template")), d.templates()...),
	)
}

// placed is a file where Meta finds it.
func placed(at string) []play.Rule {
	return play.Rules(
		[]play.Rule{{At: at, Must: play.One("url", "attachment_id"), Else: invalid}},
		only(at, "url", "attachment_id", "is_reusable"),
		may(at+".url", invalid, play.URL("https", "http"), play.ASCII()), may(at+".attachment_id", invalid, play.Digits()),
		may(at+".is_reusable", invalid, play.Is("true", "false")))
}

// quick are buttons that vanish.
func (d Dialect) quick() []play.Rule {
	const list, at = "message.quick_replies", "message.quick_replies[]"
	text := play.If(at+".content_type", play.Is("text"))
	return on(d.page(quickDocs, instaQuick), counted(list, 1, 13),
		play.Where(play.If(list, play.List()), may("message", empty, play.Some("text", "attachment"))...),
		only(at, "content_type", "title", "payload", "image_url"),
		need(at+".content_type", invalid, play.Is("text", "user_phone_number", "user_email")),
		play.Where(text, play.Rules(need(at+".title", length, play.Most(20, play.UTF16)),
			may(at, empty, play.Some("title", "image_url")),
			need(at+".payload", length, play.Most(1000, play.UTF16)))...),
		play.Where(append(text, play.If(at+".image_url", play.Absent())...), may(at+".payload", empty, play.Filled())...),
		may(at+".image_url", invalid, play.URL("https", "http")))
}

// templates are messages of buttons, of cards and the like.
func (d Dialect) templates() []play.Rule {
	const at = "message.attachment.payload"
	kinds := []string{"button", "generic", "product"}
	if !d.Insta {
		kinds = append(kinds, "media", "receipt", "coupon", "customer_feedback", "notification_messages")
	}
	of := func(kind, page string, lists ...[]play.Rule) []play.Rule {
		return play.Where(play.If(at+".template_type", play.Is(kind)), on(page, play.In(at, play.Rules(lists...)...))...)
	}
	return play.Rules(
		on(d.page(sendDocs, instagram+"overview"), need(at+".template_type", invalid, play.Is(kinds...))),
		of("button", d.page(buttonDocs, instaButton), only("", "template_type", "text", "buttons", "sharable"),
			need("text", length, play.Len(1, 640, play.UTF16)), need("buttons", invalid), counted("buttons", 1, 3),
			play.In("buttons[]", d.button()...)),
		of("generic", d.page(genericDocs, instaGeneric),
			only("", "template_type", "elements", "sharable", "image_aspect_ratio"), may("sharable", invalid,
				play.Is("true", "false")), may("image_aspect_ratio", invalid, play.Is("horizontal", "square")),
			need("elements", invalid), counted("elements", 1, 10), play.In("elements[]", d.card()...)),
		of("media", mediaDocs, need("elements", invalid), counted("elements", 1, 1),
			need("elements[].media_type", invalid, play.Is("image", "video")),
			may("elements[]", invalid, play.One("attachment_id", "url")), counted("elements[].buttons", 0, 3),
			play.In("elements[].buttons[]", d.button()...)),
		of("product", productDocs, need("elements", invalid), counted("elements", 1, 10),
			need("elements[].id", Refuse("100", "", "Invalid product id."), play.Filled())),
		of("receipt", receiptDocs, need("recipient_name", invalid, play.Filled()),
			need("order_number", invalid, play.Filled()), need("currency", invalid, play.Matches(`^[A-Z]{3}$`)),
			need("payment_method", invalid, play.Filled()), need("summary.total_cost", invalid),
			counted("elements", 0, 100), need("elements[].title", invalid, play.Filled()),
			need("elements[].price", invalid)),
	)
}

// card is one of those side by side.
func (d Dialect) card() []play.Rule {
	return play.Rules(
		only("", "title", "subtitle", "image_url", "default_action", "buttons"),
		need("title", length, play.Len(1, 80, play.UTF16)), may("subtitle", length, play.Most(80, play.UTF16)),
		may("", few, play.Some("subtitle", "image_url", "default_action", "buttons")),
		may("image_url", invalid, play.URL("https", "http"), play.ASCII()),
		counted("buttons", 1, 3), play.In("buttons[]", d.button()...),
		need("default_action.type", invalid, play.Is("web_url")),
		need("default_action.url", invalid, play.URL("https", "http")), may("default_action.title", keys, play.Absent()),
	)
}

// button is one of a template.
func (d Dialect) button() []play.Rule {
	types := []string{"web_url", "postback"}
	if d.Calls {
		types = append(types, "phone_number", "account_link", "account_unlink", "game_play")
	}
	is := func(kind string, lists ...[]play.Rule) []play.Rule {
		return play.Where(play.If("type", play.Is(kind)), play.Rules(lists...)...)
	}
	return on(d.page(pressDocs, instaButton),
		need("type", invalid, play.Is(types...)),
		play.Where(play.If("type", play.Is("web_url", "postback", "phone_number", "game_play")),
			need("title", length, play.Len(1, 20, play.UTF16))...),
		is("web_url", only("", "type", "title", "url", "webview_height_ratio", "messenger_extensions", "fallback_url",
			"webview_share_button"), need("url", invalid, play.URL("https", "http")),
			may("webview_height_ratio", invalid, play.Is("compact", "tall", "full"))),
		play.Where(play.If("messenger_extensions", play.Is("true")), may("url", invalid, play.HTTPS())...),
		is("postback", only("", "type", "title", "payload"), need("payload", length, play.Len(1, 1000, play.UTF16))),
		is("phone_number", only("", "type", "title", "payload"),
			need("payload", invalid, play.Matches(`^\+[1-9][0-9]{4,14}$`))),
		is("account_link", need("url", invalid, play.HTTPS()), may("title", keys, play.Absent())),
	)
}

// utility is a message of a template that Meta has approved.
func (d Dialect) utility() []play.Rule {
	if d.Insta {
		return nil
	}
	return on(utilityDocs,
		play.Where(play.If("message.template", play.Object()), may("messaging_type", invalid, play.Is("UTILITY"))...),
		play.Where(play.If("messaging_type", play.Is("UTILITY")), need("message.template", invalid, play.Object())...),
		need("message.template.name", invalid, play.Filled()), need("message.template.language", invalid, play.Object()),
		need("message.template.language.code", invalid, play.Matches(`^[a-z]{2,3}(_[A-Z]{2})?$`)),
		may("message.template.components", invalid, play.List()),
		need("message.template.components[].type", invalid, play.Filled()))
}

// Open is what Meta's pages do not say of these messages.
func (d Dialect) Open() []play.Open {
	return []play.Open{
		{At: "characters", Source: d.page(referDocs, instaQuick), Question: "What a character is: UTF-16 units, the " +
			"strictest that may be counted"},
		{At: "100, 105, 194", Source: errorDocs, Question: "The table names 100 for wrong parameters; 105 and 194 for too " +
			"many and too few elements are quoted by many and in no table"},
		{At: "message.text", Source: d.page(referDocs, instaSend), Question: d.TextOpen},
		{At: "quick_replies[].title", Source: d.page(quickDocs, instaQuick), Question: "Whether more than 20 characters " +
			"are refused (Messenger: quoted so) or cut (Instagram's page): refused, as a cut label is a loss"},
		{At: "attachments", Source: sendDocs, Question: "How many pictures there may be: 10 by Instagram's page, 30 taken " +
			"for Messenger"},
		{At: "payload.url", Source: sendDocs, Question: "Type and size (8 MB of pictures, 25 MB of others) show when Meta " +
			"fetches the file, with 100/2018008 and 100/2018047: nothing is fetched here"},
		{At: "payload.reaction", Source: d.page(edgeDocs, instaReaction), Question: "Which reactions there are besides " +
			"love: any word or emoji"},
		{At: "messaging_type", Source: d.page(referDocs, instaQuick), Question: "Instagram's examples have it in some " +
			"places and not in others; needed by Messenger's page only"},
		{At: "tag", Source: policyDocs, Question: "Seven days of HUMAN_AGENT and the 24 hours of others are not counted: " +
			"the window closes when asked to fail"},
		{At: "recipient.comment_id", Source: sendDocs, Question: "One answer in seven days is not remembered"},
		{At: "message.template", Source: utilityDocs, Question: "Number and form of parameters are the template's own: no " +
			"template is known here"},
	}
}
