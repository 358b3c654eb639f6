// Package google holds what Google's channels share: the bearer tokens with which
// Google's services prove who calls a webhook, the envelope of Pub/Sub, and the
// access tokens and errors of the APIs.
package google

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/shared/channel"
)

// A Caller is whom a bearer token must come from.
type Caller struct {
	Issuer   string // Accounts for an ID token, else the service account that signs as itself
	Audience string // for whom the token was made, byte for byte
	Email    string // the service account that an ID token speaks for; empty without one
}

// Accounts issues ID tokens. Google writes it with and without the scheme.
// https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
const (
	Accounts     = "https://accounts.google.com"
	accountsBare = "accounts.google.com"
)

// Chat is the service account of Google Chat.
// https://developers.google.com/workspace/chat/verify-requests-from-chat
const Chat = "chat@system.gserviceaccount.com"

// Where the public keys of ID tokens and of Google Chat are, as JSON Web Keys.
const (
	accountKeys = "https://www.googleapis.com/oauth2/v3/certs"
	chatKeys    = "https://www.googleapis.com/service_accounts/v1/jwk/" + Chat
)

const (
	header = "Authorization"
	scheme = "Bearer "
	// maxToken is several times the length of any token that Google sends.
	maxToken = 4096
	// leeway is how far Google's clock and ours may be apart.
	leeway = time.Minute
)

// claims of a bearer token.
type claims struct {
	jwt.RegisteredClaims
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
}

// KeysURL is where the keys are with which r's token says it is signed; "" when
// it names no issuer of ours. The token is not verified yet: it chooses between two
// addresses of Google, and Verify believes each issuer under its own keys only.
func KeysURL(r channel.Request) string {
	token, err := bearer(r)
	if err != nil {
		return ""
	}
	var c claims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &c); err != nil {
		return ""
	}
	switch issuer(c) {
	case Accounts:
		return accountKeys
	case Chat:
		return chatKeys
	}
	return ""
}

// issuer is who issued the token of c, in one spelling.
func issuer(c claims) string {
	if c.Issuer == accountsBare {
		return Accounts
	}
	return c.Issuer
}

// Verify checks that r's bearer token was signed by one of r.Keys, is valid at the
// time of receipt, and names one of callers. An ID token proves nothing without its
// e-mail address: Google makes one for our audience for whoever asks.
func Verify(r channel.Request, callers []Caller) error {
	token, err := bearer(r)
	if err != nil {
		return err
	}
	var c claims
	_, err = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithStrictDecoding(),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
		jwt.WithTimeFunc(func() time.Time { return r.Received }),
	).ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		kid, _ := t.Header["kid"].(string)
		return publicKey(r.Keys, kid)
	})
	if err != nil {
		return refusal(err)
	}
	if c.IssuedAt == nil || !slices.ContainsFunc(callers, c.names) {
		return channel.Refuse(channel.BadSignature)
	}
	return nil
}

// names says whether c are the claims of a token that comes from w.
func (c claims) names(w Caller) bool {
	if w.Issuer == "" || strings.TrimSpace(w.Audience) == "" || issuer(c) != w.Issuer {
		return false
	}
	if len(c.Audience) != 1 || c.Audience[0] != w.Audience {
		return false
	}
	return w.Issuer != Accounts || w.Email != "" && c.Email == w.Email && c.EmailVerified
}

// bearer is r's token.
func bearer(r channel.Request) (string, error) {
	value := r.Joined(header)
	if value == "" {
		return "", channel.Refuse(channel.NoSignature)
	}
	token, ok := strings.CutPrefix(value, scheme)
	if !ok || token == "" || len(token) > maxToken || strings.ContainsAny(token, " ,\r\n") {
		return "", channel.Refuse(channel.Malformed)
	}
	return token, nil
}

func refusal(err error) error {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return channel.Refuse(channel.Malformed)
	case errors.Is(err, jwt.ErrTokenExpired), errors.Is(err, jwt.ErrTokenNotValidYet),
		errors.Is(err, jwt.ErrTokenUsedBeforeIssued):
		return channel.Refuse(channel.Stale)
	}
	return channel.Refuse(channel.BadSignature)
}
