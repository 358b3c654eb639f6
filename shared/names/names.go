// Package names is the one place where resources and environment variables are
// named: infra gives the names out, functions/bootstrap reads them back.
package names

import "strings"

// Local is the stage of the laptop. Its resources carry no stage in their name,
// so that examples read "relais-support.fifo".
const Local = "local"

// Queues of Relais itself. Destinations are queues too, named by the configuration.
const (
	Ingress  = "ingress"  // rings: "look into this conversation"
	Spill    = "spill"    // events that DynamoDB refused, whole, or too many at once
	Outbound = "outbound" // what integrators ask to be sent, and rings for it
	Bulk     = "bulk"     // rings for campaigns, so that they wait among themselves
	Media    = "media"    // inbound media to fetch
	Sockets  = "sockets"  // events of conversations whose customers' devices we reach
	Clock    = "clock"    // rings that come after some seconds or minutes
)

// Reserved says whether name is one that a destination may not take.
func Reserved(name string) bool {
	switch name {
	case Ingress, Spill, Outbound, Bulk, Media, Sockets, Clock:
		return true
	}
	return strings.HasSuffix(name, DeadSuffix)
}

// DeadSuffix ends the name of the queue that takes what a queue gave up on.
const DeadSuffix = "-dlq"

// prefix is "relais" on the laptop and "relais-<stage>" elsewhere.
func prefix(stage string) string {
	if stage == Local {
		return "relais"
	}
	return "relais-" + stage
}

// Standard says whether a queue, or the one whose dead letters it takes, is a standard
// queue of SQS. All others are FIFO: but those refuse a delay of a single message.
func Standard(queue string) bool { return strings.TrimSuffix(queue, DeadSuffix) == Clock }

// Queue is the name of a queue: "relais-support.fifo", "relais-prod-support.fifo",
// "relais-prod-clock".
func Queue(stage, queue string) string {
	name := prefix(stage) + "-" + queue
	if Standard(queue) {
		return name
	}
	return name + ".fifo"
}

// DeadLetters is the name of the queue that takes what a queue gave up on.
func DeadLetters(stage, queue string) string { return Queue(stage, queue+DeadSuffix) }

// Table is the name of the one table.
func Table(stage string) string { return prefix(stage) }

// Function is the name of a Lambda function.
func Function(stage, function string) string { return prefix(stage) + "-" + function }

// SecretPrefix is where the accounts' secrets of a channel stand: one secret per
// account, "relais/<stage>/<channel>/<account>".
func SecretPrefix(stage, channel string) string { return "relais/" + stage + "/" + channel + "/" }

// LinkKey is the secret that signs links to media.
func LinkKey(stage string) string { return "relais/" + stage + "/link-key" }

// Indexes of the table.
const (
	PendingIndex = "pending" // local: a conversation's unfinished events in channel order
	DueIndex     = "due"     // global: unfinished events by the time the sweeper should look
	HistoryIndex = "history" // local: a conversation's events by their sequence
	ListsIndex   = "lists"   // global: conversations by who holds them and how they are
)

// Environment variables. Each function gets those its topology entry needs.
const (
	EnvStage        = "RELAIS_STAGE"
	EnvTable        = "RELAIS_TABLE"
	EnvBucket       = "RELAIS_BUCKET"           // large bodies, and files; the publisher's is the widget's
	EnvSecrets      = "RELAIS_SECRETS"          // SecretPrefix of the channel
	EnvPublicURL    = "RELAIS_PUBLIC_URL"       // https://host without a trailing slash, as channels know it
	EnvQueue        = "RELAIS_QUEUE_URL"        // URL of the queue that the function works for
	EnvDead         = "RELAIS_DEAD_LETTERS_URL" // URL of that queue's dead letters
	EnvIngress      = "RELAIS_INGRESS_URL"      // queue URL
	EnvSpill        = "RELAIS_SPILL_URL"        // queue URL
	EnvDestinations = "RELAIS_DESTINATIONS"     // JSON object: destination to queue URL
	EnvRoutes       = "RELAIS_ROUTES"           // path of the routes file, relative to the task root
	EnvDesks        = "RELAIS_DESKS"            // JSON object: destination to switchboard.Desk
	EnvRetention    = "RELAIS_RETENTION_DAYS"
	EnvOutbound     = "RELAIS_OUTBOUND_URL" // queue URL
	EnvBulk         = "RELAIS_BULK_URL"     // queue URL
	EnvMedia        = "RELAIS_MEDIA_URL"    // queue URL
	EnvLinkKey      = "RELAIS_LINK_KEY"     // name of the secret that signs links to media
	EnvReceipts     = "RELAIS_RECEIPTS"     // "record" where no destination wants receipts; else absent
	EnvCallers      = "RELAIS_CALLERS"      // path of the callers' file, relative to the task root
	EnvAPITokens    = "RELAIS_API_TOKENS"   // on the laptop only: JSON object, token to access.Caller
	EnvSockets      = "RELAIS_SOCKETS_URL"  // queue URL
	EnvClock        = "RELAIS_CLOCK_URL"    // queue URL
	EnvSocket       = "RELAIS_SOCKET"       // wss:// address at which clients open WebSockets
	EnvConnections  = "RELAIS_CONNECTIONS"  // where open connections are posted to
)
