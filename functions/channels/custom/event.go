package custom

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// parseEvent turns one envelope into an event. id is the delivery's or the item's own, raw its bytes.
func parseEvent(w envelope, id string, raw []byte, received time.Time) events.Event {
	p := parser{data: w.Data, kind: w.Type, raw: raw, received: received, out: events.Event{Key: "event:" + id}}
	p.out.Time = cmp.Or(channel.RFC3339(w.Timestamp), channel.RFC3339(p.SentAt))
	valid := p.data.valid() && !ambiguous(raw)
	if valid {
		p.out.Rank = p.Seq
		p.out.Data.Conversation, p.out.Data.Contact = p.Conversation.ours(), p.User.contact()
	}
	if !valid || !p.fact() {
		p.unsupported(channel.Malformed)
	}
	return p.out
}

// A parser turns what one envelope says into the fact of out.
type parser struct {
	data
	kind     string // the envelope's type
	raw      []byte
	received time.Time
	out      events.Event
}

// fact sets out's type and fact. It reports whether the data have what the kind
// must hold.
func (p *parser) fact() bool {
	placed, named := p.Conversation != nil, p.User != nil
	switch p.kind {
	case "":
		return false
	case "message.created":
		return placed && named && p.created()
	case "message.updated":
		return placed && named && p.updated()
	case "message.deleted":
		return placed && p.deleted()
	case "reaction.changed":
		return placed && named && p.reaction()
	case "postback":
		return placed && named && p.postback()
	case "typing":
		return placed && named && p.typing()
	case "receipt":
		return p.receipt()
	case "user.updated":
		return named && p.person()
	case "conversation.updated":
		return placed && p.change(events.ConversationUpdated, "title", p.Conversation.Title)
	case "conversation.closed":
		p.out.Type, p.out.Data.Handling = events.ConversationClosed, &events.Handling{Reason: p.Reason}
		return placed
	}
	p.unsupported("unknown type")
	return true
}

// unsupported keeps the event as it came, as its only fact.
func (p *parser) unsupported(reason string) {
	channel.Unsupported(&p.out, cmp.Or(p.kind, "event"), reason, p.raw)
}

// created sets a new message, or the answer or payment that it is. The message's
// own id tells retries too: some bridges make a new delivery id for each.
func (p *parser) created() bool {
	if p.ExternalMessageID == "" || p.Content == nil {
		return false
	}
	id := p.theirs(p.ExternalMessageID)
	p.out.Key, p.out.Time = "message:"+id.PlatformID, cmp.Or(channel.RFC3339(p.SentAt), p.out.Time)
	c := p.Content.ours(p.raw)
	switch {
	case c.Interaction != nil:
		if r := p.ReplyTo; r != nil && c.Interaction.Of == nil {
			c.Interaction.Of = p.target(r.ExternalMessageID, r.MessageID)
		}
		c.Interaction.Message = &id
		p.out.Type, p.out.Data.Interaction = events.InteractionReceived, c.Interaction
	case c.Payment != nil:
		c.Payment.Message = &id
		p.out.Type, p.out.Data.Payment = events.PaymentUpdated, c.Payment
	default:
		p.out.Type, p.out.Data.Message = events.MessageReceived, p.message(id, c)
	}
	return true
}

// updated sets a message's new content. The newest of several edits holds.
func (p *parser) updated() bool {
	if p.ExternalMessageID == "" || p.Content == nil {
		return false
	}
	m := p.message(p.theirs(p.ExternalMessageID), p.Content.ours(p.raw))
	m.Revision = max(p.received.UnixMilli(), 1)
	if !p.out.Time.IsZero() {
		m.Revision = max(p.out.Time.UnixMilli(), 1)
	}
	p.out.Type, p.out.Data.Message = events.MessageEdited, m
	return true
}

func (p *parser) message(id events.Ref, c events.Content) *events.Message {
	m := &events.Message{PlatformID: id.PlatformID, Actor: p.actor(), Content: []events.Content{c}}
	if r := p.ReplyTo; r != nil {
		m.ReplyTo = p.target(r.ExternalMessageID, r.MessageID)
	}
	if c := p.Context; c != nil {
		m.Intent = c.Intent
		if r := c.Referral; r != nil {
			m.Referral = &events.Referral{Source: r.Source, ID: r.ID, URL: r.URL, Title: r.Title, Payload: r.Payload}
		}
	}
	return m
}

func (p *parser) deleted() bool {
	if p.ExternalMessageID == "" {
		return false
	}
	d := &events.Deletion{Messages: []events.Ref{p.theirs(p.ExternalMessageID)}}
	if p.User != nil {
		actor := p.actor()
		d.Actor = &actor
	}
	p.out.Type, p.out.Data.Deletion = events.MessageDeleted, d
	return true
}

// reaction sets an emoji on a message, theirs or ours, or takes it away.
func (p *parser) reaction() bool {
	target := p.target(p.ExternalMessageID, p.MessageID)
	if target == nil || p.Emoji == "" && !p.Removed {
		return false
	}
	p.out.Type, p.out.Data.Reaction = events.ReactionAdded,
		&events.Reaction{Target: *target, Actor: p.actor(), Emoji: p.Emoji}
	if p.Removed {
		p.out.Type = events.ReactionRemoved
	}
	return true
}

func (p *parser) postback() bool {
	in := &events.Interaction{Kind: events.ButtonAnswer, Of: ours(p.SourceMessageID), Option: p.ActionID, Text: p.Title}
	if p.Payload != "" {
		in.Values = []events.Field{{Name: "payload", Value: p.Payload}}
	}
	p.out.Type, p.out.Data.Interaction = events.InteractionReceived, in
	return p.ActionID != "" || p.Payload != ""
}

