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
	"github.com/relais-dev/relais/shared/outbox"
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

const (
	authPause    = 5 * time.Minute // the first pause of an account that is not authorised; each further one is longer
	maxAuthPause = time.Hour
)

// unauthorised renews the token once; then it pauses the account, keeps its queue
// and says so.
func (s *Sender) unauthorised(ctx context.Context, m store.Message, a attempt,
	e *channel.Error) (store.Message, error) {
	m, err := s.advance(ctx, m)
	if err != nil {
		return m, err
	}
	if m.Progress.Attempts == 1 {
		renewed, err := s.Accounts.renew(ctx, a.channel, a.env)
		if renewed {
			return m, nil
		}
		if err != nil {
			s.Log.Warn("could not renew an access token", "account", a.account, "error", err.Error())
		}
	}
	pause, err := s.Limits.Paused(ctx, a.account)
	if err != nil {
		return m, err
	}
	times := pause.Times + 1
	if times == 1 { // told first: whoever dies in between tells it twice, not never
		s.Log.Error("the platform refuses the account's credentials; its messages wait", "account", a.account,
			"code", e.Code, "remedy", e.Remedy)
		err = s.tell(ctx, health(a, events.HealthFailing,
			"the platform refuses the account's credentials ("+e.Error()+"); messages wait", s.Now()))
	}
	if err != nil {
		return m, err
	}
	until := s.Now().Add(min(authPause*time.Duration(times), maxAuthPause))
	pause = store.Pause{Until: until, Reason: events.ClassAuth, Times: times}
	if err := s.Limits.SetPause(ctx, a.account, pause); err != nil {
		return m, err
	}
	m.Progress.Attempts = 0
	m, err = s.advance(ctx, m)
	if err != nil {
		return m, err
	}
	return m, &postponed{until, events.ClassAuth}
}

// healed lifts an account's pause after a call that was taken.
func (s *Sender) healed(ctx context.Context, a attempt) error {
	pause, err := s.Limits.Paused(ctx, a.account)
	if err != nil || pause.Times == 0 {
		return err
	}
	if err := s.tell(ctx, health(a, events.HealthOK, "the platform takes messages again", s.Now())); err != nil {
		return err
	}
	return s.Limits.Lift(ctx, a.account)
}

// health is an event for operators about an account.
func health(a attempt, state, detail string, now time.Time) events.Event {
	e := events.Event{Type: events.ChannelHealth, Key: fmt.Sprintf("health:token:%s:%d", state, now.UnixMilli()),
		Time: now, Data: events.Data{Health: &events.Health{Aspect: "token", State: state, Detail: detail}}}
	channel.Complete(&e, a.channel.Name, a.env.Account.ID, now)
	return e
}

// replyShare is the part of a rate that campaigns leave to answers.
const replyShare = 4

// pace waits for the account, and for the tokens that the call takes.
func (s *Sender) pace(ctx context.Context, a attempt, r outbox.Request) error {
	pause, err := s.Limits.Paused(ctx, a.account)
	if err != nil {
		return err
	}
	if now := s.Now(); pause.Until.After(now) {
		return &postponed{pause.Until, pause.Reason}
	}
	rate := a.channel.Rate
	limits := []store.Limit{{Name: a.account, Rate: rate.Account, Burst: max(int(rate.Account), 1)},
		{Name: a.account + "/" + a.thread.Conversation.ID, Rate: rate.Pair, Burst: max(rate.Burst, 1)}}
	if a.out.Bulk {
		limits[0].Keep = limits[0].Burst / replyShare
	}
	for _, l := range limits {
		if l.Rate == 0 {
			continue
		}
		if err := s.takeToken(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sender) takeToken(ctx context.Context, l store.Limit) error {
	for range naps {
		wait, err := s.Limits.Take(ctx, l, s.Now())
		if err != nil || wait == 0 {
			return err
		}
		if wait > maxNap {
			return &postponed{s.Now().Add(wait), events.ClassRate}
		}
		s.Nap(ctx, wait)
	}
	return &postponed{s.Now().Add(maxNap), events.ClassRate}
}
