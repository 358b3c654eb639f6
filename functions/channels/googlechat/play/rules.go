package play

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	google "github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	createDocs = ref + "spaces.messages/create"
	patchDocs  = ref + "spaces.messages/patch"
	shape      = ref + "spaces.messages#Message"
	discovery  = "https://chat.googleapis.com/$discovery/rest?version=v1"
	protoJSON  = "https://protobuf.dev/programming-guides/json/"
)

var endpoints = []play.Endpoint{
	{Method: "GET", Path: "/v1/media/{name...}", Docs: ref + "media/download", Answer: downloaded, Rules: []play.Rule{
		{At: "query:alt", Must: play.Given(play.Is("media")), Else: google.NotFound},
	}},
	{Method: "POST", Path: "/v1/spaces/{space}/messages", Docs: createDocs, Body: google.JSON, Answer: made,
		Rules: play.Rules([]play.Rule{
			space,
			{At: "query:messageReplyOption", Must: play.Is("REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL",
				"MESSAGE_REPLY_OPTION_UNSPECIFIED")},
			{At: "query:requestId", Must: play.Filled()},
			{At: "query:messageId", Must: play.Matches(`^client-[0-9a-z-]{1,56}$`)},
			{At: "query:threadKey", Must: play.Most(4000, play.Runes)},
			{At: "query:createMessageNotificationOptions.notificationType", Must: play.Is("NOTIFICATION_TYPE_NONE",
				"NOTIFICATION_TYPE_FORCE_NOTIFY", "NOTIFICATION_TYPE_SILENT")},
			{At: "thread.threadKey", Must: play.Most(4000, play.Runes), Source: ref + "spaces.messages#Thread"},
			{At: "thread.name", Must: ofSpace("threads"), Source: ref + "spaces.messages#Thread"},
			{At: "quotedMessageMetadata.name", Must: play.Given(ofSpace("messages")),
				Source: ref + "spaces.messages#QuotedMessageMetadata"},
			{At: "quotedMessageMetadata.lastUpdateTime", Must: play.Given(play.Filled()),
				Source: ref + "spaces.messages#QuotedMessageMetadata"},
			{At: "attachment", When: play.If("privateMessageViewer", play.Object()), Must: play.Absent(), Source: shape},
		}, message)},
	{Method: "PATCH", Path: "/v1/spaces/{space}/messages/{id}", Docs: patchDocs, Body: google.JSON, Answer: found,
		Rules: play.Rules([]play.Rule{space, id,
			{At: "query:updateMask", Must: play.Given(play.Filled(), masked)},
			{At: "query:allowMissing", Must: play.Is("true", "false")},
			{At: "quotedMessageMetadata", Must: play.Absent()},
		}, message)},
	{Method: "GET", Path: "/v1/spaces/{space}/messages/{id}", Docs: ref + "spaces.messages/get",
		Rules: []play.Rule{space, id}, Answer: found},
	{Method: "DELETE", Path: "/v1/spaces/{space}/messages/{id}", Docs: ref + "spaces.messages/delete",
		Rules: []play.Rule{space, id, {At: "query:force", Must: play.Is("true", "false")}}, Answer: play.Says(200, "{}")},
}

var (
	space = play.Rule{At: "path:space", Must: play.Matches(`^[0-9A-Za-z_-]+$`), Else: google.NotFound}
	id    = play.Rule{At: "path:id", Must: play.Matches(`^[0-9A-Za-z_.-]+$`), Else: google.NotFound}
)

// ofSpace is a thread or a message of the space that is written to.
func ofSpace(kind string) play.Check {
	return play.That("one of the space's "+kind, func(t play.Taken, v any) bool {
		s, _ := v.(string)
		return strings.HasPrefix(s, "spaces/"+t.Vars["space"]+"/"+kind+"/")
	})
}

// masked are the paths that may be updated.
var masked = play.That("text, attachment, cards, cards_v2, accessory_widgets, quoted_message_metadata or *",
	func(t play.Taken, _ any) bool {
		for _, path := range strings.Split(t.Query.Get("updateMask"), ",") {
			if !slices.Contains([]string{"text", "attachment", "cards", "cards_v2", "cardsV2", "accessory_widgets",
				"accessoryWidgets", "quoted_message_metadata", "quotedMessageMetadata", "*"}, path) {
				return false
			}
		}
		return true
	})

