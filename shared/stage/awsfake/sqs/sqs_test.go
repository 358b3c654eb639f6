package sqs_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// A bench is the real SDK client on an endpoint whose clock the test holds.
type bench struct {
	*sqs.Client
	t      testing.TB
	clock  *awsfake.Clock
	server *awsfake.Server
}

func start(t testing.TB, dir string) *bench {
	t.Helper()
	b := &bench{t: t, clock: awsfake.NewClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))}
	b.open(dir)
	return b
}

// open starts a server on dir; called again after the first was closed, it is a restart.
func (b *bench) open(dir string) {
	b.t.Helper()
	s, err := awsfake.New(awsfake.Options{Dir: dir, Clock: b.clock})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { s.Close() })
	b.server = s
	b.Client = sqs.New(sqs.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://aws.test:4566"), HTTPClient: s.HTTPClient(),
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

func (b *bench) queue(name string, attributes ...string) string {
	b.t.Helper()
	at := map[string]string{}
	for i := 0; i < len(attributes); i += 2 {
		at[attributes[i]] = attributes[i+1]
	}
	if strings.HasSuffix(name, ".fifo") {
		at["FifoQueue"] = "true"
	}
	out, err := b.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: &name, Attributes: at})
	if err != nil {
		b.t.Fatal(err)
	}
	return *out.QueueUrl
}

func (b *bench) attribute(queue, name string) string {
	b.t.Helper()
	out, err := b.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &queue,
		AttributeNames: []types.QueueAttributeName{types.QueueAttributeName(name)}})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Attributes[name]
}

func (b *bench) policy(dead string, attempts int) string {
	return `{"deadLetterTargetArn":"` + b.attribute(dead,
		"QueueArn") + `","maxReceiveCount":` + strconv.Itoa(attempts) + `}`
}

func (b *bench) send(queue, body string) *sqs.SendMessageOutput {
	b.t.Helper()
	out, err := b.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) sendFIFO(queue, group, dedup, body string) *sqs.SendMessageOutput {
	b.t.Helper()
	out, err := b.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body,
		MessageGroupId: &group, MessageDeduplicationId: &dedup})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) receive(queue string, limit int32) []types.Message {
	b.t.Helper()
	out, err := b.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &queue,
		MaxNumberOfMessages: limit, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return out.Messages
}

// want receives and compares the bodies, in order.
func (b *bench) want(queue string, limit int32, bodies ...string) []types.Message {
	b.t.Helper()
	messages := b.receive(queue, limit)
	var got []string
	for _, m := range messages {
		got = append(got, *m.Body)
	}
	if diff := cmp.Diff(bodies, got); diff != "" {
		b.t.Fatalf("received (-want +got):\n%s", diff)
	}
	return messages
}

func (b *bench) delete(queue string, m types.Message) error {
	_, err := b.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &queue,
		ReceiptHandle: m.ReceiptHandle})
	return err
}

func (b *bench) mustDelete(queue string, m types.Message) {
	b.t.Helper()
	if err := b.delete(queue, m); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) visibility(queue string, m types.Message, seconds int32) {
	b.t.Helper()
	_, err := b.ChangeMessageVisibility(context.Background(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &queue,
		ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds})
	if err != nil {
		b.t.Fatal(err)
	}
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return ""
}

func TestStandardQueue(t *testing.T) {
	b := start(t, "")
	q := b.queue("plain")
	b.send(q, "héllo <&> 🎉")
	first := b.want(q, 10, "héllo <&> 🎉")[0]
	b.clock.Advance(29 * time.Second)
	b.want(q, 10)
	b.clock.Advance(time.Second)
	second := b.want(q, 10, "héllo <&> 🎉")[0]
	if got := second.Attributes["ApproximateReceiveCount"]; got != "2" {
		t.Errorf("receive count %s, want 2", got)
	}
	if err := b.delete(q, first); err != nil {
		t.Errorf("delete by an old handle: %v, want success without effect", err)
	}
	b.visibility(q, second, 0)
	b.mustDelete(q, b.want(q, 10, "héllo <&> 🎉")[0])
	b.clock.Advance(time.Hour)
	b.want(q, 10)
}

