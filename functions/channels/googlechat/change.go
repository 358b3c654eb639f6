package googlechat

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// change is the data of a Workspace Event: one resource, or a list of such changes.
// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.spaceEvents
type change struct {
	Message      *message      `json:"message"`
	Reaction     *reaction     `json:"reaction"`
	Membership   *membership   `json:"membership"`
	Space        *space        `json:"space"`
	Subscription *subscription `json:"subscription"`

	Messages    []json.RawMessage `json:"messages"`
	Reactions   []json.RawMessage `json:"reactions"`
	Memberships []json.RawMessage `json:"memberships"`
	Spaces      []json.RawMessage `json:"spaces"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages.reactions
type reaction struct {
	Name  string `json:"name"` // spaces/A/messages/B.C/reactions/D
	User  user   `json:"user"`
	Emoji struct {
		Unicode string      `json:"unicode"`
		Custom  customEmoji `json:"customEmoji"`
	} `json:"emoji"`
}

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.members
type membership struct {
	Name   string `json:"name"` // spaces/A/members/B
	Member user   `json:"member"`
}

// https://developers.google.com/workspace/events/reference/rest/v1/subscriptions
type subscription struct {
	Name       string `json:"name"`
	Reason     string `json:"suspensionReason"`
	ExpireTime string `json:"expireTime"`
}

// parseChange turns a Workspace Event into ours. Its attributes are those of a
// CloudEvent; batches hold changes of one kind.
// https://developers.google.com/workspace/events/guides/events-chat
func parseChange(attributes map[string]string, data []byte) ([]events.Event, error) {
	var c change
	if channel.Decode(data, &c) != nil {
		return nil, channel.Malform("message.data is not JSON")
	}
	p := changed{change: c, kind: attributes["ce-type"], id: attributes["ce-id"],
		time: channel.RFC3339(attributes["ce-time"]), raw: data}
	_, p.place, _ = strings.Cut(attributes["ce-subject"], "//chat.googleapis.com/")
	before, batched, isBatch := strings.Cut(p.kind, ".batch")
	if !isBatch {
		return []events.Event{p.event()}, nil
	}
	var evs []events.Event
	for _, list := range [][]json.RawMessage{c.Messages, c.Reactions, c.Memberships, c.Spaces} {
		for _, raw := range list {
			one := changed{kind: before + "." + strings.ToLower(batched), time: p.time, place: p.place, raw: raw}
			one.id = p.id + ":" + strconv.Itoa(len(evs))
			_ = channel.Decode(raw, &one.change) // without a name it is told as unsupported
			e := one.event()
			e.Raw = raw
			evs = append(evs, e)
		}
	}
	return evs, nil
}

// A changed is one change and what the envelope says about it.
type changed struct {
	change
	kind, id string
	time     time.Time
	place    string // the resource subscribed to
	raw      []byte
}

func (p *changed) event() events.Event {
	e, ok := p.fact()
	if !ok {
		e = unsupported(p.kind, channel.Malformed, p.raw)
	}
	if e.Data.Conversation == nil {
		e.Data.Conversation = conversation(inSpace(p.place), thread{})
	}
	e.Time = cmp.Or(e.Time, p.time)
	return e
}

// fact is what changed. ok says whether the change has what its kind must hold.
func (p *changed) fact() (e events.Event, ok bool) {
	kind, chat := strings.CutPrefix(p.kind, "google.workspace.chat.")
	if !chat {
		return p.health()
	}
	switch kind {
	case "message.v1.created":
		return p.written(events.MessageReceived)
	case "message.v1.updated":
		return p.written(events.MessageEdited)
	case "message.v1.deleted":
		return p.deleted()
	case "reaction.v1.created":
		return p.reacted(events.ReactionAdded)
	case "reaction.v1.deleted":
		return p.reacted(events.ReactionRemoved)
	case "membership.v1.created":
		return p.member(events.ParticipantJoined)
	case "membership.v1.deleted":
		return p.member(events.ParticipantLeft)
	case "space.v1.updated":
		return p.spaceChanged(events.ConversationUpdated)
	case "space.v1.deleted":
		return p.spaceChanged(events.ConversationClosed)
	}
	return unsupported(p.kind, "unknown event", p.raw), true
}

// inSpace is the space of a resource by its name. The events do not say of which
// type it is; it is for spaces that they are subscribed to.
func inSpace(name string) space {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 || parts[0] != "spaces" || parts[1] == "" || parts[1] == "-" {
		return space{}
	}
	return space{Name: "spaces/" + parts[1], SpaceType: "SPACE"}
}

// place is where m stands.
func (m *message) place() *events.Conversation {
	s := m.Space
	if !s.typed() {
		s = inSpace(m.Name)
	}
	return conversation(s, m.Thread)
}

// written is a message, or its new content. The newest of several edits holds.
func (p *changed) written(t events.Type) (events.Event, bool) {
	m := p.Message
	if m == nil || m.Name == "" {
		return events.Event{}, false
	}
	c := m.place()
	e := m.received(c, m.contents(p.raw))
	if t == events.MessageEdited {
		e.Type, e.Time = t, cmp.Or(channel.RFC3339(m.LastUpdateTime), p.time)
		e.Data.Message.Origin = ""
		e.Data.Message.Revision = max(e.Time.UnixMicro(), 1)
		e.Key = "edit:" + m.Name + ":" + strconv.FormatInt(e.Data.Message.Revision, 10)
	}
	e.Data.Conversation = c
	if e.Data.Message.Actor.Role == events.Customer {
		e.Data.Contact = contact(m.Sender, "")
	}
	return e, true
}

func (p *changed) deleted() (events.Event, bool) {
	m := p.Message
	if m == nil || m.Name == "" {
		return events.Event{}, false
	}
	return events.Event{Type: events.MessageDeleted, Key: "delete:" + m.Name, Time: channel.RFC3339(m.DeleteTime),
		Data: events.Data{
			Conversation: m.place(), Deletion: &events.Deletion{Messages: []events.Ref{ref(m.Name)}},
		}}, true
}

func (p *changed) reacted(t events.Type) (events.Event, bool) {
	r := p.Reaction
	if r == nil {
		return events.Event{}, false
	}
	target, _, _ := strings.Cut(r.Name, "/reactions/")
	if target == "" || p.id == "" {
		return events.Event{}, false
	}
	c := conversation(inSpace(target), thread{})
	return events.Event{Type: t, Key: "event:" + p.id, Data: events.Data{
		Conversation: c, Contact: contact(r.User, ""),
		Reaction: &events.Reaction{
			Target: ref(target), Actor: actor(r.User, c), Emoji: r.Emoji.Unicode,
			Custom: cmp.Or(r.Emoji.Custom.UID, r.Emoji.Custom.Name),
		},
	}}, true
}

func (p *changed) member(t events.Type) (events.Event, bool) {
	m := p.Membership
	if m == nil || m.Member.Name == "" || p.id == "" {
		return events.Event{}, false
	}
	return events.Event{Type: t, Key: "event:" + p.id, Data: events.Data{
		Conversation: conversation(inSpace(m.Name), thread{}), Contact: contact(m.Member, ""),
		Participants: &events.Participants{Members: []events.Participant{
			{Identity: identity(m.Member.Name), Name: m.Member.DisplayName, Self: m.Member.Name == self},
		}},
	}}, true
}

func (p *changed) spaceChanged(t events.Type) (events.Event, bool) {
	s := p.Space
	if s == nil || s.Name == "" || p.id == "" {
		return events.Event{}, false
	}
	d := events.Data{Conversation: conversation(inSpace(s.Name), thread{})}
	if t == events.ConversationClosed {
		d.Handling = &events.Handling{Reason: "deleted"}
	} else {
		d.Change = &events.Change{Field: "title", New: s.DisplayName}
	}
	return events.Event{Type: t, Key: "event:" + p.id, Data: d}, true
}

// health is that the subscription itself is about to end, or has ended.
// https://developers.google.com/workspace/events/guides/events-lifecycle
func (p *changed) health() (events.Event, bool) {
	s := p.Subscription
	event, known := strings.CutPrefix(p.kind, "google.workspace.events.subscription.v1.")
	if !known {
		return unsupported(p.kind, "unknown event", p.raw), true
	}
	if s == nil || p.id == "" {
		return events.Event{}, false
	}
	h := &events.Health{Aspect: "subscription", State: events.HealthFailing,
		Detail: strings.TrimSpace(event + " " + s.Reason)}
	if event == "expirationReminder" {
		h.State = events.HealthWarning
	}
	for _, f := range []events.Field{field("subscription", s.Name), field("expireTime", s.ExpireTime)} {
		if f.Value != "" {
			h.Fields = append(h.Fields, f)
		}
	}
	return events.Event{Type: events.ChannelHealth, Key: "event:" + p.id, Data: events.Data{Health: h}}, true
}
