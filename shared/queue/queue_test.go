package queue_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/store"
)

// batch is Lambda's event of messages "id group".
func batch(messages ...string) []byte {
	var list []string
	for _, m := range messages {
		id, group, _ := strings.Cut(m, " ")
		list = append(list, fmt.Sprintf(`{"messageId":%q,"body":"body of %s","attributes":{"MessageGroupId":%q,`+
			`"ApproximateReceiveCount":"7"}}`, id, id, group))
	}
	return []byte(`{"Records":[` + strings.Join(list, ",") + `]}`)
}

// TestBatchAnswer holds the answer to the bytes Lambda reads: a wrong key would
// read as success.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
func TestBatchAnswer(t *testing.T) {
	for _, x := range []struct {
		name, want string
		done       map[string]int // by group; negative panics
		messages   []string
	}{
		{"nothing", `{"batchItemFailures":[]}`, nil, nil},
		{"all done", `{"batchItemFailures":[]}`, map[string]int{"A": 2, "B": 1}, []string{"1 A", "2 B", "3 A"}},
		{"a group stops", `{"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"4"}]}`, map[string]int{"A": 1,
			"B": 1}, []string{"1 A", "2 B", "3 A", "4 A"}},
		{"nothing done", `{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"}]}`, map[string]int{},
			[]string{"1 A", "2 B"}},
		{"more done than there is", `{"batchItemFailures":[]}`, map[string]int{"A": 9}, []string{"1 A"}},
		{"a panic returns its group", `{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"3"}]}`,
			map[string]int{"A": -1, "B": 1}, []string{"1 A", "2 B", "3 A"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var logs bytes.Buffer
			source := queue.Source{Log: slog.New(slog.NewTextHandler(&logs, nil))}
			got, err := source.Batch(t.Context(), batch(x.messages...), func(_ context.Context, g queue.Group) int {
				if x.done[g.Name] < 0 {
					panic("canary")
				}
				return x.done[g.Name]
			})
			if err != nil || string(got) != x.want {
				t.Errorf("%s %v, want %s", got, err, x.want)
			}
			if strings.Contains(logs.String(), "body of") {
				t.Errorf("a body is in the log: %s", logs.String())
			}
		})
	}
	if _, err := (queue.Source{Log: slog.Default()}).Batch(t.Context(), []byte("{"), nil); err == nil {
		t.Error("a malformed event was taken")
	}
}

