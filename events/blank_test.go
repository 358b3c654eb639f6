package events

import "testing"

func TestBlank(t *testing.T) {
	for _, s := range []string{"", " ", "\n\t", "\u200b", "\u200d\ufe0f", "\u00a0\u3000\u2028", "\u00ad", "\u3164\uffa0",
		"\U000e0041", "\x00\x07\x1b", "\u2060\ufeff", "\u034f", "\ufdd0"} {
		if !Blank(s) {
			t.Errorf("%q shows something", s)
		}
	}
	for _, s := range []string{"a", " .", "👨‍👩‍👧", "\u0600", "\ufffc", "\u0301", "0"} {
		if Blank(s) {
			t.Errorf("%q is blank", s)
		}
	}
}

func TestIsID(t *testing.T) {
	for s, want := range map[string]bool{"small": true, "a b": true, "größe-1": true, " small ": false,
		"small\u200b": false, "a\nb": false, "\u00a0": false, "": false} {
		if isID(s) != want {
			t.Errorf("isID(%q) = %t", s, !want)
		}
	}
}
