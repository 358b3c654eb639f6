package system_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/play"
)

// TestSendingAtRandom lets rapid play customers, integrators, platforms and
// misfortune at once, on an idempotent channel, a blind one and two correlated
// ones, and checks the promises of sending after every run. -rapid.checks asks for
// more runs.
func TestSendingAtRandom(t *testing.T) {
	histories(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := newSending(t, rt)
		defer w.sys.Close()
		rt.Repeat(map[string]func(*rapid.T){
			"write": w.write, "ask": w.ask, "ask on": w.ask, "ask again": w.askAgain, "ask otherwise": w.askOtherwise,
			"platform": w.breakPlatform, "receipts": w.someReceipts, "late receipts": w.allReceipts,
			"sender": w.poll("sender"), "bulk": w.poll("bulk"), "router": w.poll("router"), "drain": w.drainAll,
			"sweep":   w.sweep,
			"advance": w.advance, "restart": w.newProcess,
			"table": w.breakTable, "queues": w.breakQueues, "hiccup": w.hiccup, "order": w.order,
			"order again": w.orderAgain, "order by queue": w.orderByQueue, "clock": w.poll("clock"), "look": w.look,
		})
		w.finish()
	})
}

// sendingChannels are those of a run: idempotent, blind, and correlated by receipts
// and by an echo.
var sendingChannels = []string{"line", "telegram", "whatsapp", "messenger"}

// A sending is a world whose subject is what goes out.
type sending struct {
	*world
	desk    *desk
	threads map[string]events.Event // a message of the customer, by channel
	asks    []request
}

// A request is what was asked, in order.
type request struct {
	events.Outbound
	channel string
	parts   []string
}

func newSending(t *testing.T, rt *rapid.T) *sending {
	d := newDesk(tb{t, rt},
		`{"channels":["line","telegram","whatsapp","messenger"],`+orderDestinations+`}`)
	w := &sending{world: &world{rig: d.rig, deliveries: map[string][]delivery{}, destination: map[string]bool{}}, desk: d,
		threads: map[string]events.Event{}}
	for _, name := range sendingChannels {
		w.threads[name] = d.writes(name, "Hello?")
		w.deliveries["support"] = append(w.deliveries["support"], w.threads[name])
		w.subjects = append(w.subjects, w.threads[name].Subject)
	}
	w.breaks(w.misfortune)
	return w
}

func (w *sending) write(rt *rapid.T) {
	name := rapid.SampledFrom(sendingChannels).Draw(rt, "channel")
	set, err := w.sys.Samples(name)
	if err != nil {
		rt.Fatal(err)
	}
	w.desk.written++
	ch := channelNamed(w.t, name)
	platform, _ := plays.Of(ch.Name)
	r := platform.Customer(set.Account, "Still there?", w.desk.written, w.clock.Now())
	r.Path, r.Received = "/webhooks/"+name+"/demo", w.clock.Now()
	w.sys.World.Sign(ch, set.Account, &r)
	w.sys.Receive(context.Background(), r)
}

func (w *sending) ask(rt *rapid.T) {
	name := rapid.SampledFrom(sendingChannels).Draw(rt, "channel")
	n := len(w.asks)
	q := request{channel: name, Outbound: events.Outbound{IdempotencyKey: fmt.Sprint("k", n),
		To:       events.To{Conversation: w.threads[name].Subject},
		Policy:   rapid.SampledFrom([]events.Policy{"", events.AtLeastOnce}).Draw(rt, "policy"),
		Priority: rapid.SampledFrom([]events.Priority{"", "", events.Bulk}).Draw(rt, "priority")}}
	for part := range rapid.IntRange(1, 2).Draw(rt, "parts") {
		q.parts = append(q.parts, fmt.Sprintf("message %04d.%d", n, part))
		q.Content = append(q.Content, events.NewText(q.parts[part]))
	}
	if rapid.IntRange(0, 3).Draw(rt, "soon stale") == 0 {
		q.Constraints = &events.Constraints{NotAfter: w.clock.Now().Add(2 * time.Minute)}
	}
	w.asks = append(w.asks, q)
	w.desk.ask(q.Outbound)
}

