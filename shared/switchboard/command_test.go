package switchboard_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/switchboard"
	"github.com/relais-dev/relais/shared/thread"
)

var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

func no() *bool { return new(bool) }

// board is a shop with two teams, three bots, and who looks on.
var board = switchboard.Board{Default: "support", Desks: map[string]switchboard.Desk{
	"support": {Answer: "10m"}, "sales": {Role: switchboard.Team, Else: "support", Standby: no()},
	"helper": {Role: switchboard.Bot, Lease: "45s", Else: "guide"}, "guide": {Role: switchboard.Bot, Lease: "1m"},
	"patient": {Role: switchboard.Bot}, "crm": {Role: switchboard.Observer}}}

// held is a conversation that the helper holds since its third event, of ten.
func held(change func(*thread.Desk)) thread.Thread {
	t := thread.Thread{Channel: "line", Account: "demo", Conversation: events.Conversation{ID: "cnv_1", PlatformID: "U1",
		Kind: events.Direct}, Desk: thread.Desk{Holder: "helper", Hold: 3, Lease: noon.Add(time.Minute), Episode: 2,
		Began: noon, Waiting: noon, Tags: []string{"vip"}, Assignee: "ana", Said: 4, Spoken: 9,
		Read: map[string]thread.Mark{"support": {Sequence: 8, Said: 3}}}}
	if change != nil {
		change(&t.Desk)
	}
	return t
}

func closed(d *thread.Desk) {
	d.State, d.Waiting, d.Lease = events.StateClosed, time.Time{}, time.Time{}
}

func snoozed(d *thread.Desk) { d.State, d.Until = events.StateSnoozed, noon.Add(time.Hour) }

func offered(d *thread.Desk) { d.Offer = &thread.Offer{To: "sales", Until: noon.Add(time.Minute)} }

var ana = switchboard.Caller{Actor: events.Actor{Role: events.Agent, ID: "ana"}}

// told is a change in a line: its type, what it says, and who holds from then on.
func told(c switchboard.Change) string {
	text := strings.TrimSuffix(string(c.Type), ".v1")
	switch d := c.Data; {
	case d.Handling != nil:
		text += fmt.Sprintf(" e%d %v %q<-%q", d.Handling.Episode, d.Handling.Tags, d.Handling.Assignee, d.Handling.Was)
		if d.Handling.Seen != "" {
			text += " " + d.Handling.Destination + " " + d.Handling.Seen[17:]
		}
		if !d.Handling.Until.IsZero() {
			text += " until +" + d.Handling.Until.Sub(noon).String() + d.Handling.Wake
		}
	case d.Control != nil:
		text += fmt.Sprintf(" %s->%s", d.Control.From, d.Control.To)
		if d.Control.Taken {
			text += " taken"
		}
	case d.Change != nil:
		text += fmt.Sprintf(" %s %q->%q", d.Change.Field, d.Change.Old, d.Change.New)
	case d.Note != nil:
		text += " " + d.Note.Text
	}
	text += fmt.Sprintf(" | %s %d", c.Hold.Holder, c.Hold.Version)
	if !c.Hold.Until.IsZero() {
		text += " +" + c.Hold.Until.Sub(noon).String()
	}
	return text
}

