package play

import "github.com/relais-dev/relais/shared/stage/play"

var push = play.Endpoint{
	Method: "POST", Path: "/v2/bot/message/push", Docs: ref + "#send-push-message", Body: play.JSON.Or(malformed),
	Rules: play.Rules([]play.Rule{
		typed,
		{At: "to", Must: play.Given(play.Matches(`^[UCR][0-9a-f]{32}$`)),
			Else: play.Refusal{Status: 400, Text: "The property, 'to', in the request body is invalid (line: -, column: -)"}},
		{At: "header:X-Line-Retry-Key", Must: play.Given(play.UUID()),
			Else:   play.Refusal{Status: 400, Text: "The retry key is invalid"},
			Source: "https://developers.line.biz/en/docs/messaging-api/retrying-api-request/"},
	}, messages),
	Answer: sent,
}

var reply = play.Endpoint{
	Method: "POST", Path: "/v2/bot/message/reply", Docs: ref + "#send-reply-message", Body: play.JSON.Or(malformed),
	Rules: play.Rules([]play.Rule{
		typed,
		{At: "replyToken", Must: play.Given(play.Filled()), Else: play.Refusal{Status: 400, Text: "Invalid reply token"}},
		{At: "header:X-Line-Retry-Key", Must: play.Absent(),
			Else:   play.Refusal{Status: 400, Text: "The retry key is invalid"},
			Source: "https://developers.line.biz/en/docs/messaging-api/retrying-api-request/"},
	}, messages),
	Faults: map[play.Fault]play.Refusal{play.Closed: {Status: 400, Text: "Invalid reply token"}},
	Answer: sent,
}

var loading = play.Endpoint{
	Method: "POST", Path: "/v2/bot/chat/loading/start", Docs: ref + "#display-a-loading-indicator",
	Body: play.JSON.Or(malformed),
	Rules: []play.Rule{
		typed,
		{At: "chatId", Must: play.Given(play.Begins("U"))},
		{At: "loadingSeconds", Must: play.Is("5", "10", "15", "20", "25", "30", "35", "40", "45", "50", "55", "60")},
	},
	Faults: map[play.Fault]play.Refusal{play.Gone: {}, play.Invalid: {}},
	Answer: play.Says(202, "{}"),
}

var typed = play.Rule{At: "header:Content-Type", Must: play.Given(play.MIME("application/json")), Else: otherType}

// messages are those of a push or a reply.
var messages = play.Rules(
	[]play.Rule{{At: "messages", Must: play.Given(play.Count(1, 5))}},
	play.In("messages[]", play.Rules(common, media, place, flex)...),
)

// common are the rules of each message.
var common = play.Rules([]play.Rule{
	{At: "", Must: play.Object()},
	{At: "type", Must: play.Given(play.Is("text", "textV2", "image", "video", "audio", "sticker", "location", "imagemap",
		"template",
		"flex", "coupon")), Source: ref + "#message-objects"},
	{At: "text", When: play.If("type", play.Is("text")), Must: play.Given(play.Len(1, 5000, play.UTF16)),
		Source: ref + "#text-message"},
	{At: "sender.name", Must: play.Given(play.Len(1, 20, play.UTF16)),
		Source: "https://developers.line.biz/en/docs/messaging-api/icon-nickname-customization/"},
	{At: "quickReply.items", Must: play.Given(play.Count(1, 13)), Source: ref + "#items-object"},
	{At: "quickReply.items[].type", Must: play.Given(play.Is("action")), Source: ref + "#items-object"},
	{At: "quickReply.items[].action", Must: play.Given(play.Object()), Source: ref + "#items-object"},
	{At: "quickReply.items[].action.label", Must: play.Given(play.Len(1, 20, play.UTF16)),
		Source: ref + "#action-objects"},
}, play.In("quickReply.items[].action", action...))

