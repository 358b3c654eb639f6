package events

import (
	"strings"
	"testing"
	"time"
)

// What Validate refuses, the schema refuses too, and the other way round.
func TestEventRefused(t *testing.T) {
	s := compileSchemas(t)
	for _, c := range []struct {
		name   string
		change func(*Event)
		want   string
	}{
		{"no id", func(e *Event) { e.ID = "" }, "id is"},
		{"foreign id", func(e *Event) { e.ID = "wamid.A1" }, "id is"},
		{"short id", func(e *Event) { e.ID = e.ID[:20] }, "id is"},
		{"capital id", func(e *Event) { e.ID = "evt_" + strings.ToUpper(e.ID[4:]) }, "id is"},
		{"no subject", func(e *Event) { e.Subject, e.PartitionKey = "", "" }, "subject is"},
		{"unknown type", func(e *Event) { e.Type = "message.sung.v1" }, "not one of version 1"},
		{"other dataschema", func(e *Event) { e.DataSchema = SchemaRoot + "message.schema.json" }, "dataschema"},
		{"no source", func(e *Event) { e.Source = "" }, "source"},
		{"no channel", func(e *Event) { e.Channel = "" }, "channel is"},
		{"specversion", func(e *Event) { e.SpecVersion = "0.3" }, "specversion"},
		{"sequence", func(e *Event) { e.Sequence = "42" }, "sequence"},
		{"wrong fact", func(e *Event) { e.Data.Message, e.Data.Typing = nil, &Typing{Actor: Actor{Role: Customer}} },
			"needs data.message alone"},
		{"no fact", func(e *Event) { e.Data.Message = nil }, "needs data.message alone"},
		{"two facts", func(e *Event) { e.Data.Typing = &Typing{Actor: Actor{Role: Customer}} }, "needs data.message alone"},
		{"no content", func(e *Event) { e.Data.Message.Content = nil }, "needs content"},
		{"message id", func(e *Event) { e.Data.Message.ID = "wamid.A1" }, "MessageID"},
		{"role", func(e *Event) { e.Data.Message.Actor.Role = "robot" }, "role is"},
		{"reply", func(e *Event) { e.Data.Message.ReplyTo.ID = "" }, "replyTo"},
		{"unknown kind", func(e *Event) { e.Data.Message.Content[0].Kind = "song" }, "content[0]: kind"},
		{"kind and member", func(e *Event) { e.Data.Message.Content[0].Kind = KindMedia }, "content[0]: kind"},
		{"two members", func(e *Event) { e.Data.Message.Content[0].Link = &Link{URL: "https://example.com"} },
			"content[0]: kind"},
		{"media type", func(e *Event) { e.Data.Message.Content[0] = NewMedia(Media{Type: "gif", State: MediaPending}) },
			"content[0]: media"},
		{"media state", func(e *Event) { e.Data.Message.Content[0] = NewMedia(Media{Type: Image}) }, "content[0]: media"},
		{"contact without identity", func(e *Event) { e.Data.Contact.Identities = nil }, "data.contact"},
		{"scheme", func(e *Event) { e.Data.Contact.Identities = []Identity{{Scheme: "fax", Value: "1"}} }, "identities[0]"},
		{"conversation kind", func(e *Event) { e.Data.Conversation.Kind = "crowd" }, "data.conversation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := messageSamples()[0].event
			c.change(&e)
			if err := e.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Validate says %v, want %q", err, c.want)
			}
			if s.check(t, "message.received.v1.schema.json", document(t, e)) == nil {
				t.Error("the schema accepts it")
			}
		})
	}
}

// What a schema cannot compare, Validate does.
func TestEventInconsistent(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Event)
		want   string
	}{
		{"partition", func(e *Event) { e.PartitionKey = ConversationID("line", "a", "b") }, "partitionkey"},
		{"source of another account", func(e *Event) { e.Source = "/channels/whatsapp/accounts/wa-main2" }, "source"},
		{"data of another account", func(e *Event) { e.Data.Account = "other" }, "data is of"},
		{"no time", func(e *Event) { e.Time = time.Time{} }, "time and recordedtime"},
		{"milliseconds read as seconds", func(e *Event) { e.Time = time.Unix(1789899302000, 0) }, "outside the years"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := messageSamples()[0].event
			c.change(&e)
			if err := e.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Validate says %v, want %q", err, c.want)
			}
		})
	}
}

