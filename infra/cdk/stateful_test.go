package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/shared/names"
)

// TestTable compares the whole table: what it is keyed by is what package store
// assumes, and what protects it depends on the stage.
func TestTable(t *testing.T) {
	for _, d := range stages() {
		keep := d.Stage != "dev"
		want := map[string]any{
			"TableName": "relais-" + d.Stage, "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": keep,
			"AttributeDefinitions": []any{attributeOf("c", "S"), attributeOf("s", "S"), attributeOf("o", "S"), attributeOf("q",
				"N"), attributeOf("b", "S"), attributeOf("d", "N"), attributeOf("il", "S"), attributeOf("ia", "N")},
			"KeySchema": keys("c", "s"),
			"LocalSecondaryIndexes": []any{
				map[string]any{"IndexName": "pending", "KeySchema": keys("c", "o"),
					"Projection": map[string]any{"ProjectionType": "ALL"}},
				map[string]any{"IndexName": "history", "KeySchema": keys("c", "q"),
					"Projection": map[string]any{"ProjectionType": "KEYS_ONLY"}}},
			"GlobalSecondaryIndexes": []any{
				map[string]any{"IndexName": "due", "KeySchema": keys("b", "d"),
					"Projection": map[string]any{"ProjectionType": "INCLUDE", "NonKeyAttributes": []any{"o", "t"}}},
				map[string]any{"IndexName": "lists", "KeySchema": keys("il", "ia"),
					"Projection": map[string]any{"ProjectionType": "INCLUDE", "NonKeyAttributes": []any{"ig", "it", "ic"}}}},
			"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
			"TimeToLiveSpecification":          map[string]any{"AttributeName": "x", "Enabled": true},
			"Tags":                             tags(d.Stage),
		}
		d.stateful.each(t, "AWS::DynamoDB::Table", func(_ string, p map[string]any, r resource) {
			sse := p["SSESpecification"].(map[string]any)
			if sse["SSEEnabled"] != true || sse["SSEType"] != "KMS" || d.stateful.text(sse["KMSMasterKeyId"]) != "(key)" {
				t.Errorf("the table is not encrypted with the key: %v", sse)
			}
			rest := map[string]any{}
			for k, v := range p {
				if k != "SSESpecification" {
					rest[k] = v
				}
			}
			if diff := cmp.Diff(want, rest); diff != "" {
				t.Errorf("%s (-want +got):\n%s", d.Stage, diff)
			}
		})
	}
}

func attributeOf(name, kind string) map[string]any {
	return map[string]any{"AttributeName": name, "AttributeType": kind}
}

func keys(hash, sort string) []any {
	return []any{map[string]any{"AttributeName": hash, "KeyType": "HASH"}, map[string]any{"AttributeName": sort,
		"KeyType": "RANGE"}}
}

func tags(stage string) []any {
	return []any{map[string]any{"Key": "relais:stage", "Value": stage}}
}

// TestQueues: all but the clock's are FIFO with high throughput, and all are encrypted; live ones give up
// to their own dead-letter queue, which keeps messages as long as SQS can.
func TestQueues(t *testing.T) {
	for _, d := range stages() {
		count := 0
		d.stateful.each(t, "AWS::SQS::Queue", func(id string, p map[string]any, _ resource) {
			count++
			if strings.HasPrefix(p["QueueName"].(string), "relais-"+d.Stage+"-clock") {
				if p["FifoQueue"] != nil || p["DeduplicationScope"] != nil || p["FifoThroughputLimit"] != nil {
					t.Errorf("%s is a FIFO queue, which holds no message back", id)
				}
			} else if p["FifoQueue"] != true || p["DeduplicationScope"] != "messageGroup" ||
				p["FifoThroughputLimit"] != "perMessageGroupId" {
				t.Errorf("%s is no FIFO queue with high throughput", id)
			}
			if d.stateful.text(p["KmsMasterKeyId"]) != "(key)" {
				t.Errorf("%s is not encrypted with the key", id)
			}
		})
		if count != 2*len(d.Queues) {
			t.Errorf("%d queues, want %d", count, 2*len(d.Queues))
		}
		for _, q := range d.Queues {
			live := d.stateful.named(t, "AWS::SQS::Queue", "QueueName", names.Queue(d.Stage, q.Name))
			dead := d.stateful.named(t, "AWS::SQS::Queue", "QueueName", names.DeadLetters(d.Stage, q.Name))
			redrive := live["RedrivePolicy"].(map[string]any)
			got := []any{d.stateful.text(redrive["deadLetterTargetArn"]), redrive["maxReceiveCount"], live["VisibilityTimeout"],
				live["MessageRetentionPeriod"], dead["MessageRetentionPeriod"], dead["RedrivePolicy"]}
			want := []any{"arn:aws:sqs:eu-central-1:111111111111:" + names.DeadLetters(d.Stage, q.Name), float64(q.Receives),
				q.Visibility.Seconds(), q.Retention.Seconds(), float64(14 * 24 * 3600), nil}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", q.Name, d.Stage, diff)
			}
		}
	}
}

