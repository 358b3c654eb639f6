package rcs

import (
	"cmp"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

// fact sets out's type and fact. It reports whether the event has what its kind
// must hold.
func (p *parser) fact() bool {
	switch {
	case p.EventType != "":
		return p.EventID != "" && p.told()
	case p.New != "":
		return p.EventID != "" && p.launched()
	case p.out.Data.Contact == nil:
		p.unsupported("unknown event")
		return true
	}
	id := cmp.Or(p.MessageID, p.EventID) // as some of Google's pages call a message's id
	return id != "" && p.said(id)
}

// told sets what happened to one of our messages, or what the person does.
func (p *parser) told() bool {
	p.out.Key = "event:" + p.EventID
	placed := p.out.Data.Contact != nil
	switch p.EventType {
	case "DELIVERED":
		return placed && p.status(events.Delivered)
	case "READ":
		return placed && p.status(events.Read)
	case "TTL_EXPIRATION_REVOKED":
		return placed && p.status(events.Expired)
	case "IS_TYPING":
		p.out.Type, p.out.Data.Typing = events.PresenceTyping, &events.Typing{Actor: events.Actor{Role: events.Customer},
			Active: true}
		return placed
	case "SUBSCRIBE":
		return placed && p.consent(events.ConsentGiven, "subscribed")
	case "UNSUBSCRIBE":
		return placed && p.consent(events.ConsentWithdrawn, "unsubscribed")
	case "TTL_EXPIRATION_REVOKE_FAILED":
		return placed && p.status(events.Uncertain)
	}
	p.unsupported("unknown event")
	return true
}

// status sets what became of our message. One that was revoked before it arrived
// will not come any more; one that could not be revoked still may.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/messages/expiration
func (p *parser) status(s events.State) bool {
	p.out.Type = events.MessageStatus
	p.out.Data.Status = &events.Status{Message: ref(p.MessageID), State: s, Recipient: &p.out.Data.Contact.Identities[0]}
	return p.MessageID != ""
}

// consent sets that the person takes promotions from the agent, or none.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/build/events/receive-events
func (p *parser) consent(state, reason string) bool {
	p.out.Type, p.out.Data.Consent = events.ConsentChanged,
		&events.Consent{State: state, Scope: "marketing", Reason: reason}
	return true
}

// launched sets that the agent may reach people of a region, or no longer.
func (p *parser) launched() bool {
	h := &events.Health{Aspect: "account", State: events.HealthOK, Detail: "launch " + strings.ToLower(p.New),
		Fields: []events.Field{field("launchState", p.New)}}
	switch p.New {
	case "REJECTED", "SUSPENDED", "UNLAUNCHED":
		h.State = events.HealthFailing
	}
	for _, f := range []events.Field{field("oldLaunchState", p.Old), field("region", p.Region),
		field("comment", p.Comment)} {
		if f.Value != "" {
			h.Fields = append(h.Fields, f)
		}
	}
	p.out.Type, p.out.Key, p.out.Data.Health = events.ChannelHealth, "event:"+p.EventID, h
	return true
}

// said sets a message of the person, or their answer to a suggestion.
func (p *parser) said(id string) bool {
	p.out.Key = "message:" + id
	if s := p.Suggestion; s != nil {
		in := &events.Interaction{Kind: events.QuickReplyAnswer, Message: channel.Ref(id), Option: s.PostbackData,
			Text: s.Text}
		if s.Type == "ACTION" {
			in.Kind = events.ButtonAnswer
		}
		p.out.Type, p.out.Data.Interaction = events.InteractionReceived, in
		return true
	}
	p.out.Type = events.MessageReceived
	p.out.Data.Message = &events.Message{
		PlatformID: id, Actor: events.Actor{Role: events.Customer}, Content: []events.Content{p.content()},
	}
	return true
}

// content is what a message shows; RCS sends one part each.
func (p *parser) content() events.Content {
	switch {
	case p.Text != nil && strings.TrimSpace(*p.Text) != "":
		return events.NewText(*p.Text)
	case p.File != nil && p.File.Payload != nil && p.File.Payload.URI != "":
		return p.File.media()
	case p.Location != nil:
		return p.Location.content(p.out.Raw)
	}
	return events.NewUnsupported("message", "unknown kind", p.out.Raw)
}

// media is a file, which whoever knows its URL can fetch, for an unpublished time.
func (f *userFile) media() events.Content {
	m := events.Media{
		Type: google.MediaType(f.Payload.MIMEType), State: events.MediaPending, MIME: f.Payload.MIMEType,
		Name:  f.Payload.Name,
		Bytes: int64(f.Payload.Bytes), URL: f.Payload.URI,
	}
	if f.Thumbnail != nil {
		m.Thumbnail = f.Thumbnail.URI
	}
	return events.NewMedia(m)
}

// content is a place. Google leaves out a coordinate that is zero.
func (l *location) content(raw []byte) events.Content {
	if l.Latitude == nil && l.Longitude == nil {
		return events.NewUnsupported("location", "no coordinates", raw)
	}
	place := &events.Location{}
	if l.Latitude != nil {
		place.Latitude = *l.Latitude
	}
	if l.Longitude != nil {
		place.Longitude = *l.Longitude
	}
	return events.Content{Kind: events.KindLocation, Location: place}
}
