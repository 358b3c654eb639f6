package events

import "time"

// Data is the payload of an Event: whom and which conversation it concerns, and
// exactly one fact, the member that the event's type names.
type Data struct {
	Channel      string        `json:"channel"`                // repeated from the envelope, so that data can travel alone
	Account      string        `json:"account"`                // likewise
	Contact      *Contact      `json:"contact,omitempty"`      // the person concerned; absent when the platform names nobody
	Conversation *Conversation `json:"conversation,omitempty"` // absent only for account-wide facts

	Message        *Message        `json:"message,omitempty"`
	Deletion       *Deletion       `json:"deletion,omitempty"`
	Status         *Status         `json:"status,omitempty"`
	Reaction       *Reaction       `json:"reaction,omitempty"`
	Interaction    *Interaction    `json:"interaction,omitempty"`
	MediaUpdate    *MediaUpdate    `json:"mediaUpdate,omitempty"`
	Typing         *Typing         `json:"typing,omitempty"`
	Receipt        *Receipt        `json:"receipt,omitempty"`
	Change         *Change         `json:"change,omitempty"`
	Participants   *Participants   `json:"participants,omitempty"`
	Referral       *Referral       `json:"referral,omitempty"`
	Person         *Person         `json:"person,omitempty"`
	IdentityChange *IdentityChange `json:"identityChange,omitempty"`
	Consent        *Consent        `json:"consent,omitempty"`
	Control        *Control        `json:"control,omitempty"`
	Order          *Order          `json:"order,omitempty"`
	Payment        *Payment        `json:"payment,omitempty"`
	Health         *Health         `json:"health,omitempty"`
	Template       *TemplateUpdate `json:"template,omitempty"`
	Unsupported    *Unsupported    `json:"unsupported,omitempty"`
	Quarantine     *Quarantine     `json:"quarantine,omitempty"`
	Rejection      *Rejection      `json:"rejection,omitempty"`
}

// Scheme says what kind of identifier an Identity's value is.
type Scheme string

// The identity schemes. A value means nothing outside its scheme and scope.
const (
	Phone           Scheme = "phone" // digits as the platform writes them, no plus sign added
	WhatsAppBSUID   Scheme = "whatsapp-bsuid"
	MessengerPSID   Scheme = "messenger-psid"
	InstagramIGSID  Scheme = "instagram-igsid"
	TelegramUser    Scheme = "telegram-user"
	TelegramChat    Scheme = "telegram-chat"
	LINEUser        Scheme = "line-user"
	AppleOpaque     Scheme = "apple-opaque"
	WeChatOpenID    Scheme = "wechat-openid"
	WeChatUnionID   Scheme = "wechat-unionid"
	KakaoBotUser    Scheme = "kakao-botuserkey"
	KakaoPlusFriend Scheme = "kakao-plusfriend"
	QQOpenID        Scheme = "qq-openid"
	XUser           Scheme = "x-user"
	ViberUser       Scheme = "viber-user"
	GoogleChatUser  Scheme = "gchat-user"
	RCSPhone        Scheme = "rcs-phone"
	KikUsername     Scheme = "kik-username"
	SignalACI       Scheme = "signal-aci"
	ZaloUser        Scheme = "zalo-user"
	Email           Scheme = "email"
	WebAnonymous    Scheme = "web-anon"
	WebVerified     Scheme = "web-verified"
	External        Scheme = "external" // the id a custom bridge gives
)

// An Identity addresses a person on a channel, verbatim as the platform gives it.
type Identity struct {
	Scheme   Scheme `json:"scheme"`
	Value    string `json:"value"`
	Scope    string `json:"scope,omitempty"`    // page, app, provider, portfolio or bot within which Value is unique
	Verified string `json:"verified,omitempty"` // who vouches: "platform", "token", "human"
}

// A Contact is a person as one account knows them.
type Contact struct {
	ID         string     `json:"id"`         // "con_…", from the first identity
	Identities []Identity `json:"identities"` // the address to answer first, aliases after it
	Name       string     `json:"name,omitempty"`
	Username   string     `json:"username,omitempty"` // display only: people change it
	Avatar     string     `json:"avatar,omitempty"`   // URL
	Locale     string     `json:"locale,omitempty"`   // BCP 47
	Phone      string     `json:"phone,omitempty"`    // when the platform says so beside the identity
	Email      string     `json:"email,omitempty"`
}

