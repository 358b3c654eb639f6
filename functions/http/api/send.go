package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// send takes a message to anybody.
func (h *Handler) send(ctx context.Context, r request) (answer, error) {
	o, err := outbound(r)
	if err != nil {
		return answer{}, err
	}
	return h.accept(ctx, r, o)
}

// reply takes a message to the path's conversation.
func (h *Handler) reply(ctx context.Context, r request) (answer, error) {
	o, err := outbound(r)
	if err != nil {
		return answer{}, err
	}
	if !namesOnly(o.To, r.id) {
		return answer{}, fault("to", elsewhere)
	}
	o.To = events.To{Conversation: r.id}
	return h.accept(ctx, r, o)
}

const elsewhere = "must be absent or name the conversation of the path"

// unnamed says whether to names nobody.
func unnamed(to events.To) bool { return namesOnly(to, "") }

// namesOnly says whether to names nobody else than a conversation.
func namesOnly(to events.To, conversation string) bool {
	return (to.Conversation == "" || to.Conversation == conversation) && to.Channel == "" && to.Account == "" &&
		to.Contact == "" && to.Identity == nil && to.Person == "" && len(to.Channels) == 0
}

// outbound reads a message. Its key may stand in a header instead.
func outbound(r request) (events.Outbound, error) {
	var o events.Outbound
	if err := decode(r, &o); err != nil {
		return o, err
	}
	err := keyed(r, &o.IdempotencyKey)
	return o, err
}

// keyed completes the key of a request by the one in its header.
func keyed(r request, key *string) error {
	header := idempotencyKey(r)
	if *key != "" && header != "" && *key != header {
		return fault("idempotencyKey", "must equal the header Idempotency-Key")
	}
	*key = cmp.Or(*key, header)
	return nil
}

// idempotencyKey is what the header holds, with or without the quotes that its
// draft standard wants.
// https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
func idempotencyKey(r request) string {
	key := strings.TrimSpace(r.Header.Get("Idempotency-Key"))
	if inner, ok := strings.CutPrefix(key, `"`); ok && strings.HasSuffix(inner, `"`) {
		return strings.TrimSuffix(inner, `"`)
	}
	return key
}

// needed is the scope that a message takes. To answer is one thing; to write to people
// first, or to many, another.
func needed(o events.Outbound) access.Scope {
	if o.Priority == events.Bulk || o.To.Identity != nil {
		return access.Outreach
	}
	return access.Reply
}

// outbox is as far as a caller reaches.
func (h *Handler) outbox(who access.Caller) *outbox.Outbox {
	box := *h.Outbox
	box.Within = who.Reaches
	return &box
}

// accept stores a message and rings for it.
func (h *Handler) accept(ctx context.Context, r request, o events.Outbound) (answer, error) {
	if scope := needed(o); !r.May(scope) {
		return answer{}, denied(scope)
	}
	if err := h.unseal(ctx, o.To.Conversation, "replyTo", o.ReplyTo); err != nil {
		return answer{}, err
	}
	var err error
	if o.From, err = h.voice(r.Caller, o.From); err != nil {
		return answer{}, err
	}
	if err := h.mayThen(ctx, r, o); err != nil {
		return answer{}, err
	}
	if err := h.Files.LoadKey(ctx); err != nil {
		return answer{}, err
	}
	a, err := h.outbox(r.Caller).Accept(ctx, o)
	if err != nil {
		return answer{}, h.unsaid(ctx, r, o.To.Conversation, err)
	}
	if a.State == events.Queued {
		if err := h.Outbox.Ring(ctx, a); err != nil {
			h.Log.Warn("accepted, but could not ring; the sweeper will", "messageId", a.ID, "error", err.Error())
		}
	}
	if c, ok := outbox.Then(o, a.Conversation); ok {
		if out, err := h.Runner.Run(ctx, c, callerOf(r.Caller)); err != nil {
			return answer{}, h.undone(r, out, err)
		}
	}
	return answer{status: http.StatusAccepted, header: map[string]string{"location": "/v1/messages/" + a.ID},
		body: a.Acceptance, made: a.ID}, nil
}

// unsaid is why a message is not accepted. Where another answers, or has spoken, it comes with
// the conversation as it is.
func (h *Handler) unsaid(ctx context.Context, r request, conversation string, err error) error {
	var refused *outbox.Refusal
	if !errors.As(err, &refused) || !refused.Stale || conversation == "" {
		return err
	}
	t, sequence, unread := h.thread(ctx, r.Caller, conversation)
	if unread != nil {
		return err
	}
	p := h.outdated(r, refused.Title, refused.Remedy, t, sequence)
	p.Class = refused.Class
	return p
}

// voice is the destination for which a caller speaks: the one it names, or its only
// one. Who has several and names none speaks for whoever holds.
func (h *Handler) voice(c access.Caller, from string) (string, error) {
	if from == "" && len(c.Destinations) != 1 {
		return "", nil
	}
	return speaker(c, from)
}

// mayThen says why the command that goes with a message would change nothing: then the
// message is not accepted either.
func (h *Handler) mayThen(ctx context.Context, r request, o events.Outbound) error {
	c, ok := outbox.Then(o, o.To.Conversation)
	if !ok {
		return nil
	}
	if scopes := deedScopes(c); !r.May(scopes...) {
		return denied(scopes...)
	}
	if out, err := h.Runner.Check(ctx, c, callerOf(r.Caller)); err != nil {
		return h.undone(r, out, err)
	}
	return nil
}

// maxQueued bounds an action, in bytes: what a queue's message holds.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const maxQueued = 1 << 20

// act takes an action in the path's conversation.
func (h *Handler) act(ctx context.Context, r request) (answer, error) {
	var a events.Action
	if err := decode(r, &a); err != nil {
		return answer{}, err
	}
	if !namesOnly(a.To, r.id) {
		return answer{}, fault("to", elsewhere)
	}
	a.To = events.To{Conversation: r.id}
	if err := h.unseal(ctx, r.id, "message", a.Message); err != nil {
		return answer{}, err
	}
	t, err := h.outbox(r.Caller).Act(ctx, &a)
	if err != nil {
		return answer{}, err
	}
	doc, err := channel.JSON(a)
	if err != nil {
		return answer{}, err
	}
	if len(doc) > maxQueued {
		return answer{}, oversize.because("the action is too large for the queue")
	}
	m := queue.Message{Group: string(store.ReplyLane(r.id)), Dedup: once(idempotencyKey(r), doc), Body: string(doc)}
	if err := h.Outbound.Send(ctx, m); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusAccepted,
		body: events.ActionAcceptance{Conversation: r.id, Channel: t.Channel, Account: t.Account, Verb: a.Verb}}, nil
}

// once is the deduplication id of an action: with a key, a repetition within the
// queue's five minutes is done once; without one, it is meant.
func once(key string, action []byte) string {
	if key == "" {
		return rand.Text()
	}
	sum := sha256.Sum256(append([]byte(key+"\x00"), action...))
	return hex.EncodeToString(sum[:])
}
