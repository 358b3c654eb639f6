package play

import (
	"bytes"
	"encoding/base64"
	"strings"
	"time"
	"unicode"

	"github.com/relais-dev/relais/shared/stage/play"
)

// enforced is what Apple has checked since 21 August 2026, in the words of a provider
// whom it told; Apple's own pages do not say it yet.
const enforced = "https://help.webexconnect.io/changelog/apple-messages-for-business-compliance-updates"

// The sizes of pictures: 200 KB each, 5 MB all of them.
const (
	maxPicture  = 200 << 10
	maxPictures = 5 << 20
)

// same is a member that a header repeats.
func same(header string) play.Check {
	return play.That("the header "+header,
		func(t play.Taken, v any) bool { s, _ := v.(string); return s == t.Header.Get(header) })
}

// shown is a text that an interactive message can show.
var shown = play.All(play.Most(200, play.UTF16), play.That("printable", func(_ play.Taken, v any) bool {
	s, _ := v.(string)
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) && !joins(r) }) < 0
}))

// joins is part of what is printed: joiners, selectors and tags of emojis and scripts.
func joins(r rune) bool { return unicode.Is(unicode.Cf, r) }

// labels are texts that must be there, and those that may.
func labels(needed bool, places ...string) []play.Rule {
	var list []play.Rule
	for _, at := range places {
		if needed {
			list = append(list, play.Rule{At: at, Must: play.Given(play.Filled()), Source: interactiveDocs})
		}
		list = append(list, play.Rule{At: at, Must: shown, Source: enforced})
	}
	return list
}

// png is a picture in base64.
var png = play.That("a PNG of at most 204800 bytes in base64", func(_ play.Taken, v any) bool {
	s, _ := v.(string)
	data, err := base64.StdEncoding.DecodeString(s)
	return err == nil && bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) && len(data) <= maxPicture
})

// one of the pictures of the message.
var pictured = play.That("the identifier of one of images", func(t play.Taken, v any) bool {
	images, _ := t.Tree.(map[string]any)
	data, _ := images["interactiveData"].(map[string]any)
	inner, _ := data["data"].(map[string]any)
	list, _ := inner["images"].([]any)
	for _, image := range list {
		if i, _ := image.(map[string]any); i["identifier"] == v {
			return true
		}
	}
	return false
})

var style = play.Is("icon", "small", "large")

var message = play.Rules([]play.Rule{
	source,
	{At: "header:Id", Must: play.Given(play.UUID()), Source: commonDocs},
	{At: "header:Destination-Id", Must: play.Given(play.Begins("urn:mbid:")), Else: status(404), Source: commonDocs},
	{At: "header:Auto-Reply", Must: play.Is("true", "false"), Source: commonDocs},
	{At: "destinationId", Must: play.Given(play.Begins("urn:mbid:")), Else: status(404), Source: commonDocs},
	{At: "v", Must: play.Given(play.Is("1")), Source: commonDocs},
	{At: "id", Must: play.Given(play.UUID(), same("Id")), Source: commonDocs},
	{At: "sourceId", Must: play.Given(same("Source-Id")), Source: commonDocs},
	{At: "destinationId", Must: same("Destination-Id"), Source: commonDocs},
	{At: "locale", Must: play.Matches(`^[a-z]{2,3}([_-][A-Za-z0-9]{2,8})*$`), Source: commonDocs},
	{At: "type", Must: play.Given(play.Is("text", "richLink", "interactive", "typing_start", "typing_end"))},
	{At: "richLinkData", When: play.If("type", play.Is("richLink")), Must: play.Given(play.Object()), Source: linkDocs},
	{At: "richLinkData", When: play.If("type", play.Not(play.Is("richLink"))), Must: play.Absent(), Source: linkDocs},
	{At: "interactiveData", When: play.If("type", play.Is("interactive")), Must: play.Given(play.Object()),
		Source: interactiveDocs},
	{At: "interactiveData", When: play.If("type", play.Not(play.Is("interactive"))), Must: play.Absent(),
		Source: interactiveDocs},
}, play.From(textDocs, play.Refusal{}, text...), play.In("richLinkData", link...),
	play.In("interactiveData", interactive...))

