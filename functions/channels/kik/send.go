package kik

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	host = "api.kik.com"

	maxText      = 2000
	maxBatch     = 5 // messages to one person in one call
	maxResponses = 20
)

// send sends up to a batch of contents. Kik answers without ids, so the messages
// bring their own, by which receipts name them.
// https://github.com/kikinteractive/kik-python/blob/master/kik/api.py
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	path := "/v1/message"
	if o.Bulk {
		path = "/v1/broadcast"
	}
	var sent channel.Sent
	var list []any
	for i, c := range o.Content {
		m := addressed(o.To)
		m.ID = channel.UUID(o.ID + "/" + strconv.Itoa(i))
		body, err := m.with(c)
		if err != nil {
			return channel.Sent{}, err
		}
		list, sent.IDs = append(list, body), append(sent.IDs, m.ID)
	}
	if err := post(ctx, e, path, list); err != nil {
		return channel.Sent{}, err
	}
	return sent, nil
}

func act(ctx context.Context, e channel.Env, r channel.Recipient, a events.Action) error {
	m := addressed(r)
	switch {
	case a.Verb == events.ActTyping:
		m.Type, m.IsTyping = "is-typing", &a.Active
	case a.Message != nil:
		m.Type, m.MessageIDs = "read-receipt", []string{a.Message.PlatformID}
	}
	return post(ctx, e, "/v1/message", []any{m})
}

// addressed is a message to a person, or into a group.
func addressed(r channel.Recipient) sentMessage {
	if r.Conversation.Kind == events.Group {
		return sentMessage{ChatID: r.Conversation.PlatformID}
	}
	return sentMessage{To: r.Conversation.PlatformID}
}

func post(ctx context.Context, e channel.Env, path string, messages []any) error {
	reply, err := e.PostJSON(ctx, "https://"+host+path, http.Header{"Authorization": {basic(e.Account)}},
		sentMessages{messages})
	if err != nil {
		return err
	}
	if !reply.OK() {
		return failure(reply)
	}
	return nil
}

func basic(a channel.Account) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Value(username)+":"+a.Value(secret)))
}

// failure tells what to do about an answer, of which the status is all that is known.
func failure(r channel.Reply) *channel.Error {
	e := r.Failure()
	if e.Class == events.ClassAuth {
		e.Remedy = "check username and api_key; old keys may have been withdrawn"
	}
	return e
}

// with is m with what c says.
func (m sentMessage) with(c events.Content) (any, error) {
	switch c.Kind {
	case events.KindText:
		m.Type, m.Body = "text", c.Text.Body
	case events.KindMedia:
		m.media(c.Media)
	case events.KindLink:
		m.Type, m.URL, m.Title, m.Text, m.PicURL = "link", c.Link.URL, cmp.Or(c.Link.Title, c.Link.URL), c.Link.Text,
			c.Link.Image
	case events.KindChoice:
		m.choice(c.Choice)
	case events.KindNative:
		return channel.Native(c.Native, sentMessage{ID: m.ID, To: m.To, ChatID: m.ChatID}, "id", "to", "chatId")
	default:
		return nil, &channel.Error{Class: events.ClassContent, Title: "cannot send " + string(c.Kind)}
	}
	return m, nil
}

// media is a picture or a video; what moves without sound is a video that repeats.
func (m *sentMessage) media(w *events.Media) {
	if w.Type == events.Image {
		m.Type, m.PicURL = "picture", w.URL
		return
	}
	m.Type, m.VideoURL = "video", w.URL
	if w.Type == events.Animation {
		m.Loop, m.Muted, m.Autoplay = true, true, true
	}
}

// choice is a text with suggested responses, which come back with their metadata.
func (m *sentMessage) choice(w *events.Choice) {
	k := keyboard{Type: "suggested"}
	for _, o := range w.Options {
		k.Responses = append(k.Responses, response{Type: "text", Body: o.Label, Metadata: o.ID})
	}
	m.Type, m.Body, m.Keyboards = "text", w.Text, []keyboard{k}
}
