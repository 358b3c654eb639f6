package fit

import (
	"github.com/relais-dev/relais/events"
)

// amount writes m with its currency: "13.50 EUR".
func amount(m events.Money) string { return m.Decimal() + " " + m.Currency }

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
