package events

import "time"

// A Command changes how a conversation is handled: who answers it, in which state it
// is, what colleagues know of it. It is decided with the conversation's next sequence,
// so that its outcome is known at once, and everybody hears of it in its place.
type Command struct {
	IdempotencyKey string    `json:"idempotencyKey,omitempty"` // of a repetition: the same key is the same event; absent is a new command each time
	To             To        `json:"to,omitzero"`              // a conversation
	Do             Deed      `json:"do"`
	From           string    `json:"from,omitempty"`     // the destination that asks; absent is the holder
	By             *Actor    `json:"by,omitempty"`       // who of the brand; absent is the caller
	Hold           string    `json:"hold,omitempty"`     // only while this is the version of the hold
	Target         string    `json:"target,omitempty"`   // of pass and offer: a destination
	Takeover       bool      `json:"takeover,omitempty"` // of take: even from another holder
	Reason         string    `json:"reason,omitempty"`
	Metadata       []Field   `json:"metadata,omitempty"` // of pass, offer and release: for the next holder
	History        int       `json:"history,omitempty"`  // of pass, offer and release: how many events the next holder gets, at most MaxHistory
	Until          time.Time `json:"until,omitzero"`     // of snooze and offer
	Local          string    `json:"local,omitempty"`    // of snooze, for Until: a time of the day, "2026-03-29T09:00", in Zone
	Zone           string    `json:"zone,omitempty"`     // IANA name of a time zone
	Wake           string    `json:"wake,omitempty"`     // of snooze: WakeMessage (absent) or WakeTime
	QuietMS        int64     `json:"quietMs,omitempty"`  // of close: how long the customer's words do not open it again, in milliseconds
	Tags           []string  `json:"tags,omitempty"`     // of tag and untag
	Assignee       string    `json:"assignee,omitempty"` // of assign; absent is nobody
	Was            *string   `json:"was,omitempty"`      // of assign: only while this is the assignee, "" being nobody
	Priority       string    `json:"priority,omitempty"` // of prioritise: PriorityLow …
	Language       string    `json:"language,omitempty"` // of language: BCP 47
	Text           string    `json:"text,omitempty"`     // of note
	Mentions       []string  `json:"mentions,omitempty"` // of note: ids of colleagues
	Seen           string    `json:"seen,omitempty"`     // of read: the sequence up to which From has read
}

// Deed is what a Command does.
type Deed string

// The deeds.
const (
	DoOpen        Deed = "open"        // a closed or snoozed conversation
	DoClose       Deed = "close"       // until the customer writes again
	DoSnooze      Deed = "snooze"      // until a time, or until the customer writes
	DoTag         Deed = "tag"         // add Tags
	DoUntag       Deed = "untag"       // take Tags off
	DoAssign      Deed = "assign"      // to Assignee
	DoPrioritise  Deed = "prioritise"  // Priority
	DoLanguage    Deed = "language"    // in which the customer writes
	DoNote        Deed = "note"        // Text, for colleagues
	DoRead        Deed = "read"        // up to Seen; an earlier one makes later messages unread
	DoTake        Deed = "take"        // From holds
	DoPass        Deed = "pass"        // Target holds
	DoOffer       Deed = "offer"       // Target may accept until Until
	DoAccept      Deed = "accept"      // an offer
	DoRelease     Deed = "release"     // whoever comes after From holds
	DoAcknowledge Deed = "acknowledge" // From works on it: its lease begins again
)

// Deeds lists them.
func Deeds() []Deed {
	return []Deed{DoOpen, DoClose, DoSnooze, DoTag, DoUntag, DoAssign, DoPrioritise, DoLanguage, DoNote, DoRead, DoTake,
		DoPass, DoOffer, DoAccept, DoRelease, DoAcknowledge}
}

// Priorities of a conversation.
const (
	PriorityLow    = "low"
	PriorityNormal = "normal" // as long as nobody said another
	PriorityHigh   = "high"
	PriorityUrgent = "urgent"
)

// Bounds of a Command, ours.
const (
	MaxTags        = 32       // of a conversation
	MaxTag         = 64       // bytes
	MaxNote        = 16 << 10 // bytes
	MaxMentions    = 32
	MaxReason      = 256     // bytes
	MaxAgentID     = 128     // bytes
	MaxHandOver    = 4 << 10 // bytes of all Metadata
	MaxHistory     = 50
	MaxQuiet       = 24 * time.Hour
	MaxSnooze      = 366 * 24 * time.Hour
	minHandOver    = 5 * time.Second
	localTime      = "2006-01-02T15:04"
	longestZone    = 64
	destinationMax = 80
)

// An Outcome is the answer to a Command.
type Outcome struct {
	Event        *Event            `json:"event,omitempty"` // what happened; absent when all was so already
	Conversation ConversationState `json:"conversation"`    // as it is then
}

// A Claim asks for the conversation of a destination that has waited longest and is
// nobody's, for one agent.
type Claim struct {
	Assignee string `json:"assignee"`
	Limit    int    `json:"limit,omitempty"` // none, if the agent has as many that are open already; absent is any number
}

// A ClaimOutcome is the answer to a Claim.
type ClaimOutcome struct {
	Conversation *ConversationState `json:"conversation,omitempty"` // absent: nobody waits
}
