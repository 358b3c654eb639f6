package whatsapp

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// decode reads raw as T; false when there is none or it is of another shape.
func decode[T any](raw []byte) (T, bool) {
	var v, none T
	if raw == nil || channel.Decode(raw, &v) != nil {
		return none, false
	}
	return v, true
}

// The members of a message that its type names.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages

// text is a JSON text or number.
type text = channel.Text

type media struct {
	ID       text   `json:"id"`
	MIME     string `json:"mime_type"`
	SHA256   string `json:"sha256"` // base64
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
	Animated bool   `json:"animated"`
}

type location struct {
	Latitude  text   `json:"latitude"`
	Longitude text   `json:"longitude"`
	Name      string `json:"name"`
	Address   string `json:"address"`
	URL       string `json:"url"`
}

type card struct {
	Name struct {
		Formatted string `json:"formatted_name"`
		First     string `json:"first_name"`
		Last      string `json:"last_name"`
	} `json:"name"`
	Org struct {
		Company string `json:"company"`
	} `json:"org"`
	Phones []struct {
		Phone string `json:"phone"`
		WaID  string `json:"wa_id"`
		Type  string `json:"type"`
	} `json:"phones"`
	Emails []struct {
		Email string `json:"email"`
		Type  string `json:"type"`
	} `json:"emails"`
	URLs []struct {
		URL  string `json:"url"`
		Type string `json:"type"`
	} `json:"urls"`
	Addresses []address `json:"addresses"`
	Birthday  string    `json:"birthday"`
	VCard     string    `json:"vcard"`
	Origin    string    `json:"origin"` // contact_request: we asked for it
}

type address struct {
	Street      string `json:"street"`
	City        string `json:"city"`
	State       string `json:"state"`
	Zip         string `json:"zip"`
	Country     string `json:"country"`
	CountryCode string `json:"country_code"`
	Type        string `json:"type"`
}

type interactive struct {
	Type        string `json:"type"` // also of "unsupported": what it would have been
	ButtonReply *struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	} `json:"button_reply"`
	ListReply *struct {
		ID          string `json:"id"`
		Title       string `json:"title"`
		Description string `json:"description"`
	} `json:"list_reply"`
	FormReply *struct {
		Name string          `json:"name"` // flow, address_message
		Body string          `json:"body"`
		JSON json.RawMessage `json:"response_json"` // a text that holds an object, written by the customer's app
	} `json:"nfm_reply"`
	// Product is the one that a customer asks about, from a message with products.
	Product *struct {
		CatalogID  text `json:"catalog_id"`
		RetailerID text `json:"product_retailer_id"`
	} `json:"product"`
	CallReply *struct {
		Response  string `json:"response"` // accept, reject
		Permanent bool   `json:"is_permanent"`
		Expires   text   `json:"expiration_timestamp"` // Unix seconds
		Source    string `json:"response_source"`
	} `json:"call_permission_reply"`
}

type button struct {
	Payload string `json:"payload"`
	Text    string `json:"text"`
}

type order struct {
	CatalogID text   `json:"catalog_id"`
	Text      string `json:"text"`
	Items     []struct {
		ProductID text   `json:"product_retailer_id"`
		Quantity  text   `json:"quantity"`
		Price     text   `json:"item_price"` // per unit, in currency units
		Currency  string `json:"currency"`
	} `json:"product_items"`
}

type reaction struct {
	MessageID string `json:"message_id"`
	Emoji     string `json:"emoji"`
}

