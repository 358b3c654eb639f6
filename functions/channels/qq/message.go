package qq

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// message sets what somebody wrote. Its own id tells when it is pushed twice, also
// as a mention and as a message of the group.
func (p *parser) message() bool {
	var w message
	if channel.Decode(p.Data, &w) != nil || w.ID == "" {
		return false
	}
	p.out.Time = w.Timestamp.time()
	if !p.locate(w.place, w.Author) {
		return false
	}
	m := &events.Message{PlatformID: w.ID, Actor: p.actor(w.Author), Content: w.content(p.Type, p.Data),
		Metadata: w.metadata(p.Type)}
	m.Answer = p.open("msg:" + w.ID)
	if w.Reference.MessageID != "" {
		m.ReplyTo = &events.Ref{PlatformID: w.Reference.MessageID}
	}
	m.Quote = w.quote()
	if c := p.out.Data.Contact; c != nil {
		c.Name, c.Avatar = cmp.Or(w.Member.Nick, w.Author.Username), w.Author.Avatar
		m.Actor.Name = c.Name
	}
	p.out.Type, p.out.Key, p.out.Data.Message = events.MessageReceived, "message:"+w.ID, m
	return true
}

// Prefixes of a conversation's id. A person one to one has none: QQ's ids of
// people, groups, channels and guilds look alike and are sent to at different paths.
const (
	inGroup   = "group:"
	inChannel = "channel:"
	inGuildDM = "dm:" // a guild's direct message is sent to the guild that QQ made up for it
)

// locate sets the conversation and the person. It reports whether both are named.
func (p *parser) locate(at place, who author) bool {
	c := &events.Conversation{Kind: events.Group}
	var person events.Identity
	switch {
	case at.GroupOpenID != "":
		c.PlatformID = inGroup + at.GroupOpenID
		person = events.Identity{Scheme: events.QQMember, Value: cmp.Or(who.MemberOpenID, who.ID), Scope: at.GroupOpenID}
	case at.GuildID != "" && p.private():
		c.PlatformID, c.Kind = inGuildDM+at.GuildID, events.Direct
		person = guildUser(who.ID)
	case at.ChannelID != "":
		c.PlatformID = inChannel + at.ChannelID
		person = guildUser(who.ID)
	default:
		person = events.Identity{Scheme: events.QQOpenID, Value: cmp.Or(who.UserOpenID, who.ID), Scope: p.app}
		c.PlatformID, c.Kind = person.Value, events.Direct
	}
	if person.Value == "" {
		return false
	}
	p.out.Data.Conversation = c
	p.out.Data.Contact = &events.Contact{Identities: []events.Identity{person}}
	if who.UnionOpenID != "" {
		p.out.Data.Contact.Identities = append(p.out.Data.Contact.Identities,
			events.Identity{Scheme: events.QQUnionID, Value: who.UnionOpenID})
	}
	return true
}

func (p *parser) private() bool { return strings.HasPrefix(p.Type, "DIRECT_MESSAGE_") }

// guildUser is a user of guilds, whose id is the same in all of them.
// https://bot.q.qq.com/wiki/develop/api-v2/dev-prepare/unique-id.html
func guildUser(id string) events.Identity {
	return events.Identity{Scheme: events.QQMember, Value: id, Scope: "guild"}
}

// actor is who wrote: in groups and guilds a member, which may be another bot.
func (p *parser) actor(who author) events.Actor {
	a := events.Actor{Role: events.Customer}
	if who.Bot {
		a.Role = events.Bot
	}
	if d := p.out.Data; d.Conversation.Kind == events.Group && d.Contact != nil {
		a.Identity = &d.Contact.Identities[0]
	}
	return a
}

// How long and how often one message or event may be answered.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html
const (
	directTime = 60 * time.Minute
	groupTime  = 5 * time.Minute
	answers    = 5
)

// open opens the window in which p may be answered, and gives the handle to do it
// with.
func (p *parser) open(handle string) *events.Handle {
	c := p.out.Data.Conversation
	w := events.Window{Kind: "service", Messages: answers}
	length := groupTime
	switch {
	case c.Kind == events.Direct && !strings.HasPrefix(c.PlatformID, inGuildDM):
		length = directTime
	case !strings.HasPrefix(c.PlatformID, inGroup):
		w.Messages = 0 // QQ names no number for guilds
	}
	since := p.out.Time
	if since.IsZero() {
		since = p.received
	}
	w.ClosesAt = since.Add(length).UTC()
	c.Window = &w
	return &events.Handle{Token: handle, ExpiresAt: w.ClosesAt, Uses: answers}
}

