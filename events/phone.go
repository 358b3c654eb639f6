package events

import (
	"strings"
	"unicode"
)

// PhoneNumber is the digits of a phone number as people write it, its country first:
// "+49 (0)30 123-45", "0049…", "tel:+49…", "4930…". False for what is none, and for a
// number without its country, which nobody can guess.
//
// A library would know more (which numbers exist), at 4 MB and 9 ms in each cold start
// of all functions: they are one executable. The test asks it as a referee.
func PhoneNumber(s string) (digits string, ok bool) {
	s, ok = dialled(s)
	if !ok || strings.HasPrefix(s, "(0)") {
		return "", false
	}
	s = strings.TrimPrefix(s, "+")
	s = strings.TrimPrefix(s, "00")
	bare := strings.Replace(s, "(0)", "", 1)
	if keepsZero(s) {
		bare = s
	}
	digits = strings.NewReplacer("(", "", ")", "").Replace(bare)
	country := countryOf(digits)
	if country == "" || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	if isCode(trunkZero, country) {
		digits = country + strings.TrimPrefix(digits[len(country):], "0")
	}
	return digits, len(digits) >= minPhone && len(digits) <= maxPhone
}

// A number has at most 15 digits (E.164); the shortest that are dialled from abroad
// have 7 with their country. https://www.itu.int/rec/T-REC-E.164
const minPhone, maxPhone = 7, 15

// dialled is s in ASCII without separators; false when a sign in it is of no number.
func dialled(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 4 && strings.EqualFold(s[:4], "tel:") {
		s = s[4:]
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			b.WriteByte('0' + digit(r))
		case r == '+' || r == '＋':
			if b.Len() > 0 {
				return "", false
			}
			b.WriteByte('+')
		case r == '(' || r == '（':
			b.WriteByte('(')
		case r == ')' || r == '）':
			b.WriteByte(')')
		case !separates(r):
			return "", false
		}
	}
	return b.String(), b.Len() > 0
}

// digit is the value of a decimal digit of any script: they stand in tens.
func digit(r rune) byte {
	n := byte(0)
	for unicode.IsDigit(r - 1) {
		r--
		n++
	}
	return n % 10
}

// separates says whether people part the groups of a number by r.
func separates(r rune) bool {
	return strings.ContainsRune("./−ー", r) || unicode.IsSpace(r) || unicode.In(r, unicode.Pd, unicode.Cf)
}

// keepsZero says whether the zero of a number goes with its country: Italy's, San
// Marino's and the Vatican's is dialled from abroad too.
func keepsZero(s string) bool {
	return strings.HasPrefix(s, "39") || strings.HasPrefix(s, "378") || strings.HasPrefix(s, "379")
}

// countryOf is the calling code with which digits begin, or "". No code begins another.
func countryOf(digits string) string {
	for n := 1; n <= 3 && n <= len(digits); n++ {
		if isCode(callingCodes, digits[:n]) {
			return digits[:n]
		}
	}
	return ""
}

func isCode(list, code string) bool { return strings.Contains(list, " "+code+" ") }

// The calling codes in use, and those of countries whose numbers begin with a zero at
// home alone. https://www.itu.int/pub/T-SP-E.164D
const (
	callingCodes = " 1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 " +
		"66 81 82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 226 227 228 229 230 " +
		"231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 " +
		"256 257 258 260 261 262 263 264 265 266 267 268 269 290 291 297 298 299 350 351 352 353 354 355 356 " +
		"357 358 359 370 371 372 373 374 375 376 377 378 379 380 381 382 383 385 386 387 389 420 421 423 500 " +
		"501 502 503 504 505 506 507 508 509 590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 " +
		"677 678 679 680 681 682 683 685 686 687 688 689 690 691 692 800 808 850 852 853 855 856 870 878 880 " +
		"881 882 883 886 888 960 961 962 963 964 965 966 967 968 970 971 972 973 974 975 976 977 979 992 993 " +
		"994 995 996 998 "
	trunkZero = " 20 27 31 32 33 40 41 43 44 46 49 51 53 54 55 57 58 60 61 62 63 64 66 81 82 84 86 90 91 92 93 94 95 " +
		"98 211 212 213 218 231 232 233 234 243 249 250 251 252 254 255 256 260 261 262 263 264 265 291 353 " +
		"355 358 359 370 373 374 377 380 381 382 383 385 386 387 389 421 423 508 590 591 593 594 595 596 598 " +
		"686 850 855 856 880 886 961 962 963 964 966 967 970 971 972 976 977 994 995 996 "
)
