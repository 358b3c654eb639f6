package system_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/stage/outside"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/store"
)

// deskFor is a desk with some channels.
func deskFor(t testing.TB, channels ...string) *desk {
	t.Helper()
	return newDesk(t, settingsFor(channels...))
}

func settingsFor(channels ...string) string {
	list, _ := json.Marshal(channels) // of texts
	return `{"channels":` + string(list) + `,"destinations":{"support":{}},"default":"support"}`
}

// sample posts what a channel has recorded, and returns its first event.
func (d *desk) sample(name, sample string) events.Event {
	d.t.Helper()
	d.posted(name, sample)
	return d.received("support")[0]
}

func (d *desk) posted(name, sample string) {
	d.t.Helper()
	set, err := d.sys.Samples(name)
	if err != nil {
		d.t.Fatal(err)
	}
	s, found := set.Find(sample)
	if !found {
		d.t.Fatalf("%s has no sample %s", name, sample)
	}
	r := s.Request
	r.Received = d.clock.Now()
	d.sys.World.Sign(channelNamed(d.t, name), set.Account, &r)
	if status := d.sys.Receive(d.t.Context(), r); status/100 != 2 {
		d.t.Fatalf("the webhook was answered %d", status)
	}
	d.drain()
}

// prompt has what platforms post heard at once, while the call is under way.
func (d *desk) prompt() { d.onPost = func() { d.hear() } }

// fail makes the next calls of a channel fail.
func (d *desk) fail(name string, faults ...play.Fault) {
	d.t.Helper()
	if err := d.sys.World.Fail(name, faults...); err != nil {
		d.t.Fatal(err)
	}
}

// taken are the calls that a platform took and whose body or path has marker.
func (d *desk) taken(name, marker string) []outside.Call {
	return slices.DeleteFunc(d.sys.World.Calls(name), func(c outside.Call) bool {
		return !c.Answer.OK() || !strings.Contains(c.Request.Path+string(c.Request.Body), marker)
	})
}

// act puts an action on the outbound queue.
func (d *desk) act(a events.Action) {
	d.t.Helper()
	doc, err := json.Marshal(a)
	if err != nil {
		d.t.Fatal(err)
	}
	d.askRaw(string(doc), fmt.Sprint(a.Verb, d.clock.Now().UnixNano()))
	d.drain()
}

// state is what the API says of a message.
func (d *desk) state(key string) events.State {
	d.t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/v1/messages/"+events.OutboundID(key), nil)
	req.Header.Set("Authorization", "Bearer "+d.sys.APIToken)
	status, body := d.do(req)
	var delivery events.Delivery
	if err := json.Unmarshal([]byte(body), &delivery); err != nil || status != http.StatusOK {
		d.t.Fatalf("the API says %d %s", status, body)
	}
	return delivery.State
}

// sweeps lets a minute pass at a time, with the sweeper at work.
func (d *desk) sweeps(minutes int) {
	d.t.Helper()
	for range minutes {
		d.clock.Advance(time.Minute)
		if err := d.sys.Tick(d.t.Context(), d.function("sweeper")); err != nil {
			d.t.Fatal(err)
		}
		d.drain()
	}
}

func twoParts(to events.Event, key string, hold events.State) events.Outbound {
	o := say(to, key, "first part")
	o.Content = append(o.Content, events.NewText("second part"))
	if hold != "" {
		o.Constraints = &events.Constraints{Hold: hold}
	}
	return o
}

// TestHold: a part waits until the one before has arrived, but not for ever.
func TestHold(t *testing.T) {
	for _, x := range []struct {
		name   string
		hold   events.State
		prompt bool
		waits  bool
	}{
		{"nothing is asked", "", false, false},
		{"the receipt never comes", events.Delivered, false, true},
		{"the receipt comes at once", events.Delivered, true, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			d := deskFor(t, "whatsapp")
			e := d.writes("whatsapp", "Hello?")
			if x.prompt {
				d.prompt()
			}
			d.ask(twoParts(e, "k1", x.hold))
			d.drain()
			first, second := d.taken("whatsapp", "first part"), d.taken("whatsapp", "second part")
			if len(first) != 1 || len(second) != 1 {
				t.Fatalf("said %d and %d times\n%s", len(first), len(second), d.logs)
			}
			if waited := second[0].At.Sub(first[0].At); (waited >= 8*time.Second) != x.waits || waited > time.Minute {
				t.Errorf("the second part came %v after the first", waited)
			}
		})
	}
}

