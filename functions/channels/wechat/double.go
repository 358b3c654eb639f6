package wechat

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays WeChat, or WeCom for an account of Customer Service. All it says, it
// says with the HTTP status 200.
func double(a channel.Account, c channel.Call) channel.Answer {
	switch {
	case c.Path == stablePath && c.Host == apiHost:
		return doubleToken(a, c)
	case c.Path == kfTokenPath && c.Host == kfHost:
		return doubleKFToken(a, c)
	case c.Host != doubledHost(a):
		return channel.Answer{Reply: channel.Reply{Status: http.StatusNotFound}}
	case c.Fault == channel.FaultExpired || c.Query().Get("access_token") != doubledToken(a):
		return doubleError(40014, "invalid access_token")
	case c.Path == mediaPath && c.Method == http.MethodGet:
		return doubleMedia(c)
	case c.Method != http.MethodPost:
		return doubleError(43002, "require POST method")
	case c.Fault == channel.FaultThrottled:
		return doubleThrottled(a)
	case c.Path == uploadPath:
		return doubleUpload(c)
	case !strings.HasPrefix(c.Header.Get("Content-Type"), "application/json") || bytes.Contains(c.Body, []byte(`\u00`)):
		return doubleError(47001, "data format error")
	case isKF(a):
		return doubleKF(c)
	}
	return doubleAPI(a, c)
}

// doubleAPI is what Official Accounts and Mini Programs call.
func doubleAPI(a channel.Account, c channel.Call) channel.Answer {
	switch c.Path {
	case sendPath:
		return doubleSend(a, c)
	case typingPath:
		return doubleTyping(c)
	case templatePath, bizPath, subscribePath:
		return doubleTemplate(a, c)
	}
	return channel.Answer{Reply: channel.Reply{Status: http.StatusNotFound}}
}

func doubledHost(a channel.Account) string {
	if isKF(a) {
		return kfHost
	}
	return apiHost
}

func doubledToken(a channel.Account) string {
	return "doubled-" + channel.Digest([]byte(a.Value(appSecret)), a.Value(kfSecret))
}

func doubleError(code int, message string) channel.Answer {
	return doubleAnswer(map[string]any{"errcode": code, "errmsg": message + " rid: 66b0c1d2-0a1b2c3d-4e5f6071"})
}

func doubleOK() channel.Answer { return doubleAnswer(map[string]any{"errcode": 0, "errmsg": "ok"}) }

func doubleAnswer(v any) channel.Answer {
	body, _ := channel.JSON(v) // texts and numbers
	return channel.AnswerJSON(http.StatusOK, string(body))
}

func doubleThrottled(a channel.Account) channel.Answer {
	if isKF(a) {
		return doubleError(45009, "api freq out of limit")
	}
	return doubleError(45011, "api minute-quota reach limit, must slower, retry next minute")
}

func doubleToken(a channel.Account, c channel.Call) channel.Answer {
	var s stableToken
	switch {
	case c.Method != http.MethodPost || json.Unmarshal(c.Body, &s) != nil || s.GrantType != "client_credential":
		return doubleError(40002, "invalid grant_type")
	case s.AppID != a.Value(appID):
		return doubleError(40013, "invalid appid")
	case s.Secret != a.Value(appSecret):
		return doubleError(40125, "invalid appsecret")
	}
	return doubleAnswer(map[string]any{"access_token": doubledToken(a), "expires_in": 7200})
}

func doubleMedia(c channel.Call) channel.Answer {
	if c.Query().Get("media_id") == "" {
		return doubleError(40007, "invalid media_id")
	}
	return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
}

func doubleUpload(c channel.Call) channel.Answer {
	kind := c.Query().Get("type")
	if maxUpload[kind] == 0 || kind == "file" && c.Host != kfHost {
		return doubleError(40004, "invalid media type")
	}
	_, parameters, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil {
		return doubleError(41005, "media data missing")
	}
	part, err := multipart.NewReader(bytes.NewReader(c.Body), parameters["boundary"]).NextPart()
	if err != nil || part.FormName() != "media" || !strings.Contains(part.FileName(), ".") {
		return doubleError(41005, "media data missing")
	}
	file, err := io.ReadAll(part)
	if err != nil || len(file) == 0 || int64(len(file)) > maxUpload[kind] {
		return doubleError(40006, "invalid media size")
	}
	field := "media_id"
	if kind == "thumb" {
		field = "thumb_media_id"
	}
	return doubleAnswer(map[string]any{"type": kind, field: channel.Digest(file, kind), "created_at": c.Received.Unix()})
}

func doubleTyping(c channel.Call) channel.Answer {
	var t typing
	switch {
	case json.Unmarshal(c.Body, &t) != nil || t.Command != "Typing" && t.Command != "CancelTyping":
		return doubleError(45072, "invalid command")
	case t.ToUser == "":
		return doubleError(40003, "invalid openid")
	}
	return doubleOK()
}

// doubleSent is a message as it arrives at the platform, whichever it is.
type doubleSent struct {
	ToUser   string      `json:"touser"`
	OpenKFID string      `json:"open_kfid"`
	Code     string      `json:"code"`
	MsgID    string      `json:"msgid"`
	MsgType  string      `json:"msgtype"`
	Text     *outText    `json:"text"`
	Image    *outMedia   `json:"image"`
	Voice    *outMedia   `json:"voice"`
	Video    *outMedia   `json:"video"`
	File     *outMedia   `json:"file"`
	News     *news       `json:"news"`
	Link     *doubleLink `json:"link"`
	Menu     *doubleMenu `json:"msgmenu"`
}

