package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/relais-dev/relais/shared/names"
)

// Backlog is what nobody came back for: unfinished work of all rooms, by when the sweeper
// should look at it.
type Backlog struct {
	core
}

// NewBacklog opens the backlog in p.
func NewBacklog(p Place) *Backlog { return &Backlog{p.core()} }

// A Due is a piece of unfinished work and when the sweeper should look at it: an
// event, a message in a lane, or a conversation with destinations that refuse.
type Due struct {
	Conversation, ID string // Conversation is a lane where a message waits in one
	At               time.Time
	Received         time.Time // when the event came: its age is the truth about a backlog
}

// Due lists up to limit unfinished events of a bucket, those due first, first.
// The index lags a little: that is fine for a second look.
func (t *Backlog) Due(ctx context.Context, bucket string, limit int32) ([]Due, error) {
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.DueIndex),
		Limit:                  &limit,
		KeyConditionExpression: aws.String("b = :b"), ExpressionAttributeValues: attrs{":b": text(bucket)}})
	if err != nil {
		return nil, fmt.Errorf("read due events: %w", err)
	}
	due := make([]Due, len(out.Items))
	for i, a := range out.Items {
		due[i] = Due{Conversation: textOf(a["c"]), ID: textOf(a["s"]), At: time.Unix(intOf(a["d"]), 0),
			Received: receivedIn(textOf(a["o"]))}
		if due[i].ID == stateKey { // destinations refuse: the oldest event that is owed to one
			due[i].Received = timeOf(a["t"])
		}
	}
	return due, nil
}

// receivedIn reads the time of arrival out of an order.
func receivedIn(order string) time.Time {
	if len(order) < channelOrder+12 {
		return time.Time{}
	}
	ms, err := strconv.ParseInt(order[channelOrder:channelOrder+12], 16, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// patience is when the sweeper looks again after its first, second and further
// rings for an event.
var patience = [...]time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour}

// Postpone counts a ring for d and makes it due again later.
func (t *Backlog) Postpone(ctx context.Context, d Due, now time.Time) error {
	out, err := t.postpone(ctx, d, "SET d = :d ADD w :one", attrs{":d": number(now.Add(patience[0]).Unix()),
		":one": number(1)})
	if err != nil || out == nil {
		return err
	}
	later := now.Add(patience[min(max(int(intOf(out.Attributes["w"])), 1), len(patience))-1])
	if ends := secondsOf(out.Attributes["tm"]); ends.After(now) && ends.Before(later) { // nobody waits longer for that
		later = ends
	}
	if later.Unix() != now.Add(patience[0]).Unix() {
		_, err = t.postpone(ctx, d, "SET d = :d", attrs{":d": number(later.Unix())})
	}
	return err
}

// postpone updates what is still due; nothing and no error when it no longer is.
func (t *Backlog) postpone(ctx context.Context, d Due, update string, values attrs) (*dynamodb.UpdateItemOutput,
	error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(d.Conversation, d.ID),
		UpdateExpression: &update, ConditionExpression: aws.String("attribute_exists(b)"),
		ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew})
	if isRefused(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("postpone event: %w", err)
	}
	return out, nil
}
