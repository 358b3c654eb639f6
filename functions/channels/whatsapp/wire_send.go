package whatsapp

import (
	"encoding/json"

	"github.com/relais-dev/relais/functions/channels/internal/meta"
)

// What we send, and what Graph answers.

// product is in every call.
const product = "whatsapp"

// sendRequest is a message; the member that Type names is set.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
type sendRequest struct {
	Product     string           `json:"messaging_product"`
	Kind        string           `json:"recipient_type"`      // individual, group
	To          string           `json:"to,omitempty"`        // a number with its plus sign, or a group's id
	Recipient   string           `json:"recipient,omitempty"` // a business-scoped user id
	Context     *sendContext     `json:"context,omitempty"`
	Correlation string           `json:"biz_opaque_callback_data,omitempty"` // comes back in statuses
	Type        string           `json:"type,omitempty"`                     // of native content it is theirs
	Text        *sendText        `json:"text,omitempty"`
	Image       *sendMedia       `json:"image,omitempty"`
	Video       *sendMedia       `json:"video,omitempty"`
	Audio       *sendMedia       `json:"audio,omitempty"`
	Document    *sendMedia       `json:"document,omitempty"`
	Sticker     *sendMedia       `json:"sticker,omitempty"`
	Location    *sendLocation    `json:"location,omitempty"`
	Contacts    []sendCard       `json:"contacts,omitempty"`
	Interactive *sendInteractive `json:"interactive,omitempty"`
	Template    *sendTemplate    `json:"template,omitempty"`
	Reaction    *sendReaction    `json:"reaction,omitempty"`
}

type sendContext struct {
	MessageID string `json:"message_id"`
}

type sendText struct {
	Body    string `json:"body"`
	Preview bool   `json:"preview_url"`
}

type sendMedia struct {
	ID       string `json:"id,omitempty"` // or Link
	Link     string `json:"link,omitempty"`
	Caption  string `json:"caption,omitempty"`
	Filename string `json:"filename,omitempty"` // of a document
	Voice    bool   `json:"voice,omitempty"`    // of an audio
}

type sendLocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/contacts-messages
type sendCard struct {
	Name     sendName      `json:"name"`
	Org      *sendOrg      `json:"org,omitempty"`
	Birthday string        `json:"birthday,omitempty"`
	Phones   []sendPhone   `json:"phones,omitempty"`
	Emails   []sendEmail   `json:"emails,omitempty"`
	URLs     []sendURL     `json:"urls,omitempty"`
	Places   []sendAddress `json:"addresses,omitempty"`
}

type sendName struct {
	Formatted string `json:"formatted_name"`
	First     string `json:"first_name"`
	Last      string `json:"last_name,omitempty"`
}

type sendOrg struct {
	Company string `json:"company"`
}

type sendPhone struct {
	Phone string `json:"phone"`
	Type  string `json:"type,omitempty"`
	WaID  string `json:"wa_id,omitempty"`
}

type sendEmail struct {
	Email string `json:"email"`
	Type  string `json:"type,omitempty"`
}

type sendURL struct {
	URL  string `json:"url"`
	Type string `json:"type,omitempty"`
}

