package system_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/googlechat"
	"github.com/relais-dev/relais/functions/channels/sms"
	"github.com/relais-dev/relais/functions/channels/whatsapp"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/webhook"
)

// webhook is the webhook function of a channel that may differ from the system's,
// with a world outside of AWS of its own.
func (r *rig) webhook(ch channel.Channel, outside http.RoundTripper) function.Handler {
	r.t.Helper()
	env := map[string]string{
		names.EnvTable: names.Table(names.Local), names.EnvBucket: system.Bucket,
		names.EnvPublicURL: "https://relais.example", names.EnvSecrets: names.SecretPrefix(names.Local, ch.Name),
		names.EnvIngress: r.sys.QueueURL(names.Ingress), names.EnvSpill: r.sys.QueueURL(names.Spill),
	}
	h, err := webhook.New(ch, function.Env{
		Getenv: func(name string) string { return env[name] }, Out: lockedWriter{r}, Now: r.clock.Now, HTTP: outside,
		AWS: func(b cloud.Budget) (aws.Config, error) { return r.sys.ConfigOf(ch.Name, b), nil },
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return h
}

// invoke is the status with which h answers a request.
func (r *rig) invoke(h function.Handler, req *http.Request) int {
	r.t.Helper()
	b, err := io.ReadAll(req.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	payload, err := lambdahttp.Event(req, b, "", "", r.clock.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	reply, err := h.Invoke(r.t.Context(), payload)
	if err != nil {
		r.t.Fatal(err)
	}
	var answer struct {
		StatusCode int `json:"statusCode"`
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode
}

// keyHost answers every request with a status, or not at all with 0, and counts.
type keyHost struct{ status, asked int }

func (o *keyHost) RoundTrip(*http.Request) (*http.Response, error) {
	o.asked++
	if o.status == 0 {
		return nil, errors.New("no route to host")
	}
	return &http.Response{StatusCode: o.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("no"))}, nil
}

// TestKeysThatCannotBeHad: a hundred webhooks ask the host of the public keys once.
// That it has none is a refusal; that it does not answer is not, so the platform
// comes again. Neither touches the table, nor logs per webhook.
func TestKeysThatCannotBeHad(t *testing.T) {
	for _, ch := range []channel.Channel{googlechat.Channel, sms.Channel} {
		for name, c := range map[string]struct{ host, want int }{
			"refused": {403, 401}, "absent": {404, 401}, "down": {0, 503}, "failing": {500, 503}, "busy": {429, 503},
		} {
			t.Run(ch.Name+" "+name, func(t *testing.T) {
				r := newRig(t, func(o *system.Options) { o.Config.Channels = nil })
				host := &keyHost{status: c.host}
				h := r.webhook(ch, host)
				r.invoke(h, r.fromCustomer(ch, "hello"))
				r.callsOf(ch.Name)
				for range 100 {
					if got := r.invoke(h, r.fromCustomer(ch, "hello")); got != c.want {
						t.Fatalf("answered %d, want %d", got, c.want)
					}
				}
				if calls := r.callsOf(ch.Name); host.asked != 1 || len(calls) != 0 {
					t.Errorf("asked the host %d times, want once; AWS calls %v, want none", host.asked, calls)
				}
				if n := strings.Count(r.logs.String(), "public keys cannot be had"); n != 1 {
					t.Errorf("%d log lines, want one", n)
				}
			})
		}
	}
}

// fromCustomer is what the platform posts when the demo customer writes.
func (r *rig) fromCustomer(ch channel.Channel, text string) *http.Request {
	r.t.Helper()
	set, err := r.sys.Samples(ch.Name)
	if err != nil {
		r.t.Fatal(err)
	}
	if ch.Name == sms.Channel.Name { // the way through AWS is the one with public keys
		const topic = "arn:aws:sns:us-east-1:123456789012:relais-sms"
		set.Account = channel.NewAccount("demo", "", map[string]string{"topic_arn": topic})
		r.setSecretOf(ch.Name, "demo", `{"topic_arn":"`+topic+`"}`)
	}
	platform, _ := plays.Of(ch.Name)
	req := platform.Customer(set.Account, text, 1, r.clock.Now())
	req.Received, req.Path = r.clock.Now(), "/webhooks/"+ch.Name+"/demo"
	platform.Sign(set.Account, &req)
	return asHTTP(req)
}

// TestParserCrash: a body that breaks the parser is answered and set aside, as a
// whole, and does not come back for days.
func TestParserCrash(t *testing.T) {
	r := newRig(t)
	ch := whatsapp.Channel
	ch.Parse = func(channel.Account, channel.Request) ([]events.Event, error) { panic("canary-text") }
	h := r.webhook(ch, nil)
	hello := body(message{"1", "wamid.1", "canary-text", r.clock.Now()})
	for range 2 { // a platform that did not hear us repeats it
		if got := r.invoke(h, r.signed(hello)); got != 200 {
			t.Errorf("answered %d, want 200", got)
		}
	}
	r.clock.Advance(time.Second)
	r.drain()
	got := r.received("support")
	if len(got) != 1 || got[0].Type != events.IngestQuarantined || got[0].Data.Quarantine.Size != len(hello) {
		t.Errorf("received %+v, want the quarantine of %d bytes, once", got, len(hello))
	}
	if strings.Contains(r.logs.String(), "canary") {
		t.Errorf("what the parser read is in the log:\n%s", r.logs)
	}
}

// TestReplay_Row7: what a platform, or whoever recorded it, posts again after minutes
// or a week is the same event and goes out once.
func TestReplay_Row7(t *testing.T) {
	r := newRig(t)
	hello := body(message{"1", "wamid.1", "hello", r.clock.Now()})
	recorded := r.signed(hello)
	for _, pause := range []time.Duration{0, 299 * time.Second, 2 * time.Second, 7 * 24 * time.Hour} {
		r.clock.Advance(pause)
		again := recorded.Clone(t.Context())
		again.Body = io.NopCloser(bytes.NewReader(hello))
		if got, _ := r.do(again); got != 200 {
			t.Errorf("after %v: answered %d, want 200", pause, got)
		}
		r.settle()
	}
	if got := r.texts("support"); len(got) != 1 {
		t.Errorf("received %q, want one", got)
	}
}
