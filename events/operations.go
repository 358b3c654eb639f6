package events

// Health is what an operator must know about an account.
type Health struct {
	Aspect string  `json:"aspect"` // token, quality, limit, subscription, quota, account
	State  string  `json:"state"`  // HealthOK, HealthWarning or HealthFailing
	Detail string  `json:"detail,omitempty"`
	Fields []Field `json:"fields,omitempty"`
}

// States of Health.
const (
	HealthOK      = "ok"
	HealthWarning = "warning"
	HealthFailing = "failing"
)

// TemplateUpdate is the approval state of a message template.
type TemplateUpdate struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	Language string `json:"language,omitempty"`
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Category string `json:"category,omitempty"`
}

// Unsupported is a platform event Relais has no words for; the raw is kept.
type Unsupported struct {
	Kind   string `json:"kind"` // the platform's name for it
	Reason string `json:"reason,omitempty"`
	Raw    string `json:"raw,omitempty"` // the platform's own text, at most MaxRaw bytes
}

// Quarantine is a verified delivery that could not be parsed, or an event that
// could not be routed. Its raw bytes stay in the table beside it.
type Quarantine struct {
	Event  string `json:"event,omitempty"`  // the id of the event set aside
	Reason string `json:"reason"`           // a code: parse, oversize, rules, crash, decode
	Detail string `json:"detail,omitempty"` // where, without content
	SHA256 string `json:"sha256,omitempty"` // of the raw body, hex
	Size   int    `json:"size,omitempty"`   // bytes of the raw body
}
