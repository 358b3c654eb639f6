package system_test

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// orderRules route orders to the shop, too, and let everybody who may answer do so.
const (
	orderDestinations = `"destinations":{"helper":{"role":"bot","lease":"45s"},"support":{"answer":"30m"},"sales":{},` +
		`"shop":{"role":"observer"}},"default":"support"`
	orderConfig = `{"channels":["whatsapp"],` + orderDestinations + `,"rules":[{"name":"orders","when":` +
		`"event.data.message.content.exists(c, c.kind == 'text' && c.text.body.startsWith('order'))",` +
		`"to":["shop","support"]}]}`
)

// An order is a command that somebody gave by the API, and the event that it made.
type order struct {
	conversation string
	events.Command
	event string // "" as long as nobody was told
}

// forSomebody are the deeds of which it is said who does them.
var forSomebody = []events.Deed{events.DoTake, events.DoAccept, events.DoAcknowledge}

// drawOrder is any command, sensible or not.
func (w *world) drawOrder(rt *rapid.T) events.Command {
	holders := rapid.SampledFrom([]string{"support", "sales", "helper", "helper", "shop"})
	c := events.Command{IdempotencyKey: fmt.Sprint("order-", len(w.orders), "-", w.clock.Now().UnixNano()),
		Do: rapid.SampledFrom(events.Deeds()).Draw(rt, "do")}
	if rapid.IntRange(0, 3).Draw(rt, "somebody") == 0 || slices.Contains(forSomebody, c.Do) {
		c.From = holders.Draw(rt, "from")
	}
	soon := w.clock.Now().Add(rapid.SampledFrom([]time.Duration{30 * time.Second, 10 * time.Minute, 2 * time.Hour,
		50 * time.Hour}).Draw(rt, "until")).UTC()
	switch c.Do {
	case events.DoSnooze:
		c.Until, c.Wake = soon, rapid.SampledFrom([]string{"", events.WakeTime}).Draw(rt, "wake")
	case events.DoClose:
		c.QuietMS = rapid.SampledFrom([]int64{0, 60_000}).Draw(rt, "quiet")
	case events.DoTag, events.DoUntag:
		c.Tags = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"vip", "late", "new"}), 1, 2, rapid.ID).Draw(rt, "tags")
	case events.DoAssign:
		c.Assignee = rapid.SampledFrom([]string{"", "ben", "eve"}).Draw(rt, "assignee")
	case events.DoPrioritise:
		c.Priority = rapid.SampledFrom([]string{"low", "urgent"}).Draw(rt, "priority")
	case events.DoLanguage:
		c.Language = rapid.SampledFrom([]string{"fr", "de"}).Draw(rt, "language")
	case events.DoNote:
		c.Text = "a note"
	case events.DoRead:
		c.From, c.Seen = "support", events.FormatSequence(uint64(rapid.IntRange(1, 9).Draw(rt, "seen")))
	case events.DoPass:
		c.Target, c.History = holders.Draw(rt, "target"), rapid.IntRange(0, 3).Draw(rt, "history")
	case events.DoOffer:
		c.Target, c.Until = holders.Draw(rt, "target"), soon
	case events.DoTake:
		c.Takeover = rapid.Bool().Draw(rt, "takeover")
	}
	return c
}

// order gives a few commands by the API.
func (w *world) order(rt *rapid.T) {
	for range rapid.IntRange(1, 3).Draw(rt, "commands") {
		o := order{rapid.SampledFrom(w.subjects).Draw(rt, "conversation"), w.drawOrder(rt), ""}
		if w.commanded(rt, &o); o.event != "" || !w.whole() {
			w.orders = append(w.orders, o)
		}
	}
}

// orderAgain repeats a command, as callers do that heard no answer.
func (w *world) orderAgain(rt *rapid.T) {
	if len(w.orders) > 0 {
		w.commanded(rt, &w.orders[rapid.IntRange(0, len(w.orders)-1).Draw(rt, "order")])
	}
}

// commanded gives a command and checks the answer: a yes has an event, the same each time.
func (w *world) commanded(rt *rapid.T, o *order) {
	whole := w.whole()
	status, out, why := w.command("", o.conversation, o.Command)
	switch {
	case status == http.StatusOK && out.Event == nil && o.event == "": // it was so already
	case status == http.StatusOK && out.Event == nil:
		rt.Errorf("%s made %s, and nothing when it was repeated", o.Do, o.event)
	case status == http.StatusOK && o.event != "" && out.Event.ID != o.event:
		rt.Errorf("%s made %s, and %s when it was repeated", o.Do, o.event, out.Event.ID)
	case status == http.StatusOK:
		o.event = out.Event.ID
	case status == http.StatusConflict, status == http.StatusUnprocessableEntity, status == http.StatusNotFound:
		if o.event != "" {
			rt.Errorf("%s made %s, and was refused when it was repeated: %+v", o.Do, o.event, why)
		}
	case status/100 == 5 && !whole:
	default:
		rt.Errorf("%s by the API was answered %d %+v; nothing broken: %v", o.Do, status, why, whole)
	}
}

// orderByQueue gives a command by the queue, now and then twice.
func (w *world) orderByQueue(rt *rapid.T) {
	c := w.drawOrder(rt)
	c.To.Conversation = rapid.SampledFrom(w.subjects).Draw(rt, "conversation")
	doc, err := channel.JSON(c)
	if err != nil {
		rt.Fatal(err)
	}
	for i := range rapid.IntRange(1, 2).Draw(rt, "times") {
		w.rig.put(names.Outbound, "orders", fmt.Sprint(c.IdempotencyKey, i), string(doc))
	}
}

// look builds everything anew in the middle: at no moment is it otherwise.
func (w *world) look(*rapid.T) { w.refold() }

// checkOrders: whoever was told of an event finds it in the conversation, once, and support, which
// gets all, was told of it.
func (w *world) checkOrders() {
	arrived := map[string]bool{}
	for _, e := range w.first("support") {
		arrived[e.ID] = true
	}
	for _, id := range w.known() {
		times := map[string]int{}
		for _, e := range w.record(id).history {
			if times[e.ID]++; !arrived[e.ID] {
				w.t.Errorf("%s #%s did not come to support", e.Type, e.Sequence)
			}
		}
		for _, o := range w.orders {
			if o.conversation == id && o.event != "" && times[o.event] != 1 {
				w.t.Errorf("%s made %s, which is in the conversation %d times", o.Do, o.event, times[o.event])
			}
		}
	}
	w.refold()
	w.nothingOverdue()
}
