package events_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
)

var thread26 = events.To{Conversation: "cnv_" + strings.Repeat("a", 26)}

// soundCommand is a command of a deed, and no more than it needs.
func soundCommand(d events.Deed) events.Command {
	c := events.Command{To: thread26, Do: d}
	switch d {
	case events.DoSnooze:
		c.Until = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	case events.DoTag, events.DoUntag:
		c.Tags = []string{"vip"}
	case events.DoPrioritise:
		c.Priority = events.PriorityHigh
	case events.DoLanguage:
		c.Language = "pt-BR"
	case events.DoNote:
		c.Text = "calls back"
	case events.DoRead:
		c.From, c.Seen = "support", events.FormatSequence(1)
	case events.DoTake, events.DoAccept, events.DoAcknowledge:
		c.From = "support"
	case events.DoPass:
		c.Target = "sales"
	case events.DoOffer:
		c.Target, c.Until = "sales", time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	}
	return c
}

func faultsOf(t *testing.T, c events.Command) []string {
	t.Helper()
	err := c.Validate()
	var faults events.Faults
	if err != nil && !errors.As(err, &faults) {
		t.Fatalf("%T is no list of faults", err)
	}
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	return paths
}

// TestMembersOfDeeds sets each member that some deeds have in a command of every deed: where it
// does not go with it, that is the fault, and the only one.
func TestMembersOfDeeds(t *testing.T) {
	was := ""
	hands := []events.Deed{events.DoPass, events.DoOffer, events.DoRelease}
	for member, x := range map[string]struct {
		set   func(*events.Command)
		deeds []events.Deed
	}{
		"target":   {func(c *events.Command) { c.Target = "sales" }, hands[:2]},
		"takeover": {func(c *events.Command) { c.Takeover = true }, []events.Deed{events.DoTake}},
		"metadata": {func(c *events.Command) { c.Metadata = []events.Field{{Name: "a", Value: "b"}} }, hands},
		"history":  {func(c *events.Command) { c.History = 1 }, hands},
		"until": {func(c *events.Command) { c.Until = time.Date(2026, 8, 2, 0, 0, 0, 0, time.UTC) },
			[]events.Deed{events.DoSnooze, events.DoOffer}},
		"wake":     {func(c *events.Command) { c.Wake = events.WakeTime }, []events.Deed{events.DoSnooze}},
		"quietMs":  {func(c *events.Command) { c.QuietMS = 1 }, []events.Deed{events.DoClose}},
		"tags":     {func(c *events.Command) { c.Tags = []string{"vip"} }, []events.Deed{events.DoTag, events.DoUntag}},
		"assignee": {func(c *events.Command) { c.Assignee = "ana" }, []events.Deed{events.DoAssign}},
		"was":      {func(c *events.Command) { c.Was = &was }, []events.Deed{events.DoAssign}},
		"priority": {func(c *events.Command) { c.Priority = events.PriorityLow }, []events.Deed{events.DoPrioritise}},
		"language": {func(c *events.Command) { c.Language = "fr" }, []events.Deed{events.DoLanguage}},
		"text":     {func(c *events.Command) { c.Text = "x" }, []events.Deed{events.DoNote}},
		"mentions": {func(c *events.Command) { c.Mentions = []string{"ben"} }, []events.Deed{events.DoNote}},
		"seen":     {func(c *events.Command) { c.Seen = events.FormatSequence(1) }, []events.Deed{events.DoRead}},
		"local":    {func(c *events.Command) { c.Local = "2026-08-01T09:00" }, nil},
		"zone":     {func(c *events.Command) { c.Zone = "Europe/Paris" }, nil},
	} {
		for _, d := range events.Deeds() {
			c := soundCommand(d)
			if got := faultsOf(t, c); got != nil {
				t.Fatalf("%s: %v", d, got)
			}
			if (member == "local" || member == "zone") && d == events.DoSnooze {
				continue
			}
			x.set(&c)
			var want []string
			if !slices.Contains(x.deeds, d) {
				want = []string{member}
			}
			if got := faultsOf(t, c); !slices.Equal(got, want) {
				t.Errorf("%s with %s: faults at %v, want %v", d, member, got, want)
			}
		}
	}
}

