package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrNotJSON says that a request is not one JSON document in UTF-8.
var ErrNotJSON = errors.New("is not one JSON document in UTF-8")

// DecodeOutbound reads the request of a message; see Decode.
func DecodeOutbound(doc []byte) (o Outbound, err error) { return o, Decode(doc, &o) }

// DecodeAction reads the request of an action; see Decode.
func DecodeAction(doc []byte) (a Action, err error) { return a, Decode(doc, &a) }

// Decode reads a request into v, a pointer to a type of this package, strictly: what
// encoding/json would overlook (a member it does not know, one that stands twice or
// is spelled otherwise) is a message that does not say what its author meant. Every
// way in decodes by it, so that all give one verdict: ErrNotJSON, or Faults. v holds
// what could be read even then, so that a refusal can name the request.
func Decode(doc []byte, v any) error {
	if !utf8.Valid(doc) || !json.Valid(doc) {
		return ErrNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	r := reader{d: d}
	if err := r.value(reflect.TypeOf(v).Elem(), ""); err != nil {
		return ErrNotJSON
	}
	if err := json.Unmarshal(doc, v); err != nil && len(r.faults) == 0 {
		r.fault("", "does not have the form that the schema describes")
	}
	if len(r.faults) > 0 {
		return r.faults
	}
	return nil
}

// A reader compares a valid document with the type that it is to be read into, and
// notes where they differ. This package names members by tags alone, so this is the
// one place that looks at types.
type reader struct {
	d      *json.Decoder
	faults Faults
}

func (r *reader) fault(path, message string) {
	if len(r.faults) < MaxFaults {
		r.faults = append(r.faults, Fault{Path: path, Message: message})
	}
}

// value checks the next value; t is nil where the type is not known.
func (r *reader) value(t reflect.Type, path string) error {
	token, err := r.d.Token()
	if err != nil {
		return err
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if want, ok := fits(t, token); !ok {
		r.fault(path, "must be "+want)
		t = nil
	}
	switch token {
	case json.Delim('{'):
		return r.object(t, path)
	case json.Delim('['):
		return r.array(t, path)
	}
	return nil
}

func (r *reader) object(t reflect.Type, path string) error {
	known, seen := members(t), map[string]bool{}
	for r.d.More() {
		token, err := r.d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // members have texts for names
		place := dot(path, shown(name))
		member, ok := known[name]
		switch {
		case seen[name]:
			r.fault(place, "must not stand twice")
			member = nil
		case !ok && t != nil:
			r.fault(place, "is not a member that is known here")
		}
		seen[name] = true
		if err := r.value(member, place); err != nil {
			return err
		}
	}
	_, err := r.d.Token()
	return err
}

func (r *reader) array(t reflect.Type, path string) error {
	if t != nil {
		t = t.Elem()
	}
	for i := 0; r.d.More(); i++ {
		if err := r.value(t, index(path, i)); err != nil {
			return err
		}
	}
	_, err := r.d.Token()
	return err
}

// longestName bounds what a fault repeats of a request.
const longestName = 64

func shown(name string) string {
	if len(name) > longestName {
		return strings.ToValidUTF8(name[:longestName], "") + "…"
	}
	return name
}

// members are the types of a struct's members by their names; none for any other type.
func members(t reflect.Type) map[string]reflect.Type {
	if t == nil {
		return nil
	}
	list := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		list[name] = f.Type
	}
	return list
}

// fits says whether a token begins a value of type t, and else what should stand
// there. null is as good as absent.
func fits(t reflect.Type, token json.Token) (want string, ok bool) {
	if t == nil || token == nil {
		return "", true
	}
	if t == reflect.TypeFor[time.Time]() {
		s, isText := token.(string)
		return "a time as RFC 3339 writes it", isText && new(time.Time).UnmarshalText([]byte(s)) == nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return "an object", token == json.Delim('{')
	case reflect.Slice:
		return "an array", token == json.Delim('[')
	case reflect.String:
		_, ok = token.(string)
		return "a text", ok
	case reflect.Bool:
		_, ok = token.(bool)
		return "true or false", ok
	}
	return fitsNumber(t, token)
}

func fitsNumber(t reflect.Type, token json.Token) (want string, ok bool) {
	n, ok := token.(json.Number)
	if t.Kind() == reflect.Float64 {
		if ok {
			_, err := n.Float64()
			ok = err == nil
		}
		return "a number", ok
	}
	if ok {
		_, err := strconv.ParseInt(n.String(), 10, t.Bits())
		ok = err == nil
	}
	return "a whole number", ok
}
