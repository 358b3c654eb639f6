package main

import (
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/work"
	"github.com/relais-dev/relais/functions/workers/router"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
)

// TestFunctions: each as its topology entry says, and all of one program from one
// asset.
func TestFunctions(t *testing.T) {
	for _, d := range stages() {
		code, programs := map[string]string{}, map[string]bool{}
		for _, f := range d.Functions {
			p := d.stateless.named(t, "AWS::Lambda::Function", "Handler", f.Name)
			doc, err := json.Marshal(p["Code"])
			if err != nil {
				t.Fatal(err)
			}
			programs[f.Program] = true
			if other := code[string(doc)]; other != "" && other != f.Program {
				t.Errorf("%s runs from the asset of %s, want %s", f.Name, other, f.Program)
			}
			code[string(doc)] = f.Program
			got := []any{p["FunctionName"], p["Runtime"], p["Architectures"], p["MemorySize"], p["Timeout"],
				p["ReservedConcurrentExecutions"],
				d.stateless.text(p["LoggingConfig"].(map[string]any)["LogGroup"])}
			want := []any{names.Function(d.Stage, f.Name), "provided.al2023", []any{"arm64"}, float64(f.Memory),
				f.Timeout.Seconds(), float64(f.Parallel), "/aws/lambda/" + names.Function(d.Stage, f.Name)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", f.Name, d.Stage, diff)
			}
		}
		if len(code) != len(programs) {
			t.Errorf("functions run from %d assets, want %d", len(code), len(programs))
		}
	}
}

// programs are what the executables run.
var programs = map[string]func(string, function.Env) (function.Handler, error){
	topology.Webhooks: functions.New,
	topology.Work:     work.New,
	topology.Router:   router.New,
}

// mayLack are variables whose absence means something.
var mayLack = map[string]bool{names.EnvReceipts: true, names.EnvAPITokens: true}

// TestEnvironment starts every function with a Getenv that takes notes: what it
// reads is set, and what is set is read.
func TestEnvironment(t *testing.T) {
	for _, d := range stages() {
		for _, f := range d.Functions {
			p := d.stateless.named(t, "AWS::Lambda::Function", "Handler", f.Name)
			env := p["Environment"].(map[string]any)["Variables"].(map[string]any)
			if env["GOMAXPROCS"] != "1" {
				t.Errorf("%s: GOMAXPROCS is %v", f.Name, env["GOMAXPROCS"])
			}
			set := slices.Sorted(maps.Keys(env))
			set = slices.DeleteFunc(set, func(name string) bool { return name == "GOMAXPROCS" }) // read by Go's runtime
			var read []string
			_, err := programs[f.Program](f.Name, function.Env{
				Getenv: func(name string) string {
					read = append(read, name)
					if env[name] == nil {
						return ""
					}
					return d.stateless.text(env[name])
				},
				ReadFile: func(name string) ([]byte, error) {
					switch name {
					case routesFile:
						return json.Marshal(d.Routes)
					case callersFile:
						return json.Marshal(d.Config.API.Callers)
					}
					t.Errorf("%s reads %q, which no asset has", f.Name, name)
					return nil, os.ErrNotExist
				},
				AWS: func(cloud.Budget) (aws.Config, error) { return aws.Config{Region: "eu-central-1"}, nil },
				Out: io.Discard,
				Now: time.Now,
			})
			if err != nil {
				t.Errorf("%s does not start with what CloudFormation gives it: %v", f.Name, err)
			}
			slices.Sort(read)
			read = slices.DeleteFunc(slices.Compact(read), func(name string) bool { return mayLack[name] && env[name] == nil })
			if diff := cmp.Diff(set, read); diff != "" {
				t.Errorf("%s of %s (-set +read):\n%s", f.Name, d.Stage, diff)
			}
		}
	}
}

