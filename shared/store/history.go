package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/relais-dev/relais/shared/names"
)

// A Page is a part of a conversation's history, oldest first.
type Page struct {
	Items  []Item
	Cursor string // where the next page begins; "" at the end
}

// ErrCursor says that a cursor is not one of ours.
var ErrCursor = errors.New("malformed cursor")

// maxPage bounds a page, and so what a request costs.
const maxPage = 100

// History reads a conversation's events in the order of their sequences. With
// backward it begins at the newest; a page is oldest first all the same. cursor
// is a Page's, or "".
func (t *Conversations) History(ctx context.Context, conversation, cursor string, limit int, backward bool) (Page,
	error) {
	in := &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.HistoryIndex),
		ConsistentRead: aws.Bool(true),
		Limit:          aws.Int32(int32(min(max(limit, 1), maxPage))), ScanIndexForward: aws.Bool(!backward),
		KeyConditionExpression: aws.String("c = :c"), ExpressionAttributeValues: attrs{":c": text(conversation)}}
	if cursor != "" {
		n, err := readCursor(cursor)
		if err != nil {
			return Page{}, err
		}
		op := "q > :q"
		if backward {
			op = "q < :q"
		}
		in.KeyConditionExpression = aws.String("c = :c AND " + op)
		in.ExpressionAttributeValues[":q"] = number(n)
	}
	out, err := t.db.Query(ctx, in)
	if err != nil {
		return Page{}, fmt.Errorf("read history: %w", err)
	}
	var page Page
	if page.Items, err = t.items(ctx, out.Items); err != nil {
		return Page{}, err
	}
	if len(out.LastEvaluatedKey) > 0 && len(out.Items) > 0 {
		page.Cursor = writeCursor(intOf(out.Items[len(out.Items)-1]["q"]))
	}
	sortPending(page.Items)
	return page, nil
}

// Before reads the newest n events of a conversation before a sequence, oldest first.
func (t *Conversations) Before(ctx context.Context, conversation string, sequence uint64, n int) ([]Item, error) {
	page, err := t.History(ctx, conversation, writeCursor(int64(sequence)), n, true)
	return page.Items, err
}

// items reads whole items whose keys an index gave, in their order.
func (t *Conversations) items(ctx context.Context, keys []map[string]types.AttributeValue) ([]Item, error) {
	items, errs := make([]Item, len(keys)), make([]error, len(keys))
	slots := make(chan struct{}, concurrentGets)
	var wg sync.WaitGroup
	for i, k := range keys {
		slots <- struct{}{}
		wg.Go(func() {
			items[i], _, errs[i] = t.Event(ctx, textOf(k["c"]), textOf(k["s"]))
			if errors.Is(errs[i], ErrNoBody) { // as an event whose item is gone
				items[i], errs[i] = Item{}, nil
			}
			<-slots
		})
	}
	wg.Wait()
	return slices.DeleteFunc(items, func(it Item) bool { return it.ID == "" }), errors.Join(errs...)
}

// concurrentGets bounds the reads of one page.
const concurrentGets = 16

// Event reads one event of a conversation. A body that is gone is an ErrNoBody.
func (t *Conversations) Event(ctx context.Context, conversation, id string) (Item, bool, error) {
	item, err := t.read(ctx, key(conversation, id), "read event")
	if err != nil {
		return Item{}, false, err
	}
	if len(item) == 0 {
		return Item{}, false, nil
	}
	it, err := t.load(ctx, itemOf(item))
	return it, err == nil, err
}

func writeCursor(n int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("q" + strconv.FormatInt(n, 36)))
}

func readCursor(s string) (int64, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) < 2 || b[0] != 'q' {
		return 0, ErrCursor
	}
	n, err := strconv.ParseInt(string(b[1:]), 36, 64)
	if err != nil || n < 0 {
		return 0, ErrCursor
	}
	return n, nil
}

// SequenceCursor is the cursor of a History that begins beside a sequence: after
// it, or before it when read backward.
func SequenceCursor(n uint64) string { return writeCursor(int64(n)) }
