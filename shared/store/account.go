package store

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const (
	bucketKey = "rate"
	pauseKey  = "pause"
	tokenKey  = "token"
)

// Accounts are what is kept of accounts on platforms: how fast, whether and with which
// token they may be used, and how far their lists were read.
type Accounts struct {
	core
}

// NewAccounts opens the accounts in p.
func NewAccounts(p Place) *Accounts { return &Accounts{p.core()} }

// A Limit is a bucket of tokens, kept as the time at which it will be full again: the generic
// cell rate algorithm (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm).
// It is named by what it limits.
type Limit struct {
	Name  string
	Rate  float64 // tokens per second
	Burst int     // tokens in a full bucket
	Keep  int     // tokens that this taker must leave, for others that matter more
}

// takeTries bounds how often a bucket that others change is tried.
const takeTries = 8

// Take takes one token at now, and returns 0, or how long to wait before the next
// try.
func (t *Accounts) Take(ctx context.Context, b Limit, now time.Time) (wait time.Duration, err error) {
	step := time.Duration(float64(time.Second) / b.Rate)
	room := time.Duration(max(b.Burst-b.Keep, 1)-1) * step
	var full, seen int64 // when the bucket is full again, in microseconds, as far as we know
	for range takeTries {
		at := max(full, now.UnixMicro())
		if ahead := time.Duration(at-now.UnixMicro()) * time.Microsecond; ahead > room {
			return ahead - room, nil
		}
		old, err := t.moveBucket(ctx, b.Name, seen, at+step.Microseconds(), now)
		if err == nil {
			return 0, nil
		}
		if !errors.Is(err, ErrConflict) {
			return 0, err
		}
		full, seen = old, old
	}
	return step * takeTries, nil // many take at once: let them
}

// moveBucket sets when a bucket is full again, if it still is as seen.
func (t *Accounts) moveBucket(ctx context.Context, name string, seen, full int64, now time.Time) (old int64, err error) {
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key("rate:"+name, bucketKey),
		UpdateExpression: aws.String("SET f = :f, x = :x"), ConditionExpression: aws.String("attribute_not_exists(f) OR f = :seen OR f <= :now"),
		ExpressionAttributeValues: attrs{":f": number(full), ":seen": number(seen), ":now": number(min(now.UnixMicro(), math.MaxInt64)),
			":x": number(now.Add(time.Hour).Unix())},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var moved *types.ConditionalCheckFailedException
	if errors.As(err, &moved) {
		return intOf(moved.Item["f"]), ErrConflict
	}
	if err != nil {
		return 0, fmt.Errorf("take a token: %w", err)
	}
	return 0, nil
}

// A Pause holds an account back, or lifts again.
type Pause struct {
	Until  time.Time
	Reason string // an error class
	Times  int    // in a row
}

// Paused is the account's pause; zero when nothing holds it.
func (t *Accounts) Paused(ctx context.Context, account string) (Pause, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key("account:"+account, pauseKey)})
	if err != nil {
		return Pause{}, fmt.Errorf("read account: %w", err)
	}
	if len(out.Item) == 0 {
		return Pause{}, nil
	}
	return Pause{Until: time.UnixMilli(intOf(out.Item["u"])).UTC(), Reason: textOf(out.Item["r"]), Times: int(intOf(out.Item["n"]))}, nil
}

// SetPause holds an account back until p.Until.
func (t *Accounts) SetPause(ctx context.Context, account string, p Pause) error {
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: attrs{"c": text("account:" + account), "s": text(pauseKey),
		"u": number(p.Until.UnixMilli()), "r": text(p.Reason), "n": number(int64(p.Times)), "x": number(p.Until.Add(7 * 24 * time.Hour).Unix())}})
	if err != nil {
		return fmt.Errorf("pause account: %w", err)
	}
	return nil
}

// Lift ends an account's pause.
func (t *Accounts) Lift(ctx context.Context, account string) error {
	_, err := t.db.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: key("account:"+account, pauseKey)})
	if err != nil {
		return fmt.Errorf("lift pause: %w", err)
	}
	return nil
}

// A Token is an access token whose successor needs what came with it.
type Token struct {
	Value, Refresh string
	ExpiresAt      time.Time
	Revision       int64
}

// Token is what SetToken kept; zero when there is none.
func (t *Accounts) Token(ctx context.Context, account string) (Token, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key("account:"+account, tokenKey)})
	if err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	return Token{Value: textOf(out.Item["a"]), Refresh: textOf(out.Item["r"]), ExpiresAt: time.UnixMilli(intOf(out.Item["u"])).UTC(), Revision: intOf(out.Item["v"])}, nil
}

// LeaseToken makes the caller the only one to mint the successor of k until then;
// ErrConflict when another is.
func (t *Accounts) LeaseToken(ctx context.Context, account string, k Token, now, until time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key("account:"+account, tokenKey), UpdateExpression: aws.String("SET l = :l"),
		ConditionExpression:       aws.String("(attribute_not_exists(v) OR v = :v) AND (attribute_not_exists(l) OR l < :now)"),
		ExpressionAttributeValues: attrs{":l": number(until.UnixMilli()), ":v": number(k.Revision), ":now": number(now.UnixMilli())}})
	if isRefused(err) {
		return ErrConflict
	}
	return err
}

// SetToken keeps the successor that the caller minted under its lease.
func (t *Accounts) SetToken(ctx context.Context, account string, k Token) error {
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: attrs{"c": text("account:" + account), "s": text(tokenKey),
		"a": text(k.Value), "r": text(k.Refresh), "u": number(k.ExpiresAt.UnixMilli()), "v": number(k.Revision + 1)}})
	if err != nil {
		return fmt.Errorf("keep token: %w", err)
	}
	return nil
}

const cursorKey = "cursor"

// Cursor is how far a list that a platform keeps was read; "" before the first page.
func (t *Accounts) Cursor(ctx context.Context, list string) (string, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true), Key: key(list, cursorKey)})
	if err != nil {
		return "", fmt.Errorf("read cursor: %w", err)
	}
	return textOf(out.Item["y"]), nil
}

// SetCursor keeps how far a list was read, after what was read is committed.
func (t *Accounts) SetCursor(ctx context.Context, list, cursor string) error {
	_, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: attrs{"c": text(list), "s": text(cursorKey), "y": text(cursor)}})
	if err != nil {
		return fmt.Errorf("keep cursor: %w", err)
	}
	return nil
}

// ReleaseToken ends a lease under which nothing was minted.
func (t *Accounts) ReleaseToken(ctx context.Context, account string) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key("account:"+account, tokenKey), UpdateExpression: aws.String("REMOVE l")})
	if err != nil {
		return fmt.Errorf("release token: %w", err)
	}
	return nil
}
