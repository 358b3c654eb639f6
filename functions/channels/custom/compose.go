package custom

import (
	"encoding/json"

	"github.com/relais-dev/relais/events"
)

// contentOf is c in the words of the convention. What these have no words for is
// the contract's own object, in a member called as the kind.
func contentOf(c events.Content) *contentOut {
	switch {
	case c.Text != nil:
		return &contentOut{Kind: "text", Text: c.Text.Body, Entities: c.Text.Entities}
	case c.Media != nil:
		return mediaOf(*c.Media)
	case c.Location != nil:
		l := c.Location
		return &contentOut{Kind: "location", Lat: &l.Latitude, Lng: &l.Longitude, Name: l.Name, Address: l.Address,
			URL: l.URL, Live: l.Live, Until: l.Until}
	case len(c.Contacts) > 0:
		return contactOf(c.Contacts[0])
	}
	out := &contentOut{
		Kind: string(c.Kind), Choice: c.Choice, Cards: c.Cards, Form: c.Form, Schedule: c.Schedule, Payment: c.Payment,
		Product: c.Product, Order: c.Order, Template: c.Template, Link: c.Link,
	}
	if c.Native != nil {
		out.Native = json.RawMessage(c.Native.JSON)
	}
	return out
}

// mediaOf has the type as its kind.
func mediaOf(m events.Media) *contentOut {
	out := &contentOut{
		Kind: m.Type, URL: m.URL, MediaID: m.PlatformID, Set: m.Set, MIME: m.MIME, Name: m.Name, Size: m.Bytes,
		SHA256:     m.SHA256,
		DurationMS: m.DurationMS, Width: m.Width, Height: m.Height, Thumbnail: m.Thumbnail, Caption: m.Caption,
		Entities: m.Entities,
		Alt:      m.Alt, Emoji: m.Emoji,
	}
	if m.Type == events.Sticker {
		out.ID, out.MediaID = m.PlatformID, ""
	}
	return out
}

func contactOf(card events.Card) *contentOut {
	return &contentOut{Kind: "contact", Name: card.Name, Phones: values(card.Phones), Emails: values(card.Emails),
		Card: &card}
}

func values(list []events.LabeledValue) []string {
	var out []string
	for _, v := range list {
		out = append(out, v.Value)
	}
	return out
}
