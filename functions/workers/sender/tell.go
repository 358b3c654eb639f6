package sender

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// finish tells what became of a message and takes it out of its lane. It may be done
// twice: all of it is idempotent.
func (d *delivery) finish(ctx context.Context) error {
	for i := range d.m.Progress.IDs {
		if err := d.link(ctx, i+1); err != nil {
			return err
		}
	}
	if err := d.keepOptions(ctx); err != nil {
		return err
	}
	if err := d.tell(ctx, outcome(d.m, d.r, d.Now())); err != nil {
		return err
	}
	switch d.m.Progress.State {
	case events.Accepted:
		d.Metrics.Count(observe.Sent, 1)
	case events.Uncertain:
		d.Metrics.Count(observe.Uncertain, 1)
	default:
		d.Metrics.CountBy(observe.SendFailed, "class", classOf(d.m.Progress.Error), 1)
	}
	return d.Messages.Finish(ctx, d.m, d.Now())
}

// link says whose the platform's ids of a part (from 1) are: receipts and echoes
// name them.
func (d *delivery) link(ctx context.Context, part int) error {
	of := d.r.Thread
	for _, id := range d.m.Progress.IDs[part-1] {
		if _, err := d.Receipts.Link(ctx, events.MessageID(of.Channel, of.Account, id), d.m.ID, part, d.Now()); err != nil {
			return err
		}
	}
	return nil
}

func classOf(e *events.StatusError) string {
	if e == nil {
		return events.ClassUnknown
	}
	return e.Class
}

// tell commits an event to its conversation's mailbox and rings for it.
func (s *Sender) tell(ctx context.Context, e events.Event) error {
	return s.Mailbox.Put(ctx, &e, 0)
}

// outcome is the event of what became of a message: an echo of what was sent, or a
// status. Its id depends on the message alone, so that telling twice is telling once.
func outcome(m store.Message, r outbox.Request, now time.Time) events.Event {
	t := r.Thread
	// What was told in the same millisecond stands in the order in which it was said.
	e := events.Event{Time: now, Rank: store.LaneCount(m.Order),
		Data: events.Data{Contact: t.Contact, Conversation: &t.Conversation}}
	ref := events.Ref{ID: m.ID}
	for _, list := range m.Progress.IDs {
		if len(list) > 0 {
			ref.PlatformID = list[0]
			break
		}
	}
	if m.Progress.State == events.Accepted {
		e.Type, e.Key = events.MessageEchoed, "sent:"+m.ID
		e.Data.Message = echo(m, r, ref)
	} else {
		e.Type, e.Key = events.MessageStatus, "ended:"+m.ID
		e.Data.Status = &events.Status{Message: ref, State: m.Progress.State, Error: m.Progress.Error, Correlation: m.ID}
	}
	channel.Complete(&e, t.Channel, t.Account, now)
	if e.Data.Message != nil {
		e.Data.Message.ID = m.ID
	} else {
		e.Data.Status.Message.ID = m.ID
	}
	return e
}

func echo(m store.Message, r outbox.Request, ref events.Ref) *events.Message {
	o := r.Outbound
	actor := events.Actor{Role: events.Agent} // somebody who does not say who they are
	switch {
	case o.Sender != nil:
		actor = events.Actor{Role: o.Sender.Role, ID: o.Sender.ID, Name: o.Sender.Name}
	case o.Priority == events.Bulk: // a campaign is nobody's answer
		actor.Role = events.System
	}
	x := &events.Message{ID: ref.ID, PlatformID: ref.PlatformID, Actor: actor, Content: visible(o.Content),
		ReplyTo: o.ReplyTo, Origin: "api", Metadata: o.Metadata, IdempotencyKey: o.IdempotencyKey, Rendering: r.Rendering}
	for _, v := range o.Overrides {
		if v.Channel == r.Thread.Channel {
			x.Content = visible(v.Content)
		}
	}
	for _, list := range m.Progress.IDs {
		for _, id := range list {
			x.Parts = append(x.Parts, events.Ref{ID: events.MessageID(r.Thread.Channel, r.Thread.Account, id), PlatformID: id})
		}
	}
	return x
}

// visible is content as an event shows it: media has a state there.
func visible(content []events.Content) []events.Content {
	list := append([]events.Content(nil), content...)
	for i := range list {
		c := &list[i]
		c.Media = linkedState(c.Media)
		if c.Choice != nil && c.Choice.Header != nil {
			ch := *c.Choice
			ch.Header = linkedState(ch.Header)
			c.Choice = &ch
		}
		if c.Cards != nil {
			c.Cards = append([]events.Panel(nil), c.Cards...)
			for j := range c.Cards {
				c.Cards[j].Media = linkedState(c.Cards[j].Media)
			}
		}
		if c.Payment != nil && c.Payment.State == "" {
			p := *c.Payment
			p.State = events.PayRequested
			c.Payment = &p
		}
	}
	return list
}

