package fit

import (
	"slices"
	"strings"
	"unicode"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// clean makes right what can be made right in a part, before anything is measured:
// no platform takes control characters, an address with a space, a blank title. What
// people see stays as it is; what they would not see goes. c itself is not changed.
func clean(c events.Content) events.Content {
	switch c.Kind {
	case events.KindText:
		c.Text = cleanText(*c.Text)
	case events.KindMedia:
		c.Media = cleanMedia(c.Media)
	case events.KindLocation:
		c.Location = cleanLocation(c.Location)
	case events.KindContacts:
		c.Contacts = cleanCards(c.Contacts)
	case events.KindChoice:
		c.Choice = cleanChoice(*c.Choice)
	case events.KindCards:
		c.Cards = cleanPanels(c.Cards)
	case events.KindForm:
		c.Form = cleanForm(*c.Form)
	case events.KindSchedule:
		s := *c.Schedule
		s.Title, s.Text, s.Location = oneLine(s.Title), said(s.Text), cleanLocation(s.Location)
		c.Schedule = &s
	case events.KindPayment:
		c.Payment = cleanPayment(*c.Payment)
	case events.KindProduct:
		p := *c.Product
		p.Title, p.Text, p.Image, p.URL = oneLine(p.Title), said(p.Text), link(p.Image), link(p.URL)
		c.Product = &p
	case events.KindOrder:
		c.Order = cleanOrder(*c.Order)
	case events.KindTemplate:
		c.Template = cleanTemplate(*c.Template)
	case events.KindLink:
		l := *c.Link
		l.URL, l.Title, l.Text, l.Image = link(l.URL), oneLine(l.Title), said(l.Text), link(l.Image)
		c.Link = &l
	}
	return c
}

// said is a text of any number of lines without what belongs into none; "" where it
// shows nothing.
func said(s string) string {
	if events.Blank(s) {
		return ""
	}
	if strings.IndexFunc(s, events.Unsayable) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if events.Unsayable(r) {
			return -1
		}
		return r
	}, s)
}

// oneLine is a text of one line: a title, a label. Its white space is single spaces, as
// it is shown, so that two that look alike are alike.
func oneLine(s string) string {
	s = events.Trim(said(s))
	if simple(s) {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, folds), " ")
}

// folds says whether r is white space that a line folds. One that does not break
// (13 €) means what it says.
func folds(r rune) bool {
	return unicode.IsSpace(r) && r != '\u00a0' && r != '\u2007' && r != '\u202f'
}

// simple says whether s has no white space but single spaces within it.
func simple(s string) bool {
	space := true
	for _, r := range s {
		if r == ' ' && space || r != ' ' && folds(r) {
			return false
		}
		space = r == ' '
	}
	return !space || s == ""
}

// link is an address that is encoded once; one that cannot be stays as it is, for the
// platform's rule to refuse.
func link(s string) string {
	if s == "" {
		return ""
	}
	if u, ok := channel.URL(s); ok {
		return u
	}
	return s
}

// tidied is p without what belongs into no text; its marks stay on their words.
func tidied(p prose) prose {
	if events.Blank(p.body) {
		return prose{}
	}
	if strings.IndexFunc(p.body, events.Unsayable) < 0 {
		return p
	}
	var body strings.Builder
	var gone []int // units before which a unit went
	at := 0
	for _, r := range p.body {
		n := units(string(r))
		if !events.Unsayable(r) {
			body.WriteRune(r)
		} else {
			for i := range n {
				gone = append(gone, at+i)
			}
		}
		at += n
	}
	before := func(unit int) int {
		n, _ := slices.BinarySearch(gone, unit)
		return n
	}
	var marks []events.Entity
	for _, m := range p.marks {
		end := m.Offset + m.Length
		end -= before(end)
		m.Offset -= before(m.Offset)
		if m.Length = end - m.Offset; m.Length > 0 {
			marks = append(marks, m)
		}
	}
	return prose{body.String(), marks}
}

// addressed are marks whose links are addresses.
func addressed(marks []events.Entity) []events.Entity {
	if !slices.ContainsFunc(marks, func(m events.Entity) bool { return m.Type == "link" }) {
		return marks
	}
	marks = slices.Clone(marks)
	for i := range marks {
		if m := &marks[i]; m.Type == "link" {
			m.Value = link(m.Value)
		}
	}
	return marks
}

func cleanText(t events.Text) *events.Text {
	p := tidied(prose{t.Body, addressed(t.Entities)})
	t.Body, t.Entities = p.body, p.marks
	return &t
}

