package events

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Validate says what is wrong with e, naming the field; nil means it can be
// stored and delivered.
func (e *Event) Validate() error {
	for _, f := range []struct{ name, value, prefix string }{
		{"id", e.ID, "evt_"}, {"subject", e.Subject, "cnv_"}, {"channel", e.Channel, ""}, {"account", e.Account, ""},
		{"source", e.Source, "/channels/"}, {"partitionkey", e.PartitionKey, "cnv_"},
	} {
		if f.value == "" || !strings.HasPrefix(f.value, f.prefix) {
			return fmt.Errorf("event: %s is %q, want %s…", f.name, f.value, f.prefix)
		}
	}
	if e.SpecVersion != SpecVersion || e.DataContentType != ContentType {
		return fmt.Errorf("event: specversion %q and datacontenttype %q, want %q and %q", e.SpecVersion, e.DataContentType, SpecVersion, ContentType)
	}
	if e.Time.IsZero() || e.RecordedTime.IsZero() {
		return errors.New("event: time and recordedtime must be set")
	}
	return e.Data.validate(e.Type)
}

// validate checks that d holds the one fact that t names.
func (d *Data) validate(t Type) error {
	want, ok := factOf[t]
	if !ok {
		return fmt.Errorf("event: type %q is not one of version 1", t)
	}
	facts := d.facts()
	if want != "" && (len(facts) != 1 || facts[0] != want) {
		return fmt.Errorf("event: %s needs data.%s alone, has %v", t, want, facts)
	}
	if d.Contact != nil && (d.Contact.ID == "" || len(d.Contact.Identities) == 0) {
		return errors.New("event: data.contact needs an id and an identity")
	}
	if d.Message != nil {
		return d.Message.validate()
	}
	return nil
}

func (m *Message) validate() error {
	if m.ID == "" || m.Actor.Role == "" || len(m.Content) == 0 {
		return errors.New("event: data.message needs id, actor.role and content")
	}
	for i := range m.Content {
		if err := m.Content[i].Validate(); err != nil {
			return fmt.Errorf("event: data.message.content[%d]: %w", i, err)
		}
	}
	return nil
}

// Validate says whether c holds the one member that its kind names.
func (c *Content) Validate() error {
	var set []Kind
	for _, m := range c.members() {
		if m.set {
			set = append(set, m.kind)
		}
	}
	if len(set) != 1 || set[0] != c.Kind {
		return fmt.Errorf("kind %q needs its own member alone, has %q", c.Kind, set)
	}
	return nil
}

type member struct {
	kind Kind
	set  bool
}

func (c *Content) members() [18]member {
	return [...]member{
		{KindText, c.Text != nil}, {KindMedia, c.Media != nil}, {KindLocation, c.Location != nil}, {KindContacts, len(c.Contacts) > 0},
		{KindChoice, c.Choice != nil}, {KindCards, len(c.Cards) > 0}, {KindForm, c.Form != nil}, {KindSchedule, c.Schedule != nil},
		{KindPayment, c.Payment != nil}, {KindProduct, c.Product != nil}, {KindOrder, c.Order != nil}, {KindTemplate, c.Template != nil},
		{KindLink, c.Link != nil}, {KindInteraction, c.Interaction != nil}, {KindStory, c.Story != nil}, {KindPost, c.Post != nil},
		{KindNative, c.Native != nil}, {KindUnsupported, c.Unsupported != nil},
	}
}

// Fact is the name of the member of Data that holds t's fact; empty for a type
// whose fact is the conversation itself, false for an unknown type.
func Fact(t Type) (string, bool) {
	f, ok := factOf[t]
	return f, ok
}

var factOf = map[Type]string{
	MessageReceived: "message", MessageEchoed: "message", MessageEdited: "message", MessageDeleted: "deletion", MessageStatus: "status",
	ReactionAdded: "reaction", ReactionRemoved: "reaction", InteractionReceived: "interaction",
	MediaStored: "mediaUpdate", MediaFailed: "mediaUpdate",
	PresenceTyping: "typing", ReceiptRead: "receipt", ReceiptDelivered: "receipt",
	ConversationStarted: "change", ConversationUpdated: "change", ConversationClosed: "change", ConversationWindowChanged: "",
	ParticipantJoined: "participants", ParticipantLeft: "participants", ReferralReceived: "referral",
	PersonCreated: "person", PersonUpdated: "person", PersonMerged: "person", PersonUnmerged: "person", PersonErased: "person",
	IdentityLinked: "identityChange", IdentityConflict: "identityChange", IdentityRotated: "identityChange", ConsentChanged: "consent",
	ControlPassed: "control", ControlOffered: "control", ControlAccepted: "control", ControlReleased: "control",
	ControlExpired: "control", ControlFailed: "control",
	OrderReceived: "order", PaymentRequested: "payment", PaymentUpdated: "payment",
	ChannelHealth: "health", TemplateStatus: "template", IngestUnsupported: "unsupported", IngestQuarantined: "quarantine",
	SendRejected: "rejection",
}

func (d *Data) facts() []string {
	var names []string
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"message", d.Message != nil}, {"deletion", d.Deletion != nil}, {"status", d.Status != nil}, {"reaction", d.Reaction != nil},
		{"interaction", d.Interaction != nil}, {"mediaUpdate", d.MediaUpdate != nil}, {"typing", d.Typing != nil},
		{"receipt", d.Receipt != nil}, {"change", d.Change != nil}, {"participants", d.Participants != nil},
		{"referral", d.Referral != nil}, {"person", d.Person != nil}, {"identityChange", d.IdentityChange != nil},
		{"consent", d.Consent != nil}, {"control", d.Control != nil}, {"order", d.Order != nil}, {"payment", d.Payment != nil},
		{"health", d.Health != nil}, {"template", d.Template != nil}, {"unsupported", d.Unsupported != nil},
		{"quarantine", d.Quarantine != nil}, {"rejection", d.Rejection != nil},
	} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return names
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
