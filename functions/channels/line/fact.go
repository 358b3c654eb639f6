package line

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

func (p *parser) unsend() bool {
	id := p.Unsend.MessageID
	if id == "" {
		return false
	}
	actor := p.actor()
	p.out.Type, p.out.Key = events.MessageDeleted, "unsend:"+id
	p.out.Data.Deletion = &events.Deletion{Messages: []events.Ref{ref(id)}, Actor: &actor}
	return true
}

// postback sets the answer to a button, a rich menu or a time picker. LINE does
// not tell buttons from quick replies, nor which message offered them.
func (p *parser) postback() bool {
	in := &events.Interaction{Kind: events.ButtonAnswer, Option: p.Postback.Data, Answer: p.answer()}
	for _, name := range slices.Sorted(maps.Keys(p.Postback.Params)) {
		switch name {
		case "date", "time", "datetime":
			in.Kind = events.TimeAnswer
		case "newRichMenuAliasId":
			in.Kind = events.MenuAnswer
		}
		in.Values = append(in.Values, field(name, text(p.Postback.Params[name])))
	}
	p.out.Type, p.out.Data.Interaction = events.InteractionReceived, in
	return true
}

// text is the text that raw holds, or raw itself where it is none.
func text(raw json.RawMessage) string {
	var s string
	if channel.Decode(raw, &s) != nil {
		return string(raw)
	}
	return s
}

// consent sets what a friendship means: who adds the account may be written to,
// who blocks it may not.
func (p *parser) consent() bool {
	c := &events.Consent{State: events.ConsentGiven, Scope: "all", Reason: "followed"}
	switch {
	case p.Type == "unfollow":
		c.State, c.Reason = events.ConsentWithdrawn, "blocked"
	case p.Follow != nil && p.Follow.IsUnblocked:
		c.Reason = "unblocked"
	}
	p.out.Type, p.out.Data.Consent = events.ConsentChanged, c
	return true
}

// members sets who joined or left a group. Users that LINE may not name are left
// out; nobody is no fact when that is everyone.
func (p *parser) members(t events.Type, users []source, self bool) bool {
	var list []events.Participant
	for _, u := range users {
		if u.UserID != "" {
			list = append(list, events.Participant{Identity: identity(u.UserID), Self: self})
		}
	}
	p.out.Type, p.out.Data.Participants = t, &events.Participants{Members: list}
	if len(list) == 0 {
		p.unsupported("nobody is named")
	}
	return true
}

// accountLink sets the result of linking a LINE user with a user of the brand's
// own service, who is the one that service gave the nonce to.
// https://developers.line.biz/en/docs/messaging-api/linking-accounts/
func (p *parser) accountLink() bool {
	c := &events.IdentityChange{Reason: "account link"}
	if p.Link.Nonce == "" {
		return false
	}
	c.Current = &events.Identity{Scheme: events.External, Value: p.Link.Nonce, Scope: "nonce", Verified: "platform"}
	p.out.Type = events.IdentityLinked
	if p.Link.Result != "ok" {
		p.out.Type, c.Reason, c.Current.Verified = events.IdentityConflict, "account link failed", ""
	}
	p.out.Data.IdentityChange = c
	return true
}

// membership sets a paid membership that was joined, left or renewed.
func (p *parser) membership() bool {
	w := p.Membership
	p.out.Type = events.PersonUpdated
	p.out.Data.Person = &events.Person{Fields: []events.Field{field("membership", w.Type),
		field("membershipId", w.MembershipID.String())}}
	return w.Type != "" && w.MembershipID != ""
}

// beacon sets that someone came near a beacon, or tapped its banner. Who leaves
// comes from nowhere, so there are no words for it.
func (p *parser) beacon() bool {
	w := p.Beacon
	if w.Type == "leave" {
		p.unsupported("leaving a beacon")
		return true
	}
	p.out.Type = events.ReferralReceived
	p.out.Data.Referral = &events.Referral{Source: "beacon", ID: w.HWID, Payload: w.DM,
		Fields: []events.Field{field("event", w.Type)}}
	return w.HWID != ""
}

// status sets what became of a message that is known only by the tag the brand
// gave when it sent it: the tracking id of a video, the delivery tag of a
// notification message.
func (p *parser) status(tag string, s events.State) bool {
	st := &events.Status{Message: ref(tag), State: s, Correlation: tag}
	if c := p.out.Data.Contact; c != nil {
		st.Recipient = &c.Identities[0]
	}
	p.out.Type, p.out.Data.Status = events.MessageStatus, st
	return tag != ""
}

// module sets that this module channel was attached to an account, or detached.
func (p *parser) module() bool {
	w := p.Module
	h := &events.Health{Aspect: "account", State: events.HealthOK, Detail: "module " + w.Type,
		Fields: []events.Field{field("botId", w.BotID)}}
	switch w.Type {
	case "attached":
		h.Fields = append(h.Fields, field("scopes", strings.Join(w.Scopes, " ")))
	case "detached":
		h.State, h.Fields = events.HealthFailing, append(h.Fields, field("reason", w.Reason))
	default:
		return false
	}
	p.out.Type, p.out.Data.Health = events.ChannelHealth, h
	return true
}

// activated sets that this module channel may answer now, until a time.
func (p *parser) activated() bool {
	c := &events.Control{To: p.bot, Reason: p.Type}
	if until := channel.Unix(p.ChatControl.ExpireAt); !until.IsZero() {
		c.Data = until.Format(time.RFC3339)
	}
	p.out.Type, p.out.Data.Control = events.ControlAccepted, c
	return true
}

func (p *parser) deactivated() bool {
	p.out.Type, p.out.Data.Control = events.ControlReleased, &events.Control{From: p.bot, Reason: p.Type}
	return true
}

func (p *parser) health(state, detail string) bool {
	p.out.Type, p.out.Data.Health = events.ChannelHealth, &events.Health{Aspect: "account", State: state, Detail: detail}
	return true
}
