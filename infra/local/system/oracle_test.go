package system_test

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/route"
)

func asHTTP(r channel.Request) *http.Request {
	hr := httptest.NewRequest(r.Method, r.Path, bytes.NewReader(r.Body))
	hr.Header = r.Header
	return hr
}

// A delivery is an event as a destination received it.
type delivery = events.Event

// conversation is the id of a customer's conversation with the demo account.
func (w *world) conversation(from int) string {
	return events.ConversationID("whatsapp", "demo", strconv.Itoa(from))
}

// consume takes what has arrived, as integrators do before retention ends.
func (w *world) consume() {
	for _, d := range w.sys.Config.DestinationNames() {
		w.deliveries[d] = append(w.deliveries[d], w.received(d)...)
	}
}

// finish heals everything, lets what can recover do so, and checks the promises.
func (w *world) finish() {
	w.mu.Lock()
	w.table, w.queues, w.hiccups = "", false, 0
	clear(w.destination)
	w.mu.Unlock()
	w.settle()
	w.consume()
	w.checkAcceptance()
	w.checkOrder()
	w.checkDecisions()
	w.checkOrders()
	w.checkNothingWaits()
}

// first are the deliveries of a destination without repetitions, which must be
// repetitions in everything but their place.
func (w *world) first(destination string) []events.Event {
	var list []events.Event
	seen := map[string]events.Event{}
	for _, e := range w.deliveries[destination] {
		if old, again := seen[e.ID]; again {
			if old.Sequence != e.Sequence || old.Ruleset != e.Ruleset || text(old) != text(e) {
				w.t.Errorf("%s: %q #%s came again as %q #%s", destination, text(old), old.Sequence, text(e), e.Sequence)
			}
			continue
		}
		seen[e.ID] = e
		list = append(list, e)
	}
	return list
}

// checkAcceptance: what was acknowledged arrived, once, and nothing that nobody sent.
func (w *world) checkAcceptance() {
	arrived := map[string]int{}
	for _, e := range w.first("support") {
		if e.Type == events.MessageReceived {
			arrived[text(e)]++
		}
	}
	for text := range w.acknowledged {
		if arrived[text] != 1 {
			w.t.Errorf("%q was acknowledged and arrived %d times", text, arrived[text])
		}
	}
	for text := range arrived {
		if !slices.ContainsFunc(w.sent, func(m message) bool { return m.text == text }) {
			w.t.Errorf("%q arrived, and nobody sent it", text)
		}
	}
}

// checkOrder: sequences rise, support (which is owed everything) sees no gap, and
// exactly what the channel dates before something delivered earlier is late.
func (w *world) checkOrder() {
	for destination, gaps := range map[string]bool{"support": false, "shop": true, "sales": true, "helper": true} {
		last := map[string]string{}
		count := map[string]uint64{}
		newest := map[string]time.Time{}
		for _, e := range w.first(destination) {
			count[e.Subject]++
			if e.Sequence <= last[e.Subject] {
				w.t.Errorf("%s: #%s after #%s", destination, e.Sequence, last[e.Subject])
			}
			last[e.Subject] = e.Sequence
			if gaps {
				continue
			}
			if want := events.FormatSequence(count[e.Subject]); e.Sequence != want {
				w.t.Errorf("%s: #%s, want #%s", destination, e.Sequence, want)
			}
			if e.Data.Message == nil && e.Data.Rejection == nil { // a command or a timer: it got its place at once
				continue
			}
			if late := e.Time.Before(newest[e.Subject]); late != e.Late {
				w.t.Errorf("%s: #%s of %v has late=%v, and the newest before it is of %v", destination, e.Sequence, e.Time, e.Late,
					newest[e.Subject])
			}
			if e.Time.After(newest[e.Subject]) {
				newest[e.Subject] = e.Time
			}
		}
	}
}

// checkDecisions: an order is in the shop exactly when the rules that decided it
// say so, with the same sequence.
func (w *world) checkDecisions() {
	toShop := map[string]bool{}
	for _, to := range [][]string{{"shop", "support"}, {"support"}} {
		c := w.sys.System.Routes
		c.Rules = slices.Clone(c.Rules)
		c.Rules[0].To = to
		rules, err := route.Compile(c, names.Local)
		if err != nil {
			w.t.Fatal(err)
		}
		toShop[rules.Version()] = len(to) == 2
	}
	shop := map[string]events.Event{}
	for _, e := range w.first("shop") {
		shop[e.ID] = e
	}
	for _, e := range w.first("support") {
		copied, ok := shop[e.ID]
		delete(shop, e.ID)
		if owed := toShop[e.Ruleset] && strings.HasPrefix(text(e), "order"); owed != ok {
			w.t.Errorf("%q, decided by rules %s, is owed to the shop: %v; it arrived: %v", text(e), e.Ruleset, owed, ok)
		}
		if ok && (copied.Sequence != e.Sequence || copied.Ruleset != e.Ruleset) {
			w.t.Errorf("%q is #%s by rules %s for support, #%s by rules %s for the shop", text(e), e.Sequence, e.Ruleset,
				copied.Sequence, copied.Ruleset)
		}
	}
	for id := range maps.Keys(shop) {
		w.t.Errorf("%s is in the shop only", id)
	}
}

// checkNothingWaits: no event is pending, no queue of ours holds anything, and
// nothing was given up.
func (w *world) checkNothingWaits() {
	db := dynamodb.NewFromConfig(w.sys.ConfigOf(system.Admin, cloud.Work))
	out, err := db.Scan(context.Background(), &dynamodb.ScanInput{TableName: aws.String(names.Table(names.Local)),
		FilterExpression: aws.String("attribute_exists(" + names.AttrOrder + ")")})
	if err != nil {
		w.t.Fatal(err)
	}
	if out.Count > 0 {
		w.t.Errorf("%d events are pending: %v", out.Count, out.Items)
	}
	for _, q := range []string{names.Ingress, names.Spill, names.Outbound, names.Clock, names.Ingress + "-dlq",
		names.Spill + "-dlq", names.Outbound + "-dlq", names.Clock + "-dlq", "support-dlq", "shop-dlq"} {
		url := w.sys.QueueURL(q)
		out, err := w.admin().GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &url,
			AttributeNames: []types.QueueAttributeName{"All"}})
		if err != nil {
			w.t.Fatal(err)
		}
		if n := out.Attributes["ApproximateNumberOfMessages"] + out.Attributes["ApproximateNumberOfMessagesNotVisible"]; n != "00" {
			w.t.Errorf("%s holds %s messages", q, n)
		}
	}
}
