package wechat

import (
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// codeLife is how long the code of an event can be answered with, once.
// https://developer.work.weixin.qq.com/document/path/95122
const codeLife = 20 * time.Second

// event is something that happened in a person's session.
// https://developer.work.weixin.qq.com/document/path/94670
func (k kfReader) event(m kfItem, raw []byte) []events.Event {
	if m.Event == nil {
		return k.unsupported(m, raw, "event", channel.Malformed)
	}
	if _, person := m.parties(k.account); person == "" { // an agent came or went, for one
		return k.unsupported(m, raw, m.Event.Type, "unknown")
	}
	var list []events.Event
	switch m.Event.Type {
	case "enter_session":
		list = k.entered(m, raw)
	case "msg_send_fail":
		list = k.sendFailed(m, raw)
	case "session_status_change":
		list = k.passed(m, raw)
	case "user_recall_msg":
		list = k.recalled(m, raw, events.Customer)
	case "servicer_recall_msg":
		list = k.recalled(m, raw, events.Agent)
	}
	if list == nil {
		return k.unsupported(m, raw, m.Event.Type, "unknown")
	}
	return list
}

// key names a fact of an event.
func (m kfItem) key(kind string, raw []byte) string {
	if m.MsgID == "" {
		return kind + ":" + channel.Digest(raw)
	}
	return kind + ":" + m.MsgID
}

// entered is a person opening the session. Who has not been greeted for 48 hours can
// be, once, by the welcome code; scene and scene_param are what the brand put into the link.
func (k kfReader) entered(m kfItem, raw []byte) []events.Event {
	e := k.fact(events.ConversationStarted, m.key("started", raw), m, raw)
	e.Data.Change = &events.Change{Field: "started"}
	if code := m.Event.WelcomeCode; code != "" {
		until := e.Time.Add(codeLife)
		e.Data.Conversation.Window = &events.Window{Kind: "welcome", ClosesAt: until, Messages: 1}
		e.Data.Conversation.Answer = &events.Handle{Token: code, ExpiresAt: until}
	}
	if m.Event.Scene == "" && m.Event.SceneParam == "" {
		return []events.Event{e}
	}
	from := k.fact(events.ReferralReceived, m.key("referral", raw), m, raw)
	from.Data.Referral = &events.Referral{Source: "link", ID: m.Event.Scene, Payload: m.Event.SceneParam}
	return []events.Event{e, from}
}

// failTypes is why a message that WeCom took did not arrive.
// https://developer.work.weixin.qq.com/document/path/94670
var failTypes = map[int]verdict{
	0:  {class: events.ClassPlatform},
	1:  {class: events.ClassAuth, remedy: "the account of Customer Service was deleted"},
	2:  {class: events.ClassAuth, remedy: "the app was closed"},
	4:  {class: events.ClassWindow, remedy: "the customer has not written for 48 hours"},
	5:  {class: events.ClassWindow, remedy: "the session was closed"},
	6:  {class: events.ClassWindow, remedy: "five answers were sent; wait for the customer to write"},
	8:  {class: events.ClassAuth, remedy: "the corporation is not verified"},
	10: {class: events.ClassConsent, remedy: "the customer refuses messages"},
	11: {class: events.ClassAuth, remedy: "no member of the corporation has logged in to WeCom"},
	12: {class: events.ClassContent, remedy: "Customer Service does not take this kind of message"},
}

func (k kfReader) sendFailed(m kfItem, raw []byte) []events.Event {
	if m.Event.FailMsgID == "" {
		return nil
	}
	why, known := failTypes[m.Event.FailType]
	if !known {
		why.class = events.ClassUnknown
	}
	e := k.fact(events.MessageStatus, "status:"+m.Event.FailMsgID+":"+string(events.Failed), m, raw)
	e.Data.Status = &events.Status{
		Message: events.Ref{PlatformID: m.Event.FailMsgID}, State: events.Failed,
		Error: &events.StatusError{Class: why.class, Code: strconv.Itoa(m.Event.FailType), Remedy: why.remedy,
			Retryable: why.class == events.ClassPlatform},
	}
	return []events.Event{e}
}

// passed is the session going to an agent in WeCom, or away from one. While an agent
// has it, nothing can be sent by API, but for one farewell when it ends.
func (k kfReader) passed(m kfItem, raw []byte) []events.Event {
	e := k.fact(events.ControlPassed, m.key("control", raw), m, raw)
	c := events.Control{Reason: m.Event.Type, From: m.Event.OldServicer, To: m.Event.NewServicer,
		Data: strconv.Itoa(m.Event.ChangeType)}
	switch m.Event.ChangeType {
	case 1, 2, 4: // taken from the pool, handed on, taken up again
	case 3: // ended
		e.Type = events.ControlReleased
		if code := m.Event.MsgCode; code != "" {
			e.Data.Conversation.Answer = &events.Handle{Token: code, ExpiresAt: e.Time.Add(codeLife)}
		}
	default:
		return nil
	}
	e.Data.Control, e.Data.Conversation.Controls = &c, m.Event.NewServicer
	return []events.Event{e}
}

func (k kfReader) recalled(m kfItem, raw []byte, role string) []events.Event {
	if m.Event.RecallMsgID == "" {
		return nil
	}
	e := k.fact(events.MessageDeleted, "deleted:"+m.Event.RecallMsgID, m, raw)
	e.Data.Deletion = &events.Deletion{Messages: []events.Ref{{PlatformID: m.Event.RecallMsgID}},
		Actor: &events.Actor{Role: role, Name: m.Event.Servicer}}
	return []events.Event{e}
}
