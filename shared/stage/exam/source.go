package exam

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/stage/sample"
)

const module = "github.com/relais-dev/relais/"

func source() []check {
	return []check{
		{"source/package", "The folder's name is the package's name.", packageNamed},
		{"source/imports", "A channel knows the contract and its own platform: it imports std, events, shared/channel, shared/signature and functions/channels/internal, and of std nothing that reaches out (network, files, log, randomness) or around the types.", importsAllowed},
		{"source/pure", "A channel needs no clock, no network, no log and no panic: the request carries its time, and the core does the rest.", pure},
		{"source/state", "A channel holds no state: no init, and package variables are tables that are never assigned.",
			stateless},
	}
}

// code is the channel's own source, types as far as they show without its imports.
type code struct {
	files *token.FileSet
	trees []*ast.File
	info  types.Info
	scope *types.Scope
}

// readCode parses the folder's non-test files. Imported packages stay empty: it
// is enough to know which name is which package's and which is a variable of ours.
func readCode(dir string) (code, error) {
	s := code{files: token.NewFileSet(), info: types.Info{Uses: map[*ast.Ident]types.Object{},
		Defs: map[*ast.Ident]types.Object{}}}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(s.files, filepath.Join(dir, e.Name()), nil, 0)
		if err != nil {
			return s, err
		}
		s.trees = append(s.trees, tree)
	}
	config := types.Config{Importer: emptyPackages{}, Error: func(error) {}}
	p, _ := config.Check(filepath.Base(dir), s.files, s.trees, &s.info) // errors: the imports are empty
	s.scope = p.Scope()
	return s, nil
}

type emptyPackages struct{}

var _ types.Importer = emptyPackages{}

// Import gives an empty package, named as its path's last element that is no version.
func (emptyPackages) Import(p string) (*types.Package, error) {
	name := path.Base(p)
	if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
		name = path.Base(path.Dir(p))
	}
	empty := types.NewPackage(p, name)
	empty.MarkComplete()
	return empty, nil
}

// inspect collects what find says about every node.
func (s code) inspect(find func(ast.Node) string) error {
	var errs []error
	for _, tree := range s.trees {
		ast.Inspect(tree, func(n ast.Node) bool {
			if n != nil {
				if what := find(n); what != "" {
					at := s.files.Position(n.Pos())
					errs = append(errs, fmt.Errorf("%s:%d: %s", filepath.Base(at.Filename), at.Line, what))
				}
			}
			return true
		})
	}
	return errors.Join(errs...)
}

func packageNamed(_ candidate, set sample.Set) error {
	s, err := readCode(set.Dir)
	if err != nil {
		return err
	}
	for _, tree := range s.trees {
		if tree.Name.Name != set.Channel {
			return fmt.Errorf("package %s in the folder %s", tree.Name.Name, set.Channel)
		}
	}
	return nil
}

// outside are packages of std that no channel needs.
var outside = []string{"crypto/rand", "crypto/tls", "expvar", "io/ioutil", "log", "log/slog", "math/rand",
	"math/rand/v2", "net", "net/http/httptest",
	"net/http/httputil", "net/rpc", "net/smtp", "os", "os/exec", "os/signal", "os/user", "plugin", "reflect", "runtime",
	"sync", "sync/atomic", "syscall", "testing", "unsafe", "C"}

// formats are libraries for formats that are not a platform's own.
var formats = []string{"github.com/golang-jwt/jwt/v5"}

func importsAllowed(_ candidate, set sample.Set) error {
	s, err := readCode(set.Dir)
	if err != nil {
		return err
	}
	return s.inspect(func(n ast.Node) string {
		spec, ok := n.(*ast.ImportSpec)
		if !ok {
			return ""
		}
		p := strings.Trim(spec.Path.Value, `"`)
		ours, isOurs := strings.CutPrefix(p, module)
		switch {
		case isOurs && (ours == "events" || ours == "shared/channel" || ours == "shared/signature" || strings.HasPrefix(ours,
			"functions/channels/internal/")):
			return ""
		case slices.Contains(formats, p):
			return ""
		case isOurs || strings.Contains(strings.Split(p, "/")[0], ".") || slices.Contains(outside, p):
			return "imports " + p
		case spec.Name != nil:
			return "renames the import " + p
		}
		return ""
	})
}

// impure are functions and variables that reach out of a pure function.
var impure = map[string][]string{
	"time": {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local"},
	"net/http": {"Get", "Post", "PostForm", "Head", "Client", "DefaultClient", "Transport", "DefaultTransport",
		"NewRequest", "NewRequestWithContext", "ListenAndServe", "Serve"},
	"fmt": {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
}

func pure(_ candidate, set sample.Set) error {
	s, err := readCode(set.Dir)
	if err != nil {
		return err
	}
	return s.inspect(func(n ast.Node) string {
		switch n := n.(type) {
		case *ast.GoStmt:
			return "starts a goroutine"
		case *ast.Ident:
			if b, ok := s.info.Uses[n].(*types.Builtin); ok && slices.Contains([]string{"panic", "recover", "print", "println"},
				b.Name()) {
				return "calls " + b.Name()
			}
		case *ast.SelectorExpr:
			if p := s.imported(n.X); slices.Contains(impure[p], n.Sel.Name) {
				return "uses " + p + "." + n.Sel.Name
			}
		}
		return ""
	})
}

// imported is the path of the package that e names, or "".
func (s code) imported(e ast.Expr) string {
	if id, ok := e.(*ast.Ident); ok {
		if p, ok := s.info.Uses[id].(*types.PkgName); ok {
			return p.Imported().Path()
		}
	}
	return ""
}

func stateless(_ candidate, set sample.Set) error {
	s, err := readCode(set.Dir)
	if err != nil {
		return err
	}
	return s.inspect(func(n ast.Node) string {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil {
				return "has an init function"
			}
		case *ast.ValueSpec:
			return s.undefined(n)
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if n.Tok != token.DEFINE && s.global(left) != "" {
					return "assigns the package variable " + s.global(left)
				}
			}
		case *ast.IncDecStmt:
			if s.global(n.X) != "" {
				return "changes the package variable " + s.global(n.X)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND && s.global(n.X) != "" {
				return "takes the address of the package variable " + s.global(n.X)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && slices.Contains([]string{"delete", "clear", "copy"},
				f.Name) && s.global(n.Args[0]) != "" {
				return f.Name + " changes the package variable " + s.global(n.Args[0])
			}
		}
		return ""
	})
}

// undefined finds package variables without a value: somebody must assign them later.
func (s code) undefined(n *ast.ValueSpec) string {
	for _, name := range n.Names {
		if v, ok := s.info.Defs[name].(*types.Var); ok && v.Parent() == s.scope && len(n.Values) == 0 {
			return "declares the package variable " + name.Name + " without a value"
		}
	}
	return ""
}

// global is the package variable at the root of e (v, v.x, v[i], *v), or "".
func (s code) global(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		if v, ok := s.info.Uses[e].(*types.Var); ok && v.Parent() == s.scope {
			return v.Name()
		}
	case *ast.SelectorExpr:
		return s.global(e.X)
	case *ast.IndexExpr:
		return s.global(e.X)
	case *ast.StarExpr:
		return s.global(e.X)
	case *ast.ParenExpr:
		return s.global(e.X)
	}
	return ""
}
