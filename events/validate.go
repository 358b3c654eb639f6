package events

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Validate says what is wrong with e, naming the field; nil means it can be
// stored and delivered, and that the JSON Schema of its type accepts it.
func (e *Event) Validate() error {
	if e.SpecVersion != SpecVersion || e.DataContentType != ContentType {
		return fmt.Errorf("event: specversion %q and datacontenttype %q, want %q and %q", e.SpecVersion, e.DataContentType,
			SpecVersion, ContentType)
	}
	fact, known := Fact(e.Type)
	switch {
	case !known:
		return fmt.Errorf("event: type %q is not one of version 1", e.Type)
	case !validID(e.ID, "evt_"):
		return fmt.Errorf("event: id is %q, want what EventID gives", e.ID)
	case !validID(e.Subject, "cnv_"):
		return fmt.Errorf("event: subject is %q, want what ConversationID gives", e.Subject)
	case e.PartitionKey != e.Subject:
		return fmt.Errorf("event: partitionkey is %q, want the subject %q", e.PartitionKey, e.Subject)
	case e.Channel == "" || e.Account == "":
		return fmt.Errorf("event: channel is %q and account %q, want both", e.Channel, e.Account)
	case !isSource(e.Source, e.Channel, e.Account):
		return fmt.Errorf("event: source is %q, want /channels/%s/accounts/%s", e.Source, e.Channel, e.Account)
	case !isSchema(e.DataSchema, e.Type):
		return fmt.Errorf("event: dataschema is %q, want %s%s%s", e.DataSchema, SchemaRoot, e.Type, schemaSuffix)
	case e.Time.IsZero() || e.RecordedTime.IsZero():
		return errors.New("event: time and recordedtime must be set")
	case e.Time.Year() < 1 || e.Time.Year() > 9999:
		return errors.New("event: time is outside the years 1 to 9999, which RFC 3339 cannot write")
	case e.Sequence != "" && !isSequence(e.Sequence):
		return fmt.Errorf("event: sequence is %q, want 20 digits", e.Sequence)
	case e.Hold != "" && !isSequence(e.Hold):
		return fmt.Errorf("event: hold is %q, want 20 digits", e.Hold)
	case e.Data.Channel != e.Channel || e.Data.Account != e.Account:
		return fmt.Errorf("event: data is of %q %q, the envelope of %q %q", e.Data.Channel, e.Data.Account, e.Channel,
			e.Account)
	}
	if err := e.Data.validate(e.Type, fact); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}

const schemaSuffix = ".schema.json"

func isSource(s, channel, account string) bool {
	s, ok := strings.CutPrefix(s, "/channels/")
	s, ok2 := strings.CutPrefix(s, channel)
	s, ok3 := strings.CutPrefix(s, "/accounts/")
	return ok && ok2 && ok3 && s == account
}

func isSchema(s string, t Type) bool {
	s, ok := strings.CutPrefix(s, SchemaRoot)
	s, ok2 := strings.CutSuffix(s, schemaSuffix)
	return ok && ok2 && s == string(t)
}

func isSequence(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 20
}

// validate checks that d holds the one fact that t names, and that fact.
func (d *Data) validate(t Type, want string) error {
	n, own := 0, false
	for _, f := range d.facts() {
		if f.set {
			n++
			own = own || f.name == want
		}
	}
	switch {
	case want == "" && n != 0:
		return fmt.Errorf("%s needs no fact beside data.conversation, has %q", t, d.factNames())
	case want == "" && (d.Conversation == nil || d.Conversation.Window == nil):
		return fmt.Errorf("%s needs data.conversation.window", t)
	case want != "" && (n != 1 || !own):
		return fmt.Errorf("%s needs data.%s alone, has %q", t, want, d.factNames())
	}
	if err := d.Contact.validate(); err != nil {
		return err
	}
	if err := d.Conversation.validate(); err != nil {
		return err
	}
	return d.validateFact()
}

func (c *Contact) validate() error {
	if c == nil {
		return nil
	}
	if !validID(c.ID, "con_") || len(c.Identities) == 0 {
		return fmt.Errorf("data.contact needs an identity and the id of ContactID, has %q", c.ID)
	}
	for i := range c.Identities {
		if err := c.Identities[i].validate(); err != nil {
			return fmt.Errorf("data.contact.identities[%d] %w", i, err)
		}
	}
	return nil
}

