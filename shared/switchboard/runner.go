package switchboard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// A Runner decides commands and keeps what they change. It is used wherever commands
// come in; the router uses it for what nobody asked for.
type Runner struct {
	Board         Board
	Conversations *store.Conversations
	Ingress       *queue.Queue // rung for what was decided
	Clock         *queue.Queue // rings when something ends; nil leaves that to the sweeper
	Now           func() time.Time
	Log           *slog.Logger
}

// An Outcome is what a command did.
type Outcome struct {
	Event    *events.Event // nil when all was so already
	Thread   thread.Thread // as it is then
	Sequence uint64        // likewise

	before thread.Thread
}

// ErrUnknown says that nobody has heard of a conversation, or that it is not for the caller.
var ErrUnknown = errors.New("no such conversation")

// decideTries bounds how often a command is decided because the conversation moved on.
const decideTries = 8

// Run decides c, which is valid, and rings. A *Refusal says why it changes nothing, and comes with the
// conversation as it is. A ring that fails is the sweeper's to make up for.
func (r Runner) Run(ctx context.Context, c events.Command, by Caller) (Outcome, error) {
	var out Outcome
	err := store.ErrConflict
	for range decideTries {
		if out, err = r.try(ctx, c, by); !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if err != nil || out.Event == nil {
		return out, err
	}
	r.ring(ctx, c.To.Conversation, out)
	return out, nil
}

// ring tells the router of what was decided. What fails is logged: it is decided, and the sweeper rings.
func (r Runner) ring(ctx context.Context, conversation string, out Outcome) {
	err := errors.Join(r.Ingress.Send(ctx, queue.Ring(conversation, out.Event.ID)),
		r.Remind(ctx, out.Thread, out.before))
	if err != nil {
		r.Log.Warn("decided, but could not ring; the sweeper will", "conversation", conversation, "error", err.Error())
	}
}

// Check says why c would change nothing now, as Run does, and changes nothing.
func (r Runner) Check(ctx context.Context, c events.Command, by Caller) (Outcome, error) {
	s, t, err := r.read(ctx, c.To.Conversation, by)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Thread: t, Sequence: s.Sequence}
	if done, err := r.repeated(ctx, t, c); err != nil || done != nil {
		return out, err
	}
	_, _, err = r.Board.Decide(t, c, by, s.Sequence+1, r.Now())
	return out, err
}

func (r Runner) read(ctx context.Context, conversation string, by Caller) (store.State, thread.Thread, error) {
	s, err := r.Conversations.State(ctx, conversation)
	if err != nil {
		return s, thread.Thread{}, err
	}
	t, err := thread.Decode(s.Thread)
	switch {
	case err != nil:
		return s, t, fmt.Errorf("conversation %s: %w", conversation, err)
	case t.Channel == "" || !by.sees(t):
		return s, t, ErrUnknown
	}
	return s, t, nil
}

func (r Runner) try(ctx context.Context, c events.Command, by Caller) (Outcome, error) {
	s, t, err := r.read(ctx, c.To.Conversation, by)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Thread: t, Sequence: s.Sequence}
	if done, err := r.repeated(ctx, t, c); err != nil || done != nil {
		out.Event = done
		return out, err
	}
	change, changes, err := r.Board.Decide(t, c, by, s.Sequence+1, r.Now())
	if err != nil || !changes {
		return out, err
	}
	if change.Key == "" {
		change.Key = rand.Text()
	}
	change.Key, change.Asked = "command:"+change.Key, digest(c)
	a, err := r.Append(ctx, s, t, change)
	if errors.Is(err, store.ErrExists) {
		return out, store.ErrConflict // it came at the same time: it is found now
	}
	if err != nil {
		return out, err
	}
	return Outcome{Event: &a.Event, Thread: a.Thread, Sequence: a.State.Sequence, before: t}, nil
}

// repeated is the event that c made before, or nil. Under its key another command is refused.
func (r Runner) repeated(ctx context.Context, t thread.Thread, c events.Command) (*events.Event, error) {
	if c.IdempotencyKey == "" {
		return nil, nil
	}
	id := events.EventID(t.Channel, t.Account, keyed(t, "command:"+c.IdempotencyKey))
	it, found, err := r.Conversations.Event(ctx, t.Conversation.ID, id)
	if err != nil || !found {
		return nil, err
	}
	if it.Asked != digest(c) {
		return nil, stale("the idempotency key was used for another command", "use a new key for each command")
	}
	e, err := it.Event()
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// digest is equal for equal commands; "" for one without a key, which none repeats.
func digest(c events.Command) string {
	if c.IdempotencyKey == "" {
		return ""
	}
	doc, _ := json.Marshal(c) // texts, times and numbers
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

// keyed makes a key of one conversation: the same key in two is two commands.
func keyed(t thread.Thread, key string) string { return key + "@" + t.Conversation.ID }

// An Appended event, and the conversation after it.
type Appended struct {
	Event  events.Event
	Item   store.Item
	State  store.State
	Thread thread.Thread
}

// Append makes a change the conversation's next event, if the conversation is still as s
// says, t being what s holds.
func (r Runner) Append(ctx context.Context, s store.State, t thread.Thread, c Change) (Appended, error) {
	return r.append(ctx, s, t, c, nil)
}

func (r Runner) append(ctx context.Context, s store.State, t thread.Thread, c Change, load *store.Load) (Appended,
	error) {
	e := r.event(t, c)
	e.Sequence = events.FormatSequence(s.Sequence + 1)
	next, after := r.Board.Next(s, t, &e)
	if err := e.Validate(); err != nil {
		return Appended{}, fmt.Errorf("event %s: %w", e.Type, err)
	}
	it, err := store.NewItem(&e, nil, 0)
	if err != nil {
		return Appended{}, err
	}
	it, next, err = r.Conversations.Append(ctx, it, s, next, store.Decision{Hold: c.Hold, Asked: c.Asked}, load)
	return Appended{e, it, next, after}, err
}

// event is a change as an event of t.
func (r Runner) event(t thread.Thread, c Change) events.Event {
	conversation := t.Conversation
	e := events.Event{Type: c.Type, Key: keyed(t, c.Key), Data: c.Data}
	e.Data.Conversation, e.Data.Contact = &conversation, t.Contact
	channel.Complete(&e, t.Channel, t.Account, r.Now())
	c.Hold.Stamp(&e)
	return e
}

// Remind has a conversation looked at when something of it ends that did not before, to the
// second. What it cannot do, the sweeper does within a minute or two.
func (r Runner) Remind(ctx context.Context, t, before thread.Thread) error {
	due := r.Board.Due(t)
	delay := due.Sub(r.Now())
	if due.IsZero() || due.Equal(r.Board.Due(before)) || delay > queue.MaxDelay || r.Clock == nil {
		return nil
	}
	return r.Clock.Send(ctx, queue.RingIn(t.Conversation.ID, delay+time.Second))
}
