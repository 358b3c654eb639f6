package kakaotalk

import "github.com/relais-dev/relais/shared/channel"

// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#skilltemplate
type skillTemplate struct {
	Outputs      []any         `json:"outputs"` // one to three, each an object of one member
	QuickReplies []skillButton `json:"quickReplies,omitempty"`
}

type simpleText struct {
	Text string `json:"text"`
}

type simpleImage struct {
	URL string `json:"imageUrl"`
	Alt string `json:"altText"`
}

// skillCard is a textCard, or with a thumbnail a basicCard.
type skillCard struct {
	Description string        `json:"description"`
	Thumbnail   *thumbnail    `json:"thumbnail,omitempty"`
	Buttons     []skillButton `json:"buttons"`
}

type thumbnail struct {
	URL string `json:"imageUrl"`
}

// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/answer_json_format#button
type skillButton struct {
	Label       string            `json:"label"`
	Action      string            `json:"action"` // message, block or webLink
	MessageText string            `json:"messageText,omitempty"`
	BlockID     string            `json:"blockId,omitempty"`
	Extra       map[string]string `json:"extra,omitempty"`
	WebLinkURL  string            `json:"webLinkUrl,omitempty"`
}

// https://kakaobusiness.gitbook.io/main/tool/chatbot/skill_guide/ai_chatbot_callback_guide
type callbackReply struct {
	TaskID  string `json:"taskId"`
	Status  string `json:"status"` // SUCCESS, FAIL or ERROR
	Message string `json:"message"`
}

// bubble is a message of the consultation talk.
// https://developer-center.happytalk.io/KakaoWebhook/MessageSend/rich
type bubble struct {
	UserKey      string      `json:"user_key"`
	SenderKey    string      `json:"sender_key"`
	SerialNumber string      `json:"serial_number"`
	Type         string      `json:"chat_bubble_type,omitempty"`
	Message      string      `json:"message,omitempty"`
	Attachment   *attachment `json:"attachment,omitempty"`
}

type attachment struct {
	Image   *talkImage   `json:"image,omitempty"`
	Buttons []talkButton `json:"buttons,omitempty"`
}

type talkImage struct {
	URL string `json:"img_url"`
}

// talkButton opens a page (WL) or says its name (BK).
type talkButton struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	URLMobile string `json:"url_mobile,omitempty"`
	URLPC     string `json:"url_pc,omitempty"`
	Extra     string `json:"extra,omitempty"`
}

// uploadReply is the answer to an upload, and without Image that to a message.
// https://developer-center.happytalk.io/KakaoWebhook/Upload/image
type uploadReply struct {
	Code    channel.Text `json:"code"`
	Message string       `json:"message"`
	Image   string       `json:"image"`
}

// https://docs.nhncloud.com/ko/Notification/KakaoTalk%20Bizmessage/ko/alimtalk-api-guide/
type nhnRequest struct {
	SenderKey    string         `json:"senderKey"`
	TemplateCode string         `json:"templateCode"`
	Recipients   []nhnRecipient `json:"recipientList"`
}

type nhnRecipient struct {
	Number     string            `json:"recipientNo"`
	Parameters map[string]string `json:"templateParameter"`
}

type nhnReply struct {
	Header *struct {
		Successful bool         `json:"isSuccessful"`
		Code       channel.Text `json:"resultCode"`
		Message    string       `json:"resultMessage"`
	} `json:"header"`
	Message struct {
		RequestID string `json:"requestId"`
		Results   []struct {
			Seq     channel.Text `json:"recipientSeq"`
			Code    channel.Text `json:"resultCode"`
			Message string       `json:"resultMessage"`
		} `json:"sendResults"`
	} `json:"message"`
}

// https://api.ncloud-docs.com/docs/en/ai-application-service-sens-alimtalkv2
type sensRequest struct {
	PlusFriendID string        `json:"plusFriendId"`
	TemplateCode string        `json:"templateCode"`
	Messages     []sensMessage `json:"messages"`
}

type sensMessage struct {
	CountryCode string `json:"countryCode"`
	To          string `json:"to"`
	Content     string `json:"content"`
}

type sensReply struct {
	RequestID string `json:"requestId"`
	Messages  []struct {
		ID          string `json:"messageId"`
		Code        string `json:"requestStatusCode"` // A000 is taken
		Description string `json:"requestStatusDesc"`
	} `json:"messages"`
}