func TestOutboundRefused(t *testing.T) {
	s := compileSchemas(t)
	for _, c := range []struct {
		name   string
		change func(*Outbound)
		path   string
	}{
		{"no key", func(o *Outbound) { o.IdempotencyKey = "" }, "idempotencyKey"},
		{"key with a line break", func(o *Outbound) { o.IdempotencyKey = "a\n" }, "idempotencyKey"},
		{"nobody", func(o *Outbound) { o.To = To{} }, "to"},
		{"contact without account", func(o *Outbound) { o.To = To{Channel: "line", Contact: hana().contactID()} },
			"to.account"},
		{"contact and identity", func(o *Outbound) {
			o.To = To{Channel: "line", Account: "a", Contact: hana().contactID(), Identity: &Identity{Scheme: LINEUser,
				Value: "U1"}}
		}, "to"},
		{"preference without person", func(o *Outbound) { o.To.Channels = []string{"line"} }, "to.channels"},
		{"nothing", func(o *Outbound) { o.Content = nil }, "content"},
		{"blank text", func(o *Outbound) { o.Content[0].Text.Body = " \n" }, "content[0].text.body"},
		{"unknown kind", func(o *Outbound) { o.Content[0].Kind = "song" }, "content[0].kind"},
		{"inbound kind", func(o *Outbound) { o.Content[0] = NewUnsupported("a", "b", nil) }, "content[0].kind"},
		{"media from nowhere", func(o *Outbound) { o.Content[0] = NewMedia(Media{Type: Image}) }, "content[0].media"},
		{"media without TLS", func(o *Outbound) {
			o.Content[0] = NewMedia(Media{Type: Image,
				URL: "http://example.com/a.png"})
		}, "content[0].media.url"},
		{"place off the globe", func(o *Outbound) {
			o.Content[0] = Content{Kind: KindLocation,
				Location: &Location{Latitude: 91}}
		}, "content[0].location.latitude"},
		{"choice of nothing", func(o *Outbound) { o.Content[0] = choice(Choice{Text: "?"}) }, "content[0].choice.options"},
		{"link without page", func(o *Outbound) {
			o.Content[0] = choice(Choice{Text: "?", Options: []Option{{ID: "a", Label: "A", Action: ActionURL}}})
		}, "content[0].choice.options[0].value"},
		{"free payment", func(o *Outbound) { o.Content[0] = Content{Kind: KindPayment, Payment: &Payment{Reference: "r"}} },
			"content[0].payment.amount"},
		{"policy", func(o *Outbound) { o.Policy = "exactly_once" }, "policy"},
		{"priority", func(o *Outbound) { o.Priority = "urgent" }, "priority"},
		{"class", func(o *Outbound) { o.Fallback = []Fallback{{Channel: "sms", On: []string{"bad"}}} }, "fallback[0].on[0]"},
		{"loss", func(o *Outbound) { o.Constraints = &Constraints{MaxLoss: "some"} }, "constraints.maxLoss"},
		{"sender", func(o *Outbound) { o.Sender = &Sender{Role: Customer} }, "sender.role"},
		{"reply", func(o *Outbound) { o.ReplyTo = &Ref{PlatformID: "wamid.A1"} }, "replyTo.id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := textSamples()[0].outbound
			c.change(&o)
			err, _ := o.Validate().(Faults)
			if len(err) != 1 || err[0].Path != c.path {
				t.Errorf("Validate says %v, want one fault at %s", err, c.path)
			}
			if s.check(t, "message.schema.json", document(t, o)) == nil {
				t.Error("the schema accepts it")
			}
		})
	}
}

// Validate runs for every webhook.
func TestValidateAllocatesNothing(t *testing.T) {
	for _, s := range samplesIn() {
		if n := testing.AllocsPerRun(10, func() {
			if err := s.event.Validate(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", s.name, n)
		}
	}
}

func BenchmarkEventValidate(b *testing.B) {
	e := messageSamples()[0].event
	b.ReportAllocs()
	for b.Loop() {
		if err := e.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkContentValidate(b *testing.B) {
	c := NewText("hello")
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}
