package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/store"
)

// message tells what became of the path's message: how far the sender is, and what
// platforms said since.
func (h *Handler) message(ctx context.Context, r request) (answer, error) {
	m, found, err := h.Messages.Message(ctx, r.id)
	if err != nil {
		return answer{}, err
	}
	if !found {
		return answer{}, missing.because("no such message of the brand")
	}
	asked, err := outbox.Decode(m)
	if err != nil {
		return answer{}, err
	}
	t := asked.Thread
	if !r.Reaches(t.Channel, t.Account) {
		return answer{}, missing.because("no such message of the brand")
	}
	d := events.Delivery{ID: m.ID, Conversation: t.Conversation.ID, Channel: t.Channel, Account: t.Account,
		CreatedAt: m.Created, Rendering: asked.Rendering, Metadata: asked.Outbound.Metadata}
	if d.Parts, err = h.parts(ctx, m, asked); err != nil {
		return answer{}, err
	}
	d.State, d.Error = together(d.Parts)
	if !r.May(access.PII) {
		m, err := h.mask(ctx, t.Conversation.ID)
		if err != nil {
			return answer{}, err
		}
		m.Delivery(&d, t.Contact, &t.Conversation)
	}
	return answer{status: http.StatusOK, body: d}, nil
}

// parts is the state of each call of a message.
func (h *Handler) parts(ctx context.Context, m store.Message, asked outbox.Request) ([]events.Part, error) {
	parts := make([]events.Part, len(asked.Calls))
	waiting := false // for more to be told
	for i := range parts {
		parts[i] = attempted(m, i)
		if err := h.receipts(ctx, asked, &parts[i], m.ID, i+1); err != nil {
			return nil, err
		}
		waiting = waiting || below(parts[i].State, events.Read)
	}
	if !waiting || m.Progress.State == events.Queued {
		return parts, nil
	}
	return parts, h.marks(ctx, m, asked, parts)
}

// attempted is call i (from 0) of a message as the sender left it.
func attempted(m store.Message, i int) events.Part {
	p := m.Progress
	part := events.Part{ID: store.PartID(m.ID, i+1), State: events.Queued, PlatformIDs: []string{}}
	switch {
	case i < p.Done:
		part.State = events.Accepted
		part.PlatformIDs = append(part.PlatformIDs, p.IDs[i]...)
	case slices.Contains(p.Uncertain, i+1):
		part.State, part.Error = events.Uncertain, p.Error
	case p.State == events.Uncertain:
		part.State, part.Error = events.Failed, &events.StatusError{Class: events.ClassPlatform,
			Title: "not sent: what became of the part before is not known", Remedy: "send it again when you know"}
	case p.State != events.Queued:
		part.State, part.Error = p.State, p.Error
	}
	return part
}

// receipts moves a part up to what the platform told of it, by our id or by its own.
func (h *Handler) receipts(ctx context.Context, asked outbox.Request, part *events.Part, message string, n int) error {
	if part.State != events.Accepted && part.State != events.Uncertain {
		return nil
	}
	told, found, err := h.Receipts.Correlated(ctx, message, n)
	if err != nil {
		return err
	}
	if found {
		raise(part, told)
		if len(part.PlatformIDs) == 0 && told.Platform != "" {
			part.PlatformIDs = []string{told.Platform}
		}
	}
	for _, id := range part.PlatformIDs {
		told, _, err := h.Receipts.Linked(ctx, events.MessageID(asked.Thread.Channel, asked.Thread.Account, id))
		if err != nil {
			return err
		}
		raise(part, told)
	}
	return nil
}

func raise(part *events.Part, told store.Receipt) {
	if below(part.State, told.State) {
		part.State, part.At, part.Error = told.State, told.Time, told.Error
	}
}

// below says whether a comes before b.
func below(a, b events.State) bool { return a != b && store.Higher(a, b) == b }

// marks moves parts up to the conversation's watermarks: what a platform took before
// one is delivered or read.
func (h *Handler) marks(ctx context.Context, m store.Message, asked outbox.Request, parts []events.Part) error {
	delivered, read, err := h.Receipts.Marks(ctx, asked.Thread.Conversation.ID)
	if err != nil || delivered.IsZero() && read.IsZero() {
		return err
	}
	since, err := h.taken(ctx, m, asked)
	if err != nil || since.IsZero() {
		return err
	}
	for i := range parts {
		if below(parts[i].State, events.Accepted) {
			continue
		}
		if !delivered.Before(since) {
			raise(&parts[i], store.Receipt{State: events.Delivered})
		}
		if !read.Before(since) {
			raise(&parts[i], store.Receipt{State: events.Read})
		}
	}
	return nil
}

// taken is when the platform took a message, zero when that is not known. The event
// that told it was made after the platform had stamped the message, which is what
// watermarks compare with: by as much as a call may take.
func (h *Handler) taken(ctx context.Context, m store.Message, asked outbox.Request) (time.Time, error) {
	key := "ended:" + m.ID
	if m.Progress.State == events.Accepted {
		key = "sent:" + m.ID
	}
	t := asked.Thread
	it, found, err := h.Conversations.Event(ctx, t.Conversation.ID, events.EventID(t.Channel, t.Account, key))
	if err != nil || !found {
		return time.Time{}, err
	}
	e, err := it.Event()
	if err != nil {
		return time.Time{}, err
	}
	if began := e.Time.Add(-outhttp.Timeout); began.After(m.Created) {
		return began, nil
	}
	return m.Created, nil
}

// together is the state of all parts: how one has ended badly, or else the least
// that holds of each.
func together(parts []events.Part) (events.State, *events.StatusError) {
	least, worst := parts[0], parts[0]
	for _, p := range parts[1:] {
		if below(p.State, least.State) {
			least = p
		}
		if below(worst.State, p.State) {
			worst = p
		}
	}
	if below(events.Played, worst.State) {
		return worst.State, worst.Error
	}
	return least.State, least.Error
}
