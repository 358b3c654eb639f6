package x

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	apiHost   = "api.x.com"
	tonHost   = "ton.twitter.com" // media of direct messages
	videoHost = "video.twimg.com" // films, those of direct messages below /dm_
	apiURL    = "https://" + apiHost

	directPath = "/2/dm_conversations/with/" // + id + "/messages"
	postPath   = "/2/tweets"
	uploadPath = "/2/media/upload/" // initialize, then <id>/append and <id>/finalize

	maxImage = 5_000_000 // of 5 MB, and X does not say which
)

// send answers in public where the conversation is public, and in private else: what
// is private is never posted.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	c := client{e, o.ID}
	place := o.To.Conversation
	thread, public := strings.CutPrefix(place.PlatformID, public)
	switch {
	case public != (place.Kind == events.Public):
		return channel.Sent{}, refusal("the conversation is neither public nor private")
	case public:
		return c.post(ctx, o, thread)
	case strings.HasPrefix(place.PlatformID, "chat:"):
		return channel.Sent{}, refusal("encrypted chats take no messages from here")
	}
	return c.direct(ctx, o)
}

func refusal(title string) *channel.Error {
	return &channel.Error{Class: events.ClassContent, Title: title}
}

// direct sends a direct message to a person.
// https://docs.x.com/x-api/direct-messages/create-dm-message-by-participant-id
func (c client) direct(ctx context.Context, o channel.Outgoing) (channel.Sent, error) {
	var m outgoingDirect
	text, media, err := c.parts(ctx, o.Content[0], "dm_image")
	if err != nil {
		return channel.Sent{}, err
	}
	m.Text = text
	if media != "" {
		m.Attachments = []mediaRef{{media}}
	}
	var answer struct {
		Data struct {
			ID string `json:"dm_event_id"`
		} `json:"data"`
	}
	body, err := native(m, o.Content[0])
	if err != nil {
		return channel.Sent{}, err
	}
	if err := c.call(ctx, http.MethodPost, directPath+url.PathEscape(o.To.Conversation.PlatformID)+"/messages", body,
		&answer); err != nil {
		return channel.Sent{}, err
	}
	return taken(answer.Data.ID)
}

// post answers in a public thread: the post that is quoted, else the one that the
// handle names, else the thread's first.
// https://docs.x.com/x-api/posts/create-post
func (c client) post(ctx context.Context, o channel.Outgoing, thread string) (channel.Sent, error) {
	m := outgoingPost{Reply: &replyRef{thread}}
	if o.Answer != "" {
		m.Reply.ID = o.Answer
	}
	if o.ReplyTo != "" {
		m.Reply.ID = o.ReplyTo
	}
	text, media, err := c.parts(ctx, o.Content[0], "tweet_image")
	if err != nil {
		return channel.Sent{}, err
	}
	m.Text = text
	if media != "" {
		m.Media = &postMedia{[]string{media}}
	}
	var answer struct {
		Data struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	body, err := native(m, o.Content[0])
	if err != nil {
		return channel.Sent{}, err
	}
	if err := c.call(ctx, http.MethodPost, postPath, body, &answer); err != nil {
		return channel.Sent{}, err
	}
	return taken(answer.Data.ID)
}

// taken is what X took; without an id nobody can say that it did.
func taken(id string) (channel.Sent, error) {
	if id == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without an id", Unknown: true}
	}
	return channel.Sent{IDs: []string{id}}, nil
}

// parts are the text of a content and the id of its medium, uploaded under that category.
func (c client) parts(ctx context.Context, part events.Content, category string) (text, media string, err error) {
	switch part.Kind {
	case events.KindText:
		return part.Text.Body, "", nil
	case events.KindMedia:
		media, err = c.upload(ctx, *part.Media, category)
		return part.Media.Caption, media, err
	case events.KindNative:
		return "", "", nil
	}
	return "", "", refusal(fmt.Sprintf("X shows no %s", part.Kind))
}

// native is m with what the integrator's own JSON adds or replaces; whom it goes to
// is in the address, and the post that it answers stays ours.
func native(m any, part events.Content) (any, error) {
	if part.Kind != events.KindNative {
		return m, nil
	}
	if p, ok := m.(outgoingPost); ok {
		return channel.Native(part.Native, outgoingPost{Reply: p.Reply})
	}
	return channel.Native(part.Native, nil)
}

// upload gives X a picture in one piece.
// https://docs.x.com/x-api/media/quickstart/media-upload-chunked
func (c client) upload(ctx context.Context, m events.Media, category string) (string, error) {
	file, err := c.Open(ctx, m)
	if err != nil {
		return "", fmt.Errorf("%w: open the file: %w", channel.ErrNotSent, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxImage+1))
	if err != nil {
		return "", fmt.Errorf("%w: read the file: %w", channel.ErrNotSent, err)
	}
	if len(data) > maxImage {
		return "", &channel.Error{Class: events.ClassMedia, Title: "the picture is larger than 5 MB"}
	}
	if m.MIME == "" {
		m.MIME = http.DetectContentType(data)
	}
	var answer uploaded
	if err := c.before(c.call(ctx, http.MethodPost, uploadPath+"initialize", uploadStart{category, m.MIME, len(data)},
		&answer)); err != nil {
		return "", err
	}
	path := uploadPath + url.PathEscape(answer.Data.ID)
	if err := c.before(c.call(ctx, http.MethodPost, path+"/append", uploadPiece{data, 0}, nil)); err != nil {
		return "", err
	}
	return answer.Data.ID, c.before(c.call(ctx, http.MethodPost, path+"/finalize", struct{}{}, nil))
}

// act takes a message or a post of ours back.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	if a.Verb != events.ActDelete || a.Message == nil || a.Message.PlatformID == "" {
		return refusal("X can delete a message of ours, and nothing else")
	}
	path := "/2/dm_events/" // https://docs.x.com/x-api/direct-messages/delete-dm-event
	if to.Conversation.Kind == events.Public {
		path = postPath + "/" // https://docs.x.com/x-api/posts/delete-post
	}
	c := client{e, "delete " + a.Message.PlatformID}
	return c.call(ctx, http.MethodDelete, path+url.PathEscape(a.Message.PlatformID), nil, nil)
}

// fetch opens a medium: one of a direct message as the account, a public one as anybody.
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	u, err := url.Parse(m.URL)
	if err != nil || u.Scheme != "https" {
		return nil, &channel.Error{Class: events.ClassMedia, Title: "the medium has no address"}
	}
	var header http.Header
	if u.Host == tonHost || u.Host == videoHost && strings.HasPrefix(u.Path, "/dm_") {
		if header, err = authorization(e.Account, request{http.MethodGet, u, e.Now, "fetch " + m.URL}); err != nil {
			return nil, err
		}
	}
	body, r, err := e.Stream(ctx, m.URL, header)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, failure(r, e.Now)
	}
	return body, nil
}