// edit is also a revoke, which has no message.
type edit struct {
	Original string          `json:"original_message_id"`
	Message  json.RawMessage `json:"message"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
type system struct {
	Type           string `json:"type"`
	WaID           string `json:"wa_id"`
	NewWaID        string `json:"new_wa_id"`
	UserID         string `json:"user_id"`
	ParentUserID   string `json:"parent_user_id"`
	PreviousUserID string `json:"previous_user_id"`
	PreviousParent string `json:"previous_parent_user_id"`
}

type referral struct {
	SourceType   string `json:"source_type"`
	SourceID     text   `json:"source_id"`
	SourceURL    string `json:"source_url"`
	Headline     string `json:"headline"`
	Body         string `json:"body"`
	MediaType    string `json:"media_type"`
	ImageURL     string `json:"image_url"`
	VideoURL     string `json:"video_url"`
	ThumbnailURL string `json:"thumbnail_url"`
	ClickID      string `json:"ctwa_clid"`
	Welcome      struct {
		Text string `json:"text"`
	} `json:"welcome_message"`
}

// payment is a status's payment; India and Brazil.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
type payment struct {
	Reference   string `json:"reference_id"`
	Currency    string `json:"currency"`
	Amount      amount `json:"amount"`
	Transaction struct {
		ID       string `json:"id"`
		Provider string `json:"pg_transaction_id"`
		Type     string `json:"type"`
		Status   string `json:"status"`
		Method   struct {
			Type string `json:"type"`
		} `json:"method"`
		Error *struct {
			Code   text   `json:"code"`
			Reason string `json:"reason"`
		} `json:"error"`
	} `json:"transaction"`
	Refunds []json.RawMessage `json:"refunds"`
}

type amount struct {
	Value  text `json:"value"`
	Offset text `json:"offset"`
}

// The values of rarer fields.

// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/user_preferences
type preference struct {
	WaID      string `json:"wa_id"`
	UserID    string `json:"user_id"`
	ParentID  string `json:"parent_user_id"`
	Category  string `json:"category"`
	Value     string `json:"value"`
	Timestamp text   `json:"timestamp"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/message_template_status_update
type template struct {
	ID       text   `json:"message_template_id"`
	Name     string `json:"message_template_name"`
	Language string `json:"message_template_language"`
	Category string `json:"message_template_category"`
	Event    string `json:"event"`
	Reason   string `json:"reason"`
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
type accountUpdate struct {
	Ban struct {
		State string `json:"waba_ban_state"`
		Date  string `json:"waba_ban_date"`
	} `json:"ban_info"`
	Violation struct {
		Type string `json:"violation_type"`
	} `json:"violation_info"`
	Restrictions []struct {
		Type string `json:"restriction_type"`
	} `json:"restriction_info"`
}

// handover is as seen in production (September 2026): the field is not in Meta's
// reference. There is no metadata: our number is the recipient.
type handover struct {
	Timestamp text `json:"timestamp"`
	Sender    struct {
		Phone  string `json:"phone_number"`
		WaID   string `json:"wa_id"`
		UserID string `json:"user_id"`
	} `json:"sender"`
	Passed *struct {
		PreviousRole    string `json:"previous_owner_role"`
		PreviousAppRole string `json:"previous_owner_app_role"`
		PreviousApp     string `json:"previous_owner_app_id"`
		NewRole         string `json:"new_owner_role"`
		NewApp          string `json:"new_owner_app_id"`
		Metadata        string `json:"metadata"`
	} `json:"control_passed"`
}

// group is one of groups[] of the four group_*_update fields.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups
type group struct {
	ID        string            `json:"group_id"`
	Timestamp text              `json:"timestamp"`
	Type      string            `json:"type"`
	Subject   string            `json:"subject"`
	Reason    string            `json:"reason"`
	Initiator string            `json:"initiated_by"`
	Added     []member          `json:"added_participants"`
	Removed   []member          `json:"removed_participants"`
	Errors    []json.RawMessage `json:"errors"`
	NewTitle  *struct {
		Text string `json:"text"`
		Done bool   `json:"update_successful"`
	} `json:"group_subject"`
}

type member struct {
	WaID   string `json:"wa_id"`
	UserID string `json:"user_id"`
	Input  string `json:"input"` // as the brand named the person
}

// https://developers.facebook.com/documentation/business-messaging/whatsapp/calling
type call struct {
	ID        string `json:"id"`
	Event     string `json:"event"`
	From      string `json:"from"`
	FromUser  string `json:"from_user_id"`
	To        string `json:"to"`
	ToUser    string `json:"to_user_id"`
	Direction string `json:"direction"`
	Timestamp text   `json:"timestamp"`
}
