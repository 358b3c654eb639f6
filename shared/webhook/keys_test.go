package webhook_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/webhook"
)

// A keyHost publishes documents of public keys, and counts who asks.
type keyHost struct {
	mu     sync.Mutex
	now    time.Time
	asked  int
	status int           // 0: it is down
	gate   chan struct{} // what it waits for before it answers
}

func (h *keyHost) Do(r *http.Request) (*http.Response, error) {
	h.mu.Lock()
	h.asked++
	status, gate := h.status, h.gate
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if status == 0 {
		return nil, errors.New("no route to host")
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("keys of " + r.URL.Path))}, nil
}

func (h *keyHost) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *keyHost) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func newKeyHost(status int) (*keyHost, *webhook.Keys) {
	h := &keyHost{now: time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC), status: status}
	return h, &webhook.Keys{HTTP: h, Now: h.clock, Log: slog.New(slog.DiscardHandler)}
}

const address = "https://keys.example/a"

// TestKeysAreAskedForOnce, whatever the host answers: in a row and all at once.
func TestKeysAreAskedForOnce(t *testing.T) {
	for name, status := range map[string]int{"down": 0, "refuses": 403, "fails": 500, "works": 200} {
		t.Run(name, func(t *testing.T) {
			h, keys := newKeyHost(status)
			for range 100 {
				text, err := keys.Get(t.Context(), address, time.Hour)
				if (err == nil) != (status == 200) || (string(text) == "keys of /a") != (status == 200) {
					t.Fatalf("got %q, %v", text, err)
				}
				if refusal := channel.RefusalReason(err) == channel.NoKeys; refusal != (status == 403) {
					t.Fatalf("%v is a refusal: %v", err, refusal)
				}
			}
			if h.asked != 1 {
				t.Errorf("in a row: asked %d times, want once", h.asked)
			}
		})
		t.Run(name+" at once", func(t *testing.T) {
			h, keys := newKeyHost(status)
			h.gate = make(chan struct{})
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if _, err := keys.Get(t.Context(), address, time.Hour); (err == nil) != (status == 200) {
						t.Error(err)
					}
				})
			}
			close(h.gate)
			all.Wait()
			if h.asked != 1 {
				t.Errorf("asked %d times, want once", h.asked)
			}
		})
	}
}

// TestKeysGrowOld: a document outlives an outage of hours, and not one for ever.
func TestKeysGrowOld(t *testing.T) {
	h, keys := newKeyHost(200)
	wants := func(what string, ok bool, asked int) {
		t.Helper()
		_, err := keys.Get(t.Context(), address, time.Hour)
		if (err == nil) != ok || h.asked != asked {
			t.Errorf("%s: %v after asking %d times, want %d", what, err, h.asked, asked)
		}
	}
	wants("first", true, 1)
	h.status = 0
	h.pass(time.Hour)
	wants("down", true, 2)
	h.pass(9 * time.Second)
	wants("still down", true, 2)
	h.pass(time.Second)
	wants("asked again", true, 3)
	h.pass(5 * time.Hour)
	wants("too old", false, 4)
	h.status = 200
	wants("too soon", false, 4)
	h.pass(10 * time.Second)
	wants("up again", true, 5)
}

// TestKeysOfStrangers: who names a new address each time buys few fetches, and
// costs nobody else a document.
func TestKeysOfStrangers(t *testing.T) {
	h, keys := newKeyHost(200)
	if _, err := keys.Get(t.Context(), address, time.Hour); err != nil {
		t.Fatal(err)
	}
	h.status = 403
	for i := range 1000 {
		if _, err := keys.Get(t.Context(), fmt.Sprintf("https://keys.example/guess/%d", i), time.Hour); err == nil {
			t.Fatal("a document of a host that refuses")
		}
		h.pass(10 * time.Millisecond)
	}
	if h.asked > 40 {
		t.Errorf("asked %d times in ten seconds, want at most 40", h.asked)
	}
	asked := h.asked
	if _, err := keys.Get(t.Context(), address, time.Hour); err != nil || h.asked != asked {
		t.Errorf("the known document: %v after asking %d times more", err, h.asked-asked)
	}
	h.status = 200
	h.pass(time.Hour)
	for i := range 100 {
		_, _ = keys.Get(t.Context(), fmt.Sprintf("https://keys.example/more/%d", i), time.Hour)
	}
	if _, err := keys.Get(t.Context(), address, time.Hour); err != nil {
		t.Errorf("the known document is not fetched while strangers ask: %v", err)
	}
	h.pass(time.Minute)
	if _, err := keys.Get(t.Context(), "https://keys.example/new", time.Hour); err != nil {
		t.Errorf("a new document, a minute later: %v", err)
	}
}
