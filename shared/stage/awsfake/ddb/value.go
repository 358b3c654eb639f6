package ddb

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// A kind is the type letter of a value as the wire spells it.
type kind string

const (
	kindS    kind = "S"
	kindN    kind = "N"
	kindB    kind = "B"
	kindBool kind = "BOOL"
	kindNull kind = "NULL"
	kindSS   kind = "SS"
	kindNS   kind = "NS"
	kindBS   kind = "BS"
	kindL    kind = "L"
	kindM    kind = "M"
)

// maxDepth is how deep lists and maps may nest.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxDepth = 32

// A Value is one attribute value. Values are never changed once made, so that readers need no copy.
type Value struct {
	kind   kind
	text   string           // S; N in its normal form; B as raw bytes; BOOL as "true" or "false"
	list   []Value          // L, and the members of SS, NS and BS
	fields map[string]Value // M
}

// An Item is a row: attribute values by name. Like a Value it is never changed once made.
type Item map[string]Value

// An attribute is a Value as it stands in a request.
type attribute struct {
	S    *string               `json:",omitempty"`
	N    *string               `json:",omitempty"`
	B    *[]byte               `json:",omitempty"`
	BOOL *bool                 `json:",omitempty"`
	NULL *bool                 `json:",omitempty"`
	SS   *[]string             `json:",omitempty"`
	NS   *[]string             `json:",omitempty"`
	BS   *[][]byte             `json:",omitempty"`
	L    *[]attribute          `json:",omitempty"`
	M    *map[string]attribute `json:",omitempty"`
}

type attributes map[string]attribute

// item reads a request's attributes; what AWS would refuse is refused.
func (a attributes) item() (Item, error) {
	it := make(Item, len(a))
	for name, w := range a {
		v, err := w.value(1)
		if err != nil {
			return nil, err
		}
		it[name] = v
	}
	return it, nil
}

func (a attribute) value(depth int) (Value, error) {
	if depth > maxDepth {
		return Value{}, invalid("Nesting Levels have exceeded supported limits")
	}
	if a.members() != 1 {
		if a.members() == 0 {
			return Value{}, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
		}
		return Value{}, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	}
	switch {
	case a.S != nil:
		return Value{kind: kindS, text: *a.S}, nil
	case a.N != nil:
		return number(*a.N)
	case a.B != nil:
		return Value{kind: kindB, text: string(*a.B)}, nil
	case a.BOOL != nil:
		return boolean(*a.BOOL), nil
	case a.NULL != nil:
		if !*a.NULL {
			return Value{}, invalid("One or more parameter values were invalid: Null attribute value types must have the value of true")
		}
		return Value{kind: kindNull}, nil
	case a.L != nil:
		return listOf(*a.L, depth)
	case a.M != nil:
		return mapOf(*a.M, depth)
	}
	return a.set()
}

func (a attribute) members() int {
	n := 0
	for _, set := range [...]bool{a.S != nil, a.N != nil, a.B != nil, a.BOOL != nil, a.NULL != nil, a.SS != nil,
		a.NS != nil, a.BS != nil, a.L != nil, a.M != nil} {
		if set {
			n++
		}
	}
	return n
}

func number(text string) (Value, error) {
	d, err := parseDecimal(text)
	if err != nil {
		return Value{}, err
	}
	return Value{kind: kindN, text: d.String()}, nil
}

func boolean(b bool) Value {
	if b {
		return Value{kind: kindBool, text: "true"}
	}
	return Value{kind: kindBool, text: "false"}
}

func listOf(elements []attribute, depth int) (Value, error) {
	v := Value{kind: kindL, list: make([]Value, 0, len(elements))}
	for _, e := range elements {
		x, err := e.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.list = append(v.list, x)
	}
	return v, nil
}

func mapOf(fields map[string]attribute, depth int) (Value, error) {
	v := Value{kind: kindM, fields: make(map[string]Value, len(fields))}
	for name, f := range fields {
		x, err := f.value(depth + 1)
		if err != nil {
			return Value{}, err
		}
		v.fields[name] = x
	}
	return v, nil
}

