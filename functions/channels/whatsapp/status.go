package whatsapp

import (
	"cmp"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// status adds what became of a message, or of a payment that one asked for.
func (b *batch) status(s *status) {
	e := events.Event{Time: channel.UnixText(s.time), Raw: s.raw}
	member, group := b.recipient(&e, s)
	state, known := stateOf(s.state)
	switch {
	case !s.ok || s.id == "" || s.state == "":
		b.unsupported("status", channel.Malformed, s.raw)
		return
	case s.kind == "payment":
		b.payment(e, s)
		return
	case !known:
		b.unsupportedOf(e, "status:"+s.id+":"+s.state, "status."+s.state, "unknown state")
		return
	}
	e.Type, e.Key = events.MessageStatus, "status:"+s.id+":"+s.state
	e.Data.Status = &events.Status{
		Message: events.Ref{PlatformID: s.id}, State: state, Correlation: s.correlation, Error: s.failure(),
	}
	if s.priced {
		e.Data.Status.Pricing = &events.Pricing{Billable: s.billable, Model: s.model, Category: s.category,
			Type: s.pricingType}
	}
	if group && member != "" {
		e.Key += ":" + member
		e.Data.Status.Recipient = &e.Data.Contact.Identities[0]
	}
	b.add(e)
}

// recipient sets whom a status is about: a person, or a group and one of its members.
func (b *batch) recipient(e *events.Event, s *status) (member string, group bool) {
	if s.recipientKind != "group" {
		e.Data.Contact = b.person(s.user, s.recipient, s.parent)
		e.Data.Conversation = b.thread("", e.Data.Contact)
		return "", false
	}
	member = cmp.Or(s.participant, s.participantUser)
	if e.Data.Contact = b.person(cmp.Or(s.participantUser, s.user), s.participant, s.parent); e.Data.Contact == nil {
		member = ""
	}
	e.Data.Conversation = b.thread(s.recipient, e.Data.Contact)
	return member, true
}

func stateOf(state string) (events.State, bool) {
	switch s := events.State(state); s {
	case events.Sent, events.Delivered, events.Read, events.Played, events.Failed, events.Deleted:
		return s, true
	}
	return "", false
}

func (s *status) failure() *events.StatusError {
	list, _ := decode[[]meta.Error](s.errors)
	if len(list) == 0 {
		return nil
	}
	return list[0].Status(classify(list[0].Number()))
}

// payment adds a payment's state. Each transaction and each refund is its own fact.
func (b *batch) payment(e events.Event, s *status) {
	p, ok := decode[payment](s.payment)
	state := paymentState(s.state)
	if !ok || state == "" {
		b.unsupportedOf(e, "payment:"+s.id+":"+s.state, "payment."+s.state, "unknown state or payment")
		return
	}
	t := p.Transaction
	e.Type, e.Key = events.PaymentUpdated, "payment:"+s.id+":"+s.state
	out := &events.Payment{
		Reference: p.Reference, State: state, Amount: meta.Scaled(p.Amount.Value, p.Amount.Offset, p.Currency),
		Charge: cmp.Or(t.Provider, t.ID), Method: t.Method.Type, Message: &events.Ref{PlatformID: s.id},
	}
	for _, f := range []events.Field{{Name: "transaction_id", Value: t.ID}, {Name: "transaction_type", Value: t.Type},
		{Name: "transaction_status", Value: t.Status}} {
		if f.Value != "" {
			out.Fields = append(out.Fields, f)
		}
	}
	if t.ID != "" {
		e.Key += ":" + t.ID
	}
	if n := len(p.Refunds); n > 0 {
		out.State = events.PayRefunded
		e.Key += ":refund" + strconv.Itoa(n)
		out.Fields = append(out.Fields, events.Field{Name: "refunds", Value: strconv.Itoa(n)})
	}
	if t.Error != nil {
		out.Error = &events.StatusError{Class: events.ClassUnknown, Code: string(t.Error.Code), Title: t.Error.Reason}
	}
	e.Data.Payment = out
	b.add(e)
}

func paymentState(state string) string {
	switch state {
	case "pending":
		return events.PayPending
	case "captured":
		return events.PayPaid
	case "failed":
		return events.PayFailed
	}
	return ""
}

// fault adds an error that concerns no message: something for the operator.
func (b *batch) fault(raw []byte) {
	f, ok := decode[meta.Error](raw)
	if !ok {
		b.unsupported("error", channel.Malformed, raw)
		return
	}
	c := classify(f.Number())
	h := &events.Health{Aspect: "account", State: events.HealthWarning, Detail: f.Text(), Fields: []events.Field{
		{Name: "code", Value: string(f.Code)}, {Name: "class", Value: c.Name},
	}}
	if c.Name == events.ClassAuth {
		h.State = events.HealthFailing
	}
	b.add(events.Event{
		Type: events.ChannelHealth, Time: channel.UnixText(b.entryTime), Key: "error:" + channel.Digest(raw, b.occasion),
		Raw:  raw,
		Data: events.Data{Health: h},
	})
}
