package system_test

import (
	"fmt"
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
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

func TestMessageReachesItsDestinations(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	if got := r.post(message{"15550100099", "wamid.1", "order 42, please 🎉", at}); got != 200 {
		t.Fatalf("status %d, want 200", got)
	}
	r.drain()
	shop, support := r.received("shop"), r.received("support")
	if len(shop) != 1 || len(support) != 1 {
		t.Fatalf("shop received %d and support %d events, want 1 and 1", len(shop), len(support))
	}
	e, held := shop[0], support[0]
	if !e.Standby || held.Standby || held.Holder != "support" {
		t.Errorf("standby %v for who looks on, %v for the holder, which is %q", e.Standby, held.Standby, held.Holder)
	}
	held.Standby = e.Standby
	if diff := cmp.Diff(e, held); diff != "" {
		t.Errorf("destinations received different events:\n%s", diff)
	}
	if text(e) != "order 42, please 🎉" || e.Sequence != events.FormatSequence(1) || e.Ruleset == "" || e.Late {
		t.Errorf("text %q, sequence %q, ruleset %q, late %v", text(e), e.Sequence, e.Ruleset, e.Late)
	}
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
}

// TestCalls counts AWS calls: they are the bill, the latency and most of the CPU.
func TestCalls(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	r.post(message{"1", "wamid.warm", "reads the secret", at})
	r.drain()
	r.callsOf("whatsapp")
	check := func(what string, want ...string) {
		t.Helper()
		if got := r.callsOf("whatsapp"); !slices.Equal(got, want) {
			t.Errorf("%s: calls %v, want %v", what, got, want)
		}
	}
	put, ring := "dynamodb:PutItem", "sqs:SendMessageBatch"
	m := message{"1", "wamid.1", "hello", at}
	r.post(m)
	check("new message", put, ring)
	r.post(m)
	check("duplicate of a pending message", put, ring)
	r.drain()
	r.callsOf("whatsapp")
	r.post(m)
	check("duplicate of a routed message", put)
	forged := r.signed(body(m))
	forged.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	r.do(forged)
	check("bad signature")
	r.do(httptest.NewRequest("GET", "/webhooks/whatsapp/demo?hub.mode=subscribe&hub.challenge=42&hub.verify_token=wrong",
		nil))
	check("handshake")
	var batch []message
	for i := range 25 {
		batch = append(batch, message{fmt.Sprint(100 + i), fmt.Sprintf("wamid.b%d", i), "hi", at})
	}
	r.post(batch...)
	if got := r.callsOf("whatsapp"); len(got) != 25+3 {
		t.Errorf("25 messages: %d calls %v, want 25 puts and 3 batches of rings", len(got), got)
	}
}

// TestItemFitsOneWriteUnit keeps a typical text message at one unit for the item
// and one for each of its two indexes.
func TestItemFitsOneWriteUnit(t *testing.T) {
	r := newRig(t)
	var units float64
	r.post(message{"1", "wamid.warm", "reads the secret", r.clock.Now()})
	typical := `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783881","phone_number_id":"106540352242922"},"contacts":[{"profile":{"name":"Sheena Nélson"},"user_id":"US.13491208655302741918","wa_id":"16505551234"}],"messages":[{"from":"16505551234","from_user_id":"US.13491208655302741918","id":"wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTdCNTVGNEE4QjM1RUM4F00BA5","timestamp":"1785600000","text":{"body":"thanks for the quick reply, could you please check why order 48213 has not left the warehouse yet? I paid on Tuesday 🙂 My name is on the receipt, and the delivery address is the same as last month; a call after five is fine."},"type":"text","context":{"from":"15550783881","id":"wamid.HBgLMTY1MDU1NTEyMzQVAgARGBI4QzA2F00BA5"}}]},"field":"messages"}]}]}`
	if status, answer := r.do(r.signed([]byte(typical))); status != 200 {
		t.Fatalf("status %d: %s", status, answer)
	}
	for _, c := range r.calls {
		if c.Action == "dynamodb:PutItem" {
			units = c.Units
		}
	}
	if units != 3 {
		t.Errorf("the put of a %d-byte webhook took %v write units, want 3: one for the item, one for each index",
			len(typical), units)
	}
}

func TestSameWebhookThreeTimesIsOneEvent(t *testing.T) {
	r := newRig(t)
	m := message{"1", "wamid.1", "once", r.clock.Now()}
	for range 2 {
		r.post(m)
	}
	r.drain()
	r.clock.Advance(7 * 24 * time.Hour) // the longest platform retry
	if got := r.post(m); got != 200 {
		t.Fatalf("late retry answered %d, want 200", got)
	}
	r.settle()
	if got := r.texts("support"); len(got) != 1 {
		t.Errorf("support received %v, want one event", got)
	}
}

// TestFiftyAtOnce posts fifty webhooks of one conversation concurrently while
// the workers run.
func TestFiftyAtOnce(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if got := r.post(message{"1", fmt.Sprintf("wamid.%d", i), fmt.Sprint(i),
				r.clock.Now().Add(time.Duration(i) * time.Second)}); got != 200 {
				t.Errorf("webhook %d answered %d", i, got)
			}
		})
		if i%10 == 0 {
			wg.Go(r.drain)
		}
	}
	wg.Wait()
	r.settle()
	got := r.received("support")
	if len(got) != 50 {
		t.Fatalf("received %d events, want 50", len(got))
	}
	newest := time.Time{}
	for i, e := range got {
		if want := events.FormatSequence(uint64(i + 1)); e.Sequence != want {
			t.Errorf("event %d has sequence %s, want %s", i, e.Sequence, want)
		}
		if older := e.Time.Before(newest); older != e.Late {
			t.Errorf("event %d: late is %v, but older than one before it is %v", i, e.Late, older)
		}
		if e.Time.After(newest) {
			newest = e.Time
		}
	}
}

