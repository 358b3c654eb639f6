// Package functions is the table of contents: every channel, and the functions
// that functions/bootstrap runs by the name that Lambda's Handler setting has.
package functions

import (
	"fmt"

	"github.com/relais-dev/relais/functions/channels/apple"
	"github.com/relais-dev/relais/functions/channels/custom"
	"github.com/relais-dev/relais/functions/channels/googlechat"
	"github.com/relais-dev/relais/functions/channels/inapp"
	"github.com/relais-dev/relais/functions/channels/inapp/chat"
	"github.com/relais-dev/relais/functions/channels/inapp/publisher"
	"github.com/relais-dev/relais/functions/channels/inapp/socket"
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
	"github.com/relais-dev/relais/functions/http/api"
	"github.com/relais-dev/relais/functions/http/files"
	"github.com/relais-dev/relais/functions/workers/drainer"
	"github.com/relais-dev/relais/functions/workers/media"
	"github.com/relais-dev/relais/functions/workers/sender"
	"github.com/relais-dev/relais/functions/workers/sweeper"
	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
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

// New is the function called name: a channel's webhooks, or one of the workers.
// The router has an executable of its own.
func New(name string, e function.Env) (function.Handler, error) {
	switch name {
	case "sweeper":
		return sweeper.New(name, e)
	case "drainer":
		return drainer.New(name, e)
	case "sender":
		return sender.New(name, names.Outbound, Channels(), e)
	case "bulk":
		return sender.New(name, names.Bulk, Channels(), e)
	case "media":
		return media.New(name, Channels(), e)
	case "api":
		return api.New(name, Channels(), e)
	case "files":
		return files.New(name, e)
	case "chat":
		return chat.New(name, e)
	case "socket":
		return socket.New(name, e)
	case "publisher":
		return publisher.New(name, e)
	case "pusher":
		return socket.NewPusher(name, e)
	}
	for _, ch := range Channels() {
		if ch.Name == name {
			return webhook.New(ch, e)
		}
	}
	return nil, fmt.Errorf("no function is called %q", name)
}
