package play

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

// Viber's pages beside the reference.
const (
	keyboards = "https://developers.viber.com/docs/tools/keyboards/"
	forbidden = "https://developers.viber.com/docs/tools/file-formats/"
)

var (
	missing = refuse("4", "missingData")
	version = refuse("13", "apiVersionNotSupported")
)

var rules = play.Rules([]play.Rule{
	{At: "", Must: play.Object()},
	{At: "", Must: play.That("at most 30,000 bytes", func(t play.Taken, _ any) bool { return len(t.Body) <= 30_000 })},
	{At: "receiver", Must: play.Given(play.Filled()), Else: missing},
	{At: "receiver", Must: play.String()},
	{At: "broadcast_list", Must: play.Absent()},
	{At: "type", Must: play.Given(), Else: missing},
	{At: "type", Must: play.Is("text", "picture", "video", "file", "sticker", "contact", "location", "url",
		"rich_media")},
	{At: "sender", Must: play.Given(play.Object()), Else: missing},
	{At: "sender.name", Must: play.Given(play.Filled()), Else: missing},
	{At: "sender.name", Must: play.Len(1, 28, play.Runes)},
	{At: "sender.avatar", Must: play.URL("http", "https")},
	{At: "tracking_data", Must: play.String()},
	{At: "tracking_data", Must: play.Most(4000, play.Runes),
		Source: "https://creators.viber.com/docs/bots-api/resources/messaging/send-message"},
	{At: "min_api_version", Must: play.All(play.Number(), play.Whole(), play.Between(1, 99)), Else: version},
},
	of("text", "#text-message", needed("text"), play.Rule{At: "text", Must: play.Len(1, 7000, play.Runes)}),
	of("picture", "#picture-message", play.Rule{At: "text", Must: play.Given(play.String()), Else: missing},
		play.Rule{At: "text", Must: play.Most(768, play.Runes)},
		needed("media"), address, ending("media", ".jpeg", ".jpg", ".png", ".gif"), thumbnail),
	of("video", "#video-message", needed("media"), address, ending("media", ".mp4"),
		play.Rule{At: "size", Must: play.Given(play.Number()), Else: missing},
		play.Rule{At: "size", Must: play.Between(1, 26<<20)},
		play.Rule{At: "duration", Must: play.All(play.Number(), play.Between(0, 180))}, thumbnail),
	of("file", "#file-message", needed("media"), address,
		play.Rule{At: "media", Must: play.That("an address that ends with an extension", func(_ play.Taken, v any) bool {
			return extension(v) != ""
		})},
		play.Rule{At: "size", Must: play.Given(play.Number()), Else: missing},
		play.Rule{At: "size", Must: play.Between(1, 50<<20)},
		needed("file_name"), play.Rule{At: "file_name", Must: play.Len(1, 256, play.Runes)},
		play.Rule{At: "file_name", Must: play.That("a name with an extension", named)},
		play.Rule{At: "file_name", Must: sendable, Source: forbidden}),
	of("sticker", "#sticker-message", needed("sticker_id"), play.Rule{At: "sticker_id", Must: play.Whole()}),
	of("contact", "#contact-message", play.Rule{At: "contact", Must: play.Given(play.Object()), Else: missing},
		needed("contact.name"), play.Rule{At: "contact.name", Must: play.Len(1, 28, play.Runes)},
		needed("contact.phone_number"), play.Rule{At: "contact.phone_number", Must: play.Len(1, 18, play.Runes)}),
	of("location", "#location-message", play.Rule{At: "location", Must: play.Given(play.Object()), Else: missing},
		needed("location.lat"), play.Rule{At: "location.lat", Must: play.Between(-90, 90)},
		needed("location.lon"), play.Rule{At: "location.lon", Must: play.Between(-180, 180)}),
	of("url", "#url-message", needed("media"), address, play.Rule{At: "media", Must: play.Len(1, 2000, play.Runes)}),
	of("rich_media", "#rich-media-message--carousel-content-message", rich...),
	play.From(keyboards, play.Refusal{}, keyboard...),
)

func of(kind, page string, list ...play.Rule) []play.Rule {
	return play.Where(play.If("type", play.Is(kind)), play.From(ref+page, play.Refusal{}, list...)...)
}

