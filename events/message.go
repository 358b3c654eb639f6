package events

import "time"

// Ref points at a message.
type Ref struct {
	ID         string `json:"id"`         // ours: "msg_…"
	PlatformID string `json:"platformId"` // the platform's; empty when it has not given one, as in send.rejected
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
	ID       string    `json:"id,omitempty"` // of one of the brand: an agent's, as the desk calls them
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

	IdempotencyKey string      `json:"idempotencyKey,omitempty"` // of an echo with Origin "api": the key it was asked with
	Parts          []Ref       `json:"parts,omitempty"`          // likewise: the platform's messages it became, in order; answers and statuses name these
	Rendering      []Rendering `json:"rendering,omitempty"`      // likewise: how each part of the content appears there
}

// A Handle lets one answer be sent cheaply or in time (LINE reply token); it expires.
type Handle struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expiresAt"`
	Uses      int       `json:"uses,omitempty"` // how often it can be used; 0 is once
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
	Kind     string  `json:"kind"`              // ButtonAnswer, ListAnswer …
	Message  *Ref    `json:"message,omitempty"` // the answer itself, to read, quote or react to, where it is a message
	Of       *Ref    `json:"of,omitempty"`      // the message that offered it
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
	ProductAnswer    = "product"
	CommandAnswer    = "command"
	OtherAnswer      = "other"
)

// A Field is a named value; values are text as the platform sent them.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
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
