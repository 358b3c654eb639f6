package access_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/access"
)

// TestRolesOfSessions: a session names its role without the path. Everybody else who can
// sign a request has no rights.
func TestRolesOfSessions(t *testing.T) {
	desk := access.Rights{Scopes: []access.Scope{access.Read}}
	roles := access.Roles{"arn:aws:iam::123456789012:role/teams/eu/desk": desk,
		"arn:aws-cn:iam::123456789012:role/china": desk, "arn:aws:iam::123456789012:role/a=b,c.d@e_f-g+h": desk}
	for user, want := range map[string]bool{
		"arn:aws:sts::123456789012:assumed-role/desk/ada@example.com": true,
		"arn:aws:sts::123456789012:assumed-role/desk/i-0123":          true,
		"arn:aws-cn:sts::123456789012:assumed-role/china/x":           true,
		"arn:aws:sts::123456789012:assumed-role/a=b,c.d@e_f-g+h/x":    true,
		"arn:aws:sts::123456789012:assumed-role/Desk/x":               false,
		"arn:aws:sts::210987654321:assumed-role/desk/x":               false,
		"arn:aws-cn:sts::123456789012:assumed-role/desk/x":            false,
		"arn:aws:sts::123456789012:assumed-role/china/x":              false,
		"arn:aws:sts::123456789012:assumed-role/desk2/desk":           false,
		"arn:aws:sts::123456789012:assumed-role/x/desk":               false,
		"arn:aws:sts::123456789012:assumed-role/teams/eu/desk/x":      false,
		"arn:aws:sts::123456789012:assumed-role/desk":                 false,
		"arn:aws:sts::123456789012:federated-user/desk":               false,
		"arn:aws:iam::123456789012:user/desk":                         false,
		"arn:aws:iam::123456789012:role/teams/eu/desk":                false,
		"arn:aws:iam::123456789012:root":                              false,
		"":                                                            false,
	} {
		if got := roles.Of(user).May(access.Read); got != want {
			t.Errorf("%q may read: %t, want %t", user, got, want)
		}
	}
}

func TestTwoNamesOfOneRole(t *testing.T) {
	const a, b = "arn:aws:iam::123456789012:role/desk", "arn:aws:iam::123456789012:role/teams/desk"
	err := access.Roles{a: {}, b: {}, "arn:aws:iam::210987654321:role/desk": {}}.Check()
	if err == nil || err.Error() != a+" and "+b {
		t.Errorf("got %v", err)
	}
	if err := (access.Roles{a: {}, "arn:aws:iam::210987654321:role/desk": {}}).Check(); err != nil {
		t.Error(err)
	}
}

// TestClaims reads claims as issuers write them and API Gateway hands them on.
func TestClaims(t *testing.T) {
	read, reply := access.Read, access.Reply
	for _, x := range []struct {
		claims  string
		further []string
		want    *access.Caller
	}{
		{`{"sub":"desk"}`, nil, &access.Caller{Principal: "desk"}},
		{`{"sub":"auth0|a b"}`, nil, &access.Caller{Principal: "auth0|a b"}},
		{`{"sub":""}`, nil, nil},
		{`{}`, nil, nil},
		{`{"sub":7}`, nil, nil},
		{`{"sub":"d","scope":"relais/read reply openid","relais_accounts":"[line/a line/b]",` +
			`"relais_destinations":"support"}`,
			nil, &access.Caller{Principal: "d", Rights: access.Rights{Scopes: []access.Scope{read, reply},
				Destinations: []string{"support"}, Accounts: []string{"line/a", "line/b"}}}},
		{`{"sub":"d","scp":"[read relais/reply]","relais_accounts":"*"}`, nil, &access.Caller{Principal: "d",
			Rights: access.Rights{Scopes: []access.Scope{read, reply}, Accounts: []string{access.Any}}}},
		{`{"sub":"d","scp":["read"],"relais_destinations":["a","b"]}`, nil, &access.Caller{Principal: "d",
			Rights: access.Rights{Scopes: []access.Scope{read}, Destinations: []string{"a", "b"}}}},
		{`{"sub":"d","scope":"read read","scp":"relais/read"}`, []string{"relais/reply"}, &access.Caller{Principal: "d",
			Rights: access.Rights{Scopes: []access.Scope{read, reply}}}},
		{`{"sub":"d","scope":"crm/read relais/ read.all Read relais/relais/reply https://x/admin"}`, nil,
			&access.Caller{Principal: "d"}},
		{`{"sub":"d","scope":{"read":true},"scp":7,"relais_accounts":null}`, nil, &access.Caller{Principal: "d"}},
	} {
		var claims map[string]json.RawMessage
		if err := json.Unmarshal([]byte(x.claims), &claims); err != nil {
			t.Fatal(err)
		}
		got, ok := access.OfClaims(claims, x.further)
		if ok != (x.want != nil) {
			t.Errorf("%s: known %t", x.claims, ok)
		}
		if x.want == nil {
			continue
		}
		if diff := cmp.Diff(*x.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", x.claims, diff)
		}
	}
}

// TestDeniedByDefault: who was given nothing has nothing, and no scope brings another.
func TestDeniedByDefault(t *testing.T) {
	var nobody access.Rights
	if nobody.May(access.Scopes()...) || nobody.May() || nobody.Reaches("line", "a") || nobody.SpeaksFor("support") {
		t.Error("the zero value has rights")
	}
	admin := access.Rights{Scopes: []access.Scope{access.Admin}, Accounts: []string{"line/a"},
		Destinations: []string{"support"}}
	if admin.May(access.Read, access.PII) || !admin.May(access.Read, access.Admin) {
		t.Error("admin is one scope")
	}
	if admin.Reaches("line", "b") || admin.Reaches("line", "") || !admin.Reaches("line", "a") {
		t.Error("accounts are not those of the list")
	}
	if admin.SpeaksFor("shop") || !admin.SpeaksFor("support") {
		t.Error("destinations are not those of the list")
	}
	if all := access.All(); !all.May(access.PII) || !all.Reaches("a", "b") || !all.SpeaksFor("c") {
		t.Error("all is not all")
	}
}
