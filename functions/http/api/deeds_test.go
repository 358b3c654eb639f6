package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/access"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/store"
	"github.com/relais-dev/relais/shared/switchboard"
)

// knows has the function know one more caller, whose token is its name.
func (r *rig) knows(name string, rights access.Rights) {
	r.t.Helper()
	var table map[string]access.Caller
	if err := json.Unmarshal([]byte(r.env[names.EnvAPITokens]), &table); err != nil {
		r.t.Fatal(err)
	}
	table[name] = access.Caller{Principal: name, Rights: rights}
	doc, err := json.Marshal(table)
	if err != nil {
		r.t.Fatal(err)
	}
	r.env[names.EnvAPITokens] = string(doc)
	r.api = r.function(func(e function.Env) (function.Handler, error) { return New("api", r.channels(), e) }, "api")
}

func commands(conversation string) string { return "/v1/conversations/" + conversation + "/commands" }

// state is the pager's conversation as its events left it.
func (r *rig) state() events.ConversationState {
	r.t.Helper()
	return read[events.ConversationState](r.t, r.call("GET", "/v1/conversations/"+conversation("pager"), ""))
}

// TestScopesOfDeeds: who may answer says who answers next and how far they have read; all else takes more. So it is
// for the command that goes with a message.
func TestScopesOfDeeds(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	then := func(command string) string {
		return strings.Replace(says("k-"+fmt.Sprint(len(command)), "Hi"), "{", `{"then":`+command+`,`, 1)
	}
	messages := "/v1/conversations/" + conversation("pager") + "/messages"
	for _, x := range []struct {
		token, path, body string
		want              int
	}{
		{"reply", commands(conversation("pager")), `{"do":"close"}`, 403},
		{"reply", commands(conversation("pager")), `{"do":"tag","tags":["vip"]}`, 403},
		{"reply", commands(conversation("pager")), `{"do":"assign","assignee":"ana"}`, 403},
		{"reply", commands(conversation("pager")), `{"do":"take","from":"sales","takeover":true}`, 403},
		{"read", commands(conversation("pager")), `{"do":"pass","target":"sales"}`, 403},
		{"reply", messages, then(`{"do":"close"}`), 403},
		{"reply", messages, then(`{"do":"tag","tags":["vip"]}`), 403},
	} {
		if got := r.as(x.token, "POST", x.path, x.body); got.status != x.want {
			t.Errorf("%s may %s: %d %s, want %d", x.token, x.body, got.status, got.body, x.want)
		}
	}
	if s := r.state(); s.State != events.StateOpen || s.Holder != "support" || len(s.Tags) > 0 || s.Assignee != "" {
		t.Errorf("what was denied was done: %+v", s)
	}
	r.nothing()
	for _, x := range []struct{ token, body string }{{"reply", `{"do":"pass","target":"sales"}`},
		{"manage", `{"do":"take","from":"support","takeover":true}`}, {"manage", `{"do":"tag","tags":["vip"]}`}} {
		if got := r.as(x.token, "POST", commands(conversation("pager")), x.body); got.status != 200 {
			t.Errorf("%s may not %s: %d %s", x.token, x.body, got.status, got.body)
		}
	}
}

// TestDestinationsOfCallers: who speaks for one destination does so whatever they say, and for no other.
func TestDestinationsOfCallers(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	scopes := []access.Scope{access.Read, access.Reply, access.Manage}
	r.knows("sales", access.Rights{Scopes: scopes, Destinations: []string{"sales"}, Accounts: []string{access.Any}})
	r.knows("support", access.Rights{Scopes: scopes, Destinations: []string{"support"}, Accounts: []string{access.Any}})
	message := func(from, key string) string {
		return strings.Replace(says(key, "Hi"), "{", `{`+from, 1)
	}
	messages := "/v1/conversations/" + conversation("pager") + "/messages"
	for i, x := range []struct {
		token, path, body string
		want              int
	}{
		{"sales", messages, message(`"from":"support",`, "k1"), 403},
		{"sales", messages, message(``, "k1"), 409},
		{"sales", commands(conversation("pager")), `{"do":"close","from":"support"}`, 403},
		{"sales", commands(conversation("pager")), `{"do":"close"}`, 409},
		{"sales", "/v1/destinations/support/next", `{"assignee":"eve"}`, 404},
		{"support", messages, message(``, "k2"), 202},
		{"support", "/v1/destinations/support/next", `{"assignee":"ana"}`, 200},
	} {
		if got := r.as(x.token, "POST", x.path, x.body); got.status != x.want {
			t.Errorf("%d: %s asks %s: %d %s, want %d", i, x.token, x.body, got.status, got.body, x.want)
		}
	}
	if s := r.state(); s.Assignee != "ana" || s.State != events.StateOpen {
		t.Errorf("%q has it, and it is %s", s.Assignee, s.State)
	}
}

