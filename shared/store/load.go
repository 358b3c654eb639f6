package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A Load is which conversations an agent of a destination has claimed. It is changed by
// one claim at a time, so that no two of them together go over the agent's limit.
type Load struct {
	Conversations []string

	partition string
	version   int64
}

// ErrLoad says that an agent's load was changed since it was read.
var ErrLoad = errors.New("another claim of the agent was faster")

const (
	loadPrefix = "agent:" // partition of an agent's load
	loadKey    = "load"
	// loadKept is how long a load is remembered after the last claim.
	loadKept = 90 * 24 * time.Hour
)

// Load reads an agent's load, strongly consistent.
func (t *Lists) Load(ctx context.Context, destination, agent string) (Load, error) {
	l := Load{partition: loadPrefix + strconv.Itoa(len(destination)) + ":" + destination + ":" + agent}
	item, err := t.read(ctx, key(l.partition, loadKey), "read an agent's load")
	if err != nil {
		return l, err
	}
	l.version = intOf(item["v"])
	if s, ok := item["lc"].(*types.AttributeValueMemberSS); ok {
		l.Conversations = s.Value
	}
	return l, nil
}

// put keeps l if nobody has changed it.
func (l Load) put(table string, now time.Time) *types.Put {
	item := key(l.partition, loadKey)
	item["x"] = number(now.Add(loadKept).Unix())
	item["v"], item["lc"] = number(l.version+1), &types.AttributeValueMemberSS{Value: l.Conversations}
	in := &types.Put{TableName: &table, Item: item, ConditionExpression: aws.String("attribute_not_exists(c)")}
	if l.version > 0 {
		in.ConditionExpression = aws.String("v = :v")
		in.ExpressionAttributeValues = attrs{":v": number(l.version)}
	}
	return in
}
