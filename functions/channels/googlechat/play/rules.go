package play

import (
	"strings"

	google "github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/stage/play"
)

var endpoints = []play.Endpoint{
	{Method: "GET", Path: "/v1/media/{name...}", Docs: ref + "media/download", Answer: downloaded, Rules: []play.Rule{
		{At: "query:alt", Must: play.Given(play.Is("media")), Else: google.NotFound},
	}},
	{Method: "POST", Path: "/v1/spaces/{space}/messages", Docs: ref + "spaces.messages/create", Body: google.JSON,
		Answer: made,
		Rules: play.Rules([]play.Rule{
			space,
			{At: "query:messageReplyOption",
				Must: play.Given(play.Is("REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL"))},
			{At: "query:requestId", Must: play.Given(play.UUID())},
			{At: "query:messageId", Must: play.Given(play.Matches(`^client-[0-9a-z-]{1,56}$`)),
				Source: chat + "create-messages#name_a_created_message"},
		}, message)},
	{Method: "PATCH", Path: "/v1/spaces/{space}/messages/{id}", Docs: ref + "spaces.messages/patch", Body: google.JSON,
		Answer: found,
		Rules: play.Rules([]play.Rule{space, {At: "query:updateMask", Must: play.Given(play.Is("text,cardsV2"))}},
			message)},
	{Method: "GET", Path: "/v1/spaces/{space}/messages/{id}", Docs: ref + "spaces.messages/get",
		Rules: []play.Rule{space}, Answer: found},
	{Method: "DELETE", Path: "/v1/spaces/{space}/messages/{id}", Docs: ref + "spaces.messages/delete",
		Rules:  []play.Rule{space},
		Answer: play.Says(200, "{}")},
}

var space = play.Rule{At: "path:space", Must: play.Matches(`^[0-9A-Za-z_-]+$`), Else: google.NotFound}

// message is what may be said.
var message = play.Rules([]play.Rule{
	{At: "", Must: play.That("at most 32,000 bytes", func(t play.Taken, _ any) bool { return len(t.Body) <= 32_000 }),
		Source: limitDocs},
	{At: "", Must: play.Some("text", "cardsV2")},
	{At: "thread.name", Must: play.That("of the space", func(t play.Taken, v any) bool {
		s, _ := v.(string)
		return strings.HasPrefix(s, "spaces/"+t.Vars["space"]+"/threads/")
	})},
	{At: "cardsV2", Must: play.Unique("cardId")},
	{At: "cardsV2[].cardId", Must: play.Given(play.Filled())},
	{At: "cardsV2[].card", Must: play.Given(play.Some("header", "sections"))},
	{At: "cardsV2[].card.sections", Must: play.Total("widgets[]", 0, 100), Source: cards},
	{At: "cardsV2[].card.sections[].widgets", Must: play.Given(play.Filled()), Source: cards},
}, play.In("cardsV2[].card.sections[].widgets[]", widget...))

var widget = play.From(cards+"#widget", play.Refusal{}, play.Rules([]play.Rule{
	{At: "", Must: play.One("textParagraph", "image", "decoratedText", "buttonList", "textInput", "selectionInput",
		"dateTimePicker",
		"divider", "grid", "columns", "carousel", "chipList")},
	{At: "textParagraph.text", Must: play.Given(play.Filled())},
	{At: "image.imageUrl", Must: play.Given(play.Begins("https://"))},
	{At: "decoratedText.text", Must: play.Given(play.Filled())},
	{At: "decoratedText.startIcon", Must: play.Some("knownIcon", "iconUrl", "materialIcon")},
	{At: "decoratedText.startIcon.iconUrl", Must: play.Begins("https://")},
	{At: "buttonList.buttons", Must: play.Given(play.Filled())},
	{At: "buttonList.buttons[].text", Must: play.Given(play.Filled())},
	{At: "buttonList.buttons[].onClick", Must: play.Given()},
	{At: "textInput.name", Must: play.Given(play.Filled())},
	{At: "selectionInput.name", Must: play.Given(play.Filled())},
	{At: "selectionInput.items", Must: play.Given(play.Filled())},
	{At: "dateTimePicker.name", Must: play.Given(play.Filled())},
	{At: "dateTimePicker.type", Must: play.Given(play.Is("DATE_ONLY", "TIME_ONLY", "DATE_AND_TIME"))},
}, click("image.onClick"), click("decoratedText.onClick"), click("buttonList.buttons[].onClick"))...)

// click does one thing.
func click(at string) []play.Rule {
	return play.From(cards+"#onclick", play.Refusal{}, []play.Rule{
		{At: at, Must: play.One("action", "openLink", "openDynamicLinkAction", "card", "overflowMenu")},
		{At: at + ".openLink.url", Must: play.Given(play.Filled())},
	}...)
}
