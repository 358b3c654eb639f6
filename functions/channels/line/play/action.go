package play

import "github.com/relais-dev/relais/shared/stage/play"

// action are the rules of what a button does; what its label may be depends on the button.
// Label, text, displayText and fillInText are counted in grapheme clusters.
var action = play.Rules(
	[]play.Rule{
		{At: "type", Must: play.Given(play.Is("postback", "message", "uri", "datetimepicker", "camera", "cameraRoll",
			"location", "richmenuswitch", "clipboard")), Source: ref + "#action-objects"},
		{At: "label", Must: play.String(), Source: ref + "#action-objects"},
	},
	kind("postback", "#postback-action",
		play.Rule{At: "data", Must: play.Given(play.String())},
		play.Rule{At: "data", Must: play.Len(1, 300, play.UTF16)},
		play.Rule{At: "displayText", Must: play.Len(1, 300, play.Graphemes), Source: counting},
		play.Rule{At: "text", Must: play.Len(1, 300, play.Graphemes), Source: counting},
		play.Rule{At: "", Must: play.AtMostOne("displayText", "text")},
		play.Rule{At: "inputOption", Must: play.Is("closeRichMenu", "openRichMenu", "openKeyboard", "openVoice")},
		play.Rule{At: "fillInText", Must: play.Len(1, 300, play.Graphemes), Source: counting},
		play.Rule{At: "fillInText", When: play.If("inputOption", play.Not(play.Is("openKeyboard"))), Must: play.Absent()},
		play.Rule{At: "fillInText", When: play.If("inputOption", play.Absent()), Must: play.Absent()},
	),
	kind("message", "#message-action",
		play.Rule{At: "text", Must: play.Given(play.Filled())},
		play.Rule{At: "text", Must: play.Len(1, 300, play.Graphemes), Source: counting},
	),
	kind("uri", "#uri-action",
		play.Rule{At: "uri", Must: play.Given(play.String())},
		play.Rule{At: "uri", Must: play.Len(1, 1000, play.UTF16)},
		play.Rule{At: "uri", Must: opens},
		play.Rule{At: "altUri.desktop", Must: play.Given(opens, play.Len(1, 1000, play.UTF16))},
	),
	kind("datetimepicker", "#datetime-picker-action",
		play.Rule{At: "data", Must: play.Given(play.String())},
		play.Rule{At: "data", Must: play.Len(1, 300, play.UTF16)},
		play.Rule{At: "mode", Must: play.Given(play.Is("date", "time", "datetime"))},
		play.Rule{At: "", Must: ordered},
	),
	moments("date", `^(19|20)\d\d-\d\d-\d\d$|^2100-\d\d-\d\d$`),
	moments("time", `^([01]\d|2[0-3]):[0-5]\d$`),
	moments("datetime", `^((19|20)\d\d|2100)-\d\d-\d\d[Tt]([01]\d|2[0-3]):[0-5]\d$`),
	kind("richmenuswitch", "#richmenu-switch-action",
		play.Rule{At: "richMenuAliasId", Must: play.Given(play.Len(1, 32, play.UTF16))},
		play.Rule{At: "data", Must: play.Given(play.Len(1, 300, play.UTF16))},
	),
	kind("clipboard", "#clipboard-action",
		play.Rule{At: "clipboardText", Must: play.Given(play.String())},
		play.Rule{At: "clipboardText", Must: play.Len(1, 1000, play.UTF16)},
	),
)

// opens is an address that LINE opens, with a host where its scheme has one.
var opens = play.All(play.Any(play.URL("http", "https", "tel"), play.Begins("line:")), play.Lacks(" "))

// moments are the rules of the times of a picker in one mode.
func moments(mode, pattern string) []play.Rule {
	var list []play.Rule
	for _, at := range []string{"initial", "min", "max"} {
		list = append(list, play.Rule{At: at, When: play.If("mode", play.Is(mode)), Must: play.Matches(pattern)})
	}
	return kind("datetimepicker", "#datetime-picker-action", list...)
}

// ordered is a picker whose first moment is before its last: they are written alike.
var ordered = play.That("min before max", func(_ play.Taken, v any) bool {
	picker, _ := v.(map[string]any)
	first, _ := picker["min"].(string)
	last, _ := picker["max"].(string)
	return first == "" || last == "" || first < last
})

// inMessage are actions that LINE takes outside of quick replies: the camera, its roll and
// the location are for quick replies alone.
var inMessage = play.Not(play.Is("camera", "cameraRoll", "location"))
