package play

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// A Unit is what a vendor counts in. These are the stage's own: a channel that counts
// in the wrong unit, or counts wrongly, is found out.
type Unit struct {
	Name string
	Of   func(string) int
}

// The units.
var (
	UTF16     = Unit{"UTF-16 units", func(s string) int { return len(utf16.Encode([]rune(s))) }}
	Runes     = Unit{"characters", utf8.RuneCountInString}
	Graphemes = Unit{"grapheme clusters", uniseg.GraphemeClusterCount} // https://unicode.org/reports/tr29/
	UTF8      = Unit{"bytes of UTF-8", func(s string) int { return len(s) }}
	GSM       = Unit{"GSM septets, or UTF-16 units where a character is not of GSM 7-bit", gsm}
)

// gsmBasic and gsmExtended are the default alphabet and its extension, whose characters
// take two septets. https://www.etsi.org/deliver/etsi_ts/123000_123099/123038/10.00.00_60/ts_123038v100000p.pdf
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§" +
		"¿abcdefghijklmnopqrstuvwxyzäöñüà"

	gsmExtended = "\f^{}\\[~]|€"
)

// InGSM says whether a text can be sent in GSM 7-bit.
func InGSM(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(gsmBasic+gsmExtended, r) }) < 0
}

// gsm is the length of a text of SMS.
func gsm(s string) int {
	if !InGSM(s) {
		return UTF16.Of(s)
	}
	n := 0
	for _, r := range s {
		n++
		if strings.ContainsRune(gsmExtended, r) {
			n++
		}
	}
	return n
}
