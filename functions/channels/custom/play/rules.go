package play

import "github.com/relais-dev/relais/shared/stage/play"

// The parts of a time, an id and a code.
var (
	moment = play.Matches(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)
	theirs = play.All(play.String(), play.Len(1, 256, play.UTF8), play.Matches(`\S`))
	ours   = play.All(play.String(), play.Matches(`^[A-Za-z0-9_.-]{1,128}$`))
	truth  = play.All(play.Not(play.String()), play.Is("true", "false"))
	number = play.All(play.Not(play.String()), play.Between(0, 1e15))
)

// sends is that the delivery is of one of types.
func sends(types ...string) play.When { return play.If("type", play.Is(types...)) }

var rules = play.Rules(play.From(spec+"#webhook-headers", play.Refusal{}, headers...),
	play.From(convention, play.Refusal{}, play.Rules(envelope, acts,
		play.Where(sends("message.send", "message.edit"), play.In("data.content", content...)...))...))

var headers = []play.Rule{
	{At: "path:path", Must: address, Else: play.Refusal{Status: 404}, Source: convention},
	{At: "header:Webhook-Id", Must: play.Given(play.Matches(`^[A-Za-z0-9_-]{8,128}$`))},
	{At: "header:Webhook-Timestamp", Must: play.Given(play.Digits())},
	{At: "header:Webhook-Signature", Must: play.Given(play.Matches(`^v1a?,[A-Za-z0-9+/]+=*( v1a?,[A-Za-z0-9+/]+=*)*$`))},
	{At: "header:Content-Type", Must: play.Given(play.MIME("application/json"))},
}

var envelope = []play.Rule{
	{At: "", Must: play.Only("type", "timestamp", "data"), Source: spec + "#payload-structure"},
	{At: "", Must: play.Bytes(1, 256<<10)},
	{At: "type", Must: play.Given(play.Matches(`^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$`)), Source: spec + "#event-types"},
	{At: "type", Must: play.Is("message.send", "message.edit", "message.delete", "typing", "read")},
	{At: "timestamp", Must: play.Given(moment), Source: spec + "#payload-structure"},
	{At: "data", Must: play.Given(play.Object()), Source: spec + "#payload-structure"},
	{At: "data.conversation", Must: play.Given(play.Only("externalId", "kind", "title"))},
	{At: "data.conversation.externalId", Must: play.Given(theirs, play.Not(play.Is("#account")))},
	{At: "data.conversation.kind", Must: play.Given(play.Is("direct", "group"))},
	{At: "data.conversation.title", Must: play.String()},
	{At: "data.user", Must: play.Only("externalId", "name", "avatarUrl", "locale", "phone", "email", "verified")},
	{At: "data.user.externalId", Must: play.Given(theirs)},
	{At: "data.user.name", Must: play.String()},
	{At: "data.user.verified", Must: truth},
}

var acts = []play.Rule{
	{At: "data", When: sends("message.send"), Must: play.Only("conversation", "user", "messageId", "content", "replyTo",
		"sender", "bulk")},
	{At: "data.messageId", When: sends("message.send"), Must: play.Given(ours)},
	{At: "data.replyTo", Must: play.Some("messageId", "externalMessageId")},
	{At: "data.replyTo", Must: play.Only("messageId", "externalMessageId")},
	{At: "data.replyTo.externalMessageId", Must: theirs},
	{At: "data.sender", Must: play.Only("role", "id", "name", "ai")},
	{At: "data.sender.role", Must: play.Given(play.Filled())},
	{At: "data.sender.ai", Must: truth},
	{At: "data.bulk", Must: truth},
	{At: "data", When: sends("message.edit"), Must: play.Only("conversation", "user", "messageId", "externalMessageId",
		"content")},
	{At: "data", When: sends("message.delete", "read"), Must: play.Only("conversation", "user", "messageId",
		"externalMessageId")},
	{At: "data", When: sends("message.edit", "message.delete", "read"),
		Must: play.Some("messageId", "externalMessageId")},
	{At: "data.messageId", Must: ours},
	{At: "data.externalMessageId", Must: theirs},
	{At: "data", When: sends("typing"), Must: play.Only("conversation", "user", "active")},
	{At: "data.active", When: sends("typing"), Must: play.Given(truth)},
	{At: "data.content", When: sends("message.send", "message.edit"), Must: play.Given(play.Object())},
}

