// Command integrator is a small team: it receives what customers write from its
// queue and answers each message, with the AWS SDK and nothing else of Relais than
// the contract. Copy it to begin your own.
//
//	go run ./infra/examples/integrator --endpoint http://127.0.0.1:4566 \
//	  --queue http://127.0.0.1:4566/000000000000/relais-support.fifo \
//	  --outbound http://127.0.0.1:4566/000000000000/relais-outbound.fifo
//
// Without --endpoint it uses AWS, as any program with credentials does.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
)

func main() {
	endpoint := flag.String("endpoint", "", "of the local AWS API; empty is AWS")
	queue := flag.String("queue", "", "URL of the queue to receive from")
	outbound := flag.String("outbound", "", "URL of the queue to answer on")
	wait := flag.Int("wait", 10, "seconds that an empty queue is waited for; stopping takes as long")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *endpoint, *queue, *outbound, int32(*wait)); err != nil {
		fmt.Fprintln(os.Stderr, "integrator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint, queue, outbound string, wait int32) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if endpoint != "" {
		cfg, err = aws.Config{Region: "us-east-1", BaseEndpoint: &endpoint,
			Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")}, nil
	}
	if err != nil {
		return err
	}
	team := &team{sqs: sqs.NewFromConfig(cfg), outbound: outbound}
	fmt.Println("waiting for customers")
	// What is asked for is finished even when the program is told to stop: what a
	// queue hands out and nobody deletes holds up its conversation.
	work := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		out, err := team.sqs.ReceiveMessage(work, &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10,
			WaitTimeSeconds: wait})
		if err != nil {
			return err
		}
		for _, m := range out.Messages {
			if err := team.handle(work, aws.ToString(m.Body)); err != nil {
				return err
			}
			// Deleted after it was answered: if this program dies in between, the event
			// comes again, and its answer has the same idempotency key.
			if _, err := team.sqs.DeleteMessage(work, &sqs.DeleteMessageInput{QueueUrl: &queue,
				ReceiptHandle: m.ReceiptHandle}); err != nil {
				return err
			}
		}
	}
	return nil
}

// A team answers customers.
type team struct {
	sqs      *sqs.Client
	outbound string
}

// handle answers a customer's text with a question, and tells what it hears.
func (t *team) handle(ctx context.Context, body string) error {
	var e events.Event
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		return fmt.Errorf("not an event: %w", err)
	}
	switch m := e.Data.Message; {
	case e.Standby: // another answers
	case e.Type == events.MessageReceived && m.Content[0].Text != nil:
		fmt.Printf("%-10s customer: %s\n", e.Channel, m.Content[0].Text.Body)
		return t.send(ctx, events.Outbound{
			IdempotencyKey: "answer-to-" + e.ID,
			To:             events.To{Conversation: e.Subject},
			Hold:           e.Hold, // refused when another has taken over since
			Sender:         &events.Sender{Role: events.Bot, Name: "Demo"},
			Content: []events.Content{{Kind: events.KindChoice, Choice: &events.Choice{
				Text:    fmt.Sprintf("You wrote %q. Is it about an order?", m.Content[0].Text.Body),
				Options: []events.Option{{ID: "yes", Label: "Yes"}, {ID: "no", Label: "No"}},
			}}},
		})
	case e.Type == events.MessageEchoed && m.Origin == "api":
		fmt.Printf("%-10s sent %s\n", e.Channel, m.ID)
	case e.Type == events.MessageStatus:
		fmt.Printf("%-10s %s\n", e.Channel, e.Data.Status.State)
	case e.Type == events.SendRejected:
		fmt.Printf("%-10s rejected: %s\n", e.Channel, e.Data.Rejection.Error.Title)
	}
	return nil
}

// send asks Relais to say something. The message group keeps the order of a
// conversation; SQS drops repetitions of a key within five minutes, and Relais
// those that come later.
func (t *team) send(ctx context.Context, o events.Outbound) error {
	doc, err := json.Marshal(o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, err = t.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &t.outbound, MessageBody: aws.String(string(doc)),
		MessageGroupId: &o.To.Conversation, MessageDeduplicationId: &o.IdempotencyKey})
	return err
}
