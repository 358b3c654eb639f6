package googlechat

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// parseInteraction turns one interaction event into ours. broken says that some of
// it is not of the documented type.
func parseInteraction(w *webhook, raw []byte) []events.Event {
	if w.Chat != nil {
		w.classic(raw)
	}
	if !w.Space.typed() && w.Message.Space.Name != "" {
		w.Space = w.Message.Space
	}
	w.Thread = cmp.Or(w.Message.Thread, w.Thread)
	p := parser{webhook: w, time: channel.RFC3339(w.EventTime), raw: raw}
	p.conversation, p.contact = conversation(w.Space, w.Thread), contact(w.User, w.Common.UserLocale)
	evs := p.facts()
	if len(evs) == 0 {
		evs = p.unsupported(channel.Malformed)
	}
	for i := range evs {
		evs[i].Data.Conversation = cmp.Or(evs[i].Data.Conversation, p.conversation)
		evs[i].Data.Contact = p.contact
		evs[i].Time = cmp.Or(evs[i].Time, p.time)
		evs[i].Raw = raw // an event's facts cannot be cut apart
	}
	return evs
}

// classic puts what an add-on is told where a classic app is told it.
func (w *webhook) classic(raw []byte) {
	c := w.Chat
	w.EventTime, w.User, w.Common = c.EventTime, c.User, w.CommonEvent
	for _, known := range []struct {
		kind string
		*payload
	}{
		{"MESSAGE", c.Message}, {"ADDED_TO_SPACE", c.Added}, {"REMOVED_FROM_SPACE", c.Removed},
		{"CARD_CLICKED", c.Button}, {"APP_COMMAND", c.Command}, {"WIDGET_UPDATED", c.Widget},
	} {
		if p := known.payload; p != nil {
			w.Type, w.Space, w.Message, w.Thread = known.kind, p.Space, p.Message, p.Thread
			w.Command, w.DialogEventType = p.Command, p.DialogEventType
			return
		}
	}
	w.Type = payloadName(raw)
}

// payloadName is how Google calls a payload that we do not know.
func payloadName(raw []byte) string {
	var w struct {
		Chat map[string]json.RawMessage `json:"chat"`
	}
	_ = channel.Decode(raw, &w) // it was read before
	for _, name := range slices.Sorted(maps.Keys(w.Chat)) {
		if strings.HasSuffix(name, "Payload") {
			return name
		}
	}
	return "chat"
}

// A parser turns what one interaction event says into facts.
type parser struct {
	*webhook
	time         time.Time
	conversation *events.Conversation
	contact      *events.Contact
	raw          []byte
}

// facts are the events without what they have in common; none when the event lacks
// what its type must hold.
func (p *parser) facts() []events.Event {
	switch p.Type {
	case "MESSAGE":
		return p.message()
	case "ADDED_TO_SPACE":
		return append(p.membership(), p.message()...)
	case "REMOVED_FROM_SPACE":
		return p.membership()
	case "CARD_CLICKED", "SUBMIT_FORM":
		return p.answer()
	case "APP_COMMAND":
		return p.command(p.Command.ID, p.Command.Type)
	case "APP_HOME", "WIDGET_UPDATED":
		return p.unsupported("wants an answer at once")
	}
	return p.unsupported("unknown event")
}

func (p *parser) unsupported(reason string) []events.Event {
	return []events.Event{unsupported(cmp.Or(p.Type, "event"), reason, p.raw)}
}

// message is what somebody wrote: a command, or a message, or a command with files.
func (p *parser) message() []events.Event {
	m := &p.Message
	if m.Name == "" || p.conversation == nil {
		return nil
	}
	c := m.SlashCommand
	if c == nil {
		return []events.Event{m.received(p.conversation, m.contents(p.raw))}
	}
	evs := p.command(c.ID, "SLASH_COMMAND")
	if media := m.media(); len(media) > 0 {
		evs = append(evs, m.received(p.conversation, media))
	}
	return evs
}

