package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"

	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/observe"
)

// A panel is one graph.
type panel struct {
	title   string
	metrics []metric
}

// panels follow a message: in, through, out, and what went wrong on the way.
func panels(s topology.System, api string) []panel {
	var channels, all, consumers, ringers, quarantines []string
	for _, f := range s.Functions {
		all = append(all, f.Name)
		if f.Channel != "" {
			channels = append(channels, f.Name)
		}
		if f.Consumes != "" {
			consumers = append(consumers, f.Name)
		}
		if f.Consumes != names.Ingress {
			ringers = append(ringers, f.Name)
		}
		if f.Channel != "" || f.Consumes == names.Ingress {
			quarantines = append(quarantines, f.Name)
		}
	}
	ours := func(name observe.Name, stat string, of []string) []metric {
		var list []metric
		for _, f := range of {
			list = append(list, relais(name, f, stat))
		}
		return list
	}
	aws := func(name, stat string, of []string) []metric {
		var list []metric
		for _, f := range of {
			list = append(list, lambda(s.Stage, name, f, stat))
		}
		return list
	}
	var depths, ages, dead []metric
	for _, q := range s.Queues {
		depths = append(depths, queueMetric("ApproximateNumberOfMessagesVisible", names.Queue(s.Stage, q.Name)))
		ages = append(ages, queueMetric("ApproximateAgeOfOldestMessage", names.Queue(s.Stage, q.Name)))
		dead = append(dead, queueMetric("ApproximateNumberOfMessagesVisible", names.DeadLetters(s.Stage, q.Name)))
	}
	router := []string{"router"}
	return []panel{
		{"Webhooks and their errors", []metric{gatewayMetric("Count", api, "Sum"), gatewayMetric("4xx", api, "Sum"), gatewayMetric("5xx", api, "Sum")}},
		{"Acknowledged within, p99 (ms)", ours(observe.AckLatency, "p99", channels)},
		{"Accepted", ours(observe.Accepted, "Sum", channels)},
		{"Duplicates", ours(observe.Duplicates, "Sum", channels)},
		{"Refused: sent again by the channel", ours(observe.Refused, "Sum", channels)},
		{"Oldest unfinished event (ms)", ours(observe.PendingAge, "Maximum", []string{"sweeper"})},
		{"Rings that failed", ours(observe.RingFailed, "Sum", ringers)},
		{"Routed, forwarded, late", append(append(ours(observe.Routed, "Sum", router), ours(observe.Forwarded, "Sum", router)...), ours(observe.Late, "Sum", router)...)},
		{"Quarantined", ours(observe.Quarantined, "Sum", quarantines)},
		{"Waiting in queues", depths},
		{"Oldest message in queues (s)", ages},
		{"Dead letters", dead},
		{"Concurrent executions", aws("ConcurrentExecutions", "Maximum", all)},
		{"Throttles", aws("Throttles", "Sum", all)},
		{"Errors", aws("Errors", "Sum", all)},
		{"Duration of queue workers, p99 (ms)", aws("Duration", "p99", consumers)},
		{"Spilled", ours(observe.Spilled, "Sum", channels)},
	}
}

// Panels stand in three columns, in CloudWatch's units of 24 to a row.
const (
	columns     = 3
	panelWidth  = 24 / columns
	panelHeight = 6
)

func newDashboard(stack awscdk.Stack, s topology.System, api *string) {
	var widgets []any
	for i, p := range panels(s, *api) {
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
			"properties": map[string]any{"title": p.title, "region": awscdk.Aws_REGION(), "period": 60, "view": "timeSeries", "metrics": rows}})
	}
	name := statelessName(s.Stage)
	awscloudwatch.NewCfnDashboard(stack, jsii.String("Dashboard"), &awscloudwatch.CfnDashboardProps{
		DashboardName: jsii.String(name), DashboardBody: stack.ToJsonString(map[string]any{"widgets": widgets}, nil)})
	publish(stack, "DashboardUrl", parameterName(s.Stage, "dashboard-url"),
		*sub("https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/" + name), "")
}
