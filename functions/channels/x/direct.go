package x

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// directs adds what a payload says of direct messages, each item on its own.
func (p *parser) directs(payload json.RawMessage) bool {
	var w directs
	if channel.Decode(payload, &w) != nil && len(w.Messages)+len(w.Reads)+len(w.Typings) == 0 {
		return false
	}
	p.users = w.Users
	for _, raw := range w.Messages {
		p.item(raw, p.message)
	}
	for _, raw := range w.Reads {
		p.item(raw, p.read)
	}
	for _, raw := range w.Typings {
		p.item(raw, p.typing)
	}
	return len(w.Messages)+len(w.Reads)+len(w.Typings) > 0
}

// item adds what add makes of raw; what it can make nothing of is kept.
func (p *parser) item(raw json.RawMessage, add func(json.RawMessage) bool) {
	if !add(raw) {
		p.unsupported(channel.Malformed, raw)
	}
}

func (p *parser) message(raw json.RawMessage) bool {
	var w directMessage
	c := &w.Create
	if channel.Decode(raw, &w) != nil || w.ID == "" || c.SenderID == "" || c.Target.ID == "" {
		return false
	}
	if w.Type != "message_create" {
		p.unsupported("unknown type", raw)
		return true
	}
	if p.self == "" && p.kind == "dm.sent" {
		p.self = c.SenderID
	}
	e := p.between(c.SenderID, c.Target.ID, "dm:"+w.ID, w.CreatedAt)
	if q := c.Data.QuickReply; q != nil && c.SenderID != p.self {
		e.Type = events.InteractionReceived
		e.Data.Interaction = &events.Interaction{
			Kind: events.QuickReplyAnswer, Message: channel.Ref(w.ID), Option: q.Metadata, Text: c.Data.Text,
		}
		p.add(e, raw)
		return true
	}
	e.Type = events.MessageReceived
	m := &events.Message{PlatformID: w.ID, Actor: events.Actor{Role: events.Customer}, Content: c.Data.content(raw)}
	if c.SenderID == p.self {
		e.Type, m.Actor.Role = events.MessageEchoed, events.Agent
	}
	if c.App != "" {
		m.Metadata = []events.Field{{Name: "sourceAppId", Value: c.App}}
	}
	e.Data.Message = m
	p.add(e, raw)
	return true
}

// between is an event of the conversation of two people, one of them the account.
// It is known by the other one: X does not name it here, and takes messages to a
// person as well.
func (p *parser) between(sender, target, key, at string) events.Event {
	other := sender
	if sender == p.self {
		other = target
	}
	return events.Event{Key: key, Time: channel.UnixText(at), Data: events.Data{
		Contact: p.contact(other), Conversation: &events.Conversation{PlatformID: other, Kind: events.Direct},
	}}
}

func (p *parser) contact(id string) *events.Contact {
	u := p.users[id]
	return contact(id, u.Data, u.profile)
}

// contact is a person with what the profiles know of them.
func contact(id string, profiles ...profile) *events.Contact {
	c := &events.Contact{Identities: []events.Identity{identity(id)}}
	for _, w := range profiles {
		c.Name = cmp.Or(c.Name, w.Name)
		c.Username = cmp.Or(c.Username, w.Username, w.ScreenName)
		c.Avatar = cmp.Or(c.Avatar, w.ImageHTTPS, w.Image)
	}
	return c
}

func identity(id string) events.Identity { return events.Identity{Scheme: events.XUser, Value: id} }

// content is the text without the link that stands for the medium, and the medium.
func (d *messageData) content(raw json.RawMessage) []events.Content {
	var list []events.Content
	text := d.Text
	var medium *media
	if d.Attachment != nil {
		medium = d.Attachment.Media
	}
	if medium != nil {
		text = without(text, medium.URL)
	}
	if strings.TrimSpace(text) != "" {
		list = append(list, events.Content{Kind: events.KindText,
			Text: &events.Text{Body: text, Entities: d.Entities.of(text)}})
	}
	switch {
	case medium != nil:
		list = append(list, events.NewMedia(medium.ours()))
	case d.Attachment != nil:
		list = append(list, events.NewUnsupported(cmp.Or(d.Attachment.Type, "attachment"), "unknown attachment", raw))
	}
	if len(list) == 0 {
		list = append(list, events.NewUnsupported("message_create", "neither text nor medium", raw))
	}
	return list
}

