package kik

import (
	"encoding/json"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// said sets what a person said, or the suggested response they tapped: it comes as
// a text with the metadata that it was offered with.
func (p *parser) said() bool {
	if option := text(p.Metadata); p.Type == "text" && option != "" {
		p.out.Type = events.InteractionReceived
		p.out.Data.Interaction = &events.Interaction{
			Kind: events.QuickReplyAnswer, Message: channel.Ref(p.ID), Option: option, Text: p.Body,
		}
		return true
	}
	return p.wrote(p.content())
}

// wrote sets a message of one content.
func (p *parser) wrote(content events.Content) bool {
	if p.ID == "" {
		return false
	}
	p.out.Type = events.MessageReceived
	p.out.Data.Message = &events.Message{
		PlatformID: p.ID, Actor: p.actor(), Content: []events.Content{content}, Metadata: p.metadata(),
	}
	return true
}

// picked sets whom a person chose among their friends.
func (p *parser) picked() bool {
	var cards []events.Card
	for _, user := range p.Picked {
		if user != "" {
			friend := identity(user)
			cards = append(cards, events.Card{Name: user, Identity: &friend})
		}
	}
	return len(cards) > 0 && p.wrote(events.Content{Kind: events.KindContacts, Contacts: cards})
}

// actor is who acted: in groups a member.
func (p *parser) actor() events.Actor {
	a := events.Actor{Role: events.Customer}
	if c := p.out.Data.Conversation; c != nil && c.Kind == events.Group && p.From != "" {
		member := identity(p.From)
		a.Identity = &member
	}
	return a
}

func (p *parser) content() events.Content {
	switch {
	case p.Type == "text" && p.Body != "":
		return events.NewText(p.Body)
	case p.Type == "picture" && p.PicURL != "":
		return media(events.Image, p.PicURL)
	case p.Type == "video" && p.VideoURL != "":
		return media(events.Video, p.VideoURL)
	case p.Type == "sticker" && p.StickerURL != "":
		c := media(events.Sticker, p.StickerURL)
		c.Media.Set = p.StickerPack
		return c
	case p.Type == "link" && p.URL != "":
		return events.Content{Kind: events.KindLink, Link: &events.Link{URL: p.URL, Title: p.Title, Text: p.Text,
			Image: p.PicURL}}
	}
	switch p.Type {
	case "text", "picture", "video", "sticker", "link":
		return events.NewUnsupported(p.Type, channel.Malformed, p.out.Raw)
	}
	return events.NewUnsupported(p.Type, "unknown message type", p.out.Raw)
}

// media lies at a plain URL. How long is not known.
func media(kind, url string) events.Content {
	return events.NewMedia(events.Media{Type: kind, State: events.MediaPending, URL: url})
}

// metadata keeps what has no place of its own.
func (p *parser) metadata() []events.Field {
	var list []events.Field
	for _, f := range []events.Field{
		{Name: "mention", Value: text(p.Mention)}, {Name: "metadata", Value: text(p.Metadata)},
		{Name: "attribution", Value: author(p.Attribution)}, {Name: "kikJsData", Value: text(p.KikJSData)},
	} {
		if f.Value != "" {
			list = append(list, f)
		}
	}
	return list
}

// author is the name in an attribution.
func author(raw json.RawMessage) string {
	var a struct {
		Name string `json:"name"`
	}
	_ = channel.Decode(raw, &a) // an attribution of another form has none
	return a.Name
}
