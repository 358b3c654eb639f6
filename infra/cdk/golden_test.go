package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// hash is what changes with the executables and not with the templates.
var hash = regexp.MustCompile(`[0-9a-f]{64}`)

// TestGolden compares whole templates: a change of what is deployed is read by a
// person as a diff. `go test ./infra/cdk -update` rewrites them.
func TestGolden(t *testing.T) {
	for _, d := range stages() {
		for _, stack := range d.stacks() {
			t.Run(stack, func(t *testing.T) {
				text, err := os.ReadFile(filepath.Join(d.out, stack+".template.json"))
				if err != nil {
					t.Fatal(err)
				}
				got := normalise(t, text)
				file := filepath.Join("testdata", "golden", stack+".template.json")
				if *update {
					if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
						t.Fatal(err)
					}
					if err := os.WriteFile(file, got, 0o644); err != nil {
						t.Fatal(err)
					}
					return
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), string(got)); diff != "" {
					t.Errorf("what is deployed has changed; run with -update and read the diff (-golden +now):\n%s", diff)
				}
			})
		}
	}
}

// normalise sorts keys and blanks hashes of assets.
func normalise(t *testing.T, text []byte) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(doc); err != nil {
		t.Fatal(err)
	}
	return hash.ReplaceAll(out.Bytes(), []byte("HASH"))
}
