package whatsapp

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// items are the elements of the change's member of that name, each on its own, so
// that one of another shape does not lose the others.
func (b *batch) items(name string) []json.RawMessage {
	value, _ := decode[map[string]json.RawMessage](b.raw)
	list, _ := decode[[]json.RawMessage](value[name])
	return list
}

// preferences adds opt-outs and opt-ins made in WhatsApp's own settings.
func (b *batch) preferences() {
	for _, raw := range b.items("user_preferences") {
		p, ok := decode[preference](raw)
		state := consentState(p.Value)
		e := events.Event{Time: channel.UnixText(string(p.Timestamp)), Raw: raw}
		e.Data.Contact = b.person(p.UserID, p.WaID, p.ParentID)
		e.Data.Conversation = b.thread("", e.Data.Contact)
		if !ok || e.Data.Contact == nil {
			b.unsupported(b.field, channel.Malformed, raw)
			continue
		}
		e.Key = "consent:" + channel.Digest(raw, b.occasion)
		if state == "" {
			b.unsupportedOf(e, e.Key, b.field+"."+p.Value, "unknown value")
			continue
		}
		e.Type = events.ConsentChanged
		e.Data.Consent = &events.Consent{State: state, Scope: strings.TrimSuffix(p.Category, "_messages"),
			Reason: "settings"}
		b.add(e)
	}
}

func consentState(value string) string {
	switch value {
	case "stop":
		return events.ConsentWithdrawn
	case "resume", "signup":
		return events.ConsentGiven
	}
	return ""
}

func (b *batch) template() {
	t, ok := decode[template](b.raw)
	if !ok || t.Event == "" {
		b.unsupported(b.field, channel.Malformed, b.raw)
		return
	}
	out := &events.TemplateUpdate{
		ID: string(t.ID), Name: t.Name, Language: t.Language, State: strings.ToLower(t.Event),
		Category: strings.ToLower(t.Category),
	}
	if t.Reason != "NONE" {
		out.Reason = t.Reason
	}
	b.add(b.fact(events.TemplateStatus, "template", events.Data{Template: out}))
}

// fact is an event about the account itself.
func (b *batch) fact(t events.Type, kind string, d events.Data) events.Event {
	return events.Event{Type: t, Time: channel.UnixText(b.entryTime), Key: kind + ":" + channel.Digest(b.raw, b.occasion),
		Raw: b.raw, Data: d}
}

// others adds news about the account; history, contact sync and fields that came
// after this was written are kept as unsupported.
func (b *batch) others() {
	aspect := aspectOf(b.field)
	if aspect == "" {
		b.unsupported(b.field, "no event for this field", b.raw)
		return
	}
	list := fields(b.raw)
	if list == nil {
		b.unsupported(b.field, channel.Malformed, b.raw)
		return
	}
	h := &events.Health{Aspect: aspect, State: events.HealthOK, Detail: b.field}
	for _, f := range append(list, details(b.raw)...) {
		switch f.Name {
		case "event", "decision", "waba_ban_state":
			h.Detail += ": " + f.Value
			h.State = worse(h.State, healthState(f.Value))
		}
		if f.Value != "" && !strings.ContainsAny(f.Value[:1], "{[") {
			h.Fields = append(h.Fields, f)
		}
	}
	b.add(b.fact(events.ChannelHealth, "health", events.Data{Health: h}))
}

// details are what account_update says one level deeper.
func details(raw []byte) []events.Field {
	a, _ := decode[accountUpdate](raw)
	list := []events.Field{
		{Name: "waba_ban_state", Value: a.Ban.State}, {Name: "waba_ban_date", Value: a.Ban.Date},
		{Name: "violation_type", Value: a.Violation.Type},
	}
	for _, r := range a.Restrictions {
		list = append(list, events.Field{Name: "restriction_type", Value: r.Type})
	}
	return slices.DeleteFunc(list, func(f events.Field) bool { return f.Value == "" })
}

// aspectOf says what a field's news is about; empty when it is no such news.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
func aspectOf(field string) string {
	switch field {
	case "account_update", "account_review_update", "account_alerts", "account_settings_update", "business_status_update",
		"business_username_update", "payment_configuration_update", "phone_number_name_update", "security":
		return "account"
	case "phone_number_quality_update":
		return "quality"
	case "business_capability_update":
		return "limit"
	}
	return ""
}

// healthState is how bad an event is. What is not listed is news, not trouble.
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/account_update
func healthState(event string) string {
	switch event {
	case "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "ACCOUNT_RESTRICTION", "DISABLE", "PARTNER_APP_UNINSTALLED",
		"PARTNER_REMOVED", "REJECTED":
		return events.HealthFailing
	case "ACCOUNT_VIOLATION", "DOWNGRADE", "FLAGGED", "SCHEDULE_FOR_DISABLE":
		return events.HealthWarning
	}
	return events.HealthOK
}

