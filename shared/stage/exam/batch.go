package exam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// itemArrays are the arrays of s whose elements are items of a batch: each alone
// gives events, and no two give the same ones. Arrays within an item (its entities,
// its photo sizes) are not.
func itemArrays(c candidate, set sample.Set, s sample.Sample) []value {
	all, _ := parse(c, set.Account, s.Request)
	return slices.DeleteFunc(values(s.Request.Body), func(v value) bool {
		return v.kind != '[' || len(v.children) < 2 || within(all, v.text(s.Request.Body)) || !independent(c, set, s, v)
	})
}

// within says whether text is a part of an event's own raw bytes.
func within(evs []events.Event, text []byte) bool {
	return slices.ContainsFunc(evs, func(e events.Event) bool {
		return len(e.Raw) > len(text) && bytes.Contains(e.Raw,
			text)
	})
}

func independent(c candidate, set sample.Set, s sample.Sample, array value) bool {
	seen := map[string]bool{}
	for _, element := range array.children {
		alone, err := keys(c, set, s, splice(s.Request.Body, array, "["+string(element.text(s.Request.Body))+"]"))
		if err != nil || len(alone) == 0 {
			return false
		}
		for _, k := range alone {
			if seen[k] {
				return false
			}
			seen[k] = true
		}
	}
	return true
}

// keys are the keys of the events in body, sent as s is.
func keys(c candidate, set sample.Set, s sample.Sample, body []byte) ([]string, error) {
	r := clone(s.Request)
	r.Body = body
	evs, err := parse(c, set.Account, r)
	var list []string
	for _, e := range evs {
		list = append(list, e.Key)
	}
	return list, err
}

// nothingLost checks that a batch gives what its items give, in their order.
func nothingLost(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		body := s.Request.Body
		for _, array := range itemArrays(c, set, s) {
			whole, err := keys(c, set, s, body)
			if err != nil {
				return err
			}
			var parts []string
			for _, element := range array.children {
				alone, _ := keys(c, set, s, splice(body, array, "["+string(element.text(body))+"]"))
				parts = append(parts, alone...)
			}
			rest := slices.DeleteFunc(slices.Clone(whole), func(k string) bool { return !slices.Contains(parts, k) })
			if diff := cmp.Diff(parts, rest); diff != "" {
				return fmt.Errorf("%s: the items one by one give other events than together (-alone +together):\n%s", array.path,
					diff)
			}
		}
		return nil
	})
}

// badItemAlone checks that what is not an item becomes unsupported and harms no other.
func badItemAlone(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		body := s.Request.Body
		for _, array := range itemArrays(c, set, s) {
			for i, element := range array.children {
				others, _ := keys(c, set, s, splice(body, array, without1(body, array, i)))
				for _, bad := range []string{`7`, `"x"`, `[]`, `{}`} {
					r := clone(s.Request)
					r.Body = splice(body, element, bad)
					evs, err := parse(c, set.Account, r)
					if err != nil {
						return fmt.Errorf("%s is %s: %w", element.path, bad, err)
					}
					if err := keeps(evs, others, bad); err != nil {
						return fmt.Errorf("%s is %s: %w", element.path, bad, err)
					}
				}
			}
		}
		return nil
	})
}

// without1 is the text of array without its element i.
func without1(body []byte, array value, i int) string {
	var texts []string
	for j, element := range array.children {
		if j != i {
			texts = append(texts, string(element.text(body)))
		}
	}
	return "[" + strings.Join(texts, ",") + "]"
}

func keeps(evs []events.Event, others []string, bad string) error {
	unsupported := false
	for _, e := range evs {
		others = slices.DeleteFunc(slices.Clone(others), func(k string) bool { return k == e.Key })
		unsupported = unsupported || e.Type == events.IngestUnsupported
	}
	if len(others) > 0 {
		return fmt.Errorf("lost its neighbours %q", others)
	}
	if !unsupported && bad != "{}" {
		return errors.New("dropped without a trace; want ingest.unsupported")
	}
	return nil
}

const unknownName = "zz_unknown"

// unknownFieldsIgnored adds a field to one object after the other.
func unknownFieldsIgnored(c candidate, set sample.Set) error {
	return eachDelivery(set, func(s sample.Sample) error {
		before, err := meaning(c, set, s.Request)
		if err != nil {
			return err
		}
		for _, v := range values(s.Request.Body) {
			if v.kind != '{' {
				continue
			}
			text := string(v.text(s.Request.Body))
			separator := ","
			if len(v.children) == 0 {
				separator = ""
			}
			r := clone(s.Request)
			r.Body = splice(s.Request.Body, v, strings.TrimSuffix(text, "}")+separator+`"`+unknownName+`":{"a":[1]}}`)
			after, err := meaning(c, set, r)
			if err != nil {
				return fmt.Errorf("unknown field in %q: %w", v.path, err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				return fmt.Errorf("an unknown field in %q changes the events:\n%s", v.path, diff)
			}
		}
		return nil
	})
}

// meaning is what r's events say, without the raw parts, the ids that may be
// derived from them, and values passed on by their name.
func meaning(c candidate, set sample.Set, r channel.Request) (any, error) {
	evs, err := parse(c, set.Account, r)
	if err != nil {
		return nil, err
	}
	text, err := marshal(evs)
	if err != nil {
		return nil, err
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	list, _ := v.([]any)
	for _, e := range list {
		delete(e.(map[string]any), "id")
	}
	return known(list), nil
}

func known(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "raw")
		for name := range v {
			if v[name] = known(v[name]); v[name] == nil {
				delete(v, name)
			}
		}
	case []any:
		kept := slices.DeleteFunc(v, func(x any) bool {
			m, ok := x.(map[string]any)
			return ok && m["name"] == unknownName
		})
		if len(kept) == 0 {
			return nil
		}
		for i := range kept {
			kept[i] = known(kept[i])
		}
		return kept
	}
	return v
}
