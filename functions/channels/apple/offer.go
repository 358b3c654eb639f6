package apple

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
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
		q := &sentQuickReply{SummaryText: oneLine(c.Text)}
		for _, o := range c.Options {
			q.Items = append(q.Items, item{o.ID, oneLine(o.Label)})
		}
		return s.interactive(sentData{QuickReply: q}, nil, nil)
	}
	l := lister{sender: s, style: "icon", multiple: c.Multiple}
	received := &sentSummary{Title: oneLine(cmp.Or(c.Title, c.Text)), Style: "icon"}
	if c.Title != "" {
		received.Subtitle = oneLine(c.Text)
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
	size     int // of all images
}

// add adds options, each in its section: one for each run of the same name.
func (l *lister) add(ctx context.Context, options []events.Option) {
	for i, o := range options {
		if i == 0 || o.Section != options[i-1].Section {
			l.picker.Sections = append(l.picker.Sections, sentSection{Title: oneLine(o.Section), Order: len(l.picker.Sections),
				MultipleSelection: l.multiple})
		}
		last := &l.picker.Sections[len(l.picker.Sections)-1]
		last.Items = append(last.Items, sentListItem{
			Identifier: o.ID, Title: oneLine(o.Label), Subtitle: oneLine(o.Description), Order: len(last.Items), Style: l.style,
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
	if l.size += len(data); l.size >= maxPictures {
		l.size -= len(data)
		return ""
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
	title := oneLine(cmp.Or(cards[0].Title, cards[0].Text, cards[0].Options[0].Label))
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
	e := &sentEvent{Identifier: cmp.Or(w.ID, s.id), Title: oneLine(w.Title)}
	for _, slot := range w.Slots {
		e.Timeslots = append(e.Timeslots, sentTimeslot{slot.ID, slot.Start.UTC().Format(slotTime), slot.DurationMS / 1000})
	}
	if zone, err := time.LoadLocation(w.Zone); w.Zone != "" && err == nil && len(w.Slots) > 0 {
		_, seconds := w.Slots[0].Start.In(zone).Zone()
		minutes := seconds / 60
		e.TimezoneOffset = &minutes
	}
	if p := w.Location; p != nil {
		e.Location = &sentPlace{p.Latitude, p.Longitude, p.Accuracy, oneLine(cmp.Or(p.Name, p.Address))}
	}
	return s.interactive(sentData{Event: e}, &sentSummary{Title: e.Title, Subtitle: oneLine(w.Text), Style: "icon"},
		&sentSummary{Title: e.Title, Style: "icon"})
}

// maxPage is one more than the longest identifier of a form's page.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#form-message
const maxPage = 20

// scheduleProblem is why w cannot be a time picker.
func scheduleProblem(w *events.Schedule) string {
	for _, slot := range w.Slots {
		if slot.DurationMS < 1000 {
			return "a time picker shows how long a slot lasts, and one has no duration"
		}
	}
	place := ""
	if w.Location != nil {
		place = cmp.Or(w.Location.Name, w.Location.Address)
	}
	if w.Title == "" || tooLong(w.Title, w.Text, place) {
		return "a time picker shows a title, a text and a place in at most " + strconv.Itoa(maxLabel) + " characters each"
	}
	return ""
}

// formProblem is why f cannot be a form: its fields become pages of the same names.
func formProblem(f *events.Form) string {
	if len(f.Fields) == 0 {
		return "a form needs fields: Apple knows no forms by id"
	}
	for _, field := range f.Fields {
		if channel.UTF16.Len(field.ID) >= maxPage {
			return "the id of a form's field has at most " + strconv.Itoa(maxPage-1) + " characters"
		}
		labels := []string{field.Label}
		for _, o := range field.Options {
			labels = append(labels, o.Label)
		}
		if tooLong(labels...) {
			return "the labels of a form's field have at most " + strconv.Itoa(maxLabel) + " characters"
		}
	}
	if f.Title == "" || tooLong(f.Title, f.Text, f.Submit) {
		return "a form shows a title, a text and a button in at most " + strconv.Itoa(maxLabel) + " characters each"
	}
	return ""
}

// form asks one question on each page.
func (s sender) form(f *events.Form) sentMessage {
	d := sentForm{
		Version: "1.1", StartPageIdentifier: f.Fields[0].ID, ShowSummary: true,
		Splash: sentSplash{Header: oneLine(f.Title), Text: oneLine(f.Text), ButtonTitle: oneLine(cmp.Or(f.Submit, f.Title))},
	}
	for i := range f.Fields {
		next := ""
		if i+1 < len(f.Fields) {
			next = f.Fields[i+1].ID
		}
		d.Pages = append(d.Pages, page(&f.Fields[i], next))
	}
	summary := &sentSummary{Title: d.Splash.Header, Subtitle: d.Splash.Text, Style: "icon"}
	return s.interactive(sentData{Dynamic: &sentDynamic{Version: "1.2", Template: "messageForms", Data: d}}, summary,
		&sentSummary{Title: d.Splash.Header, Style: "icon"})
}

// page asks for one field; the last one, without a next, submits the form.
func page(f *events.FormField, next string) sentPage {
	p := sentPage{PageIdentifier: f.ID, Title: oneLine(f.Label), SubmitForm: next == "", NextPageIdentifier: next}
	switch f.Type {
	case events.InputSelect:
		p.Type, p.NextPageIdentifier = "select", ""
		for _, o := range f.Options {
			p.Items = append(p.Items, sentPageItem{Identifier: o.ID, Title: oneLine(o.Label), Value: o.ID,
				NextPageIdentifier: next})
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
