package events

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const duties = "A consumer owes three duties. 1. Drop an event whose id it has seen: delivery is at least once, also after months when an " +
	"operator replays. 2. Apply the events of one conversation (partitionkey) in the order of sequence; late marks one that arrives " +
	"after its successor, and a gap means an event that rules sent elsewhere or that was set aside, never one still to come. " +
	"3. Delete a message from the queue only when it has been applied; what is not deleted comes again, and holds back its " +
	"conversation alone."

// asyncAPI is the AsyncAPI 3.0 document of Relais' queues, from Relais' point of
// view: it sends to destinations and receives from outbound.
// https://www.asyncapi.com/docs/reference/specification/v3.0.0
func asyncAPI(t *testing.T) node {
	src := readSource(t)
	messages, onChannel := node{}, node{}
	for _, typ := range Types() {
		messages[string(typ)] = message(string(typ), string(typ)+schemaSuffix, "application/cloudevents+json", summary(src,
			typ))
		onChannel[string(typ)] = ref("#/components/messages/" + string(typ))
	}
	messages["outbound"] = message("outbound", "message.schema.json", ContentType, src.types["Outbound"])
	messages["command"] = message("command", "command.schema.json", ContentType, src.types["Command"])
	messages["action"] = message("action", "action.schema.json", ContentType, src.types["Action"])
	return node{
		"asyncapi": "3.0.0",
		"info": node{
			"title": "Relais", "version": "1.0.0", "license": node{"name": "Apache-2.0",
				"url": "https://www.apache.org/licenses/LICENSE-2.0"},
			"description": "Conversations with customers on every messaging channel, as events on SQS FIFO queues. " + duties,
		},
		"defaultContentType": "application/cloudevents+json",
		"channels": node{
			"destination": node{
				"address": "{prefix}-{destination}.fifo", "title": "A destination's queue",
				"description": "The message group is the conversation (partitionkey), the deduplication id is the event's id with the destination. " + duties,
				"parameters": node{
					"prefix": prefixParameter(),
					"destination": node{"description": "a name of the configuration: a team, a bot, a CRM",
						"examples": []string{"support", "bot"}},
				},
				"messages": onChannel, "bindings": node{"sqs": sqsBinding("{prefix}-{destination}")},
			},
			"outbound": node{
				"address": "{prefix}-outbound.fifo", "title": "What integrators ask to be said",
				"description": "The message group is the conversation, or else the recipient, so that messages to one person keep their order; " +
					"the deduplication id is the idempotencyKey. Relais remembers the key far longer than the queue's five minutes.",
				"parameters": node{"prefix": prefixParameter()},
				"messages": node{"outbound": ref("#/components/messages/outbound"),
					"action": ref("#/components/messages/action"), "command": ref("#/components/messages/command")},
				"bindings": node{"sqs": sqsBinding("{prefix}-outbound")},
			},
		},
		"operations": node{
			"deliverEvents": node{
				"action": "send", "channel": ref("#/channels/destination"), "summary": "Relais delivers what happened",
				"description": duties,
			},
			"acceptMessages": node{
				"action": "receive", "channel": ref("#/channels/outbound"), "summary": "Relais says what an integrator asks for",
				"description": "What became of a message comes back as message.echoed.v1 with origin api when its platform took it, as message.status.v1 when it " +
					"failed, expired or nobody can know, as send.rejected.v1 when the request was refused.",
			},
		},
		"components": node{"messages": messages},
	}
}

func ref(target string) node { return node{"$ref": target} }

func prefixParameter() node {
	return node{"description": "relais on a laptop, relais-<stage> elsewhere", "default": "relais",
		"examples": []string{"relais", "relais-prod"}}
}

func summary(src *source, typ Type) string {
	fact, _ := Fact(typ)
	if fact == "" {
		fact = "conversation.window"
	}
	return "data." + fact + meaning(src, typ)
}

func message(name, schema, contentType, about string) node {
	return node{
		"name": name, "title": name, "summary": about, "contentType": contentType,
		"payload": node{
			"schemaFormat": "application/schema+json;version=draft-2020-12",
			"schema":       ref("schema/" + schema),
		},
	}
}

