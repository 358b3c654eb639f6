package wechat

import (
	"context"
	"slices"
	"strings"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Categories of templates. Those of others were approved by other platforms, so their
// fallback is shown.
const (
	notification = "template"     // of a service account, to whoever follows it
	subscribed   = "subscription" // to whoever asked for it, once or for good
)

// template is the template that o is, nil when it is none.
func template(o channel.Outgoing) *events.Template {
	if len(o.Content) == 0 {
		return nil
	}
	return o.Content[0].Template
}

// Parameters that lead somewhere; all others fill the template's fields.
const (
	toURL      = "url"      // of a notification
	toPage     = "page"     // of a subscription: a web page, in a Mini Program one of its pages
	toAppID    = "appid"    // of a Mini Program
	toPagePath = "pagepath" // within it
)

// repeated is what WeChat says to a client_msg_id that it has sent in the last ten minutes.
const repeated = "45065"

// sendTemplate needs no window. What became of it comes back under msgid.
// https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage
// https://developers.weixin.qq.com/doc/service/api/notify/notify/api_sendnewsubscribemsg
// https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html
func sendTemplate(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	t := template(o)
	path := templatePath
	switch {
	case isKF(e.Account) || isMini(e.Account) && t.Category != subscribed:
		return channel.Sent{},
			&channel.Error{Class: events.ClassTemplate, Title: "this account has no templates of the category " + t.Category}
	case isMini(e.Account):
		path = subscribePath
	case t.Category == subscribed:
		path = bizPath
	}
	m := templated(*t, path)
	m.ToUser = o.To.Conversation.PlatformID
	if path == templatePath {
		m.ClientMsgID = channel.Digest([]byte(o.ID))
	}
	r, err := call(ctx, e, address(e, apiHost, path), m)
	switch {
	case hasCode(err, repeated):
		return channel.Sent{}, nil
	case err != nil || r.MsgID == "" || r.MsgID == "0":
		return channel.Sent{}, err
	}
	return channel.Sent{IDs: []string{string(r.MsgID)}}, nil
}

// templated is t, but for its recipient.
func templated(t events.Template, path string) outTemplate {
	m := outTemplate{TemplateID: t.Name, Data: map[string]outValue{}}
	var program miniRef
	for _, p := range t.Parameters {
		switch p.Name {
		case toURL:
			m.URL = p.Value
		case toPage:
			m.Page = p.Value
		case toAppID:
			program.AppID = p.Value
		case toPagePath:
			program.PagePath = p.Value
		default:
			m.Data[p.Name] = outValue{p.Value}
		}
	}
	if program.AppID != "" {
		m.MiniProgram = &program
	}
	if path == subscribePath {
		m.Lang = language(t.Language)
	}
	return m
}

// language is the one in which a Mini Program opens, "" where WeChat decides.
func language(l string) string {
	l = strings.ReplaceAll(l, "-", "_")
	if slices.Contains([]string{"zh_CN", "en_US", "zh_HK", "zh_TW"}, l) {
		return l
	}
	return ""
}
