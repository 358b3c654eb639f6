package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/relais-dev/relais/events"
)

// A Message is one outbound message: what was asked, how it will be sent and how
// far it is. Its item is its own partition, so that a key means one message
// whatever conversation it names.
type Message struct {
	ID       string
	Lane     Lane
	Order    string // within the lane
	Hash     string // of the request
	Body     []byte // request and plan, opaque to the store
	Created  time.Time
	Progress Progress
}

// Progress is how far a message is. It is written whole, under a condition on
// Revision, so that two senders never both think that they send it.
type Progress struct {
	Revision  int64               `json:"v"`
	State     events.State        `json:"s"`
	Done      int                 `json:"d,omitempty"` // calls that were accepted
	IDs       [][]string          `json:"i,omitempty"` // the platform's ids, by call
	Lease     time.Time           `json:"l,omitzero"`  // while a call is under way: when its sender is surely dead
	Attempts  int                 `json:"a,omitempty"` // of the present call
	Error     *events.StatusError `json:"e,omitempty"`
	Answered  bool                `json:"r,omitempty"` // an answer handle was used up
	Doubt     bool                `json:"b,omitempty"` // an earlier try of the present call may have been taken
	Window    string              `json:"w,omitempty"` // in which the present call was counted
	Notes     []string            `json:"n,omitempty"`
	Uncertain []int               `json:"u,omitempty"` // calls whose outcome nobody knows, from 1
}

const (
	messageKey = "message"
	partPrefix = "part:"
	aliasKey   = "sent"
)

// ErrExists says that the key of a message was used before; the Message is the
// one it named.
var ErrExists = errors.New("message exists")

// AddMessage stores m and puts it into its lane, both or neither. due is when the
// sweeper should look. The record has no expiry before Finish.
func (t *Table) AddMessage(ctx context.Context, m Message, due time.Time) (Message, error) {
	progress, err := json.Marshal(m.Progress)
	if err != nil {
		return m, err
	}
	record := types.Put{TableName: &t.name, ConditionExpression: aws.String("attribute_not_exists(c)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		Item: attrs{"c": text(m.ID), "s": text(messageKey), "y": text(string(m.Lane)), "h": text(m.Hash), "z": &types.AttributeValueMemberB{Value: m.Body},
			"v": number(m.Progress.Revision), "p": text(string(progress)), "k": text(m.Order)}}
	err = t.transact(ctx, types.TransactWriteItem{Put: &record},
		types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: t.laneItem(m.Lane, m.ID, m.Order, due)}})
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && len(canceled.CancellationReasons) > 0 && aws.ToString(canceled.CancellationReasons[0].Code) == "ConditionalCheckFailed" {
		if old := canceled.CancellationReasons[0].Item; len(old) > 0 {
			return messageOf(old), ErrExists
		}
		return t.existing(ctx, m.ID)
	}
	if err != nil {
		return m, fmt.Errorf("store message: %w", err)
	}
	return m, nil
}

func (t *Table) existing(ctx context.Context, id string) (Message, error) {
	m, found, err := t.Message(ctx, id)
	if err == nil && !found {
		err = errors.New("store message: it exists and was not found")
	}
	if err != nil {
		return m, err
	}
	return m, ErrExists
}

// Message reads a message.
func (t *Table) Message(ctx context.Context, id string) (Message, bool, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(id, messageKey)})
	if err != nil {
		return Message{}, false, fmt.Errorf("read message: %w", err)
	}
	if len(out.Item) == 0 {
		return Message{}, false, nil
	}
	return messageOf(out.Item), true, nil
}

func messageOf(a attrs) Message {
	m := Message{ID: textOf(a["c"]), Lane: Lane(textOf(a["y"])), Hash: textOf(a["h"]), Order: textOf(a["k"])}
	if z, ok := a["z"].(*types.AttributeValueMemberB); ok {
		m.Body = z.Value
	}
	m.Created = receivedIn(m.Order)
	_ = json.Unmarshal([]byte(textOf(a["p"])), &m.Progress) // written by us; an unreadable one is an empty one
	m.Progress.Revision = intOf(a["v"])
	return m
}

