package channel

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Decode reads raw into v, which points to a struct of the platform's wire format, and
// forgives what encoding/json does not: a member of another JSON type than documented
// never costs the rest. It is read as well as it can be (a number as the text it is
// written as, a text of digits as a number, one value as a list of one and the other way
// round) or left out. Whether what must be there is there, its caller sees.
//
// The error says that raw is no JSON, or not at all of v's shape. What is as documented
// is read by encoding/json alone.
func Decode(raw []byte, v any) error {
	err := json.Unmarshal(raw, v)
	if err == nil || !json.Valid(raw) {
		return err
	}
	target := reflect.ValueOf(v).Elem()
	mended, ok := mend(raw, target.Type(), 0)
	if !ok {
		return err
	}
	target.SetZero()
	return json.Unmarshal(mended, v)
}

// maxLevels bounds how deep values are mended: a wire format may hold itself (a quoted
// message), and each level reads its bytes once more.
const maxLevels = 32

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// mend is raw as encoding/json can read it into a t; false when nothing of it can be.
func mend(raw json.RawMessage, t reflect.Type, level int) (json.RawMessage, bool) {
	raw = bytes.TrimSpace(raw)
	if level > maxLevels {
		return nil, false
	}
	if string(raw) == "null" {
		return raw, true
	}
	if reflect.PointerTo(t).Implements(unmarshaler) || t.Kind() == reflect.Interface {
		return raw, json.Unmarshal(raw, reflect.New(t).Interface()) == nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return mend(raw, t.Elem(), level)
	case reflect.Slice, reflect.Array:
		return mendList(raw, t.Elem(), level)
	}
	if raw[0] == '[' && level > 0 { // a body is never read as what it is not
		return mendOnly(raw, t, level)
	}
	switch t.Kind() {
	case reflect.Struct:
		return mendObject(raw, func(name string) reflect.Type { return fieldType(t, name) }, level)
	case reflect.Map:
		return mendObject(raw, func(string) reflect.Type { return t.Elem() }, level)
	}
	return mendScalar(raw, t)
}

// mendOnly reads a list of one as what is in it.
func mendOnly(raw json.RawMessage, t reflect.Type, level int) (json.RawMessage, bool) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil || len(list) != 1 {
		return nil, false
	}
	return mend(list[0], t, level+1)
}

// mendList keeps the places of a list: what cannot be read is nothing there. A value
// alone is a list of one.
func mendList(raw json.RawMessage, t reflect.Type, level int) (json.RawMessage, bool) {
	var list []json.RawMessage
	alone := json.Unmarshal(raw, &list) != nil
	if alone {
		list = []json.RawMessage{raw}
	}
	for i := range list {
		m, ok := mend(list[i], t, level+1)
		if !ok && alone {
			return nil, false
		}
		list[i] = orNull(m, ok)
	}
	return slices.Concat([]byte{'['}, join(list), []byte{']'}), true
}

// mendObject leaves out the members that have no field, or cannot be read into it.
func mendObject(raw json.RawMessage, typeOf func(string) reflect.Type, level int) (json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if raw[0] != '{' || json.Unmarshal(raw, &members) != nil {
		return nil, false
	}
	var list []json.RawMessage
	for _, name := range slices.Sorted(maps.Keys(members)) {
		t := typeOf(name)
		if t == nil {
			continue
		}
		if m, ok := mend(members[name], t, level+1); ok {
			quoted, _ := json.Marshal(name) // a text
			list = append(list, slices.Concat(quoted, []byte{':'}, m))
		}
	}
	return slices.Concat([]byte{'{'}, join(list), []byte{'}'}), true
}

// fieldType is the type of the field that encoding/json reads a member of that name
// into: the outermost, and the one of the same case before others. nil when there is none.
func fieldType(t reflect.Type, name string) reflect.Type {
	var found reflect.StructField
	exact := false
	for _, f := range reflect.VisibleFields(t) {
		own, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if own == "" && !f.Anonymous {
			own = f.Name
		}
		if !f.IsExported() || own == "-" || !strings.EqualFold(own, name) || exact && own != name {
			continue
		}
		if found.Type == nil || own == name && !exact || len(f.Index) < len(found.Index) {
			found, exact = f, own == name
		}
	}
	return found.Type
}

// mendScalar reads a number as a text and a text as a number or a truth value. A truth
// value is never a text: it would be an id that many have.
func mendScalar(raw json.RawMessage, t reflect.Type) (json.RawMessage, bool) {
	text := string(raw)
	if raw[0] == '"' && json.Unmarshal(raw, &text) != nil {
		return nil, false
	}
	number := raw[0] != '"' && raw[0] != '{' && text != "true" && text != "false"
	switch t.Kind() {
	case reflect.String:
		if number && t != reflect.TypeFor[json.Number]() {
			raw = []byte(strconv.Quote(text))
		}
	case reflect.Bool:
		switch text {
		case "true", "1":
			raw = []byte("true")
		case "false", "0":
			raw = []byte("false")
		}
	case reflect.Float32, reflect.Float64:
		raw = []byte(strings.TrimSpace(text))
	default:
		raw = []byte(whole(strings.TrimSpace(text)))
	}
	return raw, json.Unmarshal(raw, reflect.New(t).Interface()) == nil
}

// maxExact is the largest whole number up to which a float holds every one.
const maxExact = 1 << 53

// whole is a number without a fraction, "1e3" or "12.0", as digits.
func whole(text string) string {
	if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) <= maxExact {
		return strconv.FormatInt(int64(f), 10)
	}
	return text
}

func orNull(raw json.RawMessage, ok bool) json.RawMessage {
	if !ok {
		return json.RawMessage("null")
	}
	return raw
}

func join(parts []json.RawMessage) []byte {
	var b bytes.Buffer
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(p)
	}
	return b.Bytes()
}
