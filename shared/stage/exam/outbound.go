package exam

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/events/samples"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/fit"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func outbound() []check {
	return []check{
		{"outbound/declared",
			"A channel answers: it says what fits, what a repeated call does, which hosts it calls, and has a double of its platform; Acts lists what Act understands.", outboundDeclared},
		{"outbound/samples", "Every message of events/samples/out is rendered and sent, the double takes each call, and testdata/out/NAME.http shows them. Write the goldens with -update and read them.", samplesSent},
		{"outbound/stable", "A call is repeated after a crash: the same Outgoing gives the same bytes, with what the platform deduplicates by.", sendStable},
		{"outbound/hosts", "A channel calls its platform by https and nobody else.", hostsKept},
		{"outbound/faults", "A refusal becomes a *channel.Error whose class tells the sender what to do: rate waits, auth mints a token or pauses, window and recipient end the message.", faultsClassified},
		{"outbound/answers", "Gateways answer instead of platforms: an HTML page, nothing, half a JSON, a 500 must not panic and must never count as delivered or as surely refused.", answersSurvived},
		{"outbound/unsent", "The transport's error passes through with errors.Is: only it knows whether the request was written.", unsentKept},
		{"outbound/discreet", "An error reaches logs and integrators: it holds no credential, no token and no content.",
			sendErrorsDiscreet},
		{"outbound/act", "Each verb of Acts makes the call that testdata/out/act.VERB.http shows.", actsShown},
		{"outbound/token", "A minted token has a value and an end, and testdata/out/token.http shows how it was asked for.",
			tokenMinted},
		{"outbound/receipts",
			"What the double posts to our webhooks verifies, parses, and names the messages it is about: by the id that Send returned, or by Outgoing.ID.", receiptsMatch},
		{"outbound/customer",
			"The double's customer writes: what Customer makes verifies once it is signed, and is one new message with that text in the conversation of text.http.", customerWrites},
		{"outbound/orphans", "Every golden belongs to a sample, a verb or the token.", outOrphans},
	}
}

// A recorder is the platform's double as an HTTP client that keeps the calls.
type recorder struct {
	c        candidate
	account  channel.Account
	now      time.Time
	fault    play.Fault
	answer   *channel.Reply // instead of the double's
	err      error          // instead of an answer
	calls    []play.Call
	webhooks []channel.Request
	told     []events.Event
}

func (d *recorder) Do(r *http.Request) (*http.Response, error) {
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if d.err != nil {
		return nil, d.err
	}
	call := play.Call{Host: r.URL.Host, Fault: d.fault, Request: channel.Request{Method: r.Method,
		Path:     r.URL.EscapedPath(),
		RawQuery: r.URL.RawQuery, Header: r.Header, Body: body, Received: d.now}}
	if r.URL.Scheme != "https" {
		return nil, fmt.Errorf("called %s://%s, not https", r.URL.Scheme, r.URL.Host)
	}
	if len(d.c.APIs) > 0 && !d.c.Answers(d.account, r.URL.Host) {
		return nil, fmt.Errorf("called %s, which is no host of its platform", r.URL.Host)
	}
	d.calls = append(d.calls, call)
	reply := d.answer
	if reply == nil && len(d.c.APIs) == 0 {
		return nil, errors.New("it makes a call and its platform has no API")
	}
	if reply == nil {
		a := d.c.Answer(d.account, call)
		reply, d.webhooks = &a.Reply, append(d.webhooks, a.Posts...)
	}
	h := reply.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: reply.Status, Header: h, Body: io.NopCloser(bytes.NewReader(reply.Body)),
		Request: r}, nil
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return io.ReadAll(r.Body)
}

// env is what the channel sees of d, with a token where the channel mints them.
func (d *recorder) env() channel.Env {
	e := channel.Env{Account: d.account, HTTP: d, Now: d.now, Open: openSample, Tell: d.tell}
	if d.c.Token != nil {
		mint := &recorder{c: d.c, account: d.account, now: d.now}
		e.HTTP = mint
		if t, err := d.c.Token(context.Background(), e); err == nil {
			e.Token = t.Value
		}
		e.HTTP = d
	}
	return e
}

