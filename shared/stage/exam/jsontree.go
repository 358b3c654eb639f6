package exam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A value is one JSON value within a body: where it stands, and what it is.
type value struct {
	path       string // entry[0].changes[1].value
	start, end int
	kind       byte // '{', '[', '"' or '0' for every other scalar
	children   []value
}

// values are all values of a JSON body, containers before what they contain; nil
// when body is not JSON.
func values(body []byte) []value {
	if !json.Valid(body) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	root, err := readValue(d, body, "")
	if err != nil {
		return nil
	}
	return root.flatten(nil)
}

func (v value) flatten(list []value) []value {
	list = append(list, v)
	for _, child := range v.children {
		list = child.flatten(list)
	}
	return list
}

func readValue(d *json.Decoder, body []byte, path string) (value, error) {
	start := int(d.InputOffset())
	start += len(body[start:]) - len(bytes.TrimLeft(body[start:], " \t\r\n,:"))
	v := value{path: path, start: start, kind: body[start]}
	if !strings.ContainsRune(`{["`, rune(v.kind)) {
		v.kind = '0'
	}
	if _, err := d.Token(); err != nil {
		return v, err
	}
	for i := 0; (v.kind == '{' || v.kind == '[') && d.More(); i++ {
		child := fmt.Sprintf("%s[%d]", path, i)
		if v.kind == '{' {
			key, err := d.Token()
			if err != nil {
				return v, err
			}
			child = strings.TrimPrefix(fmt.Sprintf("%s.%v", path, key), ".")
		}
		c, err := readValue(d, body, child)
		if err != nil {
			return v, err
		}
		v.children = append(v.children, c)
	}
	if v.kind == '{' || v.kind == '[' {
		if _, err := d.Token(); err != nil {
			return v, err
		}
	}
	v.end = int(d.InputOffset())
	return v, nil
}

// splice is body with text in the place of v.
func splice(body []byte, v value, text string) []byte {
	return slices.Concat(body[:v.start], []byte(text), body[v.end:])
}

// text is v's own part of body.
func (v value) text(body []byte) []byte { return body[v.start:v.end] }

// top are the members of the object that body is, in their order; their paths are
// their names.
func top(body []byte) []value {
	if all := values(body); len(all) > 0 && all[0].kind == '{' {
		return all[0].children
	}
	return nil
}

// members are the texts among the members of body, by name.
func members(body []byte) map[string]string {
	texts := map[string]string{}
	for _, v := range top(body) {
		var s string
		if v.kind == '"' && json.Unmarshal(v.text(body), &s) == nil {
			texts[v.path] = s
		}
	}
	return texts
}

// setMember is body, a JSON object, with a member called name for each of texts and
// no other of that name.
func setMember(body []byte, name string, texts []string) []byte {
	var parts []string
	quoted := func(s string) string {
		text, _ := json.Marshal(s) // a text
		return string(text)
	}
	for _, v := range top(body) {
		if v.path != name {
			parts = append(parts, quoted(v.path)+":"+string(v.text(body)))
		}
	}
	for _, s := range texts {
		parts = append(parts, quoted(name)+":"+quoted(s))
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}