// TestValues looks at what variables hold where a wrong value would start, and fail later.
func TestValues(t *testing.T) {
	value := func(d deployment, function, name string) string {
		p := d.stateless.named(t, "AWS::Lambda::Function", "Handler", function)
		return d.stateless.text(p["Environment"].(map[string]any)["Variables"].(map[string]any)[name])
	}
	sqs := "https://sqs.eu-central-1.amazonaws.com/111111111111/"
	for _, x := range []struct {
		d                    deployment
		function, name, want string
	}{
		{dev(), "line", names.EnvPublicURL, "https://(AWS::ApiGatewayV2::Api).execute-api.eu-central-1.amazonaws.com"},
		{prod(), "line", names.EnvPublicURL, "https://hooks.brand.example"},
		{dev(), "line", names.EnvSecrets, "relais/dev/line/"},
		{dev(), "line", names.EnvIngress, sqs + "relais-dev-ingress.fifo"},
		{dev(), "sweeper", names.EnvSpill, sqs + "relais-dev-spill.fifo"},
		{dev(), "line", names.EnvBucket, "(AWS::S3::Bucket)"},
		{prod(), "drainer", names.EnvRetention, "90"},
		{dev(), "api", names.EnvCallers, "callers.json"},
		{dev(), "api", names.EnvOutbound, sqs + "relais-dev-outbound.fifo"},
		{dev(), "sender", names.EnvBulk, sqs + "relais-dev-bulk.fifo"},
		{dev(), "router", names.EnvMedia, sqs + "relais-dev-media.fifo"},
		{dev(), "files", names.EnvLinkKey, "relais/dev/link-key"},
		{dev(), "publisher", names.EnvBucket, "(widget)"},
		{prod(), "files", names.EnvPublicURL, "https://hooks.brand.example"},
		{prod(), "line", names.EnvReceipts, "record"},
		{prod(), "router", names.EnvDestinations,
			`{"operations":"` + sqs + `relais-prod-operations.fifo","shop":"` + sqs + `relais-prod-shop.fifo","support":"` + sqs + `relais-prod-support.fifo"}`},
	} {
		if got := value(x.d, x.function, x.name); got != x.want {
			t.Errorf("%s %s of %s is %s, want %s", x.name, x.function, x.d.Stage, got, x.want)
		}
	}
}

// maxEnvironment is what Lambda takes of a function's variables, in bytes.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxEnvironment = 4096

// TestEnvironmentHasRoom: forty destinations are told of with what bots have, and with the
// longest that the configuration may say of them, functions stay below Lambda's limit.
func TestEnvironmentHasRoom(t *testing.T) {
	text := `{"destinations":{"support":{},` + bots(39) + `},"default":"support"}`
	c, err := topology.Parse([]byte(text), functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Desks()); n != 39 {
		t.Errorf("%d desks, want the 39 that are not as all are", n)
	}
	const most = 2800 // by hand: infra/topology/desks.go
	for _, d := range stages() {
		told := 0
		d.stateless.each(t, "AWS::Lambda::Function", func(id string, p map[string]any, _ resource) {
			size, has := 0, false
			for name, v := range p["Environment"].(map[string]any)["Variables"].(map[string]any) {
				if name == names.EnvDesks {
					has = true
					size += len(name) + most
					continue
				}
				size += len(name) + len(d.stateless.text(v)) + len(`"":"",`)
			}
			if has {
				told++
				if size > maxEnvironment {
					t.Errorf("%s of %s may have %d bytes of environment, Lambda takes %d", id, d.Stage, size, maxEnvironment)
				}
			}
		})
		if told != 3 {
			t.Errorf("%d functions of %s know who holds conversations, want api, sender and bulk", told, d.Stage)
		}
	}
}

