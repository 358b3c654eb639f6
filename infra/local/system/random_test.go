package system_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"pgregory.net/rapid"

	"github.com/relais-dev/relais/functions"
	whatsappplay "github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/queue"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// TestRandom lets rapid play platform, operator and misfortune at once, and
// checks the promises of the way in after every run. One conversation makes
// events meet, three keep them apart. -rapid.checks asks for more runs.
func TestRandom(t *testing.T) {
	for conversations := 1; conversations <= 3; conversations++ {
		t.Run(fmt.Sprintf("%d conversations", conversations), func(t *testing.T) {
			histories(t)
			rapid.Check(t, func(rt *rapid.T) {
				w := newWorld(t, rt, conversations)
				defer w.sys.Close()
				rt.Repeat(map[string]func(*rapid.T){
					"send": w.send, "send again": w.send, "batch": w.batch, "large batch": w.large, "repeat": w.repeat,
					"router": w.poll("router"), "drainer": w.poll("drainer"), "drain": w.drainAll, "sweep": w.sweep,
					"advance": w.advance, "restart": w.newProcess, "new rules": w.newRules,
					"destination": w.breakDestination, "table": w.breakTable, "queues": w.breakQueues, "hiccup": w.hiccup,
					"rotate": w.rotate, "old secret": w.oldSecret, "order": w.order, "order too": w.order,
					"order again": w.orderAgain, "order by queue": w.orderByQueue, "sender": w.poll("sender"),
					"clock": w.poll("clock"), "look": w.look,
					"stray ring": w.ring(names.Queue(names.Local, names.Ingress)), "redrive": w.redrive,
				})
				w.finish()
			})
		})
	}
}

// longest bounds the time of a run: below every retention, so that nothing may
// be forgotten.
const longest = 10 * 24 * time.Hour

// A world is a system and what is true about it.
type world struct {
	*rig
	conversations int
	age           time.Duration

	sent         []message
	acknowledged map[string]bool // by text
	deliveries   map[string][]delivery
	subjects     []string // conversations
	orders       []order

	table       string          // action that fails, "" when whole
	queues      bool            // whether SQS is down
	destination map[string]bool // that refuse
	hiccups     int             // calls that fail from now on
	applied     bool            // whether they take effect: then only the answer is lost

	account   channel.Account // the current secret
	previous  channel.Account // the one before
	rotations int
	rotated   time.Time
}

// tb makes a rig fail the run of rapid that it belongs to.
type tb struct {
	testing.TB
	rt *rapid.T
}

func (b tb) Context() context.Context  { return b.rt.Context() }
func (b tb) Cleanup(f func())          { b.rt.Cleanup(f) }
func (b tb) Error(v ...any)            { b.rt.Error(v...) }
func (b tb) Errorf(f string, v ...any) { b.rt.Errorf(f, v...) }
func (b tb) Fatal(v ...any)            { b.rt.Fatal(v...) }
func (b tb) Fatalf(f string, v ...any) { b.rt.Fatalf(f, v...) }
func (b tb) Logf(f string, v ...any)   { b.rt.Logf(f, v...) }

func newWorld(t *testing.T, rt *rapid.T, conversations int) *world {
	c, err := topology.Parse([]byte(orderConfig), functions.Channels())
	if err != nil {
		rt.Fatal(err)
	}
	w := &world{rig: newRig(tb{t, rt}, func(o *system.Options) { o.Config, o.Observe = c, nil }),
		conversations: conversations, acknowledged: map[string]bool{}, deliveries: map[string][]delivery{},
		destination: map[string]bool{}}
	for i := range conversations {
		w.subjects = append(w.subjects, w.conversation(i+1))
	}
	set, err := w.sys.Samples("whatsapp")
	if err != nil {
		rt.Fatal(err)
	}
	w.account, w.previous = set.Account, set.Account
	for i := range conversations {
		m := message{fmt.Sprint(i + 1), fmt.Sprint("wamid.first", i), fmt.Sprint("first ", i), w.clock.Now()}
		w.sent = append(w.sent, m)
		w.say(rt, w.account, m)
	}
	w.drain()
	w.breaks(w.misfortune)
	return w
}

