// Package outside is all that is outside of Relais, for local mode: it answers the calls
// that Relais makes as each platform's play does, keeps them for people to look at,
// posts the receipts that the platform would post, and fails on request.
package outside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// A World has all platforms. It is the transport of every function's way out: nothing
// leaves the machine.
type World struct {
	Channels  []channel.Channel
	Platforms []play.Platform                            // of the channels, by name
	Account   func(name string) (channel.Account, error) // the demo account of a channel
	Deliver   func(channel.Channel, channel.Request)     // takes what a platform posts, signed
	Now       func() time.Time
	Record    func(Call)                          // takes each call before it has an effect; nil keeps none beside Calls
	Further   func(name string) []channel.Account // other accounts of a channel, beside Account's; nil is none

	mu     sync.Mutex
	calls  []Call
	faults map[string][]play.Fault
	keys   map[string][]byte // documents of public keys, by address
}

// A Call is one that a platform received, and what it said.
type Call struct {
	At      time.Time
	Channel string
	Request play.Call
	Answer  channel.Reply
	Fault   play.Fault // that was asked for
}

// keep bounds the calls that are remembered.
const keep = 1000

// Fail makes the next calls of a channel fail, one after another.
func (w *World) Fail(name string, faults ...play.Fault) error {
	for _, f := range faults {
		if !slices.Contains(play.Faults(), f) {
			return fmt.Errorf("no fault is called %q; choose from %v", f, play.Faults())
		}
	}
	if !slices.ContainsFunc(w.Channels, func(ch channel.Channel) bool { return ch.Name == name }) {
		return fmt.Errorf("no channel is called %q", name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults == nil {
		w.faults = map[string][]play.Fault{}
	}
	w.faults[name] = append(w.faults[name], faults...)
	return nil
}

// Sign makes r a webhook of the platform's, and publishes the keys it is checked with.
func (w *World) Sign(ch channel.Channel, a channel.Account, r *channel.Request) {
	p, _ := w.platform(ch.Name)
	p.Sign(a, r)
	if ch.Keys == nil {
		return
	}
	address := ch.Keys(a, *r)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keys == nil {
		w.keys = map[string][]byte{}
	}
	if address != "" {
		w.keys[address] = r.Keys
	}
}

// published is the document of public keys at an address, or nil.
func (w *World) published(address string) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keys[address]
}

// Calls are the latest that a platform received, oldest first; all platforms' with "".
func (w *World) Calls(name string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []Call
	for _, c := range w.calls {
		if name == "" || c.Channel == name {
			list = append(list, c)
		}
	}
	return list
}

// Forget forgets all calls.
func (w *World) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = nil
}

// RoundTrip answers r as the platform that has its host.
func (w *World) RoundTrip(r *http.Request) (*http.Response, error) {
	if keys := w.published(r.URL.String()); keys != nil && r.Method == http.MethodGet {
		return response(r, channel.Reply{Status: http.StatusOK, Body: keys}), nil
	}
	own, err := w.of(outhttp.Caller(r.Context()), r.URL.Host)
	if err != nil {
		return nil, err
	}
	fault := w.nextFault(own.name)
	if fault == play.Unreachable {
		return nil, errors.New("connection refused, as asked")
	}
	var body []byte
	if r.Body != nil {
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	call := play.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(),
		RawQuery: r.URL.RawQuery, Header: r.Header.Clone(), Body: body, Received: w.Now().UTC()}}
	answer := own.under(call, fault)
	w.remember(Call{At: w.Now(), Channel: own.name, Request: call, Answer: answer.Reply, Fault: fault})
	w.post(own, answer.Posts)
	if fault == play.Lost {
		return nil, context.DeadlineExceeded
	}
	return response(r, answer.Reply), nil
}

// post delivers what a platform posts, signed.
func (w *World) post(own place, posts []channel.Request) {
	for _, r := range posts {
		r.Received = w.Now().UTC()
		if r.Path == "" {
			r.Path = sample.Path(own.name)
		}
		w.Sign(own.channel, own.account, &r)
		w.Deliver(own.channel, r)
	}
}

// A place is who answers at a host.
type place struct {
	name    string
	channel channel.Channel
	account channel.Account
	answer  func(play.Call) play.Answer
}

// under is the answer to a call under a fault.
func (p place) under(call play.Call, fault play.Fault) play.Answer {
	switch fault {
	case play.Down:
		return play.Reply(http.StatusInternalServerError, "", []byte("internal error, as asked"))
	case play.Lost:
		fault = ""
	}
	call.Fault = fault
	return p.answer(call)
}

func response(r *http.Request, reply channel.Reply) *http.Response {
	h := reply.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: reply.Status, Status: fmt.Sprintf("%d %s", reply.Status,
		http.StatusText(reply.Status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(reply.Body)), ContentLength: int64(len(reply.Body)), Request: r}
}

// of is who has a host: the caller's own platform, where it has it.
func (w *World) of(caller, host string) (place, error) {
	for _, ch := range w.Channels {
		p, played := w.platform(ch.Name)
		if !played || caller != "" && ch.Name != caller {
			continue
		}
		account, err := w.Account(ch.Name)
		if err != nil {
			return place{}, err
		}
		if p.Answers(account, host) {
			answer := func(c play.Call) play.Answer { return w.answerOf(p, account, c) }
			return place{ch.Name, ch, account, answer}, nil
		}
	}
	if host == PushHost {
		return place{name: PushName, answer: pushService}, nil
	}
	return place{name: "web", answer: web}, nil
}

// answerOf is what a platform says to a call: for the account that it knows the call by.
func (w *World) answerOf(p play.Platform, first channel.Account, c play.Call) play.Answer {
	answer := p.Answer(first, c)
	if w.Further == nil {
		return answer
	}
	for _, a := range w.Further(p.Channel) {
		if other := p.Answer(a, c); other.OK() && !answer.OK() {
			answer = other
		}
	}
	return answer
}

// platform is the one that a channel talks to.
func (w *World) platform(name string) (play.Platform, bool) {
	for _, p := range w.Platforms {
		if p.Channel == name {
			return p, true
		}
	}
	return play.Platform{}, false
}

// pixel is a picture of one pixel, PNG.
const pixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x35\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"

// web stands for the rest of the internet: at each address there is a picture of
// one pixel, and nothing can be done.
func web(c play.Call) play.Answer {
	if c.Method != http.MethodGet {
		return play.Reply(http.StatusMethodNotAllowed, "", nil)
	}
	return play.Reply(http.StatusOK, "image/png", []byte(pixel))
}

func (w *World) nextFault(name string) play.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.faults[name]
	if len(list) == 0 {
		return ""
	}
	w.faults[name] = list[1:]
	return list[0]
}

func (w *World) remember(c Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Record != nil {
		w.Record(c)
	}
	w.calls = append(w.calls, c)
	if len(w.calls) > keep {
		w.calls = slices.Clone(w.calls[len(w.calls)-keep:])
	}
}
