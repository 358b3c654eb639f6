package main

import (
	"math"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/store"
)

const day = 24 * time.Hour

// Stack names.
func statefulName(stage string) string  { return "relais-" + stage + "-stateful" }
func statelessName(stage string) string { return "relais-" + stage }

// newStateful is what must survive: table, queues, bucket and the key of all.
// The stateless stack finds them by name, and the two that have none of our
// choosing through parameters, because an export could never be changed again
// while another stack imports it.
func newStateful(app awscdk.App, s topology.System) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String(statefulName(s.Stage)), &awscdk.StackProps{
		Description:           jsii.String("Relais " + s.Stage + ": mailbox, queues, raw bodies and files"),
		TerminationProtection: jsii.Bool(!disposable(s.Stage)),
	})
	tag(stack, s.Stage)
	key := newKey(stack, s)
	newTable(stack, s, key)
	bucket := newBucket(stack, s, key)
	newQueues(stack, s, key)
	newLinkKey(stack, s)
	publish(stack, "KeyArn", parameterName(s.Stage, "key-arn"), *key.KeyArn(), "key of everything that Relais stores")
	publish(stack, "BucketName", parameterName(s.Stage, "bucket-name"), *bucket.BucketName(),
		"bodies too large for the table, and files")
	return stack
}

func tag(stack awscdk.Stack, stage string) {
	awscdk.Tags_Of(stack).Add(jsii.String("relais:stage"), jsii.String(stage), nil)
}

// newKey encrypts table, queues, bucket, logs and alarms. Functions are let in by
// their own policies; here stand those that have none in this account.
func newKey(stack awscdk.Stack, s topology.System) awskms.Key {
	key := awskms.NewKey(stack, jsii.String("Key"), &awskms.KeyProps{
		Alias:             jsii.String(statelessName(s.Stage)),
		Description:       jsii.String("Relais " + s.Stage),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     removal(s.Stage),
	})
	allow := func(sid string, principal awsiam.IPrincipal, actions []string, conditions map[string]any) {
		key.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Sid: jsii.String(sid),
			Principals: &[]awsiam.IPrincipal{principal}, Actions: jsii.Strings(actions...),
			Resources:  jsii.Strings("*"), // in a key's policy: this key
			Conditions: &conditions}), nil)
	}
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
	allow("Logs", awsiam.NewServicePrincipal(sub("logs.${AWS::Region}.amazonaws.com"), nil),
		[]string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey",
			"kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"},
		map[string]any{"ArnLike": map[string]any{"kms:EncryptionContext:aws:logs:arn": []any{
			arn("logs", "log-group:"+logGroup(s.Stage, "*")), arn("logs", "log-group:"+accessLog(s.Stage))}}})
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
	allow("Alarms", awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil), []string{"kms:Decrypt",
		"kms:GenerateDataKey"},
		map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}})
	for _, a := range consumers(s.Config.Consumers()) {
		// Receiving decrypts what was stored, and sending makes a key for what will be.
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
		key.AddToResourcePolicy(a.allow(receivers, []string{"kms:Decrypt", "kms:GenerateDataKey"}, jsii.String("*"),
			map[string]any{"kms:ViaService": sub("sqs.${AWS::Region}.amazonaws.com")}), nil)
	}
	return key
}

func newTable(stack awscdk.Stack, s topology.System, key awskms.Key) {
	t := s.Table
	table := awsdynamodb.NewTable(stack, jsii.String("Table"), &awsdynamodb.TableProps{
		TableName:    jsii.String(names.Table(s.Stage)),
		PartitionKey: attribute(t.Hash, false),
		SortKey:      attribute(t.Range, false),
		BillingMode:  awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:   awsdynamodb.TableEncryption_CUSTOMER_MANAGED, EncryptionKey: key,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: jsii.Bool(true)},
		TimeToLiveAttribute:              jsii.String(t.TTL),
		DeletionProtection:               jsii.Bool(!disposable(s.Stage)),
		RemovalPolicy:                    removal(s.Stage),
	})
	for _, i := range t.Local {
		kind, include := projection(i)
		table.AddLocalSecondaryIndex(&awsdynamodb.LocalSecondaryIndexProps{IndexName: jsii.String(i.Name),
			SortKey: attribute(i.Range, i.RangeIsNumber), ProjectionType: kind, NonKeyAttributes: include})
	}
	for _, i := range t.Global {
		kind, include := projection(i)
		table.AddGlobalSecondaryIndex(&awsdynamodb.GlobalSecondaryIndexProps{IndexName: jsii.String(i.Name),
			PartitionKey: attribute(i.Hash, false), SortKey: attribute(i.Range, i.RangeIsNumber),
			ProjectionType: kind, NonKeyAttributes: include})
	}
}

