package telegram

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// content is what m shows, in the order in which it shows it.
func (m *message) content(u *update) []events.Content {
	parts := slices.Concat(m.storyParts(), m.mediaParts(), m.thingParts())
	captioned := false
	for i := range parts {
		if md := parts[i].Media; md != nil && !captioned && m.Caption != "" {
			md.Caption, md.Entities = m.Caption, entities(m.Caption, m.CaptionEntities)
			captioned = true
		}
	}
	if m.Text != "" {
		parts = append(parts, text(m.Text, m.Entities))
	}
	if len(m.Rich) > 0 {
		parts = append(parts, richContent(m.Rich)...)
	}
	if len(parts) == 0 {
		parts = append(parts, u.unknownContent())
	}
	if m.Caption != "" && !captioned {
		parts = append(parts, text(m.Caption, m.CaptionEntities))
	}
	return parts
}

func text(body string, marks []entity) events.Content {
	return events.Content{Kind: events.KindText, Text: &events.Text{Body: body, Entities: entities(body, marks)}}
}

func entities(body string, marks []entity) []events.Entity {
	var out []events.Entity
	for _, e := range marks {
		out = append(out, events.Entity{Type: entityType(e.Type), Offset: e.Offset, Length: e.Length, Value: e.value()})
	}
	return channel.Within(body, out)
}

// entityType is our word for one of Telegram's; the others are the same.
// https://core.telegram.org/bots/api#messageentity
func entityType(t string) string {
	switch t {
	case "bot_command":
		return "command"
	case "url", "text_link":
		return "link"
	case "text_mention":
		return "mention"
	case "custom_emoji":
		return "emoji"
	case "phone_number":
		return "phone"
	}
	return t
}

func (e entity) value() string {
	switch {
	case e.User != nil:
		return id(e.User.ID)
	case e.Unix != 0:
		return id(e.Unix)
	}
	return cmp.Or(e.URL, e.Emoji, e.Language)
}

func (m *message) storyParts() []events.Content {
	var parts []events.Content
	if m.ReplyToStory != nil {
		parts = append(parts, m.ReplyToStory.content("reply"))
	}
	if m.Story != nil {
		parts = append(parts, m.Story.content("share"))
	}
	return parts
}

func (s *story) content(relation string) events.Content {
	p := &events.Post{ID: id(s.ID), Relation: relation}
	if s.Chat != nil {
		p.ID = id(s.Chat.ID) + ":" + p.ID
		p.Owner = cmp.Or(s.Chat.Title, s.Chat.Username, name(s.Chat.FirstName, s.Chat.LastName))
	}
	return events.Content{Kind: events.KindStory, Story: p}
}

func (m *message) mediaParts() []events.Content {
	var parts []events.Content
	switch {
	case m.LivePhoto != nil: // Photo is set too
		parts = m.LivePhoto.live(m.Photo)
	case len(m.Photo) > 0:
		parts = append(parts, photo(m.Photo))
	}
	document := m.Document
	if m.Animation != nil { // Document is set too
		document = nil
	}
	for _, f := range []struct {
		kind string
		file *file
	}{
		{events.Video, m.Video}, {events.Animation, m.Animation}, {events.Audio, m.Audio}, {events.Voice, m.Voice},
		{events.Video, m.VideoNote}, {events.File, document},
	} {
		if f.file != nil {
			parts = append(parts, f.file.content(f.kind))
		}
	}
	if m.Sticker != nil {
		parts = append(parts, m.Sticker.content())
	}
	if m.PaidMedia != nil {
		for _, p := range m.PaidMedia.Media {
			parts = append(parts, p.content()...)
		}
	}
	return parts
}

// photo is the largest of sizes.
func photo(sizes []photoSize) events.Content {
	p := slices.MaxFunc(sizes, func(a, b photoSize) int {
		return cmp.Or(cmp.Compare(area(a), area(b)), cmp.Compare(a.Bytes, b.Bytes))
	})
	return events.NewMedia(events.Media{
		Type: events.Image, State: events.MediaPending, MIME: "image/jpeg", PlatformID: p.ID, UniqueID: p.UniqueID,
		Bytes: p.Bytes, Width: p.Width, Height: p.Height,
	})
}

