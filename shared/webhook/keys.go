package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

const (
	// keysTTL is how long a document of public keys is used: platforms publish a
	// new key a day or more before they sign with it.
	keysTTL = time.Hour
	// keysRefetch is the least time between two fetches of one document that failed
	// verifications cause.
	keysRefetch = 30 * time.Second
	// maxDocuments bounds the memory of them: a region's certificates and a few more.
	maxDocuments = 64
)

// Keys fetches documents of public keys and keeps them for a while.
type Keys struct {
	HTTP channel.Doer
	Now  func() time.Time

	mu    sync.Mutex
	known map[string]document
}

type document struct {
	text    []byte
	fetched time.Time
}

// Get is the document at address, not older than age.
func (k *Keys) Get(ctx context.Context, address string, age time.Duration) ([]byte, error) {
	k.mu.Lock()
	d, ok := k.known[address]
	k.mu.Unlock()
	if ok && k.Now().Sub(d.fetched) < age {
		return d.text, nil
	}
	r, err := channel.Env{HTTP: k.HTTP}.Get(ctx, address, nil)
	if err == nil && !r.OK() {
		err = fmt.Errorf("answered %d", r.Status)
	}
	if err == nil && len(r.Body) == 0 {
		err = errors.New("answered nothing")
	}
	if err != nil {
		if ok { // an older document still proves what it proved
			return d.text, nil
		}
		return nil, fmt.Errorf("fetch public keys: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known == nil || len(k.known) >= maxDocuments {
		k.known = map[string]document{}
	}
	k.known[address] = document{r.Body, k.Now()}
	return r.Body, nil
}
