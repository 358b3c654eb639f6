package telegram

import (
	"cmp"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// callbackTime is how long a pressed button spins and waits for an answer.
// https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp
const callbackTime = 150 * time.Second

// events of a pressed button. The query's id must be answered, else the button
// keeps spinning; it carries no time. A message that the bot can no longer see
// still has its id.
func (q *callbackQuery) events(u *update) []events.Event {
	if q == nil {
		return nil
	}
	if q.ID == "" {
		return u.bare("callback_query", channel.Malformed)
	}
	in := &events.Interaction{Kind: events.ButtonAnswer, Option: q.Data, Callback: q.ID}
	in.Answer = &events.Handle{Token: q.ID, ExpiresAt: u.received.Add(callbackTime).UTC()}
	if q.Game != "" {
		in.Kind, in.Option = events.OtherAnswer, q.Game
	}
	conv := direct(q.From)
	if m := q.Message; m != nil && m.Chat != nil && m.Chat.ID != 0 {
		conv = m.conversation()
		conv.Window = nil // a press opens none
		in.Of = &events.Ref{PlatformID: m.platformID(u)}
		in.Text = m.Markup.label(q.Data)
	} else if q.InlineMessageID != "" {
		in.Of = &events.Ref{PlatformID: q.InlineMessageID}
	}
	return []events.Event{u.interaction("interaction:"+q.ID, conv, q.From, in)}
}

func (u *update) interaction(key string, c *events.Conversation, from *user, in *events.Interaction) events.Event {
	e := u.event(events.InteractionReceived, key, 0, c, contact(from))
	e.Data.Interaction = in
	return e
}

// label is what the button with that data said.
func (m *markup) label(data string) string {
	if m == nil || data == "" {
		return ""
	}
	for _, row := range m.Rows {
		for _, b := range row {
			if b.Data == data {
				return b.Text
			}
		}
	}
	return ""
}

// events of a person who types the bot's name and a question in any chat, which
// Telegram does not name.
func (q *inlineQuery) events(u *update) []events.Event {
	if q == nil {
		return nil
	}
	if q.ID == "" {
		return u.bare("inline_query", channel.Malformed)
	}
	var f fields
	f.add("update", "inline_query")
	f.add("offset", q.Offset)
	f.add("chat_type", q.ChatType)
	in := &events.Interaction{Kind: events.OtherAnswer, Text: q.Query, Callback: q.ID, Values: f}
	return []events.Event{u.interaction("inline_query:"+q.ID, direct(q.From), q.From, in)}
}

// events of the result that a person took.
func (c *chosenInline) events(u *update) []events.Event {
	if c == nil {
		return nil
	}
	in := &events.Interaction{
		Kind: events.OtherAnswer, Option: c.ResultID, Text: c.Query,
		Values: []events.Field{{Name: "update", Value: "chosen_inline_result"}},
	}
	if c.InlineMessageID != "" {
		in.Of = &events.Ref{PlatformID: c.InlineMessageID}
	}
	return []events.Event{u.interaction("chosen_inline_result:"+id(*u.ID), direct(c.From), c.From, in)}
}

// events of a poll's new totals: they name nobody, and no chat.
func (p *poll) events(u *update) []events.Event {
	if p == nil {
		return nil
	}
	return u.bare("poll", "totals name no person")
}

// events of a reaction's new totals, which channels have instead of names.
func (r *reactionCount) events(u *update) []events.Event {
	if r == nil {
		return nil
	}
	return u.bare("message_reaction_count", "totals name no person")
}

// events of a vote. Options are numbered as in the poll; none takes the vote back.
func (p *pollAnswer) events(u *update) []events.Event {
	if p == nil {
		return nil
	}
	f := fields{{Name: "poll_id", Value: p.PollID}}
	in := &events.Interaction{Kind: events.PollAnswer}
	for _, o := range p.Options {
		f.add("option_id", id(o))
	}
	if len(p.Options) == 1 {
		in.Option = id(p.Options[0])
	}
	if len(p.Options) == 0 {
		f.add("retracted", "true")
	}
	in.Values = f
	e := u.interaction("poll_answer:"+p.PollID+":"+id(*u.ID), direct(p.User), p.User, in)
	if v := p.Voter; v != nil && v.ID != 0 {
		e.Data.Conversation = nil // the voter is a chat, and the user a stand-in
		e.Data.Contact = &events.Contact{
			Identities: []events.Identity{*chatActor(v).Identity}, Name: v.Title, Username: v.Username,
		}
	}
	return []events.Event{e}
}

// events of a person's reactions to a message: what is new and what is gone.
func (r *reactionUpdate) events(u *update) []events.Event {
	if r == nil {
		return nil
	}
	if r.Chat == nil || r.Chat.ID == 0 {
		return u.bare("message_reaction", channel.Malformed)
	}
	by := actor(r.User)
	if r.ActorChat != nil {
		by = chatActor(r.ActorChat)
	}
	ref := id(r.Chat.ID) + ":" + id(r.MessageID)
	var evs []events.Event
	add := func(t events.Type, sign string, x reactionType) {
		// A reaction may come, go and come back within a second: the update tells them apart.
		e := u.event(t, "reaction:"+ref+":"+sign+x.key()+":"+id(*u.ID), r.Date, conversation(r.Chat, ""), contact(r.User))
		e.Data.Reaction = &events.Reaction{Target: events.Ref{PlatformID: ref}, Actor: by, Emoji: x.emoji(),
			Custom: x.custom()}
		evs = append(evs, e)
	}
	for _, x := range without(r.Old, r.New) {
		add(events.ReactionRemoved, "-", x)
	}
	for _, x := range without(r.New, r.Old) {
		add(events.ReactionAdded, "+", x)
	}
	if len(evs) == 0 {
		return u.bare("message_reaction", "nothing changed")
	}
	return evs
}

// without is a less b, each reaction once.
func without(a, b []reactionType) []reactionType {
	var out []reactionType
	for _, x := range a {
		if !slices.Contains(b, x) && !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

func (x reactionType) key() string { return x.Type + ":" + x.Emoji + ":" + x.Custom }

// emoji is what the reaction shows; a paid one is a star.
func (x reactionType) emoji() string {
	if x.Type == "paid" {
		return "⭐"
	}
	return x.Emoji
}

func (x reactionType) custom() string {
	if x.Type == "emoji" {
		return ""
	}
	return cmp.Or(x.Custom, x.Type)
}

// events of a business account that took the bot on, changed its rights or let it
// go. It is the brand's own account: no customer is concerned.
func (b *businessConnection) events(u *update) []events.Event {
	if b == nil {
		return nil
	}
	h := &events.Health{Aspect: "account", State: "ok", Detail: "business connection enabled"}
	if !b.Enabled {
		h.State, h.Detail = "failing", "business connection disabled"
	}
	f := fields{{Name: "business_connection_id", Value: b.ID}}
	if b.User != nil {
		f.number("user_id", b.User.ID)
		f.add("user_name", name(b.User.FirstName, b.User.LastName))
	}
	f.number("user_chat_id", b.UserChatID)
	for _, right := range sortedKeys(b.Rights) {
		if string(b.Rights[right]) == "true" {
			f.add("right", right)
		}
	}
	h.Fields = f
	e := u.event(events.ChannelHealth, "business_connection:"+b.ID+":"+id(*u.ID), b.Date, nil, nil)
	e.Data.Health = h
	return []events.Event{e}
}

// events of messages deleted in a chat of a business account.
func (d *deletedMessages) events(u *update) []events.Event {
	if d == nil {
		return nil
	}
	if d.Chat == nil || d.Chat.ID == 0 || len(d.IDs) == 0 {
		return u.bare("deleted_business_messages", channel.Malformed)
	}
	place := scope(d.Connection, "") + id(d.Chat.ID) + ":"
	del := &events.Deletion{}
	for _, n := range d.IDs {
		del.Messages = append(del.Messages, events.Ref{PlatformID: place + id(n)})
	}
	e := u.event(events.MessageDeleted, "delete:"+place+id(*u.ID), 0, conversation(d.Chat, scope(d.Connection, "")), nil)
	if d.Chat.Type == "private" {
		e.Data.Contact = contact(d.Chat.asUser())
	}
	e.Data.Deletion = del
	return []events.Event{e}
}