// askAgain repeats a request, as integrators do that heard no answer.
func (w *sending) askAgain(rt *rapid.T) {
	if len(w.asks) > 0 {
		o := rapid.SampledFrom(w.asks).Draw(rt, "old").Outbound
		w.put(o)
	}
}

// askOtherwise uses a key twice, which is refused.
func (w *sending) askOtherwise(rt *rapid.T) {
	if len(w.asks) > 0 {
		o := rapid.SampledFrom(w.asks).Draw(rt, "old").Outbound
		o.Content = []events.Content{events.NewText("otherwise " + o.IdempotencyKey + ".")}
		w.put(o)
	}
}

func (w *sending) put(o events.Outbound) {
	doc, err := channel.JSON(o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.desk.askRaw(string(doc), fmt.Sprint(w.clock.Now().UnixNano()))
}

func (w *sending) breakPlatform(rt *rapid.T) {
	faults := []play.Fault{play.Down, play.Lost, play.Lost, play.Unreachable, play.Throttled, play.Expired, play.Invalid}
	name := rapid.SampledFrom(sendingChannels).Draw(rt, "channel")
	if err := w.sys.World.Fail(name, rapid.SliceOfN(rapid.SampledFrom(faults), 1, 4).Draw(rt, "faults")...); err != nil {
		rt.Fatal(err)
	}
}

// someReceipts posts what platforms sent in another order, some of it twice and
// some of it never.
func (w *sending) someReceipts(rt *rapid.T) {
	posts := w.desk.posts
	w.desk.posts = nil
	if len(posts) == 0 {
		return
	}
	for _, r := range rapid.SliceOfN(rapid.SampledFrom(posts), 0, len(posts)).Draw(rt, "posts") {
		w.sys.Receive(context.Background(), r)
	}
}

func (w *sending) allReceipts(*rapid.T) {
	posts := w.desk.posts
	w.desk.posts = nil
	for _, r := range posts {
		w.sys.Receive(context.Background(), r)
	}
}

// finish heals everything, lets what can recover do so, and checks the promises.
func (w *sending) finish() {
	w.mu.Lock()
	w.table, w.queues, w.hiccups = "", false, 0
	w.mu.Unlock()
	for range 40 { // pauses of an account are long, and platforms have faults left
		w.settle()
		w.allReceipts(nil)
		w.consume()
		if w.unfinished() == 0 {
			break
		}
	}
	if n := w.unfinished(); n > 0 {
		w.t.Errorf("%d items wait", n)
	}
	w.checkOutcomes(w.effects())
	w.checkOrders()
	if w.t.Failed() {
		w.t.Logf("%s", w.logs)
	}
}

// unfinished counts what is pending, in mailboxes and lanes.
func (w *sending) unfinished() int32 {
	db := dynamodb.NewFromConfig(w.sys.ConfigOf(system.Admin, cloud.Work))
	out, err := db.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String(names.Table(names.Local)),
		FilterExpression: aws.String("attribute_exists(" + names.AttrOrder + ")")})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Count
}

var partForm = regexp.MustCompile(`message \d{4}\.\d`)

