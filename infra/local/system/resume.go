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
// conversations until their visibility timeout ends. Rings hold nothing, so all
// of them are thrown away, and every conversation with pending events is rung for
// anew. In AWS time and the sweeper do that; who restarts a laptop's process is
// watching it.
func (s *System) resume(ctx context.Context) error {
	c := cloud.NewClients(s.ConfigOf(Admin, cloud.Work))
	url := s.QueueURL(names.Ingress)
	if _, err := c.SQS.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: aws.String(url)}); err != nil {
		return fmt.Errorf("throw old rings away: %w", err)
	}
	table, ingress := store.New(c.DynamoDB, c.S3, names.Table(s.Stage), Bucket, 0), queue.New(c.SQS, url)
	for _, bucket := range store.Buckets() {
		pending, err := table.Due(ctx, bucket, resumeLimit)
		if err != nil {
			return err
		}
		if _, err := ingress.SendAll(ctx, queue.RingsAgain(pending, s.Now())); err != nil {
			return fmt.Errorf("ring for what is pending: %w", err)
		}
	}
	return nil
}