func attribute(name string, number bool) *awsdynamodb.Attribute {
	a := &awsdynamodb.Attribute{Name: jsii.String(name), Type: awsdynamodb.AttributeType_STRING}
	if number {
		a.Type = awsdynamodb.AttributeType_NUMBER
	}
	return a
}

func projection(i topology.Index) (awsdynamodb.ProjectionType, *[]*string) {
	switch {
	case i.All:
		return awsdynamodb.ProjectionType_ALL, nil
	case len(i.Include) > 0:
		return awsdynamodb.ProjectionType_INCLUDE, jsii.Strings(i.Include...)
	}
	return awsdynamodb.ProjectionType_KEYS_ONLY, nil
}

// newBucket takes bodies that do not fit an item, and files. They go when their
// events go.
func newBucket(stack awscdk.Stack, s topology.System, key awskms.Key) awss3.Bucket {
	bucket := awss3.NewBucket(stack, jsii.String("Bucket"), &awss3.BucketProps{
		Encryption: awss3.BucketEncryption_KMS, EncryptionKey: key, BucketKeyEnabled: jsii.Bool(true),
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		LifecycleRules: &[]*awss3.LifecycleRule{
			{Id: jsii.String("retention"), Prefix: jsii.String(media.Prefix),
				Expiration: duration(time.Duration(s.Config.RetentionDays) * day)},
			// A body is tagged when its event is finished: what is unfinished never expires.
			{Id: jsii.String("finished"), Prefix: jsii.String(store.RawPrefix),
				Expiration: duration(time.Duration(s.Config.RetentionDays) * day),
				TagFilters: &map[string]any{store.FinishedTag: store.FinishedValue}},
			{Id: jsii.String("incomplete"), AbortIncompleteMultipartUploadAfter: duration(day)},
			{Id: jsii.String("uploads"), Prefix: jsii.String(media.Uploads), Expiration: duration(day)}},
		// by then they were looked at, and copied
		// Browsers upload from the brands' pages, each with a form that the function gave them.
		Cors: &[]*awss3.CorsRule{{AllowedOrigins: jsii.Strings("*"),
			AllowedMethods: &[]awss3.HttpMethods{awss3.HttpMethods_POST}, MaxAge: jsii.Number(3600)}},
		RemovalPolicy: removal(s.Stage),
	})
	suppress(bucket, suppression{"AwsSolutions-S1",
		"only functions' roles reach this bucket, those of webhooks never to read, and objects go after the retention time; a second bucket of access logs would keep their names longer. CloudTrail's data events record every access for who needs that",
		"infra/cdk/privilege_test.go TestWebhooksReadNothing", nil})
	return bucket
}

