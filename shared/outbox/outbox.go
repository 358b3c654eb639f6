// Package outbox takes messages to be sent: it checks the request, finds the
// conversation, plans what its channel will show, and stores it. Whoever has an
// Acceptance knows that the message will be sent, or what became of it.
package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/fit"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// An Outbox accepts messages.
type Outbox struct {
	Messages      *store.Outbox
	Lanes         *store.Lanes
	Conversations *store.Conversations
	Channels      []channel.Channel
	Link          func(sha256 string) string // the address of a stored file
	Queues        map[string]*queue.Queue    // on which lanes are rung for, by their name
	Now           func() time.Time

	// Within says whose conversations may be addressed: others are as if they were not.
	// Nil is everybody's.
	Within func(channel, account string) bool
}

// An Accepted message is stored, and waits in its lane until an event tells what
// became of it.
type Accepted struct {
	events.Acceptance
	Lane  store.Lane
	Fresh bool // it was not stored before
}

// Ring tells those who work in its lane of an accepted message. For one that waits
// for its time the sweeper rings, as it does for one whose ring was lost.
func (b *Outbox) Ring(ctx context.Context, a Accepted) error {
	if a.Lane.Waits() {
		return nil
	}
	return b.Queues[a.Lane.Queue()].Send(ctx, queue.Ring(string(a.Lane), a.ID))
}

// A Refusal is why a message is not accepted; nothing of it is stored.
type Refusal struct {
	events.StatusError
	HTTP      int                // its status there
	Faults    events.Faults      // places in the request
	Rendering []events.Rendering // when the channel cannot show it
	Stale     bool               // the conversation is not as the request takes it to be
}

// refuse is a Refusal whose class, title and remedy are given.
func refuse(http int, class, title, remedy string, faults ...events.Fault) *Refusal {
	return &Refusal{StatusError: events.StatusError{Class: class, Title: title, Remedy: remedy}, HTTP: http,
		Faults: faults}
}

func (r *Refusal) Error() string {
	if len(r.Faults) > 0 {
		return r.Title + ": " + r.Faults.Error()
	}
	return r.Title
}

// A Request is a stored message: what was asked, of whom, and the calls it takes.
type Request struct {
	Outbound  events.Outbound    `json:"outbound"`
	Thread    thread.Thread      `json:"thread"` // when it was accepted
	Calls     []fit.Call         `json:"calls"`
	Rendering []events.Rendering `json:"rendering"`
	Numbered  []events.Option    `json:"numbered,omitempty"`
}

// Decode reads the Request of a stored message.
func Decode(m store.Message) (Request, error) {
	doc, err := store.Unpack(m.Body)
	if err != nil {
		return Request{}, err
	}
	var r Request
	err = json.Unmarshal(doc, &r)
	return r, err
}

// Accept stores o, once per idempotency key: the same request again gets the same
// answer, another one under its key a conflict.
func (b *Outbox) Accept(ctx context.Context, o events.Outbound) (Accepted, error) {
	if err := check(&o); err != nil {
		return Accepted{}, err
	}
	id := events.OutboundID(o.IdempotencyKey)
	hash, err := digest(o)
	if err != nil {
		return Accepted{}, err
	}
	known, found, err := b.Messages.Message(ctx, id)
	if err != nil {
		return Accepted{}, err
	}
	if found {
		return b.repeated(ctx, o, known, hash)
	}
	r, err := b.plan(ctx, o)
	if err != nil {
		return Accepted{}, err
	}
	if err := b.sendable(r); err != nil {
		return Accepted{}, err
	}
	claim, err := b.unspoken(ctx, r)
	if err != nil {
		return Accepted{}, err
	}
	m, err := b.store(ctx, id, hash, r, claim)
	switch {
	case errors.Is(err, store.ErrExists):
		return b.repeated(ctx, o, m, hash)
	case errors.Is(err, store.ErrClaimed):
		return Accepted{}, spoken("somebody else answers at this moment")
	}
	return Accepted{Acceptance: acceptance(m, r), Lane: m.Lane, Fresh: true}, err
}

