// Package fit turns a message into what a channel can carry. It is the only place
// where content is degraded, and it tells what was lost.
package fit

import (
	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A Plan is a message as it will be sent.
type Plan struct {
	Calls    []Call             // in order
	Report   []events.Rendering // one per part of the content
	Numbered []events.Option    // the options behind "1", "2" … where a choice became text; nil without one
}

// A Call is what one call of the platform carries.
type Call struct {
	Content []events.Content `json:"content"`
}

// Message plans content for a channel called name with limits l. It is pure, and
// planning a plan's calls again changes nothing.
func Message(name string, content []events.Content, l channel.Limits) Plan {
	return Plan{}
}
