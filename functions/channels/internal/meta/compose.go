package meta

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// message is o's one content as the platform's message.
func (s SendAPI) message(o channel.Outgoing) (json.RawMessage, error) {
	c := o.Content[0]
	if c.Kind == events.KindNative {
		return s.native(c.Native, o.ID)
	}
	m := sendMessage{}
	if s.Named {
		m.Metadata = o.ID
	}
	switch c.Kind {
	case events.KindText:
		m.Text = c.Text.Body
	case events.KindMedia:
		m.Attachment = &sendAttachment{Type: attachmentType(c.Media.Type), Payload: mediaPayload{URL: c.Media.URL}}
	case events.KindChoice:
		m.choice(c.Choice)
	case events.KindCards:
		m.Attachment = templateOf(cardsPayload(c.Cards))
	case events.KindForm:
		m.Attachment = templateOf(formPayload(c.Form))
	case events.KindTemplate:
		m.Template = utility(c.Template)
	default:
		return nil, &channel.Error{Class: events.ClassContent, Title: "cannot send " + string(c.Kind)}
	}
	return channel.JSON(m)
}

// native is the platform's own message object, with our id where there is none.
func (s SendAPI) native(n *events.Native, id string) (json.RawMessage, error) {
	m, err := channel.Native(n, nil)
	if err != nil {
		return nil, err
	}
	if _, has := m["metadata"]; s.Named && !has {
		m["metadata"] = json.RawMessage(strconv.Quote(id))
	}
	return channel.JSON(m)
}

// attachmentType is the platform's word for a type of media.
func attachmentType(media string) string {
	switch media {
	case events.Animation, events.Sticker:
		return "image"
	case events.Voice:
		return "audio"
	}
	return media // image, video, audio and file are called so here too
}

func (m *sendMessage) choice(c *events.Choice) {
	if c.Style != events.StyleQuick {
		m.Attachment = templateOf(templatePayload{Type: "button", Text: c.Text, Buttons: buttonsOf(c.Options)})
		return
	}
	m.Text = c.Text
	for _, o := range c.Options {
		q := quickReply{Type: "text", Title: o.Label, Payload: o.ID, Image: o.Image}
		if o.Action == events.ActionContact { // the customer's phone number; the platform labels it
			q = quickReply{Type: "user_phone_number"}
		}
		m.QuickReplies = append(m.QuickReplies, q)
	}
}

func buttonsOf(options []events.Option) []sendButton {
	var list []sendButton
	for _, o := range options {
		b := sendButton{Type: "postback", Title: o.Label, Payload: o.ID}
		switch o.Action {
		case events.ActionURL, events.ActionWebView:
			b = sendButton{Type: "web_url", Title: o.Label, URL: o.Value}
		case events.ActionCall:
			b = sendButton{Type: "phone_number", Title: o.Label, Payload: strings.ReplaceAll(o.Value, " ", "")}
		}
		list = append(list, b)
	}
	return list
}

func templateOf(p templatePayload) *sendAttachment {
	return &sendAttachment{Type: "template", Payload: p}
}

func cardsPayload(cards []events.Panel) templatePayload {
	p := templatePayload{Type: "generic"}
	for _, c := range cards {
		e := sendElement{Title: c.Title, Subtitle: c.Text, Buttons: buttonsOf(c.Options)}
		if c.Media != nil {
			e.Image = c.Media.URL
		}
		p.Elements = append(p.Elements, e)
	}
	return p
}

// formPayload is a button that opens the page with the form.
func formPayload(f *events.Form) templatePayload {
	return templatePayload{Type: "button", Text: formText(f),
		Buttons: []sendButton{{Type: "web_url", Title: f.Submit, URL: f.URL}}}
}

func formText(f *events.Form) string { return strings.Trim(f.Title+"\n"+f.Text, "\n") }

// utility is a template that Meta approved; its parameters go into the body.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages
func utility(t *events.Template) *sendTemplate {
	out := &sendTemplate{Name: t.Name, Language: language{Code: channel.Language(t.Language, "_")}}
	if len(t.Parameters) == 0 {
		return out
	}
	body := component{Type: "body"}
	for _, p := range numbered(t.Parameters) {
		v := parameter{Type: "text", Text: p.Value}
		if !channel.Digits(p.Name) {
			v.Name = p.Name
		}
		body.Parameters = append(body.Parameters, v)
	}
	out.Components = []component{body}
	return out
}

// numbered are a template's parameters in the order of their numbers; named ones may
// come in any.
func numbered(list []events.Field) []events.Field {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b events.Field) int {
		if !channel.Digits(a.Name) || !channel.Digits(b.Name) {
			return 0
		}
		return cmp.Or(cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// Refuses says what is wrong with a template, or "": its parameters are those of its
// body, all numbered without a gap or all named.
func Refuses(c events.Content) string {
	if c.Template == nil {
		return ""
	}
	digits := 0
	for _, p := range c.Template.Parameters {
		if strings.Contains(p.Name, ".") {
			return "there is no template parameter " + p.Name + ": only the body has some"
		}
		if channel.Digits(p.Name) {
			digits++
		}
	}
	if digits != 0 && digits != len(c.Template.Parameters) {
		return "a template's parameters are all numbered or all named"
	}
	for i, p := range numbered(c.Template.Parameters) {
		if digits > 0 && p.Name != strconv.Itoa(i+1) {
			return "template parameter " + strconv.Itoa(i+1) + " is missing"
		}
	}
	return ""
}
