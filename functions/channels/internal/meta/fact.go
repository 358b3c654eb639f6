package meta

import (
	"cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func (b *batch) reaction(e events.Event) bool {
	p, ok := decode[reaction](b.body)
	if !ok || p.ID == "" {
		return false
	}
	switch p.Action {
	case "react":
		e.Type = events.ReactionAdded
	case "unreact":
		e.Type = events.ReactionRemoved
	default:
		return false
	}
	e.Key = "reaction:" + p.ID + ":" + p.Action + ":" + cmp.Or(b.time, channel.Digest(b.raw))
	out := &events.Reaction{Target: events.Ref{PlatformID: p.ID}, Actor: b.actor(),
		Emoji: cmp.Or(p.Emoji, emojiOf(p.Name))}
	if out.Emoji == "" {
		out.Custom = p.Name
	}
	e.Data.Reaction = out
	b.add(e)
	return true
}

// emojiOf is the picture of a reaction that is told by name only.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-reactions
func emojiOf(name string) string {
	switch name {
	case "love":
		return "❤"
	case "like":
		return "👍"
	case "dislike":
		return "👎"
	case "smile":
		return "😆"
	case "wow":
		return "😮"
	case "sad":
		return "😢"
	case "angry":
		return "😠"
	}
	return ""
}

// receipt adds that everything up to a time or a message was delivered or read.
func (b *batch) receipt(e events.Event) bool {
	p, ok := decode[receipt](b.body)
	if !ok {
		return false
	}
	if len(p.IDs) == 1 { // of several Meta does not say which is the last
		p.ID = cmp.Or(p.ID, p.IDs[0])
	}
	out := &events.Receipt{UpTo: channel.Ref(p.ID), UpToTime: channel.UnixText(string(p.Watermark))}
	if out.UpTo == nil && out.UpToTime.IsZero() {
		return false
	}
	e.Type, e.Data.Receipt = events.ReceiptRead, out
	if b.fact == "delivery" {
		e.Type = events.ReceiptDelivered
	}
	upTo := p.ID
	if !out.UpToTime.IsZero() {
		upTo = string(p.Watermark)
	}
	e.Key = b.fact + ":" + e.Data.Conversation.PlatformID + ":" + upTo
	b.add(e)
	return true
}

// handover adds that control passed from one app to another, given or taken.
func (b *batch) handover(e events.Event) bool {
	p, ok := decode[handover](b.body)
	if !ok || p.Previous == "" && p.New == "" {
		return false
	}
	e.Type, e.Key = events.ControlPassed, "control:"+channel.Digest(b.raw)
	e.Data.Control = &events.Control{From: string(p.Previous), To: string(p.New), Data: string(p.Metadata)}
	if b.fact == "take_thread_control" {
		e.Data.Control.Reason = "taken"
	}
	b.add(e)
	return true
}

// linking adds that a customer logged in at the brand's own service, which gave
// out the code, and so knows who that is.
func (b *batch) linking(e events.Event) bool {
	p, ok := decode[accountLinking](b.body)
	if !ok || p.Status != "linked" || p.Code == "" {
		b.unsupported(e, b.fact+"."+p.Status, "names no identity")
		return true
	}
	e.Type, e.Key = events.IdentityLinked, "link:"+channel.Digest(b.raw)
	e.Data.IdentityChange = &events.IdentityChange{
		Current: &events.Identity{Scheme: events.External, Value: p.Code, Scope: "authorization_code", Verified: "platform"},
		Reason:  "account link",
	}
	b.add(e)
	return true
}

// optin adds that somebody agreed to be written to: through a plug-in on a site, or
// to marketing messages, which have a token to send to.
func (b *batch) optin(e events.Event) bool {
	p, ok := decode[optin](b.body)
	if !ok || e.Data.Conversation == nil && p.UserRef == "" {
		return false
	}
	if e.Data.Conversation == nil {
		who := reference(p.UserRef)
		e.Data.Contact = &events.Contact{Identities: []events.Identity{who}}
		e.Data.Conversation = &events.Conversation{PlatformID: who.Value, Kind: events.Direct}
	}
	id := channel.Digest(b.raw)
	e.Type, e.Key, e.Data.Consent = events.ConsentChanged, "consent:"+id, p.consent()
	if p.Token != "" {
		token := events.Identity{Scheme: events.External, Value: p.Token, Scope: tokenScope}
		e.Data.Contact.Identities = append(e.Data.Contact.Identities, token)
	}
	b.add(e)
	e.Data.Consent = nil
	switch {
	case p.Ref != "":
		e.Type, e.Key = events.ReferralReceived, "referral:"+id
		e.Data.Referral = &events.Referral{Source: "site", Payload: p.Ref}
		b.add(e)
	case p.Payload != "":
		e.Type, e.Key = events.InteractionReceived, "interaction:"+id
		e.Data.Interaction = &events.Interaction{Kind: events.PermissionAnswer, Option: p.Payload, Text: p.Title}
		b.add(e)
	}
	return true
}

func (p optin) consent() *events.Consent {
	c := &events.Consent{State: events.ConsentGiven, Scope: "all", Reason: "plugin"}
	if p.Type == "notification_messages" || p.Token != "" || p.Status != "" {
		c.Scope, c.Reason, c.Template = "marketing", "opt-in", cmp.Or(p.Topic, p.Title)
	}
	if p.Status == "STOP_NOTIFICATIONS" {
		c.State, c.Reason = events.ConsentWithdrawn, "settings"
	}
	return c
}

// health adds news about the account: which app answers first, and that Meta
// blocks or unblocks it.
func (b *batch) health(e events.Event) bool {
	h := &events.Health{Aspect: "account", State: events.HealthOK, Detail: b.fact}
	if b.fact == "policy_enforcement" {
		p, ok := decode[enforcement](b.body)
		if !ok || p.Action == "" {
			return false
		}
		h.Fields = []events.Field{{Name: "action", Value: p.Action}, {Name: "reason", Value: p.Reason}}
		if h.State = events.HealthWarning; p.Action == "block" {
			h.State = events.HealthFailing
		} else if p.Action == "unblock" {
			h.State = events.HealthOK
		}
	} else {
		r := NewReader(b.body)
		for app := range r.Members() {
			h.Fields = append(h.Fields, events.Field{Name: app, Value: r.Any()})
		}
		if r.End() != nil || len(h.Fields) == 0 {
			return false
		}
	}
	e.Type, e.Key = events.ChannelHealth, "health:"+channel.Digest(b.raw, b.entryTime)
	e.Data = events.Data{Health: h}
	b.add(e)
	return true
}
