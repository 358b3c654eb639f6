package signal

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays the side-car and the container behind it.
func double(a channel.Account, c channel.Call) channel.Answer {
	path, err := url.PathUnescape(c.Path)
	switch {
	case c.Fault == channel.FaultExpired || a.Value(outboundToken) == "" || c.Header.Get("Authorization") != "Bearer "+a.Value(outboundToken):
		return refuse(http.StatusUnauthorized, "unknown token")
	case err == nil && c.Method == http.MethodGet && strings.HasPrefix(path, "/v1/attachments/"):
		return channel.Answer{Reply: channel.Reply{Status: http.StatusOK, Header: http.Header{"Content-Type": {"image/jpeg"}}, Body: []byte("a picture")}}
	case c.Fault == channel.FaultThrottled:
		text, _ := channel.JSON(problem{"Rate limit exceeded: CAPTCHA proof required", []string{"challenge-1"}}) // texts
		return channel.AnswerJSON(http.StatusTooManyRequests, string(text))
	case c.Method == http.MethodPost && path == "/v2/send":
		return doubleSend(a, c)
	case err == nil && strings.HasSuffix(path, "/"+a.Value(ownNumber)):
		return doubleAct(c, strings.TrimSuffix(path, "/"+a.Value(ownNumber)))
	}
	return refuse(http.StatusNotFound, "404 page not found")
}

func refuse(status int, message string) channel.Answer {
	text, _ := channel.JSON(problem{Error: message}) // a text
	return channel.AnswerJSON(status, string(text))
}

var (
	addressForm = regexp.MustCompile(`^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\+[0-9]{5,15}|group\.[A-Za-z0-9+/]+=*)$`)
	fileForm    = regexp.MustCompile(`^data:[^;,]+/[^;,]+(;filename=[^;,]+)?;base64,[A-Za-z0-9+/]+=*$`)
	stickerForm = regexp.MustCompile(`^[0-9a-f]{32}:[0-9]+$`)
)

func doubleSend(a channel.Account, c channel.Call) channel.Answer {
	var m outgoing
	if json.Unmarshal(c.Body, &m) != nil {
		return refuse(http.StatusBadRequest, "Couldn't process request - invalid request")
	}
	switch {
	case m.Number != a.Value(ownNumber):
		return refuse(http.StatusBadRequest, "Couldn't process request - number is not registered")
	case len(m.Recipients) != 1 || !addressForm.MatchString(m.Recipients[0]):
		return refuse(http.StatusBadRequest, "Invalid identifier given")
	case c.Fault == channel.FaultGone:
		return refuse(http.StatusBadRequest, "Failed to send message due to: Unregistered user \""+m.Recipients[0]+"\"")
	case c.Fault == channel.FaultInvalid || !acceptable(m):
		return refuse(http.StatusBadRequest, "Couldn't process request - please provide a valid message")
	}
	// The time that names the message is never the same twice; here the call decides it.
	n, _ := strconv.ParseUint(channel.Digest(c.Body)[:8], 16, 64) // hexadecimal digits
	at := c.Received.UnixMilli() + int64(n%1000)
	return channel.Answer{Reply: channel.AnswerJSON(http.StatusCreated, fmt.Sprintf(`{"timestamp":"%d"}`, at)).Reply, Webhooks: receipts(a, m, at)}
}

// acceptable says whether m has something to show, of the right form.
func acceptable(m outgoing) bool {
	for _, f := range m.Attachments {
		if !fileForm.MatchString(f) {
			return false
		}
	}
	if m.Sticker != "" && !stickerForm.MatchString(m.Sticker) || m.QuoteAuthor != "" && !addressForm.MatchString(m.QuoteAuthor) {
		return false
	}
	return m.Message != "" || len(m.Attachments) > 0 || m.Sticker != ""
}

// receipts are what the recipient's phone sends back.
func receipts(a channel.Account, m outgoing, at int64) []channel.Request {
	if strings.HasPrefix(m.Recipients[0], "group.") {
		return nil
	}
	var list []channel.Request
	for i, kind := range []string{"isDelivery", "isRead"} {
		when := at + int64(i+1)
		body := fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"receive","params":{"envelope":{"source":%[1]q,"sourceUuid":%[1]q,"timestamp":%[2]d,`+
			`"receiptMessage":{"when":%[2]d,%[3]q:true,"timestamps":[%[4]d]}},"account":%[5]q}}`, m.Recipients[0], when, kind, at, a.Value(ownNumber))
		list = append(list, channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}},
			Body: body, Received: time.UnixMilli(when).UTC()})
	}
	return list
}

// customer is a message of the person in the samples. Its time names it, so two of
// one moment are n milliseconds apart.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	said, _ := channel.JSON(text) // a text
	body := fmt.Appendf(nil, `{"jsonrpc":"2.0","method":"receive","params":{"envelope":{"source":"+15550001111","sourceNumber":"+15550001111",`+
		`"sourceUuid":"0f0e0d0c-0000-4000-8000-000000000001","sourceName":"Alice","sourceDevice":1,"timestamp":%[1]d,`+
		`"dataMessage":{"timestamp":%[1]d,"message":%[2]s,"expiresInSeconds":0,"viewOnce":false}},"account":%[3]q}}`, now.UnixMilli()+int64(n), said, a.Value(ownNumber))
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: now}
}

// doubleAct answers the calls that are no message.
func doubleAct(c channel.Call, path string) channel.Answer {
	var w struct {
		reactionAct
		Type string `json:"receipt_type"`
	}
	if json.Unmarshal(c.Body, &w) != nil || !addressForm.MatchString(w.Recipient) {
		return refuse(http.StatusBadRequest, "Couldn't process request - invalid request")
	}
	ok := false
	switch c.Method + " " + path {
	case "PUT /v1/typing-indicator", "DELETE /v1/typing-indicator":
		ok = true
	case "POST /v1/receipts":
		ok = w.Timestamp > 0 && (w.Type == "read" || w.Type == "viewed")
	case "POST /v1/reactions":
		ok = w.Timestamp > 0 && w.Reaction != "" && addressForm.MatchString(w.TargetAuthor)
	case "DELETE /v1/reactions":
		ok = w.Timestamp > 0 && addressForm.MatchString(w.TargetAuthor)
	case "DELETE /v1/remote-delete":
		ok = w.Timestamp > 0
	}
	if !ok {
		return refuse(http.StatusBadRequest, "Couldn't process request - invalid request")
	}
	return channel.Answer{Reply: channel.Reply{Status: http.StatusNoContent}}
}
