package play

import (
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/stage/play"
)

// same is a member that a header repeats.
func same(header string) play.Check {
	return play.That("the header "+header,
		func(t play.Taken, v any) bool { s, _ := v.(string); return s == t.Header.Get(header) })
}

var message = play.Rules([]play.Rule{
	source,
	{At: "destinationId", Must: play.Given(play.Begins("urn:mbid:")), Else: status(404), Source: commonDocs},
	{At: "v", Must: play.Given(play.Is("1")), Source: commonDocs},
	{At: "id", Must: play.Given(play.UUID(), same("Id")), Source: commonDocs},
	{At: "sourceId", Must: play.Given(same("Source-Id")), Source: commonDocs},
	{At: "destinationId", Must: same("Destination-Id"), Source: commonDocs},
	{At: "type", Must: play.Given(play.Is("text", "richLink", "interactive", "typing_start", "typing_end"))},
	{At: "richLinkData", When: play.If("type", play.Is("richLink")), Must: play.Given(), Source: linkDocs},
	{At: "richLinkData.url", Must: play.Given(play.Begins("http")), Source: linkDocs},
	{At: "richLinkData.title", Must: shown, Source: linkDocs},
	{At: "interactiveData", When: play.If("type", play.Is("interactive")), Must: play.Given(), Source: interactiveDocs},
}, play.From(textDocs, play.Refusal{}, text...), play.In("interactiveData", interactive...))

// shown is a text that an interactive message can show.
var shown = play.Given(play.Len(1, 200, play.Runes))

var text = []play.Rule{
	{At: "body", When: play.If("type", play.Is("text")), Must: play.Given(play.Filled())},
	{At: "body", When: play.If("type", play.Is("text")),
		Must: play.That("a U+FFFC for each attachment", func(t play.Taken, v any) bool {
			s, _ := v.(string)
			return strings.Count(s, "\uFFFC") == t.Size("attachments[]")
		})},
	{At: "attachments[].name", Must: play.Given(play.Filled())},
	{At: "attachments[].mimeType", Must: play.Given(play.Matches("/"))},
	{At: "attachments[].size", Must: play.Given(play.Filled())},
	{At: "attachments[].key", Must: play.Given(play.Matches(`^00[0-9a-fA-F]{64}$`))},
	{At: "attachments[].url", Must: play.Given(play.Filled())},
	{At: "attachments[].owner", Must: play.Given(play.Filled())},
	{At: "attachments[].signature-base64", Must: play.Given(play.Filled())},
}

var ours, others = play.If("bid", play.Is(extension)), play.If("bid", play.Not(play.Is(extension)))

// interactive are the rules of what a business offers, which is one thing; apps of
// others hold no data.
var interactive = play.From(interactiveDocs, play.Refusal{}, play.Rules([]play.Rule{
	{At: "bid", Must: play.Given(play.Begins("com.apple.messages.MSMessageExtensionBalloonPlugin:"))},
	{At: "data.requestIdentifier", When: others, Must: play.Any(play.Is(""))},
	{At: "data", When: ours, Must: play.Given(play.One("quick-reply", "listPicker", "event", "dynamic", "payment"))},
	{At: "data.version", When: ours, Must: play.Given(play.Is("1.0"))},
	{At: "data.requestIdentifier", When: ours, Must: play.Given(play.Filled())},
	{At: "receivedMessage.title", When: ours, Must: shown},
	{At: "replyMessage.title", When: ours, Must: shown},
}, play.In("data", play.Rules(quick, list, slots, form, payment)...))...)

var quick = play.From(interactiveDocs+"#quick-reply-message", play.Refusal{}, []play.Rule{
	{At: "quick-reply.summaryText", Must: shown},
	{At: "quick-reply.items", Must: play.Given(play.Count(2, 5))},
	{At: "quick-reply.items[].identifier", Must: play.Given(play.Filled())},
	{At: "quick-reply.items[].title", Must: shown},
}...)

var list = play.From(interactiveDocs+"#list-picker-message", play.Refusal{}, []play.Rule{
	{At: "listPicker.sections", Must: play.Given(play.Filled())},
	{At: "listPicker.sections[].items", Must: play.Given(play.Filled())},
	{At: "listPicker.sections[].items[].identifier", Must: play.Given(play.Filled())},
	{At: "listPicker.sections[].items[].title", Must: shown},
	{At: "listPicker.sections[].items[].style", Must: play.Given(play.Is("icon", "small", "large"))},
}...)

var slots = play.From(interactiveDocs+"#time-picker-message", play.Refusal{}, []play.Rule{
	{At: "event.identifier", Must: play.Given(play.Filled())},
	{At: "event.title", Must: shown},
	{At: "event.timeslots", Must: play.Given(play.Filled())},
	{At: "event.timeslots[].identifier", Must: play.Given(play.Filled())},
	{At: "event.timeslots[].duration", Must: play.Given(play.Between(1, 1e9))},
	{At: "event.timeslots[].startTime",
		Must: play.Given(play.That("a time like 2026-08-01T16:00+0000", func(_ play.Taken, v any) bool {
			s, _ := v.(string)
			_, err := time.Parse("2006-01-02T15:04-0700", s)
			return err == nil
		}))},
}...)

var form = play.From(interactiveDocs+"#form-message", play.Refusal{}, []play.Rule{
	{At: "dynamic.template", Must: play.Given(play.Is("messageForms"))},
	{At: "dynamic.data.splash.header", Must: shown},
	{At: "dynamic.data.pages", Must: play.Given(play.Filled())},
	{At: "dynamic.data", Must: play.Given(paged)},
	{At: "dynamic.data.pages[].pageIdentifier", Must: play.Given(play.Len(1, 19, play.UTF8))},
	{At: "dynamic.data.pages[].title", Must: shown},
	{At: "dynamic.data.pages[].items", When: play.If("dynamic.data.pages[].type", play.Is("select")),
		Must: play.Given(play.Filled())},
}...)

// paged is a form that begins at its first page and ends with its last.
var paged = play.That("a form that starts with the first page and is submitted by the last",
	func(_ play.Taken, v any) bool {
		data, _ := v.(map[string]any)
		pages, _ := data["pages"].([]any)
		if len(pages) == 0 {
			return false
		}
		first, last := play.Taken{Tree: pages[0]}, play.Taken{Tree: pages[len(pages)-1]}
		return last.Get("submitForm") == "true" &&
			first.Get("pageIdentifier") == play.Taken{Tree: v}.Get("startPageIdentifier")
	})

var payment = play.From(interactiveDocs+"#apple-pay-message", play.Refusal{}, []play.Rule{
	{At: "payment.merchantSession", Must: play.Given(play.Filled())},
	{At: "payment.endpoints.paymentGatewayUrl", Must: play.Given(play.Filled())},
	{At: "payment.paymentRequest.applePay.merchantIdentifier", Must: play.Given(play.Filled())},
	{At: "payment.paymentRequest.applePay.supportedNetworks", Must: play.Given(play.Filled())},
	{At: "payment.paymentRequest.countryCode", Must: play.Given(play.Filled())},
	{At: "payment.paymentRequest.currencyCode", Must: play.Given(play.Filled())},
	{At: "payment.paymentRequest.total.label", Must: shown},
	{At: "payment.paymentRequest.total.amount", Must: play.Given(play.Matches(amount))},
	{At: "payment.paymentRequest.lineItems[].amount", Must: play.Given(play.Matches(amount))},
}...)

const amount = `^-?[0-9]+(\.[0-9]+)?$`