func TestAPI(t *testing.T) {
	for _, d := range stages() {
		want := map[string]string{}
		for _, f := range d.Functions {
			if f.Route != "" {
				want[f.Route] = "arn:aws:lambda:eu-central-1:111111111111:function:" + names.Function(d.Stage, f.Name)
			}
		}
		got := map[string]string{}
		d.stateless.each(t, "AWS::ApiGatewayV2::Route", func(_ string, p map[string]any, _ resource) {
			if isSocket(p) {
				return
			}
			target := p["Target"].(map[string]any)["Fn::Join"].([]any)[1].([]any)[1].(map[string]any)["Ref"].(string)
			i := d.stateless.Resources[target].Properties
			if i["PayloadFormatVersion"] != "2.0" || i["IntegrationType"] != "AWS_PROXY" {
				t.Errorf("integration of %v: %v", p["RouteKey"], i)
			}
			got[p["RouteKey"].(string)] = d.stateless.text(i["IntegrationUri"])
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("routes of %s (-want +got):\n%s", d.Stage, diff)
		}
		d.stateless.each(t, "AWS::ApiGatewayV2::Stage", func(_ string, p map[string]any, r resource) {
			if isSocket(p) {
				return
			}
			limits := p["RouteSettings"].(map[string]any)
			for route := range want {
				if diff := cmp.Diff(map[string]any{"ThrottlingRateLimit": 1750.0, "ThrottlingBurstLimit": 1750.0},
					limits[route]); diff != "" {
					t.Errorf("throttle of %s: %s", route, diff)
				}
			}
			format := p["AccessLogSettings"].(map[string]any)["Format"].(string)
			if strings.Contains(strings.ToLower(format), "query") || !json.Valid([]byte(format)) {
				t.Errorf("access log %s: want JSON without the query string, which holds signatures", format)
			}
			if len(list(r.DependsOn)) != len(want) {
				t.Errorf("the stage waits for %v, want every route", r.DependsOn)
			}
		})
	}
}

// TestAuthorisation: strangers reach webhooks and links to files, whose functions
// know them by signatures, and in-app messaging, which gives them sessions. Integrators show who they are to the
// gateway: in dev by
// IAM, in prod by a token of the configured issuer.
func TestAuthorisation(t *testing.T) {
	dev, prod := dev(), prod()
	want := map[string]map[string]string{dev.Stage: {"ANY /v1/{proxy+}": "AWS_IAM"},
		prod.Stage: {"ANY /v1/{proxy+}": "JWT (AWS::ApiGatewayV2::Authorizer)"}}
	for _, d := range stages() {
		for _, f := range d.Functions {
			if f.Channel != "" || f.Name == "files" || f.Name == "chat" {
				want[d.Stage][f.Route] = "NONE"
			}
			if f.Socket {
				want[d.Stage]["$connect"], want[d.Stage]["$disconnect"], want[d.Stage]["$default"] = "NONE", "NONE", "NONE"
			}
		}
		got := map[string]string{}
		d.stateless.each(t, "AWS::ApiGatewayV2::Route", func(_ string, p map[string]any, _ resource) {
			by := p["AuthorizationType"].(string)
			if p["AuthorizerId"] != nil {
				by += " " + d.stateless.text(p["AuthorizerId"])
			}
			got[p["RouteKey"].(string)] = by
		})
		if diff := cmp.Diff(want[d.Stage], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Stage, diff)
		}
	}
	prod.stateless.each(t, "AWS::ApiGatewayV2::Authorizer", func(_ string, p map[string]any, _ resource) {
		got := []any{p["AuthorizerType"], p["IdentitySource"], p["JwtConfiguration"]}
		want := []any{"JWT", []any{"$request.header.Authorization"}, map[string]any{"Issuer": "https://login.brand.example",
			"Audience": []any{"relais-prod"}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("authorizer (-want +got):\n%s", diff)
		}
	})
}

// TestEventSources: partial batches, and no more at a time than the function may run.
func TestEventSources(t *testing.T) {
	for _, d := range stages() {
		want, got := map[string][]any{}, map[string][]any{}
		for _, f := range d.Functions {
			if f.Consumes != "" {
				want[names.Function(d.Stage, f.Name)] = []any{"arn:aws:sqs:eu-central-1:111111111111:" + names.Queue(d.Stage,
					f.Consumes), float64(f.Batch),
					[]any{"ReportBatchItemFailures"}, map[string]any{"MaximumConcurrency": float64(f.Parallel)}}
			}
		}
		d.stateless.each(t, "AWS::Lambda::EventSourceMapping", func(_ string, p map[string]any, _ resource) {
			got[d.stateless.text(p["FunctionName"])] = []any{d.stateless.text(p["EventSourceArn"]), p["BatchSize"],
				p["FunctionResponseTypes"], p["ScalingConfig"]}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Stage, diff)
		}
	}
}

func TestSchedule(t *testing.T) {
	for _, d := range stages() {
		d.stateless.each(t, "AWS::Events::Rule", func(_ string, p map[string]any, _ resource) {
			target := d.stateless.text(p["Targets"].([]any)[0].(map[string]any)["Arn"])
			if want := "arn:aws:lambda:eu-central-1:111111111111:function:relais-" + d.Stage + "-sweeper"; p["ScheduleExpression"] != "rate(1 minute)" || target != want || p["State"] != "ENABLED" {
				t.Errorf("%v invokes %s", p["ScheduleExpression"], target)
			}
		})
		d.stateless.each(t, "AWS::Lambda::EventInvokeConfig", func(_ string, p map[string]any, _ resource) {
			if p["MaximumRetryAttempts"] != 0.0 || p["MaximumEventAgeInSeconds"] != 60.0 {
				t.Errorf("a failed sweep is repeated: %v", p)
			}
		})
	}
}

func TestLogs(t *testing.T) {
	for _, d := range stages() {
		groups := 0
		d.stateless.each(t, "AWS::Logs::LogGroup", func(id string, p map[string]any, _ resource) {
			groups++
			if p["RetentionInDays"] != 30.0 || d.stateless.text(p["KmsKeyId"]) != "(key)" {
				t.Errorf("%s: %v days, key %v", id, p["RetentionInDays"], p["KmsKeyId"])
			}
		})
		if want := len(d.Functions) + 1; groups != want {
			t.Errorf("%d log groups, want one per function and one for the API: %d", groups, want)
		}
	}
}

// TestOutputs: people find every address in outputs, other stacks in parameters,
// and no export locks what it names.
func TestOutputs(t *testing.T) {
	d := prod()
	got := map[string]string{}
	for _, tpl := range []template{d.stateful, d.stateless} {
		tpl.each(t, "AWS::SSM::Parameter", func(_ string, p map[string]any, _ resource) {
			got[p["Name"].(string)] = tpl.text(p["Value"])
		})
	}
	want := map[string]string{
		"/relais/prod/api-url":           "https://hooks.brand.example",
		"/relais/prod/api-arn":           "arn:aws:execute-api:eu-central-1:111111111111:(AWS::ApiGatewayV2::Api)/*/*/v1/*",
		"/relais/prod/api-id":            "(AWS::ApiGatewayV2::Api)",
		"/relais/prod/webhooks/line":     "https://hooks.brand.example/webhooks/line/",
		"/relais/prod/webhooks/telegram": "https://hooks.brand.example/webhooks/telegram/",
		"/relais/prod/webhooks/whatsapp": "https://hooks.brand.example/webhooks/whatsapp/",
		"/relais/prod/dashboard-url":     "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/relais-prod",
		"/relais/prod/alarm-topic-arn":   "arn:aws:sns:eu-central-1:111111111111:relais-prod-alarms",
		"/relais/prod/key-arn":           "(key)",
		"/relais/prod/bucket-name":       "(AWS::S3::Bucket)",
	}
	for _, q := range []string{"ingress", "spill", "outbound", "bulk", "media", "clock", "operations", "shop", "support"} {
		for _, q := range []string{q, q + "-dlq"} {
			name := strings.TrimPrefix(place("prod").queue(q), "sqs ")
			want["/relais/prod/queues/"+q+"/url"] = "https://sqs.eu-central-1.amazonaws.com/111111111111/" + name
			want["/relais/prod/queues/"+q+"/arn"] = "arn:aws:sqs:eu-central-1:111111111111:" + name
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	outputs := map[string]bool{}
	for _, tpl := range []template{d.stateful, d.stateless} {
		for _, o := range tpl.Outputs {
			outputs[tpl.text(o.Value)] = true
		}
	}
	for name, value := range want {
		if !outputs[value] {
			t.Errorf("%s is a parameter and no output", name)
		}
	}
	if text, err := json.Marshal(d.stateful.Outputs); err != nil || strings.Contains(string(text), "Export") {
		t.Errorf("the stateful stack exports: %s", text)
	}
}

// CloudFormation's bounds of a stack: resources, outputs, and bytes of a template.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const (
	mostResources = 500 - room
	mostOutputs   = 200
	mostBytes     = 1_000_000
	room          = 50 // resources for what comes next: a full stack cannot be mended in a hurry
)

// TestRoom synthesises four channels more than there are, and twelve destinations.
func TestRoom(t *testing.T) {
	channels := functions.Channels()
	for _, ch := range channels[:4] {
		ch.Name += "-b"
		channels = append(channels, ch)
	}
	c := dev().Config
	c.Destinations = maps.Clone(c.Destinations)
	for i := range 12 - len(c.Destinations) {
		c.Destinations["team-"+string(rune('a'+i))] = topology.Destination{}
	}
	for name, d := range map[string]deployment{"dev": dev(), "prod": prod(), "more": synth(topology.New(c, "dev",
		channels))} {
		for _, stack := range d.stacks() {
			tpl := read(d.out, stack)
			info, err := os.Stat(filepath.Join(d.out, stack+".template.json"))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s, %d functions: %s has %d resources, %d outputs, %d bytes", name, len(d.Functions), stack,
				len(tpl.Resources), len(tpl.Outputs), info.Size())
			if len(tpl.Resources) > mostResources || len(tpl.Outputs) > mostOutputs || info.Size() > mostBytes {
				t.Errorf("%s of %s is more than CloudFormation takes", stack, name)
			}
		}
		checkPolicies(t, d)
	}
}

// maxPolicy is what IAM takes of a role's inline policies, white space left out.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const maxPolicy = 10_240

// checkPolicies wants roles to have room: the sender's has a statement per channel.
func checkPolicies(t *testing.T, d deployment) {
	t.Helper()
	longest := 0
	d.stateless.each(t, "AWS::IAM::Role", func(id string, p map[string]any, _ resource) {
		size := 0
		for _, policy := range list(p["Policies"]) {
			for _, s := range statements(policy.(map[string]any)["PolicyDocument"]) {
				doc, err := json.Marshal(s)
				if err != nil {
					t.Fatal(err)
				}
				size += len(doc) // functions of CloudFormation are longer than what they become
			}
		}
		if longest = max(longest, size); size > maxPolicy {
			t.Errorf("the policy of %s has %d characters, IAM takes %d", id, size, maxPolicy)
		}
	})
	t.Logf("%s: the longest policy has %d characters", d.Stage, longest)
}

// TestReserved: a new account's 1,000 executions, of which AWS keeps 100, are enough
// for all channels.
func TestReserved(t *testing.T) {
	reserved := 0
	for _, f := range dev().Functions {
		reserved += f.Parallel
	}
	if reserved > 900 {
		t.Errorf("the functions reserve %d executions; lower Parallel in infra/topology", reserved)
	}
}
