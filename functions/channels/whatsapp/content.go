package whatsapp

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// mediaLife is how long a media id from a webhook can be fetched.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
const mediaLife = 7 * 24 * time.Hour

// content is what a message shows. WhatsApp sends one part per message.
func content(m *message) events.Content {
	var c events.Content
	ok := false
	switch m.kind {
	case "text":
		c, ok = events.NewText(m.text), m.text != ""
	case "image", "video", "audio", "voice", "document", "sticker":
		c, ok = mediaContent(m)
	case "location":
		c, ok = locationContent(m)
	case "contacts":
		c, ok = contactsContent(m)
	default:
		return unknownContent(m)
	}
	if !ok {
		return events.NewUnsupported(m.kind, reasonOf(m, channel.Malformed), m.raw)
	}
	return c
}

// unknownContent stands for what the Cloud API does not pass on, and for what it
// started to pass on after this was written.
func unknownContent(m *message) events.Content {
	kind := cmp.Or(m.kind, "untyped")
	switch p, _ := decode[interactive](m.member()); m.kind {
	case "unsupported", "interactive":
		if p.Type == "product" && p.Product != nil && p.Product.RetailerID != "" {
			return events.Content{Kind: events.KindProduct, Product: &events.Product{
				Catalog: string(p.Product.CatalogID), ID: string(p.Product.RetailerID),
			}}
		}
		if p.Type != "" {
			kind += "." + p.Type
		}
	}
	return events.NewUnsupported(kind, reasonOf(m, "unknown kind"), m.raw)
}

// reasonOf is what Meta says is wrong with a message.
func reasonOf(m *message, otherwise string) string {
	if list, _ := decode[[]meta.Error](m.errors); len(list) > 0 {
		return strings.Trim(string(list[0].Code)+": "+list[0].Text(), ": ")
	}
	return otherwise
}

func mediaContent(m *message) (events.Content, bool) {
	p, ok := decode[media](m.member())
	if !ok || p.ID == "" {
		return events.Content{}, false
	}
	out := events.Media{
		Type: mediaType(m.kind, p.Voice), State: events.MediaPending, MIME: p.MIME, Name: p.Filename, Caption: p.Caption,
		PlatformID: string(p.ID), SHA256: hexOf(p.SHA256), Animated: p.Animated,
	}
	if at := channel.UnixText(m.time); !at.IsZero() {
		out.ExpiresAt = at.Add(mediaLife)
	}
	return events.NewMedia(out), true
}

func mediaType(kind string, voice bool) string {
	switch {
	case kind == "voice", kind == "audio" && voice:
		return events.Voice
	case kind == "document":
		return events.File
	}
	return kind // image, video, audio and sticker are called so here too
}

// hexOf is a base64 SHA-256 in hex; some senders' digests are hex already. What is
// no SHA-256 is left out: it could not be checked.
func hexOf(digest string) string {
	if b, err := hex.DecodeString(digest); err == nil && len(b) == sha256.Size {
		return strings.ToLower(digest)
	}
	if b, err := base64.StdEncoding.DecodeString(digest); err == nil && len(b) == sha256.Size {
		return hex.EncodeToString(b)
	}
	return ""
}

func locationContent(m *message) (events.Content, bool) {
	p, ok := decode[location](m.member())
	latitude, err := strconv.ParseFloat(string(p.Latitude), 64)
	longitude, err2 := strconv.ParseFloat(string(p.Longitude), 64)
	if !ok || err != nil || err2 != nil || !(math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180) {
		return events.Content{}, false
	}
	return events.Content{Kind: events.KindLocation, Location: &events.Location{
		Latitude: latitude, Longitude: longitude, Name: p.Name, Address: p.Address, URL: p.URL,
	}}, true
}

func contactsContent(m *message) (events.Content, bool) {
	list, ok := decode[[]card](m.member())
	if !ok || len(list) == 0 {
		return events.Content{}, false
	}
	c := events.Content{Kind: events.KindContacts}
	for _, p := range list {
		c.Contacts = append(c.Contacts, p.card())
	}
	return c, true
}

func (p card) card() events.Card {
	c := events.Card{
		Name: cmp.Or(p.Name.Formatted, strings.TrimSpace(p.Name.First+" "+p.Name.Last)), FirstName: p.Name.First,
		LastName: p.Name.Last, Company: p.Org.Company,
		Birthday: p.Birthday, VCard: p.VCard, Own: p.Origin == "contact_request",
	}
	for _, v := range p.Phones {
		c.Phones = append(c.Phones, events.LabeledValue{Label: v.Type, Value: cmp.Or(v.Phone, v.WaID)})
		if c.Identity == nil && channel.Digits(v.WaID) {
			c.Identity = &events.Identity{Scheme: events.Phone, Value: channel.E164(v.WaID)}
		}
	}
	for _, v := range p.Emails {
		c.Emails = append(c.Emails, events.LabeledValue{Label: v.Type, Value: v.Email})
	}
	for _, v := range p.URLs {
		c.URLs = append(c.URLs, events.LabeledValue{Label: v.Type, Value: v.URL})
	}
	for _, v := range p.Addresses {
		c.Addresses = append(c.Addresses, events.LabeledValue{Label: v.Type, Value: v.line()})
	}
	return c
}

func (a address) line() string {
	var parts []string
	for _, s := range []string{a.Street, strings.TrimSpace(a.Zip + " " + a.City), a.State,
		cmp.Or(a.Country, a.CountryCode)} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}
