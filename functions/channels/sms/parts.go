package sms

import (
	"fmt"
	"unicode/utf16"

	"github.com/relais-dev/relais/shared/channel"
)

// What one part of a text message carries, alone and as one of several, which carry
// their number too: septets of the GSM alphabet, else units of UCS-2.
// https://www.twilio.com/docs/glossary/what-sms-character-limit
const (
	septets, septetsOfMany = 160, 153
	units, unitsOfMany     = 70, 67
)

// inParts tells an operator what a text costs, where that is more than one part.
func inParts(text string) string {
	n, alphabet := parts(text)
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("%d parts of %s", n, alphabet)
}

// parts is how many parts a text takes. A character is never cut in two.
func parts(text string) (n int, alphabet string) {
	alone, ofMany, alphabet := septets, septetsOfMany, "GSM-7"
	all, basic := channel.Septets(text)
	if !basic {
		all, alone, ofMany, alphabet = channel.UTF16.Len(text), units, unitsOfMany, "UCS-2"
	}
	if all <= alone {
		return 1, alphabet
	}
	n, left := 1, ofMany
	for _, r := range text {
		size := max(utf16.RuneLen(r), 1)
		if basic {
			size, _ = channel.Septets(string(r))
		}
		if size > left {
			n, left = n+1, ofMany
		}
		left -= size
	}
	return n, alphabet
}
