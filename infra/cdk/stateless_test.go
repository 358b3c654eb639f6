package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/router"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/channel"
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
			got := []any{p["FunctionName"], p["Runtime"], p["Architectures"], p["MemorySize"], p["Timeout"], p["ReservedConcurrentExecutions"],
				d.stateless.text(p["LoggingConfig"].(map[string]any)["LogGroup"])}
			want := []any{names.Function(d.Stage, f.Name), "provided.al2023", []any{"arm64"}, float64(f.Memory), f.Timeout.Seconds(), float64(f.Parallel), "/aws/lambda/" + names.Function(d.Stage, f.Name)}
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
	topology.Bootstrap:       functions.New,
	topology.RouterBootstrap: router.New,
}

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
					if name != routesFile {
						t.Errorf("%s reads %q, the asset has %s", f.Name, name, routesFile)
					}
					return json.Marshal(d.Config.Routes())
				},
				AWS: func(cloud.Budget) (aws.Config, error) { return aws.Config{Region: "eu-central-1"}, nil },
				Out: io.Discard,
				Now: time.Now,
			})
			if err != nil {
				t.Errorf("%s does not start with what CloudFormation gives it: %v", f.Name, err)
			}
			slices.Sort(read)
			if diff := cmp.Diff(set, slices.Compact(read)); diff != "" {
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
		{prod(), "router", names.EnvDestinations, `{"operations":"` + sqs + `relais-prod-operations.fifo","shop":"` + sqs + `relais-prod-shop.fifo","support":"` + sqs + `relais-prod-support.fifo"}`},
	} {
		if got := value(x.d, x.function, x.name); got != x.want {
			t.Errorf("%s %s of %s is %s, want %s", x.name, x.function, x.d.Stage, got, x.want)
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
			limits := p["RouteSettings"].(map[string]any)
			for route := range want {
				if diff := cmp.Diff(map[string]any{"ThrottlingRateLimit": 2500.0, "ThrottlingBurstLimit": 2500.0}, limits[route]); diff != "" {
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

// TestEventSources: partial batches, and no more at a time than the function may run.
func TestEventSources(t *testing.T) {
	for _, d := range stages() {
		want, got := map[string][]any{}, map[string][]any{}
		for _, f := range d.Functions {
			if f.Consumes != "" {
				want[names.Function(d.Stage, f.Name)] = []any{"arn:aws:sqs:eu-central-1:111111111111:" + names.Queue(d.Stage, f.Consumes), float64(f.Batch),
					[]any{"ReportBatchItemFailures"}, map[string]any{"MaximumConcurrency": float64(f.Parallel)}}
			}
		}
		d.stateless.each(t, "AWS::Lambda::EventSourceMapping", func(_ string, p map[string]any, _ resource) {
			got[d.stateless.text(p["FunctionName"])] = []any{d.stateless.text(p["EventSourceArn"]), p["BatchSize"], p["FunctionResponseTypes"], p["ScalingConfig"]}
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
		"/relais/prod/webhooks/line":     "https://hooks.brand.example/webhooks/line/",
		"/relais/prod/webhooks/telegram": "https://hooks.brand.example/webhooks/telegram/",
		"/relais/prod/webhooks/whatsapp": "https://hooks.brand.example/webhooks/whatsapp/",
		"/relais/prod/dashboard-url":     "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/relais-prod",
		"/relais/prod/alarm-topic-arn":   "arn:aws:sns:eu-central-1:111111111111:relais-prod-alarms",
		"/relais/prod/key-arn":           "(key)",
		"/relais/prod/bucket-name":       "(AWS::S3::Bucket)",
	}
	for _, q := range []string{"ingress", "spill", "operations", "shop", "support"} {
		for _, q := range []string{q, q + "-dlq"} {
			want["/relais/prod/queues/"+q+"/url"] = "https://sqs.eu-central-1.amazonaws.com/111111111111/relais-prod-" + q + ".fifo"
			want["/relais/prod/queues/"+q+"/arn"] = "arn:aws:sqs:eu-central-1:111111111111:relais-prod-" + q + ".fifo"
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

// TestRoom synthesises three times the channels there are today: CloudFormation
// takes 500 resources in a stack.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
func TestRoom(t *testing.T) {
	const most = 500
	c := dev().Config
	var channels []channel.Channel
	for _, ch := range functions.Channels() {
		for _, suffix := range []string{"", "-b", "-c", "-d"} {
			twin := ch
			twin.Name += suffix
			channels = append(channels, twin)
		}
	}
	d := synth(topology.New(c, "dev", channels))
	if n := len(d.stateless.Resources); n > most {
		t.Errorf("%d channels make %d resources, more than %d", len(channels), n, most)
	}
	for _, d := range stages() {
		t.Logf("%s: %d resources in the stateful stack, %d in the stateless one", d.Stage, len(d.stateful.Resources), len(d.stateless.Resources))
	}
	t.Logf("%d channels: %d resources in the stateless stack", len(channels), len(d.stateless.Resources))
}
