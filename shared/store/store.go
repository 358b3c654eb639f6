// Package store is the mailbox: the one DynamoDB table where a message is.
//
// Every event is one item under its conversation. While work on it is
// unfinished it also stands in two sparse indexes: "pending", local and strongly
// consistent, from which the router reads a conversation in channel order, and
// "due", global, in which the sweeper finds what nobody came back for. A
// conversation's state (its last sequence) is one further item beside its events.
//
// Attribute names are short because the item of a typical text message, raw body
// included, is to fit one write unit (1 KB):
//
//	c  conversation id, the partition key       b  bucket of the due index
//	s  event id or "state", the sort key        d  when the sweeper should look, Unix seconds
//	o  order in the channel; absent when done   w  how often the sweeper rang
//	z  event and raw body, compressed           q  sequence, once routed
//	k  S3 key of z, when z is too large         f  destinations still to be served
//	x  when DynamoDB may forget it, once done   r  version of the rules that decided
//	a  solo attempts of a suspect event         l  late
//	n  state: last sequence                     m  state: order of the newest event routed
//	e  state: id of the last event routed       u  state: destinations that refuse
//	t  state: when the oldest event owed came   v  state: the conversation, see package thread
//	g  state: options that a number answers
package store

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// A Place is where the mailbox is kept. Each room in it is opened by itself
// (NewInbox, NewOutbox, …), so that who holds one can reach nothing of another.
type Place struct {
	DB        *dynamodb.Client
	Table     string
	Objects   *s3.Client
	Bucket    string        // takes what does not fit into an item
	Retention time.Duration // how long events are kept, MinRetention at least
}

// MinRetention is how long an event must be remembered so that a platform's late
// retry is known for a duplicate: WhatsApp retries for seven days, plus one.
const MinRetention = 8 * 24 * time.Hour

func (p Place) retention() time.Duration { return max(p.Retention, MinRetention) }

func (p Place) core() core { return core{db: p.DB, name: p.Table} }

func (p Place) bodies() bodies { return bodies{objects: p.Objects, bucket: p.Bucket} }

// SweepAfter is how long an event may be pending before the sweeper rings for it.
const SweepAfter = 90 * time.Second

// stateKey is the sort key of a conversation's state; event ids begin with "evt_".
const stateKey = "state"
