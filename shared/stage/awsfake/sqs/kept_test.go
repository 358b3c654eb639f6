package sqs

import (
	"fmt"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// TestFullDisk: a message whose writing failed is not acknowledged when it is sent
// again, although memory takes it for a repetition; once there is room, it is kept.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	open := func() *keep.Log {
		log, err := keep.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	log := open()
	q, err := New(time.Now, log, "us-east-1", "000000000000")
	if err != nil {
		t.Fatal(err)
	}
	call := func(action, body string) (any, error) {
		reply, _, err := q.Call(t.Context(), action, []byte(body), Caller{})
		return reply, err
	}
	send := func(id string) error {
		_, err := call("SendMessage", fmt.Sprintf(
			`{"QueueUrl":"q.fifo","MessageBody":"hello","MessageGroupId":"g","MessageDeduplicationId":%q}`, id))
		return err
	}
	if _, err := call("CreateQueue", `{"QueueName":"q.fifo","Attributes":{"FifoQueue":"true"}}`); err != nil {
		t.Fatal(err)
	}
	log.Close() // from here on no write succeeds
	for try := range 3 {
		if send("one") == nil {
			t.Fatalf("try %d was acknowledged, and is kept nowhere", try+1)
		}
	}
	q.log = open()
	if err := send("two"); err != nil {
		t.Fatal(err)
	}
	q.log.Close()
	if q, err = New(time.Now, open(), "us-east-1", "000000000000"); err != nil {
		t.Fatal(err)
	}
	if n := len(q.queues["q.fifo"].messages); n != 2 {
		t.Errorf("%d messages were kept, want 2", n)
	}
}
