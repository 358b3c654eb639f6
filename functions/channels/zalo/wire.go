package zalo

import (
	"encoding/json"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// webhook is the body of a webhook; Name says which of the members is set.
// https://developers.zalo.me/docs/official-account/webhook/tin-nhan/su-kien-nguoi-dung-gui-tin-nhan
type webhook struct {
	Name        string   `json:"event_name"`
	Timestamp   digits   `json:"timestamp"` // Unix milliseconds
	Sender      identity `json:"sender"`
	Recipient   identity `json:"recipient"`
	Follower    identity `json:"follower"`
	User        identity `json:"user"`           // who pressed a button
	UserID      string   `json:"user_id"`        // likewise
	UserIDByApp string   `json:"user_id_by_app"` // the person as the app knows them
	Message     message  `json:"message"`
	Info        info     `json:"info"`
}

// identity is a person, or the account. AdminID is who typed in Zalo's tool.
type identity struct {
	ID      string `json:"id"`
	AdminID string `json:"admin_id"`
}

// https://developers.zalo.me/docs/official-account/webhook/tin-nhan/su-kien-nguoi-dung-gui-tin-nhan
type message struct {
	ID             string            `json:"msg_id"`
	IDs            []string          `json:"msg_ids"` // of messages that were seen
	Text           string            `json:"text"`
	QuoteID        string            `json:"quote_msg_id"`
	Attachments    []json.RawMessage `json:"attachments"`
	ConversationID string            `json:"conversation_id"` // of a visitor without an account
	Icon           string            `json:"react_icon"`
	TrackingID     string            `json:"tracking_id"` // of a ZNS message
}

type attachment struct {
	Type    string  `json:"type"`
	Payload payload `json:"payload"`
}

type payload struct {
	URL         string       `json:"url"`
	Thumbnail   string       `json:"thumbnail"`
	Title       string       `json:"title"`
	Description string       `json:"description"`
	Coordinates coordinates  `json:"coordinates"`
	ID          channel.Text `json:"id"` // of a sticker
	Name        string       `json:"name"`
	Size        digits       `json:"size"` // bytes
}

type coordinates struct {
	Latitude  json.RawMessage `json:"latitude"`
	Longitude json.RawMessage `json:"longitude"`
}

// info is what a person entered into a form.
// https://developers.zalo.me/docs/official-account/webhook/nguoi-dung/su-kien-nguoi-dung-chia-se-thong-tin
type info struct {
	Name     string       `json:"name"`
	Phone    channel.Text `json:"phone"`
	Address  string       `json:"address"`
	Ward     string       `json:"ward"`
	District string       `json:"district"`
	City     string       `json:"city"`
}

// digits is a whole number as a text, however Zalo wrote it; "" when it is something else.
type digits string

// UnmarshalJSON never fails: what are no digits are none.
func (d *digits) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if *d = digits(s); !channel.Digits(s) {
		*d = ""
	}
	return nil
}
