// Package sweeper rings for events that nobody came back for: a ring was lost, a
// function died, a destination was broken. It runs every minute and reports how
// old the oldest unfinished event is and how much waits in the spill queue.
package sweeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// A Sweeper is the scheduled function.
type Sweeper struct {
	Backlog *store.Backlog
	Ingress *queue.Queue
	Spill   *queue.Queue
	Lanes   map[string]*queue.Queue // where lanes are rung for, by store.QueueOf
	Log     *slog.Logger
	Metrics *observe.Metrics
	Now     func() time.Time
}

// New is the sweeper.
func New(name string, e function.Env) (function.Handler, error) {
	c, err := e.Clients(cloud.Work)
	if err != nil {
		return nil, err
	}
	ingress := e.Queue(c, names.EnvIngress)
	lanes := map[string]*queue.Queue{names.Ingress: ingress, names.Outbound: e.Queue(c, names.EnvOutbound),
		names.Bulk: e.Queue(c, names.EnvBulk), names.Media: e.Queue(c, names.EnvMedia)}
	return &Sweeper{Backlog: store.NewBacklog(e.Store(c)), Ingress: ingress, Spill: e.Queue(c, names.EnvSpill),
		Lanes: lanes, Log: e.Log(name), Metrics: e.Metrics(name), Now: e.Now}, nil
}

const (
	// perBucket bounds the events of one bucket that a run takes, and so what a
	// run costs: 16 buckets, 1,600 events a minute.
	perBucket = 100
	// behind is the ingress depth from which the queue itself explains why events
	// are old: more rings would only make it longer.
	behind = 1000
)

// Report is what a run did.
type Report struct {
	Due   int `json:"due"`
	Rung  int `json:"rung"`
	Spill int `json:"spill"`
}

// Invoke runs once. The payload, a schedule's event, says nothing.
func (s *Sweeper) Invoke(ctx context.Context, _ []byte) ([]byte, error) {
	defer s.Metrics.Flush()
	report, err := s.Sweep(ctx)
	if err != nil {
		s.Log.Error("sweep incomplete, the next one goes on", "error", err.Error())
	}
	out, _ := json.Marshal(report) // a struct of ints
	return out, err
}

// Sweep rings once per conversation that has due events, and for the lanes, which
// have buckets of their own: one overload never stops the other half. Errors of one
// bucket do not keep it from the others.
func (s *Sweeper) Sweep(ctx context.Context) (Report, error) {
	var report Report
	depth, err := s.Spill.Depth(ctx)
	if err == nil {
		report.Spill = depth
		s.Metrics.Count(observe.SpillDepth, depth)
	}
	waiting, depthErr := s.Ingress.Depth(ctx)
	held := depthErr == nil && waiting >= behind
	if held {
		s.Log.Warn("the ingress queue is behind, not ringing for events", "depth", waiting)
	}
	age, e := s.sweep(ctx, store.EventBuckets(), held, &report)
	s.Metrics.Milliseconds(observe.PendingAge, age)
	_, lanes := s.sweep(ctx, store.LaneBuckets(), false, &report) // what waits there may have to: a time, a pause
	s.Metrics.Count(observe.Swept, report.Rung)
	return report, errors.Join(err, depthErr, e, lanes)
}

// sweep rings for what is due in buckets, unless rings are held back, and returns the
// age of the oldest that waits.
func (s *Sweeper) sweep(ctx context.Context, buckets []string, held bool,
	report *Report) (oldest time.Duration, err error) {
	now := s.Now()
	for _, bucket := range buckets {
		pending, e := s.Backlog.Due(ctx, bucket, perBucket)
		err = errors.Join(err, e)
		for _, p := range pending {
			oldest = max(oldest, now.Sub(p.Received))
		}
		due := slices.DeleteFunc(pending, func(d store.Due) bool { return d.At.After(now) })
		report.Due += len(due)
		if held {
			continue
		}
		rung, e := s.ring(ctx, due, now)
		report.Rung += rung
		err = errors.Join(err, e)
	}
	return oldest, err
}

// ring rings for what is due, each on the queue of those who work there.
func (s *Sweeper) ring(ctx context.Context, due []store.Due, now time.Time) (int, error) {
	byQueue := map[string][]store.Due{}
	for _, d := range due {
		q := store.QueueOf(d.Conversation)
		byQueue[q] = append(byQueue[q], d)
	}
	rung := 0
	var err error
	for _, name := range slices.Sorted(maps.Keys(byQueue)) {
		n, e := s.ringOn(ctx, s.Lanes[name], byQueue[name], now)
		rung += n
		err = errors.Join(err, e)
	}
	return rung, err
}

func (s *Sweeper) ringOn(ctx context.Context, q *queue.Queue, due []store.Due, now time.Time) (int, error) {
	rings := queue.RingsAgain(due, now)
	failed, err := q.SendAll(ctx, rings)
	if err != nil {
		s.Metrics.Count(observe.RingFailed, len(failed))
		return len(rings) - len(failed), fmt.Errorf("ring: %w", err)
	}
	for _, d := range due {
		if e := s.Backlog.Postpone(ctx, d, now); e != nil {
			err = errors.Join(err, e)
		}
	}
	return len(rings), err
}
