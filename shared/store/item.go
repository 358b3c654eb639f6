package store

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/thread"
)

// An Item is an event in the mailbox. It is also what the spill queue carries,
// as JSON, when the table cannot take it.
type Item struct {
	Conversation string    `json:"c"`
	ID           string    `json:"s"`
	Order        string    `json:"o"`
	Received     time.Time `json:"t"`
	Body         []byte    `json:"z"` // event and raw, see pack

	Sequence uint64 `json:"-"` // 0 until routed
	Decision `json:"-"`

	object string // S3 key of Body when it does not fit
}

// NewItem is e with the raw bytes it came from, index being its place in the
// webhook.
func NewItem(e *events.Event, raw []byte, index int) (Item, error) {
	body, err := pack(e, raw)
	if err != nil {
		return Item{}, err
	}
	return Item{Conversation: e.Subject, ID: e.ID, Order: order(e, index), Received: e.RecordedTime, Body: body}, nil
}

// Event is the stored event, with its sequence and what was decided.
func (it Item) Event() (events.Event, error) {
	doc, _, err := unpack(it.Body)
	if err != nil {
		return events.Event{}, err
	}
	var e events.Event
	if err := json.Unmarshal(doc, &e); err != nil {
		return events.Event{}, fmt.Errorf("decode stored event: %w", err)
	}
	if it.Sequence > 0 {
		e.Sequence = events.FormatSequence(it.Sequence)
	}
	e.Late, e.Ruleset = it.Late, it.Ruleset
	it.Hold.Stamp(&e)
	return e, nil
}

// Raw is the platform's bytes that the event was made from.
func (it Item) Raw() ([]byte, error) {
	_, raw, err := unpack(it.Body)
	return raw, err
}

// maxSkew is how far ahead of our clock a platform's time is believed: a wrong
// clock must not make every later event of the conversation late.
const maxSkew = 5 * time.Minute

// order sorts a conversation's events as the channel means them: platform time,
// platform count, then arrival. Fixed-width hexadecimal, so that text order is
// number order.
func order(e *events.Event, index int) string {
	at := e.Time
	if limit := e.RecordedTime.Add(maxSkew); at.After(limit) {
		at = limit
	}
	return fmt.Sprintf("%012x%016x%012x%04x", max(at.UnixMilli(), 0), e.Rank, max(e.RecordedTime.UnixMilli(), 0),
		index&0xffff)
}

// channelOrder is the part of an order that the channel gave.
const channelOrder = 12 + 16

// LateAfter says whether it is older, by the channel's own count, than the
// newest event routed before it.
func (it Item) LateAfter(s State) bool {
	return s.Newest != "" && it.Order[:min(channelOrder, len(it.Order))] < s.Newest[:min(channelOrder, len(s.Newest))]
}

func itemOf(a map[string]types.AttributeValue) Item {
	it := Item{Conversation: textOf(a["c"]), ID: textOf(a["s"]), Order: textOf(a["o"]), Sequence: uint64(intOf(a["q"])),
		object: textOf(a["k"])}
	it.Order = unparked(it.Order)
	it.Received = receivedIn(it.Order)
	it.Ruleset, it.Option = textOf(a["r"]), textOf(a["op"])
	it.Hold, it.Asked = thread.ParseHold(textOf(a["ho"])), textOf(a["h"])
	if f, ok := a["f"].(*types.AttributeValueMemberSS); ok {
		it.Destinations = f.Value
	}
	if l, ok := a["l"].(*types.AttributeValueMemberBOOL); ok {
		it.Late = l.Value
	}
	if z, ok := a["z"].(*types.AttributeValueMemberB); ok {
		it.Body = z.Value
	}
	return it
}

// The parked stand before all others in the pending index: their orders begin with
// a character before the digits.
const (
	parkedMark = "!"
	firstOrder = "0"
	lastParked = parkedMark + "g" // after the last hexadecimal digit
	parkedSize = len(parkedMark) + 16
)

// parkedOrder is the order of a parked event: its sequence, then the order it had.
func parkedOrder(sequence uint64, order string) string {
	return fmt.Sprintf("%s%016x%s", parkedMark, sequence, order)
}

func unparked(order string) string {
	if len(order) >= parkedSize && order[:len(parkedMark)] == parkedMark {
		return order[parkedSize:]
	}
	return order
}

// ownOrder is the order of an event of our own that got its sequence when it was made: it stands
// before all that wait for theirs, in sequence.
func ownOrder(sequence uint64, received time.Time) string {
	return fmt.Sprintf("%0*x%012x%04x", channelOrder, sequence, max(received.UnixMilli(), 0), 0)
}

// sortPending puts what has a sequence first, in sequence, then channel order.
func sortPending(items []Item) {
	slices.SortFunc(items, func(a, b Item) int {
		if (a.Sequence == 0) != (b.Sequence == 0) {
			return cmp.Compare(b.Sequence, a.Sequence)
		}
		return cmp.Or(cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
}

// Buckets of the due index: enough that no partition of it takes more than a
// sixteenth of the writes, few enough to read each minute. Lanes have buckets of
// their own, so that a flood of events hides no message that is due.
const (
	buckets     = 16
	laneBuckets = 8
	lanePrefix  = "lane"
)

// Bucket is the due index's partition of a conversation or lane.
func Bucket(partition string) string {
	h := fnv.New32a()
	h.Write([]byte(partition))
	if _, lane := ParseLane(partition); lane {
		return fmt.Sprintf("%s%x", lanePrefix, h.Sum32()%laneBuckets)
	}
	return fmt.Sprintf("%x", h.Sum32()%buckets)
}

// EventBuckets lists the due index's partitions of conversations.
func EventBuckets() []string { return bucketNames("", buckets) }

// LaneBuckets lists the due index's partitions of lanes.
func LaneBuckets() []string { return bucketNames(lanePrefix, laneBuckets) }

func bucketNames(prefix string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%x", prefix, i)
	}
	return all
}

// split cuts a packed text at the first NUL: JSON holds none.
func split(b []byte) (doc, raw []byte) {
	doc, raw, _ = bytes.Cut(b, []byte{0})
	return doc, raw
}