// Advance writes m's progress if nobody else did since it was read; else
// ErrConflict. It returns m with its new revision.
func (t *Table) Advance(ctx context.Context, m Message) (Message, error) {
	old := m.Progress.Revision
	m.Progress.Revision++
	doc, err := json.Marshal(m.Progress)
	if err != nil {
		return m, err
	}
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(m.ID, messageKey),
		UpdateExpression: aws.String("SET v = :v, p = :p"), ConditionExpression: aws.String("v = :old"),
		ExpressionAttributeValues: attrs{":v": number(m.Progress.Revision), ":p": text(string(doc)), ":old": number(old)}})
	if isRefused(err) {
		return m, ErrConflict
	}
	if err != nil {
		return m, fmt.Errorf("record progress: %w", err)
	}
	return m, nil
}

// Finish lets a message be forgotten when its retention ends, and takes it out of its
// lane: the last step, after an event has told what became of it.
func (t *Table) Finish(ctx context.Context, m Message, now time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(m.ID, messageKey), UpdateExpression: aws.String("SET x = :x"),
		ConditionExpression:       aws.String("attribute_exists(c)"),
		ExpressionAttributeValues: attrs{":x": number(now.Add(t.retention).Unix())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("finish message: %w", err)
	}
	return t.Leave(ctx, m.Lane, m.ID)
}

// A Receipt is what a platform said of one message of its own.
type Receipt struct {
	Message  string       // ours, when it is known: "msg_…"
	Part     int          // the call, from 1, when Message is known
	State    events.State // the highest so far
	Time     time.Time
	Platform string // the platform's id, when a correlated receipt brought it
	Error    *events.StatusError
}

// rank orders states; a receipt only moves up. Final states are above all others,
// so that nothing moves them.
func rank(s events.State) int64 {
	for i, x := range []events.State{"", events.Queued, events.Uncertain, events.Accepted, events.Sent, events.Delivered, events.Read, events.Played,
		events.Failed, events.Expired, events.Deleted} {
		if x == s {
			return int64(i)
		}
	}
	return 0
}

// Higher is the later of two states of a message.
func Higher(a, b events.State) events.State {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// PartID is the id of the call with that number (from 1) of a message.
func PartID(message string, part int) string { return fmt.Sprintf("%s.%d", message, part) }

// Part takes a PartID apart.
func Part(id string) (message string, part int, ok bool) {
	message, n, found := strings.Cut(id, ".")
	if !found || !strings.HasPrefix(message, "msg_") {
		return "", 0, false
	}
	if _, err := fmt.Sscanf(n, "%d", &part); err != nil || part < 1 || PartID(message, part) != id {
		return "", 0, false
	}
	return message, part, true
}

// receiptKey is where the receipt of a status is kept: with our message when the
// platform gave our id back, else under the id that its own makes.
func receiptKey(s *events.Status) attrs {
	if message, part, ok := Part(s.Correlation); ok {
		return key(message, fmt.Sprintf("%s%d", partPrefix, part))
	}
	return key(s.Message.ID, aliasKey)
}

// Receive notes what a platform said of a message, in one conditional update: a
// state only moves up, and one that comes before Link is held. It returns the
// message of ours that it is about, "" when that is not known (yet).
func (t *Table) Receive(ctx context.Context, s *events.Status, at time.Time) (message string, err error) {
	values := attrs{":r": number(rank(s.State)), ":s": text(string(s.State)), ":t": number(at.UnixMilli()), ":x": number(at.Add(t.retention).Unix()),
		":i": text(s.Message.PlatformID)}
	set := "SET r = :r, st = :s, ta = :t, x = if_not_exists(x, :x), i = :i"
	if s.Error != nil {
		doc, err := json.Marshal(s.Error)
		if err != nil {
			return "", err
		}
		values[":e"] = text(string(doc))
		set += ", e = :e"
	}
	k := receiptKey(s)
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: k, UpdateExpression: &set,
		ConditionExpression: aws.String("attribute_not_exists(r) OR r < :r"), ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var lower *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &lower):
		return owner(k, lower.Item), nil
	case err != nil:
		return "", fmt.Errorf("note receipt: %w", err)
	}
	return owner(k, out.Attributes), nil
}

