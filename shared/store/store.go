// Package store is the mailbox: the one DynamoDB table where a message is.
//
// Every event is one item under its conversation. While work on it is
// unfinished it also stands in two sparse indexes: "pending", local and strongly
// consistent, from which the router reads a conversation in channel order, and
// "due", global, in which the sweeper finds what nobody came back for. A
// conversation's state (its last sequence) is one further item beside its events.
//
// The table has rooms, each a type that knows its own items: Inbox, Conversations
// (Sequence and Append are where a conversation is numbered), Lists, Lanes, Outbox, Receipts, Accounts,
// Devices, and Backlog, which looks over what is unfinished in all of them.
//
// These are the items. What is not forgotten at x, or deleted, stays.
//
//	partition              sort key         what it is; room: who writes it                          forgotten
//	<conversation>         evt_…            an event; Inbox: all that tell something, the router     x, once served
//	<conversation>         state            numbering, thread, lists; Conversations: router, sender, api
//	<conversation>         window:<window>  what was sent in a window; Outbox: sender                x
//	<conversation>         marks            watermarks of receipts; Receipts: webhooks, router
//	<conversation>         earlier          conversations it continues; Conversations: devices' door
//	<conversation>         move             where it goes on; Conversations: devices' door, pusher
//	<conversation>         read             how far it is read; Conversations: devices' door         x
//	<conversation>         ended:<session>  a session, or with * all, is over; Devices: their door   x
//	<conversation>         cursor           how far a platform's list was read; Accounts: media
//	<contact>              conversation     a contact's own conversation; Conversations: router
//	<message>              message          what goes out and how far it is; Outbox: api, sender     x, once told
//	<message>              part:<number>    a receipt that names our id; Receipts: webhooks, router  x
//	<platform's message>   sent             whose it is, and its receipt; Receipts: those, sender    x
//	out:<conversation>     <message>        an answer that waits; Lanes, Outbox: api, sender         deleted
//	bulk:<conversation>    <message>        a campaign's message that waits; as above                deleted
//	later:<message>        <message>        a message that waits for its time; as above              deleted
//	media:<conversation>   evt_…            media to be fetched; Lanes: router                       deleted
//	account:<account>      pause            what holds an account back; Accounts: sender             x, or deleted
//	account:<account>      token            its access token; Accounts: sender, media
//	rate:<limit>           rate             a bucket of tokens; Accounts: sender, devices' door      x
//	user:<user>            user             a user's thread; Devices: their door
//	ticket:<hash>          ticket           opens one connection; Devices: their door                x, or deleted
//	socket:<connection>    socket           an open connection; Devices: their door                  x, or deleted
//	devices:<conversation> socket:<conn.>   the same, in its conversation                            x, or deleted
//	agent:<n>:<desk>:<id>  load             what an agent has claimed; Lists: api                    x
//	devices:<conversation> push:<id>        a subscription to pushes; Devices: their door            x, or deleted
//	audit:<day>:<shard>    <time>-<random>  who did something by the HTTP API; Audit: api            x
//
// A name means one thing in all items. Names are short because the item of a typical
// text message, raw body included, is to fit one write unit (1 KB). Times are Unix
// seconds in d and x, which DynamoDB wants so, microseconds in fu, milliseconds
// elsewhere.
//
// Keys and indexes:
//
//	c   partition key
//	s   sort key
//	o   order in its conversation or lane, as long as it is unfinished
//	q   sequence of an event
//	b   bucket of the due index
//	d   when the sweeper should look
//	x   when DynamoDB may forget it
//
// Events, messages and work in lanes:
//
//	z   body, compressed: an event and the raw bytes, or a request and its plan
//	k   S3 key of z, when z is too large
//	w   how often the sweeper rang
//	a   solo attempts of an event that may crash the router
//	f   destinations still to be served
//	r   version of the rules that decided
//	l   whether the event was late
//	ho  who held the conversation from the event on
//	op  option that the customer chose by its number
//	h   hash of a message's request, or of the command that made an event
//	i   lane of a message
//	j   order of a message in its lane, kept after o is gone
//	p   progress of a message
//	v   revision: who writes must have read it
//
// A conversation's state, and others of a conversation:
//
//	n   sequence of the last event routed
//	e   id of the last event routed
//	m   order of the newest event routed
//	u   destinations that refuse, and from which sequence on
//	t   when the oldest event came that one of those is owed
//	g   options that a number answers
//	y   document of the item's own kind: thread, connection, subscription, what a ticket opens, joins, a record
//	tm  when something of it ends by itself, and is to be looked at, Unix seconds
//	il  list in which it stands: who holds it, and how it is; with ia the index of lists
//	ia  place in that list
//	ig  agent to whom it is assigned
//	it  its tags
//	ic  its channel and account
//	cs  sequence that the last one had seen who claimed to speak next
//	cw  who that was
//	lc  conversations that an agent has claimed
//	cv  conversation to which a contact or connection belongs
//	ct  count of messages in a window
//	rs  sequence up to which the customer has read
//	dl  watermark: all before it was delivered
//	rd  watermark: all before it was read
//
// Receipts:
//
//	mg  message of ours that the platform's is a part of
//	pt  number of that part
//	rk  rank of the state, which only rises
//	st  state that the platform told
//	ta  when it told
//	pi  the platform's id, where the item stands under ours
//	er  error that it told
//
// Accounts and devices:
//
//	un  until when a pause, token or ticket holds
//	pr  reason of a pause
//	pn  pauses in a row
//	tk  access token
//	rt  refresh token
//	le  end of the lease under which one may mint the next token
//	cu  cursor of a list that a platform keeps
//	fu  when a bucket of tokens is full again
//	th  thread of a user
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
