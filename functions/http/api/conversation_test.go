package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
)

func TestConversation(t *testing.T) {
	r := newRig(t)
	hello := text(1, "Hello")
	hello.Data.Conversation = &events.Conversation{PlatformID: phone, Window: &events.Window{Kind: "service",
		ClosesAt: noon.Add(24 * time.Hour)}}
	hello.Data.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: phone}}}
	e := r.hear("shutter", hello)
	path := "/v1/conversations/" + conversation("shutter")
	got := read[events.ConversationState](t, r.call("GET", path, ""))
	want := events.ConversationState{Channel: "shutter", Account: "demo", Conversation: *e.Data.Conversation,
		Contact: e.Data.Contact, HeardAt: noon.Add(time.Second), Sequence: events.FormatSequence(1), State: events.StateOpen,
		Episode: 1, BeganAt: noon, WaitingAt: noon, ActiveAt: noon, Preview: "Hello",
		Holder: "support", Hold: events.FormatSequence(1), Unread: []events.Unread{{Destination: "support", Messages: 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	r.hear("shutter", events.Event{Type: events.ConsentChanged, Key: "stop", Time: noon.Add(time.Minute),
		Data: events.Data{Consent: &events.Consent{State: events.ConsentWithdrawn, Scope: "marketing"}}})
	r.hear("shutter", events.Event{Type: events.ConsentChanged, Key: "block", Time: noon.Add(time.Minute),
		Data: events.Data{Consent: &events.Consent{State: events.ConsentWithdrawn, Reason: "blocked"}}})
	r.clock.Advance(25 * time.Hour)
	got = read[events.ConversationState](t, r.call("GET", path, ""))
	if got.Conversation.Window != nil || !got.Blocked || !slices.Equal(got.Withdrawn, []string{"marketing"}) {
		t.Errorf("after a block: %+v", got)
	}
}

// keys are the events of a page, by what their text says.
func keys(p events.EventPage) []string {
	var list []string
	for _, e := range p.Items {
		if m := e.Data.Message; m != nil {
			list = append(list, m.Content[0].Text.Body)
		} else {
			list = append(list, string(e.Type))
		}
	}
	return list
}

// TestHistoryHasAllOnce: whatever the page's size, order and types, a walk sees
// every event once and in order.
func TestHistoryHasAllOnce(t *testing.T) {
	r := newRig(t)
	const n = 23
	var all []string
	for i := range n {
		if i%5 == 4 {
			r.hear("pager", events.Event{Type: events.ReactionAdded, Key: fmt.Sprint("r", i),
				Time: noon.Add(time.Duration(i) * time.Second),
				Data: events.Data{Reaction: &events.Reaction{Target: events.Ref{PlatformID: "in-1"},
					Actor: events.Actor{Role: events.Customer}, Emoji: "👍"}}})
			all = append(all, string(events.ReactionAdded))
			continue
		}
		r.hear("pager", text(i, fmt.Sprint("text ", i)))
		all = append(all, fmt.Sprint("text ", i))
	}
	rapid.Check(t, func(rt *rapid.T) {
		limit, order := rapid.IntRange(1, n+2).Draw(rt, "limit"), rapid.SampledFrom([]string{"", "asc", "desc"}).Draw(rt,
			"order")
		types := rapid.SampledFrom([]string{"", "message", "reaction.added.v1", "message.received,reaction",
			"payment"}).Draw(rt, "types")
		want := slices.DeleteFunc(slices.Clone(all), func(s string) bool {
			isText := strings.HasPrefix(s, "text")
			return types == "message" && !isText || types == "reaction.added.v1" && isText || types == "payment"
		})
		if order == "desc" {
			slices.Reverse(want)
		}
		if diff := cmp.Diff(want, r.walk(rt, limit, order, types), cmp.Transformer("",
			func(s []string) string { return fmt.Sprintf("%q", s) })); diff != "" {
			rt.Error(diff)
		}
	})
}

func (r *rig) walk(t rapid.TB, limit int, order, types string) []string {
	var seen []string
	cursor := ""
	for range 100 {
		page := read[events.EventPage](r.t, r.call("GET",
			"/v1/conversations/"+conversation("pager")+"/messages"+query("limit", fmt.Sprint(limit), "order", order, "types",
				types, "cursor", cursor), ""))
		if len(page.Items) > limit {
			t.Errorf("%d items on a page of %d", len(page.Items), limit)
		}
		seen = append(seen, keys(page)...)
		if cursor = page.Cursor; cursor == "" {
			return seen
		}
	}
	t.Fatalf("the walk does not end")
	return nil
}

func TestHistoryHasWholeEvents(t *testing.T) {
	r := newRig(t)
	want := r.hear("pager", text(1, "Hello"))
	want.Sequence, want.Key = events.FormatSequence(1), ""
	page := read[events.EventPage](t, r.call("GET", "/v1/conversations/"+conversation("pager")+"/messages", ""))
	if diff := cmp.Diff([]events.Event{want}, page.Items); diff != "" || page.Cursor != "" {
		t.Error(page.Cursor, diff)
	}
	quiet := r.hear("pager", events.Event{Type: events.ChannelHealth, Key: "health", Time: noon,
		Data: events.Data{Health: &events.Health{Aspect: "token", State: events.HealthOK},
			Conversation: &events.Conversation{PlatformID: events.OwnThread, Kind: events.Own}}})
	page = read[events.EventPage](t, r.call("GET", "/v1/conversations/"+quiet.Subject+"/messages", ""))
	if len(page.Items) != 1 {
		t.Errorf("the account's own thread has %d events", len(page.Items))
	}
}

// TestHistoryPassesOverTheUnreadable: one rotten event hides no other.
func TestHistoryPassesOverTheUnreadable(t *testing.T) {
	r := newRig(t)
	first := r.hear("pager", text(1, "Hello"))
	rotten := text(2, "")
	rotten.Data.Conversation = first.Data.Conversation
	channel.Complete(&rotten, "pager", "demo", noon)
	it := store.Item{Conversation: first.Subject, ID: rotten.ID, Order: store.LaneOrder("", noon), Received: noon,
		Body: []byte("rot")}
	if _, err := store.NewInbox(r.store).Commit(t.Context(), it); err != nil {
		t.Fatal(err)
	}
	r.route(it, &rotten)
	r.hear("pager", text(3, "Bye"))
	page := read[events.EventPage](t, r.call("GET", "/v1/conversations/"+first.Subject+"/messages", ""))
	if diff := cmp.Diff([]string{"Hello", "Bye"}, keys(page)); diff != "" || !strings.Contains(r.logs.String(),
		rotten.ID) {
		t.Error(diff, r.logs.String())
	}
}

// TestHistoryShowsTheChosenOption: as the destinations saw it.
func TestHistoryShowsTheChosenOption(t *testing.T) {
	e := text(1, "2")
	answered(&e, "opt-2")
	content := e.Data.Message.Content
	if len(content) != 2 || content[1].Interaction.Option != "opt-2" || content[1].Interaction.Text != "2" ||
		content[1].Interaction.Of != nil {
		t.Errorf("content %+v", content)
	}
	channel.Complete(&e, "pager", "demo", noon)
	r := rig{t: t, book: readBook(t)}
	doc, err := channel.JSON(e)
	if err != nil {
		t.Fatal(err)
	}
	r.valid(r.book.schemas["Event"], string(doc))
}

func TestHistoryParameters(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	path := "/v1/conversations/" + conversation("pager") + "/messages"
	for q, want := range map[string]string{
		"?limit=0": "limit", "?limit=101": "limit", "?limit=ten": "limit", "?order=up": "order",
		"?types=messages": "types[0]", "?types=message,": "types[1]",
		"?types=message.received.v2": "types[0]", "?cursor=x": "cursor", "?cursor=cQ": "cursor", "?cursor=%00": "cursor",
	} {
		p := r.call("GET", path+q, "").refused(t, invalid)
		if len(p.Faults) != 1 || p.Faults[0].Path != want {
			t.Errorf("%s: faults %+v, want one at %s", q, p.Faults, want)
		}
	}
	if got := r.call("GET", path+"?limit=100&X-Amz-Date=1", ""); got.status != 200 {
		t.Errorf("got %d", got.status)
	}
}

// TestHistoryOfLargeMessages: an answer stays below what Lambda returns, and the
// walk still sees everything.
func TestHistoryOfLargeMessages(t *testing.T) {
	r := newRig(t)
	var want []string
	for i := range 12 {
		body := strings.Repeat(fmt.Sprintf(`"%d"`, i), 120_000) // all of it escaped, and compressed well
		r.hear("pager", text(i, body))
		want = append(want, body)
	}
	for _, order := range []string{"asc", "desc"} {
		got := r.walk(t, 100, order, "")
		if order == "desc" {
			slices.Reverse(got)
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s: %d messages of %d", order, len(got), len(want))
		}
	}
}