var media = []play.Rule{
	{At: "originalContentUrl", When: play.If("type", play.Is("image", "video", "audio")), Must: play.Given(play.HTTPS()),
		Source: ref + "#image-message"},
	{At: "previewImageUrl", When: play.If("type", play.Is("image", "video")), Must: play.Given(play.HTTPS()),
		Source: ref + "#image-message"},
	{At: "duration", When: play.If("type", play.Is("audio")), Must: play.Given(play.Between(1, 1e12)),
		Source: ref + "#audio-message"},
	{At: "packageId", When: play.If("type", play.Is("sticker")), Must: play.Given(play.Digits()),
		Source: ref + "#sticker-message"},
	{At: "stickerId", When: play.If("type", play.Is("sticker")), Must: play.Given(play.Digits()),
		Source: ref + "#sticker-message"},
}

var place = play.From(ref+"#location-message", play.Refusal{},
	play.Where(play.If("type", play.Is("location")), []play.Rule{
		{At: "title", Must: play.Given(play.Len(1, 100, play.UTF16))},
		{At: "address", Must: play.Given(play.Len(1, 100, play.UTF16))},
		{At: "latitude", Must: play.Given()},
		{At: "longitude", Must: play.Given()},
	}...)...)

// flex are messages of boxes within boxes.
var flex = play.Where(play.If("type", play.Is("flex")), play.Rules([]play.Rule{
	{At: "altText", Must: play.Given(play.Len(1, 400, play.UTF16)), Source: ref + "#flex-message"},
	{At: "contents", Must: play.Given(play.Object()), Source: ref + "#flex-message"},
	{At: "contents.type", Must: play.Given(play.Is("bubble", "carousel")), Source: ref + "#flex-message"},
	{At: "contents", When: play.If("contents.type", play.Is("bubble")), Must: play.Bytes(0, 30<<10),
		Source: ref + "#bubble"},
	{At: "contents", When: play.If("contents.type", play.Is("carousel")), Must: play.Bytes(0, 50<<10),
		Source: ref + "#f-carousel"},
	{At: "contents.contents", When: play.If("contents.type", play.Is("carousel")), Must: play.Given(play.Count(1, 12)),
		Source: ref + "#f-carousel"},
	{At: "contents.contents[].type", When: play.If("contents.type", play.Is("carousel")),
		Must:   play.Given(play.Is("bubble")),
		Source: ref + "#f-carousel"},
	{At: "contents.**.action", When: play.If("contents.**.type", play.Is("button")), Must: play.Given(),
		Source: ref + "#button"},
	{At: "contents.**.url", When: play.If("contents.**.type", play.Is("image", "video")), Must: play.Given(play.HTTPS()),
		Source: ref + "#f-image"},
	{At: "contents.**.previewUrl", When: play.If("contents.**.type", play.Is("video")), Must: play.Given(play.HTTPS()),
		Source: ref + "#f-video"},
	{At: "contents.**.altContent", When: play.If("contents.**.type", play.Is("video")), Must: play.Given(),
		Source: ref + "#f-video"},
	{At: "contents.**.text", When: play.If("contents.**.type", play.Is("text")), Must: play.Given(play.Filled()),
		Source: ref + "#f-text"},
	{At: "contents.**.action.label", Must: play.Len(1, 40, play.UTF16), Source: ref + "#action-objects"},
}, play.In("contents.**.action", action...))...)

// action is one of a button or a quick reply.
var action = []play.Rule{
	{At: "type", Must: play.Given(play.Is("postback", "uri", "clipboard", "location", "message", "camera", "cameraRoll",
		"datetimepicker",
		"richmenuswitch")), Source: ref + "#action-objects"},
	{At: "data", When: play.If("type", play.Is("postback")), Must: play.Given(play.Len(1, 300, play.UTF16)),
		Source: ref + "#postback-action"},
	{At: "displayText", When: play.If("type", play.Is("postback")), Must: play.Most(300, play.UTF16),
		Source: ref + "#postback-action"},
	{At: "uri", When: play.If("type", play.Is("uri")), Must: play.Given(play.Len(1, 1000, play.UTF16),
		play.Begins("http:", "https:", "line:", "tel:")), Source: ref + "#uri-action"},
	{At: "clipboardText", When: play.If("type", play.Is("clipboard")), Must: play.Given(play.Len(1, 1000, play.UTF16)),
		Source: ref + "#clipboard-action"},
}
