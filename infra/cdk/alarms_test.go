package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var runbookLink = regexp.MustCompile(regexp.QuoteMeta(runbook) + `([0-9a-z-]+)$`)

// TestAlarms: every alarm reaches somebody and says what to do.
func TestAlarms(t *testing.T) {
	for _, d := range stages() {
		kinds := map[string]int{}
		d.stateless.each(t, "AWS::CloudWatch::Alarm", func(id string, p map[string]any, _ resource) {
			link := runbookLink.FindStringSubmatch(p["AlarmDescription"].(string))
			if link == nil {
				t.Errorf("%s has no link to the runbook: %s", id, p["AlarmDescription"])
				return
			}
			kinds[link[1]]++
			topic := []string{"arn:aws:sns:eu-central-1:111111111111:relais-" + d.Stage + "-alarms"}
			if got := d.stateless.texts(p["AlarmActions"]); !slices.Equal(got, topic) {
				t.Errorf("%s tells %v", id, got)
			}
		})
		want := map[string]int{"5xx": 1, "pending-age": 1, "spill-depth": 1, "dead-letters": len(d.Queues),
			"oldest-age": len(d.Queues),
			// By hand: who sends, and how many classes of failures want an operator.
			"loops": 2, "depth": 1, "uncertain": 2, "unauthorised": 2, "send-failed": 2 * 6, "media-lost": 8}
		for _, f := range d.Functions {
			if f.Name == "publisher" {
				continue
			}
			want["errors"]++
			want["throttles"]++
			if f.Name != "sweeper" {
				want["concurrency"]++
			}
			if f.Channel != "" {
				want["ack-latency"]++
				want["refused"]++
			}
			if f.Channel != "" || f.Name == "router" || f.Name == "media" {
				want["quarantine"]++
			}
			if !slices.Contains([]string{"router", "files"}, f.Name) {
				want["ring-failures"]++
			}
		}
		if diff := cmp.Diff(want, kinds); diff != "" {
			t.Errorf("alarms of %s by runbook section (-want +got):\n%s", d.Stage, diff)
		}
	}
}

