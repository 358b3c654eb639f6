// Package cloud makes the AWS clients, with the budgets of each path.
package cloud

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go/middleware"
)

// A Budget bounds what one AWS call may take.
type Budget struct {
	Attempts int           // tries in all
	Attempt  time.Duration // one try, connection included
	Backoff  time.Duration // longest wait between tries; 0 tries again at once
}

var (
	// Ingress fits a webhook into two seconds: the SDK's default took 5.1 s for
	// two retries, and the tightest platform waits two.
	Ingress = Budget{Attempts: 2, Attempt: 700 * time.Millisecond, Backoff: 150 * time.Millisecond}
	// Work is for functions behind a queue, which come again by themselves.
	Work = Budget{Attempts: 3, Attempt: 3 * time.Second, Backoff: 500 * time.Millisecond}
)

// idleConnections per host: a batch's puts run 32 at a time, and the SDK's
// default of 10 redials the rest in every invocation.
const idleConnections = 64

// Load reads region, credentials and endpoints from the environment, as every
// AWS program does (AWS_ENDPOINT_URL, AWS_CA_BUNDLE, profiles).
func Load(ctx context.Context, b Budget) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(b.Attempt).
		WithTransportOptions(keepConnections)))
	return b.Apply(cfg), err
}

// conflicts are refusals that pass at once, which the SDK does not repeat: a write to
// an item that a transaction holds. Nothing was done.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
var conflicts = map[string]struct{}{"TransactionConflictException": {}}

// alone takes the header off with which AWS counts how often functions call each
// other in a chain, and ends it after about 16: a conversation is such a chain, and
// goes on for longer. What ends our own loops is counted in the conversation.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
func alone(stack *middleware.Stack) error {
	_, _ = stack.Build.Remove("RecursionDetection") // not there outside of Lambda
	return nil
}

// Apply puts b's retries into cfg.
func (b Budget) Apply(cfg aws.Config) aws.Config {
	cfg.APIOptions = append(cfg.APIOptions, alone)
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.MaxBackoff = b.Attempts, b.Backoff
			o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: conflicts})
			if b.Backoff == 0 {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			}
		})
	}
	return cfg
}

// Clients are the services Relais speaks to, made once per process.
type Clients struct {
	DynamoDB *dynamodb.Client
	SQS      *sqs.Client
	Secrets  *secretsmanager.Client
	S3       *s3.Client
}

// NewClients makes the clients. Buckets are addressed by path where an endpoint
// is configured: an emulator has no name per bucket.
func NewClients(cfg aws.Config) Clients {
	return Clients{
		DynamoDB: dynamodb.NewFromConfig(cfg),
		SQS:      sqs.NewFromConfig(cfg),
		Secrets:  secretsmanager.NewFromConfig(cfg),
		S3:       s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = cfg.BaseEndpoint != nil }),
	}
}
