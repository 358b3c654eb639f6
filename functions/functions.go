// Package functions is the table of contents: every channel, and the functions
// that functions/bootstrap runs by the name that Lambda's Handler setting has.
package functions

import (
	"fmt"

	"github.com/relais-dev/relais/functions/api"
	"github.com/relais-dev/relais/functions/apple"
	"github.com/relais-dev/relais/functions/custom"
	"github.com/relais-dev/relais/functions/drainer"
	"github.com/relais-dev/relais/functions/files"
	"github.com/relais-dev/relais/functions/googlechat"
	"github.com/relais-dev/relais/functions/inapp"
	"github.com/relais-dev/relais/functions/inapp/chat"
	"github.com/relais-dev/relais/functions/instagram"
	"github.com/relais-dev/relais/functions/kakaotalk"
	"github.com/relais-dev/relais/functions/kik"
	"github.com/relais-dev/relais/functions/line"
	"github.com/relais-dev/relais/functions/media"
	"github.com/relais-dev/relais/functions/messenger"
	"github.com/relais-dev/relais/functions/publisher"
	"github.com/relais-dev/relais/functions/qq"
	"github.com/relais-dev/relais/functions/rcs"
	"github.com/relais-dev/relais/functions/sender"
	"github.com/relais-dev/relais/functions/signal"
	"github.com/relais-dev/relais/functions/sms"
	"github.com/relais-dev/relais/functions/socket"
	"github.com/relais-dev/relais/functions/sweeper"
	"github.com/relais-dev/relais/functions/telegram"
	"github.com/relais-dev/relais/functions/viber"
	"github.com/relais-dev/relais/functions/wechat"
	"github.com/relais-dev/relais/functions/whatsapp"
	"github.com/relais-dev/relais/functions/x"
	"github.com/relais-dev/relais/functions/zalo"
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

// New is the function called name: a channel's webhooks, or one of the workers.
// The router has an executable of its own.
func New(name string, e function.Env) (function.Handler, error) {
	switch name {
	case "sweeper":
		return sweeper.New(name, e)
	case "drainer":
		return drainer.New(name, e)
	case "sender", "bulk":
		return sender.New(name, Channels(), e)
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
