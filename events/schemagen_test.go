package events

import (
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A node is one JSON Schema.
type node = map[string]any

const dialect = "https://json-schema.org/draft/2020-12/schema"

// A generator turns Go types into JSON Schema: structs become definitions,
// comments descriptions, constants enumerations; rules adds what a Go type
// cannot say.
type generator struct {
	src   *source
	rules map[string]node // "Type" or "Type.Field" → keywords
	enums map[string][]string
	never map[string]bool // "Type.Field" that must be absent
	defs  node

	elsewhere map[string]string // type name → file that defines it
}

func newGenerator(t *testing.T, rules map[string]node) *generator {
	src := readSource(t)
	g := &generator{src: src, rules: rules, defs: node{}, elsewhere: map[string]string{}, enums: map[string][]string{
		"Conversation.Kind": src.group(t, "Direct"),
		"Actor.Role":        src.group(t, "Customer"),
		"Interaction.Kind":  src.group(t, "ButtonAnswer"),
		"StatusError.Class": src.group(t, "ClassAuth"),
		"Degradation.Loss":  src.group(t, "LossNone"),
		"Rendering.Loss":    src.group(t, "LossNone"),
		"Rendering.As":      src.group(t, "AsNative"),
		"Consent.State":     src.group(t, "ConsentGiven"),
		"Handling.Wake":     src.group(t, "WakeMessage"),
		"Command.Wake":      src.group(t, "WakeMessage"),
		"Command.Priority":  src.group(t, "PriorityLow"),

		"ConversationState.State":    src.group(t, "StateOpen"),
		"ConversationState.Wake":     src.group(t, "WakeMessage"),
		"ConversationState.Priority": src.group(t, "PriorityLow"),
		"Health.State":               src.group(t, "HealthOK"),
		"Payment.State":              src.group(t, "PayRequested"),
		"Text.Format":                src.group(t, "Plain"),
		"Media.Type":                 src.group(t, "Image"),
		"Media.State":                src.group(t, "MediaPending"),
		"Choice.Style":               src.group(t, "StyleButtons"),
		"Option.Action":              src.group(t, "ActionReply"),
		"FormField.Type":             src.group(t, "InputText"),
	}}
	for _, name := range []string{"Type", "Kind", "State", "Scheme", "Policy", "Priority", "Verb", "Deed"} {
		g.enums[name] = src.typed(name)
	}
	return g
}

// schema is the schema of a Go type; structs are put into g.defs and referred to.
func (g *generator) schema(t reflect.Type) node {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return node{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return g.schema(t.Elem())
	case t.Kind() == reflect.Slice:
		return node{"type": "array", "items": g.schema(t.Elem())}
	case g.elsewhere[t.Name()] != "":
		return node{"$ref": g.elsewhere[t.Name()] + "#/$defs/" + t.Name()}
	case t.Kind() == reflect.Struct:
		if _, done := g.defs[t.Name()]; !done {
			g.defs[t.Name()] = node{} // ends recursion
			g.defs[t.Name()] = g.object(t)
		}
		return node{"$ref": "#/$defs/" + t.Name()}
	}
	return g.scalar(t)
}

func (g *generator) scalar(t reflect.Type) node {
	switch t.Kind() {
	case reflect.Bool:
		return node{"type": "boolean"}
	case reflect.Float64:
		return node{"type": "number"}
	case reflect.Int, reflect.Int64:
		return node{"type": "integer"}
	case reflect.String:
		n := node{"type": "string"}
		if values, ok := g.enums[t.Name()]; ok {
			n["enum"] = values
		}
		return n
	}
	panic("no schema for " + t.String())
}

func (g *generator) object(t reflect.Type) node {
	properties := node{}
	required := []string{}
	for f := range fields(t) {
		if g.never[t.Name()+"."+f.Name] {
			properties[f.name] = false
			continue
		}
		properties[f.name] = g.property(t, f.StructField)
		if !f.optional {
			required = append(required, f.name)
		}
	}
	n := node{"type": "object", "description": g.src.types[t.Name()], "properties": properties,
		"additionalProperties": true}
	maps.Copy(n, g.rules[t.Name()])
	if more, ok := n["required"].([]string); ok {
		required = append(required, more...)
	}
	if only, ok := n["onlyRequired"].([]string); ok {
		required = only
		delete(n, "onlyRequired")
	}
	if len(required) > 0 {
		n["required"] = required
	}
	return n
}

func (g *generator) property(t reflect.Type, f reflect.StructField) node {
	n := g.schema(f.Type)
	key := t.Name() + "." + f.Name
	if values, ok := g.enums[key]; ok {
		n["enum"] = values
	}
	if doc := g.src.fields[key]; doc != "" {
		n["description"] = doc
	}
	maps.Copy(n, g.rules[key])
	return n
}

// A jsonField is a field as encoding/json sees it.
type jsonField struct {
	reflect.StructField
	name     string
	optional bool
}

// fields are the fields of t that travel, in order.
func fields(t reflect.Type) func(func(jsonField) bool) {
	return func(yield func(jsonField) bool) {
		for i := range t.NumField() {
			f := t.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			if !yield(jsonField{f, name, strings.HasPrefix(options, "omit")}) {
				return
			}
		}
	}
}

// eventDefs are the definitions that the schemas of all event types share.
func eventDefs(t *testing.T) node {
	g := newGenerator(t, eventRules())
	g.schema(reflect.TypeFor[Event]())
	var facts []any
	for f := range fields(reflect.TypeFor[Data]()) {
		if f.optional && f.name != "contact" && f.name != "conversation" {
			facts = append(facts, node{"required": []string{f.name}})
		}
	}
	g.defs["OneFact"] = node{"description": "Data holds exactly one fact.", "oneOf": facts}
	g.defs["NoFact"] = node{"description": "The conversation itself is the fact.", "not": node{"anyOf": facts}}
	return node{
		"$schema": dialect, "$id": SchemaRoot + "defs.schema.json", "title": "Relais definitions",
		"description": "What the schemas of the event types share. Readers must ignore members they do not know: " +
			"new ones may be added without a new version. " + noteGenerated,
		"$defs": g.defs,
	}
}

const noteGenerated = "Generated from the Go types of package events."

// typeSchema is the schema of one event type.
func typeSchema(t *testing.T, src *source, typ Type) node {
	fact, _ := Fact(typ)
	data := node{"required": []string{fact}, "$ref": "defs.schema.json#/$defs/OneFact"}
	place := "data." + fact
	if fact == "" {
		place = "data.conversation.window"
		data = node{
			"required": []string{"conversation"}, "$ref": "defs.schema.json#/$defs/NoFact",
			"properties": node{"conversation": node{"required": []string{"window"}}},
		}
	}
	return node{
		"$schema": dialect, "$id": SchemaRoot + string(typ) + schemaSuffix, "title": string(typ),
		"description": "The fact is " + place + meaning(src, typ) + ". " + noteGenerated,
		"$ref":        "defs.schema.json#/$defs/Event",
		"properties": node{
			"type":       node{"const": typ},
			"dataschema": node{"const": SchemaRoot + string(typ) + schemaSuffix},
			"data":       data,
		},
	}
}

// meaning is what a type's comment says after the name of its member of Data.
func meaning(src *source, typ Type) string {
	for _, c := range src.consts {
		if c.value == string(typ) {
			if i := strings.IndexAny(c.comment, ":,"); i >= 0 {
				return c.comment[i:]
			}
		}
	}
	return ""
}

// messageSchema is the schema of an outbound request. It has definitions of its
// own: what is optional to say differs from what is always told.
func messageSchema(t *testing.T) node {
	g := newGenerator(t, outboundRules())
	g.enums["Sender.Role"] = []string{Agent, Bot, System}
	g.enums["Constraints.MaxLoss"] = g.enums["Degradation.Loss"]
	g.enums["Constraints.Hold"] = []string{string(Sent), string(Delivered)}
	g.enums["Kind"] = nil
	for _, k := range Outbounds() {
		g.enums["Kind"] = append(g.enums["Kind"], string(k))
	}
	g.enums["Payment.State"] = []string{PayRequested}
	g.never = map[string]bool{"Content.Interaction": true, "Content.Story": true, "Content.Post": true,
		"Content.Unsupported": true}
	g.rules["Fallback.On"] = node{"items": node{"type": "string", "enum": g.enums["StatusError.Class"]}}
	g.schema(reflect.TypeFor[Outbound]())
	return node{
		"$schema": dialect, "$id": SchemaRoot + "message.schema.json", "title": "Outbound message",
		"description": "A request to say something on any channel. Relais checks in addition that option ids differ, that entities lie " +
			"within their text, that a channel has one override and that notAfter follows notBefore. " + noteGenerated,
		"$ref": "#/$defs/Outbound", "$defs": g.defs,
	}
}
