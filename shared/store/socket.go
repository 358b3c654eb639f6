package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// What a channel keeps whose platform we are (channel.Channel.Devices) stands in records.
// Their attributes mean other things than an event's:
//
//	c                       s                   y                    beside it
//	ticket:<hash>           ticket              what it opens        e  until when, Unix milliseconds
//	socket:<connection>     socket              the connection       k  its conversation
//	devices:<conversation>  socket:<connection> the connection
//	devices:<conversation>  push:<id>           the subscription
//	user:<user>             user                their thread
//	<conversation>          earlier             a list of Earlier
//	<conversation>          move                a Move
//	<conversation>          ended:<session>     nothing              of session *, all are ended
//	<conversation>          read                                     n  sequence up to which it is read
//
// All of them may be forgotten at x, Unix seconds, but for user, earlier and move, which have none.
const (
	ticketKey    = "ticket"
	socketKey    = "socket"
	userKey      = "user"
	socketPrefix = "socket:"
	devicesOf    = "devices:" // apart from the events: who may forget these may forget no event
	pushPrefix   = "push:"
	endedPrefix  = "ended:"
	earlierKey   = "earlier"
	moveKey      = "move"
	readKey      = "read"
	everyone     = "*"
)

// A Record is one item of a conversation.
type Record struct {
	ID  string
	Doc []byte
}

// AddTicket keeps a ticket that can be used once until expires. hash names it, so
// that whoever reads the table has no ticket.
func (t *Table) AddTicket(ctx context.Context, hash string, doc []byte, expires time.Time) error {
	item := record("ticket:"+hash, ticketKey, doc, expires)
	item["e"] = number(expires.UnixMilli())
	return t.putRecord(ctx, item, "keep ticket")
}

// UseTicket takes a ticket away; false means that it was used, is over or never was.
func (t *Table) UseTicket(ctx context.Context, hash string, now time.Time) (doc []byte, ok bool, err error) {
	out, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key("ticket:"+hash, ticketKey),
		ConditionExpression: aws.String("e > :now"), ExpressionAttributeValues: attrs{":now": number(now.UnixMilli())}, ReturnValues: types.ReturnValueAllOld})
	if isRefused(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("use ticket: %w", err)
	}
	return []byte(textOf(out.Attributes["y"])), true, nil
}

// Connect keeps an open connection, in its conversation and under its own id.
func (t *Table) Connect(ctx context.Context, id, conversation string, doc []byte, expires time.Time) error {
	own := record(socketPrefix+id, socketKey, doc, expires)
	own["k"] = text(conversation)
	err := t.transact(ctx, types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: own}},
		types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: record(devicesOf+conversation, socketPrefix+id, doc, expires)}})
	if err != nil {
		return fmt.Errorf("keep connection: %w", err)
	}
	return nil
}

// Connection is the document of an open connection; false when it is not known.
func (t *Table) Connection(ctx context.Context, id string) (doc []byte, ok bool, err error) {
	item, err := t.readRecord(ctx, socketPrefix+id, socketKey, "read connection")
	return []byte(textOf(item["y"])), len(item) > 0, err
}

// Connections are the open connections of a conversation, as far as is known.
func (t *Table) Connections(ctx context.Context, conversation string) ([]Record, error) {
	return t.records(ctx, devicesOf+conversation, socketPrefix)
}

// Disconnect forgets a connection. Doing so again changes nothing.
func (t *Table) Disconnect(ctx context.Context, id string) error {
	out, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(socketPrefix+id, socketKey), ReturnValues: types.ReturnValueAllOld})
	if err != nil {
		return fmt.Errorf("forget connection: %w", err)
	}
	if len(out.Attributes) == 0 {
		return nil
	}
	return t.drop(ctx, devicesOf+textOf(out.Attributes["k"]), socketPrefix+id)
}

