package exam

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// A forgery is a request that Verify must refuse, and how it was made.
type forgery struct {
	what    string
	request channel.Request
}

// A proof is a header, a query parameter or a text at the top of a JSON body that
// Sign sets.
type proof struct {
	name   string
	query  bool
	member bool
}

func (p proof) String() string {
	switch {
	case p.query:
		return "query parameter " + p.name
	case p.member:
		return "member " + p.name
	}
	return "header " + p.name
}

func (p proof) value(r channel.Request) string {
	switch {
	case p.query:
		return r.Query().Get(p.name)
	case p.member:
		return members(r.Body)[p.name]
	}
	return r.Header.Get(p.name)
}

// set is r with these values of p instead of its own. A header's are joined by commas.
func (p proof) set(r channel.Request, values []string) channel.Request {
	r = clone(r)
	if p.member {
		r.Body = setMember(r.Body, p.name, values)
		return r
	}
	if !p.query {
		r.Header.Del(p.name)
		if values != nil {
			r.Header.Set(p.name, strings.Join(values, ","))
		}
		return r
	}
	pairs := slices.DeleteFunc(strings.Split(r.RawQuery, "&"), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return pair == "" || name == p.name
	})
	for _, v := range values {
		pairs = append(pairs, p.name+"="+url.QueryEscape(v))
	}
	r.RawQuery = strings.Join(pairs, "&")
	return r
}

// proofs finds what Sign sets: what comes back when it is removed.
func proofs(c candidate, a channel.Account, r channel.Request) []proof {
	var found []proof
	try := func(p proof) {
		bare := p.set(r, nil)
		c.Sign(a, &bare)
		if p.value(bare) != "" {
			found = append(found, p)
		}
	}
	for _, name := range names(r.Header) {
		try(proof{name: name})
	}
	for _, name := range names(r.Query()) {
		try(proof{name: name, query: true})
	}
	for _, name := range names(members(r.Body)) {
		try(proof{name: name, member: true})
	}
	return found
}

