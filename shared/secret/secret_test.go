package secret_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/stage/awsfake"
)

// A vault is Secrets Manager with one account, "demo", that is older than any grace.
type vault struct {
	t        *testing.T
	clock    *awsfake.Clock
	client   *secretsmanager.Client
	accounts *secret.Accounts
	calls    int
	down     bool
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{t: t, clock: awsfake.NewClock(time.Date(2026, 8, 1, 16, 0, 0, 0, time.UTC))}
	server, err := awsfake.New(awsfake.Options{Clock: v.clock, Observe: func(awsfake.Call) { v.calls++ },
		Intercept: func(awsfake.Call) *awsfake.Fault {
			if v.down {
				return &awsfake.Fault{Status: 400, Code: "AccessDeniedException"}
			}
			return nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	v.client = secretsmanager.New(secretsmanager.Options{Region: "us-east-1", HTTPClient: server.HTTPClient(),
		BaseEndpoint: aws.String("http://aws.local"),
		Credentials:  credentials.NewStaticCredentialsProvider("me", "me", "")})
	v.accounts = secret.NewAccounts(v.client, "relais/test/line/", "https://relais.example/webhooks/line/", v.clock.Now)
	if _, err := v.client.CreateSecret(t.Context(),
		&secretsmanager.CreateSecretInput{Name: aws.String("relais/test/line/demo"),
			SecretString: aws.String(`{"key":"one"}`)}); err != nil {
		t.Fatal(err)
	}
	v.clock.Advance(2 * secret.Grace)
	v.calls = 0
	return v
}

func (v *vault) rotate(value string) {
	v.t.Helper()
	if _, err := v.client.PutSecretValue(v.t.Context(),
		&secretsmanager.PutSecretValueInput{SecretId: aws.String("relais/test/line/demo"),
			SecretString: aws.String(value)}); err != nil {
		v.t.Fatal(err)
	}
	v.calls = 0
}

// want checks the account's keys, and how many calls it took to know them.
func (v *vault) want(what, keys string, calls int) {
	v.t.Helper()
	v.calls = 0
	a, err := v.accounts.Account(v.t.Context(), "demo")
	got := strings.Join(a.Values("key"), " ")
	if err != nil {
		got = err.Error()
	}
	if got != keys || v.calls != calls {
		v.t.Errorf("%s: %q after %d calls, want %q after %d", what, got, v.calls, keys, calls)
	}
}

func TestAccountIsKept(t *testing.T) {
	v := newVault(t)
	v.want("first", "one", 1)
	a, _ := v.accounts.Account(t.Context(), "demo")
	if a.URL != "https://relais.example/webhooks/line/demo" || a.ID != "demo" {
		t.Errorf("account %q at %q", a.ID, a.URL)
	}
	v.clock.Advance(secret.TTL - time.Second)
	v.want("within the TTL", "one", 0)
	v.clock.Advance(time.Second)
	v.want("after the TTL", "one", 1)
}

func TestPreviousWithinGrace(t *testing.T) {
	v := newVault(t)
	v.rotate(`{"key":"two"}`)
	v.want("after a rotation", "two one", 2)
	v.clock.Advance(secret.Grace - time.Second)
	v.want("at the end of the grace", "two one", 2)
	v.clock.Advance(secret.TTL)
	v.want("after the grace", "two", 1)
	v.rotate(`{"key":"three"}`)
	v.rotate(`{"key":"four"}`)
	v.clock.Advance(secret.TTL)
	v.want("after two rotations", "four three", 2)
}

func TestUnknownAccounts(t *testing.T) {
	v := newVault(t)
	ask := func(id string, calls int) {
		t.Helper()
		v.calls = 0
		if _, err := v.accounts.Account(t.Context(), id); !errors.Is(err, secret.ErrUnknown) || v.calls != calls {
			t.Errorf("%q: %v after %d calls, want unknown after %d", id, err, v.calls, calls)
		}
	}
	ask("nobody", 1)
	ask("nobody", 0)
	v.clock.Advance(time.Minute)
	ask("nobody", 1)
	for _, id := range []string{"", "UPPER", "../demo", "demo/x", strings.Repeat("a", 64)} {
		ask(id, 0)
	}
	v.want("a known one", "one", 1)
}

// TestGuesses: ten thousand guessed ids in ten seconds buy few calls, take nothing
// from accounts that are known, and keep nobody from an account that was connected
// meanwhile.
func TestGuesses(t *testing.T) {
	v := newVault(t)
	v.want("known", "one", 1)
	guess := func(name string, n int, pause time.Duration) (calls int) {
		t.Helper()
		v.calls = 0
		for i := range n {
			_, err := v.accounts.Account(t.Context(), fmt.Sprintf("%s-%d", name, i))
			if !errors.Is(err, secret.ErrUnknown) && !errors.Is(err, secret.ErrBusy) {
				t.Fatal(err)
			}
			v.clock.Advance(pause)
		}
		return v.calls
	}
	if calls := guess("a", 10000, time.Millisecond); calls > 40 {
		t.Errorf("10,000 ids in ten seconds bought %d calls, want at most 40", calls)
	}
	v.want("a known one, after more guesses than are remembered", "one", 0)
	v.clock.Advance(secret.TTL)
	guess("b", 1000, 0)
	v.want("a known one whose time is over, amid guesses", "one", 1)

	if _, err := v.client.CreateSecret(t.Context(),
		&secretsmanager.CreateSecretInput{Name: aws.String("relais/test/line/fresh"),
			SecretString: aws.String(`{"key":"one"}`)}); err != nil {
		t.Fatal(err)
	}
	for try := range 3 { // as its platform does while it is refused
		if _, err := v.accounts.Account(t.Context(), "fresh"); err == nil {
			return
		}
		guess(fmt.Sprintf("c%d", try), 1000, 3*time.Millisecond+time.Microsecond)
	}
	t.Error("an account that was connected amid guesses is not found when its platform comes again")
}

// TestGuessesAgain: guessing the same ids over and over buys no more.
func TestGuessesAgain(t *testing.T) {
	v := newVault(t)
	v.calls = 0
	for i := range 10000 {
		_, _ = v.accounts.Account(t.Context(), fmt.Sprintf("guess-%d", i%2000))
		v.clock.Advance(10 * time.Millisecond)
	}
	if v.calls > 30+50+30+50 {
		t.Errorf("10,000 tries in 100 seconds bought %d calls, want at most 160", v.calls)
	}
}

func TestRefetch(t *testing.T) {
	v := newVault(t)
	refetch := func(what string, ok bool, calls int) {
		t.Helper()
		v.calls = 0
		if _, got := v.accounts.Refetch(t.Context(), "demo"); got != ok || v.calls != calls {
			t.Errorf("%s: %v after %d calls, want %v after %d", what, got, v.calls, ok, calls)
		}
	}
	refetch("nothing to be newer than", false, 0)
	v.want("first", "one", 1)
	refetch("just fetched", false, 0)
	v.rotate(`{"key":"two"}`)
	v.clock.Advance(secret.RefetchAfter)
	refetch("rotated", true, 2)
	v.want("rotated", "two one", 0)
	refetch("a flood", false, 0)
}

// TestDown: while Secrets Manager does not answer, what was known stays, and
// asking costs a call per RefetchAfter.
func TestDown(t *testing.T) {
	v := newVault(t)
	v.want("first", "one", 1)
	v.down = true
	v.clock.Advance(secret.TTL)
	v.want("down", "one", 1)
	v.want("still down", "one", 0)
	v.clock.Advance(secret.RefetchAfter)
	v.want("down for long", "one", 1)
	if _, err := v.accounts.Account(t.Context(), "other"); err == nil || errors.Is(err, secret.ErrUnknown) {
		t.Errorf("an account that cannot be asked for: %v, want a failure that is not ErrUnknown", err)
	}
	v.down = false
	v.rotate(`{"key":"two"}`)
	v.clock.Advance(secret.RefetchAfter)
	v.want("up again", "two one", 2)
}

// TestDeletedAccount: forgeries must not keep a deleted account alive.
func TestDeletedAccount(t *testing.T) {
	v := newVault(t)
	v.want("first", "one", 1)
	if _, err := v.client.DeleteSecret(context.Background(),
		&secretsmanager.DeleteSecretInput{SecretId: aws.String("relais/test/line/demo"),
			ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	v.clock.Advance(secret.RefetchAfter)
	if _, ok := v.accounts.Refetch(t.Context(), "demo"); ok {
		t.Error("a deleted account was fetched")
	}
	v.want("deleted", secret.ErrUnknown.Error(), 0)
}

// TestMalformedSecret: errors name the account and never the secret.
func TestMalformedSecret(t *testing.T) {
	v := newVault(t)
	v.rotate(`canary-secret`)
	_, err := v.accounts.Account(t.Context(), "demo")
	if err == nil || !strings.Contains(err.Error(), "demo") || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v, want one that names the account and not the secret", err)
	}
}

// TestUnusableSecret is known for a while too: a typo must not cost a call per
// webhook.
func TestUnusableSecret(t *testing.T) {
	v := newVault(t)
	if _, err := v.client.CreateSecret(t.Context(),
		&secretsmanager.CreateSecretInput{Name: aws.String("relais/test/line/typo"),
			SecretString: aws.String(`{"key": hunter2}`)}); err != nil {
		t.Fatal(err)
	}
	v.clock.Advance(2 * secret.Grace)
	v.calls = 0
	for range 2 {
		_, err := v.accounts.Account(t.Context(), "typo")
		if !errors.Is(err, secret.ErrUnusable) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v, want an error that says the secret is unusable and not what it is", err)
		}
	}
	if v.calls != 1 {
		t.Errorf("%d calls, want 1", v.calls)
	}
}
