// Package telegram speaks through a Telegram bot. It hears messages, edits, button
// presses, reactions, payments, members, and the chats of business accounts that
// the bot is connected to, and writes to all of them.
//
// Telegram sends one update per request and proves itself by a secret token that
// we chose, not by a signature over the body. Message ids count per chat, so a
// message's platform id is "<chat>:<message>". The chats of a business account,
// and the chats a bot was summoned to as a guest, count apart from the bot's own
// chats of the same number: their ids carry a prefix, "<connection>:" and "guest:".
package telegram

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// Channel is Telegram. A nil Ack is what it needs: an answer with a body would be
// executed as a Bot API call (https://core.telegram.org/bots/api#making-requests-when-getting-updates).
var Channel = channel.Channel{
	Name:  "telegram",
	Title: "Telegram",
	Docs:  "https://core.telegram.org/bots/api",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: "secret_token",
			Help: "secret_token given to setWebhook: 32 or more random characters of A-Z a-z 0-9 _ -, another one for every " +
				"bot"},
		{Name: botToken, Help: "the bot's token, 123:ABC…, from @BotFather; needed to send and to fetch media",
			Optional: true},
		{Name: providerToken, Help: "token of a payment provider, from @BotFather, /mybots, Payments; for invoices in money",
			Optional: true},
	},
	Verify: verify,
	Parse:  parse,

	Outbound: outbound,
}

// outbound is how a bot writes. Only the chats of a business account have a window;
// everybody else who started the bot can be written to at any time.
var outbound = channel.Outbound{
	Limits: limits,
	In:     limitsIn,
	// https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
	Rate:    channel.Rate{Account: 30, Pair: 1, Burst: 5},
	Class:   channel.Always(channel.Blind), // the Bot API takes no key of ours and finds no message
	Opens:   []events.Scheme{events.TelegramUser, events.TelegramChat},
	Send:    send,
	Outside: func(o channel.Outgoing) bool { return recipientOf(o.To.Conversation).connection == "" },
	Act:     act,
	Acts:    events.Verbs(),
	Fetch:   fetch,
	Hosts:   []string{apiHost},
}

var limits = channel.Limits{
	Text: maxText,
	Unit: channel.UTF16,
	Styles: []string{"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "code", "pre", "link",
		"mention"},
	// of words; https://core.telegram.org/bots/api#formatting-options
	Links:    channel.Links{Schemes: []string{"tg", "tel", "mailto"}},
	Quote:    true,
	Kinds:    []events.Kind{events.KindLocation, events.KindContacts, events.KindPayment},
	Contacts: 1,
	Media: map[string]channel.MediaLimit{
		events.Image: {Bytes: maxPhoto, MIME: []string{"image/jpeg", "image/png", "image/webp"}, Caption: maxCaption,
			Pixels: 10_000, Ratio: 20}, // https://core.telegram.org/bots/api#sendphoto
		events.Video:     {Bytes: maxUpload, MIME: []string{"video/mp4"}, Caption: maxCaption},
		events.Animation: {Bytes: maxUpload, MIME: []string{"image/gif", "video/mp4"}, Caption: maxCaption},
		events.Audio:     {Bytes: maxUpload, MIME: []string{"audio/mpeg", "audio/mp4"}, Caption: maxCaption},
		events.Voice:     {Bytes: maxUpload, MIME: []string{"audio/ogg", "audio/mpeg", "audio/mp4"}, Caption: maxCaption},
		events.File:      {Bytes: maxUpload, Caption: maxCaption},
		events.Sticker:   {Bytes: maxSticker, MIME: []string{"image/webp", "application/x-tgsticker", "video/webm"}},
	},
	Choices: []channel.Choices{
		// Only a keyboard in place of the customer's own can ask for a location or a
		// number; its other buttons would come back as mere text, so it has none.
		{Style: events.StyleQuick, Min: 1, Max: maxButtons, Actions: []string{events.ActionLocation, events.ActionContact}},
		{Style: events.StyleButtons, Min: 1, Max: maxButtons, Actions: inlineActions, ID: maxData, Text: maxCaption,
			Header: true},
		{Style: events.StyleButtons, Min: 1, Max: maxButtons, Actions: inlineActions, ID: maxData},
	},
	Takes: takes,
}

