package system_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
)

// A client is a device that follows PROTOCOL.md while faults strike: it repeats what
// was not acknowledged and begins anew what has died.
type client struct {
	*visitor
	plan *plan
}

// insist asks until there is an answer that is neither a failure nor of a function
// that died. Everything a client asks may be asked again.
func (c *client) insist(method, path, session string, body any) (status int, answer map[string]any) {
	c.t.Helper()
	for range 10 {
		status, answer = c.call(method, path, session, body)
		if died := c.plan.revive(); died {
			c.restart()
			continue
		}
		if status < 500 {
			return status, answer
		}
	}
	c.t.Fatalf("%s %s is answered %d %v", method, path, status, answer)
	return 0, nil
}

func (c *client) open(device, userToken string) {
	c.t.Helper()
	status, a := c.insist("POST", "sessions", "", map[string]string{"device": device, "userToken": userToken})
	if status != 201 {
		c.t.Fatalf("a session was answered %d %v", status, a)
	}
	c.session, c.conversation = a["session"].(string), a["conversation"].(string)
}

func (c *client) send(id, text string) {
	c.t.Helper()
	for range 5 {
		_, a := c.insist("POST", "events", c.session, frame(id, text))
		if acks, ok := a["acks"].([]any); ok && len(acks) == 1 {
			return
		}
	}
	c.t.Fatalf("%s is never acknowledged", text)
}

// login goes on as a user; whoever finds their session over begins one as that user.
func (c *client) login(userToken string) {
	c.t.Helper()
	status, a := c.insist("POST", "login", c.session, map[string]string{"userToken": userToken})
	if status == 401 {
		c.open("laptop", userToken)
		return
	}
	if status != 200 {
		c.t.Fatalf("a login was answered %d %v", status, a)
	}
	c.session, c.conversation = a["session"].(string), a["conversation"].(string)
}

// connected opens a WebSocket, if a fault does not prevent it.
func (c *client) connected() {
	status, a := c.insist("POST", "tickets", c.session, nil)
	if status != 201 {
		c.t.Fatalf("a ticket was answered %d %v", status, a)
	}
	conn, _, err := c.dial(a["ticket"].(string), page)
	if c.plan.revive() {
		c.restart()
	}
	if err == nil {
		c.t.Cleanup(func() { conn.CloseNow() })
	}
}

// agentSays asks for a message and lets everything work while faults strike.
func (c *client) agentSays(to events.Event, text string) {
	c.t.Helper()
	c.desk.ask(say(to, strings.ReplaceAll(text, " ", "-"), text))
	c.drainWith(c.plan)
}

// talk is a visitor who writes, is answered, logs in as somebody who has a
// conversation, writes on, and is answered where they were.
func talk(s *shop, p *plan) *client {
	s.t.Helper()
	phone := s.visit("phone", s.token("user-42"))
	phone.says("from my phone")
	s.breaks(p.intercept)
	c := &client{&visitor{shop: s}, p}
	c.open("laptop", "")
	c.connected()
	visitors := c.conversation
	c.send("m1", "Hello?")
	c.settleWith(p) // an agent answers what has arrived
	to := events.Event{Subject: visitors}
	c.agentSays(to, "in time")
	c.login(s.token("user-42"))
	c.drainWith(p)
	c.connected()
	c.send("m2", "It is me")
	c.agentSays(to, "late")
	c.settleWith(p)
	s.breaks(nil)
	return c
}

func runTalk(t *testing.T, strikes ...strike) (calls int) {
	t.Helper()
	s, p := newShop(t), &plan{strikes: strikes}
	s.workers = []string{"drainer", "router", "sender", "pusher"}
	c := talk(s, p)
	checkTalk(t, c)
	if t.Failed() {
		t.Logf("strikes: %+v\n%s", strikes, s.logs)
	}
	return p.calls
}

// checkTalk is the oracle: consumers have what the customer said, and the customer
// has everything, once, by HTTP and by a socket.
func checkTalk(t *testing.T, c *client) {
	t.Helper()
	heard := map[string]string{}
	for _, e := range c.received("support") {
		if e.Type != events.MessageReceived {
			continue
		}
		if id, again := heard[text(e)]; again && id != e.ID {
			t.Errorf("%q was heard under two ids", text(e))
		}
		heard[text(e)] = e.ID
	}
	if heard["Hello?"] == "" || heard["It is me"] == "" {
		t.Errorf("consumers heard %v", heard)
	}
	want := []string{"> Hello?", "> It is me", "> from my phone", "in time", "late"}
	history := c.walk("after", -1<<50)
	if got := slices.Sorted(slices.Values(history)); cmp.Diff(want, got) != "" {
		t.Errorf("the history is %v", history)
	}
	l := c.connect(t)
	l.write(map[string]any{"v": 1, "action": "resume", "after": -1 << 50})
	l.want(append(history, "resumed")...)
	if at := slices.Index(history, "late"); at < slices.Index(history, "> from my phone") {
		t.Errorf("the late answer stands where it was not seen: %s", strings.Join(history, ", "))
	}
}

// TestEveryCallOfInApp strikes at each AWS call of a talk that moves to another
// conversation, with each kind of fault.
func TestEveryCallOfInApp(t *testing.T) {
	calls := runTalk(t)
	t.Logf("%d calls × %d faults", calls, len(faults))
	for i, f := range faults {
		t.Run(fmt.Sprint(f.name), func(t *testing.T) {
			t.Parallel()
			for at := 1 + i%every(*stride); at <= calls && !t.Failed(); at += every(*stride) {
				runTalk(t, strike{at, f})
			}
		})
	}
}
