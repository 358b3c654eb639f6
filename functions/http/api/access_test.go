package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/store"
)

// draft asks to show a message.
const draft = `{"outbound":{"content":[{"kind":"text","text":{"body":"Hi"}}]}}`

// sound are a path and a body with which an endpoint of the document does what it is for.
func (r *rig) sound(method, path string) (at, body string) {
	r.t.Helper()
	at = strings.NewReplacer("{conversation}", conversation("pager"), "{message}", events.OutboundID("k0"),
		"{destination}", "support").Replace(path)
	switch {
	case method == "GET":
		return at, ""
	case strings.HasSuffix(path, "/actions"):
		return at, `{"verb":"typing","active":true}`
	case strings.HasSuffix(path, "/commands"):
		return at, `{"do":"read","from":"support","seen":"00000000000000000001"}`
	case strings.HasSuffix(path, "/next"):
		return at, `{"assignee":"ana"}`
	case path == "/v1/render":
		return at, draft
	case path == "/v1/messages":
		return at, strings.Replace(says("k-all", "Hi"), "{", `{"to":{"conversation":"`+conversation("pager")+`"},`, 1)
	}
	return at, says("k-one", "Hi")
}

// TestEveryEndpointIsGuarded walks over the document. Each endpoint knows its callers, takes
// one of the scopes that the document names and no other, finds nothing of others' accounts,
// and has no further methods.
func TestEveryEndpointIsGuarded(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages", says("k0", "Hi"))
	r.queued(names.EnvOutbound)
	seen := 0
	for path, methods := range documented(t) {
		for _, method := range methods {
			seen++
			at, body := r.sound(method, path)
			where := method + " " + path
			r.ask(r.payload(method, at, body)).refused(t, unauthorised)
			r.as("nobody's", method, at, body).refused(t, unauthorised)
			scopes := r.documentedScopes(method, path)
			if path == "/v1/openapi.json" {
				if got := r.as("nothing", method, at, body); got.status != http.StatusOK || scopes != nil {
					t.Errorf("%s: %d for who has no scopes, and the document names %v", where, got.status, scopes)
				}
				continue
			}
			p := r.as("nothing", method, at, body).refused(t, forbidden)
			for _, s := range scopes {
				if !strings.Contains(p.Detail, string(s)) {
					t.Errorf("%s: %q does not name %s", where, p.Detail, s)
				}
			}
			if len(scopes) == 0 {
				t.Errorf("%s: the document names no scope", where)
			}
			for _, s := range access.Scopes() {
				got := r.as(string(s), method, at, body)
				if may := got.status != http.StatusForbidden; may != slices.Contains(scopes, s) && s != access.Outreach {
					t.Errorf("%s with the scope %s: %d, the document names %v", where, s, got.status, scopes)
				}
			}
			if stranger := "foreign"; strings.Contains(path, "{") {
				if strings.Contains(path, "{destination}") {
					stranger = "elsewhere"
				}
				r.as(stranger, method, at, body).refused(t, missing)
			}
			if !slices.Contains(methods, "DELETE") {
				r.call("DELETE", at, "").refused(t, notAllowed)
			}
		}
	}
	if seen != len(endpoints()) {
		t.Errorf("walked %d endpoints of %d", seen, len(endpoints()))
	}
}

// documentedScopes are those of which the document says that an operation takes one.
func (r *rig) documentedScopes(method, path string) []access.Scope {
	r.t.Helper()
	op := r.book.at(r.t, fmt.Sprintf("paths/%s/%s", strings.ReplaceAll(path, "/", "~1"), strings.ToLower(method))).(node)
	ways, _ := op["security"].([]any)
	var list []access.Scope
	for _, way := range ways {
		if scopes, ok := way.(node)["bearer"].([]any); ok {
			for _, s := range scopes {
				list = append(list, access.Scope(s.(string)))
			}
		}
	}
	return list
}

