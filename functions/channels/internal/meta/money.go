package meta

import (
	"math"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Price is a decimal number of currency units ("7.5") in minor units; nil when it
// is none, is out of range, or has a fraction that the currency does not know. The
// noise of a sender that counts in floats (23.990000000000002) is no fraction.
func Price(number, currency string) *events.Money {
	const noise, limit = 1e-3, 1 << 53 // of minor units; up to limit floats are whole
	units, err := strconv.ParseFloat(number, 64)
	if err != nil || currency == "" || strings.ContainsAny(number, "xX_") {
		return nil
	}
	minor := units * math.Pow10(events.Digits(currency))
	whole := math.Round(minor)
	if !(math.Abs(minor-whole) < noise && math.Abs(whole) <= limit) {
		return nil
	}
	return &events.Money{Amount: int64(whole), Currency: currency}
}

// Scaled is value/offset currency units, as Meta writes payment amounts, in minor
// units; nil when that is no whole number of them.
func Scaled(value, offset channel.Text, currency string) *events.Money {
	v, err := strconv.ParseInt(string(value), 10, 64)
	o, err2 := strconv.ParseInt(string(offset), 10, 64)
	if err != nil || err2 != nil {
		return nil
	}
	return scaled(v, o, currency)
}

func scaled(value, offset int64, currency string) *events.Money {
	unit := int64(math.Pow10(events.Digits(currency)))
	if offset <= 0 || currency == "" || value > math.MaxInt64/unit || value < math.MinInt64/unit ||
		value*unit%offset != 0 {
		return nil
	}
	return &events.Money{Amount: value * unit / offset, Currency: currency}
}
