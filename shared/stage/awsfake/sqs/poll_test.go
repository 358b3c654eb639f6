package sqs

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// A watch is a clock that tests set.
type watch struct {
	mu sync.Mutex
	t  time.Time
}

func (w *watch) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.t
}

func (w *watch) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t = w.t.Add(d)
}

// TestLongPollIsWoken starts a poll of 20 seconds, waits until it waits, and expects it back long before by each of
// the
// things that may end it.
func TestLongPollIsWoken(t *testing.T) {
	for name, c := range map[string]struct {
		wake func(*Queues, *watch)
		want int
	}{
		"by a send": {func(s *Queues, w *watch) {
			must(t, s, "SendMessage", `{"QueueUrl":"q","MessageBody":"x","DelaySeconds":0}`)
		}, 1},
		"by the end of a delay": {func(s *Queues, w *watch) {
			must(t, s, "SendMessage", `{"QueueUrl":"q","MessageBody":"x","DelaySeconds":15}`)
			w.advance(15 * time.Second)
			s.Wake()
		}, 1},
		"by the end of its wait on the emulated clock": {func(s *Queues, w *watch) { w.advance(20 * time.Second); s.Wake() },
			0},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := keep.Open("")
			if err != nil {
				t.Fatal(err)
			}
			w := &watch{t: time.Unix(1e9, 0)}
			s, err := New(w.now, log, "us-east-1", "0")
			if err != nil {
				t.Fatal(err)
			}
			must(t, s, "CreateQueue", `{"QueueName":"q"}`)
			got := make(chan receiveReply)
			started := time.Now()
			go func() { got <- must(t, s, "ReceiveMessage", `{"QueueUrl":"q","WaitTimeSeconds":20}`).(receiveReply) }()
			for !s.polled() {
				runtime.Gosched()
			}
			c.wake(s, w)
			if n := len((<-got).Messages); n != c.want {
				t.Errorf("received %d messages, want %d", n, c.want)
			}
			if d := time.Since(started); d > 10*time.Second {
				t.Errorf("came back after %v of real time", d)
			}
		})
	}
}

// polled says whether a poll waits on the queue.
func (s *Queues) polled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues["q"].changed != nil
}

func must(t *testing.T, s *Queues, action, body string) any {
	t.Helper()
	reply, _, err := s.Call(context.Background(), action, []byte(body), Caller{BaseURL: "http://x"})
	if err != nil {
		t.Error(fmt.Errorf("%s %s: %w", action, body, err))
	}
	return reply
}
