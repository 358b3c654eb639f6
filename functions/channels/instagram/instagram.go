// Package instagram is Instagram messaging, whichever way the account logs in: by
// Facebook Login, through the Messenger platform and a linked page, or by Instagram
// Login without a page. Both post the same webhooks, signed with different secrets.
//
// Meta signs the body, never a time, so replays are told by the event's key. What
// the webhooks share with Messenger's is in package meta.
package instagram

import (
	"net/url"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is Instagram.
var Channel = channel.Channel{
	Name:  "instagram",
	Title: "Instagram",
	Docs:  "https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: appSecret, Help: "Instagram Login: Meta app dashboard → Instagram → API setup → Instagram app secret; " +
			"Facebook Login: App settings → Basic → App secret; a list accepts both"},
		{Name: verifyToken, Help: "a text of your choice, typed again beside the callback URL"},
		{Name: accessToken, Help: "Instagram Login: API setup → Generate access tokens, which lives for 60 days and is " +
			"renewed; Facebook Login: the access token of the linked page"},
		{Name: login, Help: "how the account logs in: instagram, or facebook", Public: true},
		{Name: appID, Help: "Meta app dashboard → App settings → Basic → App ID; tells our own echoes from other apps'",
			Optional: true, Public: true},
	},
	MaxBody: 3 << 20, // Meta publishes no limit for Instagram; this is WhatsApp's

	Verify:    verify,
	Parse:     parse,
	Handshake: handshake,
	Outbound:  outbound,
}

var outbound = channel.Outbound{
	Limits: channel.Limits{
		Text:    maxText,
		Unit:    channel.Bytes,
		Quote:   true,
		Kinds:   []events.Kind{events.KindForm},
		Media:   media(),
		Choices: meta.Choices(),
		Cards:   meta.Cards(),
		Takes:   meta.Takes,
	},
	// Of texts; films and recordings may go at 10/s.
	// https://developers.facebook.com/documentation/business-messaging/messenger-platform/overview/rate-limiting
	Rate:    channel.Rate{Account: 300},
	Class:   channel.Always(channel.Blind), // an echo does not say what it was asked with
	Opens:   []events.Scheme{events.InstagramIGSID},
	Send:    send,
	Outside: meta.Human,
	Act:     act,
	Acts:    meta.Verbs(),
	Token:   token,
	Hosts:   []string{instagramHost, facebookHost},
}

const (
	appSecret   = "app_secret"
	verifyToken = "verify_token"
	accessToken = "access_token"
	login       = "login"
	appID       = "app_id"

	object = "instagram"
)

// verify accepts any of the account's secrets: which of the two that an app has signs
// depends on the log-in, and Meta's pages do not agree.
// https://developers.facebook.com/docs/instagram-platform/webhooks
func verify(a channel.Account, r channel.Request) error { return meta.Verify(a.Values(appSecret), r) }

func handshake(a channel.Account, r channel.Request) (channel.Response, bool) {
	return meta.Handshake(a.Values(verifyToken), r)
}

func parse(a channel.Account, r channel.Request) ([]events.Event, error) {
	return meta.Dialect{
		Object: object, Scheme: events.InstagramIGSID, Scope: "account", Apps: a.Values(appID), Content: content,
	}.Events(r)
}

// content is what an attachment shows that only Instagram has.
// https://developers.facebook.com/documentation/business-messaging/instagram-messaging/webhooks
func content(a meta.Attachment, at time.Time) (events.Content, bool) {
	switch a.Type {
	case "share":
		return a.Post(), true
	case "story_mention":
		return mention(a, at), true
	case "like_heart":
		return heart(a), true
	case "ephemeral":
		return a.Unsupported("media to be viewed once are not passed on"), true
	}
	return events.Content{}, false
}

// mention is a story in which somebody mentions the account.
func mention(a meta.Attachment, at time.Time) events.Content {
	return meta.Story("mention", asset(a.Payload.URL), a.Payload.URL, at)
}

// asset is the id of the media at address; "" when it names none.
func asset(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Query().Get("asset_id")
}

// heart is Instagram's own sticker, which comes with or without a picture.
func heart(a meta.Attachment) events.Content {
	m := events.Media{Type: events.Sticker, State: events.MediaLinked, PlatformID: a.Type, Emoji: "❤️"}
	if a.Payload.URL == "" {
		return events.NewMedia(m)
	}
	return a.Media(m)
}
