package system_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/names"
)

// commands gives a command by the API and, as callers do that heard no answer, again with the
// same key. It returns the event that the caller was told of.
func (f *floor) commands(p *plan, key string, c events.Command) string {
	f.t.Helper()
	c.IdempotencyKey = key
	for range 3 {
		status, out := f.tries(p, c)
		switch {
		case status == http.StatusOK && out.Event != nil:
			return out.Event.ID
		case status == http.StatusOK:
			f.t.Errorf("%s was answered with a yes and no event", c.Do)
			return ""
		case status/100 != 5:
			f.t.Errorf("%s was answered %d", c.Do, status)
		}
	}
	f.t.Errorf("%s was answered with an error each time", c.Do)
	return ""
}

// tries is one try, in which the API may die: then nobody hears anything.
func (f *floor) tries(p *plan, c events.Command) (status int, out events.Outcome) {
	status, answer := f.api("", http.MethodPost, "/v1/conversations/"+f.conversation+"/commands", c)
	if p.revive() {
		f.restart()
		return http.StatusBadGateway, out
	}
	if status == http.StatusOK && json.Unmarshal([]byte(answer), &out) != nil {
		f.t.Errorf("%s was answered %s", c.Do, answer)
	}
	return status, out
}

// queues gives a command by the queue.
func (f *floor) queues(key string, c events.Command) {
	f.t.Helper()
	c.IdempotencyKey, c.To.Conversation = key, f.conversation
	doc, err := json.Marshal(c)
	if err != nil {
		f.t.Fatal(err)
	}
	f.rig.put(names.Outbound, "floor", key, string(doc))
}

// orderScenario works on a conversation with commands of both ways and with all that ends by
// itself, while faults strike. It returns the events that callers were told of.
func orderScenario(f *floor, p *plan) (told map[string]string) {
	told = map[string]string{}
	f.post(message{f.customerID, "wamid.1", "Hello?", f.clock.Now()})
	if p.revive() {
		f.restart()
		f.post(message{f.customerID, "wamid.1", "Hello?", f.clock.Now()})
	}
	f.settleWith(p) // the bot says nothing, and support holds
	for i, c := range []events.Command{{Do: events.DoTag, Tags: []string{"vip"}},
		{Do: events.DoAssign, Assignee: "ben"}, {Do: events.DoNote, Text: "a note"},
		{Do: events.DoSnooze, Until: f.clock.Now().Add(5 * time.Minute), Wake: events.WakeTime},
		{Do: events.DoPass, Target: "sales", History: 2}} {
		key := fmt.Sprint("api", i)
		told[key] = f.commands(p, key, c)
	}
	f.settleWith(p) // it wakes
	told["offer"] = f.commands(p, "offer", events.Command{Do: events.DoOffer, Target: "support",
		Until: f.clock.Now().Add(time.Minute)})
	f.settleWith(p) // nobody accepts
	f.queues("queue1", events.Command{Do: events.DoPrioritise, Priority: events.PriorityHigh})
	f.queues("queue2", events.Command{Do: events.DoClose})
	f.settleWith(p)
	return told
}

// storyOfOrders are the types of the scenario's events, in order.
var storyOfOrders = []events.Type{events.MessageReceived, events.ControlExpired, events.ConversationTagged,
	events.ConversationAssigned, events.NoteAdded, events.ConversationSnoozed, events.ControlPassed,
	events.ConversationOpened, events.ControlOffered, events.ControlFailed, events.ConversationUpdated,
	events.ConversationClosed}

// checkOrdered is the oracle: each command and each end made one event, whoever heard yes finds
// theirs, every queue has its order, and somebody holds.
func checkOrdered(f *floor, told map[string]string) {
	f.t.Helper()
	history := f.record(f.conversation).history
	var types []events.Type
	ids := map[string]bool{}
	for _, e := range history {
		types = append(types, e.Type)
		ids[e.ID] = true
	}
	if fmt.Sprint(types) != fmt.Sprint(storyOfOrders) {
		f.t.Errorf("the conversation's events are %v, want %v", types, storyOfOrders)
	}
	for key, id := range told {
		if id != "" && !ids[id] {
			f.t.Errorf("%s was told of %s, which is not there", key, id)
		}
	}
	for _, name := range f.sys.Config.DestinationNames() {
		last, seen := "", map[string]bool{}
		for _, e := range f.received(name) {
			if seen[e.ID] {
				continue
			}
			seen[e.ID] = true
			if e.Sequence <= last {
				f.t.Errorf("%s: #%s after #%s", name, e.Sequence, last)
			}
			last = e.Sequence
		}
		if name == "support" && len(seen) != len(history) {
			f.t.Errorf("support received %d events of %d", len(seen), len(history))
		}
	}
	f.refold()
	f.nothingOverdue()
	if h := f.state().Holder; h != "sales" {
		f.t.Errorf("%s holds, want sales", h)
	}
}

func runOrders(t *testing.T, strikes ...strike) (calls int) {
	t.Helper()
	f := newFloor(t, floorConfig)
	f.workers = []string{"router", "sender", "clock", "drainer"}
	p := &plan{strikes: strikes}
	f.breaks(p.intercept)
	told := orderScenario(f, p)
	f.breaks(nil)
	checkOrdered(f, told)
	if t.Failed() {
		t.Logf("strikes: %+v", strikes)
	}
	return p.calls
}

// TestEveryCallOfOrders strikes at each AWS call of commands and timers with each kind of fault:
// nothing is done twice, nothing that was answered yes is lost, nothing sleeps for ever.
func TestEveryCallOfOrders(t *testing.T) {
	calls := runOrders(t)
	t.Logf("%d calls × %d faults", calls, len(faults))
	for i, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for at := 1 + i%every(3**stride); at <= calls && !t.Failed(); at += every(3 * *stride) {
				runOrders(t, strike{at, f})
			}
		})
	}
}
