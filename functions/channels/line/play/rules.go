package play

import "github.com/relais-dev/relais/shared/stage/play"

// retries is LINE's page about retry keys, and counting the one that says which texts are
// counted in grapheme clusters and not in UTF-16 units.
const (
	retries  = "https://developers.line.biz/en/docs/messaging-api/retrying-api-request/"
	counting = "https://developers.line.biz/en/docs/messaging-api/text-character-count/"
	nickname = "https://developers.line.biz/en/docs/messaging-api/icon-nickname-customization/"
)

var push = play.Endpoint{
	Method: "POST", Path: "/v2/bot/message/push", Docs: ref + "#send-push-message", Body: play.JSON.Or(malformed),
	Rules: play.Rules(typed, []play.Rule{
		{At: "to", Must: play.Given(play.String(), play.Filled())},
		{At: "to", Must: play.Matches(`^[UCR][0-9a-f]{32}$`),
			Else: play.Refusal{Status: 400, Text: "The property, 'to', in the request body is invalid (line: -, column: -)"}},
		{At: "header:X-Line-Retry-Key", Must: play.UUID(), Source: retries,
			Else: play.Refusal{Status: 400, Text: "The retry key is invalid"}},
		{At: "notificationDisabled", Must: play.Truth()},
		{At: "customAggregationUnits", Must: play.Count(0, 1)},
		{At: "customAggregationUnits[]", Must: play.All(play.Len(1, 30, play.UTF16), play.Matches(`^[0-9A-Za-z_]*$`))},
		{At: "replyToken", Must: play.Absent()},
	}, messages),
	Answer: sent,
}

var reply = play.Endpoint{
	Method: "POST", Path: "/v2/bot/message/reply", Docs: ref + "#send-reply-message", Body: play.JSON.Or(malformed),
	Rules: play.Rules(typed, []play.Rule{
		{At: "replyToken", Must: play.Given(play.String(), play.Filled()),
			Else: play.Refusal{Status: 400, Text: "Invalid reply token"}},
		{At: "header:X-Line-Retry-Key", Must: play.Absent(), Source: retries,
			Else: play.Refusal{Status: 400, Text: "The retry key is invalid"}},
		{At: "notificationDisabled", Must: play.Truth()},
		{At: "to", Must: play.Absent()},
	}, messages),
	Faults: map[play.Fault]play.Refusal{play.Closed: {Status: 400, Text: "Invalid reply token"}},
	Answer: sent,
}

// loading is shown in a chat with one user only.
var loading = play.Endpoint{
	Method: "POST", Path: "/v2/bot/chat/loading/start", Docs: ref + "#display-a-loading-indicator",
	Body: play.JSON.Or(malformed),
	Rules: play.Rules(typed, []play.Rule{
		{At: "chatId", Must: play.Given(play.Matches(`^U[0-9a-f]{32}$`))},
		{At: "loadingSeconds", Must: play.All(play.Number(),
			play.Is("5", "10", "15", "20", "25", "30", "35", "40", "45", "50", "55", "60"))},
	}),
	Faults: map[play.Fault]play.Refusal{play.Gone: {}, play.Invalid: {}},
	Answer: play.Says(202, "{}"),
}

// content is a file that a customer sent.
var content = play.Endpoint{
	Method: "GET", Path: "/v2/bot/message/{id}/content", Docs: ref + "#get-content",
	Rules:  []play.Rule{{At: "path:id", Must: play.Digits(), Else: play.Refusal{Status: 404, Text: "Not found"}}},
	Answer: play.Picture,
}

// typed are the rules of every call with a body.
var typed = []play.Rule{
	{At: "header:Content-Type", Must: play.Given(play.MIME("application/json")), Else: otherType,
		Source: ref + "#status-codes"},
	{At: "", Must: play.Object(), Else: malformed, Source: ref + "#error-messages"},
	{At: "", Must: play.Bytes(0, 2<<20), Source: ref + "#status-codes",
		Else: play.Refusal{Status: 413, Text: "Request exceeds the max size of 2 MB."}},
}

