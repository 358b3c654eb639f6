package api

import (
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/store"
)

// TestForeignIDs: an id is no authority. Each route of the document that has an id in
// its path is asked with every other id that a caller may have seen, and with the keys
// of what is kept beside: it is not found, nothing of it is told, and nothing begins.
func TestForeignIDs(t *testing.T) {
	const marker = "canary-marker"
	r := newRig(t)
	e := r.hear("shutter", text(1, marker))
	r.hear("pager", text(2, marker))
	message := r.said("k1")
	r.queued(names.EnvOutbound)
	if err := store.NewDevices(r.store).AddTicket(t.Context(), "hash", []byte(marker), noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := store.NewDevices(r.store).Connect(t.Context(), "socket1", "cnv_elsewhere", []byte(marker),
		noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	conversation := conversation("shutter")
	ids := []string{conversation, message, e.ID, e.Data.Message.ID, events.ContactID("shutter", "demo",
		events.Identity{Scheme: events.Phone, Value: phone}),
		events.ConversationID("shutter", "other", phone), events.ConversationID("pager", "demo", "nobody"),
		"later:" + message, "sending:" + conversation,
		"ticket:hash", "socket:socket1", "socket1", "account:shutter/demo", "shutter/demo", "demo", "*", "%00", "..",
		"cnv_", "msg_", strings.ToUpper(conversation), "platform:inbox", "nowhere"}
	own := map[string][]string{"conversation": {conversation}, "message": {message, e.Data.Message.ID}}
	for path, methods := range documented(t) {
		before, rest, ok := strings.Cut(path, "{")
		if !ok {
			continue
		}
		parameter, after, _ := strings.Cut(rest, "}")
		for _, method := range methods {
			for _, id := range ids {
				if slices.Contains(own[parameter], id) {
					continue
				}
				body, header := "", []string{}
				if method == "POST" {
					body, header = `{"content":[{"kind":"text","text":{"body":"hello"}}]}`, []string{"Idempotency-Key", "foreign"}
					switch {
					case strings.HasSuffix(path, "/actions"):
						body = `{"verb":"typing"}`
					case strings.HasSuffix(path, "/commands"):
						body = `{"do":"close"}`
					case strings.HasSuffix(path, "/next"):
						body = `{"assignee":"ana"}`
					}
				}
				got := r.call(method, before+url.PathEscape(id)+after, body, header...)
				if got.status != 404 || strings.Contains(got.body, marker) || strings.Contains(got.body, phone) {
					t.Errorf("%s %s with %q: answered %d %s, want 404 and nothing of anybody's", method, path, id, got.status,
						got.body)
				}
			}
		}
	}
	r.nothing()
}

// documented are the paths of the document, with their methods.
func documented(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	list := map[string][]string{}
	for path, operations := range doc.Paths {
		for method := range operations {
			if method == "get" || method == "post" || method == "put" || method == "patch" || method == "delete" {
				list[path] = append(list[path], strings.ToUpper(method))
			}
		}
	}
	return list
}
