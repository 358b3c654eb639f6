package google

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// TokenHost mints the access tokens of service accounts.
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest
const TokenHost = "oauth2.googleapis.com"

const (
	tokenURL  = "https://" + TokenHost + "/token"
	grantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

// tokenLife is how long Google's tokens are valid.
const tokenLife = time.Hour

// ServiceAccount is the credential with the key of a service account.
const ServiceAccount = "service_account_key"

// accountKey is the file that the Cloud console gives out for a service account.
// https://docs.cloud.google.com/iam/docs/keys-create-delete#creating
type accountKey struct {
	KeyID  string `json:"private_key_id"`
	Key    string `json:"private_key"`
	Client string `json:"client_email"`
}

// credentials reads the key of a's service account.
func credentials(a channel.Account) (k accountKey, private *rsa.PrivateKey, err error) {
	if json.Unmarshal([]byte(a.Value(ServiceAccount)), &k) != nil || k.Client == "" {
		return k, nil, unusable("is not the JSON file of a service account")
	}
	if private, err = jwt.ParseRSAPrivateKeyFromPEM([]byte(k.Key)); err != nil {
		return k, nil, unusable("holds no RSA key")
	}
	return k, private, nil
}

func unusable(why string) *channel.Error {
	return &channel.Error{Class: events.ClassAuth, Title: ServiceAccount + " " + why,
		Remedy: "make a new key in the Cloud console and store the whole file"}
}

// Token mints an access token of scope for the service account of e.Account.
// https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
func Token(ctx context.Context, e channel.Env, scope string) (channel.Token, error) {
	k, private, err := credentials(e.Account)
	if err != nil {
		return channel.Token{}, err
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": k.Client, "aud": tokenURL, "scope": scope, "iat": e.Now.Unix(), "exp": e.Now.Add(tokenLife).Unix(),
	})
	token.Header["kid"] = k.KeyID
	signed, err := token.SignedString(private)
	if err != nil {
		return channel.Token{}, unusable("cannot sign")
	}
	form := url.Values{"grant_type": {grantType}, "assertion": {signed}}
	r, err := e.Do(ctx, http.MethodPost, tokenURL, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
		[]byte(form.Encode()))
	if err != nil {
		return channel.Token{}, err
	}
	return minted(r, e.Now)
}

// minted reads the token endpoint's answer.
// https://www.rfc-editor.org/rfc/rfc6749#section-5
func minted(r channel.Reply, now time.Time) (channel.Token, error) {
	var w struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
		Error   string `json:"error"`
	}
	if !r.OK() {
		_ = json.Unmarshal(r.Body, &w) // without a code the status says enough
		e := r.Failure()
		if r.Status == http.StatusBadRequest {
			e.Class = events.ClassAuth
		}
		if w.Error != "" {
			e.Code, e.Remedy = w.Error, "check that the service account and its key still exist"
		}
		return channel.Token{}, e
	}
	if err := r.Decode(&w); err != nil {
		return channel.Token{}, err
	}
	if w.Token == "" || w.Seconds <= 0 {
		return channel.Token{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a token"}
	}
	return channel.Token{Value: w.Token, ExpiresAt: now.Add(time.Duration(w.Seconds) * time.Second)}, nil
}

// An APIError is how Google's APIs refuse.
// https://cloud.google.com/apis/design/errors
type APIError struct {
	Status  string // ALREADY_EXISTS …
	Message string
	Reason  string // of ErrorInfo: ACCESS_TOKEN_SCOPE_INSUFFICIENT …
	Field   string // the first that is not acceptable
}

// ReadError is what r says about a refusal; empty where it says nothing.
func ReadError(r channel.Reply) APIError {
	var w struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
			Details []struct {
				Reason     string `json:"reason"`
				Violations []struct {
					Field string `json:"field"`
				} `json:"fieldViolations"`
			} `json:"details"`
		} `json:"error"`
	}
	_ = json.Unmarshal(r.Body, &w) // a page of a gateway says nothing
	e := APIError{Status: w.Error.Status, Message: w.Error.Message}
	for _, d := range w.Error.Details {
		if e.Reason == "" {
			e.Reason = d.Reason
		}
		if e.Field == "" && len(d.Violations) > 0 {
			e.Field = d.Violations[0].Field
		}
	}
	return e
}

// classes are those of the codes that mean the same in all APIs.
// https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
var classes = map[string]string{
	"INVALID_ARGUMENT":    events.ClassContent,
	"FAILED_PRECONDITION": events.ClassContent,
	"OUT_OF_RANGE":        events.ClassContent,
	"UNAUTHENTICATED":     events.ClassAuth,
	"PERMISSION_DENIED":   events.ClassAuth,
	"NOT_FOUND":           events.ClassRecipient,
	"RESOURCE_EXHAUSTED":  events.ClassRate,
	"UNAVAILABLE":         events.ClassPlatform,
	"INTERNAL":            events.ClassPlatform,
	"DEADLINE_EXCEEDED":   events.ClassPlatform,
	"ABORTED":             events.ClassPlatform,
	"UNKNOWN":             events.ClassPlatform,
}

// Failure classifies a refusal; the channel decides what is its own. What Google
// says about content is left out but for the field's name, for it quotes the content.
func Failure(r channel.Reply, w APIError) *channel.Error {
	e := r.Failure()
	if r.Status < 400 || w.Status == "" {
		return e
	}
	e.Code, e.Subcode = w.Status, w.Reason
	if class, known := classes[w.Status]; known && r.Status < 500 {
		e.Class = class
	}
	switch e.Class {
	case events.ClassContent:
		e.Subcode = w.Field
	case events.ClassAuth:
		e.Title, e.Remedy = firstLine(w.Message), "check the service account, its roles and that the API is enabled"
	default:
		e.Title = firstLine(w.Message)
	}
	return e
}

// firstLine is what an operator needs of a long message.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	const most = 300
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return line
}
