package googlechat

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

// ownMessage begins the ids that we give to our messages.
const ownMessage = "client-relais-"

// received is m as it was written: by the customer, or by ourselves.
func (m *message) received(c *events.Conversation, contents []events.Content) events.Event {
	e := events.Event{Type: events.MessageReceived, Key: "message:" + m.Name, Time: channel.RFC3339(m.CreateTime)}
	e.Data.Message = m.ours(c, contents)
	if m.Sender.Name == self || strings.HasPrefix(m.ClientID, ownMessage) {
		e.Type, e.Data.Message.Origin = events.MessageEchoed, "api"
		e.Data.Message.Actor.Role = events.Bot
	}
	return e
}

// ours is m in our words.
func (m *message) ours(c *events.Conversation, contents []events.Content) *events.Message {
	out := &events.Message{PlatformID: m.Name, Actor: actor(m.Sender, c), Content: contents}
	if m.Quoted.Name != "" {
		quoted := ref(m.Quoted.Name)
		out.ReplyTo = &quoted
	}
	for _, f := range []events.Field{field("threadKey", m.Thread.Key), field("matchedUrl", m.MatchedURL.URL)} {
		if f.Value != "" {
			out.Metadata = append(out.Metadata, f)
		}
	}
	return out
}

// contents are what m shows: its text first, as Chat does.
func (m *message) contents(raw []byte) []events.Content {
	var list []events.Content
	if body, entities := m.words(); body != "" {
		list = append(list, events.Content{Kind: events.KindText, Text: &events.Text{Body: body, Entities: entities}})
	}
	list = append(list, m.media()...)
	if len(m.Cards) > 0 || len(list) == 0 {
		list = append(list, events.NewUnsupported(m.kind(), "no words for it", raw))
	}
	return list
}

// kind names what m shows beside text and files.
func (m *message) kind() string {
	if len(m.Cards) > 0 {
		return "cardsV2"
	}
	return "message"
}

// words are m's text, without the mention of the app that begins it in spaces, and
// what is marked in it.
func (m *message) words() (string, []events.Entity) {
	body, shift := m.Text, 0
	if argument := strings.TrimSpace(m.ArgumentText); argument != "" {
		if head, ok := strings.CutSuffix(strings.TrimRight(m.Text, " \n"), argument); ok {
			body, shift = argument, units(head)
		}
	}
	if strings.TrimSpace(body) == "" {
		return "", nil
	}
	var list []events.Entity
	for _, a := range m.Annotations {
		if e, ok := a.entity(); ok {
			e.Offset -= shift
			list = append(list, e)
		}
	}
	list = channel.Within(body, list)
	slices.SortStableFunc(list, func(a, b events.Entity) int { return a.Offset - b.Offset })
	return body, list
}

// units is how long s is in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// entity is what a marks; ok is false where it marks nothing that a reader can use.
func (a annotation) entity() (e events.Entity, ok bool) {
	e = events.Entity{Offset: a.StartIndex.int(), Length: a.Length.int()}
	switch a.Type {
	case "USER_MENTION":
		e.Type, e.Value = "mention", a.Mention.User.Name
	case "SLASH_COMMAND":
		e.Type, e.Value = "command", string(a.Command.ID)
	case "RICH_LINK":
		e.Type, e.Value = "link", a.Link.URI
	case "CUSTOM_EMOJI":
		e.Type, e.Value = "emoji", cmp.Or(a.Emoji.Emoji.UID, a.Emoji.Emoji.Name)
	}
	return e, e.Type != ""
}

// media are m's files and animations.
func (m *message) media() []events.Content {
	var list []events.Content
	for _, a := range m.Attachment {
		list = append(list, a.content())
	}
	for _, g := range m.AttachedGIFs {
		if g.URI != "" {
			list = append(list, events.NewMedia(events.Media{Type: events.Animation, State: events.MediaLinked, URL: g.URI}))
		}
	}
	return list
}

// content is an uploaded file, to be fetched by its resource name, or a link to a
// file in Google Drive, which only people who may see it can open.
func (a attachment) content() events.Content {
	switch {
	case a.Data.ResourceName != "":
		return events.NewMedia(events.Media{
			Type: google.MediaType(a.ContentType), State: events.MediaPending, MIME: a.ContentType, Name: a.ContentName,
			PlatformID: a.Data.ResourceName, UniqueID: a.Name,
		})
	case a.Drive.FileID != "":
		return events.Content{Kind: events.KindLink, Link: &events.Link{
			URL: "https://drive.google.com/open?id=" + url.QueryEscape(a.Drive.FileID), Title: a.ContentName}}
	}
	return events.NewUnsupported("attachment", "no data", []byte(a.Name))
}
