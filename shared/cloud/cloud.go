// Package cloud makes the AWS clients, with the budgets of each path.
package cloud

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
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

// Load is the configuration of a Lambda function, whose region and credentials are in
// its environment; AWS_ENDPOINT_URL points it elsewhere. The SDK's own loader links five
// services more (SSO, STS, sign-in, the metadata of instances), 1.5 MB that no function
// ever calls and every cold start reads.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
func Load(getenv func(string) string, b Budget) (aws.Config, error) {
	key := aws.Credentials{AccessKeyID: getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: getenv("AWS_SESSION_TOKEN"), Source: "environment"}
	cfg := aws.Config{
		Region:      getenv("AWS_REGION"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return key, nil }),
		HTTPClient:  awshttp.NewBuildableClient().WithTimeout(b.Attempt).WithTransportOptions(keepConnections),

		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
	if cfg.Region == "" || !key.HasKeys() {
		return cfg, errors.New("AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set, as Lambda sets them")
	}
	if endpoint := getenv("AWS_ENDPOINT_URL"); endpoint != "" {
		cfg.BaseEndpoint = &endpoint
	}
	return b.Apply(cfg), nil
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
