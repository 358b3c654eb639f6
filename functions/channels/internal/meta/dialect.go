package meta

import (
	"cmp"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A Dialect is what tells the channels of the Messenger platform, which share the
// format of their webhooks, apart.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
type Dialect struct {
	Object string        // what its webhooks call themselves: "page"
	Scheme events.Scheme // of its users
	Scope  string        // what a user's id is unique within: "page"
	Apps   []string      // ids of the brand's own apps; others' echoes are not ours
	Silent string        // origin of an echo that names no app

	// Opens says whether e, which is neither a message nor an answer, lets the brand
	// write freely. Optional.
	Opens func(e events.Event) bool

	// Content is what an attachment shows where the dialect has its own words for it;
	// false leaves it to the platform's common ones. at is when it was sent.
	Content func(a Attachment, at time.Time) (events.Content, bool)
}

// Events are the events of a webhook's entries, in their order. Whatever page or
// account they name, they belong to the account whose URL they came to.
func (d Dialect) Events(r channel.Request) ([]events.Event, error) {
	w, err := readWebhook(r.Body)
	if err != nil {
		return nil, err
	}
	if w.object != d.Object {
		return []events.Event{unsupported("object:"+w.object, "not a webhook of this channel", "", r.Body)}, nil
	}
	b := batch{Dialect: d, events: make([]events.Event, 0, len(w.updates))}
	for i := range w.updates {
		b.update = &w.updates[i]
		b.apply()
	}
	return b.events, nil
}

// A batch collects the events of one body; update is the one at hand.
type batch struct {
	Dialect
	*update
	events []events.Event
}

// testAccount is the entry's id in what the dashboard's Test button sends.
const testAccount = "0"

// apply adds the events of the update at hand, at least one.
func (b *batch) apply() {
	switch {
	case !b.ok:
		b.events = append(b.events, unsupported(b.place, channel.Malformed, b.entryTime, b.raw))
	case b.account == testAccount:
		b.events = append(b.events, unsupported("test."+b.place, "sent by the dashboard's Test button", b.entryTime, b.raw))
	case b.feed:
		b.events = append(b.events, unsupported(b.place, "no event for this field", b.entryTime, b.raw))
	default:
		e := b.envelope()
		if !b.tell(e) {
			b.unsupported(e, cmp.Or(b.fact, b.place), channel.Malformed)
		}
	}
}

// serviceWindow is how long free-form answers are allowed after the customer acted.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/policy
const serviceWindow = 24 * time.Hour

// add adds e, and says until when the customer may be answered freely if it opens
// the window.
func (b *batch) add(e events.Event) {
	c := e.Data.Conversation
	opens := e.Type == events.MessageReceived || e.Type == events.InteractionReceived || b.Opens != nil && b.Opens(e)
	if opens && c != nil && !e.Time.IsZero() {
		c.Window = &events.Window{Kind: "service", ClosesAt: e.Time.Add(serviceWindow)}
	}
	b.events = append(b.events, e)
}

// unsupported adds what we have no words for, in the conversation it belongs to.
func (b *batch) unsupported(e events.Event, kind, reason string) {
	u := unsupported(kind, reason, b.entryTime, b.raw)
	u.Time, u.Data.Contact, u.Data.Conversation = e.Time, e.Data.Contact, e.Data.Conversation
	b.events = append(b.events, u)
}

func unsupported(kind, reason, entryTime string, raw []byte) events.Event {
	return events.Event{
		Type: events.IngestUnsupported,
		Time: channel.UnixText(entryTime),
		Key:  "unsupported:" + channel.Digest(raw, entryTime),
		Raw:  raw,
		Data: events.Data{Unsupported: events.UnsupportedOf(kind, reason, raw)},
	}
}

// elsewhere is who holds a conversation that we only watch: Meta does not say
// which app it is.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversation-routing
const elsewhere = "other"

// envelope is what all events of an update share. There is no contact, and no
// conversation, where the account writes to itself or nobody is named.
func (b *batch) envelope() events.Event {
	e := events.Event{Time: channel.UnixText(b.time), Raw: b.raw}
	if e.Time.IsZero() {
		e.Time = channel.UnixText(b.entryTime)
	}
	user := b.user()
	if user.Value == "" {
		return e
	}
	all := &struct { // one allocation for what lives together
		contact      events.Contact
		conversation events.Conversation
		ids          [1]events.Identity
	}{ids: [1]events.Identity{user}}
	all.contact.Identities = all.ids[:]
	all.conversation = events.Conversation{PlatformID: user.Value, Kind: events.Direct}
	if b.standby {
		all.conversation.Controls = elsewhere
	}
	e.Data.Contact, e.Data.Conversation = &all.contact, &all.conversation
	return e
}

// user is the person whom the update at hand concerns, whoever wrote.
func (b *batch) user() events.Identity {
	id := b.sender
	switch {
	case b.self():
		return events.Identity{}
	case b.ours():
		id = b.recipient
	}
	if id == "" && b.userRef != "" {
		return reference(b.userRef)
	}
	return b.identity(id)
}

func (b *batch) identity(id string) events.Identity {
	i := events.Identity{Scheme: b.Scheme, Value: id}
	if b.account != "" {
		i.Scope = b.Scope + ":" + b.account
	}
	return i
}

// UserRef is what the address of somebody begins with who ticked the checkbox
// plug-in and has not written yet: they have no id.
const UserRef = "user_ref:"

func reference(ref string) events.Identity {
	return events.Identity{Scheme: events.External, Value: UserRef + ref, Scope: "user_ref"}
}

// self says whether the account wrote to itself.
func (u *update) self() bool {
	return u.message.self || u.sender != "" && u.sender == u.recipient
}

// ours says whether the brand's side acted.
func (u *update) ours() bool {
	return u.message.echo || u.self() || u.sender != "" && u.sender == u.account
}

// actor is who acted: the customer, or somebody of the brand.
func (b *batch) actor() events.Actor {
	if b.ours() {
		return events.Actor{Role: events.Agent}
	}
	return events.Actor{Role: events.Customer}
}

// origin is where an echo was written: by a person in one of Meta's own inboxes, by
// the brand's app, or by somebody else's.
func (b *batch) origin() string {
	switch app := b.message.app; {
	case b.message.byUs():
		return "api"
	case app == "":
		return b.Silent
	case app == pageInbox:
		return "app"
	case slices.Contains(b.Apps, app):
		return "api"
	}
	return "other"
}

// pageInbox is the app id of Meta's own inbox for pages.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/conversation-routing
const pageInbox = "263902037430900"
