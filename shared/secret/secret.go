// Package secret finds the account that a webhook is for and its credentials in
// AWS Secrets Manager, and keeps them for a while: a warm function makes no call.
package secret

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"golang.org/x/time/rate"

	"github.com/relais-dev/relais/shared/channel"
)

var (
	// ErrUnknown says that there is no such account.
	ErrUnknown = errors.New("unknown account")
	// ErrUnusable says that the account's secret is not of the documented form.
	ErrUnusable = errors.New("unusable secret")
	// ErrBusy says that too many ids were asked for that nobody knows, so that nobody
	// can tell now whether this one exists.
	ErrBusy = errors.New("too many unknown accounts were asked for")
)

const (
	// TTL is how long credentials are used without asking again.
	TTL = 5 * time.Minute
	// unknownTTL is how long an id that has no account is remembered, so that
	// guessing ids does not turn into calls.
	unknownTTL = time.Minute
	// RefetchAfter is the least time between two fetches that failed
	// verifications cause, or that Secrets Manager did not answer: a rotation is
	// noticed, a flood of forgeries and an outage cost nothing.
	RefetchAfter = 30 * time.Second
	// Grace is how long the previous version of a secret is accepted after a
	// rotation. Rotating twice ends it at once.
	Grace = 24 * time.Hour
	// An id that is not known to be an account's is looked up at this rate and burst
	// at the most, per process: 10,000 look-ups cost 0.05 USD, and the quota of them is
	// the whole AWS account's. https://aws.amazon.com/secrets-manager/pricing/
	// An id that comes again has a second budget: who guesses rarely asks twice, and
	// a platform whose account was connected just now keeps asking.
	unknownRate, unknownBurst = 0.5, 30
	// maxUnknown bounds the memory that guessed ids can take.
	maxUnknown = 4096
)

// Accounts looks up the accounts of one channel.
type Accounts struct {
	client *secretsmanager.Client
	prefix string // names.SecretPrefix
	url    string // public URL of the channel's webhooks, without the account
	now    func() time.Time

	mu    sync.Mutex
	known map[string]entry
	first *rate.Limiter // look-ups of ids that were never asked for
	again *rate.Limiter // of those that were, and are not known to exist
}

type entry struct {
	account channel.Account
	err     error
	fetched time.Time // when this was true
	asked   time.Time // the last try to know better, which may have failed
}

// NewAccounts reads secrets called prefix + account id. webhooks is the public
// URL that an account's id completes.
func NewAccounts(client *secretsmanager.Client, prefix, webhooks string, now func() time.Time) *Accounts {
	return &Accounts{client: client, prefix: prefix, url: webhooks, now: now, known: map[string]entry{},
		first: rate.NewLimiter(unknownRate, unknownBurst), again: rate.NewLimiter(unknownRate, unknownBurst)}
}

// Account is the account with that id. Errors are ErrUnknown, ErrUnusable, ErrBusy
// or a failure to ask: the latter two the platform's retry may heal.
func (a *Accounts) Account(ctx context.Context, id string) (channel.Account, error) {
	if !channel.ValidAccountID(id) {
		return channel.Account{}, ErrUnknown
	}
	a.mu.Lock()
	e, ok := a.known[id]
	a.mu.Unlock()
	if ok && e.usable(a.now()) {
		return e.account, e.err
	}
	if !a.mayAsk(id, e, ok) {
		return channel.Account{}, ErrBusy
	}
	account, err := a.fetch(ctx, id)
	if err == nil || errors.Is(err, ErrUnknown) || errors.Is(err, ErrUnusable) {
		a.remember(id, entry{account, err, a.now(), a.now()})
		return account, err
	}
	if ok && e.err == nil { // Secrets Manager is down: what verified a minute ago still does
		a.remember(id, entry{e.account, nil, e.fetched, a.now()})
		return e.account, nil
	}
	return channel.Account{}, err
}

// mayAsk says whether id may be looked up now. e is what is known of it, if it was
// asked for before. What is known to exist always may.
func (a *Accounts) mayAsk(id string, e entry, before bool) bool {
	switch {
	case !before:
		a.meet(id)
		return a.first.AllowN(a.now(), 1)
	case errors.Is(e.err, ErrUnknown):
		return a.again.AllowN(a.now(), 1)
	}
	return true
}

// usable says whether e needs no fetch.
func (e entry) usable(now time.Time) bool {
	if e.err != nil {
		return now.Sub(e.fetched) < unknownTTL
	}
	return now.Sub(e.fetched) < TTL || now.Sub(e.asked) < RefetchAfter
}

// Refetch asks again for an account whose verification failed, at most once per
// RefetchAfter; false means nothing newer is to be had.
func (a *Accounts) Refetch(ctx context.Context, id string) (channel.Account, bool) {
	a.mu.Lock()
	e, ok := a.known[id]
	due := ok && a.now().Sub(e.asked) >= RefetchAfter
	if due {
		e.asked = a.now()
		a.known[id] = e
	}
	a.mu.Unlock()
	if !due {
		return channel.Account{}, false
	}
	account, err := a.fetch(ctx, id)
	if errors.Is(err, ErrUnknown) { // deleted: what the channel signs is not believed any longer
		a.remember(id, entry{channel.Account{}, err, a.now(), a.now()})
	}
	if err != nil {
		return channel.Account{}, false
	}
	a.remember(id, entry{account, nil, a.now(), a.now()})
	return account, true
}

// meet notes that id was asked for, unless another call knows it meanwhile.
func (a *Accounts) meet(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.known[id]; !ok {
		a.put(id, entry{err: ErrUnknown}) // so long ago that it is not usable
	}
}

func (a *Accounts) remember(id string, e entry) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(id, e)
}

func (a *Accounts) put(id string, e entry) {
	if len(a.known) >= maxUnknown {
		for k, old := range a.known {
			if old.err != nil {
				delete(a.known, k)
			}
		}
	}
	a.known[id] = e
}

func (a *Accounts) fetch(ctx context.Context, id string) (channel.Account, error) {
	current, created, err := a.version(ctx, id, "AWSCURRENT")
	if err != nil {
		return channel.Account{}, err
	}
	var previous []byte
	if a.now().Sub(created) < Grace {
		previous, _, err = a.version(ctx, id, "AWSPREVIOUS")
		if err != nil && !errors.Is(err, ErrUnknown) {
			return channel.Account{}, err
		}
	}
	account, err := channel.ParseAccount(id, a.url+id, current, previous)
	if err != nil {
		return channel.Account{}, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	return account, nil
}

func (a *Accounts) version(ctx context.Context, id, stage string) ([]byte, time.Time, error) {
	out, err := a.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(a.prefix + id),
		VersionStage: &stage})
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		return nil, time.Time{}, ErrUnknown
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read secret of account %s: %w", id, err)
	}
	return []byte(aws.ToString(out.SecretString)), aws.ToTime(out.CreatedDate), nil
}
