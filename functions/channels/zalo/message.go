package zalo

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// answerTime is how long after a person's last act the account may answer freely.
// The first eight answers within 48 hours cost nothing, the others count against
// the account's package. Whether a visitor without an account has the same is not known.
// https://developers.zalo.me/docs/official-account/tin-nhan/quy-dinh-gui-tin
const answerTime = 7 * 24 * time.Hour

// message sets what a person sent, or what the account itself said. kind is the
// event's name without who sent it.
func (p *parser) message(kind string) bool {
	w := p.Message
	if w.ID == "" || p.person() == "" {
		return false
	}
	m := &events.Message{PlatformID: w.ID, Actor: events.Actor{Role: events.Customer}, Content: p.contents(kind),
		Metadata: fields("userIdByApp", p.UserIDByApp)}
	if w.QuoteID != "" {
		m.ReplyTo = &events.Ref{PlatformID: w.QuoteID}
	}
	e := p.event(events.MessageReceived, "message:"+w.ID)
	option, pressed := strings.CutPrefix(w.Text, query)
	switch {
	case p.ours():
		e.Type, e.Key, e.Data.Message = events.MessageEchoed, "echo:"+w.ID, m
		m.Actor, m.Origin = p.speaker()
	case pressed && option != "":
		e.Type, e.Data.Interaction = events.InteractionReceived, &events.Interaction{
			Kind: events.ButtonAnswer, Message: channel.Ref(w.ID), Option: option,
		}
	default:
		e.Data.Message = m
	}
	if !p.ours() {
		e.Data.Conversation.Window = &events.Window{Kind: "service", ClosesAt: p.since().Add(answerTime)}
	}
	p.out = []events.Event{e}
	return true
}

// speaker is who said what the account said. Zalo names the person who typed it in
// its tool; without one it was sent by a bot, ours or another.
func (p *parser) speaker() (events.Actor, string) {
	if p.Sender.AdminID == "" {
		return events.Actor{Role: events.Bot}, ""
	}
	return events.Actor{Role: events.Agent, Identity: &events.Identity{Scheme: events.ZaloUser, Value: p.Sender.AdminID}},
		"app"
}

// since is when the event happened, as far as is known.
func (p *parser) since() time.Time {
	if p.time.IsZero() {
		return p.received.UTC()
	}
	return p.time
}

// contents are the attachments, under the first of which the text stands where that
// has a caption, and else before them.
func (p *parser) contents(kind string) []events.Content {
	var list []events.Content
	for _, raw := range p.Message.Attachments {
		list = append(list, p.attachment(kind, raw))
	}
	text := p.Message.Text
	if text == "" && len(list) > 0 {
		return list
	}
	if len(list) > 0 && list[0].Media != nil && list[0].Media.Type != events.Sticker {
		list[0].Media.Caption = text
		return list
	}
	if text == "" {
		return []events.Content{events.NewUnsupported(kind, "neither text nor attachment", p.raw)}
	}
	return append([]events.Content{events.NewText(text)}, list...)
}

// attachment is what one attachment holds. The event's name tells kinds that the
// attachment's own type does not: a business card is a link.
func (p *parser) attachment(kind string, raw json.RawMessage) events.Content {
	var w attachment
	if channel.Decode(raw, &w) != nil || w.Type == "" {
		return events.NewUnsupported(cmp.Or(w.Type, kind), "malformed", raw)
	}
	l := w.Payload
	var c events.Content
	ok := l.URL != ""
	switch {
	case kind == "business_card":
		c, ok = l.card()
	case w.Type == "location":
		c, ok = l.Coordinates.content()
	case w.Type == "sticker":
		c, ok = l.sticker()
	case w.Type == "link":
		c = events.Content{Kind: events.KindLink, Link: &events.Link{URL: l.URL, Title: l.Title, Text: l.Description,
			Image: l.Thumbnail}}
	case mediaTypes[w.Type] != "":
		c = p.media(mediaTypes[w.Type], l)
	default:
		return events.NewUnsupported(w.Type, "unknown attachment type", raw)
	}
	if !ok {
		return events.NewUnsupported(w.Type, "malformed", raw)
	}
	return c
}

var mediaTypes = map[string]string{
	"image": events.Image, "photo": events.Image, "gif": events.Animation, "audio": events.Audio, "voice": events.Voice,
	"video": events.Video, "file": events.File,
}

// media is a medium at its URL, which needs no token and works for a time that Zalo
// does not publish.
func (p *parser) media(kind string, l payload) events.Content {
	size, _ := strconv.ParseInt(string(l.Size), 10, 64)
	return events.NewMedia(events.Media{
		Type: kind, State: events.MediaPending, URL: l.URL, Thumbnail: l.Thumbnail, Name: l.Name, Caption: l.Description,
		Bytes: max(size, 0),
	})
}

func (l payload) sticker() (events.Content, bool) {
	m := events.Media{Type: events.Sticker, State: events.MediaLinked, PlatformID: string(l.ID), URL: l.URL}
	return events.NewMedia(m), m.PlatformID != "" || m.URL != ""
}

// card is a business card: its description is a text of JSON with the phone number,
// or a text for people.
func (l payload) card() (events.Content, bool) {
	var d struct {
		Phone   channel.Text `json:"phone"`
		Caption string       `json:"caption"`
	}
	card := events.Card{Name: l.Title}
	if channel.Decode([]byte(l.Description), &d) == nil {
		card.Name = cmp.Or(card.Name, d.Caption)
	} else {
		card.Name = cmp.Or(card.Name, l.Description)
	}
	if d.Phone != "" {
		card.Phones = []events.LabeledValue{{Value: string(d.Phone)}}
	}
	if l.URL != "" {
		card.URLs = []events.LabeledValue{{Value: l.URL}}
	}
	return events.Content{Kind: events.KindContacts, Contacts: []events.Card{card}}, card.Name != "" || d.Phone != "" ||
		l.URL != ""
}

func (c coordinates) content() (events.Content, bool) {
	latitude, ok1 := degrees(c.Latitude, 90)
	longitude, ok2 := degrees(c.Longitude, 180)
	return events.Content{Kind: events.KindLocation,
		Location: &events.Location{Latitude: latitude, Longitude: longitude}}, ok1 && ok2
}

// degrees reads a number, or a text of one: Zalo sends texts.
func degrees(raw json.RawMessage, limit float64) (float64, bool) {
	f, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	return f, err == nil && math.Abs(f) <= limit
}
