package rcs_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/rcs"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/channel/channeltest"
)

func Test(t *testing.T)             { channeltest.Run(t, rcs.Channel) }
func FuzzChannel(f *testing.F)      { channeltest.Fuzz(f, rcs.Channel) }
func BenchmarkChannel(b *testing.B) { channeltest.Bench(b, rcs.Channel) }

// The vector of Google's signature: of the decoded data, not of the body, and not
// of the base64 text.
const (
	vectorBody = `{"message":{"data":"eyJzZW5kZXJQaG9uZU51bWJlciI6Iis0NDc3MDA5MDAxMjMiLCJtZXNzYWdlSWQiOiJNc1RFU1QwMDAxIiwic2VuZFRpbWUiOiIyMDI2LTA4LTAxVDEyOjAwOjAwLjEyMzQ1NloiLCJhZ2VudElkIjoiZGVtb19hZ2VudEByYm0uZ29vZyIsInRleHQiOiJIaSDwn5iAIn0=","messageId":"1"},"subscription":"s"}`
	vectorSign = "dQ/iTI2Oq2F5jFJgIAesLOsuv5vOpXs57G8c36Sb6eNNMxtbdZK07/PJWQMUVnOT5jx3ZntJudZecG8XE6PLNQ=="
)

var account = channel.NewAccount("demo", "", map[string]string{"client_token": "client-token-for-tests", "agent_id": "demo_agent@rbm.goog"})

func request(body, signature string) channel.Request {
	r := channel.Request{Method: "POST", Header: http.Header{}, Body: []byte(body), Received: time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC)}
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
	rcs.Channel.Sign(account, &r)
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
	other := channel.NewAccount("demo", "", map[string]string{"client_token": "client-token-for-tests", "agent_id": "other@rbm.goog"})
	evs, err := rcs.Channel.Events(other, request(vectorBody, vectorSign))
	if err != nil {
		t.Fatal(err)
	}
	if d := evs[0].Data; evs[0].Type != events.IngestUnsupported || d.Contact != nil || d.Conversation.Kind != events.Own {
		t.Errorf("it becomes %s of %+v in %+v", evs[0].Type, d.Contact, d.Conversation)
	}
}
