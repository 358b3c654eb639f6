package apple

import (
	"cmp"
	"context"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
)

// businessExtension is the iMessage app that shows what businesses offer.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
const businessExtension = "com.apple.messages.MSMessageExtensionBalloonPlugin:0000000000:com.apple.icloud.apps." +
	"messages.business.extension"

// interactive is a message that offers something. What answers it names the request,
// so that is called as the message is.
func (s sender) interactive(d sentData, received, reply *sentSummary) sentMessage {
	d.Version, d.RequestIdentifier = "1.0", cmp.Or(d.RequestIdentifier, s.id)
	m := s.message("interactive")
	m.Interactive = &sentInteractive{BID: businessExtension, UseLiveLayout: received != nil, Data: d, Received: received,
		Reply: reply}
	return m
}

// choice is a quick reply or a list picker.
func (s sender) choice(ctx context.Context, c *events.Choice) sentMessage {
	if c.Style == events.StyleQuick {
		q := &sentQuickReply{SummaryText: c.Text}
		for _, o := range c.Options {
			q.Items = append(q.Items, item{o.ID, o.Label})
		}
		return s.interactive(sentData{QuickReply: q}, nil, nil)
	}
	l := lister{sender: s, style: "icon", multiple: c.Multiple}
	received := &sentSummary{Title: cmp.Or(c.Title, c.Text), Style: "icon"}
	if c.Title != "" {
		received.Subtitle = c.Text
	}
	if c.Header != nil {
		if received.ImageIdentifier = l.image(ctx, *c.Header); received.ImageIdentifier != "" {
			received.Style = "large"
		}
	}
	l.add(ctx, c.Options)
	return s.interactive(sentData{Images: l.images, ListPicker: &l.picker}, received,
		&sentSummary{Title: received.Title, Style: "icon"})
}

// A lister makes a list picker.
type lister struct {
	sender
	style    string
	multiple bool
	picker   sentListPicker
	images   []sentImage
}

// add adds options, each in its section: one for each run of the same name.
func (l *lister) add(ctx context.Context, options []events.Option) {
	for i, o := range options {
		if i == 0 || o.Section != options[i-1].Section {
			l.picker.Sections = append(l.picker.Sections, sentSection{Title: o.Section, Order: len(l.picker.Sections),
				MultipleSelection: l.multiple})
		}
		last := &l.picker.Sections[len(l.picker.Sections)-1]
		last.Items = append(last.Items, sentListItem{
			Identifier: o.ID, Title: o.Label, Subtitle: o.Description, Order: len(last.Items), Style: l.style,
			ImageIdentifier: l.image(ctx, events.Media{Type: events.Image, URL: o.Image}),
		})
	}
}

// image names a picture, or "" when there is none that Apple takes: one that it
// does not take would cost the whole message.
func (l *lister) image(ctx context.Context, m events.Media) string {
	data := l.sender.picture(ctx, m)
	if data == "" {
		return ""
	}
	for _, known := range l.images {
		if known.Data == data {
			return known.Identifier
		}
	}
	id := "image" + strconv.Itoa(len(l.images)+1)
	l.images = append(l.images, sentImage{Identifier: id, Data: data})
	return id
}

// cards are a list picker with a section for each card and large pictures.
func (s sender) cards(ctx context.Context, cards []events.Panel) sentMessage {
	l := lister{sender: s, style: "large"}
	for _, c := range cards {
		options := make([]events.Option, len(c.Options))
		for i, o := range c.Options {
			o.Section, o.Description = c.Title, cmp.Or(o.Description, c.Text)
			if c.Media != nil && o.Image == "" {
				o.Image = c.Media.URL
			}
			options[i] = o
		}
		l.add(ctx, options)
	}
	title := cards[0].Title
	return s.interactive(sentData{Images: l.images, ListPicker: &l.picker}, &sentSummary{Title: title, Style: "large"},
		&sentSummary{Title: title, Style: "icon"})
}

func cardsProblem(cards []events.Panel) string {
	for _, c := range cards {
		if len(c.Options) == 0 {
			return "a list picker shows a card by its options, and one has none"
		}
	}
	return ""
}

