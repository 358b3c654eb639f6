package router

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// learn is the conversation's state after e, and the option that a customer's
// number means.
func (r *Router) learn(e *events.Event, s store.State) (store.State, string, error) {
	t, err := thread.Decode(s.Thread)
	if err != nil {
		return s, "", fmt.Errorf("conversation %s: %w", e.Subject, err)
	}
	s.Thread = t.After(e).Encode()
	o, ok := offered(s)
	if !ok {
		return s, "", nil
	}
	option, _ := o.Chosen(e)
	return s, option, nil
}

// offered are the options that the customer can answer with a number.
func offered(s store.State) (thread.Options, bool) {
	var o thread.Options
	if len(s.Options) == 0 || json.Unmarshal(s.Options, &o) != nil {
		return o, false
	}
	return o, true
}

// answer puts the option that was decided into a message that has only its number.
func (r *Router) answer(it store.Item, e *events.Event, s store.State) {
	if it.Option == "" || e.Data.Message == nil || len(e.Data.Message.Content) != 1 ||
		e.Data.Message.Content[0].Text == nil {
		return
	}
	o, _ := offered(s) // a newer choice may have replaced it: the option stays, its message is unknown
	chosen := o.Interaction(it.Option, e.Data.Message.Content[0].Text.Body)
	if !slices.Contains(o.IDs, it.Option) {
		chosen.Interaction.Of = nil
	}
	e.Data.Message.Content = append(e.Data.Message.Content, chosen)
}

// correlate notes what a status or receipt says of a message of ours, names that
// message in it, and tells whether e is the echo of our own send, which an event
// has told already.
func (r *Router) correlate(ctx context.Context, e *events.Event) (own bool, err error) {
	d := &e.Data
	switch e.Type {
	case events.MessageStatus:
		if d.Status.Correlation == d.Status.Message.ID { // our own word
			return false, nil
		}
		message, err := r.Receipts.Receive(ctx, d.Status, e.Time)
		if message != "" {
			d.Status.Correlation = message
		}
		return false, err
	case events.ReceiptRead, events.ReceiptDelivered:
		return false, r.Receipts.Mark(ctx, e)
	case events.MessageEchoed:
		if d.Message.IdempotencyKey == "" && d.Message.PlatformID != "" {
			return r.isOwn(ctx, e.Subject, d.Message)
		}
	}
	return false, nil
}

// correlationField is the metadata in which a channel gives our part's id back.
const correlationField = "correlation"

// Echoes that arrive before the sender has recorded what it sent are held this
// long, if it is at work in their conversation.
const (
	echoHold  = time.Second
	echoHolds = 3
)

// isOwn says whether an echo is of a message that we sent.
func (r *Router) isOwn(ctx context.Context, conversation string, m *events.Message) (bool, error) {
	for _, f := range m.Metadata {
		if _, _, ok := store.Part(f.Value); ok && f.Name == correlationField {
			return true, nil
		}
	}
	for hold := 0; ; hold++ {
		linked, _, err := r.Receipts.Linked(ctx, m.ID)
		if err != nil || linked.Message != "" || hold == echoHolds || m.Origin == "app" {
			return linked.Message != "", err
		}
		waiting, err := r.Lanes.Waiting(ctx, store.ReplyLane(conversation), 1)
		if err != nil || len(waiting) == 0 {
			return false, err
		}
		r.Nap(ctx, echoHold)
	}
}

// fetch has an event's media copied: the work waits in a lane of its own, so that
// neither a slow platform nor a lost ring holds the event up.
func (r *Router) fetch(ctx context.Context, it store.Item, e *events.Event) error {
	if announced(e) || e.HasPendingMedia() && !r.Linked[e.Channel] {
		return r.toMedia(ctx, it)
	}
	return nil
}

// announced says whether e only announces what its channel's Pull brings.
func announced(e *events.Event) bool {
	return e.Type == events.IngestUnsupported && e.Data.Unsupported.Reason == channel.Announced
}

func (r *Router) toMedia(ctx context.Context, it store.Item) error {
	lane := store.MediaLane(it.Conversation)
	if err := r.Lanes.Add(ctx, lane, it.ID, it.Received); err != nil {
		return err
	}
	if err := r.Media.Send(ctx, queue.Ring(string(lane), it.ID)); err != nil {
		r.Log.Warn("could not ring for media; the sweeper will", "event", it.ID, "error", err.Error())
	}
	return nil
}
