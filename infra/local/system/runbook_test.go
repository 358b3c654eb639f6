package system_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRunbook keeps infra/RUNBOOK.md from sending people to lines that no
// function writes any more, and to sections that do not exist.
func TestRunbook(t *testing.T) {
	text, err := os.ReadFile("../../RUNBOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	runbook, code := string(text), sources(t, "../../../functions", "../../../shared")
	messages := regexp.MustCompile(`filter message = "([^"]+)"`).FindAllStringSubmatch(runbook, -1)
	if len(messages) < 8 {
		t.Errorf("%d queries name a message, want at least 8: has their form changed?", len(messages))
	}
	for _, m := range messages {
		if !strings.Contains(code, `"`+m[1]+`"`) {
			t.Errorf("no function writes %q", m[1])
		}
	}
	sections := map[string]bool{}
	for _, h := range regexp.MustCompile(`(?m)^##+ (.+)$`).FindAllStringSubmatch(runbook, -1) {
		sections[strings.ReplaceAll(strings.ToLower(h[1]), " ", "-")] = true
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(#([^)]+)\)`).FindAllStringSubmatch(runbook, -1)
	links = append(links, regexp.MustCompile(`RUNBOOK\.md#([a-z0-9-]+)`).FindAllStringSubmatch(string(readme), -1)...)
	for _, l := range links {
		if !sections[l[1]] {
			t.Errorf("no section of the runbook is #%s", l[1])
		}
	}
}

// sources is the text of all Go files below directories, but tests.
func sources(t *testing.T, dirs ...string) string {
	t.Helper()
	var b strings.Builder
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			b.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
