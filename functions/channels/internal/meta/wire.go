package meta

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// decode reads raw as T; false when there is none or it is of another shape.
func decode[T any](raw []byte) (T, bool) {
	var v, none T
	if len(raw) == 0 || string(raw) == "null" || channel.Decode(raw, &v) != nil {
		return none, false
	}
	return v, true
}

// An Attachment is one of message.attachments[].
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messages
type Attachment struct {
	Type    string          `json:"type"`
	Title   string          `json:"title"` // until April 2026 a shared link's
	URL     string          `json:"url"`   // likewise
	Payload Payload         `json:"payload"`
	Raw     json.RawMessage `json:"-"`
}

// Payload is what an Attachment holds; which members are set depends on its type.
type Payload struct {
	URL       string       `json:"url"`
	Title     string       `json:"title"`
	ID        channel.Text `json:"id"` // of a post
	PostID    channel.Text `json:"ig_post_media_id"`
	ReelID    channel.Text `json:"reel_video_id"` // of a reel
	StickerID channel.Text `json:"sticker_id"`

	Coordinates *struct {
		Latitude  *float64 `json:"lat"`
		Longitude *float64 `json:"long"`
	} `json:"coordinates"`

	BookingID channel.Text `json:"booking_id"`
	Status    string       `json:"status"`
	Start     channel.Text `json:"start_time"`
	End       channel.Text `json:"end_time"`
	Zone      string       `json:"timezone"`

	Product *struct {
		Elements []product `json:"elements"`
	} `json:"product"`
	Template string    `json:"template_type"`
	Text     string    `json:"text"`
	Buttons  []button  `json:"buttons"`
	Elements []element `json:"elements"`
}

type product struct {
	ID         channel.Text `json:"id"`
	RetailerID channel.Text `json:"retailer_id"`
	Image      string       `json:"image_url"`
	Title      string       `json:"title"`
	Subtitle   string       `json:"subtitle"`
}

// element is one card of a generic template, in an echo.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/template/generic
type element struct {
	Title    string   `json:"title"`
	Subtitle string   `json:"subtitle"`
	Image    string   `json:"image_url"`
	Buttons  []button `json:"buttons"`
}

type button struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Payload string `json:"payload"`
}

type command struct {
	Name string `json:"name"`
}

// referral is also a message's and a postback's.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_referrals
type referral struct {
	Ref     string       `json:"ref"`
	Source  string       `json:"source"`
	AdID    channel.Text `json:"ad_id"`
	Referer string       `json:"referer_uri"`
	Product struct {
		ID channel.Text `json:"id"`
	} `json:"product"`
	Ad struct {
		Title     string       `json:"ad_title"`
		Photo     string       `json:"photo_url"`
		Video     string       `json:"video_url"`
		PostID    channel.Text `json:"post_id"`
		ProductID channel.Text `json:"product_id"`
		FlowID    channel.Text `json:"flow_id"`
	} `json:"ads_context_data"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_postbacks
type postback struct {
	ID       string          `json:"mid"`
	Title    string          `json:"title"`
	Payload  string          `json:"payload"` // missing in standby
	Referral json.RawMessage `json:"referral"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-reactions
type reaction struct {
	ID     string `json:"mid"`
	Action string `json:"action"` // react, unreact
	Name   string `json:"reaction"`
	Emoji  string `json:"emoji"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-edits
type edit struct {
	ID     string       `json:"mid"`
	Text   string       `json:"text"`
	Number channel.Text `json:"num_edit"`
}

// receipt is a delivery or a read: Messenger tells a time, Instagram a message.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/message-reads
type receipt struct {
	ID        string       `json:"mid"`
	IDs       []string     `json:"mids"`
	Watermark channel.Text `json:"watermark"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_optins
type optin struct {
	Type    string `json:"type"`
	Ref     string `json:"ref"`
	UserRef string `json:"user_ref"`
	Payload string `json:"payload"`
	Token   string `json:"notification_messages_token"`
	Status  string `json:"notification_messages_status"`
	Title   string `json:"title"`
	Topic   string `json:"topic"`
}

// handover is a change of who holds a conversation.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_handovers
type handover struct {
	Previous channel.Text `json:"previous_owner_app_id"`
	New      channel.Text `json:"new_owner_app_id"`
	Metadata channel.Text `json:"metadata"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_account_linking
type accountLinking struct {
	Status string `json:"status"` // linked, unlinked
	Code   string `json:"authorization_code"`
}

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/messaging_policy_enforcement
type enforcement struct {
	Action string `json:"action"`
	Reason string `json:"reason"`
}
