package meta_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/functions/channels/internal/meta"
)

const document = ` { "id" : "a\/b \ud83d\ude00" , "n": 12.50, "yes":true, "no":null,
	"list":[1,"two",{"x":[]}], "empty":{}, "deep":{"list":[{"a":1}]} } `

func TestReader(t *testing.T) {
	r := meta.NewReader([]byte(document))
	got := map[string]string{}
	for key := range r.Members() {
		switch key {
		case "yes":
			if r.Bool() {
				got[key] = "true"
			}
		case "list":
			for i := range r.Elements() {
				got[key] += string(rune('0'+i)) + "=" + r.Any() + " "
			}
		case "deep":
			got[key] = string(r.Skip())
		default:
			got[key] = r.Any()
		}
	}
	want := map[string]string{
		"id": "a/b 😀", "n": "12.50", "yes": "true", "no": "", "list": `0=1 1=two 2={"x":[]} `, "empty": "{}",
		"deep": `{"list":[{"a":1}]}`,
	}
	if diff := cmp.Diff(want, got); diff != "" || r.End() != nil {
		t.Errorf("End gives %v; (-want +got):\n%s", r.End(), diff)
	}
}

func read(r *meta.Reader) (id string) {
	for key := range r.Members() {
		if key == "id" {
			id = r.Text()
		} else {
			r.Skip()
		}
	}
	return id
}

func TestItem(t *testing.T) {
	r := meta.NewReader([]byte(`[{"id":"1"},{"id":{"deep":[{}]}},7,null,{"id":"2","ID":"3"},{"id":"4"}]`))
	var got []string
	for range r.Elements() {
		var id string
		raw, ok := r.Item(func() { id = read(r) })
		if !ok {
			id = "bad " + string(raw)
		}
		got = append(got, id)
	}
	want := []string{"1", "", "", "", `bad {"id":"2","ID":"3"}`, "4"}
	if diff := cmp.Diff(want, got); diff != "" || r.End() != nil {
		t.Errorf("End gives %v; (-want +got):\n%s", r.End(), diff)
	}
}

func TestReaderBoundsWork(t *testing.T) {
	deep := strings.Repeat("[", 101) + strings.Repeat("]", 101)
	r := meta.NewReader([]byte(deep))
	if r.Skip(); r.End() == nil {
		t.Error("101 levels are read")
	}
	r = meta.NewReader([]byte("[" + strings.Repeat("0,", 10_000) + "0]"))
	n := 0
	for range r.Elements() {
		r.Skip()
		n++
	}
	if r.End() == nil || n > 10_000 {
		t.Errorf("%d elements are read, and End gives %v", n, r.End())
	}
}

func TestErrorsTellNoContent(t *testing.T) {
	for _, body := range []string{`{"secret":`, `{"secret":"x","secret":"y"}`} {
		r := meta.NewReader([]byte(body))
		read(r)
		if err := r.End(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: End gives %v", body, err)
		}
	}
}

// FuzzReader compares with encoding/json: the same documents are valid, and texts
// are the same.
func FuzzReader(f *testing.F) {
	for _, s := range []string{document, `"\u00e9\ud800"`, `[1,-0.5e+3,tru]`, `{"a":1,}`, `[01]`, "\"\t\"", `"\x"`,
		`{"a" "b"}`, `nullnull`, `""x`, `-`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := meta.NewReader(body)
		raw := r.Skip()
		err := r.End()
		bounded := strings.Count(string(body), "[")+strings.Count(string(body), "{") <= 100
		if want := json.Valid(body) && utf8.Valid(body); bounded && want != (err == nil) {
			t.Fatalf("valid: %v, End gives %v", want, err)
		}
		if err == nil && !json.Valid(raw) {
			t.Fatalf("Skip gives %q", raw)
		}
		var want string
		if err == nil && json.Unmarshal(body, &want) == nil {
			if got := meta.NewReader(body).Text(); got != want {
				t.Fatalf("Text gives %q, want %q", got, want)
			}
		}
	})
}

func TestReaderForgivesOtherTypes(t *testing.T) {
	r := meta.NewReader([]byte(`{"id":{"x":[1]},"a":[],"b":"true","c":{"x":1},"d":7,"e":null,"f":"x"}`))
	var got []string
	for key := range r.Members() {
		switch key {
		case "id":
			got = append(got, "text "+r.Text())
		case "a":
			got = append(got, fmt.Sprint("bool ", r.Bool()))
		case "b":
			got = append(got, fmt.Sprint("bool ", r.Bool()))
		default:
			for i := range r.Elements() {
				got = append(got, fmt.Sprint(i, string(r.Skip())))
			}
		}
	}
	want := []string{"text ", "bool false", "bool true", `0{"x":1}`, `0"x"`}
	if diff := cmp.Diff(want, got); diff != "" || r.End() != nil {
		t.Errorf("End gives %v; (-want +got):\n%s", r.End(), diff)
	}
}