// tell keeps an event that the channel commits.
func (d *recorder) tell(_ context.Context, e events.Event) error {
	channel.Complete(&e, d.c.Name, d.account.ID, d.now)
	d.told = append(d.told, e)
	return sound(&e)
}

// openSample is a file to be sent: the smallest PNG for an image, else some bytes.
func openSample(_ context.Context, m events.Media) (io.ReadCloser, error) {
	text := "a file of type " + m.Type
	if m.Type == events.Image || m.Type == events.Sticker {
		text = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

func newRecorder(c candidate, set sample.Set) *recorder {
	return &recorder{c: c, account: set.Account, now: set.Now}
}

// recipient is who wrote text.http, and the id of what they wrote.
func recipient(c candidate, set sample.Set) (channel.Recipient, string, error) {
	evs, err := eventsOf(c, set, "text")
	if err != nil {
		return channel.Recipient{}, "", err
	}
	d := evs[0].Data
	r := channel.Recipient{Conversation: *d.Conversation, Contact: d.Contact}
	if d.Message == nil {
		return r, "", errors.New("text.http does not begin with a message")
	}
	return r, d.Message.PlatformID, nil
}

// fileLink is where a stored file would be.
func fileLink(sha256 string) string {
	return "https://relais.example/v1/media/" + sha256 + "?signature=demo"
}

// plan is what o becomes on c.
func plan(c candidate, o samples.Out) fit.Plan {
	content := o.Content
	for _, v := range o.Overrides {
		if v.Channel == c.Name {
			content = v.Content
		}
	}
	return fit.Message(c.Name, fit.Linked(content, fileLink), c.Limits)
}

// outgoings are the calls of a plan.
func outgoings(o samples.Out, p fit.Plan, to channel.Recipient, quoted string, now time.Time) []channel.Outgoing {
	list := make([]channel.Outgoing, len(p.Calls))
	for i, call := range p.Calls {
		list[i] = channel.Outgoing{ID: fmt.Sprintf("msg_%s.%d", strings.ReplaceAll(o.Name, ".", ""), i+1), To: to,
			Content: call.Content,
			Sender:  o.Sender, Bulk: o.Priority == events.Bulk, Heard: now.Add(-time.Minute)}
		if o.ReplyTo != nil && i == 0 {
			list[i].ReplyTo = quoted
		}
	}
	return list
}

func outboundDeclared(c candidate, _ sample.Set) error {
	var err error
	if (len(c.APIs) > 0) != (len(c.Hosts) > 0 || c.Origin != nil) {
		err = errors.New("the channel's Hosts or Origin and the APIs of its platform go together; a channel without them calls nobody")
	}
	return errors.Join(c.Channel.Validate(), c.Platform.Validate(), err)
}

// eachSample sends every sample and hands over its record.
func eachSample(c candidate, set sample.Set, look func(samples.Out, fit.Plan, *recorder, [][]string) error) error {
	all, err := samples.Outbound()
	if err != nil {
		return err
	}
	to, quoted, err := recipient(c, set)
	if err != nil {
		return err
	}
	var errs []error
	for _, o := range all {
		p, d := plan(c, o), newRecorder(c, set)
		e := d.env()
		var ids [][]string
		for _, out := range outgoings(o, p, to, quoted, set.Now) {
			sent, err := c.Send(context.Background(), e, out)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s, call %s: %w%s", o.Name, out.ID, err, lastCall(d)))
				break
			}
			ids = append(ids, sent.IDs)
		}
		if len(ids) == len(p.Calls) {
			if err := look(o, p, d, ids); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", o.Name, err))
			}
		}
	}
	return few(errs)
}

func lastCall(d *recorder) string {
	if len(d.calls) == 0 {
		return ""
	}
	last := d.calls[len(d.calls)-1]
	return fmt.Sprintf("\n%s %s\n%s", last.Method, last.URL(), last.Body)
}

func (s outFile) path(name string) string {
	return filepath.Join(s.set.Dir, "testdata", "out", name+".http")
}

// outFile reads and writes goldens of calls.
type outFile struct {
	c   candidate
	set sample.Set
}

// match compares text with its golden, or rewrites it.
func (s outFile) match(name, text string) error {
	file := s.path(name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		return os.WriteFile(file, []byte(text), 0o644)
	}
	want, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("no golden testdata/out/%s.http; write it with -update and read it", name)
	}
	if text != string(want) {
		return fmt.Errorf("differs from testdata/out/%s.http (-want +got):\n%s", name, cmp.Diff(lines(want),
			lines([]byte(text))))
	}
	return nil
}