// messages are those of a push or a reply.
var messages = play.Rules(
	[]play.Rule{{At: "messages", Must: play.Given(play.List())}, {At: "messages", Must: play.Count(1, 5)}},
	play.In("messages[]", play.Rules(common, quick, text, textV2, sticker, image, video, audio, place, coupon, imagemap,
		template, flex)...),
)

// common are the rules of each message.
var common = []play.Rule{
	{At: "", Must: play.Object()},
	{At: "type", Must: play.Given(play.Is("text", "textV2", "image", "video", "audio", "sticker", "location", "imagemap",
		"template", "flex", "coupon")), Source: ref + "#message-objects"},
	{At: "sender", Must: play.Object(), Source: nickname},
	{At: "sender.name", Must: play.Len(0, 20, play.UTF16), Source: nickname},
	{At: "sender.name", Must: play.Lacks("LINE"), Source: nickname},
	{At: "sender.iconUrl", Must: play.HTTPS(), Source: nickname},
	{At: "sender.iconUrl", Must: play.Most(2000, play.UTF16), Source: nickname},
	{At: "quoteToken", Must: play.All(play.String(), play.Filled()), Source: ref + "#text-message"},
}

// quick are the rules of quick replies.
var quick = play.Rules(play.From(ref+"#items-object", play.Refusal{}, []play.Rule{
	{At: "quickReply", Must: play.Object()},
	{At: "quickReply.items", Must: play.Given(play.List())},
	{At: "quickReply.items", Must: play.Count(1, 13)},
	{At: "quickReply.items[].type", Must: play.Given(play.Is("action"))},
	{At: "quickReply.items[].imageUrl", Must: play.HTTPS()},
	{At: "quickReply.items[].imageUrl", Must: play.Most(2000, play.UTF16)},
	{At: "quickReply.items[].action", Must: play.Given(play.Object())},
	{At: "quickReply.items[].action.type", Must: play.Is("postback", "message", "uri", "datetimepicker", "camera",
		"cameraRoll", "location", "clipboard")},
	{At: "quickReply.items[].action.label", Must: play.Given(play.Filled()), Source: ref + "#action-objects"},
	{At: "quickReply.items[].action.label", Must: play.Len(1, 20, play.Graphemes), Source: ref + "#action-objects"},
	{At: "quickReply.items[].action.displayText", When: play.If("quickReply.items[].action.type", play.Is("postback")),
		Must: play.Given(), Source: ref + "#postback-action"},
	{At: "quickReply.items[].action.text", When: play.If("quickReply.items[].action.type", play.Is("postback")),
		Must: play.Absent(), Source: ref + "#postback-action"},
}...), play.In("quickReply.items[].action", action...))

// kind is rules of the messages of one type.
func kind(name, anchor string, rules ...play.Rule) []play.Rule {
	return play.From(ref+anchor, play.Refusal{}, play.Where(play.If("type", play.Is(name)), rules...)...)
}

var text = kind("text", "#text-message",
	play.Rule{At: "text", Must: play.Given(play.String(), play.Filled())},
	play.Rule{At: "text", Must: play.Len(1, 5000, play.UTF16)},
	play.Rule{At: "emojis", Must: play.Count(0, 20)},
	play.Rule{At: "emojis[].index", Must: play.Given(play.Number(), play.Whole())},
	play.Rule{At: "emojis[].productId", Must: play.Given(play.Filled())},
	play.Rule{At: "emojis[].emojiId", Must: play.Given(play.Filled())},
)

var textV2 = kind("textV2", "#text-message-v2",
	play.Rule{At: "text", Must: play.Given(play.String(), play.Filled())},
	play.Rule{At: "text", Must: play.Len(1, 5000, play.UTF16)},
	play.Rule{At: "substitution", Must: play.Object()},
)

