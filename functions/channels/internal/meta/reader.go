package meta

import (
	"encoding/json"
	"iter"
	"strings"
	"unicode/utf8"
)

// A Reader walks a JSON document once, front to back, and gives each value as text
// of the document itself: a webhook of 1000 updates is read without copying it
// value by value, and every part's own bytes are at hand.
//
// It is stricter than encoding/json where two readers of one document could
// disagree: keys match exactly, and an object that repeats a key, in whatever
// case, is refused. The first error sticks; reading on gives zero values.
//
//	for key := range r.Members() {
//		switch key {
//		case "id":
//			m.id = r.Text()
//		default:
//			r.Skip()
//		}
//	}
type Reader struct {
	body  []byte
	text  string // body once more: values are parts of it
	at    int
	depth int
	count int // of elements given by Elements
	err   error
}

// readError is an error of a Reader. It tells no content.
type readError string

func (e readError) Error() string { return string(e) }

const (
	errSyntax = readError("not valid JSON")
	errRepeat = readError("a repeated key")
	errLimit  = readError("too deep or too many elements")
)

const (
	// maxDepth bounds nesting; Meta's deepest documented payload has about 15 levels.
	maxDepth = 100
	// maxElements bounds the elements that are read one by one: Meta batches up to
	// 1000 updates. More would be a body of empty objects, made to fill our memory.
	maxElements = 10_000
)

// NewReader reads body.
func NewReader(body []byte) *Reader {
	r := &Reader{body: body, text: string(body)}
	if !utf8.Valid(body) {
		r.err = errSyntax
	}
	return r
}

// Err is the first error, if any.
func (r *Reader) Err() error { return r.err }

// End says what is wrong with the document, including anything after its value.
func (r *Reader) End() error {
	if r.peek(); r.err == nil && r.at < len(r.text) {
		r.err = errSyntax
	}
	return r.err
}

// Members iterates over an object's keys. The caller reads each key's value before
// the next round. What is no object has no members.
func (r *Reader) Members() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !r.open('{') {
			return
		}
		var seen keys
		for first := true; r.more('}', first); first = false {
			if r.peek() != '"' {
				r.fail(errSyntax)
				return
			}
			key := r.Text()
			if seen.repeats(key) {
				r.fail(errRepeat)
			}
			r.expect(':')
			if r.err != nil || !yield(key) {
				return
			}
		}
	}
}

// Elements iterates over an array's indexes. The caller reads each element before
// the next round. An object or a text alone
// is a list of one; what is neither has no elements.
func (r *Reader) Elements() iter.Seq[int] {
	return func(yield func(int) bool) {
		if r.peek() == '{' || r.peek() == '"' {
			yield(0)
			return
		}
		if !r.open('[') {
			return
		}
		for i := 0; r.more(']', i == 0); i++ {
			if r.count++; r.count > maxElements {
				r.fail(errLimit)
			}
			if r.err != nil || !yield(i) {
				return
			}
		}
	}
}

// keys remembers an object's first keys; the objects we read by name have fewer.
type keys struct {
	list [32]string
	n    int
}

func (k *keys) repeats(key string) bool {
	for _, s := range k.list[:k.n] {
		if len(s) == len(key) && strings.EqualFold(s, key) {
			return true
		}
	}
	if k.n < len(k.list) {
		k.list[k.n] = key
		k.n++
	}
	return false
}

// Item reads one value by read and gives its own bytes. ok is false when a key is
// repeated in it: it is skipped, and the rest can be read.
func (r *Reader) Item(read func()) (raw []byte, ok bool) {
	r.peek()
	start, depth := r.at, r.depth
	read()
	ok = r.err == nil
	if r.err == errRepeat {
		r.at, r.depth, r.err = start, depth, nil
		r.Skip()
	}
	return r.body[start:r.at:r.at], ok
}

// Text reads a string, or a number or truth value as it is written. Anything else is "".
func (r *Reader) Text() string {
	switch r.peek() {
	case '"':
		return r.quoted()
	case '{', '[':
		r.Skip()
		return ""
	}
	if word := r.word(); word != "null" {
		return word
	}
	return ""
}