func TestBatchKeepsOrderInAGroup(t *testing.T) {
	var got []queue.Record
	_, err := queue.Source{Log: slog.Default()}.Batch(t.Context(), batch("1 A", "2 A", "3 A"), func(_ context.Context,
		g queue.Group) int {
		got = g.Records
		return len(got)
	})
	want := []queue.Record{{ID: "1", Group: "A", Body: "body of 1", Receives: 7}, {ID: "2", Group: "A", Body: "body of 2",
		Receives: 7}, {ID: "3", Group: "A", Body: "body of 3", Receives: 7}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

// newQueue is a queue whose nth call fails, counted from 1.
func newQueue(t *testing.T, failing int) *queue.Queue {
	t.Helper()
	calls := 0
	server, err := awsfake.New(awsfake.Options{Intercept: func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "sqs:CreateQueue" {
			return nil
		}
		if calls++; calls == failing {
			return &awsfake.Fault{Status: 400, Code: "AccessDenied"}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	c := sqs.New(sqs.Options{Region: "us-east-1", HTTPClient: server.HTTPClient(),
		BaseEndpoint: aws.String("http://aws.local"),
		Credentials:  credentials.NewStaticCredentialsProvider("me", "me", "")})
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q.fifo"),
		Attributes: map[string]string{"FifoQueue": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	return queue.New(c, aws.ToString(out.QueueUrl))
}

func messages(n int) []queue.Message {
	var ms []queue.Message
	for i := range n {
		ms = append(ms, queue.Message{Group: "g", Dedup: fmt.Sprint(i), Body: "b",
			Attributes: map[string]string{"type": "t"}})
	}
	return ms
}

// TestSendAllNamesWhatFailed: a call of three fails, and one entry of another.
func TestSendAllNamesWhatFailed(t *testing.T) {
	q := newQueue(t, 2)
	ms := messages(25)
	ms[3].Body = "\x01" // SQS takes no control characters
	failed, err := q.SendAll(t.Context(), ms)
	want := append([]int{3}, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
	if !slices.Equal(failed, want) || err == nil {
		t.Errorf("failed %v, error %v, want %v and an error", failed, err, want)
	}
	if n, err := q.Depth(t.Context()); n != 14 || err != nil {
		t.Errorf("depth %d %v, want 14", n, err)
	}
}

// TestSendAllTellsOfEach: SQS answers 200 to a batch of which it refused one.
func TestSendAllTellsOfEach(t *testing.T) {
	ms := messages(3)
	ms[1].Body = "\x01"
	if failed, err := newQueue(t, 0).SendAll(t.Context(), ms); !slices.Equal(failed, []int{1}) || err == nil {
		t.Errorf("failed %v, error %v", failed, err)
	}
}

// TestBatchReturnsTheRest of a group, from what failed on.
func TestBatchReturnsTheRest(t *testing.T) {
	out, err := queue.Source{Log: slog.Default()}.Batch(t.Context(), batch("1 A", "2 A", "3 A"),
		func(context.Context, queue.Group) int { return 1 })
	want := `{"batchItemFailures":[{"itemIdentifier":"2"},{"itemIdentifier":"3"}]}`
	if string(out) != want || err != nil {
		t.Errorf("%s %v, want %s", out, err, want)
	}
}

func TestSend(t *testing.T) {
	q := newQueue(t, 3)
	for range 2 { // the second is a repetition
		if err := q.Send(t.Context(), messages(1)[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Send(t.Context(), messages(1)[0]); err == nil {
		t.Error("a refused send is no error")
	}
	if n, err := q.Depth(t.Context()); n != 1 || err != nil {
		t.Errorf("depth %d %v, want 1", n, err)
	}
}

func TestRings(t *testing.T) {
	items := []store.Item{{Conversation: "A", ID: "1"}, {Conversation: "B", ID: "2"}, {Conversation: "A", ID: "3"},
		{Conversation: "A", ID: "4"}}
	for _, x := range []struct {
		name     string
		outcomes []store.Outcome
		want     string // group:dedup
	}{
		{"one per conversation", []store.Outcome{store.Committed, store.Committed, store.Committed, store.Committed},
			"A:1 B:2"},
		{"the new one is preferred", []store.Outcome{store.Pending, store.Pending, store.Committed, store.Committed},
			"A:3 B:2"},
		{"a pending one does not replace a new one", []store.Outcome{store.Committed, store.Done, store.Pending, store.Done},
			"A:1"},
		{"no ring for what is done or refused", []store.Outcome{store.Done, store.Refused, store.Refused, store.Done}, ""},
	} {
		var got []string
		for _, m := range queue.Rings(items, x.outcomes) {
			got = append(got, m.Group+":"+m.Dedup)
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%s: %v, want %s", x.name, got, x.want)
		}
	}
}

func TestRingsAgainAreNoRepetitions(t *testing.T) {
	now := time.Unix(1, 0)
	due := []store.Due{{Conversation: "A", ID: "1"}, {Conversation: "A", ID: "2"}}
	first, second := queue.RingsAgain(due, now), queue.RingsAgain(due, now.Add(time.Millisecond))
	if len(first) != 1 || first[0].Body != `{"ring":"A"}` {
		t.Errorf("rings %+v, want one for A", first)
	}
	if first[0].Dedup == second[0].Dedup || first[0].Dedup == queue.Ring("A", "1").Dedup {
		t.Errorf("%q and %q would be dropped as repetitions", first[0].Dedup, second[0].Dedup)
	}
}

func TestSpill(t *testing.T) {
	items := []store.Item{{Conversation: "A", ID: "1", Order: "o", Received: time.Unix(5, 0).UTC(), Body: []byte{1, 2}},
		{Conversation: "B", ID: "2"}}
	m, err := queue.Spill("g", items)
	if err != nil {
		t.Fatal(err)
	}
	back, err := queue.Spilled(m.Body)
	if diff := cmp.Diff(items, back, cmp.AllowUnexported(store.Item{})); diff != "" || err != nil {
		t.Error(diff, err)
	}
	other, err := queue.Spill("g", []store.Item{items[0], {Conversation: "B", ID: "3"}})
	if err != nil || m.Dedup == other.Dedup {
		t.Errorf("two spills that begin alike have the same deduplication id (%v)", err)
	}
	if again, err := queue.Spill("g", items); err != nil || again.Dedup != m.Dedup {
		t.Errorf("a repetition has another deduplication id (%v)", err)
	}
	if _, err := queue.Spilled("{"); err == nil {
		t.Error("a malformed spill was read")
	}
}

// TestGoOn: who stopped because the turn is over goes on, as often as that is within
// the five minutes of SQS; who stopped for another reason does not.
func TestGoOn(t *testing.T) {
	now := time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
	s := queue.Source{Queue: newQueue(t, 0), Now: func() time.Time { return now }}
	other := errors.New("other")
	for i, x := range []struct {
		err, want error
		rings     int // so far
	}{{nil, nil, 0}, {other, other, 0}, {queue.ErrTurn, nil, 1}, {fmt.Errorf("a: %w", queue.ErrTurn), nil, 2}} {
		err := s.GoOn(t.Context(), "cnv_a", x.err)
		if n, e := s.Depth(t.Context()); !errors.Is(err, x.want) || n != x.rings || e != nil {
			t.Errorf("%d: %v, and %d rings (%v), want %v and %d", i, err, n, e, x.want, x.rings)
		}
	}
}

// TestTurns: whoever shares a batch gives way after some seconds; nobody begins what
// does not end before the function does.
func TestTurns(t *testing.T) {
	began := time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)
	over := func(elapsed, need time.Duration, messages ...string) (is bool) {
		now := began
		ctx, cancel := context.WithDeadline(t.Context(), began.Add(60*time.Second))
		defer cancel()
		s := queue.Source{Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }}
		var once sync.Once
		if _, err := s.Batch(ctx, batch(messages...), func(_ context.Context, g queue.Group) int {
			once.Do(func() {
				now = began.Add(elapsed)
				is = g.Over(need)
			})
			return len(g.Records)
		}); err != nil {
			t.Fatal(err)
		}
		return is
	}
	for _, x := range []struct {
		name     string
		elapsed  time.Duration
		need     time.Duration
		messages []string
		want     bool
	}{
		{"alone, early", 3 * time.Second, time.Second, []string{"1 a"}, false},
		{"alone, for long", 30 * time.Second, time.Second, []string{"1 a"}, false},
		{"shared, early", 3 * time.Second, time.Second, []string{"1 a", "2 a", "3 b"}, false},
		{"shared, for long", 5 * time.Second, time.Second, []string{"1 a", "2 a", "3 b"}, true},
		{"alone, near the end", 50 * time.Second, 10 * time.Second, []string{"1 a"}, true},
		{"alone, with a short step left", 50 * time.Second, time.Second, []string{"1 a"}, false},
	} {
		if got := over(x.elapsed, x.need, x.messages...); got != x.want {
			t.Errorf("%s: over is %v", x.name, got)
		}
	}
}

// TestStandardQueue: its messages are in no group, so that one which fails keeps none of
// the others.
func TestStandardQueue(t *testing.T) {
	payload := []byte(`{"Records":[{"messageId":"1","body":"a","attributes":{"ApproximateReceiveCount":"7"}},
		{"messageId":"2","body":"b","attributes":{"ApproximateReceiveCount":"7"}},{"messageId":"3","body":"c"}]}`)
	var mu sync.Mutex
	var got []queue.Record
	out, err := queue.Source{Log: slog.Default()}.Batch(t.Context(), payload, func(_ context.Context,
		g queue.Group) int {
		mu.Lock()
		defer mu.Unlock()
		if got = append(got, g.Records...); g.Name == "2" {
			return 0
		}
		return len(g.Records)
	})
	if want := `{"batchItemFailures":[{"itemIdentifier":"2"}]}`; string(out) != want || err != nil {
		t.Errorf("%s %v, want %s", out, err, want)
	}
	slices.SortFunc(got, func(a, b queue.Record) int { return strings.Compare(a.ID, b.ID) })
	want := []queue.Record{{ID: "1", Body: "a", Receives: 7}, {ID: "2", Body: "b", Receives: 7}, {ID: "3", Body: "c"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestDelay is for standard queues; FIFO ones refuse it.
func TestDelay(t *testing.T) {
	late := messages(1)[0]
	late.Delay = time.Second
	if err := newQueue(t, 0).Send(t.Context(), late); !queue.Permanent(err) {
		t.Errorf("a FIFO queue took a delay: %v", err)
	}
	for after, want := range map[time.Duration]time.Duration{-time.Second: 0, 45 * time.Second: 45 * time.Second,
		time.Hour: queue.MaxDelay} {
		m := queue.RingIn("cnv_a", after)
		if diff := cmp.Diff(queue.Message{Body: `{"ring":"cnv_a"}`, Delay: want}, m); diff != "" {
			t.Errorf("a ring in %v (-want +got):\n%s", after, diff)
		}
	}
}
