package sqs

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// checkRedrive holds a RedrivePolicy to AWS's rules: the target exists, is of the same type, and allows this source.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
func (s *Queues) checkRedrive(q *queue, v string) error {
	if v == "" {
		return nil
	}
	r, err := parseRedrive(v)
	if err != nil {
		return err
	}
	target := s.byARN(r.Target)
	if target == nil {
		return invalid("RedrivePolicy", v, "Dead letter target does not exist.")
	}
	if target.fifo != strings.HasSuffix(q.Name, ".fifo") {
		return invalid("RedrivePolicy", v, "Dead-letter target must be same type of queue as the source.")
	}
	if !allows(target, s.ARN(q.Name)) {
		return invalid("RedrivePolicy", v, "The dead-letter target's RedriveAllowPolicy does not allow this source queue.")
	}
	return nil
}

// An allow is a RedriveAllowPolicy.
type allow struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueArns   []string `json:"sourceQueueArns"`
}

func checkAllow(v string) error {
	if v == "" {
		return nil
	}
	var a allow
	if err := wire.Decode([]byte(v), &a); err != nil {
		return invalid("RedriveAllowPolicy", v, "It is not the JSON expected.")
	}
	byQueue := a.RedrivePermission == "byQueue"
	if !slices.Contains([]string{"allowAll", "denyAll", "byQueue"}, a.RedrivePermission) ||
		byQueue != (len(a.SourceQueueArns) > 0) || len(a.SourceQueueArns) > 10 {
		return invalid("RedriveAllowPolicy", v,
			"redrivePermission must be allowAll, denyAll, or byQueue with 1 to 10 sourceQueueArns.")
	}
	return nil
}

func allows(target *queue, source string) bool {
	v := target.Attributes["RedriveAllowPolicy"]
	if v == "" {
		return true
	}
	var a allow
	json.Unmarshal([]byte(v), &a) // checkAllow has seen it
	return a.RedrivePermission == "allowAll" || slices.Contains(a.SourceQueueArns, source)
}

// bury moves a message that was received as often as its queue allows to the dead-letter queue, and says whether it
// did.
func (c *call) bury(q *queue, m *message) (bool, error) {
	policy := q.Attributes["RedrivePolicy"]
	if policy == "" {
		return false, nil
	}
	r, err := parseRedrive(policy)
	if err != nil {
		return false, err
	}
	target := c.byARN(r.Target)
	if m.Count < r.Max || target == nil {
		return false, nil
	}
	sent := m.Sent
	if q.fifo {
		sent = millis(c.now()) // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
	}
	return true, c.move(q, m, target, func(n *message) {
		n.Sent, n.Source = sent, c.ARN(q.Name)
		n.receipts = m.receipts
		n.VisibleAgain = 0
	})
}

// move takes m from one queue to another, in one record of the log.
func (s *Queues) move(from *queue, m *message, to *queue, change func(*message)) error {
	seq, err := s.next()
	if err != nil {
		return err
	}
	n := &message{Seq: seq, ID: m.ID, Body: m.Body, Attributes: m.Attributes, TraceHeader: m.TraceHeader, Group: m.Group,
		Dedup: m.Dedup, Sent: m.Sent}
	change(n)
	n.Start = n.Sent
	s.drop(from.forget(m)...)
	from.remove(m)
	to.add(n, millis(s.now()))
	return s.put(to.messageKey(seq), n)
}

// sources are the names of the queues whose dead letters go to q.
func (s *Queues) sources(q *queue) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.queues)) {
		r, err := parseRedrive(s.queues[name].Attributes["RedrivePolicy"])
		if err == nil && r.Target == s.ARN(q.Name) {
			names = append(names, name)
		}
	}
	return names
}

