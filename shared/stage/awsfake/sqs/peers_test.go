package sqs_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// What other emulators' suites, checked against AWS, know of SQS, in our own words.

// raw makes a call without an SDK and returns the answer's status, header and body.
func (b *bench) raw(action string, in any, header ...string) (status int, h http.Header, body map[string]any) {
	b.t.Helper()
	doc, err := json.Marshal(in)
	if err != nil {
		b.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), "POST", "http://aws.test", strings.NewReader(string(doc)))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AmazonSQS."+action)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.server.HTTPClient().Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &body); err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

func bodies(messages []types.Message) (list []string) {
	for _, m := range messages {
		list = append(list, *m.Body)
	}
	return list
}

func (b *bench) same(what string, want, got any) {
	b.t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		b.t.Errorf("%s: %s", what, d)
	}
}

// refused checks an error's code and HTTP status.
func (b *bench) refused(what string, err error, code string, status int) {
	b.t.Helper()
	var api smithy.APIError
	var resp *awshttp.ResponseError
	if !errors.As(err, &api) || !errors.As(err, &resp) {
		b.t.Errorf("%s: got %v, want %s", what, err, code)
		return
	}
	if api.ErrorCode() != code || resp.HTTPStatusCode() != status {
		b.t.Errorf("%s: got %s %d (%s), want %s %d", what, api.ErrorCode(), resp.HTTPStatusCode(), api.ErrorMessage(),
			code, status)
	}
}

// TestGroupOpensAtItsHead: the first message in flight locks its group, not those behind it.
func TestGroupOpensAtItsHead(t *testing.T) {
	for name, give := range map[string]func(b *bench, q string, first types.Message){
		"visibility 0":         func(b *bench, q string, first types.Message) { b.visibility(q, first, 0) },
		"its time-out is over": func(b *bench, _ string, _ types.Message) { b.clock.Advance(11 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, "")
			q := b.queue("q.fifo", "VisibilityTimeout", "10")
			for _, x := range []string{"1", "2", "3", "4"} {
				b.sendFIFO(q, "g", x, x)
			}
			got := b.receive(q, 3)
			for _, m := range got[1:] {
				b.visibility(q, m, 100)
			}
			b.same("while the head is in flight", []string(nil), bodies(b.receive(q, 10)))
			give(b, q, got[0])
			again := b.receive(q, 10)
			b.same("once the head is back", []string{"1"}, bodies(again))
			if err := b.delete(q, again[0]); err != nil {
				t.Fatal(err)
			}
			b.same("with the next in flight", []string(nil), bodies(b.receive(q, 10)))
		})
	}
}

func TestWholeBatchFails(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo")
	id := aws.String("x")
	good := types.SendMessageBatchRequestEntry{Id: aws.String("good"), MessageBody: id, MessageGroupId: id,
		MessageDeduplicationId: id}
	noGroup := types.SendMessageBatchRequestEntry{Id: aws.String("bad"), MessageBody: id, MessageDeduplicationId: id}
	noDedup := types.SendMessageBatchRequestEntry{Id: aws.String("bad"), MessageBody: id, MessageGroupId: id}
	for code, bad := range map[string]types.SendMessageBatchRequestEntry{"MissingParameter": noGroup,
		"InvalidParameterValue": noDedup} {
		in := &sqs.SendMessageBatchInput{QueueUrl: &q, Entries: []types.SendMessageBatchRequestEntry{good, bad}}
		_, err := b.SendMessageBatch(context.Background(), in)
		b.refused(code, err, code, 400)
	}
	b.same("sent", []string(nil), bodies(b.receive(q, 10)))
}

func TestVisibilityOfStandardQueue(t *testing.T) {
	b := start(t, "")
	q := b.queue("q", "VisibilityTimeout", "10")
	b.send(q, "x")
	first := b.receive(q, 1)[0]
	b.clock.Advance(11 * time.Second)
	b.visibility(q, first, 20) // it is visible again, and hidden once more
	b.same("after expiry", []string(nil), bodies(b.receive(q, 1)))
	b.clock.Advance(21 * time.Second)
	second := b.receive(q, 1)[0]
	b.visibility(q, first, 0) // by the older handle
	third := b.receive(q, 1)
	b.same("given back", []string{"x"}, bodies(third))
	if err := b.delete(q, third[0]); err != nil {
		t.Fatal(err)
	}
	_, err := b.ChangeMessageVisibility(context.Background(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &q,
		ReceiptHandle: second.ReceiptHandle})
	b.refused("deleted", err, "InvalidParameterValue", 400)
}