// TestForeignIsAsUnknown: what is of others' accounts answers word for word as what is not.
func TestForeignIsAsUnknown(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	id := r.said("k1")
	r.queued(names.EnvOutbound)
	c, nobody := conversation("pager"), events.ConversationID("pager", "demo", "nobody")
	contact := events.ContactID("pager", "demo", events.Identity{Scheme: events.Phone, Value: phone})
	to := func(member string) string { return strings.Replace(says("k2", "Hi"), "{", `{"to":{`+member+`},`, 1) }
	for _, x := range []struct{ method, path, body, unknownPath, unknownBody string }{
		{"GET", "/v1/conversations/" + c, "", "/v1/conversations/" + nobody, ""},
		{"GET", "/v1/conversations/" + c + "/messages", "", "/v1/conversations/" + nobody + "/messages", ""},
		{"GET", "/v1/messages/" + id, "", "/v1/messages/" + events.OutboundID("none"), ""},
		{"POST", "/v1/conversations/" + c + "/messages", says("k2", "Hi"), "/v1/conversations/" + nobody + "/messages",
			says("k2", "Hi")},
		{"POST", "/v1/conversations/" + c + "/actions", `{"verb":"typing"}`, "/v1/conversations/" + nobody + "/actions",
			`{"verb":"typing"}`},
		{"POST", "/v1/messages", to(`"conversation":"` + c + `"`), "/v1/messages", to(`"conversation":"` + nobody + `"`)},
		{"POST", "/v1/messages", to(`"channel":"pager","account":"demo","contact":"` + contact + `"`), "/v1/messages",
			to(`"channel":"pager","account":"demo","contact":"con_` + strings.Repeat("a", 26) + `"`)},
		{"POST", "/v1/messages", to(`"channel":"pager","account":"demo","identity":` +
			`{"scheme":"phone","value":"+15550100999"}`), "/v1/messages", to(`"conversation":"` + nobody + `"`)},
		// A key of somebody else's tells nothing either, be it of the same request or of another.
		{"POST", "/v1/conversations/" + c + "/messages", says("k1", "Hi"), "/v1/conversations/" + nobody + "/messages",
			says("k1", "Hi")},
		{"POST", "/v1/conversations/" + c + "/messages",
			strings.Replace(says("k1", "A text that needs two pages."), `{`, `{"metadata":[{"name":"case","value":"7"}],`, 1),
			"/v1/conversations/" + nobody + "/messages", says("k1", "Hi")},
		{"POST", "/v1/render", `{"outbound":` + to(`"conversation":"`+c+`"`) + `}`, "/v1/render",
			`{"outbound":` + to(`"conversation":"`+nobody+`"`) + `}`},
	} {
		got, want := r.as("foreign", x.method, x.path, x.body), r.as("foreign", x.method, x.unknownPath, x.unknownBody)
		if diff := cmp.Diff(want.body, got.body); diff != "" || got.status != http.StatusNotFound {
			t.Errorf("%s %s %s: %d (-unknown +foreign):\n%s", x.method, x.path, x.body, got.status, diff)
		}
	}
	r.nothing()
}

// TestOutreach: to write first, or to many, takes more than to answer.
func TestOutreach(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c := conversation("pager")
	first := strings.Replace(says("k1", "Hi"), "{",
		`{"to":{"channel":"pager","account":"demo","identity":{"scheme":"phone","value":"+15550100999"}},`, 1)
	campaign := strings.Replace(says("k2", "Hi"), "{", `{"priority":"bulk",`, 1)
	reply := "/v1/conversations/" + c + "/messages"
	for _, x := range []struct {
		token, path, body string
		want              int
	}{
		{"reply", "/v1/messages", first, 403}, {"outreach", "/v1/messages", first, 202},
		{"reply", reply, campaign, 403}, {"outreach", reply, campaign, 202},
		{"outreach", reply, says("k3", "Hi"), 403}, {"reply", reply, says("k3", "Hi"), 202},
	} {
		if got := r.as(x.token, "POST", x.path, x.body); got.status != x.want {
			t.Errorf("%s to %s %s: %d, want %d", x.token, x.path, x.body, got.status, x.want)
		}
	}
}

