package custom

import (
	"encoding/json"
	"time"

	"github.com/relais-dev/relais/events"
)

// What we post to a bridge is our own convention too: the README is its reference.
// It says what we hear in the same words; what only we say has the contract's form.

// envelopeOut is a whole delivery.
type envelopeOut struct {
	Type      string    `json:"type"` // message.send, message.edit, message.delete, typing or read
	Timestamp time.Time `json:"timestamp"`
	Data      dataOut   `json:"data"`
}

// dataOut is what the types hold; the type says which members are set.
type dataOut struct {
	reference // of the message that is sent, edited, deleted or read

	Conversation conversation   `json:"conversation"`
	User         *user          `json:"user,omitempty"`
	ReplyTo      *reference     `json:"replyTo,omitempty"`
	Sender       *events.Sender `json:"sender,omitempty"`
	Bulk         bool           `json:"bulk,omitempty"`
	Content      *contentOut    `json:"content,omitempty"`
	Active       *bool          `json:"active,omitempty"` // typing
}

// contentOut is one part of a message; Kind says which members are set.
type contentOut struct {
	Kind string `json:"kind"`

	Text     string          `json:"text,omitempty"`
	Entities []events.Entity `json:"entities,omitempty"` // of the text or the caption

	URL        string `json:"url,omitempty"`
	MediaID    string `json:"mediaId,omitempty"`
	ID         string `json:"id,omitempty"` // of a sticker
	Set        string `json:"set,omitempty"`
	MIME       string `json:"mime,omitempty"`
	Name       string `json:"name,omitempty"` // of a file, a place or a person
	Size       int64  `json:"size,omitempty"` // bytes
	SHA256     string `json:"sha256,omitempty"`
	DurationMS int64  `json:"durationMs,omitempty"`
	Width      int    `json:"width,omitempty"`
	Height     int    `json:"height,omitempty"`
	Thumbnail  string `json:"thumbnail,omitempty"`
	Caption    string `json:"caption,omitempty"`
	Alt        string `json:"alt,omitempty"`
	Emoji      string `json:"emoji,omitempty"`

	Lat     *float64  `json:"lat,omitempty"`
	Lng     *float64  `json:"lng,omitempty"`
	Address string    `json:"address,omitempty"`
	Live    bool      `json:"live,omitempty"`
	Until   time.Time `json:"until,omitzero"`

	Phones []string     `json:"phones,omitempty"`
	Emails []string     `json:"emails,omitempty"`
	Card   *events.Card `json:"card,omitempty"` // all that is known of a contact

	Choice   *events.Choice   `json:"choice,omitempty"`
	Cards    []events.Panel   `json:"cards,omitempty"`
	Form     *events.Form     `json:"form,omitempty"`
	Schedule *events.Schedule `json:"schedule,omitempty"`
	Payment  *events.Payment  `json:"payment,omitempty"`
	Product  *events.Product  `json:"product,omitempty"`
	Order    *events.Order    `json:"order,omitempty"`
	Template *events.Template `json:"template,omitempty"`
	Link     *events.Link     `json:"link,omitempty"`
	Native   json.RawMessage  `json:"native,omitempty"`
}

// answerOut is a bridge's answer; all of it may be absent.
type answerOut struct {
	ExternalMessageID string   `json:"externalMessageId,omitempty"`
	Error             *problem `json:"error,omitempty"`
}