// membership is that the app was added or removed. In a direct message, who adds
// it may be written to, who removes it may not.
func (p *parser) membership() []events.Event {
	c := conversation(p.Space, thread{})
	if c == nil {
		return nil
	}
	added := p.Type == "ADDED_TO_SPACE"
	e := events.Event{Key: "membership:" + channel.Digest(nil, p.Type, p.Space.Name, p.EventTime),
		Data: events.Data{Conversation: c}}
	if c.Kind == events.Direct {
		c := &events.Consent{State: events.ConsentGiven, Scope: "all", Reason: "added"}
		if !added {
			c.State, c.Reason = events.ConsentWithdrawn, "removed"
		}
		e.Type, e.Data.Consent = events.ConsentChanged, c
		return []events.Event{e}
	}
	e.Type = events.ParticipantLeft
	if added {
		e.Type = events.ParticipantJoined
	}
	by := actor(p.User, c)
	e.Data.Participants = &events.Participants{Members: []events.Participant{{Identity: identity(self), Self: true}},
		By: &by}
	return []events.Event{e}
}

// command is that a command of the app was used, by its name or from a menu.
func (p *parser) command(id number, kind string) []events.Event {
	if id == "" || p.contact == nil {
		return nil
	}
	in := &events.Interaction{
		Kind: events.CommandAnswer, Message: channel.Ref(p.Message.Name), Option: string(id), Text: p.Message.Text,
	}
	if kind != "" {
		in.Values = append(in.Values, field("type", kind))
	}
	if arguments := strings.TrimSpace(p.Message.ArgumentText); arguments != "" {
		in.Values = append(in.Values, field("arguments", arguments))
	}
	key := "command:" + p.Message.Name
	if p.Message.Name == "" {
		key = "command:" + channel.Digest(nil, p.EventTime, p.User.Name, p.Space.Name, string(id))
	}
	return []events.Event{{Type: events.InteractionReceived, Key: key, Data: events.Data{Interaction: in}}}
}

// optionParameter is the parameter in which our own cards put an option's id.
const optionParameter = "id"

// answer is that somebody pressed a button or filled in a form on a card. Google
// gives it no id.
func (p *parser) answer() []events.Event {
	if p.contact == nil {
		return nil
	}
	function := cmp.Or(p.Action.Method, p.Common.Function)
	option, parameters := p.parameters()
	inputs := p.inputs()
	in := &events.Interaction{Kind: events.ButtonAnswer, Option: cmp.Or(option, function),
		Values: slices.Concat(parameters, inputs)}
	if p.Type == "SUBMIT_FORM" || p.DialogEventType == "SUBMIT_DIALOG" || len(inputs) > 0 {
		in.Kind = events.FormAnswer
	}
	if p.DialogEventType != "" {
		in.Values = append(in.Values, field("dialogEventType", p.DialogEventType))
	}
	if p.Message.Name != "" {
		of := ref(p.Message.Name)
		in.Of = &of
	}
	parts := []string{p.EventTime, p.User.Name, p.Message.Name, function, option}
	for _, f := range in.Values {
		parts = append(parts, f.Name, f.Value)
	}
	return []events.Event{{Type: events.InteractionReceived, Key: "answer:" + channel.Digest(nil, parts...),
		Data: events.Data{Interaction: in}}}
}

// parameters are what the card said a button means: an option of ours, and the rest.
func (p *parser) parameters() (option string, rest []events.Field) {
	add := func(name, value string) {
		if name == optionParameter && option == "" {
			option = value
			return
		}
		rest = append(rest, field(name, value))
	}
	for _, x := range p.Action.Parameters {
		add(x.Key, string(x.Value))
	}
	if len(p.Action.Parameters) > 0 {
		return option, rest // a classic app is told them twice
	}
	for _, name := range slices.Sorted(maps.Keys(p.Common.Parameters)) {
		add(name, string(p.Common.Parameters[name]))
	}
	return option, rest
}

// inputs are what was filled in, in the order of the names.
func (p *parser) inputs() []events.Field {
	var list []events.Field
	for _, name := range slices.Sorted(maps.Keys(p.Common.Inputs)) {
		for _, value := range p.Common.Inputs[name].values() {
			list = append(list, field(name, value))
		}
	}
	return list
}

// values are what i holds: several where several were chosen, times in RFC 3339.
func (i input) values() []string {
	switch {
	case i.Date.Milli != "":
		return []string{i.Date.format(time.DateOnly)}
	case i.DateTime.Milli != "":
		return []string{i.DateTime.format(time.RFC3339)}
	case i.Time != nil:
		midnight := time.Time{}
		return []string{midnight.Add(time.Duration(i.Time.Hours.int())*time.Hour +
			time.Duration(i.Time.Minutes.int())*time.Minute).Format("15:04")}
	}
	return i.Strings.Value
}

func (m moment) format(layout string) string {
	return time.UnixMilli(int64(m.Milli.int())).UTC().Format(layout)
}
