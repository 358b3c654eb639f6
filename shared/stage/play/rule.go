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
	t.walked = map[string][]found{}
	var list []Broken
	for _, r := range rules {
		conditions, may := t.met(r)
		if !may {
			continue
		}
		for _, f := range t.at(r.At) {
			if applies(conditions, f) && !r.Must.kept(t, f) {
				list = append(list, Broken{r, f.place})
			}
		}
	}
	return list
}

// A met condition has the places where it holds.
type met struct {
	at, beside string
	shared     int // lists with which both places begin
	holds      []found
}

// met are r's conditions with the places where each holds; false when one holds nowhere.
func (t Taken) met(r Rule) ([]met, bool) {
	var list []met
	for _, c := range r.When {
		m := met{at: c.At, beside: r.At, shared: lists(c.At, r.At)}
		for _, f := range t.at(c.At) {
			if c.Is.met(t, f) {
				m.holds = append(m.holds, f)
			}
		}
		if len(m.holds) == 0 {
			return nil, false
		}
		list = append(list, m)
	}
	return list, true
}

func applies(conditions []met, f found) bool {
	for _, m := range conditions {
		here := func(other found) bool { return bound(other, f, m.at, m.beside, m.shared) }
		if !slices.ContainsFunc(m.holds, here) {
			return false
		}
	}
	return true
}

func sorted(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
