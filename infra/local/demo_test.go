package main

import (
	"bytes"
	"io"
	"regexp"
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
	for _, ch := range functions.Channels() {
		if !regexp.MustCompile(`(?m)^` + ch.Name + ` +[1-9]`).MatchString(out.String()) {
			t.Errorf("%s does not appear", ch.Name)
		}
	}
}
