package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false,
	"rewrite schemas, samples, asyncapi.json and the table of README.md from the Go types")

// golden compares want, which the Go types give, with the file that is checked in.
func golden(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test ./events -update and read the diff", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the Go types give; run go test ./events -update and read the diff (-types +file):\n%s",
			path, diff)
	}
}

// onlyThese reports files of a folder that no test wrote: leftovers of a renamed type.
func onlyThese(t *testing.T, dir, pattern string, want map[string]bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Errorf("%s holds no %s", dir, pattern)
	}
	for _, f := range files {
		if !want[f] {
			t.Errorf("%s belongs to nothing in the Go types; remove it", f)
		}
	}
}

// document is v as checked-in JSON: indented, readable (no \u003c), ending in a newline.
func document(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
