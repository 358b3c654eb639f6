package tencent

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// ParseJSON reads the JSON that Mini Programs may choose instead of XML: one
// object of the same fields. Numbers stay as written (a MsgId exceeds 2^53), an
// array becomes its elements under one name, null is "". A key given twice is
// refused, and so is data after the object.
// https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
func ParseJSON(doc string) (Document, error) {
	if err := checkText(doc); err != nil {
		return nil, err
	}
	p := jsonReader{src: doc, dec: json.NewDecoder(strings.NewReader(doc)), nodes: make(Document, 0, 8)}
	p.dec.UseNumber()
	if t, err := p.dec.Token(); err != nil || t != json.Delim('{') {
		return nil, p.bad("document is not an object")
	}
	if err := p.object(1); err != nil {
		return nil, err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return nil, p.bad("data after the document")
	}
	return p.nodes, nil
}

type jsonReader struct {
	src   string
	dec   *json.Decoder
	nodes Document
}

// object reads the members of an object whose brace has been read.
func (p *jsonReader) object(depth uint8) error {
	if depth > maxDepth {
		return p.bad("nested too deep")
	}
	for p.dec.More() {
		t, err := p.dec.Token()
		key, ok := t.(string)
		if err != nil || !ok {
			return p.bad("malformed")
		}
		if p.nodes.holds(key, depth) {
			return p.bad("key given twice")
		}
		if err := p.value(key, depth, true); err != nil {
			return err
		}
	}
	return p.end('}')
}

// value reads a member's value; arrays hold no arrays.
func (p *jsonReader) value(key string, depth uint8, list bool) error {
	if len(p.nodes) == maxNodes {
		return p.bad("too many fields")
	}
	t, err := p.dec.Token()
	if err != nil {
		return p.bad("malformed")
	}
	if t == json.Delim('{') {
		return p.parent(key, depth)
	}
	if t == json.Delim('[') && list {
		for p.dec.More() {
			if err := p.value(key, depth, false); err != nil {
				return err
			}
		}
		return p.end(']')
	}
	text, ok := plainText(t)
	if !ok {
		return p.bad("array within an array")
	}
	p.nodes = append(p.nodes, Node{Name: key, Value: text, Depth: depth})
	return nil
}

func (p *jsonReader) parent(key string, depth uint8) error {
	start, node := p.dec.InputOffset()-1, len(p.nodes)
	p.nodes = append(p.nodes, Node{Name: key, Depth: depth, Parent: true})
	if err := p.object(depth + 1); err != nil {
		return err
	}
	p.nodes[node].Value = p.src[start:p.dec.InputOffset()]
	return nil
}

func plainText(t json.Token) (string, bool) {
	switch v := t.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

func (p *jsonReader) end(close json.Delim) error {
	if t, err := p.dec.Token(); err != nil || t != close {
		return p.bad("malformed")
	}
	return nil
}

func (p *jsonReader) bad(reason string) error {
	return fmt.Errorf("json at byte %d: %s", p.dec.InputOffset(), reason)
}
