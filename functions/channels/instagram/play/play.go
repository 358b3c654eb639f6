// Package play plays Instagram, as Meta's pages describe it.
package play

import (
	meta "github.com/relais-dev/relais/functions/channels/internal/meta/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

const (
	facebook  = "graph.facebook.com"
	instagram = "graph.instagram.com"
)

// dialect is what Instagram does its own way; typed where the account logs in through
// Facebook and its page.
func dialect(host string, typed bool) meta.Dialect {
	return meta.Dialect{
		Channel: "instagram", Object: "instagram", Account: "17840000000000005", User: "8000000000000002",
		Hosts: []string{host},
		Token: "access_token", Typed: typed, Closed: "2534022",
		Nobody: "2534014", Insta: true,
		Wrong:    meta.Refuse("190", "", "Invalid OAuth access token - Cannot parse access token"),
		TextOpen: "What a valid formatted URL in a text is, and what becomes of others: texts are not searched",
		// https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api
		Text:  play.Len(1, 1000, play.UTF8),
		Right: func(t play.Taken) bool { return t.RawQuery == "" && (t.Account.Value("login") == "facebook") == typed },
	}
}

// Platform is Instagram, for the account and the customer of testdata.
var Platform = play.Platform{
	Channel:  "instagram",
	Sign:     func(a channel.Account, r *channel.Request) { meta.Sign(a.Value("app_secret"), r) },
	Customer: dialect(instagram, false).Customer,
	APIs:     []play.API{tokens, dialect(instagram, false).API(), dialect(facebook, true).API()},
	Open:     dialect(instagram, false).Open(),
}

var ended = play.Refusal{Status: 400, Code: "190", Text: "Error validating access token"}

// tokens exchanges the account's token for itself.
var tokens = play.API{
	Name: "Instagram Login", Hosts: []string{instagram}, Missing: ended, Else: ended, Write: meta.Write,
	Faults: map[play.Fault]play.Refusal{play.Expired: ended},
	Endpoints: []play.Endpoint{{
		Method: "GET", Path: "/refresh_access_token",
		Docs: "https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token",
		Rules: []play.Rule{
			{At: "query:grant_type", Must: play.Given(play.Is("ig_refresh_token"))},
			{At: "query:access_token", Must: play.Given(play.Own("access_token"))},
		},
		Answer: func(t play.Taken) play.Answer {
			return play.Text(200, `{"access_token":%q,"token_type":"bearer","expires_in":5184000}`,
				t.Account.Value("access_token"))
		},
	}},
}