// newLinkKey signs links to media. It is generated, so nobody has to; whoever
// replaces it ends all links.
func newLinkKey(stack awscdk.Stack, s topology.System) {
	secret := awssecretsmanager.NewSecret(stack, jsii.String("LinkKey"), &awssecretsmanager.SecretProps{
		SecretName:  jsii.String(names.LinkKey(s.Stage)),
		Description: jsii.String("Relais " + s.Stage + ": signs links to media"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{PasswordLength: jsii.Number(64),
			ExcludePunctuation: jsii.Bool(true)},
		RemovalPolicy: removal(s.Stage),
	})
	suppress(secret, suppression{"AwsSolutions-SMG4",
		"a rotation would end every link that customers have; links end by themselves, and the key opens nothing but files that were sent to them",
		"functions/http/files/files_test.go TestLinks", nil})
}

func newQueues(stack awscdk.Stack, s topology.System, key awskms.Key) {
	for _, q := range s.Queues {
		dead := newQueue(stack, key, q, "Queue-"+q.Name+"-dlq",
			&awssqs.QueueProps{QueueName: jsii.String(names.DeadLetters(s.Stage, q.Name)),
				RetentionPeriod: duration(14 * day), RemovalPolicy: removal(s.Stage)})
		suppress(dead, suppression{"AwsSolutions-SQS3", "this queue is the dead-letter queue of " + q.Name,
			"infra/cdk/stateful_test.go TestQueues", nil})
		live := newQueue(stack, key, q, "Queue-"+q.Name, &awssqs.QueueProps{QueueName: jsii.String(names.Queue(s.Stage,
			q.Name)),
			VisibilityTimeout: duration(q.Visibility), RetentionPeriod: duration(q.Retention), RemovalPolicy: removal(s.Stage),
			DeadLetterQueue: &awssqs.DeadLetterQueue{Queue: dead, MaxReceiveCount: jsii.Number(q.Receives)}})
		if q.Destination {
			admit(live, topology.Distinct(s.Config.Destinations[q.Name].Consumers))
		}
		if q.Name == names.Outbound {
			hear(live, s.Config.Consumers())
		}
		publishQueue(stack, s.Stage, q.Name, live)
		publishQueue(stack, s.Stage, q.Name+"-dlq", dead)
	}
}

func publishQueue(stack awscdk.Stack, stage, name string, q awssqs.Queue) {
	publish(stack, "QueueUrl-"+name, parameterName(stage, "queues/"+name+"/url"), *q.QueueUrl(), "")
	publish(stack, "QueueArn-"+name, parameterName(stage, "queues/"+name+"/arn"), *q.QueueArn(), "")
}

// dataKeyReuse is how long SQS works with one data key before it asks KMS again:
// an hour instead of its five minutes costs a twelfth.
const dataKeyReuse = time.Hour

// newQueue is q, or its dead letters. It is FIFO with high throughput unless q is
// standard: order and duplicates are a matter of one conversation, so limits are too.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html
func newQueue(stack awscdk.Stack, key awskms.Key, q topology.Queue, id string, p *awssqs.QueueProps) awssqs.Queue {
	if !q.Standard() {
		p.Fifo, p.DeduplicationScope, p.FifoThroughputLimit = jsii.Bool(true), awssqs.DeduplicationScope_MESSAGE_GROUP,
			awssqs.FifoThroughputLimit_PER_MESSAGE_GROUP_ID
	}
	p.Encryption, p.EncryptionMasterKey, p.DataKeyReuse = awssqs.QueueEncryption_KMS, key, duration(dataKeyReuse)
	p.EnforceSSL = jsii.Bool(true)
	return awssqs.NewQueue(stack, jsii.String(id), p)
}

// Statement ids of resource policies: who receives from a destination may also
// ask for something to be sent.
const (
	receivers = "Consumers"
	askers    = "Askers"
)

// admit lets a destination's consumers receive and delete, and nothing else.
func admit(q awssqs.Queue, list []string) {
	for _, a := range consumers(list) {
		q.AddToResourcePolicy(a.allow(receivers, []string{"sqs:ReceiveMessage", "sqs:DeleteMessage",
			"sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"},
			q.QueueArn(), map[string]any{}))
	}
}

// hear lets the consumers of all destinations ask for messages to be sent, and
// nothing else.
func hear(q awssqs.Queue, list []string) {
	for _, a := range consumers(list) {
		q.AddToResourcePolicy(a.allow(askers, []string{"sqs:SendMessage", "sqs:GetQueueUrl"}, q.QueueArn(),
			map[string]any{}))
	}
}

// An audience is those whom one statement of a resource policy lets in. There is
// one of accounts and roles, and one of organisations, because SQS takes 20
// statements, and 50 principals in each.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
type audience struct {
	principals    []awsiam.IPrincipal
	organisations []string // their principal is anyone, so they must be a condition
}

// allow is the statement; equals are its further conditions.
func (a audience) allow(sid string, actions []string, resource *string, equals map[string]any) awsiam.PolicyStatement {
	if len(a.organisations) > 0 {
		sid += "OfOrganisations"
		equals["aws:PrincipalOrgID"] = a.organisations
	}
	p := &awsiam.PolicyStatementProps{Sid: jsii.String(sid), Principals: &a.principals, Actions: jsii.Strings(actions...),
		Resources: &[]*string{resource}}
	if len(equals) > 0 {
		p.Conditions = &map[string]any{"StringEquals": equals}
	}
	return awsiam.NewPolicyStatement(p)
}

// consumers are the configuration's. Package topology has checked their form.
func consumers(list []string) []audience {
	var named audience
	anyone := audience{principals: []awsiam.IPrincipal{awsiam.NewStarPrincipal()}}
	for _, c := range list {
		switch {
		case strings.HasPrefix(c, "arn:"):
			named.principals = append(named.principals, awsiam.NewArnPrincipal(jsii.String(c)))
		case strings.HasPrefix(c, "o-"):
			anyone.organisations = append(anyone.organisations, c)
		default:
			named.principals = append(named.principals, awsiam.NewArnPrincipal(sub("arn:${AWS::Partition}:iam::"+c+":root")))
		}
	}
	var out []audience
	if len(named.principals) > 0 {
		out = append(out, named)
	}
	if len(anyone.organisations) > 0 {
		out = append(out, anyone)
	}
	return out
}

func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(math.Round(d.Seconds())))
}
