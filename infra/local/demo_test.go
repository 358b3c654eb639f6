package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions"
)

// sums is the last line of a demo.
var sums = regexp.MustCompile(`(?m)^demo: webhooks=([1-9]\d*) accepted=([1-9]\d*) events=([1-9]\d*) delivered=([1-9]\d*) lost=0 duplicates=0$`)

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"demo", "--config", configFile}, &out, io.Discard); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	m := sums.FindStringSubmatch(out.String())
	if m == nil || !strings.HasSuffix(out.String(), m[0]+"\n") {
		t.Fatalf("the last line is not the sums:\n%s", out.String())
	}
	if m[1] != m[2] {
		t.Errorf("%s of %s webhooks were accepted", m[2], m[1])
	}
	checkSample(t, out.String())
	for _, ch := range functions.Channels() {
		if !regexp.MustCompile(`(?m)^` + ch.Name + ` +[1-9]`).MatchString(out.String()) {
			t.Errorf("%s does not appear", ch.Name)
		}
	}
}

// checkSample wants each line that README.md shows of a demo to be one that a demo prints, in
// this order, whatever the numbers: those change with every sample that a channel gets.
func checkSample(t *testing.T, printed string) {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "<!-- /demo -->")
	_, rest, _ = strings.Cut(rest, "```\n")
	sample, _, found := strings.Cut(rest, "```\n")
	if !found || !strings.Contains(sample, "demo: webhooks=") {
		t.Fatal("README.md has no sample of a demo")
	}
	lines := strings.Split(shape(printed), "\n")
	for line := range strings.Lines(shape(sample)) {
		line = strings.TrimSuffix(line, "\n")
		at := slices.Index(lines, line)
		switch {
		case strings.TrimSpace(line) == "…" || line == "":
		case at < 0:
			t.Errorf("README.md shows a line that no demo prints here: %s", line)
		default:
			lines = lines[at+1:]
		}
	}
}

// shape is a text without what differs from run to run: numbers, ids, how wide columns are,
// and which of a conversation's events came first.
func shape(text string) string {
	text = regexp.MustCompile(`(?m)^  (\w+) .*$`).ReplaceAllString(text, "  $1")
	text = regexp.MustCompile(`\d+`).ReplaceAllString(text, "0")
	return regexp.MustCompile(` +`).ReplaceAllString(text, " ")
}
