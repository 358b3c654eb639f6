package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/relais-dev/relais/shared/names"
)

// A Listing is where a conversation stands in the lists of conversations: one list per
// destination that holds and class of conversation, in the order of At. The rest is what
// lists are filtered by. The zero value stands in none.
type Listing struct {
	Holder   string
	Class    Class
	At       time.Time
	Assignee string
	Tags     []string
	Account  string // "line/line-jp"
}

// A Class parts a destination's conversations, so that each list is in the order that
// matters in it.
type Class string

// The classes.
const (
	Waiting  Class = "waiting"  // by when the customer began to wait
	Answered Class = "answered" // by when somebody spoke last
	Snoozed  Class = "snoozed"  // likewise
	Closed   Class = "closed"   // by when it was closed
)

// shards of each list: enough that none takes more than an eighth of a destination's
// writes, few enough to read each for every page.
const shards = 8

func (l Listing) partition(conversation string) string {
	h := fnv.New32a()
	h.Write([]byte(conversation))
	return listPartition(l.Holder, l.Class, int(h.Sum32()%shards))
}

func listPartition(holder string, class Class, shard int) string {
	return fmt.Sprintf("%s#%s#%d", holder, class, shard)
}

// A place is At in milliseconds and twelve digits of the conversation: no two conversations
// have the same, so that a page can begin behind any. Numbers have 38 digits.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
const placeDigits = 12

func placeOf(at time.Time, conversation string) string {
	h := fnv.New64a()
	h.Write([]byte(conversation))
	return fmt.Sprintf("%d%0*d", at.UnixMilli(), placeDigits, h.Sum64()%1e12)
}

