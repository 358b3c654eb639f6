package play

import "github.com/relais-dev/relais/shared/stage/play"

const (
	noMarkup = "Bad Request: object expected as reply markup"
	noButton = "Bad Request: can't parse inline keyboard button"
)

// inlineOnly are the only buttons that an edited message may have.
var inlineOnly = on("inlinekeyboardmarkup",
	may("reply_markup", "Bad Request: inline keyboard expected", play.Object(), play.Some("inline_keyboard")))

// keyboard is one under a message or in place of the customer's own.
var keyboard = play.Rules(
	may("reply_markup", noMarkup, play.Object()),
	play.Where(play.If("reply_markup", play.Object()), play.Rules(
		may("reply_markup", noMarkup, play.Some("inline_keyboard", "keyboard", "remove_keyboard", "force_reply"),
			play.AtMostOne("inline_keyboard", "keyboard", "remove_keyboard")),
		on("inlinekeyboardmarkup",
			may("reply_markup.inline_keyboard", noMarkup, play.List(), play.Filled()),
			may("reply_markup.inline_keyboard[]", noMarkup, play.List(), play.Filled())),
		may("reply_markup.inline_keyboard", "Bad Request: reply markup is too long", play.Total("[]", 1, 100)),
		on("inlinekeyboardbutton", play.In("reply_markup.inline_keyboard[][]", button...)),
		connectedButtons, own,
		on("replykeyboardremove", may("reply_markup.remove_keyboard", noMarkup, play.Is("true"))),
		on("forcereply", may("reply_markup.force_reply", noMarkup, play.Is("true", "false")),
			may("reply_markup.input_field_placeholder", noMarkup, play.Len(1, 64, play.UTF16))),
		truth("reply_markup.selective"),
	)...),
)

// doings are what a button can do, one of them.
var doings = []string{"url", "callback_data", "web_app", "login_url", "switch_inline_query",
	"switch_inline_query_current_chat", "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
	"disabled"}

var button = play.Rules(
	need("text", noButton+`: Can't find field "text"`, play.Filled()),
	may("", noButton+": Text buttons are unallowed in the inline keyboard", acts),
	may("style", "Bad Request: BUTTON_STYLE_INVALID", play.Is("danger", "success", "primary")),
	may("url", "Bad Request: inline keyboard button URL is invalid: Unsupported URL protocol",
		play.Begins("http://", "https://", "tg://")),
	may("callback_data", "Bad Request: BUTTON_DATA_INVALID", play.Len(1, 64, play.UTF8)),
	on("webappinfo", may("web_app.url", "Bad Request: BUTTON_URL_INVALID", play.HTTPS())),
	on("loginurl", may("login_url.url", "Bad Request: BUTTON_URL_INVALID", play.HTTPS())),
	on("copytextbutton",
		may("copy_text.text", "Bad Request: BUTTON_COPY_TEXT_INVALID", play.Most(256, play.UTF16))),
)

// acts is a button that does exactly one thing. What is empty is nothing, but a query.
var acts = play.That("exactly one of what a button can do", func(_ play.Taken, v any) bool {
	n := 0
	b := play.Taken{Tree: v}
	for _, place := range doings {
		empty := place == "url" || place == "callback_data"
		if place == "copy_text" {
			place, empty = "copy_text.text", true // clients write one without text for none
		}
		if b.Size(place) > 0 && !(empty && b.Get(place) == "") {
			n++
		}
	}
	return n == 1
})

// connectedButtons are what a business account's messages may not have, nor those to others than persons.
var connectedButtons = on("inlinekeyboardbutton",
	play.Where(play.If("business_connection_id", play.Filled()), play.In("reply_markup.inline_keyboard[][]",
		play.Rules(may("web_app", bad, play.Absent()), may("switch_inline_query", bad, play.Absent()),
			may("switch_inline_query_chosen_chat", bad, play.Absent()))...)...),
	play.Where(play.If("chat_id", play.Not(private)),
		may("reply_markup.inline_keyboard[][].web_app", "Bad Request: BUTTON_TYPE_INVALID", play.Absent())...),
)

// asks are what a button of the customer's own keyboard can ask for.
var asks = []string{"request_users", "request_chat", "request_managed_bot", "request_contact", "request_location",
	"request_poll", "web_app"}

// own is the keyboard in place of the customer's.
var own = play.Rules(
	on("replykeyboardmarkup",
		may("reply_markup.keyboard", noMarkup, play.List(), play.Filled()),
		may("reply_markup.keyboard[]", noMarkup, play.List(), play.Filled()),
		truth("reply_markup.is_persistent", "reply_markup.resize_keyboard", "reply_markup.one_time_keyboard")),
	on("keyboardbutton", play.In("reply_markup.keyboard[][]", play.Rules(
		need("text", "Bad Request: can't parse keyboard button", play.Filled()), may("", bad, play.AtMostOne(asks...)),
		may("style", "Bad Request: BUTTON_STYLE_INVALID", play.Is("danger", "success", "primary")),
		truth("request_contact", "request_location"), may("web_app.url", "Bad Request: BUTTON_URL_INVALID", play.HTTPS()),
	)...), inPrivate),
)

// inPrivate keeps what asks for a person's own to the chat with them.
var inPrivate = func() []play.Rule {
	var list []play.Rule
	for _, ask := range asks {
		list = append(list, play.Where(play.If("chat_id", play.Not(private)), may("reply_markup.keyboard[][]."+ask,
			"Bad Request: BUTTON_TYPE_INVALID", play.Absent())...)...)
	}
	return list
}()
