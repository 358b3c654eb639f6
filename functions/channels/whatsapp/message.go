package whatsapp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// serviceWindow is how long free-form answers are allowed after the customer's last message.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
const serviceWindow = 24 * time.Hour

// message adds the events of one message: from the customer when role is
// events.Customer, else written on the brand's side outside of Relais.
func (b *batch) message(m *message, role, origin string) {
	e, actor := b.envelope(m, role)
	switch {
	case m.ok && m.id != "" && m.kind == "system":
		b.system(e, m)
		return
	case !m.ok || m.id == "" || e.Data.Conversation == nil:
		b.unsupported(cmp.Or(m.kind, "message"), channel.Malformed, m.raw)
		return
	}
	switch m.kind {
	case "reaction":
		b.reaction(e, m, actor)
	case "edit":
		b.edit(e, m, actor, origin)
	case "revoke":
		b.revoke(e, m, actor)
	default:
		b.written(e, m, actor, origin)
	}
}

// envelope is what all events of a message share.
func (b *batch) envelope(m *message, role string) (events.Event, events.Actor) {
	e := events.Event{Time: channel.UnixText(m.time), Raw: m.raw}
	group := m.group
	if role == events.Customer {
		e.Data.Contact = b.person(m.fromUser, m.from, m.parent)
	} else if m.toKind == "group" {
		group = cmp.Or(group, m.to)
	} else {
		e.Data.Contact = b.person(m.toUser, m.to, m.toParent)
	}
	e.Data.Conversation = b.thread(group, e.Data.Contact)
	actor := events.Actor{Role: role}
	if c := e.Data.Contact; c != nil && role == events.Customer {
		actor.Name = c.Name
		if group != "" {
			actor.Identity = &c.Identities[0]
		}
	}
	return e, actor
}

// written adds a message, or what a customer's message of that kind means.
func (b *batch) written(e events.Event, m *message, actor events.Actor, origin string) {
	from := b.referral(m)
	if actor.Role == events.Customer {
		b.openWindow(&e)
		if b.answer(e, m) || b.order(e, m) {
			b.arrival(e, m, from)
			return
		}
	}
	e.Type, e.Key = events.MessageReceived, "message:"+m.id
	if actor.Role != events.Customer {
		e.Type = events.MessageEchoed
	}
	e.Data.Message = b.asMessage(m, actor, origin)
	e.Data.Message.Referral = from
	b.add(e)
}

// openWindow says until when the customer may be answered freely. What a group's
// window is, Meta does not say.
func (b *batch) openWindow(e *events.Event) {
	if e.Data.Conversation.Kind == events.Direct && !e.Time.IsZero() {
		e.Data.Conversation.Window = &events.Window{Kind: "service", ClosesAt: e.Time.Add(serviceWindow)}
	}
}

func (b *batch) asMessage(m *message, actor events.Actor, origin string) *events.Message {
	all := &struct { // one allocation for what lives together
		message  events.Message
		content  [1]events.Content
		metadata [1]events.Field
	}{content: [1]events.Content{content(m)}}
	msg := &all.message
	*msg = events.Message{PlatformID: m.id, Actor: actor, Origin: origin, Content: all.content[:], ReplyTo: quoted(m)}
	if m.context.forwarded || m.context.often {
		msg.Forward = &events.Forward{Often: m.context.often}
	}
	if b.phoneNumberID != "" { // tells an account's numbers apart when several share its URL
		all.metadata[0] = events.Field{Name: "phone_number_id", Value: b.phoneNumberID}
		msg.Metadata = all.metadata[:]
	}
	return msg
}

func quoted(m *message) *events.Ref {
	if m.context.id == "" {
		return nil
	}
	return &events.Ref{PlatformID: m.context.id}
}