func (a attribute) set() (Value, error) {
	v := Value{}
	switch {
	case a.SS != nil:
		v.kind = kindSS
		for _, s := range *a.SS {
			v.list = append(v.list, Value{kind: kindS, text: s})
		}
	case a.NS != nil:
		v.kind = kindNS
		for _, s := range *a.NS {
			n, err := number(s)
			if err != nil {
				return Value{}, err
			}
			v.list = append(v.list, n)
		}
	default:
		v.kind = kindBS
		for _, b := range *a.BS {
			v.list = append(v.list, Value{kind: kindB, text: string(b)})
		}
	}
	return v, v.checkSet()
}

func (v Value) checkSet() error {
	if len(v.list) == 0 {
		names := map[kind]string{kindSS: "string set", kindNS: "number set", kindBS: "binary set"}
		return invalid("One or more parameter values were invalid: An %s  may not be empty", names[v.kind])
	}
	seen := make(map[string]bool, len(v.list))
	for _, e := range v.list {
		if seen[e.text] {
			return invalid("One or more parameter values were invalid: Input collection contains duplicates: %s", e.plain())
		}
		seen[e.text] = true
	}
	return nil
}

func (v Value) isSet() bool { return v.kind == kindSS || v.kind == kindNS || v.kind == kindBS }

// has tells whether a set contains a member of the same text; members of a set are all of one kind.
func (v Value) has(member Value) bool {
	return slices.ContainsFunc(v.list, func(e Value) bool { return e.kind == member.kind && e.text == member.text })
}

// equal compares by content; sets regardless of order, numbers by value.
func (v Value) equal(w Value) bool {
	if v.kind != w.kind || v.text != w.text || len(v.list) != len(w.list) || len(v.fields) != len(w.fields) {
		return false
	}
	if v.isSet() {
		return !slices.ContainsFunc(v.list, func(e Value) bool { return !w.has(e) })
	}
	return slices.EqualFunc(v.list, w.list, Value.equal) && maps.EqualFunc(v.fields, w.fields, Value.equal)
}

// compare orders two values of the same kind S, N or B; other pairs have no order.
func (v Value) compare(w Value) (order int, ok bool) {
	if v.kind != w.kind {
		return 0, false
	}
	switch v.kind {
	case kindS, kindB:
		return strings.Compare(v.text, w.text), true
	case kindN:
		return v.decimal().compare(w.decimal()), true
	}
	return 0, false
}

// decimal is the number of a Value of kind N, whose text was checked when it was made.
func (v Value) decimal() decimal {
	d, _ := scanDecimal(v.text)
	return d
}

// size is the value's share of an item's size in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (v Value) size() int {
	switch v.kind {
	case kindS, kindB:
		return len(v.text)
	case kindN:
		return v.decimal().size()
	case kindBool, kindNull:
		return 1
	case kindSS, kindNS, kindBS:
		n := 0
		for _, e := range v.list {
			n += e.size()
		}
		return n
	}
	n := 3 + len(v.list) + len(v.fields)
	for _, e := range v.list {
		n += e.size()
	}
	for name, e := range v.fields {
		n += len(name) + e.size()
	}
	return n
}

func (it Item) size() int {
	n := 0
	for name, v := range it {
		n += len(name) + v.size()
	}
	return n
}

// MarshalJSON writes the wire form, with names in order.
func (it Item) MarshalJSON() ([]byte, error) { return appendFields(nil, it), nil }

func appendFields(b []byte, fields map[string]Value) []byte {
	b = append(b, '{')
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = fields[name].append(b)
	}
	return append(b, '}')
}

func (v Value) append(b []byte) []byte {
	b = append(append(append(b, `{"`...), v.kind...), `":`...)
	switch v.kind {
	case kindS, kindN, kindB:
		b = v.appendScalar(b)
	case kindBool:
		b = append(b, v.text...)
	case kindNull:
		b = append(b, "true"...)
	case kindM:
		b = appendFields(b, v.fields)
	default:
		b = append(b, '[')
		for i, e := range v.list {
			if i > 0 {
				b = append(b, ',')
			}
			if v.kind == kindL {
				b = e.append(b)
			} else {
				b = e.appendScalar(b)
			}
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

func (v Value) appendScalar(b []byte) []byte {
	if v.kind == kindB {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, []byte(v.text))
		return append(b, '"')
	}
	return appendText(b, v.text)
}

// appendText writes a JSON string; text that needs no escape, which is most, is copied.
func appendText(b []byte, s string) []byte {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\'
	}
	if plain {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, _ := json.Marshal(s) // a string always has a JSON form
	return append(b, quoted...)
}
