package channel

import (
	"testing"

	"github.com/relais-dev/relais/events"
)

func TestAddress(t *testing.T) {
	for _, c := range []struct {
		scheme              events.Scheme
		value, digits, plus string
	}{
		{events.Phone, "+49(0)170 1234567", "491701234567", "+491701234567"},
		{events.Phone, "0170 1234567", "", ""},
		{events.Phone, "US.13491208655302741918", "", ""}, // another kind of id
		{events.WhatsAppBSUID, " US.13491208655302741918\n", "US.13491208655302741918", "US.13491208655302741918"},
		{events.RCSPhone, "0049 170 1234567", "491701234567", "+491701234567"},
	} {
		i := events.Identity{Scheme: c.scheme, Value: c.value}
		p := PlusAddress(i)
		if d := DigitsThread(events.Identity{Scheme: c.scheme, Value: p}); d != c.digits || p != c.plus {
			t.Errorf("%s %q: %q and %q, want %q and %q", c.scheme, c.value, d, p, c.digits, c.plus)
		}
	}
}
