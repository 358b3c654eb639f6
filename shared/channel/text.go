package channel

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
)

// Digest is 32 hexadecimal digits that name an item to which its platform gives no
// id: equal raw and equal more (a time, an entry's id) are the same item.
func Digest(raw []byte, more ...string) string {
	h := sha256.New()
	h.Write(raw)
	for _, s := range more {
		h.Write([]byte("\x00" + s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Digits says whether s is digits and nothing else, as what is called a phone
// number must be: platforms put other ids where the number was.
func Digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// Within are the entities of list that lie inside body, whose offsets and lengths
// count UTF-16 units: nobody could cut where the others stand.
func Within(body string, list []events.Entity) []events.Entity {
	if len(list) == 0 {
		return nil
	}
	units := 0
	for _, r := range body {
		units += utf16.RuneLen(r)
	}
	return slices.DeleteFunc(list, func(e events.Entity) bool {
		return e.Offset < 0 || e.Length <= 0 || e.Offset > units || e.Length > units-e.Offset
	})
}

// E164 is a phone number as identities are written, whatever way in they come by:
// "+44207946" for it and for "44207946"; "" when number is none.
func E164(number string) string {
	digits := strings.TrimPrefix(number, "+")
	if !Digits(digits) {
		return ""
	}
	return "+" + digits
}

// PlusAddress is Address for identities that are phone numbers: "+44207946".
// A number that is none is "": it is never taken for another kind of id. Other
// identities stay as they are.
func PlusAddress(i events.Identity) string {
	if i.Scheme != events.Phone && i.Scheme != events.RCSPhone {
		return strings.TrimSpace(i.Value)
	}
	digits, ok := events.PhoneNumber(i.Value)
	if !ok {
		return ""
	}
	return "+" + digits
}

// DigitsThread is Thread for platforms that write a phone number as digits alone:
// "44207946" for the identity "+44207946".
func DigitsThread(i events.Identity) string {
	if i.Scheme != events.Phone && i.Scheme != events.RCSPhone {
		return i.Value
	}
	return strings.TrimPrefix(i.Value, "+")
}