// without is text without the link at its end.
func without(text, link string) string {
	if rest, ok := strings.CutSuffix(text, link); ok && link != "" {
		return strings.TrimRight(rest, " ")
	}
	return text
}

func (m *media) ours() events.Media {
	out := events.Media{
		Type: mediaType(m.Type), State: events.MediaPending, PlatformID: m.ID, URL: m.HTTPS, Alt: m.AltText,
		Width: max(m.Original.W, 0), Height: max(m.Original.H, 0), DurationMS: max(m.Video.Duration, 0),
	}
	if best := best(m.Video.Variants); best != nil {
		out.Thumbnail, out.URL, out.MIME = m.HTTPS, best.URL, best.ContentType
	}
	return out
}

func mediaType(name string) string {
	switch name {
	case "photo":
		return events.Image
	case "animated_gif":
		return events.Animation
	case "video":
		return events.Video
	case "audio":
		return events.Audio
	}
	return events.File
}

// best is the film of the highest bit rate; streams, which have none, do not count.
func best(list []variant) *variant {
	var best *variant
	rate := func(v *variant) int64 { return max(v.Bitrate, v.BitRate) }
	for i := range list {
		v := &list[i]
		if strings.HasPrefix(v.ContentType, "video/") && v.URL != "" && (best == nil || rate(v) > rate(best)) {
			best = v
		}
	}
	return best
}

func (p *parser) read(raw json.RawMessage) bool {
	var w read
	if channel.Decode(raw, &w) != nil || w.SenderID == "" || w.Target.ID == "" || w.LastID == "" {
		return false
	}
	e := p.between(w.SenderID, w.Target.ID, "read:"+w.SenderID+":"+w.LastID, w.CreatedAt)
	reader := identity(w.SenderID)
	e.Type, e.Data.Receipt = events.ReceiptRead, &events.Receipt{UpTo: &events.Ref{PlatformID: w.LastID},
		Recipient: &reader}
	if w.SenderID == p.self {
		p.unsupported("read by the account itself", raw)
		return true
	}
	p.add(e, raw)
	return true
}

func (p *parser) typing(raw json.RawMessage) bool {
	var w typing
	if channel.Decode(raw, &w) != nil || w.SenderID == "" || w.Target.ID == "" || w.CreatedAt == "" {
		return false
	}
	e := p.between(w.SenderID, w.Target.ID, "typing:"+w.SenderID+":"+w.CreatedAt, w.CreatedAt)
	actor := events.Actor{Role: events.Customer}
	if w.SenderID == p.self {
		actor.Role = events.Agent
	}
	e.Type, e.Data.Typing = events.PresenceTyping, &events.Typing{Actor: actor, Active: true}
	p.add(e, raw)
	return true
}

// encrypted adds that somebody wrote what cannot be read without the keys of XChat.
func (p *parser) encrypted(payload json.RawMessage) bool {
	var w chat
	if channel.Decode(payload, &w) != nil || w.ID == "" || strings.Trim(w.Conversation, ":") == "" || w.SenderID == "" {
		return false
	}
	m := &events.Message{PlatformID: w.ID, Actor: events.Actor{Role: events.Customer}}
	m.Content = []events.Content{events.NewUnsupported("chat", "encrypted", payload)}
	e := events.Event{Type: events.MessageReceived, Key: "chat:" + w.ID, Time: channel.UnixText(w.CreatedAt)}
	e.Data.Message = m
	e.Data.Conversation = &events.Conversation{PlatformID: "chat:" + w.Conversation, Kind: events.Direct}
	own := w.SenderID == p.self || p.kind == "chat.sent"
	other := w.SenderID
	if own {
		other = partner(w.Conversation, w.SenderID)
		e.Type, m.Actor.Role = events.MessageEchoed, events.Agent
	}
	if other != "" {
		e.Data.Contact = contact(other)
	}
	if !strings.Contains(w.Conversation, ":") {
		e.Data.Conversation.Kind = events.Group
		if !own {
			m.Actor.Identity = &e.Data.Contact.Identities[0]
		}
	}
	p.add(e, payload)
	return true
}

// partner is the other one in a conversation "a:b"; nobody in a group.
func partner(conversation, self string) string {
	a, b, _ := strings.Cut(conversation, ":")
	if a == self {
		return b
	}
	if b == self {
		return a
	}
	return ""
}
