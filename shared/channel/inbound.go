package channel

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
)

// Unsupported makes e say that there are no words for what came, as its only fact: who
// it is from and where stay. raw is the part of the body that has none.
func Unsupported(e *events.Event, kind, reason string, raw []byte) {
	e.Type = events.IngestUnsupported
	e.Data = events.Data{
		Contact: e.Data.Contact, Conversation: e.Data.Conversation,
		Unsupported: events.UnsupportedOf(kind, reason, raw),
	}
}

// Through says of evs' conversations through which of the platform's products they go.
func Through(product string, evs []events.Event) []events.Event {
	for i := range evs {
		if c := evs[i].Data.Conversation; c != nil {
			c.Product = product
		}
	}
	return evs
}

const (
	// firstSecond is a moment of 2001, before any of the platforms: what is earlier is no
	// time of theirs.
	firstSecond = 1_000_000_000
	// firstMilli is where a Unix time must be one of milliseconds: as seconds it would be
	// in the year 33658. It is the same moment as firstSecond.
	firstMilli = 1000 * firstSecond
	// lastSecond is in the year 5138; RFC 3339 could not write what comes much later.
	lastSecond = 100 * firstSecond
)

// Unix reads a Unix time, in seconds or in milliseconds: platforms have changed from one
// to the other. What is none is the zero time, for which the time of receipt stands.
func Unix(n int64) time.Time {
	switch {
	case n >= firstSecond && n < lastSecond:
		return time.Unix(n, 0).UTC()
	case n >= firstMilli && n < 1000*lastSecond:
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

// UnixText is Unix of a number that is written as text.
func UnixText(text string) time.Time {
	n, _ := strconv.ParseInt(text, 10, 64) // 0 is no time
	return Unix(n)
}

// Text is for members that platforms give now as a text, now as a number or a truth
// value: it takes any of them as it is written. It leaves out what is none.
type Text string

// UnmarshalJSON never fails.
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(t))
	case '{', '[', 'n':
		return nil
	}
	*t = Text(b)
	return nil
}

// Ref names a message by its platform's id; nil without one.
func Ref(platformID string) *events.Ref {
	if platformID == "" {
		return nil
	}
	return &events.Ref{PlatformID: platformID}
}

// Present says whether raw is there and not null.
func Present(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

// RFC3339 reads a time as the RFC of that number writes it; zero where it is none, or none
// of a platform's.
func RFC3339(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 2000 || t.Year() > 9000 {
		return time.Time{}
	}
	return t.UTC()
}
