package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"

	"github.com/aws/aws-lambda-go/events"
)

// A Record is one received message of a Lambda batch.
type Record struct {
	Group, Body string
	Receives    int // how often it was handed out, this time included
}

// Batch handles an SQS event of a FIFO queue: groups in parallel, a group's
// records together and in order. handle returns how many of the group's records
// are done; the rest go back to the queue. The answer is Lambda's typed batch
// response, so that a wrong key cannot read as success.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
//
// A panic is logged and returns the group's records: they come back.
func Batch(ctx context.Context, log *slog.Logger, payload []byte, handle func(ctx context.Context, group string, records []Record) (done int)) ([]byte, error) {
	var in events.SQSEvent
	if err := json.Unmarshal(payload, &in); err != nil {
		return nil, fmt.Errorf("sqs event: %w", err)
	}
	groups, order := byGroup(in.Records)
	failures := make([][]events.SQSBatchItemFailure, len(order))
	var wg sync.WaitGroup
	for i, g := range order {
		wg.Go(func() { failures[i] = runGroup(ctx, log, g, groups[g], handle) })
	}
	wg.Wait()
	out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, f := range failures {
		out.BatchItemFailures = append(out.BatchItemFailures, f...)
	}
	return json.Marshal(out)
}

func byGroup(messages []events.SQSMessage) (groups map[string][]events.SQSMessage, order []string) {
	groups = map[string][]events.SQSMessage{}
	for _, m := range messages {
		g := m.Attributes["MessageGroupId"]
		if _, seen := groups[g]; !seen {
			order = append(order, g)
		}
		groups[g] = append(groups[g], m)
	}
	return groups, order
}

func runGroup(ctx context.Context, log *slog.Logger, group string, ms []events.SQSMessage, handle func(context.Context, string, []Record) int) (failed []events.SQSBatchItemFailure) {
	done := 0
	defer func() {
		if crash := recover(); crash != nil {
			log.Error("crash", "group", group, "stack", string(debug.Stack()))
			done = 0
		}
		for _, m := range ms[min(done, len(ms)):] {
			failed = append(failed, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}()
	records := make([]Record, len(ms))
	for i, m := range ms {
		n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		records[i] = Record{Group: group, Body: m.Body, Receives: n}
	}
	done = handle(ctx, group, records)
	return failed
}
