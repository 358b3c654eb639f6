package play

import "github.com/relais-dev/relais/shared/stage/play"

// sends are the methods that send, with what each of them takes.
var sends = []named{
	of("sendMessage", text),
	of("sendPhoto", media("photo", 10), caption),
	of("sendVideo", media("video", 50), caption, sized, truth("supports_streaming")),
	of("sendAnimation", media("animation", 50), caption, sized),
	of("sendAudio", media("audio", 50), caption, sized),
	of("sendVoice", media("voice", 50,
		fetched("OGG, MP3 or M4A at an address", ".wav", ".aac", ".amr", ".flac", ".mp4")), caption, sized),
	of("sendDocument", media("document", 50,
		fetched("GIF, PDF or ZIP at an address", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".txt",
			".csv", ".jpg", ".jpeg", ".png", ".webp", ".mp3", ".mp4", ".ics")), caption),
	of("sendSticker", media("sticker", 50, fetched("WEBP at an address", ".tgs", ".webm", ".png", ".jpg", ".gif")),
		may("caption", bad, play.Absent())),
	of("sendVideoNote", media("video_note", 50, uploaded), sized, whole64("length")),
	of("sendLivePhoto", media("live_photo", 50, uploaded), caption),
	of("sendMediaGroup", album),
	of("sendPaidMedia", need("star_count", bad, play.Whole(), play.Between(1, 25000)),
		need("media", bad, play.Count(1, 10)), may("payload", bad, play.Most(128, play.UTF8)), caption),
	of("sendLocation", place, may("horizontal_accuracy", bad, play.Between(0, 1500)),
		may("live_period", bad, play.Any(play.Between(60, 86400), play.Is("2147483647"))),
		may("heading", bad, play.Between(1, 360)), may("proximity_alert_radius", bad, play.Between(1, 100000))),
	of("sendVenue", place, need("title", bad, play.Filled()), need("address", bad, play.Filled())),
	of("sendContact", need("phone_number", "Bad Request: phone number is empty", play.Filled()),
		need("first_name", "Bad Request: first name is empty", play.Filled()), may("last_name", bad, play.String()),
		may("vcard", bad, play.Most(2048, play.UTF8))),
	of("sendPoll", poll),
	of("sendDice", may("emoji", bad, play.Is("🎲", "🎯", "🏀", "⚽", "🎳", "🎰"))),
	of("sendGame", need("game_short_name", bad, play.Filled())),
	of("sendChecklist", connected, checklist),
	of("sendInvoice", invoice, may("business_connection_id", bad, play.Absent())),
	of("sendRichMessage", need("rich_message", bad, play.Object()),
		on("inputrichmessage", may("rich_message", bad, play.One("html", "markdown", "blocks")))),
}

// edits are the methods that change a message.
var edits = []named{
	of("editMessageText",
		play.Where(play.If("rich_message", play.Absent()), need("text", "Bad Request: message text is empty")...),
		textLength, styles("text", "entities", "parse_mode"), preview),
	of("editMessageMedia", need("media", "Bad Request: media is not specified", play.Object()), piece("media",
		"animation", "audio", "document", "live_photo", "photo", "video")),
	of("editMessageCaption", caption),
	of("editMessageReplyMarkup"),
}

// queries are the methods that answer what a customer asked.
var queries = []named{
	of("answerCallbackQuery",
		need("callback_query_id", "Bad Request: query is too old and response timeout expired or query ID is invalid",
			play.Filled()),
		may("text", "Bad Request: MESSAGE_TOO_LONG", play.Most(200, play.UTF16)), truth("show_alert"),
		whole64("cache_time")),
	of("answerPreCheckoutQuery", need("pre_checkout_query_id", bad, play.Filled()), verdict),
	of("answerShippingQuery", need("shipping_query_id", bad, play.Filled()), verdict,
		play.Where(play.If("ok", play.Is("true")), need("shipping_options", bad, play.Count(1, 100))...),
		on("shippingoption", need("shipping_options[].id", bad, play.Filled()),
			need("shipping_options[].title", bad, play.Filled()), need("shipping_options[].prices", bad, play.Filled()))),
	of("answerInlineQuery", need("inline_query_id", bad, play.Filled()),
		need("results", bad, play.List(), play.Count(0, 50), play.Unique("id")),
		need("results[].type", bad, play.Filled()), need("results[].id", bad, play.Len(1, 64, play.UTF8)),
		whole64("cache_time"), truth("is_personal"), may("next_offset", bad, play.Most(64, play.UTF8))),
}

