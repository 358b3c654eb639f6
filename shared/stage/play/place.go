package play

import (
	"strconv"
	"strings"
)

// A place names values of a call:
//
//	text                         a member of the body
//	messages[].text              of each element
//	contents.**.action           at any depth, nothing between included
//	""                           the body itself
//	header:Content-Type          a header, its repetitions joined by commas
//	query:access_token           a parameter of the address
//	path:number                  what stands for {number} in the endpoint's Path
//
// A member that is absent is at a place too, if what it would be a member of is there:
// only so can it be missing. null is absent.
type found struct {
	place string // "messages[0].text"
	value any
	given bool
	index []int // of the elements on the way
}

// at finds the values at a place.
func (t Taken) at(place string) []found {
	if kind, name, ok := strings.Cut(place, ":"); ok {
		return []found{t.outside(kind, name)}
	}
	return t.walk(steps(place))
}

// walk finds what is at the end of way, and keeps what it found while rules are read: many
// begin alike, and what lies below ** is all of a message.
func (t Taken) walk(way []string) []found {
	if len(way) == 0 {
		return []found{{value: t.Tree, given: true}}
	}
	name := strings.Join(way, ".")
	if list, ok := t.walked[name]; ok {
		return list
	}
	last := len(way) - 1
	var list []found
	for _, f := range t.walk(way[:last]) {
		list = append(list, f.step(way[last])...)
	}
	if t.walked != nil {
		t.walked[name] = list
	}
	return list
}

// outside is a value that is not in the body.
func (t Taken) outside(kind, name string) found {
	f := found{place: name}
	switch kind {
	case "header":
		f.value, f.given = t.Joined(name), len(t.Header.Values(name)) > 0
	case "query":
		f.value, f.given = t.Query.Get(name), t.Query.Has(name)
	case "path":
		f.value, f.given = t.Vars[name], t.Vars[name] != ""
	}
	return f
}

// steps cuts a place: "a[].b" is a, [], b.
func steps(place string) []string {
	var list []string
	for _, part := range strings.Split(place, ".") {
		name, lists := strings.TrimRight(part, "[]"), strings.Count(part, "[]")
		if name != "" {
			list = append(list, name)
		}
		for range lists {
			list = append(list, "[]")
		}
	}
	return list
}

func (f found) step(step string) []found {
	switch step {
	case "[]":
		return f.elements()
	case "**":
		return f.below()
	}
	object, ok := f.value.(map[string]any)
	if !ok {
		return nil
	}
	v := object[step]
	return []found{{place: join(f.place, step), value: v, given: v != nil, index: f.index}}
}

// elements are those of a list; a parameter that a form has once is a list of one.
func (f found) elements() []found {
	list, ok := f.value.([]any)
	if text, once := f.value.(param); once {
		list, ok = []any{string(text)}, true
	}
	if !ok {
		return nil
	}
	all := make([]found, len(list))
	for i, v := range list {
		index := append(append([]int(nil), f.index...), i)
		all[i] = found{place: f.place + "[" + strconv.Itoa(i) + "]", value: v, given: v != nil, index: index}
	}
	return all
}

// below is f and all that is in it.
func (f found) below() []found {
	all := []found{f}
	switch v := f.value.(type) {
	case map[string]any:
		for _, name := range sorted(v) {
			member := found{place: join(f.place, name), value: v[name], given: v[name] != nil, index: f.index}
			all = append(all, member.below()...)
		}
	case []any:
		for _, e := range f.elements() {
			e.index = f.index // a place with ** has no numbers of its own there
			all = append(all, e.below()...)
		}
	}
	return all
}

func join(place, name string) string {
	if place == "" {
		return name
	}
	return place + "." + name
}

// bound says whether other, which is at place, belongs to f, which is beside it: as far as
// both places name the same lists, at the same elements. "messages[].type" beside
// "messages[2].text" is the type of that message.
func bound(other, f found, place, beside string, shared int) bool {
	if len(other.index) < shared || len(f.index) < shared {
		return false
	}
	for i := range shared {
		if other.index[i] != f.index[i] {
			return false
		}
	}
	return !strings.Contains(beside, "**") || near(other.place, f.place, place, beside)
}

// lists counts the lists with which both places begin.
func lists(a, b string) int {
	n := 0
	as, bs := steps(a), steps(b)
	for i := 0; i < len(as) && i < len(bs) && as[i] == bs[i] && as[i] != "**"; i++ {
		if as[i] == "[]" {
			n++
		}
	}
	return n
}

// near says whether two finds lie in the same object below a **: their places then
// differ in the last members only, as those that were asked for do.
func near(a, b, askedA, askedB string) bool {
	_, tailA, deep := strings.Cut(askedA, "**")
	_, tailB, _ := strings.Cut(askedB, "**")
	if !deep {
		return true
	}
	n := 0
	as, bs := steps(tailA), steps(tailB)
	for n < len(as) && n < len(bs) && as[n] == bs[n] {
		n++
	}
	return parent(a, len(as)-n) == parent(b, len(bs)-n)
}

// parent is a place without its last n members or elements.
func parent(place string, n int) string {
	for range n {
		place = place[:max(strings.LastIndexAny(place, ".["), 0)]
	}
	return place
}