// show is d's calls as a golden shows them: what was lost, each request with its
// secrets masked, and the ids the platform gave.
func (s outFile) show(report []events.Rendering, d *recorder, ids [][]string) string {
	var b strings.Builder
	for _, r := range report {
		fmt.Fprintf(&b, "# part %d, %s: %s, loss %s, calls %v\n", r.Part, r.Kind, r.As, r.Loss, r.Calls)
		for _, detail := range r.Details {
			fmt.Fprintf(&b, "#   %s\n", detail)
		}
	}
	for _, call := range d.calls {
		r := clone(call.Request)
		r.Path = call.URL()
		fmt.Fprintf(&b, "\n%s\n", sample.Format(r))
	}
	if len(d.told) > 0 {
		doc, _ := marshal(d.told) // sound has seen that they can be written
		fmt.Fprintf(&b, "\n%s", doc)
	}
	for i, list := range ids {
		fmt.Fprintf(&b, "\n# call %d is %s\n", i+1, strings.Join(list, " "))
	}
	return s.mask(b.String(), d.env().Token)
}

func (s outFile) mask(text, token string) string {
	if token != "" {
		text = strings.ReplaceAll(text, token, "[token]")
	}
	for _, cr := range s.c.Credentials {
		for _, v := range s.set.Account.Values(cr.Name) {
			if !cr.Public && len(v) >= 6 {
				text = strings.ReplaceAll(text, v, "["+cr.Name+"]")
			}
		}
	}
	return text
}

func samplesSent(c candidate, set sample.Set) error {
	return eachSample(c, set, func(o samples.Out, p fit.Plan, d *recorder, ids [][]string) error {
		f := outFile{c, set}
		return f.match(o.Name, f.show(p.Report, d, ids))
	})
}

// simple sends a text and is the base of what follows.
func simple(c candidate, set sample.Set, d *recorder) (channel.Sent, error) {
	to, _, err := recipient(c, set)
	if err != nil {
		return channel.Sent{}, err
	}
	e := d.env()
	return c.Send(context.Background(), e, channel.Outgoing{ID: "msg_simple.1", To: to,
		Content: []events.Content{events.NewText("Hello 👋")}, Heard: set.Now.Add(-time.Minute)})
}

func sendStable(c candidate, set sample.Set) error {
	a, b := newRecorder(c, set), newRecorder(c, set)
	if _, err := simple(c, set, a); err != nil {
		return err
	}
	if _, err := simple(c, set, b); err != nil {
		return err
	}
	if diff := cmp.Diff(a.calls, b.calls); diff != "" {
		return fmt.Errorf("the second try differs (-first +second):\n%s", diff)
	}
	return nil
}

func hostsKept(c candidate, set sample.Set) error {
	return eachSample(c, set, func(_ samples.Out, _ fit.Plan, d *recorder, _ [][]string) error {
		for _, call := range d.calls {
			if !c.Channel.Answers(set.Account, call.Host) {
				return fmt.Errorf("called %s, which is neither in Hosts nor Origin's", call.Host)
			}
		}
		return nil
	})
}

// wanted are the classes that a fault may become.
var wanted = map[play.Fault][]string{
	play.Throttled: {events.ClassRate},
	play.Expired:   {events.ClassAuth},
	play.Closed:    {events.ClassWindow},
	play.Gone:      {events.ClassRecipient, events.ClassConsent},
	play.Invalid:   {events.ClassContent, events.ClassMedia, events.ClassTemplate},
}

func faultsClassified(c candidate, set sample.Set) error {
	if len(c.APIs) == 0 { // it calls nobody, as outbound/samples has seen
		return nil
	}
	var errs []error
	for _, f := range play.Refused() {
		if f == play.Closed && c.Outside == nil {
			continue // the platform has no windows
		}
		d := newRecorder(c, set)
		d.fault = f
		_, err := simple(c, set, d)
		var e *channel.Error
		switch {
		case !errors.As(err, &e):
			errs = append(errs, fmt.Errorf("%s gives %v, want a *channel.Error", f, err))
		case !slices.Contains(wanted[f], e.Class) || e.Unknown:
			errs = append(errs, fmt.Errorf("%s gives class %q (outcome unknown: %t), want %s for sure", f, e.Class, e.Unknown,
				strings.Join(wanted[f], " or ")))
		}
	}
	return errors.Join(errs...)
}

