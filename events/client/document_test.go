package client

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/relais-dev/relais/events"
)

const (
	cnv = "cnv_fqrt44ellriy4gftg4c3s2r2ui"
	msg = "msg_7fyx3zdq5eazhdm6fqlf74r4ha"
)

// calls are all methods, with all that can be asked for, by the operation that they are for.
var calls = map[string]func(context.Context, *Client) error{
	"sendMessage": func(ctx context.Context, c *Client) error {
		_, err := c.SendMessage(ctx, events.Outbound{To: events.To{Conversation: cnv},
			Content: []events.Content{events.NewText("Hello")}})
		return err
	},
	"sendToConversation": func(ctx context.Context, c *Client) error {
		_, err := c.SendToConversation(ctx, cnv, hello)
		return err
	},
	"getMessage":      func(ctx context.Context, c *Client) error { _, err := c.Message(ctx, msg); return err },
	"getConversation": func(ctx context.Context, c *Client) error { _, err := c.Conversation(ctx, cnv); return err },
	"listConversations": func(ctx context.Context, c *Client) error {
		return last(c.Conversations(ctx, ConversationQuery{Holders: []string{"support", "shop"}, State: "all",
			Order: "waiting", Assignee: "ada", Unassigned: true, Tag: "vip", Channel: "line", Account: "shop",
			Unread: "support", Limit: 10, Cursor: "c"}))
	},
	"listEvents": func(ctx context.Context, c *Client) error {
		return last(c.Events(ctx, cnv, EventQuery{Types: []string{"message", "note"}, Newest: true, Limit: 10, Cursor: "c"}))
	},
	"listAudit": func(ctx context.Context, c *Client) error {
		_, err := c.AuditPage(ctx, "2026-08-01", "c")
		return err
	},
	"act": func(ctx context.Context, c *Client) error {
		_, err := c.Act(ctx, events.Action{To: events.To{Conversation: cnv}, Verb: events.ActTyping, Active: true}, "")
		return err
	},
	"command": func(ctx context.Context, c *Client) error { _, err := c.Command(ctx, closing); return err },
	"next": func(ctx context.Context, c *Client) error {
		_, err := c.Next(ctx, "support", events.Claim{Assignee: "ada", Limit: 3})
		return err
	},
	"render": func(ctx context.Context, c *Client) error {
		_, err := c.Render(ctx, events.RenderRequest{Channels: []string{"line"}, Outbound: hello})
		return err
	},
	"listChannels": func(ctx context.Context, c *Client) error { _, err := c.Channels(ctx, cnv); return err },
	"getDocument":  func(ctx context.Context, c *Client) error { _, err := c.Document(ctx); return err },
}

var (
	hello   = events.Outbound{Content: []events.Content{events.NewText("Hello")}}
	closing = events.Command{To: events.To{Conversation: cnv}, Do: events.DoClose}
)

// last is the error that a list ends with.
func last[T any](list func(func(T, error) bool)) (err error) {
	for _, err = range list {
	}
	return err
}

// An operation is one of the document.
type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct {
		Name, In string
	}
	RequestBody *struct {
		Content map[string]struct {
			Schema map[string]any
		}
	}
	Responses map[string]any

	method, path string
}

func document(t *testing.T) ([]byte, map[string]operation) {
	t.Helper()
	text, err := os.ReadFile("../../functions/http/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	list := map[string]operation{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			op.method, op.path = strings.ToUpper(method), path
			list[op.ID] = op
		}
	}
	return text, list
}

// TestOperations holds the client to the document: each operation has a method, which asks
// for what the document says, with all of its parameters and a body that it allows.
func TestOperations(t *testing.T) {
	text, list := document(t)
	compiler := jsonschema.NewCompiler()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	for id := range calls {
		if _, ok := list[id]; !ok {
			t.Errorf("the document has no operation %s any more", id)
		}
	}
	for id, op := range list {
		t.Run(id, func(t *testing.T) {
			do, ok := calls[id]
			if !ok {
				t.Fatalf("no method of Client asks for %s %s: add it, and the call here", op.method, op.path)
			}
			var got *http.Request
			var body []byte
			c := serve(t, func(w http.ResponseWriter, r *http.Request) {
				got = r
				body, _ = io.ReadAll(r.Body)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(success(op))
				io.WriteString(w, "{}")
			})
			if err := do(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			asks(t, op, got)
			if op.RequestBody == nil {
				return
			}
			schema, err := compiler.Compile("openapi.json" +
				op.RequestBody.Content["application/json"].Schema["$ref"].(string))
			if err != nil {
				t.Fatal(err)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
			if err != nil || schema.Validate(v) != nil {
				t.Errorf("%v %v: %s", err, schema.Validate(v), body)
			}
		})
	}
}

func success(op operation) int {
	for status := range op.Responses {
		if n, _ := strconv.Atoi(status); n/100 == 2 {
			return n
		}
	}
	return 0
}

// asks compares a request with its operation.
func asks(t *testing.T, op operation, r *http.Request) {
	t.Helper()
	pattern := "^" + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(op.path, `[^/]+`) + "$"
	if r.Method != op.method || !regexp.MustCompile(pattern).MatchString(r.URL.Path) {
		t.Errorf("asks for %s %s, want %s %s", r.Method, r.URL.Path, op.method, op.path)
	}
	var want []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			want = append(want, p.Name)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(r.URL.Query())); !slices.Equal(got, want) {
		t.Errorf("asks with %v, want %v", got, want)
	}
}

// TestKinds: each kind of problem in the document has a constant.
func TestKinds(t *testing.T) {
	text, _ := document(t)
	source, err := os.ReadFile("error.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`relais\.dev/problems/([a-z-]+)`).FindAllSubmatch(text, -1)
	if len(found) == 0 {
		t.Fatal("the document names no kind of problem")
	}
	for _, m := range found {
		if !regexp.MustCompile(`Kind += "` + string(m[1]) + `"`).Match(source) {
			t.Errorf("no constant for the kind of problem %s", m[1])
		}
	}
}

// serve is a client of a server, whose pauses take no time.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := New(Options{URL: s.URL + "/", Token: Token("secret-token")})
	if err != nil {
		t.Fatal(err)
	}
	c.pause = instantly
	return c
}
