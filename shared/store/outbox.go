package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	Revision int64        `json:"v"`
	State    events.State `json:"s"`
	Done     int          `json:"d,omitempty"` // calls that were accepted
	IDs      [][]string   `json:"i,omitempty"` // the platform's ids, by call
	Notes    []string     `json:"n,omitempty"`
	Call

	Error     *events.StatusError `json:"e,omitempty"`
	Uncertain []int               `json:"u,omitempty"` // calls whose outcome nobody knows, from 1
}

// A Call is what was tried of a message's present call, the one after those that are
// Done. Its zero value is that of a call that was not tried: each begins with it.
type Call struct {
	Lease    time.Time `json:"l,omitzero"`  // while it is under way: when its sender is surely dead
	Attempts int       `json:"a,omitempty"` // tries so far
	Answered bool      `json:"r,omitempty"` // an answer handle was used up
	Doubt    bool      `json:"b,omitempty"` // an earlier try may have been taken
	Window   string    `json:"w,omitempty"` // in which it was counted
}

// Outbox is the messages that go out, and how far each is.
type Outbox struct {
	core
	retention time.Duration
}

// NewOutbox opens the outbox in p.
func NewOutbox(p Place) *Outbox { return &Outbox{p.core(), p.retention()} }

const (
	messageKey = "message"
	partPrefix = "part:"
	aliasKey   = "sent"
)

// ErrExists says that the key of a message was used before; the Message is the
// one it named.
var ErrExists = errors.New("message exists")

// Add stores m and puts it into its lane, both or neither. due is when the
// sweeper should look. The record has no expiry before Finish. With a claim it is stored
// only if nobody else has made the claim; else ErrClaimed.
func (t *Outbox) Add(ctx context.Context, m Message, due time.Time, claim *Claim) (Message, error) {
	progress, err := json.Marshal(m.Progress)
	if err != nil {
		return m, err
	}
	record := types.Put{TableName: &t.name, ConditionExpression: aws.String("attribute_not_exists(c)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		Item: attrs{"c": text(m.ID), "s": text(messageKey), "i": text(string(m.Lane)), "h": text(m.Hash),
			"z": &types.AttributeValueMemberB{Value: m.Body},
			"v": number(m.Progress.Revision), "p": text(string(progress)), "j": text(m.Order)}}
	writes := []types.TransactWriteItem{{Put: &record},
		{Put: &types.Put{TableName: &t.name, Item: laneItem(m.Lane, m.ID, m.Order, due)}}}
	if claim != nil {
		writes = append(writes, types.TransactWriteItem{Update: claim.update(t.name)})
	}
	err = t.transact(ctx, writes...)
	var canceled *types.TransactionCanceledException
	if errors.As(err, &canceled) && hasFailed(err, 0) {
		if old := canceled.CancellationReasons[0].Item; len(old) > 0 {
			return messageOf(old), ErrExists
		}
		return t.existing(ctx, m.ID)
	}
	if claim != nil && hasFailed(err, 2) {
		return m, ErrClaimed
	}
	if err != nil {
		return m, fmt.Errorf("store message: %w", err)
	}
	return m, nil
}

// A Claim is to be the next of the brand who speaks in a conversation after an event of it.
type Claim struct {
	Conversation string
	Since        uint64 // sequence of the newest event that who speaks has seen
	By           string // who speaks: their own further words are no other's
}

// ErrClaimed says that another speaks in a conversation at the same time.
var ErrClaimed = errors.New("another speaks in the conversation")

func (c Claim) update(table string) *types.Update {
	return &types.Update{TableName: &table, Key: key(c.Conversation, stateKey),
		UpdateExpression:          aws.String("SET cs = :cs, cw = :cw"),
		ConditionExpression:       aws.String("attribute_not_exists(cs) OR cs < :cs OR cw = :cw"),
		ExpressionAttributeValues: attrs{":cs": number(int64(c.Since)), ":cw": text(c.By)}}
}

func (t *Outbox) existing(ctx context.Context, id string) (Message, error) {
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
func (t *Outbox) Message(ctx context.Context, id string) (Message, bool, error) {
	item, err := t.read(ctx, key(id, messageKey), "read message")
	if err != nil {
		return Message{}, false, err
	}
	if len(item) == 0 {
		return Message{}, false, nil
	}
	return messageOf(item), true, nil
}

func messageOf(a attrs) Message {
	m := Message{ID: textOf(a["c"]), Lane: Lane(textOf(a["i"])), Hash: textOf(a["h"]), Order: textOf(a["j"])}
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
func (t *Outbox) Advance(ctx context.Context, m Message) (Message, error) {
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
func (t *Outbox) Finish(ctx context.Context, m Message, now time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(m.ID, messageKey),
		UpdateExpression:          aws.String("SET x = :x"),
		ConditionExpression:       aws.String("attribute_exists(c)"),
		ExpressionAttributeValues: attrs{":x": number(now.Add(t.retention).Unix())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("finish message: %w", err)
	}
	return (&Lanes{t.core}).Leave(ctx, m.Lane, m.ID)
}

// UseWindow counts one message against a window that allows only some. window
// names it: its kind and when it closes. False means that they are used up.
func (t *Outbox) UseWindow(ctx context.Context, conversation, window string, allowed int, closes time.Time) (bool,
	error) {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, windowKey+window),
		UpdateExpression:    aws.String("ADD ct :one SET x = :x"),
		ConditionExpression: aws.String("attribute_not_exists(ct) OR ct < :max"),
		ExpressionAttributeValues: attrs{":one": number(1), ":max": number(int64(allowed)),
			":x": number(closes.Add(24 * time.Hour).Unix())}})
	if isRefused(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("count against the window: %w", err)
	}
	return true, nil
}
