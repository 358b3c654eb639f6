package system

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// Release gives back what a consumer of a queue received that is gone.
func (s *System) Release(queue string) { s.AWS.ReleaseQueue(names.Queue(s.Stage, queue)) }

// resumeLimit bounds what resume rings for in each bucket; the sweeper comes for
// the rest.
const resumeLimit = 5000

// resume lets what an earlier run left unfinished go on at once. What its functions
// had received would hold up conversations until visibility timeouts end, and what
// nobody rang for, until the sweeper comes. In AWS time does that; who restarts a
// laptop's process is watching it.
func (s *System) resume(ctx context.Context) error {
	c := cloud.NewClients(s.ConfigOf(Admin, cloud.Work))
	for _, f := range s.Functions {
		if f.Consumes != "" {
			s.Release(f.Consumes)
		}
	}
	backlog := store.NewBacklog(store.Place{DB: c.DynamoDB, Table: names.Table(s.Stage)})
	for _, bucket := range slices.Concat(store.EventBuckets(), store.LaneBuckets()) {
		pending, err := backlog.Due(ctx, bucket, resumeLimit)
		if err != nil {
			return err
		}
		byQueue := map[string][]store.Due{}
		for _, d := range pending {
			if scheduled(d, s.Now()) {
				continue
			}
			q := store.QueueOf(d.Conversation)
			byQueue[q] = append(byQueue[q], d)
		}
		for name, due := range byQueue {
			if _, err := queue.New(c.SQS, s.QueueURL(name)).SendAll(ctx, queue.RingsAgain(due, s.Now())); err != nil {
				return fmt.Errorf("ring for what is pending: %w", err)
			}
		}
	}
	return nil
}

// scheduled says whether d waits for a time that has not come. What else waits, waits
// for a platform or an account; the sender knows until when.
func scheduled(d store.Due, now time.Time) bool {
	return d.At.After(now) && strings.HasPrefix(d.Conversation, string(store.LaterLane("")))
}
