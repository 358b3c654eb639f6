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

	"github.com/relais-dev/relais/shared/names"
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

// Pending reads a conversation's unfinished events, those that have a sequence
// first and the rest in channel order. The read is strongly consistent: a ring
// never arrives before what it rings for.
func (t *Table) Pending(ctx context.Context, conversation string) ([]Item, error) {
	var items []Item
	in := &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.PendingIndex), ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("c = :c"), ExpressionAttributeValues: attrs{":c": text(conversation)}}
	for {
		out, err := t.db.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("read pending events: %w", err)
		}
		for _, a := range out.Items {
			it := itemOf(a)
			if it.object != "" {
				if it.Body, err = t.getObject(ctx, it.object); err != nil {
					return nil, err
				}
			}
			items = append(items, it)
		}
		if len(out.LastEvaluatedKey) == 0 {
			sortPending(items)
			return items, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// State is what a conversation remembers between events.
type State struct {
	Sequence uint64 // of the last event routed; 0 before the first
	Newest   string // Item.Order of the newest event routed
	Thread   []byte // what is known of the conversation (package thread)
	Options  []byte // what the customer can answer with a number, or nil
}

// State reads a conversation's state, strongly consistent.
func (t *Table) State(ctx context.Context, conversation string) (State, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true),
		Key: key(conversation, stateKey)})
	if err != nil {
		return State{}, fmt.Errorf("read conversation state: %w", err)
	}
	return State{Sequence: uint64(intOf(out.Item["n"])), Newest: textOf(out.Item["m"]), Thread: []byte(textOf(out.Item["v"])), Options: []byte(textOf(out.Item["g"]))}, nil
}

// A Decision is frozen with an event's sequence and never taken again.
type Decision struct {
	Destinations []string
	Ruleset      string
	Late         bool
	Option       string // the option that the customer chose by its number, or ""
}

// ErrConflict says that another router moved the conversation on: read again.
var ErrConflict = errors.New("conversation moved on")

// Sequence gives it the next sequence of its conversation, freezes d and keeps
// s.Thread, in one transaction. It returns the item and the state as they are then.
func (t *Table) Sequence(ctx context.Context, it Item, s State, d Decision) (Item, State, error) {
	next := State{Sequence: s.Sequence + 1, Newest: max(s.Newest, it.Order), Thread: s.Thread, Options: s.Options}
	event := types.Update{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression:    aws.String("SET q = :q, f = :f, r = :r, l = :l"),
		ConditionExpression: aws.String("attribute_exists(o) AND attribute_not_exists(q)"),
		ExpressionAttributeValues: attrs{":q": number(int64(next.Sequence)), ":r": text(d.Ruleset), ":l": &types.AttributeValueMemberBOOL{Value: d.Late},
			":f": &types.AttributeValueMemberSS{Value: d.Destinations}}}
	if d.Option != "" {
		event.UpdateExpression = aws.String(*event.UpdateExpression + ", p = :p")
		event.ExpressionAttributeValues[":p"] = text(d.Option)
	}
	state := types.Update{TableName: &t.name, Key: key(it.Conversation, stateKey),
		UpdateExpression:    aws.String("SET n = :n, m = :m, v = :v"),
		ConditionExpression: aws.String("n = :old"),
		ExpressionAttributeValues: attrs{":n": number(int64(next.Sequence)), ":m": text(next.Newest), ":v": text(string(next.Thread)),
			":old": number(int64(s.Sequence))}}
	if s.Sequence == 0 {
		state.ConditionExpression = aws.String("attribute_not_exists(n)")
		delete(state.ExpressionAttributeValues, ":old")
	}
	_, err := t.db.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{
		TransactItems: []types.TransactWriteItem{{Update: &event}, {Update: &state}}})
	if isConflict(err) {
		return Item{}, State{}, ErrConflict
	}
	if err != nil {
		return Item{}, State{}, fmt.Errorf("give sequence: %w", err)
	}
	it.Sequence, it.Decision = next.Sequence, d
	return it, next, nil
}

// isConflict is true when a condition failed or another transaction held an item.
func isConflict(err error) bool {
	var canceled *types.TransactionCanceledException
	if !errors.As(err, &canceled) {
		return false
	}
	for _, r := range canceled.CancellationReasons {
		switch aws.ToString(r.Code) {
		case "ConditionalCheckFailed", "TransactionConflict":
			return true
		}
	}
	return false
}

// Served records that destinations have accepted it. With the last of them the
// event leaves both indexes, and may be forgotten when its retention ends: what
// is unfinished never expires.
func (t *Table) Served(ctx context.Context, it Item, destinations []string) error {
	in := &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID)}
	if len(destinations) == len(it.Destinations) {
		in.UpdateExpression = aws.String("SET x = :x REMOVE o, b, d, f, w, a")
		in.ExpressionAttributeValues = attrs{":x": number(it.Received.Add(t.retention).Unix())}
	} else {
		in.UpdateExpression = aws.String("DELETE f :f")
		in.ConditionExpression = aws.String("attribute_exists(o)")
		in.ExpressionAttributeValues = attrs{":f": &types.AttributeValueMemberSS{Value: destinations}}
	}
	_, err := t.db.UpdateItem(ctx, in)
	var gone *types.ConditionalCheckFailedException
	if errors.As(err, &gone) { // another router finished it
		return nil
	}
	if err != nil {
		return fmt.Errorf("record delivery: %w", err)
	}
	return nil
}

// Attempt counts a solo try of a suspect event, before it is made, and returns
// how many there have been.
func (t *Table) Attempt(ctx context.Context, it Item) (int, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression: aws.String("ADD a :one"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":one": number(1)}, ReturnValues: types.ReturnValueUpdatedNew})
	if err != nil {
		return 0, fmt.Errorf("count attempt: %w", err)
	}
	return int(intOf(out.Attributes["a"])), nil
}

// Survived takes back the count of an attempt that did not end in a crash.
func (t *Table) Survived(ctx context.Context, it Item) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression: aws.String("ADD a :less"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":less": number(-1)}})
	var done *types.ConditionalCheckFailedException
	if err != nil && !errors.As(err, &done) {
		return fmt.Errorf("take attempt back: %w", err)
	}
	return nil
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