// effects is how often each part was said, as the platforms count: LINE drops what
// comes again under its retry key. It checks that first times keep the order.
func (w *sending) effects() map[string]int {
	times, refused := map[string]int{}, w.refused()
	keys := map[string]bool{}
	last := map[string]string{}
	for _, c := range w.sys.World.Calls("") {
		if !c.Answer.OK() {
			continue
		}
		body := string(c.Request.Body)
		if _, rest, found := strings.Cut(body, "otherwise "); found {
			if key, _, _ := strings.Cut(rest, "."); !refused[events.OutboundID(key)] {
				w.t.Errorf("said what the key %s of another message was used for", key)
			}
		}
		key := c.Request.Header.Get("X-Line-Retry-Key")
		if key != "" && keys[key] {
			continue
		}
		keys[key] = true
		for _, text := range partForm.FindAllString(body, -1) {
			q := w.asked(text)
			lane := c.Channel + " " + string(q.Priority)
			if times[text]++; refused[events.OutboundID(q.IdempotencyKey)] {
				continue
			}
			if times[text] == 1 && text < last[lane] {
				w.t.Errorf("%s: %q was said after %q", lane, text, last[lane])
			}
			last[lane] = max(last[lane], text)
		}
	}
	return times
}

// refused are the messages that came while a window was closed. They may have come
// again when it was open, out of their order.
func (w *sending) refused() map[string]bool {
	list := map[string]bool{}
	for _, e := range w.first("support") {
		if r := e.Data.Rejection; r != nil && r.Error.Class == events.ClassWindow {
			list[r.Message.ID] = true
		}
	}
	return list
}

// asked is the request that a part belongs to.
func (w *sending) asked(text string) request {
	return w.asks[slices.IndexFunc(w.asks, func(q request) bool { return slices.Contains(q.parts, text) })]
}

// told is what integrators heard of each message: one thing, once, under one id.
func (w *sending) told() map[string]string {
	told, ids, rejected := map[string]string{}, map[string]string{}, map[string]string{}
	for _, e := range w.first("support") {
		d := e.Data
		id, what := "", ""
		switch {
		case d.Rejection != nil:
			rejected[d.Rejection.Message.ID] = "rejected"
		case e.Type == events.MessageEchoed && d.Message.Origin == "api":
			id, what = d.Message.ID, "echo"
		case e.Type == events.MessageEchoed && partForm.MatchString(text(e)) && w.certain(text(e)):
			w.t.Errorf("our own %q is told as somebody else's", text(e))
		case d.Status != nil && (d.Status.State == events.Uncertain || d.Status.State == events.Failed ||
			d.Status.State == events.Expired) && d.Status.Correlation == d.Status.Message.ID:
			id, what = d.Status.Correlation, string(d.Status.State)
		}
		if id == "" {
			continue
		}
		if ids[id] != "" && ids[id] != e.ID {
			w.t.Errorf("%s became %s and %s", id, told[id], what)
		}
		told[id], ids[id] = what, e.ID
	}
	for id, what := range rejected { // of another request with the same key, unless nothing else is told
		if told[id] == "" {
			told[id] = what
		}
	}
	return told
}

// certain says that the first call with a part was answered.
func (w *sending) certain(text string) bool {
	for _, c := range w.sys.World.Calls("") {
		if strings.Contains(string(c.Request.Body), text) && c.Fault == play.Lost {
			return false
		}
	}
	return true
}

// checkOutcomes compares what platforms had with what integrators were told.
func (w *sending) checkOutcomes(times map[string]int) {
	told, refused := w.told(), w.refused()
	for _, q := range w.asks {
		id := events.OutboundID(q.IdempotencyKey)
		outcome := told[id]
		if outcome == "" {
			w.t.Errorf("%s: nobody was told what became of %v", q.channel, q.parts)
		}
		if refused[id] { // its key may have been used for something else since
			continue
		}
		for i, part := range q.parts {
			n := times[part]
			switch {
			case n > 1 && q.Policy != events.AtLeastOnce:
				w.t.Errorf("%s had %q %d times", q.channel, part, n)
			case n == 0 && outcome == "echo":
				w.t.Errorf("%s: %q is told as sent and never was", q.channel, part)
			case n > 0 && (outcome == "failed" || outcome == "expired") && i == len(q.parts)-1:
				w.t.Errorf("%s: %q is told as %s and was said", q.channel, part, outcome)
			}
		}
	}
}
