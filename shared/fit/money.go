package fit

import (
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
)

// amount writes m with its currency's decimals: "13.50 EUR".
func amount(m events.Money) string {
	n, sign := uint64(m.Amount), ""
	if m.Amount < 0 {
		n, sign = -n, "-"
	}
	s := strconv.FormatUint(n, 10)
	if d := decimals(m.Currency); d > 0 {
		s = strings.Repeat("0", max(d+1-len(s), 0)) + s
		s = s[:len(s)-d] + "." + s[len(s)-d:]
	}
	return sign + s + " " + m.Currency
}

// decimals is how many digits of an amount are minor units. XTR are Telegram's Stars.
// https://www.six-group.com/en/products-services/financial-information/data-standards.html
// https://core.telegram.org/bots/payments-stars
func decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF", "XTR":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

func price(m *events.Money) string {
	if m == nil {
		return ""
	}
	return amount(*m)
}

// total is what the items cost together, or "" when one has no price or they have several currencies.
func total(items []events.OrderItem) string {
	var sum events.Money
	for i, item := range items {
		if item.Price == nil || i > 0 && item.Price.Currency != sum.Currency {
			return ""
		}
		sum.Currency = item.Price.Currency
		sum.Amount += item.Price.Amount * int64(item.Quantity)
	}
	if sum.Currency == "" {
		return ""
	}
	return amount(sum)
}
