package inapp

import (
	"encoding/json"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/relais-dev/relais/events"
)

// A delivery is what functions hand over of one device.
type delivery struct {
	V      int               `json:"v"`
	From   from              `json:"from"`
	Frames []json.RawMessage `json:"frames"`
}

type from struct {
	Thread string `json:"thread"`
	Device string `json:"device,omitempty"`
	User   string `json:"user,omitempty"` // the host app's id of a known user
	Name   string `json:"name,omitempty"`
	Locale string `json:"locale,omitempty"`
}

// Threads are named by who began them.
const (
	anonymous = "anon-"
	known     = "user-"
)

// maxUser bounds the host app's id of a user, in bytes.
const maxUser = 128

func (f from) valid() bool {
	name, isAnonymous := strings.CutPrefix(f.Thread, anonymous)
	if user, ok := strings.CutPrefix(f.Thread, known); ok && !isAnonymous {
		name = user
	} else if !isAnonymous {
		return false
	}
	return ValidUser(name) && (f.User == "" || ValidUser(f.User))
}

// ValidUser says whether id can be a host app's id of a user: 1 to 128 bytes,
// nothing invisible.
func ValidUser(id string) bool {
	return id != "" && len(id) <= maxUser && utf8.ValidString(id) && strings.TrimSpace(id) == id &&
		strings.IndexFunc(id, hidden) < 0
}

func hidden(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }

// A Frame is what a client says, one JSON object.
type Frame struct {
	V           int             `json:"v"`
	Action      string          `json:"action"`
	ClientMsgID string          `json:"clientMsgId,omitempty"`
	Content     *events.Content `json:"content,omitempty"` // of send
	ReplyTo     string          `json:"replyTo,omitempty"`
	Message     string          `json:"message,omitempty"` // which one is answered or reacted to
	Option      string          `json:"option,omitempty"`
	Text        string          `json:"text,omitempty"` // what the customer saw of the option
	Form        string          `json:"form,omitempty"`
	// of a form; of several options, their ids and what the customer saw
	Values []events.Field `json:"values,omitempty"`
	Slot   string         `json:"slot,omitempty"`
	Emoji  string         `json:"emoji,omitempty"`
	Active bool           `json:"active,omitempty"`
	UpTo   int64          `json:"upTo,omitempty"`
	After  int64          `json:"after,omitempty"`
	// of read and received, when the message at UpTo was sent, in milliseconds; we add it
	At int64 `json:"at,omitempty"`
}

// Actions of a Frame.
const (
	Send     = "send"
	Choose   = "choose"
	Submit   = "submit"
	Pick     = "pick"
	React    = "react"
	Typing   = "typing"
	Read     = "read"
	Received = "received"
	Resume   = "resume"
	Ping     = "ping"
)

// Codes of errors that clients hear.
const (
	BadOrigin   = "bad_origin"
	BadToken    = "bad_token"
	Expired     = "expired_token"
	BadTicket   = "bad_ticket"
	RateLimited = "rate_limited"
	TooLarge    = "too_large"
	Malformed   = "malformed"
	Unsupported = "unsupported_action"
	NotFound    = "not_found"
	Unavailable = "unavailable"
)

const (
	// MaxFrame bounds a frame, in bytes: what API Gateway takes as one frame.
	// https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
	MaxFrame = 32 << 10
	// MaxFrames bounds a batch.
	MaxFrames = 20
	// maxID bounds what a client repeats of ours.
	maxID = 256
	// maxValues bounds a form's answer.
	maxValues = 100
)

// clientID keeps colons out: they separate the parts of a MessageID.
var clientID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// ReadFrame reads a frame and says, by a code, why it is none; "" when it is one.
func ReadFrame(raw []byte) (Frame, string) {
	var f Frame
	if len(raw) > MaxFrame {
		return f, TooLarge
	}
	if err := json.Unmarshal(raw, &f); err != nil || !utf8.Valid(raw) {
		return Frame{ClientMsgID: f.id()}, Malformed
	}
	if f.V != 1 {
		return f, Malformed
	}
	return f, f.fault()
}

// id is the client's id, when it is one.
func (f Frame) id() string {
	if !clientID.MatchString(f.ClientMsgID) {
		return ""
	}
	return f.ClientMsgID
}

func (f Frame) fault() string {
	ok := true
	switch f.Action {
	case Send:
		ok = f.Content != nil && len(f.ReplyTo) <= maxID && speaks(f.Content)
	case Choose:
		ok = f.names() && filled(f.Option) && len(f.Option) <= maxID && named(f.Values)
	case Submit:
		ok = f.names() && filled(f.Form) && len(f.Form) <= maxID && named(f.Values)
	case Pick:
		ok = f.names() && filled(f.Slot) && len(f.Slot) <= maxID
	case React:
		ok = f.names() && utf8.RuneCountInString(f.Emoji) <= 16
	case Typing, Ping, Resume:
		return ""
	case Read, Received:
		ok = f.UpTo > 0
		return code(ok)
	default:
		return Unsupported
	}
	return code(ok && f.id() != "")
}

func code(ok bool) string {
	if !ok {
		return Malformed
	}
	return ""
}

// names says whether f is about a message.
func (f Frame) names() bool { return filled(f.Message) && len(f.Message) <= maxID }

func filled(s string) bool { return strings.TrimSpace(s) != "" }

func named(fields []events.Field) bool {
	if len(fields) > maxValues {
		return false
	}
	for _, f := range fields {
		if !filled(f.Name) || len(f.Name) > maxID {
			return false
		}
	}
	return true
}

// speaks says whether c is what customers can send. Whose file it is, parse knows.
func speaks(c *events.Content) bool {
	switch {
	case c.Kind == events.KindText && c.Text != nil:
		return filled(c.Text.Body)
	case c.Kind == events.KindMedia && c.Media != nil:
		return strings.HasPrefix(c.Media.PlatformID, Uploads) && len(c.Media.PlatformID) <= maxID && mediaType(c.Media.Type)
	case c.Kind == events.KindLocation && c.Location != nil:
		l := c.Location
		return l.Latitude >= -90 && l.Latitude <= 90 && l.Longitude >= -180 && l.Longitude <= 180
	}
	return false
}

func mediaType(t string) bool {
	switch t {
	case events.Image, events.Video, events.Audio, events.Voice, events.File:
		return true
	}
	return false
}

// Uploads is where files of customers wait in the bucket until they were looked at.
const Uploads = "uploads/"

// UploadPrefix is where those of a thread do.
func UploadPrefix(account, thread string) string {
	return Uploads + events.ConversationID(Name, account, thread) + "/"
}
