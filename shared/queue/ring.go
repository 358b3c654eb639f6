package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/store"
)

// A ring says "look into this partition" and nothing else, so that losing,
// repeating or reordering rings is harmless.
type ring struct {
	Ring string `json:"ring"`
}

// Ring is the message that tells whoever works in a partition to look there, because
// of an event or a message. A second ring for the same within five minutes is dropped
// by SQS.
func Ring(partition, id string) Message {
	body, _ := json.Marshal(ring{partition}) // a struct of one string
	return Message{Group: partition, Dedup: id, Body: string(body)}
}

// RingIn is a ring on the clock's queue, which rings for the partition after a while. One
// that is later than SQS can delay comes after MaxDelay: whoever works there sees that it
// is too soon, and may ask again.
func RingIn(partition string, after time.Duration) Message {
	return Message{Body: Ring(partition, "").Body, Delay: min(max(after, 0), MaxDelay)}
}

// again makes m one that SQS does not take for a repetition.
func again(m Message, now time.Time) Message {
	m.Dedup += ":" + strconv.FormatInt(now.UnixMicro(), 36) + ":" + strconv.FormatUint(rand.Uint64(), 36)
	return m
}

// Rung is the partition that a message rings for. What has any other member is no
// ring: a request that names a conversation is a request.
func Rung(body string) (partition string, ok bool) {
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	var r ring
	if err := d.Decode(&r); err != nil || r.Ring == "" || d.More() {
		return "", false
	}
	return r.Ring, true
}

// RingsAgain makes one ring per conversation among due that SQS will not take for
// a repetition of an earlier one.
func RingsAgain(due []store.Due, now time.Time) []Message {
	var rings []Message
	seen := map[string]bool{}
	for _, d := range due {
		if seen[d.Conversation] {
			continue
		}
		seen[d.Conversation] = true
		rings = append(rings, again(Ring(d.Conversation, d.ID), now))
	}
	return rings
}

// Rings makes one ring per conversation that has work: one drains all of it. A
// new event's ring is preferred, because SQS drops a second ring for an event
// that was rung for before.
func Rings(items []store.Item, outcomes []store.Outcome) []Message {
	var rings []Message
	at, fresh := map[string]int{}, map[string]bool{}
	for i, it := range items {
		if outcomes[i] == store.Refused || outcomes[i] == store.Done {
			continue
		}
		isNew := outcomes[i] == store.Committed
		place, rung := at[it.Conversation]
		switch {
		case !rung:
			at[it.Conversation] = len(rings)
			rings = append(rings, Ring(it.Conversation, it.ID))
			fresh[it.Conversation] = isNew
		case isNew && !fresh[it.Conversation]:
			rings[place] = Ring(it.Conversation, it.ID)
			fresh[it.Conversation] = true
		}
	}
	return rings
}

// Spill is the message that carries items whole, when the table does not take
// them. Items of one conversation stay in order. Only a message with the very
// same items is a repetition: platforms batch anew when they retry.
func Spill(group string, items []store.Item) (Message, error) {
	body, err := json.Marshal(items)
	if err != nil {
		return Message{}, err
	}
	ids := sha256.New()
	for _, it := range items {
		ids.Write([]byte(it.ID))
	}
	return Message{Group: group, Dedup: hex.EncodeToString(ids.Sum(nil)), Body: string(body)}, nil
}

// Spilled reads a Spill message back.
func Spilled(body string) ([]store.Item, error) {
	var items []store.Item
	err := json.Unmarshal([]byte(body), &items)
	return items, err
}