// store puts a planned message into its lane, behind all that was accepted before it.
func (b *Outbox) store(ctx context.Context, id, hash string, r Request, claim *store.Claim) (store.Message, error) {
	doc, err := json.Marshal(r)
	if err != nil {
		return store.Message{}, err
	}
	now := b.Now()
	m := store.Message{ID: id, Hash: hash, Body: store.Pack(doc), Created: now,
		Progress: store.Progress{State: events.Queued}}
	if len(m.Body) > maxBody {
		return m, refuse(http.StatusRequestEntityTooLarge, events.ClassContent, "the message is too large to be stored",
			"split it, or send files by their address")
	}
	var due time.Time
	m.Lane, due = lane(id, r, now, now.Add(store.SweepAfter))
	last := ""
	if !m.Lane.Waits() {
		if last, err = b.Lanes.Last(ctx, m.Lane); err != nil {
			return m, err
		}
	}
	m.Order = store.LaneOrder(last, now)
	if r.Thread.Heard.IsZero() && r.Outbound.To.Identity != nil {
		if err := b.Conversations.OpenThread(ctx, r.Thread.Conversation.ID, r.Thread.Encode()); err != nil {
			return m, err
		}
	}
	return b.Messages.Add(ctx, m, due, claim)
}

// maxBody bounds a stored message, in bytes: an item holds 400 KB, and the record's
// progress stands beside it.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxBody = 350 << 10

func check(o *events.Outbound) error {
	var faults events.Faults
	if err := o.Validate(); errors.As(err, &faults) {
		return invalid(faults...)
	}
	if len(o.Fallback) > 0 {
		return invalid(events.Fault{Path: "fallback",
			Message: "is not available yet; send to the other channel when message.status reports the failure"})
	}
	if o.To.Person != "" {
		return invalid(events.Fault{Path: "to.person",
			Message: "is not available yet: contacts of different channels are not linked; name a conversation or a contact"})
	}
	return nil
}

func invalid(faults ...events.Fault) *Refusal {
	return refuse(http.StatusUnprocessableEntity, events.ClassContent, "the request is not valid", "correct the request",
		faults...)
}

// digest is equal for equal requests.
func digest(o events.Outbound) (string, error) {
	doc, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:]), nil
}

// repeated answers a request whose key was used before. Who may not address its
// recipient hears that there is none, whatever the key was used for.
func (b *Outbox) repeated(ctx context.Context, o events.Outbound, m store.Message, hash string) (Accepted, error) {
	if m.Hash != hash {
		if _, err := b.resolve(ctx, o.To); err != nil {
			return Accepted{}, err
		}
		return Accepted{}, refuse(http.StatusConflict, events.ClassContent,
			"the idempotency key was used for another message",
			"use a new key for each message, and the same one only to repeat it")
	}
	r, err := Decode(m)
	if err != nil {
		return Accepted{}, err
	}
	if !b.within(r.Thread.Channel, r.Thread.Account) {
		return Accepted{}, unknown()
	}
	return Accepted{Acceptance: acceptance(m, r), Lane: m.Lane}, nil
}

func (b *Outbox) within(channel, account string) bool {
	return b.Within == nil || b.Within(channel, account)
}

func acceptance(m store.Message, r Request) events.Acceptance {
	return events.Acceptance{ID: m.ID, Conversation: r.Thread.Conversation.ID, Channel: r.Thread.Channel,
		Account: r.Thread.Account,
		State:   m.Progress.State, Rendering: r.Rendering}
}

// lane is where a message waits, and when the sweeper should first look.
func lane(id string, r Request, now, due time.Time) (store.Lane, time.Time) {
	conversation := r.Thread.Conversation.ID
	if k := r.Outbound.Constraints; k != nil && k.NotBefore.After(now) {
		return store.LaterLane(id), k.NotBefore
	}
	if r.Outbound.Priority == events.Bulk {
		return store.BulkLane(conversation), due
	}
	return store.ReplyLane(conversation), due
}

