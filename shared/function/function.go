// Package function is what every Lambda function has in common: how it is
// called, and all that it may know about where it runs.
package function

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Handler is a Lambda function. It takes and gives bytes: decoding an event
// into the Lambda library's types costs more than the rest of an invocation.
type Handler interface {
	Invoke(ctx context.Context, payload []byte) ([]byte, error)
}

// Env is where a function runs: Lambda, a laptop or a test.
type Env struct {
	Getenv   func(string) string
	ReadFile func(string) ([]byte, error)           // files beside the executable
	AWS      func(cloud.Budget) (aws.Config, error) // credentials are the function's own
	Out      io.Writer                              // logs and metrics
	Now      func() time.Time
	HTTP     http.RoundTripper                    // the world outside of AWS; nil is the guarded way there
	Nap      func(context.Context, time.Duration) // waits a moment; nil really does
}

// Clients are the AWS clients, with the budget of the function's path.
func (e Env) Clients(b cloud.Budget) (cloud.Clients, error) {
	cfg, err := e.AWS(b)
	if err != nil {
		return cloud.Clients{}, fmt.Errorf("aws configuration: %w", err)
	}
	return cloud.NewClients(cfg), nil
}

// Store is where the mailbox is kept.
func (e Env) Store(c cloud.Clients) store.Place {
	days, _ := strconv.Atoi(e.Getenv(names.EnvRetention)) // absent: the store's least
	return store.Place{DB: c.DynamoDB, Table: e.Getenv(names.EnvTable), Objects: c.S3, Bucket: e.Getenv(names.EnvBucket),
		Retention: time.Duration(days) * 24 * time.Hour}
}

// Queue is the queue whose URL a variable holds.
func (e Env) Queue(c cloud.Clients, variable string) *queue.Queue {
	return queue.New(c.SQS, e.Getenv(variable))
}

// Source is the queue that the function works for.
func (e Env) Source(c cloud.Clients, name string) queue.Source {
	return queue.Source{Queue: e.Queue(c, names.EnvQueue), Dead: e.Queue(c, names.EnvDead), Log: e.Log(name), Now: e.Now}
}

// Log writes the function's log lines.
func (e Env) Log(name string) *slog.Logger { return observe.NewLog(e.Out, name) }

// Metrics writes the function's metrics.
func (e Env) Metrics(name string) *observe.Metrics { return observe.NewMetrics(e.Out, name, e.Now) }

// Sleep is how functions wait a moment.
func (e Env) Sleep() func(context.Context, time.Duration) {
	if e.Nap != nil {
		return e.Nap
	}
	return func(ctx context.Context, d time.Duration) {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
}
