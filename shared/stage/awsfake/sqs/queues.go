// Package sqs emulates Amazon SQS: the JSON protocol's operations on standard and FIFO queues.
//
// Where AWS's documentation leaves a choice, the choice here is the one that finds mistakes: a FIFO group is locked
// while the first of its messages is in flight, a message moves to its dead-letter queue at the receive that would
// exceed maxReceiveCount, and a queue's name is taken for 60 seconds after its deletion. Unlike AWS, counts are exact
// and a standard queue delivers in order and never twice without need.
package sqs

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// Queues are the queues of one account in one region. They are safe for concurrent use.
type Queues struct {
	now             func() time.Time
	log             *keep.Log
	region, account string

	mu                 sync.Mutex
	queues             map[string]*queue
	deleted            map[string]time.Time
	tasks              []*task
	sequence, reserved uint64
	ops                []keep.Op
}

// New reads the queues that log keeps. Times are taken from now; when it jumps, call Wake.
func New(now func() time.Time, log *keep.Log, region, account string) (*Queues, error) {
	s := &Queues{now: now, log: log, region: region, account: account, queues: map[string]*queue{},
		deleted: map[string]time.Time{}}
	return s, s.load()
}

// Wake lets long polls look again, after the clock was advanced.
func (s *Queues) Wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		q.wake()
	}
}

// Release shows a queue's messages in flight at once, as if those who received them had given them back.
func (s *Queues) Release(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		return
	}
	for _, m := range q.messages {
		if m.state == inFlight {
			q.show(m)
		}
	}
}

// A Caller is what else than its body a request says.
type Caller struct {
	BaseURL     string // queue URLs in the reply start with it
	TraceHeader string // X-Amzn-Trace-Id, which messages carry on as AWSTraceHeader
}

// Call runs one operation. Units are what AWS bills: one request for each started 64 KiB of payload. The error is a
// *wire.Error, or ctx's when a long poll was abandoned.
func (s *Queues) Call(ctx context.Context, action string, body []byte, from Caller) (
	reply any, units float64, err error) {
	if !utf8.Valid(body) {
		return nil, 1, wire.Errorf("com.amazon.coral.service#SerializationException", "the request is not UTF-8")
	}
	c := &call{Queues: s, ctx: ctx, Caller: from}
	reply, err = c.run(action, body)
	return reply, c.units(), err
}

// Resource is the queue an operation's request is about: "queue/name", or "queue/*" where it is about none. The
// second result is the action that IAM knows it by: batches count as their single operation.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
func Resource(action string, body []byte) (resource, permission string) {
	var in struct{ QueueUrl, QueueName, SourceArn, TaskHandle string }
	json.Unmarshal(body, &in) // what cannot be read is refused by Call
	name := lastSegment(in.QueueUrl, "/")
	switch {
	case in.QueueName != "":
		name = in.QueueName
	case in.SourceArn != "":
		name = lastSegment(in.SourceArn, ":")
	case in.TaskHandle != "":
		name = taskQueue(in.TaskHandle)
	}
	if name == "" {
		name = "*"
	}
	return "queue/" + name, "sqs:" + strings.TrimSuffix(action, "Batch")
}

func lastSegment(s, sep string) string { return s[strings.LastIndex(s, sep)+1:] }

// A call is one request under way.
type call struct {
	*Queues
	Caller
	ctx     context.Context
	payload int // bytes sent or received
}

// billedChunk is the payload that AWS bills as one request. https://aws.amazon.com/sqs/pricing/
const billedChunk = 64 << 10

func (c *call) units() float64 { return float64(max(1, (c.payload+billedChunk-1)/billedChunk)) }

func (c *call) run(action string, body []byte) (any, error) {
	switch action {
	case "CreateQueue":
		return with(c, body, c.create)
	case "GetQueueUrl":
		return with(c, body, c.getURL)
	case "ListQueues":
		return with(c, body, c.list)
	case "DeleteQueue":
		return with(c, body, c.deleteQueue)
	case "PurgeQueue":
		return with(c, body, c.purge)
	case "GetQueueAttributes":
		return with(c, body, c.getAttributes)
	case "SetQueueAttributes":
		return with(c, body, c.setAttributes)
	case "TagQueue":
		return with(c, body, c.tag)
	case "UntagQueue":
		return with(c, body, c.untag)
	case "ListQueueTags":
		return with(c, body, c.listTags)
	case "SendMessage":
		return with(c, body, c.send)
	case "SendMessageBatch":
		return with(c, body, c.sendBatch)
	case "ReceiveMessage":
		return c.receive(body)
	case "DeleteMessage":
		return with(c, body, c.deleteMessage)
	case "DeleteMessageBatch":
		return with(c, body, c.deleteBatch)
	case "ChangeMessageVisibility":
		return with(c, body, c.changeVisibility)
	case "ChangeMessageVisibilityBatch":
		return with(c, body, c.changeVisibilityBatch)
	case "ListDeadLetterSourceQueues":
		return with(c, body, c.listSources)
	case "StartMessageMoveTask":
		return with(c, body, c.startMove)
	case "ListMessageMoveTasks":
		return with(c, body, c.listMoves)
	case "CancelMessageMoveTask":
		return with(c, body, c.cancelMove)
	}
	return nil, wire.UnknownOperation("AmazonSQS." + action)
}

// with decodes the request, runs f under the lock and keeps what it did before it answers.
func with[In any](c *call, body []byte, f func(*In) (any, error)) (any, error) {
	in := new(In)
	if err := wire.Decode(body, in); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.runTasks(); err != nil {
		return nil, c.abort(err)
	}
	reply, err := f(in)
	if err := c.commit(); err != nil {
		return nil, c.abort(err)
	}
	return reply, err
}

// abort answers for a state that could not be kept.
func (*call) abort(err error) error {
	return &wire.Error{Status: http.StatusInternalServerError, Type: "com.amazonaws.sqs#InternalError",
		Message: err.Error(), QueryCode: "InternalError;Receiver"}
}

// queue finds the queue that a URL names, whatever host and account the URL has, and brings it to the present.
func (s *Queues) queue(url string) (*queue, error) {
	if url == "" {
		return nil, missing("QueueUrl")
	}
	q := s.queues[lastSegment(strings.TrimRight(url, "/"), "/")]
	if q == nil {
		return nil, noSuchQueue()
	}
	s.drop(q.settle(millis(s.now()))...)
	return q, nil
}

// ARN is the ARN of a queue of that name.
func (s *Queues) ARN(name string) string {
	return "arn:aws:sqs:" + s.region + ":" + s.account + ":" + name
}

// byARN is the queue that an ARN names; nil when it is not here.
func (s *Queues) byARN(arn string) *queue {
	name := lastSegment(arn, ":")
	if s.ARN(name) != arn {
		return nil
	}
	return s.queues[name]
}

func (c *call) url(q *queue) string { return c.BaseURL + "/" + c.account + "/" + q.Name }
