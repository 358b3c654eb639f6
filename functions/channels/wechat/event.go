package wechat

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// event is something a person or the platform did.
func (p *parser) event() ([]events.Event, error) {
	act, known := p.act()
	if !known {
		return p.one(p.unsupported(p.Event, "unknown")), nil
	}
	if p.FromUserName == "" {
		return p.one(p.unsupported(p.Event, channel.Malformed)), nil
	}
	return act(), nil
}

// act is what turns the event into facts; false for one we have no words for.
func (p *parser) act() (func() []events.Event, bool) {
	switch p.Event {
	case "subscribe":
		return p.subscribe, true
	case "unsubscribe":
		return p.unsubscribe, true
	case "SCAN":
		return p.scan, true
	case "LOCATION":
		return p.whereabouts, true
	case "CLICK", "scancode_push", "scancode_waitmsg":
		return func() []events.Event { return p.one(p.menu(p.window("menu", time.Minute, 3))) }, true
	case "VIEW", "view_miniprogram", "pic_sysphoto", "pic_photo_or_album", "pic_weixin", "location_select":
		return func() []events.Event { return p.one(p.menu(nil)) }, true
	case "TEMPLATESENDJOBFINISH":
		return p.templateSent, true
	case "MASSSENDJOBFINISH":
		return p.broadcastSent, true
	case "subscribe_msg_popup_event":
		return func() []events.Event { return p.each(p.permission("prompt")) }, true
	case "subscribe_msg_change_event":
		return func() []events.Event { return p.each(p.permission("settings")) }, true
	case "subscribe_msg_sent_event":
		return func() []events.Event { return p.each(p.subscriptionSent) }, true
	case "user_enter_tempsession":
		return p.enter, true
	case "kf_create_session":
		return p.control(events.ControlPassed, events.Control{To: p.KfAccount}, p.KfAccount), true
	case "kf_switch_session":
		return p.control(events.ControlPassed, events.Control{From: p.FromKfAccount, To: p.ToKfAccount}, p.ToKfAccount), true
	case "kf_close_session":
		return p.control(events.ControlReleased, events.Control{From: p.KfAccount, Data: p.CloseType}, ""), true
	}
	return nil, false
}

// key names a fact of an event, which has no id of its own.
func (p *parser) key(kind string) string {
	k := kind + ":" + p.FromUserName + ":" + p.CreateTime + ":" + p.Event
	if p.EventKey != "" {
		k += ":" + p.EventKey
	}
	return k
}

// subscribe is a new follower, who may come from a QR code the brand made.
func (p *parser) subscribe() []events.Event {
	w := p.window("follow", time.Minute, 3)
	e := p.fact(events.ConsentChanged, p.key("consent"), w)
	e.Data.Consent = &events.Consent{State: events.ConsentGiven, Scope: "all", Reason: "followed"}
	if p.EventKey == "" {
		return p.one(e)
	}
	scene, qr := strings.CutPrefix(p.EventKey, "qrscene_")
	source := "qr"
	if !qr {
		source = "code" // the number of a payment after which the person followed, for one
	}
	return []events.Event{e, p.referral(events.Referral{Source: source, ID: p.Ticket, Payload: scene}, w)}
}

func (p *parser) unsubscribe() []events.Event {
	e := p.fact(events.ConsentChanged, p.key("consent"), nil)
	e.Data.Consent = &events.Consent{State: events.ConsentWithdrawn, Scope: "all", Reason: "unfollowed"}
	return p.one(e)
}

// scan is a follower scanning a QR code the brand made.
func (p *parser) scan() []events.Event {
	return p.one(p.referral(events.Referral{Source: "qr", ID: p.Ticket, Payload: p.EventKey},
		p.window("scan", time.Minute, 3)))
}

func (p *parser) referral(r events.Referral, w *events.Window) events.Event {
	e := p.fact(events.ReferralReceived, p.key("referral"), w)
	e.Data.Referral = &r
	return e
}

// enter is a person opening the customer service of a Mini Program; SessionFrom is
// what the brand put into the button.
func (p *parser) enter() []events.Event {
	w := p.window("session", time.Minute, 2)
	e := p.fact(events.ConversationStarted, p.key("started"), w)
	e.Data.Change = &events.Change{Field: "started"}
	if p.SessionFrom == "" {
		return p.one(e)
	}
	return []events.Event{e, p.referral(events.Referral{Source: "site", Payload: p.SessionFrom}, w)}
}

// whereabouts is a position that the person's phone reports by itself, on opening
// the conversation or every five seconds, because the person once agreed to it.
func (p *parser) whereabouts() []events.Event {
	accuracy, ok := number(p.Precision, 1e8)
	if !ok {
		accuracy = 0
	}
	key := p.key("message")
	e := p.fact(events.MessageReceived, key, nil)
	e.Data.Message = &events.Message{
		PlatformID: strings.TrimPrefix(key, "message:"),
		Actor:      events.Actor{Role: events.Customer},
		Content: []events.Content{p.location(p.Latitude, p.Longitude,
			events.Location{Accuracy: max(accuracy, 0), Live: true})},
		Metadata: fields("Event", p.Event),
	}
	return p.one(e)
}

