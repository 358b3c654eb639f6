package x

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// legacy adds the events of a body of the Account Activity API, member by member.
// https://docs.x.com/x-api/account-activity/introduction
func (p *parser) legacy(body json.RawMessage) {
	var members map[string]json.RawMessage
	_ = channel.Decode(body, &members) // it has been decoded before
	_ = channel.Decode(members["for_user_id"], &p.self)
	_ = channel.Decode(members["users"], &p.users)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		p.kind = name
		switch raw := members[name]; name {
		case "direct_message_events":
			p.each(raw, p.message)
		case "direct_message_mark_read_events":
			p.each(raw, p.read)
		case "direct_message_indicate_typing_events":
			p.each(raw, p.typing)
		case "tweet_create_events":
			p.each(raw, p.tweet)
		case "tweet_delete_events":
			p.each(raw, p.tweetDeleted)
		case "user_event":
			p.item(raw, p.userEvent)
		default:
			if strings.HasSuffix(name, "_events") {
				p.unsupported("unknown event", raw)
			}
		}
	}
	if len(p.out) == 0 {
		p.kind = ""
		p.unsupported("nothing known in it", body)
	}
}

func (p *parser) each(list json.RawMessage, add func(json.RawMessage) bool) {
	var items []json.RawMessage
	if channel.Decode(list, &items) != nil {
		p.unsupported(channel.Malformed, list)
		return
	}
	for _, raw := range items {
		p.item(raw, add)
	}
}

// tweet adds a post. The thread is not named: the post that it answers stands for it.
func (p *parser) tweet(raw json.RawMessage) bool {
	var w tweet
	if channel.Decode(raw, &w) != nil || w.ID == "" || w.User.ID == "" {
		return false
	}
	if len(w.Retweeted) > 0 {
		p.unsupported("a post passed on", raw)
		return true
	}
	e := p.written(w.User.ID, w.ID, cmp.Or(w.ReplyTo, w.ID))
	e.Time = cmp.Or(channel.UnixText(w.Timestamp), rubyDate(w.CreatedAt))
	if w.User.ID != p.self {
		e.Data.Contact = contact(w.User.ID, profile{Name: w.User.Name, Username: w.User.ScreenName, Image: w.User.Image})
	}
	m := e.Data.Message
	if w.ReplyTo != "" {
		m.ReplyTo = &events.Ref{PlatformID: w.ReplyTo}
	}
	m.Content, m.Metadata = w.content(raw), metadata(p.kind, w.Lang, w.ID)
	m.Answer = answer(e)
	p.add(e, raw)
	return true
}

func (w *tweet) content(raw json.RawMessage) []events.Content {
	text, marks := cmp.Or(w.FullText, w.Text), &w.Entities
	if w.Extended != nil && w.Extended.FullText != "" {
		text, marks = w.Extended.FullText, &w.Extended.Entities
	}
	var list []events.Content
	if strings.TrimSpace(text) != "" {
		list = append(list, events.Content{Kind: events.KindText, Text: &events.Text{Body: text, Entities: marks.of(text)}})
	}
	for _, m := range w.ExtendedEntities.Media {
		list = append(list, events.NewMedia(m.ours()))
	}
	if w.Quoted != "" {
		list = append(list, events.Content{Kind: events.KindPost, Post: new(includes).quoted(w.Quoted)})
	}
	if len(list) == 0 {
		list = append(list, events.NewUnsupported("tweet", "neither text nor medium", raw))
	}
	return list
}

func (p *parser) tweetDeleted(raw json.RawMessage) bool {
	var w deletedTweet
	return channel.Decode(raw, &w) == nil && p.gone(w.Status.ID, channel.UnixText(w.Timestamp), raw)
}

func (p *parser) userEvent(raw json.RawMessage) bool {
	var w userEvent
	err := channel.Decode(raw, &w)
	return err == nil && p.revoked(revocation{w.Revoke.DateTime, w.Revoke.Source.UserID, w.Revoke.Target.AppID}, raw)
}

func rubyDate(text string) time.Time {
	at, err := time.Parse(time.RubyDate, text)
	if err != nil {
		return time.Time{}
	}
	return year(at)
}
