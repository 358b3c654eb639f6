package system_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

var update = flag.Bool("update", false, "rewrite the tables of infra/README.md")

// List prices in USD per million units, us-east-1, without a free tier, as of
// November 2026: DynamoDB on demand per 1 KB write unit and 4 KB read unit (half
// for an eventually consistent one), SQS FIFO per request of 64 KB, Lambda on
// arm64, HTTP API per request of 512 KB.
//
//	https://aws.amazon.com/dynamodb/pricing/on-demand/
//	https://aws.amazon.com/sqs/pricing/
//	https://aws.amazon.com/lambda/pricing/
//	https://aws.amazon.com/api-gateway/pricing/
const (
	priceWrite   = 0.625
	priceRead    = 0.125
	priceQueue   = 0.50
	priceInvoke  = 0.20
	priceGBs     = 13.33
	priceGateway = 1.00
)

// duration is what an invocation is assumed to bill. It and callDuration are the
// numbers here that only AWS can measure; it moves the sum by cents.
const duration = 15 * time.Millisecond

// callDuration is what an invocation is assumed to bill that waits for a platform.
const callDuration = 300 * time.Millisecond

// A cost is one line of the table: what one message needs of something, on average.
type cost struct {
	who, what    string
	calls, units float64
	price        float64 // USD per million units
}

func (c cost) usd() float64 { return c.units * c.price }

// priceOf is what a unit of an AWS call costs.
func priceOf(t *testing.T, action string) float64 {
	t.Helper()
	switch action {
	case "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:TransactWriteItems":
		return priceWrite
	case "dynamodb:Query", "dynamodb:GetItem", "dynamodb:BatchGetItem":
		return priceRead
	}
	if !strings.HasPrefix(action, "sqs:") {
		t.Fatalf("a message needs %s, which has no price here", action)
	}
	return priceQueue
}

// take are the calls since the last time.
func (r *rig) take() []awsfake.Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	calls := r.calls
	r.calls = nil
	return calls
}

// travel sends n text messages of n conversations through to their destination
// and returns what one of them costs. Functions are warm, conversations known,
// and the router gets all n rings in one batch.
func travel(t *testing.T, n int) []cost {
	t.Helper()
	r := newRig(t)
	r.send(n, "A")
	r.clock.Advance(time.Minute)
	calls := r.send(n, "B")
	batches := 1 / float64(n)
	list := []cost{
		{"HTTP API", "request", 1, 1, priceGateway},
		{"webhook", "invocation", 1, 1, priceInvoke}, r.bills("webhook", "whatsapp", duration)}
	list = append(list, perMessage(t, calls, "whatsapp", "webhook", n)...)
	list = append(list, cost{"router", "invocation", batches, batches, priceInvoke}, r.bills("router", "router",
		duration))
	return append(list, perMessage(t, calls, "router", "router", n)...)
}

// send takes one message of each of n conversations to the destination and
// returns the functions' calls.
func (r *rig) send(n int, tag string) []awsfake.Call {
	r.t.Helper()
	r.take()
	for i := range n {
		m := message{fmt.Sprintf("1650555%04d", i),
			fmt.Sprintf("wamid.HBgLMTY1MDU1NTEyMzQVAgASGBQzQTdCNTVGNEE4QjM1RUM4%s%02d", tag, i),
			"thanks for the quick reply, could you please check why my parcel has not left the warehouse yet? I paid on Tuesday.", r.clock.Now()}
		if status := r.post(m); status != 200 {
			r.t.Fatalf("message %d: status %d", i, status)
		}
	}
	if got, err := r.sys.Poll(r.t.Context(), r.function("router"), 0); err != nil || got != n {
		r.t.Fatalf("the router took %d rings, want %d: %v", got, n, err)
	}
	calls := r.take()
	if got := len(r.received("support")); got != n {
		r.t.Fatalf("support received %d messages, want %d", got, n)
	}
	return calls
}

