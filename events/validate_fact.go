package events

import (
	"errors"
	"fmt"
)

// validateFact checks the fact that d holds; validate has seen that it is one.
func (d *Data) validateFact() error {
	switch {
	case d.Message != nil:
		return d.Message.validate()
	case d.Deletion != nil:
		return d.Deletion.validate()
	case d.Status != nil:
		return d.Status.validate()
	case d.Reaction != nil:
		return at("data.reaction", d.Reaction.validate())
	case d.Interaction != nil:
		return at("data.interaction", d.Interaction.validate())
	case d.MediaUpdate != nil:
		return d.MediaUpdate.validate()
	case d.Typing != nil:
		return at("data.typing.actor", d.Typing.Actor.validate())
	case d.Receipt != nil:
		return at("data.receipt", d.Receipt.validate())
	case d.Participants != nil:
		return d.Participants.validate()
	case d.Handling != nil:
		return at("data.handling", d.Handling.validate())
	case d.Note != nil:
		return at("data.note", d.Note.validate())
	case d.Control != nil && d.Control.By != nil:
		return at("data.control.by", d.Control.By.validate())
	case d.IdentityChange != nil:
		return d.IdentityChange.validate()
	case d.Consent != nil && !knownConsent(d.Consent.State):
		return fmt.Errorf("data.consent.state is %q, want given or withdrawn", d.Consent.State)
	case d.Order != nil:
		return at("data.order", d.Order.validate())
	case d.Payment != nil:
		return at("data.payment", d.Payment.validate())
	case d.Health != nil && !knownHealth(d.Health.State):
		return fmt.Errorf("data.health.state is %q, want ok, warning or failing", d.Health.State)
	case d.Rejection != nil:
		return d.Rejection.validate()
	}
	return nil
}

// at puts the place before err.
func at(place string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", place, err)
}

func (m *Message) validate() error {
	if !validID(m.ID, "msg_") || len(m.Content) == 0 {
		return fmt.Errorf("data.message needs content and the id of MessageID, has %q", m.ID)
	}
	if err := m.Actor.validate(); err != nil {
		return at("data.message.actor", err)
	}
	if err := m.ReplyTo.validate(); err != nil {
		return at("data.message.replyTo", err)
	}
	if m.Order != nil {
		if err := m.Order.validate(); err != nil {
			return at("data.message.order", err)
		}
	}
	for i := range m.Content {
		if err := m.Content[i].Validate(); err != nil {
			return fmt.Errorf("data.message.content[%d]: %w", i, err)
		}
	}
	return nil
}

func (a *Actor) validate() error {
	if !knownRole(a.Role) {
		return fmt.Errorf("role is %q, want customer, agent, bot or system", a.Role)
	}
	return at("identity", a.Identity.validate())
}

func (r *Ref) validate() error {
	if r != nil && !validID(r.ID, "msg_") {
		return fmt.Errorf("id is %q, want what MessageID gives", r.ID)
	}
	return nil
}

func (d *Deletion) validate() error {
	if len(d.Messages) == 0 {
		return errors.New("data.deletion.messages is empty")
	}
	for i := range d.Messages {
		if err := d.Messages[i].validate(); err != nil {
			return fmt.Errorf("data.deletion.messages[%d]: %w", i, err)
		}
	}
	if d.Actor != nil {
		return at("data.deletion.actor", d.Actor.validate())
	}
	return nil
}

func (s *Status) validate() error {
	if err := s.Message.validate(); err != nil {
		return at("data.status.message", err)
	}
	if !knownState(s.State) {
		return fmt.Errorf("data.status.state %q is unknown", s.State)
	}
	if err := s.Recipient.validate(); err != nil {
		return at("data.status.recipient", err)
	}
	for i := range s.Degradations {
		if !knownLoss(s.Degradations[i].Loss) {
			return fmt.Errorf("data.status.degradations[%d].loss %q is unknown", i, s.Degradations[i].Loss)
		}
	}
	return at("data.status.error", s.Error.validate())
}

func (e *StatusError) validate() error {
	if e != nil && !knownClass(e.Class) {
		return fmt.Errorf("class %q is unknown; use %q when in doubt", e.Class, ClassUnknown)
	}
	return nil
}

func (r *Reaction) validate() error {
	if err := r.Target.validate(); err != nil {
		return at("target", err)
	}
	return at("actor", r.Actor.validate())
}

func (i *Interaction) validate() error {
	if !knownInteraction(i.Kind) {
		return fmt.Errorf("kind %q is unknown; use %q when in doubt", i.Kind, OtherAnswer)
	}
	return at("of", i.Of.validate())
}

func (u *MediaUpdate) validate() error {
	if err := u.Message.validate(); err != nil {
		return at("data.mediaUpdate.message", err)
	}
	if err := u.Error.validate(); err != nil {
		return at("data.mediaUpdate.error", err)
	}
	return at("data.mediaUpdate.media", u.Media.validate())
}

func (r *Receipt) validate() error {
	if r.UpTo == nil && r.UpToTime.IsZero() {
		return errors.New("needs upTo or upToTime")
	}
	if err := r.UpTo.validate(); err != nil {
		return at("upTo", err)
	}
	return at("recipient", r.Recipient.validate())
}

func (p *Participants) validate() error {
	if len(p.Members) == 0 {
		return errors.New("data.participants.members is empty")
	}
	for i := range p.Members {
		if err := p.Members[i].Identity.validate(); err != nil {
			return fmt.Errorf("data.participants.members[%d].identity: %w", i, err)
		}
	}
	if p.By != nil {
		return at("data.participants.by", p.By.validate())
	}
	return nil
}

func (h *Handling) validate() error {
	switch {
	case h.Wake != "" && h.Wake != WakeMessage && h.Wake != WakeTime:
		return fmt.Errorf("wake is %q, want message or time", h.Wake)
	case h.Seen != "" && !isSequence(h.Seen):
		return fmt.Errorf("seen is %q, want 20 digits", h.Seen)
	case h.By != nil:
		return at("by", h.By.validate())
	}
	return nil
}

func (n *Note) validate() error {
	if Blank(n.Text) {
		return errors.New("text is empty")
	}
	if n.By != nil {
		return at("by", n.By.validate())
	}
	return nil
}

func (c *IdentityChange) validate() error {
	if c.Previous == nil && c.Current == nil {
		return errors.New("data.identityChange needs previous or current")
	}
	if err := c.Previous.validate(); err != nil {
		return at("data.identityChange.previous", err)
	}
	return at("data.identityChange.current", c.Current.validate())
}

func (o *Order) validate() error {
	if o.Items == nil {
		return errors.New("needs items, even if empty")
	}
	return nil
}

func (p *Payment) validate() error {
	if !knownPayment(p.State) {
		return fmt.Errorf("state %q is unknown", p.State)
	}
	if err := p.Message.validate(); err != nil {
		return at("message", err)
	}
	return at("error", p.Error.validate())
}

func (r *Rejection) validate() error {
	if err := r.Message.validate(); err != nil {
		return at("data.rejection.message", err)
	}
	return at("data.rejection.error", r.Error.validate())
}
