package events

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// The ids below are 128 bits of SHA-256 over their parts, so they never depend
// on a clock, a counter or a lookup. Parts are length-prefixed: no two lists of
// parts hash alike.

var idEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

func id(prefix string, parts ...string) string {
	h := sha256.New()
	h.Write([]byte(prefix))
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return prefix + "_" + strings.ToLower(idEncoding.EncodeToString(h.Sum(nil)[:16]))
}

// EventID is the id of the event that key names on an account; see Event.Key.
func EventID(channel, account, key string) string { return id("evt", channel, account, key) }

// MessageID is the id of a platform's message on an account. Edits, deletions,
// reactions, statuses and replies find their message by it without a lookup.
// Where a platform counts messages per thread (Telegram), platformID holds both.
func MessageID(channel, account, platformID string) string {
	return id("msg", channel, account, platformID)
}

// OutboundID is the id of the message that an integrator's idempotency key names,
// known before any platform has one.
func OutboundID(key string) string { return id("msg", "", "", "", key) }

// ConversationID is the id of a thread (a person or a group) on an account.
func ConversationID(channel, account, thread string) string {
	return id("cnv", channel, account, thread)
}

// ContactID is the id of a person as one account knows them.
func ContactID(channel, account string, i Identity) string {
	return id("con", channel, account, string(i.Scheme), i.Value)
}

// Source is the CloudEvents source of an account's events.
func Source(channel, account string) string { return "/channels/" + channel + "/accounts/" + account }
