package play

import (
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
)

// TestRules holds one rule against one body, and names the places where it is broken.
func TestRules(t *testing.T) {
	const two = `{"messages":[{"type":"text","text":"ab"},{"type":"image","url":"http://x.example",` +
		`"quick":{"items":[{"label":"1234"},{"label":null}]}}]}`
	for _, tc := range []struct {
		name, body, want string
		rule             Rule
	}{
		{"short enough", two, "", Rule{At: "messages[].text", Must: Len(1, 2, Runes)}},
		{"too long", two, "messages[0].text", Rule{At: "messages[].text", Must: Len(1, 1, Runes)}},
		{"absent is not too long", two, "", Rule{At: "messages[].nothing", Must: Len(1, 1, Runes)}},
		{"absent is not given", two, "messages[1].text", Rule{At: "messages[].text", Must: Given()}},
		{"null is not given", two, "messages[1].quick.items[1].label",
			Rule{At: "messages[].quick.items[].label", Must: Given()}},
		{"needed where its object is", two, "", Rule{At: "messages[].form.title", Must: Given()}},
		{"of that type", two, "messages[1].url", Rule{At: "messages[].url", When: If("messages[].type", Is("image")),
			Must: HTTPS()}},
		{"not of another", two, "", Rule{At: "messages[].url", When: If("messages[].type", Is("text")), Must: HTTPS()}},
		{"forbidden beside", two, "messages[1].url", Rule{At: "messages[].url", When: If("messages[].text", Absent()),
			Must: Absent()}},
		{"deep", two, "messages[1].quick.items[0].label", Rule{At: "**.label", Must: Matches("^[a-z]*$")}},
		{"deep, beside", two, "messages[1].url", Rule{At: "**.url", When: If("**.type", Is("image")), Must: HTTPS()}},
		{"deep, beside another", two, "", Rule{At: "**.url", When: If("**.type", Is("text")), Must: HTTPS()}},
		{"count", two, "messages", Rule{At: "messages", Must: Count(1, 1)}},
		{"one of", two, "messages[1]", Rule{At: "messages[]", Must: One("text")}},
		{"any", two, "messages[0]", Rule{At: "messages[]", Must: Any(One("url"), Some("picture"))}},
		{"no other", `{"a":1,"b":2}`, ".", Rule{At: "", Must: Only("a")}},
		{"a number is no text", `{"a":1}`, "a", Rule{At: "a", Must: String()}},
		{"between", `{"a":61}`, "a", Rule{At: "a", Must: Between(5, 60)}},
		{"UTF-16", `{"a":"👋"}`, "a", Rule{At: "a", Must: Len(0, 1, UTF16)}},
		{"characters", `{"a":"👋"}`, "", Rule{At: "a", Must: Len(0, 1, Runes)}},
		{"clusters", `{"a":"👨‍👩‍👧é"}`, "", Rule{At: "a", Must: Len(2, 2, Graphemes)}},
		{"a text is no number", `{"a":"7"}`, "a", Rule{At: "a", Must: Number()}},
		{"a text is no truth", `{"a":"true"}`, "a", Rule{At: "a", Must: Truth()}},
		{"alike", `{"a":[{"b":1},{"b":1}]}`, "", Rule{At: "a", Must: Alike("b", Plain)}},
		{"not alike", `{"a":[{"b":1},{"b":2}]}`, "a", Rule{At: "a", Must: Alike("b", Plain)}},
		{"some with, some without", `{"a":[{"b":"x"},{}]}`, "a", Rule{At: "a", Must: Alike("b", There)}},
		{"as many", `{"a":[{"b":[1,2]},{"b":[3]}]}`, "a", Rule{At: "a", Must: Alike("b", Sized)}},
		{"septets", `{"a":"€"}`, "a", Rule{At: "a", Must: Len(0, 1, GSM)}},
		{"size", `{"a":{"b":1}}`, "a", Rule{At: "a", Must: Bytes(0, 6)}},
		{"type of media", `{"a":"video/mp4; x=1"}`, "", Rule{At: "a", Must: MIME("image/png", "video/*")}},
		{"tel", `{"a":"tel:+1"}`, "", Rule{At: "a", Must: URL("tel")}},
	} {
		c := Call{Request: channel.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(tc.body)}}
		tree, err := JSON.read(c)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		var got []string
		for _, b := range (Taken{Call: c, Tree: tree}).broken([]Rule{tc.rule}) {
			got = append(got, or(b.Place, "."))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: broken at %v, want %q", tc.name, got, tc.want)
		}
	}
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct{ pattern, path, name, want string }{
		{"/v25.0/{number}/messages", "/v25.0/123/messages", "number", "123"},
		{"/v25.0/{number}/messages", "/v25.0//messages", "number", "-"},
		{"/v25.0/{number}/messages", "/v25.0/1/2/messages", "number", "-"},
		{"/bot{token}/send", "/bot1:A/send", "token", "1:A"},
		{"/files/{rest...}", "/files/a/b", "rest", "a/b"},
		{"/v1/{name}:send", "/v1/a:send", "name", "a"},
		{"/v1/{name}", "/v1/a%2Fb", "name", "a/b"},
		{"/v1", "/v1/", "", "-"},
	} {
		vars, ok := match(tc.pattern, tc.path)
		if got := vars[tc.name]; ok != (tc.want != "-") || ok && got != tc.want {
			t.Errorf("%s on %s: %q %t, want %q", tc.pattern, tc.path, got, ok, tc.want)
		}
	}
}

