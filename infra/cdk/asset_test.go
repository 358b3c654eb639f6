package main

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/route"
)

// TestReproducible builds the executables here and from a copy of the source
// somewhere else: same source, same bytes.
func TestReproducible(t *testing.T) {
	s, err := load(devConfig, "")
	if err != nil {
		t.Fatal(err)
	}
	root, copied := "../..", t.TempDir()
	for _, folder := range []string{"events", "shared", "functions"} {
		if err := os.CopyFS(filepath.Join(copied, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	here, there := filepath.Join(t.TempDir(), "here"), filepath.Join(t.TempDir(), "there")
	if err := buildAssets(root, here, s); err != nil {
		t.Fatal(err)
	}
	if err := buildAssets(copied, there, s); err != nil {
		t.Fatal(err)
	}
	hashes := hashesBelow(t, here)
	if diff := cmp.Diff(hashes, hashesBelow(t, there)); diff != "" {
		t.Errorf("another place, other bytes:\n%s", diff)
	}
	var files []string
	for f := range hashes {
		files = append(files, f)
	}
	// Three executables, rules beside one of them, callers and the widget's two files beside another.
	if len(files) != 7 {
		t.Errorf("the assets are %v", files)
	}
	checkRuns(t, filepath.Join(assetOf(here, topology.Work), "bootstrap"))
	checkRules(t, filepath.Join(assetOf(here, topology.Router), routesFile), s.Routes)
}

func hashesBelow(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out[name] = fmt.Sprintf("%d bytes, sha256 %x", len(text), sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for f, h := range out {
		t.Log(f, h)
	}
	return out
}

// checkRuns wants what Lambda can start: a static executable for its processor.
func checkRuns(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Machine != elf.EM_AARCH64 || f.Section(".interp") != nil || f.Section(".symtab") != nil {
		t.Errorf("%s is for %v, dynamic: %v, with symbols: %v", file, f.Machine, f.Section(".interp") != nil,
			f.Section(".symtab") != nil)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o111 != 0o111 {
		t.Errorf("%s cannot be started: %v %v", file, info.Mode(), err)
	}
}

func checkRules(t *testing.T, file string, want route.Config) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got route.Config
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
