package system

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/store"
)

// resumeLimit bounds what resume rings for in each bucket; the sweeper comes for
// the rest.
const resumeLimit = 5000

// resume lets what an earlier run left unfinished go on at once. Its rings may
// have been received by a process that is gone, and would hold up their
// conversations until their visibility timeout ends. Rings hold nothing, so queues
// that have nothing else are emptied, and everything that is pending is rung for
// anew. In AWS time and the sweeper do that; who restarts a laptop's process is
// watching it.
func (s *System) resume(ctx context.Context) error {
	c := cloud.NewClients(s.ConfigOf(Admin, cloud.Work))
	for _, name := range []string{names.Ingress, names.Bulk, names.Media} {
		if _, err := c.SQS.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: aws.String(s.QueueURL(name))}); err != nil {
			return fmt.Errorf("throw old rings away: %w", err)
		}
	}
	table := store.New(c.DynamoDB, c.S3, names.Table(s.Stage), Bucket, 0)
	for _, bucket := range store.Buckets() {
		pending, err := table.Due(ctx, bucket, resumeLimit)
		if err != nil {
			return err
		}
		byQueue := map[string][]store.Due{}
		for _, d := range pending {
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
