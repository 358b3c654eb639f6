package play

import (
	google "github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	createDocs = ref + "/create"
	deleteDocs = ref + "/delete"
	eventsDocs = eventDocs + "/create"
	sendGuide  = business + "guides/build/messages/send"
	cardGuide  = business + "guides/learn/rich-cards"

	// protoJSON says that parsers of protocol buffers refuse members that they do not know.
	protoJSON = "https://protobuf.dev/programming-guides/json/"
	// types says how durations, times and the like are written.
	types = "https://protobuf.dev/reference/protobuf/google.protobuf/"
)

var endpoints = []play.Endpoint{
	{Method: "POST", Path: "/v1/phones/{phone}/agentMessages", Docs: createDocs, Body: google.JSON, Answer: sent,
		Rules: play.Rules(agent, []play.Rule{
			{At: "query:messageId", Must: play.Given(play.UUID())},
			known("", "contentMessage", "messageTrafficType", "ttl", "expireTime", "name", "sendTime",
				"richMessageClassification", "totalPayloadSizeBytes", "carrier"),
			{At: "", Must: play.That("at most 250 KB", func(t play.Taken, _ any) bool { return len(t.Body) <= 250<<10 }),
				Source: sendGuide},
			{At: "contentMessage", Must: play.Given(play.Object()), Source: ref},
			{At: "messageTrafficType", Must: play.Is("TRANSACTION", "PROMOTION", "AUTHENTICATION", "SERVICEREQUEST",
				"ACKNOWLEDGEMENT", "MESSAGE_TRAFFIC_TYPE_UNSPECIFIED"), Source: ref + "#messagetraffictype"},
			{At: "", Must: play.AtMostOne("ttl", "expireTime"), Source: ref},
			{At: "ttl", Must: play.Matches(`^[0-9]+(\.[0-9]{1,9})?s$`), Source: types + "#duration"},
			{At: "expireTime", Must: moment, Source: types + "#timestamp"},
			{At: "name", Must: play.Absent(), Source: ref},
			{At: "sendTime", Must: play.Absent(), Source: ref},
		}, play.In("contentMessage", content...))},
	{Method: "DELETE", Path: "/v1/phones/{phone}/agentMessages/{id}", Docs: deleteDocs,
		Rules: agent, Answer: play.Says(200, "{}")},
	{Method: "POST", Path: "/v1/phones/{phone}/agentEvents", Docs: eventsDocs, Body: google.JSON,
		Answer: play.Says(200, "{}"),
		Rules: play.Rules(agent, []play.Rule{
			{At: "query:eventId", Must: play.Given(play.UUID())},
			known("", "eventType", "messageId", "name", "sendTime"),
			{At: "eventType", Must: play.Given(play.Is("IS_TYPING", "READ")), Source: eventDocs + "#eventtype"},
			{At: "messageId", When: play.If("eventType", play.Is("READ")), Must: play.Given(play.Filled()), Source: eventDocs},
			{At: "messageId", When: play.If("eventType", play.Is("IS_TYPING")), Must: play.Absent(), Source: eventDocs},
			{At: "name", Must: play.Absent(), Source: eventDocs},
			{At: "sendTime", Must: play.Absent(), Source: eventDocs},
		})},
}

