package wechat

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// mediaLife is how long a media id can be fetched.
// https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia.html
const mediaLife = 3 * 24 * time.Hour

// A parser turns one push into events.
type parser struct {
	push
	app string    // our app id, within which an openid is unique
	raw []byte    // the push as it was encrypted
	at  time.Time // of the act, or else of the receipt
}

func (p *parser) events() ([]events.Event, error) {
	p.at = cmp.Or(channel.UnixText(p.CreateTime), p.at)
	if p.MsgType == "" { // what a platform for third parties hears, for one
		return p.one(p.unsupported("push", "unknown")), nil
	}
	if p.MsgType == "event" {
		return p.event()
	}
	return p.message()
}

// message is what a person wrote or sent.
func (p *parser) message() ([]events.Event, error) {
	content, known := p.content()
	if !known && (p.MsgID == "" || p.FromUserName == "") {
		return p.one(p.unsupported(p.MsgType, "unknown")), nil
	}
	if p.MsgID == "" || p.FromUserName == "" {
		return p.one(p.unsupported(p.MsgType, channel.Malformed)), nil
	}
	if p.MsgType == "text" && p.MenuItem != "" {
		return p.one(p.menuItem()), nil
	}
	e := p.fact(events.MessageReceived, "message:"+p.MsgID, p.window("service", 48*time.Hour, 5))
	e.Data.Message = &events.Message{
		PlatformID: p.MsgID,
		Actor:      events.Actor{Role: events.Customer},
		Content:    []events.Content{content},
		Referral:   p.article(),
		Metadata:   p.metadata(),
	}
	return p.one(e), nil
}

// menuItem is the tap on an item of a msgmenu message. By WeChat's rules it opens
// the window of a menu and not that of a message.
func (p *parser) menuItem() events.Event {
	e := p.fact(events.InteractionReceived, "message:"+p.MsgID, p.window("menu", time.Minute, 3))
	e.Data.Interaction = &events.Interaction{
		Kind: events.ButtonAnswer, Message: channel.Ref(p.MsgID), Option: p.MenuItem, Text: p.Content,
	}
	return e
}

// content is the message's content; false for a kind we have no words for.
func (p *parser) content() (events.Content, bool) {
	switch p.MsgType {
	case "text":
		return events.NewText(p.Content), true
	case "image":
		return p.media(events.Media{Type: events.Image, URL: p.PicURL}), true
	case "voice":
		return p.media(events.Media{Type: events.Voice, MIME: voiceType(p.Format), Transcript: p.Recognition}), true
	case "video", "shortvideo":
		return p.media(events.Media{Type: events.Video, Thumbnail: p.ThumbMediaID}), true
	case "location":
		return p.location(p.LocationX, p.LocationY, events.Location{Address: p.Label}), true
	case "link":
		return link(events.Link{URL: p.URL, Title: p.Title, Text: p.Description}), true
	case "miniprogrampage":
		return link(events.Link{URL: p.PagePath, Title: p.Title, Image: p.ThumbURL}), true
	}
	return events.NewUnsupported(p.MsgType, "unknown", p.raw), false
}

// media is m by its media id, which must be fetched with an access token; a
// picture without one stays at its public address.
func (p *parser) media(m events.Media) events.Content {
	m.State, m.PlatformID, m.ExpiresAt = events.MediaPending, p.MediaID, p.at.Add(mediaLife)
	if p.MediaID == "" {
		if m.URL == "" {
			return events.NewUnsupported(p.MsgType, channel.Malformed, p.raw)
		}
		m.State, m.ExpiresAt = events.MediaLinked, time.Time{}
	}
	return events.NewMedia(m)
}

func voiceType(format string) string {
	switch format {
	case "amr":
		return "audio/amr"
	case "speex":
		return "audio/speex"
	}
	return ""
}

// location is the place at these texts, if they are degrees.
func (p *parser) location(latitude, longitude string, l events.Location) events.Content {
	var okLat, okLong bool
	l.Latitude, okLat = number(latitude, 90)
	l.Longitude, okLong = number(longitude, 180)
	if !okLat || !okLong {
		return events.NewUnsupported(p.MsgType, channel.Malformed, p.raw)
	}
	return events.Content{Kind: events.KindLocation, Location: &l}
}

func number(s string, limit float64) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && math.Abs(f) <= limit
}

func link(l events.Link) events.Content { return events.Content{Kind: events.KindLink, Link: &l} }

// article is the article under which the message was written.
func (p *parser) article() *events.Referral {
	if p.MsgDataID == "" {
		return nil
	}
	r := &events.Referral{Source: "post", ID: p.MsgDataID}
	if p.Idx != "" {
		r.Fields = fields("Idx", p.Idx)
	}
	return r
}

// metadata is what the content has no member for: a place's zoom, and what a link
// to a page of a Mini Program needs beside its path.
func (p *parser) metadata() []events.Field {
	switch p.MsgType {
	case "location":
		return fields("Scale", p.Scale)
	case "miniprogrampage":
		return fields("AppId", p.AppID, "PagePath", p.PagePath, "ThumbMediaId", p.ThumbMediaID)
	}
	return nil
}

// fact is an event of the person's conversation, with the fact still to be set.
func (p *parser) fact(t events.Type, key string, w *events.Window) events.Event {
	e := events.Event{Type: t, Time: p.at, Key: key, Raw: p.raw}
	if p.FromUserName != "" {
		person := events.Identity{Scheme: events.WeChatOpenID, Value: p.FromUserName, Scope: p.app}
		e.Data.Contact = &events.Contact{Identities: []events.Identity{person}}
		e.Data.Conversation = &events.Conversation{PlatformID: p.FromUserName, Kind: events.Direct, Window: w}
	}
	return e
}

// window is what the person's act opens: so many free-form answers for so long.
// WeChat adds nothing up: the larger number and the later end are in force.
// https://developers.weixin.qq.com/doc/service/guide/product/message/custommsg.html
func (p *parser) window(kind string, length time.Duration, messages int) *events.Window {
	return &events.Window{Kind: kind, ClosesAt: p.at.Add(length), Messages: messages}
}

func (p *parser) unsupported(kind, reason string) events.Event {
	return p.unsupportedPart(kind, reason, p.raw)
}

func (p *parser) unsupportedPart(kind, reason string, raw []byte) events.Event {
	sum := sha256.Sum256(raw)
	e := p.fact(events.IngestUnsupported, "unsupported:"+p.CreateTime+":"+hex.EncodeToString(sum[:16]), nil)
	e.Data.Unsupported, e.Raw = events.UnsupportedOf(kind, reason, raw), raw
	return e
}

func (p *parser) one(e events.Event) []events.Event { return []events.Event{e} }

// fields pairs names and values, leaving out what is empty.
func fields(pairs ...string) []events.Field {
	var list []events.Field
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			list = append(list, events.Field{Name: pairs[i], Value: pairs[i+1]})
		}
	}
	return list
}