func linkedState(m *events.Media) *events.Media {
	if m == nil || m.State != "" {
		return m
	}
	with := *m
	with.State = events.MediaLinked
	if m.SHA256 != "" && m.URL == "" {
		with.State = events.MediaCopied
	}
	return &with
}

// optionsLife is how long a number still means what was offered.
const optionsLife = 7 * 24 * time.Hour

// keepOptions remembers the choice that the customer answers with a number, and
// forgets an older one that a new message has overtaken.
func (d *delivery) keepOptions(ctx context.Context) error {
	if d.m.Progress.State != events.Accepted {
		return nil
	}
	id := d.r.Thread.Conversation.ID
	if len(d.r.Numbered) == 0 {
		state, err := d.Conversations.State(ctx, id)
		if err != nil || len(state.Options) == 0 {
			return err
		}
		return d.Conversations.SetOptions(ctx, id, nil)
	}
	options := thread.Options{Of: events.Ref{ID: d.m.ID}, Until: d.Now().Add(optionsLife)}
	for _, o := range d.r.Numbered {
		options.IDs = append(options.IDs, o.ID)
	}
	doc, err := json.Marshal(options)
	if err != nil {
		return err
	}
	return d.Conversations.SetOptions(ctx, id, doc)
}

// reject tells, by an event, that a request from the queue is not accepted. It
// goes to the conversation that the request names, or else to the operators, and names
// the request by its key, and by SQS's id of the message that brought it.
func (s *Sender) reject(ctx context.Context, r queue.Record, o events.Outbound, why *outbox.Refusal) error {
	s.Log.Warn("a request was refused", "key", o.IdempotencyKey, "sqsMessage", r.ID, "class", why.Class,
		"reason", why.Error())
	now := s.Now()
	t, err := s.addressed(ctx, o.To)
	if err != nil {
		return err
	}
	about := cmp.Or(o.IdempotencyKey, r.ID)
	rejection := &events.Rejection{Message: events.Ref{ID: events.OutboundID(about)}, IdempotencyKey: o.IdempotencyKey,
		QueueMessage: r.ID, Faults: why.Faults, Error: events.StatusError{Class: why.Class, Title: why.Error(),
			Remedy: why.Remedy}}
	e := events.Event{Type: events.SendRejected, Key: "rejected:" + about + ":" + channel.Digest([]byte(why.Error())),
		Time: now, Data: events.Data{Contact: t.Contact, Rejection: rejection}}
	if t.Conversation.PlatformID != "" {
		e.Data.Conversation = &t.Conversation
	}
	channel.Complete(&e, t.Channel, t.Account, now)
	return s.tell(ctx, e)
}

// malformed is the refusal of what is no request.
func malformed(err error) *outbox.Refusal {
	r := &outbox.Refusal{StatusError: events.StatusError{Class: events.ClassContent, Title: "the request cannot be read",
		Remedy: "send what message.schema.json, action.schema.json or command.schema.json describes"}}
	errors.As(err, &r.Faults)
	return r
}

// lost tells that a lane held a message that cannot be read any more, and takes it
// out: it will not be said.
func (s *Sender) lost(ctx context.Context, lane store.Lane, id string, why error) error {
	s.Log.Error("a message that waited cannot be read any more", "messageId", id, "lane", string(lane),
		"error", why.Error())
	t, err := s.addressed(ctx, events.To{Conversation: lane.Conversation()})
	if err != nil {
		return err
	}
	e := events.Event{Type: events.MessageStatus, Key: "ended:" + id, Time: s.Now(), Data: events.Data{Contact: t.Contact,
		Status: &events.Status{Message: events.Ref{ID: id}, State: events.Failed, Correlation: id,
			Error: &events.StatusError{Class: events.ClassUnknown, Title: "the stored message cannot be read any more",
				Remedy: "send it again under a new key"}}}}
	if t.Conversation.PlatformID != "" {
		e.Data.Conversation = &t.Conversation
	}
	channel.Complete(&e, t.Channel, t.Account, s.Now())
	e.Data.Status.Message.ID = id
	if err := s.tell(ctx, e); err != nil {
		return err
	}
	s.Metrics.CountBy(observe.SendFailed, "class", events.ClassUnknown, 1)
	return s.Lanes.Leave(ctx, lane, id)
}

// addressed is the conversation that a request names, or one of nobody's.
func (s *Sender) addressed(ctx context.Context, to events.To) (thread.Thread, error) {
	nobody := thread.Thread{Channel: "relais", Account: "outbound"}
	if to.Conversation == "" {
		return nobody, nil
	}
	state, err := s.Conversations.State(ctx, to.Conversation)
	if err != nil {
		return nobody, err
	}
	if t, err := thread.Decode(state.Thread); err == nil && t.Channel != "" {
		return t, nil
	}
	return nobody, nil
}
