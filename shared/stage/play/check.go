package play

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/shared/channel"
)

// A Check is what may be asked of a value. All but Given and Absent hold of what is
// absent: what need not be there need not be right.
type Check struct {
	Says  string // as the table of rules shows it: "1 to 5,000 UTF-16 units"
	needs bool
	bars  bool
	holds func(Taken, any) bool
}

// kept says whether a rule with c is kept.
func (c Check) kept(t Taken, f found) bool {
	if !f.given {
		return !c.needs
	}
	return !c.bars && (c.holds == nil || c.holds(t, f.value))
}

// met says whether a condition of c holds: of what is absent only Absent does.
func (c Check) met(t Taken, f found) bool {
	if !f.given {
		return c.bars
	}
	return c.kept(t, f)
}

// Given asks for a value, of which all checks hold.
func Given(checks ...Check) Check {
	c := All(checks...)
	c.needs, c.Says = true, strings.TrimSuffix("given, "+c.Says, ", ")
	return c
}

// Absent wants none.
func Absent() Check { return Check{Says: "absent", bars: true} }

// All wants all checks to hold.
func All(checks ...Check) Check {
	return Check{Says: says(checks, ", "), holds: func(t Taken, v any) bool {
		return !slices.ContainsFunc(checks, func(c Check) bool { return !c.kept(t, found{value: v, given: true}) })
	}}
}

// Any wants one of them to.
func Any(checks ...Check) Check {
	return Check{Says: says(checks, " or "), holds: func(t Taken, v any) bool {
		return slices.ContainsFunc(checks, func(c Check) bool { return c.kept(t, found{value: v, given: true}) })
	}}
}

// Not wants it not to.
func Not(c Check) Check {
	return That("not "+c.Says, func(t Taken, v any) bool { return !c.kept(t, found{value: v, given: true}) })
}

// That is any other check, which says what it wants.
func That(says string, holds func(t Taken, v any) bool) Check { return Check{Says: says, holds: holds} }

func says(checks []Check, between string) string {
	list := make([]string, len(checks))
	for i, c := range checks {
		list[i] = c.Says
	}
	return strings.Join(list, between)
}

// text makes a check of a text.
func text(says string, holds func(string) bool) Check {
	return Check{Says: says, holds: func(_ Taken, v any) bool {
		s, ok := str(v)
		return ok && holds(s)
	}}
}

// str is v if it is a text: of JSON, or a parameter.
func str(v any) (string, bool) {
	switch s := v.(type) {
	case string:
		return s, true
	case param:
		return string(s), true
	}
	return "", false
}

// Len is the length of a text in a unit.
func Len(least, most int, u Unit) Check {
	return text(fmt.Sprintf("%d to %d %s", least, most, u.Name), func(s string) bool {
		n := u.Of(s)
		return n >= least && n <= most
	})
}

// Most is the largest length of a text, which may be empty.
func Most(most int, u Unit) Check {
	return text(fmt.Sprintf("at most %d %s", most, u.Name), func(s string) bool { return u.Of(s) <= most })
}

// Filled is a text, a list or an object with something in it.
func Filled() Check {
	return That("not empty", func(_ Taken, v any) bool {
		switch x := v.(type) {
		case []any:
			return len(x) > 0
		case map[string]any:
			return len(x) > 0
		}
		s, isText := str(v)
		return !isText || s != ""
	})
}

// Is is one text, number or truth of several.
func Is(values ...string) Check {
	says := strings.Join(values, " | ")
	if says == "" {
		says = "empty"
	}
	return That(says, func(_ Taken, v any) bool { return slices.Contains(values, plain(v)) })
}

// plain is a text, number or truth as text.
func plain(v any) string {
	switch x := v.(type) {
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	}
	s, _ := str(v)
	return s
}

// Matches is a text of a pattern, in regexp's syntax.
func Matches(pattern string) Check {
	p := regexp.MustCompile(pattern)
	return text("`"+pattern+"`", p.MatchString)
}

// Begins is a text that begins with one of prefixes.
func Begins(prefixes ...string) Check {
	return text("begins with "+strings.Join(prefixes, " or "), func(s string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(s, p) })
	})
}

// Lacks is a text with none of these in it.
func Lacks(parts ...string) Check {
	return text("without "+strconv.Quote(strings.Join(parts, " ")), func(s string) bool {
		return !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(s, p) })
	})
}

// Digits is a text of digits only.
func Digits() Check { return Matches(`^[0-9]+$`) }