func TestGroupIsLockedWhileAnyMessageIsInFlight(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo")
	for _, n := range []string{"1", "2", "3", "4"} {
		b.sendFIFO(q, "g", n, n)
	}
	b.sendFIFO(q, "other", "o", "o")
	got := b.want(q, 3, "1", "2", "3")
	b.want(q, 10, "o")
	b.mustDelete(q, got[0])
	b.mustDelete(q, got[1])
	b.sendFIFO(q, "g", "5", "5")
	b.want(q, 10)
	b.mustDelete(q, got[2])
	b.want(q, 10, "4", "5")
}

func TestHeadComesFirstAfterExpiry(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo")
	for _, n := range []string{"1", "2", "3"} {
		b.sendFIFO(q, "g", n, n)
	}
	got := b.want(q, 3, "1", "2", "3")
	b.visibility(q, got[0], 60)
	b.clock.Advance(31 * time.Second) // 2 and 3 are visible again, but wait for 1
	b.want(q, 10)
	b.visibility(q, got[0], 0)
	again := b.want(q, 10, "1", "2", "3")
	if err := b.delete(q, got[0]); code(err) != "InvalidParameterValue" && code(err) != "InvalidParameterValueException" {
		t.Errorf("delete by a handle from before: %v, want it refused as expired", err)
	}
	b.mustDelete(q, again[0])
	b.clock.Advance(31 * time.Second)
	b.want(q, 10, "2", "3")
}

func TestReleasedTailWaitsForHead(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo")
	for _, n := range []string{"1", "2"} {
		b.sendFIFO(q, "g", n, n)
	}
	got := b.want(q, 2, "1", "2")
	b.visibility(q, got[1], 0)
	b.want(q, 2)
	b.visibility(q, got[0], 0)
	b.want(q, 2, "1", "2")
}

func TestDeduplication(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo")
	first := b.sendFIFO(q, "g", "id", "one")
	b.mustDelete(q, b.want(q, 10, "one")[0])
	b.clock.Advance(5*time.Minute - time.Millisecond)
	again := b.sendFIFO(q, "h", "id", "another body") // the SDK checks the MD5 of the body just sent
	if *again.MessageId != *first.MessageId || *again.SequenceNumber != *first.SequenceNumber {
		t.Errorf("duplicate got %s %s, want the first's %s %s", *again.MessageId, *again.SequenceNumber, *first.MessageId,
			*first.SequenceNumber)
	}
	b.want(q, 10)
	b.clock.Advance(time.Millisecond)
	b.sendFIFO(q, "g", "id", "two")
	b.want(q, 10, "two")
}

func TestDeduplicationPerGroup(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo", "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId")
	b.sendFIFO(q, "a", "id", "a1")
	b.sendFIFO(q, "b", "id", "b1")
	b.sendFIFO(q, "a", "id", "a2")
	b.want(q, 10, "a1", "b1")
}

func TestDeadLetterUnlocksGroup(t *testing.T) {
	b := start(t, "")
	dead := b.queue("dead.fifo")
	q := b.queue("q.fifo", "RedrivePolicy", b.policy(dead, 2))
	b.sendFIFO(q, "g", "1", "poison")
	b.sendFIFO(q, "g", "2", "next")
	for range 2 {
		b.want(q, 1, "poison")
		b.clock.Advance(30 * time.Second)
	}
	b.want(q, 1, "next")
	m := b.want(dead, 10, "poison")[0]
	if got, want := m.Attributes["DeadLetterQueueSourceArn"], b.attribute(q, "QueueArn"); got != want {
		t.Errorf("source %s, want %s", got, want)
	}
	if got := m.Attributes["MessageGroupId"]; got != "g" {
		t.Errorf("group %s, want g", got)
	}
}

