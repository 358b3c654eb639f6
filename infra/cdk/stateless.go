package main

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
)

// logRetention is of logs, which hold ids and no content: long enough to look
// into what a month's report shows.
const logRetention = awslogs.RetentionDays_ONE_MONTH

// newStateless is everything that can be thrown away and deployed again.
func newStateless(app awscdk.App, s topology.System, assets string) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String(statelessName(s.Stage)), &awscdk.StackProps{
		Description: jsii.String("Relais " + s.Stage + ": functions, webhooks, API"),
	})
	tag(stack, s.Stage)
	at := stored{key: parameter(stack, s.Stage, keyParameter, "key-arn"), bucket: parameter(stack, s.Stage,
		bucketParameter, "bucket-name")}
	b := newBuilder(stack, s, at, assets)
	b.newAPI()
	b.newSockets()
	for _, f := range s.Functions {
		if f.Publishes() { // from a stack of its own
			continue
		}
		fn := b.newFunction(f)
		if f.Route != "" {
			b.newRoute(f, fn)
		}
		if f.Socket {
			b.newSocketRoutes(f, fn)
		}
		if f.Consumes != "" {
			newEventSource(stack, s, f, fn)
		}
		if f.Every > 0 {
			newSchedule(stack, s, f, fn)
		}
	}
	b.newStage()
	return stack
}

// Parameters that stacks read.
const (
	keyParameter    = "KeyArn"
	bucketParameter = "BucketName"
	apiParameter    = "ApiId"
)

// parameter is read, at each deployment, from what another stack published.
func parameter(stack awscdk.Stack, stage, id, name string) *string {
	return awscdk.NewCfnParameter(stack, jsii.String(id), &awscdk.CfnParameterProps{
		Type: jsii.String("AWS::SSM::Parameter::Value<String>"), Default: jsii.String(parameterName(stage,
			name))}).ValueAsString()
}

// A builder holds what the functions of a stack and the API share.
type builder struct {
	stack  awscdk.Stack
	system topology.System
	at     stored
	key    awskms.IKey
	code   map[string]awslambda.Code // by program
	assets string                    // directory of the executables
	widget awss3.Bucket              // nil but in the widget's stack
	gateway
}

func newBuilder(stack awscdk.Stack, s topology.System, at stored, assets string) *builder {
	return &builder{stack: stack, system: s, at: at, assets: assets, code: map[string]awslambda.Code{},
		key: awskms.Key_FromKeyArn(stack, jsii.String("Key"), at.key)}
}

// codeOf is the asset of one executable, which all functions of the stack share.
func (b *builder) codeOf(program string) awslambda.Code {
	if b.code[program] == nil {
		b.code[program] = awslambda.Code_FromAsset(jsii.String(assetOf(b.assets, program)), nil)
	}
	return b.code[program]
}

func (b *builder) newFunction(f topology.Function) awslambda.Function {
	s := b.system
	logs := b.newLogGroup("Log-"+f.Name, logGroup(s.Stage, f.Name))
	// One processor's worth of threads: below 1769 MB a function has less than one.
	env := map[string]*string{"GOMAXPROCS": jsii.String("1")}
	for _, v := range f.Env {
		if v.Of != topology.LocalTokens { // the authoriser stands before the API
			env[v.Name] = b.value(v)
		}
	}
	loops := awslambda.RecursiveLoop_TERMINATE
	if f.Recursive {
		loops = awslambda.RecursiveLoop_ALLOW
	}
	return awslambda.NewFunction(b.stack, jsii.String("Function-"+f.Name), &awslambda.FunctionProps{
		RecursiveLoop:                loops,
		FunctionName:                 jsii.String(names.Function(s.Stage, f.Name)),
		Runtime:                      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:                 awslambda.Architecture_ARM_64(),
		Handler:                      jsii.String(f.Name),
		Code:                         b.codeOf(f.Program),
		MemorySize:                   jsii.Number(f.Memory),
		Timeout:                      duration(f.Timeout),
		ReservedConcurrentExecutions: jsii.Number(f.Parallel),
		Environment:                  &env,
		LogGroup:                     logs,
		Role:                         newRole(b.stack, s, f, b.at).WithoutPolicyUpdates(nil),
	})
}

// newLogGroup goes with the stack whatever the stage: its name is fixed, so that
// one left behind would keep the stack from coming back.
func (b *builder) newLogGroup(id, name string) awslogs.LogGroup {
	return awslogs.NewLogGroup(b.stack, jsii.String(id), &awslogs.LogGroupProps{LogGroupName: jsii.String(name),
		Retention: logRetention, EncryptionKey: b.key, RemovalPolicy: awscdk.RemovalPolicy_DESTROY})
}

