package zalo

import (
	"github.com/relais-dev/relais/events"
)

// consent sets what following means: who follows may be written to, who stops may not.
func (p *parser) consent(state, reason string) bool {
	e := p.event(events.ConsentChanged, p.keyOf(p.Name))
	e.Data.Consent = &events.Consent{State: state, Scope: "all", Reason: reason}
	p.out = []events.Event{e}
	return e.Data.Contact != nil
}

// statuses sets what became of our messages: of one, or of all that were seen at once.
// ZNS, the templates by phone number, gives back the tracking id of the sender.
// https://developers.zalo.me/docs/zalo-notification-service/webhook
func (p *parser) statuses(s events.State) bool {
	ids := p.Message.IDs
	if p.Message.ID != "" {
		ids = append([]string{p.Message.ID}, ids...)
	}
	known := map[string]bool{"": true}
	for _, id := range ids {
		if known[id] {
			continue
		}
		known[id] = true
		e := p.event(events.MessageStatus, "status:"+id+":"+string(s))
		e.Data.Status = &events.Status{Message: events.Ref{PlatformID: id}, State: s, Correlation: p.Message.TrackingID}
		p.out = append(p.out, e)
	}
	return len(p.out) > 0
}

// icons are Zalo's reactions as the emoji that Zalo shows for them.
var icons = map[string]string{
	"/-strong": "👍", "/-heart": "❤️", ":>": "😆", ":o": "😮", ":-((": "😭", ":-h": "😡",
}

// removed is the icon with which a person takes their reactions back.
const removed = "/-remove"

func (p *parser) reaction() bool {
	id, icon := p.Message.ID, p.Message.Icon
	e := p.event(events.ReactionAdded, p.keyOf("reaction:"+id))
	r := &events.Reaction{Target: events.Ref{PlatformID: id}, Actor: events.Actor{Role: events.Customer},
		Emoji: icons[icon]}
	switch {
	case icon == removed:
		e.Type = events.ReactionRemoved
	case r.Emoji == "":
		r.Custom = icon
	}
	e.Data.Reaction = r
	p.out = []events.Event{e}
	return id != "" && icon != "" && p.person() != ""
}

// form sets the answer to a request_user_info template.
// https://developers.zalo.me/docs/official-account/tin-nhan/tin-tu-van/gui-tin-yeu-cau-thong-tin-nguoi-dung
func (p *parser) form() bool {
	i := p.Info
	e := p.event(events.InteractionReceived, p.keyOf(p.Name))
	e.Data.Interaction = &events.Interaction{Kind: events.FormAnswer, Values: fields(
		"name", i.Name, "phone", string(i.Phone), "address", i.Address, "ward", i.Ward, "district", i.District, "city",
		i.City)}
	p.out = []events.Event{e}
	return e.Data.Contact != nil && len(e.Data.Interaction.Values) > 0
}

// started sets that somebody pressed the button that opens the chat.
func (p *parser) started() bool {
	e := p.event(events.ConversationStarted, p.keyOf(p.Name))
	e.Data.Change = &events.Change{Field: "started"}
	p.out = []events.Event{e}
	return e.Data.Contact != nil
}

// fields are those of the pairs of name and value that have a value.
func fields(pairs ...string) []events.Field {
	var list []events.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, events.Field{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
