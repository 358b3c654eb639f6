package events

// Acceptance is the answer to an Outbound: Relais has it and will send it, once.
type Acceptance struct {
	ID           string      `json:"id"`           // "msg_…", from the idempotency key
	Conversation string      `json:"conversation"` // "cnv_…"
	Channel      string      `json:"channel"`
	Account      string      `json:"account"`
	State        State       `json:"state"`
	Rendering    []Rendering `json:"rendering"` // one per part of the content
}

// A Rendering tells how one part of a message will appear on its channel.
type Rendering struct {
	Part    int      `json:"part"`              // index in the content, from 0
	Kind    Kind     `json:"kind"`              // what was asked
	As      string   `json:"as"`                // AsNative, AsFallback or AsRefused
	Loss    string   `json:"loss"`              // LossNone, LossStyle …
	Calls   []int    `json:"calls"`             // the calls that carry it, from 1: call 2 of message msg_… has the id msg_….2
	Details []string `json:"details,omitempty"` // for people: what changed and why
}

// Ways of a Rendering.
const (
	AsNative   = "native"   // as the platform's own kind, perhaps shortened or split
	AsFallback = "fallback" // as something else that a person understands
	AsRefused  = "refused"  // not at all
)
