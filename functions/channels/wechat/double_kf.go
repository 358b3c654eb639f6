package wechat

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

func doubleKFToken(a channel.Account, c channel.Call) channel.Answer {
	q := c.Query()
	switch {
	case c.Method != http.MethodGet || q.Get("corpid") != a.Value(corpID):
		return doubleError(40013, "invalid corpid")
	case q.Get("corpsecret") != a.Value(kfSecret):
		return doubleError(40001, "invalid credential")
	}
	return doubleAnswer(map[string]any{"errcode": 0, "errmsg": "ok", "access_token": doubledToken(a), "expires_in": 7200})
}

func doubleKF(c channel.Call) channel.Answer {
	switch c.Path {
	case kfSendPath, kfEventPath:
		return doubleKFSend(c)
	case syncPath:
		return doubleSync(c)
	}
	return channel.Answer{Reply: channel.Reply{Status: http.StatusNotFound}}
}

// kfMsgID is the form of a message id that is ours.
// https://developer.work.weixin.qq.com/document/path/94677
var kfMsgID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)

func doubleKFSend(c channel.Call) channel.Answer {
	var m doubleSent
	err := json.Unmarshal(c.Body, &m)
	onEvent := c.Path == kfEventPath
	switch {
	case err != nil:
		return doubleError(47001, "data format error")
	case onEvent && (m.Code == "" || m.MsgType != "text" && m.MsgType != "msgmenu"), !kfMsgID.MatchString(m.MsgID):
		return doubleError(40058, "invalid Request Parameter")
	case c.Fault == channel.FaultClosed:
		return doubleError(95002, "send msg time limit")
	case !onEvent && (m.ToUser == "" || c.Fault == channel.FaultGone):
		return doubleError(40096, "invalid external userid")
	case !onEvent && m.OpenKFID == "":
		return doubleError(95000, "invalid open_kfid")
	case c.Fault == channel.FaultInvalid || m.wrong() != 0 || m.wrongKF():
		return doubleError(40058, "invalid Request Parameter")
	}
	return doubleAnswer(map[string]any{"errcode": 0, "errmsg": "ok", "msgid": m.MsgID})
}

// wrongKF says whether m is not what Customer Service wants beside what all want.
func (m doubleSent) wrongKF() bool {
	switch {
	case m.MsgType == "news":
		return true
	case m.Link != nil:
		return m.Link.ThumbMediaID == "" || len(m.Link.Title) > maxTitle || len(m.Link.URL) > maxURL
	case m.Menu == nil:
		return false
	}
	for _, item := range m.Menu.List {
		click := item.kfMenuItem.Click
		if item.Type == "click" && (click == nil || click.ID == "" || len(click.ID) > 64 || click.Content == "" || len(click.Content) > maxLabel) {
			return true
		}
	}
	return false
}

// doublePage is how much the double gives at a time: WeCom too may give less than what
// was asked for.
const doublePage = 2

// doubleSync lists what a callback announced. A double has no memory, so that the
// messages are in the callback's token: see doubleCallback.
func doubleSync(c channel.Call) channel.Answer {
	var s syncRequest
	if json.Unmarshal(c.Body, &s) != nil || s.OpenKFID == "" || s.Limit < 1 || s.Limit > 1000 || len(s.Cursor) > 64 {
		return doubleError(40058, "invalid Request Parameter")
	}
	var list []json.RawMessage
	text, err := base64.RawURLEncoding.DecodeString(s.Token)
	if err != nil || s.Token != "" && json.Unmarshal(text, &list) != nil {
		return doubleError(95007, "invalid msg token")
	}
	of, position, _ := strings.Cut(s.Cursor, ".")
	from, _ := strconv.Atoi(position) // what is none is the beginning
	if of != channel.Digest([]byte(s.Token)) || from < 0 || from > len(list) {
		from = 0
	}
	to := min(from+min(s.Limit, doublePage), len(list))
	more := 0
	if to < len(list) {
		more = 1
	}
	return doubleAnswer(map[string]any{"errcode": 0, "errmsg": "ok", "has_more": more, "msg_list": list[from:to],
		"next_cursor": channel.Digest([]byte(s.Token)) + "." + strconv.Itoa(to)})
}

// doubleCallback announces list, a JSON array.
func doubleCallback(a channel.Account, at time.Time, account, list string) channel.Request {
	return doubleWebhook(a, at, "<xml><ToUserName>"+receiver(a)+"</ToUserName><CreateTime>"+strconv.FormatInt(at.Unix(), 10)+"</CreateTime><MsgType>event</MsgType><Event>"+
		waiting+"</Event><Token>"+base64.RawURLEncoding.EncodeToString([]byte(list))+"</Token><OpenKfId>"+account+"</OpenKfId></xml>")
}

func kfCustomer(a channel.Account, text string, n int, now time.Time) channel.Request {
	list, _ := channel.JSON([]any{map[string]any{ // texts and numbers
		"msgid": "double_" + strconv.FormatInt(now.UnixMilli(), 10) + "_" + strconv.Itoa(n), "open_kfid": "wkDemo", "external_userid": "wmDemo",
		"send_time": now.Unix(), "origin": fromCustomer, "msgtype": "text", "text": outText{text},
	}})
	return doubleCallback(a, now, "wkDemo", string(list))
}
