package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/outside"
	"github.com/relais-dev/relais/shared/stage/play"
)

// A story is a sound history that a test breaks in one place.
type story struct {
	ledger *ledger
	next   map[string]uint64 // sequences by conversation
}

const conversation = "cnv_1"

// event takes the next place in its conversation.
func (s *story) event(kind events.Type, id string) events.Event {
	s.next[conversation]++
	return events.Event{ID: id, Type: kind, Subject: conversation, Sequence: events.FormatSequence(s.next[conversation])}
}

// text is the event of what poster 1 wrote.
func (s *story) text(n int) events.Event {
	e := s.event(events.MessageReceived, fmt.Sprintf("evt_%d", n))
	e.Data.Message = &events.Message{Content: []events.Content{events.NewText(fmt.Sprintf("hear1x%de", n))}}
	return e
}

// outcome is the event of what became of a message.
func (s *story) outcome(key string, state events.State) events.Event {
	e := s.event(events.MessageStatus, "evt_"+key+string(state))
	e.Data.Status = &events.Status{Message: events.Ref{ID: events.OutboundID(key)}, State: state}
	return e
}

func (s *story) echo(key string) events.Event {
	e := s.event(events.MessageEchoed, "evt_"+key)
	e.Data.Message = &events.Message{IdempotencyKey: key, Content: []events.Content{events.NewText(key)}}
	return e
}

func (s *story) rejection(key, message string) events.Event {
	e := s.event(events.SendRejected, "evt_"+key+message)
	e.Data.Rejection = &events.Rejection{IdempotencyKey: key, QueueMessage: message}
	return e
}

// wrote are webhooks 1 to n of poster 1, all acknowledged.
func (s *story) wrote(n int) {
	for i := range n {
		text := fmt.Sprintf("hear1x%de", i+1)
		s.ledger.post(text, 1, i+1)
		s.ledger.acknowledge(text)
	}
}

// asked promises messages of the conversation, in this order.
func (s *story) asked(a asked, keys ...string) {
	a.conversation = conversation
	for _, key := range keys {
		s.ledger.ask(key, a)
		s.ledger.promise(key, "queue-"+key)
	}
}

// said is a call that brought a text to a platform.
func said(channelName, key, repetition string, fault play.Fault) outside.Call {
	r := channel.Request{Method: http.MethodPost, Body: []byte(`{"text":"Answer ` + key + `"}`),
		Header: http.Header{"X-Line-Retry-Key": {repetition}}}
	return outside.Call{Channel: channelName, Fault: fault, Answer: channel.Reply{Status: http.StatusOK},
		Request: play.Call{Request: r}}
}