// ClaimUser gives a user a thread, unless they have one, and returns the one that
// they have.
func (t *Table) ClaimUser(ctx context.Context, user, thread string) (owned string, err error) {
	_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: attrs{"c": text("user:" + user), "s": text(userKey), "y": text(thread)},
		ConditionExpression: aws.String("attribute_not_exists(c)"), ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var exists *types.ConditionalCheckFailedException
	if errors.As(err, &exists) {
		return textOf(exists.Item["y"]), nil
	}
	if err != nil {
		return "", fmt.Errorf("keep user: %w", err)
	}
	return thread, nil
}

// An Earlier is a conversation that another one continues.
type Earlier struct {
	Conversation string `json:"c"`
	Thread       string `json:"t"`
}

// AddEarlier puts e before what conversation has now, once. Conversations are
// joined rarely and by one person, so their list is one item.
func (t *Table) AddEarlier(ctx context.Context, conversation string, e Earlier) error {
	list, old, err := t.earlier(ctx, conversation)
	if err != nil {
		return err
	}
	if slices.Contains(list, e) {
		return nil
	}
	doc, err := json.Marshal(append(list, e))
	if err != nil {
		return err
	}
	in := &dynamodb.PutItemInput{TableName: &t.name, Item: attrs{"c": text(conversation), "s": text(earlierKey), "y": text(string(doc))},
		ConditionExpression: aws.String("attribute_not_exists(c)")}
	if old != "" {
		in.ConditionExpression, in.ExpressionAttributeValues = aws.String("y = :old"), attrs{":old": text(old)}
	}
	return t.putOnce(ctx, in, "join conversations")
}

// Earlier are the conversations that this one continues, in the order they were joined.
func (t *Table) Earlier(ctx context.Context, conversation string) ([]Earlier, error) {
	list, _, err := t.earlier(ctx, conversation)
	return list, err
}

func (t *Table) earlier(ctx context.Context, conversation string) (list []Earlier, doc string, err error) {
	item, err := t.readRecord(ctx, conversation, earlierKey, "read earlier conversations")
	if err != nil || len(item) == 0 {
		return nil, "", err
	}
	doc = textOf(item["y"])
	return list, doc, json.Unmarshal([]byte(doc), &list)
}

// A Move says where a conversation goes on.
type Move struct {
	Thread string    `json:"t"`           // the other's
	User   string    `json:"u"`           // whose that is
	Last   uint64    `json:"n,omitempty"` // the last sequence of this conversation that the other continues; 0 while they are being joined
	Since  time.Time `json:"at"`
}

// BeginMove says where a conversation goes on, unless that is said already, and
// returns what is.
func (t *Table) BeginMove(ctx context.Context, conversation string, m Move) (Move, error) {
	err := t.putMove(ctx, conversation, m, &dynamodb.PutItemInput{ConditionExpression: aws.String("attribute_not_exists(c)")})
	if !errors.Is(err, ErrConflict) {
		return m, err
	}
	m, _, err = t.Move(ctx, conversation)
	return m, err
}

// EndMove says, of a move as it was read, which sequence is the last that the other
// conversation continues. ErrConflict means that somebody else has said so.
func (t *Table) EndMove(ctx context.Context, conversation string, m Move, last uint64) error {
	old, err := json.Marshal(m)
	if err != nil {
		return err
	}
	m.Last = last
	return t.putMove(ctx, conversation, m, &dynamodb.PutItemInput{ConditionExpression: aws.String("y = :old"), ExpressionAttributeValues: attrs{":old": text(string(old))}})
}

func (t *Table) putMove(ctx context.Context, conversation string, m Move, in *dynamodb.PutItemInput) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	in.TableName, in.Item = &t.name, attrs{"c": text(conversation), "s": text(moveKey), "y": text(string(doc))}
	return t.putOnce(ctx, in, "move conversation")
}

