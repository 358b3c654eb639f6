package rcs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/rcs"
	"github.com/relais-dev/relais/functions/channels/rcs/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/exam"
	stage "github.com/relais-dev/relais/shared/stage/play"
	"github.com/relais-dev/relais/shared/stage/sample"
)

func Test(t *testing.T)             { exam.Run(t, rcs.Channel, play.Platform) }
func FuzzChannel(f *testing.F)      { exam.Fuzz(f, rcs.Channel, play.Platform) }
func BenchmarkChannel(b *testing.B) { exam.Bench(b, rcs.Channel, play.Platform) }

// The vector of Google's signature: of the decoded data, not of the body, and not
// of the base64 text.
const (
	vectorBody = `{"message":{"data":"eyJzZW5kZXJQaG9uZU51bWJlciI6Iis0NDc3MDA5MDAxMjMiLCJtZXNzYWdlSWQiOiJNc1RFU1QwMDAxI` +
		`iwic2VuZFRpbWUiOiIyMDI2LTA4LTAxVDEyOjAwOjAwLjEyMzQ1NloiLCJhZ2VudElkIjoiZGVtb19hZ2VudEByYm0uZ29vZyIsInRleHQiOiJIaS` +
		`Dwn5iAIn0=","messageId":"1"},"subscription":"s"}`
	vectorSign = "dQ/iTI2Oq2F5jFJgIAesLOsuv5vOpXs57G8c36Sb6eNNMxtbdZK07/PJWQMUVnOT5jx3ZntJudZecG8XE6PLNQ=="
)

var account = channel.NewAccount("demo", "", map[string]string{"client_token": "client-token-for-tests",
	"agent_id": "demo_agent@rbm.goog"})

func request(body, signature string) channel.Request {
	r := channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body),
		Received: time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)}
	if signature != "" {
		r.Header.Set("X-Goog-Signature", signature)
	}
	return r
}

func TestVerify(t *testing.T) {
	for _, tc := range []struct{ name, body, signature, want string }{
		{"vector", vectorBody, vectorSign, ""},
		{"another envelope", strings.Replace(vectorBody, `"s"`, `"t"`, 1), vectorSign, ""},
		{"without padding", strings.Replace(vectorBody, `0=`, `0`, 1), vectorSign, ""},
		{"another message", strings.Replace(vectorBody, "eyJz", "eyJ0", 1), vectorSign, channel.BadSignature},
		{"no header", vectorBody, "", channel.NoSignature},
		{"not base64", vectorBody, strings.Repeat("zz-", 20), channel.Malformed},
		{"cut", vectorBody, "dQ/iTI2Oq2F5jFJgIAesLA==", channel.BadSignature},
		{"no message", `{"subscription":"s"}`, vectorSign, channel.Malformed},
		{"no JSON", "x", vectorSign, channel.Malformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := rcs.Channel.Verify(account, request(tc.body, tc.signature))
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || channel.RefusalReason(err) != tc.want) {
				t.Errorf("Verify gives %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSignGivesTheVector(t *testing.T) {
	r := request(vectorBody, "")
	play.Platform.Sign(account, &r)
	if got := r.Header.Get("X-Goog-Signature"); got != vectorSign {
		t.Errorf("signature is %q, want %q", got, vectorSign)
	}
}

func TestHandshake(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		status     int // 0: no handshake
	}{
		{"Google's", `{"clientToken":"client-token-for-tests","secret":"1234567890"}`, 200},
		{"another token", `{"clientToken":"client-token-for-testz","secret":"1"}`, 403},
		{"empty token", `{"clientToken":"","secret":"1"}`, 403},
		{"no token", `{"secret":"1"}`, 0},
		{"no secret", `{"clientToken":"client-token-for-tests"}`, 0},
		{"with a message", `{"clientToken":"client-token-for-tests","secret":"1","message":{"data":"e30="}}`, 0},
	} {
		answer, ok := rcs.Channel.Handshake(account, request(tc.body, ""))
		if ok != (tc.status != 0) || answer.Status != tc.status {
			t.Errorf("%s: answered %t with %+v", tc.name, ok, answer)
		}
	}
}

// The conversation of another agent's customer is not ours to show.
func TestAnotherAgent(t *testing.T) {
	other := channel.NewAccount("demo", "", map[string]string{"client_token": "client-token-for-tests",
		"agent_id": "other@rbm.goog"})
	evs, err := rcs.Channel.Events(other, request(vectorBody, vectorSign))
	if err != nil {
		t.Fatal(err)
	}
	if d := evs[0].Data; evs[0].Type != events.IngestUnsupported || d.Contact != nil ||
		d.Conversation.Kind != events.Own {
		t.Errorf("it becomes %s of %+v in %+v", evs[0].Type, d.Contact, d.Conversation)
	}
}

// An answerer gives one answer and keeps the request.
type answerer struct {
	status  int
	body    string
	request *http.Request
	sent    string
}

func (a *answerer) Do(r *http.Request) (*http.Response, error) {
	a.request = r
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		a.sent = string(text)
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader([]byte(a.body)))}, nil
}

func send(a *answerer, with channel.Account, to string, c events.Content) (channel.Sent, error) {
	return rcs.Channel.Send(context.Background(), channel.Env{Account: with, HTTP: a, Token: "t"}, channel.Outgoing{
		ID: "msg_a.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: to}},
		Content: []events.Content{c},
	})
}

