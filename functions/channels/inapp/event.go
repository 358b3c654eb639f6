package inapp

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A parser turns the frames of a delivery into events.
type parser struct {
	account channel.Account
	from    from
	now     time.Time
}

// event is what a frame says; false when it says nothing to anybody but us.
func (p parser) event(raw json.RawMessage) (events.Event, bool) {
	e := events.Event{Time: p.now, Raw: raw, Data: events.Data{
		Conversation: &events.Conversation{PlatformID: p.from.Thread, Kind: events.Direct}, Contact: p.from.contact()}}
	f, fault := ReadFrame(raw)
	if f.Action == Ping || f.Action == Resume {
		return e, false
	}
	if fault == "" && !p.fact(f, &e) {
		fault = Malformed
	}
	if fault != "" {
		p.unsupported(f, fault, raw, &e)
	}
	return e, true
}

// contact is who speaks: a known user by the host app's id, whatever their thread.
func (f from) contact() *events.Contact {
	c := &events.Contact{Name: f.Name, Locale: f.Locale,
		Identities: []events.Identity{{Scheme: events.WebAnonymous, Value: f.Thread}}}
	if f.User != "" {
		c.Identities[0] = events.Identity{Scheme: events.WebVerified, Value: f.User, Verified: "token"}
	}
	return c
}

// Contact is who speaks in a session.
func (s Session) Contact() *events.Contact {
	return from{Thread: s.Thread, User: s.User, Name: s.Name, Locale: s.Locale}.contact()
}

func (p parser) unsupported(f Frame, fault string, raw []byte, e *events.Event) {
	reason := channel.Malformed
	if fault == Unsupported {
		reason = "unknown action"
	}
	kind := f.Action
	if !filled(kind) {
		kind = "frame"
	}
	e.Type, e.Key = events.IngestUnsupported, "frame:"+p.from.Thread+":"+channel.Digest(raw)
	e.Data.Unsupported = events.UnsupportedOf(kind, reason, raw)
}

// fact sets e's type, key and fact; false when the frame says something that is
// not true.
func (p parser) fact(f Frame, e *events.Event) bool {
	e.Key = "message:" + MessageID(p.from.Thread, f.ClientMsgID)
	switch f.Action {
	case Send:
		return p.message(f, e)
	case Choose:
		e.Data.Interaction = &events.Interaction{Kind: events.ButtonAnswer, Option: f.Option, Text: f.Text, Values: f.Values}
	case Submit:
		e.Data.Interaction = &events.Interaction{Kind: events.FormAnswer, Option: f.Form, Values: f.Values}
	case Pick:
		e.Data.Interaction = &events.Interaction{Kind: events.TimeAnswer, Option: f.Slot, Text: f.Text}
	case React:
		p.reaction(f, e)
	case Typing:
		p.typing(f, e)
	case Read, Received:
		p.receipt(f, e)
	}
	if in := e.Data.Interaction; in != nil {
		e.Type, in.Of, in.Callback = events.InteractionReceived, reference(f.Message),
			MessageID(p.from.Thread, f.ClientMsgID)
		in.Message = channel.Ref(in.Callback)
	}
	return true
}

func reference(id string) *events.Ref {
	if id == "" {
		return nil
	}
	return &events.Ref{PlatformID: id}
}

func customerActor() events.Actor { return events.Actor{Role: events.Customer} }

func (p parser) message(f Frame, e *events.Event) bool {
	c, ok := p.content(*f.Content)
	e.Type = events.MessageReceived
	e.Data.Message = &events.Message{PlatformID: MessageID(p.from.Thread, f.ClientMsgID), Actor: customerActor(),
		Content: []events.Content{c}, ReplyTo: reference(f.ReplyTo)}
	if !ok {
		e.Data.Message = nil
	}
	return ok
}

// content is what a customer may say of c: no address of a file, no marks in text.
func (p parser) content(c events.Content) (events.Content, bool) {
	switch c.Kind {
	case events.KindMedia:
		if !strings.HasPrefix(c.Media.PlatformID, UploadPrefix(p.account.ID, p.from.Thread)) {
			return c, false // somebody else's file
		}
		return events.NewMedia(events.Media{Type: c.Media.Type, State: events.MediaPending, PlatformID: c.Media.PlatformID,
			MIME: c.Media.MIME,
			Name: c.Media.Name, Caption: c.Media.Caption, Bytes: max(c.Media.Bytes, 0)}), true
	case events.KindLocation:
		l := c.Location
		return events.Content{Kind: events.KindLocation,
			Location: &events.Location{Latitude: l.Latitude, Longitude: l.Longitude, Accuracy: max(l.Accuracy, 0),
				Name: l.Name, Address: l.Address}}, true
	}
	return events.NewText(c.Text.Body), true
}

func (p parser) reaction(f Frame, e *events.Event) {
	e.Type, e.Data.Reaction = events.ReactionAdded,
		&events.Reaction{Target: *reference(f.Message), Actor: customerActor(), Emoji: f.Emoji}
	if f.Emoji == "" {
		e.Type = events.ReactionRemoved
	}
}

func (p parser) typing(f Frame, e *events.Event) {
	at := strconv.FormatInt(p.now.UnixMilli(), 10)
	e.Type, e.Key = events.PresenceTyping,
		strings.Join([]string{"typing", p.from.Thread, at, strconv.FormatBool(f.Active)}, ":")
	e.Data.Typing = &events.Typing{Actor: customerActor(), Active: f.Active}
}

// receipt is a watermark. The function that took the frame has looked up when the
// message was sent; until now, if it has not.
func (p parser) receipt(f Frame, e *events.Event) {
	e.Type, e.Data.Receipt = events.ReceiptRead, &events.Receipt{UpTo: reference(f.Message), UpToTime: p.now}
	if f.Action == Received {
		e.Type = events.ReceiptDelivered
	}
	if f.At > 0 && f.At < p.now.UnixMilli() {
		e.Data.Receipt.UpToTime = time.UnixMilli(f.At).UTC()
	}
	e.Key = strings.Join([]string{f.Action, p.from.Thread, strconv.FormatInt(f.UpTo, 10)}, ":")
}
