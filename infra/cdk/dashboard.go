package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
)

// A panel is one graph.
type panel struct {
	title   string
	metrics []metric
}

// A dashboard makes the panels of a system.
type dashboard struct {
	topology.System
	api string
}

// panels follow a message: in, through, out, what is said to customers, and what
// went wrong on the way.
func (d dashboard) panels() []panel {
	channels := d.functions(func(f topology.Function) bool { return f.Channel != "" })
	all := d.functions(func(topology.Function) bool { return true })
	router := d.functions(func(f topology.Function) bool { return f.Consumes == names.Ingress })
	list := []panel{
		{"Requests and their errors", []metric{gatewayMetric("Count", d.api, "Sum"), gatewayMetric("4xx", d.api, "Sum"),
			gatewayMetric("5xx", d.api, "Sum")}},
		{"Acknowledged within, p99 (ms)", ours(observe.AckLatency, "p99", channels)},
		{"Accepted", ours(observe.Accepted, "Sum", channels)},
		{"Duplicates", ours(observe.Duplicates, "Sum", channels)},
		{"Refused: sent again by the channel", ours(observe.Refused, "Sum", channels)},
		{"Oldest unfinished event (ms)", ours(observe.PendingAge, "Maximum",
			d.functions(func(f topology.Function) bool { return f.Every > 0 }))},
		{"Rings that failed", ours(observe.RingFailed, "Sum", d.functions(rings))},
		{"Routed, forwarded, late", slices.Concat(ours(observe.Routed, "Sum", router), ours(observe.Forwarded, "Sum",
			router), ours(observe.Late, "Sum", router))},
		{"Quarantined", ours(observe.Quarantined, "Sum", d.functions(setsAside))},
	}
	list = append(list, d.outbound(channels)...)
	list = append(list, d.queues()...)
	return append(list,
		panel{"Concurrent executions", d.lambdas("ConcurrentExecutions", "Maximum", all)},
		panel{"Throttles", d.lambdas("Throttles", "Sum", all)},
		panel{"Errors", d.lambdas("Errors", "Sum", all)},
		panel{"Dropped as loops", d.lambdas("RecursiveInvocationsDropped", "Sum", d.functions(inChains))},
		panel{"Duration of queue workers, p99 (ms)", d.lambdas("Duration", "p99",
			d.functions(func(f topology.Function) bool { return f.Consumes != "" }))},
		panel{"Spilled", ours(observe.Spilled, "Sum", channels)})
}

// outbound is what is said to customers, what they have read of it, and their files.
func (d dashboard) outbound(channels []string) []panel {
	senders := d.functions(sends)
	media := d.functions(func(f topology.Function) bool { return f.Consumes == names.Media })
	pushers := d.functions(func(f topology.Function) bool { return f.Consumes == names.Sockets })
	list := []panel{
		{"Sent, and perhaps sent", slices.Concat(ours(observe.Sent, "Sum", senders), ours(observe.Uncertain, "Sum",
			senders))},
		{"Given up, by class", byClass(observe.SendFailed, senders, slices.Concat(sendClasses, toldClasses)...)},
		{"Put off, by class", byClass(observe.Deferred, senders, events.ClassAuth, events.ClassPlatform, events.ClassRate)},
		{"Receipts noted without an event", ours(observe.Receipts, "Sum", channels)},
		{"Files copied", ours(observe.MediaDone, "Sum", media)},
		{"Files lost, by class", byClass(observe.MediaLost, media, fileClasses...)},
	}
	if len(pushers) > 0 {
		list = append(list, panel{"In-app notifications, taken and lost", slices.Concat(ours(observe.Notified, "Sum",
			pushers), ours(observe.NotifyLost, "Sum", pushers))})
	}
	return list
}

// queues are how full, how old and how dead.
func (d dashboard) queues() []panel {
	var depths, ages, dead []metric
	for _, q := range d.Queues {
		depths = append(depths, queueMetric("ApproximateNumberOfMessagesVisible", names.Queue(d.Stage, q.Name)))
		ages = append(ages, queueMetric("ApproximateAgeOfOldestMessage", names.Queue(d.Stage, q.Name)))
		dead = append(dead, queueMetric("ApproximateNumberOfMessagesVisible", names.DeadLetters(d.Stage, q.Name)))
	}
	return []panel{{"Waiting in queues", depths}, {"Oldest message in queues (s)", ages}, {"Dead letters", dead}}
}

// functions are the names of those that are meant.
func (d dashboard) functions(meant func(topology.Function) bool) []string {
	var list []string
	for _, f := range d.Functions {
		if meant(f) {
			list = append(list, f.Name)
		}
	}
	return list
}

func (d dashboard) lambdas(name, stat string, of []string) []metric {
	var list []metric
	for _, f := range of {
		list = append(list, lambda(d.Stage, name, f, stat))
	}
	return list
}

func ours(name observe.Name, stat string, of []string) []metric {
	var list []metric
	for _, f := range of {
		list = append(list, relais(name, f, stat))
	}
	return list
}

func byClass(name observe.Name, of []string, classes ...string) []metric {
	var list []metric
	for _, f := range of {
		for _, c := range classes {
			list = append(list, relaisBy(name, f, c))
		}
	}
	return list
}

// Panels stand in three columns, in CloudWatch's units of 24 to a row.
const (
	columns     = 3
	panelWidth  = 24 / columns
	panelHeight = 6
)

func newDashboard(stack awscdk.Stack, s topology.System, api *string) {
	var widgets []any
	for i, p := range (dashboard{s, *api}).panels() {
		var rows []any
		for _, m := range p.metrics {
			row := []any{m.namespace, m.name}
			for _, d := range m.dimensions {
				row = append(row, d[0], d[1])
			}
			rows = append(rows, append(row, map[string]any{"stat": m.stat}))
		}
		widgets = append(widgets, map[string]any{"type": "metric",
			"x": i % columns * panelWidth, "y": i / columns * panelHeight, "width": panelWidth, "height": panelHeight,
			"properties": map[string]any{"title": p.title, "region": awscdk.Aws_REGION(), "period": 60, "view": "timeSeries",
				"metrics": rows}})
	}
	name := statelessName(s.Stage)
	awscloudwatch.NewCfnDashboard(stack, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String(name), DashboardBody: stack.ToJsonString(map[string]any{"widgets": widgets}, nil)})
	publish(stack, "DashboardUrl", parameterName(s.Stage, "dashboard-url"),
		*sub("https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/" + name), "")
}
