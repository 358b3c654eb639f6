package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
)

var update = flag.Bool("update", false, "rewrite the golden templates")

// TestMain says in one sentence what is missing, instead of a stack trace per test.
func TestMain(m *testing.M) {
	if err := checkNode(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	// Node 20 works; its notice would be the longest output of all tests.
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		panic(err)
	}
	code := m.Run()
	jsii.Close()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// A deployment is what was synthesised for one stage.
type deployment struct {
	topology.System
	stateful, stateless template // the other stacks count as parts of the stateless one
	out                 string   // the directory that the CDK wrote
}

// A template is CloudFormation's, as far as tests look into it.
type template struct {
	Parameters map[string]struct{ Type, Default string }
	Resources  map[string]resource
	Outputs    map[string]struct{ Value any }

	other *template // where the other stack's parameters lead
}

type resource struct {
	Type                string
	Properties          map[string]any
	DependsOn           any
	DeletionPolicy      string
	UpdateReplacePolicy string
	Metadata            map[string]any
}

// Configurations: the project's own, and one that uses every setting.
const (
	devConfig  = "../../cdk.json"
	prodConfig = "testdata/prod.json"
)

// Synthesis takes seconds, so all tests of a stage share one.
var (
	dev  = sync.OnceValue(func() deployment { return deploy(devConfig, "dev") })
	prod = sync.OnceValue(func() deployment { return deploy(prodConfig, "") })
)

func deploy(config, stage string) deployment {
	s, err := load(config, stage)
	if err != nil {
		panic(err)
	}
	return synth(s)
}

// synth runs the app with a stand-in for each executable, whose hash the golden
// templates leave out anyway.
func synth(s topology.System) deployment {
	out, err := os.MkdirTemp(scratch, s.Stage)
	if err != nil {
		panic(err)
	}
	assets := filepath.Join(out, "assets")
	for _, f := range s.Functions {
		asset := assetOf(assets, f.Program)
		if err := os.MkdirAll(asset, 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(asset, "bootstrap"), []byte(f.Program), 0o755); err != nil {
			panic(err)
		}
		if f.Publishes() {
			if err := copyWidget(filepath.Join("../..", s.Widget), asset); err != nil {
				panic(err)
			}
		}
	}
	d := deployment{System: s, out: filepath.Join(out, "cdk.out")}
	synthesise(awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(d.out), AnalyticsReporting: jsii.Bool(false)}), s,
		assets)
	d.stateful, d.stateless = read(d.out, statefulName(s.Stage)), read(d.out, statelessName(s.Stage))
	d.stateless.other = &d.stateful
	for _, stack := range d.stacks()[2:] {
		part := read(d.out, stack)
		maps.Copy(d.stateless.Parameters, part.Parameters)
		maps.Copy(d.stateless.Resources, part.Resources)
		maps.Copy(d.stateless.Outputs, part.Outputs)
	}
	return d
}

// stacks are the names of what was synthesised.
func (d deployment) stacks() []string {
	list := []string{statefulName(d.Stage), statelessName(d.Stage), watchName(d.Stage)}
	if slices.ContainsFunc(d.Functions, topology.Function.Publishes) {
		list = append(list, widgetName(d.Stage))
	}
	return list
}

func read(out, stack string) template {
	text, err := os.ReadFile(filepath.Join(out, stack+".template.json"))
	if err != nil {
		panic(err)
	}
	var t template
	if err := json.Unmarshal(text, &t); err != nil {
		panic(err)
	}
	return t
}

// scratch is where synthesised templates live while tests run.
var scratch = filepath.Join(os.TempDir(), fmt.Sprintf("relais-cdk-%d", os.Getpid()))

// stages are what most tests run over.
func stages() []deployment { return []deployment{dev(), prod()} }

// each calls f with every resource of a type, and fails when there is none.
func (t template) each(tb testing.TB, kind string, f func(id string, p map[string]any, r resource)) {
	tb.Helper()
	found := false
	for id, r := range t.Resources {
		if r.Type == kind {
			found = true
			f(id, r.Properties, r)
		}
	}
	if !found {
		tb.Errorf("the template has no %s", kind)
	}
}

// named finds a resource by the text of one property.
func (t template) named(tb testing.TB, kind, property, want string) map[string]any {
	tb.Helper()
	for _, r := range t.Resources {
		if r.Type == kind && t.text(r.Properties[property]) == want {
			return r.Properties
		}
	}
	tb.Fatalf("the template has no %s with %s %q", kind, property, want)
	return nil
}

// nameOf says by which property a resource's Ref and ARN are told.
var nameOf = map[string]string{"AWS::SQS::Queue": "QueueName", "AWS::DynamoDB::Table": "TableName",
	"AWS::Lambda::Function": "FunctionName", "AWS::Logs::LogGroup": "LogGroupName", "AWS::Events::Rule": "Name",
	"AWS::SNS::Topic": "TopicName"}

