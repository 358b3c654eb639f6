package events

import "time"

// An Outbound is what an integrator asks to be said: one message, whatever the
// channel. It is the body of a queue message or of an HTTP request. The same
// IdempotencyKey always means the same message, however often it arrives.
type Outbound struct {
	IdempotencyKey string       `json:"idempotencyKey"` // the integrator's, 1 to 128 visible ASCII characters
	To             To           `json:"to"`
	Content        []Content    `json:"content"`             // in display order, 1 to 30 parts; no inbound-only kinds
	ReplyTo        *Ref         `json:"replyTo,omitempty"`   // the message it quotes
	Overrides      []Override   `json:"overrides,omitempty"` // what to say instead on some channels
	Fallback       []Fallback   `json:"fallback,omitempty"`  // where to try next, in this order
	Constraints    *Constraints `json:"constraints,omitempty"`
	Sender         *Sender      `json:"sender,omitempty"`
	From           string       `json:"from,omitempty"`       // the destination that speaks; absent is the holder
	Hold           string       `json:"hold,omitempty"`       // only while this is the version of the hold; a bot must say it
	IfSequence     string       `json:"ifSequence,omitempty"` // only if nobody of the brand has spoken after this sequence
	Then           *Command     `json:"then,omitempty"`       // decided when the message is accepted, or nothing is: last words, and pass
	Policy         Policy       `json:"policy,omitempty"`     // empty is AtMostOnce
	Priority       Priority     `json:"priority,omitempty"`   // empty is Reply
	Metadata       []Field      `json:"metadata,omitempty"`   // returned in every event about this message
}

// To names the recipient in exactly one of three ways: a conversation; a contact
// of an account, by id or identity; or a person, on the first of Channels that
// reaches them.
type To struct {
	Conversation string    `json:"conversation,omitempty"` // "cnv_…"
	Channel      string    `json:"channel,omitempty"`      // with Account, and Contact or Identity
	Account      string    `json:"account,omitempty"`
	Contact      string    `json:"contact,omitempty"`  // "con_…"
	Identity     *Identity `json:"identity,omitempty"` // to open a conversation with someone not known yet
	Person       string    `json:"person,omitempty"`
	Channels     []string  `json:"channels,omitempty"` // preference of a Person, best first; empty leaves it to Relais
}

// An Override replaces the content on one channel.
type Override struct {
	Channel string    `json:"channel"`
	Content []Content `json:"content"`
}

// A Fallback is the channel to try next when a message fails or stays unseen.
type Fallback struct {
	Channel string   `json:"channel"`
	Account string   `json:"account,omitempty"` // empty is the channel's account that last spoke with the person
	AfterMS int64    `json:"afterMs,omitempty"` // not delivered within this many milliseconds; 0 is only after an error
	On      []string `json:"on,omitempty"`      // error classes (ClassWindow …); empty is every final one
}

// Constraints say when a message is better not sent.
type Constraints struct {
	MaxLoss   string    `json:"maxLoss,omitempty"` // the worst Loss that is acceptable; empty is LossContent
	NotAfter  time.Time `json:"notAfter,omitzero"` // later than this it is stale and expires
	NotBefore time.Time `json:"notBefore,omitzero"`
	Hold      State     `json:"hold,omitempty"` // Sent or Delivered: a part waits, for seconds, until the one before it is there
}

// A Sender is who speaks for the brand.
type Sender struct {
	Role string `json:"role"` // Agent, Bot or System
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"` // shown where the channel can
	AI   bool   `json:"ai,omitempty"`   // written by a model; some platforms and laws want it disclosed
}

// Policy says what to do when nobody can know whether a message was sent, on
// channels that do not deduplicate.
type Policy string

// The policies. Where the channel deduplicates, both mean exactly once.
const (
	AtMostOnce  Policy = "at_most_once"  // report Uncertain, do not repeat
	AtLeastOnce Policy = "at_least_once" // repeat, at the risk of saying it twice
)

// Priority separates answers from campaigns.
type Priority string

// The priorities. A bulk message never delays a reply.
const (
	Reply Priority = "reply"
	Bulk  Priority = "bulk"
)

// MaxOptionID bounds the id of an option, in bytes: the tightest platform carries
// 64 back in an answer (https://core.telegram.org/bots/api#inlinekeyboardbutton).
const MaxOptionID = 64

// Outbounds lists the content kinds that can be sent.
func Outbounds() []Kind {
	return []Kind{KindText, KindMedia, KindLocation, KindContacts, KindChoice, KindCards, KindForm, KindSchedule,
		KindPayment,
		KindProduct, KindOrder, KindTemplate, KindLink, KindNative}
}
