package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/topology"
)

// fetch is a request to the gateway; it returns the status, a header and the body.
func fetch(t *testing.T, method, url, session, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if session != "" {
		r.Header.Set("Authorization", "Bearer "+session)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r.Host = r.Header.Get("Host")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// TestPage: a browser gets a page with the widget, under a policy that allows
// nothing inline, and the demo agent answers who chats there.
func TestPage(t *testing.T) {
	out, _ := up(t)
	base := addresses(t, out.String()).URL
	resp, page := fetch(t, "GET", base+"/", "", "", "Accept", "text/html")
	policy := resp.Header.Get("Content-Security-Policy")
	if !strings.Contains(page, `data-app="demo"`) || strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy,
		"default-src 'none'") {
		t.Errorf("the page has the policy %q and says\n%s", policy, page)
	}
	for _, path := range []string{"/page/page.js", "/page/page.css"} {
		if resp, text := fetch(t, "GET", base+path, "", ""); resp.StatusCode != http.StatusOK || text == "" {
			t.Errorf("%s is answered %d", path, resp.StatusCode)
		}
	}
	if !strings.Contains(page, `src="/widget/relais.js"`) {
		t.Errorf("the page loads another script:\n%s", page)
	}
	checkWidget(t, base)
	_, token := fetch(t, "GET", base+"/page/token?user=ana", "", "")
	resp, text := fetch(t, "POST", base+"/v1/inapp/demo/sessions", "", `{"device":"test","userToken":"`+token+`"}`,
		"Origin", base)
	var opened struct{ Session, User string }
	if err := json.Unmarshal([]byte(text), &opened); err != nil || resp.StatusCode != http.StatusCreated ||
		opened.User != "ana" {
		t.Fatalf("a session was answered %d %s", resp.StatusCode, text)
	}
	doc, err := json.Marshal(map[string]any{"v": 1, "action": "send", "clientMsgId": "m1",
		"content": events.NewText("form")})
	if err != nil {
		t.Fatal(err)
	}
	if resp, text := fetch(t, "POST", base+"/v1/inapp/demo/events", opened.Session,
		string(doc)); resp.StatusCode != http.StatusAccepted {
		t.Fatalf("answered %d %s", resp.StatusCode, text)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		_, text = fetch(t, "GET", base+"/v1/inapp/demo/messages", opened.Session, "")
		if strings.Contains(text, "Where shall we send it?") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no answer: %s", text)
		}
	}
}

// checkWidget wants the widget's files as the CDN serves them, and nothing beside them.
func checkWidget(t *testing.T, base string) {
	t.Helper()
	for _, name := range topology.WidgetFiles() {
		built, err := os.ReadFile(filepath.Join("../../functions/channels/inapp/widget/dist", name))
		if err != nil {
			t.Fatal(err)
		}
		resp, text := fetch(t, "GET", base+"/widget/"+name, "", "")
		if resp.StatusCode != http.StatusOK || text != string(built) {
			t.Errorf("%s is answered %d with %d bytes, want %d", name, resp.StatusCode, len(text), len(built))
		}
		for header, want := range topology.WidgetHeaders() {
			if got := resp.Header.Get(header); got != want {
				t.Errorf("%s has %s %q, want %q", name, header, got, want)
			}
		}
		if again, _ := fetch(t, "GET", base+"/widget/"+name, "", "", "If-None-Match",
			resp.Header.Get("Etag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s is answered %d to who has it", name, again.StatusCode)
		}
	}
	for _, x := range [][2]string{{"GET", "/widget/"}, {"GET", "/widget/client.d.ts"}, {"GET", "/widget/../README.md"},
		{"POST", "/widget/relais.js"}, {"GET", "/v1/inapp/relais.js"}} {
		if resp, _ := fetch(t, x[0], base+x[1], "", ""); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s is answered %d", x[0], x[1], resp.StatusCode)
		}
	}
}
