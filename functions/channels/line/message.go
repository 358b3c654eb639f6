package line

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// message sets a message as it was sent, or with its new content. Of several
// edits, which may arrive in any order, the one with the newest time holds.
func (p *parser) message(t events.Type) bool {
	w := p.Message
	if w.ID == "" {
		return false
	}
	m := &events.Message{
		PlatformID: w.ID, Actor: p.actor(), Content: []events.Content{w.content(p.out.Raw)},
		Metadata: w.metadata(), Answer: p.answer(),
	}
	if w.QuotedMessageID != "" {
		quoted := ref(w.QuotedMessageID)
		m.ReplyTo = &quoted
	}
	if w.ImageSet != nil {
		m.Group = w.ImageSet.ID
	}
	p.out.Type, p.out.Key, p.out.Data.Message = t, "message:"+w.ID, m
	if t == events.MessageEdited {
		m.Revision = max(p.Timestamp, 1)
		p.out.Key = "edit:" + w.ID + ":" + strconv.FormatInt(p.Timestamp, 10)
	}
	return true
}

// actor is who acted: in groups a member, if LINE may name them.
func (p *parser) actor() events.Actor {
	a := events.Actor{Role: events.Customer}
	if c := p.out.Data.Conversation; c != nil && c.Kind == events.Group && p.Source.UserID != "" {
		member := identity(p.Source.UserID)
		a.Identity = &member
	}
	return a
}

// content is what m says; whole is the event it came in.
func (m *message) content(whole json.RawMessage) events.Content {
	switch m.Type {
	case "text":
		if m.Text != "" {
			return events.Content{Kind: events.KindText, Text: &events.Text{Body: m.Text, Entities: m.entities()}}
		}
		return m.unsupported("text without words", whole)
	case "image":
		return m.media(events.Image)
	case "video":
		return m.media(events.Video)
	case "audio":
		return m.media(events.Audio)
	case "file":
		return m.media(events.File)
	case "sticker":
		return m.sticker()
	case "location":
		if m.Latitude != nil && m.Longitude != nil {
			return events.Content{Kind: events.KindLocation, Location: &events.Location{
				Latitude: *m.Latitude, Longitude: *m.Longitude, Name: m.Title, Address: m.Address}}
		}
		return m.unsupported("location without coordinates", whole)
	}
	return m.unsupported("unknown message type", whole)
}

func (m *message) unsupported(reason string, whole json.RawMessage) events.Content {
	var e struct {
		Message json.RawMessage `json:"message"`
	}
	_ = channel.Decode(whole, &e) // it has been decoded before
	return events.NewUnsupported(m.Type, reason, e.Message)
}

// media is a medium, to be fetched by the message's id at LINE, or from the URL
// of a provider outside of LINE.
func (m *message) media(kind string) events.Content {
	media := events.Media{
		Type: kind, State: events.MediaPending, PlatformID: m.ID,
		Name: m.FileName, Bytes: max(m.FileSize, 0), DurationMS: max(m.Duration, 0),
	}
	if m.ContentProvider.Type == "external" {
		media.PlatformID, media.URL, media.Thumbnail = "", m.ContentProvider.OriginalContentURL,
			m.ContentProvider.PreviewImageURL
	}
	return events.NewMedia(media)
}

// sticker is known by package and id; LINE lets nobody fetch its picture.
func (m *message) sticker() events.Content {
	return events.NewMedia(events.Media{
		Type: events.Sticker, State: events.MediaLinked, PlatformID: m.StickerID, Set: m.PackageID, Caption: m.Text,
		Animated: strings.HasPrefix(m.StickerResourceType, "ANIMATION") || strings.HasPrefix(m.StickerResourceType, "POPUP"),
		Keywords: m.Keywords,
	})
}

// entities are the LINE emojis and the mentions of a text, in its order.
func (m *message) entities() []events.Entity {
	var list []events.Entity
	for _, e := range m.Emojis {
		list = append(list, events.Entity{Type: "emoji", Offset: e.Index, Length: e.Length,
			Value: e.ProductID + "/" + e.EmojiID})
	}
	for _, e := range m.Mention.Mentionees {
		who := e.UserID
		if e.Type == "all" {
			who = "all"
		}
		list = append(list, events.Entity{Type: "mention", Offset: e.Index, Length: e.Length, Value: who})
	}
	list = channel.Within(m.Text, list)
	slices.SortStableFunc(list, func(a, b events.Entity) int { return a.Offset - b.Offset })
	return list
}

// metadata keeps the tokens with which to quote the message or mark it as read,
// and what has no place of its own.
func (m *message) metadata() []events.Field {
	var list []events.Field
	add := func(name, value string) {
		if value != "" {
			list = append(list, field(name, value))
		}
	}
	add("quoteToken", m.QuoteToken)
	add("markAsReadToken", m.MarkAsReadToken)
	add("stickerResourceType", m.StickerResourceType)
	for _, e := range m.Mention.Mentionees {
		if e.IsSelf { // its user id is the account's own, which a reader need not know
			add("mentionIsSelf", "true")
			break
		}
	}
	if m.ImageSet != nil && m.ImageSet.Index > 0 {
		add("imageSetIndex", strconv.FormatInt(m.ImageSet.Index, 10))
	}
	if m.ImageSet != nil && m.ImageSet.Total > 0 {
		add("imageSetTotal", strconv.FormatInt(m.ImageSet.Total, 10))
	}
	return list
}
