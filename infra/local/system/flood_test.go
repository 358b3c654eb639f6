package system_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// running lets a system work as it does on a laptop, until the test ends.
func (r *rig) running() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { r.sys.Run(ctx); close(done) }()
	r.t.Cleanup(func() { stop(); <-done })
}

// inOrder waits until n events of a destination have arrived, takes them, and checks
// that they arrive in their order without a gap, and with no longer pause than that.
func (r *rig) inOrder(destination string, n int, pause time.Duration) {
	r.t.Helper()
	next, last := uint64(1), time.Now()
	var longest time.Duration
	for next <= uint64(n) {
		list := r.received(destination)
		if len(list) == 0 {
			if time.Since(last) > time.Minute {
				r.t.Fatalf("%d of %d events arrived, and then none for a minute", next-1, n)
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		longest, last = max(longest, time.Since(last)), time.Now()
		for _, e := range list {
			if e.Sequence != events.FormatSequence(next) {
				r.t.Fatalf("#%s arrived, want #%d", e.Sequence, next)
			}
			next++
		}
	}
	if longest > pause {
		r.t.Errorf("nothing arrived for %v", longest)
	}
	r.t.Logf("%d events, longest pause %v", n, longest)
}

// counted is how often a metric was counted.
func (r *rig) counted(metric string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for line := range strings.Lines(r.logs.String()) {
		var values map[string]any
		if json.Unmarshal([]byte(line), &values) == nil && values["_aws"] != nil {
			if v, ok := values[metric].(float64); ok {
				n += int(v)
			}
		}
	}
	return n
}

// thorough says that there is time for everything; `make thorough` and .ci/run say so.
func thorough() bool { return os.Getenv("RELAIS_THOROUGH") != "" }

// histories draws fewer random histories where there is not time for as many as rapid
// draws, nor were some asked for.
func histories(t *testing.T) {
	const few = "12"
	if f := flag.Lookup("rapid.checks"); !thorough() && f.Value.String() == f.DefValue {
		if err := flag.Set(f.Name, few); err != nil {
			t.Fatal(err)
		}
	}
}

// live is a system that goes by the wall clock.
func live(o *system.Options) { o.Clock = awsfake.Wall(); o.Hasty = false }

// floodOf is how many messages a flood has: all that are promised where there is time
// for them (.ci/run), else enough for many pages and turns.
func floodOf(all, some int) int {
	if thorough() {
		return all
	}
	return some
}

// TestFloodOfOneConversation_Row34: all messages of one conversation arrive, in order
// and without a pause, and nothing says that a destination refused.
func TestFloodOfOneConversation_Row34(t *testing.T) {
	r := newRig(t, live)
	n, began := floodOf(20_000, 2_000), time.Now()
	for i := 0; i < n; i += 50 {
		var ms []message
		for j := range min(50, n-i) {
			ms = append(ms, message{"1", fmt.Sprint("wamid.", i+j), fmt.Sprint(i + j),
				began.Add(time.Duration(i+j) * time.Millisecond)})
		}
		if status := r.post(ms...); status != 200 {
			t.Fatalf("webhook %d was answered %d", i/50, status)
		}
	}
	r.running()
	r.inOrder("support", n, 5*time.Second)
	if got := r.counted("blocked"); got != 0 {
		t.Errorf("%d times a destination refused", got)
	}
}

// TestFloodOfOneLane: a conversation's answers are all said, in order; none is
// uncertain because a function ran out of time.
func TestFloodOfOneLane(t *testing.T) {
	d := deskFor(t, "telegram")
	e := d.writes("telegram", "Hello?")
	n := floodOf(400, 100)
	for i := range n {
		o := say(e, fmt.Sprint("k", i), fmt.Sprint("answer ", i))
		d.ask(o)
	}
	for range 100 {
		d.drain()
		d.sweeps(1)
	}
	var said []string
	for _, c := range d.taken("telegram", `"answer`) {
		var body struct{ Text string }
		if json.Unmarshal(c.Request.Body, &body) == nil && c.Answer.OK() {
			said = append(said, body.Text)
		}
	}
	for i := range n {
		if want := fmt.Sprint("answer ", i); i >= len(said) || said[i] != want {
			t.Fatalf("%d answers were said, and not %q at its place: %q", len(said), want, said[max(0, i-2):min(len(said),
				i+3)])
		}
	}
	for _, x := range outcomes(d.received("support")) {
		if n--; !strings.HasPrefix(x, "echo answer ") {
			t.Errorf("told %q", x)
		}
	}
	if n != 0 {
		t.Errorf("told of %d answers too few", n)
	}
}

// TestWeather: with one call in a hundred refused for others' work, and another for its
// number, a conversation takes seconds: nothing waits for a visibility timeout.
func TestWeather(t *testing.T) {
	r := newRig(t, live, func(o *system.Options) {
		o.Weather = awsfake.Weather{Seed: 1, Conflicts: 0.01, Throttles: 0.01, Stale: 0.2}
	})
	r.running()
	n := floodOf(1_000, 200)
	posted := map[string]time.Time{}
	for i := range n {
		id := fmt.Sprint("wamid.", i)
		for tries := 0; r.post(message{fmt.Sprint(i), id, id, time.Now()}) != 200; tries++ {
			if tries == 10 {
				t.Fatal("a webhook is refused ten times")
			}
		}
		posted[id] = time.Now()
	}
	var waits []time.Duration
	for last := time.Now(); len(waits) < n; {
		for _, e := range r.received("support") {
			waits, last = append(waits, time.Since(posted[text(e)])), time.Now()
		}
		if time.Since(last) > 3*time.Minute {
			t.Fatalf("%d of %d events arrived", len(waits), n)
		}
		time.Sleep(10 * time.Millisecond)
	}
	slices.Sort(waits)
	p99 := waits[len(waits)*99/100]
	t.Logf("median %v, p99 %v, longest %v", waits[len(waits)/2], p99, waits[len(waits)-1])
	if p99 > 30*time.Second {
		t.Errorf("p99 of a conversation is %v", p99)
	}
}
