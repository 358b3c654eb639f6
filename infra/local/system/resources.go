package system

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
)

func (s *System) createResources(ctx context.Context) error {
	c := cloud.NewClients(s.ConfigOf(Admin, cloud.Work))
	if err := s.createTable(ctx, c.DynamoDB); err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	for _, q := range s.Queues {
		if err := s.createQueue(ctx, c.SQS, q); err != nil {
			return fmt.Errorf("create queue %s: %w", q.Name, err)
		}
	}
	var exists *s3types.BucketAlreadyOwnedByYou
	var taken *s3types.BucketAlreadyExists
	if _, err := c.S3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(Bucket)}); err != nil && !errors.As(err,
		&exists) && !errors.As(err, &taken) {
		return fmt.Errorf("create bucket: %w", err)
	}
	if err := createLinkKey(ctx, c.Secrets, s.Stage); err != nil {
		return fmt.Errorf("create the key of links: %w", err)
	}
	if err := s.createToken(ctx, c.Secrets); err != nil {
		return fmt.Errorf("create the API's token: %w", err)
	}
	for _, f := range s.Functions {
		if f.Channel == "" {
			continue
		}
		if err := s.createDemoAccount(ctx, c.Secrets, f.Channel); err != nil {
			return fmt.Errorf("demo account of %s: %w", f.Channel, err)
		}
	}
	return nil
}

func (s *System) createTable(ctx context.Context, db *dynamodb.Client) error {
	t, name := s.Table, names.Table(s.Stage)
	types := map[string]dbtypes.ScalarAttributeType{t.Hash: "S", t.Range: "S"}
	for _, i := range slices.Concat(t.Local, t.Global) {
		types[i.Hash], types[i.Range] = "S", "S"
		if i.RangeIsNumber {
			types[i.Range] = "N"
		}
	}
	var local []dbtypes.LocalSecondaryIndex
	for _, i := range t.Local {
		local = append(local, dbtypes.LocalSecondaryIndex{IndexName: &i.Name, KeySchema: keySchema(i.Hash, i.Range),
			Projection: projection(i)})
	}
	var global []dbtypes.GlobalSecondaryIndex
	for _, i := range t.Global {
		global = append(global, dbtypes.GlobalSecondaryIndex{IndexName: &i.Name, KeySchema: keySchema(i.Hash, i.Range),
			Projection: projection(i)})
	}
	var attributes []dbtypes.AttributeDefinition
	for _, a := range slices.Sorted(maps.Keys(types)) {
		attributes = append(attributes, dbtypes.AttributeDefinition{AttributeName: aws.String(a), AttributeType: types[a]})
	}
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: &name,
		BillingMode:          dbtypes.BillingModePayPerRequest,
		AttributeDefinitions: attributes, KeySchema: keySchema(t.Hash, t.Range),
		LocalSecondaryIndexes: local, GlobalSecondaryIndexes: global})
	var exists *dbtypes.ResourceInUseException
	if errors.As(err, &exists) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = db.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{TableName: &name,
		TimeToLiveSpecification: &dbtypes.TimeToLiveSpecification{AttributeName: &t.TTL, Enabled: aws.Bool(true)}})
	return err
}

func keySchema(hash, rng string) []dbtypes.KeySchemaElement {
	return []dbtypes.KeySchemaElement{{AttributeName: &hash, KeyType: dbtypes.KeyTypeHash}, {AttributeName: &rng,
		KeyType: dbtypes.KeyTypeRange}}
}

func projection(i topology.Index) *dbtypes.Projection {
	switch {
	case i.All:
		return &dbtypes.Projection{ProjectionType: dbtypes.ProjectionTypeAll}
	case len(i.Include) > 0:
		return &dbtypes.Projection{ProjectionType: dbtypes.ProjectionTypeInclude, NonKeyAttributes: i.Include}
	}
	return &dbtypes.Projection{ProjectionType: dbtypes.ProjectionTypeKeysOnly}
}