// TestRightsOfRolesAndTokens: what the configuration gives a role, and a token's claims its
// bearer, as API Gateway hands them on.
func TestRightsOfRolesAndTokens(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.hear("shutter", text(2, "Hello"))
	r.behindAuthoriser()
	role := func(arn string) string { return `{"iam":{"userArn":"` + arn + `"}}` }
	claims := func(more string) string { return `{"jwt":{"claims":{"sub":"desk"` + more + `},"scopes":null}}` }
	for _, x := range []struct {
		authorizer     string
		pager, shutter int
	}{
		{role("arn:aws:sts::123456789012:assumed-role/desk/ada"), 200, 404},
		{role("arn:aws:sts::210987654321:assumed-role/desk/ada"), 403, 403},
		{role("arn:aws:iam::123456789012:user/desk"), 403, 403},
		{claims(``), 403, 403},
		{claims(`,"scope":"read"`), 404, 404},
		{claims(`,"scope":"openid relais/read","relais_accounts":"*"`), 200, 200},
		{claims(`,"scp":"[openid read]","relais_accounts":"[pager/demo line/main]"`), 200, 404},
		{claims(`,"scope":"reader","relais_accounts":"*"`), 403, 403},
		{`{"jwt":{"claims":{"sub":"desk","relais_accounts":"*"},"scopes":["relais/read"]}}`, 200, 200},
	} {
		for name, want := range map[string]int{"pager": x.pager, "shutter": x.shutter} {
			got := r.ask(r.authorised(x.authorizer, "GET", "/v1/conversations/"+conversation(name), ""))
			if got.status != want {
				t.Errorf("%s: %d of %s, want %d", x.authorizer, got.status, name, want)
			}
		}
	}
}

// TestMasked: without the scope pii nothing that the API answers says who people are, and a
// message can be quoted and reacted to all the same.
func TestMasked(t *testing.T) {
	r := newRig(t)
	const number, said = "+15550100777", "call me"
	e := text(1, said)
	e.Data.Conversation = &events.Conversation{PlatformID: number}
	e.Data.Contact = &events.Contact{Name: "Ada Byron", Phone: number,
		Identities: []events.Identity{{Scheme: events.Phone, Value: number}}}
	e.Data.Message.PlatformID = number + "/1"
	e = r.hear("pager", e)
	c := "/v1/conversations/" + e.Subject
	r.call("POST", c+"/messages", says("k1", "Hi"))
	r.pager.err = &channel.Error{Class: events.ClassRecipient, Title: "15550100777 is nobody's"}
	r.sendAll(store.ReplyLane(e.Subject))
	for _, path := range []string{c, c + "/messages", c + "/messages?order=desc",
		"/v1/messages/" + events.OutboundID("k1")} {
		open, hidden := r.call("GET", path, ""), r.as("masked", "GET", path, "")
		for _, secret := range []string{"5550100777", "Ada", "Byron"} {
			if strings.Contains(hidden.body, secret) || hidden.status != http.StatusOK {
				t.Errorf("%s: %d with %s in %s", path, hidden.status, secret, hidden.body)
			}
		}
		if !strings.Contains(open.body, "5550100777") {
			t.Errorf("%s: masked for who may see: %s", path, open.body)
		}
		if strings.Contains(open.body, said) != strings.Contains(hidden.body, said) {
			t.Errorf("%s: what was said is masked: %s", path, hidden.body)
		}
	}
	r.queued(names.EnvOutbound)
	page := read[events.EventPage](t, r.as("masked", "GET", c+"/messages", ""))
	again := read[events.EventPage](t, r.as("masked", "GET", c+"/messages", ""))
	sealed := page.Items[0].Data.Message.PlatformID
	if sealed != again.Items[0].Data.Message.PlatformID || page.Items[0].Data.Message.ID != e.Data.Message.ID {
		t.Errorf("a masked message is not known again: %+v", page.Items[0].Data.Message)
	}
	edit := fmt.Sprintf(`{"verb":"edit","message":{"platformId":%q},`+
		`"content":[{"kind":"text","text":{"body":"x"}}]}`, sealed)
	if got := r.as("masked", "POST", c+"/actions", edit); got.status != http.StatusAccepted {
		t.Fatal(got)
	}
	if got := r.queued(names.EnvOutbound); len(got) != 1 || !strings.Contains(got[0], number+"/1") {
		t.Errorf("the sender is told %q, want the platform's id", got)
	}
	r.hear("pager", text(2, "Hello")) // another conversation
	for _, x := range []struct{ id, conversation string }{{sealed, conversation("pager")}, {"sealed.", e.Subject},
		{sealed[:len(sealed)-2] + "xx", e.Subject}, {"sealed.!", e.Subject}} {
		p := r.as("masked", "POST", "/v1/conversations/"+x.conversation+"/messages", quotes("k2", e, x.id)).refused(t,
			invalid)
		if len(p.Faults) != 1 || p.Faults[0].Path != "replyTo.platformId" {
			t.Errorf("%q in %s: %+v", x.id, x.conversation, p)
		}
	}
	if got := r.as("masked", "POST", c+"/messages", quotes("k3", e, sealed)); got.status != http.StatusAccepted {
		t.Error(got)
	}
	// The same request with the platform's own id is the same message.
	if got := r.call("POST", c+"/messages", quotes("k3", e, number+"/1")); got.status != http.StatusAccepted {
		t.Error(got)
	}
}

