// Package work is the table of contents of all functions but the webhooks and the
// router: what calls out, and what serves integrators and in-app customers.
package work

import (
	"fmt"

	"github.com/relais-dev/relais/functions"
	"github.com/relais-dev/relais/functions/channels/inapp/chat"
	"github.com/relais-dev/relais/functions/channels/inapp/publisher"
	"github.com/relais-dev/relais/functions/channels/inapp/socket"
	"github.com/relais-dev/relais/functions/http/api"
	"github.com/relais-dev/relais/functions/http/files"
	"github.com/relais-dev/relais/functions/workers/clock"
	"github.com/relais-dev/relais/functions/workers/drainer"
	"github.com/relais-dev/relais/functions/workers/media"
	"github.com/relais-dev/relais/functions/workers/sender"
	"github.com/relais-dev/relais/functions/workers/sweeper"
	"github.com/relais-dev/relais/shared/function"
	"github.com/relais-dev/relais/shared/names"
)

// New is the function called name.
func New(name string, e function.Env) (function.Handler, error) {
	switch name {
	case "sweeper":
		return sweeper.New(name, e)
	case "clock":
		return clock.New(name, e)
	case "drainer":
		return drainer.New(name, e)
	case "sender":
		return sender.New(name, names.Outbound, functions.Channels(), e)
	case "bulk":
		return sender.New(name, names.Bulk, functions.Channels(), e)
	case "media":
		return media.New(name, functions.Channels(), e)
	case "api":
		return api.New(name, functions.Channels(), e)
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
	return nil, fmt.Errorf("no function is called %q", name)
}
