// Package googlechat speaks as a Google Chat app, and receives what people do with
// it: messages, commands, button presses and memberships, as interaction events of a
// classic Chat app or of a Google Workspace add-on
// (https://developers.google.com/workspace/chat/receive-respond-interactions), and,
// where a Workspace Events subscription pushes them through Pub/Sub, every message,
// edit, deletion, reaction and membership of a space
// (https://developers.google.com/workspace/events/guides/events-chat).
//
// Google signs a token, never the body: what tells a repetition is the event's key.
package googlechat

import (
	"regexp"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/google"
	"github.com/relais-dev/relais/shared/channel"
)

// Channel is Google Chat.
var Channel = channel.Channel{
	Name:  "googlechat",
	Title: "Google Chat",
	Docs:  "https://developers.google.com/workspace/chat/api/reference/rest",
	Label: channel.Beta,
	Credentials: []channel.Credential{
		{Name: audience, Public: true,
			Help: "Google Chat API, Configuration, Connection settings: what is chosen as Authentication audience, the " +
				"endpoint's URL byte for byte or the project number"},
		{Name: projectNumber, Public: true, Optional: true,
			Help: "only for an app built as a Google Workspace add-on: the Cloud project's number"},
		{Name: google.ServiceAccount,
			Help: "Cloud console, IAM, Service accounts: the whole JSON file of a key; the account is of the app's project " +
				"and needs no role"},
		{Name: pushAccount, Public: true, Optional: true,
			Help: "only for Workspace Events: the service account with which the Pub/Sub push subscription authenticates"},
	},
	MaxBody: 1 << 20, // Google publishes no limit; a text has 32 KB, files never come inline

	Verify: verify,
	Parse:  parse,
	Keys:   keys,
	Ack:    ack,

	Outbound: outbound,
}

// outbound is how Google Chat is written to. There is no window: the app may write
// wherever it is a member.
var outbound = channel.Outbound{
	Limits: limits,
	// 3,000 writes a minute per project, 60 per space: ten at once and 50 more within the minute.
	// https://developers.google.com/workspace/chat/limits
	Rate:  channel.Rate{Account: 50, Pair: 0.8, Burst: 10},
	Class: channel.Always(channel.Idempotent), // by requestId
	Send:  send,
	Act:   act,
	Acts:  []events.Verb{events.ActEdit, events.ActDelete},
	Token: token,
	Fetch: fetch,
	Hosts: []string{apiHost, google.TokenHost},
}

// limits leave room within the 32,000 bytes of a message, cards included, for markup
// and for the cards' own form. https://developers.google.com/workspace/chat/create-messages
// https://developers.google.com/workspace/chat/api/reference/rest/v1/cards
var limits = channel.Limits{
	Text:   24_000,
	Unit:   channel.Bytes,
	Styles: []string{"bold", "italic", "strikethrough", "code", "pre", "link"},
	// https://developers.google.com/workspace/chat/format-messages
	Markup: regexp.MustCompile(`(?i)<(?:users/|customEmojis/|[a-z][a-z0-9+.-]*:)`),
	Kinds:  []events.Kind{events.KindLocation, events.KindLink, events.KindForm},
	Media: map[string]channel.MediaLimit{
		events.Image: {MIME: []string{"image/jpeg", "image/png"}, Caption: 20_000},
	},
	Choices: []channel.Choices{
		{Style: events.StyleButtons, Min: 1, Max: 6, Actions: actions, Text: 16_000, Title: maxTitle, Footer: 1_000,
			Header: true},
		{Style: events.StyleList, Min: 1, Max: maxRows, Actions: actions, Text: 4_000, Label: maxRow, Title: maxTitle,
			Footer: 1_000, Describe: maxRow, Section: maxRow, Header: true},
	},
	Cards: &channel.Cards{Min: 1, Max: 8, Title: maxTitle, Text: 1_000, Options: 6, Actions: actions, Label: 60},
	Takes: takes,
}

const (
	audience      = "audience"
	projectNumber = "project_number"
	pushAccount   = "push_service_account"
)

