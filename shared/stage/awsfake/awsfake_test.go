package awsfake_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// A cloud is the real SDK's clients on one server, in process.
type cloud struct {
	server  *awsfake.Server
	tables  *dynamodb.Client
	queues  *sqs.Client
	secrets *secretsmanager.Client
	objects *s3.Client
}

func open(t testing.TB, o awsfake.Options) *cloud {
	t.Helper()
	s, err := awsfake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String("https://aws.test"), HTTPClient: s.HTTPClient(),
		RetryMaxAttempts: 1,
		Credentials:      credentials.NewStaticCredentialsProvider("function-line", "secret", ""),
	}
	return &cloud{
		server: s, tables: dynamodb.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg),
		secrets: secretsmanager.NewFromConfig(cfg),
		objects: s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true }),
	}
}

func (c *cloud) table(t testing.TB, name string) {
	t.Helper()
	_, err := c.tables.CreateTable(context.Background(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: dynamotypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("pk"), AttributeType: "S"}},
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("pk"), KeyType: "HASH"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func key(s string) map[string]dynamotypes.AttributeValue {
	return map[string]dynamotypes.AttributeValue{"pk": &dynamotypes.AttributeValueMemberS{Value: s}}
}

func (c *cloud) put(table, k string) error {
	_, err := c.tables.PutItem(context.Background(), &dynamodb.PutItemInput{TableName: &table, Item: key(k)})
	return err
}

func (c *cloud) has(t testing.TB, table, k string) bool {
	t.Helper()
	out, err := c.tables.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: &table, Key: key(k),
		ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Item) > 0
}

func (c *cloud) queue(t testing.TB, name string) *string {
	t.Helper()
	out, err := c.queues.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

func (c *cloud) send(queue *string, body string) error {
	_, err := c.queues.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body})
	return err
}

func (c *cloud) receive(t testing.TB, queue *string) []string {
	t.Helper()
	out, err := c.queues.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: queue,
		MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

// A guard is an Authorize function that notes what it is asked and refuses what it is told to.
type guard struct {
	mu     sync.Mutex
	asked  []string
	refuse string
}

func (g *guard) authorize(principal, action, resource string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	ask := principal + " " + action + " " + resource
	g.asked = append(g.asked, ask)
	return g.refuse == "" || !strings.HasPrefix(ask, g.refuse)
}

func (g *guard) set(refuse string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked, g.refuse = nil, refuse
}

func TestDeniedCallHasNoEffect(t *testing.T) {
	ctx := context.Background()
	g := &guard{}
	c := open(t, awsfake.Options{Authorize: g.authorize})
	c.table(t, "relais-dev")
	q := c.queue(t, "relais-dev-ingress")

	g.set("function-line dynamodb:PutItem table/relais-dev")
	if got := code(c.put("relais-dev", "a")); got != "AccessDeniedException" {
		t.Errorf("put: %s, want AccessDeniedException", got)
	}
	_, err := c.tables.TransactWriteItems(ctx,
		&dynamodb.TransactWriteItemsInput{TransactItems: []dynamotypes.TransactWriteItem{
			{Delete: &dynamotypes.Delete{TableName: aws.String("relais-dev"), Key: key("x")}},
			{Put: &dynamotypes.Put{TableName: aws.String("relais-dev"), Item: key("a")}},
		}})
	if got := code(err); got != "AccessDeniedException" {
		t.Errorf("transaction: %s, want AccessDeniedException", got)
	}
	g.set("function-line dynamodb:BatchWriteItem table/relais-dev")
	_, err = c.tables.BatchWriteItem(ctx,
		&dynamodb.BatchWriteItemInput{RequestItems: map[string][]dynamotypes.WriteRequest{"relais-dev": {
			{PutRequest: &dynamotypes.PutRequest{Item: key("a")}},
		}}})
	if got := code(err); got != "AccessDeniedException" {
		t.Errorf("batch: %s, want AccessDeniedException", got)
	}
	g.set("function-line sqs:SendMessage queue/relais-dev-ingress")
	if got := code(c.send(q, "x")); got != "AccessDeniedException" {
		t.Errorf("send: %s, want AccessDeniedException", got)
	}
	g.set("function-line secretsmanager:CreateSecret secret/relais/dev/line/demo")
	_, err = c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("relais/dev/line/demo"),
		SecretString: aws.String("x")})
	if got := code(err); got != "AccessDeniedException" {
		t.Errorf("secret: %s, want AccessDeniedException", got)
	}

	g.set("")
	if c.has(t, "relais-dev", "a") {
		t.Error("a denied write took effect")
	}
	if got := c.receive(t, q); got != nil {
		t.Errorf("a denied send took effect: %v", got)
	}
	if _, err := c.secrets.DescribeSecret(ctx,
		&secretsmanager.DescribeSecretInput{SecretId: aws.String("relais/dev/line/demo")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("a denied CreateSecret took effect: %v", err)
	}
}

