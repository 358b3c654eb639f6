package events

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// An arbiter draws values of the contract's types: any text, any number, words
// of the vocabularies, lists that are not empty where one must not be.
type arbiter struct {
	*rapid.T
	enums map[string][]string
}

// Depth bounds templates within templates.
const deepest = 4

func (a arbiter) fill(v reflect.Value, key string, depth int) {
	if words, ok := a.words(v, key); ok {
		v.SetString(rapid.SampledFrom(words).Draw(a.T, key))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		a.fill(v.Elem(), key, depth+1)
	case reflect.Slice:
		a.list(v, key, depth)
	case reflect.Struct:
		a.object(v, depth)
	case reflect.String:
		v.SetString(rapid.StringN(1, -1, 40).Draw(a.T, key))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(a.T, key))
	case reflect.Int, reflect.Int64:
		v.SetInt(rapid.Int64().Draw(a.T, key))
	case reflect.Float64:
		v.SetFloat(rapid.Float64Range(-1e9, 1e9).Draw(a.T, key))
	}
}

func (a arbiter) words(v reflect.Value, key string) ([]string, bool) {
	if v.Kind() != reflect.String {
		return nil, false
	}
	if words, ok := a.enums[v.Type().Name()]; ok {
		return words, true
	}
	words, ok := a.enums[key]
	return words, ok
}

func (a arbiter) list(v reflect.Value, key string, depth int) {
	if v.Type().Elem() == reflect.TypeFor[Event]() {
		return // events within events are as valid as those
	}
	n := rapid.IntRange(1, 2).Draw(a.T, key)
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := range n {
		a.fill(v.Index(i), key, depth+1)
	}
}

func (a arbiter) object(v reflect.Value, depth int) {
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(a.T, "time")).UTC()
		return
	case *Content:
		a.content(v, p, depth)
		return
	case *Ref:
		p.PlatformID = rapid.String().Draw(a.T, "ref")
		p.ID = MessageID("c", "a", p.PlatformID)
		return
	}
	for f := range fields(v.Type()) {
		if f.optional && !mustSet[v.Type().Name()+"."+f.Name] && (depth > deepest || rapid.Bool().Draw(a.T, f.Name)) {
			continue
		}
		a.fill(v.FieldByIndex(f.Index), v.Type().Name()+"."+f.Name, depth+1)
	}
	if m, ok := v.Addr().Interface().(*Media); ok {
		m.SHA256 = ""
	}
}

// mustSet are fields that may be left out only by requests, or of which one must be there.
var mustSet = map[string]bool{"Media.State": true, "Payment.State": true, "Receipt.UpTo": true,
	"IdentityChange.Current": true}

// content draws a kind and fills its member; deep down it is a text.
func (a arbiter) content(v reflect.Value, c *Content, depth int) {
	c.Kind = KindText
	if depth <= deepest {
		c.Kind = rapid.SampledFrom(Kinds()).Draw(a.T, "kind")
	}
	for f := range fields(v.Type()) {
		if f.name == string(c.Kind) {
			a.fill(v.FieldByIndex(f.Index), "Content."+f.Name, depth+1)
		}
	}
}

// event draws a valid event of any type.
func (a arbiter) event() Event {
	typ := rapid.SampledFrom(Types()).Draw(a.T, "type")
	who := someone{"line", "line-jp", Contact{}, Conversation{
		PlatformID: rapid.StringN(1, -1, 40).Draw(a.T, "thread"), Kind: Direct, Window: &Window{Kind: "service",
			ClosesAt: noon},
	}}
	e := Event{Type: typ, Time: noon, RecordedTime: noon, Key: rapid.String().Draw(a.T, "key")}
	if rapid.Bool().Draw(a.T, "contact") {
		e.Data.Contact = new(Contact)
		a.fill(reflect.ValueOf(e.Data.Contact).Elem(), "Contact", 0)
	}
	fact, _ := Fact(typ)
	data := reflect.ValueOf(&e.Data).Elem()
	for f := range fields(data.Type()) {
		if f.name == fact {
			a.fill(data.FieldByIndex(f.Index), "Data."+f.Name, 0)
		}
	}
	e.Data.Conversation = &who.conversation
	who.complete(&e)
	return e
}

// Any event that Validate accepts is accepted by its schema and reads back as it was.
func TestAnyEventRoundTrips(t *testing.T) {
	schemas, enums := compileSchemas(t), newGenerator(t, nil).enums
	enums["Handling.Seen"], enums["Note.Text"] = []string{FormatSequence(7)}, []string{"a word", "\u3042"}
	rapid.Check(t, func(rt *rapid.T) {
		e := arbiter{rt, enums}.event()
		if err := e.Validate(); err != nil {
			rt.Fatal(err)
		}
		b, err := json.Marshal(e)
		if err != nil {
			rt.Fatal(err)
		}
		var got Event
		if err := json.Unmarshal(b, &got); err != nil {
			rt.Fatal(err)
		}
		e.Key = ""
		if diff := cmp.Diff(e, got); diff != "" {
			rt.Fatalf("reads back differently (-event +got):\n%s", diff)
		}
		if err := schemas.check(t, string(e.Type)+schemaSuffix, b); err != nil {
			rt.Fatalf("Validate accepts what the schema refuses: %v", err)
		}
	})
}