// TestDeeds: what each deed does, when all is so already, when it comes too late, and when
// it is wrong. The helper holds, and its lease would end in a minute.
func TestDeeds(t *testing.T) {
	const kept = " | helper 3 +1m0s"
	was := func(id string) *string { return &id }
	later := noon.Add(time.Hour)
	for name, x := range map[string]struct {
		desk  func(*thread.Desk)
		c     events.Command
		admin bool
		want  string // "" is: so already; "stale: …"; "wrong: path"
	}{
		"open": {closed, events.Command{Do: events.DoOpen}, false,
			`conversation.opened e3 [] ""<-"" | helper 3`},
		"wake":    {snoozed, events.Command{Do: events.DoOpen}, false, `conversation.opened e2 [] ""<-""` + kept},
		"is open": {nil, events.Command{Do: events.DoOpen}, false, ""},
		"close":   {nil, events.Command{Do: events.DoClose}, false, `conversation.closed e2 [] ""<-""` + kept},
		"close quietly": {nil, events.Command{Do: events.DoClose, QuietMS: 5000}, false,
			`conversation.closed e2 [] ""<-"" until +5s` + kept},
		"is closed": {closed, events.Command{Do: events.DoClose}, false, ""},
		"snooze": {nil, events.Command{Do: events.DoSnooze, Until: later}, false,
			`conversation.snoozed e2 [] ""<-"" until +1h0m0smessage` + kept},
		"snooze firmly": {snoozed, events.Command{Do: events.DoSnooze, Until: later, Wake: "time"}, false,
			`conversation.snoozed e2 [] ""<-"" until +1h0m0stime` + kept},
		"snooze locally": {nil, events.Command{Do: events.DoSnooze, Local: "2026-08-01T15:00", Zone: "Europe/Paris"},
			false, `conversation.snoozed e2 [] ""<-"" until +1h0m0smessage` + kept},
		"snooze closed": {closed, events.Command{Do: events.DoSnooze, Until: later}, false,
			"stale: the conversation is closed"},
		"snooze now": {nil, events.Command{Do: events.DoSnooze, Until: noon}, false, "wrong: until"},
		"snooze for years": {nil, events.Command{Do: events.DoSnooze, Until: noon.Add(367 * 24 * time.Hour)}, false,
			"wrong: until"},

		"tag": {nil, events.Command{Do: events.DoTag, Tags: []string{"vip", "late"}}, false,
			`conversation.tagged e0 [vip late] ""<-""` + kept},
		"tag again": {nil, events.Command{Do: events.DoTag, Tags: []string{"vip"}}, false, ""},
		"untag": {nil, events.Command{Do: events.DoUntag, Tags: []string{"vip", "late"}}, false,
			`conversation.tagged e0 [] ""<-""` + kept},
		"untag nothing": {nil, events.Command{Do: events.DoUntag, Tags: []string{"late"}}, false, ""},
		"tag too many":  {nil, events.Command{Do: events.DoTag, Tags: strings.Fields(many(32))}, false, "wrong: tags"},

		"assign": {nil, events.Command{Do: events.DoAssign, Assignee: "ben"}, false,
			`conversation.assigned e0 [] "ben"<-"ana"` + kept},
		"assign to nobody": {nil, events.Command{Do: events.DoAssign}, false,
			`conversation.assigned e0 [] ""<-"ana"` + kept},
		"is assigned": {nil, events.Command{Do: events.DoAssign, Assignee: "ana"}, false, ""},
		"assign as it was": {nil, events.Command{Do: events.DoAssign, Assignee: "ben", Was: was("ana")}, false,
			`conversation.assigned e0 [] "ben"<-"ana"` + kept},
		"somebody was faster": {nil, events.Command{Do: events.DoAssign, Assignee: "ben", Was: was("")}, false,
			`stale: "ana" has the conversation`},
		"even if it is equal": {nil, events.Command{Do: events.DoAssign, Assignee: "ana", Was: was("")}, false,
			`stale: "ana" has the conversation`},

		"prioritise": {nil, events.Command{Do: events.DoPrioritise, Priority: "high"}, false,
			`conversation.updated priority "normal"->"high"` + kept},
		"is normal": {nil, events.Command{Do: events.DoPrioritise, Priority: "normal"}, false, ""},
		"language": {nil, events.Command{Do: events.DoLanguage, Language: "fr"}, false,
			`conversation.updated language ""->"fr"` + kept},
		"note": {nil, events.Command{Do: events.DoNote, Text: "calls back", From: "sales"}, false,
			`note.added calls back` + kept},
		"read": {nil, events.Command{Do: events.DoRead, From: "support", Seen: events.FormatSequence(10)}, false,
			`conversation.read e0 [] ""<-"" support 010` + kept},
		"unread": {nil, events.Command{Do: events.DoRead, From: "support", Seen: events.FormatSequence(2)}, false,
			`conversation.read e0 [] ""<-"" support 002` + kept},
		"is read": {nil, events.Command{Do: events.DoRead, From: "support", Seen: events.FormatSequence(8)}, false, ""},
		"read ahead": {nil, events.Command{Do: events.DoRead, From: "support", Seen: events.FormatSequence(11)}, false,
			"wrong: seen"},
		"look on": {nil, events.Command{Do: events.DoTag, Tags: []string{"x"}, From: "crm"}, false,
			`conversation.tagged e0 [vip x] ""<-""` + kept},
		"from nobody": {nil, events.Command{Do: events.DoTag, Tags: []string{"x"}, From: "nobody"}, true, "wrong: from"},

		"take": {nil, events.Command{Do: events.DoTake, From: "sales"}, false,
			"stale: helper holds the conversation since event 3"},
		"take over": {nil, events.Command{Do: events.DoTake, From: "sales", Takeover: true}, false,
			"control.passed helper->sales taken | sales 11"},
		"take what is nobody's": {func(d *thread.Desk) { d.Holder, d.Hold = "", 0 },
			events.Command{Do: events.DoTake, From: "sales"},
			false, "control.passed ->sales taken | sales 11"},
		"is mine":        {nil, events.Command{Do: events.DoTake, From: "helper"}, false, ""},
		"observer takes": {nil, events.Command{Do: events.DoTake, From: "crm", Takeover: true}, false, "wrong: from"},

		"pass": {nil, events.Command{Do: events.DoPass, Target: "sales"}, false,
			"control.passed helper->sales | sales 11"},
		"pass to a bot": {nil, events.Command{Do: events.DoPass, Target: "guide"}, false,
			"control.passed helper->guide | guide 11 +1m0s"},
		"pass to oneself":   {nil, events.Command{Do: events.DoPass, Target: "helper"}, false, ""},
		"pass to observers": {nil, events.Command{Do: events.DoPass, Target: "crm"}, false, "wrong: target"},
		"pass to nobody":    {nil, events.Command{Do: events.DoPass, Target: "nobody"}, false, "wrong: target"},
		"pass others'": {nil, events.Command{Do: events.DoPass, Target: "sales", From: "support"}, false,
			"stale: helper holds the conversation since event 3"},
		"pass as admin": {nil, events.Command{Do: events.DoPass, Target: "sales", From: "support"}, true,
			"control.passed helper->sales | sales 11"},
		"pass under an old": {nil, events.Command{Do: events.DoPass, Target: "sales", Hold: events.FormatSequence(2)},
			false, "stale: helper holds the conversation since event 3"},
		"pass under its own": {nil, events.Command{Do: events.DoPass, Target: "sales", Hold: events.FormatSequence(3)},
			false, "control.passed helper->sales | sales 11"},

		"offer": {nil, events.Command{Do: events.DoOffer, Target: "sales", Until: later}, false,
			"control.offered helper->sales" + kept},
		"offer late": {nil, events.Command{Do: events.DoOffer, Target: "sales", Until: noon}, false, "wrong: until"},
		"offer for ever": {nil, events.Command{Do: events.DoOffer, Target: "sales",
			Until: noon.Add(367 * 24 * time.Hour)}, false, "wrong: until"},
		"accept": {offered, events.Command{Do: events.DoAccept, From: "sales"}, false,
			"control.accepted helper->sales | sales 11"},
		"accept another's": {offered, events.Command{Do: events.DoAccept, From: "support"}, false,
			"stale: nothing is offered to support"},
		"accept nothing": {nil, events.Command{Do: events.DoAccept, From: "sales"}, false,
			"stale: nothing is offered to sales"},
		"accept late": {func(d *thread.Desk) { d.Offer = &thread.Offer{To: "sales", Until: noon} },
			events.Command{Do: events.DoAccept, From: "sales"}, false, "stale: the offer is over"},
		"release": {nil, events.Command{Do: events.DoRelease}, false,
			"control.released helper->guide | guide 11 +1m0s"},
		"release when quiet": {func(d *thread.Desk) { d.Waiting = time.Time{} }, events.Command{Do: events.DoRelease}, false,
			"control.released helper->guide | guide 11"},
		"release at the end": {func(d *thread.Desk) { d.Holder = "support" }, events.Command{Do: events.DoRelease}, false,
			"stale: nobody comes after support"},
		"acknowledge": {nil, events.Command{Do: events.DoAcknowledge, From: "helper"}, false,
			"control.accepted helper->helper | helper 3 +45s"},
		"acknowledge others": {nil, events.Command{Do: events.DoAcknowledge, From: "guide"}, false,
			"stale: helper holds the conversation since event 3"},
		"close others'": {nil, events.Command{Do: events.DoClose, From: "support"}, false,
			"stale: helper holds the conversation since event 3"},
		"assign others'": {nil, events.Command{Do: events.DoAssign, From: "sales", Assignee: "ben"}, false,
			"stale: helper holds the conversation since event 3"},
	} {
		x.c.To = events.To{Conversation: "cnv_" + strings.Repeat("a", 26)}
		if err := x.c.Validate(); err != nil {
			t.Errorf("%s: the command is not valid: %v", name, err)
		}
		by := ana
		by.Admin = x.admin
		change, changes, err := board.Decide(held(x.desk), x.c, by, 11, noon)
		got := ""
		var refused *switchboard.Refusal
		switch {
		case errors.As(err, &refused) && refused.Stale:
			if got = "stale: " + refused.Title; refused.Remedy == "" {
				t.Errorf("%s: no remedy", name)
			}
		case errors.As(err, &refused):
			got = "wrong: " + refused.Faults[0].Path
		case changes:
			got = told(change)
		}
		if got != x.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, x.want)
		}
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "t%d ", i)
	}
	return b.String()
}

