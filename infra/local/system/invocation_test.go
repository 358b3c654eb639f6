package system

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// A stub stands in for a function.
type stub func(ctx context.Context, payload []byte) ([]byte, error)

func (f stub) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

// world answers every call.
type world struct{}

func (world) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// newStubbed starts a system in which f does the work of a function.
func newStubbed(t *testing.T, function string, f func(s *System) stub) (*System, topology.Function, *awsfake.Clock) {
	t.Helper()
	clock := awsfake.NewClock(time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC))
	doc := `{"channels":["whatsapp"],"destinations":{"support":{}},"default":"support","rules":[]}`
	c, err := topology.Parse([]byte(doc), functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{Config: c, Root: "../../..", Clock: clock, Out: io.Discard, Hasty: true,
		PublicURL: "https://relais.example", AWSURL: "http://aws.local"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.functions[function] = f(s)
	for _, g := range s.Functions {
		if g.Name == function {
			return s, g, clock
		}
	}
	t.Fatalf("no function %s", function)
	return nil, topology.Function{}, nil
}

// TestTimeout: an invocation that outlasts its function's timeout is abandoned, whether it hangs or not, and none of
// its calls has an effect any more.
func TestTimeout(t *testing.T) {
	calls := make(chan error, 2)
	var clock *awsfake.Clock
	release := make(chan struct{})
	s, f, clock := newStubbed(t, "router", func(s *System) stub {
		queue := sqs.NewFromConfig(s.ConfigOf("router", cloud.Work))
		return func(ctx context.Context, payload []byte) ([]byte, error) {
			deadline, ok := ctx.Deadline()
			if !ok || deadline.Sub(s.Now()) <= 0 {
				return nil, fmt.Errorf("deadline %v at %v", deadline, s.Now())
			}
			clock.Advance(deadline.Sub(s.Now()))
			if string(payload) == "hang" {
				<-release
			}
			ctx = context.WithoutCancel(ctx) // what a function does about its context does not save it
			url := s.QueueURL("support")
			_, err := queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("late"),
				MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("d")})
			calls <- err
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://platform.example", nil)
			if err != nil {
				return nil, err
			}
			_, err = fencedWorld{world{}}.RoundTrip(r)
			calls <- err
			return []byte("{}"), nil
		}
	})
	for _, payload := range []string{"return", "hang"} {
		if _, err := s.Invoke(t.Context(), f, []byte(payload)); !errors.Is(err, ErrTimedOut) {
			t.Errorf("%s: %v, want %v", payload, err, ErrTimedOut)
		}
		if payload == "hang" {
			close(release)
		}
		for range 2 {
			if err := <-calls; !errors.Is(err, errFenced) {
				t.Errorf("%s: a late call came to %v, want %v", payload, err, errFenced)
			}
		}
	}
}

func TestPanicEndsInvocation(t *testing.T) {
	s, f, _ := newStubbed(t, "router", func(*System) stub {
		return func(context.Context, []byte) ([]byte, error) { panic("out of luck") }
	})
	if _, err := s.Invoke(t.Context(), f, nil); err == nil || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("got %v, want the panic", err)
	}
}

// TestRecursiveLoop: a function that feeds its own queue is invoked 16 times, then the message is given up.
func TestRecursiveLoop(t *testing.T) {
	for _, recursive := range []bool{false, true} {
		t.Run(fmt.Sprintf("recursive %v", recursive), func(t *testing.T) {
			invoked := 0
			s, f, clock := newStubbed(t, "router", func(s *System) stub {
				c := s.ConfigOf(Admin, cloud.Work)                         // IAM would not let a function do this
				c.APIOptions = []func(*middleware.Stack) error{traceCalls} // with the header that ours leave out
				queue := sqs.NewFromConfig(c)
				return func(ctx context.Context, _ []byte) ([]byte, error) {
					invoked++
					if invoked >= 40 {
						return []byte("{}"), nil
					}
					url := s.QueueURL("ingress")
					_, err := queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("again"),
						MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String(fmt.Sprint(invoked))})
					return []byte("{}"), err
				}
			})
			f.Recursive = recursive
			admin := sqs.NewFromConfig(s.ConfigOf(Admin, cloud.Work))
			url := s.QueueURL("ingress")
			if _, err := admin.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("first"),
				MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("first")}); err != nil {
				t.Fatal(err)
			}
			want, refused := 16, 0
			if recursive {
				want = 40
			}
			for range 200 {
				n, err := s.Poll(t.Context(), f, 0)
				if errors.Is(err, ErrRecursiveLoop) {
					refused++
					clock.Advance(10 * time.Minute)
				} else if err != nil || n == 0 {
					break
				}
			}
			if invoked != want || (refused > 0) == recursive {
				t.Errorf("invoked %d times and refused %d, want %d", invoked, refused, want)
			}
			if want := names.DeadLetters(s.Stage, "ingress") + "=1"; !recursive && depths(t, s) != want {
				t.Errorf("the queues hold %s, want %s", depths(t, s), want)
			}
		})
	}
}

// depths are the numbers of messages in all queues that are not empty.
func depths(t *testing.T, s *System) string {
	t.Helper()
	c := sqs.NewFromConfig(s.ConfigOf(Admin, cloud.Work))
	list, err := c.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, url := range list.QueueUrls {
		a, err := c.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url,
			AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages}})
		if err != nil {
			t.Fatal(err)
		}
		if n := a.Attributes["ApproximateNumberOfMessages"]; n != "0" {
			out = append(out, url[strings.LastIndex(url, "/")+1:]+"="+n)
		}
	}
	return strings.Join(out, " ")
}

// TestLineage: what an integrator's function sends on carries the chain, until Lambda refuses it.
func TestLineage(t *testing.T) {
	ctx := t.Context()
	message := types.Message{Attributes: map[string]string{}}
	for turn := 1; ; turn++ {
		next, err := Consuming(ctx, "bot", []types.Message{{}, message})
		if errors.Is(err, ErrRecursiveLoop) {
			if turn != maxRecursion+1 {
				t.Errorf("refused in turn %d", turn)
			}
			return
		}
		if err != nil || turn > 50 {
			t.Fatalf("turn %d: %v", turn, err)
		}
		header := invocationOf(next).trace.next("sender").header()
		if turn%2 == 0 { // as SDKs send it
			header = strings.ReplaceAll(header, "|", "%7C")
		}
		message.Attributes["AWSTraceHeader"] = header
	}
}
