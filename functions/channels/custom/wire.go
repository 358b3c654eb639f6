package custom

import "encoding/json"

// The messages of a bridge are our own convention, on top of Standard Webhooks'
// {"type", "timestamp", "data"}: the channel's README is its reference.
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure

// envelope is a whole delivery, or an item of a batch.
type envelope struct {
	ID        string `json:"id"` // of a batch's item only
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"` // RFC 3339
	Data      data   `json:"data"`
}

// data is what the types hold; the type says which members are set.
type data struct {
	Events []json.RawMessage `json:"events"` // batch: at most maxBatch envelopes

	Conversation *conversation `json:"conversation"`
	User         *user         `json:"user"`
	SentAt       string        `json:"sentAt"` // RFC 3339; before timestamp where both are set
	Seq          uint64        `json:"seq"`    // orders what was sent at one time; 0 is arrival

	ExternalMessageID string     `json:"externalMessageId"` // the bridge's
	MessageID         string     `json:"messageId"`         // ours, of a message we sent
	SourceMessageID   string     `json:"sourceMessageId"`   // ours, of the message that offered something
	ReplyTo           *reference `json:"replyTo"`
	Content           *content   `json:"content"`
	Context           *entry     `json:"context"`

	ActionID string `json:"actionId"` // postback
	Title    string `json:"title"`    // postback: what the person saw
	Payload  string `json:"payload"`  // postback

	Emoji   string `json:"emoji"`   // reaction.changed
	Removed bool   `json:"removed"` // reaction.changed

	Active *bool `json:"active"` // typing; absent is true

	Status string   `json:"status"` // receipt
	Error  *problem `json:"error"`  // receipt

	Reason string `json:"reason"` // conversation.closed
}

type conversation struct {
	ExternalID string `json:"externalId"`
	Kind       string `json:"kind,omitempty"` // direct (also when absent) or group
	Title      string `json:"title,omitempty"`
}

type user struct {
	ExternalID string `json:"externalId"`
	Name       string `json:"name,omitempty"`
	AvatarURL  string `json:"avatarUrl,omitempty"`
	Locale     string `json:"locale,omitempty"` // BCP 47
	Phone      string `json:"phone,omitempty"`  // digits, with or without a plus sign before them
	Email      string `json:"email,omitempty"`
	Verified   bool   `json:"verified,omitempty"` // the bridge vouches for phone and email
}

// reference names a message by the bridge's id or by ours.
type reference struct {
	ExternalMessageID string `json:"externalMessageId,omitempty"`
	MessageID         string `json:"messageId,omitempty"`
}

// entry is how the person came to write.
type entry struct {
	Referral *referral `json:"referral"`
	Intent   string    `json:"intent"`
}

type referral struct {
	Source  string `json:"source"` // ad, post, link, qr, site …
	ID      string `json:"id"`
	URL     string `json:"url"`
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

// problem is why a message failed, in a receipt or in the answer to it.
type problem struct {
	Code   string `json:"code"`
	Class  string `json:"class"` // retryable, permanent, or a class of the contract
	Detail string `json:"detail"`
}

// content is one part of a message; Kind says which members are set.
type content struct {
	Kind string `json:"kind"`

	Text   string `json:"text"`
	Format string `json:"format"` // plain (also when absent) or markdown

	URL        string `json:"url"`
	MediaID    string `json:"mediaId"`
	ID         string `json:"id"` // of a sticker
	MIME       string `json:"mime"`
	Name       string `json:"name"` // of a file, a place or a person
	Size       int64  `json:"size"` // bytes
	SHA256     string `json:"sha256"`
	DurationMS int64  `json:"durationMs"`
	Caption    string `json:"caption"`
	Emoji      string `json:"emoji"`

	Lat     *float64 `json:"lat"`
	Lng     *float64 `json:"lng"`
	Address string   `json:"address"`

	Phones []string `json:"phones"`
	Emails []string `json:"emails"`

	FormID string  `json:"formId"`
	Fields []field `json:"fields"`

	SourceMessageID string `json:"sourceMessageId"` // ours
	Items           []item `json:"items"`

	Status      string `json:"status"`
	AmountMinor *int64 `json:"amountMinor"`
	Currency    string `json:"currency"` // ISO 4217
	Ref         string `json:"ref"`

	Description string `json:"description"`
}

// field is an answer of a form; its value is a text, or any JSON.
type field struct {
	ID    string          `json:"id"`
	Value json.RawMessage `json:"value"`
}

type item struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}