// sqsBinding describes a FIFO queue in high-throughput mode, which needs both
// scopes to be those of the message group.
// https://github.com/asyncapi/bindings/blob/master/sqs/README.md
func sqsBinding(name string) node {
	return node{
		"queue": node{
			"name": name + ".fifo", "fifoQueue": true, "deduplicationScope": "messageGroup",
			"fifoThroughputLimit": "perMessageGroupId",
		},
		"bindingVersion": "0.3.0",
	}
}

func TestAsyncAPIIsUpToDate(t *testing.T) { golden(t, "asyncapi.json", document(t, asyncAPI(t))) }

func readAsyncAPI(t *testing.T) map[string]any {
	t.Helper()
	b, err := os.ReadFile("asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestAsyncAPIReferencesResolve(t *testing.T) {
	doc := readAsyncAPI(t)
	n := 0
	references(doc, func(target string) {
		n++
		pointer, local := strings.CutPrefix(target, "#/")
		if !local {
			if _, err := os.Stat(filepath.FromSlash(target)); err != nil {
				t.Error(err)
			}
			return
		}
		var at any = doc
		for name := range strings.SplitSeq(pointer, "/") {
			m, _ := at.(map[string]any)
			at = m[name]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", target)
		}
	})
	if want := 2*len(Types()) + 8; n != want {
		t.Errorf("found %d references, want %d: two per event type, outbound, action and command, one per operation", n, want)
	}
}

// references visits every $ref below v.
func references(v any, visit func(string)) {
	switch v := v.(type) {
	case map[string]any:
		if target, ok := v["$ref"].(string); ok {
			visit(target)
		}
		for _, child := range v {
			references(child, visit)
		}
	case []any:
		for _, child := range v {
			references(child, visit)
		}
	}
}

// The rules of AsyncAPI 3.0 that a reader of the document relies on.
func TestAsyncAPIStructure(t *testing.T) {
	var doc struct {
		AsyncAPI string
		Info     struct{ Title, Version, Description string }
		Channels map[string]struct {
			Address, Description string
			Parameters, Messages map[string]any
			Bindings             struct {
				SQS struct {
					Queue struct {
						Name                                    string
						FIFOQueue                               bool
						DeduplicationScope, FIFOThroughputLimit string
					}
				}
			}
		}
		Operations map[string]struct {
			Action  string
			Channel map[string]string
		}
	}
	b, err := os.ReadFile("asyncapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.AsyncAPI != "3.0.0" || doc.Info.Title == "" || doc.Info.Version == "" {
		t.Errorf("asyncapi, info.title and info.version are required: %q %q %q", doc.AsyncAPI, doc.Info.Title,
			doc.Info.Version)
	}
	for name, c := range doc.Channels {
		if strings.Count(c.Address, "{") != len(c.Parameters) {
			t.Errorf("channel %s: address %s does not use its parameters", name, c.Address)
		}
		for p := range c.Parameters {
			if !strings.Contains(c.Address, "{"+p+"}") {
				t.Errorf("channel %s: parameter %s is not in the address %s", name, p, c.Address)
			}
		}
		q := c.Bindings.SQS.Queue
		if q.Name != c.Address || !q.FIFOQueue || q.DeduplicationScope != "messageGroup" ||
			q.FIFOThroughputLimit != "perMessageGroupId" {
			t.Errorf("channel %s: queue %+v is not the FIFO queue at %s", name, q, c.Address)
		}
	}
	for name, o := range doc.Operations {
		if !slices.Contains([]string{"send", "receive"}, o.Action) || o.Channel["$ref"] == "" {
			t.Errorf("operation %s: action is %q on %q", name, o.Action, o.Channel["$ref"])
		}
	}
	for _, typ := range Types() {
		if doc.Channels["destination"].Messages[string(typ)] == nil {
			t.Errorf("a destination's queue does not list %s", typ)
		}
	}
	for _, duty := range []string{"1. Drop", "2. Apply", "3. Delete"} {
		if !strings.Contains(doc.Channels["destination"].Description, duty) {
			t.Errorf("the destination's description lacks the duty %q", duty)
		}
	}
}
