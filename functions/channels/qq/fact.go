package qq

import (
	"cmp"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// interaction sets the press of a button, a menu's item, feedback or an
// authorisation. QQ waits for an answer to its id for a few seconds.
func (p *parser) interaction() bool {
	var w interaction
	if channel.Decode(p.Data, &w) != nil || w.ID == "" || w.Type == 0 {
		return false
	}
	p.out.Time = w.Timestamp.time()
	r := w.Data.Resolved
	if !p.locate(w.place, author{ID: r.UserID, UserOpenID: w.UserOpenID, MemberOpenID: w.GroupMemberOpenID}) {
		return false
	}
	in := &events.Interaction{Kind: events.OtherAnswer, Callback: w.ID,
		Values: []events.Field{field("type", strconv.FormatInt(w.Type, 10))}}
	switch w.Type {
	case messageButton:
		in.Kind, in.Option = events.ButtonAnswer, cmp.Or(r.ButtonData, r.ButtonID)
	case quickMenu:
		in.Kind, in.Option = events.MenuAnswer, cmp.Or(r.FeatureID, r.ButtonData)
	case feedback:
		in.Option = cmp.Or(r.ButtonData, r.FeatureID)
	case 18, 19, 20: // what people let the bot do
		in.Kind = events.PermissionAnswer
	}
	if r.ButtonID != "" {
		in.Values = append(in.Values, field("button_id", r.ButtonID))
	}
	if r.MessageID != "" {
		in.Of = &events.Ref{PlatformID: r.MessageID}
	}
	if p.ID != "" {
		in.Answer = p.open("event:" + p.ID)
	}
	p.out.Type, p.out.Key, p.out.Data.Interaction = events.InteractionReceived, "interaction:"+w.ID, in
	return true
}

// consent sets a friendship, or whether the bot may write without being asked.
// Good news can be answered.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
func (p *parser) consent(state, scope, reason string) bool {
	w, ok := p.change()
	if !ok {
		return false
	}
	p.out.Type = events.ConsentChanged
	p.out.Data.Consent = &events.Consent{State: state, Scope: scope, Reason: reason}
	switch p.Type {
	case "FRIEND_ADD", "C2C_MSG_RECEIVE", "GROUP_MSG_RECEIVE":
		p.answerable()
	}
	return w.OpenID != "" || w.GroupOpenID != ""
}

// change reads a change and places it.
func (p *parser) change() (change, bool) {
	var w change
	if channel.Decode(p.Data, &w) != nil {
		return w, false
	}
	p.out.Time = w.Timestamp.time()
	who := author{UserOpenID: w.OpenID, MemberOpenID: cmp.Or(w.MemberOpenID, w.OpMemberOpenID),
		UnionOpenID: w.Author.UnionOpenID}
	return w, p.locate(place{GroupOpenID: w.GroupOpenID}, who)
}

// answerable keeps the handle with which an event that is no message can be answered.
func (p *parser) answerable() {
	if p.ID != "" {
		p.out.Data.Conversation.Answer = p.open("event:" + p.ID)
	}
}

// members sets who joined a group or left it: a person, or the bot itself.
func (p *parser) members(t events.Type) bool {
	w, ok := p.change()
	if !ok || w.GroupOpenID == "" {
		return false
	}
	by := events.Actor{Role: events.Customer, Identity: &events.Identity{Scheme: events.QQMember, Value: w.OpMemberOpenID,
		Scope: w.GroupOpenID}}
	member := events.Participant{Identity: events.Identity{Scheme: events.QQMember, Value: w.MemberOpenID,
		Scope: w.GroupOpenID}}
	if p.Type == "GROUP_ADD_ROBOT" || p.Type == "GROUP_DEL_ROBOT" {
		member = events.Participant{Identity: events.Identity{Scheme: events.QQMember, Value: p.app, Scope: "app"},
			Self: true}
	}
	if member.Identity.Value == "" {
		return false
	}
	p.out.Type, p.out.Data.Participants = t, &events.Participants{Members: []events.Participant{member}}
	if w.OpMemberOpenID != "" {
		p.out.Data.Participants.By = &by
	}
	if p.Type == "GROUP_ADD_ROBOT" {
		p.answerable()
	}
	return true
}

// audit sets the review of a message of ours, which is known by the audit's id:
// that is all that QQ gives when it is sent.
func (p *parser) audit() bool {
	var w audit
	if channel.Decode(p.Data, &w) != nil || w.AuditID == "" {
		return false
	}
	p.out.Time = w.AuditTime.time()
	if w.ChannelID != "" {
		p.out.Data.Conversation = &events.Conversation{PlatformID: inChannel + w.ChannelID, Kind: events.Group}
	}
	st := &events.Status{Message: events.Ref{PlatformID: w.AuditID}, State: events.Sent, Correlation: w.AuditID}
	if p.Type == "MESSAGE_AUDIT_REJECT" {
		st.State, st.Error = events.Failed, &events.StatusError{Class: events.ClassPolicy, Code: p.Type,
			Title: "refused by QQ's review"}
	}
	p.out.Type, p.out.Key, p.out.Data.Status = events.MessageStatus, "status:"+w.AuditID+":"+string(st.State), st
	return true
}

// reaction sets a reaction to a message in a guild; those to posts are not ours.
// https://bot.q.qq.com/wiki/develop/api-v2/openapi/reaction/model.html
func (p *parser) reaction(t events.Type) bool {
	var w reaction
	if channel.Decode(p.Data, &w) != nil || w.Target.ID == "" || w.ChannelID == "" ||
		!p.locate(w.place, author{ID: w.UserID}) {
		return false
	}
	if k := w.Target.Type; k != "" && k != "0" && k != "ReactionTargetType_MSG" {
		p.unsupported("reaction to what is no message")
		return true
	}
	r := &events.Reaction{Target: events.Ref{PlatformID: w.Target.ID}, Actor: p.actor(author{})}
	if n, err := strconv.ParseInt(string(w.Emoji.ID), 10, 32); err == nil && w.Emoji.Type == "2" && n > 0 {
		r.Emoji = string(rune(n))
	} else {
		r.Custom = string(w.Emoji.Type) + "/" + string(w.Emoji.ID)
	}
	p.out.Type, p.out.Data.Reaction = t, r
	return true
}

// deletion sets that a message in a guild was taken back, by its author or by
// somebody who may.
func (p *parser) deletion() bool {
	var w deletion
	if channel.Decode(p.Data, &w) != nil || w.Message.ID == "" {
		return false
	}
	if !p.locate(w.Message.place, author{ID: cmp.Or(w.Message.Author.ID, w.OpUser.ID)}) {
		return false
	}
	actor := events.Actor{Role: events.Customer}
	if w.OpUser.ID != "" {
		by := guildUser(w.OpUser.ID)
		actor.Identity = &by
	}
	p.out.Type, p.out.Key = events.MessageDeleted, "delete:"+w.Message.ID
	p.out.Data.Deletion = &events.Deletion{Messages: []events.Ref{{PlatformID: w.Message.ID}}, Actor: &actor}
	return true
}

// time reads RFC 3339 or Unix seconds; zero for what is neither.
func (t text) time() time.Time {
	at, err := time.Parse(time.RFC3339, string(t))
	if err != nil {
		n, err := strconv.ParseInt(string(t), 10, 64)
		if err != nil || n <= 0 {
			return time.Time{}
		}
		at = time.Unix(n, 0)
	}
	if at.Year() < 2006 || at.Year() > 9000 {
		return time.Time{}
	}
	return at.UTC()
}
