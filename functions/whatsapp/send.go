package whatsapp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// outbound is how WhatsApp is written to: freely for 24 hours after the customer's
// last message, else with a template. The core knows the window from the inbound side.
var outbound = channel.Outbound{
	Limits: limits,
	// 80 messages a second, and to one person one in six seconds after a burst of 45.
	// https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
	Rate:    channel.Rate{Account: 80, Pair: 1.0 / 6, Burst: 45},
	Class:   channel.Always(channel.Correlated), // statuses bring back biz_opaque_callback_data
	Opens:   []events.Scheme{events.Phone, events.WhatsAppBSUID},
	Send:    send,
	Outside: outside,
	Act:     act,
	Acts:    []events.Verb{events.ActTyping, events.ActRead, events.ActReact},
	Fetch:   fetch,

	Hosts:    []string{graphHost, mediaHost},
	Origin:   origin,
	Double:   double,
	Customer: customer,
}

const (
	graphHost    = "graph.facebook.com"
	mediaHost    = "lookaside.fbsbx.com" // where Graph says that a file is
	graphVersion = "v25.0"               // https://developers.facebook.com/docs/graph-api/changelog
)

// A sender carries what Meta's API takes: Meta's own API, or the one of AWS.
type sender interface {
	// post makes the call whose body is a message or an action. The ids are those
	// by which statuses name the message.
	post(ctx context.Context, e channel.Env, body []byte) (channel.Sent, error)
	// upload gives the id by which a message names a file.
	upload(ctx context.Context, e channel.Env, m events.Media, id string) (string, error)
}

// senderOf is the account's way out: the Cloud API where it has a token.
func senderOf(a channel.Account) sender {
	if a.Value(accessToken) == "" && viaAWS(a) {
		return social{}
	}
	return cloud{}
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	s := senderOf(e.Account)
	if c := o.Content[0]; c.Media != nil && c.Media.URL == "" && c.Media.PlatformID == "" {
		id, err := s.upload(ctx, e, *c.Media, o.ID)
		if err != nil {
			return channel.Sent{}, unsent(err)
		}
		m := *c.Media
		m.PlatformID = id
		o.Content = []events.Content{events.NewMedia(m)}
	}
	body, err := compose(o)
	if err != nil {
		return channel.Sent{}, err
	}
	return s.post(ctx, e, body)
}

// unsent says of an error before the message's own call that nothing was sent.
func unsent(err error) error {
	var e *channel.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	e.Unknown = false
	return err
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
		return &channel.Error{Class: events.ClassContent, Title: "WhatsApp needs a message of the customer's to " + string(a.Verb)}
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
		m.Type, m.Reaction = "reaction", &sendReaction{MessageID: a.Message.PlatformID, Emoji: a.Emoji}
		body = m
	default:
		return &channel.Error{Class: events.ClassContent, Title: "WhatsApp cannot " + string(a.Verb)}
	}
	text, err := channel.JSON(body)
	if err != nil {
		return err
	}
	_, err = senderOf(e.Account).post(ctx, e, text)
	return err
}

// cloud is Meta's Cloud API.
type cloud struct{}

// numberURL is the address of something of the account's number; an error when the
// account cannot send.
func numberURL(a channel.Account, path string) (string, error) {
	number := a.Value(phoneNumberID)
	if a.Value(accessToken) == "" || number == "" {
		return "", &channel.Error{Class: events.ClassAuth, Title: "the account has no access_token or no phone_number_id", Remedy: "store both"}
	}
	return "https://" + graphHost + "/" + graphVersion + "/" + url.PathEscape(number) + path, nil
}

func (cloud) post(ctx context.Context, e channel.Env, body []byte) (channel.Sent, error) {
	address, err := numberURL(e.Account, "/messages")
	if err != nil {
		return channel.Sent{}, err
	}
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
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a message id", Unknown: true}
	}
	m := a.Messages[0]
	s := channel.Sent{IDs: []string{m.ID}}
	if m.Status != "" && m.Status != "accepted" {
		s.Note = strings.ReplaceAll(m.Status, "_", " ")
	}
	return s, nil
}

// upload gives Meta a file, which it keeps for 30 days.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func (cloud) upload(ctx context.Context, e channel.Env, m events.Media, id string) (string, error) {
	address, err := numberURL(e.Account, "/media")
	if err != nil {
		return "", err
	}
	body, contentType, err := mediaForm(ctx, e, m, id)
	if err != nil {
		return "", err
	}
	header := channel.Bearer(e.Account.Value(accessToken))
	header.Set("Content-Type", contentType)
	r, err := e.Do(ctx, http.MethodPost, address, header, body)
	if err != nil {
		return "", err
	}
	var answer mediaAnswer
	if err := read(e, r, &answer); err != nil {
		return "", err
	}
	if answer.ID == "" {
		return "", &channel.Error{Class: events.ClassPlatform, Title: "answered without a media id"}
	}
	return string(answer.ID), nil
}

// mediaForm is m as a form, and the form's content type.
func mediaForm(ctx context.Context, e channel.Env, m events.Media, id string) ([]byte, string, error) {
	file, err := e.Open(ctx, m)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("relais-" + channel.Digest([]byte(id))); err != nil {
		return nil, "", err
	}
	mime := cmp.Or(m.MIME, "application/octet-stream")
	for _, field := range [][2]string{{"messaging_product", product}, {"type", mime}} {
		if err := w.WriteField(field[0], field[1]); err != nil {
			return nil, "", err
		}
	}
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", cmp.Or(m.Name, "file"))}, "Content-Type": {mime},
	})
	if err != nil {
		return nil, "", err
	}
	if _, err := io.Copy(part, file); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), w.Close()
}

// fetch opens a file that a customer sent: its id gives a URL for five minutes, which
// is opened with the token again. The token goes to Meta's own hosts alone.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	token := e.Account.Value(accessToken)
	if token == "" {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "files are fetched with an access_token only", Remedy: "AWS puts files into a bucket of yours: GetWhatsAppMessageMedia"}
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
	if e, ok := err.(*channel.Error); ok && (e.Class == events.ClassRecipient || e.Class == events.ClassContent) {
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
