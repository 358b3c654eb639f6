package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/infra/topology"
	"github.com/relais-dev/relais/shared/observe"
)

const configFile = "../../cdk.json"

// TestRefusals: every mistake is told with its place and remedy.
func TestRefusals(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	bad := filepath.Join(t.TempDir(), "cdk.json")
	if err := os.WriteFile(bad, []byte(`{"context":{"relais":{"destinations":{"support":{}},"default":"suport"}}}`),
		0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name string
		args []string
		want []string
	}{
		{"unknown command", []string{"--config", configFile, "deploy"}, []string{"unexpected argument deploy", "--help"}},
		{"unknown flag", []string{"--port", "1"}, []string{"--port", "--help"}},
		{"a flag of another command", []string{"demo", "--data", "x"}, []string{"--data", "--help"}},
		{"no configuration", []string{"--config", "nowhere.json"}, []string{"nowhere.json", "--config"}},
		{"bad configuration", []string{"--config", bad}, []string{bad, "context.relais.default", `"suport"`,
			"choose one of support"}},
		{"bad configuration for the demo", []string{"demo", "--config", bad}, []string{bad, "context.relais.default"}},
		{"webhooks' port taken", []string{"--config", configFile, "--listen", taken.Addr().String()},
			[]string{taken.Addr().String(), "in use", "--listen"}},
		{"AWS port taken", []string{"--config", configFile, "--listen", "127.0.0.1:0", "--aws-listen",
			taken.Addr().String()}, []string{taken.Addr().String(), "in use", "--aws-listen"}},
		{"no address", []string{"--config", configFile, "--listen", "here"}, []string{"--listen", "here"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var printed bytes.Buffer
			err := run(t.Context(), x.args, &printed, &printed)
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(printed.String(), err.Error()) {
				t.Errorf("the error is told twice: %s", &printed)
			}
			for _, want := range x.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

func TestHelp(t *testing.T) {
	for _, x := range []struct {
		args []string
		want []string
	}{
		{[]string{"--help"}, []string{"demo", "render", "--listen", "--aws-listen", "--data", "--config", "--host",
			"--metrics", "--calls", "--version"}},
		{[]string{"-h"}, []string{"--listen"}},
		{[]string{"demo", "--help"}, []string{"--verbose", "--all"}},
		{[]string{"render", "--help"}, []string{"<file>", "--channel"}},
		{[]string{"--version"}, []string{version()}},
	} {
		var out, logs bytes.Buffer
		if err := run(t.Context(), x.args, &out, &logs); err != nil || logs.Len() > 0 {
			t.Errorf("%v: %v %s", x.args, err, &logs)
		}
		for _, want := range x.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%v prints no %q:\n%s", x.args, want, out.String())
			}
		}
	}
}

// TestSieve: metrics are no log lines for people.
func TestSieve(t *testing.T) {
	var logs, metrics bytes.Buffer
	w := sieve{&logs, &metrics}
	observe.NewLog(w, "line").Warn("told")
	m := observe.NewMetrics(w, "line", time.Now)
	m.Count(observe.Quarantined, 1)
	m.Flush()
	if log := logs.String(); !strings.Contains(log, "told") || strings.Contains(log, "_aws") ||
		!strings.Contains(metrics.String(), `"quarantined":1`) {
		t.Errorf("logs %s, metrics %s", &logs, &metrics)
	}
}

// TestDemoTellsLosses: an event that did not arrive, one that came twice, a refused
// webhook and a conversation that nobody holds each make the demo fail and say so.
func TestDemoTellsLosses(t *testing.T) {
	config, err := topology.Load(configFile, functions.Channels())
	if err != nil {
		t.Fatal(err)
	}
	s, err := system.Start(t.Context(), system.Options{Config: config, Root: "../..", Out: io.Discard,
		PublicURL: "http://x", AWSURL: "http://y"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := events.Event{ID: "evt_1", Subject: "cnv_1", Type: events.MessageReceived, Sequence: events.FormatSequence(1)}
	unheld := e
	unheld.Data.Conversation = &events.Conversation{ID: e.Subject, Kind: events.Direct}
	held, own := unheld, unheld
	held.Holder = "support"
	own.Data.Conversation = &events.Conversation{ID: e.Subject, Kind: events.Own}
	for _, x := range []struct {
		accepted  int
		delivered []delivery
		want      string
		good      bool
	}{
		{1, []delivery{{"support", e}}, "lost=0 duplicates=0", true},
		{1, nil, "lost=1 duplicates=0", false},
		{1, []delivery{{"shop", e}}, "lost=1 duplicates=0", false},
		{1, []delivery{{"support", e}, {"support", e}}, "lost=0 duplicates=1", false},
		{0, []delivery{{"support", e}}, "lost=0 duplicates=0", false},
		{1, []delivery{{"support", unheld}}, "lost=0 duplicates=0", false},
		{1, []delivery{{"support", held}}, "lost=0 duplicates=0", true},
		{1, []delivery{{"support", own}}, "lost=0 duplicates=0", true},
	} {
		var out bytes.Buffer
		r := result{webhooks: 1, accepted: x.accepted, expected: map[string]events.Event{e.ID: e}, delivered: x.delivered}
		err := r.report(s, &out, false)
		line := fmt.Sprintf("demo: webhooks=1 accepted=%d events=1 delivered=%d %s\n", x.accepted, len(x.delivered), x.want)
		if !strings.HasSuffix(out.String(), line) {
			t.Errorf("ends with %q, want %q", out.String(), line)
		}
		if x.good != (err == nil) {
			t.Errorf("%s accepted=%d: error %v", x.want, x.accepted, err)
		}
	}
}

// A screen collects what is printed, for readers in other goroutines.
type screen struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// up runs the command until stop, which waits for its end.
func up(t *testing.T) (out *screen, stop func() error) {
	t.Helper()
	out = &screen{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--config", configFile, "--listen", "127.0.0.1:0", "--aws-listen", "127.0.0.1:0"}, out,
			io.Discard)
	}()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { stop() })
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(out.String(),
		"Ctrl-C stops."); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no welcome:\n%s", out)
		}
	}
	return out, stop
}

