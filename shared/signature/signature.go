// Package signature checks the proofs that platforms send with their webhooks.
//
// Every check compares in constant time on fixed-length digests, accepts any of
// an account's values (a rotation has two), refuses a doubled header, which API
// Gateway joins with a comma, and says only why it refused, never what it expected.
package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// HMAC checks that the digest decoded from got is the HMAC of message under one
// of secrets. decode turns the header's text into bytes (hex, base64).
func HMAC(newHash func() hash.Hash, secrets []string, message []byte, got string, decode func(string) ([]byte, error)) error {
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
