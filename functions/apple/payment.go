package apple

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
)

// payment sets what the customer's device says of an Apple Pay request. Money has
// moved when the payment provider says so.
func (p *parser) payment(d *answer) bool {
	w := d.Payment
	status := cmp.Or(text(w.Status), text(w.State))
	pay := &events.Payment{
		Reference: d.RequestIdentifier, Provider: "apple-pay", State: stateOf(status), Message: d.request(),
		Title: w.Request.Total.Label, Amount: money(w.Request.Total.Amount, w.Request.CurrencyCode),
	}
	if status != "" {
		pay.Fields = append(pay.Fields, events.Field{Name: "status", Value: status})
	}
	for _, l := range w.Request.LineItems {
		if m := money(l.Amount, w.Request.CurrencyCode); m != nil {
			pay.Lines = append(pay.Lines, events.PaymentLine{Label: l.Label, Amount: *m})
		}
	}
	p.out.Type, p.out.Key, p.out.Data.Payment = events.PaymentUpdated, "payment:"+p.id, pay
	return true
}

// stateOf a result: the words of Apple Pay, or their numbers.
// https://developer.apple.com/documentation/applepayontheweb/applepaysession/status_success
func stateOf(status string) string {
	switch strings.ToUpper(strings.TrimPrefix(strings.ToUpper(status), "STATUS_")) {
	case "SUCCESS", "0":
		return events.PayAuthorised
	case "FAILURE", "FAILED", "1":
		return events.PayFailed
	case "CANCELED", "CANCELLED":
		return events.PayCancelled
	}
	return events.PayPending
}

// money is a decimal amount of currency units in minor units; nil when it is none.
func money(amount, currency string) *events.Money {
	const limit = 1 << 53 // up to it floats are whole
	units, err := strconv.ParseFloat(amount, 64)
	minor := math.Round(units * math.Pow10(digits(currency)))
	if err != nil || currency == "" || !(math.Abs(minor) <= limit) {
		return nil
	}
	return &events.Money{Amount: int64(minor), Currency: currency}
}

// digits is how many digits an ISO 4217 currency has after the point.
// https://www.six-group.com/en/products-services/financial-information/data-standards.html
func digits(currency string) int {
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

// secretMember is in every Apple Pay token: what a card is charged with.
// https://developer.apple.com/documentation/passkit/payment-token-format-reference
const secretMember = "paymentData"

// discreet is body without Apple Pay tokens. Devices hand them to the payment
// provider, not to us; should one come here, it goes no further.
func discreet(body []byte) []byte {
	if !bytes.Contains(body, []byte(`"`+secretMember+`"`)) {
		return body
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc any
	if d.Decode(&doc) != nil {
		return nil
	}
	strip(doc)
	clean, err := json.Marshal(doc)
	if err != nil {
		return nil
	}
	return clean
}

func strip(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, secretMember)
		for _, member := range v {
			strip(member)
		}
	case []any:
		for _, element := range v {
			strip(element)
		}
	}
}
