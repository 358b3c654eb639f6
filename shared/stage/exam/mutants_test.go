package exam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam/fake"
	fakeplay "github.com/relais-dev/relais/shared/stage/exam/fake/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

// A mutant is the fake channel with one mistake, which the named check must find
// and explain with these words.
type mutant struct {
	name, check, words string
	change             func(*candidate)
	files              map[string]string // written over the fake's folder; an empty text deletes
}

func TestMutants(t *testing.T) {
	tested := map[string]bool{}
	for _, m := range allMutants() {
		tested[m.check] = true
		t.Run(m.check+"/"+strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) { m.mustFail(t) })
	}
	for _, k := range checks() {
		if !tested[k.name] {
			t.Errorf("check %s has no mutant: nobody knows whether it can fail", k.name)
		}
	}
}

func (m mutant) mustFail(t *testing.T) {
	c := fakeCandidate()
	if m.change != nil {
		m.change(&c)
	}
	set, err := sample.Read(copyOfFake(t, m.files))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range checks() {
		if k.name != m.check {
			continue
		}
		err := k.run(c, set)
		if err == nil {
			t.Fatalf("%s finds nothing", k.name)
		}
		if !strings.Contains(err.Error(), m.words) {
			t.Fatalf("%s says\n%v\nwant something with %q", k.name, err, m.words)
		}
		return
	}
	t.Fatalf("there is no check %s", m.check)
}

