package wechat

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/relais-dev/relais/events"
	"github.com/relais-dev/relais/shared/channel"
)

// Lengths, in bytes of UTF-8.
const (
	maxText  = 2048
	maxHead  = 1024 // above and below a menu
	maxItems = 10
	maxLabel = 128
	maxTitle = 128 // of a link
	maxDesc  = 512
	maxURL   = 2048
	maxVoice = time.Minute
)

const (
	apiHost = "api.weixin.qq.com"
	kfHost  = "qyapi.weixin.qq.com"

	sendPath      = "/cgi-bin/message/custom/send"
	typingPath    = "/cgi-bin/message/custom/typing"
	templatePath  = "/cgi-bin/message/template/send"
	bizPath       = "/cgi-bin/message/subscribe/bizsend" // of an Official Account
	subscribePath = "/cgi-bin/message/subscribe/send"    // of a Mini Program
	stablePath    = "/cgi-bin/stable_token"
	uploadPath    = "/cgi-bin/media/upload"
	mediaPath     = "/cgi-bin/media/get"

	kfTokenPath = "/cgi-bin/gettoken"
	kfSendPath  = "/cgi-bin/kf/send_msg"
	kfEventPath = "/cgi-bin/kf/send_msg_on_event"
	syncPath    = "/cgi-bin/kf/sync_msg"
)

// takesKF is takes of Customer Service.
func takesKF(c events.Content) string {
	switch {
	case c.Link != nil && c.Link.Image == "":
		return "Customer Service shows a link with a picture only"
	case c.Media != nil && c.Media.Type == events.Video:
		return ""
	}
	return takes(c)
}

// takesMini is takes of a Mini Program, which has templates of one category.
func takesMini(c events.Content) string {
	if c.Template != nil && c.Template.Category != subscribed {
		return "is no template of the category " + subscribed
	}
	return takes(c)
}

// takes says what the numbers leave open.
func takes(c events.Content) string {
	switch {
	case c.Template != nil && c.Template.Category != notification && c.Template.Category != subscribed:
		return "is no template of the category " + notification + " or " + subscribed
	case c.Link != nil && (c.Link.Title == "" || len(c.Link.Title) > maxTitle || len(c.Link.Text) > maxDesc ||
		len(c.Link.URL) > maxURL):
		return "a link's card has a title of 1 to 128 bytes, a text of up to 512 and an address of up to 2048"
	case c.Media != nil && c.Media.Type == events.Video && c.Media.Thumbnail == "":
		return "a film needs a thumbnail, a JPEG of up to 64 KB"
	case c.Media != nil && time.Duration(c.Media.DurationMS)*time.Millisecond > maxVoice &&
		(c.Media.Type == events.Voice || c.Media.Type == events.Audio):
		return "a recording lasts a minute at most"
	case c.Choice != nil && len(written(*c.Choice)) > maxText:
		return "a menu has 2048 bytes at most"
	}
	return ""
}

// address is a platform's URL with the access token, which stands nowhere else.
func address(e channel.Env, host, path string) string {
	return "https://" + host + path + "?access_token=" + url.QueryEscape(e.Token)
}

// send sends a template, a customer message or one of Customer Service. Repeating one
// is blind: a customer message has no id of ours. A template has one that counts for
// ten minutes, and Customer Service refuses an id that it knows with a code that is
// not documented.
func send(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	switch {
	case template(o) != nil:
		return sendTemplate(ctx, e, o)
	case isKF(e.Account):
		return sendKF(ctx, e, o)
	}
	m, err := compose(ctx, e, o)
	if err != nil {
		return channel.Sent{}, err
	}
	m["touser"] = o.To.Conversation.PlatformID
	_, err = call(ctx, e, address(e, apiHost, sendPath), m)
	return channel.Sent{}, err
}

