package ddb

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// maxItem is the largest item in bytes, names included.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxItem = 400 * 1024

// A table holds its rows and, under the same lock, those of its indexes.
type table struct {
	mu      sync.RWMutex
	name    string
	def     definition
	key     keySchema
	rows    tree
	indexes []*index
	bytes   int  // size of all items
	dropped bool // set when the table was deleted while a call waited for the lock

	trail   []dated      // the latest changes, the newest last
	waiting tree         // rows that will expire, by when
	nextDue atomic.Int64 // when the first of them is due, in nanoseconds since 1970
}

// An index is a secondary index. Its rows share the items of the table's rows.
type index struct {
	name       string
	global     bool
	key        keySchema
	projection string          // ALL, KEYS_ONLY or INCLUDE
	kept       map[string]bool // attributes held when the projection is not ALL, keys included
	rows       tree
	bytes      int
}

// holds tells whether the index has the attribute.
func (x *index) holds(name string) bool { return x.projection == "ALL" || x.kept[name] }

// view is the part of an item that the index holds.
func (x *index) view(it Item) Item {
	if x.projection == "ALL" {
		return it
	}
	out := make(Item, len(x.kept))
	for name := range x.kept {
		if v, ok := it[name]; ok {
			out[name] = v
		}
	}
	return out
}

// row is the item's row in the index; nil when the item lacks a key attribute and so is not in it.
func (x *index) row(t *table, it Item) *row {
	for _, a := range x.key.attributes() {
		if _, ok := it[a.name]; !ok {
			return nil
		}
	}
	size := 0
	for name, v := range it {
		if x.holds(name) {
			size += len(name) + v.size()
		}
	}
	return &row{key: x.place(t, it), item: it, size: size}
}

// place is the key of a row in the index: the index key, then the table's key, because index keys need not be unique.
func (x *index) place(t *table, it Item) string {
	place := x.key.of(it) + it[t.key.hash.name].sortable()
	if t.key.rng.name != "" {
		place += it[t.key.rng.name].sortable()
	}
	return place
}

// sameView tells whether the index would hold the same of both items.
func (x *index) sameView(a, b Item) bool {
	return Value{kind: kindM, fields: x.view(a)}.equal(Value{kind: kindM, fields: x.view(b)})
}

// A change is what a write does to one item, worked out before anything is touched.
type change struct {
	table    *table
	key      string
	old, new *row // nil: no item
	indexed  []indexChange
}

// An indexChange tells the rows that an index holds of the item before and after.
type indexChange struct {
	index    *index
	old, new *row
}

// change works out what storing it at key does; a nil item deletes.
func (t *table) change(key string, old *row, it Item, now time.Time) change {
	c := change{table: t, key: key, old: old}
	if it != nil {
		c.new = &row{key: key, item: it, size: it.size(), due: t.due(it, key, now)}
	}
	for _, x := range t.indexes {
		i := indexChange{index: x}
		if old != nil {
			i.old = x.row(t, old.item)
		}
		if it != nil {
			i.new = x.row(t, it)
		}
		if i.old != nil || i.new != nil {
			c.indexed = append(c.indexed, i)
		}
	}
	return c
}

// op is the change as the log keeps it.
func (c change) op() keep.Op {
	op := keep.Op{Key: itemPrefix + c.table.name + "/" + c.key}
	if c.new != nil {
		op.Value = appendFields(make([]byte, 0, c.new.size+128), c.new.item)
	}
	return op
}

// apply makes the change. The caller holds the table's lock.
func (c change) apply() {
	t := c.table
	if c.old != nil {
		t.bytes -= c.old.size
		if c.old.due != "" {
			t.waiting.delete(c.old.due)
		}
	}
	if c.new != nil {
		t.bytes += c.new.size
		t.rows.set(c.new)
		if c.new.due != "" {
			t.waiting.set(&row{key: c.new.due})
		}
	} else if c.old != nil {
		t.rows.delete(c.key)
	}
	t.setNextDue()
	for _, i := range c.indexed {
		i.apply()
	}
}

