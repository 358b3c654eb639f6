package webhook

import (
	"errors"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	// maxEvents of one webhook, twice what the most generous platform batches (Meta:
	// 1,000 updates). A body that claims more costs memory and calls out of all
	// proportion to its size, so it waits in quarantine for a person.
	maxEvents = 2000
	// MaxValues of a body's JSON, three times what a batch of 1,000 WhatsApp messages
	// has. An empty element of three bytes becomes an event of a kilobyte or two: a
	// body of 1 MB of them took 1.3 GB, where the function has 0.5.
	MaxValues = 80_000
)

// Parse is what ch reads in a request that verified. A body of more than a platform
// sends, or that crashes the parser, is an error: it must neither take the function
// down nor be posted again for days.
func Parse(ch channel.Channel, a channel.Account, r channel.Request) (evs []events.Event, err error) {
	defer func() {
		if crash := recover(); crash != nil {
			evs, err = nil, errors.New("parse: crashed")
		}
	}()
	if exceeds(r.Body, MaxValues) {
		return nil, channel.Malform("more values than a platform sends at once")
	}
	evs, err = ch.Events(a, r)
	if len(evs) > maxEvents {
		return nil, channel.Malform("more events than a platform sends at once")
	}
	return evs, err
}

// exceeds says whether body, if it is JSON, has more than limit members and elements.
func exceeds(body []byte, limit int) bool {
	text := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			text = !text
		case c == '\\' && text:
			i++
		case c == ',' && !text:
			if limit--; limit <= 0 {
				return true
			}
		}
	}
	return false
}