var text = []play.Rule{
	{At: "body", When: play.If("type", play.Is("text")), Must: play.Given(play.String(), play.Filled())},
	{At: "body", When: play.If("type", play.Is("text")),
		Must: play.That("a U+FFFC for each attachment", func(t play.Taken, v any) bool {
			s, _ := v.(string)
			return strings.Count(s, "\uFFFC") == t.Size("attachments[]")
		})},
	{At: "attachments", Must: play.All(play.List(), play.Filled())},
	{At: "attachments[].name", Must: play.Given(play.Filled())},
	{At: "attachments[].mimeType", Must: play.Given(play.Matches(`^[a-z]+/[A-Za-z0-9.+-]+(;.*)?$`))},
	{At: "attachments[].size", Must: play.Given(play.String(), play.Digits())},
	{At: "attachments[].key", Must: play.Given(play.Matches(`^00[0-9a-fA-F]{64}$`))},
	{At: "attachments[].url", Must: play.Given(play.HTTPS())},
	{At: "attachments[].owner", Must: play.Given(play.Filled())},
	{At: "attachments[]", Must: play.One("signature", "signature-base64")},
	{At: "attachments[].signature-base64", Must: play.Matches(`^[A-Za-z0-9+/]+=*$`)},
	{At: "attachments[].signature", Must: play.Matches(`^[0-9a-fA-F]+$`)},
}

// link is a page with a picture or a video.
var link = play.Rules(play.From(linkDocs, play.Refusal{}, []play.Rule{
	{At: "url", Must: play.Given(play.URL("https", "http"))},
	{At: "title", Must: play.Given(play.Filled())},
	{At: "assets", Must: play.Object()},
	{At: "assets.image.mimeType", Must: play.Given(play.Is("image/png")), Source: enforced},
	{At: "assets.image.data", Must: play.Given(png), Source: enforced},
	{At: "assets.video.url", Must: play.Given(play.URL("https", "http"))},
	{At: "assets.video.mimeType", Must: play.Given(play.MIME("video/*"))},
}...), []play.Rule{{At: "title", Must: shown, Source: enforced}})

var ours, others = play.If("bid", play.Is(extension)), play.If("bid", play.Not(play.Is(extension)))

// interactive are the rules of what a business offers, which is one thing; apps of
// others hold no data.
var interactive = play.From(interactiveDocs, play.Refusal{}, play.Rules([]play.Rule{
	{At: "bid", Must: play.Given(play.Matches(
		`^com\.apple\.messages\.MSMessageExtensionBalloonPlugin:[A-Z0-9]{10}:[A-Za-z0-9.-]+$`))},
	{At: "data", When: others, Must: play.Absent()},
	{At: "URL", When: others, Must: play.Given(play.Filled())},
	{At: "appName", When: others, Must: play.Given(play.Filled())},
	{At: "useLiveLayout", Must: play.Is("true", "false")},
	{At: "data", When: ours,
		Must: play.Given(play.One("quick-reply", "listPicker", "event", "dynamic", "payment", "authenticate"))},
	{At: "data.version", When: ours, Must: play.Given(play.Is("1.0"))},
	{At: "data.requestIdentifier", When: ours, Must: play.Given(play.Filled())},
	{At: "data.images", Must: play.All(play.List(), play.Unique("identifier"))},
	{At: "data.images", Must: play.Bytes(0, maxPictures-1), Source: enforced},
	{At: "data.images[].identifier", Must: play.Given(play.Filled())},
	{At: "data.images[].data", Must: play.Given(png), Source: enforced},
	{At: "receivedMessage", When: play.When{{At: "bid", Is: play.Is(extension)},
		{At: "data.quick-reply", Is: play.Absent()}}, Must: play.Given(play.Object())},
}, bubbles, play.In("data", play.Rules(quick, list, slots, form, payment)...))...)

