package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// A Record is one received message of a Lambda batch.
type Record struct {
	ID          string // SQS's own
	Group, Body string // Group is empty in a standard queue
	Receives    int    // how often it was handed out, this time included
}

// A Group is the records of one message group in a batch, in order; or one record of a
// standard queue, by whose id it is called.
type Group struct {
	Name    string
	Records []Record
	turn    time.Time // when others of the batch have waited long enough; zero when there are none
	end     time.Time // when the function must have ended; zero when nobody says
	now     func() time.Time
}

// Over says whether the group's turn is over: what is left goes on after a ring, so
// that neither the function's deadline nor one long conversation holds others up.
// need is what the next step may take.
func (g Group) Over(need time.Duration) bool {
	if g.now == nil {
		return false
	}
	now := g.now()
	return !g.turn.IsZero() && now.After(g.turn) || !g.end.IsZero() && now.Add(need+reserve).After(g.end)
}

// Suspects says whether a record came so often that something in it may crash the
// function.
func (g Group) Suspects(receives int) bool {
	for _, r := range g.Records {
		if r.Receives >= receives {
			return true
		}
	}
	return false
}

const (
	// turn is how long a group may work while others of its batch have to wait for
	// the batch's end: SQS gives no more of a group while one of its messages is out.
	turn = 4 * time.Second
	// reserve is what a function needs to end in order: to record, ring and answer.
	reserve = 5 * time.Second
)

// A Source is the queue that a function works for.
type Source struct {
	*Queue        // nil leaves failed records to the queue's visibility timeout
	Dead   *Queue // its dead letters: what is no message of ours goes there at once
	Log    *slog.Logger
	Now    func() time.Time
}

// Batch handles an SQS event: groups in parallel, a group's records together and in
// order. In a standard queue each record is a group of its own. handle returns how many of the group's records
// are done; the rest go back to the queue, sooner the less often they came. The
// answer is Lambda's typed batch response, so that a wrong key cannot read as success.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
//
// A panic is logged and returns the group's records: they come back.
func (s Source) Batch(ctx context.Context, payload []byte, handle func(ctx context.Context,
	g Group) (done int)) ([]byte, error) {
	var in events.SQSEvent
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("sqs event: %w", err)
	}
	groups, order := byGroup(in.Records)
	proto := s.newGroup(ctx, len(order))
	failed := make([][]events.SQSMessage, len(order))
	var wg sync.WaitGroup
	for i, name := range order {
		wg.Go(func() {
			g := proto
			g.Name = name
			failed[i] = s.run(ctx, g, groups[name], handle)
			s.soon(ctx, failed[i])
		})
	}
	wg.Wait()
	out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, list := range failed {
		for _, m := range list {
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return json.Marshal(out)
}

func (s Source) newGroup(ctx context.Context, groups int) Group {
	g := Group{now: s.Now}
	g.end, _ = ctx.Deadline()
	if groups > 1 && s.Now != nil {
		g.turn = s.Now().Add(turn)
	}
	return g
}

func byGroup(messages []events.SQSMessage) (groups map[string][]events.SQSMessage, order []string) {
	groups = map[string][]events.SQSMessage{}
	for _, m := range messages {
		g := groupOf(m)
		if _, seen := groups[g]; !seen {
			order = append(order, g)
		}
		groups[g] = append(groups[g], m)
	}
	return groups, order
}

// groupOf is the group that a record of a batch belongs to.
func groupOf(m events.SQSMessage) string {
	return cmp.Or(m.Attributes["MessageGroupId"], m.MessageId)
}

func (s Source) run(ctx context.Context, g Group, ms []events.SQSMessage, handle func(context.Context,
	Group) int) (failed []events.SQSMessage) {
	done := 0
	defer func() {
		if crash := recover(); crash != nil {
			s.Log.Error("crash", "group", g.Name, "stack", string(debug.Stack()))
			done = 0
		}
		failed = ms[min(done, len(ms)):]
	}()
	g.Records = make([]Record, len(ms))
	for i, m := range ms {
		g.Records[i] = Record{ID: m.MessageId, Group: m.Attributes["MessageGroupId"], Body: m.Body, Receives: receives(m)}
	}
	done = handle(ctx, g)
	return failed
}

func receives(m events.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	return n
}

// backoff is how long what failed for the first, second and third time stays away;
// after that the queue's own visibility timeout holds.
var backoff = [...]time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second}

// soon lets what failed come back before the visibility timeout would: most of what
// fails does so for a moment, and in a FIFO queue it holds up its group. What cannot
// be shortened comes back later.
func (s Source) soon(ctx context.Context, failed []events.SQSMessage) {
	if s.Queue == nil || len(failed) == 0 {
		return
	}
	n := max(receives(failed[0]), 1)
	if n > len(backoff) {
		return
	}
	handles := make([]string, len(failed))
	for i, m := range failed {
		handles[i] = m.ReceiptHandle
	}
	if err := s.Queue.Show(ctx, handles, backoff[n-1]); err != nil {
		s.Log.Warn("messages come back only when their visibility timeout ends", "group",
			groupOf(failed[0]),
			"error", err.Error())
	}
}

// ErrTurn is the error of a worker that stopped because its group's turn is over.
var ErrTurn = errors.New("the turn is over")

// GoOn rings for the rest of a partition when err is ErrTurn: the worker goes on in an
// invocation of its own. Any other error is the caller's.
func (s Source) GoOn(ctx context.Context, partition string, err error) error {
	if !errors.Is(err, ErrTurn) {
		return err
	}
	return s.Send(ctx, again(Ring(partition, "on"), s.Now()))
}

// Bury moves a record that is no message of ours to the dead letters, where the
// alarm is, instead of holding up its group until it was received often enough.
func (s Source) Bury(ctx context.Context, r Record) error {
	s.Log.Error("a message of the queue is none of ours; it is in the dead letters", "group", r.Group, "sqsMessage", r.ID)
	if s.Dead == nil {
		return fmt.Errorf("message %s is none of ours, and there is no queue for dead letters", r.ID)
	}
	if r.Group == "" { // from a standard queue, whose dead letters have one, too
		return s.Dead.Send(ctx, Message{Body: r.Body})
	}
	return s.Dead.Send(ctx, Message{Group: r.Group, Dedup: r.ID, Body: r.Body})
}
