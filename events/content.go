package events

import "time"

// Kind discriminates Content.
type Kind string

// The content kinds.
const (
	KindText        Kind = "text"
	KindMedia       Kind = "media"
	KindLocation    Kind = "location"
	KindContacts    Kind = "contacts"
	KindChoice      Kind = "choice"
	KindCards       Kind = "cards"
	KindForm        Kind = "form"
	KindSchedule    Kind = "schedule"
	KindPayment     Kind = "payment"
	KindProduct     Kind = "product"
	KindOrder       Kind = "order"
	KindTemplate    Kind = "template"
	KindLink        Kind = "link"
	KindInteraction Kind = "interaction" // inbound only
	KindStory       Kind = "story"       // inbound only
	KindPost        Kind = "post"        // inbound only
	KindNative      Kind = "native"      // outbound only
	KindUnsupported Kind = "unsupported"
)

// Kinds lists every content kind.
func Kinds() []Kind {
	return []Kind{KindText, KindMedia, KindLocation, KindContacts, KindChoice, KindCards, KindForm, KindSchedule,
		KindPayment,
		KindProduct, KindOrder, KindTemplate, KindLink, KindInteraction, KindStory, KindPost, KindNative, KindUnsupported}
}

// Content is one part of a message: Kind names the one member that is set.
type Content struct {
	Kind        Kind         `json:"kind"`
	Text        *Text        `json:"text,omitempty"`
	Media       *Media       `json:"media,omitempty"`
	Location    *Location    `json:"location,omitempty"`
	Contacts    []Card       `json:"contacts,omitempty"`
	Choice      *Choice      `json:"choice,omitempty"`
	Cards       []Panel      `json:"cards,omitempty"`
	Form        *Form        `json:"form,omitempty"`
	Schedule    *Schedule    `json:"schedule,omitempty"`
	Payment     *Payment     `json:"payment,omitempty"`
	Product     *Product     `json:"product,omitempty"`
	Order       *Order       `json:"order,omitempty"`
	Template    *Template    `json:"template,omitempty"`
	Link        *Link        `json:"link,omitempty"`
	Interaction *Interaction `json:"interaction,omitempty"`
	Story       *Post        `json:"story,omitempty"`
	Post        *Post        `json:"post,omitempty"`
	Native      *Native      `json:"native,omitempty"`
	Unsupported *Unsupported `json:"unsupported,omitempty"`
}

// Text is what a person wrote. Offsets of entities count UTF-16 units.
type Text struct {
	Body     string   `json:"body"`
	Format   string   `json:"format,omitempty"` // Plain (also when empty) or Markdown
	Entities []Entity `json:"entities,omitempty"`
}

// Formats of text.
const (
	Plain    = "plain"
	Markdown = "markdown" // bold, italic, strikethrough, code, links and lists, as CommonMark writes them
)

// An Entity marks a span of text.
type Entity struct {
	Type   string `json:"type"` // mention, link, command, hashtag, email, phone, emoji, bold, italic …
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	Value  string `json:"value,omitempty"` // URL, user id, emoji id
}

// Media types.
const (
	Image     = "image"
	Video     = "video"
	Audio     = "audio"
	Voice     = "voice"
	File      = "file"
	Sticker   = "sticker"
	Animation = "animation"
)

// Media states.
const (
	MediaPending = "pending" // known, not fetched
	MediaCopied  = "stored"  // copied into the brand's bucket
	MediaLinked  = "linked"  // stays where it is; URL works for now
	MediaLost    = "failed"
)