func (p *parser) typing() bool {
	p.out.Type = events.PresenceTyping
	p.out.Data.Typing = &events.Typing{Actor: p.actor(), Active: p.Active == nil || *p.Active}
	return true
}

// receipt sets what became of a message that we sent, which the bridge knows by
// our id, and later by its own.
func (p *parser) receipt() bool {
	of := p.target("", p.MessageID)
	if of == nil && p.Conversation != nil {
		of = p.target(p.ExternalMessageID, "")
	}
	if of == nil || !isState(p.Status) {
		return false
	}
	s := &events.Status{Message: *of, State: events.State(p.Status), Correlation: p.MessageID, Error: p.Error.ours()}
	if p.User != nil {
		s.Recipient = &p.out.Data.Contact.Identities[0]
	}
	p.out.Type, p.out.Data.Status = events.MessageStatus, s
	return true
}

func isState(s string) bool {
	switch events.State(s) {
	case events.Sent, events.Delivered, events.Read, events.Played, events.Failed, events.Expired, events.Deleted:
		return true
	}
	return false
}

func (e *problem) ours() *events.StatusError {
	if e == nil {
		return nil
	}
	return (&channel.Error{Class: e.class(), Code: e.Code, Title: e.Detail}).Status()
}

// person sets the profile as it now stands.
func (p *parser) person() bool {
	person := &events.Person{}
	for _, f := range []events.Field{
		{Name: "name", Value: p.User.Name}, {Name: "avatar", Value: p.User.AvatarURL},
		{Name: "locale", Value: p.User.Locale},
		{Name: "phone", Value: channel.E164(p.User.Phone)}, {Name: "email", Value: p.User.Email},
	} {
		if f.Value != "" {
			person.Fields = append(person.Fields, f)
		}
	}
	p.out.Type, p.out.Data.Person = events.PersonUpdated, person
	return true
}

func (p *parser) change(t events.Type, name, value string) bool {
	p.out.Type, p.out.Data.Change = t, &events.Change{Field: name, New: value}
	return value != ""
}

// actor is the person, in groups with the identity of the member.
func (p *parser) actor() events.Actor {
	a := events.Actor{Role: events.Customer, Name: p.User.Name}
	if p.Conversation.Kind == events.Group {
		a.Identity = &p.out.Data.Contact.Identities[0]
	}
	return a
}

// target is a message by its bridge's id, or by ours; nil when it has neither.
func (p *parser) target(external, own string) *events.Ref {
	if external == "" {
		return ours(own)
	}
	r := p.theirs(external)
	return &r
}

// theirs is a message that a person sent.
func (p *parser) theirs(external string) events.Ref {
	return events.Ref{PlatformID: theirID(p.Conversation.ExternalID, external)}
}

// theirID is the platform id of a bridge's message. Bridges need their ids to be
// unique within a conversation only, so it holds both, escaped: the colon parts
// them, and no id of ours holds one.
func theirID(conversation, external string) string {
	return url.QueryEscape(conversation) + ":" + url.QueryEscape(external)
}

// ours is a message that we sent: the bridge got our id with it.
func ours(id string) *events.Ref {
	if id == "" {
		return nil
	}
	return &events.Ref{PlatformID: id}
}

func (c *conversation) ours() *events.Conversation {
	if c == nil {
		return nil
	}
	return &events.Conversation{PlatformID: c.ExternalID, Kind: cmp.Or(c.Kind, events.Direct), Title: c.Title}
}

// contact is the person by the bridge's id. Only what the bridge vouches for
// becomes an identity by which contacts may be merged.
func (u *user) contact() *events.Contact {
	if u == nil {
		return nil
	}
	c := &events.Contact{
		Identities: []events.Identity{{Scheme: events.External, Value: u.ExternalID}},
		Name:       u.Name, Avatar: u.AvatarURL, Locale: u.Locale, Phone: channel.E164(u.Phone), Email: u.Email,
	}
	if !u.Verified {
		return c
	}
	for _, alias := range []events.Identity{{Scheme: events.Phone, Value: c.Phone},
		{Scheme: events.Email, Value: c.Email}} {
		if alias.Value != "" {
			alias.Verified = "platform"
			c.Identities = append(c.Identities, alias)
		}
	}
	return c
}

// maxID bounds the bridge's ids, in bytes.
const maxID = 256

// ownID is the form of a message id that we gave to the bridge.
var ownID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,128}$`)

// valid says whether the ids in d can be used, and the conversation is of a known kind.
func (d *data) valid() bool {
	if c := d.Conversation; c != nil && (!isID(c.ExternalID) || c.ExternalID == events.OwnThread || !isKind(c.Kind)) {
		return false
	}
	if d.User != nil && !isID(d.User.ExternalID) {
		return false
	}
	theirs, own := []string{d.ExternalMessageID}, []string{d.MessageID, d.SourceMessageID}
	if d.ReplyTo != nil {
		theirs, own = append(theirs, d.ReplyTo.ExternalMessageID), append(own, d.ReplyTo.MessageID)
	}
	if d.Content != nil {
		own = append(own, d.Content.SourceMessageID)
	}
	return !slices.ContainsFunc(theirs, func(id string) bool { return id != "" && !isID(id) }) &&
		!slices.ContainsFunc(own, func(id string) bool { return id != "" && !ownID.MatchString(id) })
}

func isID(s string) bool { return strings.TrimSpace(s) != "" && len(s) <= maxID }

func isKind(s string) bool { return s == "" || s == events.Direct || s == events.Group }
