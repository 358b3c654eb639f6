package kakaotalk

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/shared/channel"
)

// double plays the chatbot's callback, the hub and the dealers, each at its host.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Fault == channel.FaultThrottled {
		answer := channel.AnswerJSON(http.StatusTooManyRequests, `{}`)
		answer.Header.Set("Retry-After", "1")
		return answer
	}
	if c.Method != http.MethodPost {
		return channel.AnswerJSON(http.StatusMethodNotAllowed, `{}`)
	}
	switch c.Host {
	case callbackHost:
		return doubleCallback(c)
	case hubHost:
		return doubleHub(a, c)
	case nhnHost:
		return doubleNHN(a, c)
	case sensHost:
		return doubleSENS(a, c)
	}
	return channel.AnswerJSON(http.StatusNotFound, `{}`)
}

func isJSON(c channel.Call) bool { return c.Header.Get("Content-Type") == "application/json" }

// written is v as an answer's body; v always can be written.
func written(v any) string {
	b, _ := channel.JSON(v)
	return string(b)
}

// doubleCallback takes one to three outputs, of kinds it knows.
func doubleCallback(c channel.Call) channel.Answer {
	var w struct {
		Version  string `json:"version"`
		Template struct {
			Outputs      []map[string]json.RawMessage `json:"outputs"`
			QuickReplies []skillButton                `json:"quickReplies"`
		} `json:"template"`
	}
	if c.Fault == channel.FaultExpired || c.Fault == channel.FaultClosed || !strings.HasPrefix(c.Path, "/callback/") {
		return channel.AnswerJSON(http.StatusNotFound, `{}`)
	}
	err := json.Unmarshal(c.Body, &w)
	outputs := w.Template.Outputs
	if c.Fault != "" || err != nil || !isJSON(c) || w.Version != "2.0" || len(outputs) < 1 || len(outputs) > 3 || !allSkillButtons(w.Template.QuickReplies, 10) {
		return callbackAnswer(c, "FAIL", "invalid response")
	}
	for _, o := range outputs {
		if len(o) != 1 || !skillOutput(o) {
			return callbackAnswer(c, "FAIL", "invalid output")
		}
	}
	return callbackAnswer(c, "SUCCESS", "")
}

func callbackAnswer(c channel.Call, status, message string) channel.Answer {
	return channel.AnswerJSON(http.StatusOK, written(map[string]any{
		"taskId": channel.Digest([]byte(c.Path)), "status": status, "message": message, "timestamp": c.Received.UnixMilli(),
	}))
}

// skillOutput says whether o is a well-formed output; kinds that only native content
// has are taken as they are.
func skillOutput(o map[string]json.RawMessage) bool {
	var text simpleText
	var image simpleImage
	var card skillCard
	switch {
	case o["simpleText"] != nil:
		return json.Unmarshal(o["simpleText"], &text) == nil && text.Text != "" && utf8.RuneCountInString(text.Text) <= 1000
	case o["simpleImage"] != nil:
		return json.Unmarshal(o["simpleImage"], &image) == nil && strings.HasPrefix(image.URL, "https://") && image.Alt != ""
	case o["textCard"] != nil:
		return json.Unmarshal(o["textCard"], &card) == nil && card.Description != "" && allSkillButtons(card.Buttons, 3)
	case o["basicCard"] != nil:
		return json.Unmarshal(o["basicCard"], &card) == nil && card.Thumbnail != nil && strings.HasPrefix(card.Thumbnail.URL, "https://") && allSkillButtons(card.Buttons, 3)
	}
	return true
}

func allSkillButtons(list []skillButton, most int) bool {
	for _, b := range list {
		ok := b.Action == "message" && b.MessageText != "" || b.Action == "block" && b.BlockID != "" || b.Action == "webLink" && strings.HasPrefix(b.WebLinkURL, "http")
		if !ok || b.Label == "" || utf8.RuneCountInString(b.Label) > 14 {
			return false
		}
	}
	return len(list) <= most
}

// doubleHub answers with status 200 and a code, as Happytalk does.
func doubleHub(a channel.Account, c channel.Call) channel.Answer {
	right := c.Header.Get("HT-Client-Id") == a.Value(hubID) && c.Header.Get("HT-Client-Secret") == a.Value(hubSecret)
	if !right || c.Fault == channel.FaultExpired {
		return channel.AnswerJSON(http.StatusUnauthorized, `{"code":-401,"message":"AuthenticationException"}`)
	}
	call, _ := strings.CutPrefix(c.URL(), hub)
	switch {
	case c.Fault != "":
		return hubFault(c.Fault)
	case call == "image/upload":
		return doubleUpload(a, c)
	case call == "chat/send/plain" || call == "chat/send/rich":
		return doubleBubble(a, c)
	}
	return channel.AnswerJSON(http.StatusNotFound, `{}`)
}