// content is what w says, at least one part.
func (w *message) content(event string, raw json.RawMessage) []events.Content {
	var list []events.Content
	if body := w.body(event); strings.TrimSpace(body) != "" {
		list = append(list, events.Content{Kind: events.KindText, Text: &events.Text{Body: body, Entities: entities(body)}})
	}
	for _, a := range w.Attachments {
		list = append(list, a.media())
	}
	if len(list) == 0 {
		list = append(list, events.NewUnsupported("message_type:"+string(cmp.Or(w.Type, "0")), "neither text nor attachment",
			raw))
	}
	return list
}

// body is the text. In groups a space is left where the mention of the bot was.
func (w *message) body(event string) string {
	if event == "GROUP_AT_MESSAGE_CREATE" {
		return strings.TrimLeft(w.Content, " ")
	}
	return w.Content
}

// marks are what QQ writes into texts: mentions, emojis of guilds, and faces.
// https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/trans/text-chain.html
var marks = regexp.MustCompile(`<@!?([0-9A-Za-z_-]+)>|<emoji:([0-9A-Za-z_-]+)>|<faceType=[0-9]+,faceId="([^"<>]*)",` +
	`ext="[^"<>]*">`)

// maxMarks bounds the marks of a text.
const maxMarks = 200

func entities(body string) []events.Entity {
	var list []events.Entity
	at, units := 0, 0 // bytes seen, and the UTF-16 units in them
	for _, m := range marks.FindAllStringSubmatchIndex(body, maxMarks) {
		units += utf16Len(body[at:m[0]])
		at = m[0]
		e := events.Entity{Type: "emoji", Offset: units, Length: m[1] - m[0]}
		switch {
		case m[2] >= 0:
			e.Type, e.Value = "mention", body[m[2]:m[3]]
		case m[4] >= 0:
			e.Value = body[m[4]:m[5]]
		default:
			e.Value, e.Length = body[m[6]:m[7]], utf16Len(body[m[0]:m[1]])
		}
		list = append(list, e)
	}
	return channel.Within(body, list)
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// media is to be fetched soon: its address does not last. Of a voice message the
// WAV is taken where there is one, since hardly anything plays QQ's SILK.
func (a *attachment) media() events.Content {
	m := events.Media{
		Type: events.File, State: events.MediaPending, Name: a.Filename, URL: address(a.URL), Transcript: a.Transcript,
		Bytes: max(a.Size, 0), Width: max(a.Width, 0), Height: max(a.Height, 0),
	}
	if strings.Contains(a.ContentType, "/") {
		m.MIME = a.ContentType
	}
	switch kind, _, _ := strings.Cut(a.ContentType, "/"); kind {
	case "image", "video", "audio": // as we name them
		m.Type = kind
	case "voice":
		m.Type, m.MIME = events.Voice, "audio/silk"
		if a.WAV != "" {
			m.URL, m.MIME, m.Bytes = address(a.WAV), "audio/wav", 0
		}
	}
	if m.URL == "" {
		m.State = events.MediaLost
	}
	return events.NewMedia(m)
}

// address is u with the scheme that guilds leave out.
func address(u string) string {
	if u == "" || strings.Contains(u, "://") {
		return u
	}
	return "https://" + strings.TrimPrefix(u, "//")
}

// quote is the passage that w quotes.
func (w *message) quote() string {
	var parts []string
	for _, e := range w.Elements {
		if s := strings.TrimSpace(e.Content); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "\n")
}

// metadata keeps the indices by which QQ names quoted messages, and says whether
// the bot was mentioned.
func (w *message) metadata(event string) []events.Field {
	var list []events.Field
	for _, ext := range w.Scene.Ext {
		name, value, _ := strings.Cut(ext, "=")
		if value != "" && (name == "msg_idx" || name == "ref_msg_idx") {
			list = append(list, field(name, value))
		}
	}
	if event == "GROUP_AT_MESSAGE_CREATE" || event == "AT_MESSAGE_CREATE" {
		list = append(list, field("mentionIsSelf", "true"))
	}
	if w.SourceGuildID != "" {
		list = append(list, field("src_guild_id", w.SourceGuildID))
	}
	return list
}

func field(name, value string) events.Field { return events.Field{Name: name, Value: value} }
