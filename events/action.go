package events

// An Action is what an integrator asks to be done that is no message.
type Action struct {
	To      To        `json:"to"`
	Verb    Verb      `json:"verb"`
	Message *Ref      `json:"message,omitempty"` // of read, react, edit and delete: which one, with its platformId
	Emoji   string    `json:"emoji,omitempty"`   // of react; empty takes the reaction back
	Content []Content `json:"content,omitempty"` // of edit: one part, the new content
	Active  bool      `json:"active,omitempty"`  // of typing: begins, or ends
}

// Verb is what an Action does.
type Verb string

// The verbs.
const (
	ActTyping Verb = "typing"
	ActRead   Verb = "read"
	ActReact  Verb = "react"
	ActEdit   Verb = "edit"
	ActDelete Verb = "delete"
)

// Verbs lists them.
func Verbs() []Verb { return []Verb{ActTyping, ActRead, ActReact, ActEdit, ActDelete} }
