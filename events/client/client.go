// Package client asks Relais' HTTP API, in the types of package events. It needs the
// standard library alone, so that it can be taken with the contract.
//
//	c, err := client.New(client.Options{URL: "https://api.example.com", Token: client.Token(os.Getenv("TOKEN"))})
//	…
//	claimed, err := c.Next(ctx, "support", events.Claim{Assignee: "ada", Limit: 5})
//	var stale *client.Error
//	if errors.As(err, &stale) && stale.Kind == client.Stale {
//		fmt.Println(stale.Problem.Remedy)
//	}
//
// There is a method for each operation of openapi.json, of the operation's name without
// get or list. Lists come whole, to range over, or by the page.
//
// # Repetitions
//
// What was cut off, throttled or not possible for a moment is asked again, as often as
// Options.Attempts say, with pauses that grow; a server that says how long to wait is
// believed. All attempts of a call have one idempotency key: the request's own, else one
// that is made for the call. The error of a call that ends without an answer has this Key
// and says Unknown: whoever repeats the request under the same key, even in another
// process, does not do twice what was done. Next has no key, and is repeated only when it
// cannot have had an effect.
//
// # Who calls
//
// A deployment for an OpenID provider's tokens takes Options.Token, which is asked before
// every attempt: let it keep a token as long as it is good. A deployment for IAM takes a
// Transport that signs with the caller's credentials: see the example of New.
package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A TokenSource gives the bearer token that says who calls.
type TokenSource func(context.Context) (string, error)

// Token is the source of one token.
func Token(token string) TokenSource {
	return func(context.Context) (string, error) { return token, nil }
}

// Options say where the API is and who asks.
type Options struct {
	URL       string            // of the deployment: "https://api.example.com"
	Token     TokenSource       // nil where Transport says who calls
	Transport http.RoundTripper // nil is like http.DefaultTransport
	Timeout   time.Duration     // of one attempt; 0 is DefaultTimeout. The context bounds the whole call
	Attempts  int               // of one call, at most; 0 is DefaultAttempts
}

const (
	// DefaultTimeout is a little more than API Gateway waits for a function, so that its
	// answer is heard.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
	DefaultTimeout = 35 * time.Second
	// DefaultAttempts ride out a restart, not an outage.
	DefaultAttempts = 4
)

// A Client asks one deployment. It can be used by many goroutines at once.
type Client struct {
	base     *url.URL
	token    TokenSource
	http     *http.Client
	timeout  time.Duration
	attempts int
	pause    func(context.Context, time.Duration) error // time, which tests do not wait for
}

// New is a Client.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	// What url.Parse says repeats its argument, in which a password may stand.
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.User != nil ||
		base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("client: URL must be that of a deployment, such as https://api.example.com, " +
			"with neither user nor query in it")
	}
	if o.Attempts < 0 || o.Timeout < 0 {
		return nil, fmt.Errorf("client: Attempts (%d) and Timeout (%s) must not be negative", o.Attempts, o.Timeout)
	}
	base.Path, base.RawPath = strings.TrimSuffix(base.Path, "/"), ""
	if o.Transport == nil {
		o.Transport = http.DefaultTransport.(*http.Transport).Clone()
	}
	// The API leads nowhere else, and a token must not go there.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{base: base, token: o.Token, http: &http.Client{Transport: o.Transport, CheckRedirect: stay},
		timeout: cmp.Or(o.Timeout, DefaultTimeout), attempts: cmp.Or(o.Attempts, DefaultAttempts), pause: sleep}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