func TestBucket(t *testing.T) {
	for _, d := range stages() {
		d.stateful.each(t, "AWS::S3::Bucket", func(id string, p map[string]any, _ resource) {
			public := map[string]any{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true,
				"RestrictPublicBuckets": true}
			if diff := cmp.Diff(public, p["PublicAccessBlockConfiguration"]); diff != "" {
				t.Error(diff)
			}
			rule := p["BucketEncryption"].(map[string]any)["ServerSideEncryptionConfiguration"].([]any)[0].(map[string]any)
			sse := rule["ServerSideEncryptionByDefault"].(map[string]any)
			if sse["SSEAlgorithm"] != "aws:kms" || d.stateful.text(sse["KMSMasterKeyID"]) != "(key)" ||
				rule["BucketKeyEnabled"] != true {
				t.Errorf("encryption %v", rule)
			}
			life := map[string]map[string]any{}
			for _, rule := range p["LifecycleConfiguration"].(map[string]any)["Rules"].([]any) {
				r := rule.(map[string]any)
				life[fmt.Sprint(r["Id"])] = r
				if _, expires := r["ExpirationInDays"]; expires && r["Prefix"] == nil {
					t.Errorf("rule %v forgets everything: bodies of unfinished events never expire", r["Id"])
				}
			}
			days := float64(d.Config.RetentionDays)
			if r := life["retention"]; r["Prefix"] != "media/" || r["ExpirationInDays"] != days {
				t.Errorf("files live by %v, events %v days", r, days)
			}
			tags := []any{map[string]any{"Key": "finished", "Value": "yes"}}
			if r := life["finished"]; r["Prefix"] != "raw/" || r["ExpirationInDays"] != days || !cmp.Equal(r["TagFilters"],
				any(tags)) {
				t.Errorf("bodies live by %v, events %v days", r, days)
			}
			if r := life["uploads"]; r["Prefix"] != "uploads/" || r["ExpirationInDays"] != 1.0 {
				t.Errorf("uploads live by %v", r)
			}
			cors := p["CorsConfiguration"].(map[string]any)["CorsRules"].([]any)[0].(map[string]any)
			if diff := cmp.Diff([]any{"POST"}, cors["AllowedMethods"]); diff != "" {
				t.Errorf("what pages of others may do (-want +got)\n%s", diff)
			}
			if p["VersioningConfiguration"] != nil {
				t.Error("with versions, erased bodies would live on")
			}
		})
		d.stateful.each(t, "AWS::S3::BucketPolicy", func(_ string, p map[string]any, _ resource) {
			all := statements(p["PolicyDocument"])
			if len(all) != 1 || !tls(all[0]) {
				t.Errorf("the bucket's policy says more than TLS only: %v", all)
			}
		})
	}
}

// TestLinkKey: nobody chooses it, and nobody has to.
func TestLinkKey(t *testing.T) {
	for _, d := range stages() {
		d.stateful.each(t, "AWS::SecretsManager::Secret", func(_ string, p map[string]any, _ resource) {
			if p["Name"] != names.LinkKey(d.Stage) || p["SecretString"] != nil {
				t.Errorf("the secret is %v", p)
			}
			if diff := cmp.Diff(map[string]any{"PasswordLength": 64.0, "ExcludePunctuation": true},
				p["GenerateSecretString"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRemoval: deleting the stacks of dev deletes everything, and any other stage
// keeps what holds data.
func TestRemoval(t *testing.T) {
	for _, d := range stages() {
		want := "Retain"
		if d.Stage == "dev" {
			want = "Delete"
		}
		for _, kind := range []string{"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::KMS::Key",
			"AWS::SecretsManager::Secret"} {
			d.stateful.each(t, kind, func(id string, _ map[string]any, r resource) {
				if r.DeletionPolicy != want || r.UpdateReplacePolicy != want {
					t.Errorf("%s %s: %s/%s, want %s", d.Stage, id, r.DeletionPolicy, r.UpdateReplacePolicy, want)
				}
			})
		}
		for id, r := range d.stateless.Resources {
			if r.DeletionPolicy == "Retain" {
				t.Errorf("%s of the stateless stack would outlive it, and its name keep the stack from coming back", id)
			}
		}
	}
}
