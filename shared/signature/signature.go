// Package signature checks the proofs that platforms send with their webhooks.
//
// Every check compares in constant time on fixed-length digests, accepts any of
// an account's values (a rotation has two), refuses a doubled header, which API
// Gateway joins with a comma, and says only why it refused, never what it expected.
package signature

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// HMAC checks that the digest decoded from got is the HMAC of message under one
// of secrets. decode turns the header's text into bytes (hex, base64).
func HMAC(newHash func() hash.Hash, secrets []string, message []byte, got string,
	decode func(string) ([]byte, error)) error {
	if got == "" {
		return channel.Refuse(channel.NoSignature)
	}
	sum, err := decode(got)
	if err != nil || strings.ContainsAny(got, ", ") {
		return channel.Refuse(channel.Malformed)
	}
	ok := 0
	for _, s := range secrets {
		if strings.TrimSpace(s) == "" {
			continue
		}
		mac := hmac.New(newHash, []byte(s))
		mac.Write(message)
		ok |= subtle.ConstantTimeCompare(mac.Sum(nil), sum)
	}
	if ok != 1 {
		return channel.Refuse(channel.BadSignature)
	}
	return nil
}

// Token checks that got is one of secrets, without telling its length.
func Token(secrets []string, got string) error {
	if got == "" {
		return channel.Refuse(channel.NoSignature)
	}
	sum := sha256.Sum256([]byte(got))
	ok := 0
	for _, s := range secrets {
		if strings.TrimSpace(s) == "" {
			continue
		}
		want := sha256.Sum256([]byte(s))
		ok |= subtle.ConstantTimeCompare(want[:], sum[:])
	}
	if ok != 1 {
		return channel.Refuse(channel.BadSignature)
	}
	return nil
}

// Ed25519 checks that the signature decoded from got is one of keys' over message.
// Keys of another length than ed25519.PublicKeySize are no keys and never match.
func Ed25519(keys [][]byte, message []byte, got string, decode func(string) ([]byte, error)) error {
	if got == "" {
		return channel.Refuse(channel.NoSignature)
	}
	sig, err := decode(got)
	if err != nil || len(sig) != ed25519.SignatureSize || strings.ContainsAny(got, ", ") {
		return channel.Refuse(channel.Malformed)
	}
	for _, k := range keys {
		if len(k) == ed25519.PublicKeySize && ed25519.Verify(k, message, sig) {
			return nil
		}
	}
	return channel.Refuse(channel.BadSignature)
}

// Fresh checks that a signed time lies within tolerance of the time of receipt,
// before or after.
func Fresh(received, signed time.Time, tolerance time.Duration) error {
	if d := received.Sub(signed); d > tolerance || d < -tolerance {
		return channel.Refuse(channel.Stale)
	}
	return nil
}

// Base64 decodes standard, padded base64 in its one canonical spelling: it
// refuses the line breaks and the stray bits in the last character that Go's
// decoder forgives, so that one signature cannot be written in two ways.
func Base64(text string) ([]byte, error) {
	if i := strings.IndexAny(text, "\r\n"); i >= 0 {
		return nil, base64.CorruptInputError(i)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}
