package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
)

// decode reads r's body into v, strictly: what encoding/json would overlook (a
// member it does not know, one that stands twice or is spelled otherwise) is a
// message that does not say what its author meant.
func decode(r request, v any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return notJSON.because("send Content-Type: application/json")
	}
	if !utf8.Valid(r.Body) || !json.Valid(r.Body) {
		return malformed.because("the body is not one JSON document in UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	c := checker{d: d}
	if err := c.value(reflect.TypeOf(v).Elem(), ""); err != nil {
		return malformed.because(err.Error())
	}
	if len(c.faults) > 0 {
		return faulty(c.faults)
	}
	if err := json.Unmarshal(r.Body, v); err != nil {
		return fault("", "does not have the form that the schema describes")
	}
	return nil
}

// A checker compares a valid document with the type that it is to be read into,
// and notes where they differ. Package events names members by tags alone, so this
// is the one place that looks at types.
type checker struct {
	d      *json.Decoder
	faults events.Faults
}

var errTwice = errors.New("a member stands twice in one object of the body")

func (c *checker) fault(path, message string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, events.Fault{Path: path, Message: message})
	}
}

// value checks the next value; t is nil where the type is not known.
func (c *checker) value(t reflect.Type, path string) error {
	token, err := c.d.Token()
	if err != nil {
		return err
	}
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if want, ok := fits(t, token); !ok {
		c.fault(path, "must be "+want)
		t = nil
	}
	switch token {
	case json.Delim('{'):
		return c.object(t, path)
	case json.Delim('['):
		return c.array(t, path)
	}
	return nil
}

func (c *checker) object(t reflect.Type, path string) error {
	known, seen := members(t), map[string]bool{}
	for c.d.More() {
		token, err := c.d.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // members have texts for names
		if seen[name] {
			return errTwice
		}
		seen[name] = true
		place := strings.TrimPrefix(path+"."+shown(name), ".")
		member, ok := known[name]
		if !ok && t != nil {
			c.fault(place, "is not a member that is known here")
		}
		if err := c.value(member, place); err != nil {
			return err
		}
	}
	_, err := c.d.Token()
	return err
}

func (c *checker) array(t reflect.Type, path string) error {
	if t != nil {
		t = t.Elem()
	}
	for i := 0; c.d.More(); i++ {
		if err := c.value(t, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
	}
	_, err := c.d.Token()
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
		_, err := n.Int64()
		ok = err == nil
	}
	return "a whole number", ok
}