func TestBodies(t *testing.T) {
	parts := "--x\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n7\r\n--x\r\n" +
		"Content-Disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\nContent-Type: " +
		"image/png\r\n\r\nPNG\r\n--x\r\n" +
		"Content-Disposition: form-data; name=\"markup\"\r\n\r\n{\"rows\":[1]}\r\n--x--\r\n"
	for _, tc := range []struct {
		body              Body
		typ, text, at, is string
	}{
		{JSON, "application/json; charset=utf-8", `{"a":{"b":12345678901234567890}}`, "a.b", "12345678901234567890"},
		{JSON, "text/plain", `{"a":1}`, "a", "error"},
		{JSON, "application/json", `{"a":1} x`, "a", "error"},
		{Form, "application/x-www-form-urlencoded", "To=%2B1&M=a&M=b", "To", "+1"},
		{Form, "application/x-www-form-urlencoded", "To=%2B1&M=a&M=b", "M[]", "a"},
		{Form, "application/x-www-form-urlencoded", "M=a", "M[]", "a"},
		{Parameters, "multipart/form-data; boundary=x", parts, "chat_id", "7"},
		{Parameters, "multipart/form-data; boundary=x", parts, "markup.rows[]", "1"},
		{Multipart, "multipart/form-data; boundary=x", parts, "markup", `{"rows":[1]}`},
		{XML, "text/xml", "<xml><A>1</A><L><I>x</I><I>y</I></L></xml>", "L.I[]", "x"},
		{XML, "text/xml", "<xml><A>", "A", "error"},
	} {
		c := Call{Request: channel.Request{Header: http.Header{"Content-Type": {tc.typ}}, Body: []byte(tc.text)}}
		v, err := tc.body.read(c)
		got := Taken{Call: c, Tree: v}.Get(tc.at)
		if err != nil {
			got = "error"
		}
		if got != tc.is {
			t.Errorf("%s, %s: %q, want %q", tc.body.Says, tc.at, got, tc.is)
		}
	}
}

// TestAnswer walks one API: who calls, what is not there, what is broken, and each fault.
func TestAnswer(t *testing.T) {
	no := func(status int) Refusal { return Refusal{Status: status} }
	p := Platform{Channel: "fake", APIs: []API{{
		Name: "API", Hosts: []string{"api.example"}, Unknown: no(401), Missing: no(404), Method: no(405), Else: no(400),
		Knows:  func(t Taken) bool { return t.Header.Get("Authorization") == "Bearer x" },
		Faults: map[Fault]Refusal{Throttled: no(429), Closed: no(403), Invalid: no(422)},
		Write:  func(r Refusal, broken []Broken) Answer { return Text(r.Status, `{"broken":%d}`, len(broken)) },
		Endpoints: []Endpoint{{Method: "POST", Path: "/{id}/send", Docs: "https://example.com", Body: JSON.Or(no(415)),
			Else: no(409),
			Rules: []Rule{{At: "path:id", Must: Is("7")}, {At: "text", Must: Given(), Else: no(410)},
				{At: "to", Must: Given()}},
			Faults: map[Fault]Refusal{Closed: {}}, Answer: Says(200, "{}")}},
	}}}
	for _, tc := range []struct {
		method, path, token, body string
		fault                     Fault
		want                      int
	}{
		{"POST", "/7/send", "x", `{"text":"a","to":"b"}`, "", 200},
		{"POST", "/7/send", "y", `{"text":"a","to":"b"}`, "", 401},
		{"GET", "/7/send", "x", "", "", 405},
		{"POST", "/7", "x", "", "", 404},
		{"POST", "/8/send", "x", `{`, "", 409},
		{"POST", "/7/send", "x", `{`, "", 415},
		{"POST", "/7/send", "x", `{}`, "", 410},
		{"POST", "/7/send", "x", `{"text":"a"}`, "", 409},
		{"POST", "/7/send", "x", `{`, Throttled, 429},
		{"POST", "/7/send", "x", `{"text":"a","to":"b"}`, Invalid, 422},
		{"POST", "/7/send", "x", `{"text":"a","to":"b"}`, Closed, 200},
	} {
		h := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + tc.token}}
		c := Call{Host: "api.example", Fault: tc.fault, Request: channel.Request{Method: tc.method, Path: tc.path, Header: h,
			Body: []byte(tc.body)}}
		if got := p.Answer(channel.Account{}, c).Status; got != tc.want {
			t.Errorf("%s %s %s %s %s: %d, want %d", tc.method, tc.path, tc.token, tc.body, tc.fault, got, tc.want)
		}
	}
}