// copyOfFake is a folder like the fake channel's, with files changed.
func copyOfFake(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "fake")
	if err := os.CopyFS(dir, os.DirFS("fake")); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		err := os.WriteFile(file, []byte(text), 0o644)
		if text == "" {
			err = os.Remove(file)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func allMutants() []mutant {
	var all []mutant
	for _, group := range [][]mutant{declarationMutants, sourceMutants, verifyMutants, parseMutants, toleranceMutants,
		handshakeMutants, coverageMutants, outboundMutants} {
		all = append(all, group...)
	}
	return all
}

var declarationMutants = []mutant{
	{name: "other name", check: "declaration/facts", words: "Name", change: func(c *candidate) { c.Name = "Line" }},
	{name: "no title", check: "declaration/facts", words: "Title", change: func(c *candidate) { c.Title = "" }},
	{name: "http docs", check: "declaration/facts", words: "Docs",
		change: func(c *candidate) { c.Docs = "http://fake.example" }},
	{name: "own label", check: "declaration/facts", words: "Label", change: func(c *candidate) { c.Label = "great" }},
	{name: "undeclared", check: "declaration/credentials", words: "app_id",
		change: func(c *candidate) { c.Credentials = c.Credentials[:2] }},
	{name: "not held", check: "declaration/credentials", words: "lacks", change: func(c *candidate) {
		c.Credentials = append([]channel.Credential{{Name: "pin", Help: "x"}}, c.Credentials...)
	}},
	{name: "no help", check: "declaration/credentials", words: "help", change: func(c *candidate) {
		c.Credentials = append([]channel.Credential{{Name: "pin", Optional: true}}, c.Credentials...)
	}},
	{name: "none", check: "declaration/readme", words: "missing", files: map[string]string{"README.md": ""}},
	{name: "silent", check: "declaration/readme", words: "verify_token",
		files: map[string]string{"README.md": "# Fake\n\n`secret`, `app_id`\n"}},
	{name: "long", check: "declaration/readme", words: "at most 140",
		files: map[string]string{"README.md": strings.Repeat("`secret` `verify_token` `app_id`\n", 141)}},
}

// more is a second file of the fake channel.
func more(imports, body string) map[string]string {
	text := "package fake\n"
	for _, p := range strings.Fields(imports) {
		text += "import \"" + p + "\"\n"
	}
	return map[string]string{"more.go": text + body}
}

var sourceMutants = []mutant{
	{name: "other package", check: "source/package", words: "package faker",
		files: map[string]string{"more.go": "package faker\n"}},
	{name: "network", check: "source/imports", words: "more.go:2: imports net", files: more("net", "")},
	{name: "environment", check: "source/imports", words: "imports os", files: more("os",
		"var home = os.Getenv(`HOME`)")},
	{name: "log", check: "source/imports", words: "log/slog", files: more("log/slog", "")},
	{name: "reflect", check: "source/imports", words: "reflect", files: more("reflect", "")},
	{name: "unsafe", check: "source/imports", words: "unsafe", files: more("unsafe", "")},
	{name: "another channel", check: "source/imports", words: "functions/channels/line",
		files: more(module+"functions/channels/line", "")},
	{name: "the core", check: "source/imports", words: "shared/webhook", files: more(module+"shared/webhook", "")},
	{name: "a platform SDK", check: "source/imports", words: "sdk.example", files: more("sdk.example/line", "")},
	{name: "clock", check: "source/pure", words: "time.Now", files: more("time",
		"func now() time.Time { return time.Now() }")},
	{name: "clock as value", check: "source/pure", words: "time.Now", files: more("time", "var now = time.Now")},
	{name: "sleep", check: "source/pure", words: "time.Sleep", files: more("time", "func wait() { time.Sleep(1) }")},
	{name: "http client", check: "source/pure", words: "http.DefaultClient", files: more("net/http",
		"func get() { http.DefaultClient.Get(`https://a.example`) }")},
	{name: "panic", check: "source/pure", words: "calls panic", files: more("", "func fail() { panic(1) }")},
	{name: "recover", check: "source/pure", words: "calls recover", files: more("",
		"func hide() { defer func() { recover() }() }")},
	{name: "goroutine", check: "source/pure", words: "goroutine", files: more("", "func start(f func()) { go f() }")},
	{name: "init", check: "source/state", words: "init", files: more("", "func init() {}")},
	{name: "no value", check: "source/state", words: "seen", files: more("", "var seen map[string]bool")},
	{name: "assigned", check: "source/state", words: "count", files: more("",
		"var count = 1\nfunc next() { count = 2 }")},
	{name: "counted", check: "source/state", words: "count", files: more("", "var count = 1\nfunc next() { count++ }")},
	{name: "element", check: "source/state", words: "seen", files: more("",
		"var seen = map[string]bool{}\nfunc see(k string) { seen[k] = true }")},
	{name: "deleted", check: "source/state", words: "seen", files: more("",
		"var seen = map[string]bool{}\nfunc forget(k string) { delete(seen, k) }")},
	{name: "address", check: "source/state", words: "count", files: more("",
		"var count = 1\nfunc at() *int { return &count }")},
}

// verifyWith breaks Verify; good is the right one.
func verifyWith(broken func(a channel.Account, r channel.Request, good func(channel.Account,
	channel.Request) error) error) func(*candidate) {
	return func(c *candidate) {
		good := c.Verify
		c.Verify = func(a channel.Account, r channel.Request) error { return broken(a, r, good) }
	}
}

const header = "X-Fake-Signature"

type verifier = func(channel.Account, channel.Request) error

// expected is the signature that r should have.
func expected(a channel.Account, r channel.Request) string {
	at := clone(r)
	seconds, _ := json.Number(r.Header.Get("X-Fake-Time")).Int64()
	at.Received = time.Unix(seconds, 0)
	fakeCandidate().Sign(a, &at)
	return at.Header.Get(header)
}

// withHeader is r with another signature.
func withHeader(r channel.Request, value string) channel.Request {
	r = clone(r)
	r.Header.Set(header, value)
	return r
}

var verifyMutants = []mutant{
	{name: "refuses all", check: "verify/samples", words: "refused", change: verifyWith(func(channel.Account,
		channel.Request, verifier) error {
		return channel.Refuse(channel.BadSignature)
	})},
	{name: "panics", check: "verify/samples", words: "panics", change: verifyWith(func(_ channel.Account,
		r channel.Request, _ verifier) error {
		panic(r.Header["Absent"][0])
	})},
	{name: "accepts all", check: "verify/forged", words: "accepted", change: verifyWith(func(channel.Account,
		channel.Request, verifier) error {
		return nil
	})},
	{name: "accepts a missing header", check: "verify/forged", words: "missing",
		change: verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			if r.Header.Get(header) == "" {
				return nil
			}
			return good(a, r)
		})},
	{name: "compares a prefix", check: "verify/forged", words: "shortened", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if got := r.Header.Get(header); got != "" && strings.HasPrefix(expected(a, r), got) {
			return nil
		}
		return good(a, r)
	})},
	{name: "ignores what follows", check: "verify/forged", words: "lengthened", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if got := r.Header.Get(header); len(got) > 64 {
			r = withHeader(r, got[:64])
		}
		return good(a, r)
	})},
	{name: "takes the first of two", check: "verify/forged", words: "good first",
		change: verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			first, _, _ := strings.Cut(r.Header.Get(header), ",")
			return good(a, withHeader(r, first))
		})},
	{name: "takes the last of two", check: "verify/forged", words: "bad first", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		all := strings.Split(r.Header.Get(header), ",")
		return good(a, withHeader(r, all[len(all)-1]))
	})},
	{name: "looks at half the body", check: "verify/forged", words: "body", change: func(c *candidate) {
		verify, sign := c.Verify, c.Sign
		half := func(r channel.Request) channel.Request { r.Body = r.Body[:len(r.Body)/2+1]; return r }
		c.Verify = func(a channel.Account, r channel.Request) error { return verify(a, half(r)) }
		c.Sign = func(a channel.Account, r *channel.Request) { h := half(clone(*r)); sign(a, &h); r.Header = h.Header }
	}},
	{name: "signs nothing", check: "verify/forged", words: "nothing in the request",
		change: func(c *candidate) { c.Sign = func(channel.Account, *channel.Request) {} }},
	{name: "sets what it ignores", check: "verify/forged", words: "Content-Type", change: func(c *candidate) {
		sign := c.Sign
		c.Sign = func(a channel.Account, r *channel.Request) {
			sign(a, r)
			r.Header.Set("Content-Type", "application/json")
		}
	}},
	{name: "accepts any GET", check: "verify/unsigned", words: "GET", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if r.Method == "GET" {
			return nil
		}
		return good(a, r)
	})},
	{name: "skips without a secret", check: "verify/secrets", words: "empty", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if a.Value("secret") == "" {
			return nil
		}
		return good(a, r)
	})},
	{name: "signs with a blank secret", check: "verify/secrets", words: "blank",
		change: verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			if strings.TrimSpace(a.Value("secret")) == "" && expected(a, r) == r.Header.Get(header) {
				return nil
			}
			return good(a, r)
		})},
	{name: "has one secret for all", check: "verify/secrets", words: "another account", change: func(c *candidate) {
		verify, sign := c.Verify, c.Sign
		all := channel.NewAccount("all", "", map[string]string{"secret": "fake-Secret-0123456789"})
		c.Verify = func(_ channel.Account, r channel.Request) error { return verify(all, r) }
		c.Sign = func(_ channel.Account, r *channel.Request) { sign(all, r) }
	}},
	{name: "knows the current secret only", check: "verify/rotation", words: "previous secret",
		change: verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			return good(channel.NewAccount(a.ID, a.URL, map[string]string{"secret": a.Value("secret")}), r)
		})},
	{name: "ignores the time", check: "verify/time", words: "two hours old", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		seconds, _ := json.Number(r.Header.Get("X-Fake-Time")).Int64()
		r.Received = time.Unix(seconds, 0)
		return good(a, r)
	})},
	{name: "allows no delay", check: "verify/time", words: "30 s", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if r.Header.Get("X-Fake-Time") != fmt.Sprint(r.Received.Unix()) {
			return channel.Refuse(channel.Stale)
		}
		return good(a, r)
	})},
	{name: "tells the secret", check: "verify/errors", words: "not channel.Refuse",
		change: verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			if good(a, r) != nil {
				return errors.New("bad signature for secret " + a.Value("secret"))
			}
			return nil
		})},
	{name: "tells the expected signature", check: "verify/errors", words: "the error holds",
		change: verifyWith(func(a channel.Account, r channel.Request, good verifier) error {
			if err := good(a, r); err != nil {
				return fmt.Errorf("want %s: %w", expected(a, r)[:16], err)
			}
			return nil
		})},
	{name: "tells the body", check: "verify/errors", words: "the error holds", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if err := good(a, r); err != nil {
			return fmt.Errorf("%s: %w", r.Body, err)
		}
		return nil
	})},
	{name: "has its own reason", check: "verify/errors", words: "known reason", change: verifyWith(func(a channel.Account,
		r channel.Request, good verifier) error {
		if good(a, r) != nil {
			return channel.Refuse("nope")
		}
		return nil
	})},
}

