package play

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// A Body is how an endpoint reads what it is sent. The zero value looks at nothing.
type Body struct {
	Says string
	Read func(Call) (any, error)
	Else Refusal // what a body is answered with that cannot be read; zero is the endpoint's
}

func (b Body) read(c Call) (any, error) {
	if b.Read == nil {
		return nil, nil
	}
	return b.Read(c)
}

// Or is b with an answer to what cannot be read.
func (b Body) Or(r Refusal) Body { b.Else = r; return b }

// A File is one of a form.
type File struct {
	Name, Type string
	Data       []byte
}

// A param is a parameter of a form that is given once: a text, and a list of one.
type param string

// MarshalJSON is the text.
func (p param) MarshalJSON() ([]byte, error) { return json.Marshal(string(p)) }

var (
	errType = errors.New("another content type is wanted")
	errForm = errors.New("the body is malformed")
)

// The bodies.
var (
	JSON      = Body{Says: "JSON", Read: readJSON}
	ZippedIn  = Body{Says: "JSON, zipped with gzip", Read: readZipped}
	Form      = Body{Says: "a form", Read: readForm}
	Multipart = Body{Says: "a form of parts", Read: readParts}
	XML       = Body{Says: "XML", Read: readXML}

	// Parameters are JSON, a form, or a form of parts in which lists and objects are JSON.
	Parameters = Body{Says: "JSON, a form, or a form of parts", Read: readParameters}
)

func typeOf(c Call) string {
	typ, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type"))
	return typ
}

func readJSON(c Call) (any, error) {
	if typeOf(c) != "application/json" {
		return nil, errType
	}
	return tree(c.Body)
}

// tree reads one document of JSON, with numbers as they are written.
func tree(body []byte) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errForm
	}
	return v, nil
}

func readZipped(c Call) (any, error) {
	if c.Header.Get("Content-Encoding") != "gzip" {
		return nil, errType
	}
	r, err := gzip.NewReader(bytes.NewReader(c.Body))
	if err != nil {
		return nil, err
	}
	if c.Body, err = io.ReadAll(r); err != nil {
		return nil, err
	}
	return readJSON(c)
}

func readForm(c Call) (any, error) {
	if typeOf(c) != "application/x-www-form-urlencoded" {
		return nil, errType
	}
	q, err := url.ParseQuery(string(c.Body))
	return formTree(q), err
}

func formTree(q url.Values) map[string]any {
	object := map[string]any{}
	for name, values := range q {
		if len(values) == 1 {
			object[name] = param(values[0])
			continue
		}
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		object[name] = list
	}
	return object
}

// readParts reads a form of parts: its files are Files, all else is text.
func readParts(c Call) (any, error) {
	typ, parameters, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || typ != "multipart/form-data" {
		return nil, errType
	}
	object, form := map[string]any{}, multipart.NewReader(bytes.NewReader(c.Body), parameters["boundary"])
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return object, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		object[part.FormName()] = param(data)
		if part.FileName() != "" {
			object[part.FormName()] = File{part.FileName(), part.Header.Get("Content-Type"), data}
		}
	}
}

func readParameters(c Call) (any, error) {
	switch typeOf(c) {
	case "application/json":
		return readJSON(c)
	case "application/x-www-form-urlencoded":
		return unpacked(readForm(c))
	}
	return unpacked(readParts(c))
}

// unpacked is a form whose lists and objects, which are texts of JSON, are such.
func unpacked(v any, err error) (any, error) {
	object, _ := v.(map[string]any)
	for name, value := range object {
		s, ok := value.(param)
		if ok && (strings.HasPrefix(string(s), "{") || strings.HasPrefix(string(s), "[")) {
			if inner, wrong := tree([]byte(s)); wrong == nil {
				object[name] = inner
			}
		}
	}
	return v, err
}

// readXML reads a document: an element with elements is an object, one without a text,
// those of one name a list. The root's name does not count.
func readXML(c Call) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(c.Body))
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return element(d, start)
		}
	}
}

func element(d *xml.Decoder, _ xml.StartElement) (any, error) {
	object, text := map[string]any{}, ""
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch x := token.(type) {
		case xml.CharData:
			text += string(x)
		case xml.StartElement:
			v, err := element(d, x)
			if err != nil {
				return nil, err
			}
			add(object, x.Name.Local, v)
		case xml.EndElement:
			if len(object) == 0 {
				return param(strings.TrimSpace(text)), nil
			}
			return object, nil
		}
	}
}

func add(object map[string]any, name string, v any) {
	switch before := object[name].(type) {
	case nil:
		object[name] = v
	case []any:
		object[name] = append(before, v)
	default:
		object[name] = []any{before, v}
	}
}

// Into reads the body into v: its own structs of the play. The rules have looked at it.
func (t Taken) Into(v any) {
	body, err := channel.JSON(t.Tree)
	if err == nil {
		_ = json.Unmarshal(body, v) // a member of another type stays empty
	}
}

// Get is the text, number or truth at a place, or "".
func (t Taken) Get(place string) string {
	for _, f := range t.at(place) {
		if f.given {
			return plain(f.value)
		}
	}
	return ""
}

// Raw is the value at a place as JSON, or nil.
func (t Taken) Raw(place string) json.RawMessage {
	for _, f := range t.at(place) {
		if f.given {
			body, _ := channel.JSON(f.value) // it was read from JSON
			return body
		}
	}
	return nil
}

// Size is the number of values at a place.
func (t Taken) Size(place string) int {
	n := 0
	for _, f := range t.at(place) {
		if f.given {
			n++
		}
	}
	return n
}
