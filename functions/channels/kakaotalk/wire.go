package kakaotalk

import (
	"encoding/json"

	"github.com/relais-dev/relais/shared/channel"
)

// skillRequest is what the chatbot asks its skill server.
// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#skillpayload
type skillRequest struct {
	UserRequest *userRequest `json:"userRequest"`
	Intent      named        `json:"intent"`
	Bot         named        `json:"bot"`
	Action      action       `json:"action"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// userRequest is what a person said. CallbackURL is there only when the block allows
// an answer that follows.
// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/ai_chatbot_callback_guide
type userRequest struct {
	CallbackURL string `json:"callbackUrl"`
	Utterance   string `json:"utterance"`
	Lang        string `json:"lang"`
	Block       named  `json:"block"`
	User        user   `json:"user"`
	Params      struct {
		Surface string `json:"surface"`
	} `json:"params"`
}

type user struct {
	ID         string `json:"id"`
	Properties struct {
		PlusFriendUserKey string       `json:"plusfriendUserKey"`
		AppUserID         channel.Text `json:"appUserId"`
		IsFriend          *bool        `json:"isFriend"`
	} `json:"properties"`
}

// action is what the block filled in. Params hold texts, of plugins JSON in a text;
// ClientExtra is what the pressed button carried.
type action struct {
	Params      map[string]channel.Text `json:"params"`
	ClientExtra json.RawMessage         `json:"clientExtra"`
}

// secureImage is the value of a parameter of the secure-image plugin.
// https://kakaobusiness.gitbook.io/main/tool/chatbot/main_notions/plugin
type secureImage struct {
	SecureURLs string `json:"secureUrls"` // "List(https://…, https://…)"
}

// skillResponse is the answer to a skill request, in the HTTP response or at the
// callback URL.
// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#skillresponse
type skillResponse struct {
	Version     string            `json:"version"` // 2.0
	UseCallback bool              `json:"useCallback,omitempty"`
	Data        map[string]string `json:"data,omitempty"`
	Template    any               `json:"template,omitempty"`
}

// relation is a friendship that began, or a block.
// https://developers.kakao.com/docs/latest/ko/kakaotalk-channel/callback
type relation struct {
	Event           string       `json:"event"` // added or blocked
	ID              channel.Text `json:"id"`
	IDType          string       `json:"id_type"` // app_user_id or open_id
	ChannelPublicID string       `json:"channel_public_id"`
	UpdatedAt       string       `json:"updated_at"` // RFC 3339
}

// talk is what a hub partner posts of the consultation talk. Which call it is stands
// in the URL; the fields of /message are as hubs have integrated them.
// https://developer-center.happytalk.io/KakaoWebhook/
type talk struct {
	UserKey       string            `json:"user_key"`
	SenderKey     string            `json:"sender_key"` // the channel
	SessionID     channel.Text      `json:"session_id"`
	AppUserID     channel.Text      `json:"app_user_id"`
	Time          channel.Text      `json:"time"` // Unix milliseconds
	SerialNumber  channel.Text      `json:"serial_number"`
	Type          string            `json:"type"`
	Content       json.RawMessage   `json:"content"`  // a text, or an object with a URL
	Contents      []json.RawMessage `json:"contents"` // of several pictures
	Attachment    json.RawMessage   `json:"attachment"`
	Extra         channel.Text      `json:"extra"` // what the pressed button carried
	Reference     *reference        `json:"reference"`
	LastReference *reference        `json:"last_reference"`
}

// reference is what the brand put into the button that opened the talk.
// https://developer-center.happytalk.io/KakaoWebhook/
type reference struct {
	Extra    channel.Text `json:"extra"`
	LastText channel.Text `json:"lastText"` // what the person last said to the chatbot
	Bot      channel.Text `json:"bot"`
	BotEvent channel.Text `json:"bot_event"`
}

// file is a medium of the consultation talk.
type file struct {
	URL  string       `json:"url"`
	Name string       `json:"name"`
	Size channel.Text `json:"size"` // bytes
}

// results are what became of AlimTalk messages.
// https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/
type results struct {
	Event string            `json:"event"` // MESSAGE_RESULT_UPDATE
	Hooks []json.RawMessage `json:"hooks"`
}

type result struct {
	HookID        channel.Text `json:"hookId"`
	RequestID     channel.Text `json:"requestId"`
	RecipientSeq  channel.Text `json:"recipientSeq"`
	RecipientNo   channel.Text `json:"recipientNo"`
	MessageStatus string       `json:"messageStatus"` // COMPLETED, FAILED, CANCEL …
	ResultCode    channel.Text `json:"resultCode"`
	ResultName    string       `json:"resultCodeName"`
}
