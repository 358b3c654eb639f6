// Package queue speaks to SQS FIFO queues: sends that keep a group's order, and
// Lambda batches that report what failed.
package queue

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// A Queue is one FIFO queue.
type Queue struct {
	client *sqs.Client
	url    string
}

// New is the queue at url.
func New(client *sqs.Client, url string) *Queue { return &Queue{client, url} }

// A Message is what is sent. Messages of one Group are received in the order
// they were sent; a second message with the same Dedup within five minutes is
// accepted and dropped by SQS.
type Message struct {
	Group, Dedup, Body string
	Attributes         map[string]string
}

// batchSize is what SQS takes in one call.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const batchSize = 10

// Send sends one message.
func (q *Queue) Send(ctx context.Context, m Message) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: &m.Body, MessageGroupId: &m.Group,
		MessageDeduplicationId: &m.Dedup, MessageAttributes: attributes(m.Attributes)})
	return err
}

// SendAll sends messages in ⌈n/10⌉ calls and returns the indexes of those that
// were not accepted; err joins the reasons.
func (q *Queue) SendAll(ctx context.Context, ms []Message) (failed []int, err error) {
	for start := 0; start < len(ms); start += batchSize {
		part := ms[start:min(start+batchSize, len(ms))]
		lost, e := q.sendBatch(ctx, part)
		for _, i := range lost {
			failed = append(failed, start+i)
		}
		err = errors.Join(err, e)
	}
	return failed, err
}

func (q *Queue) sendBatch(ctx context.Context, ms []Message) (failed []int, err error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(ms))
	for i := range ms {
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &ms[i].Body, MessageGroupId: &ms[i].Group,
			MessageDeduplicationId: &ms[i].Dedup, MessageAttributes: attributes(ms[i].Attributes)}
	}
	out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		for i := range ms {
			failed = append(failed, i)
		}
		return failed, err
	}
	for _, f := range out.Failed {
		i, convErr := strconv.Atoi(aws.ToString(f.Id))
		if convErr != nil || i < 0 || i >= len(ms) {
			return nil, fmt.Errorf("send batch: unknown entry %q in answer", aws.ToString(f.Id))
		}
		failed = append(failed, i)
		err = errors.Join(err, fmt.Errorf("send: %s", aws.ToString(f.Code)))
	}
	return failed, err
}

func attributes(m map[string]string) map[string]types.MessageAttributeValue {
	if len(m) == 0 {
		return nil
	}
	out := make(map[string]types.MessageAttributeValue, len(m))
	for k, v := range m {
		out[k] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
	}
	return out
}

// Depth is how many messages wait in the queue, about.
func (q *Queue) Depth(ctx context.Context) (int, error) {
	out, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages}})
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(out.Attributes[string(types.QueueAttributeNameApproximateNumberOfMessages)])
}
