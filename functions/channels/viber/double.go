package viber

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/relais-dev/relais/shared/channel"
)

// double takes a message and says that it was delivered and seen. Viber answers
// with status 200 whatever happens.
func double(a channel.Account, c channel.Call) channel.Answer {
	if c.Method != http.MethodPost || c.URL() != "https://"+host+"/pa/send_message" {
		return channel.AnswerJSON(http.StatusNotFound, `{}`)
	}
	if c.Header.Get("X-Viber-Auth-Token") != a.Value(token) {
		return refusal(2, "invalidAuthToken")
	}
	if c.Fault != "" {
		return faulty(c.Fault)
	}
	var m outgoing
	if json.Unmarshal(c.Body, &m) != nil || c.Header.Get("Content-Type") != "application/json" || len(c.Body) > 30_000 {
		return refusal(3, "badData")
	}
	if m.Receiver == "" || m.Sender.Name == "" || utf8.RuneCountInString(m.Sender.Name) > maxSender || len(m.TrackingData) > trackingLength {
		return refusal(4, "missingData")
	}
	if problem := m.problem(); problem != "" {
		return refusal(3, problem)
	}
	id := tokenOf(c.Body)
	answer := channel.AnswerJSON(http.StatusOK, `{"status":0,"status_message":"ok","message_token":`+id+`,"chat_hostname":"SN-CHAT-05_","billing_status":1}`)
	for i, event := range []string{"delivered", "seen"} {
		answer.Webhooks = append(answer.Webhooks, receipt(c, event, id, m.Receiver, int64(i+1)*1000))
	}
	return answer
}

func refusal(status int, message string) channel.Answer {
	return channel.AnswerJSON(http.StatusOK, `{"status":`+strconv.Itoa(status)+`,"status_message":"`+message+`","chat_hostname":"SN-CHAT-05_"}`)
}

func faulty(f channel.Fault) channel.Answer {
	switch f {
	case channel.FaultThrottled:
		return refusal(12, "tooManyRequests")
	case channel.FaultExpired:
		return refusal(2, "invalidAuthToken")
	case channel.FaultGone:
		return refusal(6, "receiverNotSubscribed")
	}
	return refusal(3, "badData")
}

// tokenOf is a message token of 19 digits, as Viber's are.
func tokenOf(body []byte) string {
	n, _ := strconv.ParseUint(channel.Digest(body)[:15], 16, 64) // hexadecimal digits
	return strconv.FormatUint(5_000_000_000_000_000_000+n, 10)
}

// receipt is what Viber posts about the message id, unsigned.
func receipt(c channel.Call, event, id, user string, after int64) channel.Request {
	body, _ := channel.JSON(map[string]any{ // texts and numbers
		"event": event, "timestamp": c.Received.UnixMilli() + after, "message_token": json.Number(id), "user_id": user, "chat_hostname": "SN-CHAT-05_",
	})
	return channel.Request{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: c.Received,
	}
}

// customer is Alice of text.http, who writes text.
func customer(_ channel.Account, text string, n int, now time.Time) channel.Request {
	body, _ := channel.JSON(map[string]any{ // texts and numbers
		"event": "message", "timestamp": now.UnixMilli(), "message_token": 6_210_000_000_000_001_000 + uint64(max(n, 0)), "chat_hostname": "SN-CHAT-05_",
		"sender":  map[string]any{"id": "01234567890A=", "name": "Alice", "country": "BG", "language": "bg", "api_version": 10},
		"message": map[string]string{"type": "text", "text": text}, "silent": false,
	})
	return channel.Request{Method: http.MethodPost, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: now}
}

// problem is what Viber would not take in m, "" when nothing is wrong.
func (m outgoing) problem() string {
	text := ""
	if m.Text != nil {
		text = *m.Text
	}
	ok := false
	switch m.Type {
	case "text":
		ok = text != "" && utf8.RuneCountInString(text) <= 7000
	case "picture":
		ok = m.Text != nil && utf8.RuneCountInString(text) <= captionLength && isHTTPS(m.Media)
	case "video":
		ok = isHTTPS(m.Media) && m.Size > 0 && m.Size <= 26<<20 && m.Duration <= 180
	case "file":
		ok = isHTTPS(m.Media) && m.Size > 0 && m.Size <= 50<<20 && m.FileName != ""
	case "sticker":
		ok = m.StickerID != ""
	case "contact":
		ok = m.Contact != nil && m.Contact.Name != "" && utf8.RuneCountInString(m.Contact.Name) <= 28 && m.Contact.Phone != "" && len(m.Contact.Phone) <= 18
	case "location":
		ok = m.Location != nil && math.Abs(m.Location.Latitude) <= 90 && math.Abs(m.Location.Longitude) <= 180
	case "url":
		ok = m.Media != "" && len(m.Media) <= 2000
	case "rich_media":
		ok = m.RichMedia != nil && m.MinAPIVersion >= 2 && m.AltText != "" && m.RichMedia.sound()
	}
	if !ok {
		return "badData: " + m.Type
	}
	if m.Keyboard != nil && (m.Keyboard.Type != "keyboard" || !allButtons(m.Keyboard.Buttons)) {
		return "badData: keyboard"
	}
	return ""
}

func isHTTPS(s string) bool { return strings.HasPrefix(s, "https://") }

// sound says whether r's buttons fill whole groups.
func (r richMedia) sound() bool {
	cells := 0
	for _, b := range r.Buttons {
		cells += b.Columns * b.Rows
	}
	group := r.Columns * r.Rows
	return r.Type == "rich_media" && r.Columns >= 1 && r.Columns <= 6 && r.Rows >= 1 && r.Rows <= 7 && cells > 0 && cells%group == 0 && allButtons(r.Buttons)
}

// allButtons says whether every button is known, says something, and fits.
func allButtons(list []button) bool {
	for _, b := range list {
		switch b.ActionType {
		case "reply", "open-url", "share-phone", "location-picker":
			if b.ActionBody == "" {
				return false
			}
		case "none":
		default:
			return false
		}
		if b.Columns < 1 || b.Columns > 6 || b.Rows < 1 || b.Rows > 7 || b.Text == "" && b.Image == "" || utf8.RuneCountInString(b.Text) > labelLength {
			return false
		}
	}
	return len(list) > 0
}