// A Conversation is the thread of one contact, or a group, with one account.
type Conversation struct {
	ID         string  `json:"id"`                 // "cnv_…", from PlatformID
	PlatformID string  `json:"platformId"`         // the platform's thread: a user's or a group's id
	Kind       string  `json:"kind"`               // Direct, Group, Public or Own
	Title      string  `json:"title,omitempty"`    // of a group
	Topic      string  `json:"topic,omitempty"`    // a thread within a group
	Window     *Window `json:"window,omitempty"`   // until when free-form answers are allowed
	Controls   string  `json:"controls,omitempty"` // who holds the conversation when it is not us
}

// Kinds of conversation.
const (
	Direct = "direct"
	Group  = "group"
	Public = "public"
	Own    = "account" // an account's own thread: facts that concern no person (quality, templates, quarantine)
)

// OwnThread is the PlatformID of an account's own thread.
const OwnThread = "#account"

// A Window says how long free-form answers are allowed.
type Window struct {
	Kind     string    `json:"kind"` // "service", "ad", "menu", "follow" …
	ClosesAt time.Time `json:"closesAt"`
	Messages int       `json:"messages,omitempty"` // how many answers it allows; 0 is unlimited
}

// Ref points at a message. PlatformID is the platform's, ID ours.
type Ref struct {
	ID         string `json:"id"`
	PlatformID string `json:"platformId"`
}

// Roles of an Actor.
const (
	Customer = "customer"
	Agent    = "agent" // a person of the brand, for instance in the platform's own app
	Bot      = "bot"
	System   = "system"
)

// An Actor is who did something.
type Actor struct {
	Role     string    `json:"role"`
	Name     string    `json:"name,omitempty"`
	Identity *Identity `json:"identity,omitempty"` // in groups: which member
}

// A Message is content one actor sent.
type Message struct {
	ID         string    `json:"id"`         // "msg_…"
	PlatformID string    `json:"platformId"` // verbatim
	Revision   int64     `json:"revision"`   // 0 for the original; edits count or stamp upwards
	Actor      Actor     `json:"actor"`
	Content    []Content `json:"content"`           // in display order, at least one
	ReplyTo    *Ref      `json:"replyTo,omitempty"` // the message it quotes
	Quote      string    `json:"quote,omitempty"`   // the quoted passage, when the platform sends it
	Forward    *Forward  `json:"forward,omitempty"`
	Group      string    `json:"group,omitempty"`  // album key: messages sent together
	Origin     string    `json:"origin,omitempty"` // of an echo: "app", "api", "bot", "other"
	Referral   *Referral `json:"referral,omitempty"`
	Intent     string    `json:"intent,omitempty"` // what the entry point said the customer wants
	Order      *Order    `json:"order,omitempty"`
	Answer     *Handle   `json:"answer,omitempty"` // a short-lived handle with which to answer
	Metadata   []Field   `json:"metadata,omitempty"`
}

// A Handle lets one answer be sent cheaply or in time (LINE reply token); it expires.
type Handle struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// Forward says that content was passed on from elsewhere.
type Forward struct {
	Often bool      `json:"often,omitempty"`
	From  string    `json:"from,omitempty"` // display name of the original sender
	Date  time.Time `json:"date,omitzero"`
}

// A Deletion takes messages back; the brand must hide them.
type Deletion struct {
	Messages []Ref  `json:"messages"`
	Actor    *Actor `json:"actor,omitempty"`
}

// A Reaction is an emoji on a message. Removed with an empty Emoji means all.
type Reaction struct {
	Target Ref    `json:"target"`
	Actor  Actor  `json:"actor"`
	Emoji  string `json:"emoji,omitempty"`
	Custom string `json:"custom,omitempty"` // the platform's id of a custom emoji
}

// An Interaction is an answer to something the brand offered: a button, a list,
// a form, a time picker, a menu.
type Interaction struct {
	Kind     string  `json:"kind"`         // Button, List, QuickReply, Menu, Form, Time, Product, Command, Other
	Of       *Ref    `json:"of,omitempty"` // the message that offered it
	Option   string  `json:"option,omitempty"`
	Text     string  `json:"text,omitempty"`   // what the customer saw
	Values   []Field `json:"values,omitempty"` // form fields, picked times
	Callback string  `json:"callback,omitempty"`
	Answer   *Handle `json:"answer,omitempty"`
}

