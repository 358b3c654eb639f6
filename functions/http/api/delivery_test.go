package api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/store"
)

// said is a message of the brand in two parts, accepted by the API.
func (r *rig) said(key string) string {
	r.t.Helper()
	body := strings.Replace(says(key, "A text that needs two pages."), `{`, `{"metadata":[{"name":"case","value":"7"}],`,
		1)
	got := r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages", body)
	if got.status != 202 {
		r.t.Fatal(got)
	}
	return events.OutboundID(key)
}

// states are a message's and its parts'.
func (r *rig) states(id string) string {
	r.t.Helper()
	d := read[events.Delivery](r.t, r.call("GET", "/v1/messages/"+id, ""))
	list := []string{string(d.State)}
	for _, p := range d.Parts {
		list = append(list, string(p.State))
	}
	return strings.Join(list, " ")
}

func (r *rig) is(id, want string) {
	r.t.Helper()
	if got := r.states(id); got != want {
		r.t.Errorf("the message is %q, want %q", got, want)
	}
}

// receives is what the router does with a status of the platform.
func (r *rig) receives(s events.Status) {
	r.t.Helper()
	if s.Message.PlatformID != "" {
		s.Message.ID = events.MessageID("pager", "demo", s.Message.PlatformID)
	}
	if _, err := store.NewReceipts(r.store).Receive(r.t.Context(), &s, r.clock.Now()); err != nil {
		r.t.Fatal(err)
	}
}

func status(id string, part int, s events.State) events.Status {
	return events.Status{Message: events.Ref{PlatformID: "p-" + store.PartID(id, part)}, State: s}
}

func TestDelivery(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	id := r.said("k")
	r.is(id, "queued queued queued")
	r.sendAll(store.ReplyLane(conversation("pager")))
	r.is(id, "accepted accepted accepted")
	r.receives(status(id, 1, events.Delivered))
	r.is(id, "accepted delivered accepted")
	r.receives(status(id, 2, events.Sent))
	r.is(id, "sent delivered sent")
	r.receives(status(id, 2, events.Read))
	r.receives(status(id, 1, events.Sent)) // late, and lower
	d := read[events.Delivery](t, r.call("GET", "/v1/messages/"+id, ""))
	want := events.Delivery{ID: id, Conversation: conversation("pager"), Channel: "pager", Account: "demo",
		State: events.Delivered, CreatedAt: noon, Parts: []events.Part{
			{ID: id + ".1", State: events.Delivered, PlatformIDs: []string{"p-" + id + ".1"}, At: noon}, {ID: id + ".2",
				State: events.Read, PlatformIDs: []string{"p-" + id + ".2"}, At: noon}},
		Rendering: d.Rendering, Metadata: []events.Field{{Name: "case", Value: "7"}}}
	if diff := cmp.Diff(want, d); diff != "" || len(d.Rendering) != 1 {
		t.Error(diff)
	}
	failed := status(id, 1, events.Failed)
	failed.Error = &events.StatusError{Class: events.ClassRecipient, Title: "gone"}
	r.receives(failed)
	d = read[events.Delivery](t, r.call("GET", "/v1/messages/"+id, ""))
	if d.State != events.Failed || d.Error == nil || d.Error.Title != "gone" || d.Parts[1].State != events.Read {
		t.Errorf("after a failure: %+v", d)
	}
}

// TestWatermarks: what was taken before one is delivered or read; what came after
// is not.
func TestWatermarks(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	lane := store.ReplyLane(conversation("pager"))
	early := r.said("early")
	r.clock.Advance(time.Second)
	r.sendAll(lane)
	mark := func(typ events.Type, at time.Time) {
		e := events.Event{Type: typ, Subject: conversation("pager"), Time: at,
			Data: events.Data{Receipt: &events.Receipt{UpToTime: at}}}
		if err := store.NewReceipts(r.store).Mark(t.Context(), &e); err != nil {
			t.Fatal(err)
		}
	}
	mark(events.ReceiptDelivered, noon.Add(-time.Minute))
	r.is(early, "accepted accepted accepted")
	mark(events.ReceiptDelivered, noon.Add(500*time.Millisecond)) // the platform's stamp is before our note
	r.is(early, "delivered delivered delivered")
	mark(events.ReceiptDelivered, noon.Add(-time.Minute)) // an older one that comes later
	r.is(early, "delivered delivered delivered")
	r.clock.Advance(10 * time.Minute)
	late := r.said("late") // accepted before the next watermark, sent long after it
	mark(events.ReceiptRead, r.clock.Now().Add(time.Minute))
	r.is(early, "read read read")
	r.is(late, "queued queued queued")
	r.clock.Advance(10 * time.Minute)
	r.sendAll(lane)
	r.is(late, "accepted accepted accepted")
	r.receives(status(late, 1, events.Played))
	mark(events.ReceiptRead, r.clock.Now())
	r.is(late, "read played read")
	mark(events.ReceiptRead, noon)
	r.is(late, "read played read")
}

// TestFailedMessage: what was not sent is as its message.
func TestFailedMessage(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.pager.err = &channel.Error{Class: events.ClassRecipient, Code: "404", Title: "no such pager"}
	id := r.said("k")
	r.sendAll(store.ReplyLane(conversation("pager")))
	d := read[events.Delivery](t, r.call("GET", "/v1/messages/"+id, ""))
	if r.states(id) != "failed failed failed" || d.Error == nil || d.Error.Code != "404" ||
		d.Parts[0].PlatformIDs == nil {
		t.Errorf("%+v", d)
	}
}

// TestUncertainMessage: a receipt tells what nobody knew; what was never sent stays
// unsent.
func TestUncertainMessage(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.pager.err = errors.New("the line went dead")
	long := r.said("long")
	short := read[events.Acceptance](t, r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages",
		says("short", "Hi"))).ID
	r.sendAll(store.ReplyLane(conversation("pager")))
	r.is(long, "failed uncertain failed")
	r.is(short, "uncertain uncertain")
	r.receives(events.Status{Message: events.Ref{PlatformID: "p-77"}, State: events.Delivered,
		Correlation: store.PartID(short, 1)})
	r.is(short, "delivered delivered")
	d := read[events.Delivery](t, r.call("GET", "/v1/messages/"+short, ""))
	if d.Error != nil || len(d.Parts[0].PlatformIDs) != 1 || d.Parts[0].PlatformIDs[0] != "p-77" {
		t.Errorf("%+v", d)
	}
}
