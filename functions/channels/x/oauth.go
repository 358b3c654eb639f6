package x

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A client calls X's API for one Outgoing, whose id makes each call's nonce.
type client struct {
	channel.Env
	id string
}

// call sends body, if any, as JSON, and decodes the answer into answer, if any.
func (c client) call(ctx context.Context, method, path string, body, answer any) error {
	u, err := url.Parse(apiURL + path)
	if err != nil {
		return fmt.Errorf("%w: %w", channel.ErrNotSent, err)
	}
	header, err := authorization(c.Account, request{method, u, c.Now, c.id})
	if err != nil {
		return err
	}
	var text []byte
	if body != nil {
		if text, err = channel.JSON(body); err != nil {
			return fmt.Errorf("%w: %w", channel.ErrNotSent, err)
		}
		header.Set("Content-Type", "application/json")
	}
	r, err := c.Do(ctx, method, u.String(), header, text)
	switch {
	case err != nil:
		return err
	case !r.OK():
		return failure(r, c.Now)
	case answer == nil:
		return nil
	}
	return r.Decode(answer)
}

// before is err of a call that comes before the message: whatever became of it, the
// message was not sent.
func (c client) before(err error) error {
	var e *channel.Error
	if errors.As(err, &e) {
		e.Unknown = false
		return e
	}
	if err != nil {
		return fmt.Errorf("%w: upload: %w", channel.ErrNotSent, err)
	}
	return nil
}

// A request is what OAuth 1.0a signs of a call. A body of JSON is not signed.
type request struct {
	method string
	url    *url.URL
	now    time.Time
	id     string // with the time and the address what makes the nonce
}

// authorization is the header by which a call is the account's own.
// https://docs.x.com/fundamentals/authentication/oauth-1-0a/authorizing-a-request
func authorization(a channel.Account, r request) (http.Header, error) {
	for _, name := range []string{consumerKey, consumerSecret, accessToken, accessSecret} {
		if strings.TrimSpace(a.Value(name)) == "" {
			return nil, &channel.Error{Class: events.ClassAuth, Title: "the account has no " + name,
				Remedy: "without it the account only receives"}
		}
	}
	p := url.Values{
		"oauth_consumer_key":     {a.Value(consumerKey)},
		"oauth_nonce":            {channel.Digest([]byte(r.id), r.method, r.url.Path, r.now.String())},
		"oauth_signature_method": {"HMAC-SHA1"},
		"oauth_timestamp":        {strconv.FormatInt(r.now.Unix(), 10)},
		"oauth_token":            {a.Value(accessToken)},
		"oauth_version":          {"1.0"},
	}
	p.Set("oauth_signature", oauthSignature(a, r.method, r.url, p))
	var fields []string
	for name := range p {
		fields = append(fields, escape(name)+`="`+escape(p.Get(name))+`"`)
	}
	slices.Sort(fields)
	return http.Header{"Authorization": {"OAuth " + strings.Join(fields, ", ")}}, nil
}

// oauthSignature signs a call's method, address and parameters.
// https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
func oauthSignature(a channel.Account, method string, u *url.URL, parameters url.Values) string {
	var pairs []string
	for _, values := range []url.Values{parameters, u.Query()} {
		for name, list := range values {
			for _, v := range list {
				pairs = append(pairs, escape(name)+"="+escape(v))
			}
		}
	}
	slices.Sort(pairs)
	base := method + "&" + escape("https://"+u.Host+u.EscapedPath()) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha1.New, []byte(escape(a.Value(consumerSecret))+"&"+escape(a.Value(accessSecret))))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// escape is RFC 3986's percent-encoding, in which a space is no plus sign.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