// moment is a time of RFC 3339.
var moment = play.Matches(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$`)

// known is the rule that an object has no other members than these.
func known(at string, members ...string) play.Rule {
	return play.Rule{At: at, Must: play.Only(members...), Source: protoJSON, Else: google.Malformed}
}

// agent is who sends, to a phone number.
var agent = []play.Rule{
	{At: "path:phone", Must: play.E164(), Else: google.NotFound},
	{At: "query:agentId", Must: play.Given(play.Own("agent_id")), Else: google.NotFound},
}

var content = play.Rules([]play.Rule{
	known("", "text", "contentInfo", "richCard", "uploadedRbmFile", "fileName", "suggestions"),
	{At: "", Must: play.One("text", "contentInfo", "richCard", "uploadedRbmFile", "fileName"),
		Source: ref + "#agentcontentmessage"},
	{At: "text", Must: play.All(play.String(), play.Len(1, 3072, play.UTF16)), Source: ref + "#agentcontentmessage"},
	{At: "suggestions", Must: play.All(play.List(), play.Count(0, 11)), Source: ref + "#agentcontentmessage"},
	known("uploadedRbmFile", "fileName", "thumbnailName"),
	{At: "uploadedRbmFile.fileName", Must: play.Given(play.Filled()), Source: ref + "#uploadedrbmfile"},
	known("richCard", "standaloneCard", "carouselCard"),
	{At: "richCard", Must: play.One("standaloneCard", "carouselCard"), Source: ref + "#richcard"},
	known("richCard.standaloneCard", "cardOrientation", "thumbnailImageAlignment", "cardContent"),
	{At: "richCard.standaloneCard.cardOrientation", Must: play.Given(play.Is("HORIZONTAL", "VERTICAL")),
		Source: ref + "#cardorientation"},
	{At: "richCard.standaloneCard.thumbnailImageAlignment", Must: play.Is("LEFT", "RIGHT"),
		Source: ref + "#thumbnailimagealignment"},
	{At: "richCard.standaloneCard.cardContent", Must: play.Given(play.Object()), Source: ref + "#standalonecard"},
	known("richCard.carouselCard", "cardWidth", "cardContents"),
	{At: "richCard.carouselCard.cardWidth", Must: play.Given(play.Is("SMALL", "MEDIUM")), Source: ref + "#cardwidth"},
	{At: "richCard.carouselCard.cardContents", Must: play.Given(play.Count(2, 10)), Source: ref + "#carouselcard"},
	{At: "richCard.carouselCard.cardContents[].media.height",
		When: play.If("richCard.carouselCard.cardWidth", play.Is("SMALL")), Must: play.Is("SHORT", "MEDIUM"),
		Source: ref + "#height"},
},
	play.In("contentInfo", file...), play.In("suggestions[]", suggestion...),
	play.In("richCard.standaloneCard.cardContent", card...), play.In("richCard.carouselCard.cardContents[]", card...),
)

// file is one that Google can fetch.
var file = play.From(ref+"#contentinfo", play.Refusal{}, []play.Rule{
	known("", "fileUrl", "thumbnailUrl", "forceRefresh"),
	{At: "fileUrl", Must: play.Given(play.HTTPS(), play.Dotted())},
	{At: "thumbnailUrl", Must: play.All(play.HTTPS(), play.Dotted())},
	{At: "forceRefresh", Must: play.Is("true", "false")},
}...)

var card = play.Rules(play.From(ref+"#cardcontent", play.Refusal{}, []play.Rule{
	known("", "title", "description", "media", "suggestions"),
	{At: "", Must: play.Some("title", "description", "media"), Source: cardGuide},
	{At: "title", Must: play.Most(200, play.UTF16)},
	{At: "description", Must: play.Most(2000, play.UTF16)},
	{At: "suggestions", Must: play.All(play.List(), play.Count(0, 4))},
	known("media", "height", "contentInfo", "uploadedRbmFile", "fileName"),
	{At: "media", Must: play.One("contentInfo", "uploadedRbmFile", "fileName"), Source: ref + "#media"},
	{At: "media.height", Must: play.Is("SHORT", "MEDIUM", "TALL"), Source: ref + "#height"},
}...), play.In("media.contentInfo", file...), play.In("suggestions[]", suggestion...))

var suggestion = play.Rules(
	[]play.Rule{
		known("", "reply", "action"),
		{At: "", Must: play.One("reply", "action"), Source: ref + "#suggestion"},
		known("reply", "text", "postbackData"),
	},
	play.In("reply", play.From(ref+"#suggestedreply", play.Refusal{}, label...)...),
	play.In("action", play.Rules(play.From(ref+"#suggestedaction", play.Refusal{}, label...), action)...),
)

var label = []play.Rule{
	{At: "text", Must: play.Given(play.Len(1, 25, play.UTF16))},
	{At: "postbackData", Must: play.Given(play.Len(1, 2048, play.UTF16))},
}

// actions are what a suggestion can do.
var actions = []string{"dialAction", "viewLocationAction", "createCalendarEventAction", "openUrlAction",
	"shareLocationAction", "composeAction"}

var action = []play.Rule{
	known("", append([]string{"text", "postbackData", "fallbackUrl"}, actions...)...),
	{At: "", Must: play.One(actions...), Source: ref + "#suggestedaction"},
	{At: "fallbackUrl", Must: play.URL("https", "http"), Source: ref + "#suggestedaction"},
	known("dialAction", "phoneNumber"),
	{At: "dialAction.phoneNumber", Must: play.Given(play.E164()), Source: ref + "#dialaction"},
	known("openUrlAction", "url", "application", "webviewViewMode", "description"),
	{At: "openUrlAction.url", Must: play.Given(play.URL("https", "http")), Source: ref + "#openurlaction"},
	{At: "openUrlAction.application", Must: play.Is("BROWSER", "WEBVIEW"), Source: ref + "#openurlapplication"},
	{At: "openUrlAction.webviewViewMode", Must: play.Is("FULL", "HALF", "TALL"), Source: ref + "#webviewviewmode"},
	{At: "openUrlAction.webviewViewMode", When: play.If("openUrlAction.application", play.Is("BROWSER")),
		Must: play.Absent(), Source: ref + "#openurlaction"},
	known("viewLocationAction", "latLong", "label", "query"),
	{At: "viewLocationAction", Must: play.One("latLong", "query"), Source: ref + "#viewlocationaction"},
	{At: "viewLocationAction.label", When: play.If("viewLocationAction.query", play.Filled()), Must: play.Absent(),
		Source: ref + "#viewlocationaction"},
	known("viewLocationAction.latLong", "latitude", "longitude"),
	{At: "viewLocationAction.latLong.latitude", Must: play.Between(-90, 90), Source: ref + "#latlng"},
	{At: "viewLocationAction.latLong.longitude", Must: play.Between(-180, 180), Source: ref + "#latlng"},
	known("createCalendarEventAction", "startTime", "endTime", "title", "description"),
	{At: "createCalendarEventAction.startTime", Must: play.Given(moment), Source: ref + "#createcalendareventaction"},
	{At: "createCalendarEventAction.endTime", Must: play.Given(moment), Source: ref + "#createcalendareventaction"},
	known("shareLocationAction"),
}

// open is what Google's pages leave unsaid.
var open = []play.Open{
	{At: "characters", Source: ref, Question: "The unit of 25, 200, 2,000, 2,048 and 3,072 \"characters\" is not " +
		"said. Here: UTF-16 units, the strictest reading."},
	{At: "messageTrafficType", Source: ref + "#messagetraffictype", Question: "Not called required, though carriers " +
		"bill by it. Here: optional."},
	{At: "ttl", Source: sendGuide, Question: "Its smallest and largest value are not in the reference. Here: any."},
	{At: "postbackData", Source: ref + "#suggestedreply", Question: "Not called required. Here: required, as an " +
		"answer without it cannot be told from others."},
	{At: "cardOrientation, cardWidth", Source: ref + "#standalonecard", Question: "What the unspecified value " +
		"becomes is not said. Here: refused."},
	{At: "createCalendarEventAction", Source: ref + "#createcalendareventaction", Question: "No lengths of title " +
		"and description are given. Here: any."},
	{At: "openUrlAction.url", Source: ref + "#openurlaction", Question: "Whether other schemes than http open is " +
		"not said. Here: refused."},
	{At: "contentInfo.fileUrl", Source: ref + "#contentinfo", Question: "\"Publicly reachable\" says nothing of " +
		"http without TLS. Here: refused."},
	{At: "contentInfo", Source: ref + "#contentinfo", Question: "Size (100 MB) and type are known after Google has " +
		"fetched the file. Here: not checked."},
	{At: "messageId used twice", Source: createDocs, Question: "\"Ignored\", with which answer is not said. Here: " +
		"200."},
}
