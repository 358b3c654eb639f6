package meta

import "encoding/json"

// sendCall is a call of the Send API: a message, or a sender action.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/send-api
type sendCall struct {
	Recipient recipient       `json:"recipient"`
	Type      string          `json:"messaging_type,omitempty"`
	Tag       string          `json:"tag,omitempty"`
	Message   json.RawMessage `json:"message,omitempty"`
	ReplyTo   *replyTo        `json:"reply_to,omitempty"`
	Action    string          `json:"sender_action,omitempty"`
	Payload   *reactPayload   `json:"payload,omitempty"`
}

// recipient has one member.
type recipient struct {
	ID      string `json:"id,omitempty"`
	UserRef string `json:"user_ref,omitempty"`
	Token   string `json:"notification_messages_token,omitempty"`
}

type replyTo struct {
	ID string `json:"mid"`
}

type reactPayload struct {
	ID       string `json:"message_id"`
	Reaction string `json:"reaction,omitempty"`
}

type sendMessage struct {
	Text         string          `json:"text,omitempty"`
	Attachment   *sendAttachment `json:"attachment,omitempty"`
	Template     *sendTemplate   `json:"template,omitempty"`
	QuickReplies []quickReply    `json:"quick_replies,omitempty"`
	Metadata     string          `json:"metadata,omitempty"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/quick-replies
type quickReply struct {
	Type    string `json:"content_type"`
	Title   string `json:"title,omitempty"`
	Payload string `json:"payload,omitempty"`
	Image   string `json:"image_url,omitempty"`
}

type sendAttachment struct {
	Type    string `json:"type"`
	Payload any    `json:"payload"` // mediaPayload or templatePayload
}

type mediaPayload struct {
	URL string `json:"url"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/templates
type templatePayload struct {
	Type     string        `json:"template_type"`
	Text     string        `json:"text,omitempty"`
	Buttons  []sendButton  `json:"buttons,omitempty"`
	Elements []sendElement `json:"elements,omitempty"`
}

type sendElement struct {
	Title    string       `json:"title"`
	Subtitle string       `json:"subtitle,omitempty"`
	Image    string       `json:"image_url,omitempty"`
	Buttons  []sendButton `json:"buttons,omitempty"`
}

type sendButton struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url,omitempty"`
	Payload string `json:"payload,omitempty"`
}

// sendTemplate is a utility template.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages
type sendTemplate struct {
	Name       string      `json:"name"`
	Language   language    `json:"language"`
	Components []component `json:"components,omitempty"`
}

type language struct {
	Code string `json:"code"`
}

type component struct {
	Type       string      `json:"type"`
	Parameters []parameter `json:"parameters"`
}

type parameter struct {
	Type string `json:"type"`
	Name string `json:"parameter_name,omitempty"`
	Text string `json:"text"`
}
