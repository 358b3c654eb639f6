package whatsapp

import (
	"cmp"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// status adds what became of a message, or of a payment that one asked for.
func (b *batch) status(s *status) {
	e := events.Event{Time: meta.Time(s.time), Raw: s.raw}
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
		Message: events.Ref{PlatformID: s.id}, State: state, Correlation: s.correlation, Error: failure(s),
	}
	if s.priced {
		e.Data.Status.Pricing = &events.Pricing{Billable: s.billable, Model: s.model, Category: s.category, Type: s.pricingType}
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

func failure(s *status) *events.StatusError {
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
	for _, f := range []events.Field{{Name: "transaction_id", Value: t.ID}, {Name: "transaction_type", Value: t.Type}, {Name: "transaction_status", Value: t.Status}} {
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
		Type: events.ChannelHealth, Time: meta.Time(b.entryTime), Key: "error:" + channel.Digest(raw, b.entryTime), Raw: raw,
		Data: events.Data{Health: h},
	})
}

// classify is the class of an error code.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
func classify(code int) meta.Class {
	switch code {
	case 131000, 131016, 131057, 133004, 2494100:
		return meta.Class{Name: events.ClassPlatform, Retryable: true}
	case 130429, 131048, 131056, 131064, 133016:
		return meta.Class{Name: events.ClassRate, Retryable: true, Remedy: "send more slowly"}
	case 131005, 131045, 133010:
		return meta.Class{Name: events.ClassAuth, Remedy: "check the number's registration and the token's permissions"}
	case 131031:
		return meta.Class{Name: events.ClassAuth, Remedy: "the account is locked: see Meta's Account Quality page"}
	case 131042:
		return meta.Class{Name: events.ClassAuth, Remedy: "settle the account's payment method with Meta"}
	case 131047:
		return meta.Class{Name: events.ClassWindow, Remedy: "send a template"}
	case 131050:
		return meta.Class{Name: events.ClassConsent, Remedy: "send no marketing until the customer resumes it"}
	case 131049:
		return meta.Class{Name: events.ClassPolicy, Remedy: "wait at least 24 hours before the next marketing message"}
	case 131021, 131026, 131030, 131037, 131044, 130472, 130497:
		return meta.Class{Name: events.ClassRecipient}
	case 131062:
		return meta.Class{Name: events.ClassRecipient, Remedy: "authentication templates need a phone number"}
	case 131052, 131053:
		return meta.Class{Name: events.ClassMedia, Retryable: true, Remedy: "check type and size; retry once"}
	case 131063:
		return meta.Class{Name: events.ClassTemplate, Remedy: "send it through the marketing messages API"}
	case 131008, 131009, 131051, 134011, 135000, 137000:
		return meta.Class{Name: events.ClassContent}
	}
	switch {
	case 132000 <= code && code <= 132069:
		return meta.Class{Name: events.ClassTemplate}
	case 131200 <= code && code <= 131299, 147000 <= code && code <= 147999, 139100 <= code && code <= 139103:
		return meta.Class{Name: events.ClassContent} // groups, usernames, blocking: our request
	}
	return meta.Classify(code)
}