func (s *System) createQueue(ctx context.Context, c *sqs.Client, q topology.Queue) error {
	live := map[string]string{"FifoQueue": "true", "DeduplicationScope": "messageGroup",
		"FifoThroughputLimit": "perMessageGroupId"}
	if q.Standard() {
		live = map[string]string{}
	}
	dead := maps.Clone(live)
	dead["MessageRetentionPeriod"] = strconv.Itoa(14 * 24 * 3600)
	name := names.DeadLetters(s.Stage, q.Name)
	if _, err := c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: dead}); err != nil {
		return err
	}
	policy := map[string]any{"deadLetterTargetArn": s.AWS.QueueARN(name), "maxReceiveCount": q.Receives}
	redrive, err := json.Marshal(policy)
	if err != nil {
		return err
	}
	live["RedrivePolicy"] = string(redrive)
	live["VisibilityTimeout"] = strconv.Itoa(int(q.Visibility.Seconds()))
	live["MessageRetentionPeriod"] = strconv.Itoa(int(q.Retention.Seconds()))
	_, err = c.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(names.Queue(s.Stage, q.Name)),
		Attributes: live})
	return err
}

// createLinkKey makes the key that signs links to media, unless an earlier start did.
func createLinkKey(ctx context.Context, c *secretsmanager.Client, stage string) error {
	_, err := c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String(names.LinkKey(stage)),
		SecretString: aws.String(rand.Text() + rand.Text())})
	var exists *smtypes.ResourceExistsException
	if errors.As(err, &exists) {
		return nil
	}
	return err
}

// createDemoAccount stores the credentials of the channel's samples, unless the
// account is there from an earlier start.
func (s *System) createDemoAccount(ctx context.Context, c *secretsmanager.Client, channel string) error {
	set, err := s.Samples(channel)
	if err != nil {
		return err
	}
	doc, err := json.Marshal(set.Credentials)
	if err != nil {
		return err
	}
	_, err = c.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name: aws.String(names.SecretPrefix(s.Stage, channel) + set.Account.ID), SecretString: aws.String(string(doc))})
	var exists *smtypes.ResourceExistsException
	if errors.As(err, &exists) {
		return nil
	}
	return err
}

// Allows says whether a principal may do it: functions what the topology grants
// them, everybody else (the operator of the laptop) everything.
func (s *System) Allows(principal, action, resource string) bool {
	return s.granted(principal, action, resource, func(topology.Grant) bool { return true })
}

// AllowsKey says whether a principal may do it with the items of a partition.
func (s *System) AllowsKey(principal, action, resource, partition string) bool {
	return s.granted(principal, action, resource, func(g topology.Grant) bool {
		return len(g.Keys) == 0 || slices.ContainsFunc(g.Keys, func(prefix string) bool {
			return strings.HasPrefix(partition,
				prefix)
		})
	})
}

func (s *System) granted(principal, action, resource string, narrow func(topology.Grant) bool) bool {
	i := slices.IndexFunc(s.Functions, func(f topology.Function) bool { return f.Name == principal })
	if i < 0 {
		return true
	}
	return slices.ContainsFunc(s.Functions[i].Grants, func(g topology.Grant) bool {
		return slices.Contains(g.Actions, action) && s.covers(g, resource) && narrow(g)
	})
}

func (s *System) covers(g topology.Grant, resource string) bool {
	switch g.On {
	case topology.OnTable:
		return resource == "table/"+names.Table(s.Stage)
	case topology.OnIndex:
		return resource == "table/"+names.Table(s.Stage)+"/index/"+g.Arg
	case topology.OnQueue:
		return resource == "queue/"+names.Queue(s.Stage, g.Arg)
	case topology.OnSecrets:
		return strings.HasPrefix(resource, "secret/"+names.SecretPrefix(s.Stage, g.Arg))
	case topology.OnLinkKey:
		return resource == "secret/"+names.LinkKey(s.Stage)
	case topology.OnSockets:
		return resource == socketResource
	case topology.OnWidget:
		return strings.HasPrefix(resource, "s3/"+widgetBucket+"/")
	case topology.OnBucket:
		return resource == "s3/"+Bucket
	case topology.OnObjects:
		return strings.HasPrefix(resource, "s3/"+Bucket+"/"+g.Arg)
	}
	return false
}
