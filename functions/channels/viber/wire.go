package viber

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// callback is the body of a webhook; Event says which of the members is set.
// https://developers.viber.com/docs/api/rest-bot-api/#callbacks
type callback struct {
	Event     string   `json:"event"`
	Timestamp int64    `json:"timestamp"`     // Unix milliseconds
	Token     number   `json:"message_token"` // of this event; in receipts, of our message
	UserID    string   `json:"user_id"`
	User      *user    `json:"user"`
	Sender    *user    `json:"sender"`
	Message   *message `json:"message"`
	Silent    bool     `json:"silent"`
	Context   string   `json:"context"` // of the deep link somebody came by
	Desc      string   `json:"desc"`    // why a message failed
}

// https://developers.viber.com/docs/api/rest-bot-api/#receive-message-from-user
type user struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Avatar     string `json:"avatar"` // URL
	Country    string `json:"country"`
	Language   string `json:"language"`
	APIVersion number `json:"api_version"`
}

// message is what a person sent; Type says which of the fields are set.
// https://developers.viber.com/docs/api/rest-bot-api/#message-types
type message struct {
	Type         string    `json:"type"`
	Text         string    `json:"text"` // of a text, or under a picture or video
	Media        string    `json:"media"`
	Thumbnail    string    `json:"thumbnail"`
	FileName     string    `json:"file_name"`
	FileSize     int64     `json:"file_size"` // bytes, of a file
	Size         int64     `json:"size"`      // bytes, of a picture or video
	Duration     int64     `json:"duration"`  // seconds
	StickerID    number    `json:"sticker_id"`
	Contact      *contact  `json:"contact"`
	Location     *location `json:"location"`
	TrackingData string    `json:"tracking_data"`

	raw json.RawMessage
}

// UnmarshalJSON keeps the whole of a message, for those we have no words for.
func (w *message) UnmarshalJSON(b []byte) error {
	type plain message
	err := channel.Decode(b, (*plain)(w))
	w.raw = append(w.raw[:0], b...)
	return err
}

// https://developers.viber.com/docs/api/rest-bot-api/#contact-message
type contact struct {
	Name  string `json:"name"`
	Phone string `json:"phone_number"`
}

// https://developers.viber.com/docs/api/rest-bot-api/#location-message
type location struct {
	Latitude  number `json:"lat"` // the documentation shows texts, apps send numbers
	Longitude number `json:"lon"`
	Address   string `json:"address"`
}

// greeting is the answer to a conversation_started.
// https://developers.viber.com/docs/api/rest-bot-api/#sending-a-welcome-message
type greeting struct {
	Sender sender `json:"sender"`
	Type   string `json:"type"`
	Text   string `json:"text"`
}

type sender struct {
	Name string `json:"name,omitempty"`
}

// number is a number as its digits were written, or as a text; "" when it is
// something else. Message tokens need more digits than a float has.
type number string

// UnmarshalJSON never fails: what is no number is none.
func (n *number) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = string(b)
	}
	if *n = number(s); !isNumber(s) {
		*n = ""
	}
	return nil
}

// isNumber says whether s is written as a JSON number.
func isNumber(s string) bool {
	var n json.Number
	return json.Unmarshal([]byte(s), &n) == nil && n != "" && s == n.String()
}
