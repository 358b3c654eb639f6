package events

import (
	"slices"
	"time"
	"unicode/utf8"
)

// DecodeCommand reads the request of a command; see Decode.
func DecodeCommand(doc []byte) (c Command, err error) {
	err = Decode(doc, &c)
	return c, err
}

// A goesWith is a member of a Command that some deeds have.
type goesWith struct {
	name  string
	set   bool
	deeds []Deed
}

func (c *Command) particular() []goesWith {
	handsOver := []Deed{DoPass, DoOffer, DoRelease}
	return []goesWith{
		{"target", c.Target != "", []Deed{DoPass, DoOffer}},
		{"takeover", c.Takeover, []Deed{DoTake}},
		{"metadata", len(c.Metadata) > 0, handsOver},
		{"history", c.History != 0, handsOver},
		{"until", !c.Until.IsZero(), []Deed{DoSnooze, DoOffer}},
		{"local", c.Local != "", []Deed{DoSnooze}},
		{"zone", c.Zone != "", []Deed{DoSnooze}},
		{"wake", c.Wake != "", []Deed{DoSnooze}},
		{"quietMs", c.QuietMS != 0, []Deed{DoClose}},
		{"tags", len(c.Tags) > 0, []Deed{DoTag, DoUntag}},
		{"assignee", c.Assignee != "", []Deed{DoAssign}},
		{"was", c.Was != nil, []Deed{DoAssign}},
		{"priority", c.Priority != "", []Deed{DoPrioritise}},
		{"language", c.Language != "", []Deed{DoLanguage}},
		{"text", c.Text != "", []Deed{DoNote}},
		{"mentions", len(c.Mentions) > 0, []Deed{DoNote}},
		{"seen", c.Seen != "", []Deed{DoRead}},
	}
}

// Validate finds every fault of c that shows without its conversation; the error is
// a Faults.
func (c *Command) Validate() error {
	var k checker
	k.to(&c.To)
	k.need(c.To.Conversation != "" || len(k.faults) > 0, "to", "must name a conversation")
	k.need(c.IdempotencyKey == "" || isKey(c.IdempotencyKey), "idempotencyKey",
		"must be 1 to 128 visible ASCII characters")
	if !slices.Contains(Deeds(), c.Do) {
		k.fault("do", "must be one of open, close, snooze, tag, untag, assign, prioritise, language, note, read, take, "+
			"pass, offer, accept, release, acknowledge")
		return k.faults
	}
	for _, m := range c.particular() {
		k.need(!m.set || slices.Contains(m.deeds, c.Do), m.name, "does not go with "+string(c.Do))
	}
	k.command(c)
	k.deed(c)
	if len(k.faults) == 0 {
		return nil
	}
	return k.faults
}

// command checks what goes with every deed.
func (k *checker) command(c *Command) {
	k.need(len(c.From) <= destinationMax, "from", "must be a destination's name")
	if c.By != nil {
		k.need(c.By.Role == Agent || c.By.Role == Bot || c.By.Role == System, "by.role", "must be agent, bot or system")
		k.need(len(c.By.ID) <= MaxAgentID, "by.id", "must be at most 128 bytes")
	}
	k.need(c.Hold == "" || isSequence(c.Hold), "hold", "must be the hold of an event: 20 digits")
	k.need(len(c.Reason) <= MaxReason, "reason", "must be at most 256 bytes")
	k.need(c.History >= 0 && c.History <= MaxHistory, "history", "must be at most 50")
	size := 0
	for i, f := range c.Metadata {
		k.filled(f.Name, index("metadata", i)+".name")
		size += len(f.Name) + len(f.Value)
	}
	k.need(size <= MaxHandOver, "metadata", "must be at most 4 KB in all")
}

// deed checks what one deed needs.
func (k *checker) deed(c *Command) {
	switch c.Do {
	case DoSnooze:
		k.snooze(c)
	case DoClose:
		k.need(c.QuietMS >= 0 && c.QuietMS <= MaxQuiet.Milliseconds(), "quietMs", "must be at most a day")
	case DoTag, DoUntag:
		k.tags(c.Tags)
	case DoAssign:
		k.agent(c.Assignee, "assignee")
		if c.Was != nil {
			k.agent(*c.Was, "was")
		}
	case DoPrioritise:
		k.need(slices.Contains([]string{PriorityLow, PriorityNormal, PriorityHigh, PriorityUrgent}, c.Priority),
			"priority", "must be low, normal, high or urgent")
	case DoLanguage:
		k.need(isLanguage(c.Language), "language", "must be a language tag such as fr or pt-BR")
	case DoNote:
		k.filled(c.Text, "text")
		k.need(len(c.Text) <= MaxNote, "text", "must be at most 16 KB")
		k.need(len(c.Mentions) <= MaxMentions, "mentions", "must be at most 32")
		for i, m := range c.Mentions {
			k.need(m != "" && len(m) <= MaxAgentID, index("mentions", i), "must be an id of at most 128 bytes")
		}
	case DoRead:
		k.need(isSequence(c.Seen), "seen", "must be the sequence of an event: 20 digits")
		k.filled(c.From, "from")
	case DoTake, DoAccept, DoAcknowledge:
		k.filled(c.From, "from")
	case DoPass:
		k.filled(c.Target, "target")
	case DoOffer:
		k.filled(c.Target, "target")
		k.need(!c.Until.IsZero(), "until", "must say by when the offer can be accepted")
	}
}

func (k *checker) snooze(c *Command) {
	k.need(c.Wake == "" || c.Wake == WakeMessage || c.Wake == WakeTime, "wake", "must be message or time")
	if c.Local == "" && c.Zone == "" {
		k.need(!c.Until.IsZero(), "until", "must say when it ends; or give local and zone")
		return
	}
	k.need(c.Until.IsZero(), "until", "must be absent beside local and zone")
	_, err := time.Parse(localTime, c.Local)
	k.need(err == nil, "local", "must be a time such as 2026-03-29T09:00")
	_, err = time.LoadLocation(c.Zone)
	k.need(err == nil && c.Zone != "" && len(c.Zone) <= longestZone, "zone", "must be a time zone such as Europe/Paris")
}

// Ends is when a snooze or an offer ends. Of a local time that stands on the clock twice, in a
// night when it is set back, it is the first; one that the clock skips is an hour after.
func (c *Command) Ends() time.Time {
	if c.Local == "" {
		return c.Until
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.Time{}
	}
	naive, _ := time.Parse(localTime, c.Local) // Validate has parsed it
	t, _ := time.ParseInLocation(localTime, c.Local, zone)
	_, before := t.Add(-3 * time.Hour).Zone() // no clock is changed by more, nor twice in a night
	first := naive.Add(-time.Duration(before) * time.Second)
	if t.Format(localTime) == c.Local && first.In(zone).Format(localTime) != c.Local {
		return t.UTC()
	}
	return first
}

func (k *checker) tags(tags []string) {
	k.need(len(tags) > 0 && len(tags) <= MaxTags, "tags", "must be 1 to 32")
	for i, t := range tags {
		k.need(isTag(t), index("tags", i), "must be a word or more of at most 64 bytes, without blanks around it")
	}
}

func (k *checker) agent(id, path string) {
	k.need(len(id) <= MaxAgentID && utf8.ValidString(id) && (id == "" || isID(id)), path, "must be an id of at most 128 bytes")
}

func isTag(s string) bool { return len(s) <= MaxTag && isID(s) }
