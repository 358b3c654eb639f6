package telegram

import (
	"cmp"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// businessWindow is how long after the customer's last message a connected bot
// may write (https://core.telegram.org/bots/api#businessbotrights: chats active
// in the last 24 hours).
const businessWindow = 24 * time.Hour

// events are what m says: that somebody wrote, or what happened to the chat.
func (m *message) events(u *update, kind string) []events.Event {
	if m == nil {
		return nil
	}
	if m.Chat == nil || m.Chat.ID == 0 {
		return u.bare(kind, channel.Malformed)
	}
	if evs := m.serviceEvents(u); len(evs) > 0 {
		return evs
	}
	ref := m.platformID(u)
	t, key, at := events.MessageReceived, "message:"+ref, m.Date
	if m.byBrand() {
		t = events.MessageEchoed
	}
	edited := strings.HasPrefix(kind, "edited_")
	if edited {
		// Two edits may share a second: the update tells them apart.
		t, key, at = events.MessageEdited, "edit:"+ref+":"+id(m.EditDate)+":"+id(*u.ID), cmp.Or(m.EditDate, m.Date)
	}
	e := m.event(u, t, key)
	e.Time = unix(at)
	e.Data.Message = m.message(u, ref)
	if edited {
		e.Data.Message.Revision = max(1, at)
	}
	shareOwnPhone(e.Data.Contact, e.Data.Message.Content)
	return []events.Event{e}
}

// event is what every event that m tells of has.
func (m *message) event(u *update, t events.Type, key string) events.Event {
	return u.event(t, key, m.Date, m.conversation(), m.contact())
}

func (m *message) message(u *update, ref string) *events.Message {
	msg := &events.Message{
		PlatformID: ref, Actor: m.actor(), Content: m.content(u), ReplyTo: m.replyTo(u), Forward: m.Forward.forward(),
		Group: m.Album, Origin: m.origin(), Referral: m.referral(), Metadata: m.metadata(),
	}
	if m.Quote != nil {
		msg.Quote = m.Quote.Text
	}
	return msg
}

// platformID is "<chat>:<message>", with the scope before it. A message without
// an id of its own has none that lasts: an ephemeral one is known by its receiver
// and date, since Telegram uses its number again; a scheduled one by the update.
func (m *message) platformID(u *update) string {
	place := m.scope() + id(m.Chat.ID) + ":"
	switch {
	case m.ID != 0:
		return place + id(m.ID)
	case m.Ephemeral != 0 && m.Receiver != nil:
		return place + "ephemeral-" + id(m.Ephemeral) + "-" + id(m.Receiver.ID) + "-" + id(m.Date)
	case m.Ephemeral != 0:
		return place + "ephemeral-" + id(m.Ephemeral) + "-" + id(m.Date)
	}
	return place + "update-" + id(*u.ID)
}

func (m *message) scope() string { return scope(m.Connection, m.GuestQuery) }

func (m *message) conversation() *events.Conversation {
	c := conversation(m.Chat, m.scope())
	if m.DirectTopic != nil {
		// Every topic of a channel's direct messages is another person's private thread.
		c.PlatformID += "/" + id(m.DirectTopic.ID)
	}
	if m.IsTopic && m.Thread != 0 {
		c.Topic = id(m.Thread)
	}
	if m.Connection != "" && !unix(m.Date).IsZero() && !m.byBrand() {
		c.Window = &events.Window{Kind: "business", ClosesAt: unix(m.Date).Add(businessWindow)}
	}
	return c
}

// byBrand says whether the brand wrote m: the channel itself, or the owner of a
// business account or his bot in a chat with a customer.
func (m *message) byBrand() bool {
	switch {
	case m.Chat.Type == "channel", m.AutoForward, m.BusinessBot != nil:
		return true
	case m.Connection != "" && m.Chat.Type == "private":
		return m.From != nil && m.From.ID != m.Chat.ID
	case m.DirectTopic != nil && m.DirectTopic.User != nil:
		return m.From == nil || m.From.ID != m.DirectTopic.User.ID
	}
	return false
}

// origin says how the brand wrote m, where it did.
func (m *message) origin() string {
	switch {
	case !m.byBrand():
		return ""
	case m.BusinessBot != nil:
		return "bot"
	case m.FromOffline: // greeting, away message, scheduled
		return "other"
	}
	return "app"
}

// actor is who wrote m. From is a stand-in when a chat wrote.
func (m *message) actor() events.Actor {
	var a events.Actor
	switch {
	case m.BusinessBot != nil:
		a = actor(m.BusinessBot)
	case m.SenderChat != nil && m.SenderChat.ID != 0:
		a = chatActor(m.SenderChat)
	case m.From == nil && m.Chat.Type == "channel":
		a = chatActor(m.Chat)
	default:
		a = actor(m.From)
	}
	a.Name = cmp.Or(m.Signature, a.Name)
	if m.byBrand() && a.Role == events.Customer {
		a.Role = events.Agent
	}
	return a
}

// contact is the customer: the writer, or whom the brand wrote to. Nobody when a
// chat wrote, because From is then a stand-in (1087968824, 777000, 136817688).
func (m *message) contact() *events.Contact {
	switch {
	case !m.byBrand() && m.SenderChat != nil:
		return nil
	case !m.byBrand() && m.From != nil:
		return contact(m.From)
	case m.Chat.Type == "private":
		return contact(m.Chat.asUser())
	case m.DirectTopic != nil:
		return contact(m.DirectTopic.User)
	}
	return nil
}

// replyTo is the message that m answers. What stands first in a forum topic is the
// topic's own creation, which nobody answers on purpose.
func (m *message) replyTo(u *update) *events.Ref {
	if r := m.ReplyTo; r != nil && r.Chat != nil && r.ID != 0 && r.TopicCreated == nil {
		return &events.Ref{PlatformID: m.scope() + id(r.Chat.ID) + ":" + id(r.ID)}
	}
	if x := m.External; x != nil && x.Chat != nil && x.ID != 0 {
		return &events.Ref{PlatformID: id(x.Chat.ID) + ":" + id(x.ID)}
	}
	return nil
}

func (o *origin) forward() *events.Forward {
	if o == nil {
		return nil
	}
	f := &events.Forward{From: o.UserName, Date: unix(o.Date)}
	if o.User != nil {
		f.From = name(o.User.FirstName, o.User.LastName)
	}
	if c := cmp.Or(o.SenderChat, o.Chat); c != nil {
		f.From = c.Title
	}
	return f
}

// referral is the payload of a deep link, which arrives as "/start <payload>"
// (https://core.telegram.org/bots/features#deep-linking: up to 64 characters of
// A-Z, a-z, 0-9, _ and -). Anything else after /start was typed by hand.
func (m *message) referral() *events.Referral {
	command, payload, found := strings.Cut(m.Text, " ")
	if !found || !validToken(payload) || len(payload) > 64 {
		return nil
	}
	if c, _, _ := strings.Cut(command, "@"); c != "/start" {
		return nil
	}
	return &events.Referral{Source: "link", Payload: payload}
}

// metadata is what else Telegram says of m that an integrator may need.
func (m *message) metadata() []events.Field {
	var f fields
	if m.ViaBot != nil {
		f.add("via_bot", m.ViaBot.Username)
	}
	f.add("guest_query_id", m.GuestQuery)
	f.number("ephemeral_message_id", m.Ephemeral)
	f.number("paid_star_count", m.PaidStars)
	if m.Dice != nil {
		f.number("dice", m.Dice.Value)
	}
	if m.Poll != nil {
		f.add("poll_id", m.Poll.ID) // what votes name
	}
	if m.PaidMedia != nil {
		f.number("paid_media_star_count", m.PaidMedia.Stars)
	}
	if m.ReplyToTask != nil {
		f.add("reply_to_checklist_task_id", id(*m.ReplyToTask))
	}
	f.add("reply_to_poll_option_id", m.ReplyToPoll)
	if m.UsersShared != nil {
		f.add("request_id", id(m.UsersShared.RequestID))
	}
	if m.ChatShared != nil {
		f.add("request_id", id(m.ChatShared.RequestID))
	}
	return f
}

// fields collects named values that are there.
type fields []events.Field

func (f *fields) add(name, value string) {
	if value != "" {
		*f = append(*f, events.Field{Name: name, Value: value})
	}
}

func (f *fields) number(name string, n int64) {
	if n != 0 {
		f.add(name, id(n))
	}
}

// shareOwnPhone makes the number of the writer's own card, for which Telegram
// vouches, the contact's.
func shareOwnPhone(c *events.Contact, content []events.Content) {
	if c == nil {
		return
	}
	for _, part := range content {
		for _, card := range part.Contacts {
			if !card.Own || len(card.Phones) == 0 {
				continue
			}
			if number := channel.E164(card.Phones[0].Value); number != "" {
				c.Phone = number
				c.Identities = append(c.Identities, events.Identity{Scheme: events.Phone, Value: number, Verified: "platform"})
			}
		}
	}
}
