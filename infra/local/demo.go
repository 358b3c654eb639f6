package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/infra/local/system"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/cloud"
	"github.com/relais-dev/relais/shared/route"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// result is what the demo counts.
type result struct {
	webhooks, accepted int
	expected           map[string]events.Event // by id
	delivered          []delivery
}

type delivery struct {
	destination string
	event       events.Event
}

// patience is how long the demo waits for a delivery that is owed.
const patience = 60 * time.Second

// demo shows a conversation on every channel, which a bot hands over to a team, with an
// integrator of its own process. Then it posts every recorded webhook of every channel, really signed, over HTTP,
// and its text message twice, as platforms do. Then it plays the integrators, and
// compares what they received with what was accepted.
func demo(ctx context.Context, o system.Options, all bool, out io.Writer) error {
	web, err := listen("127.0.0.1:0", "--listen")
	if err != nil {
		return err
	}
	defer web.Close()
	aws, err := listen("127.0.0.1:0", "--aws-listen")
	if err != nil {
		return err
	}
	defer aws.Close()
	o.PublicURL, o.AWSURL = "http://"+web.Addr().String(), "http://"+aws.Addr().String()
	// It is not in cdk.json: whoever deploys that has no bot yet, and customers would wait for it.
	var bot string
	o.Config, bot = withAgent(o.Config, greets)
	fmt.Fprintln(out, "starting Relais, an AWS endpoint and a double of every platform …")
	s, err := system.Start(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	gateway, endpoint := &http.Server{Handler: hostsOf(web, web.Addr().String(), nil).only(s.Gateway())},
		&http.Server{Handler: hostsOf(aws, aws.Addr().String(), nil).only(noPages(s.AWS))}
	go gateway.Serve(web)
	go endpoint.Serve(aws)
	work, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		s.Run(work)
		close(stopped)
	}()
	defer func() {
		stop()
		<-stopped
		gateway.Shutdown(context.WithoutCancel(ctx))
		endpoint.Close()
	}()
	if err := talkAll(ctx, s, o, bot, out); err != nil {
		return err
	}
	r := result{expected: map[string]events.Event{}}
	for _, ch := range functions.Channels() {
		if o.Config.Has(ch.Name) {
			if err := r.postAll(ctx, s, ch, o.PublicURL, out); err != nil {
				return fmt.Errorf("%s: %w", ch.Name, err)
			}
		}
	}
	if err := r.receiveAll(ctx, s); err != nil {
		return err
	}
	return r.report(s, out, all)
}

// postAll posts a channel's samples, signed now; handshakes carry no events.
func (r *result) postAll(ctx context.Context, s *system.System, ch channel.Channel, base string, out io.Writer) error {
	set, err := s.Samples(ch.Name)
	if err != nil {
		return err
	}
	var posts, accepted int
	before := len(r.expected)
	for _, x := range set.Samples {
		if x.Request.Method != http.MethodPost || strings.HasPrefix(x.Name, "handshake") {
			continue
		}
		times := 1
		if x.Name == "text" {
			times = 2
		}
		for range times {
			status, err := r.post(ctx, s, ch, set, x.Request, base)
			if err != nil {
				return fmt.Errorf("%s: %w", x.Name, err)
			}
			posts++
			if status/100 == 2 {
				accepted++
			} else {
				fmt.Fprintf(out, "%s: %s was answered %d\n", ch.Name, x.Name, status)
			}
		}
	}
	r.webhooks += posts
	r.accepted += accepted
	fmt.Fprintf(out, "%-10s %3d webhooks signed and posted, %3d accepted, %3d events\n", ch.Name, posts, accepted,
		len(r.expected)-before)
	return nil
}

func (r *result) post(ctx context.Context, s *system.System, ch channel.Channel, set sample.Set, req channel.Request,
	base string) (int, error) {
	req.Received = s.Now()
	req.Header = req.Header.Clone()
	account := set.Account
	account.URL = base + req.Path
	s.World.Sign(ch, account, &req)
	evs, err := ch.Events(account, req)
	if err != nil {
		return 0, fmt.Errorf("sample does not parse: %w", err)
	}
	url := base + req.Path
	if req.RawQuery != "" {
		url += "?" + req.RawQuery
	}
	hr, err := http.NewRequestWithContext(ctx, req.Method, url, bytes.NewReader(req.Body))
	if err != nil {
		return 0, err
	}
	hr.Header = req.Header
	resp, err := http.DefaultClient.Do(hr)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode/100 == 2 {
		for i, e := range evs {
			if foreseen(ch, account, req, i) != e.ID { // the platform names it by nothing but when it came
				continue
			}
			if e.Data.Unsupported == nil || e.Data.Unsupported.Reason != channel.Announced { // what it announces comes instead
				r.expected[e.ID] = e
			}
		}
	}
	return resp.StatusCode, nil
}

// foreseen is the id that the ith event of a webhook has when it comes a second later.
func foreseen(ch channel.Channel, a channel.Account, r channel.Request, i int) string {
	r.Received = r.Received.Add(time.Second)
	evs, err := ch.Events(a, r)
	if err != nil || i >= len(evs) {
		return ""
	}
	return evs[i].ID
}

