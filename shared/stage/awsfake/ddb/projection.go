package ddb

import (
	"maps"
	"slices"
)

// A selection is a set of paths as a tree; one without branches selects the whole value.
type selection map[step]selection

func newSelection(paths []path) selection {
	root := selection{}
	for _, a := range paths {
		s := root
		for _, at := range a {
			if s[at] == nil {
				s[at] = selection{}
			}
			s = s[at]
		}
	}
	return root
}

// project is the part of an item that paths lead to; all of it when paths is nil. Elements of a list close ranks.
func (it Item) project(paths []path) Item {
	if paths == nil {
		return it
	}
	v, _ := Value{kind: kindM, fields: it}.project(newSelection(paths))
	if v.fields == nil {
		return Item{}
	}
	return v.fields
}

func (v Value) project(s selection) (Value, bool) {
	if len(s) == 0 {
		return v, true
	}
	out := Value{kind: v.kind}
	for _, at := range slices.SortedFunc(maps.Keys(s), compareSteps) {
		inner, ok := v.inner(at)
		if !ok {
			continue
		}
		if inner, ok = inner.project(s[at]); !ok {
			continue
		}
		if at.index >= 0 {
			out.list = append(out.list, inner)
			continue
		}
		if out.fields == nil {
			out.fields = map[string]Value{}
		}
		out.fields[at.name] = inner
	}
	return out, out.list != nil || out.fields != nil
}
