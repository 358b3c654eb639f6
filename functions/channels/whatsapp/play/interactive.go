package play

import (
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/stage/play"
)

// The pages of what can be pressed.
const (
	buttons     = messages + "interactive-reply-buttons-messages"
	lists       = messages + "interactive-list-messages"
	links       = messages + "interactive-cta-url-messages"
	carousels   = messages + "interactive-media-carousel-messages"
	askPlace    = messages + "location-request-messages"
	askAddress  = messages + "address-messages"
	flows       = "https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/sendingaflow"
	products    = platform + "catalogs/share-products"
	catalogs    = platform + "catalogs/catalog-messages"
	payments    = platform + "payments/payments-in/pg"
	orderStatus = platform + "payments/payments-in/orderstatustemplate"
	calls       = platform + "calling/user-call-permissions"
	callButton  = platform + "calling/call-button-messages-deep-links"
)

// kinds are the types of an interactive message.
var kinds = []string{"button", "list", "cta_url", "carousel", "product", "product_list", "catalog_message", "flow",
	"location_request_message", "request_contact_info", "address_message", "order_details", "order_status",
	"call_permission_request", "voice_call"}

// interactive are the rules of what can be pressed, by its type.
var interactive = play.In("interactive", play.Rules(
	frame, heads,
	of("button", under(buttons, replyButtons)), of("list", under(lists, rows)),
	of("cta_url", under(links, play.In("action", link...))),
	of("carousel", under(carousels, cards)),
	of("product", under(products, one)), of("product_list", under(products, several)),
	of("catalog_message", under(catalogs, object("action", "name", "parameters"), named("catalog_message"),
		object("action.parameters", "thumbnail_product_retailer_id"))),
	of("flow", under(flows, flow)),
	of("location_request_message", under(askPlace, object("action", "name"), named("send_location"))),
	of("request_contact_info", under(userIDs, object("action", "name"), named("request_contact_info"))),
	of("address_message", under(askAddress, named("address_message"),
		need("action.parameters.country", play.Is("IN", "SG")))),
	of("order_details", under(payments, order)), of("order_status", under(payments, progress)),
	of("call_permission_request", under(calls, named("call_permission_request"))),
	of("voice_call", under(callButton, named("voice_call"),
		object("action.parameters", "display_text", "ttl_minutes", "payload"),
		may("action.parameters.display_text", play.Len(1, 20, play.UTF16)),
		may("action.parameters.ttl_minutes", play.Whole(), play.Between(1, 43200)),
		may("action.parameters.payload", play.Most(512, play.UTF16)))),
)...)

func of(kind string, rules []play.Rule) []play.Rule {
	return play.Where(play.If("type", play.Is(kind)), rules...)
}

// named is the action's name.
func named(name string) []play.Rule { return need("action.name", play.Is(name)) }

// frame is what all have.
var frame = play.Rules(
	object("", "type", "header", "body", "footer", "action"),
	under(openAPI, need("type", play.Is(kinds...)), need("action", play.Object()),
		object("body", "text"), object("footer", "text")),
	play.Where(play.If("type", play.Not(play.Is("product", "call_permission_request"))), under(openAPI, need("body"))...),
	play.Where(play.If("type", play.Not(play.Is("list"))),
		under(buttons, need("body.text", play.Len(1, 1024, play.UTF16)))...),
	of("list", under(lists, need("body.text", play.Len(1, 4096, play.UTF16)))),
	under(buttons, need("footer.text", play.Len(1, 60, play.UTF16))),
)

// heads are what may stand above.
var heads = play.Rules(
	under(buttons, header("header", "text", "image", "video", "document")),
	of("list", under(lists, may("header.type", play.Is("text")))),
	of("product_list", under(products, need("header"), may("header.type", play.Is("text")))),
	headless("product", openAPI), headless("catalog_message", catalogs),
	headless("carousel", carousels), headless("location_request_message", askPlace),
	of("carousel", under(carousels, may("footer", play.Absent()))),
	of("location_request_message", under(askPlace, may("footer", play.Absent()))),
)

