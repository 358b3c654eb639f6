package exam

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// moved is the fake channel whose platform puts time and signature into the body, as
// the members that hold the text of the headers they were. They sign what is left
// of the body without them and without white space.
func moved() candidate {
	c := fakeCandidate()
	verify, sign := c.Verify, c.Sign
	c.Verify = func(a channel.Account, r channel.Request) error {
		if ambiguous(r.Body) {
			return channel.Refuse(channel.Malformed)
		}
		r = clone(r)
		if r.Header == nil {
			r.Header = http.Header{}
		}
		for _, name := range []string{header, "X-Fake-Time"} {
			r.Header.Set(name, members(r.Body)[name])
		}
		r.Body = unsigned(r.Body)
		return verify(a, r)
	}
	c.Sign = func(a channel.Account, r *channel.Request) {
		bare := clone(*r)
		bare.Body = unsigned(r.Body)
		sign(a, &bare)
		for _, name := range []string{header, "X-Fake-Time"} {
			r.Body = setMember(r.Body, name, []string{bare.Header.Get(name)})
		}
	}
	return c
}

// unsigned is the part of body that is signed.
func unsigned(body []byte) []byte {
	var v map[string]json.RawMessage
	if json.Unmarshal(body, &v) != nil {
		return body
	}
	delete(v, header)
	delete(v, "X-Fake-Time")
	text, _ := json.Marshal(v)
	return text
}

// ambiguous says whether a member of body is given twice.
func ambiguous(body []byte) bool { return len(members(body)) < textMembers(body) }

func textMembers(body []byte) int {
	n := 0
	for _, v := range top(body) {
		if v.kind == '"' {
			n++
		}
	}
	return n
}

// movedSet is the fake's samples as the platform of moved would send them: on lines
// of their own, which nobody signed.
func movedSet(t *testing.T, c candidate) sample.Set {
	t.Helper()
	set, err := sample.Read("fake")
	if err != nil {
		t.Fatal(err)
	}
	for i := range set.Samples {
		r := &set.Samples[i].Request
		if isHandshake(set.Samples[i]) {
			continue
		}
		r.Header.Del(header)
		r.Header.Del("X-Fake-Time")
		c.Sign(set.Account, r)
		r.Body = []byte(strings.Replace(string(r.Body), "{", "{"+strings.Repeat(" ", len(r.Body)), 1))
	}
	return set
}

func TestProofInTheBody(t *testing.T) {
	c := moved()
	set := movedSet(t, c)
	text, _ := set.Find("text")
	if got := len(proofs(c, set.Account, text.Request)); got != 2 {
		t.Errorf("%d proofs, want the signature and the time", got)
	}
	for _, k := range verification() {
		if err := k.run(c, set); err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
	}
}

func TestMutantsWithProofInTheBody(t *testing.T) {
	for name, m := range map[string]struct {
		words  string
		change func(*candidate)
	}{
		"no signature": {"member " + header + " missing", verifyWith(func(a channel.Account, r channel.Request,
			good verifier) error {
			if members(r.Body)[header] == "" {
				return nil
			}
			return good(a, r)
		})},
		"the last of two": {"bad first", verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			r.Body = setMember(r.Body, header, []string{members(r.Body)[header]})
			return good(a, r)
		})},
		"what is no JSON": {"a body lengthened", verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			if values(r.Body) == nil && len(r.Body) > 0 {
				return nil
			}
			return good(a, r)
		})},
	} {
		c := moved()
		set := movedSet(t, c)
		m.change(&c)
		err := forgedRefused(c, set)
		if err == nil || !strings.Contains(err.Error(), m.words) {
			t.Errorf("accepting %s: the suite says %v, want something with %q", name, err, m.words)
		}
	}
}

func TestSetMember(t *testing.T) {
	const body = `{ "a": [1, 2], "b":"x" }`
	for _, tc := range []struct {
		texts []string
		want  string
	}{
		{nil, `{"a":[1, 2]}`},
		{[]string{`y"`}, `{"a":[1, 2],"b":"y\""}`},
		{[]string{"y", "z"}, `{"a":[1, 2],"b":"y","b":"z"}`},
	} {
		if got := string(setMember([]byte(body), "b", tc.texts)); got != tc.want {
			t.Errorf("with %q: %s, want %s", tc.texts, got, tc.want)
		}
	}
	if got := members([]byte(body)); len(got) != 1 || got["b"] != "x" || members([]byte(`["b"]`)) == nil {
		t.Errorf("members are %v", got)
	}
}
