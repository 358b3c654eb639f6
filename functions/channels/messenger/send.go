package messenger

import (
	"context"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/meta"
	"github.com/relais-dev/relais/shared/channel"
)

const host = "graph.facebook.com"

// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/saving-assets
func media() map[string]channel.MediaLimit {
	const image, other = 8 << 20, 25 << 20
	return map[string]channel.MediaLimit{
		events.Image:     {Bytes: image, MIME: []string{"image/jpeg", "image/png", "image/gif"}},
		events.Animation: {Bytes: image, MIME: []string{"image/gif"}},
		events.Video:     {Bytes: other},
		events.Audio:     {Bytes: other},
		events.File:      {Bytes: other},
	}
}

// choices are Meta's, whose quick replies can ask for a phone number here.
func choices() []channel.Choices {
	list := meta.Choices(events.ActionCall)
	quick := &list[len(list)-1]
	quick.Actions = []string{events.ActionReply, events.ActionPostback, events.ActionContact}
	return list
}

func api(a channel.Account) meta.SendAPI {
	return meta.SendAPI{Host: host, Token: a.Value(pageToken), Secret: a.Value(appSecret), Typed: true, Named: true}
}

func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	return api(e.Account).Send(ctx, e, o)
}

// outside says whether o may go although the window is closed: what a person writes
// within seven days, which Meta counts, a template, or what somebody opted in to.
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/policy
func outside(o channel.Outgoing) bool {
	template := len(o.Content) > 0 && o.Content[0].Kind == events.KindTemplate
	return template || meta.Human(o) || meta.OptedIn(o)
}

func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	return api(e.Account).Act(ctx, e, to, a)
}
