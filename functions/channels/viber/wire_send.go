package viber

import "encoding/json"

// outgoing is a message to a person; Type says which of the members is set.
// https://developers.viber.com/docs/api/rest-bot-api/#send-message
type outgoing struct {
	Receiver      string      `json:"receiver"`
	MinAPIVersion int         `json:"min_api_version"`
	Sender        sender      `json:"sender"`
	TrackingData  string      `json:"tracking_data,omitempty"`
	Type          string      `json:"type"`
	Text          *string     `json:"text,omitempty"` // of a picture it may be empty and must be there
	Media         string      `json:"media,omitempty"`
	Thumbnail     string      `json:"thumbnail,omitempty"`
	Size          int64       `json:"size,omitempty"`     // bytes
	Duration      int64       `json:"duration,omitempty"` // seconds
	FileName      string      `json:"file_name,omitempty"`
	StickerID     json.Number `json:"sticker_id,omitempty"`
	Contact       *contact    `json:"contact,omitempty"`
	Location      *place      `json:"location,omitempty"`
	Keyboard      *keyboard   `json:"keyboard,omitempty"`
	RichMedia     *richMedia  `json:"rich_media,omitempty"`
	AltText       string      `json:"alt_text,omitempty"`
}

// place is a location in numbers, as Viber's own clients send it.
type place struct {
	Latitude  float64 `json:"lat"`
	Longitude float64 `json:"lon"`
}

// https://developers.viber.com/docs/tools/keyboards/
type keyboard struct {
	Type          string   `json:"Type"`
	DefaultHeight bool     `json:"DefaultHeight"`
	Buttons       []button `json:"Buttons"`
}

// https://developers.viber.com/docs/tools/keyboards/#buttons-parameters
type button struct {
	Columns    int    `json:"Columns"`
	Rows       int    `json:"Rows"`
	ActionType string `json:"ActionType"` // reply, open-url, share-phone, location-picker or none
	ActionBody string `json:"ActionBody,omitempty"`
	Text       string `json:"Text,omitempty"`
	Image      string `json:"Image,omitempty"`
	Silent     bool   `json:"Silent,omitempty"` // the press is not shown in the chat
}

// https://developers.viber.com/docs/api/rest-bot-api/#rich-media-message--carousel-content-message
type richMedia struct {
	Type    string   `json:"Type"`
	Columns int      `json:"ButtonsGroupColumns"`
	Rows    int      `json:"ButtonsGroupRows"`
	BgColor string   `json:"BgColor"`
	Buttons []button `json:"Buttons"`
}

// reply is the answer to a message. https://developers.viber.com/docs/api/rest-bot-api/#response
type reply struct {
	Status  *int   `json:"status"` // 0 is success
	Message string `json:"status_message"`
	Token   number `json:"message_token"`
}
