package wechat

import (
	"context"
	"strings"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/functions/channels/internal/tencent"
	"github.com/relais-dev/relais/shared/channel"
)

const (
	// kfPage is how many messages one call asks for. WeCom allows 1000, which may not
	// fit into an answer that is read whole.
	kfPage = 100
	// kfTokenLife is how long a callback's token is good; a margin is left for the call.
	// https://developer.work.weixin.qq.com/document/path/94670
	kfTokenLife = 10*time.Minute - 30*time.Second
)

// pull brings the next messages of the account of Customer Service that a callback
// announced. Without a cursor WeCom begins three days ago. A token that has run out is
// left off: WeCom then answers seldom, but it answers.
func pull(ctx context.Context, e channel.Env, from events.Event,
	cursor string) (list []events.Event, next string, done bool, err error) {
	request, err := syncOf(from, e.Now)
	if err != nil {
		return nil, "", false, err
	}
	request.Cursor = cursor
	r, err := e.PostJSON(ctx, address(e, kfHost, syncPath), nil, request)
	if err != nil {
		return nil, "", false, err
	}
	var page syncPage
	if err := succeeded(e.Account, r, &page); err != nil {
		return nil, "", false, err
	}
	if page.HasMore != 0 && page.NextCursor == "" {
		return nil, "", false, &channel.Error{Class: events.ClassPlatform, Title: "there is more, and no cursor to it"}
	}
	k := kfReader{corp: e.Account.Value(corpID), account: request.OpenKFID, at: from.Time}
	for _, raw := range page.List {
		list = append(list, k.events(raw)...)
	}
	return list, page.NextCursor, page.HasMore == 0, nil
}

// syncOf is the call that a callback asks for.
func syncOf(from events.Event, now time.Time) (syncRequest, error) {
	if from.Data.Unsupported == nil {
		return syncRequest{}, channel.Malform("no callback")
	}
	doc, err := tencent.Parse(from.Data.Unsupported.Raw)
	if err != nil {
		return syncRequest{}, channel.Malform("callback: " + err.Error())
	}
	s := syncRequest{Limit: kfPage, OpenKFID: strings.TrimSpace(doc.Text("OpenKfId"))}
	if now.Sub(from.Time) < kfTokenLife {
		s.Token = strings.TrimSpace(doc.Text("Token"))
	}
	return s, nil
}

// A kfReader turns what sync_msg lists into events.
type kfReader struct {
	corp    string    // within which an external_userid is unique
	account string    // open_kfid
	at      time.Time // of what carries no time
}

// events are the facts in one item. What is malformed is kept as unsupported: an
// error would hold up all that comes behind it.
func (k kfReader) events(raw []byte) []events.Event {
	var m kfItem
	if err := channel.Decode(raw, &m); err != nil {
		return k.unsupported(kfItem{}, raw, "message", channel.Malformed)
	}
	switch {
	case m.MsgType == "event":
		return k.event(m, raw)
	case m.MsgID == "" || m.ExternalUserID == "":
		return k.unsupported(m, raw, m.MsgType, channel.Malformed)
	}
	return []events.Event{k.message(m, raw)}
}

// fact is an event of the person's conversation, with the fact still to be set.
func (k kfReader) fact(t events.Type, key string, m kfItem, raw []byte) events.Event {
	e := events.Event{Type: t, Time: k.time(m), Key: key, Raw: raw}
	account, person := m.parties(k.account)
	if person == "" {
		e.Data.Conversation = kfQueue(account)
		return e
	}
	i := events.Identity{Scheme: events.WeChatExternal, Value: person, Scope: k.corp}
	e.Data.Contact = &events.Contact{Identities: []events.Identity{i}}
	e.Data.Conversation = &events.Conversation{PlatformID: kfThread(account, person), Kind: events.Direct}
	return e
}

func (k kfReader) time(m kfItem) time.Time {
	if m.SendTime < 1e9 || m.SendTime >= 1e10 { // no time in seconds
		return k.at
	}
	return time.Unix(m.SendTime, 0).UTC()
}

