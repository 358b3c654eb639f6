package sms

// What Twilio posts is a form of one message, or of one status of a message of ours.
// New parameters may appear any day.
// https://www.twilio.com/docs/messaging/guides/webhook-request
//
//	MessageSid (SmsMessageSid, SmsSid), AccountSid, MessagingServiceSid, From, To, Body, NumSegments, OptOutType
//	NumMedia, MediaUrl0, MediaContentType0 …
//	MessageStatus, ErrorCode, ChannelStatusMessage
//	of other channels than SMS: ProfileName, ExternalUserId, ButtonText, ButtonPayload, ListId, ListTitle, Latitude,
//	Longitude, Address, Label, Forwarded, FrequentlyForwarded, OriginalRepliedMessageSid, Referral…

// cloudEvent is an item of Twilio's Event Streams.
// https://www.twilio.com/docs/events/event-streams
type cloudEvent struct {
	Type string `json:"type"`
	Time string `json:"time"` // RFC 3339
}

// notice is what AWS publishes: a customer's message, or an event of one of ours.
// https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html
// https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
type notice struct {
	InboundID   string            `json:"inboundMessageId"`
	From        string            `json:"originationNumber"`
	To          string            `json:"destinationNumber"`
	Body        string            `json:"messageBody"`
	Keyword     string            `json:"messageKeyword"`
	PreviousID  string            `json:"previousPublishedMessageId"` // our last message to the customer, no quote
	EventType   string            `json:"eventType"`                  // TEXT_DELIVERED …
	EventTime   int64             `json:"eventTimestamp"`             // Unix milliseconds
	MessageID   string            `json:"messageId"`
	Recipient   string            `json:"destinationPhoneNumber"`
	Description string            `json:"messageStatusDescription"`
	MessageType string            `json:"messageType"` // TRANSACTIONAL, PROMOTIONAL
	Price       *float64          `json:"totalMessagePrice"`
	Context     map[string]string `json:"context"` // what we gave with the message
}

// twilioAnswer is a message that Twilio took.
// https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
type twilioAnswer struct {
	SID string `json:"sid"`
}

// https://www.twilio.com/docs/usage/twilios-response#response-formats-exceptions
type twilioRefusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type awsAnswer struct {
	MessageID string `json:"MessageId"`
}

// awsFields are what is not valid in a request.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_ValidationException.html
type awsFields struct {
	Fields []struct {
		Name string `json:"Name"`
	} `json:"Fields"`
}