// misfortune is what a call meets.
func (w *world) misfortune(c awsfake.Call) *awsfake.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.queues && strings.HasPrefix(c.Action, "sqs:"), w.table == "all" && strings.HasPrefix(c.Action, "dynamodb:"),
		w.table == c.Action:
		return &awsfake.Fault{}
	case strings.HasPrefix(c.Action, "sqs:Send") && (w.destination["shop"] && strings.HasSuffix(c.Resource,
		"-shop.fifo") || w.destination["support"] && strings.HasSuffix(c.Resource, "-support.fifo")):
		return &awsfake.Fault{Status: 403, Code: "KMS.AccessDeniedException"}
	case w.hiccups > 0 && !strings.HasPrefix(c.Action, "secretsmanager:"):
		w.hiccups--
		return &awsfake.Fault{Applied: w.applied}
	}
	return nil
}

func (w *world) whole() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.table == "" && !w.queues && w.hiccups == 0
}

func (w *world) newMessage(rt *rapid.T) message {
	n := len(w.sent)
	kind := rapid.SampledFrom([]string{"text", "text", "order"}).Draw(rt, "kind")
	at := w.clock.Now().Add(time.Duration(rapid.IntRange(-3600, 240).Draw(rt, "seconds off")) * time.Second)
	m := message{fmt.Sprint(rapid.IntRange(1, w.conversations).Draw(rt, "from")), fmt.Sprintf("wamid.%d", n),
		fmt.Sprintf("%s %d", kind, n), at}
	w.sent = append(w.sent, m)
	return m
}

// oldMessage is one that was posted before, or the first when there is none.
func (w *world) oldMessage(rt *rapid.T) message {
	if len(w.sent) == 0 {
		return w.newMessage(rt)
	}
	return rapid.SampledFrom(w.sent).Draw(rt, "old")
}

// say posts messages, signed with an account's secret, and checks the answer.
func (w *world) say(rt *rapid.T, a channel.Account, ms ...message) {
	whole := w.whole()
	status, _ := w.do(w.signedBy(a, body(ms...)))
	since := w.clock.Now().Sub(w.rotated)
	current := a.Value("app_secret") == w.account.Value("app_secret")
	switch {
	case status == 200 && (current || since <= secret.Grace+secret.TTL):
		for _, m := range ms {
			w.acknowledged[m.text] = true
		}
	case status == 200:
		rt.Errorf("a secret that was replaced %v ago still verifies", since)
	case status == 401 && w.rotations > 0 && since < secret.RefetchAfter: // not noticed yet
	case status == 401 && !current && since >= secret.Grace:
	case status == 503 && !whole:
	default:
		rt.Errorf("answered %d; nothing broken: %v, current secret: %v, rotated %v ago", status, whole, current, since)
	}
}

func (w *world) signedBy(a channel.Account, b []byte) *http.Request {
	r := channel.Request{Method: "POST", Path: "/webhooks/whatsapp/demo",
		Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	whatsappplay.Platform.Sign(a, &r)
	return asHTTP(r)
}

func (w *world) send(rt *rapid.T) { w.say(rt, w.account, w.newMessage(rt)) }

func (w *world) repeat(rt *rapid.T) { w.say(rt, w.account, w.oldMessage(rt)) }

// oldSecret posts as a platform that has not noticed the rotation.
func (w *world) oldSecret(rt *rapid.T) {
	if w.rotations > 0 {
		w.say(rt, w.previous, w.newMessage(rt))
	}
}

func (w *world) batch(rt *rapid.T) {
	w.say(rt, w.account, w.mixed(rt, rapid.IntRange(2, 6).Draw(rt, "size"))...)
}

// large is a batch that goes through the spill queue; rare, because it is slow.
// That it may begin with an old message matters: its repetitions differ.
func (w *world) large(rt *rapid.T) {
	if rapid.IntRange(0, 3).Draw(rt, "large") == 0 {
		w.say(rt, w.account, w.mixed(rt, rapid.IntRange(51, 52).Draw(rt, "size"))...)
	}
}

// mixed are one message that may be old, and new ones.
func (w *world) mixed(rt *rapid.T, size int) []message {
	ms := []message{w.oldMessage(rt)}
	for len(ms) < size {
		ms = append(ms, w.newMessage(rt))
	}
	return ms
}

func (w *world) poll(name string) func(*rapid.T) {
	return func(*rapid.T) { w.sys.Poll(context.Background(), w.function(name), 0) }
}

func (w *world) drainAll(*rapid.T) { w.drain() }

func (w *world) sweep(*rapid.T) { w.sys.Tick(context.Background(), w.function("sweeper")) }

func (w *world) advance(rt *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second, 31 * time.Second, 2 * time.Minute,
		6 * time.Minute, time.Hour, 25 * time.Hour, 72 * time.Hour}).Draw(rt, "advance")
	if w.age+d <= longest {
		w.age += d
		w.consume()
		w.clock.Advance(d)
	}
}

