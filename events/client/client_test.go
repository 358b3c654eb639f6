package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
)

func instantly(ctx context.Context, _ time.Duration) error { return ctx.Err() }

type does []http.HandlerFunc

// A script is a server that does one thing after another, the last again and again.
type script struct {
	mu    sync.Mutex
	steps does
	keys  []string // of each request
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var keyed struct {
		IdempotencyKey string `json:"idempotencyKey"`
	}
	json.Unmarshal(body, &keyed)
	s.mu.Lock()
	s.keys = append(s.keys, keyed.IdempotencyKey+r.Header.Get("Idempotency-Key"))
	step := s.steps[min(len(s.keys), len(s.steps))-1]
	s.mu.Unlock()
	step(w, r)
}

func (s *script) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

// cut closes the connection after the request has arrived, and perhaps had its effect.
func cut(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// half ends in the middle of an answer.
func half(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "100")
	io.WriteString(w, `{"id":`)
}

// slow answers when nobody waits any more.
func slow(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func huge(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `"`+strings.Repeat("x", maxAnswer)+`"`)
}

func answers(status int, contentType, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func problem(status int, kind string, header ...string) http.HandlerFunc {
	return answers(status, "application/problem+json", fmt.Sprintf(`{"type":"https://relais.dev/problems/%s",`+
		`"title":"The %s","status":%d,"detail":"it is so","remedy":"do something"}`, kind, kind, status), header...)
}

var (
	accepted = answers(202, "application/json", `{"id":"msg_1","state":"queued"}`)
	claimed  = answers(200, "application/json", `{"conversation":{"channel":"line"}}`)
	busy     = problem(503, "unavailable", "Retry-After", "1")
	gateway  = answers(503, "application/json", `{"message":"Service Unavailable"}`)
	throttle = answers(429, "application/json", `{"message":"Too Many Requests"}`)
)

// TestAttempts: what may pass is asked again, under one key, where it cannot be done twice.
func TestAttempts(t *testing.T) {
	send, next, get := calls["sendMessage"], calls["next"], calls["getMessage"]
	for _, x := range []struct {
		name    string
		call    func(context.Context, *Client) error
		steps   does
		asked   int
		kind    Kind
		status  int // of the error; -1 is success
		unknown bool
	}{
		{"cut after the effect", send, does{cut, accepted}, 2, "", -1, false},
		{"half an answer", send, does{half, accepted}, 2, "", -1, false},
		{"busy, then accepted", send, does{busy, gateway, throttle, accepted}, 4, "", -1, false},
		{"always cut", send, does{cut}, 4, "", 0, true},
		{"cut, then refused", send, does{cut, problem(422, "invalid")}, 2, Invalid, 422, false},
		{"cut, then the token is over", send, does{cut, problem(401, "unauthorised")}, 2, Unauthorised, 401, true},
		{"cut, then throttled", send, does{cut, throttle}, 4, "", 429, true},
		{"throttled", send, does{throttle}, 4, "", 429, false},
		{"wait longer", send, does{problem(503, "unavailable", "Retry-After", "3600")}, 1, Unavailable, 503, true},
		{"Relais fails", send, does{problem(500, "internal"), accepted}, 1, Internal, 500, true},
		{"the gateway fails", send, does{answers(500, "application/json", "{}"), accepted}, 2, "", -1, false},
		{"refused", send, does{problem(409, "conflict"), accepted}, 1, Conflict, 409, false},
		{"garbage", send, does{answers(200, "application/json", "<html>"), accepted}, 1, "", 200, true},
		{"a login page", send, does{answers(200, "text/html", "{}"), accepted}, 1, "", 200, true},
		{"nothing", send, does{answers(204, "", "")}, 1, "", 204, true},
		{"huge", send, does{huge, accepted}, 1, "", 200, true},
		{"huge to read", get, does{huge}, 1, "", 200, false},
		{"led elsewhere", send, does{answers(307, "", "", "Location", "/elsewhere"), accepted}, 1, "", 307, true},
		{"next, cut", next, does{cut, claimed}, 1, "", 0, true},
		{"next, busy", next, does{busy, claimed}, 1, Unavailable, 503, true},
		{"next, throttled", next, does{throttle, claimed}, 2, "", -1, false},
		{"act, cut", calls["act"], does{cut, accepted}, 2, "", -1, false},
		{"command, cut", calls["command"], does{cut, accepted}, 2, "", -1, false},
		{"render, cut", calls["render"], does{cut}, 4, "", 0, false},
		{"read, cut", get, does{cut}, 4, "", 0, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := &script{steps: x.steps}
			err := x.call(t.Context(), serve(t, s.ServeHTTP))
			keys := s.asked()
			if len(keys) != x.asked || len(slices.Compact(slices.Clone(keys))) != 1 {
				t.Errorf("asked with the keys %q, want one, %d times", keys, x.asked)
			}
			if x.status < 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%v is no *Error", err)
			}
			if e.Kind != x.kind || e.Status != x.status || e.Unknown != x.unknown || e.Attempts != x.asked || e.Key != keys[0] {
				t.Errorf("%+v", *e)
			}
			if strings.Contains(err.Error(), "secret") || strings.Contains(fmt.Sprintf("%+v", *e), "secret") {
				t.Errorf("tells the token: %v", err)
			}
		})
	}
}

