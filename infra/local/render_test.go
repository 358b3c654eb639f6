package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
)

// TestRender: one channel or all, from the contract's samples; what is wrong is
// told with its place.
func TestRender(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"render", "--channel", "sms", "../../events/samples/out/choice.14.json"}, &out,
		io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sms\n", "part 0, choice: fallback, loss interaction", "call 1", "14. Option 14"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
	out.Reset()
	if err := run(t.Context(), []string{"render", "../../events/samples/out/text.json"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "part 0, text: native"); n != len(functions.Channels()) {
		t.Errorf("%d channels show a text natively, want all of %d", n, len(functions.Channels()))
	}
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"idempotencyKey":"k","to":{"conversation":"cnv_x"},"content":[]}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ args, want string }{
		{"--channel fax ../../events/samples/out/text.json", `no channel is called "fax"`},
		{bad, "content"},
		{"nowhere.json", "nowhere.json"},
		{"", "<file>"},
	} {
		if err := run(t.Context(), append([]string{"render"}, strings.Fields(x.args)...), io.Discard,
			io.Discard); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("render %s: error %v, want one with %q", x.args, err, x.want)
		}
	}
}

// TestPlatformPages: a customer writes through the page, a platform is made to
// fail, and nothing that is shown is taken for HTML.
func TestPlatformPages(t *testing.T) {
	config, err := topology.Load(configFile, functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	s, err := system.Start(t.Context(), system.Options{Config: config, Root: "../..", Out: io.Discard,
		PublicURL: "http://x", AWSURL: "http://y"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pages := platformPages(s)
	post := func(path string, form url.Values) int {
		r := httptest.NewRequest("POST", platformsPath+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, r)
		return w.Code
	}
	for _, x := range []struct {
		path string
		form url.Values
		want int
	}{
		{"/say", url.Values{"channel": {"line"}, "text": {"<script>"}}, http.StatusSeeOther},
		{"/say", url.Values{"channel": {"fax"}, "text": {"Hello"}}, http.StatusBadRequest},
		{"/fail", url.Values{"channel": {"line"}, "fault": {"throttled"}}, http.StatusSeeOther},
		{"/fail", url.Values{"channel": {"line"}, "fault": {"tired"}}, http.StatusBadRequest},
		{"/fail", url.Values{"channel": {"fax"}, "fault": {"lost"}}, http.StatusBadRequest},
	} {
		if got := post(x.path, x.form); got != x.want {
			t.Errorf("%s %v is answered %d, want %d", x.path, x.form, got, x.want)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://api.line.me/v2/bot/message/push",
		strings.NewReader("<script>alert(1)</script>"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.World.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, httptest.NewRequest("GET", platformsPath, nil))
	if page := w.Body.String(); strings.Contains(page, "<script>") || !strings.Contains(page, "throttled") ||
		!strings.Contains(page, "api.line.me") {
		t.Errorf("the page is\n%s", page)
	}
}
