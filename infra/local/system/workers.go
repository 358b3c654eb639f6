package system

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// Invoke runs a function as Lambda does: bytes in, bytes out, under its timeout. What it is called with begins a chain
// of invocations. A caller that goes away does not stop it.
func (s *System) Invoke(ctx context.Context, f topology.Function, payload []byte) ([]byte, error) {
	return s.invoke(ctx, f, payload, newTrace().next(f.Name))
}

// longPoll is how long an idle poller waits for a message, in seconds.
const longPoll = 5

// maxPollers bounds the pollers per queue on a laptop.
const maxPollers = 4

// Run polls queues and runs schedules until ctx is done, and returns when
// everything that was begun is finished.
func (s *System) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, f := range s.Functions {
		if f.Consumes != "" {
			for range min(f.Parallel, maxPollers) {
				wg.Go(func() { s.pollUntil(ctx, f) })
			}
		}
		if f.Every > 0 {
			wg.Go(func() { s.schedule(ctx, f) })
		}
	}
	wg.Wait()
}

func (s *System) pollUntil(ctx context.Context, f topology.Function) {
	for ctx.Err() == nil {
		if _, err := s.Poll(ctx, f, longPoll); err != nil && ctx.Err() == nil {
			s.log.Error("poll", "function", f.Name, "error", err.Error())
			select {
			case <-ctx.Done():
			case <-time.After(time.Second):
			}
		}
	}
}

func (s *System) schedule(ctx context.Context, f topology.Function) {
	t := time.NewTicker(f.Every)
	defer t.Stop()
	for {
		if err := s.Tick(ctx, f); err != nil && ctx.Err() == nil {
			s.log.Error("schedule", "function", f.Name, "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Tick runs a scheduled function once.
func (s *System) Tick(ctx context.Context, f topology.Function) error {
	payload, err := json.Marshal(map[string]any{"source": "aws.scheduler", "time": s.Now().UTC()})
	if err != nil {
		return err
	}
	_, err = s.Invoke(ctx, f, payload)
	return err
}

// Poll does what Lambda's event source mapping does, once: receive a batch, invoke,
// delete what succeeded. What the function reports as failed, or all of it when
// the invocation fails or is refused as a loop, becomes visible again when its
// timeout ends. It returns how many messages were received.
func (s *System) Poll(ctx context.Context, f topology.Function, wait int32) (int, error) {
	url := s.QueueURL(f.Consumes)
	out, err := s.sqs[f.Name].ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url,
		MaxNumberOfMessages: int32(f.Batch), WaitTimeSeconds: wait,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"}})
	if err != nil || len(out.Messages) == 0 {
		return 0, err
	}
	// What was received is finished even when the system is told to stop.
	ctx = context.WithoutCancel(ctx)
	payload, err := json.Marshal(s.batch(f, out.Messages))
	if err != nil {
		return 0, err
	}
	t := traceOf(out.Messages).next(f.Name)
	if t.invocations(f.Name) > maxRecursion && !f.Recursive {
		return len(out.Messages), fmt.Errorf("%s: %w", f.Name, ErrRecursiveLoop)
	}
	reply, err := s.invoke(ctx, f, payload, t)
	if err != nil {
		return len(out.Messages), fmt.Errorf("invoke %s: %w", f.Name, err)
	}
	var result lambda.SQSEventResponse
	if err := json.Unmarshal(reply, &result); err != nil {
		return len(out.Messages), fmt.Errorf("batch response of %s: %w", f.Name, err)
	}
	return len(out.Messages), s.deleteDone(ctx, f, url, out.Messages, result)
}

func (s *System) deleteDone(ctx context.Context, f topology.Function, url string, messages []types.Message,
	result lambda.SQSEventResponse) error {
	failed := map[string]bool{}
	for _, b := range result.BatchItemFailures {
		failed[b.ItemIdentifier] = true
	}
	var done []types.DeleteMessageBatchRequestEntry
	for i, m := range messages {
		if !failed[aws.ToString(m.MessageId)] {
			done = append(done, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)),
				ReceiptHandle: m.ReceiptHandle})
		}
	}
	if len(done) == 0 {
		return nil
	}
	_, err := s.sqs[f.Name].DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: done})
	return err
}

// batch is the event that Lambda makes of messages.
func (s *System) batch(f topology.Function, messages []types.Message) lambda.SQSEvent {
	var e lambda.SQSEvent
	arn := s.AWS.QueueARN(names.Queue(s.Stage, f.Consumes))
	for _, m := range messages {
		attributes := map[string]lambda.SQSMessageAttribute{}
		for k, v := range m.MessageAttributes {
			attributes[k] = lambda.SQSMessageAttribute{StringValue: v.StringValue, BinaryValue: v.BinaryValue,
				DataType: aws.ToString(v.DataType)}
		}
		e.Records = append(e.Records, lambda.SQSMessage{MessageId: aws.ToString(m.MessageId),
			ReceiptHandle: aws.ToString(m.ReceiptHandle),
			Body:          aws.ToString(m.Body), Md5OfBody: aws.ToString(m.MD5OfBody), Attributes: m.Attributes,
			MessageAttributes: attributes,
			EventSource:       "aws:sqs", EventSourceARN: arn, AWSRegion: awsfake.Region})
	}
	return e
}
