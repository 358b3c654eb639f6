package system_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// TestBacklogComesWithTheNextSweep: a destination is mended a minute after it
// broke. The sweeper's first ring, still within the five minutes in which SQS
// drops repetitions of the webhook's ring, brings what waited.
func TestBacklogComesWithTheNextSweep(t *testing.T) {
	r := newRig(t)
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "sqs:SendMessage" && strings.HasSuffix(c.Resource, "-support.fifo") {
			return &awsfake.Fault{Status: 403, Code: "KMS.AccessDeniedException"}
		}
		return nil
	})
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	r.drain()
	r.breaks(nil)
	r.clock.Advance(2 * time.Minute)
	if err := r.sys.Tick(context.Background(), r.function("sweeper")); err != nil {
		t.Fatal(err)
	}
	r.drain()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Errorf("two minutes later: %s", diff)
	}
}

// TestLargeBatchesThatBeginAlike are no repetitions of each other.
func TestLargeBatchesThatBeginAlike(t *testing.T) {
	r := newRig(t)
	batch := func(prefix string) []message {
		ms := []message{{"1", "wamid.first", "first", r.clock.Now()}}
		for i := range 50 {
			id := prefix + string(rune('A'+i))
			ms = append(ms, message{"1", "wamid." + id, id, r.clock.Now()})
		}
		return ms
	}
	for _, prefix := range []string{"a", "b"} {
		if got := r.post(batch(prefix)...); got != 200 {
			t.Fatalf("status %d, want 200", got)
		}
	}
	r.settle()
	if got := r.texts("support"); len(got) != 101 {
		t.Errorf("received %d events, want 101: a batch was taken for the other", len(got))
	}
}

// TestOutageIsNoPoison: an outage that outlasts every receive of a ring sets no
// event aside.
func TestOutageIsNoPoison(t *testing.T) {
	r := newRig(t)
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "dynamodb:TransactWriteItems" {
			return &awsfake.Fault{Status: 400, Code: "ThrottlingException"}
		}
		return nil
	})
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	for range 12 {
		r.drain()
		r.clock.Advance(2*time.Minute + time.Second)
	}
	r.breaks(nil)
	r.settle()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Errorf("after an outage of 24 minutes: %s", diff)
	}
}

// TestRefusalKeepsOrder: a destination refuses one event and would take the next
// ones. They wait for it.
func TestRefusalKeepsOrder(t *testing.T) {
	r := newRig(t)
	for i, text := range []string{"one", "two", "three"} {
		r.post(message{"1", "wamid." + text, text, r.clock.Now().Add(time.Duration(i) * time.Second)})
	}
	tries := 3 // of one call
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action != "sqs:SendMessage" || !strings.HasSuffix(c.Resource, "-support.fifo") || tries == 0 {
			return nil
		}
		tries--
		return &awsfake.Fault{}
	})
	r.settle()
	if diff := cmp.Diff([]string{"one", "two", "three"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestFailedDrainComesBackByItself: the ring is not consumed by a drain that
// failed, so its conversation waits for a visibility timeout and no sweeper.
func TestFailedDrainComesBackByItself(t *testing.T) {
	r := newRig(t)
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "dynamodb:Query" {
			return &awsfake.Fault{}
		}
		return nil
	})
	r.drain()
	r.breaks(nil)
	r.clock.Advance(121 * time.Second)
	r.drain()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}
