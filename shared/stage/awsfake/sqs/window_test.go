package sqs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// TestWindow: a group whose messages stand behind 120,000 others is not found, until enough of those are gone.
func TestWindow(t *testing.T) {
	attributes := map[string]string{"FifoQueue": "true", "MessageRetentionPeriod": "1209600"}
	q := (&queue{Name: "q.fifo", Attributes: attributes}).init()
	send := func(seq int, group string) *message {
		m := &message{Seq: uint64(seq), Group: group}
		q.add(m, 1)
		return m
	}
	var backlog []*message
	for i := range maxWindow {
		backlog = append(backlog, send(i+1, "busy"))
	}
	send(maxWindow+1, "busy")
	hidden := send(maxWindow+2, "other")
	first := q.ready.first()
	if first != backlog[0] {
		t.Fatalf("the first message is %+v", first)
	}
	q.hide(first, 1000)
	if m := q.ready.first(); m != nil {
		t.Fatalf("message %d is found behind the window", m.Seq)
	}
	q.remove(backlog[maxWindow-1]) // one that is not the head, as after a purge of a part
	if m := q.ready.first(); m != nil {
		t.Fatalf("message %d is found while the window is full", m.Seq)
	}
	q.remove(first)
	if !q.groupReady("other") {
		t.Error("the window has room for another group, which is not found")
	}
	if got := q.groups["other"].deliverable(10, q.window.edge); len(got) != 1 || got[0] != hidden {
		t.Errorf("deliverable are %v", got)
	}
	for _, m := range backlog[1 : maxWindow-1] {
		q.remove(m)
	}
	if len(q.messages) != 2 || q.window.inside != 2 {
		t.Errorf("%d messages, %d of them in the window", len(q.messages), q.window.inside)
	}
}

// groupReady says whether a group's head may be received.
func (q *queue) groupReady(group string) bool {
	for _, m := range q.ready.items {
		if m.Group == group {
			return true
		}
	}
	return false
}

// TestInFlightLimit: beyond it a standard queue answers with an error, a FIFO queue with nothing.
func TestInFlightLimit(t *testing.T) {
	log, err := keep.Open("")
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(time.Now, log, "us-east-1", "0")
	if err != nil {
		t.Fatal(err)
	}
	call := func(action, body string) error {
		_, _, err := s.Call(context.Background(), action, []byte(body), Caller{})
		return err
	}
	const fifo = `,"Attributes":{"FifoQueue":"true","ContentBasedDeduplication":"true"}`
	for name, extra := range map[string][2]string{"q": {}, "q.fifo": {fifo, `,"MessageGroupId":"g"`}} {
		if err := call("CreateQueue", fmt.Sprintf(`{"QueueName":%q%s}`, name, extra[0])); err != nil {
			t.Fatal(err)
		}
		if err := call("SendMessage", fmt.Sprintf(`{"QueueUrl":%q,"MessageBody":"x"%s}`, name, extra[1])); err != nil {
			t.Fatal(err)
		}
		s.queues[name].inFlight = maxInFlight
		err := call("ReceiveMessage", fmt.Sprintf(`{"QueueUrl":%q}`, name))
		var refusal *wire.Error
		limited := errors.As(err, &refusal) && refusal.Code() == "OverLimit" && refusal.Status == http.StatusForbidden
		if limited != (name == "q") || name != "q" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkBacklog drains a queue of 120,000 messages of one conversation, or of many, ten at a time.
func BenchmarkBacklog(b *testing.B) {
	for _, name := range []string{"groups.fifo", "onegroup.fifo"} {
		for _, n := range []int{20_000, 120_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				for b.Loop() {
					log, err := keep.Open("")
					if err != nil {
						b.Fatal(err)
					}
					s, err := New(time.Now, log, "us-east-1", "0")
					if err != nil {
						b.Fatal(err)
					}
					d := driver{b: b, s: s, name: name, body: "x"}
					d.call("CreateQueue", map[string]any{"QueueName": name, "Attributes": d.attributes()}, nil)
					for range n {
						d.send()
					}
					for left := n; left > 0; {
						var r receiveReply
						d.call("ReceiveMessage", map[string]any{"QueueUrl": name, "MaxNumberOfMessages": 10}, &r)
						for _, m := range r.Messages {
							d.call("DeleteMessage", map[string]any{"QueueUrl": name, "ReceiptHandle": m.ReceiptHandle}, nil)
						}
						if left -= len(r.Messages); len(r.Messages) == 0 {
							b.Fatalf("%d messages are not found", left)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/message")
			})
		}
	}
}
