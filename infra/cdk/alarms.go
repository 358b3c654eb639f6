package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/queue"
)

// runbook has a section for each kind of alarm, named as the kind is.
const runbook = "https://github.com/relais-dev/relais/blob/main/infra/RUNBOOK.md#"

// An alarm tells a person that something wants one. Kind is its section in the
// runbook; of is the function or queue, with a class where there is one per class,
// or "" where there is only one.
type alarm struct {
	kind, of string
	says     string
	metric   metric
	over     float64 // it is over this …
	minutes  int     // … in each of this many minutes
	silence  string  // what a missing value means
}

// What a missing value means.
const (
	fine     = "notBreaching" // nothing happened, so nothing is wrong
	breaking = "breaching"    // what writes it every minute has stopped
)

// A metric of CloudWatch, by the minute.
type metric struct {
	namespace, name, stat string
	dimensions            [][2]string
}

func relais(name observe.Name, function, stat string) metric {
	return metric{observe.Namespace, string(name), stat, [][2]string{{"function", function}}}
}

// relaisBy is a metric that functions count by class, and by nothing else: there
// is no sum of all classes in CloudWatch.
func relaisBy(name observe.Name, function, class string) metric {
	m := relais(name, function, "Sum")
	m.dimensions = append(m.dimensions, [2]string{"class", class})
	return m
}

func lambda(stage, name, function, stat string) metric {
	return metric{"AWS/Lambda", name, stat, [][2]string{{"FunctionName", names.Function(stage, function)}}}
}

// queueMetric takes a queue's full name.
func queueMetric(name, queue string) metric {
	return metric{"AWS/SQS", name, "Maximum", [][2]string{{"QueueName", queue}}}
}

// alarms of a system. Thresholds are where a person should look; each says why it
// is there.
func alarms(s topology.System, api string) []alarm {
	list := []alarm{
		{"5xx", "", "webhooks or integrators are answered with errors; both will try again", gatewayMetric("5xx", api,
			"Sum"), 0, 5, fine},
		// The sweeper looks every minute and rings for what is overdue, so what is
		// five minutes old was rung for and did not go through. No value at all:
		// the sweeper is not running, or the ingress queue is so long that it waits.
		{"pending-age", "", "accepted events do not reach their destinations", relais(observe.PendingAge, "sweeper",
			"Maximum"), minutes(5), 5, breaking},
		// Anything in the spill queue means that the table refused writes; the
		// drainer is given time for a spike.
		{"spill-depth", "", "the table refuses writes and events wait in the spill queue",
			queueMetric("ApproximateNumberOfMessagesVisible", names.Queue(s.Stage, names.Spill)), 0, 10, fine},
	}
	for _, f := range s.Functions {
		if !f.Publishes() { // what fails there fails the deployment
			list = append(list, functionAlarms(s, f)...)
		}
	}
	for _, q := range s.Queues {
		list = append(list, queueAlarms(s, q)...)
	}
	return list
}

func functionAlarms(s topology.System, f topology.Function) []alarm {
	list := []alarm{
		{"errors", f.Name, "invocations of " + f.Name + " fail", lambda(s.Stage, "Errors", f.Name, "Sum"), 0, 3, fine},
		{"throttles", f.Name, f.Name + " is invoked more often than its reserved concurrency allows", lambda(s.Stage,
			"Throttles", f.Name, "Sum"), 0, 3, fine},
	}
	if f.Parallel > 1 { // one at a time is not too many
		list = append(list, alarm{"concurrency", f.Name, f.Name + " uses most of its reserved concurrency",
			lambda(s.Stage, "ConcurrentExecutions", f.Name, "Maximum"), float64(f.Parallel) * 0.8, 5, fine})
	}
	if f.Channel != "" {
		// The strictest platform waits one second for an answer before it counts
		// us as slow, and others some more.
		list = append(list, alarm{"ack-latency", f.Name, "webhooks of " + f.Name + " are answered slowly",
			relais(observe.AckLatency, f.Name, "p99"), 1000, 5, fine},
			alarm{"refused", f.Name,
				"neither table nor spill queue took events of " + f.Name + "; the channel was told to send them again",
				relais(observe.Refused, f.Name, "Sum"), 0, 1, fine})
	}
	if rings(f) {
		list = append(list, alarm{"ring-failures", f.Name,
			f.Name + " commits events and cannot tell the router; the sweeper will, a minute later", relais(observe.RingFailed,
				f.Name, "Sum"), 0, 5, fine})
	}
	if inChains(f) {
		list = append(list, alarm{"loops", f.Name,
			"AWS took a conversation for a loop of functions and dropped what came to " + f.Name,
			lambda(s.Stage, "RecursiveInvocationsDropped", f.Name, "Sum"), 0, 1, fine})
	}
	if setsAside(f) {
		list = append(list, alarm{"quarantine", f.Name, f.Name + " set an event aside that wants a person",
			relais(observe.Quarantined, f.Name, "Sum"), 0, 1, fine})
	}
	switch {
	case sends(f):
		list = append(list, sendAlarms(f)...)
	case f.Consumes == names.Media:
		for _, class := range fileClasses {
			list = append(list, alarm{"media-lost", f.Name + "-" + class,
				"a customer's file could not be copied (" + class + ")", relaisBy(observe.MediaLost, f.Name, class), 0, 1, fine})
		}
	}
	return list
}

