package kakaotalk

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// sessionTime is how long after the person's last message an agent may answer.
// http://doc.nexus.co.kr/r/viewer/content/api/33063baac364c6b8
const sessionTime = 30 * 24 * time.Hour

// Calls of a hub, as its path ends or as the parameter call says.
const (
	callMessage   = "message"
	callReference = "reference"
	callExpired   = "expired_session"
)

// talkThread begins the PlatformID of a person's consultation talk.
const talkThread = "talk:"

// parseTalk turns a call of the hub into events.
func parseTalk(r channel.Request) ([]events.Event, error) {
	var w talk
	if channel.Decode(r.Body, &w) != nil {
		return nil, channel.Malform("body is not JSON")
	}
	p := conversation{talk: &w, received: r.Received.UTC(), raw: r.Body}
	call := callOf(r, &w)
	if w.UserKey == "" {
		return []events.Event{unsupported(p.event(""), call, channel.Malformed, r.Body)}, nil
	}
	switch call {
	case callMessage:
		return p.message(), nil
	case callReference:
		return p.opened(), nil
	case callExpired:
		return p.closed(), nil
	}
	return []events.Event{unsupported(p.event(""), call, "unknown call", r.Body)}, nil
}

// callOf is the call that r is. Hubs append it to the URL they were given, which
// here is …&call=; a hub that does not is understood by the fields.
func callOf(r channel.Request, w *talk) string {
	call := strings.Trim(r.Query().Get("call"), "/")
	switch {
	case call != "":
		return call
	case w.Reference != nil || w.LastReference != nil:
		return callReference
	case w.Type != "":
		return callMessage
	}
	return "call"
}

// A conversation is a call of the hub that is being read.
type conversation struct {
	*talk
	received time.Time
	raw      []byte
}

// event is what every event of the call has.
func (p conversation) event(key string) events.Event {
	e := events.Event{Key: key, Time: channel.UnixText(string(p.Time)), Raw: p.raw}
	if p.UserKey == "" {
		return e
	}
	e.Data.Contact = &events.Contact{
		Identities: []events.Identity{{Scheme: events.KakaoPlusFriend, Value: p.UserKey, Scope: p.SenderKey}}}
	if p.AppUserID != "" {
		e.Data.Contact.Identities = append(e.Data.Contact.Identities,
			events.Identity{Scheme: events.KakaoAppUser, Value: string(p.AppUserID)})
	}
	e.Data.Conversation = &events.Conversation{PlatformID: talkThread + p.UserKey, Kind: events.Direct}
	return e
}

// since is when the call happened, as far as is known.
func (p conversation) since() time.Time {
	if t := channel.UnixText(string(p.Time)); !t.IsZero() {
		return t
	}
	return p.received
}

func (p conversation) window(closes time.Time) *events.Window {
	return &events.Window{Kind: "session", ClosesAt: closes}
}

// message is what a person sent, or the button they pressed.
func (p conversation) message() []events.Event {
	id := string(p.SerialNumber)
	if id == "" {
		id = channel.Digest(p.Content, p.UserKey, string(p.Time), p.Type)
	}
	e := p.event("message:" + id)
	e.Data.Conversation.Window = p.window(p.since().Add(sessionTime))
	if p.Extra != "" {
		e.Type = events.InteractionReceived
		e.Data.Interaction = &events.Interaction{
			Kind: events.ButtonAnswer, Message: channel.Ref(id), Option: string(p.Extra), Text: text(p.Content),
		}
		return []events.Event{e}
	}
	e.Type = events.MessageReceived
	e.Data.Message = &events.Message{
		PlatformID: id, Actor: events.Actor{Role: events.Customer}, Content: p.contents(),
		Metadata: fields("sessionId", string(p.SessionID)),
	}
	return []events.Event{e}
}

// mediaTypes are the types of /message that carry a file.
var mediaTypes = map[string]string{
	"photo": events.Image, "image": events.Image, "video": events.Video, "audio": events.Audio, "file": events.File,
}

func (p conversation) contents() []events.Content {
	var list []events.Content
	if p.Type == "text" {
		if body := text(p.Content); body != "" {
			list = append(list, events.NewText(body))
		}
		if m, ok := medium(events.File, p.Attachment); ok { // the whole of a long text
			list = append(list, m)
		}
	}
	for _, raw := range append(p.Contents, p.single()...) {
		if m, ok := medium(mediaTypes[p.Type], raw); ok {
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		return []events.Content{events.NewUnsupported(p.kind(), "unknown message type", p.raw)}
	}
	return list
}

func (p conversation) kind() string {
	if p.Type == "" {
		return callMessage
	}
	return p.Type
}

// single is where a medium stands that is the only one.
func (p conversation) single() []json.RawMessage {
	if len(p.Contents) > 0 {
		return nil
	}
	return []json.RawMessage{p.Content, p.Attachment}
}

// medium is the file that raw, an object or a URL, is; false when it is none.
func medium(kind string, raw json.RawMessage) (events.Content, bool) {
	var f file
	if channel.Decode(raw, &f) != nil {
		f = file{URL: text(raw)}
	}
	if kind == "" || !strings.HasPrefix(f.URL, "http") {
		return events.Content{}, false
	}
	size, _ := strconv.ParseInt(string(f.Size), 10, 64)
	return events.NewMedia(events.Media{Type: kind, State: events.MediaPending, URL: f.URL, Name: f.Name,
		Bytes: max(size, 0)}), true
}

// text is the text that raw holds, "" when it holds none.
func text(raw json.RawMessage) string {
	var s string
	_ = channel.Decode(raw, &s) // what is no text has none
	return s
}

// opened is the button that opened a talk, and what the brand put into it.
func (p conversation) opened() []events.Event {
	e := p.event(p.key("started"))
	e.Type, e.Data.Change = events.ConversationStarted, &events.Change{Field: "started"}
	e.Data.Conversation.Window = p.window(p.since().Add(sessionTime))
	list := []events.Event{e}
	for _, r := range []*reference{p.Reference, p.LastReference} {
		if r == nil || r.Extra == "" {
			continue
		}
		f := p.event(p.key("referral"))
		f.Type = events.ReferralReceived
		f.Data.Referral = &events.Referral{Source: "link", Payload: string(r.Extra), Fields: p.origins()}
		return append(list, f)
	}
	return list
}

// origins tell how the person came from the chatbot.
func (p conversation) origins() []events.Field {
	var list []events.Field
	if r := p.Reference; r != nil {
		list = fields("lastText", string(r.LastText))
	}
	if r := p.LastReference; r != nil {
		list = append(list, fields("bot", string(r.Bot), "botEvent", string(r.BotEvent))...)
	}
	return list
}

// closed is the end of a talk: nothing may be sent any more.
func (p conversation) closed() []events.Event {
	e := p.event(p.key("closed"))
	e.Type, e.Data.Handling = events.ConversationClosed, &events.Handling{}
	e.Data.Conversation.Window = p.window(p.since())
	return []events.Event{e}
}

// key names a fact that has no id: by the person, the session and the time.
func (p conversation) key(kind string) string {
	key := kind + ":" + p.UserKey
	for _, part := range []channel.Text{p.SessionID, p.Time} {
		if part != "" {
			key += ":" + string(part)
		}
	}
	return key
}
