package system_test

// The tests that the mutants of infra/mutants asked for: each holds a line that no
// other test missed when it was changed.

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/store"
)

// failing makes a principal's calls of an action fail, without effect.
func failing(principal, action string) func(awsfake.Call) *awsfake.Fault {
	return func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == principal && strings.HasPrefix(c.Action, action) {
			return &awsfake.Fault{Status: 400, Code: "Broken"}
		}
		return nil
	}
}

// TestBothStoresDown_Row12: nothing took the event, and the platform hears it.
func TestBothStoresDown_Row12(t *testing.T) {
	r := newRig(t)
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "dynamodb:PutItem" || c.Action == "sqs:SendMessage" {
			return &awsfake.Fault{}
		}
		return nil
	})
	m := message{"1", "wamid.1", "hello", r.clock.Now()}
	if status := r.post(m); status != 503 {
		t.Errorf("answered %d, want 503", status)
	}
	r.breaks(nil)
	if status := r.post(m); status != 200 {
		t.Errorf("posted again: answered %d, want 200", status)
	}
	r.drain()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestRingLost_Row5: nobody heard of what is stored. The sweeper does.
func TestRingLost_Row5(t *testing.T) {
	r := newRig(t)
	r.breaks(failing("whatsapp", "sqs:SendMessageBatch"))
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	r.breaks(nil)
	r.drain()
	if got := r.texts("support"); len(got) != 0 {
		t.Fatalf("received %v: the ring was not lost", got)
	}
	r.settle()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestRepetitionRingsAgain: a platform that posts again rings for what is unfinished,
// before any sweep.
func TestRepetitionRingsAgain(t *testing.T) {
	r := newRig(t)
	m := message{"1", "wamid.1", "hello", r.clock.Now()}
	r.breaks(failing("whatsapp", "sqs:SendMessageBatch"))
	r.post(m)
	r.breaks(nil)
	r.post(m)
	r.drain()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestReceiptThatIsNotNoted: where no destination wants receipts, one that the table
// refuses becomes an event, and is noted by the router.
func TestReceiptThatIsNotNoted(t *testing.T) {
	d := newDesk(t, strings.Replace(deskConfig, `"support":{}`, `"support":{"receipts":false}`, 1))
	e := d.writes("whatsapp", "Hello?")
	d.ask(say(e, "k1", "hi"))
	d.drain()
	d.breaks(failing("whatsapp", "dynamodb:UpdateItem"))
	d.receipts()
	d.breaks(nil)
	d.settle()
	if s := d.state("k1"); s != events.Read && s != events.Delivered {
		t.Errorf("the message is %s", s)
	}
}

// TestSpilledBatchSurvives: the table refuses one event of a spilled batch. The batch
// stays in the queue.
func TestSpilledBatchSurvives(t *testing.T) {
	r := newRig(t)
	var ms []message
	for i := range 60 {
		at := r.clock.Now().Add(time.Duration(i) * time.Second)
		ms = append(ms, message{"1", fmt.Sprint("wamid.", i), fmt.Sprint("hello ", i), at})
	}
	r.post(ms...)
	var once sync.Once
	r.breaks(func(c awsfake.Call) (f *awsfake.Fault) {
		if c.Principal == "drainer" && c.Action == "dynamodb:PutItem" {
			once.Do(func() { f = &awsfake.Fault{Status: 400, Code: "Broken"} })
		}
		return f
	})
	r.settle()
	if got := r.texts("support"); len(got) != len(ms) {
		t.Errorf("%d events arrived, want %d", len(got), len(ms))
	}
}

// TestEveryLargeBodyIsStored: the bucket refuses a large body. Nothing is acknowledged
// that is nowhere.
func TestEveryLargeBodyIsStored(t *testing.T) {
	r := newRig(t)
	r.breaks(failing("whatsapp", "s3:PutObject"))
	m := r.bigMessage()
	status := r.post(m)
	r.breaks(nil)
	if status != 200 {
		status = r.post(m)
	}
	r.settle()
	if got := r.texts("support"); status != 200 || len(got) != 1 || got[0] != m.text {
		t.Errorf("answered %d, received %d events of %d bytes", status, len(got), len(strings.Join(got, "")))
	}
}

// diesAfterNumbering kills the router when it has given an event its sequence.
func (r *rig) diesAfterNumbering() {
	r.t.Helper()
	dead := false
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal != "router" {
			return nil
		}
		if dead {
			return &awsfake.Fault{Status: 400, Code: "Crashed"}
		}
		dead = c.Action == "dynamodb:TransactWriteItems"
		return nil
	})
	r.drain()
	if !dead {
		r.t.Fatal("the router gave no sequence")
	}
	r.breaks(nil)
}