// TestNotBefore: a message waits for its time, and holds up nobody.
func TestNotBefore(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	later := d.clock.Now().Add(10 * time.Minute)
	o := say(e, "k1", "a reminder")
	o.Constraints = &events.Constraints{NotBefore: later}
	d.ask(o)
	d.ask(say(e, "k2", "an answer"))
	d.drain()
	if d.said("telegram", "a reminder") != 0 || d.said("telegram", "an answer") != 1 {
		t.Errorf("the answer was said %d times, the reminder %d", d.said("telegram", "an answer"), d.said("telegram",
			"a reminder"))
	}
	d.sweeps(15)
	calls := d.taken("telegram", "a reminder")
	if len(calls) != 1 || calls[0].At.Before(later) || calls[0].At.After(later.Add(2*time.Minute)) {
		t.Errorf("the reminder was said %+v, want once after %v", calls, later)
	}
}

// TestRestartRingsForNothingEarly: what an earlier process was to do at once goes on with the next one; what waits for
// its time, or because a platform said when to come back, waits on.
func TestRestartRingsForNothingEarly(t *testing.T) {
	d := newDesk(t, settingsFor("telegram"), func(o *system.Options) { o.Dir = t.TempDir() })
	e := d.writes("telegram", "Hello?")
	soon, later := d.clock.Now().Add(time.Minute), d.clock.Now().Add(30*time.Minute)
	for key, at := range map[string]time.Time{"soon": soon, "later": later} {
		o := say(e, key, "a reminder, "+key)
		o.Constraints = &events.Constraints{NotBefore: at}
		d.ask(o)
	}
	d.drain()
	d.restarts()
	d.drain()
	if calls := d.sys.World.Calls("telegram"); len(calls) != 0 {
		t.Errorf("right after the restart the platform was asked %d times, first %s", len(calls), calls[0].Request.Body)
	}
	d.sweeps(32)
	for key, at := range map[string]time.Time{"a reminder, soon": soon, "a reminder, later": later} {
		if calls := d.taken("telegram", key); len(calls) != 1 || calls[0].At.Before(at) ||
			calls[0].At.After(at.Add(2*time.Minute)) {
			t.Errorf("%s was said %+v, want once soon after %v", key, calls, at)
		}
	}
	d.fail("telegram", play.Throttled)
	d.ask(say(e, "k2", "put off"))
	d.drain()
	d.restarts()
	d.drain()
	if calls := d.sys.World.Calls("telegram"); len(calls) != 0 {
		t.Errorf("the platform said when to come back, and was asked at once: %s", calls[0].Request.Body)
	}
	d.sweeps(10)
	if n := d.said("telegram", "put off"); n != 1 {
		t.Errorf("what was put off was said %d times", n)
	}
	d.ask(say(e, "k3", "left undone"))
	token := d.sys.APIToken
	d.restarts()
	if d.sys.APIToken != token {
		t.Error("the API's token is another one after a restart")
	}
	d.drain()
	if d.said("telegram", "left undone") != 1 {
		t.Error("what was asked before the restart waits")
	}
}

