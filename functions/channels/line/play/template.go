package play

import "github.com/relais-dev/relais/shared/stage/play"

// template are messages of a fixed layout.
var template = kind("template", "#template-messages", play.Rules([]play.Rule{
	{At: "altText", Must: play.Given(play.Len(1, 400, play.UTF16))},
	{At: "template", Must: play.Given(play.Object())},
	{At: "template.type", Must: play.Given(play.Is("buttons", "confirm", "carousel", "image_carousel"))},
	{At: "template.imageAspectRatio", Must: play.Is("rectangle", "square"), Source: ref + "#buttons"},
	{At: "template.imageSize", Must: play.Is("cover", "contain"), Source: ref + "#buttons"},
},
	layout("buttons", "#buttons", play.Rules(
		text60("template", 160, "#buttons"),
		acts("template.actions", 1, 4, 20),
	)...),
	layout("confirm", "#confirm", play.Rules([]play.Rule{
		{At: "template.text", Must: play.Given(play.Len(1, 240, play.Graphemes))},
	}, acts("template.actions", 2, 2, 20))...),
	layout("carousel", "#carousel", play.Rules([]play.Rule{
		{At: "template.columns", Must: play.Given(play.Count(1, 10))},
		{At: "template.columns", Must: play.Alike("actions", play.Sized)},
		{At: "template.columns", Must: play.Alike("title", play.There)},
		{At: "template.columns", Must: play.Alike("thumbnailImageUrl", play.There)},
	}, text60("template.columns[]", 120, "#column-object-for-carousel"),
		acts("template.columns[].actions", 1, 3, 20))...),
	layout("image_carousel", "#image-carousel", play.Rules([]play.Rule{
		{At: "template.columns", Must: play.Given(play.Count(1, 10))},
		{At: "template.columns[].imageUrl", Must: play.Given(play.HTTPS(), play.Len(1, 2000, play.UTF16))},
		{At: "template.columns[].action", Must: play.Given(play.Object())},
		{At: "template.columns[].action.label", Must: play.Len(0, 12, play.Graphemes)},
		{At: "template.columns[].action.type", Must: inMessage},
	}, play.In("template.columns[].action", action...))...),
)...)

func layout(name, anchor string, rules ...play.Rule) []play.Rule {
	return play.From(ref+anchor, play.Refusal{}, play.Where(play.If("template.type", play.Is(name)), rules...)...)
}

// text60 are the title, picture and text of buttons or a column: 60 characters below a
// title or a picture, more without.
func text60(at string, most int, anchor string) []play.Rule {
	bare := play.If("title", play.Absent()).And("thumbnailImageUrl", play.Absent())
	rules := []play.Rule{
		{At: "title", Must: play.Len(1, 40, play.Graphemes)},
		{At: "thumbnailImageUrl", Must: play.All(play.HTTPS(), play.Len(1, 2000, play.UTF16))},
		{At: "text", Must: play.Given(play.Filled())},
		{At: "text", When: bare, Must: play.Len(1, most, play.Graphemes)},
		{At: "text", When: play.If("title", play.Filled()), Must: play.Len(1, 60, play.Graphemes)},
		{At: "text", When: play.If("thumbnailImageUrl", play.Filled()), Must: play.Len(1, 60, play.Graphemes)},
		{At: "imageBackgroundColor", Must: play.Matches(`^#[0-9A-Fa-f]{6}$`)},
	}
	return play.From(ref+anchor, play.Refusal{}, play.In(at, rules...)...)
}

// acts are the buttons of a template.
func acts(at string, least, most, label int) []play.Rule {
	return play.Rules([]play.Rule{
		{At: at, Must: play.Given(play.Count(least, most))},
		{At: at + "[].label", Must: play.Given(play.Len(1, label, play.Graphemes))},
		{At: at + "[].type", Must: inMessage},
	}, play.In(at+"[]", action...))
}