func area(p photoSize) float64 { return float64(p.Width) * float64(p.Height) }

func (f *file) content(kind string) events.Content {
	m := events.Media{
		Type: kind, State: events.MediaPending, MIME: f.MIME, Name: f.Name, PlatformID: f.ID, UniqueID: f.UniqueID,
		Bytes: f.Bytes,
		Width: cmp.Or(f.Width, f.Length), Height: cmp.Or(f.Height, f.Length), DurationMS: milliseconds(f.Duration),
		Thumbnail: thumbnail(f.Thumbnail), Animated: kind == events.Animation,
	}
	if kind == events.Audio {
		m.Alt = cmp.Or(joined(f.Performer, " – ", f.Title), m.Alt)
	}
	return events.NewMedia(m)
}

// live is a live photo: the still picture and its short film.
func (f *file) live(still []photoSize) []events.Content {
	if len(f.Photo) > 0 {
		still = f.Photo
	}
	if len(still) == 0 {
		return []events.Content{f.content(events.Video)}
	}
	return []events.Content{photo(still), f.content(events.Video)}
}

func joined(a, separator, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + separator + b
}

func thumbnail(p *photoSize) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// milliseconds are those of a number of seconds; 0 where it can be no duration.
func milliseconds(sec int64) int64 {
	if sec < 0 || sec > math.MaxInt32 {
		return 0
	}
	return sec * 1000
}

// content of a sticker: its format follows from its kind
// (https://core.telegram.org/stickers: WEBP, TGS or WEBM).
func (s *sticker) content() events.Content {
	mime := "image/webp"
	switch {
	case s.Animated:
		mime = "application/x-tgsticker"
	case s.Video:
		mime = "video/webm"
	}
	return events.NewMedia(events.Media{
		Type: events.Sticker, State: events.MediaPending, MIME: mime, PlatformID: s.ID, UniqueID: s.UniqueID, Bytes: s.Bytes,
		Width: s.Width, Height: s.Height, Animated: s.Animated || s.Video, Emoji: s.Emoji, Set: s.Set,
		Thumbnail: thumbnail(s.Thumbnail),
	})
}

func (p *paidEntry) content() []events.Content {
	switch {
	case p.LivePhoto != nil:
		return p.LivePhoto.live(p.Photo)
	case len(p.Photo) > 0:
		return []events.Content{photo(p.Photo)}
	case p.Video != nil:
		return []events.Content{p.Video.content(events.Video)}
	}
	return []events.Content{events.NewUnsupported("paid_media."+p.Type, "not bought yet, or a kind unknown to us", nil)}
}

// thingParts are the parts of m that are neither words nor media.
func (m *message) thingParts() []events.Content {
	var parts []events.Content
	add := func(c events.Content) { parts = append(parts, c) }
	if m.Venue != nil { // Location is set too
		l := m.Venue.Location.location(m.Date)
		l.Name, l.Address = m.Venue.Title, m.Venue.Address
		add(events.Content{Kind: events.KindLocation, Location: l})
	} else if m.Location != nil {
		add(events.Content{Kind: events.KindLocation, Location: m.Location.location(m.Date)})
	}
	if m.Contact != nil {
		add(events.Content{Kind: events.KindContacts, Contacts: []events.Card{m.Contact.card(m.From, m.SenderChat)}})
	}
	if cards := m.sharedCards(); len(cards) > 0 {
		add(events.Content{Kind: events.KindContacts, Contacts: cards})
	}
	if m.Poll != nil {
		add(events.Content{Kind: events.KindChoice, Choice: m.Poll.choice()})
	}
	if m.Checklist != nil {
		add(events.Content{Kind: events.KindChoice, Choice: m.Checklist.choice()})
	}
	if m.Dice != nil {
		add(events.NewText(m.Dice.Emoji))
	}
	if m.Invoice != nil {
		add(events.Content{Kind: events.KindPayment, Payment: m.Invoice.payment()})
	}
	return parts
}

// indefinite is the live_period of a location that is shared until further notice
// (https://core.telegram.org/bots/api#sendlocation).
const indefinite = math.MaxInt32

