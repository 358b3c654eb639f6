package signal

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// dataMessage adds what d says: that somebody wrote, or what they did.
func (p *parser) dataMessage(d *dataMessage) bool {
	p.place(d.GroupInfo)
	if d.Timestamp <= 0 {
		return false
	}
	p.at = channel.Unix(d.Timestamp)
	if handled, ok := p.act(d); handled {
		return ok
	}
	m := p.message(d)
	t := events.MessageReceived
	if p.author == self {
		t, m.Origin = events.MessageEchoed, "app"
	}
	m.PlatformID = p.id(p.author, d.Timestamp)
	p.add(t, "message:"+m.PlatformID, events.Data{Message: m})
	return true
}

// edit adds the new content of an earlier message. The newest of several edits holds.
func (p *parser) edit(e *editMessage) bool {
	d := e.DataMessage
	if d == nil || d.Timestamp <= 0 || e.Timestamp <= 0 {
		return false
	}
	p.place(d.GroupInfo)
	p.at = channel.Unix(d.Timestamp)
	m := p.message(d)
	m.PlatformID, m.Revision = p.id(p.author, e.Timestamp), d.Timestamp
	p.add(events.MessageEdited, "edit:"+m.PlatformID+":"+number(d.Timestamp), events.Data{Message: m})
	return true
}

// sent adds what another device of the account sent: somebody of the brand wrote
// on the phone.
func (p *parser) sent(s *sentMessage) bool {
	p.author, p.role = self, events.Agent
	p.data.Contact = contact(s.DestinationUUID, s.DestinationNumber, "")
	p.data.Conversation = direct(s.DestinationUUID, s.DestinationNumber)
	g := s.GroupInfo
	if e := s.EditMessage; e != nil && e.DataMessage != nil {
		g = e.DataMessage.GroupInfo
	}
	switch {
	case p.data.Conversation == nil && (g == nil || g.GroupID == ""):
		return false
	case s.EditMessage != nil:
		return p.edit(s.EditMessage)
	}
	return p.dataMessage(&s.dataMessage)
}

// place moves p into the group that a message was sent to.
func (p *parser) place(g *groupInfo) {
	if g != nil && g.GroupID != "" {
		p.data.Conversation = group(g.GroupID, g.GroupName)
	}
}

func (p *parser) message(d *dataMessage) *events.Message {
	m := &events.Message{Actor: p.actor(), Content: p.content(d)}
	if q := d.Quote; q != nil {
		m.ReplyTo, m.Quote = p.ref(q.UUID, q.Number, q.ID), q.Text
	}
	m.Metadata = p.metadata(d)
	return m
}

// metadata says how long the message may be kept, and that it mentions the account.
func (p *parser) metadata(d *dataMessage) []events.Field {
	var list []events.Field
	if d.ExpiresInSeconds > 0 {
		list = append(list, events.Field{Name: "expiresInSeconds", Value: number(d.ExpiresInSeconds)})
	}
	if slices.ContainsFunc(d.Mentions, func(m mention) bool { return p.owner(m.UUID, m.Number) == self }) {
		list = append(list, events.Field{Name: "mentionIsSelf", Value: "true"})
	}
	return list
}

// actor is who acted: in groups a member.
func (p *parser) actor() events.Actor {
	a := events.Actor{Role: p.role}
	if c := p.data.Conversation; c != nil && c.Kind == events.Group && p.author != self && p.data.Contact != nil {
		a.Identity, a.Name = &p.data.Contact.Identities[0], p.data.Contact.Name
	}
	return a
}