// quotes is a request to quote e, by an id of the platform.
func quotes(key string, e events.Event, platformID string) string {
	ref := fmt.Sprintf(`{"replyTo":{"id":%q,"platformId":%q},`, e.Data.Message.ID, platformID)
	return strings.Replace(says(key, "Hi"), "{", ref, 1)
}

// audited is what the audit says of today.
func (r *rig) audited() []events.AuditRecord {
	r.t.Helper()
	return read[events.AuditPage](r.t, r.as("admin", "GET", "/v1/audit", "")).Items
}

// TestAudit: what changes something leaves one record, whatever its outcome, and so does
// reading who people are; without content.
func TestAudit(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c := "/v1/conversations/" + conversation("pager")
	for _, x := range []struct {
		token, method, path, body string
		want                      *events.AuditRecord
	}{
		{"reply", "POST", c + "/messages", says("k1", "secret words"), &events.AuditRecord{Principal: "only reply",
			Operation: "sendToConversation", ID: conversation("pager"), Made: events.OutboundID("k1"), Status: 202,
			KeySHA256: hashOf("k1")}},
		{"reply", "POST", c + "/messages", says("k1", "other words"), &events.AuditRecord{Principal: "only reply",
			Operation: "sendToConversation", ID: conversation("pager"), Status: 409, KeySHA256: hashOf("k1")}},
		{"reply", "POST", c + "/messages", `{"content":[]}`, &events.AuditRecord{Principal: "only reply",
			Operation: "sendToConversation", ID: conversation("pager"), Status: 422}},
		{"reply", "POST", "/v1/messages", `{`, &events.AuditRecord{Principal: "only reply", Operation: "sendMessage",
			Status: 400}},
		{"read", "POST", c + "/messages", says("k2", "secret words"), &events.AuditRecord{Principal: "only read",
			Operation: "sendToConversation", ID: conversation("pager"), Status: 403, KeySHA256: hashOf("k2")}},
		{"foreign", "POST", c + "/actions", `{"verb":"typing"}`, &events.AuditRecord{Principal: "others", Operation: "act",
			ID: conversation("pager"), Status: 404}},
		{"reply", "POST", c + "/actions", `{"verb":"typing","active":true}`, &events.AuditRecord{Principal: "only reply",
			Operation: "act", ID: conversation("pager"), Status: 202}},
		{token, "GET", c + "/messages", "", &events.AuditRecord{Principal: "laptop", Operation: "listEvents",
			ID: conversation("pager"), Status: 200}},
		{"foreign", "GET", c + "/messages", "", nil},
		{"nobody's", "POST", c + "/messages", says("k3", "Hi"), nil},
		{"masked", "GET", c + "/messages", "", nil},
		{token, "GET", c, "", nil},
		{token, "POST", "/v1/render", draft, nil},
		{token, "DELETE", c, "", nil},
		{"admin", "GET", "/v1/audit", "", nil},
	} {
		before := r.audited()
		r.clock.Advance(time.Second)
		r.as(x.token, x.method, x.path, x.body)
		after := r.audited()
		var want []events.AuditRecord
		if x.want != nil {
			x.want.Time, x.want.Source = r.clock.Now(), "192.0.2.1"
			want = append(want, *x.want)
		}
		if diff := cmp.Diff(append(before, want...), after); diff != "" {
			t.Errorf("%s %s as %s (-want +got):\n%s", x.method, x.path, x.token, diff)
		}
	}
	doc, err := json.Marshal(r.audited())
	if err != nil || strings.Contains(string(doc), "words") || strings.Contains(string(doc), `"k1"`) {
		t.Errorf("the audit holds content: %s %v", doc, err)
	}
}

