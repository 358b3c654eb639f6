package exam

import (
	"encoding/json"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

var toleranceMutants = []mutant{
	{name: "wants a number", check: "parse/other-type", words: "is refused", change: strictly(func(r channel.Request,
		_ []events.Event) error {
		return json.Unmarshal(r.Body, &struct {
			Events []struct {
				Time *int64 `json:"time"`
			} `json:"events"`
		}{})
	})},
	{name: "forgets itself", check: "parse/press", words: "no Ref to itself", change: eachWith(func(e *events.Event) {
		if e.Data.Message != nil {
			e.Type, e.Data.Message = events.InteractionReceived, nil
			e.Data.Interaction = &events.Interaction{Kind: events.ButtonAnswer}
		}
	})},
}