// TestBatchIsOfItsPartitions: who may read some partitions may read a batch of them, and none with
// another in it, as with IAM's ForAllValues.
func TestBatchIsOfItsPartitions(t *testing.T) {
	c := open(t, awsfake.Options{AuthorizeKey: func(_, action, _, partition string) bool {
		return action != "dynamodb:BatchGetItem" || strings.HasPrefix(partition, "cnv_")
	}})
	c.table(t, "relais-dev")
	for _, x := range []struct {
		keys []map[string]dynamotypes.AttributeValue
		want string
	}{
		{[]map[string]dynamotypes.AttributeValue{key("cnv_a"), key("cnv_b")}, "<nil>"},
		{[]map[string]dynamotypes.AttributeValue{key("cnv_a"), key("user:b")}, "AccessDeniedException"},
	} {
		_, err := c.tables.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{
			RequestItems: map[string]dynamotypes.KeysAndAttributes{"relais-dev": {Keys: x.keys}}})
		if got := code(err); got != x.want {
			t.Errorf("%v: %s, want %s", x.keys, got, x.want)
		}
	}
}

func TestAuthorizeIsAskedPerItem(t *testing.T) {
	ctx := context.Background()
	g := &guard{}
	c := open(t, awsfake.Options{Authorize: g.authorize})
	c.table(t, "one")
	c.table(t, "two")
	q := c.queue(t, "q")
	bucket := aws.String("bucket")
	if _, err := c.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	secret, err := c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("a/b"),
		SecretString: aws.String("x")})
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		call func() error
		want []string
	}{
		"transaction": {func() error {
			_, err := c.tables.TransactWriteItems(ctx,
				&dynamodb.TransactWriteItemsInput{TransactItems: []dynamotypes.TransactWriteItem{
					{Put: &dynamotypes.Put{TableName: aws.String("one"), Item: key("a")}},
					{ConditionCheck: &dynamotypes.ConditionCheck{TableName: aws.String("two"), Key: key("a"),
						ConditionExpression: aws.String("attribute_not_exists(pk)")}},
				}})
			return err
		}, []string{"dynamodb:PutItem table/one", "dynamodb:ConditionCheckItem table/two"}},
		"batch get": {func() error {
			_, err := c.tables.BatchGetItem(ctx,
				&dynamodb.BatchGetItemInput{RequestItems: map[string]dynamotypes.KeysAndAttributes{
					"one": {Keys: []map[string]dynamotypes.AttributeValue{key("a")}},
					"two": {Keys: []map[string]dynamotypes.AttributeValue{key("a"), key("b")}},
				}})
			return err
		}, []string{"dynamodb:BatchGetItem table/one", "dynamodb:BatchGetItem table/two",
			"dynamodb:BatchGetItem table/two"}},
		"secret by ARN": {func() error {
			_, err := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: secret.ARN})
			return err
		}, []string{"secretsmanager:GetSecretValue secret/a/b"}},
		"dead letter move": {func() error {
			_, err := c.queues.ListMessageMoveTasks(ctx,
				&sqs.ListMessageMoveTasksInput{SourceArn: aws.String("arn:aws:sqs:us-east-1:000000000000:q")})
			return err
		}, []string{"sqs:ListMessageMoveTasks queue/q"}},
		"purge": {func() error {
			_, err := c.queues.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: q})
			return err
		}, []string{"sqs:PurgeQueue queue/q"}},
		"objects deleted": {func() error {
			_, err := c.objects.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket,
				Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: aws.String("x")}, {Key: aws.String("y z")}}}})
			return err
		}, []string{"s3:DeleteObject s3/bucket/x", "s3:DeleteObject s3/bucket/y z"}},
	} {
		g.set("")
		if err := x.call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range x.want {
			x.want[i] = "function-line " + x.want[i]
		}
		if diff := cmp.Diff(x.want, g.asked); diff != "" {
			t.Errorf("%s asked (-want +got):\n%s", name, diff)
		}
	}
}

