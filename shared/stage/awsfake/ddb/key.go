package ddb

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/bits"
	"strings"
)

// The longest key values, in bytes. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxHashKey  = 2048
	maxRangeKey = 1024
)

// sortable is a byte string that orders as the values of one kind do, and of which none is a prefix of another's, so
// that several can stand behind each other. Text ends with 0,1; a zero within it becomes 0,255.
func (v Value) sortable() string {
	if v.kind == kindN {
		return v.decimal().sortable()
	}
	return v.sortablePrefix() + "\x00\x01"
}

// sortablePrefix begins the sortable form of every text that begins with v's.
func (v Value) sortablePrefix() string { return strings.ReplaceAll(v.text, "\x00", "\x00\xff") }

// partition begins the row keys of all items with this hash key value. Partitions lie in the order of a hash, as in
// AWS: nobody can come to rely on the order of a scan, and a segment of a parallel scan is a range.
func partition(hashKey Value) string {
	s := hashKey.sortable()
	h := fnv.New64a()
	h.Write([]byte(s))
	n := h.Sum64()
	n ^= n >> 32
	n *= 0x9e3779b97f4a7c15 // Fibonacci hashing spreads FNV's weak upper bits
	return string(binary.BigEndian.AppendUint64(nil, n)) + s
}

// after is the smallest byte string above all that begin with prefix; "" when there is none.
func after(prefix string) string {
	b := []byte(prefix)
	for len(b) > 0 && b[len(b)-1] == 0xff {
		b = b[:len(b)-1]
	}
	if len(b) > 0 {
		b[len(b)-1]++
	}
	return string(b)
}

// A keyAttribute is one attribute of a key schema; an absent range key has no name.
type keyAttribute struct {
	name string
	kind kind
}

// A keySchema is the key of a table or an index.
type keySchema struct{ hash, rng keyAttribute }

func (k keySchema) attributes() []keyAttribute {
	if k.rng.name == "" {
		return []keyAttribute{k.hash}
	}
	return []keyAttribute{k.hash, k.rng}
}

func (k keySchema) contains(name string) bool {
	return name == k.hash.name || name == k.rng.name && name != ""
}

// of is the row key of an item whose key attributes are known to be there.
func (k keySchema) of(it Item) string {
	if k.rng.name == "" {
		return partition(it[k.hash.name])
	}
	return partition(it[k.hash.name]) + it[k.rng.name].sortable()
}

// pick is the item's key attributes.
func (k keySchema) pick(it Item, into Item) Item {
	for _, a := range k.attributes() {
		into[a.name] = it[a.name]
	}
	return into
}

// checkItem tells whether an item to be stored has a proper key.
func (k keySchema) checkItem(it Item) error {
	for _, a := range k.attributes() {
		v, ok := it[a.name]
		if !ok {
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", a.name)
		}
		if v.kind != a.kind {
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: %s actual: %s",
				a.name, a.kind, v.kind)
		}
	}
	return k.checkLengths(it)
}

// checkKey tells whether a request's Key is exactly this schema's.
func (k keySchema) checkKey(key Item) error {
	for _, a := range k.attributes() {
		if v, ok := key[a.name]; !ok || v.kind != a.kind {
			return invalid("The provided key element does not match the schema")
		}
	}
	if len(key) != len(k.attributes()) {
		return invalid("The provided key element does not match the schema")
	}
	return k.checkLengths(key)
}

func (k keySchema) checkLengths(it Item) error {
	for i, a := range k.attributes() {
		v := it[a.name]
		if v.kind == kindN {
			continue
		}
		if v.text == "" {
			word := map[kind]string{kindS: "string", kindB: "binary"}[v.kind]
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s", word, a.name)
		}
		if i == 0 && len(v.text) > maxHashKey {
			return invalid("One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes")
		}
		if i == 1 && len(v.text) > maxRangeKey {
			return invalid("One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
		}
	}
	return nil
}

// segmentStart is the lowest row key of a segment, out of total.
func segmentStart(segment, total int) string {
	high, low := bits.Mul64(math.MaxUint64, uint64(segment))
	start, _ := bits.Div64(high, low, uint64(total))
	return string(binary.BigEndian.AppendUint64(nil, start))
}
