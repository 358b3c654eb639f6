package clock_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/workers/clock"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// A rig is the function between its queues.
type rig struct {
	t     *testing.T
	now   *awsfake.Clock
	sqs   *sqs.Client
	clock function.Handler
	urls  map[string]string // by queue
	down  bool              // whether the router's queue takes nothing
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, now: awsfake.NewClock(time.Date(2026, 12, 1, 16, 0, 0, 0, time.UTC)), urls: map[string]string{}}
	server, err := awsfake.New(awsfake.Options{Clock: r.now, Intercept: func(c awsfake.Call) *awsfake.Fault {
		if r.down && c.Action == "sqs:SendMessage" && c.Resource == "queue/"+names.Queue(names.Local, names.Ingress) {
			return &awsfake.Fault{Status: 403, Code: "AccessDenied"}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	cfg := aws.Config{Region: awsfake.Region, HTTPClient: server.HTTPClient(),
		BaseEndpoint: aws.String("http://aws.local"),
		Credentials:  credentials.NewStaticCredentialsProvider("clock", "clock", "")}
	r.sqs = sqs.NewFromConfig(cfg)
	for name, attributes := range map[string]map[string]string{names.Clock: nil, names.Clock + names.DeadSuffix: nil,
		names.Ingress: {"FifoQueue": "true", "DeduplicationScope": "messageGroup"}} {
		out, err := r.sqs.CreateQueue(t.Context(),
			&sqs.CreateQueueInput{QueueName: aws.String(names.Queue(names.Local, name)), Attributes: attributes})
		if err != nil {
			t.Fatal(err)
		}
		r.urls[name] = aws.ToString(out.QueueUrl)
	}
	env := map[string]string{names.EnvQueue: r.urls[names.Clock], names.EnvDead: r.urls[names.Clock+names.DeadSuffix],
		names.EnvIngress: r.urls[names.Ingress]}
	r.clock, err = clock.New("clock", function.Env{Getenv: func(name string) string { return env[name] },
		Out: &bytes.Buffer{}, Now: r.now.Now, AWS: func(cloud.Budget) (aws.Config, error) { return cfg, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) send(m queue.Message) {
	r.t.Helper()
	if err := queue.New(r.sqs, r.urls[names.Clock]).Send(r.t.Context(), m); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) receive(name string) []types.Message {
	r.t.Helper()
	out, err := r.sqs.ReceiveMessage(r.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: aws.String(r.urls[name]),
		MaxNumberOfMessages:         10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Messages
}

// delete is what Lambda does with what did not fail.
func (r *rig) delete(name string, messages []types.Message) {
	r.t.Helper()
	for _, m := range messages {
		if _, err := r.sqs.DeleteMessage(r.t.Context(), &sqs.DeleteMessageInput{QueueUrl: aws.String(r.urls[name]),
			ReceiptHandle: m.ReceiptHandle}); err != nil {
			r.t.Fatal(err)
		}
	}
}

// event is what Lambda makes of messages.
func event(messages []types.Message) []byte {
	var e lambda.SQSEvent
	for _, m := range messages {
		e.Records = append(e.Records, lambda.SQSMessage{MessageId: aws.ToString(m.MessageId), Body: aws.ToString(m.Body),
			ReceiptHandle: aws.ToString(m.ReceiptHandle), Attributes: m.Attributes})
	}
	doc, _ := json.Marshal(e) // of texts
	return doc
}

// invoke returns the ids of what failed.
func (r *rig) invoke(payload []byte) (failed []string) {
	r.t.Helper()
	out, err := r.clock.Invoke(r.t.Context(), payload)
	if err != nil {
		r.t.Fatal(err)
	}
	var response lambda.SQSEventResponse
	if err := json.Unmarshal(out, &response); err != nil {
		r.t.Fatal(err)
	}
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

func conversation(n int) string { return events.ConversationID("line", "demo", fmt.Sprint(n)) }

// TestRingsOnTime: a ring comes when its delay is over, in the conversation's group, and
// what SQS delivers twice rings once.
func TestRingsOnTime(t *testing.T) {
	r := newRig(t)
	r.send(queue.RingIn(conversation(1), 44500*time.Millisecond))
	r.send(queue.RingIn(conversation(2), time.Hour))
	r.send(queue.RingIn(conversation(3), -time.Second))
	var times []string
	for second := range 901 {
		messages := r.receive(names.Clock)
		r.delete(names.Clock, messages)
		if len(messages) > 0 {
			times = append(times, fmt.Sprint(second))
			payload := event(messages)
			for range 2 {
				if failed := r.invoke(payload); len(failed) > 0 {
					t.Errorf("after %d s: %v failed", second, failed)
				}
			}
		}
		r.now.Advance(time.Second)
	}
	if got := strings.Join(times, " "); got != "0 45 900" {
		t.Errorf("rung after %s seconds, want 0, 45, and SQS's most", got)
	}
	var got, want []string
	for _, m := range r.receive(names.Ingress) {
		got = append(got, m.Attributes["MessageGroupId"]+" "+aws.ToString(m.Body))
	}
	for _, n := range []int{3, 1, 2} {
		want = append(want, conversation(n)+` {"ring":"`+conversation(n)+`"}`)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestWhatIsNoRing goes to the dead letters, which take no groups, and holds up nothing.
func TestWhatIsNoRing(t *testing.T) {
	r := newRig(t)
	strays := []string{"Hello", `{"ring":"out:` + conversation(1) + `"}`,
		`{"ring":"` + conversation(1) + `","text":"Hello"}`}
	for _, body := range strays {
		r.send(queue.Message{Body: body})
	}
	r.send(queue.RingIn(conversation(2), 0))
	if failed := r.invoke(event(r.receive(names.Clock))); len(failed) > 0 {
		t.Errorf("%v come again", failed)
	}
	var dead []string
	for _, m := range r.receive(names.Clock + names.DeadSuffix) {
		dead = append(dead, aws.ToString(m.Body))
	}
	slices.Sort(strays)
	slices.Sort(dead)
	if diff := cmp.Diff(strays, dead); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	if n := len(r.receive(names.Ingress)); n != 1 {
		t.Errorf("%d rings, want 1", n)
	}
}

// TestWhatFails comes again, and nothing else does.
func TestWhatFails(t *testing.T) {
	r := newRig(t)
	r.send(queue.Message{Body: "Hello"})
	r.send(queue.RingIn(conversation(1), 0))
	r.send(queue.RingIn(conversation(2), 0))
	messages := r.receive(names.Clock)
	var rings []string
	for _, m := range messages {
		if aws.ToString(m.Body) != "Hello" {
			rings = append(rings, aws.ToString(m.MessageId))
		}
	}
	r.down = true
	if diff := cmp.Diff(rings, r.invoke(event(messages))); diff != "" {
		t.Errorf("come again (-want +got):\n%s", diff)
	}
	r.down = false
	r.now.Advance(2 * time.Second)
	if failed := r.invoke(event(r.receive(names.Clock))); len(failed) > 0 || len(r.receive(names.Ingress)) != 2 {
		t.Errorf("%v failed again", failed)
	}
}