// inChains says whether every chain of functions and queues goes through f.
func inChains(f topology.Function) bool {
	return f.Consumes == names.Ingress || f.Consumes == names.Outbound
}

// setsAside says whether f puts what it cannot read into quarantine.
func setsAside(f topology.Function) bool {
	return f.Channel != "" || f.Consumes == names.Ingress || f.Consumes == names.Media
}

// rings says whether f tells the router of events: it may write to its queue.
func rings(f topology.Function) bool {
	return f.Consumes != names.Ingress && slices.ContainsFunc(f.Grants, func(g topology.Grant) bool {
		return g.On == topology.OnQueue && g.Arg == names.Ingress && slices.Contains(g.Actions, "sqs:SendMessage")
	})
}

// sends says whether f speaks to customers.
func sends(f topology.Function) bool { return f.Consumes == names.Outbound || f.Consumes == names.Bulk }

// Classes of events.StatusError. Those of sendClasses want an operator; the others
// are the customer's or the request's, and told to whoever sent it. A file that
// could not be copied is told to nobody who could mend it.
var (
	sendClasses = []string{events.ClassAuth, events.ClassPlatform, events.ClassPolicy, events.ClassRate,
		events.ClassTemplate, events.ClassUnknown}
	toldClasses = []string{events.ClassConsent, events.ClassContent, events.ClassMedia, events.ClassRecipient,
		events.ClassWindow}
	fileClasses = []string{events.ClassAuth, events.ClassContent, events.ClassMedia, events.ClassPlatform,
		events.ClassPolicy, events.ClassRate, events.ClassRecipient, events.ClassUnknown}
)

func sendAlarms(f topology.Function) []alarm {
	list := []alarm{
		{"uncertain", f.Name, "nobody knows whether messages reached the platform; none is sent again",
			relais(observe.Uncertain, f.Name, "Sum"), 0, 1, fine},
		{"unauthorised", f.Name, "a platform refuses an account's credentials; its messages wait", relaisBy(observe.Deferred,
			f.Name, events.ClassAuth), 0, 1, fine},
	}
	for _, class := range sendClasses {
		list = append(list, alarm{"send-failed", f.Name + "-" + class, "messages were given up (" + class + ")",
			relaisBy(observe.SendFailed, f.Name, class), 0, 1, fine})
	}
	return list
}

func queueAlarms(s topology.System, q topology.Queue) []alarm {
	live, dead := names.Queue(s.Stage, q.Name), names.DeadLetters(s.Stage, q.Name)
	list := []alarm{{"dead-letters", q.Name, "messages of " + live + " were given up on",
		queueMetric("ApproximateNumberOfMessagesVisible", dead), 0, 1, fine}}
	if q.Name == names.Outbound {
		// A FIFO queue finds groups only among its first 120,000 messages: an integrator
		// that puts all into one group hides all others. (A destination's age tells as much.)
		// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/avoid-backlog-with-the-same-message-group-id.html
		list = append(list, alarm{"depth", q.Name,
			live + " grows towards the 120,000 messages among which SQS looks for groups",
			queueMetric("ApproximateNumberOfMessagesVisible", live), 50_000, 5, fine})
	}
	if q.Destination {
		return append(list, alarm{"oldest-age", q.Name, "the team behind " + q.Name + " does not take its messages",
			queueMetric("ApproximateAgeOfOldestMessage", live), time.Hour.Seconds(), 5, fine})
	}
	return append(list, alarm{"oldest-age", q.Name, "messages wait in " + live,
		queueMetric("ApproximateAgeOfOldestMessage", live), longest(q.Name).Seconds(), 5, fine})
}

