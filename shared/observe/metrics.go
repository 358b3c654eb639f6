package observe

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Namespace of all metrics in CloudWatch.
const Namespace = "Relais"

// A Name is a metric's name. Counts unless said otherwise.
type Name string

// The metrics.
const (
	Accepted    Name = "accepted"    // events committed by a webhook function
	Duplicates  Name = "duplicates"  // events that were committed before
	Rejected    Name = "rejected"    // requests refused; dimension reason
	RingFailed  Name = "ring_failed" // committed, but the router was not told: the sweeper will
	Spilled     Name = "spilled"     // events that went to the spill queue
	Refused     Name = "refused_5xx" // neither store took it: the channel was told to retry
	Late        Name = "late"        // events older than one routed before them
	Quarantined Name = "quarantined" // events set aside; each wants a person
	Routed      Name = "routed"      // events given a sequence
	Forwarded   Name = "forwarded"   // deliveries to destinations
	Blocked     Name = "blocked"     // deliveries a destination's queue refused; dimension destination
	Conflicts   Name = "conflicts"   // another router was faster
	RuleFailed  Name = "rule_failed" // a rule could not be evaluated and counted as no match
	Swept       Name = "swept"       // conversations rung by the sweeper
	Sent        Name = "sent"        // messages whose calls a platform took
	SendFailed  Name = "send_failed" // messages that were given up; dimension class
	Uncertain   Name = "uncertain"   // messages of which nobody can know whether they were sent
	Deferred    Name = "deferred"    // sends put off: a rate, an outage, a paused account; dimension class
	Receipts    Name = "receipts"    // statuses noted without an event
	MediaDone   Name = "media_done"  // files copied
	MediaLost   Name = "media_lost"  // files that could not be copied; dimension class
	Notified    Name = "notified"    // push notifications that a service took
	NotifyLost  Name = "notify_lost" // those that it did not take
	AckLatency  Name = "ack_latency" // milliseconds from invocation to answer
	PendingAge  Name = "pending_age" // milliseconds the oldest unfinished event has waited
	SpillDepth  Name = "spill_depth" // messages in the spill queue
)

var milliseconds = map[Name]bool{AckLatency: true, PendingAge: true}

// flush rules: what operators must hear at once is written with the call that
// saw it. Successes, and refusals of strangers, are gathered: one line per webhook
// costs more than all compute, and a flood of forgeries must not buy log volume (a
// function frozen for good may lose a minute of them).
const (
	gatherFor    = time.Minute
	maxGathered  = 100 // CloudWatch takes at most 100 values per metric and line
	emfTimestamp = "Timestamp"
)

var quiet = map[Name]bool{Accepted: true, Duplicates: true, Rejected: true, AckLatency: true, Routed: true,
	Forwarded: true, Sent: true, Receipts: true, MediaDone: true}

// Metrics gathers values and writes them as embedded metric format lines:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
// It is safe for concurrent use.
type Metrics struct {
	w        io.Writer
	function string
	now      func() time.Time

	mu      sync.Mutex
	since   time.Time
	urgent  bool
	values  map[series][]float64
	counted int
}

type series struct {
	name       Name
	key, value string // one further dimension, or none
}

// compareSeries makes equal values equal bytes.
func compareSeries(a, b series) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value), cmp.Compare(a.name, b.name))
}

// NewMetrics writes to w; function is the dimension every metric has.
func NewMetrics(w io.Writer, function string, now func() time.Time) *Metrics {
	return &Metrics{w: w, function: function, now: now, since: now(), values: map[series][]float64{}}
}

// Count adds n to a metric.
func (m *Metrics) Count(name Name, n int) { m.add(series{name: name}, float64(n)) }

// CountBy adds n to a metric under one more dimension. CloudWatch drops lines
// with an empty dimension, so an empty value counts as "none".
func (m *Metrics) CountBy(name Name, key, value string, n int) {
	m.add(series{name, key, cmp.Or(value, "none")}, float64(n))
}

// Milliseconds records a duration.
func (m *Metrics) Milliseconds(name Name, d time.Duration) {
	m.add(series{name: name}, float64(d.Microseconds())/1000)
}

func (m *Metrics) add(s series, v float64) {
	if v == 0 && quiet[s.name] {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.values[s]; !milliseconds[s.name] && len(old) == 1 {
		old[0] += v
	} else {
		m.values[s] = append(old, v)
		m.counted = max(m.counted, len(m.values[s]))
	}
	m.urgent = m.urgent || !quiet[s.name]
}

// Flush writes what is gathered when it is due: anything urgent, a full line, or
// a minute of successes. Handlers call it once at the end of an invocation.
func (m *Metrics) Flush() {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	if len(m.values) == 0 || !m.urgent && m.counted < maxGathered && now.Sub(m.since) < gatherFor {
		return
	}
	for _, line := range m.lines(now) {
		m.w.Write(append(line, '\n'))
	}
	m.since, m.urgent, m.counted = now, false, 0
	clear(m.values)
}

// lines makes one line per further dimension.
func (m *Metrics) lines(now time.Time) [][]byte {
	type metric struct{ Name, Unit string }
	groups := map[series]map[string]any{}
	metrics := map[series][]metric{}
	for _, s := range slices.SortedFunc(maps.Keys(m.values), compareSeries) {
		values := m.values[s]
		g := series{key: s.key, value: s.value}
		doc := groups[g]
		if doc == nil {
			doc = map[string]any{"function": m.function}
			if g.key != "" {
				doc[g.key] = g.value
			}
			groups[g] = doc
		}
		unit := "Count"
		if milliseconds[s.name] {
			unit = "Milliseconds"
		}
		metrics[g] = append(metrics[g], metric{string(s.name), unit})
		if len(values) == 1 {
			doc[string(s.name)] = values[0]
		} else {
			doc[string(s.name)] = values[:min(len(values), maxGathered)]
		}
	}
	var out [][]byte
	for _, g := range slices.SortedFunc(maps.Keys(groups), compareSeries) {
		doc := groups[g]
		dimensions := []string{"function"}
		if g.key != "" {
			dimensions = append(dimensions, g.key)
		}
		doc["_aws"] = map[string]any{
			emfTimestamp: now.UnixMilli(),
			"CloudWatchMetrics": []any{map[string]any{"Namespace": Namespace, "Dimensions": [][]string{dimensions},
				"Metrics": metrics[g]}},
		}
		line, err := json.Marshal(doc)
		if err == nil {
			out = append(out, line)
		}
	}
	return out
}
