package whatsapp

import (
	"cmp"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// What has buttons.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages

// takesChoice says why c is not taken, or "". Titles of buttons must differ, ids have no
// space at an end, and sections have names as soon as there are two.
func takesChoice(c *events.Choice) string {
	if slices.ContainsFunc(c.Options, func(o events.Option) bool { return strings.TrimSpace(o.ID) != o.ID }) {
		return "an option's id begins or ends with a space"
	}
	if c.Style == events.StyleList {
		sections := sectionsOf(c.Options)
		if channel.UTF16.Len(c.Button) > maxLabel {
			return "the button that opens the list has at most 20 characters"
		}
		if len(sections) > 1 && slices.ContainsFunc(sections, func(s sendSection) bool { return s.Title == "" }) {
			return "of several sections each needs a name"
		}
		return ""
	}
	var seen []string
	for _, o := range c.Options {
		if slices.Contains(seen, o.Label) {
			return "two buttons say the same"
		}
		seen = append(seen, o.Label)
	}
	return ""
}

func choiceOf(c *events.Choice) *sendInteractive {
	i := &sendInteractive{Header: header(c.Title, c.Header), Body: &sendBody{Text: c.Text}}
	if c.Footer != "" {
		i.Footer = &sendBody{Text: c.Footer}
	}
	switch action := c.Options[0].Action; {
	case c.Style == events.StyleList:
		i.Type, i.Action = "list", sendAction{Button: cmp.Or(c.Button, listSign), Sections: sectionsOf(c.Options)}
	case slices.Contains(pages, action):
		i.Type, i.Action = "cta_url", openPage(c.Options[0])
	case action == events.ActionLocation:
		i.Type, i.Action = "location_request_message", sendAction{Name: "send_location"}
	case action == events.ActionContact:
		i.Type, i.Action = "request_contact_info", sendAction{Name: "request_contact_info"}
	default:
		i.Type = "button"
		for _, o := range c.Options {
			i.Action.Buttons = append(i.Action.Buttons, sendButton{Type: "reply", Reply: sendReply{ID: o.ID, Title: o.Label}})
		}
	}
	return i
}

// listSign is on the button that opens a list for which the brand has no word.
const listSign = "☰"

// sectionsOf are the options as rows, parted where the section's name changes.
func sectionsOf(options []events.Option) []sendSection {
	var list []sendSection
	for _, o := range options {
		if n := len(list); n == 0 || list[n-1].Title != o.Section {
			list = append(list, sendSection{Title: o.Section})
		}
		last := &list[len(list)-1]
		last.Rows = append(last.Rows, sendRow{ID: o.ID, Title: o.Label, Description: o.Description})
	}
	return list
}

func openPage(o events.Option) sendAction {
	return sendAction{Name: "cta_url", Parameters: &sendParameters{Label: o.Label, URL: o.Value}}
}

// header is what stands above a prompt: a picture, a film or a title; nil without one.
func header(title string, m *events.Media) *sendHeader {
	switch {
	case m != nil && m.Type == events.Video:
		return &sendHeader{Type: "video", Video: mediaOf(m)}
	case m != nil:
		return &sendHeader{Type: "image", Image: mediaOf(m)}
	case title != "":
		return &sendHeader{Type: "text", Text: title}
	}
	return nil
}

func takesCards(panels []events.Panel) string {
	for _, p := range panels {
		switch {
		case p.Media == nil || p.Media.Type != panels[0].Media.Type:
			return "the pictures of all cards must be of one type"
		case len(p.Options) != 1:
			return "a card has one button, which opens a page"
		case strings.Count(panelText(p), "\n") > maxPanelBreaks:
			return "a card has at most three lines"
		}
	}
	if channel.UTF16.Len(titles(panels)) > maxPrompt {
		return "the cards' titles are too long together"
	}
	return ""
}

// carousel is cards side by side. The prompt above them, which is required, names them.
func carousel(panels []events.Panel) *sendInteractive {
	i := &sendInteractive{Type: "carousel", Body: &sendBody{Text: titles(panels)}}
	for n, p := range panels {
		card := sendPanel{Index: n, Type: "cta_url", Header: *header("", p.Media), Action: openPage(p.Options[0])}
		if text := panelText(p); text != "" {
			card.Body = &sendBody{Text: text}
		}
		i.Action.Cards = append(i.Action.Cards, card)
	}
	return i
}

// panelText is what a card says.
func panelText(p events.Panel) string { return strings.Trim(p.Title+"\n"+p.Text, "\n") }

func titles(panels []events.Panel) string {
	var list []string
	for _, p := range panels {
		list = append(list, p.Title)
	}
	return strings.Join(list, " · ")
}

// takesForm says why f is not taken, or "": a form at WhatsApp is a Flow that Meta has.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/flows/guides/sendingaflow
func takesForm(f *events.Form) string {
	switch {
	case !channel.Digits(f.ID):
		return "its id is not that of a Flow"
	case channel.UTF16.Len(cmp.Or(f.Submit, f.Title)) > maxLabel:
		return "the button that opens the form has at most 20 characters"
	case channel.UTF16.Len(f.Title) > maxHeader || channel.UTF16.Len(f.Text) > maxPrompt:
		return "its title or its text is too long"
	}
	return ""
}

func flow(f *events.Form, token string) *sendInteractive {
	i := &sendInteractive{Type: "flow", Body: &sendBody{Text: cmp.Or(f.Text, f.Title)},
		Action: sendAction{Name: "flow", Parameters: &sendParameters{
			FlowVersion: "3", FlowToken: token, FlowID: f.ID, FlowButton: cmp.Or(f.Submit, f.Title), FlowAction: "navigate",
		}}}
	if f.Text != "" {
		i.Header = header(f.Title, nil)
	}
	return i
}

// productOf is a product of the catalogue, of which Meta shows name, picture and price.
func productOf(p *events.Product) *sendInteractive {
	i := &sendInteractive{Type: "product", Action: sendAction{CatalogID: p.Catalog, ProductID: p.ID}}
	if p.Text != "" {
		i.Body = &sendBody{Text: p.Text}
	}
	return i
}
