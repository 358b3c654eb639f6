package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/relais-dev/relais/shared/names"
)

// A Lane is where a conversation's outbound messages wait, in order. It is a
// mailbox like a conversation's: rung for, drained, swept. Its partition begins with
// its kind, so that no lane is ever a conversation.
type Lane string

// The lanes' prefixes: what follows is the conversation.
const (
	replyLane = names.OfReplies
	bulkLane  = names.OfBulk
	laterLane = names.OfLater // with the message, since what is not due yet must hold up nobody
	mediaLane = names.OfMedia // inbound media to be fetched
)

// laneQueues says who works in which lanes: nobody else may be rung for them.
var laneQueues = map[string]string{replyLane: names.Outbound, laterLane: names.Outbound,
	bulkLane: names.Bulk, mediaLane: names.Media}

// ReplyLane is where a conversation's answers wait.
func ReplyLane(conversation string) Lane { return Lane(replyLane + conversation) }

// BulkLane is where a conversation's campaign messages wait.
func BulkLane(conversation string) Lane { return Lane(bulkLane + conversation) }

// LaterLane is where one message waits for its time.
func LaterLane(message string) Lane { return Lane(laterLane + message) }

// MediaLane is where a conversation's media waits to be fetched.
func MediaLane(conversation string) Lane { return Lane(mediaLane + conversation) }

// ParseLane reads a lane's partition; false for what is none, a conversation above all.
func ParseLane(partition string) (Lane, bool) {
	kind, of, found := strings.Cut(partition, ":")
	_, known := laneQueues[kind+":"]
	return Lane(partition), found && known && of != ""
}

// Queue is the queue on which to ring for l; it alone serves the lane.
func (l Lane) Queue() string {
	kind, _, _ := strings.Cut(string(l), ":")
	return laneQueues[kind+":"]
}

// Waits says that l is where one message waits for its time.
func (l Lane) Waits() bool { return strings.HasPrefix(string(l), laterLane) }

// Conversation is whose lane it is.
func (l Lane) Conversation() string {
	_, conversation, _ := strings.Cut(string(l), ":")
	return conversation
}

// QueueOf is the queue on which to ring for a partition: names.Ingress for a
// conversation, another for a lane.
func QueueOf(partition string) string {
	if l, ok := ParseLane(partition); ok {
		return l.Queue()
	}
	return names.Ingress
}

// Lanes are where work on a conversation waits, in order.
type Lanes struct {
	core
}

// NewLanes opens the lanes in p.
func NewLanes(p Place) *Lanes { return &Lanes{p.core()} }

func laneItem(lane Lane, id, order string, due time.Time) attrs {
	return attrs{"c": text(string(lane)), "s": text(id), "o": text(order), "b": text(Bucket(string(lane))),
		"d": number(due.Unix())}
}

// Add puts a piece of work into a lane that needs no record of its own. Doing
// so again changes nothing while it is there.
func (t *Lanes) Add(ctx context.Context, lane Lane, id string, now time.Time) error {
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name,
		Item:                laneItem(lane, id, LaneOrder("", now), now.Add(SweepAfter)),
		ConditionExpression: aws.String("attribute_not_exists(c)")})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("store work: %w", err)
	}
	return nil
}

// LaneOrder is the order of what is added to a lane at now, after what has the
// order last; last is "" in an empty lane. The lane itself counts: a clock that was
// set back puts nothing before what was added earlier. The third part is the clock's.
func LaneOrder(last string, now time.Time) string {
	count := max(uint64(max(now.UnixNano(), 0)), LaneCount(last)+1)
	return fmt.Sprintf("%012x%016x%012x%04x", count/uint64(time.Millisecond), count, max(now.UnixMilli(), 0), 0)
}

// LaneCount is where an order stands in its lane: what was added later has a higher one.
func LaneCount(order string) uint64 {
	if len(order) < channelOrder {
		return 0
	}
	n, _ := strconv.ParseUint(order[12:channelOrder], 16, 64) // written by us
	return n
}

// Last is the order of what was added to a lane last and still waits; "" when
// nothing does.
func (t *Lanes) Last(ctx context.Context, lane Lane) (string, error) {
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.PendingIndex),
		ConsistentRead: aws.Bool(true), Limit: aws.Int32(1), ScanIndexForward: aws.Bool(false),
		KeyConditionExpression:    aws.String("c = :c"),
		ExpressionAttributeValues: attrs{":c": text(string(lane))}})
	if err != nil || len(out.Items) == 0 {
		return "", wrapped("read lane", err)
	}
	return textOf(out.Items[0]["o"]), nil
}

// Waiting are the first ids in a lane, up to limit, in order.
func (t *Lanes) Waiting(ctx context.Context, lane Lane, limit int) (ids []string, err error) {
	items, _, err := t.unfinished(ctx, string(lane), limit)
	for _, it := range items {
		ids = append(ids, it.ID)
	}
	return ids, err
}

// Leave takes a finished piece of work out of its lane. Only lanes can be left: an
// event's partition is none.
func (t *Lanes) Leave(ctx context.Context, lane Lane, id string) error {
	if _, ok := ParseLane(string(lane)); !ok {
		return fmt.Errorf("finish work: %q is no lane", lane)
	}
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(string(lane), id)})
	return wrapped("finish work", err)
}

// Defer says when the sweeper should ring for a piece of work again.
func (t *Lanes) Defer(ctx context.Context, lane Lane, id string, until time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(string(lane), id),
		UpdateExpression: aws.String("SET d = :d"), ConditionExpression: aws.String("attribute_exists(o)"),
		ExpressionAttributeValues: attrs{":d": number(until.Unix())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("defer work: %w", err)
	}
	return nil
}
