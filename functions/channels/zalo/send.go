package zalo

import (
	"context"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	textLength  = 2000
	titleLength = 100
	idLength    = 500
	buttonCount = 5

	apiHost   = "openapi.zalo.me"
	znsHost   = "business.openapi.zalo.me"
	oauthHost = "oauth.zaloapp.com"
)

const (
	// zns is the category of a template that is to go as ZNS (Zalo Notification
	// Service). Templates of other categories were approved by other platforms, so
	// their fallback is shown.
	zns = "zns"

	// userInfo is the id of the one form that Zalo has: name, phone and address.
	userInfo = "request_user_info"
)

func takes(c events.Content) string {
	switch {
	case c.Template != nil && c.Template.Category != zns:
		return "is no template of the category " + zns
	case c.Form != nil && (c.Form.ID != userInfo || c.Form.Title == ""):
		return "the only form is " + userInfo
	case c.Media != nil && c.Media.Type == events.Sticker && (c.Media.PlatformID == "" || c.Media.Set != ""):
		return "a sticker is known by Zalo's id for it" // those of other platforms come in sets
	case c.Media != nil && c.Media.Type == events.File &&
		!slices.Contains(documents, strings.ToLower(path.Ext(fileName("file", *c.Media)))):
		return "files are PDF, Word or CSV"
	case c.Choice != nil && c.Choice.Header != nil && (c.Choice.Header.Type != events.Image || c.Choice.Header.URL == ""):
		return "only a picture with an address stands above buttons"
	}
	return ""
}

// template is the template that o is, nil when it is none.
func template(o channel.Outgoing) *events.Template {
	if len(o.Content) == 0 {
		return nil
	}
	return o.Content[0].Template
}

// class says what repeating o does: receipts of ZNS carry our tracking id, those of
// other messages only the id that the answer held.
func class(o channel.Outgoing) channel.Class {
	if template(o) != nil {
		return channel.Correlated
	}
	return channel.Blind
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	if t := template(o); t != nil {
		return sendZNS(ctx, e, o, t)
	}
	m, err := newText(ctx, e, o)
	if err != nil {
		return channel.Sent{}, err
	}
	w := consultation{Recipient: newRecipient(o.To.Conversation.PlatformID), Message: m}
	r, err := e.PostJSON(ctx, "https://"+apiHost+w.Recipient.path(), access(e), w)
	if err != nil {
		return channel.Sent{}, err
	}
	return result(r)
}

// access is the header of the access token: Zalo does not use Authorization.
func access(e channel.Env) http.Header { return http.Header{"Access_token": {e.Token}} }

// newRecipient addresses a person, or a visitor in their conversation.
func newRecipient(thread string) recipient {
	rest, anonymous := strings.CutPrefix(thread, visitor)
	if !anonymous {
		return recipient{UserID: thread}
	}
	id, conversation, _ := strings.Cut(rest, ":")
	return recipient{AnonymousID: id, ConversationID: conversation}
}

// path is where a person is written to, or a visitor without an account.
// https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-nhan-den-nguoi-dung-an-danh
func (r recipient) path() string {
	if r.AnonymousID != "" {
		return "/v2.0/oa/message"
	}
	return "/v3.0/oa/message/cs"
}

// newText is the message that says o's content.
func newText(ctx context.Context, e channel.Env, o channel.Outgoing) (any, error) {
	switch c := o.Content[0]; c.Kind {
	case events.KindText:
		return reply{Text: c.Text.Body, QuoteID: o.ReplyTo}, nil
	case events.KindMedia:
		return newMedia(ctx, e, o.ID, c.Media)
	case events.KindChoice:
		return newChoice(c.Choice), nil
	case events.KindForm:
		return templated("",
			templatePayload{Type: userInfo, Elements: []element{{Title: c.Form.Title, Subtitle: c.Form.Text}}}), nil
	case events.KindNative:
		return channel.Native(c.Native, nil) // the recipient stands beside it
	default:
		return nil, &channel.Error{Class: events.ClassContent,
			Title: "a content of kind " + string(c.Kind) + " cannot be sent"}
	}
}

// newChoice is a list of one element with buttons below it.
// https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/
func newChoice(c *events.Choice) reply {
	p := templatePayload{Type: "list", Elements: []element{{Title: c.Text}}}
	if c.Header != nil {
		p.Elements[0].ImageURL = c.Header.URL
	}
	for _, o := range c.Options {
		p.Buttons = append(p.Buttons, newButton(o))
	}
	return templated("", p)
}

// query begins the hidden text that a pressed button of ours sends.
const query = "#relais:"

func newButton(o events.Option) button {
	switch o.Action {
	case events.ActionURL, events.ActionWebView:
		return button{Title: o.Label, Type: "oa.open.url", Payload: map[string]string{"url": o.Value}}
	case events.ActionCall:
		return button{Title: o.Label, Type: "oa.open.phone", Payload: map[string]string{"phone_code": o.Value}}
	}
	return button{Title: o.Label, Type: "oa.query.hide", Payload: query + o.ID}
}

// sendZNS sends a template to a phone number.
// https://developers.zalo.me/docs/zalo-notification-service/gui-tin-zns/gui-zns
func sendZNS(ctx context.Context, e channel.Env, o channel.Outgoing, t *events.Template) (channel.Sent, error) {
	number := phone(o.To)
	if number == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassRecipient, Title: "ZNS is sent to phone numbers",
			Remedy: "address the person by phone number"}
	}
	w := notification{Phone: number, TemplateID: t.Name, Data: map[string]string{}, TrackingID: o.ID}
	for _, p := range t.Parameters {
		w.Data[p.Name] = p.Value
	}
	r, err := e.PostJSON(ctx, "https://"+znsHost+"/message/template", access(e), w)
	if err != nil {
		return channel.Sent{}, err
	}
	return result(r)
}

// maxPhone tells phone numbers from the ids of people, which have 18 digits or more.
const maxPhone = 15 // https://www.itu.int/rec/T-REC-E.164/en

func phone(to channel.Recipient) string {
	for _, s := range []string{to.Conversation.PlatformID, to.Identity(events.Phone)} {
		if s = strings.TrimPrefix(s, "+"); channel.Digits(s) && len(s) <= maxPhone {
			return s
		}
	}
	return ""
}
