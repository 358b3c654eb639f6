package system_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
	"github.com/relais-dev/relais/shared/thread"
)

// A record is what the table holds of a conversation: all that happened, and what is kept of it.
type record struct {
	id      string
	history []events.Event // with a sequence, in order
	state   store.State
	kept    thread.Thread // what state holds
}

// place is the table, for the operator.
func (r *rig) place() store.Place {
	c := cloud.NewClients(r.sys.ConfigOf(system.Admin, cloud.Work))
	return store.Place{DB: c.DynamoDB, Table: names.Table(names.Local), Objects: c.S3, Bucket: system.Bucket}
}

// board is who may answer, as functions are told.
func (r *rig) board() switchboard.Board {
	r.t.Helper()
	b, err := switchboard.Parse(r.sys.Config.DesksJSON())
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

// known are the conversations that have a state.
func (r *rig) known() []string {
	r.t.Helper()
	p := r.place()
	out, err := p.DB.Scan(context.Background(), &dynamodb.ScanInput{TableName: &p.Table,
		FilterExpression: aws.String("attribute_exists(y)")})
	if err != nil {
		r.t.Fatal(err)
	}
	var list []string
	for _, item := range out.Items {
		list = append(list, item["c"].(*types.AttributeValueMemberS).Value)
	}
	slices.Sort(list)
	return list
}

func (r *rig) record(id string) record {
	r.t.Helper()
	c, x := store.NewConversations(r.place()), record{id: id}
	for cursor := ""; ; {
		page, err := c.History(context.Background(), id, cursor, 100, false)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, it := range page.Items {
			e, err := it.Event()
			if err != nil {
				r.t.Fatal(err)
			}
			x.history = append(x.history, e)
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	var err error
	if x.state, err = c.State(context.Background(), id); err != nil {
		r.t.Fatal(err)
	}
	if x.kept, err = thread.Decode(x.state.Thread); err != nil {
		r.t.Fatal(err)
	}
	return x
}

// folded is a conversation as its events alone leave it. What does not say whose it was is the
// conversation's.
func folded(history []events.Event) thread.Thread {
	var t thread.Thread
	for _, e := range history {
		if e.Channel == "" {
			conversation := t.Conversation
			e.Data.Channel, e.Data.Account, e.Data.Conversation = t.Channel, t.Account, &conversation
		}
		t = t.After(&e)
	}
	return t
}

// refold builds every conversation anew from its events and compares it with what is kept, counts
// anew what is unread, and looks for it in the lists: it stands in one, the one that its
// state says. Two things are no fold: what the brand knew when it began a conversation
// of which nothing was heard yet, and a place in a list, which may be half a minute old.
func (r *rig) refold() {
	r.t.Helper()
	listed := map[string][]string{}
	for _, id := range r.known() {
		x := r.record(id)
		for i, e := range x.history {
			if want := events.FormatSequence(uint64(i + 1)); e.Sequence != want {
				r.t.Errorf("%s: %s #%s stands where #%s should", id, e.Type, e.Sequence, want)
			}
		}
		if n := uint64(len(x.history)); n != x.state.Sequence {
			r.t.Errorf("%s has %d events, and its counter is at %d", id, n, x.state.Sequence)
		}
		if len(x.history) == 0 { // the brand began it, and nothing came of it yet
			continue
		}
		fold := folded(x.history)
		if diff := cmp.Diff(asJSON(r, fold), asJSON(r, x.kept)); diff != "" {
			r.t.Errorf("%s is kept as something else than its events (-events +kept):\n%s", id, diff)
		}
		r.checkUnread(x, fold)
		r.checkListing(x, fold)
		if l := x.state.Listing; l.Holder != "" {
			listed[l.Holder+" "+string(l.Class)] = append(listed[l.Holder+" "+string(l.Class)], id)
		}
	}
	r.checkLists(listed)
}

func asJSON(r *rig, t thread.Thread) (out map[string]any) {
	r.t.Helper()
	if err := json.Unmarshal(t.Encode(), &out); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// checkUnread counts the customer's messages after what was read last, if that was read to the end.
func (r *rig) checkUnread(x record, t thread.Thread) {
	r.t.Helper()
	seen := map[string]uint64{}
	for _, e := range x.history {
		if e.Type == events.ConversationRead {
			seen[e.Data.Handling.Destination] = events.ParseSequence(e.Data.Handling.Seen)
		}
	}
	for _, name := range r.sys.Config.DestinationNames() {
		behind, later := 0, 0
		for i, e := range x.history {
			if e.Type != events.MessageReceived && e.Type != events.InteractionReceived || uint64(i+1) <= seen[name] {
				continue
			}
			behind++
			if readAt := readWhen(x.history, name); i > readAt {
				later++
			}
		}
		// What came before the reading and was not read is told as one.
		want := later + min(behind-later, 1)
		if got := t.Desk.Unread(name); got != want {
			r.t.Errorf("%s: %s has %d unread, counted %d", x.id, name, got, want)
		}
	}
}

// readWhen is where in a history a destination read last; -1 is never.
func readWhen(history []events.Event, destination string) int {
	at := -1
	for i, e := range history {
		if e.Type == events.ConversationRead && e.Data.Handling.Destination == destination {
			at = i
		}
	}
	return at
}

func (r *rig) checkListing(x record, t thread.Thread) {
	r.t.Helper()
	got, want := x.state.Listing, switchboard.Listing(t, store.Listing{})
	if off := want.At.Sub(got.At); off < 0 || off >= 30*time.Second {
		r.t.Errorf("%s stands in its list at %v, want %v", x.id, got.At, want.At)
	}
	got.At = want.At
	slices.Sort(got.Tags)
	want.Tags = slices.Sorted(slices.Values(want.Tags))
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("%s stands in another list (-events +kept):\n%s", x.id, diff)
	}
	due := r.board().Due(t)
	if timer := x.state.Timer; !due.IsZero() && (timer.IsZero() || timer.After(due.Add(time.Second))) {
		r.t.Errorf("%s is looked at %v, and something of it ends %v", x.id, timer, due)
	}
}

// checkLists reads all lists: each conversation stands in its own, and in no other.
func (r *rig) checkLists(want map[string][]string) {
	r.t.Helper()
	lists, got := store.NewLists(r.place()), map[string][]string{}
	for _, holder := range r.sys.Config.DestinationNames() {
		for _, class := range []store.Class{store.Waiting, store.Answered, store.Snoozed, store.Closed} {
			page, err := lists.Page(context.Background(), store.Wanted{Holders: []string{holder}, Classes: []store.Class{class},
				Limit: 100})
			if err != nil {
				r.t.Fatal(err)
			}
			for _, l := range page.Listed {
				got[holder+" "+string(class)] = append(got[holder+" "+string(class)], l.Conversation)
			}
		}
	}
	for _, ids := range got {
		slices.Sort(ids)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("lists (-states +lists):\n%s", diff)
	}
}

// nothingOverdue: what was to end by itself has ended, and somebody answers each conversation.
func (r *rig) nothingOverdue() {
	r.t.Helper()
	for _, id := range r.known() {
		x := r.record(id)
		if change, due := r.board().Tick(x.kept, x.state.Sequence+1, r.clock.Now(), r.clock.Now()); due {
			r.t.Errorf("%s: %s is overdue: %+v", id, change.Type, x.kept.Desk)
		}
		if h := x.kept.Desk.Holder; x.state.Sequence > 0 && x.kept.Conversation.Kind != events.Own && h == "" {
			r.t.Errorf("%s: nobody answers", id)
		} else if _, known := r.board().Desks[h]; !known && h != "" && !strings.HasPrefix(h, "platform:") {
			r.t.Errorf("%s: %q answers, which does not exist", id, h)
		}
	}
}
