package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A mutant is one change and the tests that must notice it.
type mutant struct {
	file     string   // from the project's root
	old, new string   // old stands once in the file
	tests    []string // "folder Pattern", the folder from the root, the pattern as go test -run takes it
	why      string   // what breaks
	survives string   // why no test can notice, or ""
}

func (m mutant) matches(p *regexp.Regexp) bool {
	return slices.ContainsFunc([]string{m.file, m.old, m.new, m.why}, p.MatchString)
}

// mutated is the file's text with the change.
func (m mutant) mutated(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return nil, err
	}
	if n := bytes.Count(text, []byte(m.old)); n != 1 {
		return nil, fmt.Errorf("its text stands %d times in the file, not once: correct the list", n)
	}
	return bytes.Replace(text, []byte(m.old), []byte(m.new), 1), nil
}

// A verdict is what became of a mutant.
type verdict string

const (
	killed   verdict = "killed"
	survived verdict = "SURVIVED"
	known    verdict = "survives"
	broken   verdict = "ERROR"
)

type result struct {
	mutant
	verdict
	detail string // the test that killed it, or what went wrong
	took   time.Duration
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "%-8s %5.1fs  %s: %s\n", r.verdict, r.took.Seconds(), r.file, r.why)
	switch r.verdict {
	case killed:
		fmt.Fprintf(w, "                 by %s\n", r.detail)
	case known:
		fmt.Fprintf(w, "                 because %s\n", r.survives)
	default:
		fmt.Fprintf(w, "                 - %s\n                 + %s\n%s\n", oneLine(r.old), oneLine(r.new), r.detail)
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// A bench runs tests of the module below root.
type bench struct{ root string }

const (
	// testTimeout ends tests that a mutant sends round in circles. The slowest takes some seconds.
	testTimeout = 2 * time.Minute
	// baseTimeout is for all tests of a folder together.
	baseTimeout = 10 * time.Minute
	// buildTimeout is what the go command may take besides.
	buildTimeout = 10 * time.Minute
)

// baseline runs every test of the list on the code as it is.
func (b bench) baseline(ctx context.Context, list []mutant) error {
	patterns := map[string][]string{}
	var folders []string
	for _, m := range list {
		for _, t := range m.tests {
			folder, pattern, _ := strings.Cut(t, " ")
			if patterns[folder] == nil {
				folders = append(folders, folder)
			}
			if !slices.Contains(patterns[folder], pattern) {
				patterns[folder] = append(patterns[folder], pattern)
			}
		}
	}
	for _, folder := range folders {
		out, err := b.run(ctx, folder, strings.Join(patterns[folder], "|"), "")
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", folder, err, tail(out))
		}
	}
	return nil
}

// try applies a mutant and runs its tests until one fails.
func (b bench) try(ctx context.Context, m mutant) (r result) {
	start := time.Now()
	defer func() { r.took = time.Since(start) }()
	r = result{mutant: m, verdict: broken}
	overlay, err := b.overlay(m)
	if err != nil {
		r.detail = err.Error()
		return r
	}
	defer os.RemoveAll(filepath.Dir(overlay))
	for _, t := range m.tests {
		folder, pattern, _ := strings.Cut(t, " ")
		out, err := b.run(ctx, folder, pattern, overlay)
		switch test := failing(out); {
		case err != nil && test != "":
			return result{mutant: m, verdict: killed, detail: test + " of " + folder}
		case err != nil:
			r.detail = err.Error() + "\n" + tail(out)
			return r
		case strings.Contains(out, "no tests to run"):
			r.detail = "no test of " + folder + " is called " + pattern
			return r
		}
	}
	if m.survives != "" {
		return result{mutant: m, verdict: known}
	}
	return result{mutant: m, verdict: survived}
}

// overlay writes the changed file and what tells the go command to read it in the other's place.
// https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
func (b bench) overlay(m mutant) (string, error) {
	text, err := m.mutated(b.root)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "mutant-*")
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	doc, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(b.root, m.file): changed}})
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(changed, text, 0o600); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, doc, 0o600)
}

// run runs tests of a folder. Symbols and vet would cost time and kill nothing.
func (b bench) run(ctx context.Context, folder, pattern, overlay string) (string, error) {
	timeout := testTimeout
	if overlay == "" {
		timeout = baseTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout+buildTimeout)
	defer cancel()
	args := []string{"test", "-vet=off", "-count=1", "-failfast", "-ldflags=-s -w", "-timeout", timeout.String(),
		"-run", "^(" + pattern + ")$"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+folder)...)
	cmd.Dir = b.root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

var (
	failLine  = regexp.MustCompile(`(?m)^--- FAIL: (\S+)`)
	panicLine = regexp.MustCompile(`(?m)^panic: `)
)

// failing is the test that failed, "" when none did: when nothing ran, say.
func failing(out string) string {
	if m := failLine.FindStringSubmatch(out); m != nil {
		return m[1]
	}
	switch {
	case strings.Contains(out, "panic: test timed out"):
		return "the time-out"
	case panicLine.MatchString(out):
		return "a crash in a test"
	}
	return ""
}

// tail is the end of an output: what matters stands there.
func tail(out string) string { return out[max(len(out)-2000, 0):] }
