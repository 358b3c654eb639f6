package meta

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A SendAPI is where a channel of the Messenger platform sends, and as whom.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
type SendAPI struct {
	Host   string
	Token  string
	Secret string // of the app, to prove that the call is the app's; "" sends no proof
	Typed  bool   // calls say why they are made (messaging_type)
	Named  bool   // messages carry our id, which comes back in their echo
}

// version is of the Graph API; Meta keeps one for two years.
// https://developers.facebook.com/docs/graph-api/changelog
const version = "v25.0"

const sendPath = "/" + version + "/me/messages"

// Send sends o and gives the platform's id of it.
func (s SendAPI) Send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	call := sendCall{Recipient: recipientOf(e, o)}
	if o.ReplyTo != "" {
		call.ReplyTo = &replyTo{ID: o.ReplyTo}
	}
	call.Type, call.Tag = purpose(e, o)
	if !s.Typed {
		call.Type = ""
	}
	message, err := s.message(o)
	if err != nil {
		return channel.Sent{}, err
	}
	call.Message = message
	id, err := s.post(ctx, e, call)
	if err != nil {
		return channel.Sent{}, err
	}
	if id == "" {
		return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a message id",
			Unknown: true}
	}
	return channel.Sent{IDs: []string{id}}, nil
}

// post makes a call and gives the message id in the answer, if any.
func (s SendAPI) post(ctx context.Context, e channel.Env, call sendCall) (string, error) {
	address := "https://" + s.Host + sendPath
	if s.Secret != "" {
		address += "?appsecret_proof=" + proof(s.Secret, s.Token)
	}
	r, err := e.PostJSON(ctx, address, channel.Bearer(s.Token), call)
	if err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	var answer struct {
		ID string `json:"message_id"`
	}
	if err := Answer(r, s.Token, &answer); err != nil {
		return "", err
	}
	return answer.ID, nil
}

// proof shows that a token is used by the app that it was given to.
// https://developers.facebook.com/docs/graph-api/guides/secure-requests
func proof(secret, token string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(token))
	return hex.EncodeToString(mac.Sum(nil))
}

// tokenScope marks the identity that is the token of an opt-in to marketing messages.
const tokenScope = "notification_messages_token"

// recipientOf is whom o goes to: a person; who has only ticked the checkbox plug-in;
// or, for a campaign outside the window, who opted in to it.
func recipientOf(e channel.Env, o channel.Outgoing) recipient {
	to := o.To.Conversation.PlatformID
	if ref, ok := strings.CutPrefix(to, UserRef); ok {
		return recipient{UserRef: ref}
	}
	if token := optInToken(o); o.Bulk && token != "" && !open(e, o) {
		return recipient{Token: token}
	}
	return recipient{ID: to}
}

// OptedIn says whether o goes to somebody who agreed to it beforehand: through the
// checkbox plug-in, or to marketing messages.
func OptedIn(o channel.Outgoing) bool {
	return strings.HasPrefix(o.To.Conversation.PlatformID, UserRef) || o.Bulk && optInToken(o) != ""
}

// optInToken is the token of the recipient's opt-in to marketing messages, or "".
func optInToken(o channel.Outgoing) string {
	if o.To.Contact != nil {
		for _, i := range o.To.Contact.Identities {
			if i.Scope == tokenScope {
				return i.Value
			}
		}
	}
	return ""
}

func open(e channel.Env, o channel.Outgoing) bool {
	return !o.Heard.IsZero() && e.Now.Sub(o.Heard) < serviceWindow
}

// Human says whether a person answers somebody who has written: that may be done
// for seven days.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/message-tags
func Human(o channel.Outgoing) bool {
	return o.Sender != nil && o.Sender.Role == events.Agent && !o.Sender.AI && !o.Heard.IsZero()
}

// purpose is why o is sent: its messaging_type and tag.
func purpose(e channel.Env, o channel.Outgoing) (kind, tag string) {
	switch {
	case len(o.Content) > 0 && o.Content[0].Kind == events.KindTemplate:
		return "UTILITY", ""
	case open(e, o):
		return "RESPONSE", ""
	case Human(o):
		return "MESSAGE_TAG", "HUMAN_AGENT"
	}
	return "UPDATE", ""
}

// Verbs are what Act understands.
func Verbs() []events.Verb { return []events.Verb{events.ActTyping, events.ActRead, events.ActReact} }

// Act shows that the brand types, has read, or likes a message.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/sender-actions
func (s SendAPI) Act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	call := sendCall{Recipient: recipientOf(e, channel.Outgoing{To: to})}
	switch {
	case a.Verb == events.ActTyping && a.Active:
		call.Action = "typing_on"
	case a.Verb == events.ActTyping:
		call.Action = "typing_off"
	case a.Verb == events.ActRead:
		call.Action = "mark_seen"
	case a.Verb == events.ActReact && a.Message != nil:
		call.Action, call.Payload = "react", &reactPayload{ID: a.Message.PlatformID, Reaction: reactionName(a.Emoji)}
		if a.Emoji == "" {
			call.Action = "unreact"
		}
	default:
		return &channel.Error{Class: events.ClassContent, Title: "cannot " + string(a.Verb)}
	}
	_, err := s.post(ctx, e, call)
	return err
}

// reactionName is the platform's name of an emoji, or the emoji, which it takes too.
func reactionName(emoji string) string {
	const presentation = "\ufe0f" // asks for the coloured picture of a sign that has two
	plain := strings.TrimSuffix(emoji, presentation)
	for _, name := range []string{"love", "like", "dislike", "smile", "wow", "sad", "angry"} {
		if emojiOf(name) == plain {
			return name
		}
	}
	return emoji
}

// A Minted is the answer to a call for a token.
type Minted struct {
	Token   string       `json:"access_token"`
	Expires channel.Text `json:"expires_in"` // seconds
}

// Life is how long m is good, or otherwise.
func (m Minted) Life(otherwise time.Duration) time.Duration {
	s, err := strconv.ParseInt(string(m.Expires), 10, 32)
	if err != nil || s <= 0 {
		return otherwise
	}
	return time.Duration(s) * time.Second
}

// Answer reads what Graph says: v, or why it refused. token is kept out of errors,
// for Meta repeats a malformed one.
func Answer(r channel.Reply, token string, v any) error {
	var failed struct {
		Error *Error `json:"error"`
	}
	err := json.Unmarshal(r.Body, &failed)
	switch {
	case failed.Error != nil && failed.Error.Code != "":
		return failed.Error.failure(r, token)
	case !r.OK():
		return r.Failure()
	case err != nil:
		return r.Decode(&failed)
	}
	return r.Decode(v)
}

// failure is e as the refusal of a call.
func (e Error) failure(r channel.Reply, token string) *channel.Error {
	c := sendClass(e.Number(), subcode(e))
	out := &channel.Error{
		Class: c.Name, Code: string(e.Code), Subcode: string(e.Subcode), Title: e.Text(), Remedy: c.Remedy,
		RetryAfter: cmp.Or(r.RetryAfter(), c.After), Unknown: r.Status >= 500 && r.Status != 503,
	}
	if token != "" {
		out.Title = strings.ReplaceAll(out.Title, token, "[token]")
	}
	return out
}

func subcode(e Error) int {
	n, _ := strconv.Atoi(string(e.Subcode))
	return n
}
