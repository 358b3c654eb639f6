package exam

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// -update must bring samples without signatures and without goldens to what is
// checked in, and leave what is already right alone.
func TestRewriteSignsAndWritesGoldens(t *testing.T) {
	dir := copyOfFake(t, nil)
	want := folder(t, dir)
	for _, name := range []string{"text", "unknown", "batch"} {
		file := filepath.Join(dir, "testdata", "in", name+".http")
		text := regexpSignature.ReplaceAll(want[name+".http"], nil)
		if bytes.Equal(text, want[name+".http"]) {
			t.Fatalf("%s.http has no signature to take away", name)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(strings.TrimSuffix(file, ".http") + ".json"); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []string{"first", "second"} {
		set, err := sample.Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := rewrite(fakeCandidate(), set); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, folder(t, dir)); diff != "" {
			t.Errorf("%s rewrite differs from what is checked in (-want +got):\n%s", what, diff)
		}
	}
}

var regexpSignature = regexp.MustCompile(`X-Fake-[A-Za-z]+: .*\n`)

// folder is the content of a channel's testdata/in.
func folder(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "testdata", "in", "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		if all[filepath.Base(f)], err = os.ReadFile(f); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestValuesFindEveryJSONValue(t *testing.T) {
	body := []byte(` {"a" : [1, {"b":"x,\"y"}, [] ], "c":null}`)
	got := map[string]string{}
	for _, v := range values(body) {
		got[v.path+" "+string(v.kind)] = string(v.text(body))
	}
	want := map[string]string{
		" {": `{"a" : [1, {"b":"x,\"y"}, [] ], "c":null}`, "a [": `[1, {"b":"x,\"y"}, [] ]`, "a[0] 0": "1",
		"a[1] {": `{"b":"x,\"y"}`, `a[1].b "`: `"x,\"y"`, "a[2] [": "[]", "c 0": "null",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if v := values([]byte("<xml/>")); v != nil {
		t.Errorf("values of XML are %v, want none", v)
	}
}

// The reference that a benchmark divides by must read the whole body.
func TestBaseReadsTheBody(t *testing.T) {
	if got := shapeOf(map[string]any{"a": []any{map[string]any{"b": 1.0, "c": 0.5, "d": nil}}, "e": "x"}).String(); got !=
		`struct { F0 []struct { F0 int64 "json:\"b\""; F1 float64 "json:\"c\""; F2 interface {} "json:\"d\"" } "json:\"a\""; F1 string "json:\"e\"" }` {
		t.Errorf("shape is %s", got)
	}
}

func TestFuzzFindsForgery(t *testing.T) {
	c := fakeCandidate()
	for _, m := range verifyMutants {
		if m.name == "compares a prefix" {
			m.change(&c)
		}
	}
	set, err := sample.Read("fake")
	if err != nil {
		t.Fatal(err)
	}
	s, _ := set.Find("text")
	good := s.Request.Header.Get(header)
	if err := fuzzProof(c, set, s, good[:20]); err == nil {
		t.Error("a prefix of the signature is accepted, and fuzzing does not see it")
	}
	if err := fuzzProof(fakeCandidate(), set, s, good[:20]); err != nil {
		t.Errorf("the right channel is blamed: %v", err)
	}
	if err := fuzzBody(fakeCandidate(), set, s, s.Request.Body[1:]); err != nil {
		t.Errorf("the right channel is blamed: %v", err)
	}
}

func TestEndlessParseIsFound(t *testing.T) {
	c, release := fakeCandidate(), make(chan struct{})
	defer close(release)
	c.Parse = func(channel.Account, channel.Request) ([]events.Event, error) { <-release; return nil, nil }
	if _, err := outcomeWithin(time.Millisecond, c, channel.Account{}, channel.Request{}); err == nil ||
		!strings.Contains(err.Error(), "longer than") {
		t.Errorf("error of an endless Parse is %v", err)
	}
}
