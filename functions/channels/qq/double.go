package qq

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays QQ. It posts no webhooks: QQ tells nothing of what it delivered.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Host == tokenHost && c.Path == tokenPath {
		return doubleToken(a, c)
	}
	parts := sendPath.FindStringSubmatch(c.Path)
	switch {
	case c.Fault == channel.FaultExpired || c.Header.Get("Authorization") != "QQBot "+doubledToken(a):
		return refuse(http.StatusUnauthorized, 11243, "token not exist or expire")
	case c.Fault == channel.FaultThrottled:
		return refuse(http.StatusTooManyRequests, 22009, "message send rate limit")
	case parts == nil || c.Host == tokenHost:
		return refuse(http.StatusNotFound, 11281, "api not found")
	case c.Method == http.MethodDelete && parts[3] == "messages" && parts[4] != "":
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK}}
	case c.Method != http.MethodPost || parts[4] != "":
		return refuse(http.StatusMethodNotAllowed, 11281, "method not allowed")
	case parts[3] == "files":
		return doubleUpload(c)
	}
	return doubleMessage(c, strings.HasPrefix(parts[1], "/v2/"))
}

// customer is a message of the person in the samples.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	body := fmt.Appendf(nil, `{"id":"C2C_MESSAGE_CREATE:double-%[1]d","op":0,"s":%[1]d,"t":"C2C_MESSAGE_CREATE","d":{"id":"ROBOT1.0_double-%[1]d","content":%[2]s,`+
		`"timestamp":%[3]q,"author":{"user_openid":"0F1E2D3C4B5A69788796A5B4C3D2E1F0"}}}`, n, said, now.Format(time.RFC3339))
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: now}
}

// sendPath is the scene, the recipient, what is made there, and which one.
var sendPath = regexp.MustCompile(`^(/v2/users|/v2/groups|/channels|/dms)/([0-9A-Za-z]+)/(messages|files)(?:/([^/]+))?$`)

func refuse(status, code int, message string) channel.Answer {
	return channel.AnswerJSON(status, fmt.Sprintf(`{"code":%d,"message":%q,"trace_id":"0123456789abcdef0123456789abcdef"}`, code, message))
}

// doubledToken is the access token that the double mints and knows.
func doubledToken(a channel.Account) string {
	return "token-" + channel.Digest([]byte(a.Value(appSecret)), a.Value(appID))
}

func doubleToken(a channel.Account, c channel.Call) channel.Answer {
	var w tokenRequest
	if json.Unmarshal(c.Body, &w) != nil || w.AppID != a.Value(appID) || w.Secret != a.Value(appSecret) || w.Secret == "" {
		return channel.AnswerJSON(http.StatusOK, `{"code":100016,"message":"invalid appid or secret"}`)
	}
	return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"access_token":%q,"expires_in":"7200"}`, doubledToken(a)))
}

func doubleUpload(c channel.Call) channel.Answer {
	var w upload
	if json.Unmarshal(c.Body, &w) != nil || w.Type < fileImage || w.Type > fileOther || !strings.HasPrefix(w.URL, "https://") || w.Send {
		return refuse(http.StatusBadRequest, 40034002, "invalid file")
	}
	id := channel.Digest(c.Body, c.Path)
	return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"file_uuid":%[1]q,"file_info":"fi_%[1]s","ttl":0}`, id))
}

// doubleMessage takes a message, of the kind that has types and numbers or not.
func doubleMessage(c channel.Call, typed bool) channel.Answer {
	var m outgoing
	bad := json.Unmarshal(c.Body, &m) != nil || typed != (m.Type != nil) || len([]rune(m.Content)) > 2000 || m.MessageID != "" && m.EventID != ""
	switch {
	case c.Fault == channel.FaultClosed:
		return refuse(http.StatusBadRequest, 304027, "msg_id expired")
	case c.Fault == channel.FaultGone:
		return refuse(http.StatusBadRequest, 40054004, "not a friend of the user")
	case c.Fault == channel.FaultInvalid || bad || !shows(m):
		return refuse(http.StatusBadRequest, 40034001, "invalid message")
	case typed && m.MessageID == "" && m.EventID == "" && (!m.Wakeup || !strings.HasPrefix(c.Path, "/v2/users/")):
		return refuse(http.StatusBadRequest, 40034102, "active message is not permitted")
	}
	id := "ROBOT1.0_" + channel.Digest(c.Body, c.Path)
	return channel.AnswerJSON(http.StatusOK, fmt.Sprintf(`{"id":%q,"timestamp":%q}`, id, c.Received.Format(time.RFC3339)))
}

// shows says whether m has what its type must.
func shows(m outgoing) bool {
	kind := typeText
	if m.Type != nil {
		kind = *m.Type
	}
	switch {
	case kind == typeMedia:
		return m.Media != nil && m.Media.Info != "" && m.Content != "" && m.Keyboard == nil
	case kind == typeTyping:
		return m.Typing != nil && m.Typing.Seconds > 0 && m.Typing.Seconds <= 60 && m.MessageID != ""
	case m.Markdown != nil:
		return (m.Markdown.Content == "") != (m.Markdown.Template == "") && goodKeyboard(m.Keyboard)
	}
	return m.Keyboard == nil && (m.Content != "" || m.Image != "") && kind == typeText
}

func goodKeyboard(k *keyboard) bool {
	if k == nil {
		return true
	}
	for _, r := range k.Content.Rows {
		for _, b := range r.Buttons {
			if b.ID == "" || b.Render.Label == "" || b.Action.Data == "" || b.Action.Type == actionLink && !strings.HasPrefix(b.Action.Data, "http") {
				return false
			}
		}
		if len(r.Buttons) == 0 || len(r.Buttons) > columns {
			return false
		}
	}
	return len(k.Content.Rows) > 0 && len(k.Content.Rows) <= rows
}