// parseWith breaks Parse by changing what it returns.
func parseWith(change func(r channel.Request, evs []events.Event) []events.Event) func(*candidate) {
	return func(c *candidate) {
		good := c.Parse
		c.Parse = func(a channel.Account, r channel.Request) ([]events.Event, error) {
			evs, err := good(a, r)
			if err != nil {
				return nil, err
			}
			return change(r, evs), nil
		}
	}
}

// eachWith breaks Parse by changing each event.
func eachWith(change func(e *events.Event)) func(*candidate) {
	return parseWith(func(_ channel.Request, evs []events.Event) []events.Event {
		for i := range evs {
			change(&evs[i])
		}
		return evs
	})
}

// strictly breaks Parse by an error for some bodies.
func strictly(refuse func(r channel.Request, evs []events.Event) error) func(*candidate) {
	return func(c *candidate) {
		good := c.Parse
		c.Parse = func(a channel.Account, r channel.Request) ([]events.Event, error) {
			evs, err := good(a, r)
			if err == nil {
				err = refuse(r, evs)
			}
			return evs, err
		}
	}
}

var parseMutants = []mutant{
	{name: "another text", check: "parse/golden", words: "differs from", change: eachWith(func(e *events.Event) {
		if e.Data.Message != nil {
			e.Data.Message.Metadata = []events.Field{{Name: "a", Value: "b"}}
		}
	})},
	{name: "no golden", check: "parse/golden", words: "-update", files: map[string]string{"testdata/in/text.json": ""}},
	{name: "left over", check: "parse/orphan", words: "old.json",
		files: map[string]string{"testdata/in/old.json": "[]\n"}},
	{name: "ids from the clock", check: "parse/deterministic", words: "second Parse",
		change: eachWith(func(e *events.Event) { e.Key += fmt.Sprint(time.Now().UnixNano()) })},
	{name: "remembers", check: "parse/concurrent", words: "", change: func(c *candidate) {
		turn := make(chan int, 1)
		turn <- 0
		eachWith(func(e *events.Event) { n := <-turn; e.Key += fmt.Sprint(n); turn <- n + 1 })(c)
	}},
	{name: "one key for all", check: "parse/keys", words: "message:1",
		change: eachWith(func(e *events.Event) { e.Key = "message:1" })},
	{name: "no raw", check: "parse/raw", words: "no Raw", change: eachWith(func(e *events.Event) { e.Raw = nil })},
	{name: "drops the second", check: "parse/batch", words: "events", change: parseWith(func(_ channel.Request,
		evs []events.Event) []events.Event {
		return evs[:min(1, len(evs))]
	})},
	{name: "drops the last of three", check: "parse/batch", words: "events", change: parseWith(func(_ channel.Request,
		evs []events.Event) []events.Event {
		return evs[:min(2, len(evs))]
	})},
	{name: "turns the order", check: "parse/batch", words: "events", change: parseWith(func(_ channel.Request,
		evs []events.Event) []events.Event {
		if len(evs) > 1 {
			evs[0], evs[1] = evs[1], evs[0]
		}
		return evs
	})},
	{name: "fails all for one", check: "parse/bad-item", words: "events[0]", change: strictly(func(_ channel.Request,
		evs []events.Event) error {
		for _, e := range evs {
			if e.Type == events.IngestUnsupported {
				return channel.Malform("item")
			}
		}
		return nil
	})},
	{name: "stops at the bad one", check: "parse/bad-item", words: "neighbours", change: parseWith(func(_ channel.Request,
		evs []events.Event) []events.Event {
		for i, e := range evs {
			if e.Type == events.IngestUnsupported {
				return evs[:i+1]
			}
		}
		return evs
	})},
	{name: "drops the bad one", check: "parse/bad-item", words: "without a trace",
		change: parseWith(func(_ channel.Request, evs []events.Event) []events.Event {
			var kept []events.Event
			for _, e := range evs {
				if e.Type != events.IngestUnsupported {
					kept = append(kept, e)
				}
			}
			return kept
		})},
	{name: "knows all fields", check: "parse/unknown-field", words: "unknown field",
		change: strictly(func(r channel.Request, _ []events.Event) error {
			d := json.NewDecoder(bytes.NewReader(r.Body))
			d.DisallowUnknownFields()
			return d.Decode(&struct{ Events []json.RawMessage }{})
		})},
	{name: "tells fields apart by number", check: "parse/unknown-field", words: "changes the events",
		change: eachWith(func(e *events.Event) {
			if e.Data.Message != nil {
				e.Data.Message.Revision = int64(bytes.Count(e.Raw, []byte(":")))
			}
		})},
	{name: "panics when truncated", check: "parse/hostile-body", words: "panics", change: func(c *candidate) {
		good := c.Parse
		c.Parse = func(a channel.Account, r channel.Request) ([]events.Event, error) {
			if r.Body[len(r.Body)-1] != '}' {
				panic("truncated")
			}
			return good(a, r)
		}
	}},
	{name: "needs a header", check: "parse/hostile-body", words: "no header", change: strictly(func(r channel.Request,
		_ []events.Event) error {
		_ = r.Header["Content-Type"][0]
		return nil
	})},
	{name: "tells content", check: "parse/hostile-value", words: "holds content", change: strictly(func(r channel.Request,
		_ []events.Event) error {
		var d struct {
			Events []struct{ Time json.Number }
		}
		return json.Unmarshal(r.Body, &d)
	})},
	{name: "empty ids", check: "parse/hostile-value", words: "is empty", change: func(c *candidate) {
		c.Parse = func(_ channel.Account, r channel.Request) ([]events.Event, error) {
			var d struct{ Events []struct{ ID string } }
			if json.Unmarshal(r.Body, &d) != nil || len(d.Events) == 0 {
				return nil, channel.Malform("body")
			}
			return []events.Event{{Type: events.IngestUnsupported, Key: "message:" + d.Events[0].ID,
				Data: events.Data{Unsupported: events.UnsupportedOf("a", "b", nil)}}}, nil
		}
	}},
	{name: "year 58000", check: "parse/hostile-value", words: "year",
		change: eachWith(func(e *events.Event) { e.Time = e.Time.Add(1<<62).Add(1<<62).AddDate(9000, 0, 0) })},
	{name: "a buffer for each", check: "parse/memory", words: "MiB",
		change: eachWith(func(e *events.Event) { e.Raw = append(make([]byte, 0, 64<<10), e.Raw...) })},
}