// longest is how old a message of one of our own queues may get. Work is done in
// seconds, so that five minutes are a fault; but campaigns wait for their platform,
// a file is tried for two hours, each time after six timeouts, and the clock's messages
// may be as old as SQS can hold them back before anybody receives them.
func longest(name string) time.Duration {
	switch name {
	case names.Bulk:
		return time.Hour
	case names.Media:
		return 30 * time.Minute
	case names.Clock:
		return queue.MaxDelay + 5*time.Minute
	}
	return 5 * time.Minute
}

func gatewayMetric(name, api, stat string) metric {
	return metric{"AWS/ApiGateway", name, stat, [][2]string{{"ApiId", api}}}
}

func minutes(n int) float64 { return float64((time.Duration(n) * time.Minute).Milliseconds()) }

// name of an alarm: "relais-prod-ack-latency-line".
func (a alarm) name(stage string) string {
	if a.of == "" {
		return statelessName(stage) + "-" + a.kind
	}
	return statelessName(stage) + "-" + a.kind + "-" + a.of
}

func watchName(stage string) string { return statelessName(stage) + "-watch" }

// newWatch is what people look at and are woken by. It has a stack of its own, since an
// alarm for each way in which a function or a queue may fail is nearly half of all
// resources, of which CloudFormation takes 500 in one; and whoever subscribed to alarms
// stays subscribed when the stateless stack is deployed anew.
func newWatch(app awscdk.App, s topology.System) awscdk.Stack {
	stack := awscdk.NewStack(app, jsii.String(watchName(s.Stage)),
		&awscdk.StackProps{Description: jsii.String("Relais " + s.Stage + ": alarms and the dashboard")})
	tag(stack, s.Stage)
	api := parameter(stack, s.Stage, apiParameter, "api-id")
	key := awskms.Key_FromKeyArn(stack, jsii.String("Key"), parameter(stack, s.Stage, keyParameter, "key-arn"))
	newAlarms(stack, s, api, key)
	newDashboard(stack, s, api)
	return stack
}

func newAlarms(stack awscdk.Stack, s topology.System, api *string, key awskms.IKey) {
	topic := newTopic(stack, s, key)
	for _, a := range alarms(s, *api) {
		p := &awscloudwatch.CfnAlarmProps{
			AlarmName:        jsii.String(a.name(s.Stage)),
			AlarmDescription: jsii.String(fmt.Sprintf("Relais %s: %s. What to do: %s%s", s.Stage, a.says, runbook, a.kind)),
			Namespace:        jsii.String(a.metric.namespace), MetricName: jsii.String(a.metric.name),
			Dimensions: dimensions(a.metric),
			Period:     jsii.Number(60), EvaluationPeriods: jsii.Number(a.minutes), DatapointsToAlarm: jsii.Number(a.minutes),
			Threshold: jsii.Number(a.over), ComparisonOperator: jsii.String("GreaterThanThreshold"),
			TreatMissingData: jsii.String(a.silence),
			AlarmActions:     &[]any{topic.TopicArn()}, OkActions: &[]any{topic.TopicArn()},
		}
		if a.metric.stat == "p99" {
			p.ExtendedStatistic = jsii.String(a.metric.stat)
		} else {
			p.Statistic = jsii.String(a.metric.stat)
		}
		awscloudwatch.NewCfnAlarm(stack, jsii.String("Alarm-"+a.kind+"-"+a.of), p)
	}
}

func dimensions(m metric) *[]any {
	var out []any
	for _, d := range m.dimensions {
		out = append(out, &awscloudwatch.CfnAlarm_DimensionProperty{Name: jsii.String(d[0]), Value: jsii.String(d[1])})
	}
	return &out
}

// newTopic is what people and pagers subscribe to. A policy of its own takes the
// place of SNS's default, so alarms are let in by name.
func newTopic(stack awscdk.Stack, s topology.System, key awskms.IKey) awssns.Topic {
	topic := awssns.NewTopic(stack, jsii.String("Alarms"),
		&awssns.TopicProps{TopicName: jsii.String(statelessName(s.Stage) + "-alarms"),
			DisplayName: jsii.String("Relais " + s.Stage), MasterKey: key, EnforceSSL: jsii.Bool(true)})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Sid: jsii.String("Alarms"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"), Resources: &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}}}))
	publish(stack, "AlarmTopicArn", parameterName(s.Stage, "alarm-topic-arn"), *topic.TopicArn(),
		"subscribe whoever should hear of alarms")
	return topic
}
