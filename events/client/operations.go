package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/relais-dev/relais/events"
)

// NewKey is an idempotency key for one request, to be written down before it is made.
func NewKey() string { return rand.Text() }

// SendMessage sends to a conversation, a contact or an identity.
func (c *Client) SendMessage(ctx context.Context, o events.Outbound) (events.Acceptance, error) {
	o.IdempotencyKey = cmp.Or(o.IdempotencyKey, NewKey())
	return ask[events.Acceptance](ctx, c, call{operation: "SendMessage", method: http.MethodPost,
		path: "/v1/messages", body: o, key: o.IdempotencyKey})
}

// SendToConversation sends to a conversation; o.To need not name it.
func (c *Client) SendToConversation(ctx context.Context, conversation string, o events.Outbound) (events.Acceptance,
	error) {
	o.IdempotencyKey = cmp.Or(o.IdempotencyKey, NewKey())
	o.To.Conversation = cmp.Or(o.To.Conversation, conversation)
	return ask[events.Acceptance](ctx, c, call{operation: "SendToConversation", method: http.MethodPost,
		path: "/v1/conversations/{id}/messages", id: conversation, body: o, key: o.IdempotencyKey})
}

// Message tells what became of a message.
func (c *Client) Message(ctx context.Context, id string) (events.Delivery, error) {
	return ask[events.Delivery](ctx, c, call{operation: "Message", method: http.MethodGet,
		path: "/v1/messages/{id}", id: id})
}

// Conversation tells what is known of a conversation.
func (c *Client) Conversation(ctx context.Context, id string) (events.ConversationState, error) {
	return ask[events.ConversationState](ctx, c, call{operation: "Conversation", method: http.MethodGet,
		path: "/v1/conversations/{id}", id: id})
}

// Act does what is no message in a.To's conversation: it shows typing, marks as read,
// reacts, edits, deletes. Under the same key it is done once within five minutes; "" makes a
// key for this call.
func (c *Client) Act(ctx context.Context, a events.Action, key string) (events.ActionAcceptance, error) {
	return ask[events.ActionAcceptance](ctx, c, call{operation: "Act", method: http.MethodPost,
		path: "/v1/conversations/{id}/actions", id: a.To.Conversation, body: a, key: cmp.Or(key, NewKey()),
		header: true})
}

// Command changes how r.To's conversation is handled. An Error of the kind Stale has the
// conversation as it is.
func (c *Client) Command(ctx context.Context, r events.Command) (events.Outcome, error) {
	r.IdempotencyKey = cmp.Or(r.IdempotencyKey, NewKey())
	return ask[events.Outcome](ctx, c, call{operation: "Command", method: http.MethodPost,
		path: "/v1/conversations/{id}/commands", id: r.To.Conversation, body: r, key: r.IdempotencyKey})
}

// Next gives an agent the conversation of a destination that has waited longest and is
// nobody's. Asked again it gives another one: of an Error that is Unknown, list the
// agent's conversations.
func (c *Client) Next(ctx context.Context, destination string, r events.Claim) (events.ClaimOutcome, error) {
	return ask[events.ClaimOutcome](ctx, c, call{operation: "Next", method: http.MethodPost,
		path: "/v1/destinations/{id}/next", id: destination, body: r, once: true})
}

// A draft is a message that need have neither a key nor a recipient.
type draft struct {
	events.Outbound
	IdempotencyKey string    `json:"idempotencyKey,omitempty"`
	To             events.To `json:"to,omitzero"`
}

// Render shows what a message would become on channels. Nothing is sent.
func (c *Client) Render(ctx context.Context, r events.RenderRequest) (events.Rendered, error) {
	d := draft{Outbound: r.Outbound, IdempotencyKey: r.Outbound.IdempotencyKey, To: r.Outbound.To}
	body := struct {
		Channels []string `json:"channels,omitempty"`
		Outbound draft    `json:"outbound"`
	}{r.Channels, d}
	return ask[events.Rendered](ctx, c, call{operation: "Render", method: http.MethodPost, path: "/v1/render",
		body: body})
}

// Channels lists what each channel can; with a conversation, what can be sent there.
func (c *Client) Channels(ctx context.Context, conversation string) (events.ChannelList, error) {
	q := url.Values{}
	if conversation != "" {
		q.Set("conversation", conversation)
	}
	return ask[events.ChannelList](ctx, c, call{operation: "Channels", method: http.MethodGet, path: "/v1/channels",
		query: q})
}

// Document is the OpenAPI document of the deployment.
func (c *Client) Document(ctx context.Context) (json.RawMessage, error) {
	return ask[json.RawMessage](ctx, c, call{operation: "Document", method: http.MethodGet, path: "/v1/openapi.json"})
}