func TestAttributeFilters(t *testing.T) {
	b := start(t, "")
	q := b.queue("q", "VisibilityTimeout", "0")
	value := types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("x")}
	all := map[string]types.MessageAttributeValue{"Custom": value, "Custom.A": value, "CustomB": value, "größe": value}
	in := &sqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x"), MessageAttributes: all}
	if _, err := b.SendMessage(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	for want, names := range map[string][]string{
		"Custom Custom.A CustomB":       {"Custom.*"},
		"Custom Custom.A CustomB größe": {"*"},
		"größe":                         {"größe", "Other.*"},
		"Custom.A":                      {"Custom.A"},
	} {
		out, err := b.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &q,
			MessageAttributeNames: names})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name := range out.Messages[0].MessageAttributes {
			got = append(got, name)
		}
		slices.Sort(got)
		b.same(fmt.Sprint(names), want, strings.Join(got, " "))
	}
	for _, name := range []string{"日本", "a b", ".a", "a."} {
		bad := &sqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x"),
			MessageAttributes: map[string]types.MessageAttributeValue{name: value}}
		_, err := b.SendMessage(context.Background(), bad)
		b.refused(name, err, "InvalidParameterValue", 400)
	}
}

func TestPurge(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	q := b.queue("q.fifo")
	ctx := context.Background()
	b.sendFIFO(q, "g", "same", "1")
	if _, err := b.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &q}); err != nil {
		t.Fatal(err)
	}
	_, err := b.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &q})
	b.refused("again at once", err, "AWS.SimpleQueueService.PurgeQueueInProgress", 403)
	b.server.Close()
	b.open(dir)
	b.sendFIFO(q, "g", "same", "2")
	b.same("what was sent before is forgotten", []string{"2"}, bodies(b.receive(q, 10)))
}

func TestFIFODelay(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo", "DelaySeconds", "5", "ContentBasedDeduplication", "true")
	in := &sqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x"), MessageGroupId: aws.String("g")}
	ctx := context.Background()
	status, _, _ := b.raw("SendMessage", map[string]any{"QueueUrl": q, "MessageBody": "x", "MessageGroupId": "g",
		"DelaySeconds": 0})
	b.same("zero is no delay of the message's own", 200, status)
	in.DelaySeconds = 1
	_, err := b.SendMessage(ctx, in)
	b.refused("a delay", err, "InvalidParameterValue", 400)
	b.same("the queue's delay holds", []string(nil), bodies(b.receive(q, 1)))
	b.clock.Advance(6 * time.Second)
	b.same("and ends", []string{"x"}, bodies(b.receive(q, 1)))
}

func TestQueueAttributesAsAWSShowsThem(t *testing.T) {
	b := start(t, "")
	ctx := context.Background()
	dead := b.queue("dead.fifo")
	create := &sqs.CreateQueueInput{QueueName: aws.String("q.fifo"), Attributes: map[string]string{"FifoQueue": "True",
		"ContentBasedDeduplication": "False"}}
	out, err := b.CreateQueue(ctx, create)
	if err != nil {
		t.Fatal(err)
	}
	q := *out.QueueUrl
	if _, err := b.CreateQueue(ctx, create); err != nil {
		t.Error("the same queue again:", err)
	}
	set := func(q, name, value string) error {
		_, err := b.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &q,
			Attributes: map[string]string{name: value}})
		return err
	}
	for _, x := range [][2]string{{"FifoQueue", "true"}, {"ContentBasedDeduplication", "True"},
		{"RedrivePolicy", `{"maxReceiveCount":"7","deadLetterTargetArn":"` + b.attribute(dead, "QueueArn") + `"}`}} {
		if err := set(q, x[0], x[1]); err != nil {
			t.Error(x, err)
		}
	}
	b.same("boolean", "true", b.attribute(q, "ContentBasedDeduplication"))
	b.same("policy", `{"deadLetterTargetArn":"`+b.attribute(dead, "QueueArn")+`","maxReceiveCount":7}`, b.attribute(q,
		"RedrivePolicy"))
	b.refused("no longer FIFO", set(q, "FifoQueue", "false"), "InvalidAttributeValue", 400)
	plain := b.queue("plain")
	b.refused("FIFO from now on", set(plain, "FifoQueue", "true"), "InvalidAttributeName", 400)
	b.refused("set unknown", set(plain, "Bogus", "1"), "InvalidAttributeName", 400)
	_, err = b.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &plain,
		AttributeNames: []types.QueueAttributeName{"All", "Bogus"}})
	b.refused("get unknown", err, "InvalidAttributeName", 400)
	_, err = b.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("r"),
		Attributes: map[string]string{"Bogus": "1"}})
	b.refused("create with unknown", err, "InvalidAttributeName", 400)
	_, err = b.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &plain,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"Bogus"}})
	b.refused("receive unknown", err, "InvalidAttributeName", 400)
}

