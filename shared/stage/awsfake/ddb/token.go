package ddb

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// tokenLife is how long a ClientRequestToken makes a transaction idempotent.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const tokenLife = 10 * time.Minute

// maxTokens bounds the memory of a load test; the oldest are forgotten first.
const maxTokens = 1 << 18

// tokens are the idempotency tokens of the transactions done lately. Every SDK sends one with each transaction.
type tokens struct {
	mu    sync.Mutex
	seen  map[string]receipt
	order []string // by time
}

// A receipt tells what was done under a token, and when.
type receipt struct {
	Print string
	At    time.Time
}

// fingerprint is the same for two requests with the same items, in whatever order their attributes are written.
func fingerprint(items []transactItem) string {
	text, _ := json.Marshal(items) // what was read from JSON has a JSON form
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// known tells whether the transaction was done before; under the same token another one is an error.
func (t *tokens) known(token, done string, now time.Time) (bool, error) {
	r, ok := t.seen[token]
	if !ok || now.Sub(r.At) > tokenLife {
		return false, nil
	}
	if r.Print != done {
		return false, refused("IdempotentParameterMismatchException",
			"The request uses the same client token as a previous, but non-identical request")
	}
	return true, nil
}

// ops is what the log keeps of a new token, and what it no longer needs to keep.
func (t *tokens) ops(token, done string, now time.Time) []keep.Op {
	value, _ := json.Marshal(receipt{done, now}) // plain data always has a JSON form
	var ops []keep.Op
	for _, old := range t.order[:t.stale(now)] {
		ops = append(ops, keep.Op{Key: tokenPrefix + old})
	}
	return append(ops, keep.Op{Key: tokenPrefix + token, Value: value})
}

// stale is how many tokens at the front of the order may go.
func (t *tokens) stale(now time.Time) int {
	n := max(0, len(t.order)-maxTokens)
	for n < len(t.order) && now.Sub(t.seen[t.order[n]].At) > tokenLife {
		n++
	}
	return n
}

// note remembers the token of a transaction that was done, and forgets stale ones.
func (t *tokens) note(token, done string, now time.Time) {
	n := t.stale(now)
	for _, old := range t.order[:n] {
		delete(t.seen, old)
	}
	t.order = append(t.order[n:], token)
	t.seen[token] = receipt{done, now}
}

// sort puts restored tokens in the order of time.
func (t *tokens) sort() {
	slices.SortFunc(t.order, func(a, b string) int { return t.seen[a].At.Compare(t.seen[b].At) })
}

func (t *tokens) restore(key string, value []byte) error {
	var r receipt
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	token := strings.TrimPrefix(key, tokenPrefix)
	t.seen[token] = r
	t.order = append(t.order, token)
	return nil
}