func names[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// signsBody says whether what Sign sets depends on the body.
func signsBody(c candidate, a channel.Account, r channel.Request) bool {
	return len(r.Body) > 0 && signs(c, a, r, func(r *channel.Request) { r.Body = flip(r.Body, len(r.Body)/2) })
}

// signsTime says whether what Sign sets depends on the time of receipt.
func signsTime(c candidate, a channel.Account, r channel.Request) bool {
	return signs(c, a, r, func(r *channel.Request) { r.Received = r.Received.Add(time.Hour) })
}

// signs says whether change makes a difference to what Sign sets.
func signs(c candidate, a channel.Account, r channel.Request, change func(*channel.Request)) bool {
	same, other := clone(r), clone(r)
	change(&other)
	c.Sign(a, &same)
	c.Sign(a, &other)
	return slices.ContainsFunc(proofs(c, a, r), func(p proof) bool { return p.value(same) != p.value(other) })
}

func flip[T ~[]byte | ~string](s T, i int) T {
	b := slices.Clone([]byte(s))
	b[i] ^= 1
	return T(b)
}

// forgeries are r with one thing changed since it was signed.
func forgeries(c candidate, a channel.Account, r channel.Request) []forgery {
	var list []forgery
	add := func(what string, r channel.Request) { list = append(list, forgery{what, r}) }
	for _, p := range proofs(c, a, r) {
		add(p.String()+" missing", p.set(r, nil))
		for _, f := range falsified(p.value(r)) {
			add(p.String()+" "+f.what, p.set(r, f.values))
		}
	}
	if !signsBody(c, a, r) {
		return list
	}
	inside := slices.ContainsFunc(proofs(c, a, r), func(p proof) bool { return p.member })
	for what, body := range changedBodies(r.Body) {
		changed := clone(r)
		changed.Body = body
		if !inside || !alike(c, a, r, changed) {
			add(what, changed)
		}
	}
	return list
}

func changedBodies(body []byte) map[string][]byte {
	n := len(body)
	all := map[string][]byte{"a body shortened": body[:n-1], "a body lengthened": append(slices.Clone(body), 'x'),
		"a body empty": nil}
	for _, i := range []int{0, n / 4, n / 2, 3 * n / 4, n - 1} {
		all[fmt.Sprintf("a bit of body byte %d flipped", i)] = flip(body, i)
	}
	return all
}

// alike says whether x and y are the same events. A signature that stands within the
// body it signs leaves out what means nothing: white space, and itself.
func alike(c candidate, a channel.Account, x, y channel.Request) bool {
	one, err := outcome(c, a, x)
	other, otherErr := outcome(c, a, y)
	return err == nil && otherErr == nil && len(one) > 0 && cmp.Equal(one, other)
}

type falsification struct {
	what   string
	values []string
}

// hexOnly is a value in which case may not matter.
var hexOnly = regexp.MustCompile(`^(\w+=)?[0-9A-Fa-f]+$`)

// falsified are values that are not good, and combinations of good with bad.
func falsified(good string) []falsification {
	bad := flip(good, len(good)/2)
	list := []falsification{
		{"empty", []string{""}}, {"blank", []string{" "}}, {"a single character", []string{good[:1]}},
		{"shortened", []string{good[:len(good)-1]}}, {"halved", []string{good[:len(good)/2]}}, {"lengthened",
			[]string{good + "x"}},
		{"doubled, bad first", []string{bad, good}}, {"doubled with a comma, good first", []string{good + "," + bad}},
		{"doubled with a comma, bad first", []string{bad + "," + good}}, {"doubled with a comma, both good",
			[]string{good + "," + good}},
	}
	for _, i := range []int{0, len(good) / 2, len(strings.TrimRight(good, "=")) - 1, len(good) - 1} {
		list = append(list, falsification{fmt.Sprintf("with a bit of character %d flipped", i), []string{flip(good, i)}})
	}
	if upper := strings.ToUpper(good); upper != good && !hexOnly.MatchString(good) {
		list = append(list, falsification{"in upper case", []string{upper}})
	}
	return slices.DeleteFunc(list, func(f falsification) bool { return len(f.values) == 1 && f.values[0] == good })
}

// provers are the credentials that r depends on: with another value it is refused.
func provers(c candidate, set sample.Set, r channel.Request) []string {
	var list []string
	for _, cr := range c.Credentials {
		if _, held := set.Credentials[cr.Name]; !held {
			continue
		}
		a, err := channel.ParseAccount(sample.AccountID, set.Account.URL, credentials(set, cr.Name), nil)
		if err == nil && verify(c, a, r) != nil {
			list = append(list, cr.Name)
		}
	}
	return list
}

// credentials is the account's secret, with another value of the one called changed.
func credentials(set sample.Set, changed string) []byte {
	values := map[string][]string{}
	for name := range set.Credentials {
		values[name] = slices.Clone(set.Account.Values(name))
		for i, v := range values[name] {
			if name == changed {
				values[name][i] = other(v)
			}
		}
	}
	doc, _ := json.Marshal(values) // a map of texts
	return doc
}

// other is a credential like v of another account: one character differs.
func other(v string) string {
	i, c := len(v)/2, byte('A')
	if v[i] == c {
		c = 'B'
	}
	return v[:i] + string(c) + v[i+1:]
}

// with is the account with value, blank or not, for one credential.
func with(set sample.Set, name, value string) channel.Account {
	values := map[string]string{}
	for n := range set.Credentials {
		values[n] = set.Account.Value(n)
	}
	values[name] = value
	return channel.NewAccount(sample.AccountID, set.Account.URL, values)
}

// without is the account without one credential.
func without(set sample.Set, name string) channel.Account {
	values := map[string]string{}
	for n := range set.Credentials {
		if n != name {
			values[n] = set.Account.Value(n)
		}
	}
	return channel.NewAccount(sample.AccountID, set.Account.URL, values)
}

func isPublic(c candidate, name string) bool {
	return slices.ContainsFunc(c.Credentials, func(cr channel.Credential) bool { return cr.Name == name && cr.Public })
}

func isOptional(c candidate, name string) bool {
	return slices.ContainsFunc(c.Credentials, func(cr channel.Credential) bool { return cr.Name == name && cr.Optional })
}

// confidences are the texts that no error may hold: the secrets and what proves r.
func confidences(c candidate, set sample.Set, r channel.Request) []string {
	var list []string
	for name := range set.Credentials {
		if !isPublic(c, name) {
			list = append(list, set.Account.Values(name)...)
		}
	}
	for _, p := range proofs(c, set.Account, r) {
		list = append(list, p.value(r))
	}
	return list
}
