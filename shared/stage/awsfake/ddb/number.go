package ddb

import (
	"math/big"
	"strings"
)

// The limits of a DynamoDB number: 38 significant digits, magnitude from 1e-130 to 9.99…e125.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number
const (
	maxDigits   = 38
	maxPoint    = 126  // 9.99e125 is 0.999 × 10^126
	minPoint    = -129 // 1e-130 is 0.1 × 10^-129
	pointOffset = 1 << 15
)

// A decimal is the number ±0.digits × 10^point. Its digits have neither leading nor trailing zeros; zero has none.
type decimal struct {
	neg    bool
	digits string
	point  int
}

// parseDecimal reads a number as DynamoDB does: plain or with an exponent, refused when it needs more than 38 digits
// or is out of range.
func parseDecimal(text string) (decimal, error) {
	d, ok := scanDecimal(text)
	if !ok {
		return decimal{}, invalid("The parameter cannot be converted to a numeric value: %s", text)
	}
	return d, d.check()
}

// check tells whether d can be stored.
func (d decimal) check() error {
	switch {
	case d.digits == "":
		return nil
	case len(d.digits) > maxDigits:
		return invalid("Attempting to store more than 38 significant digits in a Number")
	case d.point > maxPoint:
		return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
	case d.point < minPoint:
		return invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
	}
	return nil
}

func scanDecimal(text string) (decimal, bool) {
	var d decimal
	rest := text
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		d.neg = rest[0] == '-'
		rest = rest[1:]
	}
	whole, rest := leadingDigits(rest)
	fraction := ""
	if strings.HasPrefix(rest, ".") {
		fraction, rest = leadingDigits(rest[1:])
	}
	if whole+fraction == "" {
		return d, false
	}
	exponent, ok := scanExponent(rest)
	if !ok {
		return d, false
	}
	return normal(d.neg, whole+fraction, len(whole)+exponent), true
}

func leadingDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n], s[n:]
}

// scanExponent reads "", "e5" or "E-5". An exponent too large to matter is cut to one that is out of range all the
// same.
func scanExponent(s string) (int, bool) {
	if s == "" {
		return 0, true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return 0, false
	}
	s = s[1:]
	sign := 1
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	digits, rest := leadingDigits(s)
	if digits == "" || rest != "" {
		return 0, false
	}
	n := 0
	for _, c := range digits {
		n = min(n*10+int(c-'0'), 1_000_000)
	}
	return sign * n, true
}

// normal strips zeros at both ends; the point is counted from the first digit given.
func normal(neg bool, digits string, point int) decimal {
	trimmed := strings.TrimLeft(digits, "0")
	point -= len(digits) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, "0")
	if trimmed == "" {
		return decimal{}
	}
	return decimal{neg: neg, digits: trimmed, point: point}
}

// String is the form in which DynamoDB returns a number: no exponent, no needless zeros.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	s := ""
	switch {
	case d.point <= 0:
		s = "0." + strings.Repeat("0", -d.point) + d.digits
	case d.point >= len(d.digits):
		s = d.digits + strings.Repeat("0", d.point-len(d.digits))
	default:
		s = d.digits[:d.point] + "." + d.digits[d.point:]
	}
	if d.neg {
		return "-" + s
	}
	return s
}

// size is what the number adds to an item's size: a byte per two digits and one, one more for the sign.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (d decimal) size() int {
	if d.digits == "" {
		return 1
	}
	n := (len(d.digits)+1)/2 + 1
	if d.neg {
		n++
	}
	return min(n, 21)
}

// sortable is a byte string that orders as the number does. No number's is a prefix of another's.
func (d decimal) sortable() string {
	if d.digits == "" {
		return "\x02"
	}
	b := make([]byte, 0, len(d.digits)+4)
	point := uint16(d.point + pointOffset)
	b = append(b, 3, byte(point>>8), byte(point))
	for i := range len(d.digits) {
		b = append(b, d.digits[i]-'0'+1)
	}
	b = append(b, 0)
	if d.neg {
		for i := range b {
			b[i] = ^b[i]
		}
		b[0] = 1
	}
	return string(b)
}

func (d decimal) compare(e decimal) int { return strings.Compare(d.sortable(), e.sortable()) }

func (d decimal) negated() decimal {
	if d.digits != "" {
		d.neg = !d.neg
	}
	return d
}

// plus is the exact sum; one that needs more than 38 digits or is out of range is an error.
func (d decimal) plus(e decimal) (decimal, error) {
	lowest := min(d.point-len(d.digits), e.point-len(e.digits))
	sum := new(big.Int).Add(d.scaled(lowest), e.scaled(lowest))
	text := new(big.Int).Abs(sum).String()
	r := normal(sum.Sign() < 0, text, len(text)+lowest)
	return r, r.check()
}

// scaled is d / 10^exponent, for an exponent not above that of d's last digit.
func (d decimal) scaled(exponent int) *big.Int {
	if d.digits == "" {
		return new(big.Int)
	}
	n, _ := new(big.Int).SetString(d.digits+strings.Repeat("0", d.point-len(d.digits)-exponent), 10)
	if d.neg {
		n.Neg(n)
	}
	return n
}