// bubbles are how a message looks before and after it is answered.
var bubbles = play.Rules(
	labels(true, "receivedMessage.title", "replyMessage.title"),
	labels(false, "receivedMessage.subtitle", "receivedMessage.secondarySubtitle", "receivedMessage.tertiarySubtitle",
		"replyMessage.subtitle", "replyMessage.secondarySubtitle", "replyMessage.tertiarySubtitle"),
	[]play.Rule{
		{At: "receivedMessage.style", Must: style},
		{At: "replyMessage.style", Must: style},
		{At: "receivedMessage.imageIdentifier", Must: pictured},
		{At: "replyMessage.imageIdentifier", Must: pictured},
	})

var quick = play.From(interactiveDocs+"#quick-reply-message", play.Refusal{}, play.Rules([]play.Rule{
	{At: "quick-reply.items", Must: play.Given(play.Count(2, 5), play.Unique("identifier"))},
	{At: "quick-reply.items[].identifier", Must: play.Given(play.Filled())},
}, labels(true, "quick-reply.summaryText", "quick-reply.items[].title"))...)

var list = play.From(interactiveDocs+"#list-picker-message", play.Refusal{}, play.Rules([]play.Rule{
	{At: "listPicker.sections", Must: play.Given(play.List(), play.Filled())},
	{At: "listPicker.sections[].order", Must: play.Whole()},
	{At: "listPicker.sections[].multipleSelection", Must: play.Is("true", "false")},
	{At: "listPicker.sections[].items", Must: play.Given(play.List(), play.Filled(), play.Unique("identifier"))},
	{At: "listPicker.sections[].items[].identifier", Must: play.Given(play.Filled())},
	{At: "listPicker.sections[].items[].order", Must: play.Whole()},
	{At: "listPicker.sections[].items[].style", Must: style},
	{At: "listPicker.sections[].items[].imageIdentifier", Must: pictured},
}, labels(true, "listPicker.sections[].items[].title"),
	labels(false, "listPicker.sections[].title", "listPicker.sections[].items[].subtitle"))...)

var slots = play.From(interactiveDocs+"#time-picker-message", play.Refusal{}, play.Rules([]play.Rule{
	{At: "event.identifier", Must: play.Given(play.Filled())},
	{At: "event.imageIdentifier", Must: pictured},
	{At: "event.timezoneOffset", Must: play.All(play.Whole(), play.Between(-12*60, 14*60))},
	{At: "event.location.latitude", Must: play.Given(play.Between(-90, 90))},
	{At: "event.location.longitude", Must: play.Given(play.Between(-180, 180))},
	{At: "event.location.radius", Must: play.Between(0, 1e7)},
	{At: "event.timeslots", Must: play.Given(play.List(), play.Filled(), play.Unique("identifier"))},
	{At: "event.timeslots[].identifier", Must: play.Given(play.Filled())},
	{At: "event.timeslots[].duration", Must: play.Given(play.Whole(), play.Between(1, 1e9))},
	{At: "event.timeslots[].startTime",
		Must: play.Given(play.That("a time like 2026-08-01T16:00+0000", func(_ play.Taken, v any) bool {
			s, _ := v.(string)
			_, err := time.Parse("2006-01-02T15:04-0700", s)
			return err == nil
		}))},
}, labels(true, "event.title"), labels(false, "event.location.title"))...)

const page = "dynamic.data.pages[]"