// putOnce puts an item on its condition; ErrConflict means that somebody was faster.
func (t *Table) putOnce(ctx context.Context, in *dynamodb.PutItemInput, what string) error {
	_, err := t.db.PutItem(ctx, in)
	if isRefused(err) {
		return ErrConflict
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Move is where a conversation goes on; false when it goes on by itself.
func (t *Table) Move(ctx context.Context, conversation string) (m Move, ok bool, err error) {
	item, err := t.readRecord(ctx, conversation, moveKey, "read where a conversation goes on")
	if err != nil || len(item) == 0 {
		return m, false, err
	}
	return m, true, json.Unmarshal([]byte(textOf(item["y"])), &m)
}

// SetRead keeps how far a customer has read a conversation, until expires; it never
// goes back.
func (t *Table) SetRead(ctx context.Context, conversation string, sequence int64, expires time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, readKey), UpdateExpression: aws.String("SET n = :n, x = :x"),
		ConditionExpression: aws.String("attribute_not_exists(n) OR n < :n"), ExpressionAttributeValues: attrs{":n": number(sequence), ":x": number(expires.Unix())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("keep what was read: %w", err)
	}
	return nil
}

// Read is how far a customer has read a conversation.
func (t *Table) Read(ctx context.Context, conversation string) (sequence int64, err error) {
	item, err := t.readRecord(ctx, conversation, readKey, "read what was read")
	return intOf(item["n"]), err
}

// EndSession says that a session of a conversation is not valid any more, or, with
// "", none that there is.
func (t *Table) EndSession(ctx context.Context, conversation, session string, until time.Time) error {
	if session == "" {
		session = everyone
	}
	return t.putRecord(ctx, record(conversation, endedPrefix+session, nil, until), "end session")
}

// Ended says whether a session was ended.
func (t *Table) Ended(ctx context.Context, conversation, session string) (bool, error) {
	list, err := t.records(ctx, conversation, endedPrefix)
	for _, r := range list {
		if r.ID == session || r.ID == everyone {
			return true, nil
		}
	}
	return false, err
}

// AddPush keeps where a conversation's messages are pushed while nobody is connected.
func (t *Table) AddPush(ctx context.Context, conversation, id string, doc []byte, expires time.Time) error {
	return t.putRecord(ctx, record(devicesOf+conversation, pushPrefix+id, doc, expires), "keep push subscription")
}

// Pushes are a conversation's push subscriptions.
func (t *Table) Pushes(ctx context.Context, conversation string) ([]Record, error) {
	return t.records(ctx, devicesOf+conversation, pushPrefix)
}

// DropPush forgets a push subscription.
func (t *Table) DropPush(ctx context.Context, conversation, id string) error {
	return t.drop(ctx, devicesOf+conversation, pushPrefix+id)
}

// SequenceCursor is the cursor of a History that begins beside a sequence: after
// it, or before it when read backward.
func SequenceCursor(n uint64) string { return writeCursor(int64(n)) }

func record(c, s string, doc []byte, expires time.Time) attrs {
	return attrs{"c": text(c), "s": text(s), "y": text(string(doc)), "x": number(expires.Unix())}
}

func (t *Table) putRecord(ctx context.Context, item attrs, what string) error {
	if _, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item}); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (t *Table) readRecord(ctx context.Context, c, s, what string) (attrs, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(c, s)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out.Item, nil
}

func (t *Table) drop(ctx context.Context, c, s string) error {
	if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(c, s)}); err != nil {
		return fmt.Errorf("forget %s: %w", s, err)
	}
	return nil
}

// records are all of a conversation's with that prefix: a person has few devices.
func (t *Table) records(ctx context.Context, conversation, prefix string) ([]Record, error) {
	var list []Record
	in := &dynamodb.QueryInput{TableName: &t.name, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("c = :c AND begins_with(s, :p)"),
		ExpressionAttributeValues: attrs{":c": text(conversation), ":p": text(prefix)}}
	for {
		out, err := t.db.Query(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", strings.TrimSuffix(prefix, ":"), err)
		}
		for _, a := range out.Items {
			list = append(list, Record{ID: strings.TrimPrefix(textOf(a["s"]), prefix), Doc: []byte(textOf(a["y"]))})
		}
		if len(out.LastEvaluatedKey) == 0 {
			return list, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}