// Bool reads true, as a truth value or a text. Anything else is false.
func (r *Reader) Bool() bool { return r.Text() == "true" }

// Any reads a scalar as Text does, and an object or array as its own JSON.
func (r *Reader) Any() string {
	if c := r.peek(); c == '{' || c == '[' {
		return string(r.Skip())
	}
	return r.Text()
}

// Skip passes over a value, checking its syntax, and gives its own bytes.
func (r *Reader) Skip() json.RawMessage {
	c := r.peek()
	start := r.at
	switch c {
	case '{', '[':
		r.skipInside(c)
	case '"':
		r.quotedSpan()
	default:
		r.word()
	}
	if r.err != nil {
		return nil
	}
	return r.body[start:r.at:r.at]
}

func (r *Reader) skipInside(c byte) {
	if !r.open(c) {
		return
	}
	for first := true; r.more(c+2, first); first = false { // '}' is '{'+2, ']' is '['+2
		if c == '{' {
			if r.peek() != '"' {
				r.fail(errSyntax)
				return
			}
			r.quotedSpan()
			r.expect(':')
		}
		r.Skip()
	}
}

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// peek is the next byte that is no white space; 0 at the end and after an error.
func (r *Reader) peek() byte {
	if r.err != nil {
		return 0
	}
	for ; r.at < len(r.text); r.at++ {
		if c := r.text[r.at]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

func (r *Reader) expect(c byte) {
	if r.peek() != c {
		r.fail(errSyntax)
		return
	}
	r.at++
}

// open enters an object or array; false for any other type, which is passed over.
func (r *Reader) open(c byte) bool {
	if r.peek() != c {
		r.Skip()
		return false
	}
	r.at++
	if r.depth++; r.depth > maxDepth {
		r.fail(errLimit)
	}
	return r.err == nil
}

// more says whether another element follows, and leaves the container if not.
func (r *Reader) more(end byte, first bool) bool {
	c := r.peek()
	switch {
	case r.err != nil:
		return false
	case c == end:
		r.at++
		r.depth--
		return false
	case !first:
		r.expect(',')
	}
	return r.err == nil
}

// word reads a number, true, false or null.
func (r *Reader) word() string {
	start := r.at
	for r.err == nil && r.at < len(r.text) && !strings.ContainsRune(" \n\r\t,:[]{}\"", rune(r.text[r.at])) {
		r.at++
	}
	if r.err != nil || !json.Valid(r.body[start:r.at]) {
		r.fail(errSyntax)
		return ""
	}
	return r.text[start:r.at]
}

// quoted reads a string. Escapes are rare, so the standard library undoes them.
func (r *Reader) quoted() string {
	start := r.at
	escaped := r.quotedSpan()
	if r.err != nil {
		return ""
	}
	if !escaped {
		return r.text[start+1 : r.at-1]
	}
	var s string
	if json.Unmarshal(r.body[start:r.at], &s) != nil {
		r.fail(errSyntax)
	}
	return s
}

// quotedSpan passes over a string and says whether it holds escapes.
func (r *Reader) quotedSpan() (escaped bool) {
	for i := r.at + 1; i < len(r.text); i++ {
		switch c := r.text[i]; {
		case c == '"':
			r.at = i + 1
			return escaped
		case c == '\\':
			escaped = true
			i += escape(r.text[i+1:])
		case c < ' ':
			r.fail(errSyntax)
			return escaped
		}
	}
	r.fail(errSyntax)
	return escaped
}

// escape is the length of what follows a backslash; too long when it is no escape.
func escape(s string) int {
	const bad = 1 << 30
	if s == "" || !strings.ContainsRune(`"\/bfnrtu`, rune(s[0])) {
		return bad
	}
	if s[0] != 'u' {
		return 1
	}
	if len(s) < 5 || strings.Trim(s[1:5], "0123456789abcdefABCDEF") != "" {
		return bad
	}
	return 5
}
