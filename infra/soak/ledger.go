package main

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/stage/outside"
	"github.com/relais-dev/relais/shared/stage/play"
)

// A ledger is what happened as those outside saw it: what platforms heard when they
// posted, what consumers took from their queues, what integrators asked for and were
// told, what platforms were called with. The verdict rests on nothing else.
type ledger struct {
	mu sync.Mutex

	heard  map[string]*heard            // by the text a customer wrote
	facts  map[string]fact              // by event id
	places map[string]map[uint64]string // event ids by conversation and sequence
	asked  map[string]*asked            // by idempotency key
	turns  map[string]int               // how many promises a conversation has
	ids    map[string]string            // idempotency keys by message id, and by the queue's id of a message
	loose  map[string]bool              // rejections of messages whose id the queue has not told us yet
	last   map[string]uint64            // the sequence delivered last, by queue and conversation

	repeated int // events that came again as they were
	calls    int // that said something
	faults   []fault
}

// heard is a customer's message.
type heard struct {
	poster, number int
	acknowledged   bool
	sequence       uint64 // 0 until it was delivered
	late           bool
}

// A fact is an event as it was first delivered.
type fact struct{ conversation, sequence string }

// asked is a message that an integrator was promised.
type asked struct {
	conversation string
	turn         int  // the number of the promise within its conversation
	repeats      bool // asked for at least once
	mistake      bool // it must be refused
	told         []string
	said         []saying
}

// A saying is a call that a platform acted on.
type saying struct {
	at  int    // the number of the call
	key string // what the platform knows a repetition by, "" where it knows none
}

func newLedger() *ledger {
	return &ledger{heard: map[string]*heard{}, facts: map[string]fact{}, places: map[string]map[uint64]string{},
		asked: map[string]*asked{}, turns: map[string]int{}, ids: map[string]string{}, loose: map[string]bool{},
		last: map[string]uint64{}}
}

// post notes that a customer wrote a text, before it is posted for the first time.
func (l *ledger) post(text string, poster, number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard[text] = &heard{poster: poster, number: number}
}

// acknowledge notes that the webhook of a text was answered 2xx.
func (l *ledger) acknowledge(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard[text].acknowledged = true
}

// deliver notes an event that a consumer of a queue applied.
func (l *ledger) deliver(queue string, e events.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if old, again := l.facts[e.ID]; again {
		if old != (fact{e.Subject, e.Sequence}) {
			l.fault(otherSequence, "event %s came as %s #%s and again as %s #%s", e.ID, old.conversation, old.sequence,
				e.Subject, e.Sequence)
		}
		l.repeated++
		return
	}
	l.facts[e.ID] = fact{e.Subject, e.Sequence}
	sequence, err := strconv.ParseUint(e.Sequence, 10, 64)
	if err != nil {
		l.fault(unexpected, "event %s has the sequence %q", e.ID, e.Sequence)
		return
	}
	l.place(queue, e, sequence)
	l.tell(e)
	if text := customerText(e); text != "" {
		l.hear(e, text, sequence)
	}
}

// place gives the event its place in its conversation.
func (l *ledger) place(queue string, e events.Event, sequence uint64) {
	if l.places[e.Subject] == nil {
		l.places[e.Subject] = map[uint64]string{}
	}
	if other, taken := l.places[e.Subject][sequence]; taken {
		l.fault(otherSequence, "#%d of %s is %s and %s", sequence, e.Subject, other, e.ID)
		return
	}
	l.places[e.Subject][sequence] = e.ID
	line := queue + " " + e.Subject
	if sequence < l.last[line] {
		l.fault(outOfOrder, "%s: #%d of %s came after #%d", queue, sequence, e.Subject, l.last[line])
	}
	l.last[line] = max(l.last[line], sequence)
}

// hear notes the delivery of what a customer wrote.
func (l *ledger) hear(e events.Event, text string, sequence uint64) {
	h, known := l.heard[text]
	switch {
	case !known:
		l.fault(unexpected, "%q arrived as %s, and nobody wrote it", text, e.ID)
	case h.sequence != 0:
		l.fault(otherSequence, "%q is two events, #%d and #%d", text, h.sequence, sequence)
	default:
		h.sequence, h.late = sequence, e.Late
	}
}

