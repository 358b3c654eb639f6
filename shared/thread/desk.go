package thread

import (
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
)

// A Desk is how the brand handles a conversation: who answers it, how far that has
// come, what colleagues noted of it. Members are short because the item that holds it
// is written with every event, and is to stay below one write unit (1 KB).
type Desk struct {
	Holder string    `json:"h,omitempty"`  // the destination that answers; "platform:" and a name: an app of the platform
	Hold   uint64    `json:"v,omitempty"`  // version of its hold: the sequence of the event that gave it
	Lease  time.Time `json:"l,omitzero"`   // by when a bot has to answer
	Offer  *Offer    `json:"o,omitempty"`  // that can be accepted
	Gave   uint64    `json:"vg,omitempty"` // the hold before, if its holder passed it on: what they said before is said

	State   string    `json:"s,omitempty"`  // events.StateSnoozed or StateClosed; "" is open
	Reason  string    `json:"r,omitempty"`  // of State
	Until   time.Time `json:"u,omitzero"`   // a snooze ends then; the customer's words do not open what is closed before
	Wake    string    `json:"w,omitempty"`  // what ends a snooze before
	Episode int       `json:"e,omitempty"`  // from 1; an opening after a closing begins one
	Began   time.Time `json:"eb,omitzero"`  // the episode
	Replied time.Time `json:"er,omitzero"`  // the brand's first answer in it
	Closed  time.Time `json:"ec,omitzero"`  // its end
	Waiting time.Time `json:"q,omitzero"`   // the customer's first words that nobody has answered
	Active  time.Time `json:"a,omitzero"`   // the newest message of either side
	Preview string    `json:"p,omitempty"`  // the newest message's first words
	Ours    bool      `json:"po,omitempty"` // the brand said them
	Spoke   uint64    `json:"k,omitempty"`  // sequence of the brand's newest message
	App     uint64    `json:"ka,omitempty"` // of the newest that a person wrote in the platform's own app

	Said   int             `json:"n,omitempty"` // messages of the customer, from the beginning
	Spoken uint64          `json:"c,omitempty"` // sequence of the newest of them
	Read   map[string]Mark `json:"m,omitempty"` // how far each destination has read

	Tags     []string  `json:"t,omitempty"`
	Assignee string    `json:"g,omitempty"` // an agent's id, as the desk calls them
	Assigned time.Time `json:"ga,omitzero"` // since when
	Priority string    `json:"y,omitempty"`
	Language string    `json:"i,omitempty"`
}

// A Mark is how far a destination has read.
type Mark struct {
	Sequence uint64 `json:"s"`
	Said     int    `json:"n"` // the customer's messages up to there
}

// An Offer is a hold that another destination may accept.
type Offer struct {
	To    string    `json:"t"`
	Until time.Time `json:"u"`
}

// handle is d after e. Who holds, and until when, stands in every event: it was decided with e's sequence.
func (d *Desk) handle(e *events.Event) {
	if e.Holder != "" {
		if e.Hold != events.FormatSequence(d.Hold) {
			was := d.Hold
			if d.Offer, d.Gave = nil, 0; given(e) {
				d.Gave = was
			}
		}
		d.Holder, d.Hold, d.Lease = e.Holder, events.ParseSequence(e.Hold), e.HoldUntil
	}
	if d.Episode == 0 && e.Data.Conversation != nil && e.Data.Conversation.Kind != events.Own {
		d.begin(e)
	}
	switch h, at := e.Data.Handling, moment(e); e.Type {
	case events.MessageReceived, events.InteractionReceived:
		d.customer(e, at)
	case events.MessageEchoed:
		d.brand(e, at)
	case events.ConversationOpened:
		d.open(e)
	case events.ConversationClosed:
		d.State, d.Reason, d.Until, d.Wake = events.StateClosed, h.Reason, h.Until, ""
		d.Closed, d.Waiting, d.Offer = at, time.Time{}, nil
	case events.ConversationSnoozed:
		d.State, d.Reason, d.Until, d.Wake = events.StateSnoozed, h.Reason, h.Until, h.Wake
	case events.ConversationTagged:
		d.Tags = h.Tags
	case events.ConversationAssigned:
		d.assign(h.Assignee, at)
	case events.ConversationRead:
		d.read(h.Destination, events.ParseSequence(h.Seen))
	case events.ConversationUpdated:
		d.change(e.Data.Change)
	case events.ControlOffered:
		if c := e.Data.Control; !c.Until.IsZero() {
			d.Offer = &Offer{To: c.To, Until: c.Until}
		}
	case events.ControlFailed:
		d.Offer = nil
	case events.ControlPassed, events.ControlAccepted, events.ControlExpired, events.ControlReleased:
		d.handOver(e, at)
	}
	if d.State == events.StateClosed { // nobody has to answer, until the customer opens it
		d.Lease = time.Time{}
	}
}

