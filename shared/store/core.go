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

func record(c, s string, doc []byte, expires time.Time) attrs {
	return attrs{"c": text(c), "s": text(s), "y": text(string(doc)), "x": number(expires.Unix())}
}

func (t core) putRecord(ctx context.Context, item attrs, what string) error {
	if _, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: item}); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (t core) readRecord(ctx context.Context, c, s, what string) (attrs, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(c, s)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return out.Item, nil
}

func (t core) drop(ctx context.Context, c, s string) error {
	if _, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key(c, s)}); err != nil {
		return fmt.Errorf("forget %s: %w", s, err)
	}
	return nil
}