// TestKey: a request's own key stays.
func TestKey(t *testing.T) {
	s := &script{steps: does{cut, accepted}}
	c := serve(t, s.ServeHTTP)
	o, command := hello, closing
	o.IdempotencyKey, command.IdempotencyKey = "mine", "mine"
	if _, err := c.SendToConversation(t.Context(), cnv, o); err != nil {
		t.Error(err)
	}
	if _, err := c.Command(t.Context(), command); err != nil {
		t.Error(err)
	}
	typing := events.Action{To: events.To{Conversation: cnv}, Verb: events.ActTyping}
	if _, err := c.Act(t.Context(), typing, "mine"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"mine", "mine", "mine", "mine"}, s.asked()); diff != "" {
		t.Error(diff)
	}
	if one, other := NewKey(), NewKey(); one == other {
		t.Error("two keys are the same")
	}
}

// TestStale: what Relais says of a conversation reaches whoever asked.
func TestStale(t *testing.T) {
	c := serve(t, answers(409, "application/problem+json; charset=utf-8", `{"type":"https://relais.dev/problems/stale",`+
		`"title":"The conversation is not as the request takes it to be","status":409,`+
		`"detail":"\"bo\" has the conversation","class":"policy","remedy":"leave it to them",`+
		`"faults":[{"path":"was","message":"must be right"}],`+
		`"conversation":{"channel":"line","account":"shop","conversation":{"id":"`+cnv+`"},`+
		`"sequence":"00000000000000000042","state":"open","episode":1,"assignee":"bo"}}`))
	_, err := c.Command(t.Context(), closing)
	var e *Error
	if !errors.As(fmt.Errorf("at the desk: %w", err), &e) || e.Kind != Stale || e.Problem.Conversation == nil {
		t.Fatalf("%#v", err)
	}
	if got := e.Problem.Conversation.Assignee; got != "bo" || e.Problem.Class != "policy" || len(e.Problem.Faults) != 1 {
		t.Errorf("%+v", e.Problem)
	}
	want := `Command: The conversation is not as the request takes it to be: "bo" has the conversation: ` +
		`was: must be right; leave it to them`
	if err.Error() != want {
		t.Errorf("says %s", err)
	}
}

// TestTime: one attempt has its time, the whole call the context's, and a server's pause is kept.
func TestTime(t *testing.T) {
	s := &script{steps: does{slow, accepted}}
	c := serve(t, s.ServeHTTP)
	c.timeout = 20 * time.Millisecond
	if _, err := c.SendMessage(t.Context(), hello); err != nil || len(s.asked()) != 2 {
		t.Errorf("%v after %d attempts", err, len(s.asked()))
	}
	s = &script{steps: does{slow}}
	c = serve(t, s.ServeHTTP)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := c.SendMessage(ctx, hello)
	var e *Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &e) || !e.Unknown || len(s.asked()) != 1 {
		t.Errorf("%v after %d attempts", err, len(s.asked()))
	}
	var pauses []time.Duration
	s = &script{steps: does{problem(503, "unavailable", "Retry-After", "7"), cut, accepted}}
	c = serve(t, s.ServeHTTP)
	c.pause = func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }
	if _, err := c.SendMessage(t.Context(), hello); err != nil || len(pauses) != 2 || pauses[0] != 7*time.Second ||
		pauses[1] > 2*firstPause+time.Millisecond {
		t.Errorf("%v after pauses of %v", err, pauses)
	}
	c.pause = func(context.Context, time.Duration) error { return context.Canceled }
	c = &Client{base: c.base, http: c.http, timeout: time.Second, attempts: 4, pause: c.pause,
		token: func(context.Context) (string, error) { return "", errors.New("no login") }}
	if _, err := c.SendMessage(t.Context(), hello); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped while it waited: %v", err)
	}
}

