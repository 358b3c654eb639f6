package access

import "github.com/relais-dev/relais/events"

// identitiesOf are those that a fact names beside its event's contact.
func identitiesOf(d *events.Data) []*events.Identity {
	var list []*events.Identity
	if d.Status != nil {
		list = append(list, d.Status.Recipient)
	}
	if d.Receipt != nil {
		list = append(list, d.Receipt.Recipient)
	}
	if d.IdentityChange != nil {
		list = append(list, d.IdentityChange.Previous, d.IdentityChange.Current)
	}
	if d.Participants != nil {
		for i := range d.Participants.Members {
			list = append(list, &d.Participants.Members[i].Identity)
		}
	}
	return list
}

// actorsOf are who did what an event tells.
func actorsOf(d *events.Data) []*events.Actor {
	var list []*events.Actor
	if d.Message != nil {
		list = append(list, &d.Message.Actor)
	}
	if d.Reaction != nil {
		list = append(list, &d.Reaction.Actor)
	}
	if d.Typing != nil {
		list = append(list, &d.Typing.Actor)
	}
	if d.Deletion != nil && d.Deletion.Actor != nil {
		list = append(list, d.Deletion.Actor)
	}
	if d.Participants != nil && d.Participants.By != nil {
		list = append(list, d.Participants.By)
	}
	return list
}

// refsOf are the messages that an event names.
func refsOf(d *events.Data) []*events.Ref {
	var list []*events.Ref
	add := func(r *events.Ref) {
		if r != nil {
			list = append(list, r)
		}
	}
	if m := d.Message; m != nil {
		list = append(list, messageRefs(m)...)
	}
	if d.Deletion != nil {
		for i := range d.Deletion.Messages {
			add(&d.Deletion.Messages[i])
		}
	}
	if d.Status != nil {
		add(&d.Status.Message)
	}
	if d.Reaction != nil {
		add(&d.Reaction.Target)
	}
	if i := d.Interaction; i != nil {
		add(i.Message)
		add(i.Of)
	}
	if d.MediaUpdate != nil {
		add(&d.MediaUpdate.Message)
	}
	if d.Receipt != nil {
		add(d.Receipt.UpTo)
	}
	if d.Payment != nil {
		add(d.Payment.Message)
	}
	if d.Rejection != nil {
		add(&d.Rejection.Message)
	}
	return list
}

func messageRefs(m *events.Message) []*events.Ref {
	var list []*events.Ref
	if m.ReplyTo != nil {
		list = append(list, m.ReplyTo)
	}
	for i := range m.Parts {
		list = append(list, &m.Parts[i])
	}
	for _, c := range m.Content {
		if i := c.Interaction; i != nil && i.Message != nil {
			list = append(list, i.Message)
		}
		if i := c.Interaction; i != nil && i.Of != nil {
			list = append(list, i.Of)
		}
	}
	return list
}

// errorsOf are what platforms said of their refusals.
func errorsOf(d *events.Data) []*events.StatusError {
	var list []*events.StatusError
	if d.Status != nil {
		list = append(list, d.Status.Error)
	}
	if d.MediaUpdate != nil {
		list = append(list, d.MediaUpdate.Error)
	}
	if d.Payment != nil {
		list = append(list, d.Payment.Error)
	}
	if d.Rejection != nil {
		list = append(list, &d.Rejection.Error)
	}
	return list
}
