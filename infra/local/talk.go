package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/outside"
)

// answered is what the example integrator says, on whatever channel.
const answered = "Is it about an order?"

// talk lets the customer of every channel write, the example integrator answer
// from a process of its own, over SQS, and shows what each platform received.
func talk(ctx context.Context, s *system.System, o system.Options, out io.Writer) error {
	fmt.Fprintln(out, "building and starting the example integrator, infra/examples/integrator …")
	stop, err := startIntegrator(ctx, s, o)
	if err != nil {
		return err
	}
	defer stop()
	var open []channel.Channel
	for _, ch := range functions.Channels() {
		if !o.Config.Has(ch.Name) {
			continue
		}
		status, err := s.Say(ctx, ch.Name, "Hello from "+ch.Title)
		if err != nil || status/100 != 2 {
			return fmt.Errorf("%s: the customer's message was answered %d, %v", ch.Name, status, err)
		}
		open = append(open, ch)
	}
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "channel\tcustomer wrote\tthe integrator's answer went out as")
	lost := 0
	for _, ch := range open {
		as, ok := wentOut(ctx, s, o, ch)
		if !ok {
			lost++
			fmt.Fprintf(w, "%s\t%s\tnothing within %s\n", ch.Name, "Hello from "+ch.Title, patience)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", ch.Name, "Hello from "+ch.Title, as)
	}
	fmt.Fprintf(w, "conversations=%d answered=%d\n\n", len(open), len(open)-lost)
	if err := w.Flush(); err != nil {
		return err
	}
	if lost > 0 {
		return errors.New("not every customer had an answer")
	}
	return nil
}

// startIntegrator builds the example as an integrator would, and runs it until
// stop is called.
func startIntegrator(ctx context.Context, s *system.System, o system.Options) (stop func(), err error) {
	dir, err := os.MkdirTemp("", "relais-demo-")
	if err != nil {
		return nil, err
	}
	program := filepath.Join(dir, "integrator")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./infra/examples/integrator")
	build.Dir = o.Root
	if text, err := build.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("build the example integrator: %w\n%s", err, text), os.RemoveAll(dir))
	}
	run, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(run, program, "--endpoint", o.AWSURL, "--queue", s.QueueURL(o.Config.Default),
		"--outbound", s.QueueURL(names.Outbound), "--wait", "1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("run the example integrator: %w", err), os.RemoveAll(dir))
	}
	return func() {
		cancel()
		cmd.Wait()
		os.RemoveAll(dir)
	}, nil
}

// wentOut waits for the answer and says as what it went out: a call, or where we
// are the platform, what is in the conversation.
func wentOut(ctx context.Context, s *system.System, o system.Options, ch channel.Channel) (string, bool) {
	if platform, _ := plays.Of(ch.Name); len(platform.APIs) == 0 {
		return "an event of the conversation", awaitEvent(ctx, s, o, ch)
	}
	c, ok := awaitAnswer(ctx, s, ch.Name)
	return c.Request.Method + " " + c.Request.Host + short(maskPath(c.Request.Path), 48), ok
}

// awaitEvent waits for the answer in the history of the demo customer's conversation.
func awaitEvent(ctx context.Context, s *system.System, o system.Options, ch channel.Channel) bool {
	set, err := s.Samples(ch.Name)
	if err != nil {
		return false
	}
	platform, _ := plays.Of(ch.Name) // plays has one for each channel
	webhook := platform.Customer(set.Account, "Hello", 1, s.Now())
	webhook.Received = s.Now()
	evs, err := ch.Events(set.Account, webhook)
	if err != nil || len(evs) == 0 {
		return false
	}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) &&
		ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet,
			o.PublicURL+"/v1/conversations/"+evs[0].Subject+"/messages?types=message.echoed", nil)
		if err != nil {
			return false
		}
		r.Header = channel.Bearer(s.APIToken)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return false
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err == nil && strings.Contains(string(text), answered) {
			return true
		}
	}
	return false
}

// awaitAnswer waits for the call that brought the answer to a platform.
func awaitAnswer(ctx context.Context, s *system.System, name string) (outside.Call, bool) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) &&
		ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		for _, c := range s.World.Calls(name) {
			if c.Answer.OK() && strings.Contains(plain(c.Request.Body), answered) {
				return c, true
			}
		}
	}
	return outside.Call{}, false
}

// plain is a body as people read it: forms encode their blanks.
func plain(body []byte) string {
	if text, err := url.QueryUnescape(string(body)); err == nil {
		return text
	}
	return string(body)
}

// maskPath hides the tokens that some platforms have in the path.
func maskPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "bot") && strings.Contains(p, ":") {
			parts[i] = "bot…"
		}
	}
	return strings.Join(parts, "/")
}
