package events

import "testing"

// Every fact's own rule, broken once: Validate and the schema both refuse.
func TestFactRefused(t *testing.T) {
	s := compileSchemas(t)
	samples := map[Type]Event{}
	for _, one := range samplesIn() {
		samples[one.event.Type] = one.event
	}
	for _, c := range []struct {
		typ   Type
		spoil Data // replaces the fact
	}{
		{MessageDeleted, Data{Deletion: &Deletion{}}},
		{MessageDeleted, Data{Deletion: &Deletion{Messages: []Ref{{}}}}},
		{MessageStatus, Data{Status: &Status{State: Sent}}},
		{MessageStatus, Data{Status: &Status{Message: Ref{ID: MessageID("c", "a", "1")}, State: "seen"}}},
		{MessageStatus, Data{Status: &Status{Message: Ref{ID: MessageID("c", "a", "1")}, State: Failed,
			Error: &StatusError{Class: "bad"}}}},
		{ReactionAdded, Data{Reaction: &Reaction{Actor: Actor{Role: Customer}}}},
		{InteractionReceived, Data{Interaction: &Interaction{Kind: "wink"}}},
		{MediaStored, Data{MediaUpdate: &MediaUpdate{Message: Ref{ID: MessageID("c", "a", "1")},
			Media: Media{Type: Image}}}},
		{PresenceTyping, Data{Typing: &Typing{}}},
		{ReceiptRead, Data{Receipt: &Receipt{}}},
		{ParticipantJoined, Data{Participants: &Participants{}}},
		{IdentityLinked, Data{IdentityChange: &IdentityChange{}}},
		{ConsentChanged, Data{Consent: &Consent{State: "maybe"}}},
		{OrderReceived, Data{Order: &Order{}}},
		{PaymentUpdated, Data{Payment: &Payment{State: "won"}}},
		{ChannelHealth, Data{Health: &Health{State: "fine"}}},
		{SendRejected, Data{Rejection: &Rejection{Error: StatusError{Class: ClassRate}}}},
		{ConversationWindowChanged, Data{}},
	} {
		e := samples[c.typ]
		thread := *e.Data.Conversation
		thread.Window = nil
		c.spoil.Channel, c.spoil.Account, c.spoil.Conversation = e.Channel, e.Account, &thread
		e.Data = c.spoil
		if err := e.Validate(); err == nil {
			t.Errorf("Validate accepts %s", document(t, e))
		}
		if s.check(t, string(c.typ)+schemaSuffix, document(t, e)) == nil {
			t.Errorf("the schema accepts %s", document(t, e))
		}
	}
}

// Every content kind's own rule, broken once.
func TestOutboundContentRefused(t *testing.T) {
	s := compileSchemas(t)
	for _, c := range []struct {
		content Content
		path    string
	}{
		{Content{Kind: KindText, Text: &Text{Body: "a", Format: "html"}}, "text.format"},
		{Content{Kind: KindMedia, Media: &Media{Type: "gif", URL: "https://example.com/a"}}, "media.type"},
		{Content{Kind: KindMedia, Media: &Media{Type: Image, SHA256: "AB"}}, "media.sha256"},
		{Content{Kind: KindLocation, Location: &Location{Longitude: -181}}, "location.longitude"},
		{Content{Kind: KindContacts, Contacts: []Card{{}}}, "contacts[0].name"},
		{Content{Kind: KindChoice, Choice: &Choice{Text: "?", Options: []Option{{ID: "a", Label: "A", Action: "dance"}}}},
			"choice.options[0].action"},
		{Content{Kind: KindChoice, Choice: &Choice{Text: "?", Options: []Option{{ID: "a", Label: "A", Action: ActionCall}}}},
			"choice.options[0].value"},
		{Content{Kind: KindCards, Cards: []Panel{{}}}, "cards[0].title"},
		{Content{Kind: KindForm, Form: &Form{ID: "a", Title: "A", Fields: []FormField{{ID: "b", Label: "B",
			Type: InputSelect}}}}, "form.fields[0].options"},
		{Content{Kind: KindSchedule, Schedule: &Schedule{ID: "a", Title: "A"}}, "schedule.slots"},
		{Content{Kind: KindSchedule, Schedule: &Schedule{ID: "a", Title: "A", Slots: []Slot{{ID: "s", Start: noon}}}},
			"schedule.slots[0].durationMs"},
		{Content{Kind: KindPayment, Payment: &Payment{Reference: "r", Amount: &Money{1, "eur"}}}, "payment.amount.currency"},
		{Content{Kind: KindPayment, Payment: &Payment{Reference: "r", State: PayPaid, Amount: &Money{1, "EUR"}}},
			"payment.state"},
		{Content{Kind: KindProduct, Product: &Product{}}, "product.id"},
		{Content{Kind: KindOrder, Order: &Order{Items: []OrderItem{{Product: "p"}}}}, "order.items[0].quantity"},
		{Content{Kind: KindTemplate, Template: &Template{Name: "n"}}, "template.language"},
		{Content{Kind: KindLink, Link: &Link{URL: "javascript:alert(1)"}}, "link.url"},
		{Content{Kind: KindNative, Native: &Native{JSON: "{}"}}, "native.channel"},
	} {
		o := textSamples()[0].outbound
		o.Content = []Content{c.content}
		faults, _ := o.Validate().(Faults)
		if len(faults) != 1 || faults[0].Path != "content[0]."+c.path {
			t.Errorf("Validate says %v, want one fault at %s", faults, c.path)
		}
		if s.check(t, "message.schema.json", document(t, o)) == nil {
			t.Errorf("the schema accepts %s", c.path)
		}
	}
}