type doubleLink struct {
	Title        string `json:"title"`
	URL          string `json:"url"`
	ThumbMediaID string `json:"thumb_media_id"`
}

type doubleMenu struct {
	Head string       `json:"head_content"`
	List []doubleItem `json:"list"`
	Tail string       `json:"tail_content"`
}

type doubleItem struct {
	menuItem
	kfMenuItem
}

func doubleSend(a channel.Account, c channel.Call) channel.Answer {
	var m doubleSent
	err := json.Unmarshal(c.Body, &m)
	switch {
	case err != nil:
		return doubleError(47001, "data format error")
	case m.ToUser == "" || strings.Contains(m.ToUser, ":"):
		return doubleError(40003, "invalid openid")
	case c.Fault == channel.FaultClosed:
		return doubleError(45015, "response out of time limit or subscription is canceled")
	case c.Fault == channel.FaultGone:
		return doubleError(43004, "require subscribe")
	case c.Fault == channel.FaultInvalid:
		return doubleError(40008, "invalid message type")
	case isMini(a) && m.MsgType != "text" && m.MsgType != "image" && m.MsgType != "link" && m.MsgType != "miniprogrampage":
		return doubleError(45162, "invalid type")
	}
	if code := m.wrong(); code != 0 {
		return doubleError(code, "invalid "+m.MsgType)
	}
	return doubleOK()
}

// wrong is the code for what is not as its type must be, or 0.
func (m doubleSent) wrong() int {
	media := map[string]*outMedia{"image": m.Image, "voice": m.Voice, "video": m.Video, "file": m.File}
	switch m.MsgType {
	case "text":
		if m.Text == nil || m.Text.Content == "" {
			return 44004
		}
		if len(m.Text.Content) > maxText {
			return 45002
		}
	case "image", "voice", "video", "file":
		if f := media[m.MsgType]; f == nil || f.MediaID == "" {
			return 40007
		}
	case "news":
		if m.News == nil || len(m.News.Articles) != 1 || m.News.Articles[0].Title == "" || m.News.Articles[0].URL == "" {
			return 45008
		}
	case "link":
		if m.Link == nil || m.Link.Title == "" || m.Link.URL == "" {
			return 45005
		}
	case "msgmenu":
		if m.Menu == nil || len(m.Menu.List) == 0 || len(m.Menu.List) > maxItems || len(m.Menu.Head) > maxHead || len(m.Menu.Tail) > maxHead {
			return 40008
		}
	case "music", "mpnewsarticle", "wxcard", "miniprogrampage", "miniprogram", "location", "business_card", "ca_link": // native content only
	default:
		return 40008
	}
	return 0
}

// doubleTemplate sends a template and tells that it has.
func doubleTemplate(a channel.Account, c channel.Call) channel.Answer {
	var t outTemplate
	switch {
	case json.Unmarshal(c.Body, &t) != nil:
		return doubleError(47001, "data format error")
	case isMini(a) != (c.Path == subscribePath):
		return doubleError(48001, "api unauthorized")
	case t.ToUser == "":
		return doubleError(40003, "invalid openid")
	case c.Fault == channel.FaultGone:
		return doubleError(43101, "user refuse to accept the msg")
	case t.TemplateID == "" || c.Fault == channel.FaultInvalid:
		return doubleError(40037, "invalid template_id")
	case len(t.Data) == 0:
		return doubleError(47003, "argument invalid!")
	}
	number, _ := strconv.ParseUint(channel.Digest(c.Body)[:14], 16, 64) // hexadecimal digits
	id := strconv.FormatUint(number+3_400_000_000_000_000_000, 10)
	answer := doubleAnswer(map[string]any{"errcode": 0, "errmsg": "ok", "msgid": json.Number(id)})
	result := "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>" + id + "</MsgID><Status>success</Status>"
	if c.Path != templatePath {
		result = "<Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><TemplateId>" + html.EscapeString(t.TemplateID) +
			"</TemplateId><MsgID>" + id + "</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>"
	}
	answer.Webhooks = []channel.Request{doublePush(a, t.ToUser, c.Received, "<MsgType>event</MsgType>"+result)}
	return answer
}

// doublePush is a push about a person, unsigned and not encrypted yet.
func doublePush(a channel.Account, person string, at time.Time, fields string) channel.Request {
	body := "<xml><ToUserName>gh_0a1b2c3d4e5f</ToUserName><FromUserName>" + html.EscapeString(person) + "</FromUserName><CreateTime>" +
		strconv.FormatInt(at.Unix(), 10) + "</CreateTime>" + fields + "</xml>"
	return doubleWebhook(a, at, body)
}

func doubleWebhook(a channel.Account, at time.Time, body string) channel.Request {
	r := channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"text/xml"}}, Body: []byte(body), Received: at}
	if _, rest, ok := strings.Cut(a.URL, "://"); ok {
		_, path, _ := strings.Cut(rest, "/")
		r.Path = "/" + path
	}
	return r
}

// customer is the person of text.http, who writes text.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	if isKF(a) {
		return kfCustomer(a, text, n, now)
	}
	return doublePush(a, "oDemoOpenid0001", now, "<MsgType>text</MsgType><Content>"+html.EscapeString(text)+"</Content><MsgId>"+
		strconv.FormatInt(now.UnixMilli()*1000+int64(n), 10)+"</MsgId>")
}
