package outbox

import "github.com/relais-dev/relais/events"

// Then is the command that goes with a message that was, or is to be, accepted in a
// conversation; false is none. Its key is the message's: repeated, both are what they were.
func Then(o events.Outbound, conversation string) (events.Command, bool) {
	if o.Then == nil || conversation == "" {
		return events.Command{}, false
	}
	c := *o.Then
	c.To, c.IdempotencyKey = events.To{Conversation: conversation}, "then:"+events.OutboundID(o.IdempotencyKey)
	if c.From == "" {
		c.From = o.From
	}
	if c.By == nil && o.Sender != nil {
		c.By = &events.Actor{Role: o.Sender.Role, ID: o.Sender.ID, Name: o.Sender.Name}
	}
	return c, true
}