// value is what a variable holds in an account.
func (b *builder) value(v topology.Variable) *string {
	s := b.system
	switch v.Of {
	case topology.StageName:
		return jsii.String(s.Stage)
	case topology.TableName:
		return jsii.String(names.Table(s.Stage))
	case topology.BucketName:
		return b.at.bucket
	case topology.QueueURL:
		return sub(queueURL(s.Stage, v.Arg))
	case topology.DestinationURLs:
		urls := map[string]string{}
		for _, d := range s.Config.DestinationNames() {
			urls[d] = queueURL(s.Stage, d)
		}
		doc, _ := json.Marshal(urls) // a map of texts
		return sub(string(doc))
	case topology.SecretPrefix:
		return jsii.String(names.SecretPrefix(s.Stage, v.Arg))
	case topology.PublicURL:
		return b.origin()
	case topology.RoutesFile:
		return jsii.String(routesFile)
	case topology.CallersFile:
		return jsii.String(callersFile)
	case topology.LinkKey:
		return jsii.String(names.LinkKey(s.Stage))
	case topology.Desks:
		return jsii.String(s.Config.DesksJSON())
	case topology.Receipts:
		return jsii.String("record")
	case topology.SocketURL:
		return b.socketURL("wss")
	case topology.ConnectionsURL:
		return b.socketURL("https")
	case topology.WidgetBucket:
		return b.widget.BucketName()
	case topology.RetentionDays:
		return jsii.String(fmt.Sprint(s.Config.RetentionDays))
	}
	panic("infra/cdk knows no reference " + string(v.Of)) // a topology that this reader is behind of
}

// newEventSource polls a queue for a function. The function says which messages
// of a batch failed; only those come back. Polling stops growing where the
// reserved concurrency ends, so messages are not received just to be throttled.
func newEventSource(stack awscdk.Stack, s topology.System, f topology.Function, fn awslambda.Function) {
	awslambda.NewCfnEventSourceMapping(stack, jsii.String("EventSource-"+f.Name), &awslambda.CfnEventSourceMappingProps{
		EventSourceArn: arn("sqs", names.Queue(s.Stage, f.Consumes)), FunctionName: fn.FunctionName(),
		BatchSize: jsii.Number(f.Batch), FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
		ScalingConfig: &awslambda.CfnEventSourceMapping_ScalingConfigProperty{MaximumConcurrency: jsii.Number(f.Parallel)},
	})
}

// newSchedule runs a function regularly. A run that failed is not repeated: the
// next one is due before a retry would come.
func newSchedule(stack awscdk.Stack, s topology.System, f topology.Function, fn awslambda.Function) {
	rule := awsevents.NewCfnRule(stack, jsii.String("Schedule-"+f.Name), &awsevents.CfnRuleProps{
		Name: jsii.String(names.Function(s.Stage, f.Name)), ScheduleExpression: jsii.String(rate(f)),
		State:   jsii.String("ENABLED"),
		Targets: &[]any{&awsevents.CfnRule_TargetProperty{Id: jsii.String(f.Name), Arn: fn.FunctionArn()}},
	})
	permit(stack, "Schedule-"+f.Name+"-permission", fn, "events.amazonaws.com", rule.AttrArn())
	awslambda.NewCfnEventInvokeConfig(stack, jsii.String("Schedule-"+f.Name+"-retries"),
		&awslambda.CfnEventInvokeConfigProps{
			FunctionName: fn.FunctionName(), Qualifier: jsii.String("$LATEST"),
			MaximumRetryAttempts: jsii.Number(0), MaximumEventAgeInSeconds: jsii.Number(f.Every.Seconds()),
		})
}

// rate is EventBridge's, which knows the plural.
func rate(f topology.Function) string {
	if m := int(f.Every.Minutes()); m != 1 {
		return fmt.Sprintf("rate(%d minutes)", m)
	}
	return "rate(1 minute)"
}

// permit lets one resource of one service invoke a function.
func permit(stack awscdk.Stack, id string, fn awslambda.Function, service string, source *string) {
	awslambda.NewCfnPermission(stack, jsii.String(id),
		&awslambda.CfnPermissionProps{Action: jsii.String("lambda:InvokeFunction"),
			FunctionName: fn.FunctionName(), Principal: jsii.String(service), SourceArn: source})
}