func answersSurvived(c candidate, set sample.Set) error {
	if len(c.APIs) == 0 { // it calls nobody, as outbound/samples has seen
		return nil
	}
	var errs []error
	for what, a := range map[string]channel.Reply{
		"a 500": {Status: 500, Body: []byte("oops")},
		"a 502 page": {Status: 502, Header: http.Header{"Content-Type": {"text/html"}},
			Body: []byte("<html>bad gateway</html>")},
		"a 504 without body":      {Status: 504},
		"a redirect":              {Status: 302, Header: http.Header{"Location": {"https://example.com"}}},
		"half a JSON with 500":    {Status: 500, Body: []byte(`{"error":`)},
		"a list instead with 500": {Status: 500, Body: []byte(`[]`)},
	} {
		d := newRecorder(c, set)
		d.answer = &a
		sent, err := simple(c, set, d)
		var e *channel.Error
		if err == nil {
			errs = append(errs, fmt.Errorf("%s counts as sent, with ids %v", what, sent.IDs))
		} else if errors.As(err, &e) && !e.Unknown && e.Class != events.ClassAuth {
			errs = append(errs, fmt.Errorf("%s counts as surely refused (class %q); it may have been sent: set Unknown", what,
				e.Class))
		}
	}
	for _, body := range []string{"", "<html>", `{"`, `[]`, `null`, `"x"`,
		`{}`} { // must not panic; a platform may say nothing on success
		d := newRecorder(c, set)
		d.answer = &channel.Reply{Status: 200, Body: []byte(body)}
		_, err := simple(c, set, d)
		var e *channel.Error
		if errors.As(err, &e) && !e.Unknown {
			errs = append(errs, fmt.Errorf("200 with the body %q counts as surely refused (class %q)", body, e.Class))
		}
	}
	d := newRecorder(c, set)
	d.answer = &channel.Reply{Status: 429, Header: http.Header{"Retry-After": {"7"}}}
	_, err := simple(c, set, d)
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != events.ClassRate || e.RetryAfter != 7*time.Second {
		errs = append(errs, fmt.Errorf("429 with Retry-After: 7 gives %#v, want class rate after 7 s", err))
	}
	return errors.Join(errs...)
}

func unsentKept(c candidate, set sample.Set) error {
	if len(c.APIs) == 0 { // it calls nobody, as outbound/samples has seen
		return nil
	}
	for _, broken := range []error{channel.ErrNotSent, io.ErrUnexpectedEOF} {
		d := newRecorder(c, set)
		d.err = broken
		if _, err := simple(c, set, d); !errors.Is(err, broken) {
			return fmt.Errorf("%v becomes %v", broken, err)
		}
	}
	return nil
}

func sendErrorsDiscreet(c candidate, set sample.Set) error {
	secrets := []string{"Hello 👋"}
	for _, cr := range c.Credentials {
		if !cr.Public {
			secrets = append(secrets, set.Account.Values(cr.Name)...)
		}
	}
	for _, f := range play.Refused() {
		d := newRecorder(c, set)
		d.fault = f
		_, err := simple(c, set, d)
		if err == nil {
			continue
		}
		if token := d.env().Token; len(token) >= 8 {
			secrets = append(secrets, token)
		}
		if leak := shared(fmt.Sprintf("%v %+v", err, err), secrets); leak != "" {
			return fmt.Errorf("the error of %s holds %d characters of a secret or of the content", f, len(leak))
		}
	}
	return nil
}

// actions are one of each verb, about the message of text.http.
func actions(v events.Verb, quoted string) events.Action {
	a := events.Action{Verb: v}
	a.Message = &events.Ref{PlatformID: quoted}
	switch v {
	case events.ActTyping:
		a.Active = true
	case events.ActReact:
		a.Emoji = "👍"
	case events.ActEdit:
		a.Content = []events.Content{events.NewText("Hello again")}
	}
	return a
}

