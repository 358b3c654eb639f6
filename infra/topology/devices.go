package topology

import (
	"slices"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// withDevices adds what a channel needs whose platform we are, where one is switched
// on: beside its webhook it has an HTTP API and a WebSocket API for its customers'
// devices, and a widget. There is one of each, so there is no more than one such channel.
func (s System) withDevices(channels []channel.Channel) System {
	i := slices.IndexFunc(channels, hasDevices)
	if i < 0 {
		return s
	}
	name := channels[i].Name
	s.Functions = append(s.Functions, chat(s.Config, name), socket(s.Config, name), pusher(name), publisher())
	// Nearly all of it is found in the history, too; not so what is said again after a login.
	s.Queues = append(s.Queues,
		Queue{Name: names.Sockets, Visibility: 6 * pusherTimeout, Receives: 50, Retention: 4 * day})
	s.Widget = "functions/channels/" + name + "/widget/dist"
	return s
}

func hasDevices(ch channel.Channel) bool { return ch.Devices }

const pusherTimeout = 20 * time.Second

// devices are the partitions in which connections come and go.
var devices = []string{names.OfTicket, names.OfSocket, names.OfDevices}

// talks is what speaks with customers' devices: it may write events and read the
// conversations of those who have a session.
func talks(f Function, c Config, channel string) Function {
	f.Program, f.Parallel, f.Memory = Work, 15, 512
	f.Told = append(f.Told, c.receipts()...)
	f.Grants = append(f.Grants,
		on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"), leave(devices...),
		on(OnIndex, names.HistoryIndex, "dynamodb:Query"), on(OnIndex, names.PendingIndex, "dynamodb:Query"),
		on(OnObjects, "raw/", "s3:GetObject", "s3:PutObject"), on(OnBucket, "raw/", "s3:ListBucket"),
		on(OnLinkKey, "", "secretsmanager:GetSecretValue"), on(OnSecrets, channel, "secretsmanager:GetSecretValue"),
		send(names.Ingress), send(names.Spill))
	return f
}

// chat answers devices over HTTP, and tells them where WebSockets are opened. It lets
// browsers put files where nobody reads them until they were looked at.
func chat(c Config, channel string) Function {
	return talks(Function{Name: "chat", Route: "ANY /v1/" + channel + "/{proxy+}", Timeout: 15 * time.Second,
		Told: []Reference{SocketURL}, Grants: []Grant{on(OnObjects, "uploads/", "s3:PutObject")}}, c, channel)
}

// socket takes what comes on WebSockets.
func socket(c Config, channel string) Function {
	return talks(Function{Name: "socket", Socket: true, Timeout: 20 * time.Second,
		Grants: []Grant{on(OnSockets, "", "execute-api:ManageConnections")}}, c, channel)
}

// pusher sends what happens to WebSockets, or to the services of notifications.
func pusher(channel string) Function {
	return Function{Name: "pusher", Program: Work, Consumes: names.Sockets, Batch: 10, Parallel: 10,
		Timeout: pusherTimeout, Memory: 512,
		Grants: []Grant{on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), leave(devices...),
			on(OnObjects, "raw/", "s3:GetObject", "s3:PutObject"), on(OnBucket, "raw/", "s3:ListBucket"),
			on(OnLinkKey, "", "secretsmanager:GetSecretValue"), on(OnSecrets, channel, "secretsmanager:GetSecretValue"),
			on(OnSockets, "", "execute-api:ManageConnections"), send(names.Ingress)}}
}

// publisher puts the widget's files, which stand beside its executable, into their
// bucket when a deployment brings others. It may do nothing else.
func publisher() Function {
	return Function{Name: "publisher", Program: Work, Parallel: 1, Timeout: 30 * time.Second, Memory: 256,
		Grants: []Grant{on(OnWidget, "", "s3:PutObject", "s3:DeleteObject")}}
}

// Publishes says whether f fills the widget's bucket.
func (f Function) Publishes() bool {
	return slices.ContainsFunc(f.Grants, func(g Grant) bool { return g.On == OnWidget })
}

// WidgetFiles are what pages load from it: the chat, and the client below it for an
// interface of one's own.
func WidgetFiles() []string { return []string{"relais.js", "client.js"} }

// WidgetHeaders are what the files are served with. Any page may load them. Browsers
// ask again after an hour and the CDN after five minutes, so that a fix reaches
// everybody without anything being invalidated.
func WidgetHeaders() map[string]string {
	return map[string]string{
		"content-type":                "text/javascript; charset=utf-8",
		"cache-control":               "public, max-age=3600, s-maxage=300",
		"x-content-type-options":      "nosniff",
		"access-control-allow-origin": "*",
		// Pages that isolate themselves load only what allows it.
		"cross-origin-resource-policy": "cross-origin",
	}
}
