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
	channels, err := h.stages(ctx, r.Caller, q)
	if err != nil {
		return answer{}, err
	}
	if err := h.Files.LoadKey(ctx); err != nil {
		return answer{}, err
	}
	out := events.Rendered{Channels: []events.RenderedChannel{}}
	for _, ch := range channels {
		out.Channels = append(out.Channels, h.rendered(ch, q.Outbound))
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

// stages are the channels on which to show a message.
func (h *Handler) stages(ctx context.Context, who access.Caller, q events.RenderRequest) ([]channel.Channel, error) {
	if len(q.Channels) == 0 && unnamed(q.Outbound.To) {
		return slices.DeleteFunc(slices.Clone(h.Outbox.Channels), mute), nil
	}
	if len(q.Channels) == 0 {
		name, err := h.channelOf(ctx, who, q.Outbound.To)
		if err != nil {
			return nil, err
		}
		ch, err := h.stage(name, "outbound.to")
		return []channel.Channel{ch}, err
	}
	var list []channel.Channel
	for i, name := range q.Channels {
		ch, err := h.stage(name, fmt.Sprintf("channels[%d]", i))
		if err == nil && slices.Contains(q.Channels[:i], name) {
			err = fault(fmt.Sprintf("channels[%d]", i), "must not repeat")
		}
		if err != nil {
			return nil, err
		}
		list = append(list, ch)
	}
	return list, nil
}

// stage is the channel of that name, which stands at path in the request.
func (h *Handler) stage(name, path string) (channel.Channel, error) {
	for _, ch := range h.Outbox.Channels {
		if ch.Name == name && !mute(ch) {
			return ch, nil
		}
	}
	return channel.Channel{}, fault(path, "must be a channel that sends")
}

// mute says whether a channel only receives.
func mute(ch channel.Channel) bool { return ch.Send == nil }

// channelOf is the channel of a recipient.
func (h *Handler) channelOf(ctx context.Context, who access.Caller, to events.To) (string, error) {
	switch {
	case to.Channel != "":
		return to.Channel, nil
	case to.Person != "":
		return "", fault("outbound.to.person", "is not available yet; name channels")
	}
	t, _, err := h.thread(ctx, who, to.Conversation)
	return t.Channel, err
}

func (h *Handler) rendered(ch channel.Channel, o events.Outbound) events.RenderedChannel {
	plan := outbox.Render(ch, o, h.Outbox.Link)
	out := events.RenderedChannel{Channel: ch.Name, Calls: []events.RenderedCall{}, Rendering: plan.Rendering}
	for i, c := range plan.Calls {
		out.Calls = append(out.Calls, events.RenderedCall{ID: strconv.Itoa(i + 1), Content: c.Content})
	}
	return out
}
