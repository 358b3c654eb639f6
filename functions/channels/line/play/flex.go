package play

import (
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

// flex are messages of boxes within boxes.
var flex = kind("flex", "#flex-message", play.Rules([]play.Rule{
	{At: "altText", Must: play.Given(play.Filled())},
	{At: "altText", Must: play.Len(1, 400, play.UTF16)},
	{At: "contents", Must: play.Given(play.Object())},
	{At: "contents.type", Must: play.Given(play.Is("bubble", "carousel")), Source: ref + "#container"},
}, bubble, carousel, box, button, picture, film, words, play.In("contents.**.action", action...),
	[]play.Rule{{At: "contents.**.action.type", Must: inMessage, Source: ref + "#action-objects"}})...)

// part is rules of the elements of one type, at any depth.
func part(name, anchor string, rules ...play.Rule) []play.Rule {
	return play.In("contents.**", kind(name, anchor, rules...)...)
}

var bubble = play.Rules(
	[]play.Rule{{At: "contents", When: play.If("contents.type", play.Is("bubble")), Must: play.Bytes(0, 30<<10),
		Source: ref + "#bubble"}},
	part("bubble", "#bubble",
		play.Rule{At: "size", Must: play.Is("nano", "micro", "deca", "hecto", "kilo", "mega", "giga")},
		play.Rule{At: "direction", Must: play.Is("ltr", "rtl")},
		play.Rule{At: "", Must: play.Some("header", "hero", "body", "footer")},
		play.Rule{At: "header.type", Must: play.Given(play.Is("box"))},
		play.Rule{At: "hero.type", Must: play.Given(play.Is("box", "image", "video"))},
		play.Rule{At: "body.type", Must: play.Given(play.Is("box"))},
		play.Rule{At: "footer.type", Must: play.Given(play.Is("box"))},
		play.Rule{At: "size", When: play.If("hero.type", play.Is("video")), Must: play.Is("kilo", "mega", "giga"),
			Source: ref + "#f-video"},
	),
)

var carousel = play.From(ref+"#f-carousel", play.Refusal{}, play.Where(play.If("contents.type", play.Is("carousel")),
	play.Rule{At: "contents", Must: play.Bytes(0, 50<<10)},
	play.Rule{At: "contents.contents", Must: play.Given(play.List())},
	play.Rule{At: "contents.contents", Must: play.Count(1, 12)},
	play.Rule{At: "contents.contents[].type", Must: play.Given(play.Is("bubble"))},
	play.Rule{At: "contents.contents[]", Must: play.Bytes(0, 30<<10), Source: ref + "#bubble"},
	play.Rule{At: "contents.contents", Must: play.Alike("size", play.Plain)},
	play.Rule{At: "contents.contents[].hero.type", Must: play.Is("box", "image"), Source: ref + "#f-video"},
)...)

var box = part("box", "#box",
	play.Rule{At: "layout", Must: play.Given(play.Is("horizontal", "vertical", "baseline"))},
	play.Rule{At: "contents", Must: play.Given(play.List())},
	play.Rule{At: "contents[].type", When: play.If("layout", play.Is("baseline")),
		Must: play.Given(play.Is("icon", "text", "filler", "spacer"))},
	play.Rule{At: "contents[].type", When: play.If("layout", play.Is("horizontal", "vertical")),
		Must: play.Given(play.Is("box", "button", "image", "text", "separator", "filler", "spacer"))},
	play.Rule{At: "backgroundColor", Must: color},
	play.Rule{At: "borderColor", Must: color},
	play.Rule{At: "spacing", Must: space},
	play.Rule{At: "margin", Must: space},
	play.Rule{At: "cornerRadius", Must: space},
	play.Rule{At: "paddingAll", Must: percent},
	play.Rule{At: "flex", Must: play.All(play.Number(), play.Whole())},
	play.Rule{At: "position", Must: play.Is("relative", "absolute")},
	play.Rule{At: "justifyContent", Must: play.Is("center", "flex-start", "flex-end", "space-between", "space-around",
		"space-evenly")},
	play.Rule{At: "alignItems", Must: play.Is("center", "flex-start", "flex-end")},
)

var button = part("button", "#button",
	play.Rule{At: "action", Must: play.Given(play.Object())},
	play.Rule{At: "action.label", Must: play.Given(play.Filled()), Source: ref + "#action-objects"},
	play.Rule{At: "action.label", Must: play.Len(1, 40, play.Graphemes), Source: ref + "#action-objects"},
	play.Rule{At: "style", Must: play.Is("primary", "secondary", "link")},
	play.Rule{At: "height", Must: play.Is("sm", "md")},
	play.Rule{At: "gravity", Must: play.Is("top", "bottom", "center")},
	play.Rule{At: "adjustMode", Must: play.Is("shrink-to-fit")},
	play.Rule{At: "color", Must: color},
	play.Rule{At: "margin", Must: space},
	play.Rule{At: "flex", Must: play.All(play.Number(), play.Whole())},
)

var picture = play.Rules(
	part("image", "#f-image",
		play.Rule{At: "url", Must: play.Given(play.HTTPS())},
		play.Rule{At: "url", Must: play.Len(1, 2000, play.UTF16)},
		play.Rule{At: "size", Must: play.Matches(`^(xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl|full|\d+(\.\d+)?(px|%))$`)},
		play.Rule{At: "aspectRatio", Must: ratio},
		play.Rule{At: "aspectMode", Must: play.Is("cover", "fit")},
		play.Rule{At: "align", Must: play.Is("start", "end", "center")},
		play.Rule{At: "gravity", Must: play.Is("top", "bottom", "center")},
		play.Rule{At: "animated", Must: play.Truth()},
		play.Rule{At: "backgroundColor", Must: color},
		play.Rule{At: "margin", Must: space},
	),
	part("icon", "#icon",
		play.Rule{At: "url", Must: play.Given(play.HTTPS())},
		play.Rule{At: "url", Must: play.Len(1, 2000, play.UTF16)},
		play.Rule{At: "aspectRatio", Must: ratio},
	),
)

var film = part("video", "#f-video",
	play.Rule{At: "url", Must: play.Given(play.HTTPS())},
	play.Rule{At: "url", Must: play.Len(1, 2000, play.UTF16)},
	play.Rule{At: "previewUrl", Must: play.Given(play.HTTPS())},
	play.Rule{At: "previewUrl", Must: play.Len(1, 2000, play.UTF16)},
	play.Rule{At: "altContent", Must: play.Given(play.Object())},
	play.Rule{At: "altContent.type", Must: play.Given(play.Is("box", "image"))},
	play.Rule{At: "aspectRatio", Must: ratio},
	play.Rule{At: "action.type", Must: play.Is("uri")},
)

var words = play.Rules(
	part("text", "#f-text",
		play.Rule{At: "", Must: play.Some("text", "contents")},
		play.Rule{At: "text", Must: play.Filled()},
		play.Rule{At: "contents[].type", Must: play.Given(play.Is("span"))},
		play.Rule{At: "size", Must: fontSize},
		play.Rule{At: "weight", Must: play.Is("regular", "bold")},
		play.Rule{At: "style", Must: play.Is("normal", "italic")},
		play.Rule{At: "decoration", Must: play.Is("none", "underline", "line-through")},
		play.Rule{At: "align", Must: play.Is("start", "end", "center")},
		play.Rule{At: "gravity", Must: play.Is("top", "bottom", "center")},
		play.Rule{At: "wrap", Must: play.Truth()},
		play.Rule{At: "maxLines", Must: play.All(play.Number(), play.Whole())},
		play.Rule{At: "color", Must: color},
		play.Rule{At: "margin", Must: space},
	),
	part("span", "#span",
		play.Rule{At: "text", Must: play.Given(play.Filled())},
		play.Rule{At: "size", Must: fontSize},
		play.Rule{At: "weight", Must: play.Is("regular", "bold")},
		play.Rule{At: "style", Must: play.Is("normal", "italic")},
		play.Rule{At: "decoration", Must: play.Is("none", "underline", "line-through")},
		play.Rule{At: "color", Must: color},
	),
)

// The forms of what several elements have.
var (
	color    = play.Matches(`^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$`)
	space    = play.Matches(`^(none|xs|sm|md|lg|xl|xxl|\d+(\.\d+)?px)$`)
	percent  = play.Matches(`^(none|xs|sm|md|lg|xl|xxl|\d+(\.\d+)?(px|%))$`)
	fontSize = play.Matches(`^(xxs|xs|sm|md|lg|xl|xxl|3xl|4xl|5xl|\d+(\.\d+)?px)$`)
)

// ratio is width:height, each of 1 to 100000, the height at most three times the width.
var ratio = play.That("width:height of 1 to 100000, height at most three widths", func(_ play.Taken, v any) bool {
	w, h, _ := strings.Cut(play.Plain(v), ":")
	width, errW := strconv.ParseFloat(w, 64)
	height, errH := strconv.ParseFloat(h, 64)
	return errW == nil && errH == nil && width >= 1 && width <= 100000 && height >= 1 && height <= 100000 &&
		height <= 3*width
})