func (c *Conversation) validate() error {
	if c == nil {
		return nil
	}
	if !validID(c.ID, "cnv_") || c.PlatformID == "" || !knownConversation(c.Kind) {
		return fmt.Errorf("data.conversation needs platformId, a known kind and the id of ConversationID, has kind %q and id %q", c.Kind, c.ID)
	}
	return nil
}

func (i *Identity) validate() error {
	if i != nil && (i.Value == "" || !knownScheme(i.Scheme)) {
		return fmt.Errorf("needs a value and a known scheme, has scheme %q", i.Scheme)
	}
	return nil
}

type fact struct {
	name string
	set  bool
}

func (d *Data) facts() [24]fact {
	return [...]fact{
		{"message", d.Message != nil}, {"deletion", d.Deletion != nil}, {"status", d.Status != nil}, {"reaction",
			d.Reaction != nil},
		{"interaction", d.Interaction != nil}, {"mediaUpdate", d.MediaUpdate != nil}, {"typing", d.Typing != nil},
		{"receipt", d.Receipt != nil}, {"change", d.Change != nil}, {"handling", d.Handling != nil},
		{"note", d.Note != nil}, {"participants", d.Participants != nil},
		{"referral", d.Referral != nil}, {"person", d.Person != nil}, {"identityChange", d.IdentityChange != nil},
		{"consent", d.Consent != nil}, {"control", d.Control != nil}, {"order", d.Order != nil}, {"payment",
			d.Payment != nil},
		{"health", d.Health != nil}, {"template", d.Template != nil}, {"unsupported", d.Unsupported != nil},
		{"quarantine", d.Quarantine != nil}, {"rejection", d.Rejection != nil},
	}
}

func (d *Data) factNames() []string {
	var names []string
	for _, f := range d.facts() {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
}

// Fact is the name of the member of Data that holds t's fact; empty for a type
// whose fact is the conversation itself, false for an unknown type.
func Fact(t Type) (string, bool) {
	switch t {
	case MessageReceived, MessageEchoed, MessageEdited:
		return "message", true
	case MessageDeleted:
		return "deletion", true
	case MessageStatus:
		return "status", true
	case ReactionAdded, ReactionRemoved:
		return "reaction", true
	case InteractionReceived:
		return "interaction", true
	case MediaStored, MediaFailed:
		return "mediaUpdate", true
	case PresenceTyping:
		return "typing", true
	case ReceiptRead, ReceiptDelivered:
		return "receipt", true
	case ConversationStarted, ConversationUpdated:
		return "change", true
	case ConversationOpened, ConversationSnoozed, ConversationClosed, ConversationTagged, ConversationAssigned,
		ConversationRead:
		return "handling", true
	case NoteAdded:
		return "note", true
	case ConversationWindowChanged:
		return "", true
	case ParticipantJoined, ParticipantLeft:
		return "participants", true
	case ReferralReceived:
		return "referral", true
	case PersonCreated, PersonUpdated, PersonMerged, PersonUnmerged, PersonErased:
		return "person", true
	case IdentityLinked, IdentityConflict, IdentityRotated:
		return "identityChange", true
	case ConsentChanged:
		return "consent", true
	case ControlPassed, ControlOffered, ControlAccepted, ControlReleased, ControlExpired, ControlFailed:
		return "control", true
	case OrderReceived:
		return "order", true
	case PaymentRequested, PaymentUpdated:
		return "payment", true
	case ChannelHealth:
		return "health", true
	case TemplateStatus:
		return "template", true
	case IngestUnsupported:
		return "unsupported", true
	case IngestQuarantined:
		return "quarantine", true
	case SendRejected:
		return "rejection", true
	}
	return "", false
}

// truncate cuts b to at most n bytes of valid UTF-8.
func truncate(b []byte, n int) string {
	s := strings.ToValidUTF8(string(b[:min(len(b), n+utf8.UTFMax)]), "\uFFFD")
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
