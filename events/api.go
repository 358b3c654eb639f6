package events

import "time"

// A Problem is why the HTTP API did not do what it was asked (RFC 9457). Nothing of
// the request has taken effect.
type Problem struct {
	Type      string      `json:"type"`             // URI of the kind of problem; the last element is its name
	Title     string      `json:"title"`            // of the kind of problem
	Status    int         `json:"status"`           // of HTTP
	Detail    string      `json:"detail,omitempty"` // this one, for people
	Class     string      `json:"class,omitempty"`  // as in StatusError
	Remedy    string      `json:"remedy,omitempty"`
	Faults    Faults      `json:"faults,omitempty"`    // places in the request
	Rendering []Rendering `json:"rendering,omitempty"` // when the channel cannot show the content

	Conversation *ConversationState `json:"conversation,omitempty"` // as it is, when the request took it to be otherwise
}

// A Delivery is how far a message of the brand has come.
type Delivery struct {
	ID           string       `json:"id"` // "msg_…"
	Conversation string       `json:"conversation"`
	Channel      string       `json:"channel"`
	Account      string       `json:"account"`
	State        State        `json:"state"` // of all parts: the least that holds of each, or a failure of one
	CreatedAt    time.Time    `json:"createdAt"`
	Parts        []Part       `json:"parts"` // one per call of the platform, in order
	Error        *StatusError `json:"error,omitempty"`
	Rendering    []Rendering  `json:"rendering"` // one per part of the content
	Metadata     []Field      `json:"metadata,omitempty"`
}

// A Part is one call of the platform that a message takes.
type Part struct {
	ID          string       `json:"id"` // "msg_….1"
	State       State        `json:"state"`
	PlatformIDs []string     `json:"platformIds"` // none before the call, and where the platform gives none
	At          time.Time    `json:"at,omitzero"` // when the platform told of State
	Error       *StatusError `json:"error,omitempty"`
}

// A ConversationState is what is known of a conversation besides its events.
type ConversationState struct {
	Channel      string       `json:"channel"`
	Account      string       `json:"account"`
	Conversation Conversation `json:"conversation"` // its window is the open one that closes last; without one, none is open
	Contact      *Contact     `json:"contact,omitempty"`
	HeardAt      time.Time    `json:"heardAt,omitzero"`    // when the customer last wrote
	Withdrawn    []string     `json:"withdrawn,omitempty"` // scopes in which the customer opted out; "all" forbids answers too
	Blocked      bool         `json:"blocked,omitempty"`   // the customer blocked or left the account

	Sequence    string    `json:"sequence"`              // of the newest event
	State       string    `json:"state"`                 // StateOpen, StateSnoozed or StateClosed
	Reason      string    `json:"reason,omitempty"`      // of the state
	Until       time.Time `json:"until,omitzero"`        // a snooze ends then; a closed conversation stays so in spite of the customer's words
	Wake        string    `json:"wake,omitempty"`        // of a snooze
	Episode     int       `json:"episode"`               // from 1; an opening after a closing begins one
	BeganAt     time.Time `json:"beganAt,omitzero"`      // the episode
	RepliedAt   time.Time `json:"repliedAt,omitzero"`    // the brand's first answer in it
	ClosedAt    time.Time `json:"closedAt,omitzero"`     // its end
	WaitingAt   time.Time `json:"waitingSince,omitzero"` // the customer's first words that nobody has answered
	ActiveAt    time.Time `json:"activeAt,omitzero"`     // the newest message of either side
	Preview     string    `json:"preview,omitempty"`     // its first words
	PreviewOurs bool      `json:"previewOurs,omitempty"` // the brand said them
	Holder      string    `json:"holder,omitempty"`      // the destination that answers
	Hold        string    `json:"hold,omitempty"`        // version of its hold
	HoldUntil   time.Time `json:"holdUntil,omitzero"`    // by when a bot has to answer
	Offered     string    `json:"offered,omitempty"`     // the destination that may accept
	OfferUntil  time.Time `json:"offerUntil,omitzero"`   // by when
	Assignee    string    `json:"assignee,omitempty"`
	Priority    string    `json:"priority,omitempty"` // absent is normal
	Language    string    `json:"language,omitempty"`
	Tags        []string  `json:"tags,omitempty"`
	SpokeAt     string    `json:"spokeAt,omitempty"` // sequence of the brand's newest message: what ifSequence is compared with
	Unread      []Unread  `json:"unread,omitempty"`  // of the destinations that have read, or hold
}

// Unread is how many of the customer's messages a destination has not read.
type Unread struct {
	Destination string `json:"destination"`
	Seen        string `json:"seen,omitempty"` // the sequence up to which it has read
	Messages    int    `json:"messages"`
}

// A ConversationPage is a part of a list of conversations.
type ConversationPage struct {
	Items  []ConversationState `json:"items"`            // may be fewer than asked for, and none, before the end
	Cursor string              `json:"cursor,omitempty"` // where the next page begins; absent at the end
}

// An EventPage is a part of a conversation's history.
type EventPage struct {
	Items  []Event `json:"items"`            // may be fewer than asked for, and none, before the end
	Cursor string  `json:"cursor,omitempty"` // where the next page begins; absent at the end
}

// An AuditPage is a part of what was done on a day, the oldest first.
type AuditPage struct {
	Items  []AuditRecord `json:"items"`
	Cursor string        `json:"cursor,omitempty"` // where the next page begins; absent at the end
}

