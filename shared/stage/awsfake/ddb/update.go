package ddb

import (
	"cmp"
	"maps"
	"slices"
)

// An update is what an UpdateExpression does to an item.
type update struct {
	sets    []assignment
	removes []path
	adds    []assignment
	deletes []assignment
}

// An assignment gives a path a value: for SET the one that source works out, for ADD and DELETE its only operand's.
type assignment struct {
	path   path
	source source
}

// A source is the right side of a SET action: left alone, left + right, or left - right.
type source struct {
	sign        string
	left, right term
}

// A term is an operand, if_not_exists(path, term) or list_append(term, term).
type term struct {
	operand
	function  string
	arguments []term
}

// paths are all that the update touches, in the order of its clauses.
func (u update) paths() []path {
	var all []path
	for _, list := range [][]assignment{u.sets, u.adds, u.deletes} {
		for _, a := range list {
			all = append(all, a.path)
		}
	}
	return append(all, u.removes...)
}

// mentioned are all paths that the update touches or reads.
func (u update) mentioned() []path {
	all := u.paths()
	for _, a := range u.sets {
		all = append(append(all, a.source.left.mentioned()...), a.source.right.mentioned()...)
	}
	return all
}

func (t term) mentioned() (all []path) {
	if t.path != nil {
		all = append(all, t.path)
	}
	for _, a := range t.arguments {
		all = append(all, a.mentioned()...)
	}
	return all
}

// apply works the update out on an item, which stays as it was. All values are taken from the item as it was.
func (u update) apply(it Item) (Item, error) {
	root := Value{kind: kindM, fields: maps.Clone(map[string]Value(it))}
	var err error
	for _, a := range u.sets {
		v, e := a.source.work(it)
		if e != nil {
			return nil, e
		}
		if root, err = root.with(a.path, v); err != nil {
			return nil, err
		}
	}
	for _, a := range u.adds {
		if root, err = root.changed(it, a, added); err != nil {
			return nil, err
		}
	}
	for _, a := range u.deletes {
		if root, err = root.changed(it, a, removed); err != nil {
			return nil, err
		}
	}
	// From the end of a list to its start, so that an index means the element it meant before.
	removes := slices.SortedFunc(slices.Values(u.removes), func(a, b path) int {
		return slices.CompareFunc(b, a,
			compareSteps)
	})
	for _, a := range removes {
		if root, err = root.without(a); err != nil {
			return nil, err
		}
	}
	return Item(root.fields), nil
}

func compareSteps(a, b step) int {
	return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.name, b.name))
}

func (s source) work(it Item) (Value, error) {
	left, err := s.left.work(it)
	if err != nil || s.sign == "" {
		return left, err
	}
	right, err := s.right.work(it)
	if err != nil {
		return Value{}, err
	}
	if left.kind != kindN || right.kind != kindN {
		return Value{}, wrongType()
	}
	return sum(left, right, s.sign == "-")
}

func wrongType() error {
	return invalid("An operand in the update expression has an incorrect data type")
}

func sum(left, right Value, minus bool) (Value, error) {
	d := right.decimal()
	if minus {
		d = d.negated()
	}
	d, err := left.decimal().plus(d)
	if err != nil {
		return Value{}, err
	}
	return Value{kind: kindN, text: d.String()}, nil
}

func (t term) work(it Item) (Value, error) {
	switch t.function {
	case "if_not_exists":
		if v, ok := it.at(t.arguments[0].path); ok {
			return v, nil
		}
		return t.arguments[1].work(it)
	case "list_append":
		return t.appended(it)
	}
	v, ok := t.in(it)
	if !ok {
		return Value{}, invalid("The provided expression refers to an attribute that does not exist in the item")
	}
	return v, nil
}

func (t term) appended(it Item) (Value, error) {
	v := Value{kind: kindL}
	for _, a := range t.arguments {
		part, err := a.work(it)
		if err != nil {
			return Value{}, err
		}
		if part.kind != kindL {
			return Value{}, wrongType()
		}
		v.list = append(v.list, part.list...)
	}
	return v, nil
}

// added is ADD: a number to a number, members to a set; to nothing, the operand itself.
func added(old Value, exists bool, operand Value) (Value, bool, error) {
	switch {
	case !exists:
		return operand, true, nil
	case old.kind != operand.kind:
		return Value{}, false, wrongType()
	case old.kind == kindN:
		v, err := sum(old, operand, false)
		return v, true, err
	}
	v := Value{kind: old.kind, list: slices.Clone(old.list)}
	for _, e := range operand.list {
		if !old.has(e) {
			v.list = append(v.list, e)
		}
	}
	return v, true, nil
}

// removed is DELETE: members from a set; a set without members ceases to exist.
func removed(old Value, exists bool, operand Value) (Value, bool, error) {
	if !exists {
		return Value{}, false, nil
	}
	if old.kind != operand.kind {
		return Value{}, false, wrongType()
	}
	v := Value{kind: old.kind}
	for _, e := range old.list {
		if !operand.has(e) {
			v.list = append(v.list, e)
		}
	}
	return v, len(v.list) > 0, nil
}

// changed gives the assignment's path what f makes of its old value.
func (v Value) changed(it Item, a assignment, f func(Value, bool, Value) (Value, bool, error)) (Value, error) {
	old, exists := it.at(a.path)
	result, keep, err := f(old, exists, *a.source.left.value)
	switch {
	case err != nil:
		return Value{}, err
	case keep:
		return v.with(a.path, result)
	case exists:
		return v.without(a.path)
	case len(a.path) > 1:
		parent, _ := it.at(a.path[:len(a.path)-1])
		if byName := a.path[len(a.path)-1].index < 0; byName && parent.kind != kindM || !byName && parent.kind != kindL {
			return Value{}, badPath()
		}
	}
	return v, nil
}

func badPath() error {
	return invalid("The document path provided in the update expression is invalid for update")
}

// with is v with x at the path. Only what lies on the path is copied. An index past a list's end appends.
func (v Value) with(a path, x Value) (Value, error) {
	if len(a) == 0 {
		return x, nil
	}
	s := a[0]
	if s.index < 0 && v.kind != kindM || s.index >= 0 && v.kind != kindL {
		return Value{}, badPath()
	}
	old, ok := v.inner(s)
	if !ok && len(a) > 1 {
		return Value{}, badPath()
	}
	changed, err := old.with(a[1:], x)
	if err != nil {
		return Value{}, err
	}
	if s.index < 0 {
		v.fields = maps.Clone(v.fields)
		if v.fields == nil {
			v.fields = map[string]Value{}
		}
		v.fields[s.name] = changed
		return v, nil
	}
	v.list = slices.Clone(v.list)
	if ok {
		v.list[s.index] = changed
	} else {
		v.list = append(v.list, changed)
	}
	return v, nil
}

// without is v with nothing at the path. That there is nothing already is no error, unless the way there is missing.
func (v Value) without(a path) (Value, error) {
	s := a[0]
	if s.index < 0 && v.kind != kindM || s.index >= 0 && v.kind != kindL {
		return Value{}, badPath()
	}
	old, ok := v.inner(s)
	if !ok && len(a) > 1 {
		return Value{}, badPath()
	}
	if !ok {
		return v, nil
	}
	if len(a) > 1 {
		smaller, err := old.without(a[1:])
		if err != nil {
			return Value{}, err
		}
		return v.with(a[:1], smaller)
	}
	if s.index >= 0 {
		v.list = slices.Delete(slices.Clone(v.list), s.index, s.index+1)
		return v, nil
	}
	v.fields = maps.Clone(v.fields)
	delete(v.fields, s.name)
	return v, nil
}
