package signature_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// reason is the reason err gives, or "" when there is none.
func reason(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if r := new(channel.Refusal); !errors.As(err, &r) {
		t.Fatalf("%v is no Refusal", err)
	}
	return channel.RefusalReason(err)
}

func digest(key, message string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(message))
	return mac.Sum(nil)
}

func TestHMAC(t *testing.T) {
	good := hex.EncodeToString(digest("key", "body"))
	for _, tc := range []struct {
		name    string
		secrets []string
		got     string
		want    string
	}{
		{"right", []string{"key"}, good, ""},
		{"right by the previous secret", []string{"new", "key"}, good, ""},
		{"absent", []string{"key"}, "", channel.NoSignature},
		{"another key", []string{"other"}, good, channel.BadSignature},
		{"no secret", nil, good, channel.BadSignature},
		{"empty secret", []string{""}, hex.EncodeToString(digest("", "body")), channel.BadSignature},
		{"blank secret", []string{"  "}, hex.EncodeToString(digest("  ", "body")), channel.BadSignature},
		{"truncated", []string{"key"}, good[:62], channel.BadSignature},
		{"doubled", []string{"key"}, good + "," + good, channel.Malformed},
		{"no hex", []string{"key"}, "zz", channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := signature.HMAC(sha256.New, tc.secrets, []byte("body"), tc.got, hex.DecodeString)
			if got := reason(t, err); got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestToken(t *testing.T) {
	for _, tc := range []struct {
		name    string
		secrets []string
		got     string
		want    string
	}{
		{"right", []string{"token"}, "token", ""},
		{"right by the previous secret", []string{"new", "token"}, "token", ""},
		{"absent", []string{"token"}, "", channel.NoSignature},
		{"longer", []string{"token"}, "tokens", channel.BadSignature},
		{"no secret", nil, "token", channel.BadSignature},
		{"blank secret", []string{" "}, " ", channel.BadSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := reason(t, signature.Token(tc.secrets, tc.got)); got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEd25519(t *testing.T) {
	private := ed25519.NewKeyFromSeed([]byte(strings.Repeat("s", ed25519.SeedSize)))
	public := []byte(private.Public().(ed25519.PublicKey))
	other := []byte(ed25519.NewKeyFromSeed([]byte(strings.Repeat("t", ed25519.SeedSize))).Public().(ed25519.PublicKey))
	sig := ed25519.Sign(private, []byte("body"))
	good := base64.StdEncoding.EncodeToString(sig)
	for _, tc := range []struct {
		name string
		keys [][]byte
		got  string
		want string
	}{
		{"right", [][]byte{public}, good, ""},
		{"right by the previous key", [][]byte{other, public}, good, ""},
		{"absent", [][]byte{public}, "", channel.NoSignature},
		{"another key", [][]byte{other}, good, channel.BadSignature},
		{"no key", nil, good, channel.BadSignature},
		{"a key that is none", [][]byte{{}, public[:31], append(public[:32:32], 0)}, good, channel.BadSignature},
		{"truncated", [][]byte{public}, base64.StdEncoding.EncodeToString(sig[:63]), channel.Malformed},
		{"doubled", [][]byte{public}, good + "," + good, channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := signature.Ed25519(tc.keys, []byte("body"), tc.got, signature.Base64)
			if got := reason(t, err); got != tc.want {
				t.Errorf("reason is %q, want %q", got, tc.want)
			}
		})
	}
	if err := signature.Ed25519([][]byte{public}, []byte("another body"), good, signature.Base64); err == nil {
		t.Error("the signature of one body is accepted for another")
	}
}

func TestFresh(t *testing.T) {
	received := time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		age  time.Duration
		want string
	}{
		{0, ""}, {300 * time.Second, ""}, {-300 * time.Second, ""},
		{301 * time.Second, channel.Stale}, {-301 * time.Second, channel.Stale},
	} {
		if got := reason(t, signature.Fresh(received, received.Add(-tc.age), 5*time.Minute)); got != tc.want {
			t.Errorf("age %v: reason is %q, want %q", tc.age, got, tc.want)
		}
	}
	for _, seconds := range []int64{-1 << 62, 0, 1 << 62} { // a difference that overflows a Duration
		if got := reason(t, signature.Fresh(received, time.Unix(seconds, 0), 5*time.Minute)); got != channel.Stale {
			t.Errorf("second %d: reason is %q, want %q", seconds, got, channel.Stale)
		}
	}
}

func TestBase64HasOneSpelling(t *testing.T) {
	want := digest("key", "body")
	good := base64.StdEncoding.EncodeToString(want)
	got, err := signature.Base64(good)
	if err != nil || string(got) != string(want) {
		t.Fatalf("Base64(%q) = %x, %v", good, got, err)
	}
	accepted := 0
	for i := range good {
		for c := range 128 {
			text := good[:i] + string(rune(c)) + good[i+1:]
			if sum, err := signature.Base64(text); err == nil && string(sum) == string(want) {
				accepted++
			}
		}
	}
	if accepted != len(good) { // each position with its own character only
		t.Errorf("%d one-character changes decode to the same bytes", accepted-len(good))
	}
	for _, text := range []string{good + "\n", "\r\n" + good, strings.TrimRight(good, "="), good + "=", " " + good} {
		if _, err := signature.Base64(text); err == nil {
			t.Errorf("Base64(%q) is accepted", text)
		}
	}
}

// TestJoinedSignatures: API Gateway joins headers that come twice, and a decoder may be
// content with the first.
func TestJoinedSignatures(t *testing.T) {
	first := func(text string) ([]byte, error) {
		text, _, _ = strings.Cut(text, ",")
		return hex.DecodeString(text)
	}
	good := hex.EncodeToString(digest("key", "body"))
	if err := signature.HMAC(sha256.New, []string{"key"}, []byte("body"), good+","+good, first); err == nil {
		t.Error("two signatures are taken for one")
	}
}