// Media is a picture, a film, a recording, a document or a sticker.
type Media struct {
	Type       string    `json:"type"`
	State      string    `json:"state,omitempty"` // in events always set; an outbound request may leave it out
	MIME       string    `json:"mime,omitempty"`
	Name       string    `json:"name,omitempty"` // file name
	Caption    string    `json:"caption,omitempty"`
	Alt        string    `json:"alt,omitempty"`
	Entities   []Entity  `json:"entities,omitempty"` // of the caption
	PlatformID string    `json:"platformId,omitempty"`
	UniqueID   string    `json:"uniqueId,omitempty"` // stable across messages, not for fetching
	URL        string    `json:"url,omitempty"`      // only where it carries no token of ours
	SHA256     string    `json:"sha256,omitempty"`   // hex
	Bytes      int64     `json:"bytes,omitempty"`
	Width      int       `json:"width,omitempty"`
	Height     int       `json:"height,omitempty"`
	DurationMS int64     `json:"durationMs,omitempty"`
	Animated   bool      `json:"animated,omitempty"`
	ViewOnce   bool      `json:"viewOnce,omitempty"`
	Emoji      string    `json:"emoji,omitempty"` // a sticker's meaning
	Set        string    `json:"set,omitempty"`   // a sticker's package
	Keywords   []string  `json:"keywords,omitempty"`
	Thumbnail  string    `json:"thumbnail,omitempty"` // platform id or URL
	Transcript string    `json:"transcript,omitempty"`
	Policy     string    `json:"policy,omitempty"` // copy, link
	ExpiresAt  time.Time `json:"expiresAt,omitzero"`
}

// A Location is a place on earth, in WGS 84 degrees.
type Location struct {
	Latitude  float64   `json:"latitude"`
	Longitude float64   `json:"longitude"`
	Accuracy  float64   `json:"accuracy,omitempty"` // metres
	Name      string    `json:"name,omitempty"`
	Address   string    `json:"address,omitempty"`
	URL       string    `json:"url,omitempty"`
	Live      bool      `json:"live,omitempty"`
	Until     time.Time `json:"until,omitzero"` // of a live location
}

// A Card is a vCard-like contact record.
type Card struct {
	Name      string         `json:"name"`
	FirstName string         `json:"firstName,omitempty"`
	LastName  string         `json:"lastName,omitempty"`
	Company   string         `json:"company,omitempty"`
	Phones    []LabeledValue `json:"phones,omitempty"`
	Emails    []LabeledValue `json:"emails,omitempty"`
	URLs      []LabeledValue `json:"urls,omitempty"`
	Addresses []LabeledValue `json:"addresses,omitempty"`
	Birthday  string         `json:"birthday,omitempty"` // YYYY-MM-DD
	VCard     string         `json:"vcard,omitempty"`
	Identity  *Identity      `json:"identity,omitempty"`
	Own       bool           `json:"own,omitempty"` // the sender's own card, vouched for by the platform
}

// A LabeledValue is a phone, e-mail, URL or address with its label (home, work …).
type LabeledValue struct {
	Label string `json:"label,omitempty"`
	Value string `json:"value"`
}

// Styles of a choice: a hint, capacity decides.
const (
	StyleButtons = "buttons"
	StyleQuick   = "quick"
	StyleList    = "list"
	StylePicker  = "picker"
)

// A Choice offers options.
type Choice struct {
	Text     string   `json:"text"`
	Header   *Media   `json:"header,omitempty"`
	Title    string   `json:"title,omitempty"`
	Footer   string   `json:"footer,omitempty"`
	Style    string   `json:"style,omitempty"`
	Button   string   `json:"button,omitempty"` // what opens a list
	Options  []Option `json:"options"`
	Multiple bool     `json:"multiple,omitempty"`
}

// Actions of an option.
const (
	ActionReply    = "reply"
	ActionPostback = "postback"
	ActionURL      = "url"
	ActionCall     = "call"
	ActionLocation = "location"
	ActionContact  = "contact"
	ActionWebView  = "webview"
	ActionCopy     = "copy"
)

// An Option is one thing to choose.
type Option struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Description string `json:"description,omitempty"`
	Section     string `json:"section,omitempty"`
	Image       string `json:"image,omitempty"`  // URL
	Action      string `json:"action,omitempty"` // empty is ActionReply
	Value       string `json:"value,omitempty"`  // URL, phone number or text, as the action needs
}

