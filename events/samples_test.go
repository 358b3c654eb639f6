package events

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A sample is a canonical event: name is its file's, without extension.
type sample struct {
	name  string
	event Event
}

// someone is a contact in a conversation, on an account.
type someone struct {
	channel, account string
	contact          Contact
	conversation     Conversation
}

var noon = time.Date(2026, 9, 20, 10, 15, 2, 0, time.UTC)

// event is the sample of a type: key as the channel would give it.
func (s someone) event(typ Type, key string, d Data) sample {
	e := Event{Type: typ, Time: noon, RecordedTime: noon.Add(412 * time.Millisecond), Key: key, Data: d}
	if s.contact.Identities != nil && e.Data.Contact == nil {
		c := s.contact
		e.Data.Contact = &c
	}
	if e.Data.Conversation == nil {
		c := s.conversation
		e.Data.Conversation = &c
	}
	s.complete(&e)
	return sample{string(typ), e}
}

// message is the sample of a received message that holds content.
func (s someone) message(label, platformID string, content ...Content) sample {
	out := s.event(MessageReceived, "message:"+platformID, Data{Message: &Message{
		PlatformID: platformID, Actor: Actor{Role: Customer}, Content: content,
	}})
	return out.named(label)
}

func (s sample) named(label string) sample {
	s.name = string(s.event.Type) + "." + label
	return s
}

// complete derives the envelope and every id, as the webhook function does.
func (s someone) complete(e *Event) {
	d := &e.Data
	e.SpecVersion, e.DataContentType = SpecVersion, ContentType
	e.Channel, e.Account = s.channel, s.account
	d.Channel, d.Account = s.channel, s.account
	e.ID = EventID(s.channel, s.account, e.Key)
	e.Source = "/channels/" + s.channel + "/accounts/" + s.account
	e.DataSchema = SchemaRoot + string(e.Type) + schemaSuffix
	if d.Contact != nil {
		d.Contact.ID = ContactID(s.channel, s.account, d.Contact.Identities[0])
	}
	d.Conversation.ID = ConversationID(s.channel, s.account, d.Conversation.PlatformID)
	e.Subject, e.PartitionKey = d.Conversation.ID, d.Conversation.ID
	e.Sequence = FormatSequence(42)
	e.Ruleset = "2026-09-01"
	if d.Message != nil {
		d.Message.ID = MessageID(s.channel, s.account, d.Message.PlatformID)
	}
	walk(reflect.ValueOf(d).Elem(), func(r *Ref) {
		if r.PlatformID != "" {
			r.ID = MessageID(s.channel, s.account, r.PlatformID)
		}
	})
}

// walk visits every Ref below v.
func walk(v reflect.Value, visit func(*Ref)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), visit)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		if r, ok := v.Addr().Interface().(*Ref); ok {
			visit(r)
		}
		for i := range v.NumField() {
			walk(v.Field(i), visit)
		}
	}
}

func samplesIn() []sample {
	return slices.Concat(messageSamples(), contentSamples(), conversationSamples(), peopleSamples(), operationSamples())
}

func TestSamplesIn(t *testing.T) {
	schemas := compileSchemas(t)
	want := map[string]bool{}
	for _, s := range samplesIn() {
		path := filepath.Join("samples", "in", s.name+".json")
		if want[path] {
			t.Fatalf("two samples are called %s", path)
		}
		want[path] = true
		t.Run(s.name, func(t *testing.T) {
			if err := s.event.Validate(); err != nil {
				t.Error(err)
			}
			golden(t, path, document(t, s.event))
			var got Event
			decodeStrictly(t, path, &got)
			s.event.Key = "" // does not travel
			if diff := cmp.Diff(s.event, got); diff != "" {
				t.Errorf("reads back differently (-sample +file):\n%s", diff)
			}
			schemas.accept(t, string(s.event.Type)+schemaSuffix, path)
		})
	}
	onlyThese(t, filepath.Join("samples", "in"), "*.json", want)
}

// decodeStrictly reads a file into v, refusing members that v lacks, and checks
// that v encodes to the same JSON.
func decodeStrictly(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	again, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parse(t, b), parse(t, again)); diff != "" {
		t.Errorf("%s encodes differently (-file +again):\n%s", path, diff)
	}
}

// parse reads JSON as generic values, numbers as written.
func parse(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Integrators build against the samples: what has none is as good as undocumented.
func TestEveryTypeAndKindHasASample(t *testing.T) {
	types, kinds, channels := map[Type]bool{}, map[Kind]bool{}, map[string]bool{}
	for _, s := range samplesIn() {
		types[s.event.Type] = true
		channels[s.event.Channel] = true
		if m := s.event.Data.Message; m != nil {
			for _, c := range m.Content {
				kinds[c.Kind] = true
			}
		}
	}
	for _, typ := range Types() {
		if !types[typ] {
			t.Errorf("no sample of %s", typ)
		}
	}
	for _, k := range Kinds() {
		if !kinds[k] && k != KindNative {
			t.Errorf("no event's message holds %s", k)
		}
	}
	if kinds[KindNative] {
		t.Error("native is for requests only")
	}
	if len(channels) < 10 {
		t.Errorf("samples are of %d channels only", len(channels))
	}
	for _, s := range samplesIn() {
		if !strings.HasPrefix(s.name, string(s.event.Type)) {
			t.Errorf("sample %s is a %s", s.name, s.event.Type)
		}
	}
}
