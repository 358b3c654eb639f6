// Package functions is the table of contents: every channel, and its webhooks, which
// functions/bootstrap/webhooks runs by the name that Lambda's Handler setting has.
package functions

import (
	"fmt"

	"github.com/relais-dev/relais/functions/channels/apple"
	"github.com/relais-dev/relais/functions/channels/custom"
	"github.com/relais-dev/relais/functions/channels/googlechat"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/channels/instagram"
	"github.com/relais-dev/relais/functions/channels/kakaotalk"
	"github.com/relais-dev/relais/functions/channels/kik"
	"github.com/relais-dev/relais/functions/channels/line"
	"github.com/relais-dev/relais/functions/channels/messenger"
	"github.com/relais-dev/relais/functions/channels/qq"
	"github.com/relais-dev/relais/functions/channels/rcs"
	"github.com/relais-dev/relais/functions/channels/signal"
	"github.com/relais-dev/relais/functions/channels/sms"
	"github.com/relais-dev/relais/functions/channels/telegram"
	"github.com/relais-dev/relais/functions/channels/viber"
	"github.com/relais-dev/relais/functions/channels/wechat"
	"github.com/relais-dev/relais/functions/channels/whatsapp"
	"github.com/relais-dev/relais/functions/channels/x"
	"github.com/relais-dev/relais/functions/channels/zalo"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/webhook"
)

// Channels lists every channel: one line each.
func Channels() []channel.Channel {
	return []channel.Channel{
		apple.Channel,
		custom.Channel,
		googlechat.Channel,
		inapp.Channel,
		instagram.Channel,
		kakaotalk.Channel,
		kik.Channel,
		line.Channel,
		messenger.Channel,
		qq.Channel,
		rcs.Channel,
		signal.Channel,
		sms.Channel,
		telegram.Channel,
		viber.Channel,
		wechat.Channel,
		whatsapp.Channel,
		x.Channel,
		zalo.Channel,
	}
}

// New is the function called name: a channel's webhooks. The others are in package
// work and in the router's: what answers platforms is not to load what calls them.
func New(name string, e function.Env) (function.Handler, error) {
	for _, ch := range Channels() {
		if ch.Name != name {
			continue
		}
		if err := ch.Validate(); err != nil {
			return nil, err
		}
		return webhook.New(ch, e)
	}
	return nil, fmt.Errorf("no function is called %q", name)
}
