// Package queue speaks to SQS: sends that keep a group's order or come after a while,
// and Lambda batches that report what failed.
package queue

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// A Queue is one queue: FIFO, but for those of names.Standard.
type Queue struct {
	client *sqs.Client
	url    string
}

// New is the queue at url.
func New(client *sqs.Client, url string) *Queue { return &Queue{client, url} }

// A Message is what is sent. Messages of one Group are received in the order
// they were sent; a second message with the same Dedup within five minutes is
// accepted and dropped by SQS. A standard queue has neither: leave both empty there.
type Message struct {
	Group, Dedup, Body string
	Attributes         map[string]string
	Delay              time.Duration // on a standard queue only: until when nobody receives it, MaxDelay at the most
}

// MaxDelay is how long SQS holds a message back.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const MaxDelay = 15 * time.Minute

// batchSize is what SQS takes in one call.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const batchSize = 10

// Send sends one message.
func (q *Queue) Send(ctx context.Context, m Message) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String(legal(m.Body)),
		MessageGroupId: given(m.Group), MessageDeduplicationId: given(m.Dedup), DelaySeconds: m.seconds(),
		MessageAttributes: attributes(m.Attributes)})
	return err
}

// given is text, or nothing where there is none.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// seconds are SQS's grain. A message comes late rather than early: what is rung for too
// soon has nothing to do yet.
func (m Message) seconds() int32 { return int32(math.Ceil(m.Delay.Seconds())) }

// legal is body with what no message of SQS may hold replaced: the two characters
// that are none, which any string of any webhook may bring. A JSON text holds no others,
// since it escapes control characters.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func legal(body string) string { return noCharacters.Replace(body) }

var noCharacters = strings.NewReplacer("\uFFFE", "\uFFFD", "\uFFFF", "\uFFFD")

// Permanent says that SQS refuses the very message, as it will for ever: a 4xx other
// than those of a queue or a caller (a queue that is gone, a policy, a key, a quota, a
// clock), which pass when somebody mends them.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
func Permanent(err error) bool {
	var answered *smithyhttp.ResponseError
	var refused smithy.APIError
	if !errors.As(err, &answered) || !errors.As(err, &refused) || answered.HTTPStatusCode()/100 != 4 {
		return false
	}
	code := refused.ErrorCode()
	return !slices.ContainsFunc(passing, func(word string) bool { return strings.Contains(code, word) })
}

// passing are words of the codes that are not about the message.
var passing = []string{"AccessDenied", "NotAuthorized", "NonExistentQueue", "QueueDoesNotExist",
	"QueueDeletedRecently", "InvalidAddress",
	"Kms", "KMS", "Throttl", "OverLimit", "LimitExceeded", "Token", "Security", "Signature", "Authentication",
	"Credential", "UnrecognizedClient",
	"RequestExpired", "OptInRequired", "Unavailable", "Timeout"}

// Show lets received messages be received again after a while, whatever the queue's
// visibility timeout.
func (q *Queue) Show(ctx context.Context, handles []string, after time.Duration) error {
	var errs []error
	for start := 0; start < len(handles); start += batchSize {
		part := handles[start:min(start+batchSize, len(handles))]
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(part))
		for i := range part {
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
				ReceiptHandle:     &part[i],
				VisibilityTimeout: int32(after.Seconds())}
		}
		out, err := q.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.url,
			Entries: entries})
		if err == nil && len(out.Failed) > 0 {
			err = fmt.Errorf("change visibility: %s", aws.ToString(out.Failed[0].Code))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
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
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
			MessageBody: aws.String(legal(ms[i].Body)), MessageGroupId: given(ms[i].Group),
			MessageDeduplicationId: given(ms[i].Dedup), DelaySeconds: ms[i].seconds(),
			MessageAttributes: attributes(ms[i].Attributes)}
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
		if v == "" { // SQS takes none without a value
			continue
		}
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