// Kinds of interaction.
const (
	ButtonAnswer     = "button"
	ListAnswer       = "list"
	QuickReplyAnswer = "quick_reply"
	MenuAnswer       = "menu"
	FormAnswer       = "form"
	TimeAnswer       = "time"
	PollAnswer       = "poll"
	PermissionAnswer = "permission"
	OtherAnswer      = "other"
)

// A Field is a named value; values are text as the platform sent them.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Status says what became of a message the brand sent. States only move up:
// queued < accepted < sent < delivered < read < played; failed, expired and
// deleted are final.
type Status struct {
	Message      Ref           `json:"message"`
	State        State         `json:"state"`
	Recipient    *Identity     `json:"recipient,omitempty"` // in groups: which member
	Error        *StatusError  `json:"error,omitempty"`
	Correlation  string        `json:"correlation,omitempty"` // the value we gave the platform when sending
	Pricing      *Pricing      `json:"pricing,omitempty"`
	Degradations []Degradation `json:"degradations,omitempty"` // what the channel could not show
}

// State of an outbound message.
type State string

// The states, in rank order.
const (
	Queued    State = "queued"
	Accepted  State = "accepted"
	Sent      State = "sent"
	Delivered State = "delivered"
	Read      State = "read"
	Played    State = "played"
	Failed    State = "failed"
	Expired   State = "expired"
	Deleted   State = "deleted"
	Uncertain State = "uncertain" // nobody can know; never guessed
)

// StatusError is why a message failed.
type StatusError struct {
	Class     string `json:"class"`          // auth, rate, window, consent, recipient, content, template, media, policy, platform, unknown
	Code      string `json:"code,omitempty"` // the platform's
	Subcode   string `json:"subcode,omitempty"`
	Title     string `json:"title,omitempty"`
	Retryable bool   `json:"retryable"`
	Remedy    string `json:"remedy,omitempty"`
}

// Pricing is what the platform says a message costs.
type Pricing struct {
	Billable bool   `json:"billable"`
	Model    string `json:"model,omitempty"`
	Category string `json:"category,omitempty"`
	Type     string `json:"type,omitempty"`
}

// A Degradation tells what a channel could not show of one part of a message.
type Degradation struct {
	Part   string `json:"part"`   // the content kind
	Loss   string `json:"loss"`   // none, style, interaction, content, refused
	Detail string `json:"detail"` // for people
}

// MediaUpdate says what became of inbound media.
type MediaUpdate struct {
	Message Ref          `json:"message"`
	Media   Media        `json:"media"`
	Error   *StatusError `json:"error,omitempty"`
}

// Typing says that someone types.
type Typing struct {
	Actor  Actor `json:"actor"`
	Active bool  `json:"active"`
}

// A Receipt is a watermark: all messages up to it were read or delivered.
type Receipt struct {
	UpTo      *Ref      `json:"upTo,omitempty"`
	UpToTime  time.Time `json:"upToTime,omitzero"`
	Recipient *Identity `json:"recipient,omitempty"`
}

// A Change is a new fact about a conversation.
type Change struct {
	Field string `json:"field"` // "title", "photo", "pinned", "migrated", "account", "closed" …
	Old   string `json:"old,omitempty"`
	New   string `json:"new,omitempty"`
}

// Participants are the people who joined or left.
type Participants struct {
	Members []Participant `json:"members"`
	By      *Actor        `json:"by,omitempty"`
}

// A Participant is one member of a group.
type Participant struct {
	Identity Identity `json:"identity"`
	Name     string   `json:"name,omitempty"`
	Self     bool     `json:"self,omitempty"` // our own account was added or removed
}

// A Referral is where the customer came from.
type Referral struct {
	Source    string  `json:"source"` // ad, post, link, qr, site, story, menu, search, code
	ID        string  `json:"id,omitempty"`
	URL       string  `json:"url,omitempty"`
	Title     string  `json:"title,omitempty"`
	Body      string  `json:"body,omitempty"`
	MediaType string  `json:"mediaType,omitempty"`
	MediaURL  string  `json:"mediaUrl,omitempty"`
	ClickID   string  `json:"clickId,omitempty"` // the ad platform's click id
	Payload   string  `json:"payload,omitempty"` // what the brand put into the link
	Product   string  `json:"product,omitempty"` // catalogue/product id
	Fields    []Field `json:"fields,omitempty"`
}

