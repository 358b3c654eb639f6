package store

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// An Earlier is a conversation that another one continues.
type Earlier struct {
	Conversation string `json:"c"`
	Thread       string `json:"t"`
}

// Earlier are the conversations that this one continues, in the order they were joined.
func (t *Conversations) Earlier(ctx context.Context, conversation string) ([]Earlier, error) {
	list, _, err := t.earlier(ctx, conversation)
	return list, err
}

// AddEarlier puts e before what conversation has now, once. Conversations are
// joined rarely and by one person, so their list is one item.
func (t *Conversations) AddEarlier(ctx context.Context, conversation string, e Earlier) error {
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
	in := &dynamodb.PutItemInput{TableName: &t.name,
		Item:                attrs{"c": text(conversation), "s": text(earlierKey), "y": text(string(doc))},
		ConditionExpression: aws.String("attribute_not_exists(c)")}
	if old != "" {
		in.ConditionExpression, in.ExpressionAttributeValues = aws.String("y = :old"), attrs{":old": text(old)}
	}
	return t.putOnce(ctx, in, "join conversations")
}

func (t *Conversations) earlier(ctx context.Context, conversation string) (list []Earlier, doc string, err error) {
	item, err := t.read(ctx, key(conversation, earlierKey), "read earlier conversations")
	if err != nil || len(item) == 0 {
		return nil, "", err
	}
	doc = textOf(item["y"])
	return list, doc, json.Unmarshal([]byte(doc), &list)
}

// A Move says where a conversation goes on.
type Move struct {
	Thread string `json:"t"` // the other's
	User   string `json:"u"` // whose that is
	// Last is the last sequence of this conversation that the other continues; 0 while
	// they are being joined.
	Last  uint64    `json:"n,omitempty"`
	Since time.Time `json:"at"`
}

// Move is where a conversation goes on; false when it goes on by itself.
func (t *Conversations) Move(ctx context.Context, conversation string) (m Move, ok bool, err error) {
	item, err := t.read(ctx, key(conversation, moveKey), "read where a conversation goes on")
	if err != nil || len(item) == 0 {
		return m, false, err
	}
	return m, true, json.Unmarshal([]byte(textOf(item["y"])), &m)
}

// BeginMove says where a conversation goes on, unless that is said already, and
// returns what is.
func (t *Conversations) BeginMove(ctx context.Context, conversation string, m Move) (Move, error) {
	err := t.putMove(ctx, conversation, m,
		&dynamodb.PutItemInput{ConditionExpression: aws.String("attribute_not_exists(c)")})
	if !errors.Is(err, ErrConflict) {
		return m, err
	}
	m, _, err = t.Move(ctx, conversation)
	return m, err
}

// EndMove says, of a move as it was read, which sequence is the last that the other
// conversation continues. ErrConflict means that somebody else has said so.
func (t *Conversations) EndMove(ctx context.Context, conversation string, m Move, last uint64) error {
	old, err := json.Marshal(m)
	if err != nil {
		return err
	}
	m.Last = last
	return t.putMove(ctx, conversation, m, &dynamodb.PutItemInput{ConditionExpression: aws.String("y = :old"),
		ExpressionAttributeValues: attrs{":old": text(string(old))}})
}

func (t *Conversations) putMove(ctx context.Context, conversation string, m Move, in *dynamodb.PutItemInput) error {
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	in.TableName, in.Item = &t.name, attrs{"c": text(conversation), "s": text(moveKey), "y": text(string(doc))}
	return t.putOnce(ctx, in, "move conversation")
}