// needed is a member without which Viber says that data is missing.
func needed(at string) play.Rule {
	return play.Rule{At: at, Must: play.Given(play.Filled()), Else: missing}
}

var (
	address   = play.Rule{At: "media", Must: play.URL("http", "https")}
	thumbnail = play.Rule{At: "thumbnail", Must: play.URL("http", "https")}
)

// extension is what the last segment of an address's path ends in.
func extension(v any) string {
	u, err := url.Parse(play.Plain(v))
	if err != nil {
		return ""
	}
	return strings.ToLower(path.Ext(u.Path))
}

func ending(at string, extensions ...string) play.Rule {
	return play.Rule{At: at, Must: play.That("an address that ends in "+strings.Join(extensions, ", "),
		func(_ play.Taken, v any) bool { return slices.Contains(extensions, extension(v)) })}
}

func named(_ play.Taken, v any) bool { return len(path.Ext(play.Plain(v))) > 1 }

// sendable is the name of a file that is no program.
var sendable = play.That("no forbidden format", func(_ play.Taken, v any) bool {
	return !slices.Contains(programs, strings.ToUpper(strings.TrimPrefix(path.Ext(play.Plain(v)), ".")))
})

var programs = strings.Fields("ACTION APK APP BAT BIN CMD COM COMMAND CPL CSH EXE GADGET INF1 INS INX IPA " +
	"ISU JOB JSE KSH LNK MSC MSI MSP MST OSX OUT PAF PIF PRG PS1 REG RGS RUN SCT SH SHB SHS U3P VB VBE VBS " +
	"VBSCRIPT WORKFLOW WS WSF")

var rich = play.Rules([]play.Rule{
	{At: "min_api_version", Must: play.Given(play.Between(2, 99)), Else: version},
	{At: "alt_text", Must: play.Most(7000, play.Runes)},
	{At: "rich_media", Must: play.Given(play.Object()), Else: missing},
	{At: "rich_media.Type", Must: play.Given(play.Is("rich_media"))},
	{At: "rich_media.ButtonsGroupColumns", Must: play.All(play.Number(), play.Whole(), play.Between(1, 6))},
	{At: "rich_media.ButtonsGroupRows", Must: play.All(play.Number(), play.Whole(), play.Between(1, 7))},
	{At: "rich_media.BgColor", Must: color},
	{At: "rich_media.Buttons", Must: play.Given(play.List(), play.Filled()), Else: missing},
	{At: "rich_media", Must: enough},
	{At: "rich_media", Must: groups},
	{At: "rich_media", Must: spans},
	{At: "rich_media.Buttons[].ActionType", Must: play.Not(play.Is("location-picker", "share-phone"))},
}, play.In("rich_media.Buttons[]", button(7)...))

var keyboard = play.Rules([]play.Rule{
	{At: "keyboard", Must: play.Object()},
	{At: "keyboard.Type", Must: play.Given(play.Is("keyboard"))},
	{At: "keyboard.Buttons", Must: play.Given(play.List(), play.Filled()), Else: missing},
	{At: "keyboard.BgColor", Must: color},
	{At: "keyboard.DefaultHeight", Must: play.Truth()},
	{At: "keyboard.CustomDefaultHeight", Must: play.Between(40, 70)},
	{At: "keyboard.HeightScale", Must: play.Between(20, 100)},
	{At: "keyboard.ButtonsGroupColumns", Must: play.Between(1, 6)},
	{At: "keyboard.ButtonsGroupRows", Must: play.Between(1, 2)},
	{At: "keyboard.InputFieldState", Must: play.Is("regular", "minimized", "hidden")},
	{At: "min_api_version", When: play.If("keyboard.InputFieldState", play.Filled()),
		Must: play.Given(play.Between(4, 99)), Else: version},
	{At: "min_api_version", When: play.If("keyboard.Buttons[].ActionType", play.Is("share-phone", "location-picker")),
		Must: play.Given(play.Between(3, 99)), Else: version},
	{At: "keyboard", Must: lines},
}, play.In("keyboard.Buttons[]", button(2)...))