func verify(a channel.Account, r channel.Request) error { return google.Verify(r, callers(a)) }

func keys(_ channel.Account, r channel.Request) string { return google.KeysURL(r) }

// callers are who may post to an account. A project number as audience is signed
// for by Chat itself; a URL by an ID token of Chat's service account or, for an
// add-on, of the one that belongs to the project, which tells our app from others
// that were given our URL.
// https://developers.google.com/workspace/chat/verify-requests-from-chat
func callers(a channel.Account) []google.Caller {
	email := google.Chat
	if n := a.Value(projectNumber); n != "" {
		email = "service-" + n + "@gcp-sa-gsuiteaddons.iam.gserviceaccount.com"
	}
	var list []google.Caller
	for _, aud := range a.Values(audience) {
		if channel.Digits(aud) {
			list = append(list, google.Caller{Issuer: google.Chat, Audience: aud})
			continue
		}
		list = append(list, google.Caller{Issuer: google.Accounts, Audience: aud, Email: email})
		if push := a.Value(pushAccount); push != "" {
			list = append(list, google.Caller{Issuer: google.Accounts, Audience: aud, Email: push})
		}
	}
	return list
}

// ack leaves the message or card that was acted on as it is; answers go by the API.
func ack(channel.Account, channel.Request, channel.Receipt) channel.Response {
	return channel.Response{Status: 200, ContentType: "application/json", Body: "{}"}
}

func parse(_ channel.Account, r channel.Request) ([]events.Event, error) {
	var w webhook
	if channel.Decode(r.Body, &w) != nil {
		return nil, channel.Malform("body is not JSON")
	}
	if w.Type != "" || w.Chat != nil {
		return parseInteraction(&w, r.Body), nil
	}
	e, data, ok := google.Open(r.Body)
	if !ok {
		return nil, channel.Malform("body is no event")
	}
	if kind := e.Message.Attributes["ce-type"]; kind != "" {
		return parseChange(e.Message.Attributes, data)
	}
	if channel.Decode(data, &w) != nil || w.Type == "" && w.Chat == nil {
		return nil, channel.Malform("message.data is no event")
	}
	return parseInteraction(&w, data), nil
}

// contact is u as the person an event is about.
func contact(u user, locale string) *events.Contact {
	if u.Name == "" {
		return nil
	}
	return &events.Contact{
		Identities: []events.Identity{identity(u.Name)}, Name: u.DisplayName, Avatar: u.AvatarURL, Email: u.Email,
		Locale: locale,
	}
}

func identity(name string) events.Identity {
	return events.Identity{Scheme: events.GoogleChatUser, Value: name}
}

// self is what an app calls itself.
const self = "users/app"

// conversation is where something happened: a direct message or a group chat, and
// in a space of threads the thread, whose name holds the space's.
func conversation(s space, t thread) *events.Conversation {
	if s.Name == "" {
		return nil
	}
	c := &events.Conversation{PlatformID: s.Name, Kind: events.Group, Title: s.DisplayName}
	switch {
	case s.direct():
		c.Kind = events.Direct
	case t.Name != "" && s.threaded():
		c.PlatformID, c.Topic = t.Name, t.Name
	}
	return c
}

// actor is u as who acted; in groups it says which member.
func actor(u user, c *events.Conversation) events.Actor {
	a := events.Actor{Role: events.Customer}
	if u.Type == "BOT" || u.Name == self {
		a.Role = events.Bot
	}
	if c != nil && c.Kind == events.Group && u.Name != "" {
		member := identity(u.Name)
		a.Name, a.Identity = u.DisplayName, &member
	}
	return a
}

// unsupported is the event of what Relais has no words for.
func unsupported(kind, reason string, raw []byte) events.Event {
	e := events.Event{Key: "event:" + channel.Digest(raw)}
	channel.Unsupported(&e, kind, reason, raw)
	return e
}

func field(name, value string) events.Field { return events.Field{Name: name, Value: value} }

func ref(message string) events.Ref { return events.Ref{PlatformID: message} }
