package system_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	whatsappplay "github.com/relais-dev/relais/functions/channels/whatsapp/play"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// setSecret replaces a WhatsApp account's secret.
func (r *rig) setSecret(id, doc string) { r.setSecretOf("whatsapp", id, doc) }

// setSecretOf replaces the secret of any channel's account.
func (r *rig) setSecretOf(channel, id, doc string) {
	r.t.Helper()
	c := secretsmanager.NewFromConfig(r.sys.ConfigOf(system.Admin, cloud.Work))
	name := aws.String(names.SecretPrefix(names.Local, channel) + id)
	if _, err := c.PutSecretValue(r.t.Context(), &secretsmanager.PutSecretValueInput{SecretId: name,
		SecretString: &doc}); err == nil {
		return
	}
	if _, err := c.CreateSecret(r.t.Context(), &secretsmanager.CreateSecretInput{Name: name,
		SecretString: &doc}); err != nil {
		r.t.Fatal(err)
	}
}

// signedWith is a request to an account, signed with any secret.
func signedWith(id, appSecret string, b []byte) *http.Request {
	req := channel.Request{Method: "POST", Path: "/webhooks/whatsapp/" + id,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	whatsappplay.Platform.Sign(channel.NewAccount(id, "", map[string]string{"app_secret": appSecret}), &req)
	return asHTTP(req)
}

// TestRotationIsNoticed: the new secret works after RefetchAfter at the latest,
// the old one for another day.
func TestRotationIsNoticed(t *testing.T) {
	r := newRig(t)
	hello := body(message{"1", "wamid.1", "hello", r.clock.Now()})
	old := r.signed(hello)
	if got, _ := r.do(old.Clone(t.Context())); got != 200 {
		t.Fatalf("before: %d", got)
	}
	r.setSecret("demo", `{"app_secret":"new","verify_token":"t"}`)
	r.clock.Advance(secret.RefetchAfter)
	if got, _ := r.do(signedWith("demo", "new", hello)); got != 200 {
		t.Errorf("the new secret: %d, want 200", got)
	}
	if got, _ := r.do(r.signed(hello)); got != 200 {
		t.Errorf("the old secret: %d, want 200", got)
	}
	r.clock.Advance(secret.Grace)
	if got, _ := r.do(r.signed(hello)); got != 401 {
		t.Errorf("the old secret a day later: %d, want 401", got)
	}
}

// TestNoUsableSecret: an account without a secret refuses everything, and being
// asked again costs nothing.
func TestNoUsableSecret(t *testing.T) {
	for name, doc := range map[string]string{"none": `{}`, "empty": `{"app_secret":"","verify_token":"t"}`,
		"blank": `{"app_secret":[" "],"verify_token":"t"}`} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.setSecret("bare", doc)
			hello := body(message{"1", "wamid.1", "hello", r.clock.Now()})
			for _, key := range []string{"", " ", "guess"} {
				if got, _ := r.do(signedWith("bare", key, hello)); got != 401 {
					t.Errorf("signed with %q: %d, want 401", key, got)
				}
			}
			r.callsOf("whatsapp")
			r.do(signedWith("bare", "", hello))
			if calls := r.callsOf("whatsapp"); len(calls) != 0 {
				t.Errorf("asked again: calls %v, want none", calls)
			}
		})
	}
}

func TestMethodNotAllowedNamesTheOthers(t *testing.T) {
	r := newRig(t, func(o *system.Options) { o.Config.Channels = nil })
	for path, want := range map[string]string{"/webhooks/whatsapp/demo": "GET, POST", "/webhooks/line/demo": "POST"} {
		w := httptest.NewRecorder()
		r.sys.Gateway().ServeHTTP(w, httptest.NewRequest("DELETE", path, nil))
		if w.Code != 405 || w.Header().Get("Allow") != want {
			t.Errorf("DELETE %s: %d, Allow %q, want 405 and %q", path, w.Code, w.Header().Get("Allow"), want)
		}
	}
}

// TestAckLatencyIsMeasured from invocation to answer.
func TestAckLatencyIsMeasured(t *testing.T) {
	r := newRig(t)
	r.breaks(func(c awsfake.Call) *awsfake.Fault {
		if c.Action == "dynamodb:PutItem" {
			r.clock.Advance(250 * time.Millisecond)
		}
		return nil
	})
	r.post(message{"1", "wamid.1", "hello", r.clock.Now()})
	r.clock.Advance(2 * time.Minute)
	r.post(message{"1", "wamid.2", "hello", r.clock.Now()})
	for line := range strings.Lines(r.logs.String()) {
		var doc struct {
			Latencies []float64 `json:"ack_latency"`
			Accepted  float64   `json:"accepted"`
		}
		if json.Unmarshal([]byte(line), &doc) == nil && doc.Latencies != nil {
			if len(doc.Latencies) != 2 || doc.Latencies[0] != 250 || doc.Accepted != 2 {
				t.Errorf("latencies %v of %v events, want 250 ms twice", doc.Latencies, doc.Accepted)
			}
			return
		}
	}
	t.Errorf("no ack_latency in:\n%s", r.logs)
}

// TestLogsTellNothingPrivate runs good, forged, broken and unlucky traffic with
// marked values, and looks for them in every log line.
func TestLogsTellNothingPrivate(t *testing.T) {
	r := newRig(t)
	r.setSecret("demo", `{"app_secret":"canary-secret","verify_token":"canary-token"}`)
	m := message{"15550109999", "wamid.canary", "canary-text", r.clock.Now()}
	post := func(key string, b []byte) { r.do(signedWith("demo", key, b)) }
	traffic := func() {
		post("canary-secret", body(m))
		post("forged-canary", body(m))
		post("canary-secret", []byte(`{"object":"canary-text`))
		post("canary-secret",
			[]byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"messages":"canary-text 15550109999"}}]}]}`))
		r.do(httptest.NewRequest("GET",
			"/webhooks/whatsapp/demo?hub.mode=subscribe&hub.verify_token=canary-token&hub.challenge=canary-challenge", nil))
		r.drain()
		r.clock.Advance(3 * time.Minute)
		r.sys.Tick(t.Context(), r.function("sweeper"))
		r.drain()
	}
	traffic()
	for _, broken := range []string{"dynamodb", "sqs", "dynamodb and sqs", "secretsmanager"} {
		r.breaks(func(c awsfake.Call) *awsfake.Fault {
			if service, _, _ := strings.Cut(c.Action, ":"); strings.Contains(broken, service) {
				return &awsfake.Fault{}
			}
			return nil
		})
		m.id += "+"
		traffic()
		r.restart()
	}
	r.breaks(nil)
	r.settle()
	if got := r.received("support"); len(got) < 3 {
		t.Fatalf("received %d events: there was nothing to leak", len(got))
	}
	for line := range strings.Lines(r.logs.String()) {
		for _, private := range []string{"canary", "15550109999"} {
			if strings.Contains(line, private) {
				t.Errorf("%q is in the log: %s", private, line)
			}
		}
	}
	if !strings.Contains(r.logs.String(), "both refused") {
		t.Error("nothing was refused: the traffic proves less than it should")
	}
}