func hubFault(f channel.Fault) channel.Answer {
	switch f {
	case channel.FaultClosed:
		return hubAnswer(-503, "SessionNotExistException")
	case channel.FaultGone:
		return hubAnswer(-504, "InvalidUserKeyException")
	}
	return hubAnswer(-502, "InvalidParameterException")
}

func hubAnswer(code int, message string) channel.Answer {
	return channel.AnswerJSON(http.StatusOK, written(map[string]any{"code": code, "message": message}))
}

func doubleUpload(a channel.Account, c channel.Call) channel.Answer {
	_, parameters, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil {
		return hubAnswer(-505, "FailedToUploadFileException")
	}
	form, err := multipart.NewReader(bytes.NewReader(c.Body), parameters["boundary"]).ReadForm(1 << 20)
	if err != nil || len(form.Value["sender_key"]) != 1 || len(form.File["image"]) != 1 || form.File["image"][0].Size == 0 {
		return hubAnswer(-505, "InvalidImageSizeException")
	}
	if form.Value["sender_key"][0] != a.Value(senderKey) {
		return hubAnswer(-501, "InvalidSenderException(senderKey: "+form.Value["sender_key"][0]+")")
	}
	f, err := form.File["image"][0].Open()
	if err != nil {
		return hubAnswer(-505, "FailedToUploadFileException")
	}
	defer f.Close()
	content, _ := io.ReadAll(f) // it is in memory
	return channel.AnswerJSON(http.StatusOK, `{"code":"0000","image":"http://dn-m.talk.kakao.com/talkm/`+channel.Digest(content)+`/i_demo.jpg"}`)
}

func doubleBubble(a channel.Account, c channel.Call) channel.Answer {
	var b bubble
	err := json.Unmarshal(c.Body, &b)
	switch {
	case b.SenderKey != a.Value(senderKey):
		return hubAnswer(-501, "InvalidSenderException")
	case b.UserKey == "" || len(b.UserKey) > 20:
		return hubAnswer(-504, "InvalidUserKeyException")
	case err != nil || !isJSON(c) || b.SerialNumber == "" || len(b.SerialNumber) > maxSerial || b.Type == "" || !b.sound():
		return hubAnswer(-502, "InvalidParameterException")
	}
	return channel.AnswerJSON(http.StatusOK, `{"code":0,"session_id":"180000001"}`)
}

// sound says whether b holds what its type must, and no more than it may.
func (b bubble) sound() bool {
	n := utf8.RuneCountInString(b.Message)
	if n > 1000 || b.Type == "TEXT" && n == 0 {
		return false
	}
	if b.Type == "IMAGE" && (b.Attachment == nil || b.Attachment.Image == nil || !strings.HasPrefix(b.Attachment.Image.URL, "http://dn-m.talk.kakao.com/")) {
		return false // what is not in Kakao's store
	}
	if b.Attachment == nil {
		return true
	}
	for _, o := range b.Attachment.Buttons {
		ok := o.Type == "WL" && o.URLMobile != "" || o.Type != "WL" && o.Type != ""
		if !ok || o.Name == "" || utf8.RuneCountInString(o.Name) > 14 {
			return false
		}
	}
	return len(b.Attachment.Buttons) <= 5
}

// customer is the person of text.http, who writes text in the consultation talk.
func customer(a channel.Account, text string, n int, now time.Time) channel.Request {
	r := webhook(a, channel.Call{Request: channel.Request{Received: now}}, written(map[string]any{
		"user_key": "uk_demo_0001", "sender_key": a.Value(senderKey), "session_id": "180000001", "time": now.UnixMilli(),
		"serial_number": "c" + strconv.Itoa(n), "type": "text", "content": text,
	}))
	r.RawQuery = "call=/" + callMessage
	return r
}

// webhook is a request to the account's own webhook, unsigned.
func webhook(a channel.Account, c channel.Call, body string) channel.Request {
	path := a.URL
	if _, rest, ok := strings.Cut(a.URL, "://"); ok {
		_, rest, _ = strings.Cut(rest, "/")
		path = "/" + rest
	}
	return channel.Request{
		Method: http.MethodPost, Path: path, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body), Received: c.Received,
	}
}

// millis reads a time in Unix milliseconds.
func millis(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64) // what is no time is long ago
	return n
}
