package x

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// public marks the conversations that everybody reads, whose ids are numbers as
// those of people are.
const public = "post:"

// post adds a post that mentions the account, answers or quotes it, or that it
// wrote itself. Its id tells when several activities are about the same one.
func (p *parser) post(payload json.RawMessage, in includes) bool {
	var w post
	if channel.Decode(payload, &w) != nil || w.ID == "" || w.AuthorID == "" {
		return false
	}
	e := p.written(w.AuthorID, w.ID, cmp.Or(w.Conversation, w.ID))
	e.Time = channel.RFC3339(w.CreatedAt)
	e.Data.Contact = p.author(w.AuthorID, in)
	m := e.Data.Message
	m.Content = w.content(in, payload)
	for _, r := range w.References {
		if r.Type == "replied_to" && r.ID != "" {
			m.ReplyTo = &events.Ref{PlatformID: r.ID}
		}
	}
	m.Metadata = metadata(p.kind, w.Lang, w.ID)
	m.Answer = answer(e)
	if n := slices.Index(w.History, w.ID); n > 0 && w.History[0] != "" {
		// An edit is a new post; the first id stays the message's.
		e.Type, m.PlatformID, m.Revision = events.MessageEdited, w.History[0], int64(n)
	}
	p.add(e, payload)
	return true
}

// written is a post's message without its content: of a customer, or of the
// account itself.
func (p *parser) written(author, id, thread string) events.Event {
	member := identity(author)
	e := events.Event{Type: events.MessageReceived, Key: "post:" + id}
	e.Data.Conversation = &events.Conversation{PlatformID: public + thread, Kind: events.Public}
	e.Data.Message = &events.Message{PlatformID: id, Actor: events.Actor{Role: events.Customer, Identity: &member}}
	if author == p.self {
		e.Type, e.Data.Message.Actor = events.MessageEchoed, events.Actor{Role: events.Agent}
	}
	return e
}

// answerTime is how long a post is offered as the one to answer. X sets no end.
const answerTime = 7 * 24 * time.Hour

// answer names the post by which a thread is answered, which may be long after its
// first one; nil where that is our own.
func answer(e events.Event) *events.Handle {
	if e.Type != events.MessageReceived || e.Time.IsZero() {
		return nil
	}
	return &events.Handle{Token: e.Data.Message.PlatformID, ExpiresAt: e.Time.Add(answerTime)}
}

// author is the person who wrote a post; nobody where that is the account.
func (p *parser) author(id string, in includes) *events.Contact {
	if id == p.self {
		return nil
	}
	i := slices.IndexFunc(in.Users, func(u profile) bool { return u.ID == id })
	if i < 0 {
		return contact(id)
	}
	return contact(id, in.Users[i])
}

// metadata says which activity brought the post (the account may be mentioned or
// answered), its language, and the id with which to answer it.
func metadata(activity, lang, id string) []events.Field {
	list := []events.Field{{Name: "activity", Value: activity}, {Name: "postId", Value: id}}
	if lang != "" && lang != "und" {
		list = append(list, events.Field{Name: "lang", Value: lang})
	}
	return list
}

func (w *post) content(in includes, payload json.RawMessage) []events.Content {
	text, marks := w.Text, &w.Entities
	if w.Note.Text != "" {
		text, marks = w.Note.Text, &w.Note.Entities
	}
	var list []events.Content
	if strings.TrimSpace(text) != "" {
		list = append(list, events.Content{Kind: events.KindText, Text: &events.Text{Body: text, Entities: marks.of(text)}})
	}
	for _, key := range w.Attachments.MediaKeys {
		if key != "" {
			list = append(list, events.NewMedia(in.medium(key)))
		}
	}
	for _, r := range w.References {
		if r.Type == "quoted" && r.ID != "" {
			list = append(list, events.Content{Kind: events.KindPost, Post: in.quoted(r.ID)})
		}
	}
	if len(list) == 0 {
		list = append(list, events.NewUnsupported("post", "neither text nor medium", payload))
	}
	return list
}

// medium is what a post shows. It is public: nothing proves who fetches it.
func (in *includes) medium(key string) events.Media {
	out := events.Media{Type: events.File, State: events.MediaPending, PlatformID: key}
	i := slices.IndexFunc(in.Media, func(m includedMedia) bool { return m.Key == key })
	if i < 0 {
		return out
	}
	m := in.Media[i]
	out.Type, out.URL, out.Alt, out.Thumbnail = mediaType(m.Type), m.URL, m.AltText, m.Preview
	out.Width, out.Height, out.DurationMS = max(m.Width, 0), max(m.Height, 0), max(m.Duration, 0)
	if best := best(m.Variants); best != nil {
		out.URL, out.MIME = best.URL, best.ContentType
	}
	return out
}

func (in *includes) quoted(id string) *events.Post {
	out := &events.Post{ID: id, Relation: "share", URL: "https://x.com/i/status/" + id}
	if i := slices.IndexFunc(in.Tweets, func(t includedPost) bool { return t.ID == id }); i >= 0 {
		out.Owner, out.Text = in.Tweets[i].AuthorID, in.Tweets[i].Text
	}
	return out
}

// of are the links, mentions and hashtags of text, in its order.
func (w *entities) of(text string) []events.Entity {
	var list []events.Entity
	add := func(kind, value string, e entity) {
		from, to := e.Start, e.End
		if len(e.Indices) == 2 {
			from, to = e.Indices[0], e.Indices[1]
		}
		list = append(list, events.Entity{Type: kind, Offset: from, Length: to - from, Value: value})
	}
	for _, e := range w.URLs {
		add("link", cmp.Or(e.Expanded, e.URL), e)
	}
	for _, e := range slices.Concat(w.Mentions, w.UserMentions) {
		add("mention", cmp.Or(e.ID, e.IDStr, e.Username, e.Screen), e)
	}
	for _, e := range w.Hashtags {
		add("hashtag", "", e)
	}
	list = channel.Within(text, utf16Spans(text, list))
	slices.SortStableFunc(list, func(a, b events.Entity) int { return a.Offset - b.Offset })
	return list
}

// utf16Spans turns spans that count code points into ours, and leaves out those
// that are outside of text.
func utf16Spans(text string, list []events.Entity) []events.Entity {
	if len(list) == 0 {
		return nil
	}
	units := []int{0} // before each code point
	for _, r := range text {
		units = append(units, units[len(units)-1]+utf16.RuneLen(r))
	}
	list = slices.DeleteFunc(list, func(e events.Entity) bool {
		return e.Offset < 0 || e.Length <= 0 || e.Offset >= len(units) || e.Length >= len(units)-e.Offset
	})
	for i, e := range list {
		list[i].Offset, list[i].Length = units[e.Offset], units[e.Offset+e.Length]-units[e.Offset]
	}
	return list
}
