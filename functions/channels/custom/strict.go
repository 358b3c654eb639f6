package custom

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

const (
	// maxLevel is the level of content's members: envelope, data, content.
	maxLevel = 3
	// maxMembers bounds the work of comparing the names in an object; the
	// convention has a fifth of them.
	maxMembers = 128
)

// ambiguous says whether a member of doc, which is JSON, or of an object in it is
// given twice or in two cases: encoding/json takes the last, other readers the
// first, and who wrote must not depend on the reader. It does not look into the
// bridge's opaque "raw", into lists and below maxLevel.
//
// It walks the bytes, since json.Decoder takes four times as long as all else here.
func ambiguous(doc []byte) bool {
	var names [maxLevel][]string // of the objects that are open
	name := ""                   // the last one
	level, hidden := 0, 0        // hidden is the level of what is not looked into
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; c {
		case '{', '[':
			level++
			if hidden == 0 && (c == '[' || level > maxLevel || name == "raw") {
				hidden = level
			}
			if hidden == 0 {
				names[level-1] = nil
			}
		case '}', ']':
			if hidden == level {
				hidden = 0
			}
			level--
		case '"':
			end := textEnd(doc, i)
			if hidden == 0 && level > 0 && isName(doc[end:]) {
				name = unquote(doc[i:end])
				others := names[level-1]
				if len(others) == maxMembers ||
					slices.ContainsFunc(others, func(s string) bool { return strings.EqualFold(s, name) }) {
					return true
				}
				names[level-1] = append(others, name)
			}
			i = end - 1
		}
	}
	return false
}

// textEnd is the place after the text whose quotation mark is at start.
func textEnd(doc []byte, start int) int {
	for i := start + 1; i < len(doc); i++ {
		switch doc[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(doc)
}

// isName says whether the text before rest is a member's name.
func isName(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

func unquote(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 {
		return string(text[1 : len(text)-1])
	}
	var s string
	_ = json.Unmarshal(text, &s) // it is JSON
	return s
}
