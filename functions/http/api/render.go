package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/thread"
)

// render shows what a message would become. Nothing is stored or sent.
func (h *Handler) render(ctx context.Context, r request) (answer, error) {
	var q events.RenderRequest
	if err := decode(r, &q); err != nil {
		return answer{}, err
	}
	if err := checkDraft(q.Outbound); err != nil {
		return answer{}, err
	}
	stages, err := h.stages(ctx, r.Caller, q)
	if err != nil {
		return answer{}, err
	}
	if err := h.Files.LoadKey(ctx); err != nil {
		return answer{}, err
	}
	out := events.Rendered{Channels: []events.RenderedChannel{}}
	for _, s := range stages {
		out.Channels = append(out.Channels, h.rendered(s, q.Outbound))
	}
	return answer{status: http.StatusOK, body: out}, nil
}

// checkDraft finds the faults of a message that needs neither key nor recipient.
func checkDraft(o events.Outbound) error {
	if o.IdempotencyKey == "" {
		o.IdempotencyKey = "draft"
	}
	if unnamed(o.To) {
		o.To.Conversation = events.ConversationID("", "", "draft")
	}
	var faults events.Faults
	if !errors.As(o.Validate(), &faults) {
		return nil
	}
	for i := range faults {
		faults[i].Path = "outbound." + faults[i].Path
	}
	return faulty(faults)
}

// A stage is where a message is shown: a channel, and the conversation there that it is
// for. Without one it is shown as the channel usually does.
type stage struct {
	channel.Channel
	in *events.Conversation
}

// stages are those on which to show a message. What is for a conversation is shown as
// it would be there, also where other channels are asked for besides.
func (h *Handler) stages(ctx context.Context, who access.Caller, q events.RenderRequest) ([]stage, error) {
	if len(q.Channels) == 0 && unnamed(q.Outbound.To) {
		var all []stage
		for _, ch := range slices.DeleteFunc(slices.Clone(h.Outbox.Channels), mute) {
			all = append(all, stage{Channel: ch})
		}
		return all, nil
	}
	own, err := h.place(ctx, who, q.Outbound.To)
	switch {
	case err != nil:
		return nil, err
	case len(q.Channels) == 0 && q.Outbound.To.Person != "":
		return nil, fault("outbound.to.person", "is not available yet; name channels")
	case len(q.Channels) == 0 && own.Channel == "":
		return nil, missing.because("no such conversation")
	case len(q.Channels) == 0:
		s, err := h.stage(own, own.Channel, "outbound.to")
		return []stage{s}, err
	}
	var list []stage
	for i, name := range q.Channels {
		s, err := h.stage(own, name, fmt.Sprintf("channels[%d]", i))
		if err == nil && slices.Contains(q.Channels[:i], name) {
			err = fault(fmt.Sprintf("channels[%d]", i), "must not repeat")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// stage is the channel of that name, which stands at path in the request, with the
// conversation if that is own.
func (h *Handler) stage(own thread.Thread, name, path string) (stage, error) {
	for _, ch := range h.Outbox.Channels {
		if ch.Name != name || mute(ch) {
			continue
		}
		s := stage{Channel: ch}
		if own.Channel == name && own.Conversation.PlatformID != "" {
			s.in = &own.Conversation
		}
		return s, nil
	}
	return stage{}, fault(path, "must be a channel that sends")
}

// mute says whether a channel only receives.
func mute(ch channel.Channel) bool { return ch.Send == nil }

// place is where a recipient is: its conversation, or only its channel where there is none
// yet. Of a recipient that nobody knows it is neither.
func (h *Handler) place(ctx context.Context, who access.Caller, to events.To) (thread.Thread, error) {
	if unnamed(to) || to.Person != "" {
		return thread.Thread{}, nil
	}
	t, err := h.outbox(who).Recipient(ctx, to)
	var none *outbox.Refusal
	if errors.As(err, &none) {
		return thread.Thread{Channel: to.Channel}, nil
	}
	return t, err
}

func (h *Handler) rendered(s stage, o events.Outbound) events.RenderedChannel {
	plan := outbox.Render(s.Channel, s.in, o, h.Outbox.Link)
	out := events.RenderedChannel{Channel: s.Name, Calls: []events.RenderedCall{}, Rendering: plan.Rendering}
	for i, c := range plan.Calls {
		out.Calls = append(out.Calls, events.RenderedCall{ID: strconv.Itoa(i + 1), Content: c.Content})
	}
	return out
}
