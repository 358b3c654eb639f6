package webhook

import (
	"context"
	"fmt"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

const (
	// A batch over either bound goes through the spill queue whole: its answer
	// takes a call or a few, however many events it holds.
	smallEvents, smallBytes = 50, 256 << 10
	// spillBytes is how much of a large batch one spill message carries. SQS takes
	// 1 MiB, and base64 adds a third.
	spillBytes = 600 << 10
)

// commit makes every item durable, in the mailbox or else in the spill queue. An error means that at least one is in neither.
func (h *Handler) commit(ctx context.Context, items []store.Item) (channel.Receipt, error) {
	if len(items) == 0 {
		return channel.Receipt{}, nil
	}
	if isLarge(items) {
		if err := h.spillAll(ctx, items); err == nil {
			return channel.Receipt{New: len(items)}, nil
		}
	}
	outcomes, refusal := h.Mailbox.Commit(ctx, items)
	var receipt channel.Receipt
	var lost []store.Item
	for i, it := range items {
		switch outcomes[i] {
		case store.Refused:
			lost = append(lost, it)
		case store.Committed:
			receipt.New++
		default:
			receipt.Duplicates++
		}
	}
	if len(lost) > 0 {
		h.Log.Error("the table did not take events, spilling", "events", len(lost), "error", refusal.Error())
		if err := h.spillEach(ctx, lost); err != nil {
			return channel.Receipt{}, fmt.Errorf("table and spill queue both refused: %w", err)
		}
		receipt.New += len(lost)
	}
	return receipt, nil
}

func isLarge(items []store.Item) bool {
	size := 0
	for _, it := range items {
		size += len(it.Body)
	}
	return len(items) > 1 && (len(items) > smallEvents || size > smallBytes)
}

// spillEach queues items one by one under their conversations, in order.
func (h *Handler) spillEach(ctx context.Context, items []store.Item) error {
	messages := make([]queue.Message, len(items))
	for i := range items {
		m, err := queue.Spill(items[i].Conversation, items[i:i+1])
		if err != nil {
			return err
		}
		messages[i] = m
	}
	return h.spill(ctx, messages, len(items))
}

// spillAll queues a large batch in as few messages as it fits, under one group.
func (h *Handler) spillAll(ctx context.Context, items []store.Item) error {
	var messages []queue.Message
	for start := 0; start < len(items); {
		end, size := start, 0
		for end < len(items) && (end == start || size+len(items[end].Body) <= spillBytes) {
			size += len(items[end].Body)
			end++
		}
		m, err := queue.Spill(items[0].ID, items[start:end])
		if err != nil {
			return err
		}
		messages = append(messages, m)
		start = end
	}
	return h.spill(ctx, messages, len(items))
}

// spill sends messages one by one: a batch call shares the 1 MiB limit.
func (h *Handler) spill(ctx context.Context, messages []queue.Message, events int) error {
	for _, m := range messages {
		if err := h.Spill.Send(ctx, m); err != nil {
			return err
		}
	}
	h.Metrics.Count(observe.Spilled, events)
	return nil
}