// message is what may be said.
var message = play.Rules([]play.Rule{
	{At: "", Must: known("names that the schema has", 'n'), Source: protoJSON, Else: google.Malformed},
	{At: "", Must: known("values of their types", 't'), Source: discovery, Else: google.Malformed},
	{At: "", Must: known("values of their enums", 'e'), Source: discovery, Else: google.Malformed},
	{At: "", Must: play.That("at most 32,000 bytes", func(t play.Taken, _ any) bool { return len(t.Body) <= 32_000 }),
		Source: limitDocs},
	{At: "", Must: play.Some("text", "cardsV2", "attachment", "accessoryWidgets"), Source: shape},
	{At: "cardsV2", Must: play.Unique("cardId"), Source: ref + "spaces.messages#CardWithId"},
	{At: "cardsV2", Must: play.That("a cardId each where there are several", func(t play.Taken, v any) bool {
		list, _ := v.([]any)
		return len(list) < 2 || t.Size("cardsV2[].cardId") == len(list)
	}), Source: ref + "spaces.messages#CardWithId"},
	{At: "cardsV2[].card", Must: play.Given(play.Object()), Source: ref + "spaces.messages#CardWithId"},
	{At: "cardsV2[].card", Must: play.Bytes(0, 32_000), Source: ref + "spaces.messages#CardWithId"},
	{At: "accessoryWidgets[]", Must: play.One("buttonList"), Source: ref + "spaces.messages#AccessoryWidget"},
}, play.In("cardsV2[].card", card...), play.In("cardsV2[].card.**", deep...),
	play.In("accessoryWidgets[].**", deep...))

var card = play.From(cards+"#Card", play.Refusal{}, []play.Rule{
	{At: "", Must: play.Some("header", "sections")},
	{At: "header.title", Must: play.Given(play.Filled()), Source: cards + "#CardHeader"},
	{At: "header.imageUrl", Must: play.HTTPS(), Source: cards + "#CardHeader"},
	{At: "cardActions", Must: play.Count(0, 10)},
	{At: "fixedFooter.primaryButton", When: play.If("fixedFooter.secondaryButton", play.Object()), Must: play.Given(),
		Source: cards + "#CardFixedFooter"},
	{At: "sections", Must: play.Total("widgets[]", 0, 100)},
	{At: "sections[].widgets", Must: play.Given(play.Filled()), Source: cards + "#Section"},
	{At: "sections[].id", Must: name, Source: cards + "#Section"},
	{At: "sections[].collapseControl", Must: play.That("both buttons or none", func(_ play.Taken, v any) bool {
		o, _ := v.(map[string]any)
		return (o["expandButton"] == nil) == (o["collapseButton"] == nil)
	}), Source: cards + "#CollapseControl"},
	{At: "sections[].widgets[]", Must: play.One("textParagraph", "image", "decoratedText", "buttonList", "textInput",
		"selectionInput", "dateTimePicker", "divider", "grid", "columns", "carousel", "chipList"),
		Source: cards + "#Widget"},
	{At: "sections[].widgets[].id", Must: name, Source: cards + "#Widget"},
}...)

var name = play.Matches(`^[a-zA-Z0-9-]{1,64}$`)

// deep are rules of widgets wherever they are: in a section, a column, a carousel.
var deep = play.Rules(
	at("textParagraph", play.Rule{At: "text", Must: play.Given(play.Filled())},
		play.Rule{At: "maxLines", Must: play.Between(0, 1<<31)}),
	at("image", play.Rule{At: "imageUrl", Must: play.HTTPS()},
		play.Rule{At: "imageUri", Must: play.HTTPS()}),
	at("decoratedText", play.Rule{At: "text", Must: play.Given(play.Filled())},
		play.Rule{At: "", Must: play.AtMostOne("button", "switchControl", "endIcon")},
		play.Rule{At: "switchControl.name", Must: play.Given(play.Filled())},
	),
	icons("icon"), icons("startIcon"), icons("endIcon"),
	at("buttonList", play.Rule{At: "buttons", Must: play.Given(play.Filled())}),
	pressed("buttons[]"), pressed("button"),
	at("chipList", play.Rule{At: "chips", Must: play.Given(play.Filled())},
		play.Rule{At: "chips[]", Must: play.Some("label", "icon")}),
	at("textInput", play.Rule{At: "name", Must: play.Given(play.Filled())},
		play.Rule{At: "", Must: play.Some("label", "hintText")},
		play.Rule{At: "validation.characterLimit", Must: play.Between(0, 1<<31)}),
	at("selectionInput", play.Rule{At: "name", Must: play.Given(play.Filled())},
		play.Rule{At: "items", Must: play.Count(1, 100)},
		play.Rule{At: "dataSourceConfigs", Must: play.Count(0, 1)},
		play.Rule{At: "", Must: play.That("at most one item selected of a radio button or a dropdown", single)}),
	at("dateTimePicker", play.Rule{At: "name", Must: play.Given(play.Filled())},
		play.Rule{At: "valueMsEpoch", Must: play.Whole()}),
	at("columns", play.Rule{At: "columnItems", Must: play.Given(play.Count(1, 2))}),
	at("carousel", play.Rule{At: "carouselCards", Must: play.Given(play.Filled())}),
	at("overflowMenu", play.Rule{At: "items", Must: play.Given(play.Filled())},
		play.Rule{At: "items[].text", Must: play.Given(play.Filled())},
		play.Rule{At: "items[].onClick", Must: play.Given(play.Object())},
		play.Rule{At: "items[].onClick.overflowMenu", Must: play.Absent()}),
	at("onClick", play.Rule{At: "", Must: play.One("action", "openLink", "openDynamicLinkAction", "card",
		"overflowMenu")}),
	at("openLink", play.Rule{At: "url", Must: play.Given(play.Filled())}),
	at("color", play.Rule{At: "red", Must: play.Between(0, 1)}, play.Rule{At: "green", Must: play.Between(0, 1)},
		play.Rule{At: "blue", Must: play.Between(0, 1)}),
)

