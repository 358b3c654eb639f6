package main

import (
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
)

// TestHolds: what the demo shows of a conversation stands in its events, and one that nobody
// holds, or that never changed hands, makes the demo fail.
func TestHolds(t *testing.T) {
	at := func(n uint64, typ events.Type, holder string, hold uint64) events.Event {
		return events.Event{Sequence: events.FormatSequence(n), Type: typ, Holder: holder, Hold: events.FormatSequence(hold)}
	}
	passed := at(3, events.ControlPassed, "support", 3)
	passed.Data.Control = &events.Control{From: "assistant", To: "support", Reason: "asked for"}
	begun := []events.Event{at(1, events.MessageReceived, "assistant", 1), at(2, events.MessageEchoed, "assistant", 1)}
	for _, x := range []struct {
		name       string
		list       []events.Event
		want, fail string
	}{
		{"in turn", append(begun[:2:2], passed, at(4, events.MessageEchoed, "support", 3)),
			"assistant #1–#2 (the rules) → support #3–#4 (passed, asked for)", ""},
		{"never passed", begun, "assistant #1–#2 (the rules)", "want assistant, and then support"},
		{"nothing happened", nil, "", "want assistant, and then support"},
		{"nobody holds", append(begun[:2:2], at(3, events.MessageReceived, "", 0)), "",
			"nobody holds the conversation at its event #3, message.received.v1"},
	} {
		list, err := holds(x.list)
		if err == nil {
			err = inTurn(list, "assistant", "support")
		}
		if got := join(list); got != x.want {
			t.Errorf("%s: %q, want %q", x.name, got, x.want)
		}
		if (err == nil) != (x.fail == "") || err != nil && !strings.Contains(err.Error(), x.fail) {
			t.Errorf("%s: %v, want %q", x.name, err, x.fail)
		}
	}
}

// TestWithAgent: the demo agent is a bot whom a configuration could have, and takes no
// operator's name.
func TestWithAgent(t *testing.T) {
	config, err := topology.Load(configFile, functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	if _, there := config.Destinations[assistant]; there {
		t.Errorf("%s has %s: who deploys it has customers wait for a bot that is not there", configFile, assistant)
	}
	one, first := withAgent(config, greets)
	two, second := withAgent(one, greets)
	if first != assistant || second == first || len(config.Destinations)+2 != len(two.Destinations) {
		t.Errorf("the agents are %s and %s among %v", first, second, two.DestinationNames())
	}
	if d := one.Destinations[first]; d.Role != "bot" || d.Lease != "45s" || d.Else != config.Default {
		t.Errorf("the agent is %+v", d.Desk)
	}
}

// TestAgentHandsOver: what the demo agent has no words for it passes to people, and says so.
func TestAgentHandsOver(t *testing.T) {
	message := func(c events.Content) *events.Event {
		return &events.Event{Type: events.MessageReceived, Data: events.Data{Message: &events.Message{
			Content: []events.Content{c}}}}
	}
	chosen := &events.Event{Type: events.InteractionReceived, Data: events.Data{Interaction: &events.Interaction{
		Kind: events.QuickReplyAnswer, Option: person}}}
	for _, x := range []struct {
		name  string
		event *events.Event
		over  bool
	}{
		{"a text", message(events.NewText("Hello")), false},
		{"what it shows", message(events.NewText("cards")), false},
		{"a word for a person", message(events.NewText(" Person ")), true},
		{"a choice of a person", chosen, true},
		{"what it has no words for", message(events.Content{Kind: events.KindContacts}), true},
	} {
		if got := (agent{}).reply(x.event) == nil; got != x.over {
			t.Errorf("%s is handed over: %v, want %v", x.name, got, x.over)
		}
	}
}
