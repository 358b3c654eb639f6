package sqs

import "github.com/relais-dev/relais/shared/stage/awsfake/wire"

type receiptRef struct {
	Id            string
	ReceiptHandle string
}

func (c *call) deleteMessage(in *struct{ QueueUrl, ReceiptHandle string }) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, c.deleteOne(q, in.ReceiptHandle)
}

func (c *call) deleteBatch(in *struct {
	QueueUrl string
	Entries  []receiptRef
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return finishBatch(in.Entries, func(e receiptRef) string { return e.Id }, func(e receiptRef) error {
		return c.deleteOne(q, e.ReceiptHandle)
	})
}

// finishBatch does one for each entry and tells which ids it was done for.
func finishBatch[T any](entries []T, id func(T) string, one func(T) error) (any, error) {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = id(e)
	}
	if err := checkBatch(ids); err != nil {
		return nil, err
	}
	return batch(ids, func(i int) (any, error) {
		return map[string]string{"Id": ids[i]}, one(entries[i])
	}), nil
}

// deleteOne deletes by receipt handle. What is gone already, or was received again on a standard queue, is left as it
// is without complaint; a FIFO queue refuses a handle whose time is over.
func (c *call) deleteOne(q *queue, handle string) error {
	m, current, err := q.find(handle)
	if err != nil || m == nil {
		return err
	}
	if q.fifo && (!current || m.state != inFlight) {
		return expired(handle)
	}
	if !current {
		return nil
	}
	c.drop(q.forget(m)...)
	q.remove(m)
	return nil
}

// find returns the message of a receipt handle, nil when it is gone, and whether the handle is from its latest
// receive.
func (q *queue) find(handle string) (m *message, current bool, err error) {
	if handle == "" {
		return nil, false, missing("ReceiptHandle")
	}
	name, seq, count, id, ok := parseHandle(handle)
	if !ok || name != q.Name {
		return nil, false, fail("ReceiptHandleIsInvalid", "The input receipt handle \"%s\" is not a valid receipt handle.",
			handle)
	}
	m = q.messages[seq]
	if m == nil || m.ID != id {
		return nil, false, nil
	}
	return m, m.Count == count, nil
}

func expired(handle string) *wire.Error {
	return invalid("ReceiptHandle", handle, "The receipt handle has expired.")
}

type visibilityRequest struct {
	receiptRef
	VisibilityTimeout *int
}

func (c *call) changeVisibility(in *struct {
	QueueUrl          string
	ReceiptHandle     string
	VisibilityTimeout *int
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, c.changeOne(q, in.ReceiptHandle, in.VisibilityTimeout)
}

func (c *call) changeVisibilityBatch(in *struct {
	QueueUrl string
	Entries  []visibilityRequest
}) (any, error) {
	q, err := c.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return finishBatch(in.Entries, func(e visibilityRequest) string { return e.Id }, func(e visibilityRequest) error {
		return c.changeOne(q, e.ReceiptHandle, e.VisibilityTimeout)
	})
}

func (c *call) changeOne(q *queue, handle string, seconds *int) error {
	if seconds == nil {
		return missing("VisibilityTimeout")
	}
	if err := between("VisibilityTimeout", seconds, 0, maxVisibility); err != nil {
		return err
	}
	m, current, err := q.find(handle)
	if err != nil {
		return err
	}
	if m == nil {
		return invalid("ReceiptHandle", handle, "Message does not exist or is not available for visibility timeout change.")
	}
	if q.fifo && (!current || m.state != inFlight) {
		return expired(handle)
	}
	now := millis(c.now())
	until := now + int64(*seconds)*1000
	if until > m.Last+maxVisibility*1000 {
		return invalid("VisibilityTimeout", *seconds,
			"Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
	}
	q.leave(m)
	q.hide(m, until) // on a standard queue also what has become visible, and by an older handle
	if *seconds == 0 {
		q.show(m)
	}
	q.wake()
	return c.put(q.receiptsKey(m.Seq), m.receipts)
}
