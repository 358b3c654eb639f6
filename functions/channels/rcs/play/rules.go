package play

import (
	google "github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/stage/play"
)

var endpoints = []play.Endpoint{
	{Method: "POST", Path: "/v1/phones/{phone}/agentMessages", Docs: ref, Body: google.JSON, Answer: sent,
		Rules: play.Rules(agent, []play.Rule{
			{At: "query:messageId", Must: play.Given(play.UUID())},
			{At: "", Must: play.That("at most 250 KB", func(t play.Taken, _ any) bool { return len(t.Body) <= 250<<10 })},
			{At: "messageTrafficType", Must: play.Given(play.Is("TRANSACTION", "PROMOTION", "AUTHENTICATION", "SERVICEREQUEST",
				"ACKNOWLEDGEMENT")), Source: ref + "#messagetraffictype"},
			{At: "", Must: play.One("ttl", "expireTime")},
		}, play.In("contentMessage", content...))},
	{Method: "DELETE", Path: "/v1/phones/{phone}/agentMessages/{id}", Docs: revokeDocs, Rules: agent,
		Answer: play.Says(200, "{}")},
	{Method: "POST", Path: "/v1/phones/{phone}/agentEvents", Docs: eventDocs, Body: google.JSON,
		Answer: play.Says(200, "{}"),
		Rules: play.Rules(agent, []play.Rule{
			{At: "query:eventId", Must: play.Given(play.UUID())},
			{At: "eventType", Must: play.Given(play.Is("IS_TYPING", "READ"))},
			{At: "messageId", When: play.If("eventType", play.Is("READ")), Must: play.Given(play.Filled())},
			{At: "messageId", When: play.If("eventType", play.Is("IS_TYPING")), Must: play.Absent()},
		})},
}

// agent is who sends, to a phone number.
var agent = []play.Rule{
	{At: "path:phone", Must: play.Matches(`^\+[1-9][0-9]{5,14}$`), Else: google.NotFound},
	{At: "query:agentId", Must: play.Given(play.Own("agent_id")), Else: google.NotFound},
}

var content = play.Rules([]play.Rule{
	{At: "", Must: play.Given(play.One("text", "contentInfo", "richCard", "uploadedRbmFile")),
		Source: ref + "#agentcontentmessage"},
	{At: "text", Must: play.Most(3072, play.Runes), Source: ref + "#agentcontentmessage"},
	{At: "suggestions", Must: play.Count(0, 11), Source: ref + "#agentcontentmessage"},
	{At: "richCard", Must: play.One("standaloneCard", "carouselCard"), Source: ref + "#richcard"},
	{At: "richCard.carouselCard.cardContents", Must: play.Given(play.Count(2, 10)), Source: ref + "#richcard"},
	{At: "richCard.standaloneCard.cardContent", Must: play.Given(), Source: ref + "#richcard"},
},
	play.In("contentInfo", file...), play.In("suggestions[]", suggestion...),
	play.In("richCard.standaloneCard.cardContent", card...), play.In("richCard.carouselCard.cardContents[]", card...),
)

// file is one that Google can fetch.
var file = play.From(ref+"#contentinfo", play.Refusal{}, []play.Rule{
	{At: "fileUrl", Must: play.Given(play.Begins("https://"))},
	{At: "thumbnailUrl", Must: play.Begins("https://")},
}...)

var card = play.Rules(play.From(ref+"#richcard", play.Refusal{}, []play.Rule{
	{At: "", Must: play.Some("title", "description", "media")},
	{At: "title", Must: play.Most(200, play.Runes)},
	{At: "description", Must: play.Most(2000, play.Runes)},
	{At: "suggestions", Must: play.Count(0, 4)},
	{At: "media.contentInfo", Must: play.Given()},
}...), play.In("media.contentInfo", file...), play.In("suggestions[]", suggestion...))

var suggestion = play.Rules(
	[]play.Rule{{At: "", Must: play.One("reply", "action"), Source: ref + "#suggestion"}},
	play.In("reply", label...), play.In("action", label...),
)

var label = play.From(ref+"#suggestion", play.Refusal{}, []play.Rule{
	{At: "text", Must: play.Given(play.Len(1, 25, play.Runes))},
	{At: "postbackData", Must: play.Given(play.Len(1, 2048, play.UTF8))},
}...)