// TestNotAfter: what is stale is not said, whether it came too late or waited for
// too long.
func TestNotAfter(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	fresh := say(e, "k1", "today only")
	fresh.Constraints = &events.Constraints{NotAfter: d.clock.Now().Add(time.Minute)}
	d.fail("telegram", play.Throttled)
	d.ask(say(e, "k0", "before it"))
	d.ask(fresh)
	d.drain()
	stale := say(e, "k2", "yesterday only")
	stale.Constraints = &events.Constraints{NotAfter: d.clock.Now().Add(-time.Hour)}
	d.ask(stale)
	d.drain()
	d.sweeps(5)
	if d.said("telegram", "only") != 0 {
		t.Error("something stale was said")
	}
	if diff := cmp.Diff([]string{"rejected content", "echo before it", "expired"},
		outcomes(d.received("support"))); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestStaleAfterTheCall: the sender died with its call under way, and the message's
// time was over when another one looked. It may have been said.
func TestStaleAfterTheCall(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	o := say(e, "k1", "today only")
	o.Constraints = &events.Constraints{NotAfter: d.clock.Now().Add(30 * time.Second)}
	d.diesAfter("telegram", "today only", o)
	d.clock.Advance(time.Minute / 2) // the time is over, the lease is not
	d.directly("sender", string(store.ReplyLane(e.Subject)))
	d.settle()
	if diff := cmp.Diff([]string{"uncertain platform"}, outcomes(d.received("support"))); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestCampaignLeavesRoom: what a campaign still has to say delays no answer.
func TestCampaignLeavesRoom(t *testing.T) {
	d := deskFor(t, "custom")
	e := d.writes("custom", "Hello?")
	for i := range 60 {
		o := say(e, fmt.Sprint("bulk", i), fmt.Sprintf("campaign %02d.", i))
		o.Priority = events.Bulk
		d.ask(o)
	}
	d.sys.Poll(t.Context(), d.function("sender"), 0) // takes some, and rings for them
	d.ask(say(e, "k1", "an answer"))
	for d.said("custom", "an answer") == 0 {
		if n, err := d.sys.Poll(t.Context(), d.function("sender"), 0); n == 0 || err != nil {
			t.Fatalf("no answer: %v\n%s", err, d.logs)
		}
	}
	if n := d.said("custom", "campaign"); n != 0 {
		t.Errorf("%d campaign messages came before the answer", n)
	}
	d.settle()
	campaign := d.taken("custom", "campaign")
	rate := channelNamed(t, "custom").Rate.Account
	if took, least := campaign[len(campaign)-1].At.Sub(campaign[0].At),
		time.Duration((60/rate-1)*float64(time.Second)); len(campaign) != 60 || took < least {
		t.Errorf("%d messages in %v, want 60 in %v at the least\n%s", len(campaign), took, least, d.logs)
	}
}

// TestCampaignLeavesTokens: an answer does not wait behind a campaign that uses up
// the account's rate.
func TestCampaignLeavesTokens(t *testing.T) {
	d := deskFor(t, "custom")
	e := d.writes("custom", "Hello?")
	for i := range 40 {
		o := say(e, fmt.Sprint("bulk", i), fmt.Sprintf("campaign %02d.", i))
		o.Priority = events.Bulk
		d.ask(o)
	}
	d.drain()
	d.askRaw(asked(t, say(e, "k1", "an answer")), "k1")
	d.clock.Advance(-time.Second) // to when the last of the campaign was said
	now := d.clock.Now()
	d.drain()
	if calls := d.taken("custom", "an answer"); len(calls) != 1 || !calls[0].At.Equal(now) {
		t.Errorf("the answer was said %+v, want at %v", calls, now)
	}
}

// TestRates: what goes to one recipient and what an account says in all keeps
// within the platform's rates.
func TestRates(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	for i := range 12 {
		d.askRaw(asked(t, say(e, fmt.Sprint("k", i), fmt.Sprintf("part %02d", i))), fmt.Sprint(i))
		d.clock.Advance(-time.Second)
	}
	d.settle()
	rate := channelNamed(t, "telegram").Rate
	calls := d.taken("telegram", "part ")
	for i, c := range calls {
		if !strings.Contains(string(c.Request.Body), fmt.Sprintf("part %02d", i)) {
			t.Errorf("call %d says %s", i, c.Request.Body)
		}
		earliest := calls[0].At.Add(time.Duration(float64(i-rate.Burst+1) / rate.Pair * float64(time.Second)))
		if c.At.Before(earliest) {
			t.Errorf("call %d is %v after the first, want %v at the least", i, c.At.Sub(calls[0].At), earliest.Sub(calls[0].At))
		}
	}
	if len(calls) != 12 {
		t.Errorf("%d of 12 were said\n%s", len(calls), d.logs)
	}
}

func asked(t testing.TB, o events.Outbound) string {
	t.Helper()
	doc, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// TestRetryAfterHoldsTheAccount: a platform that says "wait" is left alone by all
// conversations of the account for as long as it said, and order is kept.
func TestRetryAfterHoldsTheAccount(t *testing.T) {
	d := deskFor(t, "telegram")
	one, group := d.writes("telegram", "Hello?"), d.sample("telegram", "group_text")
	d.fail("telegram", play.Throttled)
	d.ask(say(one, "k1", "one first"))
	d.drain()
	told := d.sys.World.Calls("telegram")[0].At
	d.ask(say(group, "k2", "group"))
	d.ask(say(one, "k3", "one second"))
	d.drain()
	if n := len(d.sys.World.Calls("telegram")); n != 1 {
		t.Errorf("%d calls while the account must wait", n-1)
	}
	d.sweeps(12)
	for _, c := range d.sys.World.Calls("telegram")[1:] {
		if c.At.Before(told.Add(7 * time.Second)) {
			t.Errorf("called again after %v, told to wait 7s", c.At.Sub(told))
		}
	}
	first, second := d.taken("telegram", "one first"), d.taken("telegram", "one second")
	if len(first) != 1 || len(second) != 1 || second[0].At.Before(first[0].At) || d.said("telegram", "group") != 1 {
		t.Errorf("said %d, %d and %d times, or out of order\n%s", len(first), len(second), d.said("telegram", "group"),
			d.logs)
	}
}

// TestPostponedKeepsItsPlace: nobody overtakes a message that waits.
func TestPostponedKeepsItsPlace(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	for i := range 3 {
		d.ask(say(e, fmt.Sprint("k", i), fmt.Sprint("part ", i)))
	}
	d.fail("telegram", slices.Repeat([]play.Fault{play.Unreachable}, 5)...)
	d.settle()
	var order []string
	for _, c := range d.taken("telegram", "part ") {
		_, rest, _ := strings.Cut(string(c.Request.Body), `"text":"`)
		order = append(order, rest[:6])
	}
	if diff := cmp.Diff([]string{"part 0", "part 1", "part 2"}, order); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestEchoOfTheUnknown: the sender dies at some moment after the platform took the
// call. Where it had not recorded that, the echo is the only word of it, and is told.
func TestEchoOfTheUnknown(t *testing.T) {
	for at := 1; at <= 8; at++ {
		d := deskFor(t, "instagram")
		d.workers = []string{"sender", "router"}
		e := d.writes("instagram", "Hello?")
		calls, died := 0, false
		d.breaks(func(c awsfake.Call) *awsfake.Fault {
			if c.Principal == "sender" && d.said("instagram", "hi") == 1 && !died {
				if calls++; calls >= at {
					return &awsfake.Fault{Status: 400, Code: "Crashed"}
				}
			}
			return nil
		})
		d.ask(say(e, "k1", "hi"))
		d.drain()
		died = true
		d.restart()
		d.settle()
		d.receipts()
		if got := outcomes(d.received("support")); !slices.Contains(got, "echo hi") || slices.Contains(got,
			"uncertain platform") != (at == 1) {
			t.Errorf("after a crash at call %d: told %v\n%s", at, got, d.logs)
		}
	}
}

// mints counts the tokens that LINE was asked for.
func (d *desk) mints() int { return len(d.taken("line", "/oauth2/v3/token")) }

// TestTokenIsRenewedOnce: a token that is refused before its end is replaced, and
// nobody is troubled.
func TestTokenIsRenewedOnce(t *testing.T) {
	d := deskFor(t, "line")
	d.warm(d.writes("line", "Hello?"))
	e := d.writes("line", "Still there?")
	before := d.mints()
	d.fail("line", play.Expired)
	d.ask(say(e, "k1", "yes"))
	d.drain()
	if minted := d.mints() - before; minted != 1 || d.said("line", "yes") != 1 {
		t.Errorf("%d tokens, said %d times; want 1 and 1", minted, d.said("line", "yes"))
	}
	if diff := cmp.Diff([]string{"echo yes"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestTokenIsMintedByOne: while one sender mints, another waits.
func TestTokenIsMintedByOne(t *testing.T) {
	d := deskFor(t, "line")
	e := d.writes("line", "Hello?")
	o := say(e, "bulk", "campaign")
	o.Priority = events.Bulk
	d.ask(o)
	d.sys.Poll(t.Context(), d.function("sender"), 0)
	inner := false
	d.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "sender" && c.Action == "dynamodb:PutItem" && d.mints() == 1 && !inner {
			inner = true
			d.sys.Poll(t.Context(), d.function("bulk"), 0)
		}
		return nil
	})
	d.ask(say(e, "k1", "an answer"))
	d.drain()
	if !inner {
		t.Fatal("no sender came in between")
	}
	if n := d.mints(); n != 1 {
		t.Errorf("%d tokens were minted, want one", n)
	}
	d.breaks(nil)
	d.settle()
	if d.said("line", "an answer") != 1 || d.said("line", "campaign") != 1 {
		t.Errorf("said %d and %d times\n%s", d.said("line", "an answer"), d.said("line", "campaign"), d.logs)
	}
}

// TestTokenOutlivesItsProcess: what one sender minted serves all, and the next.
func TestTokenOutlivesItsProcess(t *testing.T) {
	d := deskFor(t, "line")
	e := d.writes("line", "Hello?")
	d.warm(e)
	d.restart()
	d.ask(say(e, "k1", "hi"))
	d.drain()
	if n := d.mints(); n != 1 || d.said("line", `"hi"`) != 1 {
		t.Errorf("%d tokens were minted, want one; said %d times", n, d.said("line", `"hi"`))
	}
}

// TestNoTokenForAWhile: while the platform mints none, a message waits, later each
// time, and holds no sender up.
func TestNoTokenForAWhile(t *testing.T) {
	d := deskFor(t, "line")
	e := d.writes("line", "Hello?")
	d.fail("line", slices.Repeat([]play.Fault{play.Down}, 8)...)
	d.ask(say(e, "k1", "hi"))
	d.drain()
	if n := len(d.sys.World.Calls("line")); n > 5 {
		t.Errorf("%d tokens were asked for at once", n)
	}
	d.sweeps(150)
	if n := d.said("line", `"hi"`); n != 1 {
		t.Errorf("said %d times\n%s", n, d.logs)
	}
	if diff := cmp.Diff([]string{"echo hi"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestReceiptsBeforeTheAnswer: platforms say "delivered" before they answer our
// call. Viber names its own id alone, WhatsApp ours.
func TestReceiptsBeforeTheAnswer(t *testing.T) {
	for _, name := range []string{"viber", "whatsapp"} {
		t.Run(name, func(t *testing.T) {
			d := deskFor(t, name)
			e := d.writes(name, "Hello?")
			d.prompt()
			d.ask(say(e, "k1", "hi"))
			d.drain()
			if got := d.state("k1"); got != events.Read {
				t.Errorf("the API says %s, want read\n%s", got, d.logs)
			}
		})
	}
}

// TestReceiptsOnlyMoveUp: "delivered" after "read" changes nothing.
func TestReceiptsOnlyMoveUp(t *testing.T) {
	for _, name := range []string{"viber", "whatsapp"} {
		t.Run(name, func(t *testing.T) {
			d := deskFor(t, name)
			e := d.writes(name, "Hello?")
			d.ask(say(e, "k1", "hi"))
			d.drain()
			slices.Reverse(d.posts)
			d.receipts()
			if got := d.state("k1"); got != events.Read {
				t.Errorf("the API says %s, want read", got)
			}
		})
	}
}

// TestOwnEcho: what a platform echoes of our own is told once, whether the echo
// comes before the answer to our call, amid the next part's call, or later. Messenger
// gives our name back at once; the others have only their own.
func TestOwnEcho(t *testing.T) {
	for name, whens := range map[string][]string{"messenger": {"at once", "amid", "later"}, "instagram": {"amid",
		"later"}, "telegram": {"amid", "later"}} {
		for _, when := range whens {
			t.Run(name+" "+when, func(t *testing.T) {
				d := deskFor(t, name)
				var e events.Event
				if name == "telegram" { // only business accounts hear their bot
					e = d.sample(name, "business_message")
				} else {
					e = d.writes(name, "Hello?")
				}
				switch when {
				case "at once":
					d.prompt()
				case "amid":
					d.onPost = func() {
						if len(d.taken(name, "second part")) == 1 {
							d.posts = d.posts[:1]
							d.hear()
						}
					}
				}
				d.ask(twoParts(e, "k1", ""))
				d.drain()
				d.receipts()
				echoes := slices.DeleteFunc(d.received("support"),
					func(x events.Event) bool { return x.Type != events.MessageEchoed })
				if len(echoes) != 1 || echoes[0].Data.Message.IdempotencyKey != "k1" {
					t.Errorf("told %v, want our echo once\n%s", outcomes(echoes), d.logs)
				}
			})
		}
	}
}

// TestMediaThatCannotBeHad: after some hours of trying, an event says so.
func TestMediaThatCannotBeHad(t *testing.T) {
	d := deskFor(t, "telegram")
	d.fail("telegram", slices.Repeat([]play.Fault{play.Down}, 200)...)
	d.sample("telegram", "photo")
	d.drain()
	if n := len(d.received("support")); n != 0 {
		t.Errorf("%d events at once, want patience", n)
	}
	d.sweeps(4 * 60)
	list := d.received("support")
	if len(list) != 1 || list[0].Type != events.MediaFailed || list[0].Data.MediaUpdate.Error == nil {
		t.Errorf("told %v, want one media.failed\n%s", outcomes(list), d.logs)
	}
}

// TestMediaIsCopiedOnce: however often the work is rung for, and whatever is
// posted again, it is told once.
func TestMediaIsCopiedOnce(t *testing.T) {
	d := deskFor(t, "telegram")
	stored := 0
	count := func() {
		stored += len(slices.DeleteFunc(d.received("support"),
			func(x events.Event) bool { return x.Type != events.MediaStored }))
	}
	lose := true // the answer to taking the work out of its lane
	d.breaks(func(c awsfake.Call) *awsfake.Fault {
		if lose && c.Principal == "media" && c.Action == "dynamodb:DeleteItem" {
			return &awsfake.Fault{}
		}
		return nil
	})
	d.posted("telegram", "photo")
	count()
	lose = false
	d.settle()
	count()
	d.posted("telegram", "photo")
	d.settle()
	count()
	if stored != 1 {
		t.Errorf("told %d times\n%s", stored, d.logs)
	}
}

// TestActions: what is no message reaches the platform.
func TestActions(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.ask(say(e, "k1", "a mistake"))
	d.drain()
	ours := d.received("support")[0].Data.Message
	to := events.To{Conversation: e.Subject}
	theirs := &events.Ref{PlatformID: e.Data.Message.PlatformID}
	mine := &events.Ref{PlatformID: ours.PlatformID}
	d.act(events.Action{To: to, Verb: events.ActTyping, Active: true})
	d.act(events.Action{To: to, Verb: events.ActReact, Message: theirs, Emoji: "👍"})
	d.act(events.Action{To: to, Verb: events.ActEdit, Message: mine,
		Content: []events.Content{events.NewText("corrected")}})
	d.act(events.Action{To: to, Verb: events.ActDelete, Message: mine})
	var methods []string
	for _, c := range d.taken("telegram", "")[1:] {
		_, method, _ := strings.Cut(strings.TrimPrefix(c.Request.Path, "/bot"), "/")
		methods = append(methods, method)
	}
	if diff := cmp.Diff([]string{"sendChatAction", "setMessageReaction", "editMessageText", "deleteMessage"},
		methods); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
	d.fail("telegram", play.Invalid)
	d.act(events.Action{To: to, Verb: events.ActDelete, Message: mine})
	d.act(events.Action{To: to, Verb: events.ActDelete})
	if diff := cmp.Diff([]string{"rejected content", "rejected content"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestUploads: where a platform wants a file before the message, it gets it, and
// again when the message is tried again.
func TestUploads(t *testing.T) {
	d := deskFor(t, "wechat")
	e := d.writes("wechat", "Hello?")
	d.ask(events.Outbound{IdempotencyKey: "k1", To: events.To{Conversation: e.Subject},
		Content: []events.Content{{Kind: events.KindMedia, Media: &events.Media{Type: events.Image,
			URL: "https://media.example.com/kettle.png", MIME: "image/png"}}}})
	d.drain()
	var paths []string
	for _, c := range d.taken("wechat", "") {
		paths = append(paths, c.Request.Path)
	}
	if diff := cmp.Diff([]string{"/cgi-bin/stable_token", "/cgi-bin/media/upload", "/cgi-bin/message/custom/send"},
		paths); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
	if got := outcomes(d.received("support")); len(got) != 1 || !strings.HasPrefix(got[0], "echo") {
		t.Errorf("told %v", got)
	}
}

// TestWindowOfFive: WeChat allows five answers to a message. A refusal by rate is
// none of them; the customer's next message allows five more.
func TestWindowOfFive(t *testing.T) {
	d := deskFor(t, "wechat")
	e := d.writes("wechat", "Hello?")
	for i := range 6 {
		d.ask(say(e, fmt.Sprint("k", i), fmt.Sprint("answer ", i)))
		d.drain()
		if i == 0 {
			d.fail("wechat", play.Unreachable, play.Unreachable)
		}
	}
	if n := d.said("wechat", "answer"); n != 5 {
		t.Errorf("%d answers, want 5\n%s", n, d.logs)
	}
	got := outcomes(d.received("support"))
	want := []string{"echo answer 0", "echo answer 1", "echo answer 2", "echo answer 3", "echo answer 4", "failed window"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	d.writes("wechat", "And?")
	d.ask(say(e, "k6", "one more"))
	d.drain()
	if d.said("wechat", "one more") != 1 {
		t.Error("a new message of the customer opened no new window")
	}
}

// TestHandleIsUsedOnce: LINE's reply token serves one call, and its time is short.
func TestHandleIsUsedOnce(t *testing.T) {
	d := deskFor(t, "line")
	e := d.writes("line", "Hello?")
	d.ask(say(e, "k1", "answer one"))
	d.ask(say(e, "k2", "answer two"))
	d.drain()
	d.received("support")
	o := say(d.writes("line", "More?"), "k3", "campaign")
	o.Priority = events.Bulk
	d.ask(o)
	d.drain()
	d.received("support")
	d.writes("line", "Hello again?")
	d.clock.Advance(5 * time.Minute)
	d.ask(say(e, "k4", "answer late"))
	d.drain()
	for text, path := range map[string]string{"answer one": "/v2/bot/message/reply", "answer two": "/v2/bot/message/push",
		"campaign": "/v2/bot/message/push", "answer late": "/v2/bot/message/push"} {
		if calls := d.taken("line", text); len(calls) != 1 || calls[0].Request.Path != path {
			t.Errorf("%q took %+v, want %s", text, calls, path)
		}
	}
}

// TestStaleHandle: a reply token that LINE does not take any more costs nothing but
// a push.
func TestStaleHandle(t *testing.T) {
	d := deskFor(t, "line")
	d.warm(d.writes("line", "Hello?"))
	e := d.writes("line", "Still there?")
	d.fail("line", play.Closed)
	d.ask(say(e, "k1", "answer"))
	d.drain()
	calls := d.taken("line", "answer")
	if len(calls) != 1 || calls[0].Request.Path != "/v2/bot/message/push" {
		t.Errorf("took %+v, want a push\n%s", calls, d.logs)
	}
}

// diesAfter lets the sender die when the platform has taken a call with text, and
// comes back without what it knew.
func (d *desk) diesAfter(name, text string, o events.Outbound) {
	d.t.Helper()
	d.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Principal == "sender" && d.said(name, text) == 1 {
			return &awsfake.Fault{Status: 400, Code: "Crashed"}
		}
		return nil
	})
	d.ask(o)
	d.drain()
	d.breaks(nil)
	d.restart()
}

// TestReplyOfUnknownOutcome: a reply has no key by which LINE would know it again.
func TestReplyOfUnknownOutcome(t *testing.T) {
	d := deskFor(t, "line")
	d.diesAfter("line", `"hi"`, say(d.writes("line", "Hello?"), "k1", "hi"))
	d.settle()
	if n := d.said("line", `"hi"`); n != 1 {
		t.Errorf("said %d times", n)
	}
	if diff := cmp.Diff([]string{"uncertain platform"}, outcomes(d.received("support"))); diff != "" {
		t.Error(diff)
	}
}

// TestAccountTakenAway while its call was under way: the message may have been said.
func TestAccountTakenAway(t *testing.T) {
	d := deskFor(t, "telegram")
	d.diesAfter("telegram", `"hi"`, say(d.writes("telegram", "Hello?"), "k1", "hi"))
	c := secretsmanager.NewFromConfig(d.sys.ConfigOf(system.Admin, cloud.Work))
	if _, err := c.DeleteSecret(t.Context(),
		&secretsmanager.DeleteSecretInput{SecretId: aws.String(names.SecretPrefix(names.Local, "telegram") + "demo"),
			ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	d.settle()
	if diff := cmp.Diff([]string{"uncertain auth"}, outcomes(d.received("support"))); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestOvertakenChoice: numbers belong to the newest message.
func TestOvertakenChoice(t *testing.T) {
	d := deskFor(t, "whatsapp")
	e := d.writes("whatsapp", "Hello?")
	choice := &events.Choice{Text: "Which colour?"}
	for i := range 14 {
		choice.Options = append(choice.Options, events.Option{ID: fmt.Sprint("c", i+1), Label: fmt.Sprint("Colour ", i+1)})
	}
	d.ask(events.Outbound{IdempotencyKey: "k1", To: events.To{Conversation: e.Subject},
		Content: []events.Content{{Kind: events.KindChoice, Choice: choice}}})
	d.ask(say(e, "k2", "How many would you like?"))
	d.drain()
	d.received("support")
	if answer := d.writes("whatsapp", "2"); len(answer.Data.Message.Content) != 1 {
		t.Errorf("a number of pieces became %+v", answer.Data.Message.Content[1].Interaction)
	}
}

// TestWindowIsCheckedAtTheCall: a message that waited for too long is not sent.
func TestWindowIsCheckedAtTheCall(t *testing.T) {
	d := deskFor(t, "whatsapp")
	e := d.writes("whatsapp", "Hello?")
	d.clock.Advance(24*time.Hour - time.Minute)
	d.fail("whatsapp", play.Unreachable, play.Unreachable, play.Unreachable, play.Unreachable)
	d.ask(say(e, "k1", "just in time"))
	d.drain()
	calls := len(d.sys.World.Calls("whatsapp"))
	d.sweeps(5)
	list := d.received("support")
	if got := outcomes(list); len(got) != 1 || got[0] != "failed window" || len(d.sys.World.Calls("whatsapp")) != calls {
		t.Fatalf("told %v; %d calls after the window had closed", got, len(d.sys.World.Calls("whatsapp"))-calls)
	}
	if remedy := list[0].Data.Status.Error.Remedy; !strings.Contains(remedy, "template") {
		t.Errorf("remedy %q", remedy)
	}
}

// TestOptedOut: whoever has blocked the account is not written to, also when the
// message was accepted before.
func TestOptedOut(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.fail("telegram", play.Throttled)
	d.ask(say(e, "k1", "hi"))
	d.drain()
	d.sample("telegram", "blocked")
	d.sweeps(5)
	if got := outcomes(d.received("support")); len(got) != 1 || got[0] != "failed consent" || d.said("telegram",
		"hi") != 0 {
		t.Errorf("told %v, said %d times", got, d.said("telegram", "hi"))
	}
}

// TestGivingUp: a platform that answers no call for a day. Where it may have taken
// one of them, nobody is told that it failed.
func TestGivingUp(t *testing.T) {
	for _, x := range []struct {
		fault play.Fault
		want  string
	}{
		{play.Unreachable, "failed platform"},
		{play.Lost, "uncertain platform"},
	} {
		t.Run(string(x.fault), func(t *testing.T) {
			d := deskFor(t, "line")
			e := d.writes("line", "Hello?")
			d.warm(e)
			d.fail("line", slices.Repeat([]play.Fault{x.fault}, 200)...)
			d.ask(say(e, "k1", "hi"))
			for range 26 {
				d.sweeps(1)
				d.clock.Advance(time.Hour)
			}
			if diff := cmp.Diff([]string{x.want}, outcomes(d.received("support"))); diff != "" {
				t.Errorf("%s\n%s", diff, d.logs)
			}
		})
	}
}

// TestRefusedAfterUnknown: the first try may have been taken; that the second was
// refused says nothing of it.
func TestRefusedAfterUnknown(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	d.fail("telegram", play.Lost, play.Invalid)
	o := say(e, "k1", "hi")
	o.Policy = events.AtLeastOnce
	d.ask(o)
	d.settle()
	if diff := cmp.Diff([]string{"uncertain content"}, outcomes(d.received("support"))); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestDoubtEndsWithItsCall: the first part was tried twice, and nobody knows of the
// first try; what became of the second part is known all the same.
func TestDoubtEndsWithItsCall(t *testing.T) {
	d := deskFor(t, "whatsapp")
	e := d.writes("whatsapp", "Hello?")
	d.fail("whatsapp", play.Lost)
	second := sync.OnceFunc(func() { d.fail("whatsapp", play.Invalid) })
	d.onPost = func() {
		d.posts = nil // no receipt ever comes
		if len(d.taken("whatsapp", "first part")) == 2 {
			second()
		}
	}
	o := twoParts(e, "k1", "")
	o.Policy = events.AtLeastOnce
	d.ask(o)
	d.settle()
	if diff := cmp.Diff([]string{"failed content"}, outcomes(d.received("support"))); diff != "" {
		t.Errorf("%s\n%s", diff, d.logs)
	}
}

// TestHealthIsTold: that an account needs its operator is said also when the
// sender dies at the worst moment.
func TestHealthIsTold(t *testing.T) {
	for at := 1; at <= 40; at++ {
		d := deskFor(t, "telegram")
		d.workers = []string{"sender", "router"}
		e := d.writes("telegram", "Hello?")
		d.fail("telegram", play.Expired, play.Expired)
		d.ask(say(e, "k1", "hi"))
		p := &plan{strikes: []strike{{at, fault{name: "crash after the call", crash: true, applied: true}}}}
		d.breaks(p.intercept)
		d.settleWith(p)
		got := strings.Join(outcomes(d.received("support")), ", ")
		if d.said("telegram", `"hi"`) == 1 && !strings.Contains(got, "health failing") {
			t.Errorf("after a crash at call %d: told %q", at, got)
		}
		if strings.Contains(got, "health failing") && !strings.Contains(got, "health ok") && d.said("telegram",
			`"hi"`) == 1 {
			t.Errorf("after a crash at call %d, nobody was told that all is well again: %q", at, got)
		}
		if p.calls < at {
			return
		}
	}
}

// TestTwoSenders: at any moment of one sender's work, a second one looks into the
// lane. One of them makes the call, and leaves no doubt. Here they are one instance,
// whose secrets nobody else can read while it reads them.
func TestTwoSenders(t *testing.T) {
	for at := 1; ; at++ {
		d := deskFor(t, "telegram")
		e := d.writes("telegram", "Hello?")
		calls := 0
		d.breaks(func(c awsfake.Call) *awsfake.Fault {
			if c.Principal != "sender" || c.Action == "sqs:ReceiveMessage" || strings.HasPrefix(c.Action, "secretsmanager:") {
				return nil
			}
			if calls++; calls == at {
				d.directly("sender", string(store.ReplyLane(e.Subject)))
			}
			return nil
		})
		d.ask(say(e, "k1", "hi"))
		d.settle()
		got := outcomes(d.received("support"))
		if d.said("telegram", `"hi"`) != 1 || len(got) != 1 || got[0] != "echo hi" {
			t.Errorf("a second sender at call %d: said %d times, told %v\n%s", at, d.said("telegram", `"hi"`), got, d.logs)
		}
		if calls < at || t.Failed() {
			return
		}
	}
}
