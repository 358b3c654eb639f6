package mailbox_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/mailbox"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/store"
)

// TestInvalidIsNotPut: an event of our own that breaks the contract is an error
// where it is made, and is neither kept nor told.
func TestInvalidIsNotPut(t *testing.T) {
	calls := 0
	server, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(time.Date(2026, 8, 1, 16, 0, 0, 0,
		time.UTC)), Observe: func(awsfake.Call) { calls++ }})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := cloud.NewClients(cloud.Work.Apply(aws.Config{Region: "us-east-1",
		BaseEndpoint: aws.String("http://aws.local"), HTTPClient: server.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")}))
	m := mailbox.Mailbox{Inbox: store.NewInbox(store.Place{DB: c.DynamoDB, Table: "relais"}), Ingress: queue.New(c.SQS,
		"http://aws.local/000000000000/relais-ingress.fifo")}
	e := events.Event{ID: "evt_1", Type: events.MessageStatus, Subject: "cnv_1"}
	if err := m.Put(t.Context(), &e, 0); err == nil || calls != 0 {
		t.Errorf("%v after %d calls, want an error after none", err, calls)
	}
}

// TestPartIsRungFor: what is durable is rung for at once, though the rest of its batch
// was refused.
func TestPartIsRungFor(t *testing.T) {
	var puts, rings atomic.Int64
	server, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)),
		Intercept: func(c awsfake.Call) *awsfake.Fault {
			switch c.Action {
			case "dynamodb:PutItem":
				if puts.Add(1) > 1 {
					return &awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
				}
			case "sqs:SendMessageBatch":
				rings.Add(1)
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c := cloud.NewClients(cloud.Work.Apply(aws.Config{Region: "us-east-1",
		BaseEndpoint: aws.String("http://aws.local"), HTTPClient: server.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")}))
	m := mailbox.Mailbox{Inbox: store.NewInbox(store.Place{DB: c.DynamoDB, Table: table(t, c.DynamoDB)}),
		Ingress: queue.New(c.SQS, ingress(t, c.SQS))}
	outcomes, err := m.Commit(t.Context(), []store.Item{{Conversation: "cnv_1", ID: "evt_1", Body: []byte{1}},
		{Conversation: "cnv_2", ID: "evt_2", Body: []byte{1}}})
	slices.Sort(outcomes) // they are committed at once, so either may be the first
	if err == nil || !slices.Equal(outcomes, []store.Outcome{store.Refused, store.Committed}) || rings.Load() != 1 {
		t.Errorf("%v, %v, %d rings, want one committed and rung for, one refused", outcomes, err, rings.Load())
	}
}

func table(t *testing.T, db *dynamodb.Client) string {
	t.Helper()
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	in := &dynamodb.CreateTableInput{TableName: aws.String("relais"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{text(names.AttrPartition), text(names.AttrSort)},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String(names.AttrPartition), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String(names.AttrSort), KeyType: types.KeyTypeRange}}}
	if _, err := db.CreateTable(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return "relais"
}

func ingress(t *testing.T, client *sqs.Client) string {
	t.Helper()
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("relais-ingress.fifo"),
		Attributes: map[string]string{"FifoQueue": "true"}})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.QueueUrl)
}