func timeOfPlace(place string) time.Time {
	ms, _ := strconv.ParseInt(place[:max(len(place)-placeDigits, 0)], 10, 64)
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func digitsOf(a types.AttributeValue) string {
	if n, ok := a.(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}

func listingOf(a attrs) Listing {
	l := Listing{At: timeOfPlace(digitsOf(a["ia"])), Assignee: textOf(a["ig"]), Account: textOf(a["ic"])}
	if t, ok := a["it"].(*types.AttributeValueMemberSS); ok {
		l.Tags = t.Value
	}
	list := strings.Split(textOf(a["il"]), "#")
	n := len(list)
	if n < 3 {
		return Listing{}
	}
	l.Holder, l.Class = strings.Join(list[:n-2], "#"), Class(list[n-2]) // a platform calls its apps as it likes
	return l
}

// list moves a conversation in the lists. What stays as it is costs nothing.
func (u *stateUpdate) list(was, is Listing) {
	if was.Holder != is.Holder || was.Class != is.Class {
		u.setOrRemove("il", is.Holder != "", text(is.partition(u.conversation)))
	}
	if !was.At.Equal(is.At) {
		u.setOrRemove("ia", !is.At.IsZero(),
			&types.AttributeValueMemberN{Value: placeOf(is.At, u.conversation)})
	}
	if was.Assignee != is.Assignee {
		u.setOrRemove("ig", is.Assignee != "", text(is.Assignee))
	}
	if was.Account != is.Account {
		u.setOrRemove("ic", is.Account != "", text(is.Account))
	}
	a, b := slices.Sorted(slices.Values(was.Tags)), slices.Sorted(slices.Values(is.Tags))
	if !slices.Equal(a, b) {
		u.setOrRemove("it", len(b) > 0, &types.AttributeValueMemberSS{Value: b})
	}
}

func (u *stateUpdate) setOrRemove(name string, set bool, v types.AttributeValue) {
	if set {
		u.set(name, v)
		return
	}
	u.remove(name)
}

// Lists are the lists of conversations. They lag a little behind the conversations.
type Lists struct{ core }

// NewLists opens the lists in p.
func NewLists(p Place) *Lists { return &Lists{p.core()} }

// A Wanted says which conversations a page is to have.
type Wanted struct {
	Holders    []string // at least one
	Classes    []Class  // at least one
	Newest     bool     // the newest first; else the longest waiting
	Assignee   string
	Unassigned bool
	Tag        string
	Accounts   []string // "line/line-jp"; none is all, and so is more than maxAccounts
	Cursor     string
	Limit      int // of a page
}

// maxAccounts bounds Wanted.Accounts: what IN takes. Whoever may see more looks at each
// conversation instead.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
const maxAccounts = 100

// A Listed is a conversation in a page, in its place.
type Listed struct {
	Conversation string
	At           time.Time
	place        string
}

// A ListPage is a part of the lists that were wanted, in one order.
type ListPage struct {
	Listed []Listed
	Cursor string // where the next page begins; "" at the end
}

// Page reads conversations. It costs as much for a thousand as for a million: one query for each
// shard of each list, or a few where most of a list is filtered out. Then a page may have few
// conversations, or none, and a cursor behind what was looked at.
func (t *Lists) Page(ctx context.Context, w Wanted) (ListPage, error) {
	if w.Cursor != "" && !isPlace(w.Cursor) {
		return ListPage{}, ErrCursor
	}
	lists := w.lists()
	pages, errs := make([][]Listed, len(lists)), make([]error, len(lists))
	ends := make([]string, len(lists))
	slots := make(chan struct{}, concurrentGets)
	var wg sync.WaitGroup
	for i, list := range lists {
		slots <- struct{}{}
		wg.Go(func() {
			pages[i], ends[i], errs[i] = t.readList(ctx, list, w)
			<-slots
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return ListPage{}, err
	}
	return merged(pages, ends, w), nil
}

func (w Wanted) lists() []string {
	var lists []string
	for _, h := range w.Holders {
		for _, c := range w.Classes {
			for s := range shards {
				lists = append(lists, listPartition(h, c, s))
			}
		}
	}
	slices.Sort(lists)
	return slices.Compact(lists)
}

// merged puts what lists gave into one order. Behind the end of a list that was not read to its
// end, nothing can be said: there the page ends.
func merged(pages [][]Listed, ends []string, w Wanted) ListPage {
	all, end := slices.Concat(pages...), ""
	for _, e := range ends {
		if e != "" && (end == "" || w.order(e, end) < 0) {
			end = e
		}
	}
	all = slices.DeleteFunc(all, func(l Listed) bool { return end != "" && w.order(l.place, end) > 0 })
	slices.SortFunc(all, func(a, b Listed) int { return w.order(a.place, b.place) })
	if n := w.Limit; len(all) > n {
		return ListPage{Listed: all[:n], Cursor: all[n-1].place}
	}
	return ListPage{Listed: all, Cursor: end}
}

func (w Wanted) order(a, b string) int {
	c := cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	if w.Newest {
		return -c
	}
	return c
}

const (
	// maxListReads bounds the queries of one list for one page: a filter that takes out
	// nearly everything must not read a list of a million.
	maxListReads = 4
	// filteredPage is how many conversations a query looks at of which it filters some
	// out: some 30 KB.
	filteredPage = 200
)

// readList reads one list from a place on. end is the place up to which it was read; "" is
// the end of the list.
func (t *Lists) readList(ctx context.Context, list string, w Wanted) (out []Listed, end string, err error) {
	in := &dynamodb.QueryInput{TableName: &t.name, IndexName: aws.String(names.ListsIndex),
		Limit:            aws.Int32(int32(w.Limit)),
		ScanIndexForward: aws.Bool(!w.Newest), KeyConditionExpression: aws.String("il = :l"),
		ExpressionAttributeValues: attrs{":l": text(list)}}
	if w.Cursor != "" {
		behind := " > :from"
		if w.Newest {
			behind = " < :from"
		}
		in.KeyConditionExpression = aws.String(*in.KeyConditionExpression + " AND ia" + behind)
		in.ExpressionAttributeValues[":from"] = &types.AttributeValueMemberN{Value: w.Cursor}
	}
	if w.filter(in); in.FilterExpression != nil {
		in.Limit = aws.Int32(int32(max(w.Limit, filteredPage)))
	}
	for range maxListReads {
		got, err := t.db.Query(ctx, in)
		if err != nil {
			return nil, "", fmt.Errorf("read list: %w", err)
		}
		for _, a := range got.Items {
			place := digitsOf(a["ia"])
			out = append(out, Listed{Conversation: textOf(a["c"]), At: timeOfPlace(place), place: place})
		}
		if end = digitsOf(got.LastEvaluatedKey["ia"]); end == "" || len(out) >= w.Limit {
			break
		}
		in.ExclusiveStartKey = got.LastEvaluatedKey
	}
	return out, end, nil
}

func (w Wanted) filter(in *dynamodb.QueryInput) {
	var conditions []string
	add := func(condition, name string, v types.AttributeValue) {
		conditions = append(conditions, condition)
		if name != "" {
			in.ExpressionAttributeValues[name] = v
		}
	}
	if w.Assignee != "" {
		add("ig = :g", ":g", text(w.Assignee))
	}
	if w.Unassigned {
		add("attribute_not_exists(ig)", "", nil)
	}
	if w.Tag != "" {
		add("contains(it, :t)", ":t", text(w.Tag))
	}
	if n := len(w.Accounts); n > 0 && n <= maxAccounts {
		names := make([]string, n)
		for i, a := range w.Accounts {
			names[i] = fmt.Sprintf(":c%d", i)
			in.ExpressionAttributeValues[names[i]] = text(a)
		}
		add("ic IN ("+strings.Join(names, ", ")+")", "", nil)
	}
	if len(conditions) > 0 {
		in.FilterExpression = aws.String(strings.Join(conditions, " AND "))
	}
}

func isPlace(s string) bool {
	return len(s) > placeDigits && len(s) <= 38 && strings.Trim(s, "0123456789") == ""
}

// States reads the states of conversations, as they are; those that are gone are left out.
func (t *Lists) States(ctx context.Context, conversations []string) (map[string]State, error) {
	states := map[string]State{}
	for chunk := range slices.Chunk(conversations, maxBatch) {
		keys := make([]attrs, len(chunk))
		for i, c := range chunk {
			keys[i] = key(c, stateKey)
		}
		asked := map[string]types.KeysAndAttributes{t.name: {Keys: keys, ConsistentRead: aws.Bool(true)}}
		for len(asked) > 0 {
			out, err := t.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: asked})
			if err != nil {
				return nil, fmt.Errorf("read conversations: %w", err)
			}
			for _, a := range out.Responses[t.name] {
				s, err := stateOf(a)
				if err != nil {
					return nil, err
				}
				states[textOf(a["c"])] = s
			}
			asked = out.UnprocessedKeys
		}
	}
	return states, nil
}

// maxBatch is what one BatchGetItem takes.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
const maxBatch = 100
