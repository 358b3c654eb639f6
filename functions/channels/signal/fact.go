package signal

import (
	"cmp"
	"encoding/base64"
	"strconv"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// act adds what d does where it is no message. handled says whether it is none, ok
// whether it has what it must.
func (p *parser) act(d *dataMessage) (handled, ok bool) {
	switch {
	case d.RemoteDelete != nil:
		return true, p.deletion(p.author, d.RemoteDelete.Timestamp)
	case d.AdminDelete != nil:
		return true, p.deletion(p.owner(d.AdminDelete.UUID, d.AdminDelete.Number), d.AdminDelete.Timestamp)
	case d.Reaction != nil:
		return true, p.reaction(d)
	case d.PollVote != nil:
		return true, p.vote(d.Timestamp, d.PollVote)
	case d.PinMessage != nil:
		return true, p.pin(d.Timestamp, d.PinMessage, true)
	case d.UnpinMessage != nil:
		return true, p.pin(d.Timestamp, d.UnpinMessage, false)
	case d.PollTerminate != nil:
		return true, p.closePoll(d.Timestamp, d.PollTerminate.Timestamp)
	case d.IsExpirationUpdate:
		return true, p.change(d.Timestamp, events.Change{Field: "expiresInSeconds", New: number(d.ExpiresInSeconds)})
	case d.GroupInfo != nil && d.GroupInfo.Type == "UPDATE" && d.Message == "" && len(d.Attachments) == 0:
		return true, p.change(d.Timestamp, events.Change{Field: "group", New: number(d.GroupInfo.Revision)})
	}
	return false, true
}

func (p *parser) deletion(author string, timestamp int64) bool {
	if author == "" || timestamp <= 0 {
		return false
	}
	id, actor := p.id(author, timestamp), p.actor()
	p.add(events.MessageDeleted, "delete:"+id,
		events.Data{Deletion: &events.Deletion{Messages: []events.Ref{{PlatformID: id}}, Actor: &actor}})
	return true
}

func (p *parser) reaction(d *dataMessage) bool {
	r := d.Reaction
	to := p.ref(r.UUID, r.Number, r.target.Timestamp)
	if to == nil {
		return false
	}
	t := events.ReactionAdded
	if r.IsRemove {
		t = events.ReactionRemoved
	}
	p.add(t, "reaction:"+p.id(p.author, d.Timestamp),
		events.Data{Reaction: &events.Reaction{Target: *to, Actor: p.actor(), Emoji: r.Emoji}})
	return true
}

// vote adds an answer to a poll; a person may change it.
func (p *parser) vote(timestamp int64, v *pollVote) bool {
	of := p.ref(v.UUID, v.Number, v.Timestamp)
	if of == nil {
		return false
	}
	in := &events.Interaction{Kind: events.PollAnswer, Message: channel.Ref(p.id(p.author, timestamp)), Of: of,
		Values: []events.Field{{Name: "voteCount", Value: number(v.Count)}}}
	for _, o := range v.Options {
		in.Values = append(in.Values, events.Field{Name: "optionIndex", Value: strconv.Itoa(o)})
	}
	if len(v.Options) > 0 {
		in.Option = strconv.Itoa(v.Options[0])
	}
	p.add(events.InteractionReceived, "vote:"+p.author+":"+of.PlatformID+":"+number(v.Count),
		events.Data{Interaction: in})
	return true
}

func (p *parser) pin(timestamp int64, t *target, pinned bool) bool {
	to := p.ref(t.UUID, t.Number, t.Timestamp)
	if to == nil {
		return false
	}
	c := events.Change{Field: "pinned", New: to.PlatformID}
	if !pinned {
		c.Old, c.New = c.New, ""
	}
	return p.change(timestamp, c)
}

func (p *parser) closePoll(timestamp, poll int64) bool {
	return poll > 0 && p.change(timestamp, events.Change{Field: "pollClosed", New: p.id(p.author, poll)})
}

func (p *parser) change(timestamp int64, c events.Change) bool {
	p.add(events.ConversationUpdated, c.Field+":"+p.id(p.author, timestamp), events.Data{Change: &c})
	return true
}

// receipts adds what became of messages of ours. A receipt does not tell whether
// they went to a group: it stands in the direct conversation with its sender.
func (p *parser) receipts(r *receiptMessage) bool {
	state := r.state()
	if state == "" || len(r.Timestamps) == 0 || p.data.Contact == nil {
		return false
	}
	p.at = cmp.Or(channel.Unix(r.When), p.at)
	for _, raw := range r.Timestamps {
		var sent int64
		if channel.Decode(raw, &sent) != nil || channel.Unix(sent).Year() < firstYear {
			p.unsupported("receiptMessage", channel.Malformed, raw)
			continue
		}
		id := p.id(self, sent)
		p.add(events.MessageStatus, "status:"+id+":"+string(state)+":"+p.author, events.Data{Status: &events.Status{
			Message: events.Ref{PlatformID: id}, State: state, Recipient: &p.data.Contact.Identities[0]}})
		p.out[len(p.out)-1].Raw = raw
	}
	return true
}

func (r *receiptMessage) state() events.State {
	switch {
	case r.IsViewed:
		return events.Played
	case r.IsRead:
		return events.Read
	case r.IsDelivery:
		return events.Delivered
	}
	return ""
}

func (p *parser) typing(t *typingMessage) bool {
	if t.Action == "" {
		return false
	}
	if t.GroupID != "" {
		p.data.Conversation = group(t.GroupID, "")
	}
	active := t.Action == "STARTED"
	p.add(events.PresenceTyping, "typing:"+p.author+":"+number(t.Timestamp)+":"+strconv.FormatBool(active),
		events.Data{Typing: &events.Typing{Actor: p.actor(), Active: active}})
	return true
}

// id names a message as Signal does: by its author and time.
func (p *parser) id(author string, timestamp int64) string { return author + ":" + number(timestamp) }

// ref is the message of that author and time; nil where they are not named.
func (p *parser) ref(uuid, number string, timestamp int64) *events.Ref {
	author := p.owner(uuid, number)
	if author == "" || timestamp <= 0 {
		return nil
	}
	return &events.Ref{PlatformID: p.id(author, timestamp)}
}

// owner is who that UUID and number are: self, or an author's name. In a direct
// conversation whoever is not the other one is the account.
func (p *parser) owner(uuid, number string) string {
	c := p.data.Conversation
	switch {
	case number != "" && number == p.number, uuid != "" && uuid == p.aci:
		return self
	case c == nil || c.Kind != events.Direct || uuid == "" || uuid == c.PlatformID:
	case p.data.Contact != nil && p.data.Contact.Identities[0].Scheme == events.SignalACI:
		return self
	}
	return address(uuid, number)
}

// address is the UUID, or the number of who has none.
func address(uuid, number string) string { return cmp.Or(uuid, number) }

// contact is a person, nil when nobody is named.
func contact(uuid, number, name string) *events.Contact {
	c := &events.Contact{Name: name}
	if uuid != "" {
		c.Identities = append(c.Identities, events.Identity{Scheme: events.SignalACI, Value: uuid})
	}
	if c.Phone = channel.E164(number); c.Phone != "" {
		c.Identities = append(c.Identities, events.Identity{Scheme: events.Phone, Value: c.Phone, Verified: "platform"})
	}
	if len(c.Identities) == 0 {
		return nil
	}
	return c
}

func direct(uuid, number string) *events.Conversation {
	if address(uuid, number) == "" {
		return nil
	}
	return &events.Conversation{PlatformID: address(uuid, number), Kind: events.Direct}
}

// group is a group by the name that the container sends to.
// https://github.com/bbernhard/signal-cli-rest-api/blob/master/doc/EXAMPLES.md
func group(id, title string) *events.Conversation {
	return &events.Conversation{PlatformID: "group." + base64.StdEncoding.EncodeToString([]byte(id)), Kind: events.Group,
		Title: title}
}

// firstYear is Signal's first: what is earlier is no time of a message.
const firstYear = 2014

func number(n int64) string { return strconv.FormatInt(n, 10) }
