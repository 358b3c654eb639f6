package play

import (
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of templates.
const (
	templates = messages + "template-messages"
	naming    = platform + "templates/overview"
	parted    = platform + "templates/components"
	coupons   = platform + "templates/marketing-templates/coupon-templates"
	offers    = platform + "templates/marketing-templates/limited-time-offer-templates"
	tcards    = platform + "templates/marketing-templates/media-card-carousel-templates"
	tplaces   = platform + "templates/utility-templates/location-templates"
	mpm       = platform + "templates/marketing-templates/mpm-templates"

	// oneLineSeen is where Meta's refusal is quoted, which no page of Meta's tells.
	oneLineSeen = "https://github.com/netflie/whatsapp-cloud-api/issues/201"
)

var template = play.In("template", play.Rules(
	under(openAPI,
		object("", "name", "language", "components"), need("name"), need("language"), object("language", "policy", "code"),
		need("language.code", play.Matches(`^[a-z]{2,3}(_[A-Z]{2,3})?$`)),
		may("language.policy", play.Is("deterministic")), may("components", play.List())),
	under(naming, may("name", play.Matches(`^[a-z0-9_]{1,512}$`))),
	play.In("components[]", components...),
	play.Where(play.If("components[].type", play.Is("carousel")), under(tcards,
		object("components[]", "type", "cards"),
		need("components[].cards", play.List(), play.Count(1, 10), play.Unique("card_index")))...),
	under(tcards,
		object("components[].cards[]", "card_index", "components"),
		need("components[].cards[].card_index", play.Whole(), play.Between(0, 9)),
		need("components[].cards[].components", play.List())),
	play.In("components[].cards[].components[]", components...),
)...)

// components are the parts of a template whose parameters are given.
var components = play.Rules(
	under(openAPI, may("", play.Object()),
		need("type", anyCase("header", "body", "button", "carousel", "limited_time_offer", "order_status"))),
	play.Where(play.If("type", anyCase("header")), under(parted,
		object("", "type", "parameters"), need("parameters", play.Count(1, 1)),
		need("parameters[].type", play.Is("text", "image", "video", "document", "location", "product")),
		may("parameters[].text", play.Len(1, 60, play.UTF16)))...),
	play.Where(play.If("type", anyCase("body")), under(templates,
		object("", "type", "parameters"), need("parameters"), may("parameters", allNamed),
		need("parameters[].type", play.Is("text", "currency", "date_time")),
		may("parameters[].text", play.Len(1, 32768, play.UTF16)))...),
	play.Where(play.If("type", anyCase("button")), pressed...),
	play.Where(play.If("type", anyCase("limited_time_offer")), under(offers,
		need("parameters", play.Count(1, 1)), need("parameters[].type", play.Is("limited_time_offer")),
		need("parameters[].limited_time_offer.expiration_time_ms", play.Whole()))...),
	play.Where(play.If("type", anyCase("order_status")), under(orderStatus,
		need("parameters", play.Count(1, 1)), need("parameters[].type", play.Is("order_status")),
		need("parameters[].order_status", play.Object()), play.In("parameters[].order_status", became...))...),
	play.Where(play.If("type", play.Not(anyCase("button"))), under(openAPI, may("sub_type", play.Absent()),
		may("index", play.Absent()))...),
	play.In("parameters[]", parameter...),
)

// pressed is a button of a template.
var pressed = play.Rules(
	under(openAPI, object("", "type", "sub_type", "index", "parameters"),
		need("sub_type", anyCase("quick_reply", "url", "catalog", "copy_code", "flow", "mpm", "order_details",
			"voice_call")),
		need("index", play.Whole(), play.Between(0, 9)), need("parameters", play.Count(1, 1))),
	sub("quick_reply", openAPI,
		need("parameters[].type", play.Is("payload")), need("parameters[].payload", play.Filled())),
	sub("url", openAPI, need("parameters[].type", play.Is("text")), need("parameters[].text", play.Filled())),
	sub("copy_code", coupons, need("parameters[].type", play.Is("coupon_code")),
		need("parameters[].coupon_code", play.Matches(`^[0-9A-Za-z]+$`))),
	sub("catalog", products, need("parameters[].type", play.Is("action"))),
	sub("mpm", mpm, need("parameters[].type", play.Is("action")),
		need("parameters[].action.thumbnail_product_retailer_id", play.Filled()),
		need("parameters[].action.sections", play.Count(1, 10), play.Total("product_items[]", 1, 30)),
		need("parameters[].action.sections[].product_items[].product_retailer_id", play.Filled())),
	sub("flow", flows, need("parameters[].type", play.Is("action")), need("parameters[].action", play.Object())),
	sub("order_details", payments, need("parameters[].type", play.Is("action")),
		need("parameters[].action.order_details", play.Object()),
		may("parameters[].action.order_details.reference_id", orderID)),
)

func sub(kind, page string, rules ...[]play.Rule) []play.Rule {
	return play.Where(play.If("sub_type", anyCase(kind)), under(page, rules...)...)
}

// parameter is one of any component.
var parameter = play.Rules(
	typed("text", need("text"), may("text", play.String(), play.Filled())),
	play.From(oneLineSeen, invalid, may("text", oneLine)...),
	typed("currency", need("currency"), object("currency", "fallback_value", "code", "amount_1000"),
		need("currency.fallback_value", play.Filled()), need("currency.code", play.Matches(`^[A-Z]{3}$`)),
		need("currency.amount_1000", play.Whole())),
	typed("date_time", need("date_time.fallback_value", play.Filled())),
	typed("image", need("image"), file("image")), typed("video", need("video"), file("video")),
	typed("document", need("document"), file("document", "filename")),
	play.Where(play.If("type", play.Is("location")), under(tplaces, need("location"),
		need("location.latitude", play.Between(-90, 90)), need("location.longitude", play.Between(-180, 180)),
		need("location.name", play.Filled()), need("location.address", play.Filled()))...),
	under(parted, may("parameter_name", play.Matches(`^[a-z0-9_]+$`))),
)

// typed is a parameter of a kind.
func typed(kind string, rules ...[]play.Rule) []play.Rule {
	return play.Where(play.If("type", play.Is(kind)), under(openAPI, rules...)...)
}

// oneLine is a text that fits into a template.
var oneLine = play.That("without line breaks, tabs and more than 4 spaces in a row", func(_ play.Taken, v any) bool {
	text, _ := v.(string)
	return !strings.ContainsAny(text, "\n\r\t") && !strings.Contains(text, "     ")
})

// allNamed is a list of parameters of which all have names, or none.
var allNamed = play.That("all with a parameter_name or none", func(_ play.Taken, v any) bool {
	list := play.Taken{Tree: v}
	named := list.Size("[].parameter_name")
	return named == 0 || named == list.Size("[]")
})

// anyCase is one of several words, which Meta's examples write in capitals too.
func anyCase(words ...string) play.Check {
	return play.That(strings.Join(words, " | "), func(_ play.Taken, v any) bool {
		text, _ := v.(string)
		for _, w := range words {
			if strings.EqualFold(w, text) {
				return true
			}
		}
		return false
	})
}
