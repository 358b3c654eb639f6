package chat

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/webhook"
)

// A hostApp publishes the public halves of its keys, and counts who asks.
type hostApp struct {
	t     *testing.T
	keys  map[string]*ecdsa.PrivateKey
	shown []string
	down  bool
	asked int
}

func (a *hostApp) Do(*http.Request) (*http.Response, error) {
	a.asked++
	if a.down {
		return nil, errors.New("no route to host")
	}
	set := map[string][]map[string]string{"keys": {}}
	for _, id := range a.shown {
		point, err := a.keys[id].PublicKey.Bytes()
		if err != nil {
			a.t.Fatal(err)
		}
		set["keys"] = append(set["keys"], map[string]string{"kty": "EC", "crv": "P-256", "kid": id,
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:])})
	}
	doc, err := json.Marshal(set)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(doc)))}, err
}

func (a *hostApp) token(id string, now time.Time) string {
	a.t.Helper()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"sub": "user-1", "exp": now.Add(time.Hour).Unix()})
	t.Header["kid"] = id
	text, err := t.SignedString(a.keys[id])
	if err != nil {
		a.t.Fatal(err)
	}
	return text
}

// TestUserByKeySet: a new key of the host app works at once, whoever signs with one
// that is not published makes us ask twice a minute at the most, and a host app that is
// down is no reason to call a token bad.
func TestUserByKeySet(t *testing.T) {
	app := &hostApp{t: t, keys: map[string]*ecdsa.PrivateKey{}, shown: []string{"old"}}
	for _, id := range []string{"old", "new", "foreign"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		app.keys[id] = key
	}
	now := time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	h := &Handler{Core: &Core{Viewer: Viewer{Now: clock}, Keys: &webhook.Keys{HTTP: app, Now: clock,
		Log: slog.New(slog.DiscardHandler)}}}
	a := channel.NewAccount("demo", "",
		map[string]string{"user_keys": `[{"alg":"ES256","jwks":"https://login.example/keys"}]`})
	ask := func(id string) string {
		t.Helper()
		u, err := h.user(t.Context(), a, app.token(id, now))
		var r *Refusal
		switch {
		case errors.As(err, &r):
			return r.Code
		case err != nil:
			return err.Error()
		}
		return u.ExternalID
	}
	wants := func(id, want string, asked int) {
		t.Helper()
		if got := ask(id); !strings.HasPrefix(got, want) || app.asked != asked {
			t.Errorf("%s: %q after asking %d times, want %q after %d", id, got, app.asked, want, asked)
		}
	}
	app.down = true
	for range 5 {
		wants("old", "public keys are not to be had", 1)
	}
	app.down = false
	now = now.Add(10 * time.Second)
	wants("old", "user-1", 2)
	app.shown = []string{"old", "new"}
	now = now.Add(time.Minute)
	wants("old", "user-1", 2)
	wants("new", "user-1", 3)
	for range 5 {
		wants("foreign", inapp.BadToken, 3)
	}
	app.down = true
	now = now.Add(time.Hour)
	wants("new", "user-1", 4)
	now = now.Add(5 * time.Hour)
	wants("new", "public keys are not to be had", 5)
}