// bills is what an invocation of some duration bills in GB-seconds.
func (r *rig) bills(who, function string, d time.Duration) cost {
	memory := r.function(function).Memory
	return cost{who, fmt.Sprintf("%d MB for %v", memory, d), 0, float64(memory) / 1024 * d.Seconds(), priceGBs}
}

// answer says one text through the API to a customer of LINE, whose platform drops
// what it has seen, and returns what that costs until the team has read the echo.
// Functions are warm, and the token is minted.
func answer(t *testing.T) []cost {
	t.Helper()
	d := newDesk(t, deskConfig)
	e := d.writes("line", "Hello?")
	d.warm(e)
	if status := d.asks(e, "k0", "One moment, please."); status != 202 {
		t.Fatalf("the API answered %d", status)
	}
	d.drain()
	d.received("support")
	d.take()
	if status := d.asks(e, "k1",
		"Good morning! Your parcel left the warehouse today and should reach you on Thursday, before noon."); status != 202 {
		t.Fatalf("the API answered %d", status)
	}
	d.work("sender", "router")
	calls := d.take()
	if got := outcomes(d.received("support")); len(got) != 1 || d.said("line", "Good morning") != 1 {
		t.Fatalf("said %d times, and told %v", d.said("line", "Good morning"), got)
	}
	list := []cost{{"HTTP API", "request", 1, 1, priceGateway}}
	for _, part := range []struct {
		name string
		busy time.Duration
	}{{"api", duration}, {"sender", callDuration}, {"router", duration}} {
		list = append(list, cost{part.name, "invocation", 1, 1, priceInvoke}, d.bills(part.name, part.name, part.busy))
		list = append(list, perMessage(t, calls, part.name, part.name, 1)...)
	}
	return list
}

// exchange lets a visitor write on a WebSocket and somebody answer through the queue,
// and returns what that costs until the visitor has seen the answer. Functions are
// warm, and one device is connected.
func exchange(t *testing.T) []cost {
	t.Helper()
	s := newShop(t)
	v := s.visit("laptop", "")
	e := v.says("Hello?")
	l := v.connect(t)
	s.answers(e, "k0", "One moment, please.")
	l.write(frame("x0", "Hello again"))
	l.want("One moment, please.", "ack")
	s.drain()
	l.want("> Hello again")
	s.clock.Advance(time.Minute)
	s.take()
	l.write(frame("x1", "could you please check why my parcel has not left the warehouse yet? I paid on Tuesday."))
	const acked, shown, answered = "ack",
		"> could you please check why my parcel has not left the warehouse yet? I paid on Tuesday.",
		"Your parcel left the warehouse today."
	l.want(acked)
	s.work("router", "pusher")
	l.want(shown)
	s.ask(say(e, "k1", answered))
	s.work("sender", "router", "pusher")
	l.want(answered)
	calls, frames := s.take(), 4.0 // one written, three read
	list := []cost{{"WebSocket API", "messages", frames, frames, priceGateway}}
	for _, part := range []struct {
		name string
		n    float64
	}{{"socket", 1}, {"router", 2}, {"pusher", 2}, {"sender", 1}} {
		busy := s.bills(part.name, part.name, duration)
		busy.units *= part.n
		list = append(list, cost{part.name, "invocation", part.n, part.n, priceInvoke}, busy)
		list = append(list, perMessage(t, calls, part.name, part.name, 1)...)
	}
	return list
}

// work lets each worker take the one message that waits for it.
func (r *rig) work(workers ...string) {
	r.t.Helper()
	for _, worker := range workers {
		if n, err := r.sys.Poll(r.t.Context(), r.function(worker), 0); err != nil || n != 1 {
			r.t.Fatalf("%s took %d messages, want 1: %v", worker, n, err)
		}
	}
}

// asks asks the API to answer a customer, and returns its status.
func (d *desk) asks(e events.Event, key, text string) int {
	d.t.Helper()
	body, err := json.Marshal(map[string]any{"content": []events.Content{events.NewText(text)}})
	if err != nil {
		d.t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/v1/conversations/"+e.Subject+"/messages", bytes.NewReader(body))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + d.sys.APIToken},
		"Idempotency-Key": {key}}
	status, reply := d.do(r)
	if status/100 != 2 {
		d.t.Log(reply)
	}
	return status
}

