package ddb

import (
	"maps"
	"slices"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// What AWS says when a request meets too many others.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const (
	ongoing  = "Transaction is ongoing for the item"
	exceeded = "The level of configured provisioned throughput for the table was exceeded. " +
		"Consider increasing your provisioning level with the UpdateTable API."
	exceeding = "Throughput exceeds the current capacity of your table or index. " +
		"DynamoDB is automatically scaling your table or index so please try again shortly."
)

// Conflict is the refusal of an action that met a transaction on one of its items; nil for an action that cannot.
// below draws a number below n.
func Conflict(action string, items int, below func(n int) int) *wire.Error {
	switch action {
	case "PutItem", "UpdateItem", "DeleteItem":
		return refused("TransactionConflictException", ongoing)
	case "TransactWriteItems", "TransactGetItems":
		return cancelledAt(items, below, reason{Code: "TransactionConflict", Message: ongoing})
	}
	return nil
}

// Throttle is the refusal of an action for which there is no throughput left, in the table or in one partition of it.
// below draws a number below n.
func Throttle(action string, items int, below func(n int) int) *wire.Error {
	provisioned := below(2) == 0
	switch transaction := action == "TransactWriteItems" || action == "TransactGetItems"; {
	case transaction && provisioned:
		return cancelledAt(items, below, reason{Code: "ProvisionedThroughputExceeded", Message: exceeded})
	case transaction:
		return cancelledAt(items, below, reason{Code: "ThrottlingError", Message: exceeding})
	case provisioned:
		return refused("ProvisionedThroughputExceededException", exceeded)
	}
	return refused("ThrottlingException", exceeding)
}

// cancelledAt cancels a transaction because of one of its items.
func cancelledAt(items int, below func(n int) int, why reason) *wire.Error {
	reasons := make([]reason, max(1, items))
	for i := range reasons {
		reasons[i].Code = "None"
	}
	reasons[below(len(reasons))] = why
	return cancelled(reasons)
}

const (
	// lag is how long a write may stay unseen. AWS says "usually within one second or less".
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.ReadConsistency.html
	lag = time.Second
	// maxTrail is how many writes a table remembers for stale reads.
	maxTrail = 256
)

// A dated is a change that a stale read may miss.
type dated struct {
	change
	at time.Time
}

// record notes a change that was made. The caller holds the table's lock.
func (t *table) record(c change, now time.Time) {
	if len(t.trail) == 2*maxTrail {
		t.trail = append(t.trail[:0], t.trail[maxTrail:]...)
	}
	t.trail = append(t.trail, dated{c, now})
}

// rowsOf are the rows that a change left and made in an index, or in the table itself.
func (c change) rowsOf(x *index) (old, new *row) {
	if x == nil {
		return c.old, c.new
	}
	for _, i := range c.indexed {
		if i.index == x {
			return i.old, i.new
		}
	}
	return nil, nil
}

// before is what differs from now in a range of an index, or of the table itself, as it was up to n changes of that
// range ago: rows by their keys, nil where there was none. The caller holds the table's lock.
func (t *table) before(x *index, low, high string, n int, now time.Time) map[string]*row {
	if n == 0 {
		return nil
	}
	undone := map[string]*row{}
	within := func(r *row) bool { return r != nil && r.key >= low && (high == "" || r.key < high) }
	for _, s := range slices.Backward(t.trail) {
		if n == 0 || now.Sub(s.at) > lag {
			break
		}
		old, new := s.rowsOf(x)
		if within(new) {
			undone[new.key] = nil
		}
		if within(old) {
			undone[old.key] = old
		}
		if within(old) || within(new) {
			n--
		}
	}
	return undone
}

// rowBefore is the table's row at key, as it was up to n changes of it ago. The caller holds the table's lock.
func (t *table) rowBefore(key string, n int, now time.Time) *row {
	if n == 0 {
		return t.rows.get(key)
	}
	if r, differs := t.before(nil, key, key+"\x00", n, now)[key]; differs {
		return r
	}
	return t.rows.get(key)
}

// visit calls f for the rows of the cursor's range in its order, as they were n changes ago, until f says no. The
// caller holds the table's lock.
func (c *cursor) visit(n int, now time.Time, f func(*row) bool) {
	rows := &c.table.rows
	if c.index != nil {
		rows = &c.index.rows
	}
	walk := rows.ascend
	if c.backward {
		walk = rows.descend
	}
	undone := c.table.before(c.index, c.low, c.high, n, now)
	if len(undone) == 0 {
		walk(c.low, c.high, f)
		return
	}
	keys := slices.Sorted(maps.Keys(undone))
	if c.backward {
		slices.Reverse(keys)
	}
	more := true
	next := func() { // the first of keys
		if r := undone[keys[0]]; r != nil {
			more = f(r)
		}
		keys = keys[1:]
	}
	walk(c.low, c.high, func(r *row) bool {
		for more && len(keys) > 0 && keys[0] != r.key && (keys[0] < r.key) != c.backward {
			next()
		}
		switch {
		case !more:
		case len(keys) > 0 && keys[0] == r.key:
			next()
		default:
			more = f(r)
		}
		return more
	})
	for more && len(keys) > 0 {
		next()
	}
}
