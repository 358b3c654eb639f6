package channel

import (
	"fmt"
	"time"

	"github.com/relais-dev/relais/events"
)

// Events parses r and completes what it holds into valid events. r must have
// been verified.
func (c Channel) Events(a Account, r Request) ([]events.Event, error) {
	evs, err := c.Parse(a, r)
	if err != nil {
		return nil, err
	}
	for i := range evs {
		Complete(&evs[i], c.Name, a.ID, r.Received)
		if evs[i].Key == "" {
			return nil, fmt.Errorf("%s event %d has no key", evs[i].Type, i)
		}
		if err := evs[i].Validate(); err != nil {
			return nil, err
		}
	}
	return evs, nil
}

// Complete derives e's envelope and every id in it from what a channel said.
// Without a conversation the event belongs to the account's own thread; without
// a time it happened when it was received.
func Complete(e *events.Event, name, account string, received time.Time) {
	d := &e.Data
	d.Channel, d.Account = name, account
	if d.Conversation == nil {
		d.Conversation = &events.Conversation{PlatformID: events.OwnThread, Kind: events.Own}
	}
	completeNames(d)
	if d.Conversation.Kind == "" {
		d.Conversation.Kind = events.Direct
	}
	d.Conversation.ID = events.ConversationID(name, account, d.Conversation.PlatformID)
	if d.Contact != nil && len(d.Contact.Identities) > 0 {
		d.Contact.ID = events.ContactID(name, account, d.Contact.Identities[0])
		if d.Person != nil && d.Person.ID == "" {
			d.Person.ID = d.Contact.ID
		}
	}
	e.SpecVersion, e.DataContentType = events.SpecVersion, events.ContentType
	e.ID = events.EventID(name, account, e.Key)
	e.Source = events.Source(name, account)
	e.Subject, e.PartitionKey = d.Conversation.ID, d.Conversation.ID
	e.DataSchema = events.SchemaRoot + string(e.Type) + ".schema.json"
	e.Channel, e.Account = name, account
	e.RecordedTime = received.UTC().Truncate(time.Millisecond)
	if e.Time.IsZero() {
		e.Time = e.RecordedTime
	}
	e.Time = e.Time.UTC()
	completeRefs(d, func(platformID string) string { return events.MessageID(name, account, platformID) })
}

func completeRefs(d *events.Data, id func(string) string) {
	ref := func(r *events.Ref) {
		if r != nil && r.PlatformID != "" {
			r.ID = id(r.PlatformID)
		}
	}
	if m := d.Message; m != nil {
		m.ID = id(m.PlatformID)
		ref(m.ReplyTo)
		for i := range m.Content {
			if in := m.Content[i].Interaction; in != nil {
				ref(in.Message)
				ref(in.Of)
			}
		}
	}
	if d.Deletion != nil {
		for i := range d.Deletion.Messages {
			ref(&d.Deletion.Messages[i])
		}
	}
	if d.Status != nil {
		ref(&d.Status.Message)
	}
	if d.Reaction != nil {
		ref(&d.Reaction.Target)
	}
	if d.Interaction != nil {
		ref(d.Interaction.Message)
		ref(d.Interaction.Of)
	}
	if d.MediaUpdate != nil {
		ref(&d.MediaUpdate.Message)
	}
	if d.Receipt != nil {
		ref(d.Receipt.UpTo)
	}
	if d.Payment != nil {
		ref(d.Payment.Message)
	}
	if d.Rejection != nil {
		ref(&d.Rejection.Message)
	}
}