func headless(kind, page string) []play.Rule {
	return of(kind, under(page, may("header", play.Absent())))
}

// header is one of types at a place.
func header(at string, types ...string) []play.Rule {
	list := play.Rules(
		object("", append([]string{"type", "sub_text"}, types...)...), need("type", play.Is(types...)),
		under(openAPI, may("text", play.Len(1, 60, play.UTF16)), may("sub_text", play.Len(1, 60, play.UTF16))))
	for _, t := range types {
		list = append(list, play.Where(play.If("type", play.Is(t)), need(t)...)...)
		switch t {
		case "image", "video":
			list = append(list, file(t)...)
		case "document":
			list = append(list, file(t, "filename")...)
		}
	}
	return play.In(at, list...)
}

// trimmed is what Meta wants of a button's id.
var trimmed = play.Matches(`(?s)^\S(.*\S)?$`)

var replyButtons = play.Rules(
	object("action", "buttons"), need("action.buttons", play.List(), play.Count(1, 3), play.Unique("reply.title"),
		play.Unique("reply.id")),
	play.In("action.buttons[]", play.Rules(
		object("", "type", "reply"), need("type", play.Is("reply")), need("reply"), object("reply", "id", "title"),
		need("reply.id", play.Len(1, 256, play.UTF16)), under(openAPI, may("reply.id", trimmed)),
		need("reply.title", play.Len(1, 20, play.UTF16)))...),
)

var rows = play.Rules(
	object("action", "button", "sections"), need("action.button", play.Len(1, 20, play.UTF16)),
	need("action.sections", play.List(), play.Count(1, 10), play.Total("rows[]", 1, 10), play.Unique("rows[].id")),
	titled, play.In("action.sections[]", play.Rules(
		object("", "title", "rows"), need("rows", play.List(), play.Count(1, 10)),
		object("rows[]", "id", "title", "description"),
		need("rows[].id", play.Len(1, 200, play.UTF16)), need("rows[].title", play.Len(1, 24, play.UTF16)),
		may("rows[].description", play.Len(1, 72, play.UTF16)))...),
)

// titled are sections, which have titles where there is more than one.
var titled = play.Rules(
	play.Where(play.If("action.sections", play.Count(2, 10)), under(openAPI, need("action.sections[].title"))...),
	may("action.sections[].title", play.Len(1, 24, play.UTF16)),
)

// link is the action that opens a page.
var link = play.Rules(
	object("", "name", "parameters"), need("name", play.Is("cta_url")), need("parameters"),
	object("parameters", "display_text", "url"), need("parameters.url", play.URL("https", "http")),
	need("parameters.display_text", play.Len(1, 20, play.UTF16)),
)

// cards are those of a carousel: pictures with a link or with replies, or products.
var cards = play.Rules(
	object("action", "cards"), need("action.cards", play.List(), play.Count(2, 10), numbered,
		alike("type"), alike("header.type"), alike("action.buttons"), alike("action.name")),
	play.In("action.cards[]", play.Rules(
		object("", "card_index", "type", "header", "body", "action"),
		need("card_index", play.Whole(), play.Between(0, 9)), need("action"),
		play.Where(play.If("type", play.Is("product")), play.Rules(
			object("action", "product_retailer_id", "catalog_id"), need("action.product_retailer_id", play.Filled()),
			need("action.catalog_id", play.Filled()))...),
		play.Where(play.If("type", play.Not(play.Is("product"))), pictured...),
		play.Where(play.If("action.name", play.Is("cta_url")), need("type", play.Is("cta_url"))...),
		play.Where(play.If("type", play.Is("cta_url")), play.In("action", link...)...),
		play.In("action.buttons[]", play.Rules(
			object("", "type", "quick_reply"), need("type", play.Is("quick_reply")),
			need("quick_reply.id", play.Len(1, 256, play.UTF16)), need("quick_reply.title", play.Len(1, 20, play.UTF16)))...),
	)...),
)

