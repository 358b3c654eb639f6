package events

import "time"

// Money is an amount in minor units (cents), never a float.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"` // ISO 4217, or the platform's own (XTR)
}

// An Order is a basket the customer sent.
type Order struct {
	ID      string      `json:"id,omitempty"`
	Catalog string      `json:"catalog,omitempty"`
	Text    string      `json:"text,omitempty"`
	Items   []OrderItem `json:"items"`
}

// An OrderItem is one line of an order. Price is per unit.
type OrderItem struct {
	Product  string `json:"product"`
	Name     string `json:"name,omitempty"`
	Quantity int    `json:"quantity"`
	Price    *Money `json:"price,omitempty"`
}

// A Payment is a request for money and what became of it. Confirm with the
// provider before goods leave.
type Payment struct {
	Reference string        `json:"reference"`       // the merchant's
	State     string        `json:"state,omitempty"` // PayRequested, PayCheckout …; an outbound request may leave it out
	Amount    *Money        `json:"amount,omitempty"`
	Provider  string        `json:"provider,omitempty"`
	Charge    string        `json:"charge,omitempty"` // the provider's transaction id
	Method    string        `json:"method,omitempty"`
	Callback  string        `json:"callback,omitempty"` // id with which a pre-check must be answered
	Title     string        `json:"title,omitempty"`
	URL       string        `json:"url,omitempty"`     // a checkout page that does the same
	Methods   []string      `json:"methods,omitempty"` // payment methods the merchant takes, as the provider names them
	ExpiresAt time.Time     `json:"expiresAt,omitzero"`
	Message   *Ref          `json:"message,omitempty"`
	Error     *StatusError  `json:"error,omitempty"`
	Lines     []PaymentLine `json:"lines,omitempty"`
	Fields    []Field       `json:"fields,omitempty"`
}

// States of a payment.
const (
	PayRequested  = "requested"
	PayCheckout   = "checkout" // the customer is paying; a pre-check may wait for an answer
	PayPending    = "pending"
	PayAuthorised = "authorised"
	PayPaid       = "paid"
	PayFailed     = "failed"
	PayExpired    = "expired"
	PayCancelled  = "cancelled"
	PayRefunded   = "refunded"
	PayDisputed   = "disputed"
)

// A PaymentLine is one line of a payment request.
type PaymentLine struct {
	Label  string `json:"label"`
	Amount Money  `json:"amount"`
}
