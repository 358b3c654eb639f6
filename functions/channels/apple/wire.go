package apple

import "encoding/json"

// delivery is the body of a webhook; Type says which of the members is set.
// https://register.apple.com/resources/messages/msp-rest-api/messages-received
type delivery struct {
	ID            string `json:"id"`
	Type          string `json:"type"` // text, interactive, typing_start, typing_end or close
	SourceID      string `json:"sourceId"`
	DestinationID string `json:"destinationId"` // with or without urn:biz:
	Locale        string `json:"locale"`        // en_US
	Intent        string `json:"intent"`        // of the entry link, in its first message only
	Group         string `json:"group"`         // likewise

	Body        string            `json:"body"` // a U+FFFC stands for each attachment
	Attachments []json.RawMessage `json:"attachments"`
	ReplyTo     string            `json:"replyToMessageId"` // undocumented

	Interactive *interactiveData `json:"interactiveData"`
	Reference   *reference       `json:"interactiveDataRef"` // in the place of large interactive data
}

// attachment is a file that lies encrypted at Apple.
// https://register.apple.com/resources/messages/msp-rest-api/type-text
type attachment struct {
	Name     string          `json:"name"`
	MIMEType string          `json:"mimeType"`
	Size     json.RawMessage `json:"size"` // bytes, a text or a number
	stored
}

// reference is where interactive data lie that are too large for a message.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
type reference struct {
	BID   string `json:"bid"`
	Title string `json:"title"`
	stored
}

// stored says where something lies and with which key it is encrypted. Apple's
// documents, samples and gateway name the same things in several ways.
type stored struct {
	URL             string `json:"url"`
	Owner           string `json:"owner"`
	Key             string `json:"key"`       // hexadecimal, after a byte 00
	Signature       string `json:"signature"` // hexadecimal
	SignatureBase64 string `json:"signature-base64"`

	MMCSURL       string `json:"mmcs-url"`
	MMCSOwner     string `json:"mmcs-owner"`
	MMCSSignature string `json:"mmcs-signature"` // hexadecimal
	DataRefSig    string `json:"dataRefSig"`     // the key of a reference
}

// interactiveData is the answer to what we offered, or what an iMessage app sends.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
type interactiveData struct {
	BID      string  `json:"bid"` // which iMessage app
	Data     *answer `json:"data"`
	Received summary `json:"receivedMessage"`
	Reply    summary `json:"replyMessage"`

	URL     string `json:"URL"` // of other apps than Apple's own
	AppName string `json:"appName"`
}

// summary is what the transcript shows of interactive data.
type summary struct {
	Title    string `json:"title"`
	Subtitle string `json:"subtitle"`
}

// answer holds one of the members below: what the customer chose.
type answer struct {
	RequestIdentifier string  `json:"requestIdentifier"` // as we gave it
	Reply             summary `json:"replyMessage"`

	QuickReply   *quickReply     `json:"quick-reply"`
	ListPicker   *listPicker     `json:"listPicker"`
	Event        *timePicker     `json:"event"`
	Dynamic      *dynamic        `json:"dynamic"`
	Authenticate *authentication `json:"authenticate"`
	Payment      *payment        `json:"payment"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#quick-reply-message
type quickReply struct {
	SelectedIdentifier string `json:"selectedIdentifier"`
	SelectedIndex      *int   `json:"selectedIndex"`
	Items              []item `json:"items"`
}

type item struct {
	Identifier string `json:"identifier"`
	Title      string `json:"title"`
}

// listPicker holds the chosen items only.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#list-picker-message
type listPicker struct {
	Sections []struct {
		Items []item `json:"items"`
	} `json:"sections"`
}

// timePicker holds the chosen slot only.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#time-picker-message
type timePicker struct {
	Identifier     string          `json:"identifier"`
	Title          string          `json:"title"`
	TimezoneOffset json.RawMessage `json:"timezoneOffset"` // minutes from GMT
	Timeslots      []timeslot      `json:"timeslots"`
}

type timeslot struct {
	Identifier string          `json:"identifier"`
	StartTime  string          `json:"startTime"` // 2026-08-01T16:00+0000
	Duration   json.RawMessage `json:"duration"`  // seconds
}

// dynamic is a form's answers, by page.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#form-message
type dynamic struct {
	Selections []struct {
		PageIdentifier string          `json:"pageIdentifier"`
		Identifier     string          `json:"identifier"`
		Value          json.RawMessage `json:"value"`
		Items          []formItem      `json:"items"`
	} `json:"selections"`
}

type formItem struct {
	Identifier string          `json:"identifier"`
	Title      string          `json:"title"`
	Value      json.RawMessage `json:"value"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#authentication-message
type authentication struct {
	Status string `json:"status"` // authenticated, denied, failed …
	Token  string `json:"token"`  // of the older way: encrypted for the key that the request held
	Errors []struct {
		Domain string          `json:"domain"`
		Code   json.RawMessage `json:"code"`
	} `json:"errors"`
}

// payment is the request as we made it, with what became of it.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#apple-pay-message
type payment struct {
	Status  json.RawMessage `json:"status"` // STATUS_SUCCESS, STATUS_FAILURE …, or their numbers
	State   json.RawMessage `json:"state"`  // the same in another spelling
	Request struct {
		Total struct {
			Label  string `json:"label"`
			Amount string `json:"amount"` // 12.50
		} `json:"total"`
		CurrencyCode string `json:"currencyCode"`
		LineItems    []line `json:"lineItems"`
	} `json:"paymentRequest"`
}

type line struct {
	Label  string `json:"label"`
	Amount string `json:"amount"`
}