func cleanMedia(m *events.Media) *events.Media {
	if m == nil {
		return nil
	}
	with := *m
	caption := tidied(prose{m.Caption, addressed(m.Entities)})
	with.URL = link(m.URL)
	with.Name, with.Alt, with.Caption, with.Entities = oneLine(m.Name), said(m.Alt), caption.body, caption.marks
	with.MIME = channel.MIME(with)
	if strings.Contains(m.Thumbnail, "://") {
		with.Thumbnail = link(m.Thumbnail)
	}
	return &with
}

func cleanLocation(l *events.Location) *events.Location {
	if l == nil {
		return nil
	}
	with := *l
	with.Name, with.Address, with.URL = oneLine(l.Name), oneLine(l.Address), link(l.URL)
	return &with
}

func cleanCards(cards []events.Card) []events.Card {
	cards = slices.Clone(cards)
	for i := range cards {
		c := &cards[i]
		c.Name, c.FirstName, c.LastName, c.Company = oneLine(c.Name), oneLine(c.FirstName), oneLine(c.LastName),
			oneLine(c.Company)
		c.Phones, c.Emails, c.Addresses = cleanValues(c.Phones, oneLine), cleanValues(c.Emails, oneLine),
			cleanValues(c.Addresses, said)
		c.URLs = cleanValues(c.URLs, link)
	}
	return cards
}

// cleanValues leaves those out that say nothing.
func cleanValues(values []events.LabeledValue, how func(string) string) []events.LabeledValue {
	var kept []events.LabeledValue
	for _, v := range values {
		if v.Label, v.Value = oneLine(v.Label), how(v.Value); !events.Blank(v.Value) {
			kept = append(kept, v)
		}
	}
	return kept
}

func cleanOptions(options []events.Option) []events.Option {
	options = slices.Clone(options)
	for i := range options {
		o := &options[i]
		o.Label, o.Description, o.Section, o.Image = oneLine(o.Label), oneLine(o.Description), oneLine(o.Section),
			link(o.Image)
		switch o.Action {
		case events.ActionURL, events.ActionWebView:
			o.Value = link(o.Value)
		case events.ActionCall:
			if digits, ok := events.PhoneNumber(o.Value); ok {
				o.Value = "+" + digits
			}
		default:
			o.Value = said(o.Value)
		}
	}
	return options
}

func cleanChoice(c events.Choice) *events.Choice {
	c.Text, c.Title, c.Footer, c.Button = said(c.Text), oneLine(c.Title), said(c.Footer), oneLine(c.Button)
	c.Header, c.Options = cleanMedia(c.Header), cleanOptions(c.Options)
	return &c
}

func cleanPanels(panels []events.Panel) []events.Panel {
	panels = slices.Clone(panels)
	for i := range panels {
		p := &panels[i]
		p.Title, p.Text, p.Media = oneLine(p.Title), said(p.Text), cleanMedia(p.Media)
		if p.Options != nil {
			p.Options = cleanOptions(p.Options)
		}
	}
	return panels
}

func cleanForm(f events.Form) *events.Form {
	f.Title, f.Text, f.Submit, f.URL, f.Fields = oneLine(f.Title), said(f.Text), oneLine(f.Submit), link(f.URL),
		slices.Clone(f.Fields)
	for i := range f.Fields {
		field := &f.Fields[i]
		field.Label = oneLine(field.Label)
		if field.Options != nil {
			field.Options = cleanOptions(field.Options)
		}
	}
	return &f
}

func cleanPayment(p events.Payment) *events.Payment {
	p.Title, p.URL, p.Lines = oneLine(p.Title), link(p.URL), slices.Clone(p.Lines)
	for i := range p.Lines {
		p.Lines[i].Label = oneLine(p.Lines[i].Label)
	}
	return &p
}

func cleanOrder(o events.Order) *events.Order {
	o.Text, o.Items = said(o.Text), slices.Clone(o.Items)
	for i := range o.Items {
		o.Items[i].Name = oneLine(o.Items[i].Name)
	}
	return &o
}

func cleanTemplate(t events.Template) *events.Template {
	t.Name, t.Language, t.Parameters = events.Trim(t.Name), events.Trim(t.Language), slices.Clone(t.Parameters)
	for i := range t.Parameters {
		p := &t.Parameters[i]
		p.Name, p.Value = events.Trim(p.Name), said(p.Value)
	}
	t.Fallback = slices.Clone(t.Fallback)
	for i := range t.Fallback {
		if present(t.Fallback[i]) {
			t.Fallback[i] = clean(t.Fallback[i])
		}
	}
	return &t
}
