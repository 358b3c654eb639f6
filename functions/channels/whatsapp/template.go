package whatsapp

import (
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// template is m with an approved template. One of the category authentication reaches
// a number only.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
func (m sendRequest) template(o channel.Outgoing, t *events.Template) ([]byte, error) {
	list, problem := components(t.Parameters)
	if problem != "" {
		return nil, &channel.Error{Class: events.ClassTemplate, Title: problem}
	}
	if number := o.To.Identity(events.Phone); m.Recipient != "" && number != "" && t.Category == "authentication" {
		m.Recipient, m.To = "", plus(number)
	}
	m.Template = &sendTemplate{Name: t.Name, Language: sendLanguage{Code: t.Language}, Components: list}
	return channel.JSON(m)
}

// components are a template's parts by the names of its parameters, in their order:
//
//	1, 2 … or a name         in the body
//	header.1, header.NAME    text in the header
//	header.image             a URL, or an id that Meta gave; also video, document
//	button.0.quick_reply     what comes back from the button of that index; also
//	                         url (the end of the address) and copy_code
func components(fields []events.Field) (list []sendComponent, problem string) {
	for _, f := range fields {
		c, ok := component(f)
		if !ok {
			return nil, "WhatsApp has no template parameter " + f.Name
		}
		n := len(list) - 1
		if n >= 0 && list[n].Type == c.Type && c.Type != "button" {
			list[n].Parameters = append(list[n].Parameters, c.Parameters...)
			continue
		}
		list = append(list, c)
	}
	return list, ""
}

// component is the part with the one parameter f.
func component(f events.Field) (sendComponent, bool) {
	part := strings.Split(f.Name, ".")
	switch {
	case part[0] == "header" && len(part) == 2:
		return sendComponent{Type: "header", Parameters: []sendParameter{headerParameter(part[1], f.Value)}}, part[1] != ""
	case part[0] == "button" && len(part) == 3 && channel.Digits(part[1]):
		p, ok := buttonParameter(part[2], f.Value)
		return sendComponent{Type: "button", SubType: part[2], Index: part[1], Parameters: []sendParameter{p}}, ok
	}
	return sendComponent{Type: "body", Parameters: []sendParameter{textParameter(f.Name, f.Value)}}, len(part) == 1 && part[0] != ""
}

// textParameter is a text, named unless it is known by its number.
func textParameter(name, value string) sendParameter {
	p := sendParameter{Type: "text", Text: value}
	if !channel.Digits(name) {
		p.Name = name
	}
	return p
}

func headerParameter(name, value string) sendParameter {
	m := &events.Media{URL: value}
	if !strings.Contains(value, "://") {
		m = &events.Media{PlatformID: value}
	}
	switch name {
	case "image":
		return sendParameter{Type: name, Image: mediaOf(m)}
	case "video":
		return sendParameter{Type: name, Video: mediaOf(m)}
	case "document":
		return sendParameter{Type: name, Document: mediaOf(m)}
	}
	return textParameter(name, value)
}

func buttonParameter(kind, value string) (sendParameter, bool) {
	switch kind {
	case "quick_reply":
		return sendParameter{Type: "payload", Payload: value}, true
	case "url":
		return sendParameter{Type: "text", Text: value}, true
	case "copy_code":
		return sendParameter{Type: "coupon_code", Coupon: value}, true
	}
	return sendParameter{}, false
}
