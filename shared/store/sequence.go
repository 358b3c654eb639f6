package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/thread"
)

// State is what a conversation remembers between events.
type State struct {
	Sequence uint64            // of the last event routed; 0 before the first
	Last     string            // its id
	Newest   string            // Item.Order of the newest event routed
	Blocked  map[string]uint64 // destinations that refuse, and the sequence from which they are owed events
	Thread   []byte            // what is known of the conversation (package thread)
	Options  []byte            // what the customer can answer with a number, or nil
	Listing  Listing           // where it stands in the lists of conversations
	Timer    time.Time         // when something of it ends by itself; zero is never

	due int64 // when the sweeper looks, as the item says; 0 is never
}

// State reads a conversation's state, strongly consistent.
func (t *Conversations) State(ctx context.Context, conversation string) (State, error) {
	item, err := t.read(ctx, key(conversation, stateKey), "read conversation state")
	if err != nil {
		return State{}, err
	}
	return stateOf(item)
}

func stateOf(a attrs) (State, error) {
	s := State{Sequence: uint64(intOf(a["n"])), Last: textOf(a["e"]), Newest: textOf(a["m"]),
		Thread: []byte(textOf(a["y"])), Options: []byte(textOf(a["g"])),
		Listing: listingOf(a), Timer: secondsOf(a["tm"]), due: intOf(a["d"])}
	if doc := textOf(a["u"]); doc != "" {
		if err := json.Unmarshal([]byte(doc), &s.Blocked); err != nil {
			return State{}, fmt.Errorf("conversation %s: blocked destinations: %w", textOf(a["c"]), err)
		}
	}
	return s, nil
}

// A Decision is frozen with an event's sequence and never taken again.
type Decision struct {
	Destinations []string
	Ruleset      string
	Late         bool
	Option       string // the option that the customer chose by its number, or ""
	Hold         thread.Hold
}

// ErrConflict says that another router moved the conversation on: read again.
var ErrConflict = errors.New("conversation moved on")

// asRead is the condition that a conversation's state is as s says: no event was
// routed since, and the same destinations are blocked.
func asRead(s State, values attrs) string {
	condition := "attribute_not_exists(n)"
	if s.Sequence > 0 {
		condition = "n = :old"
		values[":old"] = number(int64(s.Sequence))
	}
	if len(s.Blocked) == 0 {
		return condition + " AND attribute_not_exists(u)"
	}
	values[":was"] = text(blockedDoc(s.Blocked))
	return condition + " AND u = :was"
}

// blockedDoc has its keys sorted: equal maps are equal texts.
func blockedDoc(m map[string]uint64) string {
	doc, _ := json.Marshal(m) // texts and numbers
	return string(doc)
}

// Sequence gives it the next sequence of its conversation, freezes d and keeps what next
// says of the conversation, in one transaction, if it is still as s says. It returns the
// item and the state as they are then.
func (t *Conversations) Sequence(ctx context.Context, it Item, s, next State, d Decision) (Item, State, error) {
	next.Sequence, next.Last, next.Newest = s.Sequence+1, it.ID, max(s.Newest, it.Order)
	event := types.Update{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression:    aws.String("SET q = :q, f = :f, r = :r, l = :l"),
		ConditionExpression: aws.String("attribute_exists(o) AND attribute_not_exists(q)"),
		ExpressionAttributeValues: attrs{":q": number(int64(next.Sequence)), ":r": text(d.Ruleset),
			":l": &types.AttributeValueMemberBOOL{Value: d.Late}, ":f": &types.AttributeValueMemberSS{Value: d.Destinations}}}
	if d.Option != "" {
		event.UpdateExpression = aws.String(*event.UpdateExpression + ", op = :op")
		event.ExpressionAttributeValues[":op"] = text(d.Option)
	}
	if h := d.Hold.String(); h != "" {
		event.UpdateExpression = aws.String(*event.UpdateExpression + ", ho = :ho")
		event.ExpressionAttributeValues[":ho"] = text(h)
	}
	u := t.moved(it.Conversation, s, &next)
	u.set("e", text(next.Last))
	u.set("m", text(next.Newest))
	err := t.transact(ctx, types.TransactWriteItem{Update: &event}, types.TransactWriteItem{Update: u.update()})
	if isConflict(err) {
		return Item{}, State{}, ErrConflict
	}
	if err != nil {
		return Item{}, State{}, fmt.Errorf("give sequence: %w", err)
	}
	it.Sequence, it.Decision = next.Sequence, d
	return it, next, nil
}

