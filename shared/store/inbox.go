package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Inbox is where events come in, and stand until everybody has them.
type Inbox struct {
	core
	bodies
	retention time.Duration
}

// NewInbox opens the inbox in p.
func NewInbox(p Place) *Inbox { return &Inbox{p.core(), p.bodies(), p.retention()} }

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
func (t *Inbox) CommitAll(ctx context.Context, items []Item) (outcomes []Outcome, err error) {
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
func (t *Inbox) Commit(ctx context.Context, it Item) (Outcome, error) {
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

// PendingPage is how many items a drain reads at a time: enough that a page costs
// little beside the work on it, few enough that one conversation's flood fits a
// function's memory.
const PendingPage = 100

// Pending reads the first of a conversation's unfinished events, up to limit, those
// that have a sequence first and the rest in channel order; more says that others
// follow. Parked events are not among them. The read is strongly consistent: a ring
// never arrives before what it rings for.
func (t *Inbox) Pending(ctx context.Context, conversation string, limit int) (items []Item, more bool, err error) {
	return t.unfinished(ctx, conversation, limit)
}

// Parked reads the first of a conversation's parked events, in sequence, from one
// sequence on.
func (t *Inbox) Parked(ctx context.Context, conversation string, from uint64, limit int) (items []Item, more bool,
	err error) {
	return t.pending(ctx, conversation, limit, "o BETWEEN :from AND :to",
		attrs{":from": text(parkedOrder(from, "")), ":to": text(lastParked)})
}

// Load reads it's body where the item does not hold it. ErrNoBody says that it is
// gone for good.
func (t *Inbox) Load(ctx context.Context, it Item) (Item, error) { return t.load(ctx, it) }

// Served records that destinations have accepted it. With the last of them the
// event leaves both indexes, and may be forgotten when its retention ends: what
// is unfinished never expires.
func (t *Inbox) Served(ctx context.Context, it Item, destinations []string) error {
	if len(destinations) == len(it.Destinations) {
		return t.finish(ctx, it)
	}
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression: aws.String("DELETE f :f"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":f": &types.AttributeValueMemberSS{Value: destinations}},
		ReturnValues:              types.ReturnValueAllNew})
	return t.partly(ctx, it, out, err)
}

// partly finishes it when an update left it with no destination: others may have
// served it at the same time.
func (t *Inbox) partly(ctx context.Context, it Item, out *dynamodb.UpdateItemOutput, err error) error {
	if isRefused(err) { // another router finished it
		return nil
	}
	if err != nil {
		return fmt.Errorf("record delivery: %w", err)
	}
	if _, owed := out.Attributes["f"]; owed {
		return nil
	}
	return t.finish(ctx, it)
}

// finish takes it out of both indexes. Its large body may go when its item goes.
func (t *Inbox) finish(ctx context.Context, it Item) error {
	if it.object != "" {
		if err := t.releaseObject(ctx, it.object); err != nil {
			return err
		}
	}
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression:          aws.String("SET x = :x REMOVE o, b, d, f, w, a"),
		ConditionExpression:       aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":x": number(it.Received.Add(t.retention).Unix())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("record delivery: %w", err)
	}
	return nil
}

// Park sets an event that has a sequence aside for the destinations that refuse,
// after served have accepted it: it stands among the parked in the order of its
// sequence, where it costs those that follow nothing. Conversations.Block comes
// before it: the state, and no longer the event, is what the sweeper finds.
func (t *Inbox) Park(ctx context.Context, it Item, served []string) error {
	in := &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression: aws.String("SET o = :o REMOVE b, d, w, a"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":o": text(parkedOrder(it.Sequence, it.Order))},
		ReturnValues:              types.ReturnValueAllNew}
	if len(served) > 0 {
		in.UpdateExpression = aws.String(*in.UpdateExpression + " DELETE f :f")
		in.ExpressionAttributeValues[":f"] = &types.AttributeValueMemberSS{Value: served}
	}
	out, err := t.db.UpdateItem(ctx, in)
	return t.partly(ctx, it, out, err)
}

// Attempt counts a solo try of a suspect event, before it is made, and returns
// how many there have been.
func (t *Inbox) Attempt(ctx context.Context, it Item) (int, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression: aws.String("ADD a :one"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":one": number(1)}, ReturnValues: types.ReturnValueUpdatedNew})
	if err != nil {
		return 0, fmt.Errorf("count attempt: %w", err)
	}
	return int(intOf(out.Attributes["a"])), nil
}

// Survived takes back the count of an attempt that did not end in a crash.
func (t *Inbox) Survived(ctx context.Context, it Item) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression: aws.String("ADD a :less"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":less": number(-1)}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("take attempt back: %w", err)
	}
	return nil
}

// Unfinished reads an event that has a sequence and is neither finished nor parked.
func (t *Inbox) Unfinished(ctx context.Context, conversation, id string) (Item, bool, error) {
	item, err := t.read(ctx, key(conversation, id), "read event")
	if err != nil {
		return Item{}, false, err
	}
	_, routed := item["q"]
	return itemOf(item), routed && textOf(item["o"]) >= firstOrder, nil
}
