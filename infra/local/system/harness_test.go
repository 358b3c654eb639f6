package system_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	whatsappplay "github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// config routes orders to two destinations and everything else to one.
const config = `{"channels":["whatsapp"],"destinations":{"support":{},"shop":{"role":"observer"}},"default":"support","rules":[
	{"name":"orders","when":"event.data.message.content.exists(c, c.kind == 'text' && c.text.body.startsWith('order'))","to":["shop","support"]}]}`

// A rig is a system whose time stands still and whose workers move when told.
type rig struct {
	t   testing.TB
	sys *system.System

	clock   *awsfake.Clock
	logs    *bytes.Buffer
	account channel.Account // the demo account of whatsapp
	options system.Options
	unclear []string // lines of the log that two readers would read differently

	workers []string // the functions that drainWith polls

	mu    sync.Mutex
	calls []awsfake.Call
	fault func(awsfake.Call) *awsfake.Fault
}

type option func(*system.Options)

func newRig(t testing.TB, options ...option) *rig {
	t.Helper()
	r := &rig{t: t, workers: []string{"router", "drainer"}, clock: awsfake.NewClock(time.Date(2026, 8, 1, 16, 0, 0, 0,
		time.UTC)), logs: &bytes.Buffer{}}
	c, err := topology.Parse([]byte(config), functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	o := system.Options{Config: c, Root: "../../..", Clock: r.clock, PublicURL: "https://relais.example",
		AWSURL: "http://aws.local", Out: lockedWriter{r}, Hasty: true,
		Observe: r.observe, Intercept: r.intercept}
	for _, f := range options {
		f(&o)
	}
	if r.sys, err = system.Start(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r.options = o
	t.Cleanup(func() {
		r.sys.Close()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.unclear) > 0 {
			t.Errorf("%d lines of the log are not clear, first %s", len(r.unclear), r.unclear[0])
		}
	})
	set, err := r.sys.Samples("whatsapp")
	if err != nil {
		t.Fatal(err)
	}
	r.account = set.Account
	return r
}

// restarts ends the system and begins anew from what is kept in its directory.
func (r *rig) restarts() {
	r.t.Helper()
	if err := r.sys.Close(); err != nil {
		r.t.Fatal(err)
	}
	var err error
	if r.sys, err = system.Start(r.t.Context(), r.options); err != nil {
		r.t.Fatal(err)
	}
}

type lockedWriter struct{ r *rig }

func (w lockedWriter) Write(b []byte) (int, error) {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	if again, ok := repeatedKey(b); !ok {
		w.r.unclear = append(w.r.unclear, fmt.Sprintf("key %q in %s", again, b))
	}
	return w.r.logs.Write(b)
}

// repeatedKey is a key that a line has twice: ok is false when there is one, or the line is
// no object. What is not JSON is local mode's own.
func repeatedKey(line []byte) (key string, ok bool) {
	if !bytes.HasPrefix(line, []byte("{")) {
		return "", true
	}
	d, seen := json.NewDecoder(bytes.NewReader(line)), map[string]bool{}
	if _, err := d.Token(); err != nil {
		return "", false
	}
	for d.More() {
		t, err := d.Token()
		key, isText := t.(string)
		if err != nil || !isText || seen[key] {
			return key, false
		}
		seen[key] = true
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return key, false
		}
	}
	return "", true
}

