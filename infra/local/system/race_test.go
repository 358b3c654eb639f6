package system_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	lambda "github.com/aws/aws-lambda-go/events"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// TestTwoRouters lets a second router come in between a first one's reading and
// its transaction, number an older event that has just arrived, and die. The
// first one must notice, read again, and not give the same sequence twice.
func TestTwoRouters(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	r.post(message{"1", "wamid.newer", "newer", at.Add(time.Second)})
	inner, transactions := false, 0
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal != "router" {
			return nil
		}
		if c.Action == "dynamodb:TransactWriteItems" {
			transactions++
		}
		switch {
		case transactions == 1 && !inner:
			inner = true
			r.post(message{"1", "wamid.older", "older", at})
			r.directly("router", events.ConversationID("whatsapp", "demo", "1"))
			inner = false
		case inner && (transactions > 2 || transactions == 2 && c.Action != "dynamodb:TransactWriteItems"):
			return &awsfake.Fault{Status: 400, Code: "Crashed"}
		}
		return nil
	})
	r.drain()
	r.breaks(nil)
	r.settle()
	if transactions < 3 {
		t.Errorf("%d transactions: the first router did not try again", transactions)
	}
	sequences := map[string]string{}
	for _, e := range r.received("support") {
		sequences[e.Sequence] = text(e)
	}
	if sequences[events.FormatSequence(1)] != "older" || sequences[events.FormatSequence(2)] != "newer" ||
		len(sequences) != 2 {
		t.Errorf("sequences %v, want older first and newer second", sequences)
	}
}

// directly invokes a worker as if a ring for a partition had come by another way.
func (r *rig) directly(function, partition string) {
	r.t.Helper()
	payload, err := json.Marshal(lambda.SQSEvent{Records: []lambda.SQSMessage{{MessageId: "elsewhere",
		Body:       `{"ring":"` + partition + `"}`,
		Attributes: map[string]string{"MessageGroupId": partition, "ApproximateReceiveCount": "1"}}}})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.sys.Invoke(context.Background(), r.function(function), payload); err != nil {
		r.t.Logf("%s: %v", function, err)
	}
}