func TestIntercept(t *testing.T) {
	var fault *awsfake.Fault
	c := open(t, awsfake.Options{Intercept: func(call awsfake.Call) *awsfake.Fault {
		if call.Principal != "function-line" {
			t.Errorf("principal %q, want function-line", call.Principal)
		}
		return fault
	}})
	c.table(t, "relais-dev")
	q := c.queue(t, "q")
	for _, applied := range []bool{false, true} {
		fault = &awsfake.Fault{Applied: applied}
		if got := code(c.put("relais-dev", "a")); got != "InternalServerError" {
			t.Errorf("applied %v: put: %s, want InternalServerError", applied, got)
		}
		fault = &awsfake.Fault{Status: 400, Code: "RequestThrottled", Applied: applied}
		if got := code(c.send(q, "x")); got != "RequestThrottled" {
			t.Errorf("applied %v: send: %s, want RequestThrottled", applied, got)
		}
		fault = &awsfake.Fault{Status: 503, Code: "SlowDown", Applied: applied}
		_, err := c.objects.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: aws.String("bucket")})
		if got := code(err); got != "SlowDown" {
			t.Errorf("applied %v: create bucket: %s, want SlowDown", applied, got)
		}
		fault = nil
		if got := c.has(t, "relais-dev", "a"); got != applied {
			t.Errorf("put took effect: %v, want %v", got, applied)
		}
		if got := len(c.receive(t, q)) == 1; got != applied {
			t.Errorf("send took effect: %v, want %v", got, applied)
		}
		_, err = c.objects.HeadBucket(context.Background(), &s3.HeadBucketInput{Bucket: aws.String("bucket")})
		if got := err == nil; got != applied {
			t.Errorf("bucket created: %v, want %v", got, applied)
		}
	}
}

func TestObserve(t *testing.T) {
	ctx := context.Background()
	var seen []awsfake.Call
	c := open(t, awsfake.Options{
		Observe:   func(call awsfake.Call) { seen = append(seen, call) },
		Authorize: func(_, action, _ string) bool { return action != "sqs:PurgeQueue" },
	})
	c.table(t, "relais-dev")
	q := c.queue(t, "q")
	seen = nil
	c.put("relais-dev", "a")
	c.send(q, strings.Repeat("x", 64<<10+1))
	c.queues.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: q})
	c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("none")})
	c.objects.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("none")})
	want := []awsfake.Call{
		{"function-line", "dynamodb:PutItem", "table/relais-dev", 1, 200},
		{"function-line", "sqs:SendMessage", "queue/q", 2, 200},
		{"function-line", "sqs:PurgeQueue", "queue/q", 1, 403},
		{"function-line", "secretsmanager:GetSecretValue", "secret/none", 1, 400},
		{"function-line", "s3:ListBucket", "s3/none", 1, 404},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestRestartKeepsAllServices(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	clock := awsfake.NewClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	c := open(t, awsfake.Options{Dir: dir, Clock: clock})
	c.table(t, "relais-dev")
	q := c.queue(t, "q")
	bucket, object, name := aws.String("bucket"), aws.String("a/ü 🎉"), aws.String("relais/dev/line/demo")
	body := strings.Repeat("0123456789abcdef", 1<<16)
	_, bucketErr := c.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	_, oldErr := c.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: object, Body: strings.NewReader("old"),
		Metadata: map[string]string{"old": "1"}})
	_, putErr := c.objects.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: object, Body: strings.NewReader(body),
		ContentType: aws.String("text/plain"), Metadata: map[string]string{"k": "v"}})
	_, createErr := c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name,
		SecretString: aws.String("one")})
	_, changeErr := c.secrets.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: name,
		SecretString: aws.String("two")})
	if err := errors.Join(c.put("relais-dev", "a"), c.send(q, "x"), bucketErr, oldErr, putErr, createErr,
		changeErr); err != nil {
		t.Fatal(err)
	}
	c.server.Close()
	clock.Advance(time.Hour)

	c = open(t, awsfake.Options{Dir: dir, Clock: clock})
	if !c.has(t, "relais-dev", "a") {
		t.Error("the item is gone")
	}
	if diff := cmp.Diff([]string{"x"}, c.receive(t, q)); diff != "" {
		t.Error(diff)
	}
	out, err := c.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: object})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out.Body); err != nil || string(got) != body {
		t.Errorf("object of %d bytes, %v; want the %d put", len(got), err, len(body))
	}
	if diff := cmp.Diff(map[string]string{"k": "v"}, out.Metadata); diff != "" || *out.ContentType != "text/plain" {
		t.Errorf("metadata: %s, type %s", diff, *out.ContentType)
	}
	if want := clock.Now().Add(-time.Hour); !out.LastModified.Equal(want) {
		t.Errorf("modified %v, want %v", out.LastModified, want)
	}
	for stage, want := range map[string]string{"AWSCURRENT": "two", "AWSPREVIOUS": "one"} {
		v, err := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: name, VersionStage: &stage})
		if err != nil || *v.SecretString != want {
			t.Errorf("%s: %v %v, want %s", stage, v, err, want)
		}
	}
}