// TestPendingTogetherFollowTheChannel sorts what waits together by the channel's time.
func TestPendingTogetherFollowTheChannel(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	for _, n := range []int{3, 1, 2} {
		r.post(message{"1", fmt.Sprintf("wamid.%d", n), fmt.Sprint(n), at.Add(time.Duration(n) * time.Second)})
	}
	r.drain()
	r.post(message{"1", "wamid.0", "0", at})
	r.drain()
	got := r.received("support")
	var list []string
	for _, e := range got {
		list = append(list, fmt.Sprintf("%s late=%v", text(e), e.Late))
	}
	if diff := cmp.Diff([]string{"1 late=false", "2 late=false", "3 late=false", "0 late=true"}, list); diff != "" {
		t.Error(diff)
	}
}

// TestDestinationsAreBulkheads breaks one destination: the other goes on, and
// the broken one's backlog comes in order when it is mended.
func TestDestinationsAreBulkheads(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if strings.HasSuffix(c.Resource, "relais-shop.fifo") {
			return &awsfake.Fault{Status: 403, Code: "KMS.AccessDeniedException"}
		}
		return nil
	})
	for i := range 3 {
		r.post(message{"1", fmt.Sprintf("wamid.%d", i), fmt.Sprintf("order %d", i), at.Add(time.Duration(i) * time.Second)})
		r.drain()
	}
	if got := r.texts("support"); len(got) != 3 {
		t.Fatalf("support received %v while shop was broken, want all three", got)
	}
	r.breaks(nil)
	r.settle()
	if diff := cmp.Diff([]string{"order 0", "order 1", "order 2"}, r.texts("shop")); diff != "" {
		t.Errorf("shop's backlog: %s", diff)
	}
	if got := r.texts("support"); len(got) != 0 {
		t.Errorf("support received %v again", got)
	}
}

