package instagram

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// maxText is the longest text, in bytes.
// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api
const maxText = 1000

const (
	facebookHost  = "graph.facebook.com"
	instagramHost = "graph.instagram.com"
)

// https://developers.facebook.com/documentation/business-messaging/instagram-messaging/send-messages
func media() map[string]channel.MediaLimit {
	const image, other = 8 << 20, 25 << 20
	return map[string]channel.MediaLimit{
		events.Image: {Bytes: image, MIME: []string{"image/jpeg", "image/png"}},
		events.Video: {Bytes: other, MIME: []string{"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime",
			"video/webm"}},
		events.Audio: {Bytes: other, MIME: []string{"audio/aac", "audio/mp4", "audio/wav"}},
		events.File:  {Bytes: other, MIME: []string{"application/pdf"}},
	}
}

// byFacebook says whether the account logs in through Facebook and its page.
func byFacebook(a channel.Account) bool { return a.Value(login) == "facebook" }

func api(a channel.Account, token string) meta.SendAPI {
	s := meta.SendAPI{Host: instagramHost, Token: cmp.Or(token, a.Value(accessToken))}
	if byFacebook(a) {
		s.Host, s.Typed = facebookHost, true
	}
	return s
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	return api(e.Account, e.Token).Send(ctx, e, o)
}

func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	return api(e.Account, e.Token).Act(ctx, e, to, a)
}

// pageTokenLife is how soon a page's token, which does not end, is read again: an
// operator may have replaced it.
const pageTokenLife = time.Hour

const (
	// tokenLife is how long a token of Instagram Login lives, and youngest the age from
	// which it can be exchanged for a new one.
	// https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
	tokenLife = 60 * 24 * time.Hour
	youngest  = 24 * time.Hour
)

// token exchanges the token of Instagram Login, while it lives, for one that lives
// longer; a page's token does not end. We ask again at half of its life: a token that
// ended is lost.
func token(ctx context.Context, e channel.Env) (channel.Token, error) {
	own := e.Account.Value(accessToken)
	if byFacebook(e.Account) {
		return channel.Token{Value: own, ExpiresAt: e.Now.Add(pageTokenLife)}, nil
	}
	t, err := refresh(ctx, e, cmp.Or(e.Refresh, own))
	var refused *channel.Error
	if errors.As(err, &refused) && refused.Class == events.ClassAuth && e.Refresh != "" && e.Refresh != own {
		t, err = refresh(ctx, e, own) // the owner logged in again
	}
	return t, err
}

// refresh exchanges one token; one that Instagram does not exchange, because it is too
// young, is good as it is.
func refresh(ctx context.Context, e channel.Env, old string) (channel.Token, error) {
	q := url.Values{"grant_type": {"ig_refresh_token"}, "access_token": {old}}
	r, err := e.Get(ctx, "https://"+instagramHost+"/refresh_access_token?"+q.Encode(), nil)
	if err != nil {
		return channel.Token{}, err
	}
	var minted meta.Minted
	err = meta.Answer(r, old, &minted)
	var refused *channel.Error
	switch {
	case errors.As(err, &refused) && refused.Class == events.ClassContent:
		return channel.Token{Value: old, ExpiresAt: e.Now.Add(youngest), Refresh: old}, nil
	case err != nil:
		return channel.Token{}, err
	case minted.Token == "":
		return channel.Token{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a token"}
	}
	return channel.Token{Value: minted.Token, ExpiresAt: e.Now.Add(minted.Life(tokenLife) / 2), Refresh: minted.Token},
		nil
}