// usdOf is what calls cost for a million of a message's kind.
func usdOf(t *testing.T, calls []awsfake.Call) (usd float64, list []string) {
	t.Helper()
	for _, c := range calls {
		usd += c.Units * priceOf(t, c.Action)
		list = append(list, c.Principal+" "+c.Action)
	}
	return usd, list
}

// TestListsCostLittle: the lists of conversations take no call of their own, and at most 1.50 USD
// per million messages that move a conversation in them; and a conversation's state stays
// below one write unit.
func TestListsCostLittle(t *testing.T) {
	const most = 1.50
	r := newDesk(t, config)
	r.send(1, "A")
	r.clock.Advance(time.Minute)
	usual, calls := usdOf(t, r.send(1, "B"))
	id := events.ConversationID("whatsapp", "demo", "16505550000")
	doc := asked(t, say(events.Event{Subject: id}, "k1", "It left the warehouse today."))
	r.put("outbound", "desk", "k1", doc)
	r.drain()
	r.received("support")
	if l := r.record(id).state.Listing; l.Class != "answered" {
		t.Fatalf("stands in the list %+v", l)
	}
	r.clock.Advance(time.Minute)
	moved, again := usdOf(t, r.send(1, "C"))
	if l := r.record(id).state.Listing; l.Class != "waiting" {
		t.Fatalf("stands in the list %+v", l)
	}
	if diff := cmp.Diff(calls, again); diff != "" {
		t.Errorf("a message that moves a conversation takes other calls (-usual +moved):\n%s", diff)
	}
	t.Logf("USD per million: %.3f usual, %.3f with a move in the lists", usual, moved)
	if moved-usual > most {
		t.Errorf("to move a conversation in the lists costs %.3f USD per million, want %.2f at the most", moved-usual, most)
	}
	state := r.record(id).state
	t.Logf("the state's document has %d bytes", len(state.Thread))
	if n := len(state.Thread); n > 900 {
		t.Errorf("a conversation's document has %d bytes: with its keys and its place in the lists it takes a second write "+
			"unit with every event; shorten it", n)
	}
}

// perMessage sums the calls of a principal by action and shares them among n
// messages, in the order of their first appearance.
func perMessage(t *testing.T, calls []awsfake.Call, principal, who string, n int) []cost {
	t.Helper()
	var list []cost
	at := map[string]int{}
	for _, c := range calls {
		if c.Principal != principal {
			continue
		}
		i, seen := at[c.Action]
		if !seen {
			i, at[c.Action] = len(list), len(list)
			_, what, _ := strings.Cut(c.Action, ":")
			list = append(list, cost{who: who, what: what, price: priceOf(t, c.Action)})
		}
		list[i].calls += 1 / float64(n)
		list[i].units += c.Units / float64(n)
	}
	return list
}

// perMonth is what a deployment costs that no message passes through: the
// sweeper's minutes, and Lambda's pollers, five per queue with a receive of 20
// seconds each.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
func perMonth(t *testing.T) []cost {
	t.Helper()
	r := newRig(t)
	r.take()
	if err := r.sys.Tick(t.Context(), r.function("sweeper")); err != nil {
		t.Fatal(err)
	}
	const minutes = 30 * 24 * 60
	memory := float64(r.function("sweeper").Memory) / 1024
	list := []cost{{"sweeper", "invocation", minutes, minutes, priceInvoke},
		{"sweeper", fmt.Sprintf("%d MB for 100ms", r.function("sweeper").Memory), 0, minutes * memory * 0.1, priceGBs}}
	for _, c := range perMessage(t, r.take(), "sweeper", "sweeper", 1) {
		c.calls, c.units = c.calls*minutes, c.units*minutes
		list = append(list, c)
	}
	for _, f := range r.sys.Functions {
		if f.Consumes != "" {
			polls := 5.0 * 3 * minutes
			list = append(list, cost{f.Name, "ReceiveMessage, idle", polls, polls, priceQueue})
		}
	}
	return list
}

