package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// core is the table, and what every room does with it.
type core struct {
	db   *dynamodb.Client
	name string
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

func timeOf(a types.AttributeValue) time.Time {
	if ms := intOf(a); ms > 0 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}

func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// putOnce puts an item on its condition; ErrConflict means that somebody was faster.
func (t core) putOnce(ctx context.Context, in *dynamodb.PutItemInput, what string) error {
	_, err := t.db.PutItem(ctx, in)
	if isRefused(err) {
		return ErrConflict
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// record is an item that holds a document until it expires; doc may be nil.
func record(c, s string, doc []byte, expires time.Time) attrs {
	item := attrs{"c": text(c), "s": text(s), "x": number(expires.Unix())}
	if doc != nil {
		item["y"] = text(string(doc))
	}
	return item
}

// put puts an item, whatever there was.
func (t core) put(ctx context.Context, item attrs, what string) error {
	if _, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item}); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// read reads an item, strongly consistent; nil where there is none. what says of an
// error what was wanted.
func (t core) read(ctx context.Context, k attrs, what string) (attrs, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: k})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out.Item, nil
}

// drop deletes an item. Doing so again changes nothing.
func (t core) drop(ctx context.Context, k attrs, what string) error {
	if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: k}); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
