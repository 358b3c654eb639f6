package sample

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
)

const goodAccount = `{"now": "2026-08-01T18:00:00+02:00", "credentials": {"secret": "s", "keys": ["k2", "k1"]}}`

// folder is a channel's folder called fake, with these files in its testdata.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fake")
	if err := os.MkdirAll(filepath.Join(dir, "testdata", "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "testdata", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRead(t *testing.T) {
	dir := folder(t, map[string]string{
		"account.json":      goodAccount,
		"in/text.http":      "POST /webhooks/fake/demo?a=b&c HTTP/1.1\nx-one: 1\nX-Two: a: b\nX-TWO:c\n\n{\"a\":\n\n1}\n",
		"in/handshake.http": "GET /webhooks/fake/demo\n\n",
		"in/text.json":      "[]",
	})
	set, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
	want := []Sample{
		{"handshake", channel.Request{Method: "GET", Path: "/webhooks/fake/demo", Header: http.Header{}, Body: []byte{},
			Received: now}},
		{"text", channel.Request{
			Method: "POST", Path: "/webhooks/fake/demo", RawQuery: "a=b&c",
			Header: http.Header{"X-One": {"1"}, "X-Two": {"a: b,c"}}, Body: []byte("{\"a\":\n\n1}\n"), Received: now,
		}},
	}
	if diff := cmp.Diff(want, set.Samples); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"k2", "k1"}, set.Account.Values("keys")); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if set.Account.ID != "demo" || set.Account.URL != "https://relais.example/webhooks/fake/demo" ||
		set.Channel != "fake" || !set.Now.Equal(now) {
		t.Errorf("account %s at %s of %s at %s", set.Account.ID, set.Account.URL, set.Channel, set.Now)
	}
	if _, found := set.Find("absent"); found {
		t.Error("found a sample that is not there")
	}
}

func TestReadErrorsNameThePlace(t *testing.T) {
	const request = "POST /webhooks/fake/demo HTTP/1.1\n\n"
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no account":       {map[string]string{"in/text.http": request}, "testdata/account.json"},
		"account not JSON": {map[string]string{"account.json": "now", "in/text.http": request}, "RFC 3339"},
		"unknown member":   {map[string]string{"account.json": `{"when":1}`, "in/text.http": request}, "when"},
		"no now": {map[string]string{"account.json": `{"credentials":{"a":"b"}}`, "in/text.http": request},
			`"now"`},
		"credential a number": {map[string]string{"account.json": `{"now":"2026-08-01T16:00:00Z","credentials":{"pin":7}}`,
			"in/text.http": request}, "pin"},
		"no sample": {map[string]string{"account.json": goodAccount}, "text.http"},
		"no blank line": {map[string]string{"account.json": goodAccount, "in/text.http": "POST / HTTP/1.1\n"},
			"text.http: no blank line"},
		"CRLF": {map[string]string{"account.json": goodAccount,
			"in/text.http": "POST /webhooks/fake/demo HTTP/1.1\r\nA: b\r\n\n\n"}, "LF"},
		"request line": {map[string]string{"account.json": goodAccount, "in/text.http": "POST\n\n"}, "line 1"},
		"header": {map[string]string{"account.json": goodAccount,
			"in/text.http": "POST /webhooks/fake/demo HTTP/1.1\nno colon\n\n"}, "line 2"},
		"another path": {map[string]string{"account.json": goodAccount,
			"in/text.http": "POST /webhooks/line/demo HTTP/1.1\n\n"}, `want "/webhooks/fake/demo"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(folder(t, test.files))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestFormatIsInverseOfParse(t *testing.T) {
	text := "POST /webhooks/fake/demo?a=%20b HTTP/1.1\nContent-Type: application/json\nX-Two: a,b\n\n\x00\n\n{}\n"
	r, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(Format(r)); got != text {
		t.Errorf("Format gives %q, want %q", got, text)
	}
}