// What was sent at an earlier try counts as sent, under the same id.
func TestRepetitionIsSent(t *testing.T) {
	first, err := send(&answerer{status: 200, body: `{"name":"x"}`}, account, "+447700900123", events.NewText("a"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := send(&answerer{status: 409, body: `{"error":{"status":"ALREADY_EXISTS"}}`}, account, "+447700900123",
		events.NewText("a"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

func TestFailures(t *testing.T) {
	for _, tc := range []struct {
		status         int
		code, message  string
		class, subcode string
		unknown        bool
	}{
		{404, "NOT_FOUND", "Requested entity was not found.", events.ClassRecipient, "", false},
		{403, "PERMISSION_DENIED", "The caller does not have permission", events.ClassAuth, "", false},
		{403, "PERMISSION_DENIED", "The agent is not launched on this carrier", events.ClassRecipient, "", false},
		{400, "INVALID_ARGUMENT", "Invalid value: secret words", events.ClassContent, "content_message.text", false},
		{429, "RESOURCE_EXHAUSTED", "Quota exceeded", events.ClassRate, "", false},
		{503, "UNAVAILABLE", "Try again", events.ClassPlatform, "", false},
		{500, "INTERNAL", "Internal error", events.ClassPlatform, "", true},
		{504, "DEADLINE_EXCEEDED", "Too late", events.ClassPlatform, "", true},
	} {
		body := `{"error":{"code":1,"status":"` + tc.code + `","message":"` + tc.message +
			`","details":[{"fieldViolations":[{"field":"content_message.text"}]}]}}`
		_, err := send(&answerer{status: tc.status, body: body}, account, "+447700900123", events.NewText("a"))
		var e *channel.Error
		if !errors.As(err, &e) {
			t.Fatalf("%d %s gives %v", tc.status, tc.code, err)
		}
		if e.Class != tc.class || e.Subcode != tc.subcode || e.Unknown != tc.unknown ||
			strings.Contains(e.Error(), "secret words") {
			t.Errorf("%d %s gives %+v", tc.status, tc.message, e)
		}
	}
}

func TestAddress(t *testing.T) {
	for region, host := range map[string]string{
		"": "rcsbusinessmessaging.googleapis.com", "europe": "europe-rcsbusinessmessaging.googleapis.com",
		"evil.example/": "rcsbusinessmessaging.googleapis.com",
	} {
		a := channel.NewAccount("demo", "", map[string]string{"agent_id": "demo_agent@rbm.goog", "region": region})
		http := &answerer{status: 200, body: "{}"}
		if _, err := send(http, a, "447700900123", events.NewText("a")); err != nil {
			t.Fatal(err)
		}
		if u := http.request.URL; u.Host != host || u.Path != "/v1/phones/+447700900123/agentMessages" {
			t.Errorf("region %q is sent to %s", region, u)
		}
	}
}

// Native content is the integrator's own, but for what they leave out.
func TestNative(t *testing.T) {
	for native, want := range map[string]string{
		`{"contentMessage":{"text":"a","x":1}}`: `{"contentMessage":{"text":` +
			`"a","x":1},"messageTrafficType":"TRANSACTION","ttl":"86400s"}`,
		`{"contentMessage":{"text":"a"},"messageTrafficType":"AUTHENTICATION","ttl":"60s"}`: `{"contentMessage":{"text":` +
			`"a"},"messageTrafficType":"AUTHENTICATION","ttl":"60s"}`,
		`{"contentMessage":{"text":"a"},"expireTime":"2026-08-02T00:00:00Z"}`: `{"contentMessage":{"text":"a"},` +
			`"messageTrafficType":"TRANSACTION","expireTime":"2026-08-02T00:00:00Z"}`,
	} {
		http := &answerer{status: 200, body: "{}"}
		c := events.Content{Kind: events.KindNative, Native: &events.Native{Channel: "rcs", JSON: native}}
		if _, err := send(http, account, "+447700900123", c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, http.sent); diff != "" {
			t.Error(diff)
		}
	}
	c := events.Content{Kind: events.KindNative, Native: &events.Native{Channel: "rcs", JSON: `{"text":"a"}`}}
	var e *channel.Error
	if _, err := send(&answerer{}, account, "+447700900123", c); !errors.As(err, &e) || e.Class != events.ClassContent {
		t.Errorf("without a contentMessage it gives %v", err)
	}
}

// A platform is the double as an HTTP client.
type platform struct{ sample.Set }

func (p *platform) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := play.Platform.Answer(p.Account, stage.Call{Host: r.URL.Host, Request: channel.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery, Header: r.Header, Body: body, Received: p.Now,
	}})
	return &http.Response{StatusCode: answer.Status, Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(answer.Body))}, nil
}

// Google fetches what it shows: without an address there is nothing to show.
func TestDoubleWantsFiles(t *testing.T) {
	set, err := sample.Read(".")
	if err != nil {
		t.Fatal(err)
	}
	e := channel.Env{Account: set.Account, HTTP: &platform{set}, Now: set.Now}
	token, err := rcs.Channel.Token(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	e.Token = token.Value
	for address, took := range map[string]bool{"": false, "http://b.example/a.png": false,
		"https://b.example/a.png": true} {
		for _, caption := range []string{"", "A picture"} {
			o := channel.Outgoing{ID: "msg_a.1",
				To:      channel.Recipient{Conversation: events.Conversation{PlatformID: "+447700900123"}},
				Content: []events.Content{events.NewMedia(events.Media{Type: events.Image, URL: address, Caption: caption})}}
			if _, err := rcs.Channel.Send(t.Context(), e, o); (err == nil) != took {
				t.Errorf("a file at %q, caption %q: %v", address, caption, err)
			}
		}
	}
}
