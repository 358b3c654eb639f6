package events

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemaDocuments are the schemas that the Go types give, by file name.
func schemaDocuments(t *testing.T) map[string]node {
	src := readSource(t)
	docs := map[string]node{"defs.schema.json": eventDefs(t), "message.schema.json": messageSchema(t),
		"action.schema.json": actionSchema(t), "command.schema.json": commandSchema(t), "api.schema.json": apiSchema(t)}
	for _, typ := range Types() {
		docs[string(typ)+schemaSuffix] = typeSchema(t, src, typ)
	}
	return docs
}

func TestSchemasAreUpToDate(t *testing.T) {
	want, titles := map[string]bool{}, map[string]string{}
	for name, doc := range schemaDocuments(t) {
		path := filepath.Join("schema", name)
		want[path] = true
		golden(t, path, document(t, doc))
		title := doc["title"].(string)
		if other := titles[title]; other != "" {
			t.Errorf("%s and %s are both titled %q: code generators would merge them", name, other, title)
		}
		titles[title] = name
	}
	onlyThese(t, "schema", "*.json", want)
}

// schemas are the checked-in schemas, compiled.
type schemas map[string]*jsonschema.Schema

// compileSchemas compiles them; the compiler checks each against the 2020-12
// metaschema and resolves every $ref.
func compileSchemas(t *testing.T) schemas {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	names := map[string]string{}
	for name, doc := range schemaDocuments(t) {
		b := document(t, doc)
		if !*update {
			var err error
			if b, err = os.ReadFile(filepath.Join("schema", name)); err != nil {
				t.Fatal(err)
			}
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		id := v.(map[string]any)["$id"].(string)
		if id != SchemaRoot+name {
			t.Errorf("%s calls itself %s", name, id)
		}
		if err := c.AddResource(id, v); err != nil {
			t.Fatal(err)
		}
		names[name] = id
	}
	compiled := schemas{}
	for name, id := range names {
		s, err := c.Compile(id)
		if err != nil {
			t.Fatalf("%s is no valid schema: %v", name, err)
		}
		compiled[name] = s
	}
	return compiled
}

func (s schemas) accept(t *testing.T, name, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.check(t, name, b); err != nil {
		t.Errorf("%s is refused by its schema: %v", path, err)
	}
}

func (s schemas) check(t *testing.T, name string, doc []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	schema := s[name]
	if schema == nil {
		t.Fatalf("no schema %s", name)
	}
	return schema.Validate(v)
}

// Readers of version 1 must survive members that a later minor version adds.
func TestSchemasAllowUnknownMembers(t *testing.T) {
	s := compileSchemas(t)
	doc := string(document(t, messageSamples()[0].event))
	for _, place := range []string{`"specversion": "1.0",`, `"revision": 0,`, `"kind": "text",`} {
		if !strings.Contains(doc, place) {
			t.Fatalf("sample lacks %s", place)
		}
		if err := s.check(t, "message.received.v1.schema.json", []byte(strings.Replace(doc, place,
			place+`"addedlater": true,`, 1))); err != nil {
			t.Errorf("unknown member after %s: %v", place, err)
		}
	}
}
