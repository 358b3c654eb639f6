package apple

import "encoding/json"

// sentMessage is the body of POST /message; Type says which of the members is set.
// https://register.apple.com/resources/messages/msp-rest-api/messages-sent
type sentMessage struct {
	V             int    `json:"v"`
	ID            string `json:"id"`
	Type          string `json:"type,omitempty"` // of native content it is theirs
	SourceID      string `json:"sourceId"`       // business
	DestinationID string `json:"destinationId"`  // person

	Body        string           `json:"body,omitempty"` // a U+FFFC stands for each attachment
	Attachments []sentAttachment `json:"attachments,omitempty"`
	RichLink    *richLink        `json:"richLinkData,omitempty"`
	Interactive *sentInteractive `json:"interactiveData,omitempty"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-text
type sentAttachment struct {
	Name            string `json:"name"`
	MIMEType        string `json:"mimeType"`
	Size            string `json:"size"`
	Key             string `json:"key"` // hexadecimal, after a byte 00
	URL             string `json:"url"`
	Owner           string `json:"owner"`
	SignatureBase64 string `json:"signature-base64"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-richlink
type richLink struct {
	URL    string  `json:"url"`
	Title  string  `json:"title"`
	Assets *assets `json:"assets,omitempty"`
}

type assets struct {
	Image asset `json:"image"`
}

type asset struct {
	Data     string `json:"data"` // base64
	MIMEType string `json:"mimeType"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive
type sentInteractive struct {
	BID           string       `json:"bid"`
	UseLiveLayout bool         `json:"useLiveLayout,omitempty"`
	Data          sentData     `json:"data"`
	Received      *sentSummary `json:"receivedMessage,omitempty"`
	Reply         *sentSummary `json:"replyMessage,omitempty"`
}

type sentSummary struct {
	Title           string `json:"title"`
	Subtitle        string `json:"subtitle,omitempty"`
	ImageIdentifier string `json:"imageIdentifier,omitempty"`
	Style           string `json:"style"` // icon, small or large
}

type sentData struct {
	Version           string      `json:"version"`
	RequestIdentifier string      `json:"requestIdentifier"`
	Images            []sentImage `json:"images,omitempty"`

	QuickReply *sentQuickReply `json:"quick-reply,omitempty"`
	ListPicker *sentListPicker `json:"listPicker,omitempty"`
	Event      *sentEvent      `json:"event,omitempty"`
	Dynamic    *sentDynamic    `json:"dynamic,omitempty"`
	Payment    *sentPayment    `json:"payment,omitempty"`
}

type sentImage struct {
	Identifier string `json:"identifier"`
	Data       string `json:"data"` // PNG in base64
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#quick-reply-message
type sentQuickReply struct {
	SummaryText string `json:"summaryText"`
	Items       []item `json:"items"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#list-picker-message
type sentListPicker struct {
	Sections []sentSection `json:"sections"`
}

type sentSection struct {
	Title             string         `json:"title"`
	Order             int            `json:"order"`
	MultipleSelection bool           `json:"multipleSelection"`
	Items             []sentListItem `json:"items"`
}

type sentListItem struct {
	Identifier      string `json:"identifier"`
	Title           string `json:"title"`
	Subtitle        string `json:"subtitle,omitempty"`
	ImageIdentifier string `json:"imageIdentifier,omitempty"`
	Order           int    `json:"order"`
	Style           string `json:"style"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#time-picker-message
type sentEvent struct {
	Identifier     string         `json:"identifier"`
	Title          string         `json:"title"`
	Location       *sentPlace     `json:"location,omitempty"`
	TimezoneOffset *int           `json:"timezoneOffset,omitempty"` // minutes from GMT; absent is the customer's own
	Timeslots      []sentTimeslot `json:"timeslots"`
}

type sentPlace struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Radius    float64 `json:"radius,omitempty"` // metres
	Title     string  `json:"title"`
}

type sentTimeslot struct {
	Identifier string `json:"identifier"`
	StartTime  string `json:"startTime"` // 2026-08-01T16:00+0000
	Duration   int64  `json:"duration"`  // seconds
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#form-message
type sentDynamic struct {
	Version  string   `json:"version"`
	Template string   `json:"template"`
	Data     sentForm `json:"data"`
}

type sentForm struct {
	Version             string     `json:"version"`
	Splash              sentSplash `json:"splash"`
	StartPageIdentifier string     `json:"startPageIdentifier"`
	ShowSummary         bool       `json:"showSummary"`
	IsPrivate           bool       `json:"isPrivate"`
	Pages               []sentPage `json:"pages"`
}

type sentSplash struct {
	Header      string `json:"header"`
	Text        string `json:"text,omitempty"`
	ButtonTitle string `json:"buttonTitle"`
}

type sentPage struct {
	PageIdentifier     string         `json:"pageIdentifier"`
	Type               string         `json:"type"` // select, datePicker or input
	Title              string         `json:"title"`
	NextPageIdentifier string         `json:"nextPageIdentifier,omitempty"`
	SubmitForm         bool           `json:"submitForm,omitempty"`
	Items              []sentPageItem `json:"items,omitempty"`
	Options            *sentInput     `json:"options,omitempty"`
}

type sentPageItem struct {
	Identifier         string `json:"identifier"`
	Title              string `json:"title"`
	Value              string `json:"value"`
	NextPageIdentifier string `json:"nextPageIdentifier,omitempty"`
}

type sentInput struct {
	InputType       string `json:"inputType,omitempty"`
	KeyboardType    string `json:"keyboardType,omitempty"`
	TextContentType string `json:"textContentType,omitempty"`
	DateFormat      string `json:"dateFormat,omitempty"`
	Required        bool   `json:"required,omitempty"`
}

// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#apple-pay-message
type sentPayment struct {
	MerchantSession json.RawMessage   `json:"merchantSession"` // as Apple gave it to the merchant
	Request         sentPayRequest    `json:"paymentRequest"`
	Endpoints       map[string]string `json:"endpoints"`
}

type sentPayRequest struct {
	ApplePay              sentApplePay `json:"applePay"`
	LineItems             []sentLine   `json:"lineItems"`
	Total                 sentLine     `json:"total"`
	CountryCode           string       `json:"countryCode"`
	CurrencyCode          string       `json:"currencyCode"`
	MerchantName          string       `json:"merchantName,omitempty"`
	BillingContactFields  []string     `json:"requiredBillingContactFields,omitempty"`
	ShippingContactFields []string     `json:"requiredShippingContactFields,omitempty"`
}

type sentApplePay struct {
	MerchantIdentifier   string   `json:"merchantIdentifier"`
	SupportedNetworks    []string `json:"supportedNetworks"`
	MerchantCapabilities []string `json:"merchantCapabilities"`
}

type sentLine struct {
	Label  string `json:"label"`
	Amount string `json:"amount"` // 12.50
	Type   string `json:"type"`   // final
}