// pictured is a card that is no product.
var pictured = play.Rules(
	need("header"), header("header", "image", "video"), object("body", "text"),
	may("body.text", play.Len(1, 160, play.UTF16), play.That("at most 2 line breaks", func(_ play.Taken, v any) bool {
		text, _ := v.(string)
		return strings.Count(text, "\n") <= 2
	})),
)

var numbered = play.That("cards numbered from 0", func(_ play.Taken, v any) bool {
	cards, _ := v.([]any)
	for i := range cards {
		if (play.Taken{Tree: cards[i]}).Get("card_index") != strconv.Itoa(i) {
			return false
		}
	}
	return true
})

// alike is cards that have the same at a place, or as many.
func alike(at string) play.Check {
	return play.That("cards with the same "+at, func(_ play.Taken, v any) bool {
		cards, _ := v.([]any)
		for _, c := range cards {
			first, other := play.Taken{Tree: cards[0]}, play.Taken{Tree: c}
			if first.Get(at) != other.Get(at) || first.Size(at+"[]") != other.Size(at+"[]") {
				return false
			}
		}
		return true
	})
}

// one is a product, several are some of a catalog.
var (
	one = play.Rules(object("action", "catalog_id", "product_retailer_id"), need("action.catalog_id", play.Filled()),
		need("action.product_retailer_id", play.Filled()))

	several = play.Rules(
		object("action", "catalog_id", "sections"), need("action.catalog_id", play.Filled()),
		need("action.sections", play.List(), play.Count(1, 10), play.Total("product_items[]", 1, 30)), titled,
		object("action.sections[]", "title", "product_items"), need("action.sections[].product_items", play.Count(1, 30)),
		need("action.sections[].product_items[].product_retailer_id", play.Filled()),
	)
)

var flow = play.Rules(
	object("action", "name", "parameters"), named("flow"), need("action.parameters"),
	play.In("action.parameters", play.Rules(
		object("", "flow_message_version", "flow_id", "flow_name", "flow_cta", "mode", "flow_token", "flow_action",
			"flow_action_payload"),
		need("flow_message_version", play.Is("3")), may("", play.One("flow_id", "flow_name")), may("flow_id", play.Digits()),
		need("flow_cta", play.Filled()), under(openAPI, may("flow_cta", play.Len(1, 30, play.UTF16))),
		may("mode", play.Is("draft", "published")), may("flow_token", play.String()),
		may("flow_action", play.Is("navigate", "data_exchange")),
		play.Where(play.If("flow_action", play.Is("data_exchange")), may("flow_action_payload", play.Absent())...),
		object("flow_action_payload", "screen", "data"), may("flow_action_payload.data", play.Object(), play.Filled()),
	)...),
)

// reference of an order: letters, digits, _ - and dots.
var orderID = play.Matches(`^[0-9A-Za-z_.-]{1,35}$`)

var order = play.Rules(
	named("review_and_pay"), need("action.parameters", play.Object()),
	play.In("action.parameters", play.Rules(
		need("reference_id", orderID), need("type", play.Is("digital-goods", "physical-goods")),
		need("currency", play.Matches(`^[A-Z]{3}$`)),
		need("total_amount.value", play.Whole()), need("total_amount.offset", play.Is("100")),
		need("order.status", play.Is("pending")), need("order.items", play.List(), play.Count(1, 999)),
		need("order.items[].name", play.Filled()), need("order.items[].quantity", play.Whole()),
		need("order.items[].amount.value", play.Whole()), need("order.items[].amount.offset", play.Is("100")),
		need("order.subtotal.value", play.Whole()), need("order.subtotal.offset", play.Is("100")),
	)...),
)

// progress is what became of an order.
var progress = play.Rules(named("review_order"), need("action.parameters", play.Object()),
	play.In("action.parameters", became...))

var became = under(orderStatus, need("reference_id", orderID),
	need("order.status", play.Is("pending", "processing", "partially-shipped", "partially_shipped", "shipped",
		"completed", "canceled")), may("order.description", play.Most(120, play.UTF16)))