// slotTime is how a time picker writes times.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#time-picker-message
const slotTime = "2006-01-02T15:04-0700"

// schedule is a time picker. Without a zone it shows the customer's own.
func (s sender) schedule(w *events.Schedule) sentMessage {
	e := &sentEvent{Identifier: w.ID, Title: w.Title}
	for _, slot := range w.Slots {
		e.Timeslots = append(e.Timeslots, sentTimeslot{slot.ID, slot.Start.UTC().Format(slotTime), slot.DurationMS / 1000})
	}
	if zone, err := time.LoadLocation(w.Zone); w.Zone != "" && err == nil && len(w.Slots) > 0 {
		_, seconds := w.Slots[0].Start.In(zone).Zone()
		minutes := seconds / 60
		e.TimezoneOffset = &minutes
	}
	if p := w.Location; p != nil {
		e.Location = &sentPlace{p.Latitude, p.Longitude, p.Accuracy, cmp.Or(p.Name, p.Address)}
	}
	return s.interactive(sentData{Event: e}, &sentSummary{Title: w.Title, Subtitle: w.Text, Style: "icon"},
		&sentSummary{Title: w.Title, Style: "icon"})
}

// maxPage is one more than the longest identifier of a form's page.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#form-message
const maxPage = 20

// formProblem is why f cannot be a form: its fields become pages of the same names.
func formProblem(f *events.Form) string {
	if len(f.Fields) == 0 {
		return "a form needs fields: Apple knows no forms by id"
	}
	for _, field := range f.Fields {
		if len(field.ID) >= maxPage {
			return "the id of a form's field has at most " + strconv.Itoa(maxPage-1) + " bytes"
		}
		if utf8.RuneCountInString(field.Label) > maxLabel {
			return "the label of a form's field has at most " + strconv.Itoa(maxLabel) + " characters"
		}
	}
	if utf8.RuneCountInString(f.Title) > maxLabel || utf8.RuneCountInString(f.Text) > maxLabel {
		return "a form shows title and text in at most " + strconv.Itoa(maxLabel) + " characters each"
	}
	return ""
}

// form asks one question on each page.
func (s sender) form(f *events.Form) sentMessage {
	d := sentForm{
		Version: "1.1", StartPageIdentifier: f.Fields[0].ID, ShowSummary: true,
		Splash: sentSplash{Header: f.Title, Text: f.Text, ButtonTitle: cmp.Or(f.Submit, f.Title)},
	}
	for i := range f.Fields {
		next := ""
		if i+1 < len(f.Fields) {
			next = f.Fields[i+1].ID
		}
		d.Pages = append(d.Pages, page(&f.Fields[i], next))
	}
	summary := &sentSummary{Title: f.Title, Subtitle: f.Text, Style: "icon"}
	return s.interactive(sentData{Dynamic: &sentDynamic{Version: "1.2", Template: "messageForms", Data: d}}, summary,
		&sentSummary{Title: f.Title, Style: "icon"})
}

// page asks for one field; the last one, without a next, submits the form.
func page(f *events.FormField, next string) sentPage {
	p := sentPage{PageIdentifier: f.ID, Title: f.Label, SubmitForm: next == "", NextPageIdentifier: next}
	switch f.Type {
	case events.InputSelect:
		p.Type, p.NextPageIdentifier = "select", ""
		for _, o := range f.Options {
			p.Items = append(p.Items, sentPageItem{Identifier: o.ID, Title: o.Label, Value: o.ID, NextPageIdentifier: next})
		}
	case events.InputDate:
		p.Type, p.Options = "datePicker", &sentInput{DateFormat: "yyyy-MM-dd"}
	default:
		p.Type, p.Options = "input", input(f)
	}
	return p
}

// input is a line to type into, with the keyboard that its type wants.
func input(f *events.FormField) *sentInput {
	in := &sentInput{InputType: "singleline", KeyboardType: "default", Required: f.Required}
	switch f.Type {
	case events.InputNumber:
		in.KeyboardType = "numberPad"
	case events.InputEmail:
		in.KeyboardType, in.TextContentType = "emailAddress", "emailAddress"
	case events.InputPhone:
		in.KeyboardType, in.TextContentType = "phonePad", "telephoneNumber"
	}
	return in
}