// handOver ends what belonged to the one who held, and lets the customer wait for the next one, if
// it was not given back at the end of a talk.
func (d *Desk) handOver(e *events.Event, at time.Time) {
	c := e.Data.Control
	if c.From == c.To {
		return // it holds anew; what it offers stays offered
	}
	waits := d.Waits(e.Type, c.From, c.To)
	d.Offer = nil
	d.assign("", at)
	if waits && d.Waiting.IsZero() {
		d.Waiting = at
	}
}

// Waits says whether the customer waits for an answer after an event of this type that gives the hold
// from one to another: who is handed on does, if it is not at the end of a talk.
func (d Desk) Waits(t events.Type, from, to string) bool {
	switch {
	case d.State == events.StateClosed:
		return false
	case from == to || t == events.ControlReleased:
		return !d.Waiting.IsZero()
	}
	return true
}

func (d *Desk) assign(agent string, at time.Time) {
	if d.Assignee, d.Assigned = agent, at; agent == "" {
		d.Assigned = time.Time{}
	}
}

// given says whether a hold was given away, and not lost or taken.
func given(e *events.Event) bool {
	switch e.Type {
	case events.ControlPassed, events.ControlAccepted, events.ControlReleased:
		return !e.Data.Control.Taken && e.Data.Control.By != nil
	}
	return false
}

// moment is when e happened, never later than we heard of it.
func moment(e *events.Event) time.Time {
	if e.RecordedTime.Before(e.Time) {
		return e.RecordedTime
	}
	return e.Time
}

func (d *Desk) begin(e *events.Event) {
	d.Episode++
	d.State, d.Reason, d.Until, d.Wake = "", "", time.Time{}, ""
	d.Began, d.Replied, d.Closed = moment(e), time.Time{}, time.Time{}
}

// open takes it out of what kept it from its list; after a closing a new episode begins.
func (d *Desk) open(e *events.Event) {
	if d.State == events.StateClosed {
		d.begin(e)
	}
	d.State, d.Reason, d.Until, d.Wake = "", "", time.Time{}, ""
}

// Quiet says whether e, the customer's word, opens nothing.
func (d Desk) Quiet(e *events.Event) bool {
	return d.State == events.StateClosed && d.Until.After(moment(e))
}

// customer notes that the customer spoke. What is closed stays closed in its quiet
// time: a word of thanks opens nothing.
func (d *Desk) customer(e *events.Event, at time.Time) {
	d.Said++
	d.Spoken = events.ParseSequence(e.Sequence)
	d.said(e, at, false)
	if d.Quiet(e) {
		return
	}
	if d.State == events.StateClosed || d.State == events.StateSnoozed && d.Wake != events.WakeTime {
		d.open(e)
	}
	if d.Waiting.IsZero() {
		d.Waiting = at
	}
}

// brand notes that the brand spoke: whoever it was, the customer waits no longer. What
// the system says by itself is no answer.
func (d *Desk) brand(e *events.Event, at time.Time) {
	d.said(e, at, true)
	m := e.Data.Message
	if m.Actor.Role == events.System {
		return
	}
	if m.Actor.Role == events.Agent && m.Origin == "app" {
		d.App = events.ParseSequence(e.Sequence)
	}
	d.Spoke, d.Waiting = events.ParseSequence(e.Sequence), time.Time{}
	if d.Replied.IsZero() {
		d.Replied = at
	}
}

func (d *Desk) said(e *events.Event, at time.Time, ours bool) {
	if at.Before(d.Active) {
		return
	}
	d.Active, d.Preview, d.Ours = at, preview(e), ours
}

// read moves a destination's mark. Where the customer's newest message lies behind it, how
// many do is not known here: one is unread, which is enough to be seen.
func (d *Desk) read(destination string, seen uint64) {
	said := d.Said
	if seen < d.Spoken {
		said = max(d.Said-1, 0)
	}
	if d.Read = maps.Clone(d.Read); d.Read == nil {
		d.Read = map[string]Mark{}
	}
	d.Read[destination] = Mark{Sequence: seen, Said: said}
}

// Unread is how many of the customer's messages a destination has not read.
func (d Desk) Unread(destination string) int { return d.Said - d.Read[destination].Said }

// Fields of a conversation's Change that a desk keeps.
const (
	FieldPriority = "priority"
	FieldLanguage = "language"
)

func (d *Desk) change(c *events.Change) {
	switch c.Field {
	case FieldPriority:
		d.Priority = c.New
	case FieldLanguage:
		d.Language = c.New
	}
}

// maxPreview bounds a preview, in characters; and so the item that holds it.
const maxPreview = 80

// preview is a message's first words, or what kind it is.
func preview(e *events.Event) string {
	if e.Data.Message == nil && e.Data.Interaction == nil {
		return ""
	}
	if i := e.Data.Interaction; i != nil {
		return cut(i.Text)
	}
	content := e.Data.Message.Content
	for _, c := range content {
		switch {
		case c.Text != nil:
			return cut(c.Text.Body)
		case c.Media != nil && c.Media.Caption != "":
			return cut(c.Media.Caption)
		}
	}
	if len(content) == 0 {
		return ""
	}
	return "[" + string(content[0].Kind) + "]"
}

func cut(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= maxPreview {
		return s
	}
	return string([]rune(s)[:maxPreview-1]) + "…"
}
