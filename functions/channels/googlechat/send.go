package googlechat

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	apiHost = "chat.googleapis.com"
	api     = "https://" + apiHost + "/v1/"
	scope   = "https://www.googleapis.com/auth/chat.bot"
)

// Google publishes no length of titles, rows and labels: these keep the largest card
// within maxMessage and its 100 widgets.
const (
	maxTitle = 200
	maxRow   = 100
	maxRows  = 40
)

var actions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionWebView}

// takes says no to what needs words that we would have to add.
func takes(c events.Content) string {
	switch {
	case c.Form != nil && (len(c.Form.Fields) == 0 || len(c.Form.Fields) > maxRows):
		return "a form has 1 to 40 fields"
	case c.Form != nil && c.Form.Submit == "":
		return "a form needs words on its button"
	case c.Link != nil && c.Link.Title == "":
		return "a link needs a title"
	}
	return ""
}

func token(ctx context.Context, e channel.Env) (channel.Token, error) {
	return google.Token(ctx, e, scope)
}

// send creates a message, in the thread of the conversation where it is one. A
// repetition gives the message that is there already.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	m, err := compose(e.Account, o.Content[0])
	if err != nil {
		return channel.Sent{}, err
	}
	space, err := path(inSpace(o.To.Conversation.PlatformID).Name, 2)
	if err != nil {
		return channel.Sent{}, err
	}
	if place := o.To.Conversation.PlatformID; strings.Contains(place, "/threads/") {
		m.Thread = &thread{Name: place}
	}
	id := ownMessage + channel.Digest([]byte(o.ID))
	q := url.Values{"messageReplyOption": {"REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"}, "requestId": {channel.UUID(o.ID)},
		"messageId": {id}}
	r, err := e.PostJSON(ctx, api+space+"/messages?"+q.Encode(), channel.Bearer(e.Token), m)
	if err != nil {
		return channel.Sent{}, err
	}
	if r.Status == http.StatusConflict {
		return channel.Sent{IDs: []string{earlier(ctx, e, space+"/messages/"+id)}}, nil
	}
	return sent(r)
}

func sent(r channel.Reply) (channel.Sent, error) {
	if !r.OK() {
		return channel.Sent{}, failure(r)
	}
	var m message
	if err := r.Decode(&m); err != nil {
		return channel.Sent{}, err
	}
	if m.Name == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a message",
			Unknown: true}
	}
	return channel.Sent{IDs: []string{m.Name}}, nil
}

// earlier is the name of a message that an earlier try created. The id we gave is
// its name too, so nothing is lost when Google does not answer.
// https://developers.google.com/workspace/chat/create-messages#name_a_created_message
func earlier(ctx context.Context, e channel.Env, name string) string {
	var m message
	r, err := e.Get(ctx, api+name, channel.Bearer(e.Token))
	if err != nil || !r.OK() || json.Unmarshal(r.Body, &m) != nil || m.Name == "" {
		return name
	}
	return m.Name
}

// act changes or deletes a message of ours.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/patch
func act(ctx context.Context, e channel.Env, _ channel.Recipient, a events.Action) error {
	if a.Message == nil {
		return &channel.Error{Class: events.ClassContent, Title: "names no message of the platform"}
	}
	name, err := path(a.Message.PlatformID, 4)
	if err != nil {
		return err
	}
	var r channel.Reply
	switch a.Verb {
	case events.ActEdit:
		r, err = edit(ctx, e, name, a.Content)
	case events.ActDelete:
		r, err = e.Do(ctx, http.MethodDelete, api+name, channel.Bearer(e.Token), nil)
	default:
		return &channel.Error{Class: events.ClassContent, Title: "an app of Google Chat cannot " + string(a.Verb)}
	}
	if err == nil && !r.OK() {
		err = failure(r)
	}
	return err
}

func edit(ctx context.Context, e channel.Env, name string, content []events.Content) (channel.Reply, error) {
	if len(content) == 0 {
		return channel.Reply{}, &channel.Error{Class: events.ClassContent, Title: "has no new content"}
	}
	m, err := compose(e.Account, content[0])
	if err != nil {
		return channel.Reply{}, err
	}
	body, err := channel.JSON(m)
	if err != nil {
		return channel.Reply{}, err
	}
	header := channel.Bearer(e.Token)
	header.Set("Content-Type", "application/json")
	return e.Do(ctx, http.MethodPatch, api+name+"?updateMask=text%2CcardsV2", header, body)
}

// path is the name of a resource as a part of a URL: of so many parts, none of
// which leads elsewhere.
func path(name string, parts int) (string, error) {
	list := strings.Split(name, "/")
	if len(list) != parts || list[0] != "spaces" {
		return "", &channel.Error{Class: events.ClassContent, Title: "is no name of a space or a message in Google Chat"}
	}
	for i, part := range list {
		if strings.Trim(part, ".") == "" {
			return "", &channel.Error{Class: events.ClassContent, Title: "is no name of a space or a message in Google Chat"}
		}
		list[i] = url.PathEscape(part)
	}
	return strings.Join(list, "/"), nil
}

// fetch opens a file that was uploaded to Chat, or an animation by its URL.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/media/download
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	address, header := m.URL, http.Header(nil)
	if m.PlatformID != "" {
		address, header = api+"media/"+url.PathEscape(m.PlatformID)+"?alt=media", channel.Bearer(e.Token)
	}
	body, r, err := e.Stream(ctx, address, header)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, failure(r)
	}
	return body, nil
}

// failure is why Google refused. A permission denied is the space's, which removed
// the app or blocks it, unless Google says that it is ours.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
func failure(r channel.Reply) *channel.Error {
	w := google.ReadError(r)
	e := google.Failure(r, w)
	if w.Status == "PERMISSION_DENIED" && !strings.Contains(w.Reason, "SCOPE") &&
		!strings.Contains(w.Reason, "DISABLED") && !strings.Contains(w.Message, "scope") {
		e.Class, e.Title, e.Remedy = events.ClassRecipient, "the app may not write there",
			"add the app to the space again; its administrator may have blocked it"
	}
	return e
}