func actsShown(c candidate, set sample.Set) error {
	to, quoted, err := recipient(c, set)
	if err != nil {
		return err
	}
	f := outFile{c, set}
	var errs []error
	for _, v := range c.Acts {
		d := newRecorder(c, set)
		if err := c.Act(context.Background(), d.env(), to, actions(v, quoted)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w%s", v, err, lastCall(d)))
			continue
		}
		errs = append(errs, f.match("act."+string(v), f.show(nil, d, nil)))
	}
	return few(errs)
}

func tokenMinted(c candidate, set sample.Set) error {
	if c.Token == nil {
		return nil
	}
	d := newRecorder(c, set)
	t, err := c.Token(context.Background(), channel.Env{Account: set.Account, HTTP: d, Now: set.Now, Open: openSample})
	if err != nil {
		return fmt.Errorf("%w%s", err, lastCall(d))
	}
	if t.Value == "" || !t.ExpiresAt.After(set.Now) {
		return fmt.Errorf("a token of %d characters that ends at %s", len(t.Value), t.ExpiresAt)
	}
	f := outFile{c, set}
	return f.match("token", f.show(nil, d, nil))
}

func receiptsMatch(c candidate, set sample.Set) error {
	return eachSample(c, set, func(o samples.Out, p fit.Plan, d *recorder, ids [][]string) error {
		known := slices.Concat(ids...)
		for i := range p.Calls {
			known = append(known, fmt.Sprintf("msg_%s.%d", strings.ReplaceAll(o.Name, ".", ""), i+1))
		}
		for _, w := range d.webhooks {
			w.Received = set.Now
			c.Sign(set.Account, &w)
			if err := verify(c, set.Account, w); err != nil {
				return fmt.Errorf("a webhook of the double, signed: %w", err)
			}
			evs, err := parse(c, set.Account, w)
			if err != nil {
				return fmt.Errorf("a webhook of the double: %w", err)
			}
			if len(evs) == 0 {
				return errors.New("a webhook of the double gives no event")
			}
			for _, e := range evs {
				if s := e.Data.Status; s != nil && !slices.Contains(known, s.Message.PlatformID) && !slices.Contains(known,
					s.Correlation) {
					return fmt.Errorf("a receipt is about %q, which Send did not return", s.Message.PlatformID)
				}
			}
		}
		return nil
	})
}

func customerWrites(c candidate, set sample.Set) error {
	if c.Customer == nil {
		return errors.New("there is no Customer")
	}
	to, _, err := recipient(c, set)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for n, text := range []string{"Hello", "Grüße \"&<👋> 2", "Hello"} {
		r := c.Customer(set.Account, text, n+1, set.Now)
		r.Received = set.Now
		if r.Path == "" {
			r.Path = sample.Path(c.Name)
		}
		c.Sign(set.Account, &r)
		if err := verify(c, set.Account, r); err != nil {
			return err
		}
		evs, err := parse(c, set.Account, r)
		if err != nil || len(evs) != 1 || evs[0].Data.Message == nil || evs[0].Type != events.MessageReceived {
			return fmt.Errorf("message %d gives %d events, %v; want one message.received.v1", n+1, len(evs), err)
		}
		e := evs[0]
		if part := e.Data.Message.Content[0]; part.Text == nil || part.Text.Body != text {
			return fmt.Errorf("message %d does not say %q", n+1, text)
		}
		if e.Subject != to.Conversation.ID || seen[e.ID] || seen[e.Data.Message.ID] {
			return fmt.Errorf("message %d is in another conversation, or has the ids of an earlier one", n+1)
		}
		seen[e.ID], seen[e.Data.Message.ID] = true, true
	}
	return nil
}

func outOrphans(c candidate, set sample.Set) error {
	all, err := samples.Outbound()
	if err != nil {
		return err
	}
	files, err := os.ReadDir(filepath.Join(set.Dir, "testdata", "out"))
	if err != nil {
		return err
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".http")
		known := slices.ContainsFunc(all, func(o samples.Out) bool { return o.Name == name }) || name == "token" &&
			c.Token != nil
		if v, ok := strings.CutPrefix(name, "act."); ok {
			known = slices.Contains(c.Acts, events.Verb(v))
		}
		if !known {
			return fmt.Errorf("testdata/out/%s belongs to no sample, verb or token; delete it", f.Name())
		}
	}
	return nil
}