// has is that the content is of one of kinds.
func has(kinds ...string) play.When { return play.If("kind", play.Is(kinds...)) }

// shaped is the rule that a content of kinds has no other members than its own.
func shaped(members []string, kinds ...string) play.Rule {
	return play.Rule{At: "", When: has(kinds...), Must: play.Only(append([]string{"kind"}, members...)...)}
}

var media = []string{"image", "video", "audio", "voice", "file", "animation"}

// own are the kinds whose object is the contract's, in the member called as the kind.
var own = []string{"choice", "cards", "form", "schedule", "payment", "product", "order", "template", "link", "native"}

var content = play.Rules([]play.Rule{
	{At: "kind", Must: play.Given(play.Is(append(append([]string{"text", "sticker", "location", "contact"}, media...),
		own...)...))},
	shaped([]string{"text", "format", "entities"}, "text"),
	{At: "text", When: has("text"), Must: play.Given(play.String(), play.Matches(`\S`), play.Most(16<<10, play.UTF8))},
	{At: "format", Must: play.Is("plain", "markdown")},
	{At: "entities[].type", Must: play.Given(play.Filled())},
	{At: "entities[].offset", Must: play.Given(play.Whole(), number)},
	{At: "entities[].length", Must: play.Given(play.Whole(), play.Between(1, 1e9))},
	shaped([]string{"url", "mediaId", "mime", "name", "size", "sha256", "durationMs", "caption", "entities", "width",
		"height", "alt", "animated", "viewOnce", "thumbnail"}, media...),
	{At: "", When: has(media...), Must: play.Some("url", "mediaId")},
	{At: "url", Must: play.URL("https", "http")},
	{At: "mime", Must: play.Matches(`^[a-z]+/[^\s]`)},
	{At: "size", Must: play.All(play.Whole(), number)},
	{At: "durationMs", Must: play.All(play.Whole(), number)},
	{At: "width", Must: play.All(play.Whole(), number)},
	{At: "height", Must: play.All(play.Whole(), number)},
	{At: "sha256", Must: play.Matches(`^[0-9a-f]{64}$`)},
	{At: "caption", Must: play.All(play.String(), play.Most(16<<10, play.UTF8))},
	{At: "", When: has("sticker"), Must: play.Some("url", "id")},
	shaped([]string{"lat", "lng", "name", "address", "url", "accuracy"}, "location"),
	{At: "lat", When: has("location"), Must: play.Given(play.Not(play.String()), play.Between(-90, 90))},
	{At: "lng", When: has("location"), Must: play.Given(play.Not(play.String()), play.Between(-180, 180))},
	shaped([]string{"name", "phones", "emails", "card"}, "contact"),
	{At: "name", When: has("contact"), Must: play.Given(play.String(), play.Filled())},
	{At: "phones[]", Must: play.All(play.String(), play.Filled())},
	{At: "emails[]", Must: play.All(play.String(), play.Filled())},
}, members(), play.From(contract, play.Refusal{}, play.Rules(offers, commerce)...))

// members are the rules that a kind with an object of its own has it, and nothing else.
func members() []play.Rule {
	var list []play.Rule
	for _, kind := range own {
		list = append(list, shaped([]string{kind}, kind),
			play.Rule{At: kind, When: has(kind), Must: play.Given(play.Filled())})
	}
	return list
}

