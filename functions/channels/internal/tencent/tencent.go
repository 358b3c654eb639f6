// Package tencent reads what WeChat and WeCom push to a webhook: the signature
// in the query, the AES envelope around a message, and the message itself, which
// is XML or JSON of the same fields. It holds functions, no state; the channels
// decide what must be signed, encrypted and understood.
package tencent

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// Signature is the proof that WeChat and WeCom put into a query: the SHA-1 of
// parts, sorted bytewise and joined, in lower-case hex. One of the parts is the
// account's token.
// https://developers.weixin.qq.com/doc/service/guide/dev/push/
func Signature(parts ...string) string {
	sorted := slices.Clone(parts)
	slices.Sort(sorted)
	sum := sha1.Sum([]byte(strings.Join(sorted, "")))
	return hex.EncodeToString(sum[:])
}

// Check says whether got is the Signature of parts and one of tokens. It compares
// in constant time; its errors are refusals that never hold what was expected.
func Check(tokens []string, got string, parts ...string) error {
	if got == "" {
		return channel.Refuse(channel.NoSignature)
	}
	if !hexDigest(got) {
		return channel.Refuse(channel.Malformed)
	}
	ok, usable := 0, false
	for _, token := range tokens {
		if strings.TrimSpace(token) == "" {
			continue
		}
		usable = true
		want := Signature(append([]string{token}, parts...)...)
		ok |= subtle.ConstantTimeCompare([]byte(want), []byte(got))
	}
	if !usable {
		return channel.Refuse(channel.NoSecret)
	}
	if ok != 1 {
		return channel.Refuse(channel.BadSignature)
	}
	return nil
}

// hexDigest says whether s is 40 lower-case hex digits. Upper case is refused:
// nobody sends it, and one signature should have one spelling.
func hexDigest(s string) bool {
	if len(s) != hex.EncodedLen(sha1.Size) {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
