package sqs

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

type state int

const (
	ready state = iota
	delayed
	inFlight
	removed
)

// A message is what was sent, and where it stands. The exported part is kept at sending, receipts at each receive.
type message struct {
	Seq         uint64
	ID          string
	Body        string
	Attributes  map[string]attribute `json:",omitempty"`
	TraceHeader string               `json:",omitempty"`
	Group       string               `json:",omitempty"`
	Dedup       string               `json:",omitempty"`
	Source      string               `json:",omitempty"` // ARN of the queue whose dead letter this is
	Sent        int64                // milliseconds since 1970
	Start       int64                // when it becomes visible first: Sent plus the delay

	receipts
	state                             state
	visibleAt                         int64 // while delayed or in flight
	readyPlace, waitPlace, agingPlace int
}

// receipts counts how often a message was received. Count is part of the receipt handle, so that an older handle is
// told from the current one.
type receipts struct {
	Count        int   `json:",omitempty"`
	First        int64 `json:",omitempty"` // milliseconds since 1970, like Last and VisibleAgain
	Last         int64 `json:",omitempty"`
	VisibleAgain int64 `json:",omitempty"`
}

// An attribute is a message attribute as it travels.
type attribute struct {
	DataType         string
	StringValue      *string  `json:",omitempty"`
	BinaryValue      []byte   `json:",omitempty"`
	StringListValues []string `json:",omitempty"`
	BinaryListValues [][]byte `json:",omitempty"`
}

func (a attribute) size() int {
	n := len(a.DataType) + len(a.BinaryValue)
	if a.StringValue != nil {
		n += len(*a.StringValue)
	}
	return n
}

// size is what counts against the limit of a message and of a batch.
func size(body string, attributes map[string]attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + a.size()
	}
	return n
}

// handle is the receipt handle of the message's latest receive.
func (m *message) handle(q *queue) string {
	return base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %d %s", q.Name, m.Seq, m.Count, m.ID))
}

// parseHandle reads what handle wrote.
func parseHandle(s string) (queue string, seq uint64, count int, id string, ok bool) {
	b, err := base64.URLEncoding.DecodeString(s)
	if err != nil {
		return "", 0, 0, "", false
	}
	n, err := fmt.Sscanf(string(b), "%s %d %d %s", &queue, &seq, &count, &id)
	return queue, seq, count, id, err == nil && n == 4
}

// sequenceNumber has 20 digits, so that it orders as text too.
func sequenceNumber(seq uint64) string { return fmt.Sprintf("%020d", seq) }

func millis(t time.Time) int64 { return t.UnixMilli() }

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 follows
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
func attributesMD5(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	h := md5.New()
	field := func(b []byte) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		field([]byte(name))
		field([]byte(a.DataType))
		if a.StringValue != nil {
			h.Write([]byte{1})
			field([]byte(*a.StringValue))
			continue
		}
		h.Write([]byte{2})
		field(a.BinaryValue)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// checkBody holds a body to the characters of XML 1.0 that SQS takes.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func checkBody(body string) error {
	if body == "" {
		return missing("MessageBody")
	}
	return checkText(body, "the message body")
}

func checkText(s, what string) error {
	for i, r := range s {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 {
			if r != utf8.RuneError || strings.HasPrefix(s[i:], "\uFFFD") {
				continue
			}
		}
		return fail("InvalidMessageContents", "%s holds a character SQS does not take: U+%04X at byte %d", what, r, i)
	}
	return nil
}

// maxAttributes and the naming rules:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
const maxAttributes = 10

func checkAttributes(attributes map[string]attribute) error {
	if len(attributes) > maxAttributes {
		return invalidValue("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(attributes),
			maxAttributes)
	}
	for _, n := range slices.Sorted(maps.Keys(attributes)) {
		if !attributeName(n) {
			return invalidValue("The message attribute name '%s' is not a valid one.", n)
		}
		if err := checkAttribute(n, attributes[n]); err != nil {
			return err
		}
	}
	return nil
}

// attributeName also takes accented Latin letters, which AWS does without saying so.
func attributeName(n string) bool {
	letter := func(r rune) bool { return plain(r) || r >= 'À' && r <= 'ſ' }
	low := strings.ToLower(n)
	return len(n) <= 256 && !strings.HasPrefix(low, "aws.") && !strings.HasPrefix(low, "amazon.") &&
		!slices.ContainsFunc(strings.Split(n, "."), func(part string) bool { return part == "" || !only(part, letter) })
}

// plain are the characters of queue names and batch ids.
func plain(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
}

// only says whether all of s's characters are ok.
func only(s string, ok func(rune) bool) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !ok(r) })
}

func checkAttribute(name string, a attribute) error {
	if len(a.StringListValues) > 0 || len(a.BinaryListValues) > 0 {
		return fail("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	}
	kind, _, _ := strings.Cut(a.DataType, ".")
	switch {
	case len(a.DataType) > 256 || kind != "String" && kind != "Number" && kind != "Binary":
		return invalidValue("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case kind == "Binary" && (len(a.BinaryValue) == 0 || a.StringValue != nil),
		kind != "Binary" && (a.StringValue == nil || *a.StringValue == "" || len(a.BinaryValue) > 0):
		return invalidValue("The message attribute '%s' with type '%s' must have a non-empty value of that type and no other.", name, kind)
	case a.StringValue != nil:
		return checkText(*a.StringValue, "message attribute "+name)
	}
	return nil
}