// An AuditRecord says who did something by the HTTP API, or read who people are. It
// holds no content.
type AuditRecord struct {
	Time      time.Time `json:"time"`                // when it was answered
	Principal string    `json:"principal"`           // the token's subject, or the ARN of the role's session
	Operation string    `json:"operation"`           // "sendMessage", as in openapi.json
	ID        string    `json:"id,omitempty"`        // what the path named
	Made      string    `json:"made,omitempty"`      // what came of it: the message's id
	Source    string    `json:"source"`              // the address it came from
	Status    int       `json:"status"`              // of HTTP, that was answered
	KeySHA256 string    `json:"keySha256,omitempty"` // of the idempotency key, hex
}

// An ActionAcceptance is the answer to an Action: Relais has it and will do it. A
// platform's refusal arrives as send.rejected.v1.
type ActionAcceptance struct {
	Conversation string `json:"conversation"`
	Channel      string `json:"channel"`
	Account      string `json:"account"`
	Verb         Verb   `json:"verb"`
}

// A RenderRequest asks what a message would become.
type RenderRequest struct {
	Channels []string `json:"channels,omitempty"` // absent: the channel of outbound.to, or all channels without one
	Outbound Outbound `json:"outbound"`           // only its content is needed; with a recipient it is shown as it would be there
}

// Rendered is what a message would become.
type Rendered struct {
	Channels []RenderedChannel `json:"channels"`
}

// A RenderedChannel is what a message would become on one channel.
type RenderedChannel struct {
	Channel   string         `json:"channel"`
	Calls     []RenderedCall `json:"calls"`
	Rendering []Rendering    `json:"rendering"` // one per part of the content
}

// A RenderedCall is what one call of the platform would carry.
type RenderedCall struct {
	ID      string    `json:"id"` // "1", as in Rendering.Calls
	Content []Content `json:"content"`
}

// A ChannelList is what each channel can.
type ChannelList struct {
	Channels []ChannelAbility `json:"channels"`
}

// A ChannelAbility is what one channel can. What it cannot show natively is sent as
// something else that a person understands; render tells as what.
type ChannelAbility struct {
	Name    string        `json:"name"`  // "line"
	Title   string        `json:"title"` // "LINE"
	Label   string        `json:"label"` // how sure the facts are: stable, beta or community
	Docs    string        `json:"docs"`  // URL of the platform's API reference
	Sends   bool          `json:"sends"` // messages can be sent, not only received
	Kinds   []Kind        `json:"kinds"` // shown natively
	Acts    []Verb        `json:"acts"`
	Opens   []Scheme      `json:"opens"`   // identities to which the brand can begin a conversation
	Windows bool          `json:"windows"` // free messages need a window that the customer opened
	Limits  ChannelLimits `json:"limits"`
}

// ChannelLimits say what one call of a platform carries. A longer message is split.
type ChannelLimits struct {
	Text     int           `json:"text"`               // longest text, counted by Unit
	Unit     string        `json:"unit"`               // characters, utf16, bytes, gsm (septets, else UTF-16 units) or posts (as X counts)
	Styles   []string      `json:"styles,omitempty"`   // of text that are shown
	Links    []string      `json:"links"`              // schemes of addresses that open; others are written out
	Intranet bool          `json:"intranet,omitempty"` // addresses without a public host open too
	Quote    bool          `json:"quote,omitempty"`    // replyTo is shown
	Batch    int           `json:"batch"`              // contents that one call carries
	Contacts int           `json:"contacts,omitempty"` // cards in one message of contacts; absent is any number
	Media    []MediaLimit  `json:"media,omitempty"`    // one per type; what is absent goes as another type, or as a link
	Choices  []ChoiceLimit `json:"choices,omitempty"`  // ways to offer options, the most usual first
	Cards    *CardLimit    `json:"cards,omitempty"`    // of a carousel; absent sends each card on its own
}

// A MediaLimit bounds media of one type.
type MediaLimit struct {
	Type    string   `json:"type"`
	Bytes   int64    `json:"bytes,omitempty"`   // absent is any
	MIME    []string `json:"mime,omitempty"`    // absent is any
	Caption int      `json:"caption,omitempty"` // longest; absent sends it as a text of its own

	Pixels     int   `json:"pixels,omitempty"`     // width plus height; absent is any
	Ratio      int   `json:"ratio,omitempty"`      // longer side to shorter side, at most; absent is any
	DurationMS int64 `json:"durationMs,omitempty"` // longest; absent is any
}

// A ChoiceLimit is one way to offer options. An absent length of a prompt, label or
// id is any; what else is absent moves into the prompt.
type ChoiceLimit struct {
	Style    string   `json:"style"`
	Min      int      `json:"min,omitempty"` // options
	Max      int      `json:"max"`
	Actions  []string `json:"actions,omitempty"` // absent is reply and postback
	Text     int      `json:"text,omitempty"`    // longest prompt
	Label    int      `json:"label,omitempty"`
	ID       int      `json:"id,omitempty"` // bytes
	Title    int      `json:"title,omitempty"`
	Footer   int      `json:"footer,omitempty"`
	Describe int      `json:"describe,omitempty"` // longest description of an option
	Section  int      `json:"section,omitempty"`
	Header   bool     `json:"header,omitempty"`   // a picture or film above the prompt
	Multiple bool     `json:"multiple,omitempty"` // more than one may be chosen
}

// A CardLimit bounds a carousel.
type CardLimit struct {
	Min     int      `json:"min,omitempty"` // cards
	Max     int      `json:"max"`
	Title   int      `json:"title,omitempty"`
	Text    int      `json:"text,omitempty"`    // absent cannot
	Options int      `json:"options,omitempty"` // most options of one card
	Actions []string `json:"actions,omitempty"` // absent is reply and postback
	Label   int      `json:"label,omitempty"`
	Media   bool     `json:"media,omitempty"`   // every card must have one
	Uniform bool     `json:"uniform,omitempty"` // all cards have as many options as each other
}
