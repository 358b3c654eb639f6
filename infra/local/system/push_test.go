package system_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/relais-dev/relais/shared/stage/outside"
)

// A browser subscribes to notifications, and alone can read them.
type browser struct {
	t    *testing.T
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t *testing.T) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, key, []byte("sixteen bytes :)")}
}

func (b browser) subscription(path string) map[string]any {
	return map[string]any{"endpoint": "https://" + outside.PushHost + path, "keys": map[string]string{
		"p256dh": base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes()),
		"auth":   base64.RawURLEncoding.EncodeToString(b.auth)}}
}

// read decrypts a notification.
// https://www.rfc-editor.org/rfc/rfc8291#section-3.4, https://www.rfc-editor.org/rfc/rfc8188#section-2
func (b browser) read(body []byte) map[string]any {
	b.t.Helper()
	salt, size, sealed := body[:16], int(body[20]), body[21:]
	sender, sealed := sealed[:size], sealed[size:]
	public, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		b.t.Fatal(err)
	}
	secret, err := b.key.ECDH(public)
	if err != nil {
		b.t.Fatal(err)
	}
	derive := func(secret, salt []byte, info string, n int) []byte {
		out, err := hkdf.Key(sha256.New, secret, salt, info, n)
		if err != nil {
			b.t.Fatal(err)
		}
		return out
	}
	ikm := derive(secret, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	block, err := aes.NewCipher(derive(ikm, salt, "Content-Encoding: aes128gcm\x00", 16))
	if err != nil {
		b.t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := gcm.Open(nil, derive(ikm, salt, "Content-Encoding: nonce\x00", 12), sealed, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	text = text[:slices.Index(text, 2)] // the end of the last record; padding follows
	var n map[string]any
	if err := json.Unmarshal(text, &n); err != nil {
		b.t.Fatalf("%q: %v", text, err)
	}
	return n
}

// vouches checks, as a push service does, that the sender has the key with which the
// browser subscribed. https://www.rfc-editor.org/rfc/rfc8292#section-2
func (s *shop) vouches(authorization, key string) {
	s.t.Helper()
	var token, shown string
	for part := range strings.SplitSeq(strings.TrimPrefix(authorization, "vapid "), ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(part), "="); name {
		case "t":
			token = value
		case "k":
			shown = value
		}
	}
	point, err := base64.RawURLEncoding.DecodeString(shown)
	if err != nil || shown != key {
		s.t.Fatalf("the key is %q, want %q", shown, key)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return public, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience("https://"+outside.PushHost), jwt.WithExpirationRequired())
	if err != nil {
		s.t.Errorf("the token does not vouch: %v", err)
	}
}

// TestInAppWebPush: a message that nobody is connected for is a notification that only
// the subscribed browser can read; a subscription that is gone is forgotten.
func TestInAppWebPush(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	b := newBrowser(t)
	for _, path := range []string{"/p/1", "/gone/2"} {
		if status, a := v.ask("POST", "push", b.subscription(path)); status != 201 {
			t.Fatalf("answered %d %v", status, a)
		}
	}
	s.answers(e, "k1", "Your parcel is on its way. "+strings.Repeat("x", 300))
	calls := s.sys.World.Calls(outside.PushName)
	if len(calls) != 2 {
		t.Fatalf("%d calls, want one per subscription\n%s", len(calls), s.logs)
	}
	_, session := s.call("POST", "sessions", "", map[string]string{"device": "another"})
	for _, c := range calls {
		s.vouches(c.Request.Header.Get("Authorization"), session["push"].(map[string]any)["vapid"].(string))
		n := b.read(c.Request.Body)
		if n["title"] != "Ana" || !strings.HasPrefix(n["body"].(string), "Your parcel") ||
			len([]rune(n["body"].(string))) != 160 || n["conversation"] != v.conversation || n["seq"] != 2.0 {
			t.Errorf("notified of %v", n)
		}
	}
	s.sys.World.Forget()
	s.answers(e, "k2", "It is here")
	if n := len(s.sys.World.Calls(outside.PushName)); n != 1 {
		t.Errorf("%d calls, want that of the subscription that is left", n)
	}
	s.sys.World.Forget()
	v.connect(t)
	s.answers(e, "k3", "Hello again")
	if n := len(s.sys.World.Calls(outside.PushName)); n != 0 {
		t.Errorf("%d calls for a customer who is connected", n)
	}
	for name, body := range map[string]any{"http": map[string]any{"endpoint": "http://push.example.com/x",
		"keys": b.subscription("/")["keys"]},
		"keys": map[string]any{"endpoint": "https://push.example.com/x"}, "kind": map[string]any{"kind": "pigeon",
			"token": "x"}} {
		if status, a := v.ask("POST", "push", body); status != 400 || a["code"] != "malformed" {
			t.Errorf("%s: answered %d %v", name, status, a)
		}
	}
	if status, _ := v.ask("DELETE", "push", nil); status != 204 {
		t.Errorf("answered %d", status)
	}
}
