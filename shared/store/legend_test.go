package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/relais-dev/relais/shared/names"
)

// files are the package's, without tests.
func files(t *testing.T) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var list []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, tree)
	}
	return list
}

func packageComment(t *testing.T) string {
	t.Helper()
	for _, f := range files(t) {
		if f.Doc != nil {
			return f.Doc.Text()
		}
	}
	t.Fatal("the package has no comment")
	return ""
}

// textIn is a literal's text; false where n is none.
func textIn(n ast.Expr) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

var (
	expression = regexp.MustCompile(`^\s*(SET|REMOVE|ADD|DELETE) | :[a-z]|attribute_(not_)?exists\(`)
	word       = regexp.MustCompile(`:?[a-z_]+`)
	functions  = []string{"attribute_exists", "attribute_not_exists", "if_not_exists", "begins_with", "contains"}
)

// attributesIn are the attributes that a part of the source names: as keys of an item,
// or in an expression.
func attributesIn(n ast.Node) (found []string) {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		if s, ok := textIn(n.Key); ok && !strings.HasPrefix(s, ":") {
			found = append(found, s)
		}
	case *ast.IndexExpr:
		if s, ok := textIn(n.Index); ok && !strings.HasPrefix(s, ":") {
			found = append(found, s)
		}
	case *ast.BasicLit:
		if s, ok := textIn(n); ok && expression.MatchString(s) {
			for _, w := range word.FindAllString(s, -1) {
				if !strings.HasPrefix(w, ":") && !slices.Contains(functions, w) {
					found = append(found, w)
				}
			}
		}
	}
	return found
}

func used(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, f := range files(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			all = append(all, attributesIn(n)...)
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestLegend: each attribute that the package writes or reads stands in its comment
// once, and no other does. Where a name meant two things, a condition meant for one kind
// of item held for another.
func TestLegend(t *testing.T) {
	var legend []string
	for _, m := range regexp.MustCompile(`(?m)^\t([a-z]{1,2}) {2,3}\S`).FindAllStringSubmatch(packageComment(t), -1) {
		legend = append(legend, m[1])
	}
	slices.Sort(legend)
	if diff := cmp.Diff(used(t), legend); diff != "" {
		t.Errorf("the source names attributes that the package comment explains otherwise (-source +comment):\n%s", diff)
	}
}

// TestKinds: each sort key of the package stands in the comment's table of items, and
// so does each partition that is no conversation's.
func TestKinds(t *testing.T) {
	table := map[string]bool{}
	for line := range strings.Lines(packageComment(t)) {
		for cell := range strings.FieldsSeq(line) {
			name, _, _ := strings.Cut(cell, "<")
			table[name] = strings.HasPrefix(line, "\t") || table[name]
		}
	}
	for _, p := range []string{names.OfReplies, names.OfBulk, names.OfLater, names.OfMedia, names.OfAccount, names.OfRate,
		names.OfTicket, names.OfSocket, names.OfDevices, names.OfUser} {
		if !table[p] {
			t.Errorf("partitions %q are not in the table of items", p)
		}
	}
	found := 0
	for _, f := range files(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			name := spec.Names[0].Name
			s, ok := textIn(spec.Values[0])
			if !ok || !strings.HasSuffix(name, "Key") && !strings.HasSuffix(name, "Prefix") || name == "RawPrefix" ||
				name == "lanePrefix" {
				return true
			}
			if found++; !table[s] {
				t.Errorf("%s: %q is not in the table of items", name, s)
			}
			return true
		})
	}
	if found < 15 {
		t.Errorf("found %d sort keys, the test does not see them any more", found)
	}
}
