package channel

import (
	"encoding/json"
	"fmt"

	"github.com/relais-dev/relais/events"
)

// Native is an integrator's own message, the escape hatch, with our members over
// theirs: to whom it goes and which message it is are ours to say. ours is what the
// platform's JSON of them is made of, or nil. Those named never count as theirs, not
// even where we have none.
func Native(n *events.Native, ours any, never ...string) (map[string]json.RawMessage, error) {
	var all map[string]json.RawMessage
	if json.Unmarshal([]byte(n.JSON), &all) != nil || all == nil {
		return nil, &Error{Class: events.ClassContent, Title: "native content is no JSON object",
			Remedy: "write native.json as the platform documents the message"}
	}
	for _, name := range never {
		delete(all, name)
	}
	if ours == nil {
		return all, nil
	}
	text, err := JSON(ours)
	if err == nil {
		err = json.Unmarshal(text, &all) // what is in all and not in text stays
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return all, nil
}
