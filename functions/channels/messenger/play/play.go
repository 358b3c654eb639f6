// Package play plays Messenger, as Meta's pages describe it.
package play

import (
	meta "github.com/relais-dev/relais/functions/channels/internal/meta/play"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/stage/play"
)

var dialect = meta.Dialect{
	Channel: "messenger", Object: "page", Account: "100000000000007", User: "7000000000000001",
	Hosts: []string{"graph.facebook.com"},
	Token: "page_token", Typed: true, Calls: true, Marks: true, Closed: "2018278",
	Nobody: "2018001", Wrong: meta.Refuse("100", "", "Invalid appsecret_proof provided in the API argument."),
	TextOpen: "Less than 2000 by the reference, up to 2000 by the error that is quoted: 2000 are taken",
	// https://developers.facebook.com/docs/messenger-platform/reference/send-api
	Text: play.Len(1, 2000, play.UTF16),
	Right: func(t play.Taken) bool {
		return t.RawQuery == "appsecret_proof="+meta.Proof(t.Account.Value("app_secret"), t.Account.Value("page_token"))
	},
}

// Platform is Messenger, for the page and the customer of testdata.
var Platform = play.Platform{
	Channel:  "messenger",
	Sign:     func(a channel.Account, r *channel.Request) { meta.Sign(a.Value("app_secret"), r) },
	Customer: dialect.Customer,
	APIs:     []play.API{dialect.API()},
	Open:     dialect.Open(),
}
