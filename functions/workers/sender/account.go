package sender

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/media"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/outhttp"
	"github.com/relais-dev/relais/shared/secret"
	"github.com/relais-dev/relais/shared/store"
)

// Accounts are the accounts of all channels, as one speaks for them: their
// credentials, their access tokens, their way out.
type Accounts struct {
	channels  map[string]channel.Channel
	secrets   map[string]*secret.Accounts
	kept      *store.Accounts // their tokens
	files     *media.Files
	transport http.RoundTripper
	now       func() time.Time
	nap       func(context.Context, time.Duration)

	mu     sync.Mutex
	tokens map[string]channel.Token
}

// errCredential says that a credential which sending needs is not there.
var errCredential = errors.New("a credential is missing")

// NewAccounts reads the accounts of channels.
func NewAccounts(client *secretsmanager.Client, e function.Env, channels []channel.Channel, kept *store.Accounts,
	files *media.Files) *Accounts {
	a := &Accounts{channels: map[string]channel.Channel{}, secrets: map[string]*secret.Accounts{}, kept: kept,
		files: files, transport: e.HTTP, now: e.Now, nap: e.Sleep(), tokens: map[string]channel.Token{}}
	for _, ch := range channels {
		if ch.Send == nil {
			continue
		}
		a.channels[ch.Name] = ch
		a.secrets[ch.Name] = secret.NewAccounts(client, names.SecretPrefix(e.Getenv(names.EnvStage), ch.Name),
			e.Getenv(names.EnvPublicURL)+"/webhooks/"+ch.Name+"/", e.Now)
	}
	return a
}

// env is what a channel sees of the world for one account.
func (a *Accounts) env(ctx context.Context, name, id string) (channel.Channel, channel.Env, error) {
	ch, ok := a.channels[name]
	if !ok {
		return ch, channel.Env{}, fmt.Errorf("%w: this deployment has no channel %s", secret.ErrUnknown, name)
	}
	account, err := a.secrets[name].Account(ctx, id)
	if err != nil {
		return ch, channel.Env{}, err
	}
	if credential, missing := ch.Missing(account); missing {
		return ch, channel.Env{}, fmt.Errorf("%w: %s", errCredential, credential)
	}
	client := outhttp.New(a.transport, outhttp.Timeout,
		func(host string) bool { return ch.Answers(account, host) }).For(name)
	return ch, channel.Env{Account: account, HTTP: client, Now: a.now().UTC(), Open: a.files.Open}, nil
}

// Media is what a channel's Fetch sees: its platform's files may be on any public
// host.
func (a *Accounts) Media(ctx context.Context, name, id string) (channel.Channel, channel.Env, error) {
	ch, e, err := a.env(ctx, name, id)
	if err != nil {
		return ch, e, err
	}
	if e.Token, err = a.token(ctx, ch, e); err != nil {
		return ch, e, err
	}
	e.HTTP = outhttp.New(a.transport, outhttp.MediaTimeout, nil).For(name)
	return ch, e, nil
}

// tokenMargin is how long before its end a token is replaced.
const tokenMargin = 2 * time.Minute

// token is the account's access token, minted when there is none that lasts. One
// is minted at a time, here and among all senders.
func (a *Accounts) token(ctx context.Context, ch channel.Channel, e channel.Env) (string, error) {
	if ch.Token == nil {
		return "", nil
	}
	name := ch.Name + "/" + e.Account.ID
	a.mu.Lock()
	defer a.mu.Unlock()
	for range naps {
		if t, ok := a.tokens[name]; ok && a.now().Add(tokenMargin).Before(t.ExpiresAt) {
			return t.Value, nil
		}
		kept, err := a.kept.Token(ctx, name)
		if err != nil {
			return "", err
		}
		if kept.Value != "" && a.now().Add(tokenMargin).Before(kept.ExpiresAt) {
			a.tokens[name] = channel.Token{Value: kept.Value, ExpiresAt: kept.ExpiresAt}
			return kept.Value, nil
		}
		value, err := a.mint(ctx, ch, e, name, kept)
		if !errors.Is(err, store.ErrConflict) {
			return value, err
		}
		a.nap(ctx, time.Second)
	}
	return "", &postponed{a.now().Add(time.Minute), events.ClassAuth}
}

// A mintError is why a platform gave no token. Nothing was sent.
type mintError struct{ error }

func (e *mintError) Unwrap() error { return e.error }

// mint makes a token. One whose successor depends on it is minted under a lease
// and kept in the table, before anybody uses it.
func (a *Accounts) mint(ctx context.Context, ch channel.Channel, e channel.Env, name string,
	kept store.Token) (string, error) {
	e.Refresh, e.Now = kept.Refresh, a.now().UTC()
	err := a.kept.LeaseToken(ctx, name, kept, a.now(), a.now().Add(outhttp.Timeout+5*time.Second))
	if err != nil {
		return "", err
	}
	t, err := ch.Token(ctx, e)
	if err != nil {
		return "", errors.Join(&mintError{err}, a.kept.ReleaseToken(ctx, name))
	}
	fresh := store.Token{Value: t.Value, Refresh: t.Refresh, ExpiresAt: t.ExpiresAt, Revision: kept.Revision}
	if err := a.kept.SetToken(ctx, name, fresh); err != nil {
		return "", err
	}
	a.tokens[name] = t
	return t.Value, nil
}

// renew forgets what the platform did not accept: the token, or the secret itself
// when there is none. False means that there is nothing newer to try.
func (a *Accounts) renew(ctx context.Context, ch channel.Channel, e channel.Env) (bool, error) {
	name := ch.Name + "/" + e.Account.ID
	if ch.Token == nil {
		_, newer := a.secrets[ch.Name].Refetch(ctx, e.Account.ID)
		return newer, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	kept, err := a.kept.Token(ctx, name)
	if err != nil {
		return false, err
	}
	if kept.Value != "" && kept.Value != e.Token && kept.Value != a.tokens[name].Value { // another sender renewed it
		a.tokens[name] = channel.Token{Value: kept.Value, ExpiresAt: kept.ExpiresAt}
		return true, nil
	}
	delete(a.tokens, name)
	if fresh, newer := a.secrets[ch.Name].Refetch(ctx, e.Account.ID); newer {
		e.Account = fresh
	}
	_, err = a.mint(ctx, ch, e, name, kept)
	return err == nil, err
}