func worse(a, b string) string {
	if a == events.HealthFailing || b == events.HealthOK {
		return a
	}
	return b
}

// handover adds a change of who holds a conversation: Meta's agent or us.
func (b *batch) handover() {
	h, ok := decode[handover](b.raw)
	e := b.fact(events.ControlPassed, "control", events.Data{})
	if at := channel.UnixText(string(h.Timestamp)); !at.IsZero() {
		e.Time = at
	}
	e.Data.Contact = b.person(h.Sender.UserID, cmp.Or(h.Sender.Phone, h.Sender.WaID), "")
	e.Data.Conversation = b.thread("", e.Data.Contact)
	if !ok || h.Passed == nil {
		b.unsupportedOf(e, e.Key, b.field, "unknown change of control")
		return
	}
	p := h.Passed
	e.Data.Control = &events.Control{
		From: cmp.Or(p.PreviousAppRole, p.PreviousRole, p.PreviousApp), To: cmp.Or(p.NewRole, p.NewApp), Data: p.Metadata,
	}
	b.add(e)
}

// groups adds who came and went, and a group's beginning, title and end.
func (b *batch) groups() {
	for _, raw := range b.items("groups") {
		g, ok := decode[group](raw)
		if !ok || g.ID == "" {
			b.unsupported(b.field, channel.Malformed, raw)
			continue
		}
		e := events.Event{Time: channel.UnixText(string(g.Timestamp)), Key: "group:" + channel.Digest(raw, b.occasion),
			Raw: raw}
		e.Data.Conversation = b.thread(g.ID, nil)
		if e.Type = g.apply(&e.Data); e.Type == "" {
			b.unsupportedOf(e, e.Key, cmp.Or(g.Type, b.field), "no change that we know")
			continue
		}
		b.add(e)
	}
}

// apply sets the fact of a group's update and gives the event's type; "" when the
// update failed or is of another kind.
func (g group) apply(d *events.Data) events.Type {
	d.Conversation.Title = g.Subject
	added, removed := participants(g.Added), participants(g.Removed)
	switch {
	case len(g.Errors) > 0:
		return ""
	case g.Type == "group_participants_add" && len(added) > 0:
		d.Participants = &events.Participants{Members: added}
		return events.ParticipantJoined
	case g.Type == "group_participants_remove" && len(removed) > 0:
		d.Participants = &events.Participants{Members: removed}
		if g.Initiator == "business" {
			d.Participants.By = &events.Actor{Role: events.Agent}
		}
		return events.ParticipantLeft
	case g.Type == "group_create":
		d.Change = &events.Change{Field: "title", New: g.Subject}
		return events.ConversationStarted
	case g.Type == "group_delete":
		d.Handling = &events.Handling{Reason: "deleted"}
		return events.ConversationClosed
	case g.NewTitle != nil && g.NewTitle.Done:
		d.Conversation.Title = g.NewTitle.Text
		d.Change = &events.Change{Field: "title", New: g.NewTitle.Text}
		return events.ConversationUpdated
	}
	return ""
}

func participants(list []member) []events.Participant {
	var out []events.Participant
	for _, m := range list {
		phone := cmp.Or(m.WaID, strings.TrimPrefix(m.Input, "+"))
		if ids := identities(nil, m.UserID, channel.E164(phone), ""); ids != nil {
			if m.UserID == "" && m.WaID == "" { // the brand's word, not the platform's
				ids[0].Verified = ""
			}
			out = append(out, events.Participant{Identity: ids[0]})
		}
	}
	return out
}

// calls keeps calls, which Relais does not take, in the conversation they belong to.
func (b *batch) calls() {
	for i := range b.statuses {
		b.status(&b.statuses[i])
	}
	for _, raw := range b.items("calls") {
		c, ok := decode[call](raw)
		if !ok || c.ID == "" {
			b.unsupported(b.field, channel.Malformed, raw)
			continue
		}
		e := events.Event{Time: channel.UnixText(string(c.Timestamp)), Raw: raw}
		e.Data.Contact = b.person(c.FromUser, c.From, "")
		if c.Direction == "BUSINESS_INITIATED" {
			e.Data.Contact = b.person(c.ToUser, c.To, "")
		}
		e.Data.Conversation = b.thread("", e.Data.Contact)
		event := cmp.Or(c.Event, "unknown")
		b.unsupportedOf(e, "call:"+c.ID+":"+event, "call."+event, "calls are not taken")
	}
}
