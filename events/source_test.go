package events

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A constant is one constant of the package, as written.
type constant struct {
	name, typ, value, comment string
	group                     int // constants of one declaration share it
}

// A source is what the Go files say beyond their types: comments and constants.
type source struct {
	types   map[string]string // type name → doc
	fields  map[string]string // "Type.Field" → doc
	consts  []constant
	imports []string
}

func readSource(t *testing.T) *source {
	t.Helper()
	s := &source{types: map[string]string{}, fields: map[string]string{}}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, im := range f.Imports {
			s.imports = append(s.imports, strings.Trim(im.Path.Value, `"`))
		}
		for i, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				s.read(g, len(s.consts)*1000+i)
			}
		}
	}
	return s
}

func (s *source) read(g *ast.GenDecl, group int) {
	for _, spec := range g.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			s.types[spec.Name.Name] = text(g.Doc)
			if st, ok := spec.Type.(*ast.StructType); ok {
				s.readFields(spec.Name.Name, st)
			}
		case *ast.ValueSpec:
			s.readConst(spec, group)
		}
	}
}

func (s *source) readFields(typ string, st *ast.StructType) {
	for _, f := range st.Fields.List {
		doc := text(f.Doc)
		if doc == "" {
			doc = text(f.Comment)
		}
		for _, n := range f.Names {
			s.fields[typ+"."+n.Name] = doc
		}
	}
}

func (s *source) readConst(spec *ast.ValueSpec, group int) {
	if len(spec.Names) != 1 || len(spec.Values) != 1 {
		return
	}
	lit, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	value, err := strconv.Unquote(lit.Value)
	if err != nil {
		return
	}
	c := constant{name: spec.Names[0].Name, value: value, comment: text(spec.Comment), group: group}
	if id, ok := spec.Type.(*ast.Ident); ok {
		c.typ = id.Name
	}
	s.consts = append(s.consts, c)
}

func text(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// group lists the values of the declaration in which the named constant stands.
func (s *source) group(t *testing.T, name string) []string {
	t.Helper()
	at := slices.IndexFunc(s.consts, func(c constant) bool { return c.name == name })
	if at < 0 {
		t.Fatalf("no constant %s", name)
	}
	var values []string
	for _, c := range s.consts {
		if c.group == s.consts[at].group {
			values = append(values, c.value)
		}
	}
	return values
}

// typed lists the values of a string type's constants.
func (s *source) typed(name string) []string {
	var values []string
	for _, c := range s.consts {
		if c.typ == name {
			values = append(values, c.value)
		}
	}
	return values
}

func TestTypesAndKindsAreListed(t *testing.T) {
	s := readSource(t)
	var types, kinds []string
	for _, typ := range Types() {
		types = append(types, string(typ))
	}
	for _, k := range Kinds() {
		kinds = append(kinds, string(k))
	}
	if want := s.typed("Type"); !slices.Equal(types, want) {
		t.Errorf("Types() is %q, the constants are %q", types, want)
	}
	if want := s.typed("Kind"); !slices.Equal(kinds, want) {
		t.Errorf("Kinds() is %q, the constants are %q", kinds, want)
	}
}

func TestImportsStandardLibraryOnly(t *testing.T) {
	s := readSource(t)
	if len(s.imports) == 0 {
		t.Fatal("no imports found")
	}
	for _, path := range s.imports {
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			t.Errorf("package events imports %s: integrators should be able to copy it", path)
		}
	}
}

// A vocabulary that knows fewer words than the constants refuses good events;
// one that knows more lets through what the schemas refuse.
func TestVocabulariesEqualConstants(t *testing.T) {
	s := readSource(t)
	for _, v := range []struct {
		words []string
		known func(string) bool
	}{
		{s.typed("Scheme"), func(w string) bool { return knownScheme(Scheme(w)) }},
		{s.typed("State"), func(w string) bool { return knownState(State(w)) }},
		{s.typed("Type"), func(w string) bool { _, ok := Fact(Type(w)); return ok }},
		{s.group(t, "Direct"), knownConversation},
		{s.group(t, "Customer"), knownRole},
		{s.group(t, "ButtonAnswer"), knownInteraction},
		{s.group(t, "ClassAuth"), knownClass},
		{s.group(t, "LossNone"), knownLoss},
		{s.group(t, "ConsentGiven"), knownConsent},
		{s.group(t, "HealthOK"), knownHealth},
		{s.group(t, "PayRequested"), knownPayment},
		{s.group(t, "Plain"), knownFormat},
		{s.group(t, "Image"), knownMedia},
		{s.group(t, "MediaPending"), knownMediaState},
		{s.group(t, "StyleButtons"), knownStyle},
		{s.group(t, "ActionReply"), knownAction},
		{s.group(t, "InputText"), knownInput},
	} {
		if len(v.words) < 2 {
			t.Errorf("vocabulary %q is not a list", v.words)
		}
		seen := map[string]bool{}
		for _, w := range v.words {
			if seen[w] {
				t.Errorf("%q stands twice in %q", w, v.words)
			}
			seen[w] = true
			if !v.known(w) {
				t.Errorf("%q of %q is not known to Validate", w, v.words)
			}
		}
		for _, c := range s.consts {
			if v.known(c.value) && !seen[c.value] {
				t.Errorf("Validate takes %q beside %q", c.value, v.words)
			}
		}
		if v.known("no such word") {
			t.Errorf("Validate takes any word beside %q", v.words)
		}
	}
}
