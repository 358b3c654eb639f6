package outhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/outhttp"
)

func get(t *testing.T, c *outhttp.Client, address string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Do(r)
}

func TestForbidden(t *testing.T) {
	c := outhttp.New(answers(func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, io.EOF }),
		time.Second,
		func(host string) bool { return host == "api.example.com" })
	for _, address := range []string{"http://api.example.com/", "https://user:pw@api.example.com/",
		"https://evil.example.com/", "https://api.example.com:8443/", "ftp://api.example.com/"} {
		if _, err := get(t, c, address); !errors.Is(err, outhttp.ErrForbidden) || !errors.Is(err, channel.ErrNotSent) {
			t.Errorf("%s: error %v", address, err)
		}
	}
}

type answers func(*http.Request) (*http.Response, error)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func response(status int, header http.Header, body io.Reader) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body)}
}

// TestWritten: only a request that was written in full leaves a doubt.
func TestWritten(t *testing.T) {
	broken := errors.New("connection reset")
	for name, x := range map[string]struct {
		trace func(*httptrace.ClientTrace)
		sent  bool
	}{
		"never written": {func(*httptrace.ClientTrace) {}, false},
		"written partly": {func(c *httptrace.ClientTrace) { c.WroteRequest(httptrace.WroteRequestInfo{Err: broken}) },
			false},
		"written": {func(c *httptrace.ClientTrace) { c.WroteRequest(httptrace.WroteRequestInfo{}) }, true},
	} {
		c := outhttp.New(answers(func(r *http.Request) (*http.Response, error) {
			x.trace(httptrace.ContextClientTrace(r.Context()))
			return nil, broken
		}), time.Second, nil)
		_, err := get(t, c, "https://api.example.com/bot123:SECRET/send")
		if errors.Is(err, channel.ErrNotSent) == x.sent || !errors.Is(err, broken) {
			t.Errorf("%s: error %v", name, err)
		}
		if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "api.example.com") {
			t.Errorf("%s: the error holds the address: %v", name, err)
		}
	}
}

func TestDeadline(t *testing.T) {
	c := outhttp.New(answers(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil,
			r.Context().Err()
	}), time.Millisecond, nil)
	if _, err := get(t, c, "https://api.example.com/"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
}

// endless never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestEndlessAnswer(t *testing.T) {
	c := outhttp.New(answers(func(*http.Request) (*http.Response, error) { return response(200, nil, endless{}), nil }),
		time.Minute, nil)
	resp, err := get(t, c, "https://api.example.com/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); n != outhttp.MaxBody || !errors.Is(err, outhttp.ErrTooLarge) {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestRedirects: calls follow none; files follow a few, each checked, without the
// headers of the first.
func TestRedirects(t *testing.T) {
	var seen []string
	leads := map[string]string{"/a": "https://cdn.example.com/b", "/b": "https://cdn.example.com/c", "/c": "",
		"/loop": "https://api.example.com/loop", "/down": "http://cdn.example.com/x"}
	transport := answers(func(r *http.Request) (*http.Response, error) {
		seen = append(seen, r.URL.Host+r.URL.Path+" "+r.Header.Get("Authorization"))
		if to := leads[r.URL.Path]; to != "" {
			return response(302, http.Header{"Location": {to}}, strings.NewReader("")), nil
		}
		return response(200, nil, strings.NewReader("file")), nil
	})
	plain := outhttp.New(transport, time.Second, nil)
	if resp, err := get(t, plain, "https://api.example.com/a"); err != nil || resp.StatusCode != 302 {
		t.Errorf("a call followed a redirect: %v %v", resp, err)
	}
	seen = nil
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example.com/a", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer secret")
	resp, err := plain.Following().Do(r)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	if got, want := strings.Join(seen, ","),
		"api.example.com/a Bearer secret,cdn.example.com/b ,cdn.example.com/c "; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
	for _, address := range []string{"https://api.example.com/loop", "https://api.example.com/down"} {
		seen = nil
		if _, err := get(t, plain.Following(), address); !errors.Is(err, channel.ErrNotSent) {
			t.Errorf("%s: error %v", address, err)
		}
		if len(seen) > 4 {
			t.Errorf("%s: asked %d times", address, len(seen))
		}
	}
}

func TestTraceAndCaller(t *testing.T) {
	var trace, caller string
	transport := answers(func(r *http.Request) (*http.Response, error) {
		trace, caller = r.Header.Get("Traceparent"), outhttp.Caller(r.Context())
		return response(200, nil, strings.NewReader("")), nil
	})
	c := outhttp.New(transport, time.Second, func(string) bool { return true }).For("line")
	r, err := http.NewRequestWithContext(outhttp.WithTrace(t.Context(), "msg_1"), http.MethodGet,
		"https://api.example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(r); err != nil {
		t.Fatal(err)
	}
	if len(trace) != 55 || !strings.HasPrefix(trace, "00-") || caller != "line" {
		t.Errorf("traceparent %q, caller %q", trace, caller)
	}
	if _, err := outhttp.New(transport, time.Second, nil).Do(r); err != nil || trace != "" {
		t.Errorf("a host that anybody named is told the trace %q (%v)", trace, err)
	}
}
