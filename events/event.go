package events

import (
	"fmt"
	"time"
)

// SpecVersion is the CloudEvents version of every envelope.
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
const SpecVersion = "1.0"

// ContentType is the media type of Data.
const ContentType = "application/json"

// SchemaRoot is where the JSON Schema of each type is published; the schema of
// a type is SchemaRoot + type + ".schema.json".
const SchemaRoot = "https://relais.dev/schema/"

// An Event is something that happened on a channel, as integrators receive it:
// CloudEvents 1.0 in structured JSON mode, with Relais' extension attributes.
// The fields that do not travel (tagged "-") are what a channel's Parse says
// about the event; the core derives the envelope from them.
type Event struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`                 // "evt_…", the same for the same webhook, forever
	Source          string    `json:"source"`             // "/channels/{channel}/accounts/{account}"
	Type            Type      `json:"type"`               // "message.received.v1"
	Subject         string    `json:"subject"`            // the conversation's id
	Time            time.Time `json:"time"`               // when it happened, as the platform says, UTC
	RecordedTime    time.Time `json:"recordedtime"`       // when Relais received it, UTC
	DataContentType string    `json:"datacontenttype"`    // always ContentType
	DataSchema      string    `json:"dataschema"`         // URL of the JSON Schema of Type
	PartitionKey    string    `json:"partitionkey"`       // equals Subject and the queue's message group
	Sequence        string    `json:"sequence,omitempty"` // 20 decimal digits, gap-free per conversation; see FormatSequence
	Channel         string    `json:"channel"`            // "line"
	Account         string    `json:"account"`            // the account's path id
	Late            bool      `json:"late,omitempty"`     // older than an event that was routed before it
	Replay          string    `json:"replay,omitempty"`   // the replay job's id; absent on first delivery
	Ruleset         string    `json:"ruleset,omitempty"`  // version of the rules that chose the destinations
	Holder          string    `json:"holder,omitempty"`   // the destination that answers, from this event on; absent of an account's own thread
	Hold            string    `json:"hold,omitempty"`     // version of its hold: the sequence of the event that gave it; a bot's answer names it
	HoldUntil       time.Time `json:"holduntil,omitzero"` // by when a bot has to answer, pass or acknowledge, where it has a lease
	Standby         bool      `json:"standby,omitempty"`  // whoever receives this is not the holder: a copy, not to be answered
	TraceParent     string    `json:"traceparent,omitempty"`
	DataRef         string    `json:"dataref,omitempty"` // s3:// address of the whole event when Data had to be cut
	Data            Data      `json:"data"`

	// Key names the platform's fact within its account: kind, platform id and
	// revision, for example "message:wamid.A1". Equal keys are the same event.
	Key string `json:"-"`
	// Rank orders events of equal Time within a conversation when the platform
	// counts them (an update id); 0 leaves arrival order.
	Rank uint64 `json:"-"`
	// Raw is the platform's own bytes for this event; nil means the whole body.
	// A channel whose webhooks carry batches sets it to the event's own part.
	Raw []byte `json:"-"`
}

// Type names what happened. The list is closed; a change of meaning gets a new
// version suffix.
type Type string

// The event types of version 1. The comment names the member of Data that holds the fact.
const (
	MessageReceived Type = "message.received.v1" // Message: the customer wrote
	MessageEchoed   Type = "message.echoed.v1"   // Message: the brand wrote, through Relais (origin "api"), in the platform's own app or elsewhere
	MessageEdited   Type = "message.edited.v1"   // Message: new content of an earlier message; Revision says which
	MessageDeleted  Type = "message.deleted.v1"  // Deletion: the sender took a message back
	MessageStatus   Type = "message.status.v1"   // Status: what became of a message the brand sent

	ReactionAdded   Type = "reaction.added.v1"   // Reaction
	ReactionRemoved Type = "reaction.removed.v1" // Reaction

	InteractionReceived Type = "interaction.received.v1" // Interaction: a button, list, form or time answer

	MediaStored Type = "media.stored.v1" // MediaUpdate
	MediaFailed Type = "media.failed.v1" // MediaUpdate

	PresenceTyping   Type = "presence.typing.v1"   // Typing
	ReceiptRead      Type = "receipt.read.v1"      // Receipt: everything up to a point was read
	ReceiptDelivered Type = "receipt.delivered.v1" // Receipt: everything up to a point was delivered

	ConversationStarted       Type = "conversation.started.v1"        // Change
	ConversationUpdated       Type = "conversation.updated.v1"        // Change: title, migration, settings
	ConversationOpened        Type = "conversation.opened.v1"         // Handling: by the brand, or because a snooze ended; a customer's message opens by itself
	ConversationSnoozed       Type = "conversation.snoozed.v1"        // Handling: until a time
	ConversationClosed        Type = "conversation.closed.v1"         // Handling: by the brand, or by the customer
	ConversationTagged        Type = "conversation.tagged.v1"         // Handling: all tags, as they are then
	ConversationAssigned      Type = "conversation.assigned.v1"       // Handling: to somebody, or to nobody
	ConversationRead          Type = "conversation.read.v1"           // Handling: how far a destination has read
	ConversationWindowChanged Type = "conversation.window_changed.v1" // Conversation.Window
	ParticipantJoined         Type = "participant.joined.v1"          // Participants
	ParticipantLeft           Type = "participant.left.v1"            // Participants
	ReferralReceived          Type = "referral.received.v1"           // Referral: entry point without a message
	NoteAdded                 Type = "note.added.v1"                  // Note: for colleagues; never sent to a channel

	PersonCreated    Type = "person.created.v1"    // Person
	PersonUpdated    Type = "person.updated.v1"    // Person
	PersonMerged     Type = "person.merged.v1"     // Person, with From
	PersonUnmerged   Type = "person.unmerged.v1"   // Person, with From
	PersonErased     Type = "person.erased.v1"     // Person
	IdentityLinked   Type = "identity.linked.v1"   // IdentityChange
	IdentityConflict Type = "identity.conflict.v1" // IdentityChange
	IdentityRotated  Type = "identity.rotated.v1"  // IdentityChange: Previous became Current
	ConsentChanged   Type = "consent.changed.v1"   // Consent

	ControlPassed   Type = "control.passed.v1"   // Control
	ControlOffered  Type = "control.offered.v1"  // Control
	ControlAccepted Type = "control.accepted.v1" // Control
	ControlReleased Type = "control.released.v1" // Control
	ControlExpired  Type = "control.expired.v1"  // Control
	ControlFailed   Type = "control.failed.v1"   // Control

	OrderReceived    Type = "order.received.v1"    // Order
	PaymentRequested Type = "payment.requested.v1" // Payment
	PaymentUpdated   Type = "payment.updated.v1"   // Payment

	ChannelHealth     Type = "channel.health.v1"     // Health
	TemplateStatus    Type = "template.status.v1"    // Template
	IngestUnsupported Type = "ingest.unsupported.v1" // Unsupported: a platform event Relais has no words for
	IngestQuarantined Type = "ingest.quarantined.v1" // Quarantine: verified, but could not be parsed or routed
	SendRejected      Type = "send.rejected.v1"      // Rejection
)

// Types lists every type of version 1, in the order of the constants.
func Types() []Type {
	return []Type{
		MessageReceived, MessageEchoed, MessageEdited, MessageDeleted, MessageStatus,
		ReactionAdded, ReactionRemoved, InteractionReceived, MediaStored, MediaFailed,
		PresenceTyping, ReceiptRead, ReceiptDelivered,
		ConversationStarted, ConversationUpdated, ConversationOpened, ConversationSnoozed, ConversationClosed,
		ConversationTagged, ConversationAssigned, ConversationRead, ConversationWindowChanged,
		ParticipantJoined, ParticipantLeft, ReferralReceived, NoteAdded,
		PersonCreated, PersonUpdated, PersonMerged, PersonUnmerged, PersonErased,
		IdentityLinked, IdentityConflict, IdentityRotated, ConsentChanged,
		ControlPassed, ControlOffered, ControlAccepted, ControlReleased, ControlExpired, ControlFailed,
		OrderReceived, PaymentRequested, PaymentUpdated,
		ChannelHealth, TemplateStatus, IngestUnsupported, IngestQuarantined, SendRejected,
	}
}

// FormatSequence writes n as the sequence attribute does: 20 digits, so that
// text order is number order (https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/sequence.md).
func FormatSequence(n uint64) string { return fmt.Sprintf("%020d", n) }

// ParseSequence is the inverse of FormatSequence; 0 of what is none.
func ParseSequence(s string) uint64 {
	var n uint64
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0
		}
		n = n*10 + uint64(s[i]-'0')
	}
	return n
}

// IsReceipt says whether e tells no more than how far a message of the brand has
// come: sent, delivered, read, played. A failure is no receipt.
func (e *Event) IsReceipt() bool {
	switch e.Type {
	case ReceiptRead, ReceiptDelivered:
		return true
	case MessageStatus:
		s := e.Data.Status
		return s != nil && (s.State == Accepted || s.State == Sent || s.State == Delivered || s.State == Read ||
			s.State == Played)
	}
	return false
}

// HasPendingMedia says whether e brings media that is known and not fetched.
func (e *Event) HasPendingMedia() bool {
	if e.Data.Message == nil || e.Type == MessageEchoed && e.Data.Message.Origin == "api" {
		return false
	}
	for i := range e.Data.Message.Content {
		if m := e.Data.Message.Content[i].Media; m != nil && m.State == MediaPending {
			return true
		}
	}
	return false
}