// TestFaultsOfCommands: what a deed needs, and every bound from both sides.
func TestFaultsOfCommands(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	times := func(n int, s string) (list []string) {
		for range n {
			list = append(list, s)
		}
		return list
	}
	for i, x := range []struct {
		do     events.Deed
		change func(*events.Command)
		want   string
	}{
		{"", nil, "do"}, {"Close", nil, "do"}, {"delete", nil, "do"},
		{events.DoOpen, func(c *events.Command) { c.To = events.To{} }, "to"},
		{events.DoOpen, func(c *events.Command) { c.IdempotencyKey = long(128) }, ""},
		{events.DoOpen, func(c *events.Command) { c.IdempotencyKey = long(129) }, "idempotencyKey"},
		{events.DoOpen, func(c *events.Command) { c.IdempotencyKey = "a b" }, "idempotencyKey"},
		{events.DoOpen, func(c *events.Command) { c.From = long(80) }, ""},
		{events.DoOpen, func(c *events.Command) { c.From = long(81) }, "from"},
		{events.DoOpen, func(c *events.Command) { c.By = &events.Actor{Role: events.Customer} }, "by.role"},
		{events.DoOpen, func(c *events.Command) { c.By = &events.Actor{Role: events.Agent, ID: long(129)} }, "by.id"},
		{events.DoOpen, func(c *events.Command) { c.Hold = "7" }, "hold"},
		{events.DoOpen, func(c *events.Command) { c.Reason = long(256) }, ""},
		{events.DoOpen, func(c *events.Command) { c.Reason = long(257) }, "reason"},
		{events.DoRelease, func(c *events.Command) { c.History = 50 }, ""},
		{events.DoRelease, func(c *events.Command) { c.History = 51 }, "history"},
		{events.DoRelease, func(c *events.Command) { c.History = -1 }, "history"},
		{events.DoRelease, func(c *events.Command) { c.Metadata = []events.Field{{Name: "a", Value: long(4095)}} }, ""},
		{events.DoRelease, func(c *events.Command) { c.Metadata = []events.Field{{Name: "a", Value: long(4096)}} },
			"metadata"},
		{events.DoRelease, func(c *events.Command) { c.Metadata = []events.Field{{Name: " "}} }, "metadata[0].name"},
		{events.DoClose, func(c *events.Command) { c.QuietMS = 24 * 3600 * 1000 }, ""},
		{events.DoClose, func(c *events.Command) { c.QuietMS = 24*3600*1000 + 1 }, "quietMs"},
		{events.DoClose, func(c *events.Command) { c.QuietMS = -1 }, "quietMs"},
		{events.DoTag, func(c *events.Command) { c.Tags = nil }, "tags"},
		{events.DoTag, func(c *events.Command) { c.Tags = times(32, "x") }, ""},
		{events.DoTag, func(c *events.Command) { c.Tags = times(33, "x") }, "tags"},
		{events.DoTag, func(c *events.Command) { c.Tags = []string{"ok", long(65)} }, "tags[1]"},
		{events.DoUntag, func(c *events.Command) { c.Tags = []string{" x"} }, "tags[0]"},
		{events.DoTag, func(c *events.Command) { c.Tags = []string{""} }, "tags[0]"},
		{events.DoAssign, func(c *events.Command) { c.Assignee = long(128) }, ""},
		{events.DoAssign, func(c *events.Command) { c.Assignee = long(129) }, "assignee"},
		{events.DoAssign, func(c *events.Command) { c.Assignee = "a\x00" }, "assignee"},
		{events.DoAssign, func(c *events.Command) { w := long(129); c.Was = &w }, "was"},
		{events.DoPrioritise, func(c *events.Command) { c.Priority = "" }, "priority"},
		{events.DoPrioritise, func(c *events.Command) { c.Priority = "HIGH" }, "priority"},
		{events.DoLanguage, func(c *events.Command) { c.Language = "" }, "language"},
		{events.DoLanguage, func(c *events.Command) { c.Language = "français!" }, "language"},
		{events.DoNote, func(c *events.Command) { c.Text = " \u200b" }, "text"},
		{events.DoNote, func(c *events.Command) { c.Text = long(16 << 10) }, ""},
		{events.DoNote, func(c *events.Command) { c.Text = long(16<<10 + 1) }, "text"},
		{events.DoNote, func(c *events.Command) { c.Mentions = times(33, "x") }, "mentions"},
		{events.DoNote, func(c *events.Command) { c.Mentions = []string{"x", ""} }, "mentions[1]"},
		{events.DoRead, func(c *events.Command) { c.Seen = "1" }, "seen"},
		{events.DoRead, func(c *events.Command) { c.From = "" }, "from"},
		{events.DoTake, func(c *events.Command) { c.From = "" }, "from"},
		{events.DoAccept, func(c *events.Command) { c.From = "" }, "from"},
		{events.DoAcknowledge, func(c *events.Command) { c.From = "" }, "from"},
		{events.DoPass, func(c *events.Command) { c.Target = "" }, "target"},
		{events.DoOffer, func(c *events.Command) { c.Target = "" }, "target"},
		{events.DoOffer, func(c *events.Command) { c.Until = time.Time{} }, "until"},
		{events.DoSnooze, func(c *events.Command) { c.Until = time.Time{} }, "until"},
		{events.DoSnooze, func(c *events.Command) { c.Wake = "noise" }, "wake"},
		{events.DoSnooze, func(c *events.Command) { c.Local, c.Zone = "2026-08-01T09:00", "Europe/Paris" }, "until"},
		{events.DoSnooze, func(c *events.Command) { c.Until, c.Local = time.Time{}, "2026-08-01T09:00" }, "zone"},
		{events.DoSnooze, func(c *events.Command) { c.Until, c.Zone = time.Time{}, "Europe/Paris" }, "local"},
		{events.DoSnooze, func(c *events.Command) { c.Until, c.Local, c.Zone = time.Time{}, "9:00", "Europe/Paris" },
			"local"},
		{events.DoSnooze, func(c *events.Command) {
			c.Until, c.Local, c.Zone = time.Time{}, "2026-08-01T09:00", "Middle/Earth"
		}, "zone"},
	} {
		c := soundCommand(x.do)
		if x.change != nil {
			x.change(&c)
		}
		var want []string
		if x.want != "" {
			want = []string{x.want}
		}
		if got := faultsOf(t, c); !slices.Equal(got, want) {
			t.Errorf("%d %s: faults at %v, want %v", i, x.do, got, want)
		}
	}
}

