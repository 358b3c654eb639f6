package store

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/relais-dev/relais/shared/names"
)

// unfinished reads the first of what is unfinished in a partition and not parked, in order.
func (t core) unfinished(ctx context.Context, partition string, limit int) ([]Item, bool, error) {
	items, more, err := t.pending(ctx, partition, limit, "o >= :from", attrs{":from": text(firstOrder)})
	sortPending(items)
	return items, more, err
}

// pending reads a part of the pending index.
func (t core) pending(ctx context.Context, partition string, limit int, where string, values attrs) ([]Item, bool,
	error) {
	values[":c"] = text(partition)
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.PendingIndex),
		ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression: aws.String("c = :c AND " + where), ExpressionAttributeValues: values})
	if err != nil {
		return nil, false, fmt.Errorf("read pending events: %w", err)
	}
	items := make([]Item, len(out.Items))
	for i, a := range out.Items {
		items[i] = itemOf(a)
	}
	return items, len(out.LastEvaluatedKey) > 0, nil
}
