package ddb

import (
	"slices"
	"sort"
	"strings"
)

// blockSize is where a block of a tree is split in two: small enough to shift, large enough for few blocks.
const blockSize = 512

// A row is an item at its place in a table or an index. Rows are never changed, only replaced.
type row struct {
	key  string
	item Item
	size int    // of what the table or the index holds of the item
	due  string // place among the items that wait to expire; "" when it never does
}

// A tree keeps rows in the order of their keys: sorted blocks of sorted rows. A binary search finds a row, and an
// insertion shifts at most a block. The zero tree is empty.
type tree struct {
	blocks [][]*row
	count  int
}

// seek finds the place of key: the block, the index in it, and whether a row with that key is there.
func (t *tree) seek(key string) (block, at int, found bool) {
	block = sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i][0].key > key }) - 1
	if block < 0 {
		return 0, 0, false
	}
	at, found = slices.BinarySearchFunc(t.blocks[block], key, func(r *row, k string) int {
		return strings.Compare(r.key,
			k)
	})
	return block, at, found
}

// get is the row with that key, or nil.
func (t *tree) get(key string) *row {
	if b, i, ok := t.seek(key); ok {
		return t.blocks[b][i]
	}
	return nil
}

// set puts r in place of the row with its key, if any.
func (t *tree) set(r *row) {
	b, i, ok := t.seek(r.key)
	if ok {
		t.blocks[b][i] = r
		return
	}
	t.count++
	if len(t.blocks) == 0 {
		t.blocks = [][]*row{{r}}
		return
	}
	t.blocks[b] = slices.Insert(t.blocks[b], i, r)
	if n := len(t.blocks[b]); n > blockSize {
		t.split(b, i == n-1)
	}
}

// split halves a block; one that grew at its end keeps all but the newest row, because keys often only grow.
func (t *tree) split(b int, grewAtEnd bool) {
	full := t.blocks[b]
	half := len(full) / 2
	if grewAtEnd {
		half = len(full) - 1
	}
	upper := append(make([]*row, 0, blockSize), full[half:]...)
	clear(full[half:])
	t.blocks[b] = full[:half]
	t.blocks = slices.Insert(t.blocks, b+1, upper)
}

func (t *tree) delete(key string) {
	b, i, ok := t.seek(key)
	if !ok {
		return
	}
	t.count--
	t.blocks[b] = slices.Delete(t.blocks[b], i, i+1)
	if len(t.blocks[b]) == 0 {
		t.blocks = slices.Delete(t.blocks, b, b+1)
	}
}

// first is the row with the lowest key, or nil.
func (t *tree) first() *row {
	if t.count == 0 {
		return nil
	}
	return t.blocks[0][0]
}

// ascend calls f for the rows with low ≤ key < high in order until f says no; an empty high means no end.
func (t *tree) ascend(low, high string, f func(*row) bool) {
	b, i, _ := t.seek(low)
	for ; b < len(t.blocks); b, i = b+1, 0 {
		for _, r := range t.blocks[b][i:] {
			if high != "" && r.key >= high || !f(r) {
				return
			}
		}
	}
}

// descend is ascend in the opposite order.
func (t *tree) descend(low, high string, f func(*row) bool) {
	b, i := len(t.blocks), 0
	if high != "" && b > 0 {
		b, i, _ = t.seek(high)
	} else if b > 0 {
		b--
		i = len(t.blocks[b])
	}
	for b < len(t.blocks) {
		for i--; i >= 0; i-- {
			if r := t.blocks[b][i]; r.key < low || !f(r) {
				return
			}
		}
		if b--; b < 0 {
			return
		}
		i = len(t.blocks[b])
	}
}
