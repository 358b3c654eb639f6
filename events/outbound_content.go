package events

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf16"
)

// member checks the member that p's kind names; part has seen that it is there.
func (c *checker) member(p *Content, path string) {
	switch p.Kind {
	case KindText:
		c.text(p.Text, path)
	case KindMedia:
		c.media(p.Media, path)
	case KindLocation:
		c.location(p.Location, path)
	case KindContacts:
		c.cards(p.Contacts, path)
	case KindChoice:
		c.choice(p.Choice, path)
	case KindCards:
		c.panels(p.Cards, path)
	case KindForm:
		c.form(p.Form, path)
	case KindSchedule:
		c.schedule(p.Schedule, path)
	case KindPayment:
		c.payment(p.Payment, path)
	case KindProduct:
		c.product(p.Product, path)
	case KindOrder:
		c.order(p.Order, path)
	case KindTemplate:
		c.template(p.Template, path)
	case KindLink:
		c.https(p.Link.URL, dot(path, "url"))
		c.optionalHTTPS(p.Link.Image, dot(path, "image"))
	case KindNative:
		c.filled(p.Native.Channel, dot(path, "channel"))
		c.need(json.Valid([]byte(p.Native.JSON)), dot(path, "json"), "must be one JSON document, as text")
	}
}

func (c *checker) text(t *Text, path string) {
	c.filled(t.Body, dot(path, "body"))
	c.need(knownFormat(t.Format), dot(path, "format"), "must be plain or markdown")
	c.entities(t.Entities, t.Body, dot(path, "entities"))
}

func (c *checker) entities(entities []Entity, body, path string) {
	if len(entities) == 0 {
		return
	}
	units := len(utf16.Encode([]rune(body)))
	for i, e := range entities {
		c.filled(e.Type, index(path, i)+".type")
		if e.Type == "link" && e.Value != "" {
			c.need(isLink(e.Value), index(path, i)+".value", "must be an address with its scheme")
		}
		c.need(e.Offset >= 0 && e.Length > 0 && e.Offset <= units-e.Length, index(path, i),
			"must lie within the text, in UTF-16 units")
	}
}

func (c *checker) media(m *Media, path string) {
	c.need(knownMedia(m.Type), dot(path, "type"), "must be image, video, audio, voice, file, sticker or animation")
	c.need(m.State == "" || knownMediaState(m.State), dot(path, "state"), "must be a media state or absent")
	c.need(m.URL != "" || m.SHA256 != "" || m.PlatformID != "", path,
		"must have a url, the sha256 of a stored file or a platformId")
	c.optionalHTTPS(m.URL, dot(path, "url"))
	c.need(m.SHA256 == "" || isSHA256(m.SHA256), dot(path, "sha256"), "must be 64 lower-case hex digits")
	c.need(m.Bytes >= 0 && m.Width >= 0 && m.Height >= 0 && m.DurationMS >= 0, path, "must not have negative measures")
	c.entities(m.Entities, m.Caption, dot(path, "entities"))
}

func (c *checker) location(l *Location, path string) {
	c.need(l.Latitude >= -90 && l.Latitude <= 90, dot(path, "latitude"), "must be between -90 and 90 degrees")
	c.need(l.Longitude >= -180 && l.Longitude <= 180, dot(path, "longitude"), "must be between -180 and 180 degrees")
	c.optionalHTTPS(l.URL, dot(path, "url"))
}

func (c *checker) cards(cards []Card, path string) {
	for i := range cards {
		card, p := &cards[i], index(path, i)
		c.filled(card.Name, dot(p, "name"))
		if card.Identity != nil {
			c.identity(card.Identity, dot(p, "identity"))
		}
	}
}

func (c *checker) choice(ch *Choice, path string) {
	c.filled(ch.Text, dot(path, "text"))
	c.need(knownStyle(ch.Style), dot(path, "style"), "must be buttons, quick, list or picker")
	if ch.Header != nil {
		c.media(ch.Header, dot(path, "header"))
	}
	c.need(len(ch.Options) > 0, dot(path, "options"), "must not be empty")
	c.options(ch.Options, dot(path, "options"))
}

// options checks a list of options; ids must differ, since they are the answer.
func (c *checker) options(options []Option, path string) {
	var seen []string
	for i := range options {
		o, p := &options[i], index(path, i)
		c.need(isID(o.ID) && len(o.ID) <= MaxOptionID, dot(p, "id"),
			"must have 1 to 64 bytes, and nothing at its ends that cannot be seen")
		c.need(!slices.Contains(seen, o.ID), dot(p, "id"), "must not repeat")
		seen = append(seen, o.ID)
		c.filled(o.Label, dot(p, "label"))
		c.need(knownAction(o.Action), dot(p, "action"),
			"must be reply, postback, url, call, location, contact, webview or copy")
		c.optionValue(o, dot(p, "value"))
		c.optionalHTTPS(o.Image, dot(p, "image"))
	}
}

func (c *checker) optionValue(o *Option, path string) {
	switch o.Action {
	case ActionURL, ActionWebView:
		c.https(o.Value, path)
	case ActionCall:
		_, ok := PhoneNumber(o.Value)
		c.need(ok, path, "must be a phone number with its country: +49 30 5550122")
	case ActionCopy:
		c.filled(o.Value, path)
	}
}