// sendKF answers with the code of an event while there is one, else within the 48
// hours after the person wrote. A code takes texts and menus.
// https://developer.work.weixin.qq.com/document/path/94677
// https://developer.work.weixin.qq.com/document/path/95122
func sendKF(ctx context.Context, e channel.Env, o channel.Outgoing) (channel.Sent, error) {
	account, person, ok := kfRecipient(o.To.Conversation.PlatformID)
	if !ok {
		return channel.Sent{},
			&channel.Error{Class: events.ClassRecipient, Title: "the conversation is none of Customer Service"}
	}
	m, err := compose(ctx, e, o)
	if err != nil {
		return channel.Sent{}, err
	}
	m["msgid"] = channel.Digest([]byte(o.ID))
	if o.Answer != "" && (m["msgtype"] == "text" || m["msgtype"] == "msgmenu") {
		m["code"] = o.Answer
		r, err := call(ctx, e, address(e, kfHost, kfEventPath), m)
		return kfSent(r, usedUp(err))
	}
	m["touser"], m["open_kfid"] = person, account
	return kfSent(call(ctx, e, address(e, kfHost, kfSendPath), m))
}

// usedUp says of a refusal whose reason is not known that it was the code: it works
// once, and for seconds. The message may then go without it.
func usedUp(err error) error {
	var e *channel.Error
	if errors.As(err, &e) && e.Class == events.ClassUnknown {
		e.Class, e.Remedy = events.ClassWindow, "the event's code has been used, or has run out"
	}
	return err
}

// kfSent has the id by which a failure names the message.
func kfSent(r result, err error) (channel.Sent, error) {
	if err != nil || r.MsgID == "" {
		return channel.Sent{}, err
	}
	return channel.Sent{IDs: []string{string(r.MsgID)}}, nil
}

// call posts v. WeChat confirms by a code of 0; an answer without one says nothing.
func call(ctx context.Context, e channel.Env, address string, v any) (result, error) {
	r, err := e.PostJSON(ctx, address, nil, v)
	if err != nil {
		return result{}, err
	}
	var w result
	if err := succeeded(e.Account, r, &w); err != nil {
		return result{}, err
	}
	if w.Code == nil {
		return result{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without a code", Unknown: true}
	}
	return w, nil
}

// alreadyTyping is what WeChat says within the 15 seconds that typing is shown.
const alreadyTyping = "45081"

// act shows that we write; our message ends it.
// https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing
func act(ctx context.Context, e channel.Env, to channel.Recipient, a events.Action) error {
	if a.Verb != events.ActTyping || isKF(e.Account) {
		return &channel.Error{Class: events.ClassContent,
			Title: "WeChat shows typing only, and Customer Service not even that"}
	}
	t := typing{ToUser: to.Conversation.PlatformID, Command: "CancelTyping"}
	if a.Active {
		t.Command = "Typing"
	}
	_, err := call(ctx, e, address(e, apiHost, typingPath), t)
	if hasCode(err, alreadyTyping) {
		return nil
	}
	return err
}

// mint makes the account's access token. Each way always gives the token that is in
// force, so that any number of callers share it.
// https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
// https://developer.work.weixin.qq.com/document/path/91039
func mint(ctx context.Context, e channel.Env) (channel.Token, error) {
	r, err := askToken(ctx, e)
	if err != nil {
		return channel.Token{}, err
	}
	var w accessToken
	if err := succeeded(e.Account, r, &w); err != nil {
		return channel.Token{}, credentialsRefused(err)
	}
	if w.AccessToken == "" || w.ExpiresIn <= 0 {
		return channel.Token{}, &channel.Error{Class: events.ClassPlatform, Title: "answered without an access token"}
	}
	return channel.Token{Value: w.AccessToken, ExpiresAt: e.Now.Add(time.Duration(w.ExpiresIn) * time.Second)}, nil
}

func askToken(ctx context.Context, e channel.Env) (channel.Reply, error) {
	a := e.Account
	if isKF(a) {
		if a.Value(kfSecret) == "" {
			return channel.Reply{}, notConfigured(kfSecret)
		}
		q := url.Values{"corpid": {a.Value(corpID)}, "corpsecret": {a.Value(kfSecret)}}
		return e.Do(ctx, http.MethodGet, "https://"+kfHost+kfTokenPath+"?"+q.Encode(), nil, nil)
	}
	if a.Value(appSecret) == "" {
		return channel.Reply{}, notConfigured(appSecret)
	}
	return e.PostJSON(ctx, "https://"+apiHost+stablePath, nil,
		stableToken{GrantType: "client_credential", AppID: a.Value(appID), Secret: a.Value(appSecret)})
}

// notConfigured is the error of an account that lacks what sending needs.
func notConfigured(credential string) error {
	return &channel.Error{Class: events.ClassAuth, Title: "sending is not configured", Remedy: "store " + credential}
}