// plan finds the conversation of o and what its channel will show.
func (b *Outbox) plan(ctx context.Context, o events.Outbound) (Request, error) {
	t, err := b.resolve(ctx, o.To)
	if err != nil {
		return Request{}, err
	}
	ch, ok := b.channel(t.Channel)
	if !ok {
		return Request{}, refuse(http.StatusNotFound, events.ClassRecipient, "this deployment has no channel "+t.Channel,
			"switch the channel on in the configuration")
	}
	r := Render(ch, &t.Conversation, o, b.Link)
	r.Thread = t
	return r, nil
}

// Render is what o becomes in a conversation of a channel: the calls and what each part
// loses. Without one it is what the channel's own limits make of it.
func Render(ch channel.Channel, in *events.Conversation, o events.Outbound, link func(string) string) Request {
	content := o.Content
	for _, v := range o.Overrides {
		if v.Channel == ch.Name {
			content = v.Content
		}
	}
	p := fit.Message(ch.Name, fit.Linked(content, link), ch.LimitsIn(in))
	return Request{Outbound: o, Calls: p.Calls, Rendering: p.Report, Numbered: p.Numbered}
}

func (b *Outbox) channel(name string) (channel.Channel, bool) {
	for _, ch := range b.Channels {
		if ch.Name == name && ch.Send != nil {
			return ch, true
		}
	}
	return channel.Channel{}, false
}

// Recipient is the conversation of to, as Accept would find it; a Refusal where there is
// none, and none can be begun.
func (b *Outbox) Recipient(ctx context.Context, to events.To) (thread.Thread, error) {
	return b.resolve(ctx, to)
}

func (b *Outbox) resolve(ctx context.Context, to events.To) (thread.Thread, error) {
	conversation := to.Conversation
	var err error
	switch {
	case to.Contact != "":
		if conversation, err = b.Conversations.Of(ctx, to.Contact); err != nil {
			return thread.Thread{}, err
		}
	case to.Identity != nil:
		return b.open(ctx, to)
	}
	return b.known(ctx, conversation)
}

// unknown is the Refusal of a conversation that nobody has heard of.
func unknown() *Refusal {
	return refuse(http.StatusNotFound, events.ClassRecipient, "no such conversation",
		"take the subject of an event, or address an identity of a channel that lets the brand begin")
}

func (b *Outbox) known(ctx context.Context, conversation string) (thread.Thread, error) {
	if conversation == "" {
		return thread.Thread{}, unknown()
	}
	s, err := b.Conversations.State(ctx, conversation)
	if err != nil {
		return thread.Thread{}, err
	}
	t, err := thread.Decode(s.Thread)
	if err != nil {
		return t, fmt.Errorf("conversation %s: %w", conversation, err)
	}
	if t.Channel == "" || t.Conversation.Kind == events.Own || !b.within(t.Channel, t.Account) {
		return t, unknown()
	}
	return t, nil
}