func (l *location) location(date int64) *events.Location {
	out := &events.Location{Latitude: l.Latitude, Longitude: l.Longitude, Accuracy: l.Accuracy, Live: l.Period > 0}
	if l.Period > 0 && l.Period < indefinite && !unix(date).IsZero() {
		out.Until = unix(date).Add(time.Duration(l.Period) * time.Second)
	}
	return out
}

// card is a shared contact. It is the writer's own when Telegram says that the
// number belongs to the account that wrote.
func (c *contactCard) card(from *user, onBehalf *chat) events.Card {
	card := events.Card{Name: name(c.FirstName, c.LastName), FirstName: c.FirstName, LastName: c.LastName, VCard: c.VCard}
	if c.Phone != "" {
		card.Phones = []events.LabeledValue{{Value: c.Phone}}
	}
	if c.UserID != 0 {
		card.Identity = identity(&user{ID: c.UserID})
		card.Own = from != nil && from.ID == c.UserID && onBehalf == nil
	}
	return card
}

// sharedCards are users or a chat that the writer picked on request.
func (m *message) sharedCards() []events.Card {
	var cards []events.Card
	if m.UsersShared != nil {
		for _, s := range m.UsersShared.Users {
			cards = append(cards, events.Card{
				Name: cmp.Or(name(s.FirstName, s.LastName), s.Username), FirstName: s.FirstName, LastName: s.LastName,
				Identity: identity(&user{ID: s.ID}),
			})
		}
	}
	if s := m.ChatShared; s != nil {
		cards = append(cards, events.Card{
			Name: cmp.Or(s.Title, s.Username), Identity: &events.Identity{Scheme: events.TelegramChat, Value: id(s.ID)},
		})
	}
	return cards
}

// choice is a poll. Its options are known by their position, as answers name them.
func (p *poll) choice() *events.Choice {
	c := &events.Choice{Text: p.Question, Multiple: p.Multiple, Options: []events.Option{}}
	for i, o := range p.Options {
		c.Options = append(c.Options, events.Option{ID: strconv.Itoa(i), Label: o.Text})
	}
	return c
}

func (l *checklist) choice() *events.Choice {
	c := &events.Choice{Text: l.Title, Multiple: true, Options: []events.Option{}}
	for _, t := range l.Tasks {
		o := events.Option{ID: id(t.ID), Label: t.Text}
		if t.Done > 0 {
			o.Description = "done"
		}
		c.Options = append(c.Options, o)
	}
	return c
}

// unknownContent is the first member of u's message that is not known to us.
func (u *update) unknownContent() events.Content {
	var body map[string]raw
	_ = channel.Decode(u.body, &body) // it was read before
	for _, kind := range sortedKeys(body) {
		var members map[string]raw
		if channel.Decode(body[kind], &members) != nil {
			continue
		}
		for _, member := range sortedKeys(members) {
			if !describes(member) {
				return events.NewUnsupported(member, "unknown kind", members[member])
			}
		}
		return events.NewUnsupported("empty", "the message shows nothing", body[kind])
	}
	return events.NewUnsupported("empty", "the message shows nothing", nil)
}

// describes says whether a member of a message tells about it instead of being
// what it shows. https://core.telegram.org/bots/api#message
func describes(member string) bool {
	switch member {
	case "message_id", "date", "chat", "from", "sender_chat", "message_thread_id", "is_topic_message",
		"direct_messages_topic",
		"sender_boost_count", "sender_business_bot", "sender_tag", "receiver_user", "ephemeral_message_id", "guest_query_id",
		"business_connection_id", "guest_bot_caller_user", "guest_bot_caller_chat", "author_signature", "via_bot",
		"edit_date",
		"forward_origin", "is_automatic_forward", "reply_to_message", "external_reply", "quote", "reply_to_story",
		"reply_to_checklist_task_id", "reply_to_poll_option_id", "has_protected_content", "is_from_offline", "is_paid_post",
		"media_group_id", "paid_star_count", "link_preview_options", "suggested_post_info", "effect_id", "has_media_spoiler",
		"show_caption_above_media", "text", "entities", "caption", "caption_entities", "reply_markup":
		return true
	}
	return false
}
