package telegram

import (
	"encoding/json"

	"github.com/relais-dev/relais/events"
)

// A call is a method of the Bot API with its parameters; the method says which are set.
// https://core.telegram.org/bots/api#available-methods
type call struct {
	ChatID      int64            `json:"chat_id,omitempty"`
	Connection  string           `json:"business_connection_id,omitempty"`
	Thread      int64            `json:"message_thread_id,omitempty"`
	DirectTopic int64            `json:"direct_messages_topic_id,omitempty"`
	Reply       *replyParameters `json:"reply_parameters,omitempty"`
	Markup      *keyboard        `json:"reply_markup,omitempty"`

	Text            string      `json:"text,omitempty"`
	Entities        []entityOut `json:"entities,omitempty"`
	Caption         string      `json:"caption,omitempty"`
	CaptionEntities []entityOut `json:"caption_entities,omitempty"`

	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`
	Title     string   `json:"title,omitempty"` // of a venue or an invoice
	Address   string   `json:"address,omitempty"`
	Phone     string   `json:"phone_number,omitempty"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
	VCard     string   `json:"vcard,omitempty"`

	Description   string  `json:"description,omitempty"`
	Payload       string  `json:"payload,omitempty"`
	ProviderToken string  `json:"provider_token,omitempty"`
	Currency      string  `json:"currency,omitempty"`
	Prices        []price `json:"prices,omitempty"`

	MessageID     int64          `json:"message_id,omitempty"`
	MessageIDs    []int64        `json:"message_ids,omitempty"`
	Action        string         `json:"action,omitempty"`
	Reaction      *[]reactionOut `json:"reaction,omitempty"` // an empty list takes it back
	Media         *inputMedia    `json:"media,omitempty"`
	FileID        string         `json:"file_id,omitempty"`
	CallbackQuery string         `json:"callback_query_id,omitempty"`

	mediaFields

	method string
	id     string         // the Outgoing's
	upload *upload        // a file that goes along
	file   *events.Media  // that is sent, in whatever way
	native map[string]raw // parameters as the integrator wrote them, in place of all others
}

// mediaFields hold a file's id or URL under the name that the method wants.
type mediaFields struct {
	Photo     string `json:"photo,omitempty"`
	Video     string `json:"video,omitempty"`
	Animation string `json:"animation,omitempty"`
	Audio     string `json:"audio,omitempty"`
	Voice     string `json:"voice,omitempty"`
	Document  string `json:"document,omitempty"`
	Sticker   string `json:"sticker,omitempty"`
}

// https://core.telegram.org/bots/api#replyparameters
type replyParameters struct {
	MessageID    int64 `json:"message_id"`
	AllowWithout bool  `json:"allow_sending_without_reply"`
}

// https://core.telegram.org/bots/api#messageentity
type entityOut struct {
	Type     string   `json:"type"`
	Offset   int      `json:"offset"` // UTF-16 units
	Length   int      `json:"length"`
	URL      string   `json:"url,omitempty"`
	User     *userOut `json:"user,omitempty"`
	Language string   `json:"language,omitempty"`
}

// https://core.telegram.org/bots/api#user
type userOut struct {
	ID int64 `json:"id"`
}

// A keyboard is under a message, or in place of the customer's own.
// https://core.telegram.org/bots/api#inlinekeyboardmarkup
// https://core.telegram.org/bots/api#replykeyboardmarkup
type keyboard struct {
	Inline  [][]buttonOut `json:"inline_keyboard,omitempty"`
	Reply   [][]buttonOut `json:"keyboard,omitempty"`
	Resize  bool          `json:"resize_keyboard,omitempty"`
	OneTime bool          `json:"one_time_keyboard,omitempty"`
}

// https://core.telegram.org/bots/api#inlinekeyboardbutton
// https://core.telegram.org/bots/api#keyboardbutton
type buttonOut struct {
	Text     string    `json:"text"`
	Data     string    `json:"callback_data,omitempty"`
	URL      string    `json:"url,omitempty"`
	WebApp   *webApp   `json:"web_app,omitempty"`
	Copy     *copyText `json:"copy_text,omitempty"`
	Contact  bool      `json:"request_contact,omitempty"`
	Location bool      `json:"request_location,omitempty"`
}

// https://core.telegram.org/bots/api#webappinfo
type webApp struct {
	URL string `json:"url"`
}

// https://core.telegram.org/bots/api#copytextbutton
type copyText struct {
	Text string `json:"text"`
}

// https://core.telegram.org/bots/api#labeledprice
type price struct {
	Label  string `json:"label"`
	Amount int64  `json:"amount"` // minor units
}

// https://core.telegram.org/bots/api#reactiontypeemoji
type reactionOut struct {
	Type  string `json:"type"`
	Emoji string `json:"emoji"`
}

// https://core.telegram.org/bots/api#inputmedia
type inputMedia struct {
	Type            string      `json:"type"`
	Media           string      `json:"media"`
	Caption         string      `json:"caption,omitempty"`
	CaptionEntities []entityOut `json:"caption_entities,omitempty"`
}

// https://core.telegram.org/bots/api#making-requests
// https://core.telegram.org/bots/api#responseparameters
type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result,omitempty"`
	Code        int             `json:"error_code,omitempty"`
	Description string          `json:"description,omitempty"`
	Parameters  parameters      `json:"parameters,omitzero"`
}

type parameters struct {
	RetryAfter int64 `json:"retry_after,omitempty"` // seconds
	MigrateTo  int64 `json:"migrate_to_chat_id,omitempty"`
}

// sentMessage is what tells one of our messages from others.
// https://core.telegram.org/bots/api#message
type sentMessage struct {
	ID         int64    `json:"message_id"`
	Connection string   `json:"business_connection_id,omitempty"`
	Date       int64    `json:"date"`
	Chat       chatOut  `json:"chat"`
	From       *botUser `json:"from,omitempty"`
	Bot        *botUser `json:"sender_business_bot,omitempty"`
	Text       string   `json:"text,omitempty"`
}

// https://core.telegram.org/bots/api#chat
type chatOut struct {
	ID   int64  `json:"id"`
	Type string `json:"type,omitempty"`
}

// https://core.telegram.org/bots/api#user
type botUser struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
}

// https://core.telegram.org/bots/api#file
type filePath struct {
	Path string `json:"file_path"`
}