// shakeWith breaks Handshake.
func shakeWith(broken func(a channel.Account, r channel.Request, good func(channel.Account,
	channel.Request) (channel.Response, bool)) (channel.Response, bool)) func(*candidate) {
	return func(c *candidate) {
		good := c.Handshake
		c.Handshake = func(a channel.Account, r channel.Request) (channel.Response, bool) { return broken(a, r, good) }
	}
}

type shaker = func(channel.Account, channel.Request) (channel.Response, bool)

// echo answers whoever asks.
func echo(r channel.Request, contentType string) (channel.Response, bool) {
	return channel.Response{Status: 200, ContentType: contentType, Body: r.Query().Get("challenge")}, r.Method == "GET"
}

var handshakeMutants = []mutant{
	{name: "adds a line break", check: "handshake/golden", words: "differs from",
		change: shakeWith(func(a channel.Account, r channel.Request, good shaker) (channel.Response, bool) {
			answer, ok := good(a, r)
			answer.Body += "\n"
			return answer, ok
		})},
	{name: "refuses all", check: "handshake/golden", words: "no handshake*.http is answered",
		change: shakeWith(func(channel.Account, channel.Request, shaker) (channel.Response, bool) {
			return channel.Response{Status: 403}, true
		})},
	{name: "has a sample only", check: "handshake/golden", words: "no Handshake",
		change: func(c *candidate) { c.Handshake = nil }},
	{name: "answers anybody", check: "handshake/forged", words: "whatever the account's credentials",
		change: shakeWith(func(_ channel.Account, r channel.Request, _ shaker) (channel.Response, bool) {
			return echo(r, "text/plain")
		})},
	{name: "compares a prefix of the token", check: "handshake/forged", words: "shortened",
		change: shakeWith(func(a channel.Account, r channel.Request, good shaker) (channel.Response, bool) {
			if got := r.Query().Get("token"); got != "" && strings.HasPrefix(a.Value("verify_token"), got) {
				return echo(r, "text/plain")
			}
			return good(a, r)
		})},
	{
		name: "ignores the signature", check: "handshake/forged", words: "header X-Fake-Signature missing",
		files: map[string]string{"testdata/in/handshake.http": "POST /webhooks/fake/demo?token=fake-Verify-token HTTP/1.1\nX-Fake-Signature: 00\n\n{}"},
		change: shakeWith(func(a channel.Account, r channel.Request, good shaker) (channel.Response, bool) {
			return channel.Response{Status: 200, Body: "ok"}, r.Query().Get("token") == a.Value("verify_token")
		}),
	},
	{name: "skips without a token", check: "handshake/forged", words: "blank", change: shakeWith(func(a channel.Account,
		r channel.Request, good shaker) (channel.Response, bool) {
		if a.Value("verify_token") == "" {
			return echo(r, "text/plain")
		}
		return good(a, r)
	})},
	{name: "panics without a parameter", check: "handshake/forged", words: "panics",
		change: shakeWith(func(a channel.Account, r channel.Request, good shaker) (channel.Response, bool) {
			if r.Method == "GET" {
				_ = r.Query()["challenge"][0]
			}
			return good(a, r)
		})},
	{name: "reflects", check: "handshake/reflection", words: "echoes a script", change: shakeWith(func(a channel.Account,
		r channel.Request, good shaker) (channel.Response, bool) {
		if r.Query().Get("token") == a.Value("verify_token") {
			return echo(r, "text/html")
		}
		return good(a, r)
	})},
	{name: "takes deliveries", check: "handshake/delivery", words: "text.http", change: shakeWith(func(channel.Account,
		channel.Request, shaker) (channel.Response, bool) {
		return channel.Response{Status: 200}, true
	})},
}

