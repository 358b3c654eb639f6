package system_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/thread"
)

// Lambda stops a chain of functions and queues after 16 turns through one of them, and
// drops what would begin the next. A conversation with a bot is such a chain, so our
// functions are let go on, and tell nobody where they come from; what stops a loop is
// ours: a ring on only follows work, and bots have a number of turns.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html

// TestLoopsAreOurs_Row38: whoever may put messages into the queue that it takes them
// from is Recursive.
func TestLoopsAreOurs_Row38(t *testing.T) {
	r := newRig(t, func(o *system.Options) { o.Config.Channels = nil })
	loops := 0
	for _, f := range r.sys.Functions {
		for _, g := range f.Grants {
			own := f.Consumes != "" && g.On == topology.OnQueue && g.Arg == f.Consumes
			if !own || !slices.Contains(g.Actions, "sqs:SendMessage") {
				continue
			}
			if loops++; !f.Recursive {
				t.Errorf("%s takes messages of %s and may put some into it: Lambda stops it after 16 turns", f.Name, f.Consumes)
			}
		}
	}
	if loops == 0 {
		t.Error("nobody rings on")
	}
}

// TestRingOnFollowsWork_Row38: a function that did nothing rings for nobody. Else two
// rings would be enough to keep it busy for ever.
func TestRingOnFollowsWork_Row38(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.callsOf("router")
	for i, q := range []struct{ function, queue, ring string }{
		{"router", names.Ingress, e.Subject}, {"sender", names.Outbound, string(store.ReplyLane(e.Subject))},
		{"bulk", names.Bulk, string(store.BulkLane(e.Subject))},
		{"media", names.Media, string(store.MediaLane(e.Subject))},
	} {
		d.put(q.queue, q.ring, fmt.Sprint(i), `{"ring":"`+q.ring+`"}`)
		d.sys.Poll(t.Context(), d.function(q.function), 0)
		calls := d.callsOf(q.function)
		if slices.ContainsFunc(calls, func(a string) bool { return strings.HasPrefix(a, "sqs:SendMessage") }) {
			t.Errorf("%s had nothing to do and rang: %v", q.function, calls)
		}
	}
}

// bot receives what a destination has, as Lambda would invoke an integrator's function
// with it, and answers each message of a customer or of a person.
func (d *desk) bot(answers func(e events.Event) bool, role string) (texts []string, err error) {
	d.t.Helper()
	c := sqs.NewFromConfig(d.sys.ConfigOf("integrator", cloud.Work))
	url, outbound := d.sys.QueueURL("support"), d.sys.QueueURL(names.Outbound)
	out, err := c.ReceiveMessage(d.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll}})
	if err != nil || len(out.Messages) == 0 {
		return nil, err
	}
	ctx, err := system.Consuming(d.t.Context(), "bot", out.Messages)
	if err != nil {
		return nil, err
	}
	for _, m := range out.Messages {
		if _, ok := m.Attributes["AWSTraceHeader"]; ok {
			d.t.Error("an event carries the chain of invocations")
		}
		e := decoded(d.t, m)
		texts = append(texts, outcomes([]events.Event{e})...)
		if answers(e) {
			o := say(e, "answer-"+e.ID, "answer")
			o.Sender, o.Hold = &events.Sender{Role: role, Name: "Robot"}, e.Hold
			doc := asked(d.t, o)
			if _, err := c.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &outbound, MessageBody: &doc,
				MessageGroupId: aws.String("bot"), MessageDeduplicationId: &e.ID}); err != nil {
				return nil, err
			}
		}
		done := &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}
		if _, err := c.DeleteMessage(ctx, done); err != nil {
			return nil, err
		}
	}
	d.clock.Advance(time.Second)
	d.drain()
	return texts, nil
}

// chat lets a bot answer its own messages, turn after turn, until it has no more to say.
func (d *desk) chat(role string, turns int) (all []string) {
	d.t.Helper()
	n := 0
	for {
		texts, err := d.bot(func(e events.Event) bool {
			speaks := e.Type == events.MessageReceived || e.Type == events.MessageEchoed
			if speaks {
				n++
			}
			return speaks && n <= turns
		}, role)
		if errors.Is(err, system.ErrRecursiveLoop) {
			d.t.Fatalf("Lambda stops the bot after %d turns", n)
		}
		if err != nil {
			d.t.Fatal(err)
		}
		if len(texts) == 0 {
			return all
		}
		all = append(all, texts...)
	}
}

// TestBotOfTwentySteps_Row38: a bot with twenty steps gets through all of them, though
// each is caused by the one before.
func TestBotOfTwentySteps_Row38(t *testing.T) {
	d := deskFor(t, "custom")
	d.customer("custom", "Hello?")
	d.drain()
	d.chat(events.Bot, 20)
	if n := d.said("custom", "answer"); n != 20 {
		t.Errorf("said %d times, want 20\n%s", n, d.logs)
	}
}

// TestBotThatAnswersItself_Row38: it is stopped, and told why.
func TestBotThatAnswersItself_Row38(t *testing.T) {
	d := deskFor(t, "custom")
	d.customer("custom", "Hello?")
	d.drain()
	all := d.chat(events.Bot, 3*thread.MaxTurns)
	if n := d.said("custom", "answer"); n != thread.MaxTurns {
		t.Errorf("said %d times, want %d", n, thread.MaxTurns)
	}
	if diff := cmp.Diff("rejected "+events.ClassPolicy, all[len(all)-1]); diff != "" {
		t.Error(diff)
	}
	d.customer("custom", "Who are you?")
	d.drain()
	d.chat(events.Bot, 1)
	if n := d.said("custom", "answer"); n != thread.MaxTurns+1 {
		t.Errorf("said %d times after the customer wrote again, want one more", n)
	}
}
