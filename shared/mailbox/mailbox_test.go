package mailbox_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/mailbox"
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
