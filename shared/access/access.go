// Package access says who may do what on the HTTP API: scopes, and the accounts and
// destinations they are for. What is not said is denied, and no scope brings another.
package access

import (
	"fmt"
	"slices"
)

// A Scope is a kind of thing that a caller may do.
type Scope string

// The scopes.
const (
	Read     Scope = "read"     // conversations, deliveries, what channels can
	Reply    Scope = "reply"    // answer in conversations
	Manage   Scope = "manage"   // change a conversation's state: assign, tag, close
	Outreach Scope = "outreach" // begin conversations, and send campaigns
	Admin    Scope = "admin"    // what operators do: see who did what
	PII      Scope = "pii"      // see identities, names, phones and addresses as they are
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{Read, Reply, Manage, Outreach, Admin, PII} }

// Names are what scopes are called.
func Names(scopes ...Scope) []string {
	list := make([]string, len(scopes))
	for i, s := range scopes {
		list[i] = string(s)
	}
	return list
}

// Any stands for all destinations or accounts.
const Any = "*"

// Rights are what somebody may do, and with whose conversations. The zero value is
// nothing.
type Rights struct {
	Scopes       []Scope  `json:"scopes"`
	Destinations []string `json:"destinations"` // for whom they may speak
	Accounts     []string `json:"accounts"`     // "channel/account": whose conversations they may see
}

// All are the rights to do everything.
func All() Rights {
	return Rights{Scopes: Scopes(), Destinations: []string{Any}, Accounts: []string{Any}}
}

// May says whether one of the scopes is there.
func (r Rights) May(any ...Scope) bool {
	return slices.ContainsFunc(any, func(s Scope) bool { return slices.Contains(r.Scopes, s) })
}

// Reaches says whether an account's conversations may be seen.
func (r Rights) Reaches(channel, account string) bool {
	return slices.Contains(r.Accounts, Any) || slices.Contains(r.Accounts, channel+"/"+account)
}

// SpeaksFor says whether what is said may come from a destination.
func (r Rights) SpeaksFor(destination string) bool {
	return slices.Contains(r.Destinations, Any) || slices.Contains(r.Destinations, destination)
}

// A Caller is who asks: somebody whom the authoriser knows.
type Caller struct {
	Principal string `json:"principal"` // the token's subject, or the ARN of a role's session
	Rights
}

// Roles are the rights of IAM roles, by their ARN. API Gateway tells who signed a
// request and not how their role is tagged, so that the rights stand in the
// configuration.
type Roles map[string]Rights

// Of are the rights of who signed a request, as API Gateway names them: for a role
// arn:aws:sts::123456789012:assumed-role/desk/session, which has lost the role's path.
// The path tells no two roles apart, since names are unique in an account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
func (r Roles) Of(user string) Rights {
	session, ok := parseSession(user)
	if !ok {
		return Rights{}
	}
	for arn, rights := range r {
		if role, ok := ParseRole(arn); ok && role == session {
			return rights
		}
	}
	return Rights{}
}

// Check finds two ARNs of what can be but one role.
func (r Roles) Check() error {
	seen := map[Role]string{}
	for arn := range r {
		role, _ := ParseRole(arn)
		if other, twice := seen[role]; twice {
			return fmt.Errorf("%s and %s", min(arn, other), max(arn, other))
		}
		seen[role] = arn
	}
	return nil
}