// A Panel is one card of a carousel.
type Panel struct {
	Title   string   `json:"title"`
	Text    string   `json:"text,omitempty"`
	Media   *Media   `json:"media,omitempty"`
	Options []Option `json:"options,omitempty"`
}

// A Form asks for several values.
type Form struct {
	ID     string      `json:"id"` // ours, or the platform's flow id
	Title  string      `json:"title"`
	Text   string      `json:"text,omitempty"`
	Submit string      `json:"submit,omitempty"`
	URL    string      `json:"url,omitempty"` // a page that does the same
	Fields []FormField `json:"fields,omitempty"`
}

// A FormField is one question.
type FormField struct {
	ID       string   `json:"id"`
	Label    string   `json:"label"`
	Type     string   `json:"type"` // InputText, InputNumber …
	Required bool     `json:"required,omitempty"`
	Options  []Option `json:"options,omitempty"`
	Page     int      `json:"page,omitempty"`
}

// Types of a form's field.
const (
	InputText   = "text"
	InputNumber = "number"
	InputDate   = "date"
	InputEmail  = "email"
	InputPhone  = "phone"
	InputSelect = "select"
)

// A Schedule offers times.
type Schedule struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Text     string    `json:"text,omitempty"`
	Zone     string    `json:"zone,omitempty"` // IANA name
	Location *Location `json:"location,omitempty"`
	Slots    []Slot    `json:"slots"`
}

// A Slot is one time that can be picked.
type Slot struct {
	ID         string    `json:"id"`
	Start      time.Time `json:"start"`
	DurationMS int64     `json:"durationMs"`
}

// A Product points into a catalogue.
type Product struct {
	Catalog  string `json:"catalog,omitempty"`
	ID       string `json:"id"`
	Title    string `json:"title,omitempty"`
	Text     string `json:"text,omitempty"`
	Image    string `json:"image,omitempty"`
	URL      string `json:"url,omitempty"`
	Price    *Money `json:"price,omitempty"`
	Quantity int    `json:"quantity,omitempty"`
}

// A Template is content a platform approved beforehand.
type Template struct {
	Name       string    `json:"name"`
	Language   string    `json:"language"`
	Category   string    `json:"category,omitempty"`
	Parameters []Field   `json:"parameters,omitempty"`
	Fallback   []Content `json:"fallback,omitempty"` // what channels without templates show
}

// A Link is a URL with its preview.
type Link struct {
	URL   string `json:"url"`
	Title string `json:"title,omitempty"`
	Text  string `json:"text,omitempty"`
	Image string `json:"image,omitempty"`
}

// A Post is a public item someone refers to: a story, a post, an article.
type Post struct {
	ID        string    `json:"id"`
	Relation  string    `json:"relation"` // mention, reply, share
	Owner     string    `json:"owner,omitempty"`
	URL       string    `json:"url,omitempty"`
	Text      string    `json:"text,omitempty"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
}

// Native is a platform's own JSON, passed through untouched: the escape hatch.
type Native struct {
	Channel string `json:"channel"`
	JSON    string `json:"json"` // one JSON document, as text
}

// MaxRaw bounds Unsupported.Raw, in bytes: enough to understand what came, small
// enough for a queue message. The whole raw stays in the table.
const MaxRaw = 16 << 10

// NewText is the content of plain text.
func NewText(body string) Content { return Content{Kind: KindText, Text: &Text{Body: body}} }

// NewMedia is the content of m.
func NewMedia(m Media) Content { return Content{Kind: KindMedia, Media: &m} }

// NewUnsupported is the content of something Relais has no words for. raw is
// kept up to MaxRaw bytes.
func NewUnsupported(kind, reason string, raw []byte) Content {
	return Content{Kind: KindUnsupported, Unsupported: UnsupportedOf(kind, reason, raw)}
}

// UnsupportedOf tells what Relais has no words for, with up to MaxRaw bytes of it.
func UnsupportedOf(kind, reason string, raw []byte) *Unsupported {
	return &Unsupported{Kind: kind, Reason: reason, Raw: truncate(raw, MaxRaw)}
}
