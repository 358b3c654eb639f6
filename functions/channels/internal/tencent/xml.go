package tencent

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const space = " \t\r\n"

// ParseXML reads the XML that WeChat and WeCom push: elements under one <xml>,
// holding text, CDATA or further elements. A byte order mark and an XML declaration
// of UTF-8 may come first. All else is refused: DOCTYPE and entities of one's own,
// comments, instructions, attributes, namespaces, an element given twice (but for
// the items of a list), text between elements, and anything after the end. Line
// ends stay as sent.
//
// It walks the text once and keeps substrings of it; encoding/xml takes more than
// sixteen times as long and accepts repeated elements and trailing documents.
func ParseXML(doc string) (Document, error) {
	if err := checkText(doc); err != nil {
		return nil, err
	}
	s := scanner{src: doc, nodes: make(Document, 0, 8)}
	s.skipProlog()
	if !s.take("<xml>") {
		return nil, s.bad("document does not start with <xml>")
	}
	if err := s.content(); err != nil {
		return nil, err
	}
	if s.skipSpace(); s.pos != len(doc) {
		return nil, s.bad("data after the document")
	}
	return s.nodes, nil
}

// skipProlog passes what may stand before the root. WeChat sends neither mark nor
// declaration; XML libraries, through which relays and simulators go, write them.
func (s *scanner) skipProlog() {
	s.take("\ufeff")
	_ = s.take(`<?xml version="1.0" encoding="UTF-8"?>`) || s.take(`<?xml version="1.0" encoding="utf-8"?>`) ||
		s.take(`<?xml version="1.0"?>`)
	s.skipSpace()
}

type scanner struct {
	src   string
	pos   int
	nodes Document
	open  [maxDepth]opened // the parents whose end tags are due
	depth uint8            // how many they are
}

type opened struct{ node, start int }

// content reads up to the end tag of the root.
func (s *scanner) content() error {
	for {
		s.skipSpace()
		switch {
		case strings.HasPrefix(s.src[s.pos:], "</"):
			if s.depth == 0 && s.endTag("xml") {
				return nil
			}
			if s.depth == 0 || !s.closeParent() {
				return s.bad(mismatch)
			}
		case s.take("<"):
			if err := s.element(); err != nil {
				return err
			}
		default:
			return s.bad("text between elements")
		}
	}
}

// element reads a start tag and, unless it opens a parent, all up to its end tag.
func (s *scanner) element() error {
	start := s.pos - 1
	name := s.name()
	if name == "" {
		return s.bad("not an element name")
	}
	leaf := Node{Name: name, Depth: s.depth + 1}
	if len(s.nodes) == maxNodes {
		return s.bad("too many elements")
	}
	if s.nodes.holds(name, leaf.Depth) && !(s.depth > 0 && listItem(name)) {
		return s.bad("element given twice")
	}
	if s.take("/>") {
		s.nodes = append(s.nodes, leaf)
		return nil
	}
	if !s.take(">") {
		return s.bad("attribute or malformed tag")
	}
	value, marked, err := s.text()
	if err != nil {
		return err
	}
	if s.endTag(name) {
		leaf.Value = value
		s.nodes = append(s.nodes, leaf)
		return nil
	}
	if s.take("</") {
		return s.bad(mismatch)
	}
	if marked || strings.Trim(value, space) != "" {
		return s.bad("text beside elements")
	}
	return s.openParent(name, start)
}

// listItem names the elements that repeat within a parent: the items of lists.
func listItem(name string) bool { return name == "item" || name == "Item" || name == "List" }

func (s *scanner) openParent(name string, start int) error {
	if s.depth == maxDepth-1 {
		return s.bad("nested too deep")
	}
	s.open[s.depth] = opened{len(s.nodes), start}
	s.depth++
	s.nodes = append(s.nodes, Node{Name: name, Depth: s.depth, Parent: true})
	return nil
}

func (s *scanner) closeParent() bool {
	s.depth--
	o := s.open[s.depth]
	if !s.endTag(s.nodes[o.node].Name) {
		return false
	}
	s.nodes[o.node].Value = s.src[o.start:s.pos]
	return true
}

const mismatch = "end tag does not match"

// endTag takes the end tag of name, if that is what follows.
func (s *scanner) endTag(name string) bool {
	end := s.pos + len("</") + len(name)
	if end >= len(s.src) || s.src[s.pos] != '<' || s.src[s.pos+1] != '/' || s.src[end] != '>' ||
		s.src[s.pos+2:end] != name {
		return false
	}
	s.pos = end + 1
	return true
}

