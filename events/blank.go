package events

import (
	"strings"
	"unicode"
)

// Blank says whether s shows nothing: it is empty, or white space, controls and what
// renderers leave out (zero-width characters, variation selectors, tags).
func Blank(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && !unicode.IsControl(r) && !ignorable(r) && !noncharacter(r) {
			return false
		}
	}
	return true
}

// ignorable is Default_Ignorable_Code_Point, as Unicode derives it.
// https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
func ignorable(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	case r >= 0xfff9 && r <= 0xfffb, r >= 0x13430 && r <= 0x13440, unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return unicode.Is(unicode.Cf, r)
}

// Unsayable says whether r belongs into no text: a control character but tab, line
// feed and carriage return, or what Unicode never assigns. Platforms refuse a message
// for one of them (WeChat: 47001), and SQS an event.
func Unsayable(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || noncharacter(r)
}

// noncharacter says whether r is one of the 66. https://www.unicode.org/faq/private_use.html#nonchar1
func noncharacter(r rune) bool { return r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef }

// isID says whether s can be an identifier that comes back as it went out: not blank,
// nothing invisible at its ends, no controls.
func isID(s string) bool {
	edge := func(r rune) bool { return unicode.IsSpace(r) || ignorable(r) }
	within := func(r rune) bool { return unicode.IsControl(r) || noncharacter(r) }
	return !Blank(s) && strings.TrimFunc(s, edge) == s && !strings.ContainsFunc(s, within)
}

// Trim is s without white space and controls at its ends.
func Trim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u200b' || r == '\u2060' || r == '\ufeff'
	})
}
