package sqs

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
	"github.com/relais-dev/relais/shared/stage/awsfake/wire"
)

// maxMessage is the most a message or a batch may hold.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const maxMessage = 1 << 20

func keepDelete(key string) keep.Op { return keep.Op{Key: key} }

// A sending is a message as a request brings it.
type sending struct {
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageGroupId          *string
	MessageDeduplicationId  string
}

type sendReply struct {
	ID                           string `json:"Id,omitempty"` // in batches
	MessageId                    string
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
	SequenceNumber               string `json:",omitempty"`
}

func (c *call) send(in *struct {
	QueueUrl string
	sending
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return c.sendOne(q, &in.sending)
}

func (c *call) sendBatch(in *struct {
	QueueUrl string
	Entries  []struct {
		Id string
		sending
	}
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	total := 0
	ids := make([]string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
		total += size(e.MessageBody, e.MessageAttributes)
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	if total > maxMessage {
		return nil, fail("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.",
			maxMessage, total)
	}
	for i := range in.Entries {
		if err := checkFIFO(q, &in.Entries[i].sending); err != nil {
			return nil, err // one entry without its ids fails them all
		}
	}
	return batch(ids, func(i int) (any, error) {
		r, err := c.sendOne(q, &in.Entries[i].sending)
		if err != nil {
			return nil, err
		}
		r.ID = ids[i]
		return r, nil
	}), nil
}

func (c *call) sendOne(q *queue, in *sending) (*sendReply, error) {
	if err := c.checkSending(q, in); err != nil {
		return nil, err
	}
	c.payload += size(in.MessageBody, in.MessageAttributes)
	reply := &sendReply{
		MD5OfMessageBody:             md5hex(in.MessageBody),
		MD5OfMessageAttributes:       attributesMD5(in.MessageAttributes),
		MD5OfMessageSystemAttributes: attributesMD5(in.MessageSystemAttributes),
	}
	key := dedupKey(q, in)
	if d, seen := q.dedup[key]; q.fifo && seen {
		reply.MessageId, reply.SequenceNumber = d.ID, sequenceNumber(d.Seq)
		return reply, nil
	}
	m, err := c.newMessage(q, in)
	if err != nil {
		return nil, err
	}
	if err := c.put(q.messageKey(m.Seq), m); err != nil {
		return nil, err
	}
	reply.MessageId = m.ID
	if q.fifo {
		reply.SequenceNumber = sequenceNumber(m.Seq)
		d := duplicate{m.ID, m.Seq, m.Sent}
		q.remember(key, d)
		if err := c.put(q.dedupKey(key), d); err != nil {
			return nil, err
		}
	}
	q.add(m, m.Sent)
	return reply, nil
}

func (c *call) newMessage(q *queue, in *sending) (*message, error) {
	seq, err := c.next()
	if err != nil {
		return nil, err
	}
	now := millis(c.now())
	delay := q.number("DelaySeconds")
	if !q.fifo {
		delay = or(in.DelaySeconds, delay) // on a FIFO queue only the queue has a delay
	}
	m := &message{
		Seq: seq, ID: wire.RequestID(), Body: in.MessageBody, Attributes: in.MessageAttributes,
		Group: text(in.MessageGroupId), Dedup: in.MessageDeduplicationId, Sent: now, Start: now + int64(delay)*1000,
	}
	if q.fifo && m.Dedup == "" {
		m.Dedup = bodyHash(m.Body)
	}
	m.TraceHeader = c.TraceHeader
	if t := in.MessageSystemAttributes["AWSTraceHeader"].StringValue; t != nil {
		m.TraceHeader = *t
	}
	return m, nil
}

// dedupKey is what makes two sends the same.
func dedupKey(q *queue, in *sending) string {
	id := in.MessageDeduplicationId
	if id == "" {
		id = bodyHash(in.MessageBody)
	}
	if q.Attributes["DeduplicationScope"] == "messageGroup" {
		return text(in.MessageGroupId) + " " + id
	}
	return id
}

func bodyHash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func (c *call) checkSending(q *queue, in *sending) error {
	if err := checkBody(in.MessageBody); err != nil {
		return err
	}
	if err := checkAttributes(in.MessageAttributes); err != nil {
		return err
	}
	if n, limit := size(in.MessageBody, in.MessageAttributes), q.number("MaximumMessageSize"); n > limit {
		return invalidValue("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", limit)
	}
	for name, a := range in.MessageSystemAttributes {
		if name != "AWSTraceHeader" || a.DataType != "String" || a.StringValue == nil || *a.StringValue == "" {
			return invalidValue("Message system attribute name '%s' is not valid. The only one is AWSTraceHeader, a String.",
				name)
		}
	}
	if err := checkFIFO(q, in); err != nil {
		return err
	}
	if in.MessageGroupId != nil {
		if err := checkID("MessageGroupId", *in.MessageGroupId); err != nil {
			return err
		}
	}
	if in.MessageDeduplicationId != "" {
		if err := checkID("MessageDeduplicationId", in.MessageDeduplicationId); err != nil {
			return err
		}
	}
	if q.fifo {
		return fifoDelay(in)
	}
	if in.MessageDeduplicationId != "" {
		return invalid("MessageDeduplicationId", in.MessageDeduplicationId,
			"The request includes a parameter that is not valid for this queue type.")
	}
	return between("DelaySeconds", in.DelaySeconds, 0, 900)
}

// checkFIFO asks a message for a FIFO queue for its ids.
func checkFIFO(q *queue, in *sending) error {
	switch {
	case !q.fifo:
		return nil
	case text(in.MessageGroupId) == "":
		return missing("MessageGroupId")
	case in.MessageDeduplicationId == "" && q.Attributes["ContentBasedDeduplication"] != "true":
		return invalidValue("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}

// fifoDelay refuses a delay of a single message; zero is none.
func fifoDelay(in *sending) error {
	if or(in.DelaySeconds, 0) != 0 {
		return invalid("DelaySeconds", *in.DelaySeconds,
			"The request includes a parameter that is not valid for this queue type.")
	}
	return nil
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// checkID holds group and deduplication ids to alphanumeric characters and ASCII punctuation, 1 to 128 of them.
func checkID(parameter, id string) error {
	if id == "" || len(id) > 128 || !only(id, func(r rune) bool { return r >= '!' && r <= '~' }) {
		return invalid(parameter, id,
			parameter+" can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// checkBatch holds the ids of a batch to SQS's rules.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
func checkBatch(ids []string) error {
	if len(ids) == 0 {
		return fail("EmptyBatchRequest", "There should be at least one entry in the request.")
	}
	if len(ids) > maxReceive {
		return fail("TooManyEntriesInBatchRequest", "Maximum number of entries per request are %d. You have sent %d.",
			maxReceive, len(ids))
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if id == "" || len(id) > 80 || !only(id, plain) {
			return fail("InvalidBatchEntryId",
				"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		}
		if seen[id] {
			return fail("BatchEntryIdsNotDistinct", "Id %s repeated.", id)
		}
		seen[id] = true
	}
	return nil
}

// batch runs one for each entry and sorts the outcomes.
func batch(ids []string, one func(i int) (any, error)) any {
	var reply struct {
		Successful []any     `json:",omitempty"`
		Failed     []failure `json:",omitempty"`
	}
	for i, id := range ids {
		r, err := one(i)
		if err != nil {
			reply.Failed = append(reply.Failed, failed(id, err))
			continue
		}
		reply.Successful = append(reply.Successful, r)
	}
	return reply
}
