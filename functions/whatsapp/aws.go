package whatsapp

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/internal/aws"
	"github.com/relais-dev/relais/shared/channel"
)

// social is what AWS End User Messaging Social publishes: one entry of Meta's, as
// a text that holds JSON. It signs the whole through SNS; Meta's signature is gone.
// https://docs.aws.amazon.com/social-messaging/latest/userguide/managing-event-destination-payloads.html
type social struct {
	Entry json.RawMessage `json:"whatsAppWebhookEntry"`
}

// parseSocial gives the events of a body that SNS posted.
func parseSocial(r channel.Request) ([]events.Event, error) {
	d, err := aws.Read(r.Body)
	if err != nil {
		return nil, err
	}
	if e, ok := d.Subscription(); ok {
		return []events.Event{e}, nil
	}
	message := []byte(d.Message)
	s, ok := decode[social](message)
	body := s.webhook()
	if !ok || body == nil {
		e := unsupported("aws", "not an event of WhatsApp", d.MessageID, message)
		e.Time = d.Time()
		return []events.Event{e}, nil
	}
	return parseWebhook(body)
}

// webhook is what Meta would have posted; nil when there is no entry.
func (s social) webhook() []byte {
	entry := []byte(s.Entry)
	if text, ok := decode[string](entry); ok {
		entry = []byte(text)
	}
	entry = bytes.TrimSpace(entry)
	switch {
	case bytes.HasPrefix(entry, []byte("{")):
		return slices.Concat([]byte(`{"object":"`+object+`","entry":[`), entry, []byte(`]}`))
	case bytes.HasPrefix(entry, []byte("[")):
		return slices.Concat([]byte(`{"object":"`+object+`","entry":`), entry, []byte(`}`))
	}
	return nil
}
