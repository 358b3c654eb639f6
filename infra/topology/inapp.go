package topology

import (
	"slices"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// inapp is the channel whose platform we are: beside its webhook it has an HTTP API
// and a WebSocket API for its customers' devices.
const inapp = "inapp"

// withInApp adds what in-app messaging needs, where it is switched on.
func (s System) withInApp(channels []channel.Channel) System {
	if !s.Config.Has(inapp) || !slices.ContainsFunc(channels, func(ch channel.Channel) bool { return ch.Name == inapp }) {
		return s
	}
	for i := range s.Functions {
		f := &s.Functions[i]
		switch f.Name {
		case "router":
			f.Env = append(f.Env, Variable{names.EnvSockets, QueueURL, names.Sockets})
			f.Grants = append(f.Grants, send(names.Sockets))
		case "media":
			f.Grants = append(f.Grants, on(OnObjects, "uploads/", "s3:GetObject"))
		}
	}
	s.Functions = append(s.Functions, chat(s.Config), socket(s.Config), pusher(), publisher())
	// Nearly all of it is found in the history, too; not so what is said again after a login.
	s.Queues = append(s.Queues, Queue{Name: names.Sockets, Visibility: 6 * pusherTimeout, Receives: 50, Retention: 4 * day})
	return s
}

const pusherTimeout = 20 * time.Second

// devices are the partitions in which connections come and go.
var devices = []string{"ticket:", "socket:", "devices:"}

// talks is what speaks with customers' devices: it may write events and read the
// conversations of those who have a session.
func talks(f Function, c Config) Function {
	f.Program, f.Memory = Work, 512
	f.Env = append(f.Env, Variable{names.EnvTable, TableName, ""}, Variable{names.EnvBucket, BucketName, ""}, Variable{names.EnvRetention, RetentionDays, ""},
		Variable{names.EnvIngress, QueueURL, names.Ingress}, Variable{names.EnvSpill, QueueURL, names.Spill}, Variable{names.EnvSecrets, SecretPrefix, inapp},
		Variable{names.EnvPublicURL, PublicURL, ""}, Variable{names.EnvLinkKey, LinkKey, ""})
	if !c.WantsReceipts() {
		f.Env = append(f.Env, Variable{names.EnvReceipts, Receipts, ""})
	}
	f.Grants = append(f.Grants, on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query"), leave(devices...),
		on(OnIndex, names.HistoryIndex, "dynamodb:Query"), on(OnIndex, names.PendingIndex, "dynamodb:Query"),
		on(OnObjects, "raw/", "s3:GetObject", "s3:PutObject"), on(OnBucket, "raw/", "s3:ListBucket"), on(OnLinkKey, "", "secretsmanager:GetSecretValue"),
		on(OnSecrets, inapp, "secretsmanager:GetSecretValue"), send(names.Ingress), send(names.Spill))
	return f
}

// chat answers devices over HTTP. It lets browsers put files where nobody reads them until they were looked at.
func chat(c Config) Function {
	return talks(Function{Name: "chat", Route: "ANY /v1/inapp/{proxy+}", Parallel: 15, Timeout: 15 * time.Second,
		Env: []Variable{{names.EnvSocket, SocketURL, ""}}, Grants: []Grant{on(OnObjects, "uploads/", "s3:PutObject")}}, c)
}

// socket takes what comes on WebSockets.
func socket(c Config) Function {
	return talks(Function{Name: "socket", Socket: true, Parallel: 15, Timeout: 20 * time.Second,
		Env: []Variable{{names.EnvConnections, ConnectionsURL, ""}}, Grants: []Grant{on(OnSockets, "", "execute-api:ManageConnections")}}, c)
}

// pusher sends what happens to WebSockets, or to the services of notifications.
func pusher() Function {
	return Function{Name: "pusher", Program: Work, Consumes: names.Sockets, Batch: 10, Parallel: 10, Timeout: pusherTimeout, Memory: 512,
		Env: []Variable{{names.EnvTable, TableName, ""}, {names.EnvBucket, BucketName, ""}, {names.EnvRetention, RetentionDays, ""}, {names.EnvSecrets, SecretPrefix, inapp},
			{names.EnvPublicURL, PublicURL, ""}, {names.EnvLinkKey, LinkKey, ""}, {names.EnvConnections, ConnectionsURL, ""}, {names.EnvIngress, QueueURL, names.Ingress}},
		Grants: []Grant{on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"), leave(devices...), on(OnObjects, "raw/", "s3:GetObject", "s3:PutObject"), on(OnBucket, "raw/", "s3:ListBucket"),
			on(OnLinkKey, "", "secretsmanager:GetSecretValue"), on(OnSecrets, inapp, "secretsmanager:GetSecretValue"),
			on(OnSockets, "", "execute-api:ManageConnections"), send(names.Ingress), consume(names.Sockets)}}
}

// publisher puts the widget's files, which stand beside its executable, into their
// bucket when a deployment brings others. It may do nothing else.
func publisher() Function {
	return Function{Name: "publisher", Program: Work, Parallel: 1, Timeout: 30 * time.Second, Memory: 256,
		Env: []Variable{{names.EnvBucket, WidgetBucket, ""}}, Grants: []Grant{on(OnWidget, "", "s3:PutObject", "s3:DeleteObject")}}
}

// Publishes says whether f fills the widget's bucket.
func (f Function) Publishes() bool {
	return slices.ContainsFunc(f.Grants, func(g Grant) bool { return g.On == OnWidget })
}

// WidgetDir has the widget as it was built, below the project's root.
const WidgetDir = "functions/channels/inapp/widget/dist"

// WidgetFiles are what pages load from it: the chat, and the client below it for an
// interface of one's own.
func WidgetFiles() []string { return []string{"relais.js", "client.js"} }

// WidgetHeaders are what the files are served with. Any page may load them. Browsers
// ask again after an hour and the CDN after five minutes, so that a fix reaches
// everybody without anything being invalidated.
func WidgetHeaders() map[string]string {
	return map[string]string{"content-type": "text/javascript; charset=utf-8", "cache-control": "public, max-age=3600, s-maxage=300",
		"x-content-type-options": "nosniff", "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
}