// receiveAll plays every destination's consumer until all that is owed has
// arrived and nothing more comes.
func (r *result) receiveAll(ctx context.Context, s *system.System) error {
	owed, err := r.owed(s)
	if err != nil {
		return err
	}
	c := sqs.NewFromConfig(s.ConfigOf("integrator", cloud.Work))
	deadline := time.Now().Add(patience)
	for {
		n := 0
		for _, d := range s.System.Config.DestinationNames() {
			got, err := receive(ctx, c, s.QueueURL(d))
			if err != nil {
				return err
			}
			for _, e := range got {
				delete(owed, d+" "+e.ID)
				r.delivered = append(r.delivered, delivery{d, e})
			}
			n += len(got)
		}
		if n == 0 && (len(owed) == 0 || time.Now().After(deadline)) {
			return nil
		}
		if n == 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

// owed is every destination and event that the rules promise to each other.
func (r *result) owed(s *system.System) (map[string]bool, error) {
	rules, err := route.Compile(s.System.Routes, s.Stage)
	if err != nil {
		return nil, err
	}
	owed := map[string]bool{}
	for id, e := range r.expected {
		to, _ := rules.Destinations(&e)
		for _, d := range to {
			owed[d+" "+id] = true
		}
	}
	return owed, nil
}

func receive(ctx context.Context, c *sqs.Client, url string) ([]events.Event, error) {
	out, err := c.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
	if err != nil {
		return nil, err
	}
	var got []events.Event
	for _, m := range out.Messages {
		var e events.Event
		if err := json.Unmarshal([]byte(aws.ToString(m.Body)), &e); err != nil {
			return nil, err
		}
		got = append(got, e)
		if _, err := c.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url,
			ReceiptHandle: m.ReceiptHandle}); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// shown is how many events of a channel the demo prints per destination.
const shown = 5

// report shows what each destination received of the webhooks, and the sum. What came of the
// conversations before them, receipts and the like, differs from run to run and is not counted.
func (r *result) report(s *system.System, out io.Writer, all bool) error {
	seen, delivered := map[string]int{}, 0
	for _, d := range s.System.Config.DestinationNames() {
		byChannel := map[string][]events.Event{}
		n := 0
		for _, x := range r.delivered {
			if x.destination != d {
				continue
			}
			seen[d+" "+x.event.ID]++
			if _, ours := r.expected[x.event.ID]; ours {
				byChannel[x.event.Channel] = append(byChannel[x.event.Channel], x.event)
				n++
			}
		}
		delivered += n
		fmt.Fprintf(out, "\n%s received %d events\n", d, n)
		w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
		for _, ch := range slices.Sorted(maps.Keys(byChannel)) {
			printSome(w, byChannel[ch], all)
		}
		w.Flush()
	}
	owed, err := r.owed(s)
	if err != nil {
		return err
	}
	lost, duplicates := 0, 0
	for k := range owed {
		if seen[k] == 0 {
			_, id, _ := strings.Cut(k, " ")
			fmt.Fprintf(out, "lost: %s %s %s\n", k, r.expected[id].Channel, r.expected[id].Type)
			lost++
		}
	}
	unheld := 0
	for _, x := range r.delivered {
		if c := x.event.Data.Conversation; c != nil && c.Kind != events.Own && x.event.Holder == "" {
			fmt.Fprintf(out, "nobody holds the conversation of: %s %s\n", x.destination, x.event.ID)
			unheld++
		}
	}
	for k, n := range seen {
		if n > 1 {
			fmt.Fprintf(out, "received %d times: %s\n", n, k)
		}
		duplicates += n - 1
	}
	fmt.Fprintf(out, "\ndemo: webhooks=%d accepted=%d events=%d delivered=%d lost=%d duplicates=%d\n",
		r.webhooks, r.accepted, len(r.expected), delivered, lost, duplicates)
	if lost > 0 || duplicates > 0 || r.accepted < r.webhooks {
		return errors.New("the demo did not deliver everything exactly once")
	}
	if unheld > 0 {
		return errors.New("the demo delivered events of conversations that nobody holds")
	}
	return nil
}

func printSome(w io.Writer, list []events.Event, all bool) {
	for i, e := range list {
		if i == shown && !all {
			fmt.Fprintf(w, "  %s\t… and %d more\n", e.Channel, len(list)-shown)
			return
		}
		fmt.Fprintf(w, "  %s\t%s #%s\t%s\t%s\n", e.Channel, short(e.Subject, 10), strings.TrimLeft(e.Sequence, "0"), e.Type,
			summary(e))
	}
}

// short is the beginning of a text.
func short(text string, n int) string { return text[:min(len(text), n)] }

// summary is an event's fact in a few words.
func summary(e events.Event) string {
	d := e.Data
	name, _ := events.Fact(e.Type)
	switch {
	case d.Message != nil:
		var parts []string
		for _, c := range d.Message.Content {
			parts = append(parts, part(c))
		}
		return strings.Join(parts, " + ")
	case d.Interaction != nil:
		return clip(d.Interaction.Kind + " " + d.Interaction.Text)
	case d.Reaction != nil:
		return d.Reaction.Emoji
	case d.Status != nil:
		return string(d.Status.State)
	case d.Unsupported != nil:
		return "unsupported " + d.Unsupported.Kind
	case d.Consent != nil:
		return clip(d.Consent.State + " " + d.Consent.Reason)
	case d.Health != nil:
		return clip(d.Health.Aspect + " " + d.Health.State)
	case d.Payment != nil:
		return clip(d.Payment.State + " " + d.Payment.Reference)
	case d.Referral != nil:
		return clip(d.Referral.Source + " " + d.Referral.Payload)
	case d.Change != nil:
		return clip(d.Change.Field + " " + d.Change.New)
	case d.Template != nil:
		return clip(d.Template.Name + " " + d.Template.State)
	}
	return name
}

func part(c events.Content) string {
	switch {
	case c.Text != nil:
		return clip(c.Text.Body)
	case c.Media != nil:
		return c.Media.Type
	}
	return string(c.Kind)
}

// clip keeps a line short and on one line.
func clip(s string) string {
	runes := slices.Collect(strings.FieldsSeq(s))
	text := []rune(strings.Join(runes, " "))
	if len(text) > 48 {
		return string(text[:47]) + "…"
	}
	return string(text)
}