// TestLocalTimes: in nights when the clock is changed a local time stands on it twice, or not at
// all.
func TestLocalTimes(t *testing.T) {
	for _, x := range []struct{ zone, local, want string }{
		{"Europe/Paris", "2026-08-01T09:00", "2026-08-01T07:00"},
		{"Europe/Paris", "2026-12-01T09:00", "2026-12-01T08:00"},
		// Forward at 2:00: 2:30 is no time, and an hour after it is 3:30.
		{"Europe/Paris", "2026-03-29T01:59", "2026-03-29T00:59"},
		{"Europe/Paris", "2026-03-29T02:00", "2026-03-29T01:00"},
		{"Europe/Paris", "2026-03-29T02:30", "2026-03-29T01:30"},
		{"Europe/Paris", "2026-03-29T03:00", "2026-03-29T01:00"},
		{"Europe/Paris", "2026-03-29T09:00", "2026-03-29T07:00"},
		// Back at 3:00: the first of two.
		{"Europe/Paris", "2026-10-25T01:59", "2026-10-24T23:59"},
		{"Europe/Paris", "2026-10-25T02:00", "2026-10-25T00:00"},
		{"Europe/Paris", "2026-10-25T02:59", "2026-10-25T00:59"},
		{"Europe/Paris", "2026-10-25T03:00", "2026-10-25T02:00"},
		{"Europe/Paris", "2026-10-25T04:30", "2026-10-25T03:30"},
		{"Europe/Paris", "2026-10-25T06:30", "2026-10-25T05:30"},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T07:30"},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"},
		{"America/New_York", "2026-11-01T02:00", "2026-11-01T07:00"},
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"}, // half an hour, back at 2:00
		{"Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45"},
		{"Asia/Kathmandu", "2026-03-29T02:30", "2026-03-28T20:45"},
		{"UTC", "2026-03-29T02:30", "2026-03-29T02:30"},
	} {
		c := events.Command{To: thread26, Do: events.DoSnooze, Local: x.local, Zone: x.zone}
		if got := faultsOf(t, c); got != nil {
			t.Errorf("%s in %s: %v", x.local, x.zone, got)
		}
		if got := c.Ends().UTC().Format("2006-01-02T15:04"); got != x.want {
			t.Errorf("%s in %s ends at %s, want %s", x.local, x.zone, got, x.want)
		}
	}
}

// TestThen: a message's command is checked as one, names nobody else, and needs the
// conversation.
func TestThen(t *testing.T) {
	for body, want := range map[string]string{
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"then":{"do":"close"}`: "",
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"then":{"do":"pass"}`: "then.target",
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"then":{"do":"close","tags":["x"]}`: "then.tags",
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"then":{"do":"close","idempotencyKey":"k"}`: "then.idempotencyKey",
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"then":{"do":"close","to":{"conversation":"x"}}`: "then.to",
		`"to":{"channel":"line","account":"a","contact":"con_` + strings.Repeat("a", 26) +
			`"},"then":{"do":"close"}`: "then",
		`"to":{"channel":"sms","account":"a","identity":{"scheme":"phone","value":"+4420794"}},"then":{"do":"close"}`: "then",
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"hold":"7"`: "hold",
		`"to":{"conversation":"` + thread26.Conversation +
			`"},"ifSequence":"7"`: "ifSequence",
		`"to":{"conversation":"` + thread26.Conversation + `"},"ifSequence":"` + events.FormatSequence(7) + `","hold":"` +
			events.FormatSequence(3) + `"`: "",
	} {
		var o events.Outbound
		doc := fmt.Sprintf(`{"idempotencyKey":"k","content":[{"kind":"text","text":{"body":"Bye"}}],%s}`, body)
		if err := events.Decode([]byte(doc), &o); err != nil {
			t.Errorf("%s: %v", doc, err)
			continue
		}
		got := ""
		var faults events.Faults
		if errors.As(o.Validate(), &faults) {
			got = faults[0].Path
		}
		if got != want || len(faults) > 1 {
			t.Errorf("%s: faults %v, want %q", body, faults, want)
		}
	}
}