// TestTableDown keeps accepting while DynamoDB refuses, through the spill queue.
func TestTableDown(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	down := func(service string) func(awsfake.Call) *awsfake.Fault {
		return func(c awsfake.Call) *awsfake.Fault {
			if strings.HasPrefix(c.Action, service) {
				return &awsfake.Fault{Status: 500, Code: "InternalServerError"}
			}
			return nil
		}
	}
	r.post(message{"1", "wamid.0", "before", at})
	r.drain()
	r.breaks(down("dynamodb:"))
	if got := r.post(message{"1", "wamid.1", "during", at}, message{"2", "wamid.2", "during", at}); got != 200 {
		t.Fatalf("with the table down: %d, want 200 through the spill queue", got)
	}
	r.drain()
	r.breaks(down(""))
	if got := r.post(message{"1", "wamid.3", "refused", at}); got != 503 {
		t.Fatalf("with everything down: %d, want 503", got)
	}
	r.breaks(nil)
	r.settle()
	if diff := cmp.Diff([]string{"before", "during", "during"}, r.texts("support")); diff != "" {
		t.Error(diff)
	}
	r.post(message{"1", "wamid.3", "refused", at})
	r.drain()
	if diff := cmp.Diff([]string{"refused"}, r.texts("support")); diff != "" {
		t.Errorf("the platform's retry: %s", diff)
	}
}

// TestLargeBatch answers a webhook of a thousand messages with a handful of
// calls, and delivers each.
func TestLargeBatch(t *testing.T) {
	r := newRig(t)
	r.post(message{"1", "wamid.warm", "warm", r.clock.Now()})
	r.settle()
	r.received("support")
	r.callsOf("whatsapp")
	var batch []message
	for i := range 1000 {
		batch = append(batch, message{fmt.Sprint(i % 100), fmt.Sprintf("wamid.%d", i), fmt.Sprint(i), r.clock.Now()})
	}
	if got := r.post(batch...); got != 200 {
		t.Fatalf("status %d, want 200", got)
	}
	if calls := r.callsOf("whatsapp"); len(calls) > 3 {
		t.Errorf("%d calls, want at most 3", len(calls))
	}
	r.settle()
	if got := r.received("support"); len(got) != 1000 {
		t.Errorf("received %d events, want 1000", len(got))
	}
}

// TestTooManyEvents sets a webhook aside that claims more than a platform sends.
func TestTooManyEvents(t *testing.T) {
	r := newRig(t)
	var batch []message
	for i := range 2001 {
		batch = append(batch, message{"1", fmt.Sprintf("wamid.%d", i), "x", r.clock.Now()})
	}
	if got := r.post(batch...); got != 200 {
		t.Fatalf("status %d, want 200", got)
	}
	r.drain()
	if got := r.received("support"); len(got) != 1 || got[0].Type != events.IngestQuarantined {
		t.Errorf("received %d events, want one quarantine event", len(got))
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	good := body(message{"1", "wamid.1", "hi", r.clock.Now()})
	forged := r.signed(good)
	forged.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
	forgedAgain := forged.Clone(t.Context())
	unknown := r.signed(good)
	unknown.URL.Path = "/webhooks/whatsapp/nobody"
	method := httptest.NewRequest("PUT", "/webhooks/whatsapp/demo", nil)
	large := r.signed(append(good[:len(good):len(good)], []byte(strings.Repeat(" ", 4<<20))...))
	for _, x := range []struct {
		name string
		do   func() (int, string)
		want int
	}{
		{"wrong signature", func() (int, string) { return r.do(forged) }, 401},
		{"unknown account", func() (int, string) { return r.do(unknown) }, 404},
		{"wrong method", func() (int, string) { return r.do(method) }, 405},
		{"too large", func() (int, string) { return r.do(large) }, 413},
	} {
		got, answer := x.do()
		if got != x.want {
			t.Errorf("%s: %d %s, want %d", x.name, got, answer, x.want)
		}
		if x.name == "unknown account" {
			_, refused := r.do(forgedAgain)
			if answer != refused {
				t.Errorf("unknown account answers %q, a wrong signature %q: they must not differ", answer, refused)
			}
		}
	}
	r.settle()
	if got := r.received("support"); len(got) != 0 {
		t.Errorf("refused requests were delivered: %v", got)
	}
}

// TestUnparseableGoesToQuarantine accepts a signed body that is not what the
// platform documents, keeps it, and tells.
func TestUnparseableGoesToQuarantine(t *testing.T) {
	r := newRig(t)
	for range 2 {
		if got, _ := r.do(r.signed([]byte(`{"object":`))); got != 200 {
			t.Fatalf("status %d, want 200", got)
		}
	}
	r.drain()
	got := r.received("support")
	if len(got) != 1 || got[0].Type != events.IngestQuarantined || got[0].Data.Quarantine.Reason != "parse" {
		t.Fatalf("received %+v, want one quarantine event", got)
	}
	if !strings.Contains(r.logs.String(), `"quarantined"`) {
		t.Error("no quarantined metric was written")
	}
}

// TestHandshakeAfterRotation lets an operator change the token here and in the
// platform's console without waiting for a cache.
func TestHandshakeAfterRotation(t *testing.T) {
	r := newRig(t)
	ask := func(token string) int {
		status, _ := r.do(httptest.NewRequest("GET",
			"/webhooks/whatsapp/demo?hub.mode=subscribe&hub.challenge=42&hub.verify_token="+token, nil))
		return status
	}
	if got := ask(r.account.Value("verify_token")); got != 200 {
		t.Fatalf("handshake answered %d, want 200", got)
	}
	admin := secretsmanager.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work))
	if _, err := admin.PutSecretValue(t.Context(),
		&secretsmanager.PutSecretValueInput{SecretId: aws.String("relais/local/whatsapp/demo"),
			SecretString: aws.String(`{"app_secret":"new","verify_token":"brand-new"}`)}); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(time.Minute)
	if got := ask("brand-new"); got != 200 {
		t.Errorf("handshake with the new token answered %d, want 200", got)
	}
	if got := ask("wrong"); got != 403 {
		t.Errorf("handshake with a wrong token answered %d, want 403", got)
	}
}

