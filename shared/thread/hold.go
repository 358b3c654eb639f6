package thread

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
)

// A Hold is who answers a conversation, since which of its events, and by when a bot has
// to. The zero value is nobody.
type Hold struct {
	Holder  string
	Version uint64
	Until   time.Time
}

// Holding is the hold that d tells.
func (d Desk) Holding() Hold { return Hold{d.Holder, d.Hold, d.Lease} }

// Stamp writes h into e.
func (h Hold) Stamp(e *events.Event) {
	if h.Holder != "" {
		e.Holder, e.Hold, e.HoldUntil = h.Holder, events.FormatSequence(h.Version), h.Until
	}
}

// String is h as it is stored: the version, the end in milliseconds, the holder.
func (h Hold) String() string {
	if h.Holder == "" {
		return ""
	}
	until := int64(0)
	if !h.Until.IsZero() {
		until = h.Until.UnixMilli()
	}
	return fmt.Sprintf("%d %d %s", h.Version, until, h.Holder)
}

// ParseHold is the inverse of Hold.String.
func ParseHold(s string) Hold {
	parts := strings.SplitN(s, " ", 3)
	if len(parts) < 3 {
		return Hold{}
	}
	h := Hold{Holder: parts[2], Version: events.ParseSequence(parts[0])}
	if ms, _ := strconv.ParseInt(parts[1], 10, 64); ms > 0 {
		h.Until = time.UnixMilli(ms).UTC()
	}
	return h
}
