package events

import (
	"errors"
	"fmt"
)

// Validate says whether c holds the one member that its kind names, and whether
// that member says what it must.
func (c *Content) Validate() error {
	n, own := 0, false
	for _, m := range c.members() {
		if m.set {
			n++
			own = own || m.kind == c.Kind
		}
	}
	if n != 1 || !own {
		return fmt.Errorf("kind %q needs its own member alone, has %q", c.Kind, c.memberKinds())
	}
	return at(string(c.Kind), c.validateMember())
}

type member struct {
	kind Kind
	set  bool
}

func (c *Content) members() [18]member {
	return [...]member{
		{KindText, c.Text != nil}, {KindMedia, c.Media != nil}, {KindLocation, c.Location != nil}, {KindContacts,
			len(c.Contacts) > 0},
		{KindChoice, c.Choice != nil}, {KindCards, len(c.Cards) > 0}, {KindForm, c.Form != nil}, {KindSchedule,
			c.Schedule != nil},
		{KindPayment, c.Payment != nil}, {KindProduct, c.Product != nil}, {KindOrder, c.Order != nil}, {KindTemplate,
			c.Template != nil},
		{KindLink, c.Link != nil}, {KindInteraction, c.Interaction != nil}, {KindStory, c.Story != nil}, {KindPost,
			c.Post != nil},
		{KindNative, c.Native != nil}, {KindUnsupported, c.Unsupported != nil},
	}
}

func (c *Content) memberKinds() []Kind {
	var kinds []Kind
	for _, m := range c.members() {
		if m.set {
			kinds = append(kinds, m.kind)
		}
	}
	return kinds
}

// validateMember checks the member that c's kind names; Validate has seen it.
func (c *Content) validateMember() error {
	switch c.Kind {
	case KindText:
		if !knownFormat(c.Text.Format) {
			return fmt.Errorf("format %q is unknown", c.Text.Format)
		}
	case KindMedia:
		return c.Media.validate()
	case KindContacts:
		return validateCards(c.Contacts)
	case KindChoice:
		return c.Choice.validate()
	case KindCards:
		return validatePanels(c.Cards)
	case KindForm:
		return c.Form.validate()
	case KindSchedule:
		if c.Schedule.Slots == nil {
			return errors.New("needs slots, even if empty")
		}
	case KindPayment:
		return c.Payment.validate()
	case KindOrder:
		return c.Order.validate()
	case KindTemplate:
		return c.Template.validate()
	case KindInteraction:
		return c.Interaction.validate()
	}
	return nil
}

func (m *Media) validate() error {
	if !knownMedia(m.Type) || !knownMediaState(m.State) {
		return fmt.Errorf("type %q or state %q is unknown", m.Type, m.State)
	}
	return nil
}

func validateCards(cards []Card) error {
	for i := range cards {
		if err := cards[i].Identity.validate(); err != nil {
			return fmt.Errorf("[%d].identity: %w", i, err)
		}
	}
	return nil
}

func (c *Choice) validate() error {
	if c.Options == nil {
		return errors.New("needs options, even if empty")
	}
	if !knownStyle(c.Style) {
		return fmt.Errorf("style %q is unknown", c.Style)
	}
	if c.Header != nil {
		if err := c.Header.validate(); err != nil {
			return at("header", err)
		}
	}
	return validateOptions(c.Options)
}

func validateOptions(options []Option) error {
	for i := range options {
		if !knownAction(options[i].Action) {
			return fmt.Errorf("options[%d]: action %q is unknown", i, options[i].Action)
		}
	}
	return nil
}

func validatePanels(panels []Panel) error {
	for i := range panels {
		if panels[i].Media != nil {
			if err := panels[i].Media.validate(); err != nil {
				return fmt.Errorf("[%d].media: %w", i, err)
			}
		}
		if err := validateOptions(panels[i].Options); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return nil
}

func (f *Form) validate() error {
	for i := range f.Fields {
		if !knownInput(f.Fields[i].Type) {
			return fmt.Errorf("fields[%d]: type %q is unknown", i, f.Fields[i].Type)
		}
		if err := validateOptions(f.Fields[i].Options); err != nil {
			return fmt.Errorf("fields[%d]: %w", i, err)
		}
	}
	return nil
}

func (t *Template) validate() error {
	for i := range t.Fallback {
		if err := t.Fallback[i].Validate(); err != nil {
			return fmt.Errorf("fallback[%d]: %w", i, err)
		}
	}
	return nil
}