func (c *checker) panels(panels []Panel, path string) {
	for i := range panels {
		p := index(path, i)
		c.filled(panels[i].Title, dot(p, "title"))
		if panels[i].Media != nil {
			c.media(panels[i].Media, dot(p, "media"))
		}
		c.options(panels[i].Options, dot(p, "options"))
	}
}

func (c *checker) form(f *Form, path string) {
	c.id(f.ID, dot(path, "id"))
	c.filled(f.Title, dot(path, "title"))
	c.optionalHTTPS(f.URL, dot(path, "url"))
	for i := range f.Fields {
		field, p := &f.Fields[i], index(dot(path, "fields"), i)
		c.id(field.ID, dot(p, "id"))
		c.filled(field.Label, dot(p, "label"))
		c.need(knownInput(field.Type), dot(p, "type"), "must be text, number, date, email, phone or select")
		c.need(field.Type != InputSelect || len(field.Options) > 0, dot(p, "options"), "must not be empty for a select")
		c.options(field.Options, dot(p, "options"))
	}
}

func (c *checker) schedule(s *Schedule, path string) {
	c.id(s.ID, dot(path, "id"))
	c.filled(s.Title, dot(path, "title"))
	c.need(len(s.Slots) > 0, dot(path, "slots"), "must not be empty")
	for i, slot := range s.Slots {
		p := index(dot(path, "slots"), i)
		c.id(slot.ID, dot(p, "id"))
		c.need(!slot.Start.IsZero(), dot(p, "start"), "must be a time")
		c.need(slot.DurationMS > 0, dot(p, "durationMs"), "must be positive")
	}
	if s.Location != nil {
		c.location(s.Location, dot(path, "location"))
	}
}

func (c *checker) payment(p *Payment, path string) {
	c.filled(p.Reference, dot(path, "reference"))
	c.need(p.State == "" || p.State == PayRequested, dot(path, "state"), "must be requested or absent")
	if p.Amount == nil {
		c.fault(dot(path, "amount"), "must be present")
	} else {
		c.money(p.Amount, dot(path, "amount"))
	}
	for i := range p.Lines {
		line := index(dot(path, "lines"), i)
		c.filled(p.Lines[i].Label, dot(line, "label"))
		c.currency(p.Lines[i].Amount.Currency, dot(line, "amount.currency"))
	}
	c.optionalHTTPS(p.URL, dot(path, "url"))
}

// money checks an amount to be asked for; lines may be negative (discounts).
func (c *checker) money(m *Money, path string) {
	c.need(m.Amount > 0, dot(path, "amount"), "must be positive, in minor units")
	c.currency(m.Currency, dot(path, "currency"))
}

func (c *checker) currency(s, path string) {
	ok := len(s) == 3
	for i := range len(s) {
		ok = ok && s[i] >= 'A' && s[i] <= 'Z'
	}
	c.need(ok, path, "must be three capital letters, as ISO 4217 has them")
}

func (c *checker) product(p *Product, path string) {
	c.filled(p.ID, dot(path, "id"))
	c.optionalHTTPS(p.URL, dot(path, "url"))
	c.optionalHTTPS(p.Image, dot(path, "image"))
	if p.Price != nil {
		c.currency(p.Price.Currency, dot(path, "price.currency"))
	}
}

func (c *checker) order(o *Order, path string) {
	c.need(len(o.Items) > 0, dot(path, "items"), "must not be empty")
	for i := range o.Items {
		item, p := &o.Items[i], index(dot(path, "items"), i)
		c.filled(item.Product, dot(p, "product"))
		c.need(item.Quantity > 0, dot(p, "quantity"), "must be positive")
		if item.Price != nil {
			c.currency(item.Price.Currency, dot(p, "price.currency"))
		}
	}
}

func (c *checker) template(t *Template, path string) {
	c.filled(t.Name, dot(path, "name"))
	c.need(isLanguage(t.Language), dot(path, "language"), "must be a language tag: en, pt-BR")
	c.parameters(t.Parameters, dot(path, "parameters"))
	for i := range t.Fallback {
		p := index(dot(path, "fallback"), i)
		if t.Fallback[i].Kind == KindTemplate {
			c.fault(dot(p, "kind"), "must not be a template again")
			continue
		}
		c.part(&t.Fallback[i], p)
	}
}

// parameters checks a template's: a platform refuses the message for one that is
// empty, and who reads the refusal wants to know which.
func (c *checker) parameters(list []Field, path string) {
	var seen []string
	for i, f := range list {
		p := index(path, i)
		c.filled(f.Name, dot(p, "name"))
		c.need(!slices.Contains(seen, f.Name), dot(p, "name"), "must not repeat")
		seen = append(seen, f.Name)
		if !Blank(f.Name) && Blank(f.Value) {
			c.fault(dot(p, "value"), "must not be empty: the parameter %s", shown(f.Name))
		}
	}
}

// isLanguage says whether s has the form of a language tag, with either separator.
// https://www.rfc-editor.org/rfc/rfc5646#section-2.1
func isLanguage(s string) bool {
	parts := strings.FieldsFunc(Trim(s), func(r rune) bool { return r == '-' || r == '_' })
	for i, p := range parts {
		const signs = "abcdefghijklmnopqrstuvwxyz0123456789"
		if len(p) > 8 || i == 0 && len(p) < 2 || strings.Trim(strings.ToLower(p), signs) != "" {
			return false
		}
	}
	return len(parts) > 0
}