// referral is where the customer came from: an ad, a post, or a product page.
func (b *batch) referral(m *message) *events.Referral {
	if m.referral == nil && m.context.product == "" {
		return nil
	}
	r, _ := decode[referral](m.referral)
	from := &events.Referral{
		Source: r.SourceType, ID: string(r.SourceID), URL: r.SourceURL, Title: r.Headline, Body: r.Body, ClickID: r.ClickID,
		MediaType: r.MediaType, MediaURL: cmp.Or(r.ImageURL, r.VideoURL, r.ThumbnailURL),
	}
	if w := r.Welcome.Text; w != "" {
		from.Fields = append(from.Fields, events.Field{Name: "welcome_message", Value: w})
	}
	if t := r.ThumbnailURL; t != "" && t != from.MediaURL {
		from.Fields = append(from.Fields, events.Field{Name: "thumbnail_url", Value: t})
	}
	if m.context.product != "" {
		from.Source = cmp.Or(from.Source, "product")
		from.Product = strings.TrimPrefix(m.context.catalog+"/"+m.context.product, "/")
	}
	return from
}

// arrival adds the entry point of something that is no message of its own.
func (b *batch) arrival(e events.Event, m *message, from *events.Referral) {
	if from == nil {
		return
	}
	e.Type, e.Key = events.ReferralReceived, "referral:"+m.id
	e.Data.Referral = from
	b.add(e)
}

func (b *batch) reaction(e events.Event, m *message, actor events.Actor) {
	r, ok := decode[reaction](m.member())
	if !ok || r.MessageID == "" {
		b.unsupportedOf(e, "message:"+m.id, m.kind, channel.Malformed)
		return
	}
	e.Type, e.Key = events.ReactionAdded, "reaction:"+m.id
	if r.Emoji == "" {
		e.Type = events.ReactionRemoved
	}
	e.Data.Reaction = &events.Reaction{Target: events.Ref{PlatformID: r.MessageID}, Actor: actor, Emoji: r.Emoji}
	b.add(e)
}

// edit gives a message new content. WhatsApp does not count edits: the time is the revision.
func (b *batch) edit(e events.Event, m *message, actor events.Actor, origin string) {
	part, ok := decode[edit](m.member())
	if !ok || part.Original == "" || part.Message == nil {
		b.unsupportedOf(e, "message:"+m.id, m.kind, channel.Malformed)
		return
	}
	changed := message{raw: part.Message}
	changed.read(meta.NewReader(part.Message))
	changed.id = part.Original
	if changed.context.id == "" {
		changed.context = m.context
	}
	e.Type, e.Key = events.MessageEdited, "edit:"+part.Original+":"+m.id
	e.Data.Message = b.asMessage(&changed, actor, origin)
	e.Data.Message.Revision = max(1, e.Time.Unix())
	b.add(e)
}

func (b *batch) revoke(e events.Event, m *message, actor events.Actor) {
	part, ok := decode[edit](m.member())
	if !ok || part.Original == "" {
		b.unsupportedOf(e, "message:"+m.id, m.kind, channel.Malformed)
		return
	}
	e.Type, e.Key = events.MessageDeleted, "delete:"+part.Original
	e.Data.Deletion = &events.Deletion{Messages: []events.Ref{{PlatformID: part.Original}}, Actor: &actor}
	b.add(e)
}

// system moves a person's identities when the number, and with it the user id,
// changes. The event stands in the old thread; its contact is the new address.
func (b *batch) system(e events.Event, m *message) {
	s, _ := decode[system](m.member())
	newPhone := cmp.Or(s.WaID, s.NewWaID)
	oldUser := cmp.Or(s.PreviousUserID, m.fromUser)
	reason := cmp.Or(s.Type, "unknown")
	if old := b.person(oldUser, m.from, s.PreviousParent); old != nil {
		e.Data.Conversation = b.thread(m.group, old)
	}
	if current := b.person(s.UserID, newPhone, s.ParentUserID); current != nil {
		e.Data.Contact = current
	}
	before := len(b.events)
	for _, p := range []struct {
		name     string
		scheme   events.Scheme
		old, new string
	}{
		{"user_id", events.WhatsAppBSUID, oldUser, s.UserID},
		{"phone", events.Phone, channel.E164(m.from), channel.E164(newPhone)},
		{"parent_user_id", events.WhatsAppBSUID, s.PreviousParent, s.ParentUserID},
	} {
		if p.old == "" || p.new == "" || p.old == p.new {
			continue
		}
		e.Type, e.Key = events.IdentityRotated, "identity:"+m.id+":"+p.name
		e.Data.IdentityChange = &events.IdentityChange{
			Previous: &events.Identity{Scheme: p.scheme, Value: p.old},
			Current:  &events.Identity{Scheme: p.scheme, Value: p.new},
			Reason:   reason,
		}
		b.add(e)
	}
	if len(b.events) == before {
		b.unsupportedOf(e, "message:"+m.id, "system."+reason, "changes no identity")
	}
}