func TestMoveTaskKeepsItsRate(t *testing.T) {
	ctx := context.Background()
	b := start(t, "")
	dead := b.queue("dead")
	q := b.queue("q", "RedrivePolicy", b.policy(dead, 1))
	for i := range 10 {
		b.send(q, strconv.Itoa(i))
	}
	b.receive(q, 10)
	b.clock.Advance(30 * time.Second)
	b.want(q, 10)
	arn := b.attribute(dead, "QueueArn")
	task, err := b.StartMessageMoveTask(ctx, &sqs.StartMessageMoveTaskInput{SourceArn: &arn,
		MaxNumberOfMessagesPerSecond: aws.Int32(2)})
	if err != nil {
		t.Fatal(err)
	}
	b.want(q, 10)
	b.clock.Advance(2 * time.Second)
	b.want(q, 10, "0", "1", "2", "3")
	stopped, err := b.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: task.TaskHandle})
	if err != nil || stopped.ApproximateNumberOfMessagesMoved != 4 {
		t.Fatalf("cancel: %v %v, want 4 moved", stopped, err)
	}
	b.clock.Advance(time.Second)
	if got := b.attribute(dead, "ApproximateNumberOfMessages"); got != "6" {
		t.Errorf("%s dead letters left, want 6", got)
	}
	list, err := b.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &arn})
	if err != nil || len(list.Results) != 1 || *list.Results[0].Status != "CANCELLED" {
		t.Errorf("list: %v %v, want one cancelled task", list, err)
	}
}

func TestRetention(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo", "MessageRetentionPeriod", "60")
	b.sendFIFO(q, "g", "1", "old")
	b.clock.Advance(59 * time.Second)
	b.sendFIFO(q, "g", "2", "new")
	b.want(q, 1, "old") // and locks the group
	b.clock.Advance(time.Second)
	b.want(q, 10, "new")
}

func TestLongPollEndsWhenItsCallerGoes(t *testing.T) {
	b := start(t, "")
	q := b.queue("q")
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := b.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q, WaitTimeSeconds: 20})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	b.send(q, "x")
	b.want(q, 1, "x")
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir)
	q := b.queue("q.fifo", "VisibilityTimeout", "100")
	first := b.sendFIFO(q, "g", "1", "one 🎉")
	b.sendFIFO(q, "g", "2", "two")
	last := b.sendFIFO(q, "h", "3", "three")
	b.want(q, 1, "one 🎉")
	b.clock.Advance(100 * time.Second)
	held := b.want(q, 1, "one 🎉")[0]
	b.server.Close()

	b.open(dir)
	if again := b.sendFIFO(q, "g", "1", "one again"); *again.MessageId != *first.MessageId {
		t.Error("a deduplication id was forgotten")
	}
	if next := b.sendFIFO(q, "h", "4", "four"); *next.SequenceNumber <= *last.SequenceNumber {
		t.Errorf("sequence number %s after %s", *next.SequenceNumber, *last.SequenceNumber)
	}
	b.want(q, 10, "three", "four") // g is still locked
	b.clock.Advance(99 * time.Second)
	b.mustDelete(q, held)
	if got := b.want(q, 10, "two")[0].Attributes["ApproximateReceiveCount"]; got != "1" {
		t.Errorf("receive count %s, want 1", got)
	}
	b.server.Close()

	b.open(dir)
	b.clock.Advance(100 * time.Second)
	if got := b.want(q, 10, "two", "three", "four")[0].Attributes["ApproximateReceiveCount"]; got != "2" {
		t.Errorf("receive count %s, want 2", got)
	}
}

