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
	"github.com/relais-dev/relais/shared/names"
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
func (t *Accounts) moveBucket(ctx context.Context, name string, seen, full int64, now time.Time) (old int64,
	err error) {
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(names.OfRate+name, bucketKey),
		UpdateExpression:    aws.String("SET fu = :fu, x = :x"),
		ConditionExpression: aws.String("attribute_not_exists(fu) OR fu = :seen OR fu <= :now"),
		ExpressionAttributeValues: attrs{":fu": number(full), ":seen": number(seen),
			":now": number(min(now.UnixMicro(), math.MaxInt64)),
			":x":   number(now.Add(time.Hour).Unix())},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var moved *types.ConditionalCheckFailedException
	if errors.As(err, &moved) {
		return intOf(moved.Item["fu"]), ErrConflict
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
	item, err := t.read(ctx, key(names.OfAccount+account, pauseKey), "read account")
	if err != nil {
		return Pause{}, err
	}
	if len(item) == 0 {
		return Pause{}, nil
	}
	return Pause{Until: time.UnixMilli(intOf(item["un"])).UTC(), Reason: textOf(item["pr"]),
		Times: int(intOf(item["pn"]))}, nil
}

// SetPause holds an account back until p.Until.
func (t *Accounts) SetPause(ctx context.Context, account string, p Pause) error {
	item := key(names.OfAccount+account, pauseKey)
	item["un"], item["pr"], item["pn"] = number(p.Until.UnixMilli()), text(p.Reason), number(int64(p.Times))
	item["x"] = number(p.Until.Add(7 * 24 * time.Hour).Unix())
	return t.put(ctx, item, "pause account")
}

// Lift ends an account's pause.
func (t *Accounts) Lift(ctx context.Context, account string) error {
	return t.drop(ctx, key(names.OfAccount+account, pauseKey), "lift pause")
}

// A Token is an access token whose successor needs what came with it.
type Token struct {
	Value, Refresh string
	ExpiresAt      time.Time
	Revision       int64
}

// Token is what SetToken kept; zero when there is none.
func (t *Accounts) Token(ctx context.Context, account string) (Token, error) {
	item, err := t.read(ctx, key(names.OfAccount+account, tokenKey), "read token")
	if err != nil {
		return Token{}, err
	}
	return Token{Value: textOf(item["tk"]), Refresh: textOf(item["rt"]),
		ExpiresAt: time.UnixMilli(intOf(item["un"])).UTC(), Revision: intOf(item["v"])}, nil
}

// LeaseToken makes the caller the only one to mint the successor of k until then;
// ErrConflict when another is.
func (t *Accounts) LeaseToken(ctx context.Context, account string, k Token, now, until time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name,
		Key: key(names.OfAccount+account, tokenKey), UpdateExpression: aws.String("SET le = :le"),
		ConditionExpression: aws.String("(attribute_not_exists(v) OR v = :v) AND " +
			"(attribute_not_exists(le) OR le < :now)"),
		ExpressionAttributeValues: attrs{":le": number(until.UnixMilli()), ":v": number(k.Revision),
			":now": number(now.UnixMilli())}})
	if isRefused(err) {
		return ErrConflict
	}
	return err
}

// SetToken keeps the successor that the caller minted under its lease.
func (t *Accounts) SetToken(ctx context.Context, account string, k Token) error {
	item := key(names.OfAccount+account, tokenKey)
	item["tk"], item["rt"] = text(k.Value), text(k.Refresh)
	item["un"], item["v"] = number(k.ExpiresAt.UnixMilli()), number(k.Revision+1)
	return t.put(ctx, item, "keep token")
}

// ReleaseToken ends a lease under which nothing was minted.
func (t *Accounts) ReleaseToken(ctx context.Context, account string) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name,
		Key: key(names.OfAccount+account, tokenKey), UpdateExpression: aws.String("REMOVE le")})
	if err != nil {
		return fmt.Errorf("release token: %w", err)
	}
	return nil
}

const cursorKey = "cursor"

// Cursor is how far a list that a platform keeps was read; "" before the first page.
func (t *Accounts) Cursor(ctx context.Context, list string) (string, error) {
	item, err := t.read(ctx, key(list, cursorKey), "read cursor")
	if err != nil {
		return "", err
	}
	return textOf(item["cu"]), nil
}

// SetCursor keeps how far a list was read, after what was read is committed.
func (t *Accounts) SetCursor(ctx context.Context, list, cursor string) error {
	return t.put(ctx, attrs{"c": text(list), "s": text(cursorKey), "cu": text(cursor)}, "keep cursor")
}
