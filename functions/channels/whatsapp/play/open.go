package play

import "github.com/relais-dev/relais/shared/stage/play"

// open is what Meta's and AWS' pages do not say.
var open = []play.Open{
	{At: "characters", Source: buttons,
		Question: "All lengths are in characters, which no page defines. UTF-16 units meanwhile, the strictest that a " +
			"phone or a server of Meta's may count"},
	{At: "100, 131008 or 131009", Source: errorDocs,
		Question: "Which of them answers what is missing or wrong: the page tells 100 for parameters that are " +
			"unsupported, 131008 for missing and 131009 for wrong ones, and is followed; answers with 100 for " +
			"missing ones are quoted as well"},
	{At: "HTTP status", Source: errorDocs,
		Question: "Not each code has one that all copies of the table agree on (130429 and 131056: 400 or 429). 400 " +
			"meanwhile, 401 with 190; the page says to go by the code"},
	{At: "131026, 131047, 131049, 131053", Source: errorDocs,
		Question: "Whether the call or a status tells it. By a call here, when asked to fail"},
	{At: "type", Source: reference,
		Question: "The older reference has text and individual as defaults of type and recipient_type; the OpenAPI " +
			"description wants both, and is followed"},
	{At: "to", Source: numbers,
		Question: "Numbers without + are dialled as the brand's country would, the page warns; refused here, as they " +
			"reach a stranger"},
	{At: "contacts", Source: people,
		Question: "257 by the page, 5 by the OpenAPI description. The page is newer"},
	{At: "contacts[].phones[].type", Source: people,
		Question: "HOME and WORK by the OpenAPI description; the page calls them examples, and is followed"},
	{At: "*.link", Source: mediaDocs,
		Question: "Type, size and dimensions of a file hold when Meta fetches it and are told by a status with 131053; " +
			"nothing is fetched here"},
	{At: "interactive.header", Source: flows,
		Question: "Which headers flow, request_contact_info and order_details take besides text: all are let through"},
	{At: "flow_cta", Source: flows,
		Question: "30 characters without emoji are advised, and the OpenAPI description's limit; 20 by older pages. " +
			"Emoji are let through"},
	{At: "action.cards[].type", Source: carousels,
		Question: "Its value in a card with quick replies is in no example"},
	{At: "template", Source: templates,
		Question: "Number and form of parameters are the template's own (132000, 132012, 132018), its language 132001, " +
			"and authentication by user id 131062: no template is known here"},
	{At: "template.components[].parameters[].location", Source: tplaces,
		Question: "The page shows latitude, longitude, name and address and calls them the location: all four are " +
			"taken as required"},
	{At: "order.status", Source: orderStatus,
		Question: "partially-shipped by the page's table, partially_shipped by examples: both are taken"},
	{At: "template.components[0].parameters[].type", Source: parted,
		Question: "GIF is a format of headers; how one is sent is in no example, and refused"},
	{At: "interactive.request_contact_info", Source: userIDs,
		Question: "Known from examples of the announcement only: body and action, whether more is not said"},
	{At: "template.components[].parameters[].payload", Source: templates,
		Question: "The length of a quick reply's payload is not said"},
	{At: "reaction.message_id", Source: reactions,
		Question: "A message older than 30 days, deleted or a reaction is refused by a status with 131009: no message " +
			"is remembered here"},
	{At: "groups", Source: groups,
		Question: "Whether stickers are among the media of groups: let through"},
	{At: "metaApiVersion", Source: socialDocs + "API_SendWhatsAppMessage.html",
		Question: "Which versions are supported in which region: all of the form"},
	{At: "DependencyException", Source: socialDocs + "API_SendWhatsAppMessage.html",
		Question: "How AWS tells Meta's code: in the message here"},
}