// A Person is a contact's profile as it now stands.
type Person struct {
	ID     string   `json:"id"`
	From   []string `json:"from,omitempty"`   // merged or unmerged ids
	Fields []Field  `json:"fields,omitempty"` // what changed
}

// An IdentityChange links, rotates or disputes identities of a contact.
type IdentityChange struct {
	Previous *Identity `json:"previous,omitempty"`
	Current  *Identity `json:"current,omitempty"`
	Reason   string    `json:"reason,omitempty"`
}

// Consent is an opt-in or opt-out.
type Consent struct {
	State    string `json:"state"`              // ConsentGiven, ConsentWithdrawn
	Scope    string `json:"scope"`              // "all", "marketing", "notifications" …
	Keyword  string `json:"keyword,omitempty"`  // what the customer wrote
	Reason   string `json:"reason,omitempty"`   // "blocked", "unfollowed", "keyword", "settings" …
	Template string `json:"template,omitempty"` // a subscription's template
}

// Consent states.
const (
	ConsentGiven     = "given"
	ConsentWithdrawn = "withdrawn"
)

// Control says who holds a conversation.
type Control struct {
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Reason string `json:"reason,omitempty"`
	Data   string `json:"data,omitempty"`
}

// Money is an amount in minor units (cents), never a float.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"` // ISO 4217, or the platform's own (XTR)
}

// An Order is a basket the customer sent.
type Order struct {
	ID      string      `json:"id,omitempty"`
	Catalog string      `json:"catalog,omitempty"`
	Text    string      `json:"text,omitempty"`
	Items   []OrderItem `json:"items"`
}

// An OrderItem is one line of an order. Price is per unit.
type OrderItem struct {
	Product  string `json:"product"`
	Name     string `json:"name,omitempty"`
	Quantity int    `json:"quantity"`
	Price    *Money `json:"price,omitempty"`
}

// A Payment is a request for money and what became of it. Confirm with the
// provider before goods leave.
type Payment struct {
	Reference string        `json:"reference"` // the merchant's
	State     string        `json:"state"`     // requested, checkout, pending, paid, failed, refunded
	Amount    *Money        `json:"amount,omitempty"`
	Provider  string        `json:"provider,omitempty"`
	Charge    string        `json:"charge,omitempty"` // the provider's transaction id
	Method    string        `json:"method,omitempty"`
	Callback  string        `json:"callback,omitempty"` // id with which a pre-check must be answered
	Message   *Ref          `json:"message,omitempty"`
	Error     *StatusError  `json:"error,omitempty"`
	Lines     []PaymentLine `json:"lines,omitempty"`
	Fields    []Field       `json:"fields,omitempty"`
}

// A PaymentLine is one line of a payment request.
type PaymentLine struct {
	Label  string `json:"label"`
	Amount Money  `json:"amount"`
}

// Health is what an operator must know about an account.
type Health struct {
	Aspect string  `json:"aspect"` // token, quality, limit, subscription, quota, account
	State  string  `json:"state"`  // ok, warning, failing
	Detail string  `json:"detail,omitempty"`
	Fields []Field `json:"fields,omitempty"`
}

// TemplateUpdate is the approval state of a message template.
type TemplateUpdate struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	Language string `json:"language,omitempty"`
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Category string `json:"category,omitempty"`
}

// Unsupported is a platform event Relais has no words for; the raw is kept.
type Unsupported struct {
	Kind   string `json:"kind"` // the platform's name for it
	Reason string `json:"reason,omitempty"`
	Raw    string `json:"raw,omitempty"` // the platform's own text, at most MaxRaw bytes
}

// Quarantine is a verified delivery that could not be parsed, or an event that
// could not be routed. Its raw bytes stay in the table beside it.
type Quarantine struct {
	Event  string `json:"event,omitempty"`  // the id of the event set aside
	Reason string `json:"reason"`           // a code: parse, oversize, rules, crash, decode
	Detail string `json:"detail,omitempty"` // where, without content
	SHA256 string `json:"sha256,omitempty"` // of the raw body, hex
	Size   int    `json:"size,omitempty"`   // bytes of the raw body
}

// Rejection is an outbound request that was refused.
type Rejection struct {
	Message Ref         `json:"message"`
	Error   StatusError `json:"error"`
}
