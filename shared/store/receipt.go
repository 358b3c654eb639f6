package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/relais-dev/relais/events"
)

// Receipts are what platforms say of what went out.
type Receipts struct {
	core
	retention time.Duration
}

// NewReceipts opens the receipts in p.
func NewReceipts(p Place) *Receipts { return &Receipts{p.core(), p.retention()} }

// A Receipt is what a platform said of one message of its own.
type Receipt struct {
	Message  string       // ours, when it is known: "msg_…"
	Part     int          // the call, from 1, when Message is known
	State    events.State // the highest so far
	Time     time.Time
	Platform string // the platform's id, when a correlated receipt brought it
	Error    *events.StatusError
}

// rank orders states; a receipt only moves up. Final states are above all others,
// so that nothing moves them.
func rank(s events.State) int64 {
	for i, x := range []events.State{"", events.Queued, events.Uncertain, events.Accepted, events.Sent, events.Delivered,
		events.Read, events.Played, events.Failed, events.Expired, events.Deleted} {
		if x == s {
			return int64(i)
		}
	}
	return 0
}

// Higher is the later of two states of a message.
func Higher(a, b events.State) events.State {
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// PartID is the id of the call with that number (from 1) of a message.
func PartID(message string, part int) string { return fmt.Sprintf("%s.%d", message, part) }

// Part takes a PartID apart.
func Part(id string) (message string, part int, ok bool) {
	message, n, found := strings.Cut(id, ".")
	if !found || !strings.HasPrefix(message, "msg_") {
		return "", 0, false
	}
	if _, err := fmt.Sscanf(n, "%d", &part); err != nil || part < 1 || PartID(message, part) != id {
		return "", 0, false
	}
	return message, part, true
}

// receiptKey is where the receipt of a status is kept: with our message when the
// platform gave our id back, else under the id that its own makes.
func receiptKey(s *events.Status) attrs {
	if message, part, ok := Part(s.Correlation); ok {
		return key(message, fmt.Sprintf("%s%d", partPrefix, part))
	}
	return key(s.Message.ID, aliasKey)
}

// Receive notes what a platform said of a message, in one conditional update: a
// state only moves up, and one that comes before Link is held. It returns the
// message of ours that it is about, "" when that is not known (yet).
func (t *Receipts) Receive(ctx context.Context, s *events.Status, at time.Time) (message string, err error) {
	values := attrs{":rk": number(rank(s.State)), ":s": text(string(s.State)), ":t": number(at.UnixMilli()),
		":x": number(at.Add(t.retention).Unix()), ":pi": text(s.Message.PlatformID)}
	set := "SET rk = :rk, st = :s, ta = :t, x = if_not_exists(x, :x), pi = :pi"
	if s.Error != nil {
		doc, err := json.Marshal(s.Error)
		if err != nil {
			return "", err
		}
		values[":er"] = text(string(doc))
		set += ", er = :er"
	}
	k := receiptKey(s)
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: k, UpdateExpression: &set,
		ConditionExpression:       aws.String("attribute_not_exists(rk) OR rk < :rk"),
		ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld})
	var lower *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &lower):
		return owner(k, lower.Item), nil
	case err != nil:
		return "", fmt.Errorf("note receipt: %w", err)
	}
	return owner(k, out.Attributes), nil
}

// owner is the message of ours that a receipt's item belongs to.
func owner(k, item attrs) string {
	if strings.HasPrefix(textOf(k["s"]), partPrefix) {
		return textOf(k["c"])
	}
	return textOf(item["mg"])
}

// Link says that the platform's message with that id (events.MessageID) is part of
// ours, and returns the receipt that came before, if one did.
func (t *Receipts) Link(ctx context.Context, alias, message string, part int, now time.Time) (Receipt, error) {
	out, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(alias, aliasKey),
		UpdateExpression: aws.String("SET mg = :mg, pt = :pt, x = if_not_exists(x, :x)"),
		ReturnValues:     types.ReturnValueAllNew,
		ExpressionAttributeValues: attrs{":mg": text(message), ":pt": number(int64(part)),
			":x": number(now.Add(t.retention).Unix())}})
	if err != nil {
		return Receipt{}, fmt.Errorf("link message: %w", err)
	}
	return receiptOf(out.Attributes), nil
}

// Linked is what is known of the platform's message with that id.
func (t *Receipts) Linked(ctx context.Context, alias string) (Receipt, bool, error) {
	return t.receipt(ctx, key(alias, aliasKey))
}

// Correlated is the receipt that named our own part.
func (t *Receipts) Correlated(ctx context.Context, message string, part int) (Receipt, bool, error) {
	return t.receipt(ctx, key(message, fmt.Sprintf("%s%d", partPrefix, part)))
}

func (t *Receipts) receipt(ctx context.Context, k attrs) (Receipt, bool, error) {
	item, err := t.read(ctx, k, "read receipt")
	if err != nil {
		return Receipt{}, false, err
	}
	return receiptOf(item), len(item) > 0, nil
}

func receiptOf(a attrs) Receipt {
	r := Receipt{Message: textOf(a["mg"]), Part: int(intOf(a["pt"])),
		State: events.State(textOf(a["st"])), Platform: textOf(a["pi"])}
	if ms := intOf(a["ta"]); ms > 0 {
		r.Time = time.UnixMilli(ms).UTC()
	}
	if doc := textOf(a["er"]); doc != "" {
		_ = json.Unmarshal([]byte(doc), &r.Error) // written by us
	}
	return r
}

const marksKey = "marks"

// Mark notes a watermark, in one conditional update: everything the brand sent
// before it was delivered or read.
func (t *Receipts) Mark(ctx context.Context, e *events.Event) error {
	at, set, higher := e.Time, "SET dl = :t", "attribute_not_exists(dl) OR dl < :t"
	if e.Type == events.ReceiptRead {
		set, higher = "SET rd = :t", "attribute_not_exists(rd) OR rd < :t"
	}
	if r := e.Data.Receipt; r != nil && !r.UpToTime.IsZero() {
		at = r.UpToTime
	}
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(e.Subject, marksKey),
		UpdateExpression: &set, ConditionExpression: &higher,
		ExpressionAttributeValues: attrs{":t": number(at.UnixMilli())}})
	if err != nil && !isRefused(err) {
		return fmt.Errorf("note watermark: %w", err)
	}
	return nil
}

// Marks are a conversation's watermarks; zero when there are none.
func (t *Receipts) Marks(ctx context.Context, conversation string) (delivered, read time.Time, err error) {
	item, err := t.read(ctx, key(conversation, marksKey), "read watermarks")
	if err != nil {
		return delivered, read, err
	}
	return timeOf(item["dl"]), timeOf(item["rd"]), nil
}
