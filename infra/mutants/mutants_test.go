package main

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestListIsUpToDate: each mutant changes one place of its file and leaves Go, and the
// tests that must kill it exist. Whoever changes the place changes the list.
func TestListIsUpToDate(t *testing.T) {
	list := all()
	if len(list) < 60 {
		t.Errorf("%d mutants, want 60 at least", len(list))
	}
	for _, m := range list {
		text, err := m.mutated(root)
		if err != nil {
			t.Errorf("%s: %s: %v\n%s", m.file, m.why, err, m.old)
			continue
		}
		if _, err := format.Source(text); err != nil {
			t.Errorf("%s: %s: %v", m.file, m.why, err)
		}
		if m.old == m.new || m.why == "" || len(m.tests) == 0 {
			t.Errorf("%s: %q changes nothing, or does not say what it breaks or which tests see it", m.file, m.old)
		}
		for _, test := range m.tests {
			folder, pattern, _ := strings.Cut(test, " ")
			for name := range strings.SplitSeq(pattern, "|") {
				if !tests(t, folder)[name] {
					t.Errorf("%s: %s: %s has no %s", m.file, m.why, folder, name)
				}
			}
		}
	}
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// tests are the names of a folder's tests.
func tests(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(text, -1) {
			found[string(m[1])] = true
		}
	}
	return found
}

// TestVerdicts tries mutants of a module of three lines.
func TestVerdicts(t *testing.T) {
	t.Setenv("GOWORK", "off")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module small\n\ngo 1.25\n",
		"a/a.go": "package a\n\nfunc Double(n int) int { return n * 2 }\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestDouble(t *testing.T) {\n\tif Double(2) != 4 {\n" +
			"\t\tt.Error(Double(2))\n\t}\n}\n",
		"a/b_test.go":  "package a\n\nimport \"testing\"\n\nfunc TestNothing(t *testing.T) {}\n",
		"b/b.go":       "package b\n",
		"b/b_test.go":  "package b\n\nimport \"testing\"\n\nfunc TestFails(t *testing.T) { t.Fail() }\n",
		"unrelated.go": "package small\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := bench{root: dir}
	double := func(new string, tests ...string) mutant {
		return mutant{file: "a/a.go", old: "n * 2", new: new, tests: tests, why: "?"}
	}
	forgiven := double("n + n", "a TestDouble")
	forgiven.survives = "a sum is a product"
	gone := double("n", "a TestDouble")
	gone.old = "n * 3"
	for _, x := range []struct {
		m      mutant
		want   verdict
		detail string
	}{
		{double("n * 3", "a TestNothing", "a TestDouble"), killed, "TestDouble of a"},
		{double("[]int{}[n]", "a TestDouble"), killed, "TestDouble of a"},
		{double("n + n", "a TestDouble"), survived, ""},
		{forgiven, known, ""},
		{double("m", "a TestDouble"), broken, "build failed"},
		{double("n * 3", "a TestOther"), broken, "no test of a is called TestOther"},
		{gone, broken, "stands 0 times"},
	} {
		r := b.try(t.Context(), x.m)
		if r.verdict != x.want || !strings.Contains(r.detail, x.detail) {
			t.Errorf("%s: %s %s, want %s %s", x.m.new, r.verdict, r.detail, x.want, x.detail)
		}
	}
	if err := b.baseline(t.Context(), []mutant{double("n", "b TestFails")}); err == nil {
		t.Error("a test that fails without a mutant is taken for one that kills")
	}
	if text, err := os.ReadFile(filepath.Join(dir, "a/a.go")); err != nil || !bytes.Contains(text, []byte("n * 2")) {
		t.Errorf("a file was touched: %s (%v)", text, err)
	}
}