func (r *rig) observe(c awsfake.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

func (r *rig) intercept(c awsfake.Call) *awsfake.Fault {
	r.mu.Lock()
	f := r.fault
	r.mu.Unlock()
	if f == nil || c.Principal == system.Admin || c.Principal == "integrator" {
		return nil
	}
	return f(c)
}

// breaks makes calls fail as f says; nil heals.
func (r *rig) breaks(f func(awsfake.Call) *awsfake.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = f
}

// callsOf are a principal's calls since the last time, and forgets all.
func (r *rig) callsOf(principal string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, c := range r.calls {
		if c.Principal == principal {
			list = append(list, c.Action)
		}
	}
	r.calls = nil
	return list
}

// message is one WhatsApp text.
type message struct {
	from, id, text string
	at             time.Time
}

// body is a webhook with messages, as the Cloud API sends it.
func body(ms ...message) []byte {
	var list []string
	for _, m := range ms {
		text, _ := json.Marshal(m.text)
		list = append(list, fmt.Sprintf(`{"from":%q,"id":%q,"timestamp":"%d","type":"text","text":{"body":%s}}`, m.from,
			m.id, m.at.Unix(), text))
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"410000000000011","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"15550100001","phone_number_id":"220000000000022"},"contacts":[],"messages":[` + strings.Join(list, ",") + `]}}]}]}`)
}

// signed is an HTTP request that the demo account's platform would make.
func (r *rig) signed(b []byte) *http.Request {
	req := channel.Request{Method: "POST", Path: "/webhooks/whatsapp/demo",
		Header: http.Header{"Content-Type": {"application/json"}}, Body: b, Received: r.clock.Now()}
	whatsappplay.Platform.Sign(r.account, &req)
	hr := httptest.NewRequest(req.Method, req.Path, bytes.NewReader(b))
	hr.Header = req.Header
	return hr
}

func (r *rig) do(req *http.Request) (status int, answer string) {
	w := httptest.NewRecorder()
	r.sys.Gateway().ServeHTTP(w, req)
	b, _ := io.ReadAll(w.Result().Body)
	return w.Code, string(b)
}

// post sends messages in one webhook.
func (r *rig) post(ms ...message) int {
	r.t.Helper()
	status, _ := r.do(r.signed(body(ms...)))
	return status
}

func (r *rig) function(name string) topology.Function {
	r.t.Helper()
	for _, f := range r.sys.Functions {
		if f.Name == name {
			return f
		}
	}
	r.t.Fatalf("no function %s", name)
	return topology.Function{}
}

// drain polls the workers' queues until nothing is visible in them.
func (r *rig) drain() {
	r.t.Helper()
	for range 1000 {
		moved := 0
		for _, f := range r.sys.Functions {
			if f.Consumes == "" {
				continue
			}
			n, err := r.sys.Poll(context.Background(), f, 0)
			if err != nil && r.fault == nil {
				r.t.Logf("poll %s: %v", f.Name, err)
			}
			moved += n
		}
		if moved == 0 {
			return
		}
	}
	r.t.Fatal("the queues do not come to rest")
}

// settle lets time pass, with the sweeper at work, until everything that can
// recover has: visibility timeouts, sweeps and their back-off.
func (r *rig) settle() {
	r.t.Helper()
	r.drain()
	for _, pause := range []time.Duration{2 * time.Minute, 3 * time.Minute, 6 * time.Minute, 16 * time.Minute,
		61 * time.Minute} {
		r.clock.Advance(pause)
		if err := r.sys.Tick(context.Background(), r.function("sweeper")); err != nil {
			r.t.Logf("sweep: %v", err)
		}
		r.drain()
	}
}

// received takes everything from a destination's queue, in order.
func (r *rig) received(destination string) []events.Event {
	r.t.Helper()
	c := sqs.NewFromConfig(r.sys.ConfigOf("integrator", cloud.Work))
	url := r.sys.QueueURL(destination)
	var all []events.Event
	for {
		out, err := c.ReceiveMessage(r.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil {
			r.t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return all
		}
		for _, m := range out.Messages {
			all = append(all, decoded(r.t, m))
			if _, err := c.DeleteMessage(r.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url,
				ReceiptHandle: m.ReceiptHandle}); err != nil {
				r.t.Fatal(err)
			}
		}
	}
}

// decoded is the event in a message of a destination's queue.
func decoded(t testing.TB, m types.Message) (e events.Event) {
	t.Helper()
	if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// text is what a received message says.
func text(e events.Event) string {
	if e.Data.Message == nil || e.Data.Message.Content[0].Text == nil {
		return string(e.Type)
	}
	return e.Data.Message.Content[0].Text.Body
}

// texts are the received messages of a destination.
func (r *rig) texts(destination string) []string {
	var list []string
	for _, e := range r.received(destination) {
		list = append(list, text(e))
	}
	return list
}