// TestJudge: each breach of the promise is found, and nothing else is taken for one.
func TestJudge(t *testing.T) {
	a, b := "say1x1e", "say1x2e"
	for name, x := range map[string]struct {
		want  kind // "" is a promise that was kept
		story func(*story)
	}{
		"all delivered": {"", func(s *story) {
			s.wrote(3)
			for n := range 3 {
				s.ledger.deliver("support", s.text(n+1))
			}
		}},
		"over two destinations": {"", func(s *story) {
			s.wrote(2)
			s.ledger.deliver("shop", s.text(1))
			s.ledger.deliver("support", s.text(2))
		}},
		"delivered again, the same": {"", func(s *story) {
			s.wrote(1)
			e := s.text(1)
			s.ledger.deliver("support", e)
			s.ledger.deliver("support", e)
		}},
		"delivered and never acknowledged": {"", func(s *story) {
			s.ledger.post("hear1x1e", 1, 1)
			s.ledger.deliver("support", s.text(1))
		}},
		"a lost message": {lost, func(s *story) {
			s.wrote(2)
			s.ledger.deliver("support", s.text(1))
		}},
		"a swapped pair": {outOfOrder, func(s *story) {
			s.wrote(2)
			s.ledger.deliver("support", s.text(2))
			s.ledger.deliver("support", s.text(1))
		}},
		"a pair that the queue swapped": {outOfOrder, func(s *story) {
			s.wrote(2)
			first, second := s.text(1), s.text(2)
			s.ledger.deliver("support", second)
			s.ledger.deliver("support", first)
		}},
		"a changed sequence": {otherSequence, func(s *story) {
			s.wrote(1)
			e := s.text(1)
			s.ledger.deliver("support", e)
			e.Sequence = events.FormatSequence(2)
			s.ledger.deliver("support", e)
		}},
		"a changed id": {otherSequence, func(s *story) {
			s.wrote(1)
			s.ledger.deliver("support", s.text(1))
			e := s.text(1)
			e.ID = "evt_other"
			s.ledger.deliver("support", e)
		}},
		"a place taken twice": {otherSequence, func(s *story) {
			s.wrote(2)
			s.ledger.deliver("support", s.text(1))
			s.next[conversation]--
			s.ledger.deliver("support", s.text(2))
		}},
		"a gap": {gap, func(s *story) {
			s.wrote(2)
			s.ledger.deliver("support", s.text(1))
			s.next[conversation]++
			s.ledger.deliver("support", s.text(2))
		}},
		"what nobody wrote":         {unexpected, func(s *story) { s.ledger.deliver("support", s.text(1)) }},
		"a genuine webhook refused": {refused, func(s *story) { s.ledger.note(refused, "401") }},

		"said and told": {"", func(s *story) {
			s.asked(asked{}, a, b)
			s.ledger.say(said("line", a, "", ""))
			s.ledger.say(said("line", b, "", ""))
			s.ledger.deliver("support", s.echo(a))
			s.ledger.deliver("support", s.echo(b))
		}},
		"repeated where the platform drops repetitions": {"", func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("line", a, "same", play.Lost))
			s.ledger.say(said("line", a, "same", ""))
			s.ledger.deliver("support", s.echo(a))
		}},
		"repeated as it was asked to be": {"", func(s *story) {
			s.asked(asked{repeats: true}, a)
			s.ledger.say(said("telegram", a, "", play.Lost))
			s.ledger.say(said("telegram", a, "", ""))
			s.ledger.deliver("support", s.echo(a))
		}},
		"lost on the way, and told to be uncertain": {"", func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("telegram", a, "", play.Lost))
			s.ledger.deliver("support", s.outcome(a, events.Uncertain))
		}},
		"failed, and told": {"", func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("telegram", a, "", play.Down))
			s.ledger.deliver("support", s.outcome(a, events.Failed))
		}},
		"a mistake, rejected before the queue told its id": {"", func(s *story) {
			s.ledger.deliver("support", s.rejection("", "queue-"+a))
			s.asked(asked{mistake: true}, a)
		}},
		"a second saying": {saidTwice, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("telegram", a, "same", play.Lost)) // Telegram knows no such key
			s.ledger.say(said("telegram", a, "same", ""))
			s.ledger.deliver("support", s.echo(a))
		}},
		"a second saying under another key": {saidTwice, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("line", a, "one", ""))
			s.ledger.say(said("line", a, "two", ""))
			s.ledger.deliver("support", s.echo(a))
		}},
		"a second saying of another text's": {saidTwice, func(s *story) {
			s.asked(asked{}, a, b)
			s.ledger.say(said("viber", a, "", ""))
			s.ledger.say(said("viber", b+" "+a, "", ""))
			s.ledger.deliver("support", s.echo(a))
			s.ledger.deliver("support", s.echo(b))
		}},
		"a swapped pair of answers": {outOfOrder, func(s *story) {
			s.asked(asked{}, a, b)
			s.ledger.say(said("viber", b, "", ""))
			s.ledger.say(said("viber", a, "", ""))
			s.ledger.deliver("support", s.echo(a))
			s.ledger.deliver("support", s.echo(b))
		}},
		"a missing outcome": {silentlyLost, func(s *story) { s.asked(asked{}, a) }},
		"said and never told": {silentlyLost, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("viber", a, "", ""))
		}},
		"only queued is no outcome": {silentlyLost, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.deliver("support", s.outcome(a, events.Queued))
		}},
		"told to be sent, and not said": {lied, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.deliver("support", s.echo(a))
		}},
		"told to have failed, and said": {lied, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("viber", a, "", play.Lost))
			s.ledger.deliver("support", s.outcome(a, events.Failed))
		}},
		"told two ways": {lied, func(s *story) {
			s.asked(asked{}, a)
			s.ledger.say(said("viber", a, "", ""))
			s.ledger.deliver("support", s.echo(a))
			s.ledger.deliver("support", s.outcome(a, events.Failed))
		}},
		"a mistake that was said": {lied, func(s *story) {
			s.asked(asked{mistake: true}, a)
			s.ledger.say(said("viber", a, "", ""))
			s.ledger.deliver("support", s.echo(a))
		}},
		"a mistake that nobody was told of": {silentlyLost, func(s *story) { s.asked(asked{mistake: true}, a) }},
		"what nobody asked for":             {unexpected, func(s *story) { s.ledger.say(said("viber", a, "", "")) }},
	} {
		s := &story{newLedger(), map[string]uint64{}}
		x.story(s)
		v := s.ledger.judge()
		var got []string
		for _, f := range v.faults {
			got = append(got, string(f.kind))
		}
		if want := strings.TrimSpace(string(x.want)); strings.Join(got, ", ") != want {
			t.Errorf("%s: found %q, want %q: %v", name, got, want, v.faults)
		}
		var table strings.Builder
		if err := v.print(&table); err != nil || x.want != "" && !strings.Contains(table.String(), string(x.want)+": ") {
			t.Errorf("%s: printed %s (%v)", name, &table, err)
		}
	}
}
