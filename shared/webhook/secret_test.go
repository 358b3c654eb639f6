package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/lambdahttp"
	"github.com/relais-dev/relais/shared/observe"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/stage/awsfake"
	"github.com/relais-dev/relais/shared/webhook"
)

// TestNothingIsVerifiedWithoutASecret: a channel is not even asked, since it might take an empty secret for one.
func TestNothingIsVerifiedWithoutASecret(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC) }
	server, err := awsfake.New(awsfake.Options{Clock: awsfake.NewClock(now())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	secrets := secretsmanager.NewFromConfig(aws.Config{Region: awsfake.Region, HTTPClient: server.HTTPClient(),
		BaseEndpoint: aws.String("http://aws.local"), Credentials: credentials.NewStaticCredentialsProvider("me", "me", "")})
	asked := 0
	h := &webhook.Handler{Accounts: secret.NewAccounts(secrets, "accounts/", "https://relais.example/", now), Now: now,
		Log: slog.New(slog.DiscardHandler), Metrics: observe.NewMetrics(&bytes.Buffer{}, "ear", now),
		Channel: channel.Channel{Name: "ear", Credentials: []channel.Credential{{Name: "key"}},
			Verify: func(channel.Account, channel.Request) error { asked++; return errors.New("not signed") }}}
	for name, x := range map[string]struct {
		secret string
		asked  int
	}{"none": {`{"other":"x"}`, 0}, "empty": {`{"key":"","other":"x"}`, 0}, "blank": {`{"key":" ","other":"x"}`, 0},
		"one": {`{"key":"k"}`, 1}} {
		asked = 0
		if _, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{SecretString: &x.secret,
			Name: aws.String("accounts/" + name)}); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodPost, "https://relais.example/webhooks/ear/"+name, nil)
		payload, err := lambdahttp.Event(r, []byte("{}"), "ANY /webhooks/{proxy+}", "1", now())
		if err != nil {
			t.Fatal(err)
		}
		out, err := h.Invoke(t.Context(), payload)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ StatusCode int }
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusUnauthorized || asked != x.asked {
			t.Errorf("%s: answered %d, and the channel was asked %d times, want 401 and %d", name, answer.StatusCode, asked,
				x.asked)
		}
	}
}
