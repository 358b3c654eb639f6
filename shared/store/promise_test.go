package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/store"
)

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// newPlace is an empty table with its indexes, in some weather.
func newPlace(t *testing.T, w awsfake.Weather) store.Place {
	t.Helper()
	server, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(noon), Weather: w})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	db := cloud.NewClients(cloud.Work.Apply(aws.Config{Region: awsfake.Region,
		BaseEndpoint: aws.String("http://aws.local"), HTTPClient: server.HTTPClient(),
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")})).DynamoDB
	var attributes []types.AttributeDefinition
	for name, typ := range map[string]types.ScalarAttributeType{names.AttrPartition: "S", names.AttrSort: "S",
		names.AttrOrder: "S", names.AttrSequence: "N", names.AttrBucket: "S", names.AttrDue: "N", names.AttrList: "S",
		names.AttrPlace: "N"} {
		attributes = append(attributes, types.AttributeDefinition{AttributeName: &name, AttributeType: typ})
	}
	all := &types.Projection{ProjectionType: types.ProjectionTypeAll}
	_, err = db.CreateTable(t.Context(), &dynamodb.CreateTableInput{TableName: aws.String("relais"),
		BillingMode: types.BillingModePayPerRequest, AttributeDefinitions: attributes,
		KeySchema: keys(names.AttrPartition, names.AttrSort),
		LocalSecondaryIndexes: []types.LocalSecondaryIndex{{IndexName: aws.String(names.PendingIndex), Projection: all,
			KeySchema: keys(names.AttrPartition, names.AttrOrder)}, {IndexName: aws.String(names.HistoryIndex), Projection: all,
			KeySchema: keys(names.AttrPartition, names.AttrSequence)}},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String(names.DueIndex), Projection: all,
			KeySchema: keys(names.AttrBucket, names.AttrDue)}, {IndexName: aws.String(names.ListsIndex), Projection: all,
			KeySchema: keys(names.AttrList, names.AttrPlace)}}})
	if err != nil {
		t.Fatal(err)
	}
	return store.Place{DB: db, Table: "relais"}
}

func keys(hash, rng string) []types.KeySchemaElement {
	return []types.KeySchemaElement{{AttributeName: &hash, KeyType: types.KeyTypeHash},
		{AttributeName: &rng, KeyType: types.KeyTypeRange}}
}

// A bench is the rooms of one conversation, with what its tests do again and again.
type bench struct {
	t     *testing.T
	place store.Place
	inbox *store.Inbox
	talks *store.Conversations
}

func newBench(t *testing.T) *bench {
	t.Helper()
	p := newPlace(t, awsfake.Weather{})
	return &bench{t, p, store.NewInbox(p), store.NewConversations(p)}
}

var talk = events.ConversationID("line", "demo", "u1")

// event is one of the conversation; n tells them apart, and is their order.
func event(n int) *events.Event {
	e := &events.Event{Type: events.MessageReceived, Key: fmt.Sprint("message:", n),
		Time: noon.Add(time.Duration(n) * time.Second), Data: events.Data{
			Conversation: &events.Conversation{PlatformID: "u1"},
			Message: &events.Message{PlatformID: fmt.Sprint("m", n), Actor: events.Actor{Role: events.Customer},
				Content: []events.Content{events.NewText("hello")}}}}
	channel.Complete(e, "line", "demo", e.Time)
	return e
}

