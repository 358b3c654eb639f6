package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/infra/topology"
)

// What each function may do, written out again by hand: a change of
// infra/topology that gives a function more must be made here, too. Resources are
// without "arn:aws:" and without region and account; kms actions name the service
// through which alone they are allowed, and others what else narrows them.
var (
	writeTable = []string{"kms:Decrypt via dynamodb", "kms:DescribeKey via dynamodb", "kms:Encrypt via dynamodb",
		"kms:GenerateDataKey via dynamodb",
		"kms:GenerateDataKeyWithoutPlaintext via dynamodb", "kms:ReEncryptFrom via dynamodb", "kms:ReEncryptTo via dynamodb"}
	sendQueue = []string{"kms:Decrypt via sqs", "kms:GenerateDataKey via sqs"}
	poll      = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
		"sqs:GetQueueAttributes"}
	// ringOn is for functions whose turns may be over before their work is.
	ringOn = append(slices.Clone(poll), "sqs:SendMessage")
)

// leave is the right to delete items of partitions that begin with one of the texts, of
// no other: what customers and brands said is in none of them.
func leave(partitions string) string { return "dynamodb:DeleteItem of " + partitions }

// missing tells a body that is gone from one that may not be read: without it S3 answers
// 403 to both. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
const missing = "s3:ListBucket below raw/*"

// The parts of the bucket that functions name.
const (
	bucket    = "s3 (AWS::S3::Bucket)"
	rawBodies = "s3 (AWS::S3::Bucket)/raw/*"
	files     = "s3 (AWS::S3::Bucket)/media/*"
	uploads   = "s3 (AWS::S3::Bucket)/uploads/*"
)

// sockets are the open WebSockets.
const sockets = "execute-api (AWS::ApiGatewayV2::Api)/chat/*/@connections/*"

// A place is a stage: it names what is there.
type place string

func (p place) table() string            { return "dynamodb table/relais-" + string(p) }
func (p place) index(name string) string { return p.table() + "/index/" + name }
func (p place) queue(name string) string {
	if name == "clock" || name == "clock-dlq" {
		return "sqs relais-" + string(p) + "-" + name
	}
	return "sqs relais-" + string(p) + "-" + name + ".fifo"
}
func (p place) secrets(of string) string {
	return "secretsmanager secret:relais/" + string(p) + "/" + of + "/*"
}
func (p place) linkKey() string {
	return "secretsmanager secret:relais/" + string(p) + "/link-key-??????"
}
func (p place) logs(of string) string {
	return "logs log-group:/aws/lambda/relais-" + string(p) + "-" + of + ":*"
}

// wantPrivileges is one function's row.
func wantPrivileges(d deployment, f topology.Function) map[string][]string {
	p, want := place(d.Stage), map[string][]string{}
	switch f.Name {
	case "router":
		want = wantRouter(p, d)
	case "sweeper":
		want = wantSweeper(p)
	case "drainer":
		want = wantDrainer(p)
	case "clock":
		want = wantClock(p)
	case "sender", "bulk":
		want = wantSender(p, f.Name, channelsOf(d))
	case "media":
		want = wantMedia(p, channelsOf(d))
	case "api":
		want = wantAPI(p)
	case "files":
		want = wantFiles(p)
	case "chat", "socket":
		want = wantTalk(p, f.Name)
	case "pusher":
		want = wantPusher(p)
	case "publisher": // not even a key: the bucket has S3's
		want = map[string][]string{"s3 (widget)/*": {"s3:DeleteObject", "s3:PutObject"}}
	default:
		if f.Channel != "" {
			want = wantWebhook(p, f.Channel)
		}
	}
	if f.Consumes != "" { // what is no message of ours
		want[p.queue(f.Consumes+"-dlq")] = []string{"sqs:SendMessage"}
	}
	want[p.logs(f.Name)] = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	for resource, actions := range want {
		want[resource] = slices.Sorted(slices.Values(actions))
	}
	return want
}