type sendAddress struct {
	Street string `json:"street"`
	Type   string `json:"type,omitempty"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-reply-buttons-messages
type sendInteractive struct {
	Type   string      `json:"type"` // button, list, cta_url, carousel …
	Header *sendHeader `json:"header,omitempty"`
	Body   *sendBody   `json:"body,omitempty"`
	Footer *sendBody   `json:"footer,omitempty"`
	Action sendAction  `json:"action"`
}

type sendHeader struct {
	Type  string     `json:"type"` // text, image, video
	Text  string     `json:"text,omitempty"`
	Image *sendMedia `json:"image,omitempty"`
	Video *sendMedia `json:"video,omitempty"`
}

type sendBody struct {
	Text string `json:"text"`
}

type sendAction struct {
	Name       string          `json:"name,omitempty"`
	Button     string          `json:"button,omitempty"` // what opens a list
	Buttons    []sendButton    `json:"buttons,omitempty"`
	Sections   []sendSection   `json:"sections,omitempty"`
	Cards      []sendPanel     `json:"cards,omitempty"`
	Parameters *sendParameters `json:"parameters,omitempty"`
	CatalogID  string          `json:"catalog_id,omitempty"`
	ProductID  string          `json:"product_retailer_id,omitempty"`
}

type sendButton struct {
	Type  string    `json:"type"` // reply
	Reply sendReply `json:"reply"`
}

type sendReply struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

type sendSection struct {
	Title string    `json:"title,omitempty"`
	Rows  []sendRow `json:"rows"`
}

type sendRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// sendParameters are those of cta_url, or of a flow.
type sendParameters struct {
	Label       string `json:"display_text,omitempty"`
	URL         string `json:"url,omitempty"`
	FlowVersion string `json:"flow_message_version,omitempty"`
	FlowToken   string `json:"flow_token,omitempty"`
	FlowID      string `json:"flow_id,omitempty"`
	FlowButton  string `json:"flow_cta,omitempty"`
	FlowAction  string `json:"flow_action,omitempty"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/interactive-media-carousel-messages
type sendPanel struct {
	Index  int        `json:"card_index"`
	Type   string     `json:"type"` // cta_url
	Header sendHeader `json:"header"`
	Body   *sendBody  `json:"body,omitempty"`
	Action sendAction `json:"action"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
type sendTemplate struct {
	Name       string          `json:"name"`
	Language   sendLanguage    `json:"language"`
	Components []sendComponent `json:"components,omitempty"`
}

type sendLanguage struct {
	Code string `json:"code"`
}

type sendComponent struct {
	Type       string          `json:"type"` // header, body, button, carousel, limited_time_offer
	SubType    string          `json:"sub_type,omitempty"`
	Index      string          `json:"index,omitempty"` // of a button
	Parameters []sendParameter `json:"parameters,omitempty"`
	Cards      []sendSlide     `json:"cards,omitempty"`
}

// sendSlide is a card of a template's carousel.
type sendSlide struct {
	Index      int             `json:"card_index"`
	Components []sendComponent `json:"components"`
}

type sendParameter struct {
	Type     string       `json:"type"` // text, image, video, document, location, product, payload, coupon_code, action
	Name     string       `json:"parameter_name,omitempty"`
	Text     string       `json:"text,omitempty"`
	Payload  string       `json:"payload,omitempty"`
	Coupon   string       `json:"coupon_code,omitempty"`
	Image    *sendMedia   `json:"image,omitempty"`
	Video    *sendMedia   `json:"video,omitempty"`
	Document *sendMedia   `json:"document,omitempty"`
	Location *sendPlace   `json:"location,omitempty"`
	Product  *sendProduct `json:"product,omitempty"`
	Action   *sendPress   `json:"action,omitempty"`
	Offer    *sendOffer   `json:"limited_time_offer,omitempty"`

	number string // by which a text is known that has no name
}

// sendPlace is a template's location, whose degrees are texts.
type sendPlace struct {
	Latitude  string `json:"latitude"`
	Longitude string `json:"longitude"`
	Name      string `json:"name,omitempty"`
	Address   string `json:"address,omitempty"`
}

type sendProduct struct {
	ID      string `json:"product_retailer_id"`
	Catalog string `json:"catalog_id"`
}

// sendPress is what a button of a template needs to do what it does.
type sendPress struct {
	FlowToken string          `json:"flow_token,omitempty"`
	FlowData  json.RawMessage `json:"flow_action_data,omitempty"`
	Thumbnail string          `json:"thumbnail_product_retailer_id,omitempty"`
	Sections  json.RawMessage `json:"sections,omitempty"`
	Order     json.RawMessage `json:"order_details,omitempty"`
}

type sendOffer struct {
	Expires int64 `json:"expiration_time_ms"`
}

type sendReaction struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"` // empty takes it back
}

// readRequest marks a message, and those before it, as read.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/mark-message-as-read
type readRequest struct {
	Product   string  `json:"messaging_product"`
	Status    string  `json:"status"`
	MessageID string  `json:"message_id"`
	Typing    *typing `json:"typing_indicator,omitempty"`
}

type typing struct {
	Type string `json:"type"`
}

// sendAnswer is the answer to a message, or with success to an action.
type sendAnswer struct {
	Success  bool `json:"success"`
	Messages []struct {
		ID     string `json:"id"`
		Status string `json:"message_status"` // accepted, held_for_quality_assessment, paused
	} `json:"messages"`
}

// mediaAnswer says where a file is.
type mediaAnswer struct {
	URL string `json:"url"`
}

type refusal struct {
	Error *meta.Error `json:"error"`
}

// socialRequest is a call of AWS; Message is a body of Graph's.
// https://docs.aws.amazon.com/social-messaging/latest/APIReference/API_SendWhatsAppMessage.html
type socialRequest struct {
	Number  string `json:"originationPhoneNumberId"`
	Message []byte `json:"message"` // base64, once
	Version string `json:"metaApiVersion"`
}

type socialAnswer struct {
	MessageID string `json:"messageId"` // AWS' own
}
