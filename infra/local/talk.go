package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/stage/outside"
)

// answered is what the example integrator says, on whatever channel.
const answered = "Is it about an order?"

// greeting is how customers begin to whom the demo agent talks.
const greeting = "Hello from "

// greets is true of an event in which one does.
const greets = "event.type == 'message.received.v1' && " +
	"event.data.message.content.exists(c, has(c.text) && c.text.body.startsWith('" + greeting + "'))"

// A talk is a conversation of the demo.
type talk struct {
	ch channel.Channel
	id string // of the conversation
}

// talkAll lets the customer of every channel write: the demo agent, a bot, answers and hands
// over; the example integrator answers for the team, from a process of its own, over SQS; an
// agent closes. It shows what each platform received, and who held what.
func talkAll(ctx context.Context, s *system.System, o system.Options, bot string, out io.Writer) error {
	fmt.Fprintln(out, "building and starting the example integrator, infra/examples/integrator …")
	stop, err := startIntegrator(ctx, s, o)
	if err != nil {
		return err
	}
	defer stop()
	work, cancel := context.WithCancel(ctx)
	var agent sync.WaitGroup
	agent.Go(func() { answer(work, s, bot) })
	defer agent.Wait()
	defer cancel()
	talks, err := talksOf(s)
	if err != nil {
		return err
	}
	d := desk{o.PublicURL, s.APIToken}
	team := o.Config.Default
	if err := handOver(ctx, s, d, talks, team); err != nil {
		return err
	}
	if err := answers(ctx, s, d, talks, out); err != nil {
		return err
	}
	return closes(ctx, d, talks, bot, team, out)
}

// talksOf are the conversations of the platforms' customers.
func talksOf(s *system.System) ([]*talk, error) {
	var list []*talk
	for _, ch := range functions.Channels() {
		if !s.System.Config.Has(ch.Name) {
			continue
		}
		set, err := s.Samples(ch.Name)
		if err != nil {
			return nil, err
		}
		platform, _ := plays.Of(ch.Name) // plays has one for each channel
		webhook := platform.Customer(set.Account, greeting, 1, s.Now())
		webhook.Received = s.Now()
		s.World.Sign(ch, set.Account, &webhook) // some encrypt, too
		evs, err := ch.Events(set.Account, webhook)
		if err != nil || len(evs) == 0 {
			return nil, fmt.Errorf("%s: the customer's message makes %d events, %v", ch.Name, len(evs), err)
		}
		list = append(list, &talk{ch: ch, id: evs[0].Subject})
	}
	return list, nil
}

// handOver lets every customer speak with the bot, and then ask for a person.
func handOver(ctx context.Context, s *system.System, d desk, talks []*talk, team string) error {
	for _, step := range []struct {
		says func(channel.Channel) string
		then func(events.ConversationState) bool
		want string
	}{
		{func(ch channel.Channel) string { return greeting + ch.Title },
			func(c events.ConversationState) bool { return c.SpokeAt != "" }, "a word of the bot"},
		{func(channel.Channel) string { return person },
			func(c events.ConversationState) bool { return c.Holder == team }, "a hand-over to " + team},
	} {
		for _, t := range talks {
			if err := customerSays(ctx, s, t, step.says(t.ch)); err != nil {
				return err
			}
		}
		for _, t := range talks {
			if err := d.await(ctx, t.id, step.then); err != nil {
				return fmt.Errorf("%s: no %s: %w", t.ch.Name, step.want, err)
			}
		}
	}
	return nil
}

// customerSays posts what the customer of a channel writes.
func customerSays(ctx context.Context, s *system.System, t *talk, text string) error {
	status, err := s.Say(ctx, t.ch.Name, text)
	if err != nil || status/100 != 2 {
		return fmt.Errorf("%s: the customer's message was answered %d, %v", t.ch.Name, status, err)
	}
	return nil
}

// answers lets every customer write to the team, whose integrator answers.
func answers(ctx context.Context, s *system.System, d desk, talks []*talk, out io.Writer) error {
	for _, t := range talks {
		if err := customerSays(ctx, s, t, "Is somebody there?"); err != nil {
			return err
		}
	}
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "channel\tcustomer wrote\tthe integrator's answer went out as")
	lost := 0
	for _, t := range talks {
		as, ok := wentOut(ctx, s, d, t)
		if !ok {
			lost++
			as = fmt.Sprintf("nothing within %s", patience)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", t.ch.Name, greeting+t.ch.Title, as)
	}
	fmt.Fprintf(w, "conversations=%d answered=%d\n\n", len(talks), len(talks)-lost)
	if err := w.Flush(); err != nil {
		return err
	}
	if lost > 0 {
		return errors.New("not every customer had an answer")
	}
	return nil
}

// closes lets an agent close every conversation, and shows who held it from where to where.
func closes(ctx context.Context, d desk, talks []*talk, bot, team string, out io.Writer) error {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	fmt.Fprintln(w, "channel\twho held the conversation, from event to event, and why\tin the end")
	for _, t := range talks {
		state, err := d.close(ctx, t.id, team)
		if err != nil {
			return fmt.Errorf("%s: %w", t.ch.Name, err)
		}
		history, err := d.history(ctx, t.id)
		if err != nil {
			return fmt.Errorf("%s: %w", t.ch.Name, err)
		}
		list, err := holds(history)
		if err == nil {
			err = inTurn(list, bot, team)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.ch.Name, err)
		}
		fmt.Fprintf(w, "%s\t%s\t%s, %s\n", t.ch.Name, join(list), state.State, state.Reason)
	}
	fmt.Fprintln(w)
	return w.Flush()
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
func wentOut(ctx context.Context, s *system.System, d desk, t *talk) (string, bool) {
	if platform, _ := plays.Of(t.ch.Name); len(platform.APIs) == 0 {
		return "an event of the conversation", d.awaitWords(ctx, t.id, answered)
	}
	c, ok := awaitAnswer(ctx, s, t.ch.Name)
	return c.Request.Method + " " + c.Request.Host + short(maskPath(c.Request.Path), 48), ok
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
