// Package play plays what Google's channels share: who signs for it, the endpoint that
// mints access tokens, and the way its APIs refuse.
package play

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

// The issuers of the tokens with which Google posts.
// https://developers.google.com/workspace/chat/verify-requests-from-chat
const (
	Accounts = "https://accounts.google.com"
	Chat     = "chat@system.gserviceaccount.com"
)

// A Claim is what a token says: who made it, for whom, and whom it speaks for.
type Claim struct{ Issuer, Audience, Email string }

// tokenLife is how long Google's tokens are valid.
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest
const tokenLife = time.Hour

// Sign gives r the token of w at the time of receipt, and the keys that Google would
// serve if the test key were its own. Nobody can sign for an empty audience, so r then
// stays as it is.
func Sign(r *channel.Request, w Claim) {
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(TestKey))
	if err != nil || w.Audience == "" {
		return
	}
	c := jwt.MapClaims{"iss": w.Issuer, "aud": w.Audience, "iat": r.Received.Unix(),
		"exp": r.Received.Add(tokenLife).Unix()}
	if w.Email != "" {
		c["email"], c["email_verified"] = w.Email, true
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	token.Header["kid"] = TestKeyID
	text, err := token.SignedString(private)
	if err != nil {
		return
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Authorization", "Bearer "+text)
	r.Keys, _ = json.Marshal(map[string]any{"keys": []any{map[string]string{ // texts only
		"kty": "RSA", "kid": TestKeyID, "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(private.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(private.E)).Bytes()),
	}}})
}

// credential is the account's key of a service account, a JSON file.
const credential = "service_account_key"

// accountKey reads the key of a's service account.
func accountKey(a channel.Account) (client string, public *rsa.PublicKey) {
	var k struct {
		Key    string `json:"private_key"`
		Client string `json:"client_email"`
	}
	if json.Unmarshal([]byte(a.Value(credential)), &k) != nil {
		return "", nil
	}
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(k.Key))
	if err != nil {
		return "", nil
	}
	return k.Client, &private.PublicKey
}

// oauth is the page of the token endpoint.
const oauth = "https://developers.google.com/identity/protocols/oauth2/service-account"

// Tokens is the endpoint that mints access tokens of scope.
func Tokens(scope string) play.API {
	grant := play.Refusal{Status: 400, Code: "invalid_grant", Text: "Invalid JWT Signature."}
	request := play.Refusal{Status: 400, Code: "invalid_request", Text: "Bad Request"}
	genuine := play.That("an assertion that the service account signed, for this scope", func(t play.Taken, _ any) bool {
		return genuine(t, scope)
	})
	return play.API{
		Name: "Google OAuth 2.0", Hosts: []string{"oauth2.googleapis.com"}, Missing: request, Unknown: grant, Else: request,
		Write: func(r play.Refusal, _ []play.Broken) play.Answer {
			return play.Text(r.Status, `{"error":%q,"error_description":%q}`, r.Code, r.Text)
		},
		Endpoints: []play.Endpoint{{
			Method: "POST", Path: "/token", Docs: oauth + "#httprest", Body: play.Form,
			Rules: []play.Rule{
				{At: "grant_type", Must: play.Given(play.Is("urn:ietf:params:oauth:grant-type:jwt-bearer"))},
				{At: "assertion", Must: play.Given(genuine), Else: grant},
			},
			Answer: func(t play.Taken) play.Answer {
				seconds := int(tokenLife.Seconds()) - 1
				return play.Text(200, `{"access_token":%q,"expires_in":%d,"token_type":"Bearer"}`, token(t.Account, scope),
					seconds)
			},
		}},
	}
}

func genuine(t play.Taken, scope string) bool {
	client, public := accountKey(t.Account)
	if public == nil || client == "" {
		return false
	}
	claimed := jwt.MapClaims{}
	_, err := jwt.NewParser(
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithIssuer(client),
		jwt.WithAudience("https://oauth2.googleapis.com/token"), jwt.WithTimeFunc(func() time.Time { return t.Received }),
	).ParseWithClaims(t.Get("assertion"), claimed, func(*jwt.Token) (any, error) { return public, nil })
	return err == nil && claimed["scope"] == scope
}

// token is the access token that Tokens gives.
func token(a channel.Account, scope string) string {
	return "ya29.test-" + channel.Digest([]byte(a.Value(credential)), scope)
}

// The refusals of Google's APIs. https://google.aip.dev/193
var (
	Unauthenticated = play.Refusal{Status: 401, Code: "UNAUTHENTICATED",
		Text: "Request had invalid authentication credentials."}
	Exhausted = play.Refusal{Status: 429, Code: "RESOURCE_EXHAUSTED",
		Text: "Quota exceeded for quota metric 'Message writes'."}
	NotFound  = play.Refusal{Status: 404, Code: "NOT_FOUND", Text: "Requested entity was not found."}
	Invalid   = play.Refusal{Status: 400, Code: "INVALID_ARGUMENT", Text: "Request contains an invalid argument."}
	Malformed = play.Refusal{Status: 400, Code: "INVALID_ARGUMENT", Text: "Invalid JSON payload received."}
)

// API is one of Google's, called with a token of scope.
func API(name, scope string, hosts []string, endpoints ...play.Endpoint) play.API {
	return play.API{
		Name: name, Hosts: hosts, Unknown: Unauthenticated, Missing: NotFound, Else: Invalid,
		Knows:  func(t play.Taken) bool { return t.Header.Get("Authorization") == "Bearer "+token(t.Account, scope) },
		Faults: map[play.Fault]play.Refusal{play.Throttled: Exhausted, play.Gone: NotFound, play.Invalid: Invalid},
		Write: func(r play.Refusal, broken []play.Broken) play.Answer {
			text := r.Text
			if len(broken) > 0 {
				text += " " + broken[0].Place + ": " + broken[0].Must.Says
			}
			return play.Text(r.Status, `{"error":{"code":%d,"message":%q,"status":%q}}`, r.Status, text, r.Code)
		},
		Endpoints: endpoints,
	}
}

// JSON is a body of Google's APIs.
var JSON = play.JSON.Or(Malformed)
