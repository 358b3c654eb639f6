package ddb

import "slices"

// A condition is what a condition, filter or key condition expression says about an item.
type condition interface{ holds(Item) bool }

type (
	both    struct{ left, right condition }
	either  struct{ left, right condition }
	negated struct{ inner condition }

	comparison struct {
		sign        string
		left, right operand
	}
	between struct{ subject, low, high operand }
	oneOf   struct {
		subject operand
		options []operand
	}
	function struct {
		name      string
		arguments []operand
	}
)

// An operand is a path, a value of the request, or the size of one of these.
type operand struct {
	path  path
	value *Value
	size  bool
}

func (o operand) in(it Item) (Value, bool) {
	var v Value
	var ok bool
	if o.value != nil {
		v, ok = *o.value, true
	} else {
		v, ok = it.at(o.path)
	}
	if ok && o.size {
		return sizeOf(v)
	}
	return v, ok
}

// at follows a path.
func (it Item) at(a path) (Value, bool) {
	v, ok := it[a[0].name]
	for _, s := range a[1:] {
		if !ok {
			break
		}
		v, ok = v.inner(s)
	}
	return v, ok
}

func (v Value) inner(s step) (Value, bool) {
	if s.index < 0 {
		w, ok := v.fields[s.name]
		return w, ok
	}
	if v.kind != kindL || s.index >= len(v.list) {
		return Value{}, false
	}
	return v.list[s.index], true
}

func (c both) holds(it Item) bool    { return c.left.holds(it) && c.right.holds(it) }
func (c either) holds(it Item) bool  { return c.left.holds(it) || c.right.holds(it) }
func (c negated) holds(it Item) bool { return !c.inner.holds(it) }

func (c comparison) holds(it Item) bool {
	a, okA := c.left.in(it)
	b, okB := c.right.in(it)
	if !okA || !okB {
		return c.sign == "<>"
	}
	switch c.sign {
	case "=":
		return a.equal(b)
	case "<>":
		return !a.equal(b)
	}
	order, ok := a.compare(b)
	return ok && ordered(c.sign, order)
}

func ordered(sign string, order int) bool {
	switch sign {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (c between) holds(it Item) bool {
	return comparison{">=", c.subject, c.low}.holds(it) && comparison{"<=", c.subject, c.high}.holds(it)
}

func (c oneOf) holds(it Item) bool {
	return slices.ContainsFunc(c.options, func(o operand) bool { return comparison{"=", c.subject, o}.holds(it) })
}

func (c function) holds(it Item) bool {
	subject, found := c.arguments[0].in(it)
	switch c.name {
	case "attribute_exists":
		return found
	case "attribute_not_exists":
		return !found
	}
	argument, ok := c.arguments[1].in(it)
	if !found || !ok {
		return false
	}
	switch c.name {
	case "attribute_type":
		return string(subject.kind) == argument.text
	case "begins_with":
		return subject.beginsWith(argument)
	}
	return subject.contains(argument)
}