// TestREADME holds what infra/README.md says about the bill, the credentials and
// the account's limits to what the functions really do and need, and says what a
// change of theirs costs. Rewrite the tables with
//
//	go test ./infra/local/system -run README -update
func TestREADME(t *testing.T) {
	const file = "../../README.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := string(text)
	for name, table := range map[string]string{"costs per message": messageTable(t),
		"costs per answer": billTable(answer(t), 1, 3), "costs per exchange": billTable(exchange(t), 1, 3),
		"costs per month": billTable(perMonth(t), 1e6, 2), "secrets": secretsTable(t)} {
		if want, err = replaceTable(want, name, table); err != nil {
			t.Fatal(err)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("infra/README.md says something else than the functions do (-do +says):\n%s", diff)
	}
	if limits := concurrency(t); !strings.Contains(want, limits) {
		t.Errorf("infra/README.md does not say %q", limits)
	}
}

// concurrency is what all functions of the project's own cdk.json reserve. AWS
// refuses a reservation that leaves under 100 for the rest of the account.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
func concurrency(t *testing.T) string {
	t.Helper()
	c, err := topology.Load("../../../cdk.json", functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	reserved := 0
	for _, f := range topology.New(c, c.Stage, functions.Channels()).Functions {
		reserved += f.Parallel
	}
	return fmt.Sprintf("reserve %d executions", reserved)
}

// secretsTable has the credentials that each channel declares.
func secretsTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| channel | `account.json` | then |\n|---|---|---|\n")
	for _, ch := range functions.Channels() {
		var values []string
		for _, c := range ch.Credentials {
			values = append(values, fmt.Sprintf("%q: \"…\"", c.Name))
		}
		fmt.Fprintf(&b, "| [%s](../functions/channels/%s/README.md) | `{%s}` | `aws secretsmanager create-secret --name %smain --secret-string file://account.json` |\n",
			ch.Title, ch.Name, strings.Join(values, ", "), names.SecretPrefix("dev", ch.Name))
	}
	return b.String()
}

func messageTable(t *testing.T) string {
	t.Helper()
	alone, busy := travel(t, 1), travel(t, 10)
	if len(alone) != len(busy) {
		t.Fatalf("a message alone takes %d kinds of calls, one of ten %d: they no longer fit one table", len(alone),
			len(busy))
	}
	var b strings.Builder
	b.WriteString("| part | what | calls | billed units | USD, quiet | calls | billed units | USD, busy |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	var quiet, packed float64
	for i, a := range alone {
		z := busy[i]
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.3f | %s | %s | %.3f |\n", a.who, a.what, amount(a.calls), amount(a.units),
			a.usd(), amount(z.calls), amount(z.units), z.usd())
		quiet, packed = quiet+a.usd(), packed+z.usd()
	}
	fmt.Fprintf(&b, "| **sum** | | | | **%.2f** | | | **%.2f** |\n", quiet, packed)
	return b.String()
}

// billTable is a table of costs in USD, divided and with digits after the point.
func billTable(costs []cost, by float64, digits int) string {
	var b strings.Builder
	b.WriteString("| part | what | calls | billed units | USD |\n|---|---|--:|--:|--:|\n")
	sum := 0.0
	for _, c := range costs {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.*f |\n", c.who, c.what, amount(c.calls), amount(c.units), digits,
			c.usd()/by)
		sum += c.usd() / by
	}
	fmt.Fprintf(&b, "| **sum** | | | | **%.2f** |\n", sum)
	return b.String()
}

// amount leaves nothing for a call that is none.
func amount(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(math.Round(n*1e4)/1e4, 'f', -1, 64)
}

// replaceTable puts table between the comments that mark it.
func replaceTable(text, name, table string) (string, error) {
	begin, end := "<!-- "+name+": generated by go test ./infra/local/system -update -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("infra/README.md has no place for %q: want %q and %q", name, begin, end)
	}
	return head + begin + table + end + tail, nil
}
