package whatsapp

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	graphHost    = "graph.facebook.com"
	mediaHost    = "lookaside.fbsbx.com" // where Graph says that a file is
	graphVersion = "v25.0"               // https://developers.facebook.com/docs/graph-api/changelog
)

// postOf is the account's way out for what Meta's API takes: that API, where the
// account has a token, or the one of AWS.
func postOf(a channel.Account) func(context.Context, channel.Env, []byte) (channel.Sent, error) {
	if a.Value(accessToken) == "" && viaAWS(a) {
		return postAWS
	}
	return postGraph
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	body, err := compose(o)
	if err != nil {
		return channel.Sent{}, err
	}
	return postOf(e.Account)(ctx, e, body)
}

// outside says whether o is a template, the one thing that needs no open window.
func outside(o channel.Outgoing) bool {
	if len(o.Content) == 0 {
		return false
	}
	c := o.Content[0]
	if c.Native != nil {
		part, _ := decode[struct {
			Type string `json:"type"`
		}]([]byte(c.Native.JSON))
		return part.Type == "template"
	}
	return c.Kind == events.KindTemplate
}

// act marks as read, shows typing for up to 25 seconds, or reacts. WhatsApp ties all
// three to a message of the customer's.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/typing-indicators
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	if a.Message == nil || a.Message.PlatformID == "" {
		return &channel.Error{Class: events.ClassContent,
			Title: "WhatsApp needs a message of the customer's to " + string(a.Verb)}
	}
	body := any(readRequest{Product: product, Status: "read", MessageID: a.Message.PlatformID})
	switch a.Verb {
	case events.ActRead:
	case events.ActTyping:
		if !a.Active {
			return nil // it ends with our message or by itself
		}
		body = readRequest{Product: product, Status: "read", MessageID: a.Message.PlatformID, Typing: &typing{Type: "text"}}
	case events.ActReact:
		m := envelope(channel.Outgoing{To: to})
		if m.Kind == toGroup {
			return &channel.Error{Class: events.ClassContent, Title: "WhatsApp's groups take no reactions"}
		}
		m.Type, m.Reaction = "reaction", &sendReaction{MessageID: a.Message.PlatformID, Emoji: a.Emoji}
		body = m
	default:
		return &channel.Error{Class: events.ClassContent, Title: "WhatsApp cannot " + string(a.Verb)}
	}
	text, err := channel.JSON(body)
	if err != nil {
		return err
	}
	_, err = postOf(e.Account)(ctx, e, text)
	return err
}

// postGraph makes a call of Meta's Cloud API. The ids are those by which statuses
// name the message.
func postGraph(ctx context.Context, e channel.Env, body []byte) (channel.Sent, error) {
	number := e.Account.Value(phoneNumberID)
	if e.Account.Value(accessToken) == "" || number == "" {
		return channel.Sent{},
			&channel.Error{Class: events.ClassAuth, Title: "the account has no access_token or no phone_number_id",
				Remedy: "store both"}
	}
	address := "https://" + graphHost + "/" + graphVersion + "/" + url.PathEscape(number) + "/messages"
	header := channel.Bearer(e.Account.Value(accessToken))
	header.Set("Content-Type", "application/json")
	r, err := e.Do(ctx, http.MethodPost, address, header, body)
	if err != nil {
		return channel.Sent{}, err
	}
	var answer sendAnswer
	if err := read(e, r, &answer); err != nil {
		return channel.Sent{}, err
	}
	if answer.Success {
		return channel.Sent{}, nil // of an action
	}
	return answer.sent()
}

// sent is the message's id. A message that is held is sent later, or refused by status.
func (a sendAnswer) sent() (channel.Sent, error) {
	if len(a.Messages) == 0 || a.Messages[0].ID == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a message id",
			Unknown: true}
	}
	m := a.Messages[0]
	s := channel.Sent{IDs: []string{m.ID}}
	if m.Status != "" && m.Status != "accepted" {
		s.Note = strings.ReplaceAll(m.Status, "_", " ")
	}
	return s, nil
}

// fetch opens a file that a customer sent: its id gives a URL for five minutes, which
// is opened with the token again. The token goes to Meta's own hosts alone.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	token := e.Account.Value(accessToken)
	if token == "" {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "files are fetched with an access_token only",
			Remedy: "AWS puts files into a bucket of yours: GetWhatsAppMessageMedia"}
	}
	address := "https://" + graphHost + "/" + graphVersion + "/" + url.PathEscape(m.PlatformID)
	if number := e.Account.Value(phoneNumberID); number != "" {
		address += "?phone_number_id=" + url.QueryEscape(number)
	}
	r, err := e.Get(ctx, address, channel.Bearer(token))
	if err != nil {
		return nil, err
	}
	var found mediaAnswer
	if err := read(e, r, &found); err != nil {
		return nil, lost(err)
	}
	if u, err := url.Parse(found.URL); err != nil || u.Scheme != "https" || u.Host != mediaHost {
		return nil, &channel.Error{Class: events.ClassPlatform, Title: "the file is not on a host of Meta's that is known"}
	}
	body, r, err := e.Stream(ctx, found.URL, channel.Bearer(token))
	switch {
	case err != nil:
		return nil, err
	case !r.OK():
		return nil, lost(failure(e, r))
	}
	return body, nil
}

// lost says of a file that is not there any more that it is the media that fails.
func lost(err error) error {
	e, ok := err.(*channel.Error)
	if ok && (e.Class == events.ClassRecipient || e.Class == events.ClassContent || e.Code == "100") {
		e.Class = events.ClassMedia
	}
	return err
}

// read reads an answer of Graph's: v, or why it refused, whatever the status.
func read(e channel.Env, r channel.Reply, v any) error {
	var f refusal
	_ = json.Unmarshal(r.Body, &f) // what is no JSON tells by its status
	if f.Error != nil || !r.OK() {
		return failure(e, r)
	}
	return r.Decode(v)
}
