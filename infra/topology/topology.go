// Package topology says what runs and who may touch what: data, for two readers.
// infra/cdk turns it into CloudFormation, infra/local into one process that
// refuses what production would refuse.
package topology

import (
	"slices"
	"time"

	"github.com/relais-dev/relais/shared/channel"
	"github.com/relais-dev/relais/shared/names"
	"github.com/relais-dev/relais/shared/route"
)

// A System is one deployment.
type System struct {
	Stage     string
	Functions []Function
	Queues    []Queue
	Table     Table
	Config    Config
	Routes    route.Config // what the router reads
	Widget    string       // where the widget was built, below the project's root, or ""
}

// A Function is one Lambda function. Name is also its handler.
type Function struct {
	Name     string
	Program  string        // its executable: Webhooks, Work or Router
	Channel  string        // the channel whose webhooks it takes, or ""
	Route    string        // of the HTTP API, or ""
	Auth     bool          // the route is for those whom the API's authoriser lets in
	Socket   bool          // it takes what comes on WebSockets
	Consumes string        // the queue it works for, or ""
	Batch    int           // records per invocation, with Consumes
	Parallel int           // invocations at a time, at the most
	Every    time.Duration // its schedule, or 0
	Timeout  time.Duration
	Memory   int // MB
	Grants   []Grant
	Speaks   bool        // for all channels that are switched on: it may read their accounts' secrets
	Told     []Reference // what it has to know beside where things are that it may touch
	Env      []Variable  // follows from the rest

	// Recursive lets Lambda go on however long a chain of functions and queues this one
	// is in: a conversation is such a chain. Else it ends after about 16 turns.
	// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
	Recursive bool
}

// Integration is how long API Gateway waits for f: for its timeout, and for its start
// where no execution is warm. Its answer then is 503, to which channels send again.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
func (f Function) Integration() time.Duration { return f.Timeout + 2*time.Second }

// The executables: main packages below functions. They are parted by what they may
// touch and need: platforms wait for webhooks, and rules weigh more than all else.
const (
	Webhooks = "bootstrap/webhooks"
	Work     = "bootstrap/work"
	Router   = "bootstrap/router"
)

// A Grant allows actions on one resource. There is no wildcard but the account
// part of a secret's name and the object part of a bucket's prefix.
type Grant struct {
	On      Resource
	Arg     string // queue, index, channel or object prefix
	Actions []string
	Keys    []string // of a table: what the partition keys of all items must begin with; nil is any
}

// A Resource is a kind of thing that a grant is on.
type Resource string

// Resources.
const (
	OnTable   Resource = "table"
	OnIndex   Resource = "index"   // Arg is the index
	OnQueue   Resource = "queue"   // Arg is the queue
	OnSecrets Resource = "secrets" // Arg is the channel: all its accounts
	OnObjects Resource = "objects" // Arg is the key prefix
	OnBucket  Resource = "bucket"  // the bucket itself, for keys with the prefix Arg
	OnLinkKey Resource = "linkkey" // the secret that signs links
	OnSockets Resource = "sockets" // open WebSockets
	OnWidget  Resource = "widget"  // the widget's files
)

// A Queue is FIFO unless it is Standard, and has a dead-letter queue of its own and of its kind.
type Queue struct {
	Name        string
	Destination bool // consumed by a team, not by a function
	Visibility  time.Duration
	Receives    int // then it goes to the dead letters
	Retention   time.Duration
}

// Standard says whether the queue gives no order: there SQS can hold messages back.
func (q Queue) Standard() bool { return names.Standard(q.Name) }

// Table is the mailbox. Keys and indexes are package store's.
type Table struct {
	Hash, Range   string
	Local, Global []Index
	TTL           string
}

// An Index is sparse. With All it projects whole items, else keys and Include.
type Index struct {
	Name, Hash, Range string
	RangeIsNumber     bool
	All               bool
	Include           []string
}

const day = 24 * time.Hour

// New is the system that c asks for, with the channels it switches on.
func New(c Config, stage string, channels []channel.Channel) System {
	channels = c.on(channels)
	s := System{Stage: stage, Config: c, Table: mailbox(), Routes: c.Routes(channels)}
	for _, ch := range channels {
		s.Functions = append(s.Functions, webhook(c, ch))
	}
	s.Functions = append(s.Functions, router(c, channels), sweeper(), drainer(), clock(),
		sender("sender", names.Outbound), sender("bulk", names.Bulk), fetcher(channels), api(), files())
	s.Queues = []Queue{
		// Rings hold no content; high receives, because poison is told by its kind,
		// not by counting. Visibility is six times the router's timeout, and below
		// the five minutes in which destinations drop repetitions.
		{Name: names.Ingress, Visibility: 120 * time.Second, Receives: 60, Retention: 4 * day},
		{Name: names.Spill, Visibility: 120 * time.Second, Receives: 1000, Retention: 14 * day},
		// Requests are nowhere else until they are accepted. Visibility is twice the
		// timeout: it matters when a function died, since what fails is shown again sooner.
		{Name: names.Outbound, Visibility: 2 * senderTimeout, Receives: 100, Retention: 14 * day},
		{Name: names.Bulk, Visibility: 2 * senderTimeout, Receives: 100, Retention: 4 * day},
		{Name: names.Media, Visibility: 2 * fetcherTimeout, Receives: 100, Retention: 4 * day},
		// Whatever is rung for here, the sweeper finds, too, so that no ring is worth keeping for long.
		{Name: names.Clock, Visibility: 6 * clockTimeout, Receives: 60, Retention: day},
	}
	for _, d := range c.DestinationNames() {
		s.Queues = append(s.Queues,
			Queue{Name: d, Destination: true, Visibility: 60 * time.Second, Receives: 10, Retention: 14 * day})
	}
	return s.withDevices(channels).complete(channels)
}