func (c *call) listSources(in *struct {
	QueueUrl   string
	MaxResults *int
	NextToken  string
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return c.page(c.sources(q), in.MaxResults, in.NextToken, "queueUrls")
}

// A task moves dead letters back. Tasks live in memory: a restart ends them, and the messages they had not moved stay.
type task struct {
	handle      string
	source      *queue
	destination string // ARN; empty: each message to the queue it came from
	rate        int    // messages per second; zero: all at once
	started     int64  // milliseconds since 1970
	moved       int
	toMove      int
	status      string
	reason      string
}

type moveRequest struct {
	SourceArn, DestinationArn    string
	MaxNumberOfMessagesPerSecond *int
}

func (c *call) startMove(in *moveRequest) (any, error) {
	q := c.byARN(in.SourceArn)
	if q == nil {
		return nil, noResource("SourceArn")
	}
	c.drop(q.settle(millis(c.now()))...)
	if len(c.sources(q)) == 0 {
		return nil, invalidValue("Source queue must be configured as a Dead Letter Queue.")
	}
	if in.DestinationArn != "" {
		to := c.byARN(in.DestinationArn)
		if to == nil {
			return nil, noResource("DestinationArn")
		}
		if to.fifo != q.fifo || to == q {
			return nil, invalid("DestinationArn", in.DestinationArn, "Messages of the source queue cannot be moved to it.")
		}
	}
	if err := between("MaxNumberOfMessagesPerSecond", in.MaxNumberOfMessagesPerSecond, 1, 500); err != nil {
		return nil, err
	}
	for _, t := range c.tasks {
		if t.source == q && t.status == "RUNNING" {
			return nil, invalidValue("There is already a task running. " +
				"Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	t := &task{
		source: q, destination: in.DestinationArn, rate: or(in.MaxNumberOfMessagesPerSecond, 0), started: millis(c.now()),
		toMove: len(q.messages) - q.inFlight - q.delay, status: "RUNNING",
	}
	t.handle = base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"taskId":%q,"sourceArn":%q}`, wire.RequestID(),
		in.SourceArn))
	c.tasks = append(c.tasks, t)
	return map[string]string{"TaskHandle": t.handle}, c.runTasks()
}

func noResource(parameter string) error {
	return fail("ResourceNotFoundException",
		"The resource that you specified for the %s parameter doesn't exist.", parameter)
}

// taskQueue is the name of the queue a task handle is about.
func taskQueue(handle string) string {
	var in struct {
		SourceArn string `json:"sourceArn"`
	}
	b, _ := base64.StdEncoding.DecodeString(handle)
	json.Unmarshal(b, &in) // an unknown handle names no queue
	return lastSegment(in.SourceArn, ":")
}

func (s *Queues) moving() bool {
	return slices.ContainsFunc(s.tasks, func(t *task) bool { return t.status == "RUNNING" })
}

// runTasks moves what the tasks under way should have moved by now.
func (s *Queues) runTasks() error {
	for _, t := range s.tasks {
		if t.status == "RUNNING" {
			if err := s.advance(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Queues) advance(t *task) error {
	now := millis(s.now())
	allowed := t.toMove
	if t.rate > 0 {
		allowed = min(allowed, int(int64(t.rate)*(now-t.started)/1000))
	}
	s.drop(t.source.settle(now)...)
	for t.moved < allowed {
		m := t.source.ready.first()
		if m == nil {
			break
		}
		to := s.byARN(t.destination)
		if t.destination == "" {
			to = s.byARN(m.Source)
		}
		if to == nil {
			t.status, t.reason = "FAILED", "CouldNotDetermineMessageSource"
			if t.destination != "" {
				t.reason = queryCode("QueueDoesNotExist")
			}
			return nil
		}
		// A moved message is a new one.
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
		if err := s.move(t.source, m, to, func(n *message) { n.ID, n.Sent = wire.RequestID(), now }); err != nil {
			return err
		}
		t.moved++
	}
	if t.moved >= t.toMove || t.source.ready.first() == nil {
		t.status = "COMPLETED"
	}
	return nil
}

func (c *call) listMoves(in *struct {
	SourceArn  string
	MaxResults *int
}) (any, error) {
	if err := between("MaxResults", in.MaxResults, 1, 10); err != nil {
		return nil, err
	}
	if c.byARN(in.SourceArn) == nil {
		return nil, noResource("SourceArn")
	}
	results := []map[string]any{}
	for _, t := range slices.Backward(c.tasks) {
		if c.ARN(t.source.Name) == in.SourceArn && len(results) < or(in.MaxResults, 1) {
			results = append(results, t.describe(in.SourceArn))
		}
	}
	return map[string]any{"Results": results}, nil
}

func (t *task) describe(source string) map[string]any {
	r := map[string]any{
		"SourceArn": source, "Status": t.status, "StartedTimestamp": t.started,
		"ApproximateNumberOfMessagesMoved": t.moved, "ApproximateNumberOfMessagesToMove": t.toMove,
	}
	if t.status == "RUNNING" {
		r["TaskHandle"] = t.handle
	}
	if t.destination != "" {
		r["DestinationArn"] = t.destination
	}
	if t.rate > 0 {
		r["MaxNumberOfMessagesPerSecond"] = t.rate
	}
	if t.reason != "" {
		r["FailureReason"] = t.reason
	}
	return r
}

func (c *call) cancelMove(in *struct{ TaskHandle string }) (any, error) {
	for _, t := range c.tasks {
		if t.handle == in.TaskHandle && t.status == "RUNNING" {
			t.status = "CANCELLED"
			return map[string]int{"ApproximateNumberOfMessagesMoved": t.moved}, nil
		}
	}
	switch name := taskQueue(in.TaskHandle); {
	case name == "":
		return nil, invalidValue("Value for parameter TaskHandle is invalid.")
	case c.queues[name] == nil:
		return nil, noResource("SourceArn")
	}
	return nil, fail("ResourceNotFoundException", "Task does not exist.")
}
