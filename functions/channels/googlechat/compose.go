package googlechat

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// compose is c as a message: text, or cards with what tells them in a notification.
func compose(a channel.Account, c events.Content) (outMessage, error) {
	f := form{function: function(a)}
	switch c.Kind {
	case events.KindText:
		return outMessage{Text: markup(c.Text.Body, c.Text.Entities)}, nil
	case events.KindMedia:
		return outMessage{Text: markup(c.Media.Caption, c.Media.Entities), Cards: cards(of(picture(c.Media)))}, nil
	case events.KindLocation:
		return f.place(*c.Location), nil
	case events.KindLink:
		return f.link(*c.Link), nil
	case events.KindForm:
		return f.form(*c.Form), nil
	case events.KindChoice:
		return f.choice(*c.Choice), nil
	case events.KindCards:
		return f.panels(c.Cards), nil
	case events.KindNative:
		own, err := channel.Native(c.Native, nil, "thread")
		return outMessage{native: own}, err
	}
	return outMessage{}, &channel.Error{Class: events.ClassContent, Title: "Google Chat has no " + string(c.Kind)}
}

// A form makes cards that call function when they are acted on.
type form struct{ function string }

// function is what a card calls: of an add-on the URL of its endpoint, of a classic
// app a name.
// https://developers.google.com/workspace/add-ons/chat/dialogs
func function(a channel.Account) string {
	if a.Value(projectNumber) != "" {
		for _, aud := range a.Values(audience) {
			if strings.HasPrefix(aud, "https://") {
				return aud
			}
		}
	}
	return "relais"
}

// press is what an option does; an answer comes back with its id.
func (f form) press(o events.Option) *onClick {
	switch o.Action {
	case events.ActionURL, events.ActionWebView:
		return &onClick{OpenLink: &openLink{o.Value}}
	}
	return f.call(o.ID)
}

func (f form) call(id string) *onClick {
	return &onClick{Action: &outAction{Function: f.function,
		Parameters: []outParameter{{Key: optionParameter, Value: id}}}}
}

func (f form) buttons(options []events.Option) *widget {
	if len(options) == 0 {
		return nil
	}
	list := &buttonList{}
	for _, o := range options {
		list.Buttons = append(list.Buttons, button{Text: o.Label, OnClick: f.press(o)})
	}
	return &widget{Buttons: list}
}

// choice is a card of buttons, or of rows where the options say more.
func (f form) choice(c events.Choice) outMessage {
	head := outCard{Header: header(c.Title), Sections: []section{of(picture(c.Header), paragraph(c.Text))}}
	if c.Style == events.StyleList {
		head.Sections = append(head.Sections, f.rows(c.Options)...)
	} else {
		first := &head.Sections[0]
		first.Widgets = append(first.Widgets, *f.buttons(c.Options))
	}
	if c.Footer != "" {
		head.Sections = append(head.Sections, of(paragraph(c.Footer)))
	}
	return outMessage{Fallback: c.Text, Cards: []outCardID{{ID: "c1", Card: head}}}
}

// rows are options as rows to press, in the sections that they name.
func (f form) rows(options []events.Option) []section {
	var list []section
	for i, o := range options {
		if i == 0 || o.Section != options[i-1].Section {
			list = append(list, section{Header: escape(o.Section)})
		}
		row := &decorated{Text: escape(o.Label), Bottom: o.Description, Wrap: true, OnClick: f.press(o)}
		if o.Image != "" {
			row.Icon = &icon{URL: o.Image}
		}
		last := &list[len(list)-1]
		last.Widgets = append(last.Widgets, widget{Decorated: row})
	}
	return list
}

// panels are cards one below the other, which every client shows.
func (f form) panels(panels []events.Panel) outMessage {
	m := outMessage{Fallback: panels[0].Title}
	for i, p := range panels {
		var body []section
		if s := of(picture(p.Media), paragraph(p.Text), f.buttons(p.Options)); len(s.Widgets) > 0 {
			body = []section{s}
		}
		m.Cards = append(m.Cards,
			outCardID{ID: "c" + strconv.Itoa(i+1), Card: outCard{Header: header(p.Title), Sections: body}})
	}
	return m
}

// place is a row that opens the map.
func (f form) place(l events.Location) outMessage {
	point := strconv.FormatFloat(l.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(l.Longitude, 'f', -1, 64)
	name, address := l.Name, l.Address
	if name == "" {
		name, address = l.Address, ""
	}
	if name == "" {
		name = point
	}
	row := &decorated{
		Icon: &icon{Known: "MAP_PIN"}, Text: escape(name), Bottom: address, Wrap: true,
		// https://developers.google.com/maps/documentation/urls/get-started
		OnClick: &onClick{OpenLink: &openLink{"https://www.google.com/maps/search/?api=1&query=" + url.QueryEscape(point)}},
	}
	return outMessage{Fallback: name, Cards: cards(of(&widget{Decorated: row}))}
}

// link is a row that opens a page, below its picture.
func (f form) link(l events.Link) outMessage {
	open := &onClick{OpenLink: &openLink{l.URL}}
	var preview *widget
	if l.Image != "" {
		preview = &widget{Image: &image{URL: l.Image, OnClick: open}}
	}
	row := &decorated{Text: escape(l.Title), Bottom: l.Text, Wrap: true, OnClick: open}
	return outMessage{Fallback: l.Title, Cards: cards(of(preview, &widget{Decorated: row}))}
}

// form is a card of inputs; its button brings back all of them.
func (f form) form(w events.Form) outMessage {
	s := of(paragraph(w.Text))
	for _, field := range w.Fields {
		s.Widgets = append(s.Widgets, question(field))
	}
	s.Widgets = append(s.Widgets,
		widget{Buttons: &buttonList{Buttons: []button{{Text: w.Submit, OnClick: f.call(w.ID)}}}})
	return outMessage{Fallback: w.Title,
		Cards: []outCardID{{ID: "c1", Card: outCard{Header: header(w.Title), Sections: []section{s}}}}}
}

// question is one input of a form.
func question(f events.FormField) widget {
	switch f.Type {
	case events.InputDate:
		return widget{Date: &datePicker{Name: f.ID, Label: f.Label, Type: "DATE_ONLY"}}
	case events.InputSelect:
		s := &selection{Name: f.ID, Label: f.Label, Type: "DROPDOWN"}
		for _, o := range f.Options {
			s.Items = append(s.Items, selectionItem{Text: o.Label, Value: o.ID})
		}
		return widget{Selection: s}
	}
	return widget{Input: &textInput{Name: f.ID, Label: f.Label}}
}

func cards(s section) []outCardID {
	return []outCardID{{ID: "c1", Card: outCard{Sections: []section{s}}}}
}

// of is the section of those widgets that are there.
func of(list ...*widget) section {
	var s section
	for _, w := range list {
		if w != nil {
			s.Widgets = append(s.Widgets, *w)
		}
	}
	return s
}

func header(title string) *outHeader {
	if title == "" {
		return nil
	}
	return &outHeader{Title: title}
}

func picture(m *events.Media) *widget {
	if m == nil {
		return nil
	}
	return &widget{Image: &image{URL: m.URL, Alt: m.Alt}}
}

func paragraph(text string) *widget {
	if text == "" {
		return nil
	}
	return &widget{Paragraph: &textParagraph{escape(text)}}
}

// escape is text where cards read simple HTML.
// https://developers.google.com/workspace/chat/format-messages#card-formatting
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}