func TestRelease(t *testing.T) {
	b := start(t, "")
	q := b.queue("q.fifo", "VisibilityTimeout", "100")
	for _, body := range []string{"one", "two", "three"} {
		b.sendFIFO(q, "g", body, body)
	}
	held := b.want(q, 2, "one", "two")
	b.want(q, 10)
	b.server.ReleaseQueue("q.fifo")
	b.server.ReleaseQueue("none.fifo")
	if code(b.delete(q, held[0])) == "" {
		t.Error("who gave a message back can still delete it")
	}
	b.want(q, 10, "one", "two", "three")
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	b := start(t, "")
	plain, fifo := b.queue("plain"), b.queue("q.fifo")
	send := func(in sqs.SendMessageInput) error { _, err := b.SendMessage(ctx, &in); return err }
	text := aws.String("x")
	for name, c := range map[string]struct {
		want string
		err  error
	}{
		"control character": {"InvalidMessageContents", send(sqs.SendMessageInput{QueueUrl: &plain,
			MessageBody: aws.String("a\x00b")})},
		"dedup id on standard": {"InvalidParameterValue", send(sqs.SendMessageInput{QueueUrl: &plain, MessageBody: text,
			MessageDeduplicationId: text})},
		"delay on FIFO": {"InvalidParameterValue", send(sqs.SendMessageInput{QueueUrl: &fifo, MessageBody: text,
			MessageGroupId: text, MessageDeduplicationId: text, DelaySeconds: 1})},
		"space in group id": {"InvalidParameterValue", send(sqs.SendMessageInput{QueueUrl: &fifo, MessageBody: text,
			MessageGroupId: aws.String("a b"), MessageDeduplicationId: text})},
		"empty attribute": {"InvalidParameterValue", send(sqs.SendMessageInput{QueueUrl: &plain, MessageBody: text,
			MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("String"),
				StringValue: aws.String("")}}})},
		"attribute too large": {"InvalidParameterValue", send(sqs.SendMessageInput{QueueUrl: &plain, MessageBody: text,
			MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("Binary"),
				BinaryValue: make([]byte, 1<<20)}}})},
		"queue policy": {"InvalidParameterValue", second(b.SetQueueAttributes(ctx,
			&sqs.SetQueueAttributesInput{QueueUrl: &plain, Attributes: map[string]string{"Policy": "{}"}}))},
		"receive attempt id": {"ValidationException", second(b.ReceiveMessage(ctx,
			&sqs.ReceiveMessageInput{QueueUrl: &fifo, ReceiveRequestAttemptId: text}))},
		"permission": {"UnknownOperationException", second(b.AddPermission(ctx,
			&sqs.AddPermissionInput{QueueUrl: &plain, Label: text, AWSAccountIds: []string{"1"}, Actions: []string{"*"}}))},
		"move from no DLQ": {"InvalidParameterValue", second(b.StartMessageMoveTask(ctx,
			&sqs.StartMessageMoveTaskInput{SourceArn: aws.String(b.attribute(plain, "QueueArn"))}))},
	} {
		if got := strings.TrimSuffix(code(c.err), "Exception"); got != strings.TrimSuffix(c.want, "Exception") {
			t.Errorf("%s: got %v, want %s", name, c.err, c.want)
		}
	}
	for _, q := range []string{plain, fifo} {
		if got := b.attribute(q, "ApproximateNumberOfMessages"); got != "0" {
			t.Errorf("%s holds %s messages after refused sends, want 0", q, got)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNameIsTakenForAMinuteAfterDeletion(t *testing.T) {
	ctx := context.Background()
	b := start(t, "")
	q := b.queue("q")
	b.send(q, "x")
	if _, err := b.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &q}); err != nil {
		t.Fatal(err)
	}
	_, err := b.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("q")})
	var recent *types.QueueDeletedRecently
	if !errors.As(err, &recent) {
		t.Errorf("got %v, want QueueDeletedRecently", err)
	}
	b.clock.Advance(time.Minute)
	b.want(b.queue("q"), 10)
}

func TestQueueURLHasTheCallersHost(t *testing.T) {
	b := start(t, "")
	q := b.queue("q")
	if want := "http://aws.test:4566/000000000000/q"; q != want {
		t.Errorf("got %s, want %s", q, want)
	}
	b.send("https://sqs.eu-central-1.amazonaws.com/123456789012/q", "x")
	b.want("http://localstack:1/q", 1, "x")
}
