package apple

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
)

// payment sets what the customer's device says of an Apple Pay request, which we
// made with the merchant's reference as its identifier. Money has moved when the
// payment provider says so.
func (p *parser) payment(d *answer) bool {
	w := d.Payment
	status := cmp.Or(text(w.Status), text(w.State))
	pay := &events.Payment{
		Reference: d.RequestIdentifier, Provider: "apple-pay", State: stateOf(status),
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

// Fields of a payment request. The merchant makes the session, with the certificate
// that only the merchant has, and it is good for one use within 5 minutes.
// https://developer.apple.com/documentation/applepayontheweb/requesting-an-apple-pay-payment-session
const (
	merchantSession    = "merchantSession"    // Apple's answer, as it is
	merchantIdentifier = "merchantIdentifier" // of the session
	paymentGatewayURL  = "paymentGatewayUrl"  // of the session; the device posts the payment there
	countryCode        = "countryCode"        // of the merchant
)

// paymentProblem is why p cannot be paid with Apple Pay.
func paymentProblem(p *events.Payment) string {
	for _, name := range []string{merchantSession, merchantIdentifier, paymentGatewayURL, countryCode} {
		if value(p.Fields, name) == "" {
			return "Apple Pay needs the field " + name
		}
	}
	if session := value(p.Fields, merchantSession); !strings.HasPrefix(session, "{") || !json.Valid([]byte(session)) {
		return "the field " + merchantSession + " is no JSON object"
	}
	labels := []string{cmp.Or(p.Title, p.Reference)}
	for _, l := range p.Lines {
		labels = append(labels, l.Label)
	}
	if slices.Contains(labels, "") || tooLong(labels...) {
		return "Apple Pay shows a title and each line in 1 to " + strconv.Itoa(maxLabel) + " characters"
	}
	if country := value(p.Fields, countryCode); len(country) != 2 || strings.ToUpper(country) != country {
		return "the field " + countryCode + " is no country of ISO 3166 in two capitals"
	}
	for _, name := range endpoints {
		if u := value(p.Fields, name); u != "" && !strings.HasPrefix(u, "https://") {
			return "the field " + name + " is no https URL"
		}
	}
	return ""
}

// endpoints are the fields with addresses that Apple calls.
var endpoints = []string{paymentGatewayURL, "fallbackUrl", "paymentMethodUpdateUrl", "shippingContactUpdateUrl",
	"shippingMethodUpdateUrl", "orderTrackingUrl"}

func value(fields []events.Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// payment asks for money. Who takes the payment knows the request by the merchant's
// reference.
// https://register.apple.com/resources/messages/msp-rest-api/type-interactive#apple-pay-message
func (s sender) payment(p *events.Payment) sentMessage {
	networks := p.Methods
	if len(networks) == 0 {
		networks = []string{"amex", "discover", "masterCard", "visa"}
	}
	total := sentLine{Label: oneLine(cmp.Or(p.Title, p.Reference)), Amount: p.Amount.Decimal(), Type: "final"}
	w := &sentPayment{
		MerchantSession: json.RawMessage(value(p.Fields, merchantSession)),
		Request: sentPayRequest{
			ApplePay: sentApplePay{value(p.Fields, merchantIdentifier), networks, []string{"supports3DS"}},
			Total:    total, CountryCode: value(p.Fields, countryCode), CurrencyCode: p.Amount.Currency,
			MerchantName:          value(p.Fields, "merchantName"),
			BillingContactFields:  list(p.Fields, "requiredBillingContactFields"),
			ShippingContactFields: list(p.Fields, "requiredShippingContactFields"),
		},
		Endpoints: map[string]string{},
	}
	for i := range p.Lines {
		w.Request.LineItems = append(w.Request.LineItems,
			sentLine{Label: oneLine(p.Lines[i].Label), Amount: p.Lines[i].Amount.Decimal(), Type: "final"})
	}
	if len(p.Lines) == 0 {
		w.Request.LineItems = []sentLine{total}
	}
	for _, name := range endpoints {
		if u := value(p.Fields, name); u != "" {
			w.Endpoints[name] = u
		}
	}
	if strings.HasPrefix(p.URL, "https://") && w.Endpoints["fallbackUrl"] == "" {
		w.Endpoints["fallbackUrl"] = p.URL
	}
	summary := &sentSummary{Title: total.Label, Subtitle: total.Amount + " " + p.Amount.Currency, Style: "icon"}
	return s.interactive(sentData{RequestIdentifier: p.Reference, Payment: w}, summary,
		&sentSummary{Title: total.Label, Style: "icon"})
}

// list is a field's value at its commas.
func list(fields []events.Field, name string) []string {
	return strings.FieldsFunc(value(fields, name), func(r rune) bool { return r == ',' || r == ' ' })
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
	minor := math.Round(units * math.Pow10(events.Digits(currency)))
	if err != nil || currency == "" || !(math.Abs(minor) <= limit) {
		return nil
	}
	return &events.Money{Amount: int64(minor), Currency: currency}
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