// customerText is the text of a message that a customer wrote.
func customerText(e events.Event) string {
	m := e.Data.Message
	if e.Type != events.MessageReceived || m == nil || len(m.Content) == 0 || m.Content[0].Text == nil {
		return ""
	}
	return m.Content[0].Text.Body
}

// The outcomes of a message that an integrator is told.
const (
	toldSent     = "sent"
	toldRejected = "rejected"
)

// tell notes what an event says of a message that was asked for.
func (l *ledger) tell(e events.Event) {
	key, outcome := "", ""
	switch d := e.Data; {
	case e.Type == events.MessageEchoed && d.Message != nil:
		key, outcome = d.Message.IdempotencyKey, toldSent
	case e.Type == events.SendRejected && d.Rejection != nil:
		key, outcome = d.Rejection.IdempotencyKey, toldRejected
		if message := d.Rejection.QueueMessage; key == "" && message != "" {
			if key = l.ids[message]; key == "" {
				l.loose[message] = true
			}
		}
	case e.Type == events.MessageStatus && d.Status != nil && final(d.Status.State):
		key, outcome = l.ids[d.Status.Message.ID], string(d.Status.State)
	}
	if a, ok := l.asked[key]; ok && !slices.Contains(a.told, outcome) {
		a.told = append(a.told, outcome)
	}
}

// final says whether a state ends a message that was not sent.
func final(s events.State) bool {
	return s == events.Failed || s == events.Expired || s == events.Uncertain
}

// ask notes that something is about to be asked for.
func (l *ledger) ask(key string, a asked) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, again := l.asked[key]; !again {
		l.asked[key], l.ids[events.OutboundID(key)] = &a, key
	}
}

// promise notes that what was asked for was taken; message is the queue's id of it, or "".
func (l *ledger) promise(key, message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.asked[key]
	if message != "" {
		l.ids[message] = key
	}
	if l.loose[message] {
		delete(l.loose, message)
		a.told = append(a.told, toldRejected)
	}
	if a.turn == 0 {
		l.turns[a.conversation]++
		a.turn = l.turns[a.conversation]
	}
}

// open counts what is promised and has not come about yet.
func (l *ledger) open() (unheard, untold int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.heard {
		if h.acknowledged && h.sequence == 0 {
			unheard++
		}
	}
	for _, a := range l.asked {
		if a.turn > 0 && len(a.told) == 0 {
			untold++
		}
	}
	return unheard, untold
}

// events counts those that were delivered.
func (l *ledger) events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.facts)
}

// found counts the faults that showed themselves before the end.
func (l *ledger) found() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.faults)
}

// key is the form of the idempotency keys, which are also the texts that are said.
var key = regexp.MustCompile(`say\d+x\d+e`)

// say notes a call that a platform received.
func (l *ledger) say(c outside.Call) {
	if !acted(c) {
		return
	}
	body := string(c.Request.Body)
	if text, err := url.QueryUnescape(body); err == nil {
		body = text
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range key.FindAllString(body, -1) {
		l.calls++
		if a, ok := l.asked[k]; ok {
			a.said = append(a.said, saying{l.calls, repetitionKey(c)})
		} else {
			l.fault(unexpected, "%s was said on %s, and nobody asked for it", k, c.Channel)
		}
	}
}

// acted says whether the platform did what it was called for.
func acted(c outside.Call) bool {
	return (c.Fault == "" || c.Fault == play.Lost) && c.Answer.OK() && c.Request.Method == http.MethodPost
}

// repetitionKey is what a platform that drops repetitions knows them by.
func repetitionKey(c outside.Call) string {
	switch c.Channel {
	case "line": // https://developers.line.biz/en/docs/messaging-api/retrying-api-request/
		return c.Request.Header.Get("X-Line-Retry-Key")
	case "custom": // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
		return c.Request.Header.Get("Webhook-Id")
	}
	return ""
}

// note adds a fault that was seen elsewhere.
func (l *ledger) note(kind kind, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault(kind, format, args...)
}

// fault adds one; the lock is held.
func (l *ledger) fault(kind kind, format string, args ...any) {
	l.faults = append(l.faults, fault{kind, fmt.Sprintf(format, args...)})
}
