package api

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/workers/sender"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A platform answers each call in its own way.
type platform func(channel.Outgoing) (channel.Sent, error)

// drains lets a sender of its own work off the lane, on a platform that is asked in the pager's place.
func (r *rig) drains(ctx context.Context, p platform, nap func(context.Context, time.Duration)) error {
	r.t.Helper()
	channels := r.channels()
	for i := range channels {
		if channels[i].Name == "pager" {
			channels[i].Outbound.Send = func(_ context.Context, _ channel.Env, o channel.Outgoing) (channel.Sent, error) {
				return p(o)
			}
		}
	}
	h, err := sender.New("sender", names.Outbound, channels, function.Env{
		Getenv: func(name string) string {
			if name == names.EnvQueue {
				name = names.EnvOutbound
			}
			return r.env[name]
		}, Out: &r.logs, Now: r.clock.Now, Nap: nap,
		AWS: func(cloud.Budget) (aws.Config, error) { return r.config("sender"), nil }})
	if err != nil {
		r.t.Fatal(err)
	}
	lane := store.ReplyLane(conversation("pager"))
	return h.(*sender.Sender).Drain(ctx, queue.Group{Name: string(lane)}, lane)
}

// passing is a nap in which the clock goes on.
func (r *rig) passing(_ context.Context, d time.Duration) { r.clock.Advance(d) }

// accepting takes a call.
func accepting(o channel.Outgoing) (channel.Sent, error) {
	return channel.Sent{IDs: []string{"p-" + o.ID}}, nil
}

// short is a message in one part.
func (r *rig) short(key string) string {
	r.t.Helper()
	return read[events.Acceptance](r.t, r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages",
		says(key, "Hi"))).ID
}

// TestUnknownIsNotSaidAgain: a platform that answers nothing that it documents may have taken the call, whatever
// class its answer has. One that surely has not is asked again.
func TestUnknownIsNotSaidAgain(t *testing.T) {
	for unknown, want := range map[bool]string{true: "uncertain uncertain", false: "accepted accepted"} {
		r := newRig(t)
		r.hear("pager", text(1, "Hello"))
		id := r.short("k1")
		calls := 0
		err := r.drains(t.Context(), func(o channel.Outgoing) (channel.Sent, error) {
			if calls++; calls > 1 {
				return accepting(o)
			}
			return channel.Sent{}, &channel.Error{Class: events.ClassPlatform, Title: "no status", Unknown: unknown}
		}, r.passing)
		if err != nil {
			t.Fatal(err)
		}
		r.is(id, want)
		if once := calls == 1; once != unknown {
			t.Errorf("unknown %v: called %d times", unknown, calls)
		}
	}
}

// TestStaleHandleIsTriedOnce: a handle that can be used several times, and that the platform refuses, is used once:
// the call goes on without it.
func TestStaleHandleIsTriedOnce(t *testing.T) {
	r := newRig(t)
	e := text(1, "Hello")
	e.Data.Message.Answer = &events.Handle{Token: "handle", ExpiresAt: noon.Add(time.Hour), Uses: 5}
	r.hear("pager", e)
	id := r.short("k1")
	var handles []string
	err := r.drains(t.Context(), func(o channel.Outgoing) (channel.Sent, error) {
		if handles = append(handles, o.Answer); o.Answer != "" {
			return channel.Sent{}, &channel.Error{Class: events.ClassWindow, Title: "the handle is over"}
		}
		return accepting(o)
	}, r.passing)
	if diff := cmp.Diff([]string{"handle", ""}, handles); diff != "" || err != nil {
		t.Errorf("%v, handles (-want +got):\n%s", err, diff)
	}
	r.is(id, "accepted accepted")
}

// An until is a context whose end is told in the time of the test.
type until struct {
	context.Context
	end time.Time
}

func (u until) Deadline() (time.Time, bool) { return u.end, true }

// TestNoPartWithoutTime: a part that may outlast the function is left to the next invocation, though the one
// before went out in this.
func TestNoPartWithoutTime(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	id := r.said("k1")
	calls := 0
	slow := func(o channel.Outgoing) (channel.Sent, error) {
		calls++
		r.clock.Advance(20 * time.Second)
		return accepting(o)
	}
	end := noon.Add(outhttp.MediaTimeout + outhttp.Timeout + 10*time.Second) // a call may take all but the ten seconds
	if err := r.drains(until{t.Context(), end}, slow, r.passing); err != nil {
		t.Fatal(err)
	}
	if calls != 1 {
		t.Errorf("%d parts were sent, want the one that could end", calls)
	}
	if rings := r.queued(names.EnvOutbound); len(rings) != 2 { // the API's, and the sender's for the rest
		t.Errorf("rings %v", rings)
	}
	if err := r.drains(t.Context(), slow, r.passing); err != nil {
		t.Fatal(err)
	}
	r.is(id, "accepted accepted accepted")
}

// TestLostRaceIsQuiet: while one sender waits between two parts, another sends the rest. The first finds out
// when it records its call, leaves the lane to the other, and makes no error of it.
func TestLostRaceIsQuiet(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	id := events.OutboundID("k1")
	got := r.call("POST", "/v1/conversations/"+conversation("pager")+"/messages", `{"idempotencyKey":"k1",`+
		`"constraints":{"hold":"delivered"},"content":[{"kind":"text","text":{"body":"A text that needs two pages."}}]}`)
	if got.status != 202 {
		t.Fatal(got)
	}
	calls, second := 0, errors.New("no other sender came")
	count := func(o channel.Outgoing) (channel.Sent, error) {
		calls++
		return accepting(o)
	}
	err := r.drains(t.Context(), count, func(ctx context.Context, _ time.Duration) {
		if second != nil && calls == 1 {
			second = r.drains(ctx, count, func(context.Context, time.Duration) {})
		}
	})
	if err != nil || second != nil {
		t.Errorf("the first sender: %v; the second: %v", err, second)
	}
	if calls != 2 {
		t.Errorf("%d calls for two parts", calls)
	}
	r.is(id, "accepted accepted accepted")
}
