package sqs

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
const (
	maxReceive    = 10
	maxWait       = 20     // seconds
	maxVisibility = 43200  // seconds
	maxInFlight   = 120000 // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
)

type receiveRequest struct {
	QueueUrl                    string
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
}

type received struct {
	MessageId              string
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	Attributes             map[string]string    `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
}

type receiveReply struct {
	Messages []received `json:",omitempty"`
}

// receive polls until there are messages, the wait is over by the wall clock or by the emulated one, or the caller is
// gone.
func (c *call) receive(body []byte) (any, error) {
	in := &receiveRequest{}
	if err := wire.Decode(body, in); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	started := c.now()
	var over <-chan time.Time
	for last := false; ; {
		out, wait, retry, changed, err := c.poll(in, started, last)
		if err != nil || len(out) > 0 || wait <= 0 || last {
			return receiveReply{out}, err
		}
		if over == nil {
			over = time.After(wait)
		}
		alarm := time.NewTimer(retry)
		select {
		case <-changed:
		case <-alarm.C:
		case <-over:
			last = true
		case <-c.ctx.Done():
			alarm.Stop()
			return nil, c.ctx.Err()
		}
		alarm.Stop()
	}
}

// poll looks once. Without messages it tells how long is left to wait, after what time to look again at the latest,
// and
// the channel that is closed when to look at once.
func (c *call) poll(in *receiveRequest, started time.Time, last bool) (out []received, wait, retry time.Duration,
	changed <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return nil, 0, 0, nil, c.ctx.Err()
	}
	if err := c.runTasks(); err != nil {
		return nil, 0, 0, nil, c.abort(err)
	}
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, 0, 0, nil, err
	}
	out, err = c.take(q, in)
	if err := c.commit(); err != nil {
		return nil, 0, 0, nil, c.abort(err)
	}
	if err != nil || len(out) > 0 || last {
		return out, 0, 0, nil, err
	}
	now := c.now()
	seconds := or(in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"))
	wait = time.Duration(seconds)*time.Second - now.Sub(started)
	return nil, wait, c.retry(q, now), q.change(), nil
}

// retry is when a poll should look again although nobody changed the queue.
func (c *call) retry(q *queue, now time.Time) time.Duration {
	d := time.Duration(maxWait) * time.Second
	if due := q.due(); due > 0 {
		d = min(d, max(time.Duration(due-millis(now))*time.Millisecond, time.Millisecond))
	}
	if c.moving() {
		d = min(d, 100*time.Millisecond)
	}
	return d
}

func (in *receiveRequest) check() error {
	if err := between("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, maxReceive); err != nil {
		return err
	}
	if err := between("WaitTimeSeconds", in.WaitTimeSeconds, 0, maxWait); err != nil {
		return err
	}
	if err := between("VisibilityTimeout", in.VisibilityTimeout, 0, maxVisibility); err != nil {
		return err
	}
	for _, n := range slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames) {
		if !slices.Contains(systemAttributes(), n) {
			return fail("InvalidAttributeName", "Unknown Attribute %s.", n)
		}
	}
	return nil
}

func systemAttributes() []string {
	return []string{"All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp",
		"SequenceNumber",
		"MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn"}
}

// take hands messages out: from a FIFO queue as many of one group as there are, then of the next.
func (c *call) take(q *queue, in *receiveRequest) ([]received, error) {
	limit := or(in.MaxNumberOfMessages, 1)
	var out []received
	for len(out) < limit {
		m := q.ready.first()
		if m == nil {
			return out, nil
		}
		if q.inFlight >= maxInFlight {
			return out, overLimit(q, len(out))
		}
		run := []*message{m}
		if q.fifo {
			run = q.groups[m.Group].deliverable(limit-len(out), q.window.edge)
		}
		for _, m := range run {
			dead, err := c.bury(q, m)
			if err != nil {
				return nil, err
			}
			if dead {
				continue
			}
			r, err := c.deliver(q, m, in)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// overLimit: a standard queue answers with an error, a FIFO queue with silence.
func overLimit(q *queue, got int) error {
	if q.fifo || got > 0 {
		return nil
	}
	return fail("OverLimit", "The maximum number of in flight messages is reached.")
}

func (c *call) deliver(q *queue, m *message, in *receiveRequest) (received, error) {
	now := millis(c.now())
	m.Count++
	m.Last = now
	if m.First == 0 {
		m.First = now
	}
	q.hide(m, now+int64(or(in.VisibilityTimeout, q.number("VisibilityTimeout")))*1000)
	if err := c.put(q.receiptsKey(m.Seq), m.receipts); err != nil {
		return received{}, err
	}
	c.payload += size(m.Body, m.Attributes)
	attributes := chosen(m.Attributes, in.MessageAttributeNames)
	return received{
		MessageId: m.ID, ReceiptHandle: m.handle(q), Body: m.Body, MD5OfBody: md5hex(m.Body),
		Attributes:        c.system(q, m, slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)),
		MessageAttributes: attributes, MD5OfMessageAttributes: attributesMD5(attributes),
	}, nil
}

// chosen are the message attributes that were asked for: by name, by "prefix.*", or all of them. The dot before the
// star is no part of the prefix.
func chosen(attributes map[string]attribute, names []string) map[string]attribute {
	out := map[string]attribute{}
	for name, a := range attributes {
		for _, want := range names {
			prefix, isPrefix := strings.CutSuffix(want, ".*")
			if want == "All" || want == "*" || want == name || isPrefix && strings.HasPrefix(name, prefix) {
				out[name] = a
			}
		}
	}
	return out
}

func (c *call) system(q *queue, m *message, names []string) map[string]string {
	all := map[string]string{
		"SenderId":                         c.account,
		"SentTimestamp":                    strconv.FormatInt(m.Sent, 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.Count),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.First, 10),
		"MessageGroupId":                   m.Group,
		"MessageDeduplicationId":           m.Dedup,
		"AWSTraceHeader":                   m.TraceHeader,
		"DeadLetterQueueSourceArn":         m.Source,
	}
	if q.fifo {
		all["SequenceNumber"] = sequenceNumber(m.Seq)
	}
	out := map[string]string{}
	for name, v := range all {
		if v != "" && (slices.Contains(names, "All") || slices.Contains(names, name)) {
			out[name] = v
		}
	}
	return out
}
