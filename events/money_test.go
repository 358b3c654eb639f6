package events

import (
	"math"
	"testing"
)

func TestDecimal(t *testing.T) {
	for want, m := range map[string]Money{
		"13.50": {1350, "EUR"}, "-0.05": {-5, "EUR"}, "0.00": {0, "USD"}, "1350": {1350, "JPY"}, "1.350": {1350, "KWD"},
		"0.1350": {1350, "CLF"}, "7": {7, "XTR"},
		"-92233720368547758.08": {math.MinInt64, "EUR"},
	} {
		if got := m.Decimal(); got != want {
			t.Errorf("%+v is %s, want %s", m, got, want)
		}
	}
}
