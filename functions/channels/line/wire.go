package line

import "encoding/json"

// delivery is the body of a webhook.
// https://developers.line.biz/en/reference/messaging-api/#request-body
type delivery struct {
	Destination string            `json:"destination"` // user id of the account
	Events      []json.RawMessage `json:"events"`      // empty when the console checks the URL
}

// event is one webhook event; Type says which of the members is set.
// https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
type event struct {
	Type           string `json:"type"`
	Mode           string `json:"mode"`      // active, or standby: another module may answer, we may not
	Timestamp      int64  `json:"timestamp"` // Unix milliseconds
	Source         source `json:"source"`
	WebhookEventID string `json:"webhookEventId"` // ULID, the same on redelivery
	ReplyToken     string `json:"replyToken"`

	Message           *message    `json:"message"`
	Unsend            *unsend     `json:"unsend"`
	Follow            *follow     `json:"follow"`
	Joined            *members    `json:"joined"`
	Left              *members    `json:"left"`
	Postback          *postback   `json:"postback"`
	VideoPlayComplete *played     `json:"videoPlayComplete"`
	Beacon            *beacon     `json:"beacon"`
	Link              *link       `json:"link"`
	Membership        *membership `json:"membership"`
	Module            *module     `json:"module"`
	ChatControl       *control    `json:"chatControl"`
	Delivery          *receipt    `json:"delivery"`
}

// source is where an event comes from. Members of groups may be unnamed.
// https://developers.line.biz/en/reference/messaging-api/#source-user
type source struct {
	Type    string `json:"type"`
	UserID  string `json:"userId"`
	GroupID string `json:"groupId"`
	RoomID  string `json:"roomId"`
}

// message is what a person sent; Type says which of the fields are set.
// https://developers.line.biz/en/reference/messaging-api/#message-event
type message struct {
	ID              string `json:"id"`
	Type            string `json:"type"`
	QuoteToken      string `json:"quoteToken"`
	QuotedMessageID string `json:"quotedMessageId"`
	MarkAsReadToken string `json:"markAsReadToken"`

	Text    string  `json:"text"` // of a text, or of a sticker with words
	Emojis  []emoji `json:"emojis"`
	Mention mention `json:"mention"`

	ContentProvider provider  `json:"contentProvider"`
	ImageSet        *imageSet `json:"imageSet"`
	Duration        int64     `json:"duration"` // milliseconds
	FileName        string    `json:"fileName"`
	FileSize        int64     `json:"fileSize"` // bytes

	Title     string   `json:"title"`
	Address   string   `json:"address"`
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`

	PackageID           string   `json:"packageId"`
	StickerID           string   `json:"stickerId"`
	StickerResourceType string   `json:"stickerResourceType"`
	Keywords            []string `json:"keywords"`
}

// emoji is a LINE emoji; Index and Length count UTF-16 units of the text.
// https://developers.line.biz/en/reference/messaging-api/#wh-text
type emoji struct {
	Index     int    `json:"index"`
	Length    int    `json:"length"`
	ProductID string `json:"productId"`
	EmojiID   string `json:"emojiId"`
}

// mention lists who is addressed in a text.
// https://developers.line.biz/en/reference/messaging-api/#wh-text
type mention struct {
	Mentionees []struct {
		Index  int    `json:"index"`
		Length int    `json:"length"`
		Type   string `json:"type"` // user or all
		UserID string `json:"userId"`
		IsSelf bool   `json:"isSelf"` // the account is meant
	} `json:"mentionees"`
}

// provider says where a medium lies: at LINE, fetched by message id, or at a URL.
// https://developers.line.biz/en/reference/messaging-api/#wh-image
type provider struct {
	Type               string `json:"type"` // line or external
	OriginalContentURL string `json:"originalContentUrl"`
	PreviewImageURL    string `json:"previewImageUrl"`
}

// imageSet joins images sent at once; they come as events of their own.
// https://developers.line.biz/en/reference/messaging-api/#wh-image
type imageSet struct {
	ID    string `json:"id"`
	Index int64  `json:"index"` // from 1; may be absent
	Total int64  `json:"total"` // may be absent
}

// https://developers.line.biz/en/reference/messaging-api/#unsend-event
type unsend struct {
	MessageID string `json:"messageId"`
}

// https://developers.line.biz/en/reference/messaging-api/#follow-event
type follow struct {
	IsUnblocked bool `json:"isUnblocked"`
}

// https://developers.line.biz/en/reference/messaging-api/#member-joined-event
type members struct {
	Members []source `json:"members"`
}

// Params hold a picked date, time or datetime, or a switched rich menu.
// https://developers.line.biz/en/reference/messaging-api/#postback-event
type postback struct {
	Data   string                     `json:"data"`
	Params map[string]json.RawMessage `json:"params"` // texts
}

// https://developers.line.biz/en/reference/messaging-api/#video-viewing-complete
type played struct {
	TrackingID string `json:"trackingId"` // what the brand gave when it sent the video
}

// https://developers.line.biz/en/reference/messaging-api/#beacon-event
type beacon struct {
	HWID string `json:"hwid"`
	Type string `json:"type"` // enter, stay, banner (tapped) or leave
	DM   string `json:"dm"`   // message of the device, hex
}

// https://developers.line.biz/en/reference/messaging-api/#account-link-event
type link struct {
	Result string `json:"result"` // ok or failed
	Nonce  string `json:"nonce"`
}

// https://developers.line.biz/en/reference/messaging-api/#membership-event
type membership struct {
	Type         string      `json:"type"` // joined, left or renewed
	MembershipID json.Number `json:"membershipId"`
}

// https://developers.line.biz/en/reference/partner-docs/#module-webhook-event-object
type module struct {
	Type   string   `json:"type"` // attached or detached
	BotID  string   `json:"botId"`
	Scopes []string `json:"scopes"`
	Reason string   `json:"reason"`
}

// https://developers.line.biz/en/reference/partner-docs/#activated-event
type control struct {
	ExpireAt int64 `json:"expireAt"` // Unix milliseconds
}

// receipt tells that a notification message, sent by phone number, arrived.
// https://developers.line.biz/en/docs/partner-docs/line-notification-messages/message-sending-complete-webhook-event/
type receipt struct {
	Data string `json:"data"` // the delivery tag given when sending, else the hashed phone number
}
