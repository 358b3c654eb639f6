package sqs

import "container/heap"

// A messageHeap gives the message with the smallest key first and can drop any message it holds. Each message knows
// its place in each heap, so dropping one of 100,000 costs as little as adding it.
type messageHeap struct {
	items []*message
	key   func(*message) int64
	place func(*message) *int // where m keeps its index plus one; zero means "not in this heap"
}

func (h *messageHeap) Len() int           { return len(h.items) }
func (h *messageHeap) Less(i, j int) bool { return h.key(h.items[i]) < h.key(h.items[j]) }

func (h *messageHeap) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	*h.place(h.items[i]), *h.place(h.items[j]) = i+1, j+1
}

// Push and Pop serve container/heap only.
func (h *messageHeap) Push(x any) {
	m := x.(*message)
	h.items = append(h.items, m)
	*h.place(m) = len(h.items)
}

func (h *messageHeap) Pop() any {
	last := len(h.items) - 1
	m := h.items[last]
	h.items[last] = nil
	h.items = h.items[:last]
	*h.place(m) = 0
	return m
}

func (h *messageHeap) first() *message {
	if len(h.items) == 0 {
		return nil
	}
	return h.items[0]
}

func (h *messageHeap) add(m *message) {
	if *h.place(m) == 0 {
		heap.Push(h, m)
	}
}

func (h *messageHeap) drop(m *message) {
	if i := *h.place(m); i > 0 {
		heap.Remove(h, i-1)
	}
}

// A group is the messages of one FIFO message group in the order they were sent. Removed messages stay until the
// head passes them, which keeps every step cheap.
type group struct {
	messages []*message
	head     int
}

func (g *group) first() *message {
	for g.head < len(g.messages) && g.messages[g.head].state == removed {
		g.messages[g.head] = nil
		g.head++
	}
	if g.head == len(g.messages) {
		return nil
	}
	if g.head > 64 && g.head > len(g.messages)/2 {
		g.messages = append([]*message(nil), g.messages[g.head:]...)
		g.head = 0
	}
	return g.messages[g.head]
}

// deliverable returns up to n messages from the head on, up to the first that is not ready or lies behind the edge of
// the queue's window.
func (g *group) deliverable(n int, edge uint64) []*message {
	var out []*message
	if g.first() == nil {
		return nil
	}
	for _, m := range g.messages[g.head:] {
		if m.state == removed {
			continue
		}
		if m.state != ready || m.Seq > edge || len(out) == n {
			break
		}
		out = append(out, m)
	}
	return out
}

// maxWindow is how many of a FIFO queue's messages SQS looks through for groups that are not locked.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/avoid-backlog-with-the-same-message-group-id.html
const maxWindow = 120_000

// A window is the oldest messages of a FIFO queue: what stands behind it waits until it moves on.
type window struct {
	order  []*message // all messages as they were sent; removed ones stay until the window moves over them
	next   int        // the first of order behind the window
	inside int        // how many messages of order[:next] are not removed
	edge   uint64     // the sequence number of the window's last message
}

// add appends a message, and moves on.
func (w *window) add(m *message, enter func(*message)) {
	w.order = append(w.order, m)
	w.move(enter)
}

// remove takes a removed message out of the count, and moves on.
func (w *window) remove(m *message, enter func(*message)) {
	if m.Seq <= w.edge {
		w.inside--
		w.move(enter)
	}
}

// move lets messages enter while there is room.
func (w *window) move(enter func(*message)) {
	for w.next < len(w.order) && w.inside < maxWindow {
		m := w.order[w.next]
		w.order[w.next] = nil // nobody looks back
		w.next++
		if m.state == removed {
			continue
		}
		w.inside++
		w.edge = m.Seq
		enter(m)
	}
	if w.next > 1024 && w.next > len(w.order)/2 {
		w.order = append([]*message(nil), w.order[w.next:]...)
		w.next = 0
	}
}
