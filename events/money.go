package events

import (
	"strconv"
	"strings"
)

// Digits is how many digits of a currency's amounts are minor units. XTR are
// Telegram's Stars.
// https://www.six-group.com/en/products-services/financial-information/data-standards.html
// https://core.telegram.org/bots/payments-stars
func Digits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
		"XPF", "XTR":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// Decimal is m in currency units, with all the digits its currency has: "13.50".
func (m Money) Decimal() string {
	n, sign := uint64(m.Amount), ""
	if m.Amount < 0 {
		n, sign = -n, "-"
	}
	s := strconv.FormatUint(n, 10)
	if d := Digits(m.Currency); d > 0 {
		s = strings.Repeat("0", max(d+1-len(s), 0)) + s
		s = s[:len(s)-d] + "." + s[len(s)-d:]
	}
	return sign + s
}
