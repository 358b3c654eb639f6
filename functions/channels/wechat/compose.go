package wechat

import (
	"context"
	"regexp"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// A message is what is sent, but for its recipient: msgtype, and under its name what
// it holds. Native content may hold more.
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage
// https://developers.weixin.qq.com/miniprogram/dev/server/API/kf-mgnt/kf-message/api_sendcustommessage.html
// https://developer.work.weixin.qq.com/document/path/94677
type message map[string]any

func newMessage(kind string, body any) message { return message{"msgtype": kind, kind: body} }

func compose(ctx context.Context, e channel.Env, o channel.Outgoing) (message, error) {
	if len(o.Content) != 1 {
		return nil, unsendable("a message has one part")
	}
	switch c := o.Content[0]; {
	case c.Text != nil:
		return text(e.Account, c.Text.Body), nil
	case c.Media != nil:
		return medium(ctx, e, o.ID, *c.Media)
	case c.Choice != nil:
		return menu(e.Account, *c.Choice), nil
	case c.Link != nil:
		return card(ctx, e, o.ID, *c.Link)
	case c.Native != nil:
		return native(c.Native)
	}
	return nil, unsendable(string(o.Content[0].Kind) + " cannot be sent")
}

func unsendable(title string) error {
	return &channel.Error{Class: events.ClassContent, Title: title}
}

func text(a channel.Account, body string) message {
	return newMessage("text", outText{plain(a, body)})
}

// anchor is the beginning of a tag that WeChat makes a link of.
var anchor = regexp.MustCompile(`(?i)<(a\s)`)

// plain keeps words from becoming links: an Official Account and a Mini Program take
// <a …> for markup, and nothing is documented that escapes it. A word joiner, which
// nobody sees, hides the tag.
func plain(a channel.Account, s string) string {
	if isKF(a) {
		return s
	}
	return anchor.ReplaceAllString(s, "<\u2060$1")
}

// menu is a message with items to tap, which come back with their id. A Mini Program
// has none: its customers read the items and write.
func menu(a channel.Account, c events.Choice) message {
	switch {
	case isMini(a):
		return text(a, written(c))
	case isKF(a):
		m := kfMenu{Head: c.Text, Tail: c.Footer}
		for _, o := range c.Options {
			m.List = append(m.List, kfMenuItem{Type: "click", Click: &menuItem{ID: o.ID, Content: o.Label}})
		}
		return newMessage("msgmenu", m)
	}
	m := outMenu{Head: plain(a, c.Text), Tail: plain(a, c.Footer)}
	for _, o := range c.Options {
		m.List = append(m.List, menuItem{ID: o.ID, Content: plain(a, o.Label)})
	}
	return newMessage("msgmenu", m)
}

// written is c as lines of text.
func written(c events.Choice) string {
	all := []string{c.Text}
	for _, o := range c.Options {
		all = append(all, o.Label)
	}
	return lines(append(all, c.Footer)...)
}

// card is a link with its preview. Customer Service does not show one without a picture.
func card(ctx context.Context, e channel.Env, id string, l events.Link) (message, error) {
	switch {
	case isMini(e.Account):
		return newMessage("link", miniLink{Title: l.Title, Description: l.Text, URL: l.URL, ThumbURL: l.Image}), nil
	case !isKF(e.Account):
		return newMessage("news", news{[]article{{Title: l.Title, Description: l.Text, URL: l.URL, PicURL: l.Image}}}), nil
	case l.Image == "":
		return text(e.Account, lines(l.Title, l.Text, l.URL)), nil
	}
	picture, err := upload(ctx, e, id, "image", events.Media{Type: events.Image, URL: l.Image})
	if err != nil {
		return nil, err
	}
	return newMessage("link", kfLink{Title: l.Title, Desc: l.Text, URL: l.URL, ThumbMediaID: picture}), nil
}

// native is n as it is.
func native(n *events.Native) (message, error) {
	fields, err := channel.Native(n, nil)
	if err == nil && fields["msgtype"] == nil {
		err = unsendable("native content has no msgtype")
	}
	m := message{}
	for name, value := range fields {
		m[name] = value
	}
	return m, err
}

// lines joins what is not empty.
func lines(all ...string) string {
	var b strings.Builder
	for _, s := range all {
		if s != "" && b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(s)
	}
	return b.String()
}
