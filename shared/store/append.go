package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Append stores an event of our own with the next sequence of its conversation, and keeps
// what next says of the conversation, in one transaction, if it is still as s says; else
// ErrConflict. ErrExists says that the event is there already. Where it goes is for the
// router to decide, who is to be rung. With load an agent's load is kept beside it; ErrLoad says that
// it was changed since it was read.
func (t *Conversations) Append(ctx context.Context, it Item, s, next State, d Decision, load *Load) (Item, State,
	error) {
	if len(it.Body) > maxInline {
		return Item{}, State{}, fmt.Errorf("event %s: %d bytes are more than an item of our own may have", it.ID,
			len(it.Body))
	}
	next.Sequence = s.Sequence + 1
	it.Sequence, it.Decision, it.Order = next.Sequence, d, ownOrder(next.Sequence, it.Received)
	event := key(it.Conversation, it.ID)
	event["z"], event["o"] = &types.AttributeValueMemberB{Value: it.Body}, text(it.Order)
	event["b"], event["d"] = text(Bucket(it.Conversation)), number(it.Received.Add(SweepAfter).Unix())
	event["q"], event["l"] = number(int64(it.Sequence)), &types.AttributeValueMemberBOOL{}
	if h := d.Hold.String(); h != "" {
		event["ho"] = text(h)
	}
	if d.Asked != "" {
		event["h"] = text(d.Asked)
	}
	put := types.Put{TableName: &t.name, Item: event, ConditionExpression: aws.String("attribute_not_exists(c)")}
	writes := []types.TransactWriteItem{{Put: &put}, {Update: t.moved(it.Conversation, s, &next).update()}}
	if load != nil {
		writes = append(writes, types.TransactWriteItem{Put: load.put(t.name, it.Received)})
	}
	err := t.transact(ctx, writes...)
	switch {
	case hasFailed(err, 0):
		return Item{}, State{}, ErrExists
	case load != nil && hasFailed(err, 2):
		return Item{}, State{}, ErrLoad
	case isConflict(err):
		return Item{}, State{}, ErrConflict
	case err != nil:
		return Item{}, State{}, fmt.Errorf("append event: %w", err)
	}
	return it, next, nil
}

// Route freezes where an event goes that got its sequence before that was known.
func (t *Inbox) Route(ctx context.Context, it Item, destinations []string, ruleset string) (Item, error) {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: &t.name, Key: key(it.Conversation, it.ID),
		UpdateExpression:    aws.String("SET f = :f, r = :r"),
		ConditionExpression: aws.String("attribute_exists(o) AND attribute_not_exists(f)"),
		ExpressionAttributeValues: attrs{":f": &types.AttributeValueMemberSS{Value: destinations},
			":r": text(ruleset)}})
	if isRefused(err) {
		return it, ErrConflict
	}
	if err != nil {
		return it, fmt.Errorf("route event: %w", err)
	}
	it.Destinations, it.Ruleset = destinations, ruleset
	return it, nil
}

// SetTimer keeps exactly when something of the conversation ends by itself, if the state is still
// as s says; else ErrConflict. Sequence and Append leave a time that is too early as it is: to be
// looked at once in vain costs less than to be written with every event.
func (t *Conversations) SetTimer(ctx context.Context, conversation string, s State, timer time.Time) (State, error) {
	u := &stateUpdate{table: t.name, conversation: conversation, values: attrs{}}
	u.condition = asRead(s, u.values)
	u.remove("w")
	next := s
	if next.Timer = timer; timer.IsZero() {
		u.remove("tm")
	} else {
		u.set("tm", number(seconds(timer)))
	}
	switch at := seconds(timer); {
	case len(s.Blocked) > 0: // it is looked at anyhow
	case at == 0:
		next.due = 0
		u.remove("b", "d")
	default:
		next.due = at
		u.look(at)
	}
	in := u.update()
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: in.TableName, Key: in.Key,
		UpdateExpression: in.UpdateExpression, ConditionExpression: in.ConditionExpression,
		ExpressionAttributeValues: in.ExpressionAttributeValues})
	if isRefused(err) {
		return s, ErrConflict
	}
	if err != nil {
		return s, fmt.Errorf("keep timer: %w", err)
	}
	return next, nil
}

// A stateUpdate is one of a conversation's state that is being made.
type stateUpdate struct {
	table, conversation string
	condition           string
	sets, removes       []string
	values              attrs
}

// moved is the update of a conversation's state from s to next; next learns what is kept
// besides.
func (t *Conversations) moved(conversation string, s State, next *State) *stateUpdate {
	u := &stateUpdate{table: t.name, conversation: conversation, values: attrs{}}
	u.condition = asRead(s, u.values)
	u.set("n", number(int64(next.Sequence)))
	u.set("y", text(string(next.Thread)))
	u.list(s.Listing, next.Listing)
	u.arm(s, next)
	return u
}

func (u *stateUpdate) set(name string, v types.AttributeValue) {
	u.sets = append(u.sets, name+" = :"+name)
	u.values[":"+name] = v
}

func (u *stateUpdate) remove(names ...string) { u.removes = append(u.removes, names...) }

// arm has the sweeper look when something ends, if it would not look before.
func (u *stateUpdate) arm(s State, next *State) {
	if next.Timer.IsZero() || !s.Timer.IsZero() && !next.Timer.Before(s.Timer) {
		next.Timer = s.Timer
		return
	}
	at := seconds(next.Timer)
	u.set("tm", number(at))
	if s.due == 0 || at < s.due {
		next.due = at
		u.look(at)
	}
}

// look has the sweeper look at a time, in Unix seconds.
func (u *stateUpdate) look(at int64) {
	u.set("b", text(Bucket(u.conversation)))
	u.set("d", number(at))
}

func (u *stateUpdate) update() *types.Update {
	var expression []string
	if len(u.sets) > 0 {
		expression = append(expression, "SET "+strings.Join(u.sets, ", "))
	}
	if len(u.removes) > 0 {
		expression = append(expression, "REMOVE "+strings.Join(u.removes, ", "))
	}
	out := &types.Update{TableName: &u.table, Key: key(u.conversation, stateKey),
		UpdateExpression: aws.String(strings.Join(expression, " ")), ConditionExpression: aws.String(u.condition)}
	if len(u.values) > 0 {
		out.ExpressionAttributeValues = u.values
	}
	return out
}

// seconds is t in Unix seconds, never before it; 0 is none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Add(time.Second - time.Nanosecond).Unix()
}

func secondsOf(a types.AttributeValue) time.Time {
	if n := intOf(a); n > 0 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}
