package play

import (
	"maps"
	"slices"
	"strings"
)

// When are conditions of a rule, all of which must hold.
type When []Condition

// A Condition holds where a value does what Is says. Lists that its place shares with
// the rule's are at the same element.
type Condition struct {
	At string
	Is Check
}

// If is one condition.
func If(at string, is Check) When { return When{{at, is}} }

// And adds one.
func (w When) And(at string, is Check) When { return append(slices.Clone(w), Condition{at, is}) }

// In is rules with their places, and those of their conditions, below prefix:
// In("messages[]", textRules...).
func In(prefix string, rules ...Rule) []Rule {
	list := make([]Rule, len(rules))
	for i, r := range rules {
		r.At = below(prefix, r.At)
		r.When = slices.Clone(r.When)
		for j := range r.When {
			r.When[j].At = below(prefix, r.When[j].At)
		}
		list[i] = r
	}
	return list
}

func below(prefix, at string) string {
	if at == "" || strings.Contains(at, ":") {
		return strings.TrimSuffix(prefix+at, ".")
	}
	return join(prefix, at)
}

// Where is rules under one more condition: Where(If("type", Is("image")), imageRules...).
func Where(w When, rules ...Rule) []Rule {
	list := make([]Rule, len(rules))
	for i, r := range rules {
		r.When = append(slices.Clone(w), r.When...)
		list[i] = r
	}
	return list
}

// From is rules with a source and a refusal for those that have none.
func From(source string, otherwise Refusal, rules ...Rule) []Rule {
	list := make([]Rule, len(rules))
	for i, r := range rules {
		if r.Source == "" {
			r.Source = source
		}
		if r.Else.none() {
			r.Else = otherwise
		}
		list[i] = r
	}
	return list
}

// Rules are several lists as one.
func Rules(lists ...[]Rule) []Rule { return slices.Concat(lists...) }

// broken are the rules that t breaks, once for each place.
func (t Taken) broken(rules []Rule) []Broken {
	var list []Broken
	for _, r := range rules {
		for _, f := range t.at(r.At) {
			if t.applies(r, f) && !r.Must.kept(t, f) {
				list = append(list, Broken{r, f.place})
			}
		}
	}
	return list
}

func (t Taken) applies(r Rule, f found) bool {
	for _, c := range r.When {
		holds := func(other found) bool { return c.Is.met(t, other) }
		if !slices.ContainsFunc(t.bound(c.At, r.At, f), holds) {
			return false
		}
	}
	return true
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
