package store

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

var received = time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)

func message(id, body string, at time.Time, rank uint64) *events.Event {
	e := &events.Event{Type: events.MessageReceived, Key: "message:" + id, Time: at, Rank: rank, Data: events.Data{
		Contact:      &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: "15550100099"}}},
		Conversation: &events.Conversation{PlatformID: "15550100099"},
		Message: &events.Message{PlatformID: id, Actor: events.Actor{Role: events.Customer},
			Content: []events.Content{events.NewText(body)}}}}
	channel.Complete(e, "line", "demo", received)
	return e
}

func item(t testing.TB, e *events.Event, raw string, index int) Item {
	t.Helper()
	it, err := NewItem(e, []byte(raw), index)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func TestItemKeepsEventAndRaw(t *testing.T) {
	e := message("m1", "hello 🎉", received, 0)
	it := item(t, e, "raw \x00 bytes", 0)
	got, err := it.Event()
	if err != nil {
		t.Fatal(err)
	}
	want := *e
	want.Key = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	raw, err := it.Raw()
	if err != nil || string(raw) != "raw \x00 bytes" {
		t.Errorf("raw %q, %v", raw, err)
	}
}

func TestUnpackRefusesWhatItDidNotPack(t *testing.T) {
	good := item(t, message("m1", "hello", received, 0), "raw", 0).Body
	for name, body := range map[string][]byte{"empty": nil, "format": append([]byte{9}, good[1:]...),
		"cut": good[:len(good)/2], "garbage": {1, 255, 255, 255}} {
		if _, _, err := unpack(body); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		doc, raw, err := unpack(b)
		if err == nil && len(doc)+len(raw) > maxUnpacked {
			t.Errorf("unpacked to %d bytes", len(doc)+len(raw))
		}
	})
}

func TestOrderIsTheChannels(t *testing.T) {
	later := received.Add(time.Second)
	want := []Item{
		item(t, message("a", "", received.Add(-time.Hour), 0), "", 0),
		item(t, message("b", "", received, 1), "", 0),
		item(t, message("c", "", received, 2), "", 0),
		item(t, message("d", "", received, 2), "", 1),
		item(t, message("e", "", later, 0), "", 0),
	}
	got := []Item{want[3], want[0], want[4], want[2], want[1]}
	sortPending(got)
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		t.Error(diff)
	}
	got[4].Sequence = 7
	sortPending(got)
	if got[0].ID != want[4].ID {
		t.Error("an event that has its sequence must come before those that have none")
	}
}

func ids(items []Item) []string {
	var list []string
	for _, it := range items {
		list = append(list, it.ID)
	}
	return list
}

func TestLateByTheChannelsCount(t *testing.T) {
	newest := State{Newest: item(t, message("new", "", received, 5), "", 0).Order}
	for name, x := range map[string]struct {
		e    *events.Event
		late bool
	}{
		"older":                     {message("a", "", received.Add(-time.Second), 0), true},
		"same time, lower rank":     {message("b", "", received, 4), true},
		"same time and rank":        {message("c", "", received, 5), false},
		"newer":                     {message("d", "", received.Add(time.Second), 0), false},
		"from the far future clock": {message("e", "", received.Add(1000*time.Hour), 0), false},
	} {
		if got := item(t, x.e, "", 0).LateAfter(newest); got != x.late {
			t.Errorf("%s: late %v, want %v", name, got, x.late)
		}
	}
	if item(t, message("x", "", received, 0), "", 0).LateAfter(State{}) {
		t.Error("the first event of a conversation is late")
	}
	future := item(t, message("f", "", received.Add(1000*time.Hour), 0), "", 0)
	if item(t, message("g", "", received.Add(6*time.Minute), 0), "", 0).LateAfter(State{Newest: future.Order}) {
		t.Error("a platform clock gone wrong makes later events late")
	}
}

func TestBucketsAreStable(t *testing.T) {
	for partition, buckets := range map[string][]string{"cnv_aaaaaaaaaaaaaaaaaaaaaaaaaa": EventBuckets(),
		"out:cnv_aaaaaaaaaaaaaaaaaaaaaaaaaa": LaneBuckets()} {
		if got := Bucket(partition); !slices.Contains(buckets, got) || got != Bucket(partition) {
			t.Errorf("%s is in bucket %q", partition, got)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	e := message("m1", strings.Repeat("is it in stock? ", 12), received, 0)
	raw := bytes.Repeat([]byte(`{"from":"15550100099","id":"wamid.A1"}`), 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewItem(e, raw, 0); err != nil {
			b.Fatal(err)
		}
	}
}
