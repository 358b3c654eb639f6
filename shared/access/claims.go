package access

import (
	"encoding/json"
	"slices"
	"strings"
)

// Claims of a JWT that say what its bearer may do. Scopes stand in scope (RFC 8693,
// RFC 9068) or scp; the lists have no registered name.
// https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3
const (
	claimSubject      = "sub"
	claimScope        = "scope"
	claimScopes       = "scp"
	claimDestinations = "relais_destinations"
	claimAccounts     = "relais_accounts"
)

// server is Relais as a resource server of an issuer that puts its name before a
// scope: "relais/read".
// https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html
const server = "relais/"

// OfClaims is the bearer of a token that the authoriser has verified; false where it
// names nobody. further are scopes that stand beside the claims.
func OfClaims(claims map[string]json.RawMessage, further []string) (Caller, bool) {
	var c Caller
	if json.Unmarshal(claims[claimSubject], &c.Principal) != nil || c.Principal == "" {
		return Caller{}, false
	}
	given := slices.Concat(words(claims[claimScope]), words(claims[claimScopes]), further)
	for _, s := range Scopes() {
		if slices.Contains(given, string(s)) || slices.Contains(given, server+string(s)) {
			c.Scopes = append(c.Scopes, s)
		}
	}
	c.Destinations, c.Accounts = words(claims[claimDestinations]), words(claims[claimAccounts])
	return c, true
}

// words are those of a claim: a text parted by spaces, or a list. API Gateway hands
// every claim on as a text, and makes "[a b]" of a list.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
func words(claim json.RawMessage) []string {
	var list []string
	if json.Unmarshal(claim, &list) == nil {
		return list
	}
	var text string
	if json.Unmarshal(claim, &text) != nil {
		return nil
	}
	if inner, ok := strings.CutPrefix(text, "["); ok && strings.HasSuffix(inner, "]") {
		text = strings.TrimSuffix(inner, "]")
	}
	return strings.Fields(text)
}