func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// TestAuditPages: a day is read in pages, each record once, and only with a day and a cursor
// that are some.
func TestAuditPages(t *testing.T) {
	r := newRig(t)
	const n = 2*auditPage + 1
	for i := range n {
		r.clock.Advance(time.Second)
		r.as("reply", "POST", "/v1/messages", "{", "Idempotency-Key", fmt.Sprint(i))
	}
	seen, cursor := 0, ""
	for {
		page := read[events.AuditPage](t, r.as("admin", "GET", "/v1/audit"+query("day", "2026-08-01", "cursor", cursor), ""))
		for _, record := range page.Items {
			if record.KeySHA256 != hashOf(fmt.Sprint(seen)) {
				t.Fatalf("record %d is %+v", seen, record)
			}
			seen++
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	if seen != n {
		t.Errorf("%d records of %d", seen, n)
	}
	if list := read[events.AuditPage](t, r.as("admin", "GET", "/v1/audit?day=2026-08-02", "")).Items; len(list) != 0 {
		t.Errorf("another day has %v", list)
	}
	for _, q := range []string{query("day", "yesterday"), query("day", "2026-08-01:0"), query("cursor", "x")} {
		r.as("admin", "GET", "/v1/audit"+q, "").refused(t, invalid)
	}
}

// TestAuditFails: what has happened is told as it happened, and its record is in the log.
// Who people are is not shown to whom nobody can name later.
func TestAuditFails(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	c := "/v1/conversations/" + conversation("pager")
	r.breaks("dynamodb:PutItem") // a message is stored by a transaction
	if got := r.call("POST", c+"/messages", says("k1", "secret words")); got.status != http.StatusAccepted {
		t.Errorf("an accepted message is told as %d", got.status)
	}
	log := r.logs.String()
	if !strings.Contains(log, `\"operation\":\"sendToConversation\"`) || strings.Contains(log, "words") {
		t.Errorf("the log has no record, or too much: %s", log)
	}
	r.call("GET", c+"/messages", "").refused(t, unavailable)
	if got := r.as("masked", "GET", c+"/messages", ""); got.status != http.StatusOK {
		t.Errorf("masked: %d", got.status)
	}
	r.breaks("")
	if got := r.queued(names.EnvOutbound); len(got) != 1 {
		t.Errorf("%d rings, want 1", len(got))
	}
	if got := r.audited(); len(got) != 0 {
		t.Errorf("the audit has %v", got)
	}
}