func TestTraceHeader(t *testing.T) {
	b := start(t, "")
	q := b.queue("q")
	const trace = "Root=1-67891233-abcdef012345678912345678;Lineage=a87bd80c:1"
	b.raw("SendMessage", map[string]any{"QueueUrl": q, "MessageBody": "x"}, "X-Amzn-Trace-Id", trace)
	own := map[string]any{"AWSTraceHeader": map[string]any{"DataType": "String", "StringValue": "Root=own"}}
	b.raw("SendMessageBatch", map[string]any{"QueueUrl": q, "Entries": []any{map[string]any{"Id": "1",
		"MessageBody": "y"},
		map[string]any{"Id": "2", "MessageBody": "z", "MessageSystemAttributes": own}}}, "X-Amzn-Trace-Id", trace)
	b.raw("SendMessage", map[string]any{"QueueUrl": q, "MessageBody": "none"})
	var got []string
	for _, m := range b.receive(q, 10) {
		got = append(got, *m.Body+" "+m.Attributes["AWSTraceHeader"])
	}
	b.same("traces", []string{"x " + trace, "y " + trace, "z Root=own", "none "}, got)
}

func TestMoveTaskErrors(t *testing.T) {
	b := start(t, "")
	ctx := context.Background()
	dead := b.queue("dead")
	arn := b.attribute(dead, "QueueArn")
	start := func(source, destination string) error {
		in := &sqs.StartMessageMoveTaskInput{SourceArn: &source, MaxNumberOfMessagesPerSecond: aws.Int32(1)}
		if destination != "" {
			in.DestinationArn = &destination
		}
		_, err := b.StartMessageMoveTask(ctx, in)
		return err
	}
	cancel := func(handle string) error {
		_, err := b.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: &handle})
		return err
	}
	b.refused("no dead-letter queue", start(arn, ""), "InvalidParameterValue", 400)
	b.queue("source", "RedrivePolicy", b.policy(dead, 1))
	b.refused("no source", start(arn+"-not", ""), "ResourceNotFoundException", 404)
	b.refused("no destination", start(arn, arn+"-not"), "ResourceNotFoundException", 404)
	for range 5 {
		b.send(dead, "x")
	}
	target := b.queue("target")
	if err := start(arn, b.attribute(target, "QueueArn")); err != nil {
		t.Fatal(err)
	}
	b.refused("a second task", start(arn, ""), "InvalidParameterValue", 400)
	handle := func(source string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"taskId":"none","sourceArn":"` + source + `"}`))
	}
	b.refused("no handle", cancel("foobar"), "InvalidParameterValue", 400)
	b.refused("a handle of no queue", cancel(handle(arn+"-not")), "ResourceNotFoundException", 404)
	b.refused("a handle of no task", cancel(handle(arn)), "ResourceNotFoundException", 404)
	if _, err := b.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &target}); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(2 * time.Second)
	list, err := b.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	b.same("failure", "AWS.SimpleQueueService.NonExistentQueue", aws.ToString(list.Results[0].FailureReason))
}

func TestEmptyThings(t *testing.T) {
	b := start(t, "")
	_, _, none := b.raw("ListQueues", map[string]any{})
	q := b.queue("q")
	_, _, tags := b.raw("ListQueueTags", map[string]any{"QueueUrl": q})
	_, _, attributes := b.raw("GetQueueAttributes", map[string]any{"QueueUrl": q})
	_, _, messages := b.raw("ReceiveMessage", map[string]any{"QueueUrl": q})
	for what, got := range map[string]map[string]any{"queues": none, "tags": tags, "attributes": attributes,
		"messages": messages} {
		b.same(what, map[string]any{}, got)
	}
	_, h, body := b.raw("TagQueue", map[string]any{"QueueUrl": q, "Tags": map[string]string{}})
	b.same("no tags", "com.amazonaws.sqs#MissingRequiredParameterException", body["__type"])
	b.same("the header has the namespace", body["__type"], any(h.Get("X-Amzn-Errortype")))
	_, _, group := b.raw("SendMessage", map[string]any{"QueueUrl": q, "MessageBody": "x", "MessageGroupId": ""})
	b.same("empty group", "com.amazon.coral.service#InvalidParameterValueException", group["__type"])
}
