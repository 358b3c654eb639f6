package google

import (
	"strings"

	"github.com/relais-dev/relais/events"
)

// MediaType is the type of events.Media that a MIME type stands for.
func MediaType(mime string) string {
	switch kind, _, _ := strings.Cut(mime, "/"); kind {
	case events.Image, events.Video, events.Audio:
		return kind
	}
	return events.File
}