func (i indexChange) apply() {
	x := i.index
	if i.old != nil {
		x.bytes -= i.old.size
		if i.new == nil || i.new.key != i.old.key {
			x.rows.delete(i.old.key)
		}
	}
	if i.new != nil {
		x.bytes += i.new.size
		x.rows.set(i.new)
	}
}

// charge adds what the change costs. factor is 2 for the table's part of a transaction.
func (c change) charge(b *tableBill, factor float64) {
	size := 0
	if c.old != nil {
		size = c.old.size
	}
	if c.new != nil {
		size = max(size, c.new.size)
	}
	b.write += factor * writeUnits(size)
	for _, i := range c.indexed {
		if units := i.units(); units > 0 {
			b.index(i.index).write += units
		}
	}
}

// units is what the change costs in the index: nothing when what it holds stays the same, a deletion and an insertion
// when the key changes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
func (i indexChange) units() float64 {
	switch {
	case i.old == nil:
		return writeUnits(i.new.size)
	case i.new == nil:
		return writeUnits(i.old.size)
	case i.old.key != i.new.key:
		return writeUnits(i.old.size) + writeUnits(i.new.size)
	case i.index.sameView(i.old.item, i.new.item):
		return 0
	}
	return writeUnits(max(i.old.size, i.new.size))
}

// checkIndexKeys refuses an item whose attribute has not the type that an index key declares.
func (t *table) checkIndexKeys(it Item) error {
	for _, x := range t.indexes {
		for _, a := range x.key.attributes() {
			v, ok := it[a.name]
			if !ok {
				continue
			}
			if v.kind != a.kind {
				return invalid("One or more parameter values were invalid: Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", a.name, a.kind, v.kind, x.name)
			}
			if v.text == "" {
				return invalid("One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: %s, IndexKey: %s", x.name, a.name)
			}
		}
	}
	return nil
}

// expiryGrace is how long an item stays readable after it expired. AWS promises "a few days" and mostly takes minutes;
// code must filter. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
const expiryGrace = 5 * time.Second

// maxExpired is how long ago an item may have expired to be deleted at all.
const maxExpired = 5 * 365 * 24 * time.Hour

// due is the item's place among those that wait to expire.
func (t *table) due(it Item, key string, now time.Time) string {
	v, ok := it[t.def.TTL]
	if t.def.TTL == "" || !ok || v.kind != kindN {
		return ""
	}
	seconds, err := time.ParseDuration(v.text + "s")
	if err != nil { // beyond the year 2262: never
		return ""
	}
	expires := time.Unix(0, int64(seconds))
	if expires.Before(now.Add(-maxExpired)) {
		return ""
	}
	if expires.Before(now) {
		expires = now
	}
	return fmt.Sprintf("%016x", expires.Add(expiryGrace).UnixNano()) + key
}

func (t *table) setNextDue() {
	next := int64(math.MaxInt64)
	if r := t.waiting.first(); r != nil {
		next, _ = strconv.ParseInt(r.key[:16], 16, 64) // as due wrote it
	}
	t.nextDue.Store(next)
}

// sweep deletes the items that expired. It is called before each use of a table.
func (t *table) sweep(now time.Time, log *keep.Log) error {
	if now.UnixNano() < t.nextDue.Load() {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var changes []change
	var ops []keep.Op
	t.waiting.ascend("", fmt.Sprintf("%016x", now.UnixNano()+1), func(r *row) bool {
		old := t.rows.get(r.key[16:])
		c := t.change(old.key, old, nil, now)
		changes = append(changes, c)
		ops = append(ops, c.op())
		return len(changes) < 1000 // the rest waits for the next call
	})
	if t.dropped || len(changes) == 0 {
		return nil
	}
	if err := log.Write(ops...); err != nil {
		return fmt.Errorf("delete expired items of %s: %w", t.name, err)
	}
	for _, c := range changes {
		c.apply()
		t.record(c, now)
	}
	return nil
}

// restore puts back an item that the log kept.
func (t *table) restore(value []byte, now time.Time) error {
	var a attributes
	if err := json.Unmarshal(value, &a); err != nil {
		return err
	}
	it, err := a.item()
	if err != nil {
		return err
	}
	t.change(t.key.of(it), nil, it, now).apply()
	return nil
}
