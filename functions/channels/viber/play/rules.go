package play

import (
	"strconv"

	"github.com/relais-dev/relais/shared/stage/play"
)

var missing = refuse("4", "missingData")

var rules = play.Rules([]play.Rule{
	{At: "", Must: play.That("at most 30,000 bytes", func(t play.Taken, _ any) bool { return len(t.Body) <= 30_000 })},
	{At: "receiver", Must: play.Given(play.Filled()), Else: missing},
	{At: "sender", Must: play.Given(), Else: missing},
	{At: "sender.name", Must: play.Given(play.Len(1, 28, play.Runes)), Else: missing},
	{At: "tracking_data", Must: play.Most(4096, play.UTF8), Else: missing},
	{At: "type", Must: play.Given(play.Is("text", "picture", "video", "file", "sticker", "contact", "location", "url",
		"rich_media"))},
},
	of("text", "#text-message", play.Rule{At: "text", Must: play.Given(play.Len(1, 7000, play.Runes))}),
	of("picture", "#picture-message", play.Rule{At: "text", Must: play.Given(play.Most(768, play.Runes))}, media),
	of("video", "#video-message", media, play.Rule{At: "size", Must: play.Given(play.Between(1, 26<<20))},
		play.Rule{At: "duration", Must: play.Between(0, 180)}),
	of("file", "#file-message", media, play.Rule{At: "size", Must: play.Given(play.Between(1, 50<<20))},
		play.Rule{At: "file_name", Must: play.Given(play.Filled())}),
	of("sticker", "#sticker-message", play.Rule{At: "sticker_id", Must: play.Given(play.Filled())}),
	of("contact", "#contact-message", play.Rule{At: "contact", Must: play.Given()},
		play.Rule{At: "contact.name", Must: play.Given(play.Len(1, 28, play.Runes))},
		play.Rule{At: "contact.phone_number", Must: play.Given(play.Len(1, 18, play.UTF8))}),
	of("location", "#location-message", play.Rule{At: "location", Must: play.Given()},
		play.Rule{At: "location.lat", Must: play.Given(play.Between(-90, 90))},
		play.Rule{At: "location.lon", Must: play.Given(play.Between(-180, 180))}),
	of("url", "#url-message", play.Rule{At: "media", Must: play.Given(play.Len(1, 2000, play.UTF8))}),
	of("rich_media", "#rich-media-message--carousel-content-message", rich...),
	play.From("https://developers.viber.com/docs/tools/keyboards/", play.Refusal{}, play.Rules([]play.Rule{
		{At: "keyboard.Type", Must: play.Given(play.Is("keyboard"))},
		{At: "keyboard.Buttons", Must: play.Given(play.Filled())},
	}, play.In("keyboard.Buttons[]", button...))...),
)

func of(kind, page string, list ...play.Rule) []play.Rule {
	return play.Where(play.If("type", play.Is(kind)), play.From(ref+page, play.Refusal{}, list...)...)
}

var media = play.Rule{At: "media", Must: play.Given(play.Begins("https://"))}

var rich = play.Rules([]play.Rule{
	{At: "min_api_version", Must: play.Given(play.Between(2, 99))},
	{At: "alt_text", Must: play.Given(play.Filled())},
	{At: "rich_media", Must: play.Given(groups)},
	{At: "rich_media.Type", Must: play.Given(play.Is("rich_media"))},
	{At: "rich_media.ButtonsGroupColumns", Must: play.Given(play.Between(1, 6))},
	{At: "rich_media.ButtonsGroupRows", Must: play.Given(play.Between(1, 7))},
	{At: "rich_media.Buttons", Must: play.Given(play.Filled())},
}, play.In("rich_media.Buttons[]", button...))

// groups are buttons that fill whole groups of cells.
var groups = play.That("buttons that fill whole groups", func(_ play.Taken, v any) bool {
	t := play.Taken{Tree: v}
	buttons, _ := v.(map[string]any)["Buttons"].([]any)
	cells := 0
	for _, b := range buttons {
		cells += number(play.Taken{Tree: b}, "Columns") * number(play.Taken{Tree: b}, "Rows")
	}
	group := number(t, "ButtonsGroupColumns") * number(t, "ButtonsGroupRows")
	return group > 0 && cells > 0 && cells%group == 0
})

func number(t play.Taken, place string) int {
	n, _ := strconv.Atoi(t.Get(place)) // what is none is 0
	return n
}

var button = []play.Rule{
	{At: "ActionType", Must: play.Given(play.Is("reply", "open-url", "share-phone", "location-picker", "none"))},
	{At: "ActionBody", When: play.If("ActionType", play.Not(play.Is("none"))), Must: play.Given(play.Filled())},
	{At: "Columns", Must: play.Given(play.Between(1, 6))},
	{At: "Rows", Must: play.Given(play.Between(1, 7))},
	{At: "", Must: play.Some("Text", "Image")},
	{At: "Text", Must: play.Most(250, play.Runes)},
}
