package zalo

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// consultation is a message to a person.
// https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-tu-van-dang-van-ban
type consultation struct {
	Recipient recipient `json:"recipient"`
	Message   any       `json:"message"`
}

// recipient is a person, or a visitor without an account.
type recipient struct {
	UserID         string `json:"user_id,omitempty"`
	AnonymousID    string `json:"anonymous_id,omitempty"`
	ConversationID string `json:"conversation_id,omitempty"`
}

type reply struct {
	Text       string    `json:"text,omitempty"`
	QuoteID    string    `json:"quote_message_id,omitempty"`
	Attachment *attached `json:"attachment,omitempty"`
}

type attached struct {
	Type    string `json:"type"` // template or file
	Payload any    `json:"payload"`
}

type filePayload struct {
	Token string `json:"token"`
}

type templatePayload struct {
	Type     string    `json:"template_type"` // media, list or request_user_info
	Elements []element `json:"elements"`
	Buttons  []button  `json:"buttons,omitempty"`
}

type element struct {
	MediaType    string `json:"media_type,omitempty"` // image or sticker
	AttachmentID string `json:"attachment_id,omitempty"`
	Title        string `json:"title,omitempty"`
	Subtitle     string `json:"subtitle,omitempty"`
	ImageURL     string `json:"image_url,omitempty"`
}

// button's payload is a text or an object, as its type wants.
type button struct {
	Title   string `json:"title"`
	Type    string `json:"type"` // oa.open.url, oa.open.phone or oa.query.hide
	Payload any    `json:"payload"`
}

// notification is a ZNS message.
// https://developers.zalo.me/docs/zalo-notification-service/gui-tin-zns/gui-zns
type notification struct {
	Phone      string            `json:"phone"`
	TemplateID string            `json:"template_id"`
	Data       map[string]string `json:"template_data"`
	TrackingID string            `json:"tracking_id"`
}

// answer is what the API says to every call.
type answer struct {
	Error   *int            `json:"error"` // 0 is success
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// accepted is an answer's data after a message: MsgID is ZNS' name for it.
type accepted struct {
	MessageID string `json:"message_id"`
	MsgID     string `json:"msg_id"`
}

// uploaded is an answer's data after an upload: Token is a file's.
type uploaded struct {
	AttachmentID string `json:"attachment_id"`
	Token        string `json:"token"`
}

// grant is the answer to a refresh token.
// https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new
type grant struct {
	AccessToken  string       `json:"access_token"`
	RefreshToken string       `json:"refresh_token"`
	ExpiresIn    channel.Text `json:"expires_in"` // seconds
	Code         channel.Text `json:"error"`
	Name         string       `json:"error_name"`
}