// UUID is a text in the form of RFC 9562, in lower case.
func UUID() Check { return Matches(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`) }

// E164 is a phone number with its plus sign.
func E164() Check { return Matches(`^\+[1-9][0-9]{6,14}$`) }

// Between is a number, or a text that is one.
func Between(least, most float64) Check {
	return That(fmt.Sprintf("%v to %v", least, most), func(_ Taken, v any) bool {
		n, err := strconv.ParseFloat(plain(v), 64)
		return err == nil && n >= least && n <= most
	})
}

// Whole is a whole number, or a text that is one.
func Whole() Check {
	return That("a whole number", func(_ Taken, v any) bool {
		_, err := strconv.ParseInt(plain(v), 10, 64)
		return err == nil
	})
}

// Count is the number of elements of a list, or of members of an object.
func Count(least, most int) Check {
	return That(fmt.Sprintf("%d to %d elements", least, most), func(_ Taken, v any) bool {
		n := -1
		switch x := v.(type) {
		case []any:
			n = len(x)
		case map[string]any:
			n = len(x)
		case param:
			n = 1
		}
		return n >= least && n <= most
	})
}

// Bytes is the size of a file, or of a value as JSON.
func Bytes(least, most int) Check {
	return That(fmt.Sprintf("%d to %d bytes", least, most), func(_ Taken, v any) bool {
		n := 0
		if f, ok := v.(File); ok {
			n = len(f.Data)
		} else if body, err := channel.JSON(v); err == nil {
			n = len(body)
		}
		return n >= least && n <= most
	})
}

// One is an object that has exactly one of these members.
func One(members ...string) Check { return have("exactly one of", 1, 1, members) }

// Some is an object that has at least one of these members.
func Some(members ...string) Check { return have("at least one of", 1, len(members), members) }

// AtMostOne is an object that has none or one of these members.
func AtMostOne(members ...string) Check { return have("at most one of", 0, 1, members) }

func have(says string, least, most int, members []string) Check {
	return That(says+" "+strings.Join(members, ", "), func(_ Taken, v any) bool {
		object, ok := v.(map[string]any)
		n := 0
		for _, m := range members {
			if x := object[m]; x != nil && x != "" && x != param("") {
				n++
			}
		}
		return ok && n >= least && n <= most
	})
}

// Only is an object without members that are not listed.
func Only(members ...string) Check {
	return That("no other member than "+strings.Join(members, ", "), func(_ Taken, v any) bool {
		object, ok := v.(map[string]any)
		for name := range object {
			ok = ok && slices.Contains(members, name)
		}
		return ok
	})
}

// Object, List and String are of that type of JSON.
func Object() Check {
	return That("an object", func(_ Taken, v any) bool { _, ok := v.(map[string]any); return ok })
}

// List is an array of JSON.
func List() Check { return That("a list", func(_ Taken, v any) bool { _, ok := v.([]any); return ok }) }

// String is a string of JSON.
func String() Check { return text("a string", func(string) bool { return true }) }

// URL is an absolute address of one of schemes.
func URL(schemes ...string) Check {
	return text(strings.Join(schemes, " or ")+" URL", func(s string) bool {
		u, err := url.Parse(s)
		opaque := err == nil && u.Host == "" && (u.Scheme == "tel" || u.Scheme == "mailto") && u.Opaque != ""
		return err == nil && slices.Contains(schemes, u.Scheme) && (u.Host != "" || opaque)
	})
}

// HTTPS is an https address.
func HTTPS() Check { return URL("https") }

// Dotted is an address whose host has a dot, as public ones have.
func Dotted() Check {
	return text("a host with a dot", func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && strings.Contains(u.Hostname(), ".")
	})
}

// ASCII is a text, or an address, without other characters.
func ASCII() Check {
	return text("ASCII only", func(s string) bool {
		return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e || r < 0x20 }) < 0
	})
}

// MIME is one of types, "image/*" for all of a kind; parameters do not count.
func MIME(types ...string) Check {
	return text(strings.Join(types, ", "), func(s string) bool {
		typ, _, err := mime.ParseMediaType(s)
		return err == nil && slices.ContainsFunc(types, func(t string) bool {
			kind, all := strings.CutSuffix(t, "*")
			return t == typ || all && strings.HasPrefix(typ, kind)
		})
	})
}

// Own is the account's value of a credential.
func Own(credential string) Check {
	return That("the account's "+credential, func(t Taken, v any) bool {
		s, ok := str(v)
		return ok && s != "" && slices.Contains(t.Account.Values(credential), s)
	})
}

// Unique is a list whose elements differ at a place within them, where they have it.
func Unique(at string) Check {
	return That("each with another "+at, func(_ Taken, v any) bool {
		seen := map[string]bool{}
		for _, f := range (Taken{Tree: v}).at("[]." + at) {
			if text := plain(f.value); f.given && seen[text] {
				return false
			} else {
				seen[text] = true
			}
		}
		return true
	})
}

// Total is a list whose elements have so many values at a place within them, all
// together.
func Total(at string, least, most int) Check {
	return That(fmt.Sprintf("%d to %d %s in all", least, most, at), func(_ Taken, v any) bool {
		n := Taken{Tree: v}.Size("[]." + at)
		return n >= least && n <= most
	})
}