// open is the conversation with an identity, whether it exists or not.
func (b *Outbox) open(ctx context.Context, to events.To) (thread.Thread, error) {
	if !b.within(to.Channel, to.Account) {
		return thread.Thread{}, unknown()
	}
	ch, ok := b.channel(to.Channel)
	opens := false
	for _, s := range ch.Opens {
		opens = opens || s == to.Identity.Scheme
	}
	if !ok || !opens || !channel.ValidAccountID(to.Account) {
		return thread.Thread{}, refuse(http.StatusUnprocessableEntity, events.ClassRecipient,
			"the brand cannot begin a conversation there", "address a conversation in which the customer wrote",
			events.Fault{Path: "to.identity",
				Message: fmt.Sprintf("%s cannot be addressed on %s", to.Identity.Scheme, to.Channel)})
	}
	value := to.Identity.Value
	if ch.Address != nil {
		value = ch.Address(*to.Identity)
	}
	if value == "" {
		return thread.Thread{}, refuse(http.StatusUnprocessableEntity, events.ClassRecipient,
			"there can be no such identity", "write it as the channel does", events.Fault{Path: "to.identity.value",
				Message: fmt.Sprintf("is no %s of %s", to.Identity.Scheme, to.Channel)})
	}
	identity := events.Identity{Scheme: to.Identity.Scheme, Value: value, Scope: to.Identity.Scope}
	platformID := value
	if ch.Thread != nil {
		platformID = ch.Thread(identity)
	}
	id, contact := events.ConversationID(to.Channel, to.Account, platformID), events.ContactID(to.Channel, to.Account,
		identity)
	t, err := b.known(ctx, id)
	var r *Refusal
	if !errors.As(err, &r) {
		return t, err
	}
	own, err := b.Conversations.Of(ctx, contact) // it may have begun under another name
	if err != nil {
		return t, err
	}
	if own != "" {
		return b.known(ctx, own)
	}
	return thread.Thread{Channel: to.Channel, Account: to.Account, Conversation: events.Conversation{ID: id,
		PlatformID: platformID, Kind: events.Direct},
		Contact: &events.Contact{ID: contact, Identities: []events.Identity{identity}}}, nil
}

// Due is when a message is to be said: when it was accepted, or later when it asks so.
func Due(m store.Message, r Request) time.Time {
	if k := r.Outbound.Constraints; k != nil && k.NotBefore.After(m.Created) {
		return k.NotBefore
	}
	return m.Created
}

// maxAhead is how far ahead a message may be asked for: a year.
const maxAhead = 366 * 24 * time.Hour

// lossRank orders losses.
var lossRank = map[string]int{events.LossNone: 0, events.LossStyle: 1, events.LossInteraction: 2,
	events.LossContent: 3, events.LossRefused: 4}

// sendable says why a planned message must not be sent now: what would be lost,
// consent, a closed window, its time.
func (b *Outbox) sendable(r Request) error {
	worst := events.LossContent
	now := b.Now()
	if k := r.Outbound.Constraints; k != nil {
		if k.MaxLoss != "" {
			worst = k.MaxLoss
		}
		if !k.NotAfter.IsZero() && now.After(k.NotAfter) {
			return refuse(http.StatusConflict, events.ClassContent, "the message is past its notAfter", "send a current one")
		}
		if k.NotBefore.After(now.Add(maxAhead)) {
			return invalid(events.Fault{Path: "constraints.notBefore",
				Message: "is more than 366 days ahead; ask for it nearer to its time"})
		}
	}
	for _, x := range r.Rendering {
		if lossRank[x.Loss] > lossRank[worst] {
			return lossy(r, fmt.Sprintf("%s cannot show part %d (%s) well enough", r.Thread.Channel, x.Part, x.Kind),
				"change the content, give an override for this channel, or allow a greater loss in constraints.maxLoss",
				events.Fault{Path: r.path(x.Part), Message: reason(x)})
		}
	}
	if len(r.Calls) == 0 {
		return lossy(r, "nothing of the message can be shown", "")
	}
	if s := r.Outbound.Sender; s != nil && s.Role == events.Bot && r.Thread.Turns >= thread.MaxTurns {
		return refuse(http.StatusConflict, events.ClassPolicy,
			fmt.Sprintf("a bot has said %d messages in a row, and the customer none", r.Thread.Turns),
			"see whether the bot answers its own messages; a person may write, and the customer's next message lets the "+
				"bot go on")
	}
	if refusal := mayAsk(r); refusal != nil {
		return refusal
	}
	if e := b.Allowed(r, r.Thread, 0, now); e != nil {
		return &Refusal{StatusError: *e, HTTP: http.StatusConflict}
	}
	return nil
}

