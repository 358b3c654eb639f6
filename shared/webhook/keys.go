package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/relais-dev/relais/shared/channel"
)

const (
	// keysTTL is how long a document of public keys is used: platforms publish a
	// new key a day or more before they sign with it.
	keysTTL = time.Hour
	// keysRefetch is the least time between two fetches of one document that failed
	// verifications cause.
	keysRefetch = 30 * time.Second
	// keysRetry is how long a fetch that failed is the answer: a host that is down
	// or refuses is not asked per webhook.
	keysRetry = 10 * time.Second
	// keysMaxAge is how long a document is used whose host gives no newer one: it
	// outlives an outage, and a key that was withdrawn does not prove things for ever.
	keysMaxAge = 6 * time.Hour
	// maxDocuments bounds the memory of them: a region's certificates and a few more.
	maxDocuments = 64
	// Where the request names the document, a stranger can name a new one each time.
	// Addresses of which we have no document are fetched at this rate at the most;
	// those of which we have one always are.
	unknownRate, unknownBurst = 1, 20
)

// errKeys says that the public keys of a channel cannot be had now.
var errKeys = errors.New("public keys are not to be had")

// Keys fetches documents of public keys and keeps them for a while.
type Keys struct {
	HTTP channel.Doer
	Now  func() time.Time
	Log  *slog.Logger

	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]document
	unknown *rate.Limiter
}

// A document is the last that its host gave, if any, and what came of the last try.
type document struct {
	text    []byte
	fetched time.Time
	err     error // of the last try
	tried   time.Time
}

// answer is what d says at a time to somebody who wants it not older than age;
// false means that its host must be asked.
func (d document) answer(now time.Time, age time.Duration) ([]byte, bool, error) {
	old := now.Sub(d.fetched)
	switch {
	case d.text != nil && old < min(age, keysMaxAge):
		return d.text, true, nil
	case d.err == nil || now.Sub(d.tried) >= keysRetry:
		return nil, false, nil
	case d.text != nil && old < keysMaxAge: // it still proves what it proved
		return d.text, true, nil
	}
	return nil, true, d.err
}

// Get is the document at address, not older than age unless its host gives no newer
// one. However many ask at once, the host is asked once. The error is a
// channel.Refusal where the host says that there is no such document, and else one
// that a later try may heal.
func (k *Keys) Get(ctx context.Context, address string, age time.Duration) ([]byte, error) {
	if text, ok, err := k.document(address).answer(k.Now(), age); ok {
		return text, err
	}
	// The one who asks asks for all, so it is not stopped when it goes; HTTP has a deadline.
	ctx = context.WithoutCancel(ctx)
	text, err, _ := k.flights.Do(address, func() (any, error) {
		d := k.document(address)
		if text, ok, err := d.answer(k.Now(), age); ok { // the flight before this one found it
			return text, err
		}
		if d.text == nil && !k.mayAsk() {
			return []byte(nil), fmt.Errorf("%w: too many addresses are unknown", errKeys)
		}
		d.tried = k.Now()
		if text, err := k.fetch(ctx, address); err != nil {
			k.Log.Error("public keys cannot be had, and what they check is not accepted", "error", err.Error())
			d.err = err
		} else {
			d = document{text: text, fetched: d.tried, tried: d.tried}
		}
		k.remember(address, d)
		text, _, err := d.answer(d.tried, age)
		return text, err
	})
	return text.([]byte), err
}

func (k *Keys) fetch(ctx context.Context, address string) ([]byte, error) {
	r, err := channel.Env{HTTP: k.HTTP}.Get(ctx, address, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errKeys, err)
	case r.Status == http.StatusTooManyRequests || r.Status == http.StatusRequestTimeout:
	case r.Status/100 == 4:
		return nil, fmt.Errorf("their host answered %d: %w", r.Status, channel.Refuse(channel.NoKeys))
	case r.OK() && len(r.Body) > 0:
		return r.Body, nil
	}
	return nil, fmt.Errorf("%w: their host answered %d with %d bytes", errKeys, r.Status, len(r.Body))
}

func (k *Keys) document(address string) document {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.known[address]
}

func (k *Keys) mayAsk() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unknown == nil {
		k.unknown = rate.NewLimiter(unknownRate, unknownBurst)
	}
	return k.unknown.AllowN(k.Now(), 1)
}

// remember keeps d, if need be in the place of the one that was asked for longest
// ago: of those that could not be had if there is one.
func (k *Keys) remember(address string, d document) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil {
		k.known = map[string]document{}
	}
	if _, ok := k.known[address]; !ok && len(k.known) >= maxDocuments {
		delete(k.known, k.stalest())
	}
	k.known[address] = d
}

func (k *Keys) stalest() string {
	return slices.MinFunc(slices.Collect(maps.Keys(k.known)), func(a, b string) int {
		x, y := k.known[a], k.known[b]
		if (x.text == nil) != (y.text == nil) {
			return len(x.text) - len(y.text)
		}
		return x.tried.Compare(y.tried)
	})
}