// limitsIn are those of one conversation. Only a private chat with the bot can be asked
// for a location or a number, and a business account sends no invoices.
// https://core.telegram.org/bots/api#replykeyboardmarkup
// https://core.telegram.org/bots/api#sendinvoice
func limitsIn(c events.Conversation) channel.Limits {
	l, at := limits, recipientOf(c)
	if !at.direct() {
		l.Choices = slices.DeleteFunc(slices.Clone(l.Choices),
			func(way channel.Choices) bool { return way.Style == events.StyleQuick })
	}
	if at.connection != "" {
		l.Kinds = slices.DeleteFunc(slices.Clone(l.Kinds), func(k events.Kind) bool { return k == events.KindPayment })
	}
	return l
}

const (
	botToken      = "bot_token"
	providerToken = "provider_token"
)

// https://core.telegram.org/bots/api#setwebhook
const tokenHeader = "X-Telegram-Bot-Api-Secret-Token"

func verify(a channel.Account, r channel.Request) error {
	token := r.Joined(tokenHeader)
	if token != "" && !validToken(token) {
		return channel.Refuse(channel.Malformed)
	}
	return signature.Token(a.Values("secret_token"), token)
}

// validToken says whether token may be a secret_token at all: 1–256 characters of
// A-Z, a-z, 0-9, _ and - (https://core.telegram.org/bots/api#setwebhook). It
// refuses a doubled header before anything is compared.
func validToken(token string) bool {
	for _, c := range []byte(token) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return len(token) >= 1 && len(token) <= 256
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var u update
	if channel.Decode(r.Body, &u) != nil {
		return nil, channel.Malform("update is not JSON")
	}
	if u.ID == nil {
		return nil, channel.Malform("update_id is missing")
	}
	u.body, u.received = r.Body, r.Received
	evs := u.events()
	if len(evs) == 0 {
		return parseLoose(r.Body, "unknown")
	}
	for i := range evs {
		if len(evs) > 1 && evs[i].Raw == nil {
			evs[i].Raw = r.Body // an update's facts cannot be cut apart
		}
	}
	return evs, nil
}

// events are the facts of u's members. Telegram sets at most one of them.
func (u *update) events() []events.Event {
	return slices.Concat(
		u.Message.events(u, "message"), u.EditedMessage.events(u, "edited_message"),
		u.ChannelPost.events(u, "channel_post"), u.EditedChannelPost.events(u, "edited_channel_post"),
		u.BusinessMessage.events(u, "business_message"), u.EditedBusinessMessage.events(u, "edited_business_message"),
		u.GuestMessage.events(u, "guest_message"),
		u.BusinessConnection.events(u), u.DeletedBusiness.events(u),
		u.Reaction.events(u), u.ReactionCount.events(u),
		u.Callback.events(u), u.InlineQuery.events(u), u.ChosenInline.events(u),
		u.ShippingQuery.events(u, "shipping_query"), u.PreCheckoutQuery.events(u, "pre_checkout_query"),
		u.PaidMedia.events(u), u.Subscription.events(u),
		u.Poll.events(u), u.PollAnswer.events(u),
		u.MyChatMember.events(u, "my_chat_member"), u.ChatMember.events(u, "chat_member"), u.JoinRequest.events(u),
		u.Boost.events(u, "chat_boost"), u.RemovedBoost.events(u, "removed_chat_boost"),
	)
}

// parseLoose makes an ingest.unsupported event of an update that has no other
// meaning: its kind is new, or its member is not of the documented form. An update
// without members says nothing.
func parseLoose(body []byte, reason string) ([]events.Event, error) {
	var parts map[string]raw
	if err := channel.Decode(body, &parts); err != nil {
		return nil, channel.Malform("update is not a JSON object")
	}
	u := update{body: body}
	if err := channel.Decode(parts["update_id"], &u.ID); err != nil || u.ID == nil {
		return nil, channel.Malform("update_id is not a whole number")
	}
	delete(parts, "update_id")
	if len(parts) == 0 {
		return nil, nil
	}
	kind := sortedKeys(parts)[0] // an update has one; should it have more, Raw keeps all
	if !bytes.HasPrefix(parts[kind], []byte("{")) {
		reason = channel.Malformed
	}
	return []events.Event{u.unsupported(kind, reason, parts[kind])}, nil
}

