package inapp_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
)

var now = time.Unix(1785600000, 0).UTC()

func account(credentials map[string]string) channel.Account {
	all := map[string]string{"session_key": "inapp-demo-session-key-of-36-letters"}
	for name, value := range credentials {
		all[name] = value
	}
	return channel.NewAccount("demo", "", all)
}

func number(n *big.Int, size int) string {
	return base64.RawURLEncoding.EncodeToString(n.FillBytes(make([]byte, size)))
}

// keySet is a host app's document of public keys.
func keySet(t *testing.T, keys ...map[string]string) []byte {
	t.Helper()
	doc, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func signed(t *testing.T, m jwt.SigningMethod, kid string, key any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(m, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestUserVector is the token of the channel's notes, made by another library.
func TestUserVector(t *testing.T) {
	const token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImFwcF9kZW1vX2tleV8xIn0." +
		"eyJzY29wZSI6InVzZXIiLCJleHRlcm5hbF9pZCI6InVzZXItNDIiLCJpYXQiOjE3ODU2MDAwMDAsImV4cCI6MTc4NTYwMzYwMH0." +
		"BQZnql4hUimsev-Kzaz6eGcUkkXJ7zSLJeUKIxvlV30"
	a := account(map[string]string{"user_keys": `[{"kid":"app_demo_key_1","alg":"HS256",` +
		`"key":"inapp-demo-secret-32-bytes-long!"}]`})
	k, ok := inapp.UserKeyOf(a, token)
	if !ok {
		t.Fatal("no key")
	}
	u, err := inapp.CheckUser(k, nil, token, now)
	if err != nil || u.ExternalID != "user-42" {
		t.Errorf("user %q, %v", u.ExternalID, err)
	}
	if _, err := inapp.CheckUser(k, nil, token, now.Add(2*time.Hour)); !errors.Is(err, inapp.ErrExpired) {
		t.Errorf("two hours later: %v", err)
	}
}

// TestKeySets: RS256 and ES256 are checked with the key that the token names, and
// with no other algorithm than the configuration's.
func TestKeySets(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ec.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	x, y := base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:])
	set := keySet(t, map[string]string{"kty": "EC", "crv": "P-256", "kid": "e1", "x": x, "y": y},
		map[string]string{"kty": "RSA", "kid": "r1", "n": number(rs.N, 256), "e": "AQAB"},
		map[string]string{"kty": "RSA", "kid": "enc", "use": "enc", "n": number(rs.N, 256), "e": "AQAB"},
		map[string]string{"kty": "RSA", "kid": "weak", "n": number(weak.N, 128), "e": "AQAB"},
		map[string]string{"kty": "EC", "crv": "P-256", "kid": "off", "x": x, "y": x})
	good := jwt.MapClaims{"sub": "user-42", "exp": now.Add(time.Hour).Unix()}
	es, rsKey := inapp.UserKey{Alg: "ES256", JWKS: "https://app.example/keys"},
		inapp.UserKey{Alg: "RS256", JWKS: "https://app.example/keys"}
	for name, c := range map[string]struct {
		key   inapp.UserKey
		token string
		ok    bool
	}{
		"ES256":              {es, signed(t, jwt.SigningMethodES256, "e1", ec, good), true},
		"RS256":              {rsKey, signed(t, jwt.SigningMethodRS256, "r1", rs, good), true},
		"RS256 where ES256":  {es, signed(t, jwt.SigningMethodRS256, "r1", rs, good), false},
		"PS256 where RS256":  {rsKey, signed(t, jwt.SigningMethodPS256, "r1", rs, good), false},
		"HS256 with the key": {rsKey, signed(t, jwt.SigningMethodHS256, "r1", set, good), false},
		"of another id":      {es, signed(t, jwt.SigningMethodES256, "e2", ec, good), false},
		"without an id":      {es, signed(t, jwt.SigningMethodES256, "", ec, good), false},
		"for encryption":     {rsKey, signed(t, jwt.SigningMethodRS256, "enc", rs, good), false},
		"of 1024 bits":       {rsKey, signed(t, jwt.SigningMethodRS256, "weak", weak, good), false},
		"off the curve":      {es, signed(t, jwt.SigningMethodES256, "off", ec, good), false},
	} {
		u, err := inapp.CheckUser(c.key, set, c.token, now)
		if (err == nil) != c.ok || c.ok && u.ExternalID != "user-42" {
			t.Errorf("%s: user %q, %v", name, u.ExternalID, err)
		}
	}
}

// TestUserKeys: what is not safe is no key.
func TestUserKeys(t *testing.T) {
	token := signed(t, jwt.SigningMethodHS256, "k1", []byte("x"), jwt.MapClaims{})
	for keys, want := range map[string]bool{
		`[{"kid":"k1","alg":"HS256","key":"0123456789abcdef0123456789abcdef"}]`: true,
		`[{"alg":"ES256","jwks":"https://app.example/keys"}]`:                   true,
		`[{"kid":"k1","alg":"HS256","key":"too short"}]`:                        false,
		`[{"alg":"HS256","key":"0123456789abcdef0123456789abcdef"}]`:            false,
		`[{"kid":"k1","alg":"none"}]`:                                           false,
		`[{"kid":"k1","alg":"ES256","jwks":"http://app.example/keys"}]`:         false,
		`[{"kid":"k1","alg":"RS256","key":"0123456789abcdef0123456789abcdef"}]`: false,
		`{}`: false,
		``:   false,
	} {
		if _, ok := inapp.UserKeyOf(account(map[string]string{"user_keys": keys}), token); ok != want {
			t.Errorf("%s: %v, want %v", keys, ok, want)
		}
	}
}

// TestSessions: a session is what was granted, for its account alone, until its end.
func TestSessions(t *testing.T) {
	a := account(nil)
	s := inapp.Session{ID: "s1", Thread: "anon-x", Device: "d", User: "u", Name: "Ana", Locale: "de",
		Expires: now.Add(time.Hour)}
	token, err := inapp.Grant(a, s)
	if err != nil {
		t.Fatal(err)
	}
	got, err := inapp.Admit(a, token, now)
	if diff := cmp.Diff(s, got); diff != "" || err != nil {
		t.Errorf("%v (-granted +admitted)\n%s", err, diff)
	}
	rotated, err := channel.ParseAccount("demo", "", []byte(`{"session_key":"another-session-key-of-34-letters!"}`),
		[]byte(`{"session_key":"inapp-demo-session-key-of-36-letters"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inapp.Admit(rotated, token, now); err != nil {
		t.Errorf("after a rotation: %v", err)
	}
	key := []byte("inapp-demo-session-key-of-36-letters")
	claims := jwt.MapClaims{"iss": "demo", "sub": "anon-x", "jti": "s1", "exp": now.Add(time.Hour).Unix()}
	with := func(audience any) string {
		claims["aud"] = audience
		return signed(t, jwt.SigningMethodHS256, "", key, claims)
	}
	if _, err := inapp.Admit(a, with("relais-session"), now); err != nil {
		t.Errorf("with the audience of sessions: %v", err)
	}
	for _, audience := range []any{"relais-upload", "", nil, []string{}, 7} {
		if _, err := inapp.Admit(a, with(audience), now); !errors.Is(err, inapp.ErrToken) {
			t.Errorf("audience %v: %v", audience, err)
		}
	}
	other := channel.NewAccount("other", "", map[string]string{"session_key": "inapp-demo-session-key-of-36-letters"})
	for name, admit := range map[string]func() (inapp.Session, error){
		"late":            func() (inapp.Session, error) { return inapp.Admit(a, token, now.Add(2*time.Hour)) },
		"another account": func() (inapp.Session, error) { return inapp.Admit(other, token, now) },
		"nothing":         func() (inapp.Session, error) { return inapp.Admit(a, "", now) },
		"no key": func() (inapp.Session, error) {
			return inapp.Admit(channel.NewAccount("demo", "", nil), token, now)
		},
	} {
		if _, err := admit(); err == nil {
			t.Errorf("%s: admitted", name)
		}
	}
}

// TestTokensEnd: no token is good for ever, nor a host app's for longer than a day.
func TestTokensEnd(t *testing.T) {
	key := []byte("0123456789abcdef0123456789abcdef")
	k := inapp.UserKey{ID: "k1", Alg: "HS256", Key: string(key)}
	for name, c := range map[string]struct {
		ends any
		ok   bool
	}{
		"in a day":     {now.Add(24 * time.Hour).Unix(), true},
		"in two days":  {now.Add(48 * time.Hour).Unix(), false},
		"in ten years": {now.Add(10 * 365 * 24 * time.Hour).Unix(), false},
		"never":        {nil, false},
	} {
		claims := jwt.MapClaims{"sub": "user-42"}
		if c.ends != nil {
			claims["exp"] = c.ends
		}
		token := signed(t, jwt.SigningMethodHS256, "k1", key, claims)
		if _, err := inapp.CheckUser(k, nil, token, now); (err == nil) != c.ok {
			t.Errorf("a token that ends %s: %v", name, err)
		}
	}
}

func TestOrigins(t *testing.T) {
	a := account(map[string]string{"origins": "https://www.example.com, http://127.0.0.1:8080,*,null"})
	for origin, want := range map[string]bool{"https://www.example.com": true, "http://127.0.0.1:8080": true, "*": false,
		"null": false, "": false,
		"https://www.example.com.evil": false, "http://www.example.com": false, "https://example.com": false} {
		if got := inapp.AllowsOrigin(a, origin); got != want {
			t.Errorf("%q: %v", origin, got)
		}
	}
}

// TestSessionTokensAreNoDeliveries: what a client holds proves nothing at the webhook.
func TestSessionTokensAreNoDeliveries(t *testing.T) {
	a := account(nil)
	token, err := inapp.Grant(a, inapp.Session{Thread: "anon-x", Expires: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	d, err := inapp.NewDelivery(a, inapp.Session{Thread: "anon-x"}, nil, now)
	if err != nil || inapp.Channel.Verify(a, d) != nil {
		t.Fatalf("a delivery is refused: %v", err)
	}
	d.Header.Del("Relais-Signature")
	d.Header.Set("Authorization", "Bearer "+token)
	if inapp.Channel.Verify(a, d) == nil {
		t.Error("a session token was taken for a signature")
	}
}