// TestNobodyThere: without a connection nothing can have happened, so that even Next is tried
// again; and addresses stay out of errors.
func TestNobodyThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	c, err := New(Options{URL: s.URL, Attempts: 3})
	if err != nil {
		t.Fatal(err)
	}
	c.pause = instantly
	var e *Error
	if err := calls["next"](t.Context(), c); !errors.As(err, &e) || e.Attempts != 3 || e.Unknown {
		t.Errorf("%v", err)
	}
	if err := calls["listConversations"](t.Context(), c); err == nil || strings.Contains(err.Error(), "ada") {
		t.Errorf("%v", err)
	}
}

// TestPages: lists go on over empty pages, end with an error, and stop when nobody listens.
func TestPages(t *testing.T) {
	pages := map[string]string{
		"":  `{"items":[{"sequence":"1"},{"sequence":"2"}],"cursor":"b"}`,
		"b": `{"items":[],"cursor":"c"}`,
		"c": `{"items":[{"sequence":"3"}]}`,
		"x": `{"items":[],"cursor":"x"}`,
		"y": `{"items":[{"sequence":"4"}],"cursor":"z"}`,
	}
	asked := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		page, ok := pages[r.URL.Query().Get("cursor")]
		if !ok {
			problem(422, "invalid")(w, r)
			return
		}
		answers(200, "application/json", page)(w, r)
	})
	collect := func(cursor string) (got []string, err error) {
		for s, e := range c.Conversations(t.Context(), ConversationQuery{Cursor: cursor}) {
			if err = e; err == nil {
				got = append(got, s.Sequence)
			}
		}
		return got, err
	}
	if got, err := collect(""); err != nil || !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := collect("x"); !errors.Is(err, errStuck) {
		t.Errorf("a page that leads to itself: %v", err)
	}
	var e *Error
	if got, err := collect("y"); !errors.As(err, &e) || e.Kind != Invalid || !slices.Equal(got, []string{"4"}) {
		t.Errorf("%v %v", got, err)
	}
	asked = 0
	for range c.Events(t.Context(), cnv, EventQuery{}) {
		break
	}
	if asked != 1 {
		t.Errorf("%d pages were asked for, though one event was enough", asked)
	}
}

// TestMistakes: what cannot be right is told before anything is asked.
func TestMistakes(t *testing.T) {
	for _, u := range []string{"", "api.example.com", "ftp://x", "https://", "https://me:secret@x",
		"https://x?token=secret", "https://x/%zz-secret"} {
		if _, err := New(Options{URL: u}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", u, err)
		}
	}
	if _, err := New(Options{URL: "https://x", Attempts: -1}); err == nil {
		t.Error("a negative number of attempts is taken")
	}
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	for _, id := range []string{"", ".", "..", "a/b", "../messages", "a?b", "a%2fb"} {
		if _, err := c.SendToConversation(t.Context(), id, hello); err == nil {
			t.Errorf("%q is taken for an id", id)
		}
	}
	c.token = Token("")
	if _, err := c.Message(t.Context(), msg); err == nil {
		t.Error("asked without a token")
	}
}

// TestWho: the token, or what a transport adds, is on every attempt.
func TestWho(t *testing.T) {
	var got []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		busy(w, r)
	})
	n := 0
	c.token = func(context.Context) (string, error) { n++; return fmt.Sprint("t", n), nil }
	c.attempts = 2
	c.Message(t.Context(), msg)
	if !slices.Equal(got, []string{"Bearer t1", "Bearer t2"}) {
		t.Errorf("showed %q", got)
	}
}