// button are the rules of one of at most so many rows.
func button(rows int) []play.Rule {
	return []play.Rule{
		{At: "", Must: play.Object()},
		{At: "Columns", Must: play.All(play.Number(), play.Whole(), play.Between(1, 6))},
		{At: "Rows", Must: play.All(play.Number(), play.Whole(), play.Between(1, float64(rows)))},
		{At: "", Must: play.Some("Text", "BgMedia", "Image", "BgColor")},
		{At: "ActionType", Must: play.Is("reply", "open-url", "share-phone", "location-picker", "none")},
		{At: "ActionBody", When: play.If("ActionType", play.Is("reply", "open-url", "share-phone", "location-picker")),
			Must: play.Given(play.Filled()), Else: missing},
		{At: "ActionBody", When: play.If("ActionType", play.Absent()), Must: play.Given(play.Filled()), Else: missing},
		{At: "ActionBody", When: play.If("ActionType", play.Is("open-url")), Must: opens},
		{At: "Image", Must: play.URL("http", "https")},
		{At: "Text", Must: play.Most(250, play.Runes)},
		{At: "TextVAlign", Must: play.Is("top", "middle", "bottom")},
		{At: "TextHAlign", Must: play.Is("left", "center", "middle", "right")},
		{At: "TextOpacity", Must: play.Between(0, 100)},
		{At: "TextSize", Must: play.Is("small", "regular", "medium", "large")},
		{At: "BgColor", Must: color},
		{At: "BgMediaType", Must: play.Is("picture", "gif")},
		{At: "BgMediaScaleType", Must: play.Is("crop", "fill", "fit")},
		{At: "ImageScaleType", Must: play.Is("crop", "fill", "fit")},
		{At: "BgLoop", Must: play.Truth()},
		{At: "Silent", Must: play.Truth()},
		{At: "OpenURLType", Must: play.Is("internal", "external")},
	}
}

// opens is an address that a button opens.
var opens = play.All(play.URL("http", "https", "viber", "tel", "mailto"), play.Lacks(" "))

var color = play.Matches(`^#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?$`)

// A panel is what holds buttons, as far as its size goes.
type panel struct {
	columns, rows int
	buttons       []any
}

func panelOf(v any, columns, rows int) panel {
	object, _ := v.(map[string]any)
	buttons, _ := object["Buttons"].([]any)
	return panel{number(v, "ButtonsGroupColumns", columns), number(v, "ButtonsGroupRows", rows), buttons}
}

// number is a member, or what Viber takes in its place.
func number(v any, member string, otherwise int) int {
	object, _ := v.(map[string]any)
	n, err := strconv.Atoi(play.Plain(object[member]))
	if err != nil {
		return otherwise
	}
	return n
}

// cells is how much of the panel its buttons fill.
func (p panel) cells() int {
	n := 0
	for _, b := range p.buttons {
		n += number(b, "Columns", p.columns) * number(b, "Rows", p.rows)
	}
	return n
}

var enough = play.That("at most 6 buttons for each cell of a group", func(_ play.Taken, v any) bool {
	p := panelOf(v, 6, 7)
	return len(p.buttons) <= 6*p.columns*p.rows
})

// groups are buttons that fill whole groups of cells.
var groups = play.That("buttons that fill whole groups", func(_ play.Taken, v any) bool {
	p := panelOf(v, 6, 7)
	group, cells := p.columns*p.rows, p.cells()
	return group > 0 && cells > 0 && cells%group == 0
})

// spans are buttons that are no larger than a group.
var spans = play.That("buttons within a group", func(_ play.Taken, v any) bool {
	p := panelOf(v, 6, 7)
	return !slices.ContainsFunc(p.buttons, func(b any) bool {
		return number(b, "Columns", p.columns) > p.columns || number(b, "Rows", p.rows) > p.rows
	})
})

// mostLines is how many rows a keyboard has: beyond them Viber shows nothing.
const mostLines = 24

var lines = play.That(fmt.Sprintf("at most %d rows of buttons", mostLines), func(_ play.Taken, v any) bool {
	p := panelOf(v, 6, 1)
	return p.cells() <= mostLines*p.columns
})
