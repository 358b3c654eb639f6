// Package switchboard decides who answers a conversation and how it is handled. A
// conversation has one holder; holds are taken, passed, offered, given back and lost
// by events of the conversation. All here is decided from what the conversation's
// events left, and from the configuration: nothing is read or written.
package switchboard

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

// Roles of a destination.
const (
	Bot      = "bot"      // a program: what it says names its hold, and its hold may end by time
	Team     = "team"     // people
	Observer = "observer" // gets copies, and never holds
)

// A Desk is how a destination answers. The zero value is a team. Durations are text, as
// people write them: "45s".
type Desk struct {
	Role    string `json:"role,omitempty"`    // absent is Team
	Lease   string `json:"lease,omitempty"`   // of a bot: how long a customer waits for a word of it; absent is for ever
	Answer  string `json:"answer,omitempty"`  // of a team: how long its assignee may let one wait; absent is for ever
	Else    string `json:"else,omitempty"`    // who holds after it; absent is the default
	Standby *bool  `json:"standby,omitempty"` // gets copies of what another holds; absent is yes
}

// duration is what the configuration says, which was checked.
func duration(text string) time.Duration {
	d, _ := time.ParseDuration(text)
	return d
}

func (d Desk) watches() bool { return d.Role == Observer || d.Standby == nil || *d.Standby }

// A Board is the configuration: every destination, and the one that takes what nobody else does.
type Board struct {
	Desks   map[string]Desk `json:"desks"`
	Default string          `json:"default"`
}

// Parse reads a Board as functions are told it.
func Parse(text string) (Board, error) {
	var b Board
	err := json.Unmarshal([]byte(text), &b)
	return b, err
}

// platformPrefix begins the name of a holder that is an app of the platform.
const platformPrefix = "platform:"

// holds says whether a destination exists and may hold.
func (b Board) holds(name string) bool {
	d, ok := b.Desks[name]
	return ok && d.Role != Observer
}

func (b Board) isBot(name string) bool { return b.Desks[name].Role == Bot }

// after is who holds after a destination: never itself, unless there is nobody else.
func (b Board) after(name string) string {
	if next := b.Desks[name].Else; b.holds(next) {
		return next
	}
	return b.Default
}

// team is the first after a destination that are people, or else the default.
func (b Board) team(name string) string {
	for range b.Desks {
		if name = b.after(name); !b.isBot(name) {
			return name
		}
	}
	return b.Default
}

// given is a new hold, from the event with this sequence on.
func (b Board) given(holder string, sequence uint64, now time.Time) thread.Hold {
	h := thread.Hold{Holder: holder, Version: sequence}
	if d := b.Desks[holder]; d.Role == Bot && d.Lease != "" {
		h.Until = now.Add(duration(d.Lease)).UTC().Truncate(time.Millisecond)
	}
	return h
}

// Admit is who holds a conversation from an event of its channel on. to is where the
// rules send it: the first of them that may hold begins.
func (b Board) Admit(d thread.Desk, e *events.Event, to []string, sequence uint64) thread.Hold {
	h := d.Holding()
	c := e.Data.Conversation
	switch {
	case c == nil || c.Kind == events.Own:
		return thread.Hold{}
	case e.Data.Control != nil:
		h = b.platform(h, c.Controls, to, sequence)
	case h.Holder == "":
		h = thread.Hold{Holder: b.first(to), Version: sequence}
	}
	switch {
	case thread.Spoke(e) && d.Quiet(e):
		h.Until = time.Time{} // it needs no answer
	case thread.Spoke(e) && (h.Until.IsZero() || d.State == events.StateClosed) && b.isBot(h.Holder):
		h.Until = b.given(h.Holder, sequence, e.RecordedTime).Until
	case e.Type == events.MessageEchoed && e.Data.Message.Actor.Role != events.System:
		h.Until = time.Time{}
	}
	return h
}

// platform follows what a platform says of who holds: an app of its own, or nobody.
func (b Board) platform(h thread.Hold, app string, to []string, sequence uint64) thread.Hold {
	switch {
	case app != "" && h.Holder == platformPrefix+app:
		return h
	case app != "":
		return thread.Hold{Holder: platformPrefix + app, Version: sequence}
	case h.Holder == "" || strings.HasPrefix(h.Holder, platformPrefix):
		return thread.Hold{Holder: b.first(to), Version: sequence}
	}
	return h
}

func (b Board) first(to []string) string {
	if i := slices.IndexFunc(to, b.holds); i >= 0 {
		return to[i]
	}
	return b.Default
}

// Receivers are the destinations of an event: the holder first; of those that the rules
// name, observers and who wants copies. What a note says is for people.
func (b Board) Receivers(e *events.Event, to []string) []string {
	if e.Type == events.ConversationRead { // nobody else's concern
		return []string{e.Data.Handling.Destination}
	}
	var list []string
	add := func(name string) {
		_, ok := b.Desks[name]
		if ok && !slices.Contains(list, name) && (!b.isBot(name) || forBot(e, name)) {
			list = append(list, name)
		}
	}
	add(e.Holder)
	if c := e.Data.Control; c != nil { // whoever had it, and whoever is asked, hears of it
		add(c.From)
		add(c.To)
	}
	for _, name := range to {
		if e.Holder == "" || b.Desks[name].watches() {
			add(name)
		}
	}
	switch {
	case len(list) > 0:
	case b.isBot(b.Default) && !forBot(e, b.Default):
		list = append(list, b.team(b.Default))
	default:
		list = append(list, b.Default)
	}
	return list
}

// forBot says whether a bot gets e: notes are for people, and what one bot says is
// nothing for another to answer.
func forBot(e *events.Event, name string) bool {
	m := e.Data.Message
	said := e.Type == events.MessageEchoed && m.Actor.Role == events.Bot
	return e.Type != events.NoteAdded && (!said || name == e.Holder)
}