// TestAlarmValues looks at those whose numbers were chosen with care.
func TestAlarmValues(t *testing.T) {
	for name, want := range map[string][]any{
		"relais-prod-ack-latency-line":   {"Relais", "ack_latency", "p99", 1000.0, 5.0, "notBreaching", "line"},
		"relais-prod-pending-age":        {"Relais", "pending_age", "Maximum", 300000.0, 5.0, "breaching", "sweeper"},
		"relais-prod-ring-failures-line": {"Relais", "ring_failed", "Sum", 0.0, 5.0, "notBreaching", "line"},
		"relais-prod-quarantine-router":  {"Relais", "quarantined", "Sum", 0.0, 1.0, "notBreaching", "router"},
		"relais-prod-spill-depth": {"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0.0, 10.0,
			"notBreaching", "relais-prod-spill.fifo"},
		"relais-prod-dead-letters-support": {"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0.0, 1.0,
			"notBreaching", "relais-prod-support-dlq.fifo"},
		"relais-prod-oldest-age-support": {"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 3600.0, 5.0,
			"notBreaching", "relais-prod-support.fifo"},
		"relais-prod-concurrency-router": {"AWS/Lambda", "ConcurrentExecutions", "Maximum", 40.0, 5.0, "notBreaching",
			"relais-prod-router"},
		"relais-prod-throttles-line": {"AWS/Lambda", "Throttles", "Sum", 0.0, 3.0, "notBreaching", "relais-prod-line"},
		"relais-prod-5xx": {"AWS/ApiGateway", "5xx", "Sum", 0.0, 5.0, "notBreaching",
			"(AWS::ApiGatewayV2::Api)"},

		"relais-prod-uncertain-sender":  {"Relais", "uncertain", "Sum", 0.0, 1.0, "notBreaching", "sender"},
		"relais-prod-unauthorised-bulk": {"Relais", "deferred", "Sum", 0.0, 1.0, "notBreaching", "bulk auth"},
		"relais-prod-send-failed-sender-platform": {"Relais", "send_failed", "Sum", 0.0, 1.0, "notBreaching",
			"sender platform"},
		"relais-prod-media-lost-media-media": {"Relais", "media_lost", "Sum", 0.0, 1.0, "notBreaching", "media media"},
		"relais-prod-dead-letters-outbound": {"AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0.0, 1.0,
			"notBreaching", "relais-prod-outbound-dlq.fifo"},
		"relais-prod-oldest-age-outbound": {"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 300.0, 5.0,
			"notBreaching", "relais-prod-outbound.fifo"},
		"relais-prod-oldest-age-bulk": {"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 3600.0, 5.0,
			"notBreaching", "relais-prod-bulk.fifo"},
		"relais-prod-oldest-age-clock": {"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 1200.0, 5.0,
			"notBreaching", "relais-prod-clock"},
		"relais-prod-oldest-age-media": {"AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 1800.0, 5.0,
			"notBreaching", "relais-prod-media.fifo"},
	} {
		d := prod()
		p := d.stateless.named(t, "AWS::CloudWatch::Alarm", "AlarmName", name)
		stat := p["Statistic"]
		if stat == nil {
			stat = p["ExtendedStatistic"]
		}
		got := []any{p["Namespace"], p["MetricName"], stat, p["Threshold"], p["EvaluationPeriods"], p["TreatMissingData"],
			strings.Join(dimensionsOf(d.stateless, p), " ")}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestRunbook: each kind of alarm has its section.
func TestRunbook(t *testing.T) {
	text, err := os.ReadFile("../RUNBOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	headings := regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(string(text), -1)
	var sections []string
	for _, h := range headings {
		sections = append(sections, strings.ReplaceAll(strings.ToLower(strings.Trim(h[1], "`")), " ", "-"))
	}
	for _, a := range alarms(dev().System, "") {
		if !slices.Contains(sections, a.kind) {
			t.Errorf("infra/RUNBOOK.md has no section %q, to which alarm %s links", a.kind, a.name("dev"))
		}
	}
}

// TestDashboard: it is JSON of CloudWatch's form and shows whatever alarms watch.
func TestDashboard(t *testing.T) {
	for _, d := range stages() {
		d.stateless.each(t, "AWS::CloudWatch::Dashboard", func(_ string, p map[string]any, _ resource) {
			var body struct {
				Widgets []struct {
					X, Y, Width, Height int
					Properties          struct {
						Title, Region string
						Metrics       [][]any
					}
				}
			}
			if err := json.Unmarshal([]byte(d.stateless.text(p["DashboardBody"])), &body); err != nil {
				t.Fatal(err)
			}
			shown, places := map[string]bool{}, map[[2]int]bool{}
			for _, w := range body.Widgets {
				if w.Properties.Region != "eu-central-1" || len(w.Properties.Metrics) == 0 || places[[2]int{w.X, w.Y}] || w.X+w.Width > 24 {
					t.Errorf("widget %q: region %q, %d metrics, at %d,%d", w.Properties.Title, w.Properties.Region, len(w.Properties.Metrics), w.X, w.Y)
				}
				places[[2]int{w.X, w.Y}] = true
				for _, m := range w.Properties.Metrics {
					row := []string{m[0].(string), m[1].(string)}
					for i := 3; i < len(m); i += 2 { // after each dimension's name; the last is how it is drawn
						row = append(row, m[i].(string))
					}
					shown[strings.Join(row, " ")] = true
				}
			}
			d.stateless.each(t, "AWS::CloudWatch::Alarm", func(id string, a map[string]any, _ resource) {
				row := append([]string{a["Namespace"].(string), a["MetricName"].(string)}, dimensionsOf(d.stateless, a)...)
				if !shown[strings.Join(row, " ")] {
					t.Errorf("the dashboard does not show what %s watches", id)
				}
			})
		})
	}
}

// dimensionsOf are the values of an alarm's dimensions.
func dimensionsOf(tpl template, alarm map[string]any) []string {
	var out []string
	for _, d := range list(alarm["Dimensions"]) {
		out = append(out, tpl.text(d.(map[string]any)["Value"]))
	}
	return out
}

// TestClasses: every class of failure is either an operator's or told to somebody
// else; a new one must be given to one of them.
func TestClasses(t *testing.T) {
	text, err := os.ReadFile("../../events/status.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\tClass\w+ += "(\w+)"`).FindAllStringSubmatch(string(text), -1) {
		want = append(want, m[1])
	}
	got := slices.Concat(sendClasses, toldClasses)
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("classes (-events +alarms):\n%s", diff)
	}
}
