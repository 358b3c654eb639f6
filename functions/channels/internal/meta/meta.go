// Package meta holds what Meta's channels (WhatsApp, Messenger, Instagram) share:
// the webhook signature, the handshake, the error object, times, and a reader for
// the JSON that Graph webhooks carry; and what Messenger and Instagram share beyond
// that, the webhooks (Dialect) and the Send API of the Messenger platform.
//
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
package meta

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/signature"
)

// SignatureHeader carries "sha256=" and the hex HMAC-SHA256 of the raw body under
// the app secret. Meta signs the bytes as sent, with \u escapes, so they must not
// be decoded and encoded again before the check.
const SignatureHeader = "X-Hub-Signature-256"

const scheme = "sha256="

// Verify checks r's signature against each of an account's app secrets: several
// apps may send to one URL, and a rotation has two.
func Verify(secrets []string, r channel.Request) error {
	return signature.HMAC(sha256.New, secrets, r.Body, r.Joined(SignatureHeader), digest)
}

// digest decodes the one spelling that Meta uses, which is lower case.
func digest(header string) ([]byte, error) {
	text, ok := strings.CutPrefix(header, scheme)
	if !ok || len(text) != hex.EncodedLen(sha256.Size) || text != strings.ToLower(text) {
		return nil, errors.New("not a sha256 signature")
	}
	return hex.DecodeString(text)
}

// maxChallenge bounds the text we echo to an outsider, in bytes; Meta's challenges
// have about ten digits.
const maxChallenge = 256

// Handshake answers Meta's check that the URL is ours: a GET with hub.mode. The
// challenge is echoed only for one of tokens and only if it is plain text, so that
// the URL cannot be used to show a page of somebody else's.
func Handshake(tokens []string, r channel.Request) (channel.Response, bool) {
	q := r.Query()
	if r.Method != http.MethodGet || !q.Has("hub.mode") {
		return channel.Response{}, false
	}
	challenge := q.Get("hub.challenge")
	for _, name := range []string{"hub.mode", "hub.challenge", "hub.verify_token"} {
		if len(q[name]) != 1 {
			return channel.Response{Status: http.StatusForbidden}, true
		}
	}
	if signature.Token(tokens, q.Get("hub.verify_token")) != nil || q.Get("hub.mode") != "subscribe" ||
		!plain(challenge) {
		return channel.Response{Status: http.StatusForbidden}, true
	}
	return channel.Response{Status: http.StatusOK, ContentType: "text/plain", Body: challenge}, true
}

func plain(challenge string) bool {
	for _, c := range []byte(challenge) {
		if c != '_' && c != '-' && !('0' <= c && c <= '9') && !('A' <= c && c <= 'Z') && !('a' <= c && c <= 'z') {
			return false
		}
	}
	return challenge != "" && len(challenge) <= maxChallenge
}
