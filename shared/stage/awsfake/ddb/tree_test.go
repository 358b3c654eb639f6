package ddb

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A tree behaves as a sorted map does, in both directions and for every range.
func TestTreeAgainstMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tr tree
		model := map[string]*row{}
		name := rapid.StringN(1, 3, -1)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			k := name.Draw(t, "key")
			if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
				tr.delete(k)
				delete(model, k)
				continue
			}
			r := &row{key: k}
			tr.set(r)
			model[k] = r
			if tr.get(k) != r {
				t.Fatalf("%q is not found after it was set", k)
			}
		}
		checkTree(t, &tr, model, rapid.String().Draw(t, "low"), rapid.String().Draw(t, "high"))
	})
}

func checkTree(t *rapid.T, tr *tree, model map[string]*row, low, high string) {
	var want, up, down []string
	for _, k := range slices.Sorted(maps.Keys(model)) {
		if k >= low && (high == "" || k < high) {
			want = append(want, k)
		}
	}
	tr.ascend(low, high, func(r *row) bool { up = append(up, r.key); return true })
	tr.descend(low, high, func(r *row) bool { down = append(down, r.key); return true })
	slices.Reverse(down)
	if diff := cmp.Diff(want, up); diff != "" {
		t.Errorf("ascend (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, down); diff != "" {
		t.Errorf("descend (-want +got):\n%s", diff)
	}
	if tr.count != len(model) {
		t.Errorf("count is %d, want %d", tr.count, len(model))
	}
}

// Many rows fill many blocks, in rising, falling and mixed order.
func TestTreeOfManyBlocks(t *testing.T) {
	const n = 5000
	for name, at := range map[string]func(int) int{"rising": func(i int) int { return i },
		"falling": func(i int) int { return n - 1 - i }, "mixed": func(i int) int { return i * 2741 % n }} {
		var tr tree
		for i := range n {
			tr.set(&row{key: keyOf(at(i))})
		}
		i := 0
		tr.ascend("", "", func(r *row) bool {
			if r.key != keyOf(i) {
				t.Fatalf("%s: row %d has the wrong key", name, i)
			}
			i++
			return true
		})
		if i != n {
			t.Errorf("%s: %d rows, want %d", name, i, n)
		}
		for i := range n {
			tr.delete(keyOf(at(i)))
		}
		if tr.count != 0 || tr.first() != nil {
			t.Errorf("%s: %d rows are left", name, tr.count)
		}
	}
}

func keyOf(i int) string { return string([]byte{byte(i >> 8), byte(i)}) }