func (w *world) newProcess(*rapid.T) { w.restart() }

// newRules deploys rules that send orders elsewhere: what was decided before
// stays decided.
func (w *world) newRules(rt *rapid.T) {
	rules := w.sys.System.Config.Rules
	rules[0].To = rapid.SampledFrom([][]string{{"shop", "support"}, {"support"}}).Draw(rt, "orders go to")
	w.restart()
}

func (w *world) breakDestination(rt *rapid.T) {
	d := rapid.SampledFrom([]string{"shop", "support"}).Draw(rt, "destination")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.destination[d] = !w.destination[d]
}

func (w *world) breakTable(rt *rapid.T) {
	what := rapid.SampledFrom([]string{"all", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:TransactWriteItems",
		"dynamodb:Query", "dynamodb:GetItem"}).Draw(rt, "table")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.table != "" {
		what = ""
	}
	w.table = what
}

func (w *world) breakQueues(*rapid.T) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.queues = !w.queues
}

// hiccup makes some calls fail, or their answers get lost: one or two are healed
// by the SDK, three make a worker's call fail, more spread over several calls.
func (w *world) hiccup(rt *rapid.T) {
	n, applied := rapid.IntRange(1, 6).Draw(rt, "calls"), rapid.Bool().Draw(rt, "applied")
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hiccups, w.applied = n, applied
}

func (w *world) rotate(rt *rapid.T) {
	w.rotations++
	values := map[string]string{"app_secret": fmt.Sprintf("secret-%d", w.rotations), "verify_token": "token"}
	doc, err := json.Marshal(values)
	if err != nil {
		rt.Fatal(err)
	}
	c := secretsmanager.NewFromConfig(w.sys.ConfigOf(system.Admin, cloud.Work))
	if _, err := c.PutSecretValue(context.Background(), &secretsmanager.PutSecretValueInput{
		SecretId:     aws.String(names.SecretPrefix(names.Local, "whatsapp") + "demo"),
		SecretString: aws.String(string(doc))}); err != nil {
		rt.Fatal(err)
	}
	w.previous, w.account = w.account, channel.NewAccount("demo", "", values)
	w.rotated = w.clock.Now()
}

// ring puts a ring that nobody owes into a queue.
func (w *world) ring(queueName string) func(*rapid.T) {
	return func(rt *rapid.T) {
		e := w.conversation(rapid.IntRange(1, w.conversations).Draw(rt, "conversation"))
		m := queue.Ring(e, fmt.Sprintf("stray-%d", rapid.IntRange(0, 1<<30).Draw(rt, "stray")))
		q := queue.New(w.admin(), "http://aws.local/000000000000/"+queueName)
		if err := q.Send(context.Background(), m); err != nil {
			rt.Fatal(err)
		}
	}
}

// redrive puts a ring into the dead letters and lets the operator move it back.
func (w *world) redrive(rt *rapid.T) {
	dead := names.DeadLetters(names.Local, names.Ingress)
	w.ring(dead)(rt)
	arn := "arn:aws:sqs:us-east-1:000000000000:"
	if _, err := w.admin().StartMessageMoveTask(context.Background(),
		&sqs.StartMessageMoveTaskInput{SourceArn: aws.String(arn + dead),
			DestinationArn: aws.String(arn + names.Queue(names.Local, names.Ingress))}); err != nil &&
		!strings.Contains(err.Error(), "already") {
		rt.Fatal(err)
	}
}

func (w *world) admin() *sqs.Client {
	return sqs.NewFromConfig(w.sys.ConfigOf(system.Admin, cloud.Work))
}
