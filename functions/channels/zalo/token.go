package zalo

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// mint changes a refresh token into an access token for about 25 hours and into the
// next refresh token. Each is good once: the account's own only begins the chain.
// https://developers.zalo.me/docs/official-account/bat-dau/xac-thuc-va-uy-quyen-cho-ung-dung-new
func mint(ctx context.Context, e channel.Env) (channel.Token, error) {
	refresh := cmp.Or(e.Refresh, e.Account.Value(refreshToken))
	if refresh == "" || e.Account.Value(appSecret) == "" {
		return channel.Token{}, &channel.Error{Class: events.ClassAuth, Title: "sending is not configured",
			Remedy: "store " + appSecret + " and " + refreshToken}
	}
	q := url.Values{"refresh_token": {refresh}, "app_id": {e.Account.Value(appID)}, "grant_type": {"refresh_token"}}
	h := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Secret_key": {e.Account.Value(appSecret)}}
	r, err := e.Do(ctx, http.MethodPost, "https://"+oauthHost+"/v4/oa/access_token", h, []byte(q.Encode()))
	if err != nil {
		return channel.Token{}, err
	}
	if !r.OK() {
		return channel.Token{}, r.Failure()
	}
	var w grant
	if err := r.Decode(&w); err != nil {
		return channel.Token{}, err
	}
	seconds, _ := strconv.ParseInt(string(w.ExpiresIn), 10, 32) // a missing life is none
	if w.AccessToken == "" || seconds <= 0 {
		return channel.Token{}, &channel.Error{
			Class: events.ClassAuth, Code: string(w.Code), Title: w.Name,
			Remedy: "authorise the app for the OA again and store the new " + refreshToken,
		}
	}
	return channel.Token{Value: w.AccessToken, ExpiresAt: e.Now.Add(time.Duration(seconds) * time.Second),
		Refresh: w.RefreshToken}, nil
}