var sticker = kind("sticker", "#sticker-message",
	play.Rule{At: "packageId", Must: play.Given(play.String(), play.Digits())},
	play.Rule{At: "stickerId", Must: play.Given(play.String(), play.Digits())},
)

// files are the addresses of a message with media, and at the address of the file.
func files(members ...string) []play.Rule {
	var list []play.Rule
	for _, m := range members {
		list = append(list, play.Rule{At: m, Must: play.Given(play.HTTPS())},
			play.Rule{At: m, Must: play.Len(1, 2000, play.UTF16)})
	}
	return list
}

var image = kind("image", "#image-message", files("originalContentUrl", "previewImageUrl")...)

var video = kind("video", "#video-message", append(files("originalContentUrl", "previewImageUrl"),
	play.Rule{At: "trackingId", Must: play.All(play.Len(1, 100, play.UTF16),
		play.Matches(`^[a-zA-Z0-9\-.=,+*()%$&;:@{}!?<>\[\]]+$`))})...)

var audio = kind("audio", "#audio-message", append(files("originalContentUrl"),
	play.Rule{At: "duration", Must: play.Given(play.Number(), play.Whole())},
	play.Rule{At: "duration", Must: play.Between(1, 1<<53)})...)

var place = kind("location", "#location-message",
	play.Rule{At: "title", Must: play.Given(play.Filled())},
	play.Rule{At: "title", Must: play.Len(1, 100, play.UTF16)},
	play.Rule{At: "address", Must: play.Given(play.Filled())},
	play.Rule{At: "address", Must: play.Len(1, 100, play.UTF16)},
	play.Rule{At: "latitude", Must: play.Given(play.Number(), play.Between(-90, 90))},
	play.Rule{At: "longitude", Must: play.Given(play.Number(), play.Between(-180, 180))},
)

var coupon = kind("coupon", "#coupon-message", play.Rule{At: "couponId", Must: play.Given(play.Filled())})

// imagemap is only sent as a native message.
var imagemap = kind("imagemap", "#imagemap-message",
	play.Rule{At: "baseUrl", Must: play.Given(play.HTTPS(), play.Len(1, 2000, play.UTF16))},
	play.Rule{At: "altText", Must: play.Given(play.Len(1, 400, play.UTF16))},
	play.Rule{At: "baseSize", Must: play.Given(play.Object())},
	play.Rule{At: "baseSize.width", Must: play.Given(play.Is("1040"))},
	play.Rule{At: "baseSize.height", Must: play.Given(play.Number(), play.Whole())},
	play.Rule{At: "actions", Must: play.Given(play.Count(0, 50))},
	play.Rule{At: "actions[].type", Must: play.Given(play.Is("uri", "message", "clipboard"))},
	play.Rule{At: "actions[].area", Must: play.Given(play.Object())},
	play.Rule{At: "actions[].label", Must: play.Most(50, play.Graphemes)},
	play.Rule{At: "actions[].linkUri", When: play.If("actions[].type", play.Is("uri")),
		Must: play.Given(play.Len(1, 1000, play.UTF16))},
	play.Rule{At: "actions[].text", When: play.If("actions[].type", play.Is("message")),
		Must: play.Given(play.Len(1, 400, play.UTF16))},
	play.Rule{At: "actions[].clipboardText", When: play.If("actions[].type", play.Is("clipboard")),
		Must: play.Given(play.Len(1, 1000, play.UTF16))},
	play.Rule{At: "video.originalContentUrl", Must: play.Given(play.HTTPS(), play.Len(1, 2000, play.UTF16))},
	play.Rule{At: "video.previewImageUrl", Must: play.Given(play.HTTPS(), play.Len(1, 2000, play.UTF16))},
	play.Rule{At: "video.area", Must: play.Given(play.Object())},
	play.Rule{At: "video.externalLink.linkUri", Must: play.Given(play.Len(1, 1000, play.UTF16))},
	play.Rule{At: "video.externalLink.label", Must: play.Given(play.Len(1, 30, play.UTF16))},
)
