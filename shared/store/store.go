// Package store is the mailbox: the one DynamoDB table where a message is.
//
// Every event is one item under its conversation. While work on it is
// unfinished it also stands in two sparse indexes: "pending", local and strongly
// consistent, from which the router reads a conversation in channel order, and
// "due", global, in which the sweeper finds what nobody came back for. A
// conversation's state (its last sequence) is one further item beside its events.
//
// Attribute names are short because the item of a typical text message, raw body
// included, is to fit one write unit (1 KB):
//
//	c  conversation id, the partition key       b  bucket of the due index
//	s  event id or "state", the sort key        d  when the sweeper should look, Unix seconds
//	o  order in the channel; absent when done   w  how often the sweeper rang
//	z  event and raw body, compressed           q  sequence, once routed
//	k  S3 key of z, when z is too large         f  destinations still to be served
//	x  when DynamoDB may forget it, once done   r  version of the rules that decided
//	a  solo attempts of a suspect event         l  late
//	n  state: last sequence                     m  state: order of the newest event routed
//	e  state: id of the last event routed       u  state: destinations that refuse
//	t  state: when the oldest event owed came   v  state: the conversation, see package thread
//	g  state: options that a number answers
package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Table is the mailbox.
type Table struct {
	db        *dynamodb.Client
	objects   *s3.Client
	name      string
	bucket    string
	retention time.Duration
}

// MinRetention is how long an event must be remembered so that a platform's late
// retry is known for a duplicate: WhatsApp retries for seven days, plus one.
const MinRetention = 8 * 24 * time.Hour

// New is the table called name. bucket takes what does not fit into an item.
// retention, at least MinRetention, is how long events are kept.
func New(db *dynamodb.Client, objects *s3.Client, name, bucket string, retention time.Duration) *Table {
	return &Table{db: db, objects: objects, name: name, bucket: bucket, retention: max(retention, MinRetention)}
}

// SweepAfter is how long an event may be pending before the sweeper rings for it.
const SweepAfter = 90 * time.Second

// stateKey is the sort key of a conversation's state; event ids begin with "evt_".
const stateKey = "state"

// maxInline is the largest compressed body that stays in the item. DynamoDB's
// limit is 400 KB for the whole item.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const maxInline = 350 << 10

// Outcome is what a commit found.
type Outcome int

// Outcomes of Commit.
const (
	Refused   Outcome = iota // not stored
	Committed                // new, and now durable
	Pending                  // was there, and its work is unfinished: ring again
	Done                     // was there, and all is delivered
)

// concurrentPuts bounds the puts of one webhook that run at a time.
const concurrentPuts = 32

// CommitAll commits items concurrently. Those that fail have the outcome Refused;
// err is the first failure.
func (t *Table) CommitAll(ctx context.Context, items []Item) (outcomes []Outcome, err error) {
	outcomes = make([]Outcome, len(items))
	if len(items) == 1 {
		outcomes[0], err = t.Commit(ctx, items[0])
		return outcomes, err
	}
	errs := make([]error, len(items))
	slots := make(chan struct{}, concurrentPuts)
	var wg sync.WaitGroup
	for i := range items {
		slots <- struct{}{}
		wg.Go(func() {
			outcomes[i], errs[i] = t.Commit(ctx, items[i])
			<-slots
		})
	}
	wg.Wait()
	for _, e := range errs {
		if e != nil {
			return outcomes, e
		}
	}
	return outcomes, nil
}

// Commit stores it once. Any error means that nothing is promised.
func (t *Table) Commit(ctx context.Context, it Item) (Outcome, error) {
	body := map[string]types.AttributeValue{}
	if len(it.Body) > maxInline {
		key, err := t.putObject(ctx, it)
		if err != nil {
			return Refused, err
		}
		body["k"] = text(key)
	} else {
		body["z"] = &types.AttributeValueMemberB{Value: it.Body}
	}
	body["c"], body["s"], body["o"] = text(it.Conversation), text(it.ID), text(it.Order)
	body["b"], body["d"] = text(Bucket(it.Conversation)), number(it.Received.Add(SweepAfter).Unix())
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: body,
		ConditionExpression:                 aws.String("attribute_not_exists(c)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var exists *types.ConditionalCheckFailedException
	if errors.As(err, &exists) {
		if _, pending := exists.Item["o"]; pending {
			return Pending, nil
		}
		return Done, nil
	}
	if err != nil {
		return Refused, fmt.Errorf("commit event: %w", err)
	}
	return Committed, nil
}

type attrs = map[string]types.AttributeValue

func key(conversation, sort string) attrs { return attrs{"c": text(conversation), "s": text(sort)} }

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func textOf(a types.AttributeValue) string {
	if s, ok := a.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func intOf(a types.AttributeValue) int64 {
	if n, ok := a.(*types.AttributeValueMemberN); ok {
		i, _ := strconv.ParseInt(n.Value, 10, 64)
		return i
	}
	return 0
}
