package instagram_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/instagram"
	"github.com/relais-dev/relais/shared/channel"
)

// A client answers by the token that a call carries, and keeps what was called.
type client struct {
	answers map[string]string // by access_token; "" for all others
	calls   []string
}

func (c *client) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	c.calls = append(c.calls, r.URL.Host+r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(body))
	answer, ok := c.answers[r.URL.Query().Get("access_token")]
	if !ok {
		answer = c.answers[""]
	}
	status := http.StatusOK
	if strings.Contains(answer, "error") {
		status = http.StatusBadRequest
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(answer))}, err
}

var now = time.Date(2026, 8, 1, 16, 5, 0, 0, time.UTC)

func owner(login string) channel.Account {
	return channel.NewAccount("demo", "", map[string]string{"app_secret": "s", "verify_token": "t", "access_token": "own",
		"login": login})
}

func TestToken(t *testing.T) {
	const (
		fresh = `{"access_token":"next","token_type":"bearer","expires_in":5184000}`
		dead  = `{"error":{"code":190,"message":"expired"}}`
		young = `{"error":{"code":100,"message":"too young"}}`
	)
	month := now.Add(30 * 24 * time.Hour)
	for _, tc := range []struct {
		name, login, refresh string
		answers              map[string]string
		want                 channel.Token // zero: an error
	}{
		{"the first", "instagram", "", map[string]string{"own": fresh},
			channel.Token{Value: "next", ExpiresAt: month, Refresh: "next"}},
		{"the next", "instagram", "kept", map[string]string{"kept": fresh, "own": dead},
			channel.Token{Value: "next", ExpiresAt: month, Refresh: "next"}},
		{"the owner logged in again", "instagram", "kept", map[string]string{"kept": dead, "own": fresh},
			channel.Token{Value: "next", ExpiresAt: month, Refresh: "next"}},
		{"all ended", "instagram", "kept", map[string]string{"": dead}, channel.Token{}},
		{"the first ended", "instagram", "", map[string]string{"": dead}, channel.Token{}},
		{"too young to exchange", "instagram", "", map[string]string{"own": young},
			channel.Token{Value: "own", ExpiresAt: now.Add(24 * time.Hour), Refresh: "own"}},
		{"without a life", "instagram", "", map[string]string{"": `{"access_token":"next"}`},
			channel.Token{Value: "next", ExpiresAt: month, Refresh: "next"}},
		{"without a token", "instagram", "", map[string]string{"": `{}`}, channel.Token{}},
		{"a page's", "facebook", "", nil, channel.Token{Value: "own", ExpiresAt: now.Add(time.Hour)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := instagram.Channel.Token(context.Background(), channel.Env{
				Account: owner(tc.login), HTTP: &client{answers: tc.answers}, Refresh: tc.refresh, Now: now,
			})
			if diff := cmp.Diff(tc.want, got); diff != "" || (err != nil) != (tc.want == channel.Token{}) {
				t.Errorf("error %v; token (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Each log-in has its own host, and its own words for why a message is sent.
func TestLogins(t *testing.T) {
	for login, want := range map[string]string{
		"instagram": `graph.instagram.com/v25.0/me/messages Bearer minted {"recipient":{"id":"8"},"tag":"HUMAN_AGENT",` +
			`"message":{"text":"hi"}}`,
		"facebook": `graph.facebook.com/v25.0/me/messages Bearer minted {"recipient":{"id":"8"},` +
			`"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"hi"}}`,
	} {
		c := &client{answers: map[string]string{"": `{"message_id":"aWdf1"}`}}
		out := channel.Outgoing{
			ID: "msg_a.1", To: channel.Recipient{Conversation: events.Conversation{PlatformID: "8"}},
			Heard:   now.Add(-48 * time.Hour),
			Content: []events.Content{events.NewText("hi")}, Sender: &events.Sender{Role: events.Agent},
		}
		sent, err := instagram.Channel.Send(context.Background(),
			channel.Env{Account: owner(login), HTTP: c, Token: "minted", Now: now}, out)
		if err != nil || !cmp.Equal(sent.IDs, []string{"aWdf1"}) || !cmp.Equal(c.calls, []string{want}) {
			t.Errorf("%s: sent %v, %v by %q", login, sent, err, c.calls)
		}
	}
}