// owner is the message of ours that a receipt's item belongs to.
func owner(k, item attrs) string {
	if strings.HasPrefix(textOf(k["s"]), partPrefix) {
		return textOf(k["c"])
	}
	return textOf(item["y"])
}

// Link says that the platform's message with that id (events.MessageID) is part of
// ours, and returns the receipt that came before, if one did.
func (t *Table) Link(ctx context.Context, alias, message string, part int, now time.Time) (Receipt, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(alias, aliasKey),
		UpdateExpression: aws.String("SET y = :y, n = :n, x = if_not_exists(x, :x)"), ReturnValues: types.ReturnValueAllNew,
		ExpressionAttributeValues: attrs{":y": text(message), ":n": number(int64(part)), ":x": number(now.Add(t.retention).Unix())}})
	if err != nil {
		return Receipt{}, fmt.Errorf("link message: %w", err)
	}
	return receiptOf(out.Attributes), nil
}

// Linked is what is known of the platform's message with that id.
func (t *Table) Linked(ctx context.Context, alias string) (Receipt, bool, error) {
	return t.receipt(ctx, key(alias, aliasKey))
}

// Correlated is the receipt that named our own part.
func (t *Table) Correlated(ctx context.Context, message string, part int) (Receipt, bool, error) {
	return t.receipt(ctx, key(message, fmt.Sprintf("%s%d", partPrefix, part)))
}

func (t *Table) receipt(ctx context.Context, k attrs) (Receipt, bool, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: k})
	if err != nil {
		return Receipt{}, false, fmt.Errorf("read receipt: %w", err)
	}
	return receiptOf(out.Item), len(out.Item) > 0, nil
}

func receiptOf(a attrs) Receipt {
	r := Receipt{Message: textOf(a["y"]), Part: int(intOf(a["n"])), State: events.State(textOf(a["st"])), Platform: textOf(a["i"])}
	if ms := intOf(a["ta"]); ms > 0 {
		r.Time = time.UnixMilli(ms).UTC()
	}
	if doc := textOf(a["e"]); doc != "" {
		_ = json.Unmarshal([]byte(doc), &r.Error) // written by us
	}
	return r
}

const marksKey = "marks"

// Mark notes a watermark, in one conditional update: everything the brand sent
// before it was delivered or read.
func (t *Table) Mark(ctx context.Context, e *events.Event) error {
	name, at := "dl", e.Time
	if e.Type == events.ReceiptRead {
		name = "rd"
	}
	if r := e.Data.Receipt; r != nil && !r.UpToTime.IsZero() {
		at = r.UpToTime
	}
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(e.Subject, marksKey), UpdateExpression: aws.String("SET " + name + " = :t"),
		ConditionExpression: aws.String("attribute_not_exists(" + name + ") OR " + name + " < :t"), ExpressionAttributeValues: attrs{":t": number(at.UnixMilli())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("note watermark: %w", err)
	}
	return nil
}

// Marks are a conversation's watermarks; zero when there are none.
func (t *Table) Marks(ctx context.Context, conversation string) (delivered, read time.Time, err error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(conversation, marksKey)})
	if err != nil {
		return delivered, read, fmt.Errorf("read watermarks: %w", err)
	}
	return timeOf(out.Item["dl"]), timeOf(out.Item["rd"]), nil
}

func timeOf(a types.AttributeValue) time.Time {
	if ms := intOf(a); ms > 0 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}
