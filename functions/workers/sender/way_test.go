package sender

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// way are the package's files in the order in which control goes through them.
var way = []string{"sender.go", "act.go", "ready.go", "call.go", "tell.go", "account.go"}

// ends are where a request goes that is no message, or none any more.
var ends = []string{"act", "reject", "malformed", "lost"}

// maxReturns bounds the calls from one file into another on a message's way, and so how
// often a reader of it has to come back.
const maxReturns = 12

// TestWay: what happens to a message can be read from the top down. No file calls an
// earlier one, and few call a later one.
func TestWay(t *testing.T) {
	files, place := parsed(t)
	var returns []string
	for i, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := called(call)
			to, ours := place[name]
			if !ours || to == i {
				return true
			}
			if to < i {
				t.Errorf("%s calls %s of %s, which comes before it", way[i], name, way[to])
			}
			if way[i] != "act.go" && !slices.Contains(ends, name) {
				returns = append(returns, way[i]+" "+name)
			}
			return true
		})
	}
	if len(returns) > maxReturns {
		t.Errorf("control returns %d times between files, want at most %d: %s", len(returns), maxReturns,
			strings.Join(returns, ", "))
	}
}

// parsed are the files of the way, and where each function that is not exported stands.
func parsed(t *testing.T) (files []*ast.File, place map[string]int) {
	t.Helper()
	place = map[string]int{}
	for i, name := range way {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if x, ok := d.(*ast.FuncDecl); ok && !x.Name.IsExported() {
				place[x.Name.Name] = i
			}
		}
		files = append(files, f)
	}
	return files, place
}

// called is the name of the function or method that a call is of.
func called(call *ast.CallExpr) string {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		return fun.Name
	case *ast.SelectorExpr:
		return fun.Sel.Name
	}
	return ""
}
