package google

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/functions/channels/internal/google/play"
	"github.com/relais-dev/relais/shared/channel"
)

var (
	now    = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
	caller = Caller{Issuer: Accounts, Audience: "https://hooks.example/x", Email: "a@b.iam.gserviceaccount.com"}
)

func signed(t *testing.T, change func(jwt.MapClaims, *jwt.Token)) channel.Request {
	t.Helper()
	private, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(play.TestKey))
	if err != nil {
		t.Fatal(err)
	}
	c := jwt.MapClaims{
		"iss": caller.Issuer, "aud": caller.Audience, "email": caller.Email, "email_verified": true, "iat": now.Unix(),
		"exp": now.Add(time.Hour).Unix(),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, c)
	token.Header["kid"] = play.TestKeyID
	change(c, token)
	var key any = private
	if _, symmetric := token.Method.(*jwt.SigningMethodHMAC); symmetric {
		key = []byte(private.N.Bytes())
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	var own channel.Request
	play.Sign(&own, play.Claim(caller))
	return channel.Request{Header: http.Header{"Authorization": {"Bearer " + text}}, Received: now, Keys: own.Keys}
}

func TestVerify(t *testing.T) {
	set := func(name string, value any) func(jwt.MapClaims, *jwt.Token) {
		return func(c jwt.MapClaims, _ *jwt.Token) { c[name] = value }
	}
	without := func(name string) func(jwt.MapClaims, *jwt.Token) {
		return func(c jwt.MapClaims, _ *jwt.Token) { delete(c, name) }
	}
	for _, tc := range []struct {
		name   string
		change func(jwt.MapClaims, *jwt.Token)
		want   string
	}{
		{"as it should be", func(jwt.MapClaims, *jwt.Token) {}, ""},
		{"issuer without scheme", set("iss", "accounts.google.com"), ""},
		{"another issuer", set("iss", "https://accounts.example.com"), channel.BadSignature},
		{"Chat as issuer", set("iss", Chat), channel.BadSignature},
		{"another audience", set("aud", "https://hooks.example/y"), channel.BadSignature},
		{"two audiences", set("aud", []string{caller.Audience, "other"}), channel.BadSignature},
		{"another account", set("email", "z@b.iam.gserviceaccount.com"), channel.BadSignature},
		{"no account", without("email"), channel.BadSignature},
		{"unverified account", set("email_verified", false), channel.BadSignature},
		{"no end", without("exp"), channel.BadSignature},
		{"no begin", without("iat"), channel.BadSignature},
		{"ended", set("exp", now.Add(-2*time.Minute).Unix()), channel.Stale},
		{"not begun", set("iat", now.Add(2*time.Minute).Unix()), channel.Stale},
		{"not valid yet", set("nbf", now.Add(2*time.Minute).Unix()), channel.Stale},
		{"no key id", func(_ jwt.MapClaims, t *jwt.Token) { delete(t.Header, "kid") }, channel.BadSignature},
		{"unknown key id", func(_ jwt.MapClaims, t *jwt.Token) { t.Header["kid"] = "x" }, channel.BadSignature},
		{"key id that is no text", func(_ jwt.MapClaims, t *jwt.Token) { t.Header["kid"] = 7 }, channel.BadSignature},
		{"RS512", func(_ jwt.MapClaims, t *jwt.Token) { t.Method, t.Header["alg"] = jwt.SigningMethodRS512, "RS512" },
			channel.BadSignature},
		{"public key as a shared one",
			func(_ jwt.MapClaims, t *jwt.Token) { t.Method, t.Header["alg"] = jwt.SigningMethodHS256, "HS256" },
			channel.BadSignature},
		{"longer than any token", set("pad", strings.Repeat("x", maxToken)), channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Verify(signed(t, tc.change), []Caller{{Issuer: Chat, Audience: "1"}, caller})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want %q", err, tc.want)
			}
		})
	}
}

func TestVerifyNeedsKeysAndCallers(t *testing.T) {
	r := signed(t, func(jwt.MapClaims, *jwt.Token) {})
	for name, callers := range map[string][]Caller{
		"nobody": nil, "an empty audience": {{Issuer: Accounts, Email: caller.Email}},
		"an account without address": {{Issuer: Accounts, Audience: caller.Audience}},
		"no issuer":                  {{Audience: caller.Audience, Email: caller.Email}},
	} {
		if Verify(r, callers) == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for _, keys := range []string{"", "{}", "[]", `{"keys":[{"kid":"` + play.TestKeyID + `"}]}`} {
		r.Keys = []byte(keys)
		if Verify(r, []Caller{caller}) == nil {
			t.Errorf("accepted with the keys %s", keys)
		}
	}
}

func TestHeader(t *testing.T) {
	good := signed(t, func(jwt.MapClaims, *jwt.Token) {}).Header.Get("Authorization")
	for _, value := range []string{"Bearer", "Bearer ", strings.TrimPrefix(good, "Bearer "), "bearer" + good[6:],
		good + " ", good + "," + good, "Basic " + good[7:]} {
		r := channel.Request{Header: http.Header{"Authorization": {value}}, Received: now}
		if err := Verify(r, []Caller{caller}); err == nil || channel.RefusalReason(err) != channel.Malformed {
			t.Errorf("%.20q… gives %v, want malformed", value, err)
		}
	}
}

// Keys that are too short, or for something else, are no keys.
func TestPublicKey(t *testing.T) {
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	var own channel.Request
	play.Sign(&own, play.Claim(caller))
	var set keySet
	if err := json.Unmarshal(own.Keys, &set); err != nil {
		t.Fatal(err)
	}
	good := set.Keys[0]
	for name, change := range map[string]func(*key){
		"short":           func(k *key) { k.Modulus = base64.RawURLEncoding.EncodeToString(short.N.Bytes()) },
		"elliptic curve":  func(k *key) { k.Type = "EC" },
		"other algorithm": func(k *key) { k.Algorithm = "RS512" },
		"encryption":      func(k *key) { k.Use = "enc" },
		"padded":          func(k *key) { k.Modulus += "=" },
		"large exponent":  func(k *key) { k.Exponent = base64.RawURLEncoding.EncodeToString(big.NewInt(1 << 40).Bytes()) },
		"no exponent":     func(k *key) { k.Exponent = "" },
	} {
		k := good
		change(&k)
		doc, err := json.Marshal(keySet{Keys: []key{k}})
		if err != nil {
			t.Fatal(err)
		}
		if public, err := publicKey(doc, play.TestKeyID); err == nil && name != "no exponent" {
			t.Errorf("%s: accepted as a key of %d bits", name, public.N.BitLen())
		}
		r := signed(t, func(jwt.MapClaims, *jwt.Token) {})
		r.Keys = doc
		if Verify(r, []Caller{caller}) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestOpen(t *testing.T) {
	for _, tc := range []struct {
		body, want string
		ok         bool
	}{
		{`{"message":{"data":"aGk/Pg=="}}`, "hi?>", true},
		{`{"message":{"data":"aGk_Pg"}}`, "hi?>", true},
		{`{"message":{"data":"aGk=","attributes":7}}`, "hi", true},
		{`{"message":{"data":"a"}}`, "", false},
		{`{"message":{"data":""}}`, "", false},
		{`{"message":{"data":7}}`, "", false},
		{`{"message":7}`, "", false},
		{`x`, "", false},
	} {
		_, data, ok := Open([]byte(tc.body))
		if ok != tc.ok || string(data) != tc.want {
			t.Errorf("%s is %q, %t", tc.body, data, ok)
		}
	}
}