// TestWelcome does what the welcome says: its command is run by a shell as it
// stands, and the event is in the queue it names.
func TestWelcome(t *testing.T) {
	out, stop := up(t)
	commands := curls(out.String())
	if len(commands) != 3 {
		t.Fatalf("%d curl commands, want 3:\n%s", len(commands), out)
	}
	if status, _ := curl(t, commands[0]); status != http.StatusOK {
		t.Fatalf("the webhook was answered %d", status)
	}
	e := receiveOne(t, addresses(t, out.String()).AWS, addresses(t, out.String()).Queues["support"])
	if !strings.Contains(e, `"type":"message.received.v1"`) {
		t.Errorf("received %s", e)
	}
	var page events.ConversationPage
	if status, text := curl(t, commands[1]); status != http.StatusOK || json.Unmarshal([]byte(text), &page) != nil ||
		len(page.Items) != 1 || !strings.Contains(e, page.Items[0].Conversation.ID) || page.Items[0].Holder != "support" {
		t.Errorf("the list was answered %d %s, want the conversation of %s", status, text, e)
	}
	var done events.Outcome
	if status, text := curl(t, commands[2]); status != http.StatusOK || json.Unmarshal([]byte(text), &done) != nil ||
		done.Conversation.State != events.StateClosed || done.Event == nil || !strings.Contains(e, done.Event.Subject) {
		t.Errorf("the command was answered %d %s, want the conversation of %s closed", status, text, e)
	}
	resp, err := http.Get(addresses(t, out.String()).URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(page), "Try it") {
		t.Errorf("the home page says %q %v", page, err)
	}
	if err := stop(); err != nil {
		t.Errorf("stopping: %v", err)
	}
	if text := out.String(); !strings.HasSuffix(text, "stopped\n") {
		t.Errorf("the last words are %q", text[max(0, len(text)-80):])
	}
}

// curls are the curl commands of a welcome, with the lines that they go on in.
func curls(welcome string) []string {
	var list []string
	for _, m := range regexp.MustCompile(`(?m)^  curl ((?:.*\\\n)*.*)$`).FindAllStringSubmatch(welcome, -1) {
		list = append(list, m[1])
	}
	return list
}

// curl lets a shell take the words of a curl command apart, as it would for
// curl, and sends what they say.
func curl(t *testing.T, command string) (status int, answer string) {
	t.Helper()
	words, err := exec.Command("sh", "-c", `show() { for w; do printf '%s\0' "$w"; done; }; show `+command).Output()
	if err != nil {
		t.Fatalf("the shell refuses %s: %v", command, err)
	}
	list := strings.Split(strings.TrimSuffix(string(words), "\x00"), "\x00")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case "-sS", "-i":
		case "-H":
			i++
			name, value, _ := strings.Cut(list[i], ": ")
			req.Header.Set(name, value)
		case "--data-binary":
			i++
			req.Method = http.MethodPost
			req.Body, req.ContentLength = io.NopCloser(strings.NewReader(list[i])), int64(len(list[i]))
		default:
			if req.URL, err = req.URL.Parse(list[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// TestAnyCredentials: whoever is called as a function is gets what anybody gets.
func TestAnyCredentials(t *testing.T) {
	out, _ := up(t)
	for _, id := range []string{"x", "api", "media", "router", "admin", "test", "AKIAIOSFODNN7EXAMPLE"} {
		c := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: aws.String(addresses(t, out.String()).AWS),
			Credentials: credentials.NewStaticCredentialsProvider(id, id, "")})
		queue := addresses(t, out.String()).Queues["support"]
		if _, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue}); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func receiveOne(t *testing.T, endpoint, queue string) string {
	t.Helper()
	c := sqs.New(sqs.Options{Region: "us-east-1", BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")})
	out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, WaitTimeSeconds: 10})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("received %v, %v, want one message", out, err)
	}
	return aws.ToString(out.Messages[0].Body)
}
