package rcs

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// agentMessage is what an agent says.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages
type agentMessage struct {
	Content    contentMessage `json:"contentMessage"`
	Traffic    string         `json:"messageTrafficType,omitempty"`
	TTL        string         `json:"ttl,omitempty"`
	ExpireTime string         `json:"expireTime,omitempty"`
}

// contentMessage has a text, a file or cards, and suggestions below.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#agentcontentmessage
type contentMessage struct {
	Text        string       `json:"text,omitempty"`
	ContentInfo *contentInfo `json:"contentInfo,omitempty"`
	RichCard    *richCard    `json:"richCard,omitempty"`
	Suggestions []suggested  `json:"suggestions,omitempty"`

	native json.RawMessage // all of it, when it is the integrator's own
}

// MarshalJSON passes on what is the integrator's own.
func (c contentMessage) MarshalJSON() ([]byte, error) {
	if c.native != nil {
		return c.native, nil
	}
	type plain contentMessage
	return channel.JSON(plain(c))
}

// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#contentinfo
type contentInfo struct {
	FileURL      string `json:"fileUrl"`
	ThumbnailURL string `json:"thumbnailUrl,omitempty"`
	ForceRefresh bool   `json:"forceRefresh"`
}

// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#richcard
type richCard struct {
	Standalone *standaloneCard `json:"standaloneCard,omitempty"`
	Carousel   *carouselCard   `json:"carouselCard,omitempty"`
}

type standaloneCard struct {
	Orientation string      `json:"cardOrientation"`
	Content     cardContent `json:"cardContent"`
}

type carouselCard struct {
	Width    string        `json:"cardWidth"`
	Contents []cardContent `json:"cardContents"`
}

type cardContent struct {
	Title       string      `json:"title,omitempty"`
	Description string      `json:"description,omitempty"`
	Media       *cardMedia  `json:"media,omitempty"`
	Suggestions []suggested `json:"suggestions,omitempty"`
}

type cardMedia struct {
	Height      string       `json:"height"`
	ContentInfo *contentInfo `json:"contentInfo"`
}

// suggested is a suggestion: a reply, or an action of the phone.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentMessages#suggestion
type suggested struct {
	Reply  *suggestedReply  `json:"reply,omitempty"`
	Action *suggestedAction `json:"action,omitempty"`
}

type suggestedReply struct {
	Text     string `json:"text"`
	Postback string `json:"postbackData"`
}

type suggestedAction struct {
	Text          string        `json:"text"`
	Postback      string        `json:"postbackData"`
	FallbackURL   string        `json:"fallbackUrl,omitempty"`
	Dial          *dial         `json:"dialAction,omitempty"`
	ViewLocation  *viewLocation `json:"viewLocationAction,omitempty"`
	ShareLocation *struct{}     `json:"shareLocationAction,omitempty"`
	OpenURL       *openURL      `json:"openUrlAction,omitempty"`
}

type dial struct {
	Phone string `json:"phoneNumber"`
}

type viewLocation struct {
	LatLong location `json:"latLong"`
	Label   string   `json:"label,omitempty"`
}

type openURL struct {
	URL         string `json:"url"`
	Application string `json:"application"`
	ViewMode    string `json:"webviewViewMode,omitempty"`
}

// agentEvent is what an agent does that is no message.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/phones.agentEvents
type agentEvent struct {
	Type      string `json:"eventType"`
	MessageID string `json:"messageId,omitempty"`
}
