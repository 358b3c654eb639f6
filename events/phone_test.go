package events

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestPhone(t *testing.T) {
	for s, want := range map[string]string{
		"+49 30 555-01 22": "49305550122", "0049 (30) 555-01 22": "49305550122", "+49(0)30 555 0122": "49305550122",
		"+49 030 5550122":     "49305550122",
		"tel:+49-30-555-0122": "49305550122", "+49\u00a030\u2011555\u20110122": "49305550122", "＋４９３０５５５０１２２": "49305550122",
		"49305550122":  "49305550122",
		"+٤٩٣٠٥٥٥٠١٢٢": "49305550122", "\u202a+49 30 5550122\u202c": "49305550122", "+39 06 1234 5678": "390612345678",
		"+39 (0)6 1234 5678": "390612345678",
		"+1 (212) 555-0100":  "12125550100", "1.212.555.0100": "12125550100", "+225 01 23 45 67 89": "2250123456789",
		"0170 1234567": "", "(0)170 1234567": "", "+999 1234567": "", "US.1234567890": "", "": "", "+": "", "tel:": "",
		"+49 30 5550122 ext 5": "", "+49+30": "",
		"+49 1": "", "+4930555012234567890": "", "1-800-FLOWERS": "",
	} {
		if got, ok := PhoneNumber(s); got != want && ok || ok != (want != "") {
			t.Errorf("PhoneNumber(%q) = %q, %t, want %q", s, got, ok, want)
		}
	}
}

// The library is the referee: what it reads of each country's example number, in each
// way people write it, we read too; and it knows no calling code that we do not.
func TestPhoneAgrees(t *testing.T) {
	for region := range phonenumbers.GetSupportedRegions() {
		n := phonenumbers.GetExampleNumber(region)
		want := strings.TrimPrefix(phonenumbers.Format(n, phonenumbers.E164), "+")
		country := strconv.Itoa(int(n.GetCountryCode()))
		for _, s := range []string{phonenumbers.Format(n, phonenumbers.E164), phonenumbers.Format(n,
			phonenumbers.INTERNATIONAL), phonenumbers.Format(n, phonenumbers.RFC3966),
			"00" + want, want} {
			if got, ok := PhoneNumber(s); !ok || got != want {
				t.Errorf("%s: PhoneNumber(%q) = %q, %t, want %s", region, s, got, ok, want)
			}
		}
		if isCode(trunkZero, country) && strings.HasPrefix(want[len(country):], "0") {
			t.Errorf("%s: numbers of +%s begin with a zero", region, country)
		}
	}
	codes := strings.Fields(callingCodes)
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		if !slices.Contains(codes, strconv.Itoa(code)) {
			t.Errorf("+%d is not known", code)
		}
	}
}