var form = play.From(interactiveDocs+"#form-message", play.Refusal{}, play.Rules([]play.Rule{
	{At: "dynamic.template", Must: play.Given(play.Is("messageForms"))},
	{At: "dynamic.version", Must: play.Given(play.Filled())},
	{At: "dynamic.data", Must: play.Given(paged)},
	{At: "dynamic.data", Must: play.That("pages that lead to pages", linked)},
	{At: "dynamic.data.version", Must: play.Given(play.Filled())},
	{At: "dynamic.data.showSummary", Must: play.Is("true", "false")},
	{At: "dynamic.data.isPrivate", Must: play.Is("true", "false")},
	{At: "dynamic.data.splash.imageIdentifier", Must: pictured},
	{At: "dynamic.data.pages", Must: play.Given(play.List(), play.Filled(), play.Unique("pageIdentifier"))},
	{At: page + ".pageIdentifier", Must: play.Given(play.Len(1, 19, play.UTF16))},
	{At: page + ".type", Must: play.Given(play.Is("select", "picker", "datePicker", "input"))},
	{At: page + ".submitForm", Must: play.Is("true", "false")},
	{At: page + ".multipleSelection", Must: play.Is("true", "false")},
	{At: page + ".items", When: play.If(page+".type", play.Is("select", "picker")),
		Must: play.Given(play.List(), play.Filled(), play.Unique("identifier"))},
	{At: page + ".items[].identifier", Must: play.Given(play.Filled())},
	{At: page + ".items[].value", Must: play.Given(play.String())},
	{At: page + ".items[].imageIdentifier", Must: pictured},
	{At: page + ".items[].nextPageIdentifier", When: play.If(page+".multipleSelection", play.Is("true")),
		Must: play.Absent()},
	{At: page + ".selectedItemIndex", Must: play.All(play.Whole(), play.Between(0, 1e6))},
	{At: page + ".options.required", Must: play.Is("true", "false")},
	{At: page + ".options.inputType", Must: play.Is("singleline", "multiline")},
	{At: page + ".options.maximumCharacterCount", Must: play.All(play.Whole(), play.Between(1, 1e6))},
	{At: page + ".options.keyboardType", Must: play.Is("default", "asciiCapable", "numbersAndPunctuation", "URL",
		"numberPad", "phonePad", "namePhonePad", "emailAddress", "decimalPad", "webSearch"), Source: enforced},
	{At: page + ".options.textContentType", Must: play.Is("name", "namePrefix", "givenName", "middleName", "familyName",
		"nameSuffix", "nickname", "jobTitle", "organizationName", "location", "fullStreetAddress", "streetAddressLine1",
		"streetAddressLine2", "addressCity", "addressState", "addressCityAndState", "sublocality", "countryName",
		"postalCode", "telephoneNumber", "emailAddress", "URL", "creditCardNumber", "username", "password",
		"newPassword", "oneTimeCode")},
}, labels(true, "dynamic.data.splash.header", page+".items[].title"),
	labels(false, "dynamic.data.splash.text", "dynamic.data.splash.buttonTitle", page+".title", page+".subtitle",
		page+".hintText", page+".options.placeholder", page+".options.labelText", page+".options.prefixText",
		page+".pickerTitle"))...)

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

// linked says whether each page that is to come next is there.
func linked(_ play.Taken, v any) bool {
	data, _ := v.(map[string]any)
	pages, _ := data["pages"].([]any)
	there := map[any]bool{}
	for _, p := range pages {
		o, _ := p.(map[string]any)
		there[o["pageIdentifier"]] = true
	}
	for _, p := range pages {
		o, _ := p.(map[string]any)
		items, _ := o["items"].([]any)
		for _, x := range append([]any{o}, items...) {
			i, _ := x.(map[string]any)
			if next := i["nextPageIdentifier"]; next != nil && !there[next] {
				return false
			}
		}
	}
	return true
}

const (
	request  = "payment.paymentRequest."
	applePay = "https://developer.apple.com/documentation/applepayontheweb/"
	amount   = `^-?[0-9]+(\.[0-9]+)?$`
)

