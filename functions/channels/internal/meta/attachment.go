package meta

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// content appends what a message shows to list: its words, the story it answers,
// and its attachments. There is always something.
func (b *batch) content(list []events.Content, e events.Event) []events.Content {
	m := &b.message
	if m.text != "" {
		list = append(list, events.NewText(m.text))
	}
	if m.storyID != "" || m.storyURL != "" {
		list = append(list, Story("reply", m.storyID, m.storyURL, e.Time))
	}
	for _, raw := range m.attachments {
		list = b.attachment(list, raw, e)
	}
	switch {
	case m.unsupported:
		list = append(list, events.NewUnsupported("message", "the platform does not pass it on", b.raw))
	case len(list) == 0:
		list = append(list, events.NewUnsupported("message", "nothing known in it", b.raw))
	}
	return list
}

func (b *batch) attachment(list []events.Content, raw json.RawMessage, e events.Event) []events.Content {
	a, ok := decode[Attachment](raw)
	if !ok || a.Type == "" {
		return append(list, events.NewUnsupported(cmp.Or(a.Type, "attachment"), channel.Malformed, raw))
	}
	a.Raw = raw
	if b.Content != nil {
		if c, ok := b.Content(a, e.Time); ok {
			return append(list, c)
		}
	}
	if a.Type == "template" {
		return append(list, a.template()...)
	}
	return append(list, a.content())
}

// content is what an attachment shows that is the same everywhere.
func (a Attachment) content() events.Content {
	switch a.Type {
	case "image", "video", "audio", "file":
		return a.Media(events.Media{Type: a.Type})
	case "reel", "ig_reel", "post", "ig_post":
		return a.Post()
	}
	return a.Unsupported("unknown kind")
}

// Unsupported stands for an attachment that has no other words.
func (a Attachment) Unsupported(reason string) events.Content {
	return events.NewUnsupported(a.Type, reason, a.Raw)
}

// Media is m at the attachment's address, which is good for hours to days.
func (a Attachment) Media(m events.Media) events.Content {
	m.URL = a.Payload.URL
	if m.URL == "" {
		return a.Unsupported("without a URL")
	}
	m.State = events.MediaPending
	return events.NewMedia(m)
}

// storyLife is how long a story can be seen, and its media may be kept.
// https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks
const storyLife = 24 * time.Hour

// Story is a story that somebody answered or was mentioned in at a time.
func Story(relation, id, address string, at time.Time) events.Content {
	post := &events.Post{ID: id, Relation: relation, URL: address}
	if !at.IsZero() {
		post.ExpiresAt = at.Add(storyLife)
	}
	return events.Content{Kind: events.KindStory, Story: post}
}

// Post is a public item that somebody shares.
func (a Attachment) Post() events.Content {
	p := a.Payload
	post := &events.Post{
		ID: string(cmp.Or(p.PostID, p.ID, p.ReelID)), Relation: "share", URL: cmp.Or(p.URL, a.URL),
		Text: cmp.Or(p.Title, a.Title),
	}
	if post.ID == "" && post.URL == "" {
		return a.Unsupported("without an id and a URL")
	}
	return events.Content{Kind: events.KindPost, Post: post}
}

// template are products that a customer asks about, or, in an echo, what the brand
// sent.
func (a Attachment) template() []events.Content {
	p := a.Payload
	switch {
	case p.Product != nil && len(p.Product.Elements) > 0:
		var list []events.Content
		for _, x := range p.Product.Elements {
			list = append(list, events.Content{Kind: events.KindProduct, Product: &events.Product{
				ID: string(cmp.Or(x.RetailerID, x.ID)), Title: x.Title, Text: x.Subtitle, Image: x.Image,
			}})
		}
		return list
	case p.Template == "button" && len(p.Buttons) > 0:
		return []events.Content{{Kind: events.KindChoice, Choice: &events.Choice{
			Text: cmp.Or(p.Text, a.Title), Style: events.StyleButtons, Options: options(p.Buttons),
		}}}
	case p.Template == "generic" && len(p.Elements) > 0:
		return []events.Content{{Kind: events.KindCards, Cards: panels(p.Elements)}}
	}
	return []events.Content{a.Unsupported("template " + cmp.Or(p.Template, "without a type"))}
}

func panels(elements []element) []events.Panel {
	var list []events.Panel
	for _, x := range elements {
		panel := events.Panel{Title: x.Title, Text: x.Subtitle, Options: options(x.Buttons)}
		if x.Image != "" {
			panel.Media = &events.Media{Type: events.Image, State: events.MediaLinked, URL: x.Image}
		}
		list = append(list, panel)
	}
	return list
}

// options are a template's buttons.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/buttons
func options(buttons []button) []events.Option {
	var list []events.Option
	for _, x := range buttons {
		o := events.Option{ID: cmp.Or(x.Payload, x.URL), Label: x.Title, Action: events.ActionPostback}
		switch {
		case x.Type == "phone_number":
			o.Action, o.Value = events.ActionCall, x.Payload
		case x.URL != "":
			o.Action, o.Value = events.ActionURL, x.URL
		}
		list = append(list, o)
	}
	return list
}
