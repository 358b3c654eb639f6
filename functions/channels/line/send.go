package line

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	apiHost  = "api.line.me"
	dataHost = "api-data.line.me"

	pushPath    = "/v2/bot/message/push"
	replyPath   = "/v2/bot/message/reply"
	loadingPath = "/v2/bot/chat/loading/start"
	tokenPath   = "/oauth2/v3/token"
	contentPath = "/v2/bot/message/" // + id + "/content"

	retryKey = "X-Line-Retry-Key"
)

// class is idempotent for a push, which carries a retry key for 24 hours; a reply
// takes none (https://developers.line.biz/en/docs/messaging-api/retrying-api-request/).
func class(o channel.Outgoing) channel.Class {
	if o.Answer != "" {
		return channel.Blind
	}
	return channel.Idempotent
}

// send replies while there is a reply token, which is free, else it pushes.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	messages, err := compose(o)
	if err != nil {
		return channel.Sent{}, err
	}
	header := channel.Bearer(e.Token)
	path, request := replyPath, sendRequest{ReplyToken: o.Answer, Messages: messages}
	if o.Answer == "" {
		header[retryKey] = []string{channel.UUID(o.ID)}
		path, request = pushPath, sendRequest{To: o.To.Conversation.PlatformID, Messages: messages}
	}
	r, err := e.PostJSON(ctx, "https://"+apiHost+path, header, request)
	if err != nil {
		return channel.Sent{}, err
	}
	return sent(r)
}

// sent reads the ids of what was sent, at the first try or at an earlier one.
func sent(r channel.Reply) (channel.Sent, error) {
	var answer sentMessages
	switch {
	case r.Status == http.StatusConflict:
		_ = json.Unmarshal(r.Body, &answer) // it was sent, whether or not LINE still knows the ids
	case !r.OK():
		return channel.Sent{}, failure(r)
	default:
		if err := r.Decode(&answer); err != nil {
			return channel.Sent{}, err
		}
	}
	var s channel.Sent
	for _, m := range answer.SentMessages {
		if m.ID != "" {
			s.IDs = append(s.IDs, m.ID)
		}
	}
	return s, nil
}

// loadingSeconds is how long the animation lasts unless a message ends it: a
// multiple of 5, at most 60.
// https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator
const loadingSeconds = 20

// act shows that we write. The animation ends with our message or by itself.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	if a.Verb != events.ActTyping || to.Conversation.Kind != events.Direct {
		return &channel.Error{Class: events.ClassContent, Title: "LINE shows typing only, and only between two"}
	}
	if !a.Active {
		return nil
	}
	r, err := e.PostJSON(ctx, "https://"+apiHost+loadingPath, channel.Bearer(e.Token),
		loading{ChatID: to.Conversation.PlatformID, Seconds: loadingSeconds})
	if err != nil {
		return err
	}
	if !r.OK() {
		return failure(r)
	}
	return nil
}

// longLived is how long a console token is taken for good before it is read again.
const longLived = time.Hour

// token is the account's long-lived access token, else a stateless one of 15 minutes.
// https://developers.line.biz/en/reference/messaging-api/#issue-stateless-channel-access-token
func token(ctx context.Context, e channel.Env) (channel.Token, error) {
	if t := e.Account.Value(accessToken); t != "" {
		return channel.Token{Value: t, ExpiresAt: e.Now.Add(longLived)}, nil
	}
	id := e.Account.Value(channelID)
	if id == "" {
		return channel.Token{}, &channel.Error{Class: events.ClassAuth, Title: "the account has no channel_id",
			Remedy: "store channel_id, or access_token"}
	}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id},
		"client_secret": {e.Account.Value(secret)}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	r, err := e.Do(ctx, http.MethodPost, "https://"+apiHost+tokenPath, header, []byte(form.Encode()))
	if err != nil {
		return channel.Token{}, err
	}
	var answer tokenAnswer
	if !r.OK() {
		return channel.Token{}, tokenFailure(r)
	}
	if err := r.Decode(&answer); err != nil {
		return channel.Token{}, err
	}
	if answer.AccessToken == "" {
		return channel.Token{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without an access token"}
	}
	return channel.Token{Value: answer.AccessToken, ExpiresAt: e.Now.Add(time.Duration(answer.ExpiresIn) * time.Second)},
		nil
}

// preparing is when to ask again for a film that LINE still encodes.
const preparing = 20 * time.Second

// fetch opens a medium by its message's id, or where an external provider has it.
// https://developers.line.biz/en/reference/messaging-api/#get-content
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	address, header := m.URL, http.Header(nil)
	if m.PlatformID != "" {
		address, header = "https://"+dataHost+contentPath+url.PathEscape(m.PlatformID)+"/content", channel.Bearer(e.Token)
	}
	body, r, err := e.Stream(ctx, address, header)
	switch {
	case err != nil:
		return nil, err
	case !r.OK():
		return nil, lost(failure(r))
	case r.Status == http.StatusAccepted:
		_ = body.Close()
		return nil, &channel.Error{Class: events.ClassPlatform, Code: "202", Title: "the content is being prepared",
			RetryAfter: preparing}
	}
	return body, nil
}

// lost says of content that is not there any more that it is the media that fails.
func lost(e *channel.Error) *channel.Error {
	if e.Class == events.ClassRecipient {
		e.Class, e.Title = events.ClassMedia, cmp.Or(strings.TrimSpace(e.Title), "gone")
	}
	return e
}
