package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/relais-dev/relais/shared/names"
)

const (
	contactKey = "conversation"
	windowKey  = "window:"
)

// OpenThread keeps what is known of a conversation that the brand begins. What
// events have said already stays.
func (t *Table) OpenThread(ctx context.Context, conversation string, thread []byte) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, stateKey),
		UpdateExpression:          aws.String("SET v = if_not_exists(v, :v)"),
		ExpressionAttributeValues: attrs{":v": text(string(thread))}})
	if err != nil {
		return fmt.Errorf("open conversation: %w", err)
	}
	return nil
}

// SetOptions keeps what a customer can answer with a number; nil forgets it.
func (t *Table) SetOptions(ctx context.Context, conversation string, options []byte) error {
	in := &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, stateKey),
		UpdateExpression: aws.String("REMOVE g")}
	if options != nil {
		in.UpdateExpression = aws.String("SET g = :g")
		in.ExpressionAttributeValues = attrs{":g": text(string(options))}
	}
	if _, err := t.db.UpdateItem(ctx, in); err != nil {
		return fmt.Errorf("keep options: %w", err)
	}
	return nil
}

// SetContact says which conversation is a contact's own.
func (t *Table) SetContact(ctx context.Context, contact, conversation string) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(contact, contactKey),
		UpdateExpression: aws.String("SET y = :y"), ExpressionAttributeValues: attrs{":y": text(conversation)}})
	if err != nil {
		return fmt.Errorf("keep contact: %w", err)
	}
	return nil
}

// ConversationOf is a contact's own conversation, or "".
func (t *Table) ConversationOf(ctx context.Context, contact string) (string, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true),
		Key: key(contact, contactKey)})
	if err != nil {
		return "", fmt.Errorf("read contact: %w", err)
	}
	return textOf(out.Item["y"]), nil
}

// UseWindow counts one message against a window that allows only some. window
// names it: its kind and when it closes. False means that they are used up.
func (t *Table) UseWindow(ctx context.Context, conversation, window string, allowed int, closes time.Time) (bool,
	error) {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, windowKey+window),
		UpdateExpression:    aws.String("ADD n :one SET x = :x"),
		ConditionExpression: aws.String("attribute_not_exists(n) OR n < :max"),
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
func (t *Table) History(ctx context.Context, conversation, cursor string, limit int, backward bool) (Page, error) {
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

// items reads whole items whose keys an index gave, in their order.
func (t *Table) items(ctx context.Context, keys []map[string]types.AttributeValue) ([]Item, error) {
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

// Unfinished reads an event that has a sequence and is neither finished nor parked.
func (t *Table) Unfinished(ctx context.Context, conversation, id string) (Item, bool, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true),
		Key: key(conversation, id)})
	if err != nil {
		return Item{}, false, fmt.Errorf("read event: %w", err)
	}
	_, routed := out.Item["q"]
	return itemOf(out.Item), routed && textOf(out.Item["o"]) >= firstOrder, nil
}

// Event reads one event of a conversation. A body that is gone is an ErrNoBody.
func (t *Table) Event(ctx context.Context, conversation, id string) (Item, bool, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, ConsistentRead: aws.Bool(true),
		Key: key(conversation, id)})
	if err != nil {
		return Item{}, false, fmt.Errorf("read event: %w", err)
	}
	if len(out.Item) == 0 {
		return Item{}, false, nil
	}
	it, err := t.Load(ctx, itemOf(out.Item))
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
