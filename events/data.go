package events

// Data is the payload of an Event: whom and which conversation it concerns, and
// exactly one fact, the member that the event's type names.
type Data struct {
	Channel      string        `json:"channel"`                // repeated from the envelope, so that data can travel alone
	Account      string        `json:"account"`                // likewise
	Contact      *Contact      `json:"contact,omitempty"`      // the person concerned; absent when the platform names nobody
	Conversation *Conversation `json:"conversation,omitempty"` // absent only for account-wide facts

	Message        *Message        `json:"message,omitempty"`
	Deletion       *Deletion       `json:"deletion,omitempty"`
	Status         *Status         `json:"status,omitempty"`
	Reaction       *Reaction       `json:"reaction,omitempty"`
	Interaction    *Interaction    `json:"interaction,omitempty"`
	MediaUpdate    *MediaUpdate    `json:"mediaUpdate,omitempty"`
	Typing         *Typing         `json:"typing,omitempty"`
	Receipt        *Receipt        `json:"receipt,omitempty"`
	Change         *Change         `json:"change,omitempty"`
	Handling       *Handling       `json:"handling,omitempty"`
	Note           *Note           `json:"note,omitempty"`
	Participants   *Participants   `json:"participants,omitempty"`
	Referral       *Referral       `json:"referral,omitempty"`
	Person         *Person         `json:"person,omitempty"`
	IdentityChange *IdentityChange `json:"identityChange,omitempty"`
	Consent        *Consent        `json:"consent,omitempty"`
	Control        *Control        `json:"control,omitempty"`
	Order          *Order          `json:"order,omitempty"`
	Payment        *Payment        `json:"payment,omitempty"`
	Health         *Health         `json:"health,omitempty"`
	Template       *TemplateUpdate `json:"template,omitempty"`
	Unsupported    *Unsupported    `json:"unsupported,omitempty"`
	Quarantine     *Quarantine     `json:"quarantine,omitempty"`
	Rejection      *Rejection      `json:"rejection,omitempty"`
}
