package sqs

import (
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// dedupWindow is how long a deduplication id is remembered, whatever became of its message.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
const dedupWindow = 5 * time.Minute

// A queue holds its messages by state. Every message is in messages and aging; those delayed or in flight are also in
// waiting; ready holds what a receive may start with: on a standard queue every ready message, on a FIFO queue the
// head of each group within the window, unless it is in flight: then the group waits for it.
type queue struct {
	Name              string
	Attributes        map[string]string
	Tags              map[string]string `json:",omitempty"`
	Created, Modified int64             // seconds since 1970

	fifo            bool
	messages        map[uint64]*message
	ready           messageHeap
	waiting         messageHeap
	aging           messageHeap
	groups          map[string]*group
	window          window
	inFlight, delay int
	dedup           map[string]duplicate
	dedupOrder      []string
	purged          time.Time
	changed         chan struct{} // closed at the next change that a long poll waits for; nil when none waits
}

// A duplicate is the answer to a send whose deduplication id was seen before.
type duplicate struct {
	ID  string
	Seq uint64
	At  int64 // milliseconds since 1970
}

// init makes the parts that are not kept.
func (q *queue) init() *queue {
	q.fifo = q.Attributes["FifoQueue"] == "true"
	q.messages, q.groups, q.dedup = map[uint64]*message{}, map[string]*group{}, map[string]duplicate{}
	seq := func(m *message) int64 { return int64(m.Seq) }
	q.ready = messageHeap{key: seq, place: func(m *message) *int { return &m.readyPlace }}
	q.waiting = messageHeap{key: func(m *message) int64 { return m.visibleAt },
		place: func(m *message) *int { return &m.waitPlace }}
	q.aging = messageHeap{key: func(m *message) int64 { return m.Sent },
		place: func(m *message) *int { return &m.agingPlace }}
	return q
}

// add takes a new or a loaded message in.
func (q *queue) add(m *message, now int64) {
	q.messages[m.Seq] = m
	q.aging.add(m)
	if q.fifo {
		g := q.groups[m.Group]
		if g == nil {
			g = &group{}
			q.groups[m.Group] = g
		}
		g.messages = append(g.messages, m)
		defer q.window.add(m, q.offer) // once its state is known
	}
	switch {
	case m.Count > 0 && m.VisibleAgain > now:
		q.hide(m, m.VisibleAgain)
	case m.Start > now:
		m.state, m.visibleAt = delayed, m.Start
		q.delay++
		q.waiting.add(m)
	default:
		m.state = ready
		q.offer(m)
	}
}

// offer puts into ready what m's change of state made deliverable, and wakes those who wait for it.
func (q *queue) offer(m *message) {
	if q.fifo {
		g := q.groups[m.Group]
		if g == nil {
			return
		}
		if m = g.first(); m == nil || m.Seq > q.window.edge {
			return
		}
	}
	if m.state == ready {
		q.ready.add(m)
		q.wake()
	}
}

// hide makes a ready message invisible until a time.
func (q *queue) hide(m *message, until int64) {
	q.ready.drop(m)
	m.state, m.visibleAt = inFlight, until
	m.VisibleAgain = until
	q.waiting.add(m)
	q.inFlight++
}

// leave takes a message out of the state it is in.
func (q *queue) leave(m *message) {
	q.ready.drop(m)
	q.waiting.drop(m)
	switch m.state {
	case delayed:
		q.delay--
	case inFlight:
		q.inFlight--
	}
}

// show makes a message visible.
func (q *queue) show(m *message) {
	q.leave(m)
	m.state = ready
	q.offer(m)
}

// remove forgets a message. Its group goes on where it was the head.
func (q *queue) remove(m *message) {
	q.leave(m)
	m.state = removed
	delete(q.messages, m.Seq)
	q.aging.drop(m)
	if !q.fifo {
		return
	}
	if q.groups[m.Group].first() == nil {
		delete(q.groups, m.Group)
	} else {
		q.offer(m)
	}
	q.window.remove(m, q.offer)
}

// settle brings the queue to the present: delays and visibility timeouts end, old messages and deduplication ids go.
// It returns what is no longer to be kept.
func (q *queue) settle(now int64) (gone []keep.Op) {
	for m := q.waiting.first(); m != nil && m.visibleAt <= now; m = q.waiting.first() {
		q.show(m)
	}
	retention := int64(q.number("MessageRetentionPeriod")) * 1000
	for m := q.aging.first(); m != nil && m.Sent+retention <= now; m = q.aging.first() {
		q.remove(m)
		gone = append(gone, q.forget(m)...)
	}
	for len(q.dedupOrder) > 0 {
		key := q.dedupOrder[0]
		d := q.dedup[key]
		if d.At+dedupWindow.Milliseconds() > now {
			break
		}
		q.dedupOrder = q.dedupOrder[1:]
		delete(q.dedup, key)
		gone = append(gone, keep.Op{Key: q.dedupKey(key)})
	}
	return gone
}

func (q *queue) remember(key string, d duplicate) {
	q.dedup[key] = d
	q.dedupOrder = append(q.dedupOrder, key)
}

// due is when settle next has something to do for those who wait; zero means never.
func (q *queue) due() int64 {
	if m := q.waiting.first(); m != nil {
		return m.visibleAt
	}
	return 0
}

// wake lets long polls look again.
func (q *queue) wake() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// change returns a channel that is closed at the next wake.
func (q *queue) change() <-chan struct{} {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.changed
}

func (q *queue) forget(m *message) []keep.Op {
	ops := []keep.Op{{Key: q.messageKey(m.Seq)}}
	if m.Count > 0 {
		ops = append(ops, keep.Op{Key: q.receiptsKey(m.Seq)})
	}
	return ops
}