func mailbox() Table {
	return Table{Hash: names.AttrPartition, Range: names.AttrSort, TTL: names.AttrExpires,
		// A table has its local indexes from its creation or never, so there are no more to come.
		// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/LSI.html
		Local: []Index{{Name: names.PendingIndex, Hash: names.AttrPartition, Range: names.AttrOrder, All: true},
			{Name: names.HistoryIndex, Hash: names.AttrPartition, Range: names.AttrSequence, RangeIsNumber: true}},
		Global: []Index{{Name: names.DueIndex, Hash: names.AttrBucket, Range: names.AttrDue, RangeIsNumber: true,
			Include: []string{names.AttrOrder, names.AttrSince}},
			{Name: names.ListsIndex, Hash: names.AttrList, Range: names.AttrPlace, RangeIsNumber: true,
				Include: []string{names.AttrAssignee, names.AttrTags, names.AttrAccount}}}}
}

// webhookParallel is what a channel can count on: twenty channels and everything
// else fit what an account reserves of 1,000 executions, of which AWS keeps 100.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const webhookParallel = 35

// webhook may write events and read its own channel's secrets; it cannot read
// messages, so a hole in a parser leaks none.
func webhook(c Config, ch channel.Channel) Function {
	f := Function{Name: ch.Name, Program: Webhooks, Channel: ch.Name, Route: "ANY /webhooks/" + ch.Name + "/{account}",
		Parallel: webhookParallel, Timeout: 10 * time.Second, Memory: 256, Told: c.receipts(),
		Grants: []Grant{on(OnTable, "", "dynamodb:PutItem"), send(names.Ingress), send(names.Spill),
			on(OnSecrets, ch.Name, "secretsmanager:GetSecretValue"), on(OnObjects, "raw/", "s3:PutObject")}}
	if !c.WantsReceipts() { // they are noted where they arrive; an update returns nothing of what was there
		f.Grants[0].Actions = append(f.Grants[0].Actions, "dynamodb:UpdateItem")
	}
	return f
}

func router(c Config, channels []channel.Channel) Function {
	f := Function{Name: "router", Program: Router, Consumes: names.Ingress, Batch: 10, Parallel: 50,
		Timeout: 20 * time.Second, Memory: 512, Told: []Reference{RoutesFile, StageName},
		Grants: []Grant{on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
			on(OnIndex, names.PendingIndex, "dynamodb:Query"),
			on(OnIndex, names.HistoryIndex, "dynamodb:Query"), // what a new holder gets
			on(OnObjects, "raw/", "s3:GetObject", "s3:PutObjectTagging"), on(OnBucket, "raw/", "s3:ListBucket"),
			send(names.Ingress), send(names.Media), send(names.Clock)}}
	for _, d := range c.DestinationNames() {
		f.Grants = append(f.Grants, send(d))
	}
	if slices.ContainsFunc(channels, hasDevices) {
		f.Grants = append(f.Grants, send(names.Sockets))
	}
	return f
}

func sweeper() Function {
	return Function{Name: "sweeper", Program: Work, Every: time.Minute, Parallel: 1, Timeout: 50 * time.Second,
		Memory: 256, Grants: []Grant{send(names.Outbound), send(names.Bulk), send(names.Media),
			on(OnIndex, names.DueIndex, "dynamodb:Query"), on(OnTable, "", "dynamodb:UpdateItem"),
			on(OnQueue, names.Ingress, "sqs:SendMessage", "sqs:GetQueueAttributes"),
			on(OnQueue, names.Spill, "sqs:GetQueueAttributes")}}
}

func drainer() Function {
	return Function{Name: "drainer", Program: Work, Consumes: names.Spill, Batch: 1, Parallel: 5,
		Timeout: 20 * time.Second, Memory: 512,
		Grants: []Grant{on(OnTable, "", "dynamodb:PutItem"), on(OnObjects, "raw/", "s3:PutObject"), send(names.Ingress)}}
}

const clockTimeout = 10 * time.Second

// clock passes on what others put off by seconds or minutes. It reads nothing.
func clock() Function {
	return Function{Name: "clock", Program: Work, Consumes: names.Clock, Batch: 10, Parallel: 5,
		Timeout: clockTimeout, Memory: 256, Grants: []Grant{send(names.Ingress)}}
}

