package viber

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	// mediaTime is how long the URL of a medium can be fetched: it "will have a TTL
	// of 1 hour" (https://developers.viber.com/docs/api/rest-bot-api/#receive-message-from-user).
	mediaTime = time.Hour

	// sessionTime is how long after the person's last message answers cost nothing.
	// https://developers.viber.com/docs/api/rest-bot-api/
	sessionTime = 24 * time.Hour
)

// message sets what a person sent. A pressed button is a text too, and known by
// what the offer had for it.
func (p *parser) message() bool {
	w := p.Message
	if w == nil || w.Type == "" || p.Token == "" || p.who().ID == "" {
		return false
	}
	e := p.event(events.MessageReceived, "message")
	e.Data.Conversation.Window = &events.Window{Kind: "session", ClosesAt: p.since().Add(sessionTime)}
	p.out = []events.Event{e}
	if id, offered := option(w.TrackingData, w.Text); offered && w.Type == "text" {
		p.out[0].Type, p.out[0].Data.Interaction = events.InteractionReceived, &events.Interaction{
			Kind: events.QuickReplyAnswer, Message: channel.Ref(string(p.Token)), Option: id, Text: w.Text,
		}
		return true
	}
	p.out[0].Data.Message = &events.Message{
		PlatformID: string(p.Token), Actor: events.Actor{Role: events.Customer},
		Content: p.contents(w), Metadata: p.metadata(w),
	}
	return true
}

// since is when the event happened, as far as is known.
func (p *parser) since() time.Time {
	if p.time.IsZero() {
		return p.received.UTC()
	}
	return p.time
}

// contents is what w says, and the text beside it where its type has no place for one.
func (p *parser) contents(w *message) []events.Content {
	list := []events.Content{p.content(w)}
	switch w.Type {
	case "location", "sticker", "contact":
		if strings.TrimSpace(w.Text) != "" {
			list = append(list, events.NewText(w.Text))
		}
	}
	return list
}

func (p *parser) content(w *message) events.Content {
	switch w.Type {
	case "text":
		if w.Text != "" {
			return events.NewText(w.Text)
		}
	case "picture":
		return p.media(w, events.Image)
	case "video":
		return p.media(w, events.Video)
	case "file":
		return p.media(w, events.File)
	case "sticker":
		return w.sticker()
	case "contact":
		if w.Contact != nil {
			return w.Contact.content()
		}
	case "location":
		if c, ok := w.Location.content(); ok {
			return c
		}
	case "url":
		if w.Media != "" {
			return events.Content{Kind: events.KindLink, Link: &events.Link{URL: w.Media, Text: w.Text}}
		}
	default:
		return events.NewUnsupported(w.Type, "unknown message type", w.raw)
	}
	return events.NewUnsupported(w.Type, "malformed", w.raw)
}

// media is a medium at its URL, whose file name the sender chose.
func (p *parser) media(w *message, kind string) events.Content {
	if w.Media == "" {
		return events.NewUnsupported(w.Type, "malformed", w.raw)
	}
	return events.NewMedia(events.Media{
		Type: kind, State: events.MediaPending, URL: w.Media, Thumbnail: w.Thumbnail, Caption: w.Text, Name: w.FileName,
		Bytes: max(w.FileSize, w.Size, 0), DurationMS: seconds(w.Duration), ExpiresAt: p.since().Add(mediaTime),
	})
}

// seconds are milliseconds of a duration; 0 when it is none.
func seconds(n int64) int64 {
	if n <= 0 || n > math.MaxInt32 {
		return 0
	}
	return n * 1000
}

// sticker is known by its id. https://developers.viber.com/docs/tools/sticker-ids/
func (w *message) sticker() events.Content {
	if w.StickerID == "" {
		return events.NewUnsupported(w.Type, "malformed", w.raw)
	}
	return events.NewMedia(events.Media{Type: events.Sticker, State: events.MediaLinked, PlatformID: string(w.StickerID),
		URL: w.Media})
}

// content is a card the person shared: of somebody in their address book, or their
// own after a share-phone button. Viber does not tell which.
func (c *contact) content() events.Content {
	card := events.Card{Name: c.Name}
	if c.Phone != "" {
		card.Phones = []events.LabeledValue{{Value: c.Phone}}
	}
	return events.Content{Kind: events.KindContacts, Contacts: []events.Card{card}}
}

func (l *location) content() (events.Content, bool) {
	if l == nil {
		return events.Content{}, false
	}
	latitude, ok1 := l.Latitude.degrees(90)
	longitude, ok2 := l.Longitude.degrees(180)
	place := events.Location{Latitude: latitude, Longitude: longitude, Address: l.Address}
	return events.Content{Kind: events.KindLocation, Location: &place}, ok1 && ok2
}

func (n number) degrees(limit float64) (float64, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil && math.Abs(f) <= limit
}

// metadata keeps what the bot attached to the message that was answered, and what
// the person's app can show.
func (p *parser) metadata(w *message) []events.Field {
	var list []events.Field
	add := func(name, value string) {
		if value != "" {
			list = append(list, events.Field{Name: name, Value: value})
		}
	}
	add("trackingData", w.TrackingData)
	add("country", p.who().Country)
	add("apiVersion", string(p.who().APIVersion))
	if p.Silent {
		add("silent", "true")
	}
	return list
}