// menu is the choice of an item in the account's menu. Which of the menu's verbs
// it was, and what the person scanned or picked, are its values.
func (p *parser) menu(w *events.Window) events.Event {
	e := p.fact(events.InteractionReceived, p.key("interaction"), w)
	values := append(fields("Event", p.Event, "MenuId", p.MenuID), p.Details...)
	e.Data.Interaction = &events.Interaction{Kind: events.MenuAnswer, Option: p.EventKey, Values: values}
	return e
}

// templateSent is the result of a template message.
// https://developers.weixin.qq.com/doc/service/guide/product/template_message/Template_Message_Interface.html
func (p *parser) templateSent() []events.Event {
	switch unspaced(p.Status) {
	case "success":
		return p.one(p.status(p.job(), events.Delivered, nil))
	case "failed:userblock":
		return p.one(p.status(p.job(), events.Failed, &events.StatusError{Class: events.ClassConsent, Code: p.Status}))
	}
	return p.one(p.status(p.job(), events.Failed, &events.StatusError{Class: events.ClassPlatform, Code: p.Status,
		Retryable: true}))
}

// broadcastSent is the result of a message to many, which concerns no one person:
// FromUserName is the platform's own. err(…) is a finding of its review.
// https://developers.weixin.qq.com/doc/service/guide/product/message/Batch_Sends.html
func (p *parser) broadcastSent() []events.Event {
	e := p.status(p.job(), events.Sent, nil)
	if unspaced(p.Status) != "sendsuccess" {
		class := events.ClassPlatform
		if strings.HasPrefix(p.Status, "err(") {
			class = events.ClassPolicy
		}
		e = p.status(p.job(), events.Failed, &events.StatusError{Class: class, Code: p.Status})
	}
	e.Data.Contact, e.Data.Conversation = nil, nil
	return p.one(e)
}

// job is the id of what was sent: MsgID, as the documentation spells it here, or
// MsgId, as other events do. 0 is none: people report it of templates sent with a
// client_msg_id.
func (p *parser) job() string {
	if id := cmp.Or(p.JobID, p.MsgID); id != "0" {
		return id
	}
	return ""
}

// unspaced is a status without its blanks: the documentation itself writes "send
// success" and "sendsuccess", "failed:user block" and "failed: system failed".
func unspaced(status string) string { return strings.ReplaceAll(status, " ", "") }

// status is what became of the message id; without one nobody can tell which.
func (p *parser) status(id string, s events.State, err *events.StatusError) events.Event {
	if id == "" {
		return p.unsupported(p.Event, channel.Malformed)
	}
	e := p.fact(events.MessageStatus, "status:"+id+":"+string(s), nil)
	e.Data.Status = &events.Status{Message: events.Ref{PlatformID: id}, State: s, Error: err}
	return e
}

// each turns every item of a subscription event into a fact, and keeps what an
// item itself said beside it.
func (p *parser) each(fact func(subscription) (events.Event, bool)) []events.Event {
	if len(p.Subscriptions) == 0 {
		return p.one(p.unsupported(p.Event, channel.Malformed))
	}
	list := make([]events.Event, 0, len(p.Subscriptions))
	for i, s := range p.Subscriptions {
		e, ok := fact(s)
		if !ok {
			e = p.unsupportedPart(p.Event, channel.Malformed, []byte(s.source))
			e.Key += ":" + strconv.Itoa(i)
		}
		e.Raw = []byte(s.source)
		list = append(list, e)
	}
	return list
}

// permission is a person's answer to whether a template may be sent to them.
func (p *parser) permission(reason string) func(subscription) (events.Event, bool) {
	return func(s subscription) (events.Event, bool) {
		state := events.ConsentGiven
		if s.SubscribeStatus == "reject" {
			state = events.ConsentWithdrawn
		}
		e := p.fact(events.ConsentChanged, p.key("consent")+":"+s.TemplateID, nil)
		e.Data.Consent = &events.Consent{State: state, Scope: "notifications", Reason: reason, Template: s.TemplateID}
		return e, s.TemplateID != "" && (s.SubscribeStatus == "accept" || s.SubscribeStatus == "reject")
	}
}

// subscriptionSent is the result of a subscription message. Success means that
// WeChat has sent it; it does not tell that it arrived.
func (p *parser) subscriptionSent(s subscription) (events.Event, bool) {
	if s.MsgID == "" || s.ErrorCode == "" {
		return events.Event{}, false
	}
	if s.ErrorCode == "0" {
		return p.status(s.MsgID, events.Sent, nil), true
	}
	class := events.ClassPlatform
	if code, err := strconv.Atoi(s.ErrorCode); err == nil {
		class = cmp.Or(verdicts[code].class, class)
	}
	return p.status(s.MsgID, events.Failed, &events.StatusError{Class: class, Code: s.ErrorCode, Title: s.ErrorStatus}),
		true
}

// control is the conversation passing between the agents of WeChat's own customer
// service, of whom holder now has it.
func (p *parser) control(t events.Type, c events.Control, holder string) func() []events.Event {
	return func() []events.Event {
		e := p.fact(t, p.key("control"), nil)
		c.Reason = p.Event
		e.Data.Control, e.Data.Conversation.Controls = &c, holder
		return p.one(e)
	}
}