const (
	senderTimeout  = 150 * time.Second // a call takes up to 75 s, and none begins that would not end
	fetcherTimeout = 120 * time.Second // a file takes up to 60 s, likewise
)

// lanes are what a sender takes finished work out of: the partitions of its lanes, and
// the pauses of accounts.
var lanes = map[string][]string{
	names.Outbound: {names.OfReplies, names.OfLater, names.OfAccount},
	names.Bulk:     {names.OfBulk, names.OfAccount},
}

// sender speaks for all channels, so it reads all their secrets; what customers
// wrote it has no need to read.
func sender(name, queue string) Function {
	f := Function{Name: name, Program: Work, Consumes: queue, Batch: 5, Parallel: 20,
		Timeout: senderTimeout, Memory: 512, Speaks: true, Told: []Reference{Desks},
		Grants: []Grant{on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
			leave(lanes[queue]...), on(OnIndex, names.PendingIndex, "dynamodb:Query"),
			on(OnObjects, "raw/", "s3:PutObject"), on(OnObjects, "media/", "s3:GetObject"),
			on(OnLinkKey, "", "secretsmanager:GetSecretValue"), send(names.Ingress), send(queue)}}
	if queue != names.Bulk {
		f.Grants = append(f.Grants, send(names.Bulk), send(names.Clock))
	}
	return f
}

// fetcher copies what customers sent, and looks at what their devices uploaded.
func fetcher(channels []channel.Channel) Function {
	f := Function{Name: "media", Program: Work, Consumes: names.Media, Batch: 1, Parallel: 20,
		Timeout: fetcherTimeout, Memory: 512, Speaks: true,
		Grants: []Grant{on(OnTable, "", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"), leave(names.OfMedia),
			on(OnIndex, names.PendingIndex, "dynamodb:Query"), on(OnObjects, "raw/", "s3:GetObject", "s3:PutObject"),
			on(OnBucket, "raw/", "s3:ListBucket"), on(OnObjects, "media/", "s3:PutObject"),
			on(OnLinkKey, "", "secretsmanager:GetSecretValue"), send(names.Ingress), send(names.Media)}}
	if slices.ContainsFunc(channels, hasDevices) {
		f.Grants = append(f.Grants, on(OnObjects, "uploads/", "s3:GetObject"))
	}
	return f
}

// secretsOf are the secrets of all accounts of channels.
func secretsOf(channels []channel.Channel) []Grant {
	var list []Grant
	for _, ch := range channels {
		list = append(list, on(OnSecrets, ch.Name, "secretsmanager:GetSecretValue"))
	}
	return list
}

// talk are the partitions of conversations, contacts and messages, and the lanes in which
// messages wait, and of what agents have claimed.
var talk = []string{"cnv_", "con_", "msg_", "out:", "bulk:", "later:", "agent:"}

// api is for integrators; it reads conversations and accepts messages, and has no
// channel's secret. What stands in the audit it may read, and not update or delete.
// That a put replaces nothing there is package store's condition: IAM knows none.
func api() Function {
	return Function{Name: "api", Program: Work, Route: "ANY /v1/{proxy+}", Auth: true, Parallel: 20,
		Timeout: 15 * time.Second, Memory: 512, Told: []Reference{CallersFile, LocalTokens, Desks},
		Grants: []Grant{
			{On: OnTable, Actions: []string{"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem",
				"dynamodb:UpdateItem"}, Keys: talk},
			{On: OnTable, Actions: []string{"dynamodb:PutItem", "dynamodb:Query"}, Keys: []string{"audit:"}},
			on(OnIndex, names.HistoryIndex, "dynamodb:Query"), on(OnIndex, names.PendingIndex, "dynamodb:Query"),
			on(OnIndex, names.ListsIndex, "dynamodb:Query"),
			on(OnObjects, "raw/", "s3:GetObject"), on(OnBucket, "raw/", "s3:ListBucket"),
			on(OnLinkKey, "", "secretsmanager:GetSecretValue"), send(names.Outbound), send(names.Bulk),
			send(names.Ingress), send(names.Clock)}}
}

// files answers links to media: whoever has a signed one may load the file, or look at it by HEAD.
func files() Function {
	return Function{Name: "files", Program: Work, Route: "ANY /v1/media/{digest}", Parallel: 20,
		Timeout: 10 * time.Second, Memory: 256,
		Grants: []Grant{on(OnObjects, "media/", "s3:GetObject"), on(OnLinkKey, "", "secretsmanager:GetSecretValue")}}
}

func on(r Resource, arg string, actions ...string) Grant {
	return Grant{On: r, Arg: arg, Actions: actions}
}

// leave is what it takes to take finished work out of partitions that begin with one
// of the prefixes: never out of a conversation's.
func leave(prefixes ...string) Grant {
	return Grant{On: OnTable, Actions: []string{"dynamodb:DeleteItem"}, Keys: prefixes}
}

func send(queue string) Grant { return on(OnQueue, queue, "sqs:SendMessage") }

// consume is what Lambda needs, in the function's name, to poll for it.
func consume(queue string) Grant {
	return on(OnQueue, queue, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility",
		"sqs:GetQueueAttributes")
}
