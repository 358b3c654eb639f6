package line

import (
	"encoding/json"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// sendRequest replies with ReplyToken, or pushes to To.
// https://developers.line.biz/en/reference/messaging-api/#send-reply-message
// https://developers.line.biz/en/reference/messaging-api/#send-push-message
type sendRequest struct {
	ReplyToken string            `json:"replyToken,omitempty"`
	To         string            `json:"to,omitempty"`
	Messages   []json.RawMessage `json:"messages"` // outMessage
}

// sentMessages is the answer to both, and to the repetition of a push.
// https://developers.line.biz/en/reference/messaging-api/#send-push-message-response
type sentMessages struct {
	SentMessages []sentMessage `json:"sentMessages"`
}

type sentMessage struct {
	ID string `json:"id"`
}

// outMessage is what we say; Type says which of the members are set.
// https://developers.line.biz/en/reference/messaging-api/#message-objects
type outMessage struct {
	Type string `json:"type"`
	Text string `json:"text,omitempty"`

	OriginalContentURL string `json:"originalContentUrl,omitempty"`
	PreviewImageURL    string `json:"previewImageUrl,omitempty"`
	Duration           int64  `json:"duration,omitempty"` // milliseconds

	PackageID string `json:"packageId,omitempty"`
	StickerID string `json:"stickerId,omitempty"`

	Title     string   `json:"title,omitempty"`
	Address   string   `json:"address,omitempty"`
	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`

	AltText  string `json:"altText,omitempty"`
	Contents any    `json:"contents,omitempty"` // flexBubble or flexCarousel

	QuickReply *quickReply `json:"quickReply,omitempty"`
	Sender     *sender     `json:"sender,omitempty"`

	native *events.Native // the message as the integrator wrote it, in place of all but QuickReply
}

// json is m as LINE reads it. The integrator's own stays to the letter where we add
// nothing.
func (m outMessage) json() (json.RawMessage, error) {
	if m.native == nil {
		return channel.JSON(m)
	}
	if m.QuickReply == nil {
		_, err := channel.Native(m.native, nil)
		return json.RawMessage(m.native.JSON), err
	}
	all, err := channel.Native(m.native, map[string]any{"quickReply": m.QuickReply})
	if err != nil {
		return nil, err
	}
	return channel.JSON(all)
}

// https://developers.line.biz/en/reference/messaging-api/#quick-reply
type quickReply struct {
	Items []quickItem `json:"items"`
}

type quickItem struct {
	Type     string  `json:"type"` // action
	ImageURL string  `json:"imageUrl,omitempty"`
	Action   *action `json:"action"`
}

// https://developers.line.biz/en/reference/messaging-api/#icon-nickname-switch
type sender struct {
	Name string `json:"name"`
}

// https://developers.line.biz/en/reference/messaging-api/#action-objects
type action struct {
	Type          string `json:"type"` // postback, uri, clipboard, location
	Label         string `json:"label"`
	Data          string `json:"data,omitempty"`
	DisplayText   string `json:"displayText,omitempty"`
	URI           string `json:"uri,omitempty"`
	ClipboardText string `json:"clipboardText,omitempty"`
}

// https://developers.line.biz/en/reference/messaging-api/#f-carousel
type flexCarousel struct {
	Type     string       `json:"type"` // carousel
	Contents []flexBubble `json:"contents"`
}

// https://developers.line.biz/en/reference/messaging-api/#bubble
type flexBubble struct {
	Type   string    `json:"type"` // bubble
	Hero   *flexPart `json:"hero,omitempty"`
	Body   *flexPart `json:"body,omitempty"`
	Footer *flexPart `json:"footer,omitempty"`
}

// flexPart is a box or what is in one; Type says which of the members are set.
// https://developers.line.biz/en/reference/messaging-api/#flex-component
type flexPart struct {
	Type        string     `json:"type"` // box, text, button, image, video
	Layout      string     `json:"layout,omitempty"`
	Spacing     string     `json:"spacing,omitempty"`
	Contents    []flexPart `json:"contents,omitempty"`
	Text        string     `json:"text,omitempty"`
	Weight      string     `json:"weight,omitempty"`
	Size        string     `json:"size,omitempty"`
	Color       string     `json:"color,omitempty"`
	Wrap        bool       `json:"wrap,omitempty"`
	URL         string     `json:"url,omitempty"`
	PreviewURL  string     `json:"previewUrl,omitempty"`
	AspectRatio string     `json:"aspectRatio,omitempty"`
	AspectMode  string     `json:"aspectMode,omitempty"`
	AltContent  *flexPart  `json:"altContent,omitempty"`
	Style       string     `json:"style,omitempty"`
	Height      string     `json:"height,omitempty"`
	Action      *action    `json:"action,omitempty"`
}

// https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator
type loading struct {
	ChatID  string `json:"chatId"`
	Seconds int    `json:"loadingSeconds"`
}

// https://developers.line.biz/en/reference/messaging-api/#issue-stateless-channel-access-token
type tokenAnswer struct {
	TokenType   string `json:"token_type"`
	AccessToken string `json:"access_token"`
	ExpiresIn   int64  `json:"expires_in"` // seconds
}

// https://datatracker.ietf.org/doc/html/rfc6749#section-5.2
type tokenProblem struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// https://developers.line.biz/en/reference/messaging-api/#error-responses
type problem struct {
	Message string          `json:"message"`
	Details []problemDetail `json:"details,omitempty"`
}

type problemDetail struct {
	Message  string `json:"message"`
	Property string `json:"property"`
}
