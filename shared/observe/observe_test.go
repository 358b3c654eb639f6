package observe_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/observe"
)

// A clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newMetrics() (*observe.Metrics, *bytes.Buffer, *clock) {
	c, out := &clock{time.UnixMilli(1785600000123)}, &bytes.Buffer{}
	return observe.NewMetrics(out, "line", c.now), out, c
}

// TestMetricsFormat compares with lines written by hand after the specification:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func TestMetricsFormat(t *testing.T) {
	m, out, _ := newMetrics()
	m.Count(observe.Accepted, 2)
	m.Count(observe.Accepted, 3)
	m.Milliseconds(observe.AckLatency, 1500*time.Microsecond)
	m.Milliseconds(observe.AckLatency, 2*time.Millisecond)
	m.CountBy(observe.Rejected, "reason", "bad_signature", 1)
	m.CountBy(observe.RuleFailed, "rule", "", 1)
	m.Flush()
	want := `{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["function"]],"Metrics":[{"Name":"accepted","Unit":"Count"},{"Name":"ack_latency","Unit":"Milliseconds"}],"Namespace":"Relais"}],"Timestamp":1785600000123},"accepted":5,"ack_latency":[1.5,2],"function":"line"}
{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["function","reason"]],"Metrics":[{"Name":"rejected","Unit":"Count"}],"Namespace":"Relais"}],"Timestamp":1785600000123},"function":"line","reason":"bad_signature","rejected":1}
{"_aws":{"CloudWatchMetrics":[{"Dimensions":[["function","rule"]],"Metrics":[{"Name":"rule_failed","Unit":"Count"}],"Namespace":"Relais"}],"Timestamp":1785600000123},"function":"line","rule":"none","rule_failed":1}
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(out.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestSuccessesAreGathered: plain successes wait for a minute, a full line, or
// something an operator must hear.
func TestSuccessesAreGathered(t *testing.T) {
	for _, x := range []struct {
		name string
		do   func(*observe.Metrics, *clock)
		want int // lines
	}{
		{"nothing", func(*observe.Metrics, *clock) {}, 0},
		{"success", func(m *observe.Metrics, _ *clock) { m.Count(observe.Accepted, 1) }, 0},
		{"zero successes after a minute", func(m *observe.Metrics, c *clock) {
			m.Count(observe.Accepted,
				0)
			c.at = c.at.Add(time.Minute)
		}, 0},
		{"success after a minute", func(m *observe.Metrics, c *clock) {
			m.Count(observe.Accepted,
				1)
			c.at = c.at.Add(time.Minute)
		}, 1},
		{"urgent", func(m *observe.Metrics, _ *clock) { m.Count(observe.Quarantined, 1) }, 1},
		{"a gauge at zero", func(m *observe.Metrics, _ *clock) { m.Count(observe.SpillDepth, 0) }, 1},
		{"success before urgent", func(m *observe.Metrics, _ *clock) {
			m.Count(observe.Accepted, 1)
			m.Flush()
			m.Count(observe.RingFailed, 1)
		}, 1},
		{"99 latencies", func(m *observe.Metrics, _ *clock) { latencies(m, 99) }, 0},
		{"100 latencies", func(m *observe.Metrics, _ *clock) { latencies(m, 100) }, 1},
	} {
		m, out, c := newMetrics()
		x.do(m, c)
		m.Flush()
		if got := strings.Count(out.String(), "\n"); got != x.want {
			t.Errorf("%s: %d lines, want %d: %s", x.name, got, x.want, out.String())
		}
		m.Flush()
		if got := strings.Count(out.String(), "\n"); got != x.want {
			t.Errorf("%s: flushed twice", x.name)
		}
	}
}

func latencies(m *observe.Metrics, n int) {
	for range n {
		m.Milliseconds(observe.AckLatency, time.Millisecond)
	}
}

// TestValuesPerLine: CloudWatch takes at most 100 values of a metric.
func TestValuesPerLine(t *testing.T) {
	m, out, _ := newMetrics()
	latencies(m, 150)
	m.Flush()
	var doc struct {
		Values []float64 `json:"ack_latency"`
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || len(doc.Values) != 100 {
		t.Errorf("%d values, %v, want 100", len(doc.Values), err)
	}
}

func TestMetricsAreSafeForConcurrentUse(t *testing.T) {
	m := observe.NewMetrics(io.Discard, "line", time.Now)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 100 {
				m.Count(observe.Accepted, 1)
				m.CountBy(observe.Rejected, "reason", fmt.Sprint(i), 1)
				m.Flush()
			}
		})
	}
	wg.Wait()
}

func TestLogFields(t *testing.T) {
	var out bytes.Buffer
	account := channel.NewAccount("demo", "https://relais.example", map[string]string{"secret": "canary-secret"})
	observe.NewLog(&out, "line").Warn("told", "account", account, "error", errors.New("why").Error(), "level2", 3)
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(got["timestamp"])); err != nil || at.Location() != time.UTC {
		t.Errorf("timestamp %v, want RFC 3339 in UTC", got["timestamp"])
	}
	delete(got, "timestamp")
	want := map[string]any{"level": "WARN", "message": "told", "function": "line", "account": "demo", "error": "why",
		"level2": 3.0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
