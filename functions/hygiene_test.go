package functions_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/plays"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/fit"
	"github.com/relais-dev/relais/shared/outbox"
	"github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// TestWhateverIsSaid draws messages that the contract allows, as people and systems
// write them, and sends them on every channel: what goes out is clean, and the
// platform's double takes it; what does not go says why.
func TestWhateverIsSaid(t *testing.T) {
	for _, ch := range functions.Channels() {
		if ch.Send == nil {
			continue
		}
		t.Run(ch.Name, func(t *testing.T) {
			set, err := sample.Read(filepath.Join("channels", ch.Name))
			if err != nil {
				t.Fatal(err)
			}
			to := recipientIn(t, ch, set)
			draw(t, func(t *rapid.T) {
				o := drawOutbound(t)
				if err := o.Validate(); err != nil {
					t.Fatalf("drew an invalid message: %v", err)
				}
				r := outbox.Render(ch, &to.Conversation, o, func(string) string { return "https://relais.example/file" })
				explained(t, r)
				for i, call := range r.Calls {
					cleaned(t, call)
					send(t, ch, set, to, fmt.Sprintf("msg_hygiene.%d", i+1), call)
				}
			})
		})
	}
}

func recipientIn(t *testing.T, ch channel.Channel, set sample.Set) channel.Recipient {
	t.Helper()
	s, ok := set.Find("text")
	if !ok {
		t.Fatal("no sample text.http")
	}
	evs, err := ch.Events(set.Account, s.Request)
	if err != nil || len(evs) == 0 {
		t.Fatalf("text.http: %d events, %v", len(evs), err)
	}
	return channel.Recipient{Conversation: *evs[0].Data.Conversation, Contact: evs[0].Data.Contact}
}

// explained checks that what is not shown says why.
func explained(t *rapid.T, r outbox.Request) {
	for _, x := range r.Rendering {
		if x.As == events.AsRefused && len(x.Details) == 0 {
			t.Errorf("part %d is refused without a reason", x.Part)
		}
	}
}

// cleaned checks every text of a call: nothing in it that platforms refuse, nothing
// blank, every address encoded.
func cleaned(t *rapid.T, call fit.Call) {
	doc, err := channel.JSON(call)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range call.Content {
		if c.Kind == events.KindNative {
			return
		}
		if c.Text != nil && events.Blank(c.Text.Body) {
			t.Errorf("says nothing: %s", doc)
		}
		if c.Media != nil && c.Media.URL != "" {
			encoded(t, c.Media.URL)
		}
		if c.Choice != nil {
			for _, o := range c.Choice.Options {
				option(t, o)
			}
		}
		for _, p := range c.Cards {
			for _, o := range p.Options {
				option(t, o)
			}
		}
	}
	for _, r := range strings.NewReplacer(`\t`, "", `\n`, "", `\r`, "").Replace(string(doc)) {
		if events.Unsayable(r) {
			t.Errorf("%U is said: %s", r, doc)
		}
	}
	for _, escape := range []string{`\u0000`, `\u0007`, `\u001b`, `\ufffe`} {
		if strings.Contains(string(doc), escape) {
			t.Errorf("%s is said: %s", escape, doc)
		}
	}
}

func option(t *rapid.T, o events.Option) {
	if o.Label != strings.TrimSpace(o.Label) || events.Blank(o.Label) || strings.ContainsAny(o.Label, "\n\t") {
		t.Errorf("label %q", o.Label)
	}
	switch o.Action {
	case events.ActionURL, events.ActionWebView:
		encoded(t, o.Value)
	case events.ActionCall:
		if !strings.HasPrefix(o.Value, "+") || !channel.Digits(o.Value[1:]) {
			t.Errorf("calls %q", o.Value)
		}
	}
}

func encoded(t *rapid.T, address string) {
	u, err := url.Parse(address)
	if err != nil || strings.IndexFunc(address, func(r rune) bool { return r >= utf8.RuneSelf || r <= ' ' }) >= 0 {
		t.Errorf("address %q: %v", address, err)
		return
	}
	if again, ok := channel.URL(u.String()); !ok || again != u.String() {
		t.Errorf("address %q becomes %q", address, again)
	}
}

// A stageDoor is the played platform as an HTTP client.
type stageDoor struct {
	platform play.Platform
	set      sample.Set
}

func (d stageDoor) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	a := d.platform.Answer(d.set.Account, play.Call{Host: r.URL.Host, Request: channel.Request{Method: r.Method,
		Path:     r.URL.EscapedPath(),
		RawQuery: r.URL.RawQuery, Header: r.Header, Body: body, Received: d.set.Now}})
	h := a.Reply.Header
	if h == nil {
		h = http.Header{}
	}
	return &http.Response{StatusCode: a.Reply.Status, Header: h,
		Body: io.NopCloser(strings.NewReader(string(a.Reply.Body))), Request: r}, nil
}

// send makes one call; the platform takes it.
func send(t *rapid.T, ch channel.Channel, set sample.Set, to channel.Recipient, id string, call fit.Call) {
	platform, _ := plays.Of(ch.Name)
	if len(platform.APIs) == 0 {
		return
	}
	e := channel.Env{Account: set.Account, HTTP: stageDoor{platform, set}, Now: set.Now, Open: openFile}
	if ch.Token != nil {
		token, err := ch.Token(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		e.Token = token.Value
	}
	_, err := ch.Send(t.Context(), e, channel.Outgoing{ID: id, To: to, Content: call.Content, Heard: set.Now})
	if err != nil {
		doc, _ := channel.JSON(call)
		t.Errorf("%v: %s", err, doc)
	}
}
