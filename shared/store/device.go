package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/relais-dev/relais/shared/names"
)

// Sort keys of what a channel keeps whose platform we are, and what their partitions begin with.
const (
	ticketKey    = "ticket"
	socketKey    = "socket"
	userKey      = "user"
	socketPrefix = names.OfSocket // of a partition, and among a conversation's devices
	pushPrefix   = "push:"
	endedPrefix  = "ended:"
	earlierKey   = "earlier"
	moveKey      = "move"
	readKey      = "read"
	everyone     = "*"
)

// Devices are those of the customers of a channel whose platform we are
// (channel.Channel.Devices): who they are, where they are connected, how they are woken.
type Devices struct {
	core
}

// NewDevices opens the devices in p.
func NewDevices(p Place) *Devices { return &Devices{p.core()} }

// A Record is one item of a conversation.
type Record struct {
	ID  string
	Doc []byte
}

// AddTicket keeps a ticket that can be used once until expires. hash names it, so
// that whoever reads the table has no ticket.
func (t *Devices) AddTicket(ctx context.Context, hash string, doc []byte, expires time.Time) error {
	item := record(names.OfTicket+hash, ticketKey, doc, expires)
	item["un"] = number(expires.UnixMilli())
	return t.put(ctx, item, "keep ticket")
}

// UseTicket takes a ticket away; false means that it was used, is over or never was.
func (t *Devices) UseTicket(ctx context.Context, hash string, now time.Time) (doc []byte, ok bool, err error) {
	out, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name,
		Key: key(names.OfTicket+hash, ticketKey), ConditionExpression: aws.String("un > :now"),
		ExpressionAttributeValues: attrs{":now": number(now.UnixMilli())}, ReturnValues: types.ReturnValueAllOld})
	if isRefused(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("use ticket: %w", err)
	}
	return []byte(textOf(out.Attributes["y"])), true, nil
}

// Connect keeps an open connection, in its conversation and under its own id.
func (t *Devices) Connect(ctx context.Context, id, conversation string, doc []byte, expires time.Time) error {
	own := record(socketPrefix+id, socketKey, doc, expires)
	own["cv"] = text(conversation)
	listed := record(names.OfDevices+conversation, socketPrefix+id, doc, expires)
	err := t.transact(ctx, types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: own}},
		types.TransactWriteItem{Put: &types.Put{TableName: &t.name, Item: listed}})
	if err != nil {
		return fmt.Errorf("keep connection: %w", err)
	}
	return nil
}

// Connection is the document of an open connection; false when it is not known.
func (t *Devices) Connection(ctx context.Context, id string) (doc []byte, ok bool, err error) {
	item, err := t.read(ctx, key(socketPrefix+id, socketKey), "read connection")
	return []byte(textOf(item["y"])), len(item) > 0, err
}

// Connections are the open connections of a conversation, as far as is known.
func (t *Devices) Connections(ctx context.Context, conversation string) ([]Record, error) {
	return t.records(ctx, names.OfDevices+conversation, socketPrefix)
}

// Disconnect forgets a connection. Doing so again changes nothing.
func (t *Devices) Disconnect(ctx context.Context, id string) error {
	out, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(socketPrefix+id, socketKey),
		ReturnValues: types.ReturnValueAllOld})
	if err != nil {
		return fmt.Errorf("forget connection: %w", err)
	}
	if len(out.Attributes) == 0 {
		return nil
	}
	return t.drop(ctx, key(names.OfDevices+textOf(out.Attributes["cv"]), socketPrefix+id), "forget connection")
}

// ClaimUser gives a user a thread, unless they have one, and returns the one that
// they have.
func (t *Devices) ClaimUser(ctx context.Context, user, thread string) (owned string, err error) {
	_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name,
		Item:                                attrs{"c": text(names.OfUser + user), "s": text(userKey), "th": text(thread)},
		ConditionExpression:                 aws.String("attribute_not_exists(c)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var exists *types.ConditionalCheckFailedException
	if errors.As(err, &exists) {
		return textOf(exists.Item["th"]), nil
	}
	if err != nil {
		return "", fmt.Errorf("keep user: %w", err)
	}
	return thread, nil
}

// EndSession says that a session of a conversation is not valid any more, or, with
// "", none that there is.
func (t *Devices) EndSession(ctx context.Context, conversation, session string, until time.Time) error {
	if session == "" {
		session = everyone
	}
	return t.put(ctx, record(conversation, endedPrefix+session, nil, until), "end session")
}

// Ended says whether a session was ended.
func (t *Devices) Ended(ctx context.Context, conversation, session string) (bool, error) {
	list, err := t.records(ctx, conversation, endedPrefix)
	for _, r := range list {
		if r.ID == session || r.ID == everyone {
			return true, nil
		}
	}
	return false, err
}

// AddPush keeps where a conversation's messages are pushed while nobody is connected.
func (t *Devices) AddPush(ctx context.Context, conversation, id string, doc []byte, expires time.Time) error {
	return t.put(ctx, record(names.OfDevices+conversation, pushPrefix+id, doc, expires), "keep push subscription")
}

// Pushes are a conversation's push subscriptions.
func (t *Devices) Pushes(ctx context.Context, conversation string) ([]Record, error) {
	return t.records(ctx, names.OfDevices+conversation, pushPrefix)
}

// DropPush forgets a push subscription.
func (t *Devices) DropPush(ctx context.Context, conversation, id string) error {
	return t.drop(ctx, key(names.OfDevices+conversation, pushPrefix+id), "forget push subscription")
}

// records are all of a conversation's with that prefix: a person has few devices.
func (t *Devices) records(ctx context.Context, conversation, prefix string) ([]Record, error) {
	var list []Record
	in := &dynamodb.QueryInput{TableName: &t.name, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("c = :c AND begins_with(s, :p)"),
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