func (k kfReader) unsupported(m kfItem, raw []byte, kind, reason string) []events.Event {
	if kind == "" {
		kind = "message"
	}
	e := k.fact(events.IngestUnsupported, "unsupported:"+m.MsgID+":"+channel.Digest(raw), m, raw)
	e.Data.Unsupported = events.UnsupportedOf(kind, reason, raw)
	return []events.Event{e}
}

// Origins of a message.
const (
	fromCustomer = 3
	fromAgent    = 5
)

// message is what a person wrote, or what an agent wrote to them in WeCom. Messages
// that were sent by API do not come.
func (k kfReader) message(m kfItem, raw []byte) events.Event {
	e := k.fact(events.MessageReceived, "message:"+m.MsgID, m, raw)
	actor, origin := events.Actor{Role: events.Customer}, ""
	switch m.Origin {
	case fromCustomer:
		e.Data.Conversation.Window = &events.Window{Kind: "service", ClosesAt: e.Time.Add(48 * time.Hour), Messages: 5}
	case fromAgent:
		e.Type, actor, origin = events.MessageEchoed, events.Actor{Role: events.Agent, Name: m.Servicer}, "app"
	default:
		e.Type, actor, origin = events.MessageEchoed, events.Actor{Role: events.System}, "other"
	}
	if m.Text != nil && m.Text.MenuID != "" && m.Origin == fromCustomer {
		e.Type = events.InteractionReceived
		e.Data.Interaction = &events.Interaction{
			Kind: events.ButtonAnswer, Message: channel.Ref(m.MsgID), Option: m.Text.MenuID, Text: m.Text.Content,
		}
		return e
	}
	content, metadata := m.content(raw, e.Time)
	e.Data.Message = &events.Message{PlatformID: m.MsgID, Actor: actor, Origin: origin,
		Content: []events.Content{content}, Metadata: metadata}
	return e
}

// content is what m says, and what has no member in it.
func (m kfItem) content(raw []byte, at time.Time) (events.Content, []events.Field) {
	switch {
	case m.MsgType == "text" && m.Text != nil:
		return events.NewText(m.Text.Content), nil
	case m.MsgType == "image" && m.Image != nil:
		return m.Image.content(events.Media{Type: events.Image}, at), nil
	case m.MsgType == "voice" && m.Voice != nil:
		return m.Voice.content(events.Media{Type: events.Voice, MIME: "audio/amr"}, at), nil
	case m.MsgType == "video" && m.Video != nil:
		return m.Video.content(events.Media{Type: events.Video}, at), nil
	case m.MsgType == "file" && m.File != nil:
		return m.File.content(events.Media{Type: events.File}, at), nil
	case m.MsgType == "location" && m.Location != nil && m.Location.onEarth():
		l := m.Location
		return events.Content{Kind: events.KindLocation,
			Location: &events.Location{Latitude: l.Latitude, Longitude: l.Longitude, Name: l.Name, Address: l.Address}}, nil
	case m.MsgType == "link" && m.Link != nil:
		return link(events.Link{URL: m.Link.URL, Title: m.Link.Title, Text: m.Link.Desc, Image: m.Link.PicURL}), nil
	case m.MsgType == "miniprogram" && m.MiniProgram != nil:
		p := m.MiniProgram
		return link(events.Link{URL: p.PagePath, Title: p.Title}),
			fields("AppId", p.AppID, "PagePath", p.PagePath, "ThumbMediaId", p.ThumbMediaID)
	case m.MsgType == "msgmenu" && m.Menu != nil && len(m.Menu.List) > 0:
		return m.Menu.content(), nil
	}
	return events.NewUnsupported(m.MsgType, "unknown", raw), nil
}

func (f kfMedia) content(m events.Media, at time.Time) events.Content {
	m.State, m.PlatformID, m.ExpiresAt = events.MediaPending, f.MediaID, at.Add(mediaLife)
	return events.NewMedia(m)
}

func (l kfLocation) onEarth() bool {
	return l.Latitude >= -90 && l.Latitude <= 90 && l.Longitude >= -180 && l.Longitude <= 180
}

// content is a menu that an agent sent.
func (m kfMenu) content() events.Content {
	c := events.Choice{Text: m.Head, Footer: m.Tail}
	for i, item := range m.List {
		c.Options = append(c.Options, item.option(i))
	}
	return events.Content{Kind: events.KindChoice, Choice: &c}
}