// text reads character data up to the next tag. marked says that it holds a
// CDATA section or a reference, so that it is text even if it is blank.
func (s *scanner) text() (value string, marked bool, err error) {
	value, marked, err = s.part()
	if err != nil || s.atTag() {
		return value, marked, err
	}
	var joined strings.Builder
	joined.WriteString(value)
	for !s.atTag() {
		part, alsoMarked, err := s.part()
		if err != nil {
			return "", false, err
		}
		joined.WriteString(part)
		marked = marked || alsoMarked
	}
	return joined.String(), marked, nil
}

// atTag says whether a tag follows: anything else in angle brackets but CDATA.
func (s *scanner) atTag() bool {
	rest := s.src[s.pos:]
	return strings.HasPrefix(rest, "<") && !strings.HasPrefix(rest, "<!")
}

// part reads a CDATA section, or text up to the next angle bracket.
func (s *scanner) part() (value string, marked bool, err error) {
	rest := s.src[s.pos:]
	if s.take("<![CDATA[") {
		end := strings.Index(s.src[s.pos:], "]]>")
		if end < 0 {
			return "", false, s.bad("unfinished CDATA")
		}
		value = s.src[s.pos : s.pos+end]
		s.pos += end + len("]]>")
		return value, true, nil
	}
	if strings.HasPrefix(rest, "<!") {
		return "", false, s.bad("DOCTYPE or comment")
	}
	end := strings.IndexByte(rest, '<')
	if end < 0 {
		return "", false, s.bad("unfinished element")
	}
	value, err = s.resolve(rest[:end])
	s.pos += end
	return value, len(value) != end, err
}

// resolve replaces the references in character data.
func (s *scanner) resolve(text string) (string, error) {
	if strings.IndexByte(text, ']') >= 0 && strings.Contains(text, "]]>") {
		return "", s.bad("]]> outside CDATA")
	}
	if strings.IndexByte(text, '&') < 0 {
		return text, nil
	}
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "&")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, closed := strings.Cut(after, ";")
		r, known := reference(name)
		if !closed || !known {
			return "", s.bad("unknown reference")
		}
		b.WriteRune(r)
		text = rest
	}
}

// reference is the character that an XML reference names: one of the five
// predefined entities or a code point (https://www.w3.org/TR/xml/#sec-references).
func reference(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, base := strings.TrimPrefix(name, "#"), 10
	if digits == name {
		return 0, false
	}
	if hex := strings.TrimPrefix(digits, "x"); hex != digits {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	r := rune(n)
	valid := err == nil && utf8.ValidRune(r) && (r >= ' ' || strings.ContainsRune("\t\n\r", r)) && r != 0xFFFE &&
		r != 0xFFFF
	return r, valid
}

// name reads an element's name, and nothing if there is none.
func (s *scanner) name() string {
	start := s.pos
	for s.pos < len(s.src) && nameByte(s.src[s.pos]) {
		s.pos++
	}
	if s.pos > start && s.src[start] <= '9' {
		return "" // starts with a digit, a dot or a dash
	}
	return s.src[start:s.pos]
}

// The bytes of names, as bits: digits, dot and dash below 64, letters and the
// underscore above. Most of a message is names, so this test is most of the work.
const (
	nameLow  = 0x3FF<<'0' | 1<<'.' | 1<<'-'
	nameHigh = (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64) | 1<<('_'-64)
)

func nameByte(c byte) bool {
	return c < 64 && nameLow>>c&1 != 0 || c >= 64 && c < 128 && nameHigh>>(c-64)&1 != 0
}

func (s *scanner) take(token string) bool {
	if !strings.HasPrefix(s.src[s.pos:], token) {
		return false
	}
	s.pos += len(token)
	return true
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.src) {
		if c := s.src[s.pos]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return
		}
		s.pos++
	}
}

func (s *scanner) bad(reason string) error {
	return fmt.Errorf("xml at byte %d: %s", s.pos, reason)
}

// WellFormed says whether doc is XML or a JSON object at all, be it none that Parse reads.
// A document type is nothing that a platform sends.
func WellFormed(doc string) bool {
	if strings.HasPrefix(strings.TrimSpace(doc), "{") {
		return json.Valid([]byte(doc))
	}
	d := xml.NewDecoder(strings.NewReader(doc))
	for elements := 0; ; {
		switch token, err := d.Token(); {
		case err == io.EOF:
			return elements > 0
		case err != nil:
			return false
		default:
			switch token.(type) {
			case xml.Directive:
				return false
			case xml.StartElement:
				elements++
			}
		}
	}
}
