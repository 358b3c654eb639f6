package inapp

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// What a client shows is ours to say: everything there is, in lengths that a
// person still reads. A message is one call, however many parts it has.
const (
	maxText    = 20_000
	maxLabel   = 200
	maxOptions = 50
	maxFile    = 100 << 20
)

var actions = []string{events.ActionReply, events.ActionPostback, events.ActionURL, events.ActionCall,
	events.ActionLocation, events.ActionContact,
	events.ActionWebView, events.ActionCopy}

// address is a known user's id, as long as it can be one.
func address(i events.Identity) string {
	if !ValidUser(i.Value) {
		return ""
	}
	return i.Value
}

func offer(style string) channel.Choices {
	return channel.Choices{Style: style, Min: 1, Max: maxOptions, Multiple: true, Actions: actions, Label: maxLabel,
		Title: maxLabel, Footer: maxLabel, Describe: maxLabel, Section: maxLabel, Header: true}
}

func send(_ context.Context, _ channel.Env, o channel.Outgoing) (channel.Sent, error) {
	return channel.Sent{IDs: []string{o.ID}}, nil
}

// act tells what the brand did. Its time is in the key: doing the same again later
// is another event, and a repetition by the queue changes nothing.
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	brand := events.Actor{Role: events.Agent}
	out := events.Event{Time: e.Now, Data: events.Data{Conversation: &to.Conversation, Contact: to.Contact}}
	target := ""
	if a.Message != nil {
		target = a.Message.PlatformID
	}
	switch a.Verb {
	case events.ActTyping:
		out.Type, out.Data.Typing = events.PresenceTyping, &events.Typing{Actor: brand, Active: a.Active}
	case events.ActRead:
		out.Type, out.Data.Change = events.ConversationUpdated, &events.Change{Field: ChangeRead, New: target}
	case events.ActReact:
		out.Type, out.Data.Reaction = events.ReactionAdded, &events.Reaction{Target: events.Ref{PlatformID: target},
			Actor: brand, Emoji: a.Emoji}
		if a.Emoji == "" {
			out.Type = events.ReactionRemoved
		}
	case events.ActEdit:
		out.Type, out.Data.Message = events.MessageEdited, edited(target, brand, a.Content, e.Now)
	case events.ActDelete:
		out.Type, out.Data.Deletion = events.MessageDeleted, &events.Deletion{Messages: []events.Ref{{PlatformID: target}},
			Actor: &brand}
	}
	out.Key = "act:" + string(a.Verb) + ":" + to.Conversation.PlatformID + ":" + target + ":" +
		strconv.FormatInt(e.Now.UnixMilli(), 10)
	return e.Tell(ctx, out)
}

// Fields of a conversation's Change.
const (
	ChangeRead     = "read"     // the brand has read up to the message that New names
	ChangeMigrated = "migrated" // the customer goes on in the conversation that New names
)

func edited(target string, by events.Actor, content []events.Content, now time.Time) *events.Message {
	list := append([]events.Content(nil), content...)
	for i := range list {
		if m := list[i].Media; m != nil && m.State == "" {
			with := *m
			with.State = events.MediaLinked
			if m.URL == "" {
				with.State = events.MediaCopied
			}
			list[i].Media = &with
		}
	}
	return &events.Message{PlatformID: target, Revision: now.UnixMilli(), Actor: by, Content: list, Origin: "api"}
}

// fetch opens what a customer uploaded.
func fetch(ctx context.Context, e channel.Env, m events.Media) (io.ReadCloser, error) {
	return e.Open(ctx, m)
}