// Block notes that destinations refuse it: they are owed it and all that follows. It
// returns the state as it is then, with which the event can be parked.
func (t *Conversations) Block(ctx context.Context, it Item, s State, refused []string) (State, error) {
	blocked := maps.Clone(s.Blocked)
	if blocked == nil {
		blocked = map[string]uint64{}
	}
	for _, d := range refused {
		if _, known := blocked[d]; !known {
			blocked[d] = it.Sequence
		}
	}
	return t.SetBlocked(ctx, it.Conversation, s, blocked, it.Received.UnixMilli())
}

// SetBlocked keeps which destinations refuse, if the state is still as s says; else
// ErrConflict. since is from when the oldest event owed is, in milliseconds.
func (t *Conversations) SetBlocked(ctx context.Context, conversation string, s State, blocked map[string]uint64,
	since int64) (State, error) {
	if maps.Equal(s.Blocked, blocked) {
		return s, nil
	}
	values := attrs{}
	in := &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(conversation, stateKey),
		ConditionExpression: aws.String(asRead(s, values)),
		UpdateExpression:    aws.String("REMOVE u, b, d, t, w")}
	if len(blocked) == 0 && !s.Timer.IsZero() {
		in.UpdateExpression = aws.String("SET d = :d REMOVE u, t, w")
		values[":d"] = number(seconds(s.Timer))
	}
	soon := since/1000 + int64(SweepAfter.Seconds())
	if len(blocked) > 0 {
		in.UpdateExpression = aws.String("SET u = :u, b = :b, t = :t, d = if_not_exists(d, :d)")
		if len(s.Blocked) == 0 && soon < s.due { // what ends in a month is no reason to wait so long
			in.UpdateExpression = aws.String("SET u = :u, b = :b, t = :t, d = :d")
		}
		values[":u"], values[":b"], values[":t"] = text(blockedDoc(blocked)), text(Bucket(conversation)), number(since)
		values[":d"] = number(soon)
	}
	if len(values) > 0 {
		in.ExpressionAttributeValues = values
	}
	if _, err := t.db.UpdateItem(ctx, in); isRefused(err) {
		return s, ErrConflict
	} else if err != nil {
		return s, fmt.Errorf("keep blocked destinations: %w", err)
	}
	was := len(s.Blocked) > 0
	s.Blocked = blocked
	switch {
	case len(blocked) == 0:
		s.due = seconds(s.Timer)
	case s.due == 0 || !was && soon < s.due:
		s.due = soon
	}
	return s, nil
}

// Unrouted counts a conversation's events that wait for their sequence.
func (t *Conversations) Unrouted(ctx context.Context, conversation string) (uint64, error) {
	in := &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.PendingIndex),
		ConsistentRead: aws.Bool(true), Select: types.SelectCount,
		KeyConditionExpression: aws.String("c = :c AND o >= :from"), FilterExpression: aws.String("attribute_not_exists(q)"),
		ExpressionAttributeValues: attrs{":c": text(conversation), ":from": text(firstOrder)}}
	var n uint64
	for {
		out, err := t.db.Query(ctx, in)
		if err != nil {
			return 0, fmt.Errorf("count pending events: %w", err)
		}
		n += uint64(out.Count)
		if len(out.LastEvaluatedKey) == 0 {
			return n, nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}
