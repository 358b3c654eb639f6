package functions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/relais-dev/relais/functions"
)

// sources are the Go files below rooms of the project, without tests and without the
// stage, which plays platforms.
func sources(t *testing.T, rooms ...string) []string {
	t.Helper()
	var list []string
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join("..", room), func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() && e.Name() == "stage" {
				return fs.SkipDir
			}
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				list = append(list, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// known are the places where the core knows a platform all the same, each with why.
var known = map[string]string{
	"shared/store/pack.go": "a dictionary for compression: what most events look like, no decision",
}

// TestNoPlatformInTheCore: a core that knows a platform's name decides by it, and the
// next platform like it is forgotten. What a platform needs is data of its Channel.
func TestNoPlatformInTheCore(t *testing.T) {
	var names []string
	for _, ch := range functions.Channels() {
		if len(ch.Name) > 1 { // "x" is a letter before it is a platform
			names = append(names, ch.Name)
		}
	}
	named := func(part string) bool { return slices.Contains(names, part) }
	for _, file := range sources(t, "shared", "functions/workers", "functions/http", "infra/topology") {
		if known[strings.TrimPrefix(filepath.ToSlash(file), "../")] != "" {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			parts := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("/:'", r) }) // of paths and rules
			if err == nil && slices.ContainsFunc(parts, named) {
				t.Errorf("%s says %q", file, text)
			}
			return true
		})
	}
}

// TestOneHasDevices: infra/topology has one WebSocket API, one widget and one set of
// functions for the channel whose platform we are.
func TestOneHasDevices(t *testing.T) {
	var own []string
	for _, ch := range functions.Channels() {
		if ch.Devices {
			own = append(own, ch.Name)
		}
	}
	if len(own) != 1 {
		t.Errorf("channels with devices are %v, want one", own)
	}
}

// TestLinesEnd: two files fit beside each other on a screen, and shortness is not
// bought with width. An address in a comment is as long as it is. Rooms join as they
// become clean.
func TestLinesEnd(t *testing.T) {
	const column = 120
	rooms := []string{"functions/bootstrap", "functions/channels", "functions/http", "functions/plays", "functions/work",
		"functions/workers",
		"infra/topology", "shared/access", "shared/channel", "shared/cloud", "shared/function", "shared/names", "shared/outbox",
		"shared/outhttp", "shared/queue", "shared/route", "shared/signature", "shared/store", "shared/switchboard",
		"shared/thread"}
	files := sources(t, rooms...)
	for _, more := range []string{"../shared/stage/play/*.go", "../shared/outhttp/*_test.go", "../shared/queue/*_test.go",
		"../shared/store/*_test.go", "../shared/switchboard/*_test.go", "../shared/thread/*_test.go", "channels/*/*_test.go", "channels/*/*/*_test.go",
		"workers/*/*_test.go"} {
		found, err := filepath.Glob(more)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %d files, %v", more, len(found), err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range strings.Lines(string(source)) {
			text := strings.TrimSpace(line)
			link := strings.HasPrefix(text, "// https://") && strings.Count(text, " ") == 1
			if n++; utf8.RuneCountInString(strings.TrimRight(line, "\n")) >= column && !link {
				t.Errorf("%s:%d ends at column %d, not before %d", file, n, utf8.RuneCountInString(line), column)
			}
		}
	}
}