var placeholder = regexp.MustCompile(`\$\{([^}!]+)\}`)

// text evaluates what the templates use of CloudFormation's functions, for an
// account 111111111111 in eu-central-1: "arn:aws:sqs:eu-central-1:111111111111:x".
// Resources whose names CloudFormation would choose are their type in brackets.
func (t template) text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case map[string]any:
		return t.function(v)
	}
	panic(fmt.Sprintf("no text: %v", v))
}

func (t template) function(f map[string]any) string {
	switch {
	case f["Ref"] != nil:
		return t.ref(f["Ref"].(string))
	case f["Fn::GetAtt"] != nil:
		pair := f["Fn::GetAtt"].([]any)
		return t.attribute(pair[0].(string), pair[1].(string))
	case f["Fn::Join"] != nil:
		args := f["Fn::Join"].([]any)
		var parts []string
		for _, p := range args[1].([]any) {
			parts = append(parts, t.text(p))
		}
		return strings.Join(parts, args[0].(string))
	case f["Fn::Sub"] != nil:
		return t.substitute(f["Fn::Sub"])
	}
	panic(fmt.Sprintf("unknown function: %v", f))
}

func (t template) substitute(v any) string {
	vars := map[string]any{}
	if pair, ok := v.([]any); ok {
		v, vars = pair[0], pair[1].(map[string]any)
	}
	return placeholder.ReplaceAllStringFunc(v.(string), func(p string) string {
		name := p[2 : len(p)-1]
		if x, ok := vars[name]; ok {
			return t.text(x)
		}
		return t.ref(name)
	})
}

func (t template) ref(name string) string {
	switch name {
	case "AWS::Partition":
		return "aws"
	case "AWS::Region":
		return "eu-central-1"
	case "AWS::AccountId":
		return "111111111111"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}
	if p, ok := t.Parameters[name]; ok { // an SSM parameter of another stack
		for _, tpl := range []template{*t.other, t} {
			for _, r := range tpl.Resources {
				if r.Type == "AWS::SSM::Parameter" && r.Properties["Name"] == p.Default {
					return tpl.text(r.Properties["Value"])
				}
			}
		}
	}
	r, ok := t.Resources[name]
	if !ok {
		panic("nothing is called " + name)
	}
	if name == widgetBucket {
		return "(widget)"
	}
	switch r.Type {
	case "AWS::SQS::Queue":
		return "https://sqs.eu-central-1.amazonaws.com/111111111111/" + t.text(r.Properties["QueueName"])
	case "AWS::SNS::Topic":
		return t.attribute(name, "Arn")
	}
	if p := nameOf[r.Type]; p != "" {
		return t.text(r.Properties[p])
	}
	return "(" + r.Type + ")"
}

func (t template) attribute(id, attribute string) string {
	r := t.Resources[id]
	switch {
	case r.Type == "AWS::CloudFront::Distribution" && attribute == "DomainName":
		return "d111111abcdef8.cloudfront.net"
	case id == widgetBucket:
		return "arn:aws:s3:::(widget)"
	}
	if attribute != "Arn" && attribute != "TopicArn" {
		panic("attribute " + attribute + " of " + r.Type)
	}
	service := strings.ToLower(strings.Split(r.Type, "::")[1])
	switch r.Type {
	case "AWS::KMS::Key":
		return "(key)"
	case "AWS::IAM::Role":
		return "(role)"
	case "AWS::S3::Bucket":
		return "arn:aws:s3:::(AWS::S3::Bucket)"
	}
	prefix := map[string]string{"AWS::Lambda::Function": "function:", "AWS::DynamoDB::Table": "table/",
		"AWS::Logs::LogGroup": "log-group:", "AWS::Events::Rule": "rule/"}[r.Type]
	return "arn:aws:" + service + ":eu-central-1:111111111111:" + prefix + t.text(r.Properties[nameOf[r.Type]])
}

// list gives a value's elements: CloudFormation writes one of them without a list.
func list(v any) []any {
	if v == nil {
		return nil
	}
	if l, ok := v.([]any); ok {
		return l
	}
	return []any{v}
}

func (t template) texts(v any) []string {
	var out []string
	for _, x := range list(v) {
		out = append(out, t.text(x))
	}
	return out
}

// TestNode: without Node, or with one too old, a person reads one sentence that
// says what to install.
func TestNode(t *testing.T) {
	old := filepath.Join(t.TempDir(), "node")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho v18.20.8\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, node := range []string{filepath.Join(t.TempDir(), "nothing"), old} {
		t.Setenv("JSII_NODE", node)
		err := checkNode()
		if err == nil || !strings.Contains(err.Error(), "install Node 20 or later") || strings.ContainsAny(err.Error(),
			"\n") {
			t.Errorf("%s: %v", node, err)
		}
	}
}