var payment = play.From(interactiveDocs+"#apple-pay-message", play.Refusal{}, play.Rules([]play.Rule{
	{At: "payment.merchantSession", Must: play.Given(play.Object(), play.Filled())},
	{At: "payment.endpoints.paymentGatewayUrl", Must: play.Given(play.HTTPS())},
	{At: "payment.endpoints.fallbackUrl", Must: play.HTTPS()},
	{At: "payment.endpoints.orderTrackingUrl", Must: play.HTTPS()},
	{At: "payment.endpoints.paymentMethodUpdateUrl", Must: play.HTTPS()},
	{At: "payment.endpoints.shippingContactUpdateUrl", Must: play.HTTPS()},
	{At: "payment.endpoints.shippingMethodUpdateUrl", Must: play.HTTPS()},
	{At: request + "applePay.merchantIdentifier", Must: play.Given(play.Filled())},
	{At: request + "applePay.supportedNetworks", Must: play.Given(play.List(), play.Filled())},
	{At: request + "applePay.supportedNetworks[]", Must: play.Is("amex", "bancomat", "bancontact", "cartesBancaires",
		"chinaUnionPay", "dankort", "discover", "eftpos", "electron", "elo", "girocard", "interac", "jcb", "mada",
		"maestro", "masterCard", "meeza", "mir", "napas", "nspk", "pagoBancomat", "postFinance", "privateLabel", "qPay",
		"suica", "tmoney", "visa", "vPay"), Source: applePay + "applepaypaymentrequest/supportednetworks"},
	{At: request + "applePay.merchantCapabilities", Must: play.Given(play.List(), play.That("supports3DS among them",
		func(_ play.Taken, v any) bool {
			list, _ := v.([]any)
			for _, x := range list {
				if x == "supports3DS" {
					return true
				}
			}
			return false
		})), Source: applePay + "applepaymerchantcapability"},
	{At: request + "countryCode", Must: play.Given(play.Matches(`^[A-Z]{2}$`))},
	{At: request + "currencyCode", Must: play.Given(play.Matches(`^[A-Z]{3}$`))},
	{At: request + "total.amount", Must: play.Given(play.String(), play.Matches(amount))},
	{At: request + "total.type", Must: play.Is("final", "pending"), Source: applePay + "applepaylineitem"},
	{At: request + "lineItems[].amount", Must: play.Given(play.String(), play.Matches(amount))},
	{At: request + "lineItems[].type", Must: play.Is("final", "pending"), Source: applePay + "applepaylineitem"},
	{At: request + "requiredBillingContactFields[]", Must: contactField, Source: applePay + "applepaycontactfield"},
	{At: request + "requiredShippingContactFields[]", Must: contactField, Source: applePay + "applepaycontactfield"},
}, labels(true, request+"total.label", request+"lineItems[].label"))...)

var contactField = play.Is("email", "name", "phone", "postalAddress", "post", "phoneticName")

// open is what Apple's pages leave unsaid.
var open = []play.Open{
	{At: "any refusal", Source: commonDocs, Question: "Apple names statuses only; what is in the body is for " +
		"people. Here: nothing."},
	{At: "characters", Source: enforced, Question: "The unit of 200 \"characters\" is not said. Here: UTF-16 units. " +
		"Which signs are printable is not said. Here: Unicode's graphic ones and joiners, so no line end."},
	{At: "body", Source: textDocs, Question: "The longest text is not said. Here: any."},
	{At: "message", Source: commonDocs, Question: "The largest body is not said. Here: any."},
	{At: "unknown members", Source: commonDocs, Question: "Whether they are refused is not said. Here: they are not."},
	{At: "attachments", Source: textDocs, Question: "How many one message may have is not said. Here: any."},
	{At: "richLinkData.assets", Source: linkDocs, Question: "Whether a link without a picture is taken is not said. " +
		"Here: it is."},
	{At: "capability-list", Source: commonDocs, Question: "What happens to an interactive message that a device " +
		"cannot show is not said. Here: it is taken."},
	{At: "close", Source: sentDocs, Question: "Whether a message after close is 404 or taken and dropped is not " +
		"said. Here: 404, on request."},
	{At: "pages[].subtitle", Source: interactiveDocs + "#form-message", Question: "One provider calls it required, " +
		"Apple's page shows forms without. Here: optional."},
}
