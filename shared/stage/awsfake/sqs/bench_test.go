package sqs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/stage/awsfake/keep"
)

// BenchmarkSendReceiveDelete takes one message through a queue in which 100,000 others wait, kept on disk.
func BenchmarkSendReceiveDelete(b *testing.B) {
	for _, name := range []string{"standard", "groups.fifo", "onegroup.fifo"} {
		b.Run(name, func(b *testing.B) {
			log, err := keep.Open(b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			s, err := New(time.Now, log, "us-east-1", "0")
			if err != nil {
				b.Fatal(err)
			}
			d := driver{b: b, s: s, name: name, body: strings.Repeat("x", 500)}
			d.call("CreateQueue", map[string]any{"QueueName": name, "Attributes": d.attributes()}, nil)
			for range 100_000 {
				d.send()
			}
			for b.Loop() {
				d.send()
				var r receiveReply
				d.call("ReceiveMessage", map[string]any{"QueueUrl": name}, &r)
				d.call("DeleteMessage", map[string]any{"QueueUrl": name, "ReceiptHandle": r.Messages[0].ReceiptHandle}, nil)
			}
		})
	}
}

type driver struct {
	b          *testing.B
	s          *Queues
	name, body string
	sent       int
}

func (d *driver) attributes() map[string]string {
	if strings.HasSuffix(d.name, ".fifo") {
		return map[string]string{"FifoQueue": "true"}
	}
	return nil
}

func (d *driver) send() {
	d.sent++
	in := map[string]any{"QueueUrl": d.name, "MessageBody": d.body}
	if strings.HasSuffix(d.name, ".fifo") {
		in["MessageDeduplicationId"] = fmt.Sprint(d.sent)
		in["MessageGroupId"] = "g"
		if d.name == "groups.fifo" {
			in["MessageGroupId"] = fmt.Sprint(d.sent % 5000)
		}
	}
	d.call("SendMessage", in, nil)
}

func (d *driver) call(action string, in any, out *receiveReply) {
	body, err := json.Marshal(in)
	if err != nil {
		d.b.Fatal(err)
	}
	reply, _, err := d.s.Call(context.Background(), action, body, Caller{BaseURL: "http://x"})
	if err != nil {
		d.b.Fatal(err)
	}
	if out != nil {
		*out = reply.(receiveReply)
	}
}
