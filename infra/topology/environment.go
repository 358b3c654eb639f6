package topology

import (
	"cmp"
	"slices"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
)

// A Variable is an environment variable and what it points at.
type Variable struct {
	Name string
	Of   Reference
	Arg  string // a queue or a channel, where Of needs one
}

// A Reference is what a variable's value is made from.
type Reference string

// References.
const (
	StageName       Reference = "stage"
	TableName       Reference = "table"
	BucketName      Reference = "bucket"
	QueueURL        Reference = "queue"        // Arg is the queue
	DestinationURLs Reference = "destinations" // JSON object of name to URL
	SecretPrefix    Reference = "secrets"      // Arg is the channel
	PublicURL       Reference = "public"
	RoutesFile      Reference = "routes"
	RetentionDays   Reference = "retention"
	LinkKey         Reference = "linkkey"     // name of the secret that signs links
	Receipts        Reference = "receipts"    // "record" where no destination wants receipts
	CallersFile     Reference = "callers"     // what roles may do
	LocalTokens     Reference = "tokens"      // what the API asks for on a laptop; nothing elsewhere
	SocketURL       Reference = "socket"      // wss:// address of the WebSocket API
	ConnectionsURL  Reference = "connections" // where open WebSockets are posted to
	WidgetBucket    Reference = "widget"      // where pages load the widget from
	Desks           Reference = "desks"       // JSON object of destination to switchboard.Desk
)

// variables are what functions call references.
var variables = map[Reference]string{
	StageName:       names.EnvStage,
	TableName:       names.EnvTable,
	BucketName:      names.EnvBucket,
	DestinationURLs: names.EnvDestinations,
	SecretPrefix:    names.EnvSecrets,
	PublicURL:       names.EnvPublicURL,
	RoutesFile:      names.EnvRoutes,
	RetentionDays:   names.EnvRetention,
	LinkKey:         names.EnvLinkKey,
	Receipts:        names.EnvReceipts,
	CallersFile:     names.EnvCallers,
	LocalTokens:     names.EnvAPITokens,
	SocketURL:       names.EnvSocket,
	ConnectionsURL:  names.EnvConnections,
	WidgetBucket:    names.EnvBucket, // its publisher has no other
	Desks:           names.EnvDesks,
}

// queueVariables are what functions call the queues of others.
var queueVariables = map[string]string{
	names.Ingress:  names.EnvIngress,
	names.Spill:    names.EnvSpill,
	names.Outbound: names.EnvOutbound,
	names.Bulk:     names.EnvBulk,
	names.Media:    names.EnvMedia,
	names.Sockets:  names.EnvSockets,
	names.Clock:    names.EnvClock,
}

// complete adds to every function what follows from the rest of it: grants first, then
// the environment that says where all that is.
func (s System) complete(channels []channel.Channel) System {
	for i, f := range s.Functions {
		if f.Speaks {
			f.Grants = append(f.Grants, secretsOf(channels)...)
		}
		if f.Consumes != "" {
			f.Grants = append(f.Grants, consume(f.Consumes), send(f.Consumes+names.DeadSuffix))
			f.Recursive = true
		}
		f.Env = f.environment(s.Config)
		s.Functions[i] = f
	}
	return s
}

// environment is what f is told, and where everything is that it may touch; sorted,
// each variable once.
func (f Function) environment(c Config) []Variable {
	env := variablesOf(f.Told...)
	if f.Consumes != "" {
		env = append(env, Variable{names.EnvQueue, QueueURL, f.Consumes},
			Variable{names.EnvDead, QueueURL, f.Consumes + names.DeadSuffix})
	}
	for _, g := range f.Grants {
		switch g.On {
		case OnQueue:
			env = append(env, f.queue(g.Arg, c)...)
		case OnSecrets:
			env = append(env, f.secrets(g.Arg)...)
		default:
			env = append(env, variablesOf(where[g.On]...)...)
		}
	}
	slices.SortFunc(env, func(a, b Variable) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(env)
}

// where is how functions find what a grant is on, and what they need to know to use it.
var where = map[Resource][]Reference{
	OnTable:   {TableName, BucketName, RetentionDays}, // the mailbox keeps large bodies there, and all for a time
	OnIndex:   {TableName},
	OnObjects: {BucketName},
	OnBucket:  {BucketName},
	OnLinkKey: {LinkKey, PublicURL}, // links begin with it
	OnSockets: {ConnectionsURL},
	OnWidget:  {WidgetBucket},
}

func variablesOf(list ...Reference) []Variable {
	var out []Variable
	for _, r := range list {
		out = append(out, Variable{Name: variables[r], Of: r})
	}
	return out
}

// queue is how f finds a queue that it may use: its own under a name of its own, all
// destinations together.
func (f Function) queue(name string, c Config) []Variable {
	switch {
	case name == f.Consumes || name == f.Consumes+names.DeadSuffix:
		return nil
	case c.hasDestination(name):
		return variablesOf(DestinationURLs)
	}
	return []Variable{{queueVariables[name], QueueURL, name}}
}

// secrets is how f finds those of a channel's accounts, who know the address of their
// webhooks. Who speaks for all channels makes each one's prefix of the stage.
func (f Function) secrets(channel string) []Variable {
	if f.Speaks {
		return variablesOf(StageName, PublicURL)
	}
	return append(variablesOf(PublicURL), Variable{variables[SecretPrefix], SecretPrefix, channel})
}

// receipts tells who commits events whether receipts are noted where they arrive.
func (c Config) receipts() []Reference {
	if c.WantsReceipts() {
		return nil
	}
	return []Reference{Receipts}
}

func (c Config) hasDestination(name string) bool {
	_, is := c.Destinations[name]
	return is
}