var coverageMutants = []mutant{
	{name: "no text sample", check: "coverage/text", words: "text.http is missing",
		files: map[string]string{"testdata/in/text.http": ""}},
	{name: "drops text", check: "coverage/text", words: "no event", change: parseWith(func(channel.Request,
		[]events.Event) []events.Event {
		return nil
	})},
	{name: "text as echo", check: "coverage/text", words: "no message.received",
		change: eachWith(func(e *events.Event) { e.Type = events.MessageEchoed })},
	{name: "drops the unknown", check: "coverage/unknown", words: "gives no event",
		change: parseWith(func(_ channel.Request, evs []events.Event) []events.Event {
			var kept []events.Event
			for _, e := range evs {
				if e.Data.Message != nil && e.Data.Message.Content[0].Unsupported == nil {
					kept = append(kept, e)
				}
			}
			return kept
		})},
	{name: "unknown without raw", check: "coverage/unknown", words: "raw", change: eachWith(func(e *events.Event) {
		if m := e.Data.Message; m != nil && m.Content[0].Unsupported != nil {
			m.Content[0].Unsupported.Raw = ""
		}
	})},
	{name: "cuts emoji", check: "coverage/unicode", words: "U+FFFF", change: eachWith(func(e *events.Event) {
		if m := e.Data.Message; m != nil && m.Content[0].Text != nil {
			m.Content[0].Text.Body = strings.ReplaceAll(m.Content[0].Text.Body, "🎈", "?")
		}
	})},
	{name: "no batch", check: "coverage/batch", words: "events can hold several",
		files: map[string]string{"testdata/in/batch.http": "", "testdata/in/batch.json": ""}},
	{name: "milliseconds for seconds", check: "coverage/events", words: "happened",
		change: eachWith(func(e *events.Event) { e.Time = time.Unix(e.Time.UnixMilli()/1e6, 0) })},
	{name: "a role of its own", check: "coverage/schema", words: "role", change: eachWith(func(e *events.Event) {
		if e.Data.Message != nil {
			e.Data.Message.Actor.Role = "boss"
		}
	})},
	{name: "an unknown type", check: "coverage/schema", words: "type",
		change: eachWith(func(e *events.Event) { e.Type = "message.seen.v1" })},
	{name: "refuses duplicates", check: "coverage/ack", words: "409", change: func(c *candidate) {
		c.Ack = func(_ channel.Account, _ channel.Request, receipt channel.Receipt) channel.Response {
			return channel.Response{Status: 200 + 209*receipt.Duplicates}
		}
	}},
	{name: "no content", check: "coverage/events", words: "content", change: eachWith(func(e *events.Event) {
		if e.Data.Message != nil {
			e.Data.Message.Content = nil
		}
	})},
}

// fakeCandidate is the channel that does everything right, with its platform.
func fakeCandidate() candidate { return candidate{fake.Channel, fakeplay.Platform} }
