package observe_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// reserved are the keys that NewLog writes in every line.
var reserved = []string{"timestamp", "level", "message", "function"}

// TestKeys: no line has a key twice, of which readers take one or the other. It reads what
// every function of ours logs.
func TestKeys(t *testing.T) {
	files, calls := token.NewFileSet(), 0
	for _, dir := range []string{"../../functions", "../../shared"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok && logs(call) {
					calls++
					checkKeys(t, files, call)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if calls < 40 {
		t.Errorf("%d calls log, want at least 40: has their form changed?", calls)
	}
}

// logs says whether call writes a line: x.Log.Warn("…", …).
func logs(call *ast.CallExpr) bool {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method.Sel.Name) || len(call.Args) == 0 {
		return false
	}
	switch x := method.X.(type) {
	case *ast.SelectorExpr:
		return strings.EqualFold(x.Sel.Name, "log")
	case *ast.Ident:
		return strings.EqualFold(x.Name, "log")
	}
	return false
}

func checkKeys(t *testing.T, files *token.FileSet, call *ast.CallExpr) {
	t.Helper()
	seen := slices.Clone(reserved)
	for i := 1; i < len(call.Args); i += 2 {
		literal, ok := call.Args[i].(*ast.BasicLit)
		if !ok {
			continue
		}
		key, err := strconv.Unquote(literal.Value)
		if err != nil || slices.Contains(seen, key) {
			t.Errorf("%s: the line has the key %s already", files.Position(literal.Pos()), literal.Value)
		}
		seen = append(seen, key)
	}
}
