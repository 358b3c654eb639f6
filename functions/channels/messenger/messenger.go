// Package messenger is Facebook Messenger: the conversations of a Facebook page,
// through the Messenger platform.
//
// Meta signs the body, never a time, so replays are told by the event's key. What
// the platform's webhooks share with Instagram's is in package meta.
package messenger

import (
	"cmp"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is Messenger.
var Channel = channel.Channel{
	Name:  "messenger",
	Title: "Messenger",
	Docs:  "https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: appSecret, Help: "Meta app dashboard → App settings → Basic → App secret"},
		{Name: verifyToken, Help: "a text of your choice, typed again at Messenger → Webhooks → Verify token"},
		{Name: pageToken, Help: "the page's access token, made from a long-lived user token or a system user's: Messenger " +
			"→ Settings → Access tokens"},
		{Name: appID, Help: "Meta app dashboard → App settings → Basic → App ID; tells our own echoes from other apps'",
			Optional: true, Public: true},
	},
	MaxBody: 3 << 20, // Meta publishes no limit for Messenger; this is WhatsApp's

	Verify:    verify,
	Parse:     parse,
	Handshake: handshake,
	Outbound:  outbound,
}

var outbound = channel.Outbound{
	Limits: channel.Limits{
		Text:    2000, // https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
		Unit:    channel.UTF16,
		Quote:   true,
		Kinds:   []events.Kind{events.KindForm, events.KindTemplate},
		Media:   media(),
		Choices: choices(),
		Cards:   meta.Cards(events.ActionCall),
		Takes:   meta.Takes,
		Refuses: meta.Refuses,
		Folds:   true,
	},
	// Of texts; films and recordings may go at 10/s.
	// https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting
	Rate:    channel.Rate{Account: 300},
	Class:   channel.Always(channel.Correlated), // by the echo's metadata
	Opens:   []events.Scheme{events.MessengerPSID},
	Send:    send,
	Outside: outside,
	Act:     act,
	Acts:    meta.Verbs(),
	Hosts:   []string{host},
}

const (
	appSecret   = "app_secret"
	verifyToken = "verify_token"
	pageToken   = "page_token"
	appID       = "app_id"

	object = "page"
)

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
func verify(a channel.Account, r channel.Request) error { return meta.Verify(a.Values(appSecret), r) }

func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	return meta.Handshake(a.Values(verifyToken), r)
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	return meta.Dialect{
		Object: object, Scheme: events.MessengerPSID, Scope: "page", Apps: a.Values(appID), Silent: "app",
		Opens: opens, Content: content,
	}.Events(r)
}

// opens says whether a customer's reaction or arrival lets the brand write freely.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/policy
func opens(e events.Event) bool {
	c := e.Data.Contact
	if c == nil || c.Identities[0].Scheme != events.MessengerPSID {
		return false
	}
	switch e.Type {
	case events.ReactionAdded:
		return e.Data.Reaction.Actor.Role == events.Customer
	case events.ReferralReceived:
		return e.Data.Referral.Source == "ad" || e.Data.Referral.Source == "site"
	}
	return false
}

// content is what an attachment shows that only Messenger has.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messages
func content(a meta.Attachment, _ time.Time) (events.Content, bool) {
	switch {
	case a.Type == "sticker", a.Type == "image" && a.Payload.StickerID != "": // an image until August 2026
		return sticker(a), true
	case a.Type == "fallback", a.Type == "share":
		return link(a), true
	case a.Type == "location":
		return location(a), true
	case a.Type == "appointment_booking":
		return booking(a), true
	}
	return events.Content{}, false
}

// sticker is a sticker; the thumb that is always at hand has three sizes.
func sticker(a meta.Attachment) events.Content {
	m := events.Media{Type: events.Sticker, PlatformID: string(a.Payload.StickerID), State: events.MediaLinked}
	switch m.PlatformID {
	case "369239263222822", "369239343222814", "369239383222810":
		m.Emoji = "👍"
	case "":
		return a.Media(m)
	}
	if a.Payload.URL == "" {
		return events.NewMedia(m)
	}
	return a.Media(m)
}

// link is the preview of a link, which Meta adds to the text that has it.
func link(a meta.Attachment) events.Content {
	l := events.Link{URL: cmp.Or(a.Payload.URL, a.URL), Title: cmp.Or(a.Payload.Title, a.Title)}
	if l.URL == "" {
		return a.Unsupported("without a URL")
	}
	return events.Content{Kind: events.KindLink, Link: &l}
}

func location(a meta.Attachment) events.Content {
	c := a.Payload.Coordinates
	if c == nil || c.Latitude == nil || c.Longitude == nil {
		return a.Unsupported("without coordinates")
	}
	return events.Content{Kind: events.KindLocation, Location: &events.Location{
		Latitude: *c.Latitude, Longitude: *c.Longitude,
		Name: cmp.Or(a.Payload.Title, a.Title), URL: cmp.Or(a.Payload.URL, a.URL),
	}}
}

// booking is an appointment that the customer asked for.
func booking(a meta.Attachment) events.Content {
	p := a.Payload
	in := &events.Interaction{Kind: events.TimeAnswer, Option: string(p.BookingID)}
	for _, f := range []events.Field{
		{Name: "status", Value: p.Status}, {Name: "start_time", Value: string(p.Start)},
		{Name: "end_time", Value: string(p.End)}, {Name: "timezone", Value: p.Zone},
	} {
		if f.Value != "" {
			in.Values = append(in.Values, f)
		}
	}
	return events.Content{Kind: events.KindInteraction, Interaction: in}
}
