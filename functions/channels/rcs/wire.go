package rcs

import (
	"encoding/json"
	"strconv"
)

// challenge is what Google posts when a webhook is saved.
// https://developers.google.com/business-communications/rcs-business-messaging/guides/integrate/webhooks#configure_an_agent_webhook
type challenge struct {
	ClientToken *string         `json:"clientToken"`
	Secret      *string         `json:"secret"`
	Message     json.RawMessage `json:"message"` // of a delivery
}

// event is what an agent is told: a message of a person, or something that happened
// to one of ours, or to the agent itself.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/UserMessage
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/UserEvent
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/ServerEvent
type event struct {
	SenderPhoneNumber string `json:"senderPhoneNumber"` // E.164
	PhoneNumber       string `json:"phoneNumber"`       // the same, in a ServerEvent
	AgentID           string `json:"agentId"`
	MessageID         string `json:"messageId"` // of an event: our message's
	EventID           string `json:"eventId"`
	EventType         string `json:"eventType"`
	SendTime          string `json:"sendTime"`

	Text       *string     `json:"text"`
	File       *userFile   `json:"userFile"`
	Location   *location   `json:"location"`
	Suggestion *suggestion `json:"suggestionResponse"`
	launch
}

// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/UserFile
type userFile struct {
	Payload   *file `json:"payload"`
	Thumbnail *file `json:"thumbnail"`
}

// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/FileInfo
type file struct {
	MIMEType string `json:"mimeType"`
	Bytes    size   `json:"fileSizeBytes"`
	Name     string `json:"fileName"`
	URI      string `json:"fileUri"`
}

// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/LatLng
type location struct {
	Latitude  *float64 `json:"latitude"`
	Longitude *float64 `json:"longitude"`
}

// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/SuggestionResponse
type suggestion struct {
	PostbackData string `json:"postbackData"`
	Text         string `json:"text"`
	Type         string `json:"type"` // REPLY or ACTION
}

// launch is that a carrier's or a region's approval of the agent changed.
// https://developers.google.com/business-communications/rcs-business-messaging/reference/rest/v1/AgentLaunchEvent
type launch struct {
	Region  string `json:"regionId"`
	Old     string `json:"oldLaunchState"`
	New     string `json:"newLaunchState"` // UNLAUNCHED, PENDING, LAUNCHED, REJECTED or SUSPENDED
	Comment string `json:"comment"`
}

// size is a number of bytes, which Google may write as text.
type size int64

// UnmarshalJSON never fails: a file must not be lost over its size.
func (s *size) UnmarshalJSON(b []byte) error {
	text := string(b)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	*s = size(max(n, 0))
	return nil
}