// TestNextIsWithinReach: an agent is given what the caller may see, however the lists lag, and no more than its limit.
func TestNextIsWithinReach(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.hear("shutter", text(2, "Hello"))
	h := r.api.(*Handler)
	blind := switchboard.Caller{Reaches: func(string, string) bool { return false }}
	if out, found, err := h.Runner.Next(t.Context(), h.Lists, "support", events.Claim{Assignee: "eve"},
		blind, nil); found || err != nil {
		t.Errorf("who reaches nobody was given %+v (%v)", out.Thread, err)
	}
	claim := func() reply { return r.call("POST", "/v1/destinations/support/next", `{"assignee":"ana","limit":1}`) }
	if first := read[events.ClaimOutcome](t, claim()); first.Conversation == nil || first.Conversation.Assignee != "ana" {
		t.Errorf("the first claim gave %+v", first)
	}
	claim().refused(t, stale)
}

// TestKeyInTwoConversations: the same key in two conversations is two commands, whose events have two ids.
func TestKeyInTwoConversations(t *testing.T) {
	r := newRig(t)
	ids := map[string]bool{}
	for n, customer := range []string{"15550101", "15550102"} {
		e := text(n, "Hello")
		e.Data.Conversation = &events.Conversation{PlatformID: customer}
		e.Data.Contact = &events.Contact{Identities: []events.Identity{{Scheme: events.Phone, Value: customer}}}
		r.hear("pager", e)
		got := r.call("POST", commands(events.ConversationID("pager", "demo", customer)),
			`{"do":"tag","tags":["vip"],"idempotencyKey":"one"}`)
		if got.status != http.StatusOK {
			t.Fatal(got)
		}
		ids[read[events.Outcome](t, got).Event.ID] = true
	}
	if len(ids) != 2 {
		t.Errorf("two events have the ids %v", ids)
	}
}

// TestDecidedIsRungFor: the router hears at once of what a command decided.
func TestDecidedIsRungFor(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	r.queued(names.EnvIngress)
	r.call("POST", commands(conversation("pager")), `{"do":"close"}`)
	if rings := r.queued(names.EnvIngress); len(rings) != 1 || !strings.Contains(rings[0], conversation("pager")) {
		t.Errorf("rings %v, want one", rings)
	}
}

// TestDecidedThoughItMoves: a command is decided again when the customer writes while it is decided.
func TestDecidedThoughItMoves(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	moves := 2
	r.mu.Lock()
	r.fault = func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "dynamodb:TransactWriteItems" && moves > 0 {
			moves--
			r.hear("pager", text(10-moves, "Hello?"))
		}
		return nil
	}
	r.mu.Unlock()
	got := r.call("POST", commands(conversation("pager")), `{"do":"tag","tags":["vip"]}`)
	if s := r.state(); got.status != http.StatusOK || len(s.Tags) != 1 || moves != 0 {
		t.Errorf("answered %d %s, the tags are %v", got.status, got.body, s.Tags)
	}
}

// TestIfNobodySpoke: who answers what they have seen is refused when somebody else has answered since, or is about to.
func TestIfNobodySpoke(t *testing.T) {
	r := newRig(t)
	r.hear("pager", text(1, "Hello"))
	messages := "/v1/conversations/" + conversation("pager") + "/messages"
	say := func(key, agent string, since uint64) reply {
		return r.call("POST", messages, strings.Replace(says(key, "Hi"), "{", fmt.Sprintf(
			`{"sender":{"role":"agent","id":%q},"ifSequence":%q,`, agent, events.FormatSequence(since)), 1))
	}
	spoken := func(n int) {
		e := text(n, "Hi")
		e.Type, e.Data.Message.Actor = events.MessageEchoed, events.Actor{Role: events.Agent, ID: "ana"}
		r.hear("pager", e)
	}
	spoken(2) // with the platform's own app, say: nobody asked us
	say("k0", "ben", 1).refused(t, stale)
	// the first has seen all, and its answer waits
	if got := say("k1", "ana", 2); got.status != http.StatusAccepted {
		t.Fatal(got)
	}
	say("k2", "ben", 2).refused(t, stale)
	r.hear("pager", text(3, "Are you there?"))
	say("k3", "ben", 3).refused(t, stale) // it has seen more, but not the answer that waits
	if got := say("k4", "ana", 3); got.status != http.StatusAccepted {
		t.Errorf("its own further words: %+v", got)
	}
	r.sendAll(store.ReplyLane(conversation("pager")))
	spoken(4)
	say("k5", "ben", 3).refused(t, stale)
	if got := say("k6", "ben", 4); got.status != http.StatusAccepted {
		t.Errorf("it has seen the answer: %+v", got)
	}
}