// TestNumberedComesFirst: what has its sequence is sent before what gets one, whatever
// the platform's times say.
func TestNumberedComesFirst(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	r.post(message{"1", "wamid.newer", "newer", at.Add(time.Second)})
	r.diesAfterNumbering()
	r.post(message{"1", "wamid.older", "older", at})
	r.settle()
	if diff := cmp.Diff([]string{"newer", "older"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestLastComesFirst: so it is also when more came in between than one page holds.
func TestLastComesFirst(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	r.post(message{"1", "wamid.newest", "newest", at.Add(time.Hour)})
	r.diesAfterNumbering()
	for page := range 4 {
		var ms []message
		for i := range 40 {
			then := at.Add(time.Duration(40*page+i) * time.Second)
			ms = append(ms, message{"1", fmt.Sprint("wamid.", page, ".", i), "older", then})
		}
		r.post(ms...)
	}
	r.settle()
	got := r.received("support")
	if len(got) != 161 || text(got[0]) != "newest" {
		t.Fatalf("%d events arrived, %q first", len(got), text(got[0]))
	}
	if !slices.IsSortedFunc(got, func(a, b events.Event) int { return strings.Compare(a.Sequence, b.Sequence) }) {
		t.Error("they are out of order")
	}
}

// TestLateStaysLate: each event that is older than the newest routed one is late, not
// only the first.
func TestLateStaysLate(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	for i, behind := range []time.Duration{0, 100, 50} {
		r.post(message{"1", fmt.Sprint("wamid.", i), "hello", at.Add(-behind * time.Second)})
		r.drain()
	}
	var late []bool
	for _, e := range r.received("support") {
		late = append(late, e.Late)
	}
	if diff := cmp.Diff([]bool{false, true, true}, late); diff != "" {
		t.Error(diff)
	}
}

// TestConflictsAreTriedAgain: transactions that meet are repeated at once, not with the
// next ring.
func TestConflictsAreTriedAgain(t *testing.T) {
	r := newRig(t)
	for i := range 12 {
		r.post(message{fmt.Sprint(i), "wamid.1", "hello", r.clock.Now()})
	}
	router := func(principal string) bool { return strings.HasSuffix(principal, "router") }
	r.sys.SetWeather(awsfake.Weather{Conflicts: 0.15, Strikes: router})
	r.drain()
	if got := r.texts("support"); len(got) != 12 {
		t.Errorf("%d events arrived at once, want 12\n%s", len(got), r.logs)
	}
}

// TestTurnsGoOn: two busy conversations share an invocation. Each has turns until all
// is sent, and no sweep is needed.
func TestTurnsGoOn(t *testing.T) {
	r := newRig(t)
	for i := range 20 {
		at := r.clock.Now().Add(time.Duration(i) * time.Second)
		r.post(message{"1", fmt.Sprint("wamid.1.", i), "hello", at},
			message{"2", fmt.Sprint("wamid.2.", i), "hello", at})
	}
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "router" && strings.HasSuffix(c.Resource, "-support.fifo") {
			r.clock.Advance(time.Second)
		}
		return nil
	})
	r.drain()
	if got := r.texts("support"); len(got) != 40 {
		t.Errorf("%d events arrived, want 40", len(got))
	}
}

// TestEachTurnDoesSomething: a function that has time for nothing handles one event all
// the same. Else it would ring on for ever.
func TestEachTurnDoesSomething(t *testing.T) {
	r := newRig(t)
	short := r.function("router")
	short.Timeout = 2 * time.Second
	for i := range 3 {
		r.post(message{"1", fmt.Sprint("wamid.", i), "hello", r.clock.Now().Add(time.Duration(i) * time.Second)})
	}
	for range 3 {
		if _, err := r.sys.Poll(t.Context(), short, 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.texts("support"); len(got) != 3 {
		t.Errorf("three turns handled %d events, want 3", len(got))
	}
}

// TestRefusalsThatPass: what SQS cannot take now it takes later. Nothing is set aside.
func TestRefusalsThatPass(t *testing.T) {
	for _, f := range []awsfake.Fault{{Status: 500, Code: "InternalError"}, {Status: 400, Code: "KmsDisabled"},
		{Status: 400, Code: "KMS.DisabledException"}, {Status: 403, Code: "AccessDenied"}} {
		r := newRig(t)
		r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
		sends := 0
		r.breaks(func(c awsfake.Call) *awsfake.Fault {
			if c.Action != "sqs:SendMessage" || !strings.HasSuffix(c.Resource, "-support.fifo") {
				return nil
			}
			tries := 2 // of the event, before it would be set aside
			if f.Status == 500 {
				tries *= cloud.Work.Attempts
			}
			if sends++; sends <= tries {
				return &f
			}
			return nil
		})
		r.settle()
		if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
			t.Errorf("%s: %s", f.Code, diff)
		}
	}
}

// TestForwardedTwiceIsOne_Row19: the queue took an event and its answer was lost. Within
// SQS's five minutes the repetition is none.
func TestForwardedTwiceIsOne_Row19(t *testing.T) {
	r := newRig(t)
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "sqs:SendMessage" && strings.HasSuffix(c.Resource, "-support.fifo") {
			return &awsfake.Fault{Applied: true}
		}
		return nil
	})
	r.drain()
	r.breaks(nil)
	r.settle()
	if diff := cmp.Diff([]string{"hello"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
}

// TestSweeperIsPatient: it rings for what waits after a while, and less and less often.
func TestSweeperIsPatient(t *testing.T) {
	r := newRig(t)
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	r.breaks(failing("router", "dynamodb:Query"))
	rings := 0
	for minute := range 30 {
		r.drain()
		r.callsOf("sweeper")
		if err := r.sys.Tick(t.Context(), r.function("sweeper")); err != nil {
			t.Fatal(err)
		}
		for _, action := range r.callsOf("sweeper") {
			if action == "sqs:SendMessageBatch" {
				rings++
			}
		}
		if minute == 0 && rings > 0 {
			t.Error("it rang at once")
		}
		r.clock.Advance(time.Minute)
	}
	if rings < 2 || rings > 4 { // after 90 s, 5 min, 15 min, an hour
		t.Errorf("it rang %d times in half an hour", rings)
	}
}

// TestSpillOfAStranger: what is on the spill queue and is none of ours is kept where an
// operator finds it.
func TestSpillOfAStranger(t *testing.T) {
	r := newRig(t)
	r.put(names.Spill, "g", "1", "no events")
	r.drain()
	if diff := cmp.Diff([]string{"no events"}, r.bodies(names.Spill+names.DeadSuffix)); diff != "" {
		t.Error(diff)
	}
}

// TestSameKeyAtOnce: two senders accept the same request at the same time.
func TestSameKeyAtOnce(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	inner := false
	d.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "sender" && c.Action == "dynamodb:TransactWriteItems" && !inner {
			inner = true
			// Another group, since this one is in flight.
			d.put(names.Outbound, "another-desk", "k1-again", asked(t, say(e, "k1", "hi")))
			d.sys.Poll(t.Context(), d.function("sender"), 0)
		}
		return nil
	})
	d.ask(say(e, "k1", "hi"))
	d.settle()
	if n := d.said("telegram", `"hi"`); n != 1 || !inner {
		t.Errorf("said %d times", n)
	}
	if diff := cmp.Diff([]string{"echo hi"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestSameKeyNextDay: a key is known for as long as events are.
func TestSameKeyNextDay(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	for range 3 {
		d.ask(say(e, "k1", "hi"))
		d.drain()
		d.clock.Advance(49 * time.Hour) // DynamoDB deletes what has expired within two days
		d.sweeps(1)
	}
	if n := d.said("telegram", `"hi"`); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// TestTokensAtOnce: senders that take tokens at the same time get no more than there are.
func TestTokensAtOnce(t *testing.T) {
	r := newRig(t)
	db := dynamodb.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work))
	accounts := store.NewAccounts(store.Place{DB: db, Table: names.Table(names.Local)})
	var mu sync.Mutex
	var wg sync.WaitGroup
	taken := 0
	for range 40 {
		wg.Go(func() {
			wait, err := accounts.Take(t.Context(), store.Limit{Name: "telegram/demo", Rate: 1, Burst: 5}, r.clock.Now())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if wait == 0 {
				taken++
			}
		})
	}
	wg.Wait()
	if taken != 5 {
		t.Errorf("%d tokens were taken, want 5", taken)
	}
}

// TestNoCallWithoutTime: a function that is about to end calls no platform.
func TestNoCallWithoutTime(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	short := d.function("sender")
	short.Timeout = 30 * time.Second
	d.ask(say(e, "k1", "hi"))
	if _, err := d.sys.Poll(t.Context(), short, 0); err != nil {
		t.Fatal(err)
	}
	if n := d.said("telegram", `"hi"`); n != 0 {
		t.Errorf("said %d times with half a minute left", n)
	}
	d.drain()
	if n := d.said("telegram", `"hi"`); n != 1 {
		t.Errorf("said %d times\n%s", n, d.logs)
	}
}

// TestSenderDiedInItsCall_Row28: nobody knows whether the platform took it. It is not
// said again, and told.
func TestSenderDiedInItsCall_Row28(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.diesAfter("telegram", "hi", say(e, "k1", "hi"))
	d.settle()
	if n := d.said("telegram", `"hi"`); n != 1 {
		t.Errorf("said %d times", n)
	}
	if diff := cmp.Diff([]string{"uncertain platform"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestOutcomeIsTold: the table refuses the event that tells what became of a message.
// It is told when the table takes it.
func TestOutcomeIsTold(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "sender" && c.Action == "dynamodb:PutItem" && d.said("telegram", `"hi"`) > 0 {
			return &awsfake.Fault{Status: 400, Code: "Broken"}
		}
		return nil
	})
	d.ask(say(e, "k1", "hi"))
	d.drain()
	d.breaks(nil)
	d.settle()
	if diff := cmp.Diff([]string{"echo hi"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// stale answers every read that allows it from before the last writes.
func stale(o *system.Options) { o.Weather = awsfake.Weather{Stale: 1} }

// texted are the texts with marker that Telegram took, in order.
func (d *desk) texted(marker string) (list []string) {
	for _, c := range d.taken("telegram", marker) {
		var body struct{ Text string }
		if json.Unmarshal(c.Request.Body, &body) == nil {
			list = append(list, body.Text)
		}
	}
	return list
}

// TestStaleReads: nothing of the promise reads what DynamoDB may answer with old news.
func TestStaleReads(t *testing.T) {
	d := newDesk(t, settingsFor("telegram", "line"), stale)
	one := d.writes("telegram", "Hello?")
	group := d.sample("telegram", "group_text")

	d.fail("telegram", play.Throttled)
	var want []string
	for i := range 6 { // ids are hashes of keys: no order of theirs is this one
		want = append(want, fmt.Sprint("number ", i))
		key := fmt.Sprint("k", i)
		d.put(names.Outbound, "desk", key, asked(t, say(one, key, want[i])))
	}
	d.put(names.Outbound, "desk", "other", asked(t, say(group, "other", "group")))
	d.drain()
	if n := len(d.sys.World.Calls("telegram")); n != 1 {
		t.Errorf("%d calls, and the first was told to wait", n)
	}
	d.sweeps(12)
	if diff := cmp.Diff(want, d.texted("number")); diff != "" {
		t.Error(diff)
	}

	d.received("support")
	line := d.writes("line", "Hello?")
	d.clock.Advance(2 * time.Minute)
	campaign := say(line, "bulk", "campaign")
	campaign.Priority = events.Bulk
	d.put(names.Outbound, "desk", "bulk", asked(t, campaign))
	d.put(names.Outbound, "desk", "answer", asked(t, say(line, "answer", "an answer")))
	d.drain()
	if n := d.mints(); n != 1 || d.said("line", "campaign") != 1 || d.said("line", "an answer") != 1 {
		t.Errorf("%d tokens, said %d and %d times\n%s", n, d.said("line", "campaign"),
			d.said("line", "an answer"), d.logs)
	}
}

// TestStaleReadsInApp: nor does in-app messaging.
func TestStaleReadsInApp(t *testing.T) {
	s := newShop(t)
	s.sys.SetWeather(awsfake.Weather{Stale: 1})
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	c := v.connect(t)
	c.write(`{"v":1,"action":"ping"}`)
	c.want("pong")
	s.answers(e, "k1", "Yes?")
	c.want("Yes?")
	if status, _ := v.ask("POST", "logout", nil); status != 204 {
		t.Fatalf("answered %d", status)
	}
	if status, a := v.ask("GET", "messages", nil); status != 401 {
		t.Errorf("a session that is over is answered %d %v", status, a)
	}
}

// TestInAppTicketAfterLogout: a ticket is no better than its session.
func TestInAppTicketAfterLogout(t *testing.T) {
	s := newShop(t)
	v := s.visit("laptop", "")
	ticket := v.ticket()
	if status, _ := v.ask("POST", "logout", nil); status != 204 {
		t.Fatalf("answered %d", status)
	}
	if _, status, err := s.dial(ticket, page); err == nil || status != 401 {
		t.Errorf("answered %d, %v", status, err)
	}
}
