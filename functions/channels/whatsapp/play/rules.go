package play

import (
	"strconv"

	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of Meta's reference.
const (
	messages  = "https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/"
	buttons   = messages + "interactive-reply-buttons-messages"
	lists     = messages + "interactive-list-messages"
	carousels = messages + "interactive-media-carousel-messages"
)

// rules are the rulebook of Graph's messages. They hold for AWS too, which passes
// messages on as they are.
var rules = play.Rules(
	[]play.Rule{
		{At: "messaging_product", Must: play.Given(play.Is("whatsapp")), Else: invalid},
		{At: "status", Must: play.Is("read"), Else: invalid},
		{At: "message_id", When: play.If("status", play.Filled()), Must: play.Given(play.Filled()), Else: invalid},
	},
	play.Where(play.If("status", play.Absent()), play.Rules(recipient, parts, file, others, interactive)...),
)

var recipient = []play.Rule{
	{At: "", Must: play.One("to", "recipient")},
	{At: "recipient_type", Must: play.Given(play.Is("individual", "group"))},
	{At: "to", When: play.If("recipient_type", play.Is("individual")), Must: play.Matches(`^\+[0-9]+$`)},
	{At: "context.message_id", Must: play.Given(play.Filled())},
	{At: "biz_opaque_callback_data", Must: play.Most(512, play.UTF8)},
}

var types = []string{"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction",
	"template", "interactive"}

// parts ask for the part that the type names.
var parts = func() []play.Rule {
	list := []play.Rule{{At: "type", Must: play.Given(play.Is(types...))}}
	for _, t := range types {
		list = append(list, play.Rule{At: t, When: play.If("type", play.Is(t)), Must: play.Given()})
	}
	return list
}()

// file are the rules of media.
var file = func() []play.Rule {
	var list []play.Rule
	for _, t := range []string{"image", "video", "audio", "document", "sticker"} {
		list = append(list, play.In(t, located...)...)
		list = append(list, play.Rule{At: t + ".caption", Must: play.Most(1024, play.UTF16)})
		if t == "audio" || t == "sticker" {
			list = append(list, play.Rule{At: t + ".caption", Must: play.Absent()})
		}
		if t != "document" {
			list = append(list, play.Rule{At: t + ".filename", Must: play.Absent()})
		}
	}
	return list
}()

// located is a file that Meta can find.
var located = []play.Rule{
	{At: "", Must: play.One("id", "link")},
	{At: "link", Must: play.Begins("https://")},
}

var others = []play.Rule{
	{At: "text.body", Must: play.Given(play.Len(1, 4096, play.UTF16))},
	{At: "location.latitude", Must: play.Given(play.Between(-90, 90))},
	{At: "location.longitude", Must: play.Given(play.Between(-180, 180))},
	{At: "contacts", Must: play.Count(1, 257)},
	{At: "contacts[].name.formatted_name", Must: play.Given(play.Filled())},
	{At: "contacts[].name", Must: play.Given(play.Some("first_name", "last_name"))},
	{At: "reaction.message_id", Must: play.Given(play.Filled())},
	{At: "template.name", Must: play.Given(play.Filled())},
	{At: "template.language.code", Must: play.Given(play.Filled())},
}

// interactive are the rules of what can be pressed, by its type.
var interactive = play.In("interactive", play.Rules(
	frame, header(""),
	play.From(buttons, play.Refusal{}, of("button", button...)...),
	play.From(lists, play.Refusal{}, of("list", list...)...),
	of("cta_url", play.In("action", link...)...),
	play.From(carousels, play.Refusal{}, of("carousel", carousel...)...),
	of("product", given("action.catalog_id", "action.product_retailer_id")...),
	of("flow", flow...),
	of("location_request_message", play.Rule{At: "action.name", Must: play.Given(play.Is("send_location"))}),
	of("request_contact_info", play.Rule{At: "action.name", Must: play.Given(play.Is("request_contact_info"))}),
)...)

func of(kind string, rules ...play.Rule) []play.Rule {
	return play.Where(play.If("type", play.Is(kind)), rules...)
}

func given(places ...string) []play.Rule {
	list := make([]play.Rule, len(places))
	for i, p := range places {
		list[i] = play.Rule{At: p, Must: play.Given(play.Filled())}
	}
	return list
}

var frame = []play.Rule{
	{At: "type", Must: play.Given(play.Is("button", "list", "cta_url", "carousel", "product", "flow",
		"location_request_message",
		"request_contact_info"))},
	{At: "body", When: play.If("type", play.Not(play.Is("product"))), Must: play.Given()},
	{At: "body.text", When: play.If("type", play.Not(play.Is("list"))), Must: play.Given(play.Len(1, 1024, play.UTF16)),
		Source: buttons},
	{At: "body.text", When: play.If("type", play.Is("list")), Must: play.Given(play.Len(1, 4096, play.UTF16)),
		Source: lists},
	{At: "footer.text", Must: play.Given(play.Len(1, 60, play.UTF16)), Source: buttons},
	{At: "action", Must: play.Given()},
	{At: "header.type", When: play.If("type", play.Is("list")), Must: play.Is("text"), Source: lists},
}

// header is what stands above, of the object at a place.
func header(at string) []play.Rule {
	return play.In(at+"header", play.Rules([]play.Rule{
		{At: "type", Must: play.Given(play.Is("text", "image", "video", "document"))},
		{At: "text", When: play.If("type", play.Is("text")), Must: play.Given(play.Len(1, 60, play.UTF16)), Source: buttons},
		{At: "image", When: play.If("type", play.Is("image")), Must: play.Given()},
		{At: "video", When: play.If("type", play.Is("video")), Must: play.Given()},
	}, play.In("image", located...), play.In("video", located...))...)
}

var button = []play.Rule{
	{At: "action.buttons", Must: play.Given(play.Count(1, 3), play.Unique("reply.title"))},
	{At: "action.buttons[].type", Must: play.Given(play.Is("reply"))},
	{At: "action.buttons[].reply.id", Must: play.Given(play.Len(1, 256, play.UTF8))},
	{At: "action.buttons[].reply.title", Must: play.Given(play.Len(1, 20, play.UTF16))},
}

var list = []play.Rule{
	{At: "action.button", Must: play.Given(play.Len(1, 20, play.UTF16))},
	{At: "action.sections", Must: play.Given(play.Count(1, 10), play.Total("rows[]", 1, 10))},
	{At: "action.sections[].title", When: play.If("action.sections", play.Count(2, 10)), Must: play.Given(play.Filled())},
	{At: "action.sections[].title", Must: play.Most(24, play.UTF16)},
	{At: "action.sections[].rows[].id", Must: play.Given(play.Len(1, 200, play.UTF8))},
	{At: "action.sections[].rows[].title", Must: play.Given(play.Len(1, 24, play.UTF16))},
	{At: "action.sections[].rows[].description", Must: play.Most(72, play.UTF16)},
}

// link is the action that opens a page.
var link = []play.Rule{
	{At: "name", Must: play.Given(play.Is("cta_url"))},
	{At: "parameters", Must: play.Given()},
	{At: "parameters.url", Must: play.Given(play.Begins("http"))},
	{At: "parameters.display_text", Must: play.Given(play.Len(1, 20, play.UTF16))},
}

var carousel = play.Rules(
	[]play.Rule{
		{At: "action.cards", Must: play.Given(play.Count(2, 10), numbered)},
		{At: "action.cards[].type", Must: play.Given(play.Is("cta_url"))},
		{At: "action.cards[].header", Must: play.Given()},
		{At: "action.cards[].header.type", Must: play.Given(play.Is("image", "video"))},
		{At: "action.cards", Must: alike},
		{At: "action.cards[].body.text", Must: play.Most(160, play.UTF16)},
	},
	header("action.cards[]."), play.In("action.cards[].action", link...),
)

var numbered = play.That("cards numbered from 0", func(_ play.Taken, v any) bool {
	cards, _ := v.([]any)
	for i := range cards {
		if (play.Taken{Tree: cards[i]}).Get("card_index") != strconv.Itoa(i) {
			return false
		}
	}
	return true
})

var alike = play.That("cards with headers of one type", func(_ play.Taken, v any) bool {
	cards, _ := v.([]any)
	for i := range cards {
		if (play.Taken{Tree: cards[i]}).Get("header.type") != (play.Taken{Tree: cards[0]}).Get("header.type") {
			return false
		}
	}
	return true
})

var flow = []play.Rule{
	{At: "action.name", Must: play.Given(play.Is("flow"))},
	{At: "action.parameters", Must: play.Given()},
	{At: "action.parameters.flow_message_version", Must: play.Given(play.Is("3"))},
	{At: "action.parameters.flow_id", Must: play.Given(play.Digits())},
	{At: "action.parameters.flow_token", Must: play.Given(play.Filled())},
	{At: "action.parameters.flow_cta", Must: play.Given(play.Filled())},
}
