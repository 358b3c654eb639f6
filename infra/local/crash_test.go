package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	whatsappplay "github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/infra/local/child"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/sample"
)

const (
	crashKills   = 6
	crashPosters = 8
	// crashPatience bounds the wait for what was acknowledged. It is far below the
	// sweeper's 90 s: what a restart leaves to the sweeper fails the test.
	crashPatience = 20 * time.Second
)

// TestKilledAtAnyMoment kills the process again and again while it is posted to:
// every webhook that was answered 2xx arrives, in order, once.
func TestKilledAtAnyMoment(t *testing.T) {
	p := newProcess(t)
	p.start()
	var wg sync.WaitGroup
	posting, stop := context.WithCancel(t.Context())
	posters := make([]*poster, crashPosters)
	for i := range posters {
		posters[i] = newPoster(t, p, i)
		wg.Go(func() { posters[i].run(posting) })
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range crashKills {
		time.Sleep(time.Duration(100+random.IntN(700)) * time.Millisecond)
		p.kill()
		p.start()
	}
	time.Sleep(500 * time.Millisecond)
	stop()
	wg.Wait()
	acknowledged := map[string]bool{}
	lost := 0
	for _, x := range posters {
		lost += x.failed
		for text := range x.acknowledged {
			acknowledged[text] = true
		}
	}
	deliveries := p.receive(acknowledged)
	t.Logf("%d kills, %d messages acknowledged, %d posts without an answer, %d deliveries", crashKills, len(acknowledged),
		lost, len(deliveries))
	if len(acknowledged) < 100 || lost == 0 {
		t.Errorf("%d acknowledged and %d unanswered posts prove nothing", len(acknowledged), lost)
	}
	checkDeliveries(t, acknowledged, deliveries)
}

func checkDeliveries(t *testing.T, acknowledged map[string]bool, deliveries []events.Event) {
	t.Helper()
	arrived := map[string]events.Event{}
	last := map[string]uint64{}
	for _, e := range deliveries {
		text := e.Data.Message.Content[0].Text.Body
		if old, again := arrived[text]; again {
			if old.ID != e.ID || old.Sequence != e.Sequence {
				t.Errorf("%q came twice, as %s #%s and %s #%s", text, old.ID, old.Sequence, e.ID, e.Sequence)
			}
			continue
		}
		arrived[text] = e
		last[e.Subject]++
		if want := events.FormatSequence(last[e.Subject]); e.Sequence != want {
			t.Errorf("%q has sequence %s, want %s", text, e.Sequence, want)
		}
	}
	for text := range acknowledged {
		if _, ok := arrived[text]; !ok {
			t.Errorf("%q was acknowledged and did not arrive", text)
		}
	}
}

// A process is one run after another of the command with the same data.
type process struct {
	t       *testing.T
	options child.Options

	now      *child.Child
	webhooks atomic.Pointer[string] // URL of whatsapp's; nil while the process is down
	logs     bytes.Buffer
}

func newProcess(t *testing.T) *process {
	t.Helper()
	p := &process{t: t}
	p.options = child.Options{Binary: filepath.Join(t.TempDir(), "local"), Root: filepath.Join("..", ".."),
		Data: t.TempDir(), Logs: &p.logs}
	if err := child.Build(t.Context(), p.options.Root, p.options.Binary); err != nil {
		t.Fatal(err)
	}
	return p
}

// addresses are those that a welcome tells.
func addresses(t *testing.T, welcome string) child.Addresses {
	t.Helper()
	a, err := child.Read(welcome)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// start runs the command and waits for its welcome.
func (p *process) start() {
	p.t.Helper()
	p.logs.Reset()
	running, err := child.Start(p.options)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.logs.String())
	}
	p.t.Cleanup(running.Kill)
	p.now = running
	webhook := running.Webhook("whatsapp")
	p.webhooks.Store(&webhook)
}

// kill ends the process as kill -9 does.
func (p *process) kill() {
	p.webhooks.Store(nil)
	p.now.Kill()
}

// receive plays the integrator until everything acknowledged is there and no
// more comes, or patience ends. An answer that is lost between the SDK and the
// server hides its messages, and so their conversation, for the visibility
// timeout; a short one keeps that out of the patience.
func (p *process) receive(acknowledged map[string]bool) []events.Event {
	url := p.now.Queues["support"]
	c := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &p.now.AWS,
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")})
	var all []events.Event
	missing := len(acknowledged)
	seen := map[string]bool{}
	for deadline := time.Now().Add(crashPatience); time.Now().Before(deadline); {
		out, err := c.ReceiveMessage(p.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10,
			WaitTimeSeconds: 1, VisibilityTimeout: 3})
		if err != nil {
			p.t.Fatal(err)
		}
		if len(out.Messages) == 0 && missing == 0 {
			return all
		}
		for _, m := range out.Messages {
			var e events.Event
			if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
				p.t.Fatal(err)
			}
			if e.Data.Message == nil || e.Data.Message.Content[0].Text == nil {
				p.t.Fatalf("received %s", aws.ToString(m.Body))
			}
			all = append(all, e)
			if text := e.Data.Message.Content[0].Text.Body; acknowledged[text] && !seen[text] {
				seen[text] = true
				missing--
			}
			if _, err := c.DeleteMessage(p.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &url,
				ReceiptHandle: m.ReceiptHandle}); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	return all
}

// A poster is a platform that posts one customer's messages one after the other.
// Of those that get no answer it posts half again, as platforms do; now and then
// it repeats one that was answered.
type poster struct {
	t       *testing.T
	p       *process
	account channel.Account
	number  int
	random  *rand.Rand

	acknowledged map[string]bool
	failed       int
}

func newPoster(t *testing.T, p *process, number int) *poster {
	t.Helper()
	set, err := sample.Read(filepath.Join("..", "..", "functions", "channels", "whatsapp"))
	if err != nil {
		t.Fatal(err)
	}
	return &poster{t: t, p: p, account: set.Account, number: number, random: rand.New(rand.NewPCG(3, uint64(number))),
		acknowledged: map[string]bool{}}
}

func (x *poster) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		text := fmt.Sprintf("%d-%d", x.number, n)
		for !x.post(ctx, text, time.Now()) && ctx.Err() == nil {
			x.failed++
			time.Sleep(10 * time.Millisecond)
			if x.random.IntN(2) == 0 {
				break
			}
		}
		if x.random.IntN(10) == 0 && x.acknowledged[text] {
			x.post(ctx, text, time.Now())
		}
	}
}

// post says whether the message was acknowledged.
func (x *poster) post(ctx context.Context, text string, at time.Time) bool {
	url := x.p.webhooks.Load()
	if url == nil {
		time.Sleep(10 * time.Millisecond)
		return false
	}
	body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"15550100001","phone_number_id":"2"},"contacts":[],"messages":[`+
		`{"from":"1555010%04d","id":"wamid.%s","timestamp":"%d","type":"text","text":{"body":%q}}]}}]}]}`, x.number, text,
		at.Unix(), text)
	r := channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(body)}
	whatsappplay.Platform.Sign(x.account, &r)
	hr, err := http.NewRequestWithContext(ctx, r.Method, *url, bytes.NewReader(r.Body))
	if err != nil {
		x.t.Error(err)
		return false
	}
	hr.Header = r.Header
	resp, err := http.DefaultClient.Do(hr)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil && resp.StatusCode != http.StatusOK {
		return false
	}
	if resp.StatusCode != http.StatusOK {
		return false
	}
	x.acknowledged[text] = true
	return true
}
