package sqs_test

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"pgregory.net/rapid"
)

// A model is what a FIFO queue must look like from outside: per group, the messages not yet deleted in the order they
// were sent, and those of them that are in flight.
type model struct {
	waiting  map[string][]string
	inFlight map[string]time.Time // body to the end of its visibility timeout
	held     []types.Message
	sent     int
}

// open are a group's messages up to the first that is in flight.
func (m *model) open(group string, now time.Time) []string {
	all := m.waiting[group]
	i := slices.IndexFunc(all, func(body string) bool { return m.inFlight[body].After(now) })
	if i < 0 {
		return all
	}
	return all[:i]
}

// TestFIFOModel tries random histories, restarts included, against the rules: what a receive returns of a group starts
// with its oldest message and has no gap, up to the first message in flight; and nothing deliverable is held back.
func TestFIFOModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp("", "awsfake")
		if err != nil {
			r.Fatal(err)
		}
		defer os.RemoveAll(dir)
		b := start(t, dir)
		defer func() { b.server.Close() }()
		q := b.queue("q.fifo", "VisibilityTimeout", "10")
		m := &model{waiting: map[string][]string{}, inFlight: map[string]time.Time{}}
		r.Repeat(map[string]func(*rapid.T){
			"send": func(r *rapid.T) {
				m.sent++
				body, group := strconv.Itoa(m.sent), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, "group")
				b.sendFIFO(q, group, body, body)
				m.waiting[group] = append(m.waiting[group], body)
			},
			"receive": func(r *rapid.T) {
				limit := rapid.Int32Range(1, 10).Draw(r, "limit")
				m.check(r, b.receive(q, limit), int(limit), b.clock.Now())
			},
			"delete": func(r *rapid.T) {
				x := m.pick(r)
				body, group := *x.Body, x.Attributes["MessageGroupId"]
				live := m.inFlight[body].After(b.clock.Now()) && m.current(x)
				err := b.delete(q, x)
				if gone := !slices.Contains(m.waiting[group], body); (err == nil) != (live || gone) {
					r.Fatalf("delete of %s: %v; in flight under this handle: %v, deleted before: %v", body, err, live, gone)
				}
				if live {
					m.waiting[group] = slices.DeleteFunc(m.waiting[group], func(s string) bool { return s == body })
					delete(m.inFlight, body)
				}
			},
			"visibility": func(r *rapid.T) {
				x := m.pick(r)
				if !m.inFlight[*x.Body].After(b.clock.Now()) || !m.current(x) {
					return
				}
				seconds := rapid.Int32Range(0, 20).Draw(r, "seconds")
				b.visibility(q, x, seconds)
				m.inFlight[*x.Body] = b.clock.Now().Add(time.Duration(seconds) * time.Second)
			},
			"advance": func(r *rapid.T) {
				b.clock.Advance(time.Duration(rapid.IntRange(1, 12).Draw(r, "seconds")) * time.Second)
			},
			"restart": func(*rapid.T) {
				b.server.Close()
				b.open(dir)
			},
		})
	})
}

func (m *model) pick(r *rapid.T) types.Message {
	if len(m.held) == 0 {
		r.Skip("nothing was received yet")
	}
	return rapid.SampledFrom(m.held).Draw(r, "message")
}

// current says whether x is from its message's latest receive.
func (m *model) current(x types.Message) bool {
	for _, later := range slices.Backward(m.held) {
		if *later.Body == *x.Body {
			return *later.ReceiptHandle == *x.ReceiptHandle
		}
	}
	return false
}

func (m *model) check(r *rapid.T, got []types.Message, limit int, now time.Time) {
	byGroup := map[string][]string{}
	for _, x := range got {
		group := x.Attributes["MessageGroupId"]
		byGroup[group] = append(byGroup[group], *x.Body)
	}
	deliverable := 0
	for group := range m.waiting {
		deliverable += len(m.open(group, now))
	}
	if want := min(limit, deliverable); len(got) != want {
		r.Fatalf("received %d, want %d", len(got), want)
	}
	for group, bodies := range byGroup {
		if open := m.open(group, now); len(bodies) > len(open) || !slices.Equal(bodies, open[:len(bodies)]) {
			r.Fatalf("received %v of group %s, which is open for %v", bodies, group, open)
		}
	}
	for _, x := range got {
		m.inFlight[*x.Body] = now.Add(10 * time.Second)
	}
	m.held = append(m.held, got...)
}