// verdict is yes, or no with a reason.
var verdict = play.Rules(need("ok", bad, play.Is("true", "false")),
	play.Where(play.If("ok", play.Is("false")), need("error_message", bad, play.Filled())...))

var sized = whole64("duration", "width", "height")

var place = play.Rules(
	need("latitude", "Bad Request: latitude is empty", play.Between(-90, 90)),
	need("longitude", "Bad Request: longitude is empty", play.Between(-180, 180)),
)

// album are several files of one message.
var album = play.Rules(
	need("media", "Bad Request: expected an Array of InputMedia", play.List(), play.Count(2, 10), play.That(
		"documents and audio files with their like only", func(_ play.Taken, v any) bool {
			kinds := map[string]bool{}
			for _, p := range v.([]any) {
				kind := play.Taken{Tree: p}.Get("type")
				if kind != "audio" && kind != "document" {
					kind = "seen"
				}
				kinds[kind] = true
			}
			return len(kinds) == 1
		})),
	piece("media[]", "audio", "document", "live_photo", "photo", "video"), may("reply_markup", bad, play.Absent()),
)

// piece is a file of one of types, at a place.
func piece(at string, types ...string) []play.Rule {
	return on("inputmedia", need(at+".type", bad, play.Is(types...)), need(at+".media", noFile, play.Any(
		play.URL("https", "http"), play.Begins("attach://"), play.Matches(`^[A-Za-z0-9_-]{20,}$`))), captionOf(at+"."))
}

var poll = play.Rules(
	need("question", "Bad Request: POLL_QUESTION_INVALID", play.Len(1, 300, play.UTF16)),
	need("options", "Bad Request: POLL_ANSWERS_INVALID", play.List(), play.Count(1, 12)),
	on("inputpolloption", need("options[].text", "Bad Request: POLL_ANSWER_INVALID", play.Len(1, 100, play.UTF16))),
	may("type", bad, play.Is("quiz", "regular")), truth("is_anonymous", "allows_multiple_answers", "is_closed"),
	play.Where(play.If("type", play.Is("quiz")), may("", bad, play.Some("correct_option_ids", "correct_option_id"))...),
	may("explanation", bad, play.Most(200, play.UTF16)), may("description", bad, play.Most(1024, play.UTF16)),
	may("open_period", bad, play.Between(5, 2628000)), may("", bad, play.AtMostOne("open_period", "close_date")),
)

var checklist = on("inputchecklist",
	need("checklist", bad, play.Object()), need("checklist.title", bad, play.Len(1, 255, play.UTF16)),
	need("checklist.tasks", bad, play.List(), play.Count(1, 30)), whole64("checklist.tasks[].id"),
	need("checklist.tasks[].text", bad, play.Len(1, 100, play.UTF16)))

var stars = play.If("currency", play.Is("XTR"))

var invoice = play.Rules(
	need("title", "Bad Request: PRODUCT_TITLE_INVALID", play.Len(1, 32, play.UTF16)),
	need("description", "Bad Request: PRODUCT_DESCRIPTION_INVALID", play.Len(1, 255, play.UTF16)),
	need("payload", "Bad Request: INVOICE_PAYLOAD_INVALID", play.Len(1, 128, play.UTF8)),
	need("currency", "Bad Request: CURRENCY_INVALID", play.Matches(`^[A-Z]{3}$`)),
	need("prices", "Bad Request: CURRENCY_TOTAL_AMOUNT_INVALID", play.List(), play.Filled()),
	on("labeledprice", need("prices[].label", bad, play.Filled()), need("prices[].amount", bad, play.Whole())),
	play.Where(stars, play.Rules(may("prices", bad, play.Count(1, 1)), may("provider_token", bad, play.Is("")),
		may("max_tip_amount", bad, play.Is("0")))...),
	play.Where(play.If("currency", play.Not(play.Is("XTR"))),
		need("provider_token", "Bad Request: PAYMENT_PROVIDER_INVALID", play.Filled())...),
	may("suggested_tip_amounts", bad, play.Count(0, 4)), whole64("max_tip_amount", "photo_width", "photo_height"),
	may("photo_url", bad, play.URL("https", "http")),
)