// lossy is the Refusal of what the channel cannot show well enough.
func lossy(r Request, title, remedy string, faults ...events.Fault) *Refusal {
	refusal := refuse(http.StatusUnprocessableEntity, events.ClassContent, title, remedy, faults...)
	refusal.Rendering = r.Rendering
	return refusal
}

// path is where a part of what r shows stands in the request.
func (r Request) path(part int) string {
	for i, v := range r.Outbound.Overrides {
		if v.Channel == r.Thread.Channel {
			return fmt.Sprintf("overrides[%d].content[%d]", i, part)
		}
	}
	return fmt.Sprintf("content[%d]", part)
}

// Allowed says why call i (from 0) of a message must not be sent as its thread is
// at now, or nil.
func (b *Outbox) Allowed(r Request, t thread.Thread, i int, now time.Time) *channel.Error {
	if why := t.Refuses(r.Outbound.Priority == events.Bulk); why != "" {
		return &channel.Error{Class: events.ClassConsent, Title: why, Remedy: "wait for the customer to write or to opt in"}
	}
	if e := maySay(r.Outbound, t.Desk); e != nil && i == 0 { // what was begun is said to its end
		return e
	}
	ch, ok := b.channel(t.Channel)
	if !ok || ch.Outside == nil || ch.Outside(Outgoing("", r, t, i)) {
		return nil
	}
	if _, open := t.Open(now); open {
		return nil
	}
	e := &channel.Error{Class: events.ClassWindow,
		Title:  "the customer has not written for too long: " + ch.Title + " allows no free message now",
		Remedy: "wait for the customer to write"}
	if ch.LimitsIn(&t.Conversation).Has(events.KindTemplate) {
		e.Remedy = "send a template, or wait for the customer to write"
	}
	return e
}

// Outgoing is call i (from 0) of a message, as a channel sends it.
func Outgoing(id string, r Request, t thread.Thread, i int) channel.Outgoing {
	o := channel.Outgoing{ID: store.PartID(id, i+1), To: channel.Recipient{Conversation: t.Conversation,
		Contact: t.Contact}, Sender: r.Outbound.Sender,
		Bulk: r.Outbound.Priority == events.Bulk, Heard: t.Heard, Content: r.Calls[i].Content}
	if r.Outbound.ReplyTo != nil && i == 0 {
		o.ReplyTo = r.Outbound.ReplyTo.PlatformID
	}
	return o
}

// Act checks an action, finds its conversation and makes what an edit says fit there.
func (b *Outbox) Act(ctx context.Context, a *events.Action) (thread.Thread, error) {
	var faults events.Faults
	if err := a.Validate(); errors.As(err, &faults) {
		return thread.Thread{}, invalid(faults...)
	}
	t, err := b.resolve(ctx, a.To)
	if err != nil {
		return t, err
	}
	ch, _ := b.channel(t.Channel)
	if !slices.Contains(ch.Acts, a.Verb) {
		return t, refuse(http.StatusUnprocessableEntity, events.ClassContent,
			fmt.Sprintf("%s has no %s", t.Channel, a.Verb), "see the table of channels",
			events.Fault{Path: "verb", Message: "is not possible on this channel"})
	}
	if a.Verb != events.ActEdit {
		return t, nil
	}
	p := fit.Message(ch.Name, a.Content, ch.LimitsIn(&t.Conversation))
	if len(p.Calls) != 1 || len(p.Calls[0].Content) != 1 {
		return t, refuse(http.StatusUnprocessableEntity, events.ClassContent,
			"the new content is no single message of "+t.Channel, "shorten it, or delete the message and send another",
			events.Fault{Path: "content[0]", Message: reason(p.Report[0])})
	}
	a.Content = p.Calls[0].Content
	return t, nil
}

// reason is why a part is not shown, or not as one.
func reason(r events.Rendering) string {
	if len(r.Details) == 0 {
		return "cannot be shown on this channel"
	}
	return strings.Join(r.Details, "; ")
}
