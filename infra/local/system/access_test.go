package system_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/access"
)

// with asks the API with a token.
func (d *desk) with(token, method, path, body string) (int, string) {
	d.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	return d.do(r)
}

// TestTokensOfALaptop: each does what it is for, with what the topology grants the API. The
// audit tells apart who did what.
func TestTokensOfALaptop(t *testing.T) {
	d := newDesk(t, deskConfig)
	e := d.writes("line", "Hello?")
	path := "/v1/conversations/" + e.Subject
	identity := e.Data.Contact.Identities[0].Value
	said := `{"idempotencyKey":"KEY","content":[{"kind":"text","text":{"body":"Hi"}}]}`
	for i, token := range d.sys.Tokens {
		all, writes := i == 0, token.May(access.Reply)
		status, body := d.with(token.Value, "GET", path+"/messages", "")
		if status != 200 || strings.Contains(body, identity) != all {
			t.Errorf("%s reads %d %s", token.Principal, status, body)
		}
		status, body = d.with(token.Value, "POST", path+"/messages", strings.Replace(said, "KEY", token.Value, 1))
		if want := map[bool]int{true: 202, false: 403}[writes]; status != want {
			t.Errorf("%s answers: %d %s, want %d", token.Principal, status, body, want)
		}
		if status, _ = d.with(token.Value, "GET", "/v1/audit", ""); (status == 200) != all {
			t.Errorf("%s reads the audit: %d", token.Principal, status)
		}
	}
	_, audit := d.with(d.sys.APIToken, "GET", "/v1/audit", "")
	for _, token := range d.sys.Tokens {
		if !strings.Contains(audit, `"principal":"`+token.Principal+`"`) || strings.Contains(audit, token.Value) {
			t.Errorf("the audit does not tell of %s, or its token: %s", token.Principal, audit)
		}
	}
}

// TestAuditIsNotTheAPIsToChange: its function adds to the audit and reads it.
func TestAuditIsNotTheAPIsToChange(t *testing.T) {
	d := newDesk(t, deskConfig)
	for action, want := range map[string]bool{"dynamodb:PutItem": true, "dynamodb:Query": true,
		"dynamodb:UpdateItem": false, "dynamodb:DeleteItem": false} {
		if got := d.sys.AllowsKey("api", action, "table/relais", "audit:2026-08-01:0"); got != want {
			t.Errorf("%s: %t", action, got)
		}
	}
	if d.sys.AllowsKey("api", "dynamodb:Query", "table/relais", "cnv_a") {
		t.Error("it queries more than the audit")
	}
	for partition, want := range map[string]bool{"cnv_a": true, "out:cnv_a": true, "user:a": false, "rate:a": false,
		"socket:a": false, "account:line/demo": false} {
		if got := d.sys.AllowsKey("api", "dynamodb:GetItem", "table/relais", partition); got != want {
			t.Errorf("the API reads %s: %t", partition, got)
		}
	}
}
