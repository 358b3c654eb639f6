package custom

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// ours is what c says; envelope is what it came in. What lacks its essentials is
// kept as unsupported.
func (c *content) ours(envelope []byte) events.Content {
	var out events.Content
	ok := false
	switch c.Kind {
	case "text":
		out, ok = c.text(), true
	case "image", "video", "audio", "file":
		out, ok = c.media(), c.URL != "" || c.MediaID != ""
	case "sticker":
		out, ok = c.sticker(), c.URL != "" || c.ID != ""
	case "location":
		out, ok = c.location(), c.Lat != nil && c.Lng != nil
	case "contact":
		out, ok = c.contact(), c.Name != "" || len(c.Phones)+len(c.Emails) > 0
	case "form_response":
		out, ok = c.form(), c.FormID != "" || len(c.Fields) > 0
	case "selection":
		out, ok = c.selection(), len(c.Items) > 0
	case "payment":
		out, ok = c.payment(), c.Ref != "" && isPayment(c.Status)
	case "unsupported":
		return c.unsupported(c.Description, envelope)
	default:
		return c.unsupported("unknown kind", envelope)
	}
	if !ok {
		return c.unsupported("incomplete", envelope)
	}
	return out
}

func (c *content) unsupported(reason string, envelope []byte) events.Content {
	var w struct {
		Data struct {
			Content json.RawMessage `json:"content"`
		} `json:"data"`
	}
	_ = channel.Decode(envelope, &w) // it has been decoded before
	return events.NewUnsupported(c.Kind, reason, w.Data.Content)
}

func (c *content) text() events.Content {
	t := &events.Text{Body: c.Text}
	if c.Format == events.Markdown {
		t.Format = events.Markdown
	}
	return events.Content{Kind: events.KindText, Text: t}
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// media is at a URL, or was uploaded before and has an id. The kinds are named as ours.
func (c *content) media() events.Content {
	m := events.Media{
		Type: c.Kind, State: events.MediaPending, MIME: c.MIME, Name: c.Name, Caption: c.Caption,
		PlatformID: c.MediaID, URL: c.URL, Bytes: max(c.Size, 0), DurationMS: max(c.DurationMS, 0),
	}
	if sum := strings.ToLower(c.SHA256); sha256Hex.MatchString(sum) {
		m.SHA256 = sum
	}
	return events.NewMedia(m)
}

// sticker has a picture to fetch, or only an id that the bridge understands.
func (c *content) sticker() events.Content {
	m := events.Media{Type: events.Sticker, State: events.MediaPending, PlatformID: c.ID, URL: c.URL, MIME: c.MIME,
		Emoji: c.Emoji}
	if c.URL == "" {
		m.State = events.MediaLinked
	}
	return events.NewMedia(m)
}

func (c *content) location() events.Content {
	l := &events.Location{Name: c.Name, Address: c.Address}
	if c.Lat != nil && c.Lng != nil {
		l.Latitude, l.Longitude = *c.Lat, *c.Lng
	}
	return events.Content{Kind: events.KindLocation, Location: l}
}

func (c *content) contact() events.Content {
	return events.Content{Kind: events.KindContacts,
		Contacts: []events.Card{{Name: c.Name, Phones: unlabelled(c.Phones), Emails: unlabelled(c.Emails)}}}
}

func unlabelled(values []string) []events.LabeledValue {
	var list []events.LabeledValue
	for _, v := range values {
		list = append(list, events.LabeledValue{Value: v})
	}
	return list
}

func (c *content) form() events.Content {
	in := &events.Interaction{Kind: events.FormAnswer, Option: c.FormID}
	for _, f := range c.Fields {
		in.Values = append(in.Values, events.Field{Name: f.ID, Value: text(f.Value)})
	}
	return events.Content{Kind: events.KindInteraction, Interaction: in}
}

// text is the text that raw holds, or raw itself where it is none.
func text(raw json.RawMessage) string {
	var s string
	if channel.Decode(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// selection is one or several items of a list: Option is the first, Values are all.
func (c *content) selection() events.Content {
	in := &events.Interaction{Kind: events.ListAnswer, Of: ours(c.SourceMessageID)}
	var titles []string
	for _, i := range c.Items {
		in.Values = append(in.Values, events.Field{Name: i.ID, Value: i.Title})
		if i.Title != "" {
			titles = append(titles, i.Title)
		}
	}
	if len(c.Items) > 0 {
		in.Option, in.Text = c.Items[0].ID, strings.Join(titles, ", ")
	}
	return events.Content{Kind: events.KindInteraction, Interaction: in}
}

func (c *content) payment() events.Content {
	p := &events.Payment{Reference: c.Ref, State: c.Status}
	if c.AmountMinor != nil {
		p.Amount = &events.Money{Amount: *c.AmountMinor, Currency: c.Currency}
	}
	return events.Content{Kind: events.KindPayment, Payment: p}
}

func isPayment(state string) bool {
	switch state {
	case events.PayRequested, events.PayCheckout, events.PayPending, events.PayAuthorised, events.PayPaid,
		events.PayFailed, events.PayExpired, events.PayCancelled, events.PayRefunded, events.PayDisputed:
		return true
	}
	return false
}