// TestPathsAreTakenAsTheyAre redirects nobody, as API Gateway does not.
func TestPathsAreTakenAsTheyAre(t *testing.T) {
	r := newRig(t)
	for _, path := range []string{"//webhooks/whatsapp/demo", "/webhooks/whatsapp//demo", "/webhooks/./whatsapp/demo",
		"/webhooks/whatsapp/", "/webhooks/whatsapp", "/webhooks/whatsapp/demo/", "/WEBHOOKS/whatsapp/demo"} {
		req := r.signed(body(message{"1", "wamid.1", "hi", r.clock.Now()}))
		req.URL.Path = path
		if got, _ := r.do(req); got != 404 {
			t.Errorf("%s answered %d, want 404", path, got)
		}
	}
}

// TestUnfinishedNeverExpires gives an event its time to live only with its last
// delivery: a destination may be broken for longer than events are kept.
func TestUnfinishedNeverExpires(t *testing.T) {
	r := newRig(t)
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if strings.HasSuffix(c.Resource, "relais-support.fifo") {
			return &awsfake.Fault{Status: 403, Code: "KMS.AccessDeniedException"}
		}
		return nil
	})
	r.post(message{"1", "wamid.1", "patience", r.clock.Now()})
	r.drain()
	r.clock.Advance(400 * 24 * time.Hour)
	r.post(message{"2", "wamid.2", "makes the table look for what expired", r.clock.Now()})
	r.breaks(nil)
	r.settle()
	if got := r.texts("support"); !slices.Contains(got, "patience") {
		t.Errorf("support received %q, want what waited for it", got)
	}
}

// TestTooLargeForAQueue lets the conversation go on behind an event that no
// queue would take, and tells of it in its place.
func TestTooLargeForAQueue(t *testing.T) {
	r := newRig(t)
	at := r.clock.Now()
	r.post(message{"1", "wamid.1", strings.Repeat("much ", 1<<18), at})
	r.post(message{"1", "wamid.2", "after it", at.Add(time.Second)})
	r.settle()
	got := r.received("support")
	if len(got) != 2 || got[0].Type != events.IngestQuarantined || got[0].Data.Quarantine.Reason != "oversize" ||
		text(got[1]) != "after it" {
		t.Fatalf("received %d events, want a quarantine event for reason oversize and the message after it", len(got))
	}
	for i, e := range got {
		if want := events.FormatSequence(uint64(i + 1)); e.Sequence != want {
			t.Errorf("event %d has sequence %s, want %s", i, e.Sequence, want)
		}
		if err := e.Validate(); err != nil {
			t.Error(err)
		}
	}
}
