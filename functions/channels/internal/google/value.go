package google

import (
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
)

// Time is a time in RFC 3339, as all APIs of Google write it; zero when it is none.
func Time(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 2000 || t.Year() > 9000 {
		return time.Time{}
	}
	return t.UTC()
}

// MediaType is the type of events.Media that a MIME type stands for.
func MediaType(mime string) string {
	switch kind, _, _ := strings.Cut(mime, "/"); kind {
	case events.Image, events.Video, events.Audio:
		return kind
	}
	return events.File
}
