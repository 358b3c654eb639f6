package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
)

// laptop starts local mode with the configuration of a deployment.
func laptop(t *testing.T, d deployment) *system.System {
	t.Helper()
	s, err := system.Start(t.Context(), system.Options{Config: d.Config, Root: "../..",
		PublicURL: "http://127.0.0.1:8080", AWSURL: "http://127.0.0.1:4566", Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestParityOfFunctions: the same functions, for the same routes and queues.
func TestParityOfFunctions(t *testing.T) {
	for _, d := range stages() {
		local, aws := map[string]string{}, map[string]string{}
		for _, f := range laptop(t, d).Functions {
			local[f.Name] = fmt.Sprintf("route %q, queue %q, batch %d, at a time %d, scheduled %v", f.Route, f.Consumes,
				f.Batch, f.Parallel, f.Every > 0)
		}
		routes, queues, batches, schedules := map[string]string{}, map[string]string{}, map[string]float64{},
			map[string]bool{}
		handler := func(fn string) string { return strings.TrimPrefix(last(fn, ":"), statelessName(d.Stage)+"-") }
		d.stateless.each(t, "AWS::ApiGatewayV2::Route", func(_ string, p map[string]any, _ resource) {
			if isSocket(p) {
				return
			}
			target := p["Target"].(map[string]any)["Fn::Join"].([]any)[1].([]any)[1].(map[string]any)["Ref"].(string)
			routes[handler(d.stateless.text(d.stateless.Resources[target].Properties["IntegrationUri"]))] = p["RouteKey"].(string)
		})
		d.stateless.each(t, "AWS::Lambda::EventSourceMapping", func(_ string, p map[string]any, _ resource) {
			name := handler(d.stateless.text(p["FunctionName"]))
			queues[name] = queueOf(d.Stage, last(d.stateless.text(p["EventSourceArn"]), ":"))
			batches[name] = p["BatchSize"].(float64)
		})
		d.stateless.each(t, "AWS::Events::Rule", func(_ string, p map[string]any, _ resource) {
			schedules[handler(d.stateless.text(p["Targets"].([]any)[0].(map[string]any)["Arn"]))] = true
		})
		d.stateless.each(t, "AWS::Lambda::Function", func(_ string, p map[string]any, _ resource) {
			name := p["Handler"].(string)
			aws[name] = fmt.Sprintf("route %q, queue %q, batch %v, at a time %v, scheduled %v", routes[name], queues[name],
				batches[name], p["ReservedConcurrentExecutions"], schedules[name])
		})
		if diff := cmp.Diff(local, aws); diff != "" {
			t.Errorf("%s (-laptop +account):\n%s", d.Stage, diff)
		}
	}
}

// queueOf is a queue's name in the topology: "support" for "relais-prod-support.fifo".
func queueOf(stage, name string) string {
	prefix, _, _ := strings.Cut(names.Queue(stage, "x"), "x")
	return strings.TrimSuffix(strings.TrimPrefix(name, prefix), ".fifo")
}

// TestParityOfQueues asks the laptop's endpoint which queues there are, and how
// they behave.
func TestParityOfQueues(t *testing.T) {
	asked := []string{"FifoQueue", "DeduplicationScope", "FifoThroughputLimit", "VisibilityTimeout",
		"MessageRetentionPeriod"}
	for _, d := range stages() {
		s := laptop(t, d)
		client := sqs.NewFromConfig(s.ConfigOf(system.Admin, cloud.Work))
		out, err := client.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		if err != nil {
			t.Fatal(err)
		}
		local, account := map[string]string{}, map[string]string{}
		for _, url := range out.QueueUrls {
			a, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &url,
				AttributeNames: []sqstypes.QueueAttributeName{"All"}})
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, name := range asked {
				text += name + "=" + a.Attributes[name] + " "
			}
			local[queueOf(names.Local, last(url, "/"))] = text
		}
		d.stateful.each(t, "AWS::SQS::Queue", func(_ string, p map[string]any, _ resource) {
			text := ""
			for _, name := range asked {
				v, ok := p[name]
				if !ok {
					v = "" // of FIFO queues alone
				}
				if !ok && name == "VisibilityTimeout" {
					v = 30.0 // SQS's default, for dead letters
				}
				text += name + "=" + d.stateful.text(v) + " "
			}
			account[queueOf(d.Stage, p["QueueName"].(string))] = text
		})
		if diff := cmp.Diff(local, account); diff != "" {
			t.Errorf("%s (-laptop +account):\n%s", d.Stage, diff)
		}
	}
}

// TestParityOfIndexes asks the laptop's endpoint for the table.
func TestParityOfIndexes(t *testing.T) {
	d := dev()
	s := laptop(t, d)
	out, err := dynamodb.NewFromConfig(s.ConfigOf(system.Admin, cloud.Work)).DescribeTable(t.Context(),
		&dynamodb.DescribeTableInput{TableName: aws.String(names.Table(names.Local))})
	if err != nil {
		t.Fatal(err)
	}
	local := map[string]string{"table": keyText(out.Table.KeySchema)}
	for _, i := range out.Table.LocalSecondaryIndexes {
		local["local "+*i.IndexName] = keyText(i.KeySchema) + fmt.Sprint(i.Projection.ProjectionType,
			i.Projection.NonKeyAttributes)
	}
	for _, i := range out.Table.GlobalSecondaryIndexes {
		local["global "+*i.IndexName] = keyText(i.KeySchema) + fmt.Sprint(i.Projection.ProjectionType,
			i.Projection.NonKeyAttributes)
	}
	account := map[string]string{}
	d.stateful.each(t, "AWS::DynamoDB::Table", func(_ string, p map[string]any, _ resource) {
		account["table"] = keysText(p["KeySchema"])
		for kind, property := range map[string]string{"local ": "LocalSecondaryIndexes",
			"global ": "GlobalSecondaryIndexes"} {
			for _, x := range p[property].([]any) {
				i := x.(map[string]any)
				projection := i["Projection"].(map[string]any)
				account[kind+i["IndexName"].(string)] = keysText(i["KeySchema"]) + fmt.Sprint(projection["ProjectionType"],
					list(projection["NonKeyAttributes"]))
			}
		}
	})
	if diff := cmp.Diff(local, account); diff != "" {
		t.Errorf("(-laptop +account):\n%s", diff)
	}
}

func keyText(schema []dbtypes.KeySchemaElement) string {
	text := ""
	for _, k := range schema {
		text += string(k.KeyType) + " " + *k.AttributeName + " "
	}
	return text
}

func keysText(schema any) string {
	text := ""
	for _, k := range list(schema) {
		k := k.(map[string]any)
		text += fmt.Sprint(k["KeyType"], " ", k["AttributeName"], " ")
	}
	return text
}

// TestParityOfGrants asks both sides about every action on every resource: what
// would be refused in the account is refused on the laptop, and nothing else.
func TestParityOfGrants(t *testing.T) {
	for _, d := range stages() {
		s := laptop(t, d)
		resources := universe(d)
		var actions []string
		for _, f := range d.Functions {
			for _, g := range f.Grants {
				actions = append(actions, g.Actions...)
			}
		}
		actions = append(actions, "dynamodb:Scan", "dynamodb:DeleteItem", "sqs:PurgeQueue", "s3:DeleteObject",
			"secretsmanager:PutSecretValue")
		slices.Sort(actions)
		questions := 0
		for _, f := range d.Functions {
			granted := privileges(t, d, f.Name)
			for _, action := range slices.Compact(actions) {
				for resource, local := range resources {
					questions++
					if got, want := s.Allows(f.Name, action, local), covered(granted, action, resource); got != want {
						t.Errorf("%s: %s on %s: laptop %v, account %v", f.Name, action, resource, got, want)
					}
				}
			}
		}
		if questions < 1000 {
			t.Errorf("only %d questions were asked", questions)
		}
	}
}

// universe has every resource as the account's policies and as the laptop name it.
func universe(d deployment) map[string]string {
	table, local := "dynamodb table/"+names.Table(d.Stage), "table/"+names.Table(names.Local)
	out := map[string]string{table: local,
		"secretsmanager secret:" + names.LinkKey(d.Stage) + "-AbCdEf": "secret/" + names.LinkKey(names.Local),
		"s3 (widget)/relais.js": "s3/relais-widget/relais.js"}
	for _, key := range []string{"raw/evt_1", "media/0a1b", "other/evt_1"} {
		out["s3 (AWS::S3::Bucket)/"+key] = "s3/" + system.Bucket + "/" + key
	}
	for _, i := range []string{names.PendingIndex, names.HistoryIndex, names.DueIndex, names.ListsIndex} {
		out[table+"/index/"+i] = local + "/index/" + i
	}
	for _, q := range d.Queues {
		for _, name := range []string{q.Name, q.Name + "-dlq"} {
			out["sqs "+names.Queue(d.Stage, name)] = "queue/" + names.Queue(names.Local, name)
		}
	}
	for _, f := range d.Functions {
		out["secretsmanager secret:"+names.SecretPrefix(d.Stage,
			f.Name)+"demo"] = "secret/" + names.SecretPrefix(names.Local, f.Name) + "demo"
	}
	return out
}

func covered(granted map[string][]string, action, resource string) bool {
	is := func(a string) bool {
		return a == action || strings.HasPrefix(a,
			action+" ")
	} // narrowed, as TestLeastPrivilege says
	for pattern := range maps.Keys(granted) {
		prefix, wild := strings.CutSuffix(pattern, "*")
		// Secrets Manager ends an ARN with six characters of its own.
		secret, ends := strings.CutSuffix(pattern, "??????")
		if (pattern == resource || wild && strings.HasPrefix(resource, prefix) || ends && len(resource) == len(pattern) &&
			strings.HasPrefix(resource, secret)) && slices.ContainsFunc(granted[pattern], is) {
			return true
		}
	}
	return false
}