// A webhook function is what strangers reach: it writes, and reads nothing.
func wantWebhook(p place, channel string) map[string][]string {
	want := map[string][]string{
		p.table():          {"dynamodb:PutItem"},
		p.queue("ingress"): {"sqs:SendMessage"},
		p.queue("spill"):   {"sqs:SendMessage"},
		p.secrets(channel): {"secretsmanager:GetSecretValue"},
		rawBodies:          {"s3:PutObject"},
		"(key)":            slices.Concat(writeTable, sendQueue, []string{"kms:GenerateDataKey via s3"}),
	}
	if p == "prod" { // no destination wants receipts there, so they are noted where they arrive
		want[p.table()] = append(want[p.table()], "dynamodb:UpdateItem")
	}
	return want
}

func wantRouter(p place, d deployment) map[string][]string {
	want := map[string][]string{
		p.table():          {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
		p.index("history"): {"dynamodb:Query"},
		p.index("pending"): {"dynamodb:Query"},
		p.index("history"): {"dynamodb:Query"},
		rawBodies:          {"s3:GetObject", "s3:PutObjectTagging"},
		bucket:             {missing},
		p.queue("ingress"): ringOn,
		p.queue("media"):   {"sqs:SendMessage"},
		p.queue("clock"):   {"sqs:SendMessage"},
		"(key)":            slices.Concat(writeTable, sendQueue, []string{"kms:Decrypt via s3"}),
	}
	for _, name := range d.Config.DestinationNames() {
		want[p.queue(name)] = []string{"sqs:SendMessage"}
	}
	if d.Config.Has("inapp") {
		want[p.queue("sockets")] = []string{"sqs:SendMessage"}
	}
	return want
}

// devices are the partitions in which connections come and go.
const devices = "ticket:* socket:* devices:*"

// Who speaks with customers' devices commits what they say and reads their
// conversations. Only chat lets browsers upload.
func wantTalk(p place, function string) map[string][]string {
	want := map[string][]string{
		p.table(): {leave(devices), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
			"dynamodb:UpdateItem"},
		p.index("history"): {"dynamodb:Query"},
		p.index("pending"): {"dynamodb:Query"},
		rawBodies:          {"s3:GetObject", "s3:PutObject"},
		bucket:             {missing},
		p.linkKey():        {"secretsmanager:GetSecretValue"},
		p.secrets("inapp"): {"secretsmanager:GetSecretValue"},
		p.queue("ingress"): {"sqs:SendMessage"},
		p.queue("spill"):   {"sqs:SendMessage"},
		"(key)": slices.Concat(writeTable, sendQueue, []string{"kms:Decrypt via s3",
			"kms:GenerateDataKey via s3"}),
	}
	if function == "socket" {
		want[sockets] = []string{"execute-api:ManageConnections"}
		return want
	}
	want[uploads] = []string{"s3:PutObject"}
	return want
}

func wantPusher(p place) map[string][]string {
	return map[string][]string{
		p.table():          {leave(devices), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"},
		rawBodies:          {"s3:GetObject", "s3:PutObject"},
		bucket:             {missing},
		p.linkKey():        {"secretsmanager:GetSecretValue"},
		p.secrets("inapp"): {"secretsmanager:GetSecretValue"},
		p.queue("ingress"): {"sqs:SendMessage"},
		p.queue("sockets"): poll,
		sockets:            {"execute-api:ManageConnections"},
		"(key)": slices.Concat(writeTable, sendQueue, []string{"kms:Decrypt via s3",
			"kms:GenerateDataKey via s3"}),
	}
}

func wantSweeper(p place) map[string][]string {
	return map[string][]string{
		p.table():           {"dynamodb:UpdateItem"},
		p.index("due"):      {"dynamodb:Query"},
		p.queue("ingress"):  {"sqs:SendMessage", "sqs:GetQueueAttributes"},
		p.queue("spill"):    {"sqs:GetQueueAttributes"},
		p.queue("outbound"): {"sqs:SendMessage"},
		p.queue("bulk"):     {"sqs:SendMessage"},
		p.queue("media"):    {"sqs:SendMessage"},
		"(key)":             slices.Concat(writeTable, sendQueue),
	}
}

func wantDrainer(p place) map[string][]string {
	return map[string][]string{
		p.table():          {"dynamodb:PutItem"},
		rawBodies:          {"s3:PutObject"},
		p.queue("ingress"): {"sqs:SendMessage"},
		p.queue("spill"):   poll,
		"(key)":            slices.Concat(writeTable, sendQueue, []string{"kms:GenerateDataKey via s3"}),
	}
}

// The clock rings, and sees no more than whom for.
func wantClock(p place) map[string][]string {
	return map[string][]string{p.queue("ingress"): {"sqs:SendMessage"}, p.queue("clock"): poll, "(key)": sendQueue}
}

// Senders speak for all channels. Answers put campaigns on their own queue.
func wantSender(p place, function string, channels []string) map[string][]string {
	want := map[string][]string{
		p.table():          {leave("bulk:* account:*"), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
		p.index("pending"): {"dynamodb:Query"},
		rawBodies:          {"s3:PutObject"},
		files:              {"s3:GetObject"},
		p.linkKey():        {"secretsmanager:GetSecretValue"},
		p.queue("ingress"): {"sqs:SendMessage"},
		p.queue("bulk"):    ringOn,
		"(key)": slices.Concat(writeTable, sendQueue, []string{"kms:Decrypt via s3",
			"kms:GenerateDataKey via s3"}),
	}
	if function == "sender" {
		want[p.table()][0] = leave("out:* later:* account:*")
		want[p.queue("outbound")], want[p.queue("bulk")] = ringOn, []string{"sqs:SendMessage"}
		want[p.queue("clock")] = []string{"sqs:SendMessage"}
	}
	for _, name := range channels {
		want[p.secrets(name)] = []string{"secretsmanager:GetSecretValue"}
	}
	return want
}

// Media asks platforms for files in their accounts' names.
func wantMedia(p place, channels []string) map[string][]string {
	want := map[string][]string{
		p.table():          {leave("media:*"), "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"},
		p.index("pending"): {"dynamodb:Query"},
		rawBodies:          {"s3:GetObject", "s3:PutObject"},
		bucket:             {missing},
		files:              {"s3:PutObject"},
		p.linkKey():        {"secretsmanager:GetSecretValue"},
		p.queue("ingress"): {"sqs:SendMessage"},
		p.queue("media"):   ringOn,
		"(key)": slices.Concat(writeTable, sendQueue, []string{"kms:Decrypt via s3",
			"kms:GenerateDataKey via s3"}),
	}
	if slices.Contains(channels, "inapp") {
		want[uploads] = []string{"s3:GetObject"}
	}
	for _, name := range channels {
		want[p.secrets(name)] = []string{"secretsmanager:GetSecretValue"}
	}
	return want
}

// talk are the partitions of what is said.
const talk = " of cnv_* con_* msg_* out:* bulk:* later:* agent:*"

// The API reads conversations, and no platform's secret. What stands in the audit it
// cannot update or delete.
func wantAPI(p place) map[string][]string {
	return map[string][]string{
		p.table(): {"dynamodb:BatchGetItem" + talk, "dynamodb:GetItem" + talk, "dynamodb:PutItem" + talk,
			"dynamodb:UpdateItem" + talk, "dynamodb:PutItem of audit:*", "dynamodb:Query of audit:*"},
		p.index("history"):  {"dynamodb:Query"},
		p.index("pending"):  {"dynamodb:Query"},
		p.index("lists"):    {"dynamodb:Query"},
		rawBodies:           {"s3:GetObject"},
		bucket:              {missing},
		p.linkKey():         {"secretsmanager:GetSecretValue"},
		p.queue("outbound"): {"sqs:SendMessage"},
		p.queue("bulk"):     {"sqs:SendMessage"},
		p.queue("ingress"):  {"sqs:SendMessage"},
		p.queue("clock"):    {"sqs:SendMessage"},
		"(key)":             slices.Concat(writeTable, sendQueue, []string{"kms:Decrypt via s3"}),
	}
}

// Links lead to files, and to nothing else.
func wantFiles(p place) map[string][]string {
	return map[string][]string{
		files:       {"s3:GetObject"},
		p.linkKey(): {"secretsmanager:GetSecretValue"},
		"(key)":     {"kms:Decrypt via s3"},
	}
}

// channelsOf are the channels that are switched on.
func channelsOf(d deployment) []string {
	var list []string
	for _, f := range d.Functions {
		if f.Channel != "" {
			list = append(list, f.Channel)
		}
	}
	return list
}

// wildcards are all places where a policy has a *, and why.
var wildcards = map[string]string{
	"logs":           "log streams of the function's own group have names that Lambda chooses",
	"secretsmanager": "accounts are connected while the system runs, below their channel's prefix",
	"s3":             "object keys are made from event ids or from what files contain, below a prefix; the widget's bucket has nothing else",
	"execute-api":    "connections are opened by customers, with ids that API Gateway chooses",
}

func TestLeastPrivilege(t *testing.T) {
	for _, d := range stages() {
		t.Run(d.Stage, func(t *testing.T) {
			seen := 0
			for _, f := range d.Functions {
				seen++
				got := privileges(t, d, f.Name)
				if diff := cmp.Diff(wantPrivileges(d, f), got); diff != "" {
					t.Errorf("%s may do something else than the table says (-want +got):\n%s", f.Name, diff)
				}
				for resource, actions := range got {
					service, _, _ := strings.Cut(resource, " ")
					if strings.Contains(resource, "*") && wildcards[service] == "" || slices.ContainsFunc(actions,
						func(a string) bool { return strings.Contains(strings.Fields(a)[0], "*") }) {
						t.Errorf("%s: %s %v has a * without a reason", f.Name, resource, actions)
					}
				}
			}
			roles := 0
			d.stateless.each(t, "AWS::IAM::Role", func(id string, p map[string]any, r resource) {
				roles++
				if p["ManagedPolicyArns"] != nil {
					t.Errorf("role %s has managed policies, which change without us", id)
				}
			})
			if roles != seen {
				t.Errorf("%d roles for %d functions", roles, seen)
			}
			for _, tpl := range []template{d.stateful, d.stateless} {
				for id, r := range tpl.Resources {
					if r.Type == "AWS::IAM::Policy" || r.Type == "AWS::IAM::ManagedPolicy" {
						t.Errorf("%s is a policy outside a role: it escapes this test", id)
					}
				}
			}
		})
	}
}

// privileges reads a function's role: actions by resource.
func privileges(t *testing.T, d deployment, function string) map[string][]string {
	t.Helper()
	role := roleOf(t, d, function)
	got := map[string][]string{}
	policies := role["Policies"].([]any)
	if len(policies) != 1 {
		t.Fatalf("%s has %d policies, want 1", function, len(policies))
	}
	for _, s := range statements(policies[0].(map[string]any)["PolicyDocument"]) {
		if s["Effect"] != "Allow" || s["NotAction"] != nil || s["NotResource"] != nil {
			t.Errorf("%s: unexpected statement %v", function, s)
		}
		narrowed := narrowing(t, d, function, s["Condition"])
		for _, r := range d.stateless.texts(s["Resource"]) {
			for _, a := range d.stateless.texts(s["Action"]) {
				got[short(r)] = append(got[short(r)], a+narrowed)
			}
		}
	}
	for _, actions := range got {
		slices.Sort(actions)
	}
	return got
}

// narrowing is what a statement's condition comes to, in a few words.
func narrowing(t *testing.T, d deployment, function string, condition any) string {
	t.Helper()
	if condition == nil {
		return ""
	}
	for _, x := range []struct{ operator, key, word string }{
		{"StringEquals", "kms:ViaService", " via "}, {"ForAllValues:StringLike", "dynamodb:LeadingKeys", " of "},
		{"StringLike", "s3:prefix", " below "},
	} {
		rest, ok := condition.(map[string]any)[x.operator].(map[string]any)
		if !ok || rest[x.key] == nil || len(rest) != 1 || len(condition.(map[string]any)) != 1 {
			continue
		}
		values := d.stateless.texts(rest[x.key])
		if service, region, ok := strings.Cut(values[0], "."); ok && x.key == "kms:ViaService" &&
			region == "eu-central-1.amazonaws.com" {
			values[0] = service
		}
		return x.word + strings.Join(values, " ")
	}
	t.Errorf("%s: a condition that this test does not know: %v", function, condition)
	return " ?"
}

// roleOf follows the function to its role.
func roleOf(t *testing.T, d deployment, function string) map[string]any {
	t.Helper()
	fn := d.stateless.named(t, "AWS::Lambda::Function", "Handler", function)
	id := fn["Role"].(map[string]any)["Fn::GetAtt"].([]any)[0].(string)
	return d.stateless.Resources[id].Properties
}

func statements(document any) []map[string]any {
	var out []map[string]any
	for _, s := range list(document.(map[string]any)["Statement"]) {
		out = append(out, s.(map[string]any))
	}
	return out
}

// short is "sqs relais-dev-ingress.fifo" for an ARN of this account and region.
func short(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	return parts[2] + " " + parts[5]
}

// TestWebhooksReadNothing says the same from an attacker's side: whoever runs code
// in a webhook function can read no message and no other channel's secret.
func TestWebhooksReadNothing(t *testing.T) {
	reading := []string{"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem",
		"dynamodb:GetRecords", "dynamodb:PartiQLSelect",
		"sqs:ReceiveMessage", "s3:GetObject", "s3:ListBucket"}
	for _, d := range stages() {
		for _, f := range d.Functions {
			if f.Channel == "" {
				continue
			}
			for resource, actions := range privileges(t, d, f.Name) {
				for _, a := range actions {
					if slices.Contains(reading, a) {
						t.Errorf("%s of %s may %s on %s", f.Name, d.Stage, a, resource)
					}
				}
				if strings.HasPrefix(resource, "secretsmanager ") &&
					resource != fmt.Sprintf("secretsmanager secret:relais/%s/%s/*", d.Stage, f.Channel) {
					t.Errorf("%s of %s reads secrets %s", f.Name, d.Stage, resource)
				}
			}
		}
	}
}

// TestNobodyDeletesMessages: whoever may delete items may not delete a conversation's,
// and no function may delete in a batch, a transaction or by PartiQL, which name no key.
func TestNobodyDeletesMessages(t *testing.T) {
	for _, d := range stages() {
		for _, f := range d.Functions {
			for resource, actions := range privileges(t, d, f.Name) {
				for _, a := range actions {
					action, of, narrowed := strings.Cut(a, " of ")
					deletes := strings.HasPrefix(action, "dynamodb:") && (strings.Contains(action, "Delete") ||
						strings.Contains(action, "BatchWrite") || strings.Contains(action, "PartiQL"))
					end := "*"
					if deletes { // not of "cnv_*", what is said, or of what begins like it
						end = ":*"
					}
					for partition := range strings.FieldsSeq(of) {
						if name, ok := strings.CutSuffix(partition, end); !ok || name == "" || strings.Contains(name, "*") {
							t.Errorf("%s of %s may %s on %s", f.Name, d.Stage, a, resource)
						}
					}
					if deletes && (!narrowed || action != "dynamodb:DeleteItem") {
						t.Errorf("%s of %s may %s on %s", f.Name, d.Stage, a, resource)
					}
				}
			}
		}
	}
}

// TestSecrets says who can speak in an account's name, or hear its webhooks: those
// that reach a platform, and nobody whom strangers or integrators reach.
func TestSecrets(t *testing.T) {
	for _, d := range stages() {
		for _, f := range d.Functions {
			own := map[string]bool{}
			for resource := range privileges(t, d, f.Name) {
				if rest, ok := strings.CutPrefix(resource, "secretsmanager secret:relais/"+d.Stage+"/"); ok &&
					strings.HasSuffix(rest, "/*") {
					own[strings.TrimSuffix(rest, "/*")] = true
				}
			}
			switch {
			case f.Name == "sender", f.Name == "bulk", f.Name == "media":
			case f.Name == "chat" || f.Name == "socket" || f.Name == "pusher":
				if len(own) != 1 || !own["inapp"] {
					t.Errorf("%s of %s reads the secrets of %v", f.Name, d.Stage, slices.Sorted(maps.Keys(own)))
				}
			case f.Channel != "" && len(own) == 1 && own[f.Channel]:
			case len(own) > 0:
				t.Errorf("%s of %s reads the secrets of %v", f.Name, d.Stage, slices.Sorted(maps.Keys(own)))
			}
		}
	}
}

// TestInvokers keeps who may invoke what: the API a function for its own route, and
// the schedule the sweeper.
func TestInvokers(t *testing.T) {
	paths := map[string]string{"api": "/v1/*", "files": "/v1/media/{digest}", "chat": "/v1/inapp/*"}
	for _, d := range stages() {
		want, got := map[string]string{}, map[string]string{}
		for _, f := range d.Functions {
			name := "relais-" + d.Stage + "-" + f.Name
			path := paths[f.Name]
			if f.Channel != "" {
				path = "/webhooks/" + f.Channel + "/{account}"
			}
			if path != "" {
				want[name] = "apigateway.amazonaws.com arn:aws:execute-api:eu-central-1:111111111111:(AWS::ApiGatewayV2::Api)/*/*" + path
			}
			if f.Socket {
				want[name] = "apigateway.amazonaws.com arn:aws:execute-api:eu-central-1:111111111111:(AWS::ApiGatewayV2::Api)/chat/*"
			}
			if f.Every > 0 {
				want[name] = "events.amazonaws.com arn:aws:events:eu-central-1:111111111111:rule/" + name
			}
		}
		d.stateless.each(t, "AWS::Lambda::Permission", func(id string, p map[string]any, _ resource) {
			got[d.stateless.text(p["FunctionName"])] = p["Principal"].(string) + " " + d.stateless.text(p["SourceArn"])
			if p["Action"] != "lambda:InvokeFunction" {
				t.Errorf("%s allows %v", id, p["Action"])
			}
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Stage, diff)
		}
	}
}

// TestConsumers keeps who from outside may use queues: the configuration's
// consumers take messages from their destination alone and ask for messages to be
// sent, and never without TLS.
func TestConsumers(t *testing.T) {
	const (
		receive = "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage"
		ask     = "sqs:GetQueueUrl sqs:SendMessage"
		members = "* if map[StringEquals:map[aws:PrincipalOrgID:[o-a1b2c3d4e5]]] "
	)
	want := map[string]map[string][]string{
		"dev": {}, // none are configured
		"prod": {
			"relais-prod-support.fifo": {"arn:aws:iam::210987654321:role/desk/inbox " + receive},
			"relais-prod-shop.fifo":    {members + receive, "arn:aws:iam::123456789012:root " + receive},
			"relais-prod-outbound.fifo": {members + ask,
				"arn:aws:iam::123456789012:root,arn:aws:iam::210987654321:role/desk/inbox " + ask}},
	}
	for _, d := range stages() {
		got, secured := map[string][]string{}, map[string]bool{}
		d.stateful.each(t, "AWS::SQS::QueuePolicy", func(_ string, p map[string]any, _ resource) {
			for _, url := range d.stateful.texts(p["Queues"]) {
				name := last(url, "/")
				for _, s := range statements(p["PolicyDocument"]) {
					if tls(s) {
						secured[name] = true
						continue
					}
					got[name] = append(got[name], admitted(d.stateful, s))
				}
				slices.Sort(got[name])
			}
		})
		if diff := cmp.Diff(want[d.Stage], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Stage, diff)
		}
		d.stateful.each(t, "AWS::SQS::Queue", func(_ string, p map[string]any, _ resource) {
			if !secured[p["QueueName"].(string)] {
				t.Errorf("%s can be reached without TLS", p["QueueName"])
			}
		})
	}
}

// TestKey keeps who is let in by the key's own policy, beside the account's
// administrators and the functions' roles.
func TestKey(t *testing.T) {
	via := "map[StringEquals:map[kms:ViaService:map[Fn::Sub:sqs.${AWS::Region}.amazonaws.com]"
	want := map[string]map[string]string{
		"dev": {"Alarms": "", "Logs": ""},
		"prod": {"Alarms": "", "Logs": "",
			"Consumers":                "arn:aws:iam::123456789012:root,arn:aws:iam::210987654321:role/desk/inbox if " + via + "]] kms:Decrypt kms:GenerateDataKey",
			"ConsumersOfOrganisations": "* if map[StringEquals:map[aws:PrincipalOrgID:[o-a1b2c3d4e5] kms:ViaService:map[Fn::Sub:sqs.${AWS::Region}.amazonaws.com]]] kms:Decrypt kms:GenerateDataKey"},
	}
	for _, d := range stages() {
		got := map[string]string{}
		d.stateful.each(t, "AWS::KMS::Key", func(id string, p map[string]any, r resource) {
			if p["EnableKeyRotation"] != true {
				t.Error("the key does not rotate")
			}
			for _, s := range statements(p["KeyPolicy"]) {
				sid, _ := s["Sid"].(string)
				switch {
				case sid == "": // the account's administrators, from whom all other permissions come
					if got := admitted(d.stateful, s); got != "arn:aws:iam::111111111111:root kms:*" {
						t.Errorf("unnamed statement for %s", got)
					}
				case s["Condition"] == nil:
					t.Errorf("%s has no condition", sid)
				case strings.HasPrefix(sid, "Consumers"):
					got[sid] = admitted(d.stateful, s)
				default:
					got[sid] = ""
				}
			}
		})
		if diff := cmp.Diff(want[d.Stage], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", d.Stage, diff)
		}
	}
}

// tls says whether the statement denies everything to everyone without TLS.
func tls(s map[string]any) bool {
	c, _ := s["Condition"].(map[string]any)
	b, _ := c["Bool"].(map[string]any)
	return s["Effect"] == "Deny" && b["aws:SecureTransport"] == "false" && cmp.Equal(s["Principal"],
		map[string]any{"AWS": "*"})
}

func admitted(tpl template, s map[string]any) string {
	condition := ""
	if s["Condition"] != nil {
		condition = fmt.Sprintf(" if %v", s["Condition"])
	}
	if s["Effect"] != "Allow" || s["NotAction"] != nil || s["NotPrincipal"] != nil {
		return fmt.Sprint(s)
	}
	actions := tpl.texts(s["Action"])
	slices.Sort(actions)
	principal, ok := s["Principal"].(map[string]any)
	if !ok {
		return fmt.Sprint(s["Principal"]) + condition + " " + strings.Join(actions, " ")
	}
	return strings.Join(tpl.texts(principal["AWS"]), ",") + condition + " " + strings.Join(actions, " ")
}

func last(text, sep string) string { return text[strings.LastIndex(text, sep)+1:] }