// answer adds what a customer chose or filled in; false when m is no answer.
func (b *batch) answer(e events.Event, m *message) bool {
	var in *events.Interaction
	switch m.kind {
	case "button":
		if p, ok := decode[button](m.member()); ok {
			in = &events.Interaction{Kind: events.QuickReplyAnswer, Option: p.Payload, Text: p.Text}
		}
	case "interactive":
		if p, ok := decode[interactive](m.member()); ok {
			in = p.interaction()
		}
	}
	if in == nil {
		return false
	}
	in.Message, in.Of = channel.Ref(m.id), quoted(m)
	e.Type, e.Key, e.Data.Interaction = events.InteractionReceived, "message:"+m.id, in
	b.add(e)
	return true
}

func (p interactive) interaction() *events.Interaction {
	switch {
	case p.Type == "button_reply" && p.ButtonReply != nil:
		return &events.Interaction{Kind: events.ButtonAnswer, Option: p.ButtonReply.ID, Text: p.ButtonReply.Title}
	case p.Type == "list_reply" && p.ListReply != nil:
		in := &events.Interaction{Kind: events.ListAnswer, Option: p.ListReply.ID, Text: p.ListReply.Title}
		if d := p.ListReply.Description; d != "" {
			in.Values = []events.Field{{Name: "description", Value: d}}
		}
		return in
	case p.Type == "nfm_reply" && p.FormReply != nil:
		return &events.Interaction{Kind: events.FormAnswer, Text: p.FormReply.Body,
			Values: formValues(p.FormReply.JSON, p.FormReply.Name)}
	case p.Type == "call_permission_reply" && p.CallReply != nil:
		in := &events.Interaction{Kind: events.PermissionAnswer, Option: p.CallReply.Response, Values: []events.Field{
			{Name: "is_permanent", Value: strconv.FormatBool(p.CallReply.Permanent)},
			{Name: "expiration_timestamp", Value: string(p.CallReply.Expires)},
			{Name: "response_source", Value: p.CallReply.Source},
		}}
		in.Values = slices.DeleteFunc(in.Values, func(f events.Field) bool { return f.Value == "" })
		return in
	}
	return nil
}

// formValues are the answers to a form of that name, which people write: what is no
// JSON object stays as it came. Those to an address form stand one level deeper.
func formValues(raw json.RawMessage, form string) []events.Field {
	text, ok := decode[string](raw)
	if !ok {
		text = string(raw)
	}
	if text == "" {
		return nil
	}
	list := fields([]byte(text))
	if list == nil {
		return []events.Field{{Name: "response_json", Value: text}}
	}
	for i, f := range list {
		if inner := fields([]byte(f.Value)); form == "address_message" && f.Name == "values" && inner != nil {
			return slices.Concat(list[:i], inner, list[i+1:])
		}
	}
	return list
}

// fields are an object's members as text; nil when raw is no object.
func fields(raw []byte) []events.Field {
	list := []events.Field{}
	r := meta.NewReader(raw)
	for key := range r.Members() {
		list = append(list, events.Field{Name: key, Value: r.Any()})
	}
	if r.End() != nil {
		return nil
	}
	return list
}

// order adds a basket; false when m is none. The message's id is the order's.
func (b *batch) order(e events.Event, m *message) bool {
	if m.kind != "order" {
		return false
	}
	o, ok := decode[order](m.member())
	if !ok {
		return false
	}
	basket := &events.Order{ID: m.id, Catalog: string(o.CatalogID), Text: o.Text, Items: []events.OrderItem{}}
	for _, i := range o.Items {
		basket.Items = append(basket.Items, events.OrderItem{
			Product: string(i.ProductID), Quantity: quantity(string(i.Quantity)),
			Price: meta.Price(string(i.Price), i.Currency),
		})
	}
	e.Type, e.Key, e.Data.Order = events.OrderReceived, "message:"+m.id, basket
	b.add(e)
	return true
}

// quantity is how many are ordered; 0 when number says nothing sensible.
func quantity(number string) int {
	const most = 1e9
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(0 <= n && n <= most) {
		return 0
	}
	return int(n)
}
