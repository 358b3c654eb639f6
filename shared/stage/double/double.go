// Package double plays the platforms for local mode: it answers the calls that
// Relais makes as each channel's Double does, keeps them for people to look at,
// posts the receipts that the platform would post, and fails on request.
package double

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
	"github.com/relais-dev/relais/shared/stage/sample"
)

// Doubles are all platforms. It is the transport of every function's way out:
// nothing leaves the machine.
type Doubles struct {
	Channels []channel.Channel
	Account  func(name string) (channel.Account, error) // the demo account of a channel
	Deliver  func(channel.Channel, channel.Request)     // takes what a platform posts, signed
	Now      func() time.Time
	Record   func(Call) // takes each call before it has an effect; nil keeps none beside Calls

	mu     sync.Mutex
	calls  []Call
	faults map[string][]Fault
	keys   map[string][]byte // documents of public keys, by address
}

// A Call is one that a platform received, and what it said.
type Call struct {
	At      time.Time
	Channel string
	Request channel.Call
	Answer  channel.Reply
	Fault   Fault // that was asked for
}

// keep bounds the calls that are remembered.
const keep = 1000

// A Fault is a way to fail: one of channel.Faults, which the platform's double
// plays, or one of these, which look the same everywhere.
type Fault string

// The faults of any platform.
const (
	Broken      Fault = "broken"      // 500, after nothing was done
	Lost        Fault = "lost"        // done, and the answer never comes: a time-out after effect
	Unreachable Fault = "unreachable" // the connection is refused
)

// FaultOf is a fault that the platform's double plays.
func FaultOf(f channel.Fault) Fault { return Fault(f) }

// Faults lists all.
func Faults() []Fault {
	list := []Fault{Broken, Lost, Unreachable}
	for _, f := range channel.Faults() {
		list = append(list, Fault(f))
	}
	return list
}

// Fail makes the next calls of a channel fail, one after another.
func (d *Doubles) Fail(name string, faults ...Fault) error {
	for _, f := range faults {
		if !slices.Contains(Faults(), f) {
			return fmt.Errorf("no fault is called %q; choose from %v", f, Faults())
		}
	}
	if !slices.ContainsFunc(d.Channels, func(ch channel.Channel) bool { return ch.Name == name }) {
		return fmt.Errorf("no channel is called %q", name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.faults == nil {
		d.faults = map[string][]Fault{}
	}
	d.faults[name] = append(d.faults[name], faults...)
	return nil
}

// Sign makes r a webhook of the platform's, and publishes the keys it is checked with.
func (d *Doubles) Sign(ch channel.Channel, a channel.Account, r *channel.Request) {
	ch.Sign(a, r)
	if ch.Keys == nil {
		return
	}
	address := ch.Keys(a, *r)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.keys == nil {
		d.keys = map[string][]byte{}
	}
	if address != "" {
		d.keys[address] = r.Keys
	}
}

// published is the document of public keys at an address, or nil.
func (d *Doubles) published(address string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.keys[address]
}

// Calls are the latest that a platform received, oldest first; all platforms' with "".
func (d *Doubles) Calls(name string) []Call {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Call
	for _, c := range d.calls {
		if name == "" || c.Channel == name {
			list = append(list, c)
		}
	}
	return list
}

// Forget forgets all calls.
func (d *Doubles) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = nil
}

// RoundTrip answers r as the platform that has its host.
func (d *Doubles) RoundTrip(r *http.Request) (*http.Response, error) {
	if keys := d.published(r.URL.String()); keys != nil && r.Method == http.MethodGet {
		return response(r, channel.Reply{Status: http.StatusOK, Body: keys}), nil
	}
	ch, account, err := d.platform(outhttp.Caller(r.Context()), r.URL.Host)
	if err != nil {
		return nil, err
	}
	fault := d.nextFault(ch.Name)
	if fault == Unreachable {
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
	call := channel.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Header: r.Header.Clone(), Body: body, Received: d.Now().UTC()}}
	answer := d.answer(ch, account, call, fault)
	d.remember(Call{At: d.Now(), Channel: ch.Name, Request: call, Answer: answer.Reply, Fault: fault})
	for _, w := range answer.Webhooks {
		w.Received = d.Now().UTC()
		if w.Path == "" {
			w.Path = sample.Path(ch.Name)
		}
		d.Sign(ch, account, &w)
		d.Deliver(ch, w)
	}
	if fault == Lost {
		return nil, context.DeadlineExceeded
	}
	return response(r, answer.Reply), nil
}

func (d *Doubles) answer(ch channel.Channel, a channel.Account, call channel.Call, fault Fault) channel.Answer {
	switch fault {
	case "", Lost:
		return ch.Double(a, call)
	case Broken:
		return channel.Answer{Reply: channel.Reply{Status: http.StatusInternalServerError, Body: []byte("internal error, as asked")}}
	}
	call.Fault = channel.Fault(fault)
	return ch.Double(a, call)
}

func response(r *http.Request, reply channel.Reply) *http.Response {
	h := reply.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: reply.Status, Status: fmt.Sprintf("%d %s", reply.Status, http.StatusText(reply.Status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(bytes.NewReader(reply.Body)), ContentLength: int64(len(reply.Body)), Request: r}
}

// platform is the channel that has a host: the caller's own, where there is one.
func (d *Doubles) platform(caller, host string) (channel.Channel, channel.Account, error) {
	for _, ch := range d.Channels {
		if ch.Double == nil || caller != "" && ch.Name != caller {
			continue
		}
		account, err := d.Account(ch.Name)
		if err != nil {
			return ch, account, err
		}
		if ch.Answers(account, host) {
			return ch, account, nil
		}
	}
	if host == PushHost {
		return channel.Channel{Name: PushName, Outbound: channel.Outbound{Double: pushService}}, channel.Account{}, nil
	}
	return channel.Channel{Name: "web", Outbound: channel.Outbound{Double: web}}, channel.Account{}, nil
}

// pixel is a picture of one pixel, PNG.
const pixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa7\x35\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"

// web stands for the rest of the internet: at each address there is a picture of
// one pixel, and nothing can be done.
func web(_ channel.Account, c channel.Call) channel.Answer {
	if c.Method != http.MethodGet {
		return channel.Answer{Reply: channel.Reply{Status: http.StatusMethodNotAllowed}}
	}
	return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/png"}}, Body: []byte(pixel)}}
}

func (d *Doubles) nextFault(name string) Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.faults[name]
	if len(list) == 0 {
		return ""
	}
	d.faults[name] = list[1:]
	return list[0]
}

func (d *Doubles) remember(c Call) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.Record != nil {
		d.Record(c)
	}
	d.calls = append(d.calls, c)
	if len(d.calls) > keep {
		d.calls = slices.Clone(d.calls[len(d.calls)-keep:])
	}
}
