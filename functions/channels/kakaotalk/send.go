package kakaotalk

import (
	"context"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// alimTalk is the category of a template that is to go as AlimTalk. Templates of other
// categories were approved by other platforms, so their fallback is shown.
const alimTalk = "alimtalk"

func takes(c events.Content) string {
	if c.Template != nil && c.Template.Category != alimTalk {
		return "is no template of the category " + alimTalk
	}
	return ""
}

// template is the template that o is, nil when it is none.
func template(o channel.Outgoing) *events.Template {
	if len(o.Content) == 0 {
		return nil
	}
	return o.Content[0].Template
}

// class says what repeating o does: the hub drops a serial number it has seen. A
// callback URL is used up by the first try, and the dealers' own protection ends
// after ten minutes or is absent.
func class(o channel.Outgoing) channel.Class {
	if o.Answer != "" || template(o) != nil {
		return channel.Blind
	}
	return channel.Idempotent
}

// send takes the way that reaches the recipient: AlimTalk for a template, the
// chatbot's callback while there is one, else the open consultation talk.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	thread := o.To.Conversation.PlatformID
	userKey, talking := strings.CutPrefix(thread, talkThread)
	switch {
	case template(o) != nil:
		return sendAlimTalk(ctx, e, o)
	case o.Answer != "":
		return sendSkill(ctx, e, o)
	case talking:
		return sendTalk(ctx, e, o, userKey)
	case strings.HasPrefix(thread, botThread):
		return channel.Sent{}, &channel.Error{
			Class: events.ClassWindow, Title: "a chatbot answers once, within a minute",
			Remedy: "turn on the block's callback; later, send an AlimTalk template to the person's phone number",
		}
	}
	return channel.Sent{}, &channel.Error{
		Class: events.ClassWindow, Title: "only a template can be sent to this recipient",
		Remedy: "send an AlimTalk template to the person's phone number",
	}
}

// notConfigured is the error of an account that lacks what a way needs.
func notConfigured(what string) error {
	return &channel.Error{Class: events.ClassAuth, Title: what + " is not configured",
		Remedy: "store the credentials named in the channel's README"}
}