// TestWhoDidIt: the caller, or whom the caller names; the next holder hears what it is told.
func TestWhoDidIt(t *testing.T) {
	c := events.Command{Do: events.DoPass, Target: "sales", Reason: "wants to buy", History: 7, IdempotencyKey: "k1",
		Metadata: []events.Field{{Name: "cart", Value: "3"}}}
	change, _, err := board.Decide(held(nil), c, ana, 11, noon)
	want := &events.Control{From: "helper", To: "sales", Reason: "wants to buy", By: &ana.Actor, Metadata: c.Metadata,
		Recall: 7}
	if diff := cmp.Diff(want, change.Data.Control); diff != "" || err != nil || change.Key != "k1" {
		t.Errorf("%v, key %q (-want +got):\n%s", err, change.Key, diff)
	}
	c.By = &events.Actor{Role: events.Bot, ID: "eliza"}
	change, _, _ = board.Decide(held(nil), c, ana, 11, noon)
	if diff := cmp.Diff(c.By, change.Data.Control.By); diff != "" {
		t.Error(diff)
	}
	own := held(nil)
	own.Conversation.Kind = events.Own
	var refused *switchboard.Refusal
	if _, _, err := board.Decide(own, c, ana, 11, noon); !errors.As(err, &refused) || refused.Stale ||
		refused.Faults[0].Path != "to.conversation" {
		t.Errorf("an account's own thread: %v", err)
	}
}