// content is what d says, at least one part.
func (p *parser) content(d *dataMessage) []events.Content {
	var list []events.Content
	if s := d.StoryContext; s != nil {
		list = append(list, events.Content{Kind: events.KindStory, Story: &events.Post{
			ID: number(s.Timestamp), Relation: "reply", Owner: p.owner(s.UUID, s.Number)}})
	}
	if d.Message != "" {
		list = append(list, events.Content{Kind: events.KindText,
			Text: &events.Text{Body: d.Message, Entities: p.entities(d)}})
	}
	for _, a := range d.Attachments {
		list = append(list, a.media(d.ViewOnce))
	}
	if s := d.Sticker; s != nil {
		list = append(list, events.NewMedia(events.Media{Type: events.Sticker, State: events.MediaLinked,
			PlatformID: s.StickerID.String(), Set: s.PackID}))
	}
	if cards := cards(d.Contacts); len(cards) > 0 {
		list = append(list, events.Content{Kind: events.KindContacts, Contacts: cards})
	}
	if d.PollCreate != nil {
		list = append(list, events.Content{Kind: events.KindChoice, Choice: d.PollCreate.choice()})
	}
	for _, v := range d.Previews {
		if v.URL != "" {
			list = append(list, events.Content{Kind: events.KindLink,
				Link: &events.Link{URL: v.URL, Title: v.Title, Text: v.Description}})
		}
	}
	if channel.Present(d.Payment) {
		list = append(list, events.NewUnsupported("payment", "no words for it", d.Payment))
	}
	if len(list) == 0 {
		list = append(list, events.NewUnsupported("dataMessage", "nothing known in it", p.raw))
	}
	return list
}

// entities are the mentions and the styles of a text, in its order.
func (p *parser) entities(d *dataMessage) []events.Entity {
	var list []events.Entity
	for _, m := range d.Mentions {
		list = append(list, events.Entity{Type: "mention", Offset: m.Start, Length: m.Length,
			Value: address(m.UUID, m.Number)})
	}
	for _, s := range d.TextStyles {
		if s.Style != "" {
			list = append(list, events.Entity{Type: style(s.Style), Offset: s.Start, Length: s.Length})
		}
	}
	list = channel.Within(d.Message, list)
	slices.SortStableFunc(list, func(a, b events.Entity) int { return a.Offset - b.Offset })
	return list
}

func style(name string) string {
	if name == "MONOSPACE" {
		return "code"
	}
	return strings.ToLower(name)
}

// media is fetched from the container by its id. What may be seen once must not be
// kept.
func (a *attachment) media(once bool) events.Content {
	kind, _, _ := strings.Cut(a.ContentType, "/")
	switch kind {
	case "image", "video", "audio": // as we name them
	default:
		kind = events.File
	}
	m := events.Media{
		Type: kind, State: events.MediaPending, MIME: a.ContentType, Name: a.Filename, Caption: a.Caption, PlatformID: a.ID,
		Bytes: max(a.Size, 0), Width: max(a.Width, 0), Height: max(a.Height, 0), ViewOnce: once,
	}
	if a.ID == "" {
		m.State = events.MediaLost
	}
	return events.NewMedia(m)
}

// choice is a poll. Its options are known by their position, as votes name them.
func (c *pollCreate) choice() *events.Choice {
	out := &events.Choice{Text: c.Question, Multiple: c.AllowMultiple, Options: []events.Option{}}
	for i, label := range c.Options {
		out.Options = append(out.Options, events.Option{ID: strconv.Itoa(i), Label: label})
	}
	return out
}

func cards(contacts []sharedContact) []events.Card {
	var list []events.Card
	for _, c := range contacts {
		n := c.Name
		card := events.Card{
			Name:      cmp.Or(joined(n.Given, n.Middle, n.Family), n.Nickname, c.Organization),
			FirstName: n.Given, LastName: n.Family, Company: c.Organization, Phones: values(c.Phone), Emails: values(c.Email),
		}
		for _, a := range c.Address {
			lines := slices.DeleteFunc([]string{a.Street, joined(a.Postcode, a.City), a.Region, a.Country},
				func(s string) bool { return s == "" })
			card.Addresses = append(card.Addresses,
				events.LabeledValue{Label: label(a.Label, a.Type), Value: strings.Join(lines, ", ")})
		}
		list = append(list, card)
	}
	return list
}

func values(list []labelled) []events.LabeledValue {
	var out []events.LabeledValue
	for _, v := range list {
		out = append(out, events.LabeledValue{Label: label(v.Label, v.Type), Value: v.Value})
	}
	return out
}

func label(own, kind string) string { return cmp.Or(own, strings.ToLower(kind)) }

func joined(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}