// options are what a person may choose.
func options(at string) []play.Rule {
	return []play.Rule{
		{At: at, Must: play.All(play.List(), play.Unique("id"))},
		{At: at + "[].id", Must: play.Given(play.String(), play.Filled())},
		{At: at + "[].label", Must: play.Given(play.String(), play.Filled())},
		{At: at + "[].action", Must: play.Is("reply", "postback", "url", "call", "location", "contact", "webview", "copy")},
		{At: at + "[].value", When: play.If(at+"[].action", play.Is("url", "webview", "call", "copy")),
			Must: play.Given(play.String(), play.Filled())},
	}
}

var offers = play.Rules([]play.Rule{
	{At: "choice.text", Must: play.Given(play.String(), play.Filled())},
	{At: "choice.style", Must: play.Is("buttons", "quick", "list", "picker")},
	{At: "choice.options", Must: play.Given(play.Filled())},
	{At: "choice.multiple", Must: truth},
	{At: "cards[].title", Must: play.Given(play.String(), play.Filled())},
	{At: "form.id", Must: play.Given(play.String(), play.Filled())},
	{At: "form.title", Must: play.Given(play.String(), play.Filled())},
	{At: "form.fields[].id", Must: play.Given(play.String(), play.Filled())},
	{At: "form.fields[].label", Must: play.Given(play.String(), play.Filled())},
	{At: "form.fields[].type", Must: play.Given(play.Is("text", "number", "date", "email", "phone", "select"))},
	{At: "form.fields[].options", When: play.If("form.fields[].type", play.Is("select")),
		Must: play.Given(play.Filled())},
	{At: "schedule.id", Must: play.Given(play.String(), play.Filled())},
	{At: "schedule.title", Must: play.Given(play.String(), play.Filled())},
	{At: "schedule.slots", Must: play.Given(play.List(), play.Filled(), play.Unique("id"))},
	{At: "schedule.slots[].id", Must: play.Given(play.String(), play.Filled())},
	{At: "schedule.slots[].start", Must: play.Given(moment)},
	{At: "schedule.slots[].durationMs", Must: play.Given(play.Whole(), number)},
}, options("choice.options"), options("cards[].options"), options("form.fields[].options"))

var commerce = []play.Rule{
	{At: "payment.reference", Must: play.Given(play.String(), play.Filled())},
	{At: "payment.amount.amount", Must: play.Given(play.Not(play.String()), play.Whole())},
	{At: "payment.amount.currency", Must: play.Given(play.Matches(`^[A-Z]{3}$`))},
	{At: "payment.expiresAt", Must: moment},
	{At: "payment.lines[].label", Must: play.Given(play.Filled())},
	{At: "payment.lines[].amount.amount", Must: play.Given(play.Not(play.String()), play.Whole())},
	{At: "product.id", Must: play.Given(play.String(), play.Filled())},
	{At: "product.price.currency", Must: play.Given(play.Matches(`^[A-Z]{3}$`))},
	{At: "order.items[].quantity", Must: play.All(play.Whole(), number)},
	{At: "template.name", Must: play.Given(play.String(), play.Filled())},
	{At: "template.language", Must: play.Given(play.String(), play.Filled())},
	{At: "template.parameters[].name", Must: play.Given(play.String())},
	{At: "link.url", Must: play.Given(play.String(), play.Filled())},
	{At: "native.json", Must: play.Given(play.String(), play.Filled())},
}

// open is what the convention leaves to the bridge.
var open = []play.Open{
	{At: "kinds", Source: convention, Question: "Which kinds a bridge can show is its own to say. Here: all."},
	{At: "data.user", Source: convention, Question: "It is optional, and an empty name is left out. Here: so."},
	{At: "webhook-timestamp", Source: spec + "#webhook-headers", Question: "How old a delivery may be is the " +
		"reader's to choose. Here: five minutes, as the libraries have it."},
	{At: "payload", Source: spec + "#payload-best-practices", Question: "Less than 20 kB is recommended, not asked " +
		"for. Here: 256 KB, as the other direction has it."},
}
