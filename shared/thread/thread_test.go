package thread_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func event(typ events.Type, at time.Duration, change func(*events.Data)) *events.Event {
	e := &events.Event{Type: typ, Time: noon.Add(at), Data: events.Data{Channel: "line", Account: "demo",
		Conversation: &events.Conversation{ID: "cnv_1", PlatformID: "U1", Kind: events.Direct}}}
	if change != nil {
		change(&e.Data)
	}
	return e
}

func window(kind string, closes time.Duration) func(*events.Data) {
	return func(d *events.Data) {
		d.Conversation.Window = &events.Window{Kind: kind, ClosesAt: noon.Add(closes)}
	}
}

// TestWindows: the latest end of a kind counts, whatever the order of events.
func TestWindows(t *testing.T) {
	var x thread.Thread
	x = x.After(event(events.MessageReceived, 0, window("service", 24*time.Hour)))
	x = x.After(event(events.InteractionReceived, 0, window("menu", time.Minute)))
	x = x.After(event(events.MessageReceived, -time.Hour, window("service", 23*time.Hour)))
	for at, want := range map[time.Duration]string{0: "service", 23*time.Hour + 30*time.Minute: "service",
		25 * time.Hour: ""} {
		w, open := x.Open(noon.Add(at))
		if w.Kind != want || open != (want != "") {
			t.Errorf("after %s the open window is %q, %t", at, w.Kind, open)
		}
	}
	if !x.Heard.Equal(noon) {
		t.Errorf("heard at %s", x.Heard)
	}
}

func consent(state, scope, reason string) func(*events.Data) {
	return func(d *events.Data) { d.Consent = &events.Consent{State: state, Scope: scope, Reason: reason} }
}

func TestConsent(t *testing.T) {
	given, withdrawn := events.ConsentGiven, events.ConsentWithdrawn
	for _, x := range []struct {
		name          string
		events        []*events.Event
		answers, bulk bool // refused
	}{
		{"nothing said", nil, false, false},
		{"no marketing", []*events.Event{event(events.ConsentChanged, 0, consent(withdrawn, "marketing", ""))}, false, true},
		{"nothing at all", []*events.Event{event(events.ConsentChanged, 0, consent(withdrawn, "all", "keyword"))}, true,
			true},
		{"and again", []*events.Event{event(events.ConsentChanged, 0, consent(withdrawn, "all", "keyword")),
			event(events.ConsentChanged, 1, consent(given, "all", "keyword"))}, false, false},
		{"blocked", []*events.Event{event(events.ConsentChanged, 0, consent(withdrawn, "all", "blocked"))}, true, true},
		{"blocked, then wrote", []*events.Event{event(events.ConsentChanged, 0, consent(withdrawn, "all", "blocked")),
			event(events.MessageReceived, 1, nil)}, false, false},
		{"opted out, then wrote", []*events.Event{event(events.ConsentChanged, 0, consent(withdrawn, "all", "keyword")),
			event(events.MessageReceived, 1, nil)}, true, true},
	} {
		var th thread.Thread
		for _, e := range x.events {
			th = th.After(e)
		}
		if got := th.Refuses(false) != ""; got != x.answers {
			t.Errorf("%s: answers refused: %t", x.name, got)
		}
		if got := th.Refuses(true) != ""; got != x.bulk {
			t.Errorf("%s: campaigns refused: %t", x.name, got)
		}
	}
}

func TestNumbers(t *testing.T) {
	o := thread.Options{IDs: []string{"a", "b", "c"}, Until: noon.Add(time.Hour)}
	for text, want := range map[string]string{"2": "b", " 2. ": "b", "(2)": "b", "２": "b", "#3": "c", "0": "", "4": "",
		"-1": "", "2b": "", "zwei": "", "": "", "222": "", "1 2": ""} {
		e := event(events.MessageReceived, 0,
			func(d *events.Data) { d.Message = &events.Message{Content: []events.Content{events.NewText(text)}} })
		if got, ok := o.Chosen(e); got != want || ok != (want != "") {
			t.Errorf("%q means %q", text, got)
		}
	}
	late := event(events.MessageReceived, 2*time.Hour,
		func(d *events.Data) { d.Message = &events.Message{Content: []events.Content{events.NewText("2")}} })
	if got, _ := o.Chosen(late); got != "" {
		t.Errorf("long after, 2 means %q", got)
	}
}

func TestAnswerIsTheNewest(t *testing.T) {
	handle := func(token string, ends time.Duration) func(*events.Data) {
		return func(d *events.Data) {
			d.Message = &events.Message{Content: []events.Content{events.NewText("hi")}, Answer: &events.Handle{Token: token,
				ExpiresAt: noon.Add(ends)}}
		}
	}
	var x thread.Thread
	x = x.After(event(events.MessageReceived, 1, handle("second", 2*time.Minute)))
	x = x.After(event(events.MessageReceived, 0, handle("first", time.Minute)))
	if x.Answer.Token != "second" {
		t.Errorf("the handle is %q", x.Answer.Token)
	}
	back, err := thread.Decode(x.Encode())
	if diff := cmp.Diff(x, back); diff != "" || err != nil {
		t.Error(diff, err)
	}
}
