package meta

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// tell adds what the update at hand says; false when it lacks what it must have.
func (b *batch) tell(e events.Event) bool {
	if b.fact == "app_roles" || b.fact == "policy_enforcement" { // about the account
		return b.health(e)
	}
	if b.fact == "optin" {
		return b.optin(e)
	}
	if e.Data.Conversation == nil && !(b.fact == "message" && b.self()) {
		return false
	}
	switch b.fact {
	case "message":
		return b.body == nil && b.message.id != "" && b.told(e)
	case "postback":
		return b.postback(e)
	case "message_edit":
		return b.edit(e)
	case "reaction":
		return b.reaction(e)
	case "referral":
		return b.arrival(e, channel.Digest(b.raw), b.body)
	case "delivery", "read":
		return b.receipt(e)
	case "pass_thread_control", "take_thread_control":
		return b.handover(e)
	case "account_linking":
		return b.linking(e)
	case "":
		return false
	}
	b.unsupported(e, b.fact, "no event for it")
	return true
}

// told adds a message, an answer to quick replies, or that a message was taken back.
func (b *batch) told(e events.Event) bool {
	m := &b.message
	switch {
	case m.deleted:
		actor := b.actor()
		e.Type, e.Key = events.MessageDeleted, "delete:"+m.id
		e.Data.Deletion = &events.Deletion{Messages: []events.Ref{{PlatformID: m.id}}, Actor: &actor}
		b.add(e)
	case m.quick && !b.ours():
		e.Type, e.Key = events.InteractionReceived, "message:"+m.id
		e.Data.Interaction = &events.Interaction{Kind: events.QuickReplyAnswer, Option: m.payload, Text: m.text,
			Message: channel.Ref(m.id), Of: channel.Ref(m.replyTo)}
		b.add(e)
		e.Data.Interaction = nil
		b.arrival(e, m.id, m.referral)
	default:
		b.written(e)
	}
	return true
}

func (b *batch) written(e events.Event) {
	m := &b.message
	all := &struct { // one allocation for what lives together
		message events.Message
		content [1]events.Content
	}{}
	msg := &all.message
	*msg = events.Message{PlatformID: m.id, Actor: b.actor(), ReplyTo: channel.Ref(m.replyTo), Metadata: m.fields()}
	msg.Content = b.content(all.content[:0], e)
	if from, ok := referred(m.referral); ok {
		msg.Referral = from
	}
	e.Type, e.Key, e.Data.Message = events.MessageReceived, "message:"+m.id, msg
	if !b.ours() {
		b.add(e)
		return
	}
	e.Type, msg.Origin = events.MessageEchoed, b.origin()
	b.add(e)
	if m.byUs() {
		b.sent(e)
	}
}

// byUs says whether Relais sent m: it named the message.
func (m *message) byUs() bool { return strings.HasPrefix(m.metadata, "msg_") }

// sent adds that a message of ours was sent: its echo may come before, or instead
// of, the answer to our call.
func (b *batch) sent(e events.Event) {
	e.Type, e.Key = events.MessageStatus, "status:"+b.message.id+":sent"
	e.Data.Message = nil
	e.Data.Status = &events.Status{
		Message: events.Ref{PlatformID: b.message.id}, State: events.Sent, Correlation: b.message.metadata,
	}
	b.add(e)
}

// fields are what else a message says: who sent an echo and what it gave Meta to
// tell its message by, which is our part's id when we did, and the commands in a text.
func (m *message) fields() []events.Field {
	var list []events.Field
	given := events.Field{Name: "metadata", Value: m.metadata}
	if m.echo && m.byUs() {
		given.Name = "correlation"
	}
	for _, f := range []events.Field{{Name: "app_id", Value: m.app}, given} {
		if f.Value != "" {
			list = append(list, f)
		}
	}
	commands, _ := decode[[]command](m.commands)
	for _, c := range commands {
		if c.Name != "" {
			list = append(list, events.Field{Name: "command", Value: c.Name})
		}
	}
	return list
}

// postback adds the tap on a button, an ice breaker or the menu, which Meta does
// not tell apart.
func (b *batch) postback(e events.Event) bool {
	p, ok := decode[postback](b.body)
	if !ok {
		return false
	}
	id := cmp.Or(p.ID, channel.Digest(b.raw))
	e.Type, e.Key = events.InteractionReceived, "message:"+id
	e.Data.Interaction = &events.Interaction{Kind: events.ButtonAnswer, Message: channel.Ref(p.ID), Option: p.Payload,
		Text: p.Title}
	b.add(e)
	e.Data.Interaction = nil
	b.arrival(e, id, p.Referral)
	return true
}

// edit gives a message new words; people may edit five times.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-edits
func (b *batch) edit(e events.Event) bool {
	p, ok := decode[edit](b.body)
	if !ok || p.ID == "" || p.Text == "" {
		return false
	}
	n, err := strconv.ParseInt(string(p.Number), 10, 64)
	if err != nil || n < 0 {
		n = max(0, e.Time.UnixMilli())
	}
	e.Type, e.Key = events.MessageEdited, "edit:"+p.ID+":"+strconv.FormatInt(n, 10)
	e.Data.Message = &events.Message{
		PlatformID: p.ID, Revision: max(1, n), Actor: b.actor(), Content: []events.Content{events.NewText(p.Text)},
	}
	b.add(e)
	return true
}

// arrival adds the entry point of something that is no message; false when there
// is none.
func (b *batch) arrival(e events.Event, id string, raw []byte) bool {
	from, ok := referred(raw)
	if !ok {
		return false
	}
	e.Type, e.Key, e.Data.Referral = events.ReferralReceived, "referral:"+id, from
	b.add(e)
	return true
}

// referred is where a customer came from: an ad, a link, a product, a site.
func referred(raw []byte) (*events.Referral, bool) {
	r, ok := decode[referral](raw)
	if !ok {
		return nil, false
	}
	from := &events.Referral{
		Source: source(r.Source), ID: string(r.AdID), URL: r.Referer, Title: r.Ad.Title, Payload: r.Ref,
		Product: string(cmp.Or(r.Product.ID, r.Ad.ProductID)),
	}
	switch {
	case r.Ad.Video != "":
		from.MediaType, from.MediaURL = events.Video, r.Ad.Video
	case r.Ad.Photo != "":
		from.MediaType, from.MediaURL = events.Image, r.Ad.Photo
	}
	if from.Source == "" && from.Product != "" {
		from.Source = "product"
	}
	for _, f := range []events.Field{{Name: "post_id", Value: string(r.Ad.PostID)},
		{Name: "flow_id", Value: string(r.Ad.FlowID)}} {
		if f.Value != "" {
			from.Fields = append(from.Fields, f)
		}
	}
	return from, cmp.Or(from.Source, from.ID, from.Payload, from.Product, from.URL) != ""
}

// source is our word for a referral's source, or the platform's in lower case.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_referrals
func source(name string) string {
	switch name {
	case "ADS":
		return "ad"
	case "SHORTLINK":
		return "link"
	case "CUSTOMER_CHAT_PLUGIN":
		return "site"
	}
	return strings.ToLower(name)
}