// TestKilled kills a process that writes items and messages, and looks for every write whose success it reported.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("AWSFAKE_TEST_CHILD"); dir != "" {
		writeUntilKilled(t, dir)
		return
	}
	dir := t.TempDir()
	c := open(t, awsfake.Options{Dir: dir})
	c.table(t, "relais-dev")
	c.queue(t, "q")
	c.server.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	child.Env = append(os.Environ(), "AWSFAKE_TEST_CHILD="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[string]bool{}
	for s := bufio.NewScanner(out); s.Scan(); {
		acknowledged[s.Text()] = true
		if len(acknowledged) == 3000 {
			child.Process.Kill()
		}
	}
	child.Wait()
	if len(acknowledged) < 3000 {
		t.Fatalf("the child acknowledged only %d writes", len(acknowledged))
	}
	checkKilled(t, dir, acknowledged)
}

func writeUntilKilled(t *testing.T, dir string) {
	c := open(t, awsfake.Options{Dir: dir})
	q, err := c.queues.GetQueueUrl(context.Background(), &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d", worker, i)
				if c.put("relais-dev", name) == nil {
					os.Stdout.WriteString("item " + name + "\n")
				}
				if c.send(q.QueueUrl, name) == nil {
					os.Stdout.WriteString("message " + name + "\n")
				}
			}
		})
	}
	wg.Wait()
}

func checkKilled(t *testing.T, dir string, acknowledged map[string]bool) {
	t.Helper()
	c := open(t, awsfake.Options{Dir: dir})
	q := c.queue(t, "q")
	received := map[string]bool{}
	for bodies := c.receive(t, q); len(bodies) > 0; bodies = c.receive(t, q) {
		for _, b := range bodies {
			received[b] = true
		}
	}
	for line := range acknowledged {
		kind, name, _ := strings.Cut(line, " ")
		if kind == "item" && !c.has(t, "relais-dev", name) || kind == "message" && !received[name] {
			t.Errorf("%s was acknowledged and is lost", line)
		}
	}
}

func TestUnknownIsRefused(t *testing.T) {
	ctx := context.Background()
	c := open(t, awsfake.Options{})
	if _, err := c.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")}); err != nil {
		t.Fatal(err)
	}
	_, rotate := c.secrets.RotateSecret(ctx, &secretsmanager.RotateSecretInput{SecretId: aws.String("x")})
	_, replicas := c.secrets.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("x"),
		ForceOverwriteReplicaSecret: true})
	_, permission := c.queues.AddPermission(ctx, &sqs.AddPermissionInput{QueueUrl: aws.String("x"),
		Label: aws.String("x"), AWSAccountIds: []string{"1"}, Actions: []string{"*"}})
	_, acl := c.objects.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: aws.String("bucket")})
	for name, x := range map[string]struct {
		err  error
		want string
	}{
		"RotateSecret": {rotate, "UnknownOperationException"}, "CreateSecret with replicas": {replicas,
			"ValidationException"},
		"AddPermission": {permission, "UnknownOperationException"}, "GetBucketAcl": {acl, "NotImplemented"},
	} {
		if got := code(x.err); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

func TestDirIsTakenOnce(t *testing.T) {
	dir := t.TempDir()
	open(t, awsfake.Options{Dir: dir})
	if _, err := awsfake.New(awsfake.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), dir+" is in use") {
		t.Errorf("got %v, want an error that names the directory", err)
	}
}

// BenchmarkClients is the real SDK in process: what a local run can do at most.
func BenchmarkClients(b *testing.B) {
	c := open(b, awsfake.Options{Dir: b.TempDir()})
	c.table(b, "relais-dev")
	q := c.queue(b, "q")
	b.Run("PutItem", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if err := c.put("relais-dev", fmt.Sprint(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SendMessage", func(b *testing.B) {
		for b.Loop() {
			if err := c.send(q, "x"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