// bare is the unsupported event of the member of u with that name.
func (u *update) bare(kind, reason string) []events.Event {
	return []events.Event{u.unsupported(kind, reason, u.member(kind))}
}

// unsupported is the event of a member that Relais has no words for, in the
// conversation that the member names.
func (u *update) unsupported(kind, reason string, part raw) events.Event {
	var s subject
	_ = channel.Decode(part, &s) // whatever can be read helps to place it
	who := cmp.Or(s.From, s.User)
	conv := conversation(s.Chat, scope(s.Connection, s.GuestQuery))
	if conv == nil {
		conv = direct(who)
	}
	e := u.event(events.IngestUnsupported, "update:"+kind+":"+id(*u.ID), s.Date, conv, contact(who))
	e.Data.Unsupported = events.UnsupportedOf(kind, reason, part)
	return e
}

// event is what every event of u has. at is in Unix seconds, 0 where Telegram
// gives no time.
func (u *update) event(t events.Type, key string, at int64, c *events.Conversation, who *events.Contact) events.Event {
	return events.Event{Type: t, Key: key, Rank: uint64(max(*u.ID, 0)), Time: unix(at),
		Data: events.Data{Contact: who, Conversation: c}}
}

// member is the JSON of u's member with that name.
func (u *update) member(kind string) raw {
	var parts map[string]raw
	_ = channel.Decode(u.body, &parts) // it was read before
	return parts[kind]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func id(n int64) string { return strconv.FormatInt(n, 10) }

// maxUnix is the last time we believe, in the year 9892: RFC 3339 ends with 9999,
// and a live location or a window may end up to 68 years after a time.
const maxUnix = 250_000_000_000

// unix is a time of the Bot API; the zero time where sec is none.
func unix(sec int64) time.Time {
	if sec <= 0 || sec > maxUnix {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}

// scope tells chats of equal number apart: "the message belongs to a chat of the
// corresponding business account that is independent from any potential bot chat
// which might share the same identifier" (https://core.telegram.org/bots/api#message).
func scope(connection, guestQuery string) string {
	switch {
	case connection != "":
		return connection + ":"
	case guestQuery != "":
		return "guest:"
	}
	return ""
}

// conversation is c's thread; nil when c is not known.
func conversation(c *chat, scope string) *events.Conversation {
	if c == nil || c.ID == 0 {
		return nil
	}
	conv := &events.Conversation{PlatformID: scope + id(c.ID), Kind: events.Group, Title: c.Title}
	switch {
	case c.Type == "private", c.Type == "" && c.ID > 0, c.IsDirectMessages:
		conv.Kind = events.Direct
	case c.Type == "channel":
		conv.Kind = events.Public
	}
	return conv
}

// direct is u's private chat with the bot, whose number is the user's.
func direct(u *user) *events.Conversation {
	if u == nil || u.ID == 0 {
		return nil
	}
	return &events.Conversation{PlatformID: id(u.ID), Kind: events.Direct}
}

func contact(u *user) *events.Contact {
	if u == nil || u.ID == 0 {
		return nil
	}
	return &events.Contact{
		Identities: []events.Identity{*identity(u)}, Name: name(u.FirstName, u.LastName), Username: u.Username,
		Locale: u.Language,
	}
}

func identity(u *user) *events.Identity {
	return &events.Identity{Scheme: events.TelegramUser, Value: id(u.ID)}
}

// actor is u as the one who did something.
func actor(u *user) events.Actor {
	if u == nil || u.ID == 0 {
		return events.Actor{Role: events.Customer}
	}
	a := events.Actor{Role: events.Customer, Name: name(u.FirstName, u.LastName), Identity: identity(u)}
	if u.IsBot {
		a.Role = events.Bot
	}
	return a
}

// chatActor is a chat that acts itself: an anonymous administrator, a channel.
func chatActor(c *chat) events.Actor {
	return events.Actor{
		Role: events.Customer, Name: cmp.Or(c.Title, name(c.FirstName, c.LastName)),
		Identity: &events.Identity{Scheme: events.TelegramChat, Value: id(c.ID)},
	}
}

// asUser is the person that a private chat is with.
func (c *chat) asUser() *user {
	return &user{ID: c.ID, FirstName: c.FirstName, LastName: c.LastName, Username: c.Username}
}

func name(first, last string) string { return strings.TrimSpace(first + " " + last) }