func (b *bench) item(n int) store.Item {
	b.t.Helper()
	it, err := store.NewItem(event(n), nil, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	return it
}

func (b *bench) commit(n int) store.Item {
	b.t.Helper()
	it := b.item(n)
	if _, err := b.inbox.Commit(b.t.Context(), it); err != nil {
		b.t.Fatal(err)
	}
	return it
}

func (b *bench) state() store.State {
	b.t.Helper()
	s, err := b.talks.State(b.t.Context(), talk)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// sequence gives it its number, as a router does that read s.
func (b *bench) sequence(it store.Item, s store.State, to ...string) (store.Item, error) {
	it, _, err := b.talks.Sequence(b.t.Context(), it, s, s, store.Decision{Destinations: to})
	return it, err
}

// sequenced is an event that has its number.
func (b *bench) sequenced(n int, to ...string) store.Item {
	b.t.Helper()
	it, err := b.sequence(b.commit(n), b.state(), to...)
	if err != nil {
		b.t.Fatal(err)
	}
	return it
}

// pending are the sequences of what is unfinished and not parked, 0 for those that have none.
func (b *bench) pending() []uint64 {
	b.t.Helper()
	items, _, err := b.inbox.Pending(b.t.Context(), talk, 10)
	if err != nil {
		b.t.Fatal(err)
	}
	var list []uint64
	for _, it := range items {
		list = append(list, it.Sequence)
	}
	return list
}

func (b *bench) append(n int, s store.State, load *store.Load) (store.Item, error) {
	it, _, err := b.talks.Append(b.t.Context(), b.item(n), s, s, store.Decision{}, load)
	return it, err
}

func is(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// TestSequenceIsGivenOnce: of two that read a conversation in the same state, one moves it on; the
// other reads it again, whatever it wanted of it.
func TestSequenceIsGivenOnce(t *testing.T) {
	for _, before := range []int{0, 1} {
		b := newBench(t)
		for n := range before {
			b.sequenced(n, "support")
		}
		old := b.state()
		second := b.commit(12)
		b.sequenced(11, "support")
		_, err := b.sequence(second, old, "support")
		is(t, "another event with the same number", err, store.ErrConflict)
		_, err = b.append(13, old, nil)
		is(t, "an event of our own with the same number", err, store.ErrConflict)
		_, err = b.talks.SetTimer(t.Context(), talk, old, noon.Add(time.Hour))
		is(t, "a timer of what was", err, store.ErrConflict)
		it, err := b.sequence(second, b.state(), "support")
		if err != nil || it.Sequence != uint64(before+2) {
			t.Errorf("read again, it has %d (%v), want %d", it.Sequence, err, before+2)
		}
		if _, err := b.sequence(second, b.state(), "support"); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a second number for an event: %v, want %v", err, store.ErrConflict)
		}
	}
}

// TestRefusalIsReadFirst: a router numbers an event and finds that a destination refuses it. Another
// read the state after the number was given and the pending events after this one was parked: for it
// nothing is owed. Whatever it numbers now would overtake the parked event, so it must not.
func TestRefusalIsReadFirst(t *testing.T) {
	b := newBench(t)
	parked := func(n int, to string) (before store.State) {
		it := b.sequenced(n, "support", "sales")
		before = b.state()
		if _, err := b.talks.Block(t.Context(), it, before, []string{to}); err != nil {
			t.Fatal(err)
		}
		if err := b.inbox.Park(t.Context(), it, nil); err != nil {
			t.Fatal(err)
		}
		return before
	}
	next := b.commit(10)
	_, err := b.sequence(next, parked(1, "support"), "support")
	is(t, "it knows of no refusal", err, store.ErrConflict)
	_, err = b.sequence(next, parked(2, "sales"), "sales")
	is(t, "it knows of another refusal", err, store.ErrConflict)
	if _, err = b.sequence(next, b.state(), "support"); err != nil {
		t.Errorf("it knows of both: %v", err)
	}
}

// TestServedByTwo: two routers serve one destination each, and neither knows of the other.
func TestServedByTwo(t *testing.T) {
	b := newBench(t)
	it := b.sequenced(1, "support", "sales")
	for i, to := range it.Destinations {
		if got := b.pending(); len(got) != 1 {
			t.Errorf("%d served, pending %v", i, got)
		}
		if err := b.inbox.Served(t.Context(), it, []string{to}); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.pending(); len(got) != 0 {
		t.Errorf("both served, pending %v", got)
	}
	if o, err := b.inbox.Commit(t.Context(), b.item(1)); o != store.Done || err != nil {
		t.Errorf("its repetition finds %v (%v), want that it is done", o, err)
	}
}

// TestParkedStandAside: what is parked is not read with what is pending, and is read from its sequence on.
func TestParkedStandAside(t *testing.T) {
	b := newBench(t)
	for n := range 3 {
		it := b.sequenced(n, "support")
		if _, err := b.talks.Block(t.Context(), it, b.state(), []string{"support"}); err != nil {
			t.Fatal(err)
		}
		if err := b.inbox.Park(t.Context(), it, nil); err != nil {
			t.Fatal(err)
		}
	}
	b.commit(5)
	if got := b.pending(); !slices.Equal(got, []uint64{0}) {
		t.Errorf("pending %v, want the one that is not parked", got)
	}
	items, more, err := b.inbox.Parked(t.Context(), talk, 2, 10)
	if err != nil || more || len(items) != 2 || items[0].Sequence != 2 {
		t.Errorf("parked from the second on: %d, %v (%v)", len(items), more, err)
	}
}

// TestAppendOnce: an event of our own is stored once, with the next sequence, behind what was numbered and before
// what was not; and its conversation stands in the list that it belongs to.
func TestAppendOnce(t *testing.T) {
	b := newBench(t)
	b.sequenced(3, "support")
	b.commit(1)
	first, err := b.append(20, b.state(), nil)
	if err != nil || first.Sequence != 2 {
		t.Fatalf("sequence %d, %v", first.Sequence, err)
	}
	second, err := b.append(19, b.state(), nil)
	if err != nil || second.Sequence != 3 {
		t.Fatalf("sequence %d, %v", second.Sequence, err)
	}
	if got := b.pending(); !slices.Equal(got, []uint64{1, 2, 3, 0}) {
		t.Errorf("pending %v", got)
	}
	if first.Order >= second.Order {
		t.Errorf("the second stands at %s, before the first at %s", second.Order, first.Order)
	}
	_, err = b.append(20, b.state(), nil)
	is(t, "the same once more", err, store.ErrExists)
	if s := b.state(); s.Sequence != 3 {
		t.Errorf("a repetition took the sequence %d", s.Sequence)
	}
}

// TestRoutedOnce: where an event goes is decided once; another router sends it where the first decided.
func TestRoutedOnce(t *testing.T) {
	b := newBench(t)
	it, err := b.append(1, b.state(), nil)
	if err != nil {
		t.Fatal(err)
	}
	routed, err := b.inbox.Route(t.Context(), it, []string{"support", "sales"}, "v1")
	if err != nil || len(routed.Destinations) != 2 {
		t.Fatalf("%v, %v", routed.Destinations, err)
	}
	_, err = b.inbox.Route(t.Context(), it, []string{"elsewhere"}, "v2")
	is(t, "routed again", err, store.ErrConflict)
	if err := b.inbox.Served(t.Context(), routed, routed.Destinations); err != nil {
		t.Fatal(err)
	}
	_, err = b.inbox.Route(t.Context(), it, []string{"elsewhere"}, "v2")
	is(t, "routed after its end", err, store.ErrConflict)
	if got := b.pending(); len(got) != 0 {
		t.Errorf("what was finished is pending again: %v", got)
	}
}

// TestListMoves: a conversation stands in one list, that of who holds it.
func TestListMoves(t *testing.T) {
	b := newBench(t)
	lists := store.NewLists(b.place)
	for i, x := range []store.Listing{
		{Holder: "support", Class: store.Waiting, At: noon, Account: "line/demo"},
		{Holder: "support", Class: store.Answered, At: noon, Account: "line/demo", Assignee: "ana"},
		{Holder: "sales", Class: store.Answered, At: noon.Add(time.Minute), Account: "line/demo"}} {
		s := b.state()
		next := s
		next.Listing = x
		if _, _, err := b.talks.Append(t.Context(), b.item(i), s, next, store.Decision{}, nil); err != nil {
			t.Fatal(err)
		}
		for _, holder := range []string{"support", "sales"} {
			for _, class := range []store.Class{store.Waiting, store.Answered} {
				page, err := lists.Page(t.Context(), store.Wanted{Holders: []string{holder},
					Classes: []store.Class{class}, Limit: 9})
				if err != nil {
					t.Fatal(err)
				}
				want := 0
				if holder == x.Holder && class == x.Class {
					want = 1
				}
				if len(page.Listed) != want {
					t.Errorf("after %d, %s of %s lists %v, want %d", i, class, holder, page.Listed, want)
				} else if want == 1 && !page.Listed[0].At.Equal(x.At) {
					t.Errorf("after %d, it stands at %v, want %v", i, page.Listed[0].At, x.At)
				}
			}
		}
		if got := b.state().Listing; got.Assignee != x.Assignee || got.Holder != x.Holder {
			t.Errorf("after %d, the listing is %+v, want %+v", i, got, x)
		}
	}
}

// TestLoadIsOneClaims: of two claims that read an agent's load at once, the first is kept, with its event, and of
// the second nothing is.
func TestLoadIsOneClaims(t *testing.T) {
	b := newBench(t)
	lists := store.NewLists(b.place)
	read := func() *store.Load {
		load, err := lists.Load(t.Context(), "support", "ana")
		if err != nil {
			t.Fatal(err)
		}
		return &load
	}
	for i := range 3 {
		mine, theirs := read(), read()
		mine.Conversations = append(mine.Conversations, fmt.Sprint("mine", i))
		theirs.Conversations = append(theirs.Conversations, fmt.Sprint("theirs", i))
		if _, err := b.append(2*i, b.state(), mine); err != nil {
			t.Fatal(err)
		}
		_, err := b.append(2*i+1, b.state(), theirs)
		is(t, fmt.Sprint("claim ", i), err, store.ErrLoad)
		if got := read().Conversations; len(got) != i+1 || slices.Contains(got, fmt.Sprint("theirs", i)) {
			t.Errorf("the agent has %v", got)
		}
		if got := b.pending(); len(got) != i+1 {
			t.Errorf("pending %v: a claim that was lost left its event", got)
		}
	}
}

// TestClaimIsOneSpeakers: of two who have seen the same and speak at once, one is heard. Who has it may go on, and
// so may who has seen more.
func TestClaimIsOneSpeakers(t *testing.T) {
	b := newBench(t)
	b.sequenced(1, "support")
	out := store.NewOutbox(b.place)
	say := func(n int, since uint64, by string) error {
		m := store.Message{ID: events.OutboundID(fmt.Sprint("k", n)), Lane: store.ReplyLane(talk),
			Order: store.LaneOrder("", noon), Body: []byte("b")}
		_, err := out.Add(t.Context(), m, noon, &store.Claim{Conversation: talk, Since: since, By: by})
		return err
	}
	for n, x := range []struct {
		since uint64
		by    string
		want  error
	}{{1, "bot", nil}, {1, "ana", store.ErrClaimed}, {1, "bot", nil}, {2, "ana", nil}, {2, "bot", store.ErrClaimed}} {
		is(t, fmt.Sprint("message ", n), say(n, x.since, x.by), x.want)
	}
	ids, err := store.NewLanes(b.place).Waiting(t.Context(), store.ReplyLane(talk), 10)
	if err != nil || len(ids) != 3 {
		t.Errorf("%d messages wait (%v), want 3", len(ids), err)
	}
}

// TestLaneKnowsItsLast: what is added to a lane comes behind what was added a moment ago, however stale an
// inconsistent read is.
func TestLaneKnowsItsLast(t *testing.T) {
	lanes := store.NewLanes(newPlace(t, awsfake.Weather{Stale: 1}))
	lane := store.MediaLane(talk)
	for i := range 3 {
		at := noon.Add(time.Duration(i) * time.Second)
		if err := lanes.Add(t.Context(), lane, fmt.Sprint("work", i), at); err != nil {
			t.Fatal(err)
		}
		if last, err := lanes.Last(t.Context(), lane); err != nil || last != store.LaneOrder("", at) {
			t.Errorf("after %d the last is %q (%v), want %q", i, last, err, store.LaneOrder("", at))
		}
	}
}

// TestUserHasOneThread: whoever comes second goes on where the first one is.
func TestUserHasOneThread(t *testing.T) {
	d := store.NewDevices(newPlace(t, awsfake.Weather{}))
	for _, thread := range []string{"first", "second", "third"} {
		if owned, err := d.ClaimUser(t.Context(), "inapp/demo/ada", thread); owned != "first" || err != nil {
			t.Errorf("%s: the user has %q (%v), want the first", thread, owned, err)
		}
	}
}

// TestAllSessionsEnd: one session ends alone, and a conversation's end with it.
func TestAllSessionsEnd(t *testing.T) {
	d := store.NewDevices(newPlace(t, awsfake.Weather{}))
	ended := func(session string, want bool) {
		t.Helper()
		if got, err := d.Ended(t.Context(), talk, session); got != want || err != nil {
			t.Errorf("session %s ended: %v (%v), want %v", session, got, err, want)
		}
	}
	ended("s1", false)
	for _, x := range []struct {
		session string
		second  bool
	}{{"s1", false}, {"", true}} {
		if err := d.EndSession(t.Context(), talk, x.session, noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		ended("s1", true)
		ended("s2", x.second)
	}
}

// TestWatermarksOnlyMoveUp: an older mark that comes later changes nothing.
func TestWatermarksOnlyMoveUp(t *testing.T) {
	r := store.NewReceipts(newPlace(t, awsfake.Weather{}))
	for _, x := range []struct{ at, want time.Duration }{{2, 2}, {1, 2}, {3, 3}, {3, 3}} {
		for _, typ := range []events.Type{events.ReceiptDelivered, events.ReceiptRead} {
			e := events.Event{Type: typ, Subject: talk, Data: events.Data{
				Receipt: &events.Receipt{UpToTime: noon.Add(x.at * time.Minute)}}}
			if err := r.Mark(t.Context(), &e); err != nil {
				t.Fatal(err)
			}
		}
		delivered, read, err := r.Marks(t.Context(), talk)
		if want := noon.Add(x.want * time.Minute); err != nil || !delivered.Equal(want) || !read.Equal(want) {
			t.Errorf("delivered up to %v, read up to %v (%v), want %v", delivered, read, err, want)
		}
	}
}

// TestTimerIsFound: the sweeper finds a conversation of which something ends, when it ends first.
func TestTimerIsFound(t *testing.T) {
	b := newBench(t)
	backlog := store.NewBacklog(b.place)
	for i, x := range []struct{ timer, want time.Duration }{{10, 10}, {5, 5}, {20, 5}} {
		s := b.state()
		next := s
		next.Timer = noon.Add(x.timer * time.Minute)
		it, _, err := b.talks.Append(t.Context(), b.item(i), s, next, store.Decision{Destinations: []string{"support"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if it, err = b.inbox.Route(t.Context(), it, []string{"support"}, "v1"); err == nil {
			err = b.inbox.Served(t.Context(), it, it.Destinations)
		}
		if err != nil {
			t.Fatal(err)
		}
		due, err := backlog.Due(t.Context(), store.Bucket(talk), 10)
		if want := noon.Add(x.want * time.Minute); err != nil || len(due) != 1 || due[0].Conversation != talk ||
			!due[0].At.Equal(want) || !b.state().Timer.Equal(want) {
			t.Errorf("after %d: due %+v (%v), timer %v, want %v", i, due, err, b.state().Timer, want)
		}
	}
}
