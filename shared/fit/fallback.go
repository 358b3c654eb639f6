package fit

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a Lambda function has no zones of its own

	"github.com/relais-dev/relais/events"
)

// instead shows c, which the channel does not have, as something that it has.
func (f fitter) instead(c events.Content) outcome {
	switch c.Kind {
	case events.KindLocation:
		return f.location(*c.Location)
	case events.KindContacts:
		return f.contactText(c.Contacts)
	case events.KindLink:
		return f.link(*c.Link)
	case events.KindForm:
		return f.form(*c.Form)
	case events.KindSchedule:
		return f.schedule(*c.Schedule)
	case events.KindPayment:
		return f.payment(*c.Payment)
	case events.KindProduct:
		return f.product(*c.Product)
	case events.KindOrder:
		return f.order(*c.Order)
	case events.KindTemplate:
		return f.template(*c.Template)
	}
	return refused(string(c.Kind) + " cannot be sent")
}

func (f fitter) location(l events.Location) outcome {
	out := f.say(plain(joined(l.Name, l.Address, l.URL, mapURL(l)))).fallback(events.LossStyle, "location sent as text")
	if l.Live {
		return out.fallback(events.LossContent, "a live location stands still")
	}
	return out
}

// mapURL opens a map on any device.
// https://developers.google.com/maps/documentation/urls/get-started
func mapURL(l events.Location) string {
	degrees := func(d float64) string { return strconv.FormatFloat(d, 'f', -1, 64) }
	return "https://www.google.com/maps/search/?api=1&query=" + url.QueryEscape(degrees(l.Latitude)+","+degrees(l.Longitude))
}

// contacts are cards in as many messages as they need.
func (f fitter) contacts(cards []events.Card) outcome {
	out := native()
	most := f.limits.Contacts
	if most == 0 {
		most = len(cards)
	}
	for some := range slices.Chunk(cards, most) {
		c := events.Content{Kind: events.KindContacts, Contacts: some}
		if problem := f.takes(c); problem != "" {
			return f.contactText(cards).noting(problem)
		}
		out.content = append(out.content, c)
	}
	if n := len(out.content); n > 1 {
		out.details = []string{"split into " + strconv.Itoa(n)}
	}
	return out
}

func (f fitter) contactText(cards []events.Card) outcome {
	var blocks []string
	for _, c := range cards {
		blocks = append(blocks, cardText(c))
	}
	return f.say(plain(strings.Join(blocks, "\n\n"))).fallback(events.LossStyle, "contacts sent as text")
}

func cardText(c events.Card) string {
	all := []string{c.Name, c.Company}
	for _, values := range [][]events.LabeledValue{c.Phones, c.Emails, c.URLs, c.Addresses} {
		for _, v := range values {
			if v.Label != "" {
				v.Value = v.Label + ": " + v.Value
			}
			all = append(all, v.Value)
		}
	}
	return joined(all...)
}

func (f fitter) link(l events.Link) outcome {
	out := f.say(plain(joined(l.Title, l.Text, l.URL)))
	if l.Image != "" {
		return out.fallback(events.LossContent, "link sent as text, without its picture")
	}
	return out.fallback(events.LossStyle, "link sent as text")
}

// form is the page that does the same, else its questions.
func (f fitter) form(form events.Form) outcome {
	if form.URL != "" {
		return f.say(plain(joined(form.Title, form.Text, form.URL))).fallback(events.LossInteraction, "form sent as a link")
	}
	all := []string{form.Title, form.Text}
	for _, field := range form.Fields {
		all = append(all, question(field))
	}
	return f.say(plain(joined(all...))).fallback(events.LossInteraction, "form sent as its questions")
}

func question(field events.FormField) string {
	if len(field.Options) == 0 {
		return field.Label
	}
	var answers []string
	for _, o := range field.Options {
		answers = append(answers, o.Label)
	}
	return field.Label + " (" + strings.Join(answers, " / ") + ")"
}

// schedule is a choice of its times.
func (f fitter) schedule(s events.Schedule) outcome {
	in := zone(s.Zone)
	place := events.Location{}
	if s.Location != nil {
		place = *s.Location
	}
	text := joined(s.Title, s.Text, place.Name, place.Address)
	if len(s.Slots) == 0 {
		return f.say(plain(text)).fallback(events.LossStyle, "there are no times to choose")
	}
	c := events.Choice{Text: text, Style: events.StyleList}
	for _, slot := range s.Slots {
		c.Options = append(c.Options, events.Option{ID: slot.ID, Label: times(slot, in)})
	}
	return f.choice(c, 1).fallback(events.LossStyle, "times sent as a choice")
}

// zone is the time zone of that name; UTC where there is none. The zone of the
// machine, which Go calls Local, means nothing to a customer.
func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return time.UTC
	}
	return z
}

// times is a slot as people in zone read it, in the order of ISO 8601, which
// needs no language. UTC is nobody's wall clock and so is named.
func times(s events.Slot, zone *time.Location) string {
	from := s.Start.In(zone)
	to := from.Add(time.Duration(s.DurationMS) * time.Millisecond)
	layout := "15:04"
	if from.Format(time.DateOnly) != to.Format(time.DateOnly) {
		layout = "2006-01-02 15:04"
	}
	text := from.Format("2006-01-02 15:04") + "–" + to.Format(layout)
	if zone == time.UTC {
		text += " UTC"
	}
	return text
}

// template is what it says where there are no templates.
func (f fitter) template(t events.Template) outcome {
	if len(t.Fallback) == 0 {
		return refused("the channel has no templates, and this one has no fallback")
	}
	out := f.part(t.Fallback[0])
	for _, c := range t.Fallback[1:] {
		out = out.and(f.part(c))
	}
	return out.fallback(events.LossStyle, "template sent as its fallback")
}
