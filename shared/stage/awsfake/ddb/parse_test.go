package ddb

import (
	"strings"
	"testing"
)

func scopeOf(t testing.TB) *scope {
	t.Helper()
	one, text := "1", "x"
	s, err := newScope(map[string]string{"#n": "name"}, map[string]attribute{":n": {N: &one}, ":s": {S: &text},
		":l": {L: &[]attribute{}}, ":ss": {SS: &[]string{"x"}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever an expression says, reading it ends in an error or in something that can be evaluated.
func FuzzExpressions(f *testing.F) {
	for _, seed := range []string{"a = :s", "NOT (a.b[1] < :n AND size(#n) >= :n) OR b IN (:n, :s)",
		"attribute_exists(a) AND begins_with(b, :s)", "a BETWEEN :n AND :n",
		"SET a = if_not_exists(a, :n) + :n, b[0] = list_append(:l, b) REMOVE c, d[1] ADD e :n DELETE f :ss",
		"SET a = (:n + :n)", "a, b.c[0].#n", "((a = :s))", "(a) = (:s)", "", "(", "a[", "SET", "\x00", "size("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		it := Item{"pk": {kind: kindS, text: "p"}, "a": {kind: kindM, fields: map[string]Value{"b": {kind: kindL}}}}
		if c, err := parseCondition("ConditionExpression", &expression, scopeOf(t)); err == nil {
			c.holds(it)
			keyTerms(c)
			operands(c)
		}
		if u, err := parseUpdate(&expression, scopeOf(t)); err == nil {
			before := string(appendFields(nil, it))
			u.apply(it)
			if after := string(appendFields(nil, it)); after != before {
				t.Errorf("%q changed the item it was applied to: %s", expression, after)
			}
		}
		if paths, err := parseProjection(&expression, scopeOf(t)); err == nil {
			it.project(paths)
		}
	})
}

func TestReservedWords(t *testing.T) {
	for word, want := range map[string]bool{"status": true, "NAME": true, "Ttl": true, "zone": true, "abort": true,
		"pk": false, "sta": false, "tatus": false, "zones": false, "": false} {
		if word != "" && reserved(word) != want {
			t.Errorf("%s: got %v, want %v", word, !want, want)
		}
	}
	if n := len(strings.Fields(reservedWords)); n != 573 {
		t.Errorf("there are %d reserved words, AWS lists 573", n)
	}
}

func TestDeepExpressionsEnd(t *testing.T) {
	for _, expression := range []string{strings.Repeat("(", 4000), strings.Repeat("NOT ", 900) + "a = :s",
		"size(" + strings.Repeat("size(", 700), strings.Repeat("(a = :s AND ", 300)} {
		if _, err := parseCondition("ConditionExpression", &expression, scopeOf(t)); err == nil {
			t.Errorf("%.20s… was accepted", expression)
		}
		set := "SET a = " + strings.Repeat("list_append(", 300)
		if _, err := parseUpdate(&set, scopeOf(t)); err == nil {
			t.Errorf("%.20s… was accepted", set)
		}
	}
}