// pages are those of the reference that are not named as the member is.
var pages = map[string]string{"startIcon": "Icon", "endIcon": "Icon", "buttons[]": "Button", "button": "Button",
	"color": "Color"}

// at are rules of a member, from the part of the page on cards that is about it.
func at(member string, rules ...play.Rule) []play.Rule {
	about, own := pages[member]
	if !own {
		about = strings.ToUpper(member[:1]) + member[1:]
	}
	return play.From(cards+"#"+about, play.Refusal{}, play.In(member, rules...)...)
}

func icons(member string) []play.Rule {
	return at(member, play.Rule{At: "", Must: play.One("knownIcon", "iconUrl", "materialIcon")},
		play.Rule{At: "iconUrl", Must: play.HTTPS()},
		play.Rule{At: "materialIcon.name", Must: play.Given(play.Filled())},
		play.Rule{At: "materialIcon.weight", Must: play.Is("100", "200", "300", "400", "500", "600", "700")},
		play.Rule{At: "materialIcon.grade", Must: play.Is("-25", "0", "200")})
}

func pressed(member string) []play.Rule {
	return at(member, play.Rule{At: "", Must: play.Some("text", "icon")},
		play.Rule{At: "onClick", Must: play.Given(play.Object())})
}

func single(_ play.Taken, v any) bool {
	o, _ := v.(map[string]any)
	if o["type"] != "RADIO_BUTTON" && o["type"] != "DROPDOWN" {
		return true
	}
	items, _ := o["items"].([]any)
	n := 0
	for _, x := range items {
		if i, _ := x.(map[string]any); i["selected"] == true {
			n++
		}
	}
	return n < 2
}

// known walks a message along the schema and looks for one kind of fault: n is a name,
// t a type, e a value of an enum.
func known(says string, fault byte) play.Check {
	return play.That(says, func(_ play.Taken, v any) bool { return !faulty(v, "Message", fault) })
}

func faulty(v any, object string, fault byte) bool {
	o, ok := v.(map[string]any)
	if !ok {
		return fault == 't'
	}
	for member, value := range o {
		typ, has := schema()[object][member]
		if !has && fault == 'n' || has && value != nil && wrong(value, typ, fault) {
			return true
		}
	}
	return false
}

func wrong(v any, typ string, fault byte) bool {
	if inner, list := strings.CutPrefix(typ, "[]"); list {
		elements, ok := v.([]any)
		return !ok && fault == 't' ||
			slices.ContainsFunc(elements, func(e any) bool { return wrong(e, inner, fault) })
	}
	_, text := v.(string)
	_, truth := v.(bool)
	number, numeric := v.(json.Number)
	switch {
	case typ == "any":
		return false
	case typ == "string":
		return fault == 't' && !text
	case typ == "bool":
		return fault == 't' && !truth
	case typ == "number":
		return fault == 't' && !numeric
	case typ == "int", typ == "int64":
		s, _ := v.(string)
		_, err := strconv.ParseInt(s+number.String(), 10, 64)
		return fault == 't' && err != nil
	case strings.ToUpper(typ) == typ:
		return fault == 'e' && (!text || !slices.Contains(strings.Split(typ, "|"), v.(string)))
	}
	return faulty(v, typ, fault)
}

// open is what Google's pages leave unsaid.
var open = []play.Open{
	{At: "snake_case", Source: protoJSON, Question: "Members may be written so, too. Here: refused, as Relais never " +
		"does."},
	{At: "knownIcon", Source: cards + "#Icon", Question: "The list of icons is a page of pictures. Here: any name."},
	{At: "text", Source: limitDocs, Question: "A limit of its own is not given, only 32,000 bytes of all. Here: " +
		"those."},
	{At: "carousel", Source: cards + "#Carousel", Question: "How many cards it may have is not said. Here: any " +
		"number."},
	{At: "buttonList", Source: cards + "#ButtonList", Question: "How many buttons it may have is not said. Here: " +
		"any number."},
	{At: "imageUrl, iconUrl", Source: cards + "#Image", Question: "That Google must reach the host is clear, " +
		"whether it looks before it takes the message is not said. Here: it does not."},
	{At: "openLink.url", Source: cards + "#OpenLink", Question: "Which schemes open is not said, only that http " +
		"becomes https. Here: any."},
	{At: "action.function", Source: cards + "#Action", Question: "An add-on's must be a URL, a classic app's a " +
		"name; which app it is the API does not see. Here: any."},
	{At: "messageReplyOption", Source: createDocs, Question: "\"Only supported in named spaces\": what it does in " +
		"others is not said. Here: nothing."},
	{At: "markup", Source: chat + "format-messages", Question: "Broken markup is shown as it is. Here: not looked " +
		"at."},
}
