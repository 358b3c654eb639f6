package system

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/infra/topology"
)

// ErrTimedOut is the end of an invocation that took longer than its function's timeout.
var ErrTimedOut = errors.New("task timed out")

// errFenced is what the calls of an invocation come to that is over: a killed process makes none.
var errFenced = errors.New("the invocation that makes this call is over")

// An invocation is a function at work. Its calls carry it in their context.
type invocation struct {
	trace trace
	over  chan struct{} // closed at its timeout
	dead  atomic.Bool
}

type invocationKey struct{}

// invocationOf is the invocation that a context belongs to; nil outside of one.
func invocationOf(ctx context.Context) *invocation {
	i, _ := ctx.Value(invocationKey{}).(*invocation)
	return i
}

// fence ends the invocation: nothing it does from here on has an effect.
func (i *invocation) fence() {
	if !i.dead.Swap(true) {
		close(i.over)
	}
}

// fenced says whether what a context belongs to is over.
func fenced(ctx context.Context) bool {
	i := invocationOf(ctx)
	return i != nil && i.dead.Load()
}

// A lifetime is the context of an invocation. Its deadline is on the system's clock, by which functions tell the time.
type lifetime struct {
	context.Context
	deadline time.Time
}

func (l lifetime) Deadline() (time.Time, bool) { return l.deadline, true }

// A result is what an invocation came to.
type result struct {
	reply []byte
	err   error
}

// invoke runs a function until it answers or its time is over, by the system's clock or by real time, which passes
// also while the clock stands. An invocation that is over is abandoned, not awaited: it may hang. It can do nothing
// more, since its calls to AWS and to the world fail.
func (s *System) invoke(ctx context.Context, f topology.Function, payload []byte, t trace) ([]byte, error) {
	i := &invocation{trace: t, over: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), invocationKey{}, i))
	end := func() {
		i.fence()
		cancel()
	}
	defer cancel()
	deadline := s.Now().Add(f.Timeout)
	defer s.opts.Clock.Watch(func() {
		if !s.Now().Before(deadline) {
			end()
		}
	})()
	defer time.AfterFunc(f.Timeout, end).Stop()

	done := make(chan result, 1)
	go s.run(lifetime{ctx, deadline}, f, payload, done)
	select {
	case r := <-done:
		if !i.dead.Load() {
			return r.reply, r.err
		}
	case <-i.over:
	}
	return nil, fmt.Errorf("%w after %s", ErrTimedOut, f.Timeout)
}

// run is the process of an invocation. One that panics ends without an answer, as a Lambda does.
func (s *System) run(ctx context.Context, f topology.Function, payload []byte, done chan<- result) {
	r := result{err: errors.New("runtime exited without an answer")}
	defer func() {
		if p := recover(); p != nil {
			r.err = fmt.Errorf("runtime exited: panic: %v", p)
			s.log.Error("panic", "function", f.Name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
		done <- r
	}()
	r.reply, r.err = s.functions[f.Name].Invoke(ctx, payload)
}

// fencedAWS is a function's way to AWS, which is closed when its invocation is over. A call under way at that moment
// may have taken effect: its answer is lost.
type fencedAWS struct{ aws.HTTPClient }

// Do answers r.
func (c fencedAWS) Do(r *http.Request) (*http.Response, error) {
	return throughFence(r, c.HTTPClient.Do)
}

// fencedWorld is fencedAWS for the world outside of AWS.
type fencedWorld struct{ http.RoundTripper }

// RoundTrip answers r.
func (w fencedWorld) RoundTrip(r *http.Request) (*http.Response, error) {
	return throughFence(r, w.RoundTripper.RoundTrip)
}

func throughFence(r *http.Request, do func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	if fenced(r.Context()) {
		return nil, errFenced
	}
	resp, err := do(r)
	if err == nil && fenced(r.Context()) {
		resp.Body.Close()
		return nil, errFenced
	}
	return resp, err
}
