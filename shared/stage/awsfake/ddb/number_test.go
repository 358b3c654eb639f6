package ddb

import (
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0", "-0.0": "0", "1.50": "1.5", "007": "7", "+3": "3", ".5": "0.5", "5.": "5", "1e3": "1000", "12E-3": "0.012",
		"-1.2e1":                                 "-12",
		"12345678901234567890123456789012345678": "12345678901234567890123456789012345678",
		"9.9999999999999999999999999999999999999E+125": "99999999999999999999999999999999999999" + strings.Repeat("0", 88),
		"1E-130": "0." + strings.Repeat("0", 129) + "1",
	} {
		d, err := parseDecimal(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, d.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestBadNumbers(t *testing.T) {
	for _, text := range []string{"", "-", ".", "e5", "1e", "1e+", "1x", " 1", "1 ", "0x10", "1_000", "NaN", "Infinity",
		"1.2.3", "--1", "١",
		"123456789012345678901234567890123456789", "1e126", "-1e126", "1e-131", "1e99999999999999999999"} {
		if d, err := parseDecimal(text); err == nil {
			t.Errorf("%q was read as %s", text, d)
		}
	}
}

// decimals draws numbers of all sizes, written in many ways.
func decimals(t *rapid.T, label string) decimal {
	text := rapid.StringMatching(`-?[0-9]{1,19}(\.[0-9]{0,18})?(e-?[0-9]{1,2})?`).Draw(t, label)
	d, err := parseDecimal(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

func rational(t *rapid.T, d decimal) *big.Rat {
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		t.Fatalf("%s is no number to math/big", d)
	}
	return r
}

func TestNumberOrderIsThatOfMathBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimals(t, "a"), decimals(t, "b")
		want := rational(t, a).Cmp(rational(t, b))
		if got := a.compare(b); got != want {
			t.Errorf("%s against %s: got %d, want %d", a, b, got, want)
		}
		if a.sortable() != b.sortable() && strings.HasPrefix(a.sortable(), b.sortable()) {
			t.Errorf("the sortable form of %s begins that of %s", b, a)
		}
	})
}

func TestNumberRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := decimals(t, "a")
		again, err := parseDecimal(a.String())
		if err != nil || again != a {
			t.Errorf("%s came back as %s, %v", a, again, err)
		}
	})
}

func TestSumIsThatOfMathBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := decimals(t, "a"), decimals(t, "b")
		want := new(big.Rat).Add(rational(t, a), rational(t, b))
		got, err := a.plus(b)
		if err != nil {
			if digits := significant(want); digits <= maxDigits {
				t.Errorf("%s + %s needs %d digits, but: %v", a, b, digits, err)
			}
			return
		}
		if rational(t, got).Cmp(want) != 0 {
			t.Errorf("%s + %s = %s", a, b, got)
		}
	})
}

// significant counts the digits of a number whose denominator is a power of ten.
func significant(r *big.Rat) int {
	return len(strings.Trim(strings.Replace(strings.TrimLeft(r.FloatString(140), "-"), ".", "", 1), "0"))
}

func TestTextKeyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := rapid.StringOfN(rapid.RuneFrom([]rune{0, 1, 'a', 'b', 0xff, 0x10ffff}), 0, 6, -1)
		a, b := Value{kind: kindS, text: draw.Draw(t, "a")}, Value{kind: kindS, text: draw.Draw(t, "b")}
		if want, got := strings.Compare(a.text, b.text), strings.Compare(a.sortable(), b.sortable()); got != want {
			t.Errorf("%q against %q: got %d, want %d", a.text, b.text, got, want)
		}
		if want, got := strings.HasPrefix(a.text, b.text), strings.HasPrefix(a.sortable(), b.sortablePrefix()); got != want {
			t.Errorf("%q begins with %q: got %v, want %v", a.text, b.text, got, want)
		}
	})
}
