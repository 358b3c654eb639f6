package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Audit is where it stands who did what: records that are added, read, and forgotten
// after a year. Nothing changes one.
type Audit struct {
	core
}

// NewAudit opens the audit in p.
func NewAudit(p Place) *Audit { return &Audit{p.core()} }

const (
	auditPrefix = "audit:"
	// auditShards part a day: one partition takes a thousand writes a second, which is
	// what the API's functions make of as many calls.
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
	auditShards = 4
	// auditLife is how long a record is kept.
	auditLife = 365 * 24 * time.Hour
	// auditTime is of one width, so that the order of texts is that of times.
	auditTime = "2006-01-02T15:04:05.000000000Z"
)

func auditPartition(day string, shard int) string {
	return fmt.Sprintf("%s%s:%d", auditPrefix, day, shard)
}

// Add adds a record of what was done at a time.
func (a *Audit) Add(ctx context.Context, at time.Time, doc []byte) error {
	at = at.UTC()
	random := rand.Text()
	// Its 32 letters are equally likely, and so are the shards.
	partition := auditPartition(at.Format(time.DateOnly), int(random[0])%auditShards)
	err := a.putOnce(ctx, &dynamodb.PutItemInput{TableName: &a.name,
		Item:                record(partition, at.Format(auditTime)+"-"+random, doc, at.Add(auditLife)),
		ConditionExpression: aws.String("attribute_not_exists(c)")}, "add to the audit")
	if errors.Is(err, ErrConflict) { // with this key it can only be what an earlier try of ours put
		return nil
	}
	return err
}

// An AuditPage is a part of a day's records, the oldest first.
type AuditPage struct {
	Records [][]byte
	Cursor  string // where the next page begins; "" at the end
}

// Day reads up to limit records of a day ("2006-01-02"), after a page's cursor or from
// the beginning.
func (a *Audit) Day(ctx context.Context, day, cursor string, limit int) (AuditPage, error) {
	after, err := readAuditCursor(day, cursor)
	if err != nil {
		return AuditPage{}, err
	}
	var all []attrs
	end := "" // up to which every shard was read, where one has more
	for shard := range auditShards {
		items, more, err := a.shard(ctx, auditPartition(day, shard), after, limit)
		if err != nil {
			return AuditPage{}, err
		}
		if last := len(items) - 1; more && (end == "" || textOf(items[last]["s"]) < end) {
			end = textOf(items[last]["s"])
		}
		all = append(all, items...)
	}
	slices.SortFunc(all, func(x, y attrs) int { return cmp.Compare(textOf(x["s"]), textOf(y["s"])) })
	return auditPage(all, end, limit), nil
}

// shard reads one shard of a day; more says that it goes on after items.
func (a *Audit) shard(ctx context.Context, partition, after string, limit int) (items []attrs, more bool, err error) {
	out, err := a.db.Query(ctx, &dynamodb.QueryInput{TableName: &a.name, ConsistentRead: aws.Bool(true),
		Limit: aws.Int32(int32(limit)), KeyConditionExpression: aws.String("c = :c AND s > :s"),
		ExpressionAttributeValues: attrs{":c": text(partition), ":s": text(after)}})
	if err != nil {
		return nil, false, fmt.Errorf("read the audit: %w", err)
	}
	return out.Items, len(out.LastEvaluatedKey) > 0 && len(out.Items) > 0, nil
}

// auditPage is the first limit of all, and none after end.
func auditPage(all []attrs, end string, limit int) AuditPage {
	page := AuditPage{Records: [][]byte{}}
	last := ""
	for _, item := range all {
		s := textOf(item["s"])
		if len(page.Records) == limit || end != "" && s > end {
			break
		}
		page.Records, last = append(page.Records, []byte(textOf(item["y"]))), s
	}
	if len(page.Records) < len(all) || end != "" {
		page.Cursor = base64.RawURLEncoding.EncodeToString([]byte(last))
	}
	return page
}

// readAuditCursor is the sort key after which a page begins.
func readAuditCursor(day, cursor string) (string, error) {
	if cursor == "" {
		return day, nil // before all of the day
	}
	after, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !strings.HasPrefix(string(after), day+"T") {
		return "", ErrCursor
	}
	return string(after), nil
}
