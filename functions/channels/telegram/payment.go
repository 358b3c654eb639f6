package telegram

import (
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Currency of Telegram Stars (https://core.telegram.org/bots/payments-stars).
const stars = "XTR"

// events of a query that must be answered before money moves: the shipping query
// asks for delivery options, the pre-checkout query for the final word within 10
// seconds (https://core.telegram.org/bots/api#answerprecheckoutquery). Which of
// the two is meant stands in the field "query". Neither names a chat: the customer
// is answered in his own.
func (q *paymentQuery) events(u *update, kind string) []events.Event {
	if q == nil {
		return nil
	}
	if q.ID == "" {
		return u.bare(kind, channel.Malformed)
	}
	p := &events.Payment{Reference: q.Payload, State: events.PayCheckout, Callback: q.ID,
		Fields: []events.Field{{Name: "query", Value: kind}}}
	if q.Total != nil {
		p.Amount, p.Provider = &events.Money{Amount: *q.Total, Currency: q.Currency}, provider(q.Currency)
	}
	p.Fields = append(p.Fields, orderFields(q.ShippingOption, q.Order, q.Address)...)
	return []events.Event{u.payment("payment:"+kind+":"+q.ID, q.From, p)}
}

// payment is the event of p, in the private chat with the customer.
func (u *update) payment(key string, from *user, p *events.Payment) events.Event {
	e := u.event(events.PaymentUpdated, key, 0, direct(from), contact(from))
	e.Data.Payment = p
	return e
}

func provider(currency string) string {
	if currency == stars {
		return "telegram-stars"
	}
	return "telegram"
}

func orderFields(option string, o *orderInfo, a *address) []events.Field {
	var f fields
	f.add("shipping_option_id", option)
	if o != nil {
		f.add("name", o.Name)
		f.add("phone_number", o.Phone)
		f.add("email", o.Email)
		if a == nil {
			a = o.Address
		}
	}
	if a != nil {
		f.add("country_code", a.Country)
		f.add("state", a.State)
		f.add("city", a.City)
		f.add("street_line1", a.Street1)
		f.add("street_line2", a.Street2)
		f.add("post_code", a.PostCode)
	}
	return f
}

// paymentEvents are what m tells of money that moved.
func (m *message) paymentEvents(u *update) []events.Event {
	var evs []events.Event
	add := func(r *paymentResult, state string) {
		if r == nil {
			return
		}
		ref := m.platformID(u)
		e := m.event(u, events.PaymentUpdated, "payment:"+ref+":"+state)
		e.Data.Payment = r.payment(state)
		e.Data.Payment.Message = &events.Ref{PlatformID: ref}
		evs = append(evs, e)
	}
	add(m.Paid, events.PayPaid)
	add(m.Refunded, events.PayRefunded)
	return evs
}

// payment is r. Its charge is Telegram's, by which Stars are refunded.
func (r *paymentResult) payment(state string) *events.Payment {
	var f fields
	f.add("provider_payment_charge_id", r.ProviderCharge)
	f.number("subscription_expiration_date", r.Expires)
	if r.Recurring {
		f.add("is_recurring", "true")
	}
	if r.FirstRecurring {
		f.add("is_first_recurring", "true")
	}
	return &events.Payment{
		Reference: r.Payload, State: state, Amount: &events.Money{Amount: r.Total, Currency: r.Currency},
		Provider: provider(r.Currency), Charge: r.Charge, Fields: append(f, orderFields(r.ShippingOption, r.Order, nil)...),
	}
}

// payment of an invoice that is shown in a chat. Its payload, which is the
// merchant's reference, is seen by the paying customer's bot only.
func (i *invoice) payment() *events.Payment {
	var f fields
	f.add("title", i.Title)
	f.add("description", i.Description)
	return &events.Payment{
		Reference: i.Start, State: events.PayRequested, Amount: &events.Money{Amount: i.Total, Currency: i.Currency},
		Provider: provider(i.Currency), Fields: f,
	}
}

func (p *paidMediaPurchase) events(u *update) []events.Event {
	if p == nil {
		return nil
	}
	return []events.Event{u.payment("payment:paid_media:"+id(*u.ID), p.From, &events.Payment{
		Reference: p.Payload, State: events.PayPaid, Provider: provider(stars),
		Fields: []events.Field{{Name: "item", Value: "paid_media"}},
	})}
}

// events of a subscription. Only a failed one says something of money; the others
// say whether the customer agrees to be charged again.
func (s *subscription) events(u *update) []events.Event {
	if s == nil {
		return nil
	}
	key := "subscription:" + id(*u.ID)
	consent := &events.Consent{Scope: "subscription", Reason: s.State, Template: s.Payload}
	switch s.State {
	case "active":
		consent.State = events.ConsentGiven
	case "canceled":
		consent.State = events.ConsentWithdrawn
	case "failed":
		return []events.Event{u.payment(key, s.User, &events.Payment{
			Reference: s.Payload, State: events.PayFailed, Fields: []events.Field{{Name: "item", Value: "subscription"}},
		})}
	default:
		return u.bare("subscription", "unknown state")
	}
	e := u.event(events.ConsentChanged, key, 0, direct(s.User), contact(s.User))
	e.Data.Consent = consent
	return []events.Event{e}
}
