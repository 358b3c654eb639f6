package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	// transactTries bounds how often a transaction is made that only others' work
	// kept from being made. The SDK repeats what DynamoDB refuses before it looks at a
	// transaction's items, and not what it cancels.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling
	transactTries = 5
	// transactPause is the longest wait before the second try; each further one doubles.
	transactPause = 20 * time.Millisecond
)

// transact writes all items or none, and tries again what was cancelled for reasons
// that pass: nothing of a cancelled transaction was done.
func (t core) transact(ctx context.Context, items ...types.TransactWriteItem) error {
	pause := transactPause
	for try := 1; ; try++ {
		_, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items})
		if err == nil || try == transactTries || !passes(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(pause)):
		}
		pause *= 2
	}
}

// passes is true when a transaction was cancelled because of others' work alone.
func passes(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	for _, r := range canceled.CancellationReasons {
		switch aws.ToString(r.Code) {
		case "", "None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded":
		default:
			return false
		}
	}
	return true
}

// isConflict is true when a transaction's condition failed.
func isConflict(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	for _, r := range canceled.CancellationReasons {
		if aws.ToString(r.Code) == "ConditionalCheckFailed" {
			return true
		}
	}
	return false
}

// hasFailed is true when the condition of a transaction's i-th write failed.
func hasFailed(err error, i int) bool {
	var canceled *types.TransactionCanceledException
	return errors.As(err, &canceled) && len(canceled.CancellationReasons) > i &&
		aws.ToString(canceled.CancellationReasons[i].Code) == "ConditionalCheckFailed"
}

// isRefused is true when the condition of a single write failed.
func isRefused(err error) bool {
	var refused *types.ConditionalCheckFailedException
	return errors.As(err, &refused)
}
