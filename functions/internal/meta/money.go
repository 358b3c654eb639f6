package meta

import (
	"math"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
)

// Price is a decimal number of currency units ("7.5") in minor units; nil when it
// is none, is out of range, or has a fraction that the currency does not know.
func Price(number, currency string) *events.Money {
	whole, fraction, _ := strings.Cut(number, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := minorDigits(currency)
	if whole == "" || len(fraction) > digits || currency == "" || strings.ContainsAny(fraction, "+-_eE") {
		return nil
	}
	n, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil {
		return nil
	}
	return &events.Money{Amount: n, Currency: currency}
}

// Scaled is value/offset currency units, as Meta writes payment amounts, in minor
// units; nil when that is no whole number of them.
func Scaled(value, offset int64, currency string) *events.Money {
	unit := int64(math.Pow10(minorDigits(currency)))
	if offset <= 0 || currency == "" || value > math.MaxInt64/unit || value < math.MinInt64/unit || value*unit%offset != 0 {
		return nil
	}
	return &events.Money{Amount: value * unit / offset, Currency: currency}
}

// minorDigits is how many digits an ISO 4217 currency has after the point.
// https://www.six-group.com/en/products-services/financial-information/data-standards.html
func minorDigits(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}
