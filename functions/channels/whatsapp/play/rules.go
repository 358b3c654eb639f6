package play

import (
	meta "github.com/relais-dev/relais/functions/channels/internal/meta/play"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of Meta's reference.
const (
	platform  = "https://developers.facebook.com/documentation/business-messaging/whatsapp/"
	messages  = platform + "messages/"
	texts     = messages + "text-messages"
	images    = messages + "image-messages"
	videos    = messages + "video-messages"
	audios    = messages + "audio-messages"
	documents = messages + "document-messages"
	stickers  = messages + "sticker-messages"
	places    = messages + "location-messages"
	people    = messages + "contacts-messages"
	reactions = messages + "reaction-messages"
	replies   = messages + "contextual-replies"
	reading   = messages + "mark-message-as-read"
	typing    = platform + "typing-indicators"
	groups    = platform + "groups/groups-messaging"
	userIDs   = platform + "business-scoped-user-ids"
	numbers   = platform + "business-phone-numbers/phone-numbers"
	errorDocs = platform + "support/error-codes"
	reference = "https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages"

	// openAPI is Meta's own description of the endpoint.
	openAPI = "https://github.com/facebook/openapi/blob/main/business-messaging-api_v23.0.yaml"
)

// How Meta refuses, by its table of codes.
var (
	invalid = meta.Refuse("100", "", "Invalid parameter")
	missing = meta.Refuse("131008", "", "Required parameter is missing")
	wrong   = meta.Refuse("131009", "", "Parameter value is not valid")
	unknown = meta.Refuse("131051", "", "Unsupported message type")
)

// need is a member that must be there and keep checks.
func need(at string, checks ...play.Check) []play.Rule {
	return append([]play.Rule{{At: at, Must: play.Given(), Else: missing}}, may(at, checks...)...)
}

// may is a member that keeps checks where it is.
func may(at string, checks ...play.Check) []play.Rule {
	list := make([]play.Rule, len(checks))
	for i, c := range checks {
		list[i] = play.Rule{At: at, Must: c}
	}
	return list
}

// object is one that has these members and no others: a parameter that is unsupported
// or misspelled is refused.
func object(at string, members ...string) []play.Rule {
	return []play.Rule{
		{At: at, Must: play.Object(), Else: invalid, Source: openAPI},
		{At: at, Must: play.Only(members...), Else: invalid, Source: errorDocs},
	}
}

// under is rules whose page is source.
func under(source string, lists ...[]play.Rule) []play.Rule {
	return play.From(source, play.Refusal{}, play.Rules(lists...)...)
}

// rules are the rulebook of Graph's messages. They hold for AWS too, which passes
// messages on as they are.
var rules = play.Rules(
	[]play.Rule{
		{At: "", Must: play.Object(), Else: invalid},
		{At: "messaging_product", Must: play.Given(play.Is("whatsapp")), Else: invalid, Source: openAPI},
	},
	play.Where(play.If("status", play.That("there", func(play.Taken, any) bool { return true })), read...),
	play.Where(play.If("status", play.Absent()), message...),
)

// read marks a message as read, and shows that an answer is being written.
var read = under(reading,
	object("", "messaging_product", "status", "message_id", "typing_indicator"),
	may("status", play.Is("read")), need("message_id", play.Len(1, 128, play.UTF16)),
	under(typing, object("typing_indicator", "type"), need("typing_indicator.type", play.Is("text"))),
)

var message = play.Rules(recipient, parts, media, others, interactive, template)

// recipient is for whom a message is, and what goes with it.
var recipient = play.Rules(
	object("", append([]string{"messaging_product", "recipient_type", "to", "recipient", "type", "context",
		"biz_opaque_callback_data"}, types...)...),
	[]play.Rule{
		{At: "", Must: play.Some("to", "recipient"), Else: missing, Source: userIDs},
		{At: "recipient_type", Must: play.Given(), Else: missing, Source: openAPI},
		{At: "recipient_type", Must: play.Is("individual", "group"), Source: openAPI},
		{At: "to", Must: play.String(), Else: invalid, Source: openAPI},
		{At: "to", When: play.If("recipient_type", play.Is("individual")), Must: play.E164(), Source: numbers},
		{At: "recipient", Must: play.Matches(`^[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}$`), Source: userIDs},
	},
	play.Where(play.If("recipient_type", play.Is("group")), under(groups,
		need("to", play.Filled(), play.Not(play.E164())), may("recipient", play.Absent()),
		[]play.Rule{{At: "type", Must: play.Is("text", "image", "video", "audio", "document", "sticker", "template"),
			Else: unknown}},
	)...),
	under(replies, object("context", "message_id")),
	under(reference, need("context.message_id", play.Len(1, 128, play.UTF16)),
		may("biz_opaque_callback_data", play.Len(1, 512, play.UTF16))),
)

var types = []string{"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "reaction",
	"template", "interactive"}

// parts ask for the part that the type names, and for no other.
var parts = func() []play.Rule {
	list := []play.Rule{
		{At: "type", Must: play.Given(), Else: missing, Source: openAPI},
		{At: "type", Must: play.Is(types...), Else: unknown, Source: errorDocs},
	}
	for _, t := range types {
		list = append(list,
			play.Rule{At: t, When: play.If("type", play.Is(t)), Must: play.Given(), Else: missing, Source: openAPI},
			play.Rule{At: t, When: play.If("type", play.Not(play.Is(t))), Must: play.Absent(), Else: invalid,
				Source: openAPI})
	}
	return list
}()

// media are the files that can be sent.
var media = play.Rules(
	under(images, file("image", "caption"), caption("image")),
	under(videos, file("video", "caption"), caption("video")),
	under(documents, file("document", "caption", "filename"), caption("document"),
		may("document.filename", play.Filled())),
	under(audios, file("audio", "voice"), may("audio.voice", play.Is("true", "false"))),
	under(stickers, file("sticker")),
)

// file is one that Meta has, or can fetch.
func file(at string, members ...string) []play.Rule {
	return play.Rules(object(at, append([]string{"id", "link"}, members...)...), []play.Rule{
		{At: at, Must: play.One("id", "link"), Else: invalid, Source: openAPI},
		{At: at + ".id", Must: play.String(), Else: invalid, Source: openAPI},
		{At: at + ".link", Must: play.URL("https", "http"), Else: invalid, Source: openAPI},
		{At: at + ".link", Must: play.ASCII(), Else: invalid, Source: openAPI},
	})
}

func caption(at string) []play.Rule { return may(at+".caption", play.Len(1, 1024, play.UTF16)) }

var others = play.Rules(
	under(texts,
		object("text", "body", "preview_url"), need("text.body", play.Len(1, 4096, play.UTF16)),
		may("text.preview_url", play.Is("true", "false"))),
	under(places,
		object("location", "latitude", "longitude", "name", "address"),
		need("location.latitude", play.Between(-90, 90)), need("location.longitude", play.Between(-180, 180)),
		may("location.name", play.String()), may("location.address", play.String())),
	under(reactions,
		object("reaction", "message_id", "emoji"), need("reaction.message_id", play.Len(1, 128, play.UTF16)),
		need("reaction.emoji", play.String())),
	under(people,
		[]play.Rule{{At: "contacts", Must: play.List(), Else: invalid, Source: openAPI}},
		may("contacts", play.Count(1, 257)), play.In("contacts[]", card...)),
)

// card is a contact.
var card = play.Rules(
	object("", "addresses", "birthday", "emails", "name", "org", "phones", "urls"),
	need("name"), object("name", "formatted_name", "first_name", "last_name", "middle_name", "suffix", "prefix"),
	need("name.formatted_name", play.Filled()),
	[]play.Rule{{At: "name", Must: play.Some("first_name", "last_name", "middle_name", "suffix", "prefix"), Else: missing,
		Source: reference}},
	may("birthday", play.Matches(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)),
	object("org", "company", "department", "title"),
	object("addresses[]", "street", "city", "state", "zip", "country", "country_code", "type"),
	may("addresses[].country_code", play.Matches(`^[A-Za-z]{2}$`)),
	object("emails[]", "email", "type"), need("emails[].email", play.Filled()),
	object("phones[]", "phone", "type", "wa_id"), need("phones[].phone", play.Filled()),
	may("phones[].wa_id", play.Digits()),
	object("urls[]", "url", "type"), need("urls[].url", play.Filled()),
)
