package awsfake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/relais-dev/relais/shared/stage/awsfake"
)

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

func (c *cloud) transact(table string, keys ...string) error {
	var items []dynamotypes.TransactWriteItem
	for _, k := range keys {
		items = append(items, dynamotypes.TransactWriteItem{Put: &dynamotypes.Put{TableName: &table, Item: key(k)}})
	}
	_, err := c.tables.TransactWriteItems(context.Background(), &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

// reasons are the codes of a cancelled transaction that name a cause.
func reasons(t *testing.T, err error) (codes []string) {
	t.Helper()
	var cancelled *dynamotypes.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		t.Fatalf("got %v, want TransactionCanceledException", err)
	}
	if len(cancelled.CancellationReasons) != 3 {
		t.Fatalf("%d reasons for 3 items", len(cancelled.CancellationReasons))
	}
	for _, r := range cancelled.CancellationReasons {
		if code := aws.ToString(r.Code); code != "None" {
			codes = append(codes, code)
		}
	}
	return codes
}

func TestConflicts(t *testing.T) {
	ctx := context.Background()
	c := open(t, awsfake.Options{})
	c.table(t, "items")
	c.server.SetWeather(awsfake.Weather{Conflicts: 1})
	_, update := c.tables.UpdateItem(ctx, &dynamodb.UpdateItemInput{TableName: aws.String("items"), Key: key("a")})
	_, remove := c.tables.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: aws.String("items"), Key: key("a")})
	for name, err := range map[string]error{"put": c.put("items", "a"), "update": update, "delete": remove} {
		if !is[*dynamotypes.TransactionConflictException](err) {
			t.Errorf("%s: %v, want TransactionConflictException", name, err)
		}
	}
	if got := reasons(t, c.transact("items", "a", "b", "c")); !slices.Equal(got, []string{"TransactionConflict"}) {
		t.Errorf("reasons %v, want one TransactionConflict", got)
	}
	if _, err := c.tables.Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("items")}); err != nil {
		t.Errorf("a read that is no transaction: %v", err)
	}
	c.server.SetWeather(awsfake.Weather{})
	if c.has(t, "items", "a") {
		t.Error("what was refused was written")
	}
}

func TestThrottles(t *testing.T) {
	ctx := context.Background()
	c := open(t, awsfake.Options{})
	c.table(t, "items")
	q := c.queue(t, "q")
	c.server.SetWeather(awsfake.Weather{Throttles: 1, Seed: 3})
	got := map[string]bool{}
	for range 20 {
		err := c.put("items", "a")
		got[code(err)] = is[*dynamotypes.ProvisionedThroughputExceededException](err) ||
			is[*dynamotypes.ThrottlingException](err)
		got[reasons(t, c.transact("items", "a", "b", "c"))[0]] = true
	}
	for _, want := range []string{"ProvisionedThroughputExceededException", "ThrottlingException",
		"ProvisionedThroughputExceeded", "ThrottlingError"} {
		if !got[want] {
			t.Errorf("no %s of its type among %v", want, got)
		}
	}
	_, secret := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("s")})
	_, object := c.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
	message := c.send(q, "x")
	if !is[*sqstypes.RequestThrottled](message) {
		t.Errorf("SQS: %v, want RequestThrottled", message)
	}
	outcomes := map[string]error{"RequestThrottled": message, "ThrottlingException": secret, "SlowDown": object}
	for want, err := range outcomes {
		if code(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, err := range []error{c.put("items", "a"), message, secret, object} {
		if !retry.NewStandard().IsErrorRetryable(err) {
			t.Errorf("the SDK does not try again after %v", err)
		}
	}
}

// TestWeatherRepeats: the same calls meet the same weather, and it spares whom it shall.
func TestWeatherRepeats(t *testing.T) {
	w := awsfake.Weather{Conflicts: 0.3, Throttles: 0.3, Seed: 7}
	run := func(w awsfake.Weather) (outcomes []string) {
		c := open(t, awsfake.Options{})
		c.table(t, "items")
		c.server.SetWeather(w)
		for i := range 50 {
			outcomes = append(outcomes, code(c.put("items", fmt.Sprint(i))))
		}
		return outcomes
	}
	first := run(w)
	if !slices.Equal(first, run(w)) {
		t.Error("the same seed brings other weather")
	}
	if !slices.Contains(first, "TransactionConflictException") || !slices.Contains(first, "<nil>") {
		t.Errorf("neither all fair nor all foul: %v", first)
	}
	w.Seed = 8
	if slices.Equal(first, run(w)) {
		t.Error("another seed brings the same weather")
	}
	w.Strikes = func(principal string) bool { return principal != "function-line" }
	if bad := slices.ContainsFunc(run(w), func(s string) bool { return s != "<nil>" }); bad {
		t.Error("the weather struck a principal that it spares")
	}
}

// TestMissingObject: who may not list a bucket is not told what is missing in it.
func TestMissingObject(t *testing.T) {
	ctx := context.Background()
	list := false
	c := open(t, awsfake.Options{Authorize: func(_, action, resource string) bool {
		return action != "s3:ListBucket" || list && resource == "s3/bucket"
	}})
	if _, err := c.objects.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("bucket")}); err != nil {
		t.Fatal(err)
	}
	read := func(bucket string) (get, head string) {
		_, err := c.objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String("none")})
		_, err2 := c.objects.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String("none")})
		return code(err), code(err2)
	}
	if get, head := read("bucket"); get != "AccessDenied" || head != "Forbidden" {
		t.Errorf("without ListBucket: %s, %s", get, head)
	}
	if get, _ := read("nobucket"); get != "NoSuchBucket" {
		t.Errorf("without the bucket: %s", get)
	}
	list = true
	if get, head := read("bucket"); get != "NoSuchKey" || head != "NotFound" {
		t.Errorf("with ListBucket: %s, %s", get, head)
	}
}

func TestStaleReads(t *testing.T) {
	ctx := context.Background()
	clock := awsfake.NewClock(time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))
	c := open(t, awsfake.Options{Clock: clock, Weather: awsfake.Weather{Stale: 1}})
	c.table(t, "items")
	if err := c.put("items", "a"); err != nil {
		t.Fatal(err)
	}
	get := func(consistent bool) bool {
		in := &dynamodb.GetItemInput{TableName: aws.String("items"), Key: key("a"), ConsistentRead: &consistent}
		out, err := c.tables.GetItem(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Item) > 0
	}
	if !get(true) {
		t.Error("a consistent read misses the write")
	}
	if get(false) {
		t.Error("a stale read sees the write")
	}
	clock.Advance(2 * time.Second)
	if !get(false) {
		t.Error("a read misses a write that is old")
	}
}
