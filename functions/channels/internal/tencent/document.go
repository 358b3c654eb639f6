package tencent

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Bounds of a document. A push is a few KB, one or two levels deep, of a dozen
// fields (https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html);
// the result of a broadcast, with one item for each article, is the largest.
const (
	MaxDocument = 64 << 10 // bytes
	maxDepth    = 8        // levels below the root
	maxNodes    = 256      // fields in all
)

// A Document is a message's fields in their order, parents before their children.
type Document []Node

// A Node is a field of a Document. Names are case-sensitive.
type Node struct {
	Name   string
	Value  string // the text of a field; the source of a parent
	Parent bool   // has fields of its own
	Depth  uint8  // 1 is a field of the message itself
}

// Parse reads a document in either form: JSON if it starts with a brace, XML
// otherwise. Its errors name the place in bytes, and no content.
func Parse(doc string) (Document, error) {
	if strings.HasPrefix(strings.TrimLeft(doc, space), "{") {
		return ParseJSON(doc)
	}
	return ParseXML(doc)
}

// Text is the text of the field of d named name, or "".
func (d Document) Text(name string) string {
	for i := range d {
		if d[i].Depth == d[0].Depth && d[i].Name == name && !d[i].Parent {
			return d[i].Value
		}
	}
	return ""
}

// Fields are the fields of the i-th node, a parent.
func (d Document) Fields(i int) Document {
	end := i + 1
	for end < len(d) && d[end].Depth > d[i].Depth {
		end++
	}
	return d[i+1 : end]
}

// holds says whether the node at depth that is being read has a field named name
// already; the nodes after its last ancestor are its fields.
func (d Document) holds(name string, depth uint8) bool {
	for i := len(d) - 1; i >= 0 && d[i].Depth >= depth; i-- {
		if d[i].Depth == depth && d[i].Name == name {
			return true
		}
	}
	return false
}

func checkText(doc string) error {
	if len(doc) > MaxDocument {
		return errors.New("document is larger than 64 KB")
	}
	if !utf8.ValidString(doc) {
		return errors.New("document is not UTF-8")
	}
	return nil
}
