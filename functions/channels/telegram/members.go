package telegram

import (
	"cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// events of a changed membership: the bot's own, or another's. In a private
// chat the bot is banned by the person who blocks it.
func (m *memberUpdate) events(u *update, kind string) []events.Event {
	if m == nil {
		return nil
	}
	if m.Chat == nil || m.Chat.ID == 0 || m.Old == nil || m.New == nil || m.New.User == nil {
		return u.bare(kind, channel.Malformed)
	}
	self := kind == "my_chat_member"
	if self && m.Chat.Type == "private" {
		return []events.Event{m.consent(u)}
	}
	who := m.New.User
	if self {
		who = m.From
	}
	e := u.event(events.ConversationUpdated, m.key(u), m.Date, conversation(m.Chat, ""), contact(who))
	before, after := m.Old.present(), m.New.present()
	switch {
	case before == after:
		e.Data.Change = &events.Change{Field: "role", Old: m.Old.Status, New: m.New.Status}
		return []events.Event{e}
	case after:
		e.Type = events.ParticipantJoined
	default:
		e.Type = events.ParticipantLeft
	}
	by := actor(m.From)
	p := participant(m.New.User)
	p.Self = self
	e.Data.Participants = &events.Participants{Members: []events.Participant{p}, By: &by}
	return []events.Event{e}
}

// key is m's: who, where, and the update, because a date alone may repeat.
func (m *memberUpdate) key(u *update) string {
	return "member:" + id(m.Chat.ID) + ":" + id(m.New.User.ID) + ":" + id(*u.ID)
}

func (m *memberUpdate) consent(u *update) events.Event {
	c := &events.Consent{State: events.ConsentGiven, Scope: "all", Reason: "started"}
	switch {
	case !m.New.present():
		c.State, c.Reason = events.ConsentWithdrawn, "blocked"
	case m.Old.Status == "kicked":
		c.Reason = "unblocked"
	}
	e := u.event(events.ConsentChanged, m.key(u), m.Date, conversation(m.Chat, ""), contact(m.From))
	e.Data.Consent = c
	return e
}

// present says whether m is in the chat.
func (m *chatMember) present() bool {
	switch m.Status {
	case "left", "kicked":
		return false
	case "restricted":
		return m.IsMember
	}
	return true
}

// events of somebody who asks to be let into a chat. The query, where there is
// one, can be answered by the bot that guards the chat.
func (j *joinRequest) events(u *update) []events.Event {
	if j == nil {
		return nil
	}
	if j.Chat == nil || j.From == nil {
		return u.bare("chat_join_request", channel.Malformed)
	}
	var f fields
	f.add("update", "chat_join_request")
	f.number("user_chat_id", j.UserChatID)
	if j.Invite != nil {
		f.add("invite_link", j.Invite.URL)
		f.add("invite_name", j.Invite.Name)
	}
	key := "join_request:" + id(j.Chat.ID) + ":" + id(j.From.ID) + ":" + id(*u.ID)
	e := u.event(events.InteractionReceived, key, j.Date, conversation(j.Chat, ""), contact(j.From))
	e.Data.Interaction = &events.Interaction{Kind: events.OtherAnswer, Text: j.Bio, Values: f, Callback: j.QueryID}
	return []events.Event{e}
}

// events of a boost that a chat got, or lost.
func (b *boostUpdate) events(u *update, kind string) []events.Event {
	if b == nil {
		return nil
	}
	if b.Chat == nil {
		return u.bare(kind, channel.Malformed)
	}
	c, at, source := &events.Change{Field: "boost", Old: b.ID}, b.Date, b.Source
	if b.Boost != nil {
		c.Old, c.New, at, source = "", b.Boost.ID, b.Boost.Date, b.Boost.Source
	}
	e := u.event(events.ConversationUpdated, "boost:"+cmp.Or(c.New, c.Old)+":"+id(*u.ID), at, conversation(b.Chat, ""),
		nil)
	if source != nil {
		e.Data.Contact = contact(source.User)
	}
	e.Data.Change = c
	return []events.Event{e}
}
